"""The decoder is a package of its own: what it imports, what it hands out, and who imports it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import spatial
from spatial.osm import pbf

PACKAGE = Path(spatial.__file__).parent
DECODER = PACKAGE / "osm" / "pbf"
MOST_NAMES = 30


def imported(path: Path) -> set[str]:
    """Modules of the program that a module imports from, wherever the import stands."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    names |= {f"{node.module}.{name.name}" for node in nodes if isinstance(node, ast.ImportFrom) for name in node.names}
    names |= {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    return {name for name in names if name.startswith("spatial.")}


@pytest.mark.parametrize("path", sorted(DECODER.glob("*.py")), ids=lambda path: path.stem)
def test_the_decoder_imports_errors_and_messages_alone(path):
    allowed = ("spatial.osm.pbf", "spatial.core.errors", "spatial.core.messages")
    outside = {name for name in imported(path) if not name.startswith(allowed)}
    assert outside == set()


def test_the_program_imports_what_the_decoder_hands_out():
    names = set()
    for path in PACKAGE.rglob("*.py"):
        if DECODER not in path.parents:
            names |= {name for name in imported(path) if name.startswith("spatial.osm.pbf.")}
    assert {name.removeprefix("spatial.osm.pbf.") for name in names} <= set(pbf.__all__)
    assert len(pbf.__all__) <= MOST_NAMES and (DECODER / "README.md").is_file()


def test_only_the_wing_of_openstreetmap_knows_file_formats():
    """Nobody else imports the decoder, or osmium."""
    for path in PACKAGE.rglob("*.py"):
        if PACKAGE / "osm" not in path.parents:
            text = path.read_text(encoding="utf-8")
            assert "spatial.osm.pbf" not in text and "import osmium" not in text.replace("import osmium_", ""), path
