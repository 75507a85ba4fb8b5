"""The tests themselves: none is without an assertion, none sleeps for nothing, none is left out on the quiet."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FILES = sorted(path for path in TESTS.rglob("test_*.py"))
# What asserts for a test: statements, and what raises when something is not so.
ASSERTING = ("raises", "warns", "fail", "deprecated_call")


def asserts(function: ast.AST, helpers: set[str]) -> bool:
    """Whether a function asserts something itself, or by a function of the tests that does."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in ASSERTING or name.startswith("assert_") or name in helpers:
                return True
    return False


def helpers_of(trees: list[ast.Module]) -> set[str]:
    """Names of functions of the tests that assert, and of those that call them."""
    known: set[str] = set()
    functions = [
        node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    while True:
        found = {one.name for one in functions if not one.name.startswith("test_") and asserts(one, known)}
        if found <= known:
            return known
        known |= found


def empty_tests(trees: dict[str, ast.Module]) -> list[str]:
    helpers = helpers_of(list(trees.values()))
    return [
        f"{name}: {node.name}"
        for name, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_") and not asserts(node, helpers)
    ]


@pytest.fixture(scope="module")
def trees():
    return {
        path.relative_to(TESTS).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(TESTS.rglob("*.py"))
    }


def test_no_test_is_without_an_assertion(trees):
    assert len(FILES) > 80
    assert empty_tests(trees) == []


def test_the_search_finds_a_test_without_one():
    text = "def check(x):\n    assert x\n\ndef test_a():\n    check(1)\n\ndef test_b():\n    print(1)\n"
    assert empty_tests({"x": ast.parse(text)}) == ["x: test_b"]


def test_no_test_is_skipped_for_good(trees):
    """A condition may skip a test; a bare mark would leave it out for ever."""
    for name, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr == "skip" and ast.unparse(node) == "pytest.mark.skip":
                pytest.fail(f"{name}: a test is skipped for good")


def settings_on_import(tree: ast.Module) -> list[str]:
    """Statements of a module that set a variable of the environment as soon as the module is imported."""
    targets = [(node, node.targets[0]) for node in tree.body if isinstance(node, ast.Assign)]
    return [ast.unparse(node) for node, target in targets if ast.unparse(target).startswith("os.environ[")]


def test_no_module_changes_the_environment_when_it_is_collected():
    trees = {path: ast.parse(path.read_text("utf-8")) for path in TESTS.rglob("*.py")}
    assert {path.name: found for path, tree in trees.items() if (found := settings_on_import(tree))} == {}
    assert settings_on_import(ast.parse('import os\nos.environ["A"] = "1"')) == ["os.environ['A'] = '1'"]


def test_what_one_target_leaves_out_the_other_takes():
    """By the marks of the Makefile: each test is run by `make test` or by `make integration`."""
    text = (TESTS.parent / "Makefile").read_text(encoding="utf-8")
    left_out = re.search(r'^QUICK := -m "not \((.+)\)"$', text, re.MULTILINE)[1].split(" or ")
    taken = re.search(r'^WHOLE := .* -m "(.+)"$', text, re.MULTILINE)[1].split(" or ")
    assert sorted(taken) == sorted([*left_out, "thorough"])


def test_no_licence_of_what_is_needed_to_run_binds():
    """The page that `make licences` writes is of the packages of the lock, and names no GPL or AGPL."""
    from tests.licences import PAGE, binds, needed

    rows = dict(line.strip("| ").split(" | ", 1) for line in PAGE.read_text(encoding="utf-8").splitlines()[6:])
    folded = {name.lower().replace("_", "-").replace(".", "-") for name in rows}
    known = {name.lower().replace("_", "-").replace(".", "-") for name in needed()}
    assert folded <= known and len(folded) > 50
    assert [name for name, licence in rows.items() if binds(licence)] == []
    assert binds("GPL-3.0-only") and binds("GNU Affero General Public License v3") and not binds("MIT OR GPL-2.0")


def test_the_lock_of_the_tools_for_scripts_names_no_registry():
    text = (TESTS.parent / "package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in text and text.count('"integrity"') > 50
