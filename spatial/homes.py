"""What each home has within five minutes' walk. Pure."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

# Five minutes at 1.33 m/s.
FIVE_MINUTES_M = 400.0


def within_reach(
    dwellings: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    distance_m: npt.NDArray[np.float64],
    floating: pd.Series,
    *,
    within_m: float = FIVE_MINUTES_M,
) -> gpd.GeoDataFrame:
    """Best meeting space within a walk of each door.

    Parameters
    ----------
    dwellings
        Doors with ``dwellings`` (count), ``building`` and ``inside``.
    sites
        Places and meeting spaces of many places; ``space_id``.
    distance_m
        Walking distances, sites × doors; NaN where there is no way.
    floating
        Floating potential by place and meeting space.

    Returns
    -------
    GeoDataFrame
        The doors inside the estate, with ``best_floating`` in [0, 1] (0 where nothing is in reach:
        there is nothing to meet at), ``best_space`` (its id, or None) and ``spaces_5min`` (all ids in
        reach, ``;`` between).
    """
    spaces = sites.index.where(sites["level"] == "space", sites["space_id"])
    lone = (sites["level"] == "space") | ~sites["space_id"].isin(sites.index)
    rows = np.flatnonzero(lone.to_numpy())
    ids = spaces.to_numpy()[rows]
    score = floating.reindex(ids).to_numpy(dtype=np.float64)
    inside = dwellings["inside"].to_numpy(dtype=bool)
    near = distance_m[rows][:, inside] <= within_m
    best, where, every = np.zeros(inside.sum()), np.full(inside.sum(), None, dtype=object), []
    for door in range(near.shape[1]):
        reached = np.flatnonzero(near[:, door])
        every.append(";".join(sorted(map(str, ids[reached]))))
        if len(reached):
            first = reached[np.argmax(score[reached])]
            best[door], where[door] = score[first], ids[first]
    columns = dwellings.loc[inside, ["dwellings", "building", "geometry"]]
    found: gpd.GeoDataFrame = columns.assign(best_floating=best, best_space=where, spaces_5min=every)
    return found
