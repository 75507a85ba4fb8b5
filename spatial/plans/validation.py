"""Find what keeps a plan from being carried out, each fault by its feature. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.core.languages import first_capital, texts
from spatial.core.messages import Spoken
from spatial.core.model import PLANNED, Edit, Estate, Plan, RawData
from spatial.layers.buildings import CLEARED
from spatial.plans import slips
from spatial.plans.things import Ground, Numbered, number_edits

LAYERS = ("points", "lines", "areas")
ACTIONS = ("remove", "add", "change")
POINT, LINE, AREA = range(3)
# Geometry that each layer of a plan may have, by dimension; an object is whatever it was.
DIMENSIONS: Mapping[str, tuple[int, ...]] = {
    "building": (AREA,),
    "path": (LINE,),
    "road": (LINE,),
    "barrier": (LINE, AREA),
    "gate": (POINT,),
    "place": (POINT, LINE, AREA),
    "entrance": (POINT,),
    "ground": (AREA,),
    "context": (POINT, AREA),
    "construction": (AREA,),
    "object": (POINT, LINE, AREA),
}
WAYS = ("path", "road")
SITE = "construction"
# Two buildings that share less than this stand wall to wall; a way in a building for less runs along its wall.
OVERLAP_M2, INSIDE_M, WALL_M = 1.0, 1.0, 0.3
SUGGESTIONS = 3
# Facts that name a thing on the ground, and another edit; those that are keys of words, and of which.
THING_FACTS, EDIT_FACTS = ("other", "target"), ("other_edit",)
WORDED = {"layer": "thing", "drawn": "shape"}
# Ids are suggested by where a thing is drawn within this.
NEAR_M = 25.0


@dataclass(frozen=True)
class Fault:
    """What is wrong with one feature: a key of the texts under ``[plan_fault]``, and its facts.

    ``edit`` calls it by its number in the list and in the picture; facts that can be said are put into words.
    """

    feature: str
    code: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    edit: Numbered | None = None

    def said(self, lang: str) -> str:
        """Say what is wrong, what was needed and what to do, in one line."""
        say = texts(lang)
        facts = {name: fact.said(lang) if isinstance(fact, Spoken) else fact for name, fact in self.facts.items()}
        facts |= {name: say["plan"][how].get(facts[name], facts[name]) for name, how in WORDED.items() if name in facts}
        head = self.feature if self.edit is None else self.edit.said(lang)
        text = f"{head}: {say['plan_fault'][self.code].format(**facts)}"
        return first_capital(text)


def identity(edit: Edit) -> str:
    """Id of what an edit is about: its target, or the one that a new thing gets."""
    return edit.target or f"{PLANNED}{edit.feature}"


def is_planned(name: str) -> bool:
    """Whether this is the id of a new thing of a plan."""
    return name.startswith(PLANNED)


def find_faults(raw: RawData, plan: Plan, estate: Estate) -> list[Fault]:
    """All that keeps a plan from being carried out.

    Parameters
    ----------
    raw
        Raw data before the plan, in the estate's CRS.
    plan
        The plan, in the same CRS.
    """
    found = [
        *(fault for edit in plan.edits for fault in _of_edit(edit, raw, plan, estate)),
        *_contradictions(plan.edits),
        *_never_ending(plan.edits),
        *_built_over(raw, plan.edits),
        *_ways_through(raw, plan.edits),
        *(Fault(*slip) for slip in slips.find_slips(plan.edits, _kept_houses(raw, plan.edits))),
    ]
    return _in_words(found, raw, plan) if found else []


def _in_words(found: Sequence[Fault], raw: RawData, plan: Plan) -> list[Fault]:
    """Faults whose edits are numbered, and whose things are called as people do, in the order of the numbers."""
    ground = Ground(raw)
    edits = {edit.feature: Numbered(k, edit.feature, ground.of_edit(edit)) for k, edit in number_edits(plan.edits)}
    told = [replace(fault, edit=edits.get(fault.feature), facts=_called(fault.facts, ground, edits)) for fault in found]
    return sorted(told, key=lambda fault: 0 if fault.edit is None else fault.edit.number)


def _called(facts: Mapping[str, Any], ground: Ground, edits: Mapping[str, Numbered]) -> dict[str, Any]:
    things = {name: ground.thing(facts[name]) for name in THING_FACTS if facts.get(name) in ground.by_id}
    others = {name: edits[facts[name]] for name in EDIT_FACTS if facts.get(name) in edits}
    return {**facts, **things, **others}


# --- of one edit ---------------------------------------------------------------------------------


def _of_edit(edit: Edit, raw: RawData, plan: Plan, estate: Estate) -> Iterator[Fault]:
    if edit.action not in ACTIONS:
        yield Fault(edit.feature, "action", {"found": repr(edit.action), "needed": ", ".join(ACTIONS)})
        return
    if edit.layer not in DIMENSIONS:
        yield Fault(edit.feature, "layer", {"found": repr(edit.layer), "needed": ", ".join(DIMENSIONS)})
        return
    if edit.action != "add":
        yield from _unknown(edit, raw, plan)
    shape = edit.geometry
    if shape is None:
        if edit.action == "add":
            yield Fault(edit.feature, "no_geometry")
        return
    if shape.is_empty or not shape.is_valid:
        finite = bool(np.isfinite(shapely.get_coordinates(shape)).all())
        yield Fault(edit.feature, "empty" if shape.is_empty else "not_valid" if finite else "off_map")
        return
    if edit.action != "remove" and shapely.get_dimensions(shape) not in DIMENSIONS[edit.layer]:
        yield Fault(edit.feature, "shape", {"layer": edit.layer, "drawn": shape.geom_type})
    if not shapely.intersects(estate.context_area, shape):
        away_km = shapely.distance(estate.boundary, shape) / 1000
        yield Fault(edit.feature, "far", {"km": f"{away_km:.0f}", "estate": estate.name})
    if edit.action == "add" and edit.layer == "building" and edit.target is None and not _says_dwellings(edit.tags):
        yield Fault(edit.feature, "no_dwellings")


def _says_dwellings(tags: Mapping[str, str]) -> bool:
    return tags.get("building:flats") is not None or tags.get("building") not in (None, "yes", "apartments")


def _unknown(edit: Edit, raw: RawData, plan: Plan) -> Iterator[Fault]:
    """A target that is neither on the ground nor added by this plan before."""
    if edit.target is None:
        yield Fault(edit.feature, "nothing_there", {"action": edit.action, "layer": edit.layer})
        return
    known = {name: layer for layer in LAYERS for name in getattr(raw, layer).ids}
    added = {identity(other) for other in plan.edits if other.action == "add" and other.phase <= edit.phase}
    if edit.target in known or edit.target in added:
        return
    near = get_close_matches(edit.target, [*known, *added], SUGGESTIONS)
    if edit.geometry is not None and edit.geometry.is_valid:
        near = _nearest(raw, edit.geometry) or near
    facts = {"target": edit.target, "action": edit.action, "near": ", ".join(near)}
    yield Fault(edit.feature, "unknown" if near else "unknown_at_all", facts)


def _nearest(raw: RawData, shape: BaseGeometry) -> list[str]:
    """Ids of the things nearest to where something is drawn."""
    found = [
        (float(away), str(name))
        for layer in LAYERS
        for name, away in zip(
            getattr(raw, layer).ids, shapely.distance(getattr(raw, layer).geometry, shape), strict=True
        )
        if away <= NEAR_M
    ]
    return [name for _, name in sorted(found)[:SUGGESTIONS]]


# --- of edits together ---------------------------------------------------------------------------


def _contradictions(edits: Sequence[Edit]) -> Iterator[Fault]:
    # Exact edits follow one another, as an inverse has them.
    edits = [edit for edit in edits if not edit.exact]
    removed = Counter(edit.target for edit in edits if edit.action == "remove" and edit.target)
    first = {edit.target: edit.feature for edit in reversed(edits) if edit.action == "remove"}
    for target, count in sorted(removed.items()):
        if count > 1:
            yield Fault(first[target], "removed_often", {"count": count})
    gone = {edit.target: edit for edit in edits if edit.action == "remove" and edit.target}
    for edit in edits:
        if edit.action == "change" and edit.target in gone and edit.phase >= gone[edit.target].phase:
            facts = {"target": edit.target, "other_edit": gone[edit.target].feature}
            yield Fault(edit.feature, "changed_and_removed", facts)
    yield from _changed_twice(edits)
    names = Counter(edit.feature for edit in edits if edit.action == "add" and edit.target is None)
    for name, count in sorted(names.items()):
        if count > 1:
            yield Fault(name, "same_name", {"count": count})


def _changed_twice(edits: Sequence[Edit]) -> Iterator[Fault]:
    """Two changes of one thing in one phase that cannot both be."""
    changes: dict[tuple[str, int], list[Edit]] = defaultdict(list)
    for edit in edits:
        if edit.action == "change" and edit.target:
            changes[edit.target, edit.phase].append(edit)
    for (target, _), several in changes.items():
        for k, edit in enumerate(several):
            for other in several[:k]:
                both = {key for key in set(edit.tags) & set(other.tags) if edit.tags[key] != other.tags[key]}
                moved = edit.geometry is not None and other.geometry is not None
                if both or (moved and not shapely.equals(edit.geometry, other.geometry)):
                    what = ", ".join(sorted(both)) or "geometry"
                    facts = {"target": target, "other_edit": other.feature, "what": what}
                    yield Fault(edit.feature, "changed_twice", facts)


def _never_ending(edits: Sequence[Edit]) -> Iterator[Fault]:
    last = max((edit.phase for edit in edits), default=0)
    for edit in edits:
        if edit.layer == SITE and edit.phase == last:
            yield Fault(edit.feature, "never_ending")


@dataclass(frozen=True)
class _Standing:
    """Things on the ground with the phase in which they are removed (infinite: kept)."""

    ids: list[str]
    shapes: npt.NDArray[np.object_]
    until: list[float]


def _standing(raw: RawData, layer: str, key: str, edits: Sequence[Edit], near: Sequence[BaseGeometry]) -> _Standing:
    """What stands where some shapes are, by their box, and until which phase."""
    removed = {edit.target: float(edit.phase) for edit in edits if edit.action == "remove"}
    moved = {edit.target: float(edit.phase) for edit in edits if edit.action == "change" and edit.geometry is not None}
    part = getattr(raw, layer)
    west, south, east, north = shapely.total_bounds(near)
    left, bottom, right, top = shapely.bounds(part.geometry).T
    there = np.flatnonzero((left <= east) & (right >= west) & (bottom <= north) & (top >= south))
    rows = [i for i in there if key in part.tags[i] and not _beside(part.tags[i])]
    ids = [str(part.ids[i]) for i in rows]
    until = [min(removed.get(name, np.inf), moved.get(name, np.inf)) for name in ids]
    return _Standing(ids, part.geometry[rows], until)


def _beside(tags: Mapping[str, str]) -> bool:
    """Whether a thing is above or below the ground, or lets one through: nothing stands in the way of another."""
    return (
        tags.get("bridge", "no") != "no"
        or tags.get("tunnel", "no") != "no"
        or tags.get("covered", "no") != "no"
        or tags.get("layer", "0") != "0"
        or tags.get("building") in ("roof", "carport")
        or CLEARED in tags
    )


def _new(edits: Sequence[Edit], layers: Sequence[str]) -> Iterator[tuple[Edit, BaseGeometry]]:
    """New things of a plan; what comes back as it was, with an id of its own, stands where it stood."""
    for edit in edits:
        shape = edit.geometry
        new = edit.action == "add" and edit.layer in layers and edit.target is None and not _beside(edit.tags)
        if new and shape is not None and shape.is_valid and not shape.is_empty:
            yield edit, shape


def _built_over(raw: RawData, edits: Sequence[Edit]) -> Iterator[Fault]:
    """New buildings on kept ones, on kept ways, and on each other."""
    new = list(_new(edits, ("building",)))
    if not new:
        return
    shapes = [shape for _, shape in new]
    houses, ways = (
        _standing(raw, layer, key, edits, shapes) for layer, key in (("areas", "building"), ("lines", "highway"))
    )
    trees = [shapely.STRtree(things.shapes) for things in (houses, ways)]
    for k, (edit, shape) in enumerate(new):
        for i in np.sort(trees[0].query(shape, predicate="intersects")):
            if shapely.area(shapely.intersection(shape, houses.shapes[i])) > OVERLAP_M2:
                yield from _in_the_way(edit, houses.ids[i], houses.until[i], "built_over", {})
        for i in np.sort(trees[1].query(shape, predicate="intersects")):
            metres = _within(ways.shapes[i], shape)
            if metres > INSIDE_M:
                yield from _in_the_way(edit, ways.ids[i], ways.until[i], "on_a_way", {"metres": f"{metres:.0f}"})
        for other, beside in new[:k]:
            if shapely.area(shapely.intersection(shape, beside)) > OVERLAP_M2:
                yield Fault(edit.feature, "on_a_new_one", {"other_edit": other.feature})


def _within(line: BaseGeometry, house: BaseGeometry) -> float:
    """Metres that a way runs inside a building, not along its walls."""
    return float(shapely.length(shapely.intersection(line, shapely.buffer(house, -WALL_M))))


def _in_the_way(edit: Edit, name: str, until: float, code: str, facts: Mapping[str, Any]) -> Iterator[Fault]:
    """A kept thing in the way of a new one, or one that goes only later."""
    if until == np.inf:
        yield Fault(edit.feature, code, {"other": name, **facts})
    elif until > edit.phase:
        yield Fault(edit.feature, "too_early", {"other": name, "phase": edit.phase, "later": int(until)})


def _kept_houses(raw: RawData, edits: Sequence[Edit]) -> slips.Houses:
    """Houses near new places that the plan takes away at no time."""
    near = [shape for _, shape in _new(edits, ("place",))]
    if not near:
        return slips.Houses([], [])
    houses = _standing(raw, "areas", "building", edits, near)
    kept = [i for i, until in enumerate(houses.until) if until == np.inf]
    return slips.Houses([houses.ids[i] for i in kept], [houses.shapes[i] for i in kept])


def _ways_through(raw: RawData, edits: Sequence[Edit]) -> Iterator[Fault]:
    """New ways through kept buildings and through new ones."""
    new = list(_new(edits, WAYS))
    if not new:
        return
    houses = _standing(raw, "areas", "building", edits, [line for _, line in new])
    tree = shapely.STRtree(houses.shapes)
    for edit, line in new:
        for i in np.sort(tree.query(line, predicate="intersects")):
            metres = _within(line, houses.shapes[i])
            if metres > INSIDE_M:
                yield from _in_the_way(edit, houses.ids[i], houses.until[i], "through", {"metres": f"{metres:.0f}"})
        for other, shape in _new(edits, ("building",)):
            metres = _within(line, shape)
            if metres > INSIDE_M:
                yield Fault(edit.feature, "through_new", {"other_edit": other.feature, "metres": f"{metres:.0f}"})
