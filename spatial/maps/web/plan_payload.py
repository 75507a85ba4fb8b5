"""A plan on the page: what was there before beside what comes after, and what differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from spatial.core.languages import carried
from spatial.core.model import Result
from spatial.maps.web.geometry import Projector, integers, per_mille
from spatial.maps.web.score_payload import Judged, Seen
from spatial.maps.web.stairs_payload import FINISHED, PHASE, TODAY, Moment
from spatial.places.naming import names_in

if TYPE_CHECKING:
    import geopandas as gpd


# Columns beside the geometry by which a thing on the ground is the same as before.
DRAWN_BY = {
    "paths": ("way_class", "tunnel", "name"),
    "buildings": (),
    "barriers": (),
    "gates": (),
    "water": (),
    "waterways": (),
    "green": (),
}
WINNING, LOSING = "winning", "losing"


@dataclass(frozen=True)
class Planned:
    """What a page needs to lay before and after side by side.

    Attributes
    ----------
    before
        The result today; the one that is drawn is that after the plan, judged by the same rubric.
    judged, lenses
        As `web_map.build` takes them, of ``before``.
    said
        The differences as plain data, of ``spatial.texts.plans.describe_changes``.
    homes
        One row a door: ``dwellings, building, best_before, best_after, state``.
    items
        What differs on the ground: ``what, how, name, kind`` and geometry.
    phases
        The states in the phases before the last, and what the plan calls them.
    """

    before: Result
    judged: Mapping[str, Judged]
    lenses: Sequence[Seen]
    said: Mapping[str, Any]
    homes: gpd.GeoDataFrame
    items: gpd.GeoDataFrame
    phases: Sequence[tuple[str, Result]] = ()

    def moments(self, after: Result, lang: str) -> list[Moment]:
        """Today, the phases before the last, and all built."""
        between = [Moment(PHASE, name, state, names_in(state, carried(lang))) for name, state in self.phases]
        return [Moment(TODAY, "", self.before), *between, Moment(FINISHED, "", after)]


def parted(before: Result, after: Result) -> dict[str, dict[str, gpd.GeoDataFrame]]:
    """Split what is drawn as ground: the same in both, only before, only after."""
    found: dict[str, dict[str, gpd.GeoDataFrame]] = {"same": {}, "before": {}, "after": {}}
    for layer, columns in DRAWN_BY.items():
        old, new = before.layers.get(layer), after.layers.get(layer)
        if old is None or new is None:
            found["before"] |= {} if old is None else {layer: old}
            found["after"] |= {} if new is None else {layer: new}
            continue
        was, then = _signatures(old, columns), _signatures(new, columns)
        known = set(was)
        same = np.array([one in known for one in then], dtype=bool)
        kept = set(then)
        found["same"][layer] = new[same]
        found["after"][layer] = new[~same]
        found["before"][layer] = old[~np.array([one in kept for one in was], dtype=bool)]
    return found


def _signatures(table: gpd.GeoDataFrame, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    values = [table[name].astype(object).where(table[name].notna(), None) for name in columns if name in table]
    return list(zip(shapely.to_wkb(table.geometry.to_numpy()), *values, strict=True))


def changes(said: Mapping[str, Any], after: Result, before: Result) -> list[dict[str, Any]]:
    """What happens to each meeting space that does not stay as it is, by its place in the two tables."""
    rows = []
    for row in said["changes"]:
        mine, theirs = row["before_id"], row["after_id"]
        rows.append(
            {
                "state": row["state"],
                "before": None if mine is None else int(before.meeting_spaces.index.get_loc(mine)),
                "after": None if theirs is None else int(after.meeting_spaces.index.get_loc(theirs)),
                "scores": [row["before"], row["after"]],
                "because": [
                    {name: reason[name] for name in ("indicator", "before", "after")} for reason in row["because"]
                ],
            }
        )
    return rows


def counted(states: Iterable[str], homes: pd.DataFrame) -> dict[str, int]:
    """Homes by what becomes of them."""
    sums = homes.groupby("state")["dwellings"].sum()
    return {state: round(sums.get(state, 0.0)) for state in states}


def homes(table: gpd.GeoDataFrame, projector: Projector) -> dict[str, Any]:
    """Homes that win and lose, by building: never a single door."""
    moved = table[table["state"].isin((WINNING, LOSING))]
    if not len(moved):
        return {"at": [], "dwellings": [], "before": [], "after": []}
    weight = moved["dwellings"].astype(float)
    lonely = pd.Series(moved.index.astype(str), index=moved.index)
    building = moved["building"].where(moved["building"].notna(), lonely).astype(str)
    keys = [building, moved["state"]]
    sums = pd.DataFrame(
        {
            "dwellings": weight,
            "before": weight * moved["best_before"],
            "after": weight * moved["best_after"],
            "x": moved.geometry.x,
            "y": moved.geometry.y,
        }
    ).groupby(keys, sort=True)
    total = sums[["dwellings", "before", "after"]].sum()
    middle = sums[["x", "y"]].mean()
    share = total["dwellings"].where(total["dwellings"] > 0)
    return {
        "at": projector.points(shapely.points(middle[["x", "y"]].to_numpy())),
        "dwellings": integers(total["dwellings"].to_numpy()),
        "before": per_mille((total["before"] / share).to_numpy()),
        "after": per_mille((total["after"] / share).to_numpy()),
    }


def ground_changes(items: gpd.GeoDataFrame, projector: Projector) -> list[dict[str, Any]]:
    """What differs on the ground, thing by thing: how, and where, as lines, areas or points."""
    drawn = items[~items["what"].isin(("place", "context"))]
    found = []
    for row in drawn.itertuples():
        shape = row.geometry
        if shape is None or shapely.is_empty(shape):
            continue
        shapes = np.array([shape], dtype=object)
        point = shapely.get_dimensions(shape) == 0
        found.append(
            {
                "what": row.what,
                "how": row.how,
                "areas": projector.areas(shapes),
                "lines": projector.lines(shapes),
                "at": projector.points(shapely.centroid(shapes)) if point else [],
            }
        )
    return found
