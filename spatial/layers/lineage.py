"""Which sources a value rests on. Pure.

A value that was read from tags rests on whoever said those tags; one that was measured on layers rests on
the sources of those layers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.core.arrays import Texts

SEPARATOR = ";"


def joined(sources: Iterable[str]) -> str:
    """Write several sources as one text, sorted, each once.

    Examples
    --------
    >>> joined(["osm", "kk.legeplads", "osm;geofa.punkt"])
    'geofa.punkt;kk.legeplads;osm'
    """
    return SEPARATOR.join(sorted({part for source in sources for part in source.split(SEPARATOR) if part}))


def of_object(identity: str) -> str:
    """Source that gave an object its identity: what stands before the first colon.

    Examples
    --------
    >>> of_object("osm:way/12")
    'osm'
    """
    return identity.partition(":")[0]


def of_places(
    ids: Sequence[str], sources: Mapping[str, Mapping[str, str]], same_as: Mapping[str, tuple[str, ...]]
) -> Texts:
    """Sources that know of each place: its own, those it was matched with, and those of its tags."""
    return np.array(
        [joined([of_object(i), *map(of_object, same_as.get(i, ())), *sources.get(i, {}).values()]) for i in ids],
        dtype=object,
    )


def of_tags(places: gpd.GeoDataFrame, reads: Sequence[str], *, otherwise: str) -> Texts:
    """Sources of the tags that an indicator reads.

    Parameters
    ----------
    places
        Columns ``tags`` and ``tag_sources`` (source by tag; a tag that is not in it comes from the
        place's own source).
    reads
        The tags.
    otherwise
        The sources where a place has none of these tags.
    """
    return np.array(
        [
            joined(said.get(key, of_object(identity)) for key in reads if key in tags) or otherwise
            for identity, tags, said in zip(places.index, places["tags"], places["tag_sources"], strict=True)
        ],
        dtype=object,
    )


def successors(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> dict[str, str]:
    """What stands for a thing whose id is gone: another of its kind where it stood, such as its area for a node.

    Parameters
    ----------
    before, after
        Places of two runs by id: ``kind`` and geometry, in one CRS.

    Returns
    -------
    dict
        Id before to id after of those that are succeeded, one for one: what overlaps most goes first.
    """
    gone, come = before[~before.index.isin(after.index)], after[~after.index.isin(before.index)]
    if not len(gone) or not len(come):
        return {}
    old, new = gone.geometry.to_numpy(), come.geometry.to_numpy()
    i, j = shapely.STRtree(new).query(old, predicate="intersects")
    alike = gone["kind"].to_numpy(dtype=object)[i] == come["kind"].to_numpy(dtype=object)[j]
    i, j = i[alike], j[alike]
    shared = shapely.area(shapely.intersection(old[i], new[j])).round(3).tolist()
    found: dict[str, str] = {}
    for _, mine, theirs in sorted(
        (-part, str(gone.index[a]), str(come.index[b])) for part, a, b in zip(shared, i, j, strict=True)
    ):
        if mine not in found and theirs not in found.values():
            found[mine] = theirs
    return found


def of_layer(layer: pd.DataFrame) -> str:
    """Sources of the objects in a layer; empty where it holds none."""
    return joined(set(map(of_object, layer.index.tolist())))
