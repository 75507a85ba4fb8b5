"""What is said at the pencil: why a stroke cannot be, and what to mind of one that can. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.core.errors import InputError
from spatial.core.model import Plan
from spatial.plans.drawn_edits import locate_drawn_edits
from spatial.plans.things import Thing as Called
from spatial.plans.validation import WAYS, Fault, find_faults
from spatial.studio.history import Strokes
from spatial.studio.strokes import Stroke, rounded
from spatial.studio.things import Ground

SNAP_M, AT_GATE_M, SHOWN = 3.0, 2.0, 3


def check_strokes(strokes: Strokes, plan: Plan, ground: Ground) -> None:
    """Refuse strokes that cannot be carried out.

    Parameters
    ----------
    plan
        The plan that the strokes are.

    Raises
    ------
    InputError
        With all that is wrong, by stroke.
    """
    located = locate_drawn_edits(ground.raw, plan)
    wrong = [*find_faults(ground.raw, located, ground.estate), *_in_houses(strokes, ground)]
    if wrong:
        raise InputError("studio.pencil", faults=Faults(tuple(wrong[:SHOWN])))


@dataclass(frozen=True)
class Faults:
    """Faults as sentences, without the names of the strokes: whoever draws sees which one it is."""

    each: tuple[Fault, ...]

    def said(self, lang: str) -> str:
        """Say them in ``"da"`` or ``"en"``."""
        lines = [replace(fault, feature="", edit=None).said(lang).removeprefix(": ") for fault in self.each]
        return " ".join(f"{line[:1].upper()}{line[1:]}." for line in lines)


def _in_houses(strokes: Strokes, ground: Ground) -> Iterator[Fault]:
    """Places that are drawn into a building that stands."""
    places = [(one, ground.to_metres(one.geometry)) for one in strokes if _is_new(one, ("place",)) and one.geometry]
    if not places:
        return
    gone = frozenset(str(one.target) for one in strokes if one.action == "remove")
    houses: list[tuple[str | None, BaseGeometry]] = list(ground.standing(gone))
    houses += [
        (None, ground.to_metres(one.geometry)) for one in strokes if _is_new(one, ("building",)) and one.geometry
    ]
    tree = shapely.STRtree([shape for _, shape in houses])
    for one, shape in places:
        middle = shapely.point_on_surface(shape)
        for row in np.sort(tree.query(middle, predicate="within")):
            name = houses[row][0]
            house = Called("building", new=True) if name is None else ground.called.thing(name)
            yield Fault(one.feature, "in_house", {"other": house})


def remarks(stroke: Stroke, ground: Ground, strokes: Sequence[Stroke]) -> list[str]:
    """What to mind of a stroke that can be: keys of ``[studio.remark]``."""
    if not _is_new(stroke, WAYS) or stroke.geometry is None:
        return []
    line = ground.to_metres(stroke.geometry)
    gates = _gates_near(line, ground)
    gates += [ground.to_metres(one.geometry) for one in strokes if _is_new(one, ("gate",)) and one.geometry]
    fences = [*ground.fences, *(ground.to_metres(one.geometry) for one in strokes if _is_fence(one) and one.geometry)]
    crossings = shapely.get_parts(shapely.intersection(line, [f for f in fences if shapely.crosses(line, f)]))
    shut = [spot for spot in crossings if not any(shapely.dwithin(spot, gate, AT_GATE_M) for gate in gates)]
    return ["through_fence"] if shut else []


def snapped(stroke: Stroke, ground: Ground) -> Stroke:
    """The stroke with what was meant to touch touching: ends of ways on ways, gates on fences and ways."""
    shape = stroke.geometry
    if shape is None or not (_is_new(stroke, WAYS) or _is_new(stroke, ("gate",))):
        return stroke
    lines = ground.gateable if stroke.layer == "gate" else ground.ways
    points = [shapely.Point(xy) for xy in shapely.get_coordinates(ground.to_metres(shape))]
    ends = range(len(points)) if stroke.layer == "gate" else {0, len(points) - 1}
    moved = [_onto(point, lines) if k in ends else point for k, point in enumerate(points)]
    if moved == points:
        return stroke
    whole = moved[0] if len(moved) == 1 else shapely.LineString(shapely.get_coordinates(moved))
    return replace(stroke, geometry=rounded(ground.to_degrees(whole)))


def _onto(point: BaseGeometry, lines: shapely.STRtree) -> BaseGeometry:
    near = lines.query_nearest(point, max_distance=SNAP_M, all_matches=False)
    if not len(near):
        return point
    way = lines.geometries[int(near[0])]
    touched: Any = shapely.line_interpolate_point(way, shapely.line_locate_point(way, point))
    found: BaseGeometry = touched
    return found


def _gates_near(line: BaseGeometry, ground: Ground) -> list[BaseGeometry]:
    points = ground.raw.points
    return [
        shape
        for tags, shape in zip(points.tags, points.geometry, strict=True)
        if "barrier" in tags and shapely.dwithin(line, shape, AT_GATE_M)
    ]


def _is_new(stroke: Stroke, layers: Sequence[str]) -> bool:
    return stroke.action == "add" and stroke.layer in layers


def _is_fence(stroke: Stroke) -> bool:
    return _is_new(stroke, ("barrier",))
