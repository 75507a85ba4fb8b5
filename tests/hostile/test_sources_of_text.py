"""Every table leaves by the one writer that makes cells harmless, every page by one that forbids scripts of others."""

from __future__ import annotations

import ast
from pathlib import Path

from spatial.studio.guard import HEADERS

CODE = Path(__file__).parents[2] / "spatial"


def calls(name: str, of: str | None = None) -> set[str]:
    """Files in which a method of that name is called, of a module where that is named."""
    return {
        path.relative_to(CODE).as_posix()
        for path in CODE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == name
        if of is None or ast.unparse(node.func.value) == of
    }


def test_csv_is_written_in_one_place():
    assert calls("to_csv") == {"core/files.py"}


def test_vector_files_of_strangers_are_opened_in_one_place():
    """The run's own GeoPackage is looked at by ``vector_files.check`` too; the rest asks GDAL what a service said."""
    assert calls("read_dataframe") == {"sources/vector_files.py", "analysis/loading.py"}
    opened = {"sources/vector_files.py", "analysis/loading.py", "sources/gdal_process.py"}
    assert calls("list_layers", of="pyogrio") == opened


def test_every_page_forbids_what_is_not_its_own():
    """A page that is a file says so itself; for those that the studio serves, its server says so with every answer."""
    pages = {path for path in CODE.rglob("*.html.j2") if "<html" in path.read_text(encoding="utf-8")}
    served = {page for page in pages if page.is_relative_to(CODE / "studio") and page.name != "board.html.j2"}
    assert len(served) == 3 and len(pages) >= 4
    assert "default-src 'none'" in HEADERS["Content-Security-Policy"]
    for page in pages - served:
        assert "Content-Security-Policy" in page.read_text(encoding="utf-8"), page
