"""The decoder of ``.osm.pbf``: the objects that osmium gives, or a refusal. Its contract stands in ``README.md``."""

from spatial.osm.pbf.one_pass import Seen, read_one_pass
from spatial.osm.pbf.ragged import Ints, offsets, ranges
from spatial.osm.pbf.rows import AREAS, KINDS, LINES, LOST, POINTS, UNITS_PER_DEG, Assembled, Rows
from spatial.osm.pbf.selection import (
    CUT_LINE,
    LOST_AREA,
    LOST_BUILDING,
    NO_EXTENT,
    NO_NODES,
    NO_POSITION,
    NO_SHAPE,
    SELF_CROSSING,
    SHORT_LINE,
    TWIN,
    Keys,
    Lost,
    Tally,
)

__all__ = [
    "AREAS",
    "CUT_LINE",
    "KINDS",
    "LINES",
    "LOST",
    "LOST_AREA",
    "LOST_BUILDING",
    "NO_EXTENT",
    "NO_NODES",
    "NO_POSITION",
    "NO_SHAPE",
    "POINTS",
    "SELF_CROSSING",
    "SHORT_LINE",
    "TWIN",
    "UNITS_PER_DEG",
    "Assembled",
    "Ints",
    "Keys",
    "Lost",
    "Rows",
    "Seen",
    "Tally",
    "offsets",
    "ranges",
    "read_one_pass",
]
