"""The parts of a printed document, without a layout: what is said, in which order. See the two renderers.

``document_page`` makes a page of it, ``document_pdf`` a file for the printer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spatial.maps.svg import Figure


@dataclass(frozen=True)
class Heading:
    """The title of a section. ``fresh``: on paper it begins a page."""

    text: str
    fresh: bool = False


@dataclass(frozen=True)
class Paragraph:
    """One paragraph. ``style``: ``"text"``, ``"lead"`` (larger) or ``"note"`` (smaller, quiet)."""

    text: str
    style: str = "text"


@dataclass(frozen=True)
class Points:
    """A list; ``ordered`` with numbers. ``lead`` is larger."""

    items: Sequence[str]
    ordered: bool = False
    lead: bool = False


@dataclass(frozen=True)
class Facts:
    """Labels and what belongs to them."""

    pairs: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Cell:
    """What stands in a table: a text, in bold or followed by a quiet line, or a drawing beside it."""

    text: str
    strong: bool = False
    quiet: str = ""
    figure: Figure | None = None


@dataclass(frozen=True)
class Column:
    """A column of a table. ``share`` of the width; ``number``: set to the right."""

    title: str
    share: float
    number: bool = False


@dataclass(frozen=True)
class Table:
    """A table; ``caption`` says what it holds. The first column names its row."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    small: bool = False


@dataclass(frozen=True)
class Figures:
    """Drawings side by side, as wide as the page together."""

    figures: Sequence[Figure]


Block = Heading | Paragraph | Points | Facts | Table | Figures


@dataclass(frozen=True)
class Document:
    """A whole document.

    ``lang`` is that of its words; ``foot`` stands on every page, ``page`` is the pattern of the page
    numbers with ``{page}`` and ``{pages}``.
    """

    lang: str
    title: str
    overline: str
    subtitle: str
    dates: str
    foot: str
    page: str
    blocks: Sequence[Block]
