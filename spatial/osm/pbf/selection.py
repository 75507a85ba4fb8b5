"""Which objects of an extract are wanted, and why one that is wanted is not among those that are given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from spatial.core.messages import Phrase
from spatial.osm.pbf.decode import NOWHERE
from spatial.osm.pbf.ragged import Ints
from spatial.osm.pbf.rows import UNITS_PER_DEG

NO_POSITION = "point without a position"
LOST_BUILDING = "building whose outline is not all in the extract"
LOST_AREA = "area whose outline is not all in the extract"
NO_EXTENT = "area without extent"
SELF_CROSSING = "self-crossing area"
CUT_LINE = "line cut at the edge of the extract"
SHORT_LINE = "line with fewer than two nodes"
NO_NODES = "way of which no node is in the extract"
NO_SHAPE = "way with the tags of an area that is open, or says that it is none"
TWIN = "building mapped both as a relation and as its outer way"


@dataclass(frozen=True)
class Keys:
    """Keys of tags that make a node a point, a way a line or an area, and a multipolygon an area.

    A closed way is a line by ``ring_lines``.
    """

    points: tuple[str, ...]
    lines: tuple[str, ...]
    ring_lines: tuple[str, ...]
    areas: tuple[str, ...]
    relations: tuple[str, ...]


@dataclass(frozen=True)
class Lost:
    """Objects with wanted tags that are not given for a reason.

    ``box`` is what is known of where they are, in 1e-7 degrees (west, south, east, north); west is ``NOWHERE`` where
    nothing is.
    """

    reason: str
    element: str
    ids: Ints
    box: npt.NDArray[np.int32]

    def names_near(self, clip_deg: npt.NDArray[np.float64]) -> list[str]:
        """Identities of those whose box touches a box in degrees, and of those that may lie anywhere."""
        west, south, east, north = (self.box / UNITS_PER_DEG).T
        near = (east >= clip_deg[0]) & (west <= clip_deg[2]) & (north >= clip_deg[1]) & (south <= clip_deg[3])
        near |= self.box[:, 0] == NOWHERE
        return [f"osm:{self.element}/{number}" for number in self.ids[near].tolist()]


@dataclass
class Tally:
    """How many objects of one kind an extract holds, and how many of them have wanted tags."""

    in_file: int = 0
    wanted: int = 0


class AscendingIds:
    """Ids of one kind, which must ascend over a whole extract; they are counted as they come."""

    def __init__(self, problem: Phrase) -> None:
        self._problem = problem
        self._last = np.iinfo(np.int64).min
        self.count = 0

    def take(self, ids: Ints) -> None:
        """Take the next ids.

        Raises
        ------
        ValueError
            If they do not ascend.
        """
        if not len(ids):
            return
        if ids[0] <= self._last or (np.diff(ids) <= 0).any():
            raise ValueError(self._problem)
        self._last = int(ids[-1])
        self.count += len(ids)
