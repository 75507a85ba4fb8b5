"""Name what on the ground stands behind a change of a meeting space. Pure.

Two results of one estate are laid side by side: what stands in one and not in the other, which homes
reach a meeting space, from which sides one comes in. What is found is named by its id, so that everybody
can look at it on the map.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.core.arrays import object_array
from spatial.core.model import SIDES, Result
from spatial.indicators import registry

GONE, NEW, MOVED, SHORTER, LONGER, ALTERED = "gone", "new", "moved", "shorter", "longer", "altered"
OPENED, CLOSED = "opened", "closed"
ITEM_COLUMNS = ("what", "how", "object_id", "kind", "name", "note", "moved_m", "geometry")
CAUSE_COLUMNS = (
    *("before_id", "after_id", "indicator", "cause", "object_id", "kind", "name", "note"),
    *("side", "distance_m", "count"),
)
# Layers of which things go and come, and the column that says what they are.
LAYERS = {
    "building": ("buildings", "use"),
    "barrier": ("barriers", "barrier"),
    "gate": ("gates", "barrier"),
    "place": ("places", "kind"),
    "context": ("context", "kind"),
    "stop": ("stops", "kind"),
    "way": ("paths", "way_class"),
}
ROADS = ("major", "street", "service")
# Two outlines or lines that differ by less are the same.
SAME_M = 1.0
# Causes that are told of one indicator of one meeting space, the nearest first.
MOST = 3


def changed_objects(before: Result, after: Result) -> gpd.GeoDataFrame:
    """Everything on the ground that differs between two results.

    Returns
    -------
    GeoDataFrame
        One row a thing: ``what`` (building, way, road, barrier, gate, place, context, stop), ``how``
        (gone, new, moved, shorter, longer, altered, opened, closed), ``object_id``, ``kind``, ``name``,
        ``note`` (of the plan), ``moved_m``; the geometry is the one after, or before where it is gone.
    """
    found = [row for what in LAYERS for row in _differing(what, before, after)]
    places = {row["object_id"] for row in found if row["what"] == "place"}
    # A square that one walks across is told once.
    rows = [row for row in found if row["what"] != "way" or row["object_id"] not in places]
    rows += _altered(before, after, {row["object_id"] for row in rows})
    notes = (
        {} if (plan := after.layers.get("plan")) is None else dict(zip(plan["object_id"], plan["note"], strict=True))
    )
    for row in rows:
        row["note"] = _text(notes.get(row["object_id"]))
    return gpd.GeoDataFrame(rows, columns=ITEM_COLUMNS, geometry="geometry", crs=before.estate.crs)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _unlike(tables: list[Any]) -> list[dict[str, list[int]]]:
    """Rows, in both tables, of the objects that are not exactly alike; a way that is cut has several rows."""
    named = [
        []
        if table is None
        else list(zip(table.index.astype(str), shapely.to_wkb(table.geometry.to_numpy()), strict=True))
        for table in tables
    ]
    wanted = {name for name, _ in set(named[0]) ^ set(named[1])}
    found: list[dict[str, list[int]]] = [{}, {}]
    for rows, pairs in zip(found, named, strict=True):
        for i, (name, _) in enumerate(pairs):
            if name in wanted:
                rows.setdefault(name, []).append(i)
    return found


def _differing(what: str, before: Result, after: Result) -> list[dict[str, Any]]:
    layer, column = LAYERS[what]
    tables: list[Any] = [result.places if layer == "places" else result.layers.get(layer) for result in (before, after)]
    old, new = _unlike(tables)
    found = []
    for name in sorted(old.keys() | new.keys()):
        was, then = (
            shapely.union_all(table.geometry.to_numpy()[rows[name]]) if name in rows else None
            for rows, table in zip((old, new), tables, strict=True)
        )
        how = NEW if was is None else GONE if then is None else _moved(what, was, then)
        if how is None:
            continue
        table, row = (tables[0], old[name][0]) if then is None else (tables[1], new[name][0])
        kind = _text(table[column].iloc[row])
        found.append(
            {
                "what": "road" if what == "way" and kind in ROADS else what,
                "how": how,
                "object_id": name,
                "kind": kind,
                "name": _text(table["name"].iloc[row]) if "name" in table else None,
                "moved_m": _away(was, then) if how == MOVED else np.nan,
                "geometry": was if then is None else then,
            }
        )
    return found


def _moved(what: str, was: Any, then: Any) -> str | None:
    """How a thing that is still there differs; None if by nothing that counts."""
    if what in ("way", "barrier"):
        gain = float(shapely.length(then) - shapely.length(was))
        if abs(gain) > SAME_M:
            return LONGER if gain > 0 else SHORTER
        return MOVED if shapely.hausdorff_distance(was, then) > SAME_M else None
    return MOVED if shapely.hausdorff_distance(was, then) > SAME_M else None


def _away(was: Any, then: Any) -> float:
    return float(shapely.distance(shapely.centroid(was), shapely.centroid(then)))


def _altered(before: Result, after: Result, named: set[str]) -> list[dict[str, Any]]:
    """Things that a plan gives other properties and leaves where they are, such as a gate that opens."""
    done = [_done(result) for result in (before, after)]
    earlier = set() if done[0] is None else set(zip(done[0]["object_id"], done[0]["tags"], strict=True))
    found = []
    for row in [] if done[1] is None else done[1].to_dict("records"):
        if row["action"] != "change" or row["object_id"] in named or (row["object_id"], row["tags"]) in earlier:
            continue
        tags = dict(part.split("=", 1) for part in (row["tags"] or "").split(";") if "=" in part)
        gate = row["layer"] == "gate" or (row["layer"] == "object" and "access" in tags and "foot" in tags)
        shut = tags.get("foot") == "no" or (tags.get("access") in ("no", "private") and tags.get("foot") != "yes")
        found.append(
            {
                "what": "gate" if gate else _what(row["layer"]),
                "how": (CLOSED if shut else OPENED) if gate and {"access", "foot", "locked"} & set(tags) else ALTERED,
                "object_id": row["object_id"],
                "kind": None,
                "name": _text(row["name"]),
                "moved_m": np.nan,
                "geometry": row["geometry"],
            }
        )
    return found


def _done(result: Result) -> gpd.GeoDataFrame | None:
    plan = result.layers.get("plan")
    return None if plan is None else plan[plan["done"].astype(bool)]


def _what(layer: str) -> str:
    return {"path": "way", "road": "road"}.get(layer, layer if layer in LAYERS else "place")


# --- of each meeting space -----------------------------------------------------------------------


def causes_by_space(
    before: Result,
    after: Result,
    things: gpd.GeoDataFrame,
    moved: Iterable[tuple[str | None, str | None, Iterable[str]]],
) -> pd.DataFrame:
    """What stands behind the changes of meeting spaces.

    Parameters
    ----------
    things
        As ``changed_objects`` gives them.
    moved
        Ids before and after, of which one is None for what goes or comes, and the indicators that moved.

    Returns
    -------
    DataFrame
        ``CAUSE_COLUMNS``, one row a space, indicator and cause, the nearest first, at most `MOST` of each.
        The indicator is "" of what goes or comes. ``cause`` is ``side_gone``, ``side_new``, ``homes_gone``
        (demolished), ``homes_new``, ``homes_further``, ``homes_nearer`` (``count`` dwellings beyond or
        within five minutes now), or what happened to a thing, such as ``building_gone`` or
        ``gate_opened``; ``side`` is where it lies (``SIDES`` of ``spatial.core.model``: n, ne, …) and
        ``distance_m`` how far off.
    """
    rows = []
    for mine, theirs, indicators in moved:
        if mine is None or theirs is None:
            rows += _comings(before, after, things, mine, theirs)
            continue
        shape = after.meeting_spaces.geometry.loc[theirs]
        own = set(_members(before, mine)) | set(_members(after, theirs))
        near = _near(things, shape, own)
        common: dict[str, list[dict[Any, Any]]] = {
            registry.HOMES: _homes(before, after, mine, theirs),
            registry.SIDES: _sides(before, after, mine, theirs),
            registry.OWN: near[near["own"]].to_dict("records"),
        }
        for name in indicators:
            spec = registry.registry()[name]
            found = [row for source in spec.behind or (registry.OWN,) for row in common.get(source, [])]
            within = ~near["own"] & (near["distance_m"] <= spec.within_m)
            found += near[within & near["what"].isin(_with_roads(spec.behind))].to_dict("records")
            rows += [{"before_id": mine, "after_id": theirs, "indicator": name, **row} for row in found[:MOST]]
    return pd.DataFrame(rows, columns=CAUSE_COLUMNS)


def _comings(
    before: Result, after: Result, things: gpd.GeoDataFrame, mine: str | None, theirs: str | None
) -> list[dict[str, Any]]:
    """The places that went or came with a whole meeting space."""
    own = _members(before, mine) if mine is not None else _members(after, str(theirs))
    whose = before if mine is not None else after
    near = _near(things, whose.meeting_spaces.geometry.loc[mine if mine is not None else theirs], set(own))
    found: list[dict[Any, Any]] = near[near["own"]].to_dict("records")[:MOST]
    return [{"before_id": mine, "after_id": theirs, "indicator": "", **row} for row in found]


def _with_roads(whats: tuple[str, ...]) -> tuple[str, ...]:
    return (*whats, "road") if "way" in whats else whats


def _members(result: Result, space: str) -> list[str]:
    return [str(name) for name in result.places.index[result.places["space_id"] == space]]


def _near(things: gpd.GeoDataFrame, shape: Any, own: set[str]) -> pd.DataFrame:
    """Things by their distance to a shape, with the side on which they lie."""
    geometry = things.geometry.to_numpy()
    foot = shapely.get_coordinates(shapely.shortest_line(np.full(len(geometry), shape), geometry)).reshape(-1, 2, 2)
    centre = shapely.get_coordinates(shapely.centroid(shape))[0]
    distance = np.round(shapely.distance(geometry, shape), 1)
    table = pd.DataFrame(things.drop(columns="geometry")).assign(
        cause=things["what"] + "_" + things["how"],
        own=things["object_id"].isin(own) & (things["what"] == "place"),
        distance_m=np.where(things["how"] == MOVED, things["moved_m"].to_numpy(dtype=np.float64), distance),
        side=object_array(side_of(point - centre) for point in foot[:, 1]),
        count=np.nan,
        _order=distance,
    )
    return table.sort_values(["_order", "object_id"], kind="stable")


def side_of(towards: npt.NDArray[np.float64]) -> str | None:
    """Side of the wind in which a vector points; None of none.

    Examples
    --------
    >>> side_of(np.array([0.0, 2.0])), side_of(np.array([-1.0, -1.0]))
    ('n', 'sw')
    """
    if not np.hypot(*towards) > 0:
        return None
    return SIDES[int(np.round(np.arctan2(towards[1], towards[0]) / (2 * np.pi) * len(SIDES))) % len(SIDES)]


def _sides(before: Result, after: Result, mine: str, theirs: str) -> list[dict[str, Any]]:
    """Sides from which a way came before and does not after, and the other way round."""
    found = [_sides_of(before, mine), _sides_of(after, theirs)]
    if found[0] is None or found[1] is None:
        return []
    gone, new = sorted(found[0] - found[1]), sorted(found[1] - found[0])
    return [_cause("side_gone", side=side) for side in gone] + [_cause("side_new", side=side) for side in new]


def _sides_of(result: Result, space: str) -> set[str] | None:
    views = result.layers.get("views")
    if views is None or "ways_in" not in views:
        return None
    names = (space, *_members(result, space))
    rows = views[views["place_id"].isin(names)]
    own = rows[rows["place_id"] == space] if (rows["place_id"] == space).any() else rows
    return {side for text in own["ways_in"].fillna("") for side in text.split(";") if side}


def _homes(before: Result, after: Result, mine: str, theirs: str) -> list[dict[str, Any]]:
    """Dwellings of the estate that had the space within five minutes and have not, and the other way round."""
    old, new = before.layers["homes"], after.layers["homes"]
    had, has = (_with(table, space) for table, space in ((old, mine), (new, theirs)))
    count = {
        "homes_gone": old.loc[had.difference(new.index), "dwellings"].sum(),
        "homes_further": old.loc[had.intersection(new.index).difference(has), "dwellings"].sum(),
        "homes_new": new.loc[has.difference(old.index), "dwellings"].sum(),
        "homes_nearer": new.loc[has.intersection(old.index).difference(had), "dwellings"].sum(),
    }
    return [_cause(name, count=float(number)) for name, number in count.items() if number > 0]


def _with(table: pd.DataFrame, space: str) -> pd.Index:
    """Doors that have a space within five minutes."""
    near = [space in text.split(";") for text in table["spaces_5min"].fillna("")]
    return table.index[np.array(near, dtype=bool)]


def _cause(cause: str, *, side: str | None = None, count: float = np.nan) -> dict[str, Any]:
    return {"cause": cause, "side": side, "count": count, "distance_m": np.nan}
