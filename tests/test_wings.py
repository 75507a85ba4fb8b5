"""What wings hand to each other: modules and names that are meant for others, never private ones."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import spatial

ROOT = Path(spatial.__file__).parent


def imports() -> Iterator[tuple[str, str, str]]:
    """Module, what it imports from, and the name, of every import inside the package."""
    for path in sorted(ROOT.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("spatial."):
                for name in node.names:
                    yield str(path.relative_to(ROOT)), str(node.module), name.name


def test_no_name_that_begins_with_an_underscore_leaves_its_module():
    every = list(imports())
    assert len(every) > 1000
    private = [(where, module, name) for where, module, name in every if "._" in f"{module}.{name}"]
    assert private == []


def test_every_wing_says_what_it_is_for():
    wings = [path for path in ROOT.iterdir() if path.is_dir() and any(path.glob("*.py"))]
    assert len(wings) > 15
    silent = [
        wing.name
        for wing in wings
        if not (ast.get_docstring(ast.parse((wing / "__init__.py").read_text(encoding="utf-8"))) or "").strip()
    ]
    assert silent == []


def test_nothing_but_the_public_names_stands_at_the_top():
    assert sorted(path.name for path in ROOT.glob("*.py")) == ["__init__.py"]
