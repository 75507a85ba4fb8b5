"""What stands now where an id of another run names the ground: a room that was drawn anew has another id. Pure.

The id of a room is the cell of a grid of the world in which its middle lay. So it still says where that was, when a
building, a path or a fence has drawn the room anew, or a newer version divides the ground otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import geopandas as gpd
import numpy as np
import shapely

from spatial.places.meeting_spaces import SPACE_PREFIX
from spatial.places.outdoor_rooms import ID_CELL_M, ID_OFFSET_M, ROOM_PREFIX

# Of several rooms in one cell only the largest has no number behind its id, and the others cannot be told apart by it.
NAMED = re.compile(rf"(?:{SPACE_PREFIX})?{ROOM_PREFIX}(-?\d+)-(-?\d+)")


def heirs(names: Iterable[str], spaces: gpd.GeoDataFrame, *, within_m: float) -> dict[str, str]:
    """The meeting spaces on the ground that ids name, of those ids that are no meeting space's.

    Parameters
    ----------
    names
        Ids as they are written anywhere; those that name no ground are left out.
    spaces
        Meeting spaces by id, in the metric CRS of the run that gave the ids.
    within_m
        Greatest distance in metres from the middle of the named cell; of several that are as near, the first by id.

    Examples
    --------
    >>> room = gpd.GeoDataFrame(geometry=[shapely.box(500, 600, 540, 640)], index=["space:room:52-62"], crs=25832)
    >>> heirs(["space:room:51-61", "space:room:52-62", "room:90-61", "bench"], room, within_m=25)
    {'space:room:51-61': 'space:room:52-62'}
    """
    gone = sorted({name for name in names if name not in spaces.index and NAMED.fullmatch(name)})
    cells = np.array([NAMED.findall(name)[0] for name in gone], dtype=np.float64).reshape(-1, 2)
    spaces = spaces.sort_index(kind="stable")
    ground = spaces.geometry.to_numpy()
    middle = np.asarray(shapely.points((cells + 0.5) * ID_CELL_M - ID_OFFSET_M), dtype=object)
    near = shapely.STRtree(ground).query(middle, predicate="dwithin", distance=within_m)
    found: dict[str, str] = {}
    for _, name, space in sorted(
        (round(float(shapely.distance(middle[i], ground[j])), 3), gone[i], str(spaces.index[j])) for i, j in near.T
    ):
        found.setdefault(name, space)
    return dict(sorted(found.items()))
