"""Where the numbers and the names of the site map go, so that none lies over another. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from spatial.core.arrays import Floats
from spatial.maps.sheet.layout import Box

DIRECTIONS = 16
RINGS = (1.9, 2.9, 4.2, 6.0)  # distances of a number from its place, in radii beyond the place's edge
INSIDE = 1.9  # a place this many radii wide holds its number
# What a position costs: lying over another number, over a meeting space, over the frame; and far off.
OVER_NUMBER, OVER_SPACE, OVER_EDGE, PER_RADIUS = 1000.0, 12.0, 5000.0, 1.0
SPACING = 0.9  # of a letter's height, between the discs that stand for a name
REPEAT_MM = 130.0  # a street is named again this far on


class Spot(NamedTuple):
    """Middle of a number, and where its leader meets the place: None where none is needed."""

    x: float
    y: float
    foot: tuple[float, float] | None


class Name(NamedTuple):
    """A name with its middle and its angle in degrees."""

    text: str
    x: float
    y: float
    angle: float


Disc = tuple[float, float, float]


class Taken:
    """The ground that is taken already, as discs of (x, y, radius)."""

    def __init__(self, discs: Sequence[Disc] = ()) -> None:
        self._discs = np.array(discs, dtype=np.float64).reshape(-1, 3)

    def add(self, discs: Sequence[Disc] | Floats | Taken) -> None:
        """Take more."""
        more = discs._discs if isinstance(discs, Taken) else np.array(discs, dtype=np.float64).reshape(-1, 3)
        self._discs = np.concatenate([self._discs, more])

    def clear(self, discs: Sequence[Disc] | Floats) -> npt.NDArray[np.bool_]:
        """Tell of each of these discs whether it touches nothing that is taken."""
        one, other = np.asarray(discs, dtype=np.float64).reshape(-1, 3), self._discs
        gap = np.hypot(one[:, None, 0] - other[None, :, 0], one[:, None, 1] - other[None, :, 1])
        return np.asarray((gap >= one[:, None, 2] + other[None, :, 2]).all(axis=1))

    def free(self, discs: Sequence[Disc] | Floats) -> bool:
        """Tell whether none of these touches what is taken."""
        return bool(self.clear(discs).all())


def numbers(shapes: npt.NDArray[Any], radius: float, view: Box, avoid: Taken) -> list[Spot]:
    """Find a place for the number of each shape, the first ones first.

    A number stands in its shape where that is large enough, otherwise beside it with a leader.
    Every shape gets one; where all is full, over the least.
    """
    if not len(shapes):
        return []
    tree = shapely.STRtree(shapes)
    inner = _inner_circles(shapes)
    spots = []
    for i, shape in enumerate(shapes):
        x, y, reach = inner[i]
        if reach >= INSIDE * radius and _within(view, x, y, radius) and avoid.free([(x, y, radius)]):
            spot = Spot(x, y, None)
        else:
            spot = _beside(shape, i, tree, radius, view, avoid)
        avoid.add([(spot.x, spot.y, radius * 1.12)])
        spots.append(spot)
    return spots


def _inner_circles(shapes: npt.NDArray[Any]) -> Floats:
    """Middle and radius of the largest circle inside each shape: (shapes, 3)."""
    lines = shapely.maximum_inscribed_circle(shapes, tolerance=0.1)
    return np.column_stack([shapely.get_coordinates(shapely.get_point(lines, 0)), shapely.length(lines)])


def _beside(shape: Any, i: int, tree: shapely.STRtree, radius: float, view: Box, avoid: Taken) -> Spot:
    candidates = np.array([(x, y, ring) for ring in RINGS for x, y in _around(shape, ring * radius)])
    at, hit = tree.query(shapely.points(candidates[:, :2]), predicate="dwithin", distance=radius)
    over = np.bincount(at[hit != i], minlength=len(candidates))
    discs = np.column_stack([candidates[:, :2], np.full(len(candidates), radius)])
    beyond = [not _within(view, x, y, radius) for x, y, _ in discs.tolist()]
    costs = candidates[:, 2] * PER_RADIUS + over * OVER_SPACE + ~avoid.clear(discs) * OVER_NUMBER
    costs += np.array(beyond) * OVER_EDGE
    x, y = candidates[int(np.argmin(costs)), :2].tolist()
    foot = shapely.get_coordinates(shapely.shortest_line(shape, shapely.Point(x, y)))[0]
    return Spot(x, y, (float(foot[0]), float(foot[1])))


def _around(shape: Any, gap: float) -> list[tuple[float, float]]:
    """Points in all directions from the middle of a shape, ``gap`` beyond its bounding circle's edge."""
    middle = shapely.centroid(shape)
    left, bottom, right, top = shapely.bounds(shape)
    across, up = (right - left) / 2 + gap, (top - bottom) / 2 + gap
    # Above first: where all is equal, numbers stand over their places as pins do.
    turns = [math.pi / 2 + (k + 1) // 2 * (-1) ** k * 2 * math.pi / DIRECTIONS for k in range(DIRECTIONS)]
    return [(middle.x + across * math.cos(turn), middle.y + up * math.sin(turn)) for turn in turns]


def _within(view: Box, x: float, y: float, radius: float) -> bool:
    return view.left + radius <= x <= view.right - radius and view.bottom + radius <= y <= view.top - radius


def along(name: str, length: float, height: float, lines: npt.NDArray[Any], view: Box, avoid: Taken) -> list[Name]:
    """Find where a street's name can stand: on the longest straight stretches, free of all else.

    ``length`` and ``height`` are those of the lettered name, ``lines`` the street on the sheet.
    """
    found: list[Name] = []
    for start, end in _stretches(lines, tolerance=height * 0.35):
        (x1, y1), (x2, y2) = start, end
        room = math.hypot(x2 - x1, y2 - y1)
        if room < length * 1.08:
            break
        x, y, angle = (x1 + x2) / 2, (y1 + y2) / 2, math.degrees(math.atan2(y2 - y1, x2 - x1))
        if any(math.hypot(x - other.x, y - other.y) < REPEAT_MM for other in found):
            continue
        discs = _discs(x, y, math.radians(angle), length, height)
        if all(_within(view, px, py, height) for px, py, _ in discs) and avoid.free(discs):
            avoid.add(discs)
            upright = angle - 180 if angle > 90 else angle + 180 if angle <= -90 else angle
            found.append(Name(name, x, y, upright))
    return found


def across(name: str, length: float, height: float, area: Any, view: Box, avoid: Taken) -> Name | None:
    """Find where the name of an area can stand, level and inside it; None where it cannot."""
    middle = shapely.get_point(shapely.maximum_inscribed_circle(area, tolerance=0.5), 0)
    discs = _discs(middle.x, middle.y, 0.0, length, height)
    ends = shapely.linestrings([(x, y) for x, y, _ in discs]) if len(discs) > 1 else middle
    if not shapely.contains(area, ends) or not avoid.free(discs):
        return None
    if not all(_within(view, x, y, height) for x, y, _ in discs):
        return None
    avoid.add(discs)
    return Name(name, middle.x, middle.y, 0.0)


def _discs(x: float, y: float, turn: float, length: float, height: float) -> list[Disc]:
    half = max(length / 2 - height / 2, 0.0)
    count = max(2, math.ceil(length / (height * SPACING)))
    steps = np.linspace(-half, half, count).tolist()
    return [(x + s * math.cos(turn), y + s * math.sin(turn), height * 0.75) for s in steps]


def _stretches(lines: npt.NDArray[Any], *, tolerance: float) -> list[tuple[Floats, Floats]]:
    """Straight parts of lines, the longest first."""
    simple = shapely.simplify(lines, tolerance)
    xy, line = shapely.get_coordinates(simple, return_index=True)
    same = line[1:] == line[:-1]
    starts, ends = xy[:-1][same], xy[1:][same]
    order = np.argsort(-np.hypot(*(ends - starts).T), kind="stable")
    return [(starts[k], ends[k]) for k in order]
