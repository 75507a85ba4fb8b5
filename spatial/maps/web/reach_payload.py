"""Encode the walks and views of places for the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from spatial.core.model import FIVE_MINUTES_M
from spatial.maps.web.geometry import Projector

if TYPE_CHECKING:
    import geopandas as gpd

NEEDED = ("walk_ways", "walk_entries", "views")
# Two walks of five and ten minutes, in metres; how far one sees.
WALKS_M = ((5, int(FIVE_MINUTES_M)), (10, int(2 * FIVE_MINUTES_M)))
SEEN_M = 100
DM = 10  # lengths travel in decimetres
SIMPLIFY_M = 0.5


def encode_reach(
    layers: Mapping[str, gpd.GeoDataFrame],
    tables: Mapping[str, gpd.GeoDataFrame],
    projector: Projector,
) -> dict[str, Any] | None:
    """Encode what is needed to draw walks and views of ``tables`` (spaces and places); None without the layers."""
    if any(name not in layers for name in NEEDED) or layers["walk_ways"].empty:
        return None
    ways, entries, views = (layers[name] for name in NEEDED)
    sites = views["place_id"].astype(str).to_numpy()
    number = {site: i for i, site in enumerate(sites)}
    owner = entries["place_id"].astype(str).map(number).to_numpy()
    order = np.argsort(owner, kind="stable")
    ends, nodes = pd.factorize(ways[["start", "end"]].to_numpy().ravel())
    locked = ends[ways[["start_locked", "end_locked"]].to_numpy(dtype=bool).ravel()]
    return {
        "walks": [{"minutes": minutes, "metres": metres} for minutes, metres in WALKS_M],
        "seen": SEEN_M,
        "nodes": len(nodes),
        "ends": np.diff(ends, prepend=0).tolist(),
        "length": np.rint(ways["length_m"].to_numpy() * DM).astype(int).tolist(),
        "locked": np.unique(locked).tolist(),
        "lines": projector.encode(shapely.simplify(np.asarray(ways.geometry.to_numpy(), dtype=object), SIMPLIFY_M)),
        "first": np.searchsorted(owner[order], np.arange(len(sites) + 1)).tolist(),
        "way": entries["way"].to_numpy()[order].tolist(),
        "offset": np.rint(entries["offset_m"].to_numpy()[order] * DM).astype(int).tolist(),
        "leg": np.rint(entries["leg_m"].to_numpy()[order] * DM).astype(int).tolist(),
        "views": projector.features(views.geometry.to_numpy()),
        "site": {name: _site_of(table.index, tables["places"], number) for name, table in tables.items()},
    }


def _site_of(ids: pd.Index, places: gpd.GeoDataFrame, number: Mapping[str, int]) -> list[int]:
    """Which site each object is: itself, or, for a space of one place, that place; -1 without."""
    alone = dict(zip(places["space_id"].astype(str), places.index.astype(str), strict=True))
    return [number.get(str(i), number.get(alone.get(str(i), ""), -1)) for i in ids]
