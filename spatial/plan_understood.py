"""What was understood of a plan: each edit with what it means on the ground, as data and in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.causes import side_of
from spatial.config import tag_rules
from spatial.model import Edit, Estate, Plan, RawData
from spatial.plan_drawn import located
from spatial.plan_faults import AREA, LAYERS, LINE, SITE, identity
from spatial.strings import texts

Tables = Mapping[str, gpd.GeoDataFrame]

# A thing that moves by less stays where it is.
MOVED_M = 1.0
JOINS_SHOWN = 4


@dataclass(frozen=True)
class Understood:
    """One edit of a plan, and what it means.

    ``thing`` is the layer it belongs to, also where the plan only gives an id; ``kind`` and ``name`` are as
    mapped, ``dwellings`` how many homes go or come with a building (None where that is not known),
    ``length_m`` and ``area_m2`` those of a way and of an area, ``joins`` the ways that a new way is joined to
    (None where that was not asked), ``moved_m`` and ``side`` how far and where to it is moved, ``tags`` what
    is set: key, value before and after. ``before`` and ``after`` are the geometries, in the CRS of the
    estate; ``measured`` says whether it lies where places are scored.
    """

    number: int
    edit: Edit
    phase_name: str | None
    thing: str
    kind: str | None
    name: str | None
    dwellings: float | None
    length_m: float | None
    area_m2: float | None
    joins: tuple[str, ...] | None
    moved_m: float | None
    side: str | None
    tags: tuple[tuple[str, str | None, str | None], ...]
    before: BaseGeometry | None
    after: BaseGeometry | None
    measured: bool


def of(
    raw: RawData, plan: Plan, estate: Estate, today: Tables, *, done: tuple[RawData, Tables] | None = None
) -> list[Understood]:
    """Say of each edit what it means, in the order of the phases.

    Parameters
    ----------
    raw, today
        Raw data before the plan and the canonical layers made of it.
    done
        The same after the plan; None where it cannot be carried out.
    """
    plan = located(raw, plan)
    things = _things(raw)
    later = None if done is None else _things(done[0])
    edits = sorted(plan.edits, key=lambda edit: edit.phase)
    return [_understood(k, edit, plan, estate, things, later, today, done) for k, edit in enumerate(edits, start=1)]


Thing = tuple[Mapping[str, str], BaseGeometry]


def _things(raw: RawData) -> dict[str, Thing]:
    return {
        str(name): (tags, shape)
        for layer in LAYERS
        for name, tags, shape in zip(
            getattr(raw, layer).ids, getattr(raw, layer).tags, getattr(raw, layer).geometry, strict=True
        )
    }


def _understood(
    number: int,
    edit: Edit,
    plan: Plan,
    estate: Estate,
    things: Mapping[str, Thing],
    later: Mapping[str, Thing] | None,
    today: Tables,
    done: tuple[RawData, Tables] | None,
) -> Understood:
    own = identity(edit)
    tags, before = things.get(own, ({}, None))
    after = None if edit.action == "remove" else edit.geometry if edit.geometry is not None else before
    if later is not None and edit.action == "add" and own in later:
        after = later[own][1]
    shape = before if after is None else after
    usable = shape is not None and shape.is_valid and not shape.is_empty
    dimension = int(shapely.get_dimensions(shape)) if usable else -1
    moved_m, side = _moved(before, after) if edit.action == "change" else (None, None)
    tables = today if edit.action != "add" or done is None else done[1]
    return Understood(
        number=number,
        edit=edit,
        phase_name=plan.phases[edit.phase - 1] if edit.phase <= len(plan.phases) else None,
        thing=_thing(tags) if edit.layer == "object" else edit.layer,
        kind=_kind(tables, own),
        name={**tags, **edit.tags}.get("name"),
        dwellings=_dwellings(tables, own) if edit.layer in ("building", "object") else None,
        length_m=float(shapely.length(shape)) if dimension == LINE else None,
        area_m2=float(shapely.area(shape)) if dimension == AREA else None,
        joins=_joins(done[0], own) if done is not None and edit.action == "add" and dimension == LINE else None,
        moved_m=moved_m,
        side=side,
        tags=tuple(
            (key, tags.get(key), value or None) for key, value in sorted(edit.tags.items()) if tags.get(key) != value
        ),
        before=before,
        after=after if edit.action != "remove" else None,
        measured=bool(usable and shapely.intersects(estate.study_area, shape)),
    )


def _thing(tags: Mapping[str, str]) -> str:
    """The layer of a plan to which a mapped thing belongs."""
    gates = tag_rules().barrier["gates"]
    if "barrier" in tags:
        return "gate" if tags["barrier"] in gates else "barrier"
    keys = {"building": "building", "highway": "path", "entrance": "entrance"}
    return next((layer for key, layer in keys.items() if key in tags), "object")


def _moved(before: BaseGeometry | None, after: BaseGeometry | None) -> tuple[float | None, str | None]:
    if before is None or after is None:
        return None, None
    way = shapely.get_coordinates(shapely.centroid(after))[0] - shapely.get_coordinates(shapely.centroid(before))[0]
    away = float(np.hypot(*way))
    return (away, side_of(way)) if away > MOVED_M else (None, None)


def _kind(tables: Tables, own: str) -> str | None:
    for layer in ("place_objects", "context"):
        table = tables[layer]
        if own in table.index:
            return str(table.loc[[own], "kind"].iloc[0])
    return None


def _dwellings(tables: Tables, own: str) -> float | None:
    doors = tables["dwellings"]
    mine = doors[doors["building"] == own]
    return float(mine["dwellings"].sum()) if own in tables["buildings"].index else None


def _joins(raw: RawData, own: str) -> tuple[str, ...]:
    """Ways that share a vertex with a way."""
    lines = raw.lines
    if lines.node_ids is None or own not in set(lines.ids):
        return ()
    owner = np.repeat(lines.ids, shapely.get_num_coordinates(lines.geometry))
    shared = np.isin(lines.node_ids, lines.node_ids[owner == own])
    return tuple(sorted({str(name) for name in owner[shared]} - {own}))


# --- in words ------------------------------------------------------------------------------------


def sentence(found: Understood, *, lang: str) -> str:
    """Say one edit in words, with what it means."""
    words = texts(lang)
    say, edit = words["plan"], found.edit
    kind = words["kind"].get(found.kind, {}).get("title")
    thing = kind.lower() if kind else say["thing"].get(found.thing, edit.layer)
    name = [words["cause"]["named"].format(name=found.name)] if found.name else []
    called = [thing, *name, *([f"({edit.target})"] if edit.target else [])]
    verb = "site" if edit.layer == SITE else edit.action
    head = say[verb].format(thing=" ".join(called))
    details = [*_details(found, say, words), *([say["note"].format(note=edit.note)] if edit.note else [])]
    return head + (f": {', '.join(details)}" if details else "")


def _details(found: Understood, say: Mapping[str, Any], words: Mapping[str, Any]) -> Iterable[str]:
    edit = found.edit
    whole = edit.action != "change"
    if found.dwellings is not None and (whole or found.dwellings):
        yield say["dwellings"].format(count=round(found.dwellings))
    if found.area_m2 is not None and whole:
        yield say["area"].format(m2=round(found.area_m2))
    if found.length_m is not None and whole:
        yield say["length"].format(m=round(found.length_m))
    if found.joins is not None and edit.layer in ("path", "road"):
        more = len(found.joins) - JOINS_SHOWN
        ids = ", ".join(found.joins[:JOINS_SHOWN]) + (say["more"].format(count=more) if more > 0 else "")
        yield say["joins"].format(ids=ids) if found.joins else say["joins_none"]
    if found.moved_m is not None:
        yield say["moved"].format(m=round(found.moved_m), side=words["side"][found.side])
    elif edit.action == "change" and edit.geometry is not None:
        yield say["reshaped"]
    for key, before, after in found.tags if edit.action == "change" else ():
        yield say["tag"].format(key=key, before=before or say["none"], after=after or say["none"])
    if not found.measured and (found.before is not None or found.after is not None):
        yield say["not_measured"]


def text(plan: Plan, estate: Estate, found: Sequence[Understood], faults: Sequence[str], *, lang: str) -> str:
    """Say what was understood of a plan, feature by feature, and whether it fits."""
    say = texts(lang)["plan"]
    phases = max((one.edit.phase for one in found), default=0)
    lines = [say["head"].format(plan=plan.name, count=len(found), phases=phases, estate=estate.name)]
    for one in found:
        phase = f"{one.edit.phase}" + (
            f", {one.phase_name}" if one.phase_name not in (None, str(one.edit.phase)) else ""
        )
        lines.append(
            f"  {one.number}. {one.edit.feature} [{say['phase'].format(phase=phase)}] {sentence(one, lang=lang)}"
        )
    if faults:
        return "\n".join([*lines, say["faults"], *(f"  {fault}" for fault in faults)])
    return "\n".join([*lines, say["fits"]])


def data(plan: Plan, found: Sequence[Understood], faults: Sequence[str], *, lang: str) -> dict[str, Any]:
    """What was understood, as plain data."""
    return {
        "plan": plan.name,
        "fits": not faults,
        "faults": list(faults),
        "edits": [
            {
                "number": one.number,
                "feature": one.edit.feature,
                "action": one.edit.action,
                "layer": one.edit.layer,
                "object_id": identity(one.edit),
                "phase": one.edit.phase,
                "phase_name": one.phase_name,
                "kind": one.kind,
                "name": one.name,
                "dwellings": None if one.dwellings is None else round(one.dwellings, 1),
                "length_m": None if one.length_m is None else round(one.length_m, 1),
                "area_m2": None if one.area_m2 is None else round(one.area_m2, 1),
                "joins": None if one.joins is None else list(one.joins),
                "moved_m": None if one.moved_m is None else round(one.moved_m, 1),
                "tags": [list(tag) for tag in one.tags],
                "in_words": sentence(one, lang=lang),
            }
            for one in found
        ],
    }
