"""Gather what maps draw around the places: ways on foot, where places meet them, what is seen. Pure."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from spatial.core.model import SIDES, Estate
from spatial.indicators import ways_in
from spatial.indicators.inputs import IndicatorInputs
from spatial.visibility.isovists import isovist

# Ten minutes at 1.33 m/s, as the indicators have them; five are half of it.
WALK_M = 800.0
SEEN_M = 100.0
# A field of view is drawn from so many points of a place at most, and with this detail.
MOST_VIEWPOINTS = 4
DETAIL_M = 1.0

WAYS, ENTRIES, VIEWS = "walk_ways", "walk_entries", "views"


def context_layers(inputs: IndicatorInputs, sites: gpd.GeoDataFrame, estate: Estate) -> dict[str, gpd.GeoDataFrame]:
    """Make the tables of reach.

    Returns
    -------
    dict
        ``walk_ways``: edges of the walking graph within `WALK_M` of the study area: ``start`` and
        ``end`` (numbers of nodes), ``length_m``, ``start_locked`` and ``end_locked`` (nobody passes).
        ``walk_entries``: where sites meet them: ``place_id``, ``way`` (row of the former),
        ``offset_m`` along it, ``leg_m`` to it. ``views``: ``place_id`` and what is seen within
        `SEEN_M` from somewhere in the site; ``ways_in``, the sides from which a way comes
        (``SIDES`` of ``spatial.core.model``, ``;`` between).
    """
    network, entries = inputs.network, inputs.entries
    kept = _near(network.geometry, estate)
    row = np.full(len(network.geometry), -1)
    row[kept] = np.arange(len(kept))
    locked = network.locked
    ways = gpd.GeoDataFrame(
        {
            "start": network.start[kept],
            "end": network.end[kept],
            "length_m": network.length_m[kept],
            "start_locked": locked[network.start[kept]],
            "end_locked": locked[network.end[kept]],
        },
        geometry=network.geometry[kept],
        crs=estate.crs,
    )
    inside = row[entries.edge] >= 0
    met = gpd.GeoDataFrame(
        {
            "place_id": sites.index.to_numpy()[entries.owner[inside]],
            "way": row[entries.edge[inside]],
            "offset_m": entries.offset_m[inside],
            "leg_m": entries.leg_m[inside],
        },
        geometry=shapely.line_interpolate_point(network.geometry[entries.edge[inside]], entries.offset_m[inside]),
        crs=estate.crs,
    )
    views = _views(inputs, sites, estate).assign(ways_in=_sides(inputs, sites))
    return {WAYS: ways, ENTRIES: met, VIEWS: views}


def _sides(inputs: IndicatorInputs, sites: gpd.GeoDataFrame) -> list[str]:
    """Sides from which a way comes to each site, as ``ways_in`` counts them."""
    if not inputs.network.attachable.any() or not len(sites):
        return [""] * len(sites)
    owner, sector = ways_in.sectors(sites.geometry.to_numpy(), inputs.network, inputs.blockers)
    return [";".join(SIDES[k] for k in np.sort(sector[owner == i])) for i in range(len(sites))]


def _near(geometry: npt.NDArray[Any], estate: Estate) -> npt.NDArray[np.int64]:
    if not len(geometry):
        return np.empty(0, dtype=np.int64)
    area = estate.study_area.buffer(WALK_M)
    shapely.prepare(area)
    return np.flatnonzero(shapely.intersects(area, geometry))


def _views(inputs: IndicatorInputs, sites: gpd.GeoDataFrame, estate: Estate) -> gpd.GeoDataFrame:
    owner, points = inputs.viewpoints
    shapes = []
    for i in range(len(sites)):
        own = np.flatnonzero(owner == i)
        some = own[np.unique(np.linspace(0, len(own) - 1, min(len(own), MOST_VIEWPOINTS)).round().astype(int))]
        seen = [isovist(points[k], inputs.view, SEEN_M) for k in some]
        shapes.append(shapely.union_all([*seen, sites.geometry.iloc[i]]))
    simple = shapely.make_valid(shapely.simplify(np.array(shapes, dtype=object), DETAIL_M))
    return gpd.GeoDataFrame({"place_id": sites.index.to_numpy()}, geometry=simple, crs=estate.crs)
