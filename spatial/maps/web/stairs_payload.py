"""My stairwell: from an address to the meeting spaces within five minutes of its door, today and through a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from spatial.core.arrays import Ints
from spatial.core.model import FIVE_MINUTES_M, FLOATING, Result
from spatial.maps.web.geometry import integers, per_mille
from spatial.places.meeting_spaces import MEETING
from spatial.places.whereabouts import HOUSE_NUMBERS
from spatial.scoring.tiers import tier_words
from spatial.settings import lenses as settings_lenses

if TYPE_CHECKING:
    import geopandas as gpd

TODAY, PHASE, FINISHED = "today", "phase", "finished"
WALKS = "walks_5min_m"
METRES_A_MINUTE = FIVE_MINUTES_M / 5
OWN_HOUSE_M = 10.0  # an address stands in a house or this near to it
NOBODY = -1


@dataclass(frozen=True)
class Moment:
    """The estate at one time: ``when`` is today, a phase that the plan calls ``name``, or all built.

    ``names``: what things are called, by language and id, where the page has no table of this time.
    """

    when: str
    name: str
    result: Result
    names: Mapping[str, Mapping[str, str]] | None = None


def encode_stairs(moments: Sequence[Moment]) -> tuple[dict[str, Any] | None, Ints]:
    """Encode what each stairwell has near in each moment; and the stairwell of each address of the first moment.

    None without addresses or walks, as in a run of an earlier version.
    """
    first = moments[0].result
    numbers = first.layers.get(HOUSE_NUMBERS)
    if numbers is None or any(WALKS not in moment.result.layers.get("homes", ()) for moment in moments):
        return None, np.empty(0, dtype=np.int64)
    found = _door_rows(numbers, first)
    used, door = np.unique(found, return_inverse=True)
    doors = first.layers["homes"].index[used[used != NOBODY]]
    good = round(settings_lenses.lenses().good_score * 1000)
    return {
        "good": good,
        "moments": [_moment(moment, doors) for moment in moments],
    }, door - np.count_nonzero(used == NOBODY)


def _door_rows(numbers: gpd.GeoDataFrame, result: Result) -> Ints:
    """Row of the door of each address: the nearest of the house that it stands in; NOBODY where none lives there."""
    homes = result.layers["homes"]
    houses = result.layers["buildings"]
    houses = houses[houses.index.isin(homes["building"])]
    at = np.asarray(numbers.geometry, dtype=object)
    rows = np.full(len(at), NOBODY)
    address, house = shapely.STRtree(np.asarray(houses.geometry, dtype=object)).query_nearest(
        at, max_distance=OWN_HOUSE_M, all_matches=False
    )
    places = np.asarray(homes.geometry, dtype=object)
    by_house = homes.reset_index(drop=True).groupby("building").indices
    for i, k in zip(address.tolist(), house.tolist(), strict=True):
        own = by_house[houses.index[k]]
        rows[i] = own[np.argmin(shapely.distance(at[i], places[own]))]
    return rows


def _moment(moment: Moment, doors: pd.Index) -> dict[str, Any]:
    """Encode, door by door, what is near and how many minutes away; a door that is not there has no list."""
    homes, spaces = moment.result.layers["homes"], moment.result.meeting_spaces
    spaces = spaces[spaces["status"] == MEETING]
    there = doors.isin(homes.index)
    near = homes.reindex(doors)[["spaces_5min", WALKS]].fillna("")
    door = np.repeat(np.arange(len(doors)), [text.count(";") + 1 if text else 0 for text in near["spaces_5min"]])
    ids = [name for text in near["spaces_5min"] for name in text.split(";") if name]
    minutes = np.ceil(np.array([int(one) for text in near[WALKS] for one in text.split(";") if one]) / METRES_A_MINUTE)
    row = spaces.index.get_indexer(pd.Index(ids, dtype=object))
    met = row >= 0
    used, space = np.unique(row[met], return_inverse=True)
    table = spaces.iloc[used]
    return {
        "when": moment.when,
        "name": moment.name,
        "there": "".join("1" if one else "0" for one in there),
        "first": np.searchsorted(door[met], np.arange(len(doors) + 1)).tolist(),
        "space": space.tolist(),
        "minutes": "".join(str(int(one)) for one in np.maximum(minutes[met], 1)),
        "id": [str(i) for i in table.index],
        "names": None
        if moment.names is None
        else {code: [names[i] for i in table.index] for code, names in moment.names.items()},
        "score": [per_mille(table[FLOATING + end]) for end in ("_low", "", "_high")],
        "rank": integers(table["rank"]),
        "tier": [
            None if pd.isna(tier) else str(tier)
            for tier in tier_words(moment.result.meeting_spaces["tier"]).loc[table.index]
        ],
    }
