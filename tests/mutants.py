"""Mutation testing by mutmut in a copy of the project, of chosen modules by chosen tests: ``make mutants``."""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).parents[1]
COPIED = ("spatial", "tests", "data", "docs", "notebooks", "README.md", "LICENSE", "CONTRIBUTING.md", "CHANGELOG.md")
# What mutmut prints last: killed, without a test, timed out, suspicious, survived.
SUM = re.compile(r"(\d+)/(\d+)\s+🎉 (\d+)\s+🫥 (\d+)\s+⏰ (\d+)\s+🤔 (\d+)\s+🙁 (\d+)")


def settings(modules: list[str], tests: list[str]) -> str:
    """The section of ``setup.cfg`` that mutmut reads."""
    lists = {
        "source_paths": ["spatial"],
        "only_mutate": modules,
        "tests_dir": tests,
        "also_copy": [*COPIED[1:], "pyproject.toml"],
        "pytest_add_cli_args": ["-p", "no:cacheprovider", "--override-ini=addopts=--import-mode=importlib"],
    }
    lines = [line for name, values in lists.items() for line in (f"{name}=", *(f"    {value}" for value in values))]
    return "\n".join(["[mutmut]", *lines, "use_git_change_detection=false", ""])


def main() -> None:
    """Mutate, test, and say the share that was noticed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("modules", nargs="+")
    parser.add_argument("--by", nargs="+", required=True)
    given = parser.parse_args()
    shutil.rmtree(given.folder, ignore_errors=True)
    given.folder.mkdir(parents=True)
    for name in (*COPIED, "pyproject.toml"):
        source = PROJECT / name
        if source.is_dir():
            shutil.copytree(source, given.folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, given.folder / name)
    (given.folder / "setup.cfg").write_text(settings(given.modules, given.by), encoding="utf-8")
    done = subprocess.run(
        [Path(sys.executable).with_name("mutmut").resolve(), "run", "--max-children", "1"],
        cwd=given.folder, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    found = SUM.findall(done.stdout)
    if not found:
        sys.exit(done.stdout[-2000:])
    seen, total, killed, untested, slow, odd, survived = map(int, found[-1])
    print(f"{seen} of {total} mutants: {killed} killed, {slow + odd} by time, {survived} survived, {untested} untested")
    print(f"{100 * (killed + slow + odd) / max(seen, 1):.0f} % killed")


if __name__ == "__main__":
    main()
