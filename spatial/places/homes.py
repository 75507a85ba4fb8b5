"""What each home has within five minutes' walk. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.core.arrays import object_array
from spatial.core.model import FIVE_MINUTES_M

# How the number of homes behind a door is known: observed or derived.
EVIDENCE = "evidence"


def best_space_per_home(
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
        The doors inside the estate, with ``evidence`` of their number where that is given, ``best_floating``
        in [0, 1] (0 where nothing is in reach: there is nothing to meet at), ``best_space`` (its id, or None),
        ``spaces_5min`` (all ids in reach, ``;`` between) and ``walks_5min_m`` (whole metres to each, in their order).
    """
    rows, ids = rows_of_spaces(sites)
    inside = dwellings["inside"].to_numpy(dtype=bool)
    walk_m = distance_m[rows][:, inside]
    near = walk_m <= within_m
    score = floating.reindex(ids).to_numpy(dtype=np.float64)
    masked = np.where(near, score[:, None], -1.0)
    first = masked.argmax(axis=0) if len(ids) else np.zeros(near.shape[1], dtype=np.int64)
    reached = near.any(axis=0)
    where = np.full(near.shape[1], None, dtype=object)
    where[reached] = ids[first[reached]]
    columns = dwellings.loc[
        inside, ["dwellings", "building", *([EVIDENCE] if EVIDENCE in dwellings else []), "geometry"]
    ]
    found: gpd.GeoDataFrame = columns.assign(
        best_floating=best_score(near, score),
        best_space=where,
        spaces_5min=reached_as_text(near, ids),
        walks_5min_m=_walks_as_text(walk_m, near, ids),
    )
    return found


def _walks_as_text(
    walk_m: npt.NDArray[np.float64], near: npt.NDArray[np.bool_], ids: npt.NDArray[np.object_]
) -> list[str]:
    """Metres to what each door has near, in the order of `reached_as_text`."""
    order = np.argsort(ids.astype(str), kind="stable")
    door, row = np.nonzero(near[order].T)
    metres = np.rint(walk_m[order][row, door]).astype(np.int64).astype(str)
    ends = np.searchsorted(door, np.arange(near.shape[1] + 1))
    return [";".join(metres[begin:end]) for begin, end in pairwise(ends.tolist())]


def rows_of_spaces(sites: gpd.GeoDataFrame) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.object_]]:
    """Rows of the sites that are meeting spaces, and their ids."""
    rows = np.flatnonzero((sites["level"] == "space").to_numpy())
    return rows, object_array(sites.index[rows])


def best_score(near: npt.NDArray[np.bool_], score: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Best score of what each door has near: ``near`` is (spaces, doors); 0 where that is nothing."""
    if not len(near):
        return np.zeros(near.shape[1])
    found: npt.NDArray[np.float64] = np.where(near, score[:, None], 0.0).max(axis=0)
    return found


def reached_as_text(near: npt.NDArray[np.bool_], ids: npt.NDArray[np.object_]) -> list[str]:
    """Ids of what each door has near, in their order, ``;`` between."""
    order = np.argsort(ids.astype(str), kind="stable")
    names, near = ids[order].astype(str), near[order]
    # Doors on one stair, and their neighbours, have the same near: each list is written once.
    packed = np.ascontiguousarray(np.packbits(near, axis=0).T)
    whole = packed.view(np.dtype((np.void, packed.shape[1]))).ravel() if packed.size else np.zeros(near.shape[1], int)
    _, first, number = np.unique(whole, return_index=True, return_inverse=True)
    texts = [";".join(names[near[:, door]]) for door in first]
    return [texts[i] for i in number]


def reached_from_text(texts: Iterable[str], ids: pd.Index) -> npt.NDArray[np.bool_]:
    """Read what ``reached_as_text`` wrote: (spaces, doors), by the position in ``ids``; others are passed over."""
    lists = [[name for name in text.split(";") if name] for text in texts]
    near = np.zeros((len(ids), len(lists)), dtype=bool)
    door = np.repeat(np.arange(len(lists)), [len(names) for names in lists])
    row = ids.get_indexer(pd.Index([name for names in lists for name in names], dtype=object))
    near[row[row >= 0], door[row >= 0]] = True
    return near
