"""What a plan means that only draws what goes or changes: the things that lie there. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import shapely

from spatial.core.model import Edit, Plan, RawData
from spatial.plans.things import FLATS
from spatial.plans.validation import AREA, LAYERS, POINT
from spatial.settings.tags import tag_rules

Tags = Mapping[str, str]

# What is drawn without an id is meant where it lies this near.
AT_M = 2.0


def _meant(layer: str) -> Callable[[Tags], bool] | None:
    """Which objects a layer of a plan means, by their tags; None of a layer that means none."""
    gates = set(tag_rules().barrier["gates"])
    meant: Mapping[str, Callable[[Tags], bool]] = {
        "building": lambda tags: "building" in tags,
        "path": _is_way,
        "road": _is_way,
        "barrier": lambda tags: "barrier" in tags and tags["barrier"] not in gates,
        "gate": lambda tags: tags.get("barrier") in gates,
        "place": lambda tags: "building" not in tags and tag_rules().kind.first(tags) is not None,
        "entrance": lambda tags: "entrance" in tags,
        "ground": lambda tags: any(key in tags for key in ("landuse", "natural", "leisure")),
        "context": lambda tags: any(key in tags for key in ("amenity", "leisure", "club", "office")),
        "object": lambda tags: bool(tags),
    }
    return meant.get(layer)


def _is_way(tags: Tags) -> bool:
    return "highway" in tags


def locate_drawn_edits(raw: RawData, plan: Plan) -> Plan:
    """The plan with an id for each thing that is only drawn, as on a map in a drawing program.

    What is removed without an id is every thing of that layer of which the drawing covers half or more, or
    in which a drawn point lies, or that is nearest to it within two metres. What is changed without an id
    is the one such thing; it stays where it is. Where there is none, the edit stays as it is.
    """
    if all(edit.target or edit.action == "add" or edit.geometry is None for edit in plan.edits):
        return plan
    edits: list[Edit] = []
    for edit in plan.edits:
        found = [] if edit.target or edit.action == "add" or edit.geometry is None else _drawn_at(raw, edit)
        if not found or (edit.action == "change" and len(found) > 1):
            edits.append(edit)
        elif edit.action == "change":
            edits.append(replace(edit, target=found[0], geometry=None))
        else:
            several = [edit] if len(found) == 1 else _each(edit, len(found))
            edits += [replace(one, target=name, geometry=None) for one, name in zip(several, found, strict=True)]
    return replace(plan, edits=tuple(edits))


def _each(edit: Edit, count: int) -> list[Edit]:
    """One edit for each of several things; how many homes they have together says nothing of one of them."""
    tags = {key: value for key, value in edit.tags.items() if key != FLATS}
    return [replace(edit, tags=tags, feature=f"{edit.feature}.{k}") for k in range(1, count + 1)]


def _drawn_at(raw: RawData, edit: Edit) -> list[str]:
    """Ids of the things of an edit's layer that lie where it is drawn."""
    shape: Any = edit.geometry
    meant = _meant(edit.layer)
    if not shape.is_valid or shape.is_empty or meant is None:
        return []
    point = shapely.get_dimensions(shape) == POINT
    area = shape if shapely.get_dimensions(shape) == AREA else shapely.buffer(shape, AT_M)
    covered: list[tuple[float, str]] = []
    near: list[tuple[float, str]] = []
    for name in LAYERS:
        part = getattr(raw, name)
        close = shapely.dwithin(part.geometry, shape, AT_M)
        for i in (k for k in np.flatnonzero(close) if meant(part.tags[k])):
            away = float(shapely.distance(part.geometry[i], shape))
            (covered if _covers(area, part.geometry[i]) else near).append((away, str(part.ids[i])))
    found = sorted(near + covered)[:1] if point else sorted(covered)
    return [name for _, name in found]


def _covers(area: Any, thing: Any) -> bool:
    """Whether an area covers half of a thing or more."""
    dimension = shapely.get_dimensions(thing)
    if dimension == POINT:
        return bool(shapely.covers(area, thing))
    size = shapely.area if dimension == AREA else shapely.length
    whole = float(size(thing))
    return whole > 0 and float(size(shapely.intersection(area, thing))) >= whole / 2
