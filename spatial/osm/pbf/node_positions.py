"""Positions of all nodes of an extract, on disk: what ways are made of, in little memory whatever its size."""

from __future__ import annotations

import mmap
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from spatial.core.messages import phrase
from spatial.osm.pbf.decode import NOWHERE
from spatial.osm.pbf.kernels import Kernels
from spatial.osm.pbf.ragged import Ints
from spatial.osm.pbf.selection import AscendingIds

# What is looked at stays in memory until it is let go, here after so many look-ups.
LOOKUPS = 4_000_000


class NodeSpool:
    """Three files of a folder: ids, longitudes, latitudes, in ascending order of ids."""

    def __init__(self, folder: Path, kernels: Kernels) -> None:
        self._kernels = kernels
        self._paths = [folder / name for name in ("ids.i64", "lon.i32", "lat.i32")]
        self._files = [path.open("w+b") for path in self._paths]
        self._forget()
        self.ids = AscendingIds(phrase("node_spool.order"))
        self._looked_up = 0
        self._maps: list[mmap.mmap] = []
        self._tables: list[npt.NDArray[Any]] = []

    def __enter__(self) -> NodeSpool:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for file in self._files:
            file.close()
        self._maps, self._tables = [], []
        self._forget()

    def _forget(self) -> None:
        """Take the names away: the files go with this process, however it ends. Windows waits until they are closed."""
        for path in self._paths:
            with suppress(PermissionError):
                path.unlink(missing_ok=True)

    def add(self, ids: Ints, lon: npt.NDArray[np.int32], lat: npt.NDArray[np.int32]) -> None:
        """Append nodes.

        Raises
        ------
        ValueError
            If ids do not ascend.
        OSError
            If the disk is full.
        """
        self.ids.take(ids)
        for file, values in zip(self._files, (ids, lon, lat), strict=True):
            file.write(np.ascontiguousarray(values).data)

    def close(self) -> None:
        """End the writing; from now on nodes are looked up."""
        for file in self._files:
            file.flush()
        if self.ids.count:
            self._maps = [mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) for file in self._files]
        for file in self._files:
            file.close()
        kinds = (np.int64, np.int32, np.int32)
        self._tables = [np.frombuffer(one, kind) for one, kind in zip(self._maps, kinds, strict=False)]

    def locate(self, refs: Ints) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
        """Longitudes and latitudes of nodes; ``NOWHERE`` for those that are not there."""
        lon, lat = np.full(len(refs), NOWHERE, np.int32), np.full(len(refs), NOWHERE, np.int32)
        if not self._tables:
            return lon, lat
        ids, lons, lats = self._tables
        rows = self._kernels.locate(refs, ids)
        known = np.flatnonzero(rows >= 0)
        lon[known], lat[known] = lons[rows[known]], lats[rows[known]]
        self._looked_up += len(refs)
        if self._looked_up > LOOKUPS:
            self._looked_up = 0
            for table in self._maps:
                # The pages stay in the system's cache, but no longer count as this process's memory.
                table.madvise(mmap.MADV_DONTNEED)
        return lon, lat
