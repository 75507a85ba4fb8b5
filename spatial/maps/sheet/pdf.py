"""Ink for the site map: a PDF canvas with our fonts, and shapes by the thousand in one stroke."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import as_file, files
from typing import IO, Any

import numpy as np
import numpy.typing as npt
import shapely
from reportlab import rl_config
from reportlab.lib.colors import HexColor
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.pdfgen.pathobject import PDFPathObject

from spatial.core.versions import generator

MM = 72 / 25.4  # points
# Shapes are drawn in whole hundredths of a point: 0.004 mm.
FINE = 100
REGULAR, BOLD, ITALIC = "NotoSans-Regular", "NotoSans-SemiBold", "NotoSans-Italic"
FONTS = (REGULAR, BOLD, ITALIC)
BUTT, ROUND = 0, 1
FILL_ONLY, STROKE_ONLY = 0, 1  # of letters
NON_ZERO = 1  # with shells and holes turned against each other, areas may overlap
HALO_MM = 0.5
ELLIPSIS = "…"


@cache
def _fonts() -> None:
    rl_config.useA85 = False  # a third more bytes and a third more time, for printers of the last century
    for name in FONTS:
        with as_file(files("spatial.maps") / "fonts" / f"{name}.ttf") as path:
            pdfmetrics.registerFont(TTFont(name, str(path)))


def width_of(text: str, size: float, font: str = REGULAR) -> float:
    """Width of a text in millimetres; ``size`` is in points."""
    _fonts()
    return float(pdfmetrics.stringWidth(text, font, size)) / MM


def shortened(text: str, room: float, size: float, font: str = REGULAR) -> str:
    """Return the text, or as much of its beginning as fits into ``room`` millimetres, and "…"."""
    if width_of(text, size, font) <= room:
        return text
    while text and width_of(text.rstrip() + ELLIPSIS, size, font) > room:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def wrapped(text: str, room: float, size: float, font: str = REGULAR) -> list[str]:
    """Break a text into lines of at most ``room`` millimetres, between words."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, font) <= room:
            lines[-1] = longer
        else:
            lines.append(shortened(word, room, size, font))
    return lines


class Brush:
    """Draws on a canvas of ReportLab, in millimetres from its origin; see ``pen.Pen``."""

    def __init__(self, canvas: Canvas) -> None:
        _fonts()
        self._canvas = canvas

    def shapes(
        self,
        geometries: npt.NDArray[Any],
        *,
        fill: str | None = None,
        line: str | None = None,
        width: float = 0.1,
        dash: Sequence[float] = (),
        cap: int = BUTT,
    ) -> None:
        """Draw lines and polygons, given in millimetres on the sheet, as one path."""
        code = _code(geometries)
        if not code:
            return
        canvas = self._canvas
        canvas.saveState()
        canvas.scale(1 / FINE, 1 / FINE)
        self._style(fill, line, width * MM * FINE, [step * MM * FINE for step in dash], cap)
        canvas.drawPath(
            PDFPathObject(code=[code]), stroke=int(line is not None), fill=int(fill is not None), fillMode=NON_ZERO
        )
        canvas.restoreState()

    def _style(self, fill: str | None, line: str | None, width: float, dash: Sequence[float], cap: int) -> None:
        canvas = self._canvas
        if fill is not None:
            canvas.setFillColor(HexColor(fill))
        if line is not None:
            canvas.setStrokeColor(HexColor(line))
            canvas.setLineWidth(width)
            canvas.setLineCap(cap)
            canvas.setLineJoin(1)
            canvas.setDash([round(step, 2) for step in dash])

    def hatch(self, geometry: Any, *, line: str, width: float, every: float) -> None:
        """Draw diagonal lines inside a polygon."""
        canvas = self._canvas
        code = _code(np.array([geometry], dtype=object))
        if not code:
            return
        canvas.saveState()
        canvas.scale(1 / FINE, 1 / FINE)
        canvas.clipPath(PDFPathObject(code=[code]), stroke=0, fill=0)
        canvas.scale(FINE, FINE)
        left, bottom, right, top = shapely.bounds(geometry)
        height = top - bottom
        starts = np.arange(np.floor((left - height) / every) * every, right, every)
        self.shapes(
            shapely.linestrings([[(x, bottom), (x + height, top)] for x in starts.tolist()]), line=line, width=width
        )
        canvas.restoreState()

    def rect(
        self, left: float, bottom: float, width: float, height: float, *,
        fill: str | None = None, line: str | None = None, weight: float = 0.18,
    ) -> None:  # fmt: skip
        """Draw a rectangle."""
        self._style(fill, line, weight * MM, (), BUTT)
        self._canvas.rect(
            left * MM, bottom * MM, width * MM, height * MM, stroke=int(line is not None), fill=int(fill is not None)
        )

    def rule(self, x1: float, y1: float, x2: float, y2: float, *, line: str, weight: float = 0.18) -> None:
        """Draw a straight line."""
        self._style(None, line, weight * MM, (), BUTT)
        self._canvas.line(x1 * MM, y1 * MM, x2 * MM, y2 * MM)

    def disc(
        self, x: float, y: float, radius: float, *,
        fill: str | None = None, line: str | None = None, weight: float = 0.2,
    ) -> None:  # fmt: skip
        """Draw a circle."""
        self._style(fill, line, weight * MM, (), BUTT)
        self._canvas.circle(x * MM, y * MM, radius * MM, stroke=int(line is not None), fill=int(fill is not None))

    def text(
        self, x: float, y: float, text: str, size: float, *,
        font: str = REGULAR, colour: str = "#000000", at: str = "left", angle: float = 0.0, halo: bool = False,
    ) -> None:  # fmt: skip
        """Write one line; ``x`` and ``y`` are the left, middle or right end of its baseline."""
        canvas = self._canvas
        shift = {"left": 0.0, "middle": 0.5, "right": 1.0}[at] * width_of(text, size, font) * MM
        canvas.saveState()
        canvas.translate(x * MM, y * MM)
        if angle:
            canvas.rotate(angle)
        line = canvas.beginText(-shift, 0)
        line.setFont(font, size)
        line.setFillColor(HexColor(colour))
        if halo:
            self._style(None, "#ffffff", HALO_MM * 2 * MM, (), ROUND)
            line.setTextRenderMode(STROKE_ONLY)
            line.textOut(text)
            line.setTextOrigin(-shift, 0)
            line.setTextRenderMode(FILL_ONLY)
        line.textOut(text)
        canvas.drawText(line)
        canvas.restoreState()

    def clipped(self, left: float, bottom: float, width: float, height: float) -> None:
        """Draw only inside this rectangle until `unclipped`."""
        self._canvas.saveState()
        path = self._canvas.beginPath()
        path.rect(left * MM, bottom * MM, width * MM, height * MM)
        self._canvas.clipPath(path, stroke=0, fill=0)

    def unclipped(self) -> None:
        """End `clipped`."""
        self._canvas.restoreState()


class Ink(Brush):
    """Draws on the pages of one PDF file, in millimetres from the lower left corner.

    Everything is vector, fonts are embedded, and the same drawing gives the same bytes.
    """

    def __init__(self, file: IO[bytes], width: float, height: float, *, title: str, author: str, lang: str) -> None:
        super().__init__(canvas(file, (width * MM, height * MM), title=title, author=author, lang=lang))

    def next_page(self) -> None:
        """End the page and begin another."""
        self._canvas.showPage()

    def save(self) -> None:
        """Write the file."""
        self._canvas.save()


def canvas(file: IO[bytes], pagesize: tuple[float, float], *, title: str, author: str, lang: str) -> Canvas:
    """Begin a PDF file; the page size is in points."""
    _fonts()
    # Begun with a font of ours: otherwise the file names Helvetica, which is not in it.
    made = Canvas(file, pagesize=pagesize, invariant=True, lang=lang, pageCompression=True, initialFontName=REGULAR)
    made.setTitle(title)
    made.setAuthor(author)
    made.setSubject(title)
    made.setCreator(generator())
    made.setProducer("ReportLab")
    return made


def _code(geometries: npt.NDArray[Any]) -> str:
    """PDF operators of the rings and lines among these geometries, in hundredths of a point."""
    parts = shapely.get_parts(np.asarray(geometries, dtype=object))
    if np.any(shapely.get_type_id(parts) >= shapely.GeometryType.MULTIPOINT):
        parts = shapely.get_parts(parts)
    kinds = shapely.get_type_id(parts)
    polygons = shapely.orient_polygons(parts[kinds == shapely.GeometryType.POLYGON])
    lines = parts[(kinds == shapely.GeometryType.LINESTRING) | (kinds == shapely.GeometryType.LINEARRING)]
    rings = np.concatenate([shapely.get_rings(polygons), lines])
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    if not len(xy):
        return ""
    counts = np.bincount(ring, minlength=len(rings)).tolist()
    closed = [True] * (len(rings) - len(lines)) + [False] * len(lines)
    pattern = [
        "%d %d m" + " %d %d l" * (count - 1) + (" h " if shut else " ")
        for count, shut in zip(counts, closed, strict=True)
        if count
    ]
    units = np.rint(xy * (MM * FINE)).astype(np.int64)
    return "".join(pattern) % tuple(units.ravel().tolist())
