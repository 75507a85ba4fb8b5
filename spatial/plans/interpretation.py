"""Interpret a plan: what each edit means on the ground. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.core.model import Edit, Estate, Plan, RawData
from spatial.layers.schema import CanonicalLayers
from spatial.plans.causes import side_of
from spatial.plans.drawn_edits import locate_drawn_edits
from spatial.plans.things import FLATS, Ground, Thing, layer_of, number_edits
from spatial.plans.validation import AREA, LINE, identity

# A thing that moves by less stays where it is.
MOVED_M = 1.0


@dataclass(frozen=True)
class Understood:
    """One edit of a plan, and what it means.

    ``thing`` is the layer it belongs to, also where the plan only gives an id; ``called`` is what people call it;
    ``kind`` and ``name`` are as mapped, ``dwellings`` how many homes go or come with a building (None where that is
    not known), ``length_m`` and ``area_m2`` those of a way and of an area, ``joins`` the ways that a new way is joined
    to (None where that was not asked) and ``joins_called`` their names, ``moved_m`` and ``side`` how far and where to
    it is moved, ``tags`` what is set: key, value before and after. ``before`` and ``after`` are the geometries, in the
    CRS of the estate; ``measured`` says whether it lies where places are scored.
    """

    number: int
    edit: Edit
    phase_name: str | None
    thing: str
    called: Thing
    kind: str | None
    name: str | None
    dwellings: float | None
    length_m: float | None
    area_m2: float | None
    joins: tuple[str, ...] | None
    joins_called: tuple[str | None, ...]
    moved_m: float | None
    side: str | None
    tags: tuple[tuple[str, str | None, str | None], ...]
    before: BaseGeometry | None
    after: BaseGeometry | None
    measured: bool


def interpret_plan(
    raw: RawData,
    plan: Plan,
    estate: Estate,
    today: CanonicalLayers,
    *,
    done: tuple[RawData, CanonicalLayers] | None = None,
) -> list[Understood]:
    """Say of each edit what it means, in the order of the phases.

    Parameters
    ----------
    raw, today
        Raw data before the plan and the canonical layers made of it.
    done
        The same after the plan; None where it cannot be carried out.
    """
    plan = locate_drawn_edits(raw, plan)
    ground = Ground(raw)
    later = None if done is None else Ground(done[0])
    return [_understood(k, edit, plan, estate, ground, later, today, done) for k, edit in number_edits(plan.edits)]


def _understood(
    number: int,
    edit: Edit,
    plan: Plan,
    estate: Estate,
    ground: Ground,
    later: Ground | None,
    today: CanonicalLayers,
    done: tuple[RawData, CanonicalLayers] | None,
) -> Understood:
    own = identity(edit)
    tags, before = ground.by_id.get(own, ({}, None))
    after = None if edit.action == "remove" else edit.geometry if edit.geometry is not None else before
    if later is not None and edit.action == "add" and own in later.by_id:
        after = later.by_id[own][1]
    shape = before if after is None else after
    usable = shape is not None and shape.is_valid and not shape.is_empty
    dimension = int(shapely.get_dimensions(shape)) if usable else -1
    moved_m, side = _moved(before, after) if edit.action == "change" else (None, None)
    layers = today if edit.action != "add" or done is None else done[1]
    joins = _joins(done[0], own) if done is not None and edit.action == "add" and dimension == LINE else None
    return Understood(
        number=number,
        edit=edit,
        phase_name=plan.phases[edit.phase - 1] if edit.phase <= len(plan.phases) else None,
        thing=layer_of(tags) if edit.layer == "object" else edit.layer,
        called=ground.of_edit(edit),
        kind=_kind(layers, own),
        name={**tags, **edit.tags}.get("name"),
        dwellings=_dwellings(layers, own, edit) if edit.layer in ("building", "object") else None,
        length_m=float(shapely.length(shape)) if dimension == LINE else None,
        area_m2=float(shapely.area(shape)) if dimension == AREA else None,
        joins=joins,
        joins_called=tuple(later.by_id[name][0].get("name") for name in joins or ()) if later is not None else (),
        moved_m=moved_m,
        side=side,
        tags=tuple(
            (key, tags.get(key), value or None) for key, value in sorted(edit.tags.items()) if tags.get(key) != value
        ),
        before=before,
        after=after if edit.action != "remove" else None,
        measured=bool(usable and shapely.intersects(estate.study_area, shape)),
    )


def _moved(before: BaseGeometry | None, after: BaseGeometry | None) -> tuple[float | None, str | None]:
    if before is None or after is None:
        return None, None
    way = shapely.get_coordinates(shapely.centroid(after))[0] - shapely.get_coordinates(shapely.centroid(before))[0]
    away = float(np.hypot(*way))
    return (away, side_of(way)) if away > MOVED_M else (None, None)


def _kind(layers: CanonicalLayers, own: str) -> str | None:
    for table in (layers.place_objects, layers.context):
        if own in table.index:
            return str(table.loc[[own], "kind"].iloc[0])
    return None


def _dwellings(layers: CanonicalLayers, own: str, edit: Edit) -> float | None:
    """Homes of a building: as the plan says of one that goes or comes, else as known or estimated."""
    if edit.action != "change" and edit.tags.get(FLATS, "").isdigit():
        return float(edit.tags[FLATS])
    doors = layers.dwellings
    mine = doors[doors["building"] == own]
    return float(mine["dwellings"].sum()) if own in layers.buildings.index else None


def _joins(raw: RawData, own: str) -> tuple[str, ...]:
    """Ways that share a vertex with a way."""
    lines = raw.lines
    if lines.node_ids is None or own not in set(lines.ids):
        return ()
    owner = np.repeat(lines.ids, shapely.get_num_coordinates(lines.geometry))
    shared = np.isin(lines.node_ids, lines.node_ids[owner == own])
    return tuple(sorted({str(name) for name in owner[shared]} - {own}))
