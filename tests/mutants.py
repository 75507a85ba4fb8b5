"""Mutation testing by mutmut in a copy of the project, of chosen modules by chosen tests: ``make mutants``.

Counted are all mutants that mutmut makes, or a seeded sample of them, but those that change nothing that a
test may hold a program to: the words of an error (what stands after ``raise``), ``strict=`` of a ``zip``, what only
loads compiled code ahead of time (``make_ready``), and those that ``mutants_that_change_nothing.toml`` names one by
one with a reason. Modules that numba compiles are tried
as plain Python, their decorators taken off in the copy: what is compiled is the same text.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import random
import re
import resource
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

PROJECT = Path(__file__).parents[1]
COPIED = ("spatial", "tests", "data", "docs", "notebooks", "README.md", "LICENSE", "CONTRIBUTING.md", "CHANGELOG.md")
SAME = Path(__file__).with_name("mutants_that_change_nothing.toml")
COMPILED = re.compile(r"^@(?:njit\b.*|_compiled|_part)\n", re.MULTILINE)
STRICT = re.compile(r",? *\bstrict=\w+|, *(?=\))")
WARMING_UP = "x_make_ready__"
MEMORY = 6 << 30
SURVIVED, UNTESTED = 0, 33
BY_TIME = {24, -24, 36, 152, 255, -9}


def settings(modules: list[str], tests: list[str], selection: str | None) -> str:
    """The section of ``setup.cfg`` that mutmut reads."""
    lists = {
        "source_paths": ["spatial"],
        "only_mutate": modules,
        "do_not_mutate_patterns": [r"^\s*raise "],
        "pytest_add_cli_args_test_selection": tests,
        "also_copy": [*COPIED[1:], "pyproject.toml"],
        "pytest_add_cli_args": [
            "-p", "no:cacheprovider", "--override-ini=addopts=--import-mode=importlib", "--hypothesis-seed=0",
            *(["-k", selection] if selection else []),
        ],
    }  # fmt: skip
    lines = [line for name, values in lists.items() for line in (f"{name}=", *(f"    {value}" for value in values))]
    return "\n".join(["[mutmut]", *lines, "use_git_change_detection=false", "timeout_multiplier=4", ""])


def copied(folder: Path, modules: list[str]) -> bool:
    """Make the copy; say whether something in it is compiled otherwise."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in (*COPIED, "pyproject.toml"):
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, folder / name)
    compiled = False
    for module in modules:
        text = (folder / module).read_text(encoding="utf-8")
        (folder / module).write_text(COMPILED.sub("", text), encoding="utf-8")
        compiled |= bool(COMPILED.search(text))
    return compiled


def mutants(module: str) -> dict[str, tuple[str, str]]:
    """The mutants of a module that may change something, by name: what stood there, and what stands there now."""
    from mutmut.mutation.file_mutation import mutate_file_contents
    from mutmut.utils.format_utils import get_mutant_name

    made = mutate_file_contents(module, Path(module).read_text(encoding="utf-8"))
    lines, spans, found = made.code.split("\n"), made.line_span_by_function_name, {}

    def body(name: str) -> list[str]:
        # Without the line of the name, unless the parameters stand in it: the names differ.
        text = "\n".join(lines[spans[name].start - 1 : spans[name].end])
        return text.replace(name, "", 1).split("\n")

    for name in made.mutant_names:
        if name.startswith(WARMING_UP):
            continue
        before, after = body(name.rpartition("__mutmut_")[0] + "__mutmut_orig"), body(name)
        changed = [line for line in difflib.ndiff(before, after) if line[:2] in ("- ", "+ ")]
        old, new = (" ".join(line[2:].strip() for line in changed if line[0] == sign) for sign in "-+")
        if not ("strict=" in old and STRICT.sub("", old) == STRICT.sub("", new)):
            found[get_mutant_name(Path(module), name)] = old, new
    return found


def tried(folder: Path, names: list[str], compiled: bool) -> None:
    """Let mutmut try these mutants."""
    environment = {**os.environ, **({"NUMBA_DISABLE_JIT": "1"} if compiled else {})}
    program = Path(sys.executable).with_name("mutmut")
    done = subprocess.run(
        [program, "run", "--max-children", "1", *names],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )  # fmt: skip
    (folder / "mutmut.log").write_text(done.stdout, encoding="utf-8")
    if done.returncode:
        sys.exit(done.stdout[-3000:])


def function_of(name: str) -> str:
    """The function or method that a mutant is of, as Python names it."""
    return re.sub(r"x[_ǁ]", "", name.rpartition("__mutmut_")[0], count=1).replace("ǁ", ".")


def outcome(code: int | None) -> str:
    """What the exit status of the tests says of a mutant."""
    if code is None:
        return "not tried"
    named = {SURVIVED: "survived", UNTESTED: "untested", 1: "killed", 3: "killed"}
    return named.get(code, "killed by time" if code in BY_TIME else "odd")


def main() -> None:
    """Mutate, test, and say the share that was noticed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("modules", nargs="+")
    parser.add_argument("--by", nargs="+", required=True)
    parser.add_argument("--only", help="tests, as pytest's -k names them")
    parser.add_argument("--sample", type=int, help="so many mutants, by chance, instead of all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--least", type=float, default=0.0, help="fail below this share, in per cent")
    given = parser.parse_args()
    folder = given.folder.resolve()
    compiled = copied(folder, given.modules)
    (folder / "setup.cfg").write_text(settings(given.modules, given.by, given.only), encoding="utf-8")
    os.chdir(folder)
    all_of = {name: change for module in given.modules for name, change in mutants(module).items()}
    chosen = sorted(all_of)
    if given.sample and given.sample < len(chosen):
        chosen = sorted(random.Random(given.seed).sample(chosen, given.sample))
    same = {(row["function"], row["new"]) for row in tomllib.loads(SAME.read_text(encoding="utf-8"))["mutant"]}
    keys = {name: (function_of(name), all_of[name][1]) for name in chosen}
    nothing = [name for name in chosen if keys[name] in same]
    wanted = [name for name in chosen if name not in nothing]
    tried(folder, wanted, compiled)
    codes: dict[str, int | None] = {}
    for module in given.modules:
        codes |= json.loads(Path("mutants", module + ".meta").read_text(encoding="utf-8"))["exit_code_by_key"]
    ends = {name: outcome(codes[name]) for name in wanted}
    for name in wanted:
        if not ends[name].startswith("killed"):
            print(f"{ends[name]}: {keys[name][0]}\n  - {all_of[name][0]}\n  + {all_of[name][1]}")
    count = Counter(ends.values())
    killed = count["killed"] + count["killed by time"]
    share = 100 * killed / max(len(wanted), 1)
    print(", ".join(f"{number} {what}" for what, number in count.most_common()))
    print(
        f"{len(wanted)} tried of {len(all_of)} mutants ({len(nothing)} more of the sample change nothing): "
        f"{killed} killed, {share:.0f} %"
    )
    sys.exit(share < given.least)


if __name__ == "__main__":
    main()
