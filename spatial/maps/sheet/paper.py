"""Paper to draw and write on: what is drawn stays a drawing, what is written stays text, in the order of reading."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from spatial.maps.lettering import BOLD, ITALIC, PLAIN, REGULAR, Lettering
from spatial.maps.sheet.layout import Box, Sheet
from spatial.maps.svg import Pen, SvgInk
from spatial.maps.typesetting import Typeset

WEIGHTS = {REGULAR: 400, BOLD: 640, ITALIC: 400}


class Style(NamedTuple):
    """Letters of a column: size in points, weight, colour, and millimetres from line to line."""

    size: float
    weight: int
    colour: str
    step: float


@dataclass(frozen=True)
class Grid:
    """A table laid out in millimetres.

    ``columns`` are where text stands in them and their widths, ``indent`` is that of text on the left,
    ``heights`` are those of the head and of each row; ``bases`` tell how far the head's letters stand above
    its lower edge, and those of a row below its upper. A cell is its lines.
    """

    columns: Sequence[tuple[str, float]]
    indent: float
    heights: Sequence[float]
    bases: tuple[float, float]
    head: Sequence[str]
    head_style: Style
    rows: Sequence[Sequence[Sequence[str]]]
    styles: Sequence[Style]


class Paper(SvgInk):
    """The pages of one document, in millimetres from the lower left corner.

    Strokes of the pen are passed over when a page is read aloud; `picture` is a drawing that is told in words.
    """

    def __init__(self, sheet: Sheet) -> None:
        self._pages: list[list[dict[str, Any]]] = [[]]
        self._drawings: dict[str, str] = {}
        super().__init__(sheet.width, sheet.height, name="paper")
        field, frame = sheet.field, sheet.frame
        self._beside = (
            Box(field.right, frame.bottom, frame.right - field.right, frame.height)
            if sheet.landscape
            else Box(frame.left, frame.bottom, frame.width, field.bottom - frame.bottom)
        )
        self._frame = frame
        self.frame(field, weight=0.35)
        self.frame(frame, weight=0.5)

    @contextmanager
    def picture(self, box: Box, *, alt: str) -> Iterator[Pen]:
        """Draw what is seen in a box, in millimetres of the page, and say what it shows."""
        ink = SvgInk(self._width, self._height, name="picture")
        yield ink
        self._pages[-1].append(self._drawn(ink, box, alt))

    def frame(self, box: Box, *, weight: float) -> None:
        """Draw a frame over everything."""
        self._put("frame", x=box.left, y=self._height - box.top, width=box.width, height=box.height, weight=weight)

    def text(self, x: float, y: float, text: str, size: float, *, style: Lettering = PLAIN) -> None:
        """Write one line; ``x`` and ``y`` are the left, middle or right end of its baseline."""
        self._write(x, y, [text], size, font=style.font, colour=style.colour, at=style.at)

    def lines(
        self, x: float, y: float, lines: Sequence[str], size: float, *, step: float = 0.0,
        font: str = REGULAR, colour: str = "#000000", level: int = 0,
    ) -> None:  # fmt: skip
        """Write a paragraph broken into lines, ``step`` millimetres apart; with a ``level`` it is a heading."""
        self._write(x, y, lines, size, step=step, font=font, colour=colour, level=level)

    def _write(self, x: float, y: float, lines: Sequence[str], size: float, *, font: str, **more: Any) -> None:
        if any(lines):
            style = {"weight": WEIGHTS[font], "italic": font == ITALIC, "at": "left", "level": 0, "step": 0.0}
            self._put("lines", x=x, y=self._height - y, lines=lines, size=size, **style | more)

    def table(self, x: float, y: float, grid: Grid) -> None:
        """Write a table from its upper left corner on."""
        self._put("table", x=x, y=self._height - y, **vars(grid))

    def next_page(self) -> None:
        """End the page and begin another."""
        self._end()
        self._pages.append([])
        self.frame(self._frame, weight=0.5)

    def typeset(self, *, title: str, lang: str) -> Typeset:
        """Everything that was drawn and written."""
        self._end()
        data = {"title": title, "lang": lang, "width": self._width, "height": self._height, "pages": self._pages}
        return Typeset(("spatial.maps", "sheet.typ"), data, self._drawings)

    def _put(self, kind: str, **entries: Any) -> None:
        self._pages[-1].append({"is": kind, **entries})

    def _drawn(self, ink: SvgInk, box: Box, alt: str) -> dict[str, Any]:
        place = {"x": box.left, "y": self._height - box.top, "width": box.width, "height": box.height}
        file = f"{len(self._drawings)}.svg"
        self._drawings[file] = ink.svg(
            alt=alt, wide=True, seen=(box.left, self._height - box.top, box.width, box.height)
        )
        return {"is": "drawing", "file": file, "alt": alt, **place}

    def _end(self) -> None:
        """Lay the strokes of a page over its pictures and beneath what is written on it."""
        page = self._pages[-1]
        above = max((k for k, item in enumerate(page, 1) if item["is"] == "drawing"), default=0)
        page.insert(above, self._drawn(self, self._beside if len(self._pages) == 1 else self._frame, ""))
        self._parts = []
