"""Paper to draw and write on: what is drawn stays a drawing, what is written stays text, in the order of reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from spatial.maps.lettering import BOLD, ITALIC, REGULAR
from spatial.maps.sheet.layout import Box
from spatial.maps.svg import Pen, SvgInk
from spatial.maps.typesetting import Typeset

WEIGHTS = {REGULAR: 400, BOLD: 640, ITALIC: 400}


class Paper(SvgInk):
    """The pages of one document, in millimetres from the lower left corner.

    Strokes of the pen lie beneath everything and are passed over when a page is read aloud; `picture`
    is a drawing that is told in words.
    """

    def __init__(self, width: float, height: float) -> None:
        super().__init__(width, height, name="paper")
        self._pages: list[list[dict[str, Any]]] = [[]]
        self._drawings: dict[str, str] = {}

    @contextmanager
    def picture(self, box: Box, *, alt: str) -> Iterator[Pen]:
        """Draw what is seen in a box, in millimetres of the page, and say what it shows."""
        ink = SvgInk(self._width, self._height, name="picture")
        yield ink
        left, top, width, height = box.left, self._height - box.top, box.width, box.height
        self._put("drawing", file=self._kept(ink.svg(alt=alt, wide=True, seen=(left, top, width, height))), alt=alt,
                  x=left, y=top, width=width, height=height)  # fmt: skip

    def text(
        self, x: float, y: float, text: str, size: float, *,
        font: str = REGULAR, colour: str = "#000000", at: str = "left", angle: float = 0.0, halo: bool = False,
    ) -> None:  # fmt: skip
        """Write one line; ``x`` and ``y`` are the left, middle or right end of its baseline."""
        self.lines(x, y, [text], size, font=font, colour=colour, at=at)

    def lines(
        self, x: float, y: float, lines: Sequence[str], size: float, *, step: float = 0.0,
        font: str = REGULAR, colour: str = "#000000", at: str = "left", level: int = 0,
    ) -> None:  # fmt: skip
        """Write a paragraph broken into lines, ``step`` millimetres apart; with a ``level`` it is a heading."""
        if any(lines):
            self._put("lines", x=x, y=self._height - y, lines=lines, size=size, step=step, weight=WEIGHTS[font],
                      italic=font == ITALIC, colour=colour, at=at, level=level)  # fmt: skip

    def table(
        self, x: float, y: float, *, columns: Sequence[tuple[str, float]], indent: float, head: Sequence[str],
        rows: Sequence[Sequence[Sequence[str]]], heights: Sequence[float], styles: Sequence[dict[str, Any]],
        head_style: dict[str, Any],
    ) -> None:  # fmt: skip
        """Write a table from its upper left corner on.

        ``columns`` are where text stands in them and their widths, ``indent`` is that of text on the left,
        ``heights`` are those of the head and of each row, in millimetres; a cell is its lines; ``styles`` are
        those of the columns.
        """
        self._put("table", x=x, y=self._height - y, columns=columns, indent=indent, head=head, rows=rows,
                  heights=heights, styles=styles, head_style=head_style)  # fmt: skip

    def next_page(self) -> None:
        """End the page and begin another."""
        self._end()
        self._pages.append([])

    def typeset(self, *, title: str, lang: str) -> Typeset:
        """Everything that was drawn and written."""
        self._end()
        data = {"title": title, "lang": lang, "width": self._width, "height": self._height, "pages": self._pages}
        return Typeset(("spatial.maps", "sheet.typ"), data, self._drawings)

    def _put(self, kind: str, **entries: Any) -> None:
        self._pages[-1].append({"is": kind, **entries})

    def _kept(self, drawing: str) -> str:
        name = f"{len(self._drawings)}.svg"
        self._drawings[name] = drawing
        return name

    def _end(self) -> None:
        """Lay the strokes of a page beneath what is written on it."""
        file = self._kept(self.svg(alt="", wide=True))
        whole = {"x": 0, "y": 0, "width": self._width, "height": self._height}
        self._pages[-1].insert(0, {"is": "drawing", "file": file, "alt": "", **whole})
        self._parts = []
