"""Every table leaves by the one writer that makes cells harmless, every page by one that forbids scripts of others."""

from __future__ import annotations

import ast
from pathlib import Path

CODE = Path(__file__).parents[2] / "spatial"


def calls(name: str) -> set[str]:
    """Files in which a method of that name is called."""
    return {
        path.relative_to(CODE).as_posix()
        for path in CODE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name
    }


def test_csv_is_written_in_one_place():
    assert calls("to_csv") == {"render/delimited.py"}


def test_vector_files_of_strangers_are_opened_in_one_place():
    """The run's own GeoPackage is looked at by ``vector_file.check`` too; the rest asks GDAL what a service said."""
    assert calls("read_dataframe") == {"sources/vector_file.py", "sources/finished.py"}
    assert calls("list_layers") <= {"sources/vector_file.py", "sources/finished.py", "sources/_gdal_reader.py"}


def test_every_page_forbids_what_is_not_its_own():
    pages = [path for path in CODE.rglob("*.html.j2") if "<html" in path.read_text(encoding="utf-8")]
    assert len(pages) >= 2
    for page in pages:
        assert "Content-Security-Policy" in page.read_text(encoding="utf-8"), page
