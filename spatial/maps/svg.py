"""What a figure is drawn with: strokes in millimetres, as SVG in hundredths of them, for pages and for paper."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import shapely

from spatial.maps.lettering import BOLD, ITALIC, PLAIN, SPARE_FAMILY, Lettering, ours

FINE = 100
PT = 25.4 / 72 * FINE
ANCHOR = {"left": "start", "middle": "middle", "right": "end"}
CAPS = ("butt", "round")
BUTT, ROUND = 0, 1
HALO = 100  # width of the white around letters


class Pen(Protocol):
    """Draws in millimetres from the lower left corner; sizes of letters are in points."""

    def shapes(
        self, geometries: npt.NDArray[Any], *, fill: str | None = None, line: str | None = None, width: float = 0.1,
        dash: Sequence[float] = (), cap: int = BUTT,
    ) -> None:  # fmt: skip
        """Draw lines and polygons as one path."""

    def hatch(self, geometry: Any, *, line: str, width: float, every: float) -> None:
        """Draw diagonal lines inside a polygon."""

    def rect(
        self, left: float, bottom: float, width: float, height: float, *,
        fill: str | None = None, line: str | None = None, weight: float = 0.18,
    ) -> None:  # fmt: skip
        """Draw a rectangle."""

    def rule(self, x1: float, y1: float, x2: float, y2: float, *, line: str, weight: float = 0.18) -> None:
        """Draw a straight line."""

    def disc(
        self, x: float, y: float, radius: float, *,
        fill: str | None = None, line: str | None = None, weight: float = 0.2,
    ) -> None:  # fmt: skip
        """Draw a circle."""

    def text(self, x: float, y: float, text: str, size: float, *, style: Lettering = ...) -> None:
        """Write one line; ``x`` and ``y`` are the left, middle or right end of its baseline."""

    def clipped(self, left: float, bottom: float, width: float, height: float) -> None:
        """Draw only inside this rectangle until `unclipped`."""

    def unclipped(self) -> None:
        """End `clipped`."""


@dataclass(frozen=True)
class Figure:
    """A drawing of a size in millimetres, and what it shows in words for who cannot see it.

    Without ``alt`` it only repeats what stands beside it.
    """

    width: float
    height: float
    draw: Callable[[Pen], None]
    alt: str = ""
    caption: str = ""


class SvgInk:
    """Collects the elements of one drawing.

    Parameters
    ----------
    width, height
        In millimetres.
    name
        Begins the ids in it, which must differ from all others in a page.
    """

    def __init__(self, width: float, height: float, *, name: str) -> None:
        self._width, self._height, self._name = width, height, name
        self._parts: list[str] = []
        self._clips = 0

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
        """Draw lines and polygons as one path."""
        code = _code(geometries, self._height)
        if code:
            more = f' stroke-dasharray="{" ".join(str(_fine(step)) for step in dash)}"' if dash else ""
            more += f' stroke-linecap="{CAPS[cap]}"' if cap else ""
            self._parts.append(f'<path d="{code}"{_paint(fill, line, width)}{more}/>')

    def hatch(self, geometry: Any, *, line: str, width: float, every: float) -> None:
        """Draw diagonal lines inside a polygon."""
        if shapely.is_empty(geometry):
            return
        left, bottom, right, top = shapely.bounds(geometry)
        height = top - bottom
        starts = np.arange(np.floor((left - height) / every) * every, right, every)
        lines = shapely.linestrings([[(x, bottom), (x + height, top)] for x in starts.tolist()])
        # Cut here: pictures of many clipped groups take three times as long to draw.
        self.shapes(shapely.intersection(lines, shapely.make_valid(geometry)), line=line, width=width)

    def rect(
        self, left: float, bottom: float, width: float, height: float, *,
        fill: str | None = None, line: str | None = None, weight: float = 0.18,
    ) -> None:  # fmt: skip
        """Draw a rectangle."""
        self._parts.append(f"<rect{self._box(left, bottom, width, height)}{_paint(fill, line, weight)}/>")

    def _box(self, left: float, bottom: float, width: float, height: float) -> str:
        top = _fine(self._height - bottom - height)
        return f' x="{_fine(left)}" y="{top}" width="{_fine(width)}" height="{_fine(height)}"'

    def rule(self, x1: float, y1: float, x2: float, y2: float, *, line: str, weight: float = 0.18) -> None:
        """Draw a straight line."""
        ends = (_fine(x1), _fine(self._height - y1), _fine(x2), _fine(self._height - y2))
        self._parts.append('<path d="M{} {}L{} {}"'.format(*ends) + f"{_paint(None, line, weight)}/>")

    def disc(
        self, x: float, y: float, radius: float, *,
        fill: str | None = None, line: str | None = None, weight: float = 0.2,
    ) -> None:  # fmt: skip
        """Draw a circle."""
        at = f' cx="{_fine(x)}" cy="{_fine(self._height - y)}" r="{_fine(radius)}"'
        self._parts.append(f"<circle{at}{_paint(fill, line, weight)}/>")

    def text(self, x: float, y: float, text: str, size: float, *, style: Lettering = PLAIN) -> None:
        """Write one line; ``x`` and ``y`` are the left, middle or right end of its baseline."""
        font, colour, at, angle, halo = style
        across, down = _fine(x), _fine(self._height - y)
        more = f' text-anchor="{ANCHOR[at]}"' if at != "left" else ""
        more += ' font-weight="600"' if font == BOLD else ' font-style="italic"' if font == ITALIC else ""
        more += "" if ours(text) else f' font-family="{SPARE_FAMILY}, sans-serif"'
        more += f' transform="rotate({-angle:.1f} {across} {down})"' if angle else ""
        begun = f'<text x="{across}" y="{down}" font-size="{round(size * PT)}"{more}'
        if halo:  # by itself: together, each letter's would lie over the letter before
            light = f'fill="#fff" stroke="#fff" stroke-width="{HALO}" stroke-linejoin="round"'
            self._parts.append(f"{begun} {light}>{escape(text)}</text>")
        self._parts.append(f'{begun} fill="{colour}">{escape(text)}</text>')

    def clipped(self, left: float, bottom: float, width: float, height: float) -> None:
        """Draw only inside this rectangle until `unclipped`."""
        self._clips += 1
        name, shape = f"{self._name}-{self._clips}", f"<rect{self._box(left, bottom, width, height)}/>"
        self._parts.append(f'<clipPath id="{name}">{shape}</clipPath><g clip-path="url(#{name})">')

    def unclipped(self) -> None:
        """End `clipped`."""
        self._parts.append("</g>")

    def svg(self, *, alt: str, wide: bool, seen: tuple[float, float, float, float] | None = None) -> str:
        """Return the drawing as an element: an image that says what it shows, or one to pass over.

        ``wide`` drawings fill what they stand in; others have their size. ``seen`` are left, top, width and
        height of the part that is seen.
        """
        size = "" if wide else f' style="width:{self._width}mm;height:{self._height}mm"'
        told = f' role="img" aria-label="{escape(alt)}"' if alt else ' aria-hidden="true"'
        box = " ".join(str(_fine(side)) for side in seen or (0, 0, self._width, self._height))
        return f'<svg viewBox="{box}"{size}{told}>{"".join(self._parts)}</svg>'


def drawn(figure: Figure, name: str, *, wide: bool) -> str:
    """Draw a figure as an SVG element; ``name`` is its own in the page."""
    ink = SvgInk(figure.width, figure.height, name=name)
    figure.draw(ink)
    return ink.svg(alt=figure.alt, wide=wide)


def _fine(length: float) -> int:
    return round(length * FINE)


def _paint(fill: str | None, line: str | None, width: float) -> str:
    inside = f' fill="{fill}"' if fill else ' fill="none"'
    return inside + (f' stroke="{line}" stroke-width="{max(_fine(width), 1)}"' if line else "")


def _code(geometries: npt.NDArray[Any], height: float) -> str:
    """Path of the rings and lines among these geometries: absolute beginnings, then steps."""
    parts = shapely.get_parts(shapely.get_parts(np.asarray(geometries, dtype=object)))
    kinds = shapely.get_type_id(parts)
    polygons = shapely.orient_polygons(parts[kinds == shapely.GeometryType.POLYGON])
    lines = parts[(kinds == shapely.GeometryType.LINESTRING) | (kinds == shapely.GeometryType.LINEARRING)]
    rings = np.concatenate([shapely.get_rings(polygons), lines])
    xy, ring = shapely.get_coordinates(rings, return_index=True)
    if not len(xy):
        return ""
    units = np.rint(np.column_stack([xy[:, 0], height - xy[:, 1]]) * FINE).astype(np.int64)
    first = np.concatenate([[True], ring[1:] != ring[:-1]])
    steps = np.where(first[:, None], units, np.diff(units, axis=0, prepend=units[:1]))
    counts = np.bincount(ring, minlength=len(rings)).tolist()
    pattern = [
        "M%d %dl" + " ".join(["%d %d"] * (count - 1)) + ("z" if i < len(rings) - len(lines) else "")
        for i, count in enumerate(counts)
        if count > 1
    ]
    if any(count == 1 for count in counts):  # a line of one point draws nothing
        steps = steps[np.repeat(np.array(counts), counts) > 1]
    return "".join(pattern) % tuple(steps.ravel().tolist())
