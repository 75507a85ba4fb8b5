"""The plugin for QGIS without QGIS: its table, its words, the process it starts, and what it may import."""

import ast
import importlib.util
import json
import os
import runpy
import sys
import time
import zipfile
from pathlib import Path

import pytest

from spatial.cli import main
from spatial.core.languages import LANGUAGES

PLUGIN = Path(__file__).parents[2] / "qgis"
OLDEST_PYTHON = (3, 9)  # of QGIS 3.22 to 3.34 on Windows
SEVEN = {"run", "plancheck", "compare", "siting", "suggest", "observe", "fieldkit"}


def module(name):
    """A module of the plugin that needs no QGIS."""
    spec = importlib.util.spec_from_file_location(name, PLUGIN / "faellesrum" / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


child, command_line = module("child"), module("command_line")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plugin")
    runpy.run_path(str(PLUGIN / "build.py"))["main"](folder)
    return folder


@pytest.fixture(scope="module")
def table(built):
    return json.loads((built / "faellesrum" / "algorithms.json").read_text(encoding="utf-8"))


# --- the table ----------------------------------------------------------------------------


def test_the_zip_holds_one_folder_with_all_that_qgis_asks_for(built):
    names = zipfile.ZipFile(built / "faellesrum.zip").namelist()
    assert {name.split("/")[0] for name in names} == {"faellesrum"}
    assert {f"faellesrum/{name}" for name in ("__init__.py", "metadata.txt", "icon.svg", "LICENSE")} <= set(names)
    about = (built / "faellesrum" / "metadata.txt").read_text(encoding="utf-8")
    assert "hasProcessingProvider=yes" in about and "{" not in about


def test_every_algorithm_has_words_in_both_languages(table):
    assert {spec["name"] for spec in table["algorithms"]} >= SEVEN
    for spec in table["algorithms"]:
        for words in (spec["title"], spec["help"], *spec["titles"].values(), *table["words"].values()):
            assert all(words[lang].strip() for lang in LANGUAGES), spec["name"]
        for parameter in spec["parameters"]:
            assert all(parameter[part][lang].strip() for part in ("label", "help") for lang in LANGUAGES)


def test_every_call_is_one_that_the_program_understands(table, monkeypatch):
    """All that can be said at once, parsed by the program itself (help ends it before any work)."""
    filled = {"flag": True, "pairs": ["kk.legeplads", "", "kk.baenk", "b.gpkg"], "files": ["a", "b"],
              "whole": 1, "decimal": 2.0}  # fmt: skip
    for spec in table["algorithms"]:
        given = {one["name"]: filled.get(one["kind"], (one["choices"] or ["x"])[0]) for one in spec["parameters"]}
        words = command_line.arguments(spec, given)
        group = main.cli
        for word in spec["command"]:
            group = group.get_command(None, word)
        group.allow_extra_args = False
        _, left, _ = group.make_parser(main.cli.context_class(group)).parse_args(words[len(spec["command"]) :])
        assert left == [], spec["name"]


# --- the words that are called ---------------------------------------------------------------


SPEC = {
    "command": ["observe"],
    "parameters": [
        {"name": "folder", "flag": None, "kind": "folder"},
        {"name": "layers", "flag": "--layer", "kind": "pairs"},
        {"name": "force", "flag": "--force", "kind": "flag"},
        {"name": "most", "flag": "--most", "kind": "whole"},
        {"name": "files", "flag": None, "kind": "files"},
    ],
}


def test_options_come_first_then_what_has_no_name_and_nothing_for_what_was_not_said():
    given = {"folder": "-run", "layers": ["kk.legeplads", "", "kk.baenk", "b.gpkg", "", ""], "force": True, "most": 0,
             "files": ["a.csv", "b.csv"]}  # fmt: skip
    assert command_line.arguments(SPEC, given) == [
        "observe", "--layer", "kk.legeplads", "--layer", "kk.baenk=b.gpkg", "--force", "--most", "0",
        "--", "-run", "a.csv", "b.csv",
    ]  # fmt: skip
    assert command_line.arguments(SPEC, {"folder": "run", "force": False, "most": None}) == ["observe", "--", "run"]


def test_a_program_that_was_chosen_goes_before_the_one_on_the_path(tmp_path, monkeypatch):
    chosen, found = tmp_path / "own" / "faellesrum", tmp_path / "bin" / "faellesrum"
    for path in (chosen, found):
        path.parent.mkdir()
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", str(found.parent))
    assert command_line.find_program(str(chosen)) == str(chosen)
    assert command_line.find_program("") == str(found)
    assert command_line.find_program(str(tmp_path / "nowhere")) is None


# --- the process -----------------------------------------------------------------------------


class Told:
    """What the process said, by where it went."""

    def __init__(self, until=None):
        self.stages, self.lines, self.warnings, self.until = [], [], [], until

    def run(self, code):
        return child.run(
            [sys.executable, "-u", "-c", code],
            on_stage=self.stages.append,
            on_line=self.lines.append,
            on_warning=self.warnings.append,
            cancelled=lambda: len(self.stages) == self.until,
        )


def test_stages_lines_and_warnings_are_told_apart():
    told = Told()
    said = told.run(
        "import sys; beside = sys.stderr.write; beside('progress: Måler\\nfaellesrum: se efter\\n'); print('æ\\nb')"
    )
    assert (told.stages, told.warnings, told.lines) == (["Måler"], ["faellesrum: se efter"], ["æ", "b"])
    assert said == "æ\nb"


def test_an_error_is_told_once_as_the_error():
    told = Told()
    with pytest.raises(child.Failed, match=r"^faellesrum: no such file$"):
        told.run("import sys; print('careful', file=sys.stderr); sys.exit('faellesrum: no such file')")
    assert told.warnings == ["careful"]
    with pytest.raises(child.Failed, match="exit code 3"):
        Told().run("import sys; sys.exit(3)")


def still_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("deaf", [False, True])
def test_giving_up_ends_the_process_also_one_that_does_not_listen(deaf, tmp_path, monkeypatch):
    monkeypatch.setattr(child, "GRACE_S", 1)
    noted = tmp_path / "pid"
    code = (
        f"import os, pathlib, signal, sys, time; pathlib.Path({str(noted)!r}).write_text(str(os.getpid()));"
        + ("signal.signal(signal.SIGINT, signal.SIG_IGN);" if deaf else "")
        + "print('progress: 1', file=sys.stderr); time.sleep(60)"
    )
    began = time.monotonic()
    with pytest.raises(child.Cancelled):
        Told(until=1).run(code)
    assert time.monotonic() - began < 20 and not still_there(int(noted.read_text()))


def test_what_qgis_sets_for_its_own_python_does_not_reach_the_program():
    theirs = {
        "PYTHONHOME": "/qgis",
        "PYTHONPATH": "/qgis",
        "GDAL_DATA": "/qgis",
        "PROJ_LIB": "/q",
        "QT_PLUGIN_PATH": "/q",
    }
    found = child.own_environment({**theirs, "PATH": "/bin", "HOME": "/home/a"})
    assert found == {"PATH": "/bin", "HOME": "/home/a", "FAELLESRUM_PROGRESS": "lines", "PYTHONUTF8": "1"}


# --- Qt 5 and 6 ------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted((PLUGIN / "faellesrum").glob("*.py")), ids=lambda path: path.name)
def test_imports_hold_for_qt_5_and_6_and_the_code_for_an_old_python(path):
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=OLDEST_PYTHON)
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level]
    modules += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    outside = {name.split(".")[0] for name in modules} - sys.stdlib_module_names
    assert outside <= {"qgis", "processing"}
    assert all(name.startswith("qgis.PyQt") for name in modules if "Qt" in name)


@pytest.mark.parametrize("path", sorted((PLUGIN / "faellesrum").glob("*.py")), ids=lambda path: path.name)
def test_values_of_an_enumeration_are_named_with_it(path):
    """``Class.Value`` is gone with Qt 6; ``Class.Enumeration.Value`` holds for both."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    led_on = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    led_on |= {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    led_on |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Assign)}
    short = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id[:3] in ("Qgs", "Qgi")
        if node.attr[0].isupper() and id(node) not in led_on
    ]
    assert short == []
