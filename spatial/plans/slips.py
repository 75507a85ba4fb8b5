"""What a new thing of a plan says, or where it is put, that cannot be meant. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import shapely

from spatial.core.model import Edit
from spatial.layers.tag_values import read, vocabulary
from spatial.plans.rows import TAGS
from spatial.plans.things import FLATS
from spatial.settings.tags import TagRules, tag_rules

# A place lies in a house, or a house in a place, where half of it does.
HALF = 0.5
# Tags under the names of columns.
COLUMN = {tag: column for column, tag in TAGS.items()}
# Places with houses in them are nothing odd; streets that nobody walks along are known all the same.
PARK, MOTOR_ROADS = "park", frozenset({"motorway", "motorway_link"})


class Slip(NamedTuple):
    """What is wrong with a feature: a key of the texts under ``[plan_fault]``, and its facts."""

    feature: str
    code: str
    facts: Mapping[str, Any]


class Houses(NamedTuple):
    """Houses that stand on, their ids and outlines."""

    ids: Sequence[str]
    shapes: Sequence[Any]


def find_slips(edits: Sequence[Edit], houses: Houses) -> list[Slip]:
    """Find slips of new things, and of what is set.

    Parameters
    ----------
    edits
        Of a plan; what it brings back as it was (``exact``, or with a target) is left alone.
    houses
        Those that no edit takes away.
    """
    rules = tag_rules()
    said = [edit for edit in edits if edit.action in ("add", "change") and not edit.exact]
    new = [edit for edit in said if edit.action == "add" and edit.target is None]
    places = [edit for edit in new if edit.layer == "place"]
    return [
        *(slip for edit in said for slip in _unread(edit, rules)),
        *(slip for edit in places for slip in _no_place(edit, rules)),
        *(slip for edit in places for slip in _indoors(edit, houses, rules)),
        *_twice(new, rules),
    ]


def _unread(edit: Edit, rules: TagRules) -> Iterator[Slip]:
    """Values that cannot be read; a number of homes and a class of road that there is not."""
    for key, value in edit.tags.items():
        if not value or key == FLATS:
            continue
        if key in vocabulary() and not read(key, value).is_read:
            yield Slip(edit.feature, "value", {"key": COLUMN.get(key, key), "value": value})
    highway = edit.tags.get("highway")
    if edit.layer in ("road", "path") and highway and highway not in _classes(rules):
        yield Slip(edit.feature, "value", {"key": "highway", "value": highway})
    flats = edit.tags.get(FLATS)
    if edit.layer == "building" and flats and not flats.isdigit():
        yield Slip(edit.feature, "dwellings", {"value": flats})


def _classes(rules: TagRules) -> frozenset[str]:
    walk = rules.walk
    return frozenset((*walk["classes"], *walk["only_with_foot"], *walk["major"])) | MOTOR_ROADS


def _no_place(edit: Edit, rules: TagRules) -> Iterator[Slip]:
    """A place of no kind, and one drawn as a line that takes up ground."""
    kind = rules.kind.first(edit.tags)
    others = (rules.context, rules.ground, rules.stop, rules.destination, rules.lamp, rules.crossing)
    if kind is None:
        if not any(one.first(edit.tags) for one in others):
            yield Slip(edit.feature, "no_kind", {"kinds": ", ".join(rules.kinds)})
    elif edit.geometry is not None and shapely.get_dimensions(edit.geometry) == 1 and not rules.kinds[kind].seat:
        yield Slip(edit.feature, "shape", {"layer": "place", "drawn": edit.geometry.geom_type})


def _usable(shape: Any) -> bool:
    return shape is not None and shape.is_valid and not shape.is_empty


def _indoors(edit: Edit, houses: Houses, rules: TagRules) -> Iterator[Slip]:
    """A place in a house that stays, and one that is drawn over such houses."""
    if not _usable(edit.geometry):
        return
    over = []
    for name, house in zip(houses.ids, houses.shapes, strict=True):
        if not shapely.intersects(house, edit.geometry):
            continue
        if _half_in(edit.geometry, house):
            yield Slip(edit.feature, "in_house", {"other": name})
            return
        over += [name] if shapely.get_dimensions(edit.geometry) == 2 and _half_in(house, edit.geometry) else []
    if over and rules.kind.first(edit.tags) != PARK:
        yield Slip(edit.feature, "over_houses", {"other": over[0], "count": len(over)})


def _half_in(inner: Any, outer: Any) -> bool:
    """Whether half of a shape or more lies in an area."""
    dimension = shapely.get_dimensions(inner)
    if dimension == 0:
        return bool(shapely.covers(outer, inner))
    size = shapely.area if dimension == 2 else shapely.length
    return float(size(shapely.intersection(inner, outer))) >= HALF * float(size(inner))


def _twice(new: Sequence[Edit], rules: TagRules) -> Iterator[Slip]:
    """New things of one kind that are drawn at the very same place; houses are told apart by their ground."""
    first: dict[tuple[Any, ...], Edit] = {}
    for edit in new:
        if edit.geometry is None or edit.layer in ("building", "construction"):
            continue
        shape = shapely.to_wkb(shapely.normalize(shapely.set_precision(edit.geometry, 0)))
        key = (edit.layer, rules.kind.first(edit.tags), edit.tags.get("level"), shape)
        if key in first:
            yield Slip(edit.feature, "twice", {"other_edit": first[key].feature})
        first.setdefault(key, edit)
