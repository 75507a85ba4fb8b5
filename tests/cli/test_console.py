"""What the command shows on a terminal: help that teaches, suggestions, completion, and consoles of every kind."""

import ast
import io
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest

from spatial.cli import commands, console, main
from spatial.core.errors import ConfigError, InputError, SchemaError
from tests.command import COMMAND, call, run_town

GROUPS = ("estates", "sources")


def every_command():
    """Each command with the words by which it is called."""
    for name in commands.command_names():
        command = commands.load_command(name)
        yield (name,), command
        if isinstance(command, click.Group):
            yield from (((name, sub), command.get_command(click.Context(command), sub)) for sub in command.commands)


def examples_of(text):
    """Examples of a help text as lists of words; a backslash goes on."""
    block = re.search(r"^Examples:\n((?:  .*\n)+)", text, re.M)
    lines = [] if block is None else re.sub(r" \\\n\s+", " ", block[1]).splitlines()
    return [shlex.split(line) for line in lines]


@pytest.mark.parametrize("words", [words for words, _ in every_command()], ids=" ".join)
def test_every_example_in_a_help_text_is_one_the_command_understands(words):
    shown = call(*words, "--help", "--lang", "en")
    assert shown.code == 0 and shown.err == ""
    found = examples_of(shown.out)
    assert found, "no example"
    for example in found:
        if words[-1] == "completion":
            example = example[:3]
        assert example[0] == "faellesrum"
        context = click.Context(main.cli, info_name="faellesrum")
        command, rest = main.cli, example[1:]
        while isinstance(command, click.Group):
            _, command, rest = command.resolve_command(context, rest)
        command.make_context(" ".join(words), rest, parent=context)  # raises UsageError on what it does not know


def test_examples_are_not_wrapped_and_options_stand_in_sections():
    shown = call("run", "--help", "--lang", "en").out
    assert '--name "23, Østerbrogade" --osm oesterbro.osm.pbf --out maps/23\n' in shown
    titles = re.findall(r"^([A-Z][a-z ]+):$", shown, re.M)
    assert titles[0] == "Examples" and titles[1:4] == ["The estate", "What is read", "A plan"]
    every = re.findall(r"^  (?:-\w, )?(--[\w-]+)", shown, re.M)
    known = {p.opts[0] for p in commands.load_command("run").params}
    assert sorted(every) == sorted(known | {"--help"})  # each once, none lost


def test_the_first_page_names_every_command_once_in_the_order_of_the_work():
    shown = call("--help").out
    named = re.findall(r"^  ([a-z][a-z-]+)  ", shown, re.M)
    assert sorted(named) == sorted(commands.command_names())
    assert named.index("demo") < named.index("run") < named.index("explain") < named.index("sources")
    assert "..." not in shown.partition("\n")[2]  # no sentence is cut off


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("rum",), "Did you mean run?"),
        (("explian",), "Did you mean explain"),
        (("estates", "lst"), "Did you mean list?"),
        (("run", "--bondary", "x"), "--boundary"),
        (("estates", "show", "volsmose"), "vollsmose"),
        (("sources", "show", "kk.legepladser"), "kk.legeplads"),
    ],
)
def test_a_mistyped_word_is_answered_with_the_one_that_was_meant(words, meant, monkeypatch):
    monkeypatch.setenv("FAELLESRUM_LANG", "en")
    done = call(*words)
    assert done.code in (1, 2) and meant in done.err and done.out == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run",), "\n\nFejl: Der mangler tilvalget '--out'.\n"),
        (("explain",), "Fejl: Der mangler 'MAPPE'.\n"),
        (("completion",), "Vælg mellem:\n\tbash,\n\tzsh,\n\tfish\n"),
        (("run", "--bondary", "x"), "Fejl: Tilvalget '--bondary' findes ikke. Mente du '--boundary'?\n"),
        (("run", "--boundary"), "Fejl: Tilvalget '--boundary' skal have en værdi.\n"),
        (("siting", "ud", "--most", "99"), "'--most': 99 er uden for det tilladte, 1–20.\n"),
        (("sitemap", "ud", "--paper", "A9"), "Fejl: Forkert værdi for '--paper': 'A9' er ikke en af disse: "),
        (("siting", "min", "mappe"), "Fejl: mappe er for meget; "),
        (("--debug",), "Fejl: Der mangler en kommando.\n"),
        (("explian",), "kommandoen 'explian' findes ikke. Mente du explain"),
        (("run", "--boundary", "grænse.geojson", "--out", "ud"), "der mangler et kort: --osm FIL, --osm overpass"),
        (("suggest", "--osm", "kort.osm.pbf"), "der mangler et område: --estate ID, --boundary FIL"),
        (
            ("observe", "ud", "tal.csv", "--with", "naboen"),
            "--with bruges kun sammen med --calibrate FIL eller --keep-visits",
        ),
        (("report", "ud", "--plan", "--before", "før"), "--plan tager området, som det er i dag, fra MAPPE"),
    ],
)
def test_a_wrong_command_line_is_told_in_danish_unasked(words, said):
    done = call(*words)
    assert done.code == 2 and said in done.err and done.out == ""


def test_no_command_writes_out_in_the_code_why_it_refuses():
    for path in Path(commands.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", None))
            if called in ("UsageError", "BadParameter", "ClickException", "fail"):
                assert "said(" in ast.unparse(node.args[0]), f"{path.name}:{node.lineno}"


def test_a_wrong_command_line_is_told_in_english_where_that_is_asked_for():
    done = call("siting", "out", "--most", "99", "--lang", "en")
    assert done.code == 2 and done.err.splitlines() == [
        "Usage: faellesrum siting [OPTIONS] DIR",
        "Try 'faellesrum siting --help' for help.",
        "",
        "Error: Invalid value for '--most': 99 is not in the range 1–20.",
    ]


def test_a_mistyped_place_lens_or_weight_is_answered_too(finished):
    import spatial

    assert "osm:way/6" in call("explain", finished, "osm:wai/6").err
    mistyped = ("explain", finished, "osm:way/6", "--lens", "wheelchar")
    assert "did you mean wheelchair? name one of them" in call(*mistyped, "--lang", "en").err
    assert "--lens 'wheelchar': findes ikke; mente du wheelchair? vælg en af disse: " in call(*mistyped).err
    result = spatial.load(finished)
    with pytest.raises(ConfigError, match="did you mean openness"):
        result.rescore(aspects={"opennes": 1})
    with pytest.raises(InputError, match="did you mean dark"):
        result.explain("osm:way/6", lens="drak")


def test_a_mistyped_column_is_answered_with_what_it_is_near_to():
    import pandas as pd

    from spatial.core.model import Sheet
    from spatial.observations import columns
    from spatial.settings.observation_columns import Mapped

    sheet = Sheet("a", "a.csv", pd.DataFrame({"start": ["2026-01-01 10:00"], "row_totl": ["3"], "x": ["1"]}), None, {})
    with pytest.raises(SchemaError, match="nearest to it: 'row_totl'"):
        columns.recognise([sheet], Mapped())


def test_the_summary_names_three_best_three_least_known_and_the_files(inputs, tmp_path):
    out = tmp_path / "town"
    shown = run_town(inputs, out, "--lang", "en").out
    assert f"The map: {out / 'map.html'}" in shown and f"All files: {out}" in shown
    assert re.match(
        r"^.+ has .*meeting places? outdoors, and .*; we know (enough|too little) to give .*points\.\n", shown
    )
    best = re.search(
        r"^(Best for|Among the best|Too little is known to) .*:\n((?:  .* of 100, between .*\n){1,3})", shown, re.M
    )
    if best:
        why = shown.splitlines()[-1].partition("faellesrum ")[2].split()
        assert call(*why).code == 0  # the command it ends with works as it stands


def test_the_language_may_be_set_once_for_all(finished, monkeypatch):
    monkeypatch.setenv("FAELLESRUM_LANG", "en")
    assert "Openness" in call("explain", finished, "osm:way/6").out
    assert "Åbenhed" in call("explain", finished, "osm:way/6", "--lang", "da").out


# --- completion ---------------------------------------------------------------------------


def completed(*words, cwd=None):
    """What bash would be offered for the last word."""
    env = {
        **os.environ, "_FAELLESRUM_COMPLETE": "bash_complete",
        "COMP_WORDS": shlex.join(("faellesrum", *words)), "COMP_CWORD": str(len(words)),
    }  # fmt: skip
    done = subprocess.run([COMMAND], env=env, capture_output=True, text=True, cwd=cwd, timeout=60)
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


def test_the_tab_key_completes_commands_options_and_ids(finished):
    assert completed("expl") == ["explain"]
    assert "--boundary" in completed("run", "--b")
    assert completed("run", "--estate", "voll") == ["vollsmose"]
    assert completed("sources", "show", "kk.legep") == ["kk.legeplads"]
    assert "osm:way/6" in completed("explain", str(finished), "osm:way")
    assert completed("explain", "no-such-folder", "osm:") == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_is_printed(shell):
    done = subprocess.run([COMMAND, "completion", shell], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert f"_FAELLESRUM_COMPLETE={shell}_complete" in done.stdout


# --- consoles -----------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["cp1252", "cp850"])
def test_no_console_refuses_our_letters(finished, encoding):
    env = {**os.environ, "PYTHONIOENCODING": encoding}
    for words in (("explain", finished, "osm:node/26"), ("run", "--help"), ("estates", "list"), ("no-sŭch-ⓒommand",)):
        done = subprocess.run([COMMAND, *words], env=env, capture_output=True, timeout=120)
        assert done.returncode == (2 if words[0].startswith("no") else 0), done.stderr
        text = (done.stdout + done.stderr).decode(encoding)
        assert "Traceback" not in text and text.strip()
    danish = subprocess.run([COMMAND, "estates", "list"], env=env, capture_output=True, timeout=120).stdout
    assert "Tåstrupgård" in danish.decode(encoding)


def test_letters_that_are_missing_are_written_as_others():
    text = io.TextIOWrapper(io.BytesIO(), encoding="cp1252")
    console.never_refuse()
    text.reconfigure(errors=console.ERRORS)
    text.write("● æøå – → ≥ ŝ ق")
    text.flush()
    assert text.buffer.getvalue().decode("cp1252") == "* æøå – -> >= s ?"


def on_a_terminal(*words, **env):
    """All that a command writes to a terminal, and its exit code."""
    mine, theirs = pty.openpty()
    process = subprocess.Popen(
        [COMMAND, *words], stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, **env}, close_fds=True
    )
    os.close(theirs)
    found = b""
    while True:
        try:
            part = os.read(mine, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        found += part
    os.close(mine)
    return found.decode(), process.wait(timeout=60)


def test_progress_is_shown_on_a_terminal_and_without_colour_if_that_is_wished(finished, tmp_path):
    out = str(tmp_path / "en.html")
    words = ("sitemap", str(finished), "--lang", "en", "--out", out, "--dpi", "50")
    shown, code = on_a_terminal(*words, TERM="xterm-256color", NO_COLOR="1")
    assert code == 0 and "Drawing the sheet" in shown
    assert not re.findall(r"\x1b\[[0-9;]*3[0-9][0-9;]*m", shown)  # no colour of letters
    coloured, _ = on_a_terminal(*words, TERM="xterm-256color", NO_COLOR="")
    assert re.findall(r"\x1b\[[0-9;]*3[0-9][0-9;]*m", coloured)
    old, code = on_a_terminal(*words, TERM="xterm", PYTHONIOENCODING="cp1252")
    assert code == 0 and "Traceback" not in old


def test_nothing_heavy_is_imported_for_a_help_text():
    code = "import sys; sys.argv = ['faellesrum', '--help']; from spatial.cli import main; main.main(); "
    heavy = ("numpy", "pandas", "geopandas", "shapely", "folium", "matplotlib", "rich", "numba")
    check = f"print('heavy:', [name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code + check], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "heavy: []", done.stdout + done.stderr


def test_the_first_run_ever_says_that_it_takes_longer(monkeypatch, tmp_path):
    assert isinstance(console._compiled(), bool)
    monkeypatch.setattr(console, "__file__", str(tmp_path / "spatial" / "cli" / "console.py"))
    assert not console._compiled()
    (tmp_path / "spatial" / "network" / "__pycache__").mkdir(parents=True)
    Path(tmp_path / "spatial" / "network" / "__pycache__" / "kernels._push-101.py311.nbi").touch()
    assert console._compiled()


def test_stages_are_lines_for_a_program_that_asks_for_them(finished, tmp_path):
    words = [COMMAND, "sitemap", finished, "--lang", "en", "--out", tmp_path / "en.pdf", "--dpi", "50"]
    done = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "FAELLESRUM_PROGRESS": "lines"})
    assert done.returncode == 0 and "progress: Drawing the sheet" in done.stderr.splitlines()
    quiet = subprocess.run(words, capture_output=True, text=True)
    assert quiet.returncode == 0 and quiet.stderr == ""


@pytest.mark.parametrize("lines", ["", "lines"])
def test_a_stage_that_is_told_in_words_of_its_own_is_said_as_it_is(monkeypatch, capsys, lines):
    """Measures are counted while they are tried: no name of a stage."""
    monkeypatch.setenv("FAELLESRUM_PROGRESS", lines)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with console.progress("en") as tell:
        tell("Trying measure 3 of 20")
    assert "Trying measure 3 of 20" in capsys.readouterr().err
