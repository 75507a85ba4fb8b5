"""Results as tables: ``scores.csv``, ``evidence.parquet``, ``places.gpkg``, ``manifest.json``."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio

from spatial.model import Result

# GeoPackage is written to a folder that is thrown away on failure, so the journal is not needed.
GDAL_OPTIONS = {"OGR_SQLITE_SYNCHRONOUS": "OFF", "OGR_SQLITE_JOURNAL": "OFF"}
DRAWN_COLUMNS = {
    "barriers": ("barrier",), "gates": ("barrier",), "water": ("kind", "name"), "waterways": ("kind", "name"),
    "green": ("kind", "name"), "stops": ("kind", "name"),
}  # fmt: skip
CONTEXT_COLUMNS = ("kind", "name")
BUILDING_COLUMNS = ("use", "name", "levels", "residential")
PATH_COLUMNS = ("highway", "way_class", "name", "surface", "lit", "wheelchair", "width_m", "incline", "steps", "bridge", "tunnel", "allowed", "major")


def scores(result: Result, path: Path) -> None:
    """Write one row a place and, after them, one a meeting space; UTF-8, numbers in full."""
    places = result.places.drop(columns="geometry").assign(place_count=1, kinds=result.places["kind"])
    spaces = result.meeting_spaces.drop(columns="geometry").assign(space_id=result.meeting_spaces.index)
    spaces.index.name = places.index.name
    table = pd.concat([places, spaces[places.columns]]) if len(spaces) else places
    table.to_csv(path, encoding="utf-8", lineterminator="\n")


def evidence(result: Result, path: Path) -> None:
    """Write the long table of evidence as Parquet."""
    result.evidence.to_parquet(path, index=False)


def geopackage(result: Result, path: Path) -> None:
    """Write places, meeting spaces and the layers of the map, in the estate's CRS."""
    layers = result.layers
    tables = {
        "places": result.places.reset_index(),
        "meeting_spaces": result.meeting_spaces.reset_index(),
        "context": _columns(layers["context"], CONTEXT_COLUMNS),
        "paths": _columns(layers["paths"], PATH_COLUMNS),
        "buildings": _columns(layers["buildings"], BUILDING_COLUMNS),
        "boundary": layers["boundary"],
        **{name: _columns(layers[name], columns) for name, columns in DRAWN_COLUMNS.items()},
    }
    pyogrio.set_gdal_config_options(GDAL_OPTIONS)
    for name, table in tables.items():
        pyogrio.write_dataframe(table, path, layer=name, driver="GPKG", append=path.exists(), geometry_type="Unknown", use_arrow=True)


def _columns(table: gpd.GeoDataFrame, names: tuple[str, ...]) -> gpd.GeoDataFrame:
    return table[[*names, "geometry"]].reset_index()


def manifest(result: Result, path: Path) -> None:
    """Write inputs, versions, configuration, seed and timings as JSON."""
    path.write_text(json.dumps(result.manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
