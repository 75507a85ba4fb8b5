"""A document as PDF for the printer: A4, vector, tagged for who hears it read, the same bytes each time."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

from spatial.maps.svg import Figure, drawn
from spatial.maps.typesetting import Typeset
from spatial.reports.document import Cell, Document

CELL_MOST = 500  # letters of what stands in a table: more of them would be higher than a page


def document_pdf(document: Document) -> bytes:
    """Draw a document as PDF."""
    drawings: dict[str, str] = {}
    data = {**_as_data(document, drawings), "subject": document.subtitle}
    return Typeset(("spatial.reports", "document.typ"), data, drawings).pdf()


def _as_data(value: Any, drawings: dict[str, str]) -> Any:
    """The parts of a document as what JSON can hold; figures are drawn, equal ones once."""
    if isinstance(value, Figure):
        svg = drawn(value, "d", wide=False)
        name = next((name for name, other in drawings.items() if other == svg), f"{len(drawings)}.svg")
        drawings[name] = svg
        return {"file": name, "alt": value.alt, "caption": value.caption, "width": value.width}
    if is_dataclass(value):
        entries = {entry.name: _as_data(getattr(value, entry.name), drawings) for entry in fields(value)}
        if isinstance(value, Cell):
            entries |= {key: _cut(entries[key]) for key in ("text", "quiet")}
        return {**entries, "is": type(value).__name__}
    return [_as_data(entry, drawings) for entry in value] if isinstance(value, list | tuple) else value


def _cut(text: str) -> str:
    """Return a text, or as much of its beginning as finds room in a cell."""
    return text if len(text) <= CELL_MOST else f"{text[:CELL_MOST].rstrip()}…"
