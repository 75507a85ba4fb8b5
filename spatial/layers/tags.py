"""Pick raw objects by their tags into tables. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from spatial.core.arrays import object_array
from spatial.core.incremental import Steps
from spatial.core.model import Features
from spatial.settings.tags import Matcher, TagRules

Table: TypeAlias = gpd.GeoDataFrame
Tags: TypeAlias = Mapping[str, str]


@dataclass(frozen=True)
class Sorter:
    """Picks objects by their tags into tables."""

    rules: TagRules
    crs: CRS
    step: Steps

    def select(
        self, key: str, features: Features, wanted: Callable[[Tags, TagRules], bool], keys: tuple[str, ...]
    ) -> Table:
        """Objects whose tags are wanted."""
        picked = self.step(pick, features, wanted, self.rules, self.step, key, key=key)
        return self.step(as_table, picked, keys, self.crs, key=key)

    def named(
        self, key: str, sources: Sequence[Features], matcher: Matcher, label: str, keys: tuple[str, ...]
    ) -> Table:
        """Objects that a matcher names, with what it calls them as a column, sorted by id."""
        return self.step(as_sorted_table, keys, self.crs, label, *self.parts(key, sources, matcher), key=key)

    def parts(self, key: str, sources: Sequence[Features], matcher: Matcher) -> tuple[Picked, ...]:
        """Objects that a matcher names, by geometry type."""
        keys = [f"{key}/{i}" for i in range(len(sources))]
        return tuple(
            self.step(pick, features, name_of, matcher, self.step, part, key=part)
            for part, features in zip(keys, sources, strict=True)
        )


@dataclass(frozen=True)
class Picked:
    """Some of the objects of one geometry type, and what each was picked as."""

    ids: npt.NDArray[np.object_]
    tags: npt.NDArray[np.object_]
    geometry: npt.NDArray[np.object_]
    called: npt.NDArray[np.object_]


def name_of(tags: Tags, matcher: Matcher) -> str | None:
    """Name an object by its tags; None where no selector matches."""
    return matcher.first(tags)


def pick(features: Features, judge: Callable[[Tags, Any], Any], by: Any, step: Steps, key: str) -> Picked:
    """Keep the objects of whose tags ``judge(tags, by)`` is anything."""
    names = step.each(judge, features.tags, by, key=key)
    index = [i for i, name in enumerate(names) if name]
    tags, called = ([rows[i] for i in index] for rows in (features.tags, names))
    return Picked(features.ids[index], object_array(tags), features.geometry[index], object_array(called))


def as_table(picked: Picked, keys: Sequence[str], crs: CRS, label: str | None = None) -> Table:
    """Write what was picked as a table, with some of the tags as columns."""
    columns = {key: column(picked.tags, key) for key in keys}
    return table_of(picked.ids, picked.geometry, ({label: picked.called} if label else {}) | columns, crs)


def as_sorted_table(keys: Sequence[str], crs: CRS, label: str, *parts: Picked) -> Table:
    """Write what was picked of each geometry type as one table, sorted by id."""
    return pd.concat([as_table(part, keys, crs, label) for part in parts]).sort_index()


def table_of(ids: Iterable[str], geometry: Any, columns: Mapping[str, Any], crs: CRS) -> Table:
    """Make a canonical table: object ids, shapes, columns."""
    index = pd.Index(np.asarray(list(ids), dtype=object), name="id")
    return gpd.GeoDataFrame(dict(columns), index=index, geometry=np.asarray(geometry, dtype=object), crs=crs)


def as_columns(
    rows: Sequence[tuple[Any, ...]], names: Sequence[str], dtypes: Mapping[str, Any]
) -> dict[str, npt.NDArray[Any]]:
    """Records as columns: of text and the like, unless a type is named."""
    values = zip(*rows, strict=True) if rows else ((),) * len(names)
    return {name: np.array(value, dtype=dtypes.get(name, object)) for name, value in zip(names, values, strict=True)}


def nodes_of(lines: Features) -> list[npt.NDArray[np.int64]]:
    """Identities of the vertices of each line; nothing where they are not known."""
    if lines.node_ids is None:
        return []
    ends = np.cumsum(shapely.get_num_coordinates(lines.geometry)).tolist()
    return [lines.node_ids[begin:end] for begin, end in pairwise([0, *ends])]


def column(tags: Iterable[Tags], key: str) -> npt.NDArray[np.object_]:
    """One tag of each object, None where it is missing."""
    return np.array([tag.get(key) for tag in tags], dtype=object)
