"""The sheet of the site map: paper, true scale, and where its parts lie. Lengths in millimetres."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from spatial.core.errors import InputError

# ISO 216, upright.
PAPERS = {"A4": (210.0, 297.0), "A3": (297.0, 420.0), "A2": (420.0, 594.0), "A1": (594.0, 841.0)}
SCALES = (500, 1000, 1500, 2000, 2500, 3000, 4000, 5000, 7500, 10_000, 15_000, 20_000, 25_000, 50_000, 100_000)
LEAST, MOST = 100, 100_000  # scales that can be asked for
EDGE_MM = 8.0  # white edge around the frame
AIR_MM = 6.0  # least distance between what must be seen and the frame
# Per paper: how much larger the lettering is than on A3, and the width of the column beside the map.
LETTERING = {"A4": (0.86, 78.0), "A3": (1.0, 98.0), "A2": (1.25, 122.0), "A1": (1.6, 156.0)}
# On A3: height of the title block, of the legend, of a row of the table and of its head and foot.
TITLE_MM, LEGEND_MM, ROW_MM, HEAD_MM = 62.0, 72.0, 4.45, 23.0
COLUMN_MM = 64.0  # least width of a column of the table on A3
# Shares of the band below the map of an upright sheet; the table has the rest.
LEGEND_SHARE, TITLE_SHARE = 0.27, 0.3
BAND_SHARE = 0.42  # of the height of an upright sheet, at most


class Box(NamedTuple):
    """A rectangle on the sheet, from the lower left corner of the paper."""

    left: float
    bottom: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """Its right edge."""
        return self.left + self.width

    @property
    def top(self) -> float:
        """Its upper edge."""
        return self.bottom + self.height

    def inside(self, by: float) -> Box:
        """Return the rectangle without a strip of this width along its edges."""
        return Box(self.left + by, self.bottom + by, self.width - 2 * by, self.height - 2 * by)


@dataclass(frozen=True)
class Sheet:
    """A sheet of paper with a map at a true scale.

    ``centre`` is the point, in the estate's metric CRS, in the middle of ``field``, the rectangle
    of the map. ``beside`` holds legend and table, ``title`` the title block at the lower right.
    ``factor`` is the size of the lettering against that on A3. ``whole`` is false where the estate
    does not fit into the field.
    """

    paper: str
    landscape: bool
    scale: int
    centre: tuple[float, float]
    width: float
    height: float
    factor: float
    field: Box
    legend: Box
    table: Box
    title: Box
    whole: bool

    @property
    def frame(self) -> Box:
        """The drawn frame around everything."""
        return Box(0.0, 0.0, self.width, self.height).inside(EDGE_MM)

    @property
    def mm_per_m(self) -> float:
        """Millimetres on paper to a metre on the ground."""
        return 1000.0 / self.scale


def compose(
    bounds: Sequence[float],
    *,
    paper: str = "A3",
    scale: int | None = None,
    landscape: bool | None = None,
    rows: int = 0,
) -> Sheet:
    """Lay out a sheet on which an area can be seen.

    Parameters
    ----------
    bounds
        West, south, east and north of what should be seen, in metres.
    paper
        ``"A4"`` to ``"A1"``.
    scale
        1:``scale``. Default: the largest common scale at which the area fits.
    landscape
        Default: the side up at which the area is larger.
    rows
        How many rows the table has: an upright sheet makes room for them.

    Raises
    ------
    InputError
        If there is no such paper or the scale is out of range.

    Examples
    --------
    >>> compose((0, 0, 200, 180), paper="A3").scale
    1000
    """
    if paper not in PAPERS:
        raise InputError("sitemap.paper", found=paper, known=list(PAPERS))
    if scale is not None and not LEAST <= scale <= MOST:
        raise InputError("sitemap.scale", found=scale, least=LEAST, most=MOST)
    sides = (True, False) if landscape is None else (landscape,)
    sheets = [_sheet(bounds, paper, scale, side, rows) for side in sides]
    return min(sheets, key=lambda sheet: (not sheet.whole, sheet.scale, -_room(sheet)))


def _room(sheet: Sheet) -> float:
    return sheet.field.width * sheet.field.height


def _band(frame: Box, factor: float, rows: int) -> float:
    """Height of the band below the map: what legend, title block and table need, within reason."""
    columns = table_columns(frame.width * (1 - LEGEND_SHARE - TITLE_SHARE), factor)
    needed = max(TITLE_MM, LEGEND_MM, HEAD_MM + ROW_MM * math.ceil(rows / columns))
    return min(needed * factor, frame.height * BAND_SHARE)


def table_columns(width: float, factor: float) -> int:
    """How many columns of the table stand side by side in this width."""
    return max(1, int(width // (COLUMN_MM * factor)))


def _sheet(bounds: Sequence[float], paper: str, scale: int | None, landscape: bool, rows: int) -> Sheet:
    short, long = PAPERS[paper]
    width, height = (long, short) if landscape else (short, long)
    factor, column = LETTERING[paper]
    frame = Box(0.0, 0.0, width, height).inside(EDGE_MM)
    if landscape:
        split = frame.right - column
        field = Box(frame.left, frame.bottom, split - frame.left, frame.height)
        title = Box(split, frame.bottom, column, TITLE_MM * factor)
        legend = Box(split, title.top, column, frame.height - title.height)  # the table follows it
        table = legend
    else:
        band = _band(frame, factor, rows)
        field = Box(frame.left, frame.bottom + band, frame.width, frame.height - band)
        legend = Box(frame.left, frame.bottom, frame.width * LEGEND_SHARE, band)
        title_width = frame.width * TITLE_SHARE
        title = Box(frame.right - title_width, frame.bottom, title_width, min(TITLE_MM * factor, band))
        table = Box(legend.right, frame.bottom, title.left - legend.right, band)
    west, south, east, north = bounds
    needed = max((east - west) / (field.width - 2 * AIR_MM), (north - south) / (field.height - 2 * AIR_MM)) * 1000
    chosen = scale or next((step for step in SCALES if step >= needed), MOST)
    return Sheet(
        paper=paper,
        landscape=landscape,
        scale=chosen,
        centre=((west + east) / 2, (south + north) / 2),
        width=width,
        height=height,
        factor=factor,
        field=field,
        legend=legend,
        table=table,
        title=title,
        whole=chosen >= needed,
    )
