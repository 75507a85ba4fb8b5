"""Objects of an extract on their way from the blocks of its file to what keeps them: partitions, or memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import shapely

from spatial.osm.pbf.blocks import Block
from spatial.osm.pbf.decode import Tags
from spatial.osm.pbf.ragged import Ints

UNITS_PER_DEG = 1e7
POINTS, LINES, AREAS, LOST = KINDS = ("points", "lines", "areas", "lost")


@dataclass(frozen=True)
class Rows:
    """Objects of one kind and one block; ``order`` says where they belong among all of their kind.

    Positions are whole numbers of 1e-7 degrees, a ragged array; of an area they are its outline, of what is lost the
    corners of the box of what is known of it. ``refs`` are the nodes of lines.
    """

    kind: str
    element: str
    ids: Ints
    order: Ints
    block: Block
    tags: Tags
    at: Ints
    lon: npt.NDArray[np.int32]
    lat: npt.NDArray[np.int32]
    box: npt.NDArray[np.int32]
    refs: Ints | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def names(self) -> list[str]:
        """Identities, as they are told everywhere."""
        return [f"osm:{self.element}/{number}" for number in self.ids.tolist()]

    @property
    def box_deg(self) -> npt.NDArray[np.float64]:
        """Boxes in degrees: west, south, east, north."""
        return self.box / UNITS_PER_DEG

    def shapes(self, xy: npt.NDArray[np.float64]) -> npt.NDArray[np.object_]:
        """Geometries of its kind, from positions of any unit that stand for its own."""
        if self.kind == POINTS:
            return np.asarray(shapely.points(xy), dtype=object).reshape(-1)
        of = np.repeat(np.arange(len(self.ids)), np.diff(self.at))
        if self.kind == LINES:
            return np.asarray(shapely.linestrings(xy, indices=of), dtype=object)
        return np.asarray(shapely.polygons(shapely.linearrings(xy, indices=of)), dtype=object)

    def words(self) -> list[dict[str, str]]:
        """Tags as dictionaries."""
        return self.block.dictionaries(self.tags)


@dataclass(frozen=True)
class Assembled:
    """Objects that osmium has put together, in degrees; as ``Rows`` otherwise."""

    kind: str
    names: list[str]
    order: Ints
    tags: list[dict[str, str]]
    shapes: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.names)

    @property
    def box_deg(self) -> npt.NDArray[np.float64]:
        """Boxes in degrees: west, south, east, north."""
        return np.asarray(shapely.bounds(self.shapes))


class Keeper(Protocol):
    """What objects are given to; ``made`` is called from several threads, ``keep`` in the order of the file.

    What is temporary goes into ``folder``.
    """

    folder: Path

    def made(self, rows: Rows) -> Any:
        """Turn objects into what is kept."""

    def keep(self, kind: str, made: Any) -> None:
        """Keep what ``made`` has made."""

    def take(self, rows: Assembled) -> None:
        """Keep what osmium has put together."""
