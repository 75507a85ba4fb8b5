"""The schema of the canonical layers: what each column holds, in which unit, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import lru_cache

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial.settings.loading import load_toml

# Types of shapely, by the word of the schema.
GEOMETRIES = {
    "points": (shapely.GeometryType.POINT, shapely.GeometryType.MULTIPOINT),
    "lines": (
        shapely.GeometryType.LINESTRING, shapely.GeometryType.LINEARRING, shapely.GeometryType.MULTILINESTRING,
        # A fence of which a gate leaves nothing.
        shapely.GeometryType.GEOMETRYCOLLECTION,
    ),
    "areas": (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON),
}  # fmt: skip
# Kinds of NumPy's dtypes that may hold a type; a table without rows need not know its types.
DTYPES = {"text": "OTU", "number": "f", "whole": "i", "flag": "b", "nodes": "O", "tags": "O"}


@dataclass(frozen=True)
class Column:
    """A column: its type, what it means by language, its unit, and whether it is written to ``places.gpkg``."""

    type: str
    da: str
    en: str
    unit: str | None = None
    shown: bool = False

    def in_words(self, lang: str) -> str:
        """Say what it means in Danish or English."""
        return self.da if lang == "da" else self.en


@dataclass(frozen=True)
class Layer:
    """A canonical layer: its title by language, the geometry of its rows, and its columns by name."""

    da: str
    en: str
    geometry: tuple[str, ...]
    columns: Mapping[str, Column]

    @property
    def shown(self) -> tuple[str, ...]:
        """Columns that are written to ``places.gpkg``."""
        return tuple(name for name, column in self.columns.items() if column.shown)


@dataclass(frozen=True)
class CanonicalLayers:
    """What is on the ground, a table a layer, each indexed by object id in the estate's CRS; see ``layers.toml``."""

    buildings: gpd.GeoDataFrame
    paths: gpd.GeoDataFrame
    path_nodes: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    gates: gpd.GeoDataFrame
    entrances: gpd.GeoDataFrame
    addresses: gpd.GeoDataFrame
    departments: gpd.GeoDataFrame
    dwellings: gpd.GeoDataFrame
    place_objects: gpd.GeoDataFrame
    context: gpd.GeoDataFrame
    ground: gpd.GeoDataFrame
    stops: gpd.GeoDataFrame
    destinations: gpd.GeoDataFrame
    lamps: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    waterways: gpd.GeoDataFrame
    green: gpd.GeoDataFrame

    def by_name(self) -> dict[str, gpd.GeoDataFrame]:
        """Every layer by its name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@lru_cache(maxsize=1)
def schema() -> Mapping[str, Layer]:
    """Return the schema of every canonical layer by name."""
    return {
        name: Layer(
            entry["da"],
            entry["en"],
            tuple(entry["geometry"]),
            {column: Column(**told) for column, told in entry["columns"].items()},
        )
        for name, entry in load_toml(None, "layers.toml").items()
    }


def validate(layers: CanonicalLayers) -> None:
    """Check canonical layers against the schema.

    Raises
    ------
    ValueError
        If one lacks a column or has another, or holds another type or geometry than the schema says.
    """
    faults = [
        f"{name}: {fault}" for name, table in layers.by_name().items() for fault in _faults(table, schema()[name])
    ]
    crs = {table.crs for table in layers.by_name().values()}
    if len(crs) > 1:
        faults.append(f"{len(crs)} different CRSs")
    if faults:
        raise ValueError("; ".join(faults))


def _faults(table: gpd.GeoDataFrame, layer: Layer) -> list[str]:
    """Say what of a table is not as the schema says."""
    names = set(table.columns) - {"geometry"}
    faults = [f"no column {name}" for name in layer.columns if name not in names]
    faults += [f"column {name} is not in the schema" for name in sorted(names - set(layer.columns))]
    if not len(table):
        return faults
    faults += [
        f"{name} is {table[name].dtype}, needed {column.type}"
        for name, column in layer.columns.items()
        if name in names and not _holds(table[name], column.type)
    ]
    allowed = [kind.value for word in layer.geometry for kind in GEOMETRIES[word]]
    other = ~np.isin(shapely.get_type_id(table.geometry.to_numpy()), allowed)
    return (
        [*faults, f"{int(other.sum())} geometries that are no {' or '.join(layer.geometry)}"] if other.any() else faults
    )


def _holds(column: pd.Series, type_: str) -> bool:
    kind = "T" if isinstance(column.dtype, pd.StringDtype) else column.dtype.kind
    return kind in DTYPES[type_]
