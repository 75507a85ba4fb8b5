"""Carry out a redevelopment plan on the raw objects. Pure.

A plan is a list of edits: remove, add or change one thing. It is applied to the raw objects, before
they mean anything, so that whatever is measured of the present is measured of the plan in the same way:
a demolished block takes its dwellings, doors and façades with it, a new road severs, a path that is cut
leads nowhere. The ground of a demolished block stays shut until the plan says what it becomes. New ways
join the network where they touch or cross what lies on the ground.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.core.arrays import object_array
from spatial.core.errors import InputError
from spatial.core.messages import Spoken, phrase
from spatial.core.model import Edit, Estate, Features, Plan, RawData
from spatial.layers.buildings import CLEARED
from spatial.layers.tags import nodes_of
from spatial.plans.drawn_edits import locate_drawn_edits
from spatial.plans.validation import LAYERS, SITE, WAYS, find_faults, identity, is_planned
from spatial.settings.tags import tag_rules

# A door this near to a demolished building goes with it; a new way that ends this near to another joins it.
DOOR_M = 0.5
JOIN_M = 1.0
# Where two ways meet is told to the micrometre, so that it is the same seen from both.
DECIMALS = 6
SHOWN = 5
EDIT_COLUMNS = (
    *("feature", "action", "layer", "object_id", "name", "tags", "phase", "phase_name", "done", "note"),
    "geometry",
)


def apply_plan(raw: RawData, plan: Plan, estate: Estate, *, until: int | None = None) -> RawData:
    """Carry out a plan.

    Parameters
    ----------
    raw
        Raw data in the estate's CRS, all sources as one.
    plan
        The plan, in the same CRS.
    until
        Carry out the phases up to this one; building sites of this phase are shut. Default: all.

    Returns
    -------
    RawData
        An empty plan gives ``raw`` itself.

    Raises
    ------
    InputError
        If the plan does not fit; nothing of it is carried out then.
    """
    plan = locate_drawn_edits(raw, plan)
    wrong = find_faults(raw, plan, estate)
    if wrong:
        more = phrase("scenario.more", n=len(wrong) - SHOWN) if len(wrong) > SHOWN else phrase("scenario.no_more")
        said: Spoken = wrong[0]
        for fault in wrong[1:SHOWN]:
            said = phrase("scenario.beside", one=said, other=fault)
        raise InputError("scenario.faults", plan=plan.name, faults=said, more=more)
    return carry_out(raw, plan, until=until)


def carry_out(raw: RawData, plan: Plan, *, until: int | None = None) -> RawData:
    """Carry out a plan whose drawn edits are located, and that was found to fit; see ``apply_plan``."""
    last = max((edit.phase for edit in plan.edits), default=0) if until is None else until
    for edit in (edit for edit in in_order(plan) if edit.phase <= last and edit.layer != SITE):
        raw = _ACTIONS[edit.action](raw, edit)
    for edit in (edit for edit in plan.edits if edit.layer == SITE and edit.phase == last):
        if until is not None:
            raw = _shut(raw, edit.geometry)
    return raw


def edits_table(raw: RawData, plan: Plan, estate: Estate, *, until: int | None = None) -> gpd.GeoDataFrame:
    """The edits of a plan as a map layer.

    Parameters
    ----------
    raw
        Raw data before the plan.
    until
        The phase up to which it is carried out; see ``apply_plan``.

    Returns
    -------
    GeoDataFrame
        One row an edit, in its order: ``feature, action, layer``; ``object_id``, of what is removed,
        changed or new; ``name`` as tagged; ``tags`` that it sets (``key=value``, ``;``
        between); ``phase`` (from 1) and ``phase_name``; ``done``, whether it is carried out by now (of a
        building site: whether it is there now); ``note``. The geometry is the new one, or that of what
        is removed or changed; in the CRS of the estate.
    """
    before = {
        identity: (tags, shape)
        for name in LAYERS
        for identity, tags, shape in zip(*_columns(getattr(raw, name)), strict=True)
    }
    plan = locate_drawn_edits(raw, plan)
    last = max((edit.phase for edit in plan.edits), default=0) if until is None else until
    rows = []
    for edit in plan.edits:
        was, shape = before.get(str(edit.target), ({}, None))
        site = edit.layer == SITE
        rows.append(
            {
                "feature": edit.feature,
                "action": edit.action,
                "layer": edit.layer,
                "object_id": identity(edit),
                "name": {**was, **edit.tags}.get("name"),
                "tags": ";".join(f"{key}={value}" for key, value in sorted(edit.tags.items())),
                "phase": edit.phase,
                "phase_name": plan.phases[edit.phase - 1] if edit.phase <= len(plan.phases) else None,
                "done": until is not None and edit.phase == last if site else edit.phase <= last,
                "note": edit.note,
                "geometry": shape if edit.geometry is None else edit.geometry,
            }
        )
    return gpd.GeoDataFrame(rows, columns=EDIT_COLUMNS, geometry="geometry", crs=estate.crs)


def inverse_plan(raw: RawData, plan: Plan) -> Plan:
    """The plan that gives the start again, from the state before and the plan.

    Each edit is undone by what it did to each object, the last one first; building sites leave nothing
    behind to be undone.
    """
    plan = locate_drawn_edits(raw, plan)
    last = max((edit.phase for edit in plan.edits), default=0)
    undone: list[list[Edit]] = []
    for edit in (edit for edit in in_order(plan) if edit.layer != SITE):
        done = _ACTIONS[edit.action](raw, edit)
        undone.append(_back(raw, done, replace(edit, phase=last + 1 - edit.phase, exact=True, nodes=None)))
        raw = done
    edits = tuple(edit for back in reversed(undone) for edit in back)
    return replace(plan, name=f"{plan.name}, undone", edits=edits, phases=plan.phases[::-1])


def _back(before: RawData, after: RawData, edit: Edit) -> list[Edit]:
    """Exact edits that lead from one state back to another: things removed, added, and as they were."""
    was, then = _objects(before), _objects(after)
    bare = replace(edit, layer="object", target=None, geometry=None, tags={})
    back = [replace(bare, action="remove", target=name) for name in then if name not in was]
    for name, (tags, shape, nodes) in was.items():
        if name not in then:
            back.append(replace(bare, action="add", target=name, tags=tags, geometry=shape, nodes=nodes))
        elif then[name] != (tags, shape, nodes):
            taken = dict.fromkeys(set(then[name][0]) - set(tags), "")
            back.append(replace(bare, action="change", target=name, tags=tags | taken, geometry=shape, nodes=nodes))
    return back


def _objects(raw: RawData) -> dict[str, tuple[dict[str, str], BaseGeometry, tuple[int, ...] | None]]:
    """Tags, geometry and identities of vertices of every object."""
    found: dict[str, tuple[dict[str, str], BaseGeometry, tuple[int, ...] | None]] = {}
    for name in LAYERS:
        part = getattr(raw, name)
        nodes = None if part.node_ids is None else [tuple(map(int, own)) for own in nodes_of(part)]
        for i, (identity_, tags, shape) in enumerate(zip(*_columns(part), strict=True)):
            found[str(identity_)] = (dict(tags), shape, None if nodes is None else nodes[i])
    return found


def in_order(plan: Plan) -> list[Edit]:
    """The edits in the order of their phases, and within one as the plan has them."""
    return sorted(plan.edits, key=lambda edit: edit.phase)


def problems(raw: RawData, plan: Plan, estate: Estate, *, lang: str = "en") -> list[str]:
    """All that keeps a plan from being carried out, each by the feature that it is about: see ``plan_faults``."""
    return [fault.said(lang) for fault in find_faults(raw, locate_drawn_edits(raw, plan), estate)]


# --- carrying out --------------------------------------------------------------------------------


def _without(raw: RawData, gone: Iterable[str]) -> RawData:
    """The data without these objects."""
    unwanted = set(gone)
    return replace(raw, **{name: _kept(getattr(raw, name), unwanted) for name in LAYERS})  # type: ignore[arg-type]


def _kept(features: Features, unwanted: set[str]) -> Features:
    keep = np.array([identity not in unwanted for identity in features.ids], dtype=bool)
    return features if keep.all() else _taken(features, np.flatnonzero(keep))


def _taken(features: Features, rows: npt.NDArray[np.int64]) -> Features:
    nodes = None
    if features.node_ids is not None:
        parts = nodes_of(features)
        nodes = np.concatenate([*(parts[i] for i in rows), np.empty(0, dtype=np.int64)]).astype(np.int64)
    return Features(features.ids[rows], [features.tags[i] for i in rows], features.geometry[rows], nodes)


def _remove(raw: RawData, edit: Edit) -> RawData:
    """Take a thing away; the ground of a building is cleared, and shut, until the plan says what it becomes."""
    gone = str(edit.target)
    if edit.exact:
        return _without(raw, [gone])
    doors, own = _doors_of(raw, edit)
    rest = _without(replace(raw, lines=_unjoined(raw.lines, gone)), [gone, *own])
    for i in np.flatnonzero(raw.areas.ids == gone).tolist():
        tags, shape = raw.areas.tags[i], raw.areas.geometry[i]
        if "building" in tags and not any(_stands_on(shape, part) for part in _planned(rest)):
            ground = _cleared(tags, addressed=bool(doors))
            rest = _add(rest, replace(edit, action="add", tags=ground, geometry=shape, exact=True))
    return rest


def _cleared(tags: Mapping[str, str], *, addressed: bool) -> dict[str, str]:
    """Tags of the ground on which a building stood: what it was, and nothing that one comes for."""
    kept = {key: value for key, value in tags.items() if key.split(":")[0] == "building"}
    address = {"addr:housenumber": tags.get("addr:housenumber", "")} if addressed or "addr:housenumber" in tags else {}
    used = {"man_made": CLEARED} if any(key in tags for key in tag_rules().building["other_use"]) else {}
    return kept | address | used | {CLEARED: "yes"}


def _planned(raw: RawData) -> Iterable[BaseGeometry]:
    """What a plan has added."""
    parts = (getattr(raw, name) for name in LAYERS)
    return (shape for part in parts for i, shape in zip(part.ids, part.geometry, strict=True) if is_planned(str(i)))


def _stands_on(ground: BaseGeometry, thing: BaseGeometry) -> bool:
    """Whether a thing stands on some ground, and not only at its rim."""
    return bool(shapely.intersects(shapely.buffer(ground, -DOOR_M), thing))


def _freed(raw: RawData, shape: BaseGeometry) -> RawData:
    """The data in which cleared ground becomes what now stands on it."""
    used = [
        str(identity)
        for identity, tags, ground in zip(*_columns(raw.areas), strict=True)
        if CLEARED in tags and _stands_on(ground, shape)
    ]
    return _without(raw, used) if used else raw


def _doors_of(raw: RawData, edit: Edit) -> tuple[list[str], list[str]]:
    """Entrances and addresses at what is removed, if it is a building, and those that no neighbour shares."""
    standing = np.array(["building" in tags and CLEARED not in tags for tags in raw.areas.tags], dtype=bool)
    is_it = standing & (raw.areas.ids == edit.target)
    shapes, others = raw.areas.geometry[is_it], raw.areas.geometry[standing & ~is_it]
    doors = [i for i, tags in enumerate(raw.points.tags) if "entrance" in tags or "addr:housenumber" in tags]
    if not len(shapes) or not doors:
        return [], []
    points = raw.points.geometry[doors]
    mine = np.flatnonzero(shapely.dwithin(shapes[:, np.newaxis], points, DOOR_M).any(axis=0))
    shared = shapely.dwithin(others[:, np.newaxis], points[mine], DOOR_M).any(axis=0)
    names = np.array([str(raw.points.ids[doors[i]]) for i in mine], dtype=object)
    return names.tolist(), names[~shared].tolist()


def _add(raw: RawData, edit: Edit) -> RawData:
    assert edit.geometry is not None
    raw = raw if edit.exact else _freed(raw, edit.geometry)
    name = LAYERS[shapely.get_dimensions(edit.geometry)]
    if edit.layer in WAYS and not edit.exact:
        return replace(raw, lines=_joined(raw.lines, identity(edit), edit.tags, edit.geometry))
    part = getattr(raw, name)
    nodes = part.node_ids
    if nodes is not None:
        count = int(shapely.get_num_coordinates(edit.geometry))
        own = _fresh(nodes, count) if edit.nodes is None else np.array(edit.nodes, dtype=np.int64)
        nodes = np.concatenate([nodes, own])
    shape = np.array([edit.geometry, None], dtype=object)[:1]
    added = Features(
        np.array([*part.ids, identity(edit)], dtype=object),
        [*part.tags, dict(edit.tags)],
        np.concatenate([part.geometry, shape]),
        nodes,
    )
    return replace(raw, **{name: added})  # type: ignore[arg-type]


def _change(raw: RawData, edit: Edit) -> RawData:
    """Other tags, another geometry, or both; an empty tag is taken away."""
    for name in LAYERS:
        part = getattr(raw, name)
        for i in np.flatnonzero(part.ids == edit.target):
            tags = {key: value for key, value in {**part.tags[i], **edit.tags}.items() if value != ""}
            if edit.geometry is not None:
                moved = replace(edit, action="add", tags=tags, target=edit.target)
                return _add(_without(raw, [str(edit.target)]), moved)
            raw = replace(raw, **{name: replace(part, tags=[*part.tags[:i], tags, *part.tags[i + 1 :]])})
            part = getattr(raw, name)
    return raw


_ACTIONS = {"remove": _remove, "add": _add, "change": _change}


# --- ways ----------------------------------------------------------------------------------------


def _fresh(nodes: npt.NDArray[np.int64], count: int) -> npt.NDArray[np.int64]:
    """Identities that no vertex has yet, below zero."""
    lowest = min(int(nodes.min(initial=0)), 0)
    return lowest - 1 - np.arange(count, dtype=np.int64)


def _joined(lines: Features, identity: str, tags: Mapping[str, str], shape: BaseGeometry) -> Features:
    """Ways with one more, which shares a vertex with each way on its level that it touches or crosses."""
    nodes = lines.node_ids if lines.node_ids is not None else np.empty(0, dtype=np.int64)
    parts = nodes_of(replace(lines, node_ids=nodes))
    shapes = lines.geometry.copy()
    level = _level(tags)
    near = np.array(
        [
            i
            for i in np.sort(shapely.STRtree(shapes).query(shape, predicate="dwithin", distance=JOIN_M))
            if "highway" in lines.tags[i] and _level(lines.tags[i]) == level
        ],
        dtype=np.int64,
    )
    meetings = [(i, point) for i in near for point in _meetings(shape, shapes[i])]
    own_xy, own_nodes = list(map(tuple, shapely.get_coordinates(shape))), [0] * shapely.get_num_coordinates(shape)
    for i, point in meetings:
        node, shapes[i], parts[i] = _vertex(shapes[i], parts[i], point, nodes)
        nodes = np.append(nodes, node)
        own_xy, own_nodes = _with_vertex(own_xy, own_nodes, point, int(node))
    unnamed = [k for k, node in enumerate(own_nodes) if node == 0]
    for k, node in zip(unnamed, _fresh(nodes, len(unnamed)), strict=True):
        own_nodes[k] = int(node)
    return Features(
        np.array([*lines.ids, identity], dtype=object),
        [*lines.tags, dict(tags)],
        object_array([*shapes, shapely.LineString(own_xy)]),
        np.concatenate([*parts, np.array(own_nodes, dtype=np.int64)]),
    )


def _unjoined(lines: Features, identity: str) -> Features:
    """Ways without the vertices that were put into them only to join this one."""
    rows = np.flatnonzero(lines.ids == identity)
    if not len(rows) or lines.node_ids is None:
        return lines
    parts = nodes_of(lines)
    mine = np.concatenate([parts[i] for i in rows])
    known, uses = np.unique(lines.node_ids, return_counts=True)
    put_in = set(np.intersect1d(mine[mine < 0], known[uses == 2]).tolist())
    if not put_in:
        return lines
    shapes, nodes = lines.geometry.copy(), []
    for i, part in enumerate(parts):
        keep = np.array([lines.ids[i] == identity or int(node) not in put_in for node in part], dtype=bool)
        if not keep.all():
            shapes[i] = shapely.LineString(shapely.get_coordinates(shapes[i])[keep])
        nodes.append(part[keep])
    return replace(lines, geometry=shapes, node_ids=np.concatenate(nodes))


def _level(tags: Mapping[str, str]) -> tuple[str, bool, bool]:
    return tags.get("layer", "0"), tags.get("bridge", "no") != "no", tags.get("tunnel", "no") != "no"


def _meetings(new: Any, old: Any) -> list[tuple[float, float]]:
    """Points at which a new way meets an old one: crossings, and ends that stop short of it."""
    crossed = shapely.get_coordinates(shapely.intersection(new, old))
    ends = shapely.points(shapely.get_coordinates(new)[[0, -1]])
    reached = shapely.line_interpolate_point(old, shapely.line_locate_point(old, ends))
    stops = shapely.get_coordinates(reached[shapely.distance(reached, ends) <= JOIN_M])
    found = {(round(float(x), DECIMALS), round(float(y), DECIMALS)) for x, y in (*crossed, *stops)}
    return sorted(found)


def _vertex(
    shape: BaseGeometry, nodes: npt.NDArray[np.int64], point: tuple[float, float], taken: npt.NDArray[np.int64]
) -> tuple[int, BaseGeometry, npt.NDArray[np.int64]]:
    """A vertex of a way at this point: one that is there within the joining distance, else a new one."""
    xy = shapely.get_coordinates(shape)
    away = np.hypot(*(xy - point).T)
    if away.min() <= JOIN_M:
        return int(nodes[away.argmin()]), shape, nodes
    at = _position(xy, point)
    node = int(_fresh(np.concatenate([taken, nodes]), 1)[0])
    return node, shapely.LineString(np.insert(xy, at, point, axis=0)), np.insert(nodes, at, node)


def _position(xy: npt.NDArray[np.float64], point: tuple[float, float]) -> int:
    """Where in a line's vertices a point on it belongs."""
    segments = shapely.linestrings(np.stack([xy[:-1], xy[1:]], axis=1))
    return int(shapely.distance(segments, shapely.Point(point)).argmin()) + 1


def _with_vertex(xy: list[Any], nodes: list[int], point: tuple[float, float], node: int) -> tuple[list[Any], list[int]]:
    """A new way with a vertex of that identity: its own nearest one, or one more."""
    away = np.hypot(*(np.array(xy) - point).T)
    k = int(away.argmin())
    if away[k] <= JOIN_M and nodes[k] in (0, node):
        nodes[k] = node
        return xy, nodes
    at = _position(np.array(xy), point)
    return [*xy[:at], point, *xy[at:]], [*nodes[:at], node, *nodes[at:]]


def _shut(raw: RawData, site: BaseGeometry | None) -> RawData:
    """A building site: nobody walks through it, and the places in it, or mostly in it, are not there."""
    assert site is not None
    shapely.prepare(site)
    inside = [
        identity
        for name in ("points", "areas")
        for identity, tags, shape in zip(*_columns(getattr(raw, name)), strict=True)
        if "building" not in tags and _mostly_in(site, shape)
    ]
    return replace(_without(raw, inside), lines=_cut(raw.lines, site))


def _mostly_in(site: BaseGeometry, shape: BaseGeometry) -> bool:
    """Whether a point, or half of an area or more, lies in a building site."""
    if not shapely.intersects(site, shape):
        return False
    whole = float(shapely.area(shape))
    return whole == 0 or float(shapely.area(shapely.intersection(site, shape))) >= whole / 2


def _columns(features: Features) -> tuple[Any, Any, Any]:
    return features.ids, features.tags, features.geometry


def _cut(lines: Features, site: BaseGeometry) -> Features:
    """Ways without what lies in an area; pieces keep the identities of their vertices."""
    assert lines.node_ids is not None
    ids, tags, shapes, nodes = [], [], [], []
    used = lines.node_ids
    for name, tag, shape, part in zip(*_columns(lines), nodes_of(lines), strict=True):
        pieces = [shape]
        if "highway" in tag and shapely.intersects(site, shape):
            pieces = [p for p in shapely.get_parts(shapely.difference(shape, site)) if p.length > 0]
        known = {tuple(xy): int(node) for xy, node in zip(shapely.get_coordinates(shape), part, strict=True)}
        for piece in pieces:
            named = [known.get(tuple(xy), 0) for xy in shapely.get_coordinates(piece)]
            fresh = iter(_fresh(used, named.count(0)))
            own = np.array([node or next(fresh) for node in named], dtype=np.int64)
            used = np.concatenate([used, own])
            ids.append(name)
            tags.append(tag)
            shapes.append(piece)
            nodes.append(own)
    return Features(
        object_array(ids),
        tags,
        object_array(shapes),
        np.concatenate([*nodes, np.empty(0, dtype=np.int64)]).astype(np.int64),
    )
