"""Reading boundaries from files that GDAL knows."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from spatial.crs import WGS84, local_metric
from spatial.errors import CRSError, EmptyAreaError, InputError, SourceFormatError, SourceUnavailable, SpatialError
from spatial.model import NOT_STATED, Estate, Provenance
from spatial.sources import vector_file
from spatial.spelling import hint

NEEDED = "needed a file with one polygon (GeoJSON, GeoPackage, Shapefile, …)"
MAX_AREA_KM2 = 100.0
M2_PER_KM2 = 1e6
# Columns by which a layer of public-housing departments is known; their ground is almen.
DEPARTMENT_COLUMNS = ("afdelingsnavn", "afdelingsnummer")
NAME_COLUMNS = ("name", "navn", "afdelingsnavn", "omraade", "title")
MAX_DEGREES = (180.0, 90.0)
NAMES_SHOWN = 3
LATIN: dict[int, str] = {
    ord(letter): plain
    for letter, plain in {"æ": "ae", "ø": "oe", "å": "aa", "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}.items()
}


def estate(path: str | Path, *, name: str | None = None, margin_m: float = 250.0, reach_m: float = 1600.0) -> Estate:
    """Read an estate's boundary.

    Parameters
    ----------
    path
        A file with one polygon or multipolygon, in any declared CRS; or with many, of which
        ``name`` picks one by the value of any text column.
    name
        Name of the estate. Default: a name column of the file, else the file's name.
    margin_m, reach_m
        See ``Estate``.

    Raises
    ------
    SourceUnavailable, SourceFormatError
        If the file is not there, or not readable as a map layer.
    CRSError
        If no CRS is declared, or coordinates do not fit it.
    EmptyAreaError, InputError
        If there is no polygon, several, a self-intersecting one, or one too large for an estate.
    """
    path = Path(path)
    table = _chosen(_table(path), name, path)
    row: Mapping[str, Any] = table.iloc[0].drop("geometry").to_dict()
    called = name or _called(row) or path.stem
    return _described(table.geometry.iloc[0], table.crs, row, path, called, margin_m, reach_m, sha256(path))


def several(
    path: str | Path, *, margin_m: float = 250.0, reach_m: float = 1600.0
) -> list[tuple[str, Estate | SpatialError]]:
    """Read all areas of a file, each as ``estate`` would read it by its name.

    Returns
    -------
    list
        Names and estates, in the order of the file. An area that cannot be used has its error in the place of
        the estate. What has no name is called after the file and its row; names that occur twice make ids that
        end in the row.

    Raises
    ------
    SourceUnavailable, SourceFormatError, CRSError, EmptyAreaError
        If the file as a whole cannot be used.
    """
    path = Path(path)
    table, digest = _table(path), sha256(path)
    rows: list[dict[str, Any]] = table.drop(columns="geometry").to_dict("records")
    names = [_called(row) or f"{path.stem} {i + 1}" for i, row in enumerate(rows)]
    often = Counter(_slug(name) for name in names)
    found: list[tuple[str, Estate | SpatialError]] = []
    for i, (name, row, shape) in enumerate(zip(names, rows, table.geometry, strict=True)):
        try:
            one = _described(shape, table.crs, row, path, name, margin_m, reach_m, digest)
        except SpatialError as error:
            found.append((name, error))
            continue
        found.append((name, one if often[one.id] == 1 else replace(one, id=f"{one.id}-{i + 1}")))
    return found


def _called(row: Mapping[str, Any]) -> str | None:
    """Name of an area by the columns of its row."""
    return next((str(row[key]) for key in NAME_COLUMNS if isinstance(row.get(key), str)), None)


def _described(
    shape: BaseGeometry,
    crs: CRS,
    row: Mapping[str, Any],
    path: Path,
    name: str,
    margin_m: float,
    reach_m: float,
    digest: str,
) -> Estate:
    """An estate of a feature of a file, with what the file says of it."""
    return replace(
        of_shape(shape, crs, path, name=name, margin_m=margin_m, reach_m=reach_m),
        municipality=row.get("municipality") if isinstance(row.get("municipality"), str) else None,
        tenure="almen" if row.get("tenure") == "almen" or set(DEPARTMENT_COLUMNS) <= set(row) else None,
        provenance=Provenance(
            source_id="boundary",
            path=str(path),
            licence=_text(row, "licence") or NOT_STATED,
            attribution=_text(row, "attribution") or NOT_STATED,
            data_date=_text(row, "data_date"),
            sha256=digest,
        ),
    )


def of_shape(shape: BaseGeometry, crs: CRS, path: Path, *, name: str, margin_m: float, reach_m: float) -> Estate:
    """Make an estate of a polygon that came from a file, in the metric CRS of its position.

    Raises
    ------
    CRSError
        If the coordinates do not fit the CRS.
    EmptyAreaError, InputError
        If it is not a valid polygon, or has no area, or is too large for an estate.
    """
    _check_shape(shape, path)
    try:
        position = gpd.GeoSeries([shape], crs=crs).to_crs(WGS84).iloc[0]
    except ProjError as error:
        raise CRSError(
            f"{path}: found the CRS {crs.name}, which has no place on Earth; needed a geographic or "
            "projected one; declare it, e.g. EPSG:25832"
        ) from error
    if not np.isfinite(position.bounds).all():
        raise CRSError(f"{path}: coordinates {_bounds(shape)} do not fit its CRS {crs.name}; declare the right one")
    metric = local_metric(position.centroid.x, position.centroid.y)
    boundary = gpd.GeoSeries([shape], crs=crs).to_crs(metric).iloc[0]
    _check_area(boundary, path)
    return Estate(id=_slug(name), name=name, boundary=boundary, crs=metric, margin_m=margin_m, reach_m=reach_m)


def write_boundary(found: Estate, path: Path) -> None:
    """Write an estate's boundary with what is known of it; ``estate`` reads it back.

    Raises
    ------
    InputError
        If the name does not end in ``.gpkg`` or ``.geojson``, or the file cannot be written.
    """
    driver = {".gpkg": "GPKG", ".geojson": "GeoJSON"}.get(path.suffix.lower())
    if driver is None:
        raise InputError(f"{path}: found a file with another ending; needed .gpkg or .geojson; rename it")
    source = found.provenance
    about = {
        "id": found.id,
        "name": found.name,
        "municipality": found.municipality,
        "data_date": found.as_of,
        "licence": None if source is None else source.licence,
        "attribution": None if source is None else source.attribution,
        "sources": "; ".join(one.path for one in (source, *found.further) if one is not None),
        "missing_parcels": ", ".join(found.missing_parcels) or None,
    }
    table = gpd.GeoDataFrame({key: [value] for key, value in about.items()}, geometry=[found.boundary], crs=found.crs)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix=f".{path.name}-") as draft:
            table.to_file(Path(draft) / path.name, driver=driver, layer="boundary", engine="pyogrio")
            os.replace(Path(draft) / path.name, path)
    except (OSError, DataSourceError) as error:
        raise InputError(f"{path}: cannot be written ({error}); name another file with --out") from error


def _text(row: Mapping[str, Any], key: str) -> str | None:
    """Return what a column says of the feature; a date in ISO 8601; None where it says nothing."""
    value = row.get(key)
    if value is None or pd.isna(value):
        return None
    return str(value.date()) if isinstance(value, datetime) else str(value) or None


def sha256(path: Path) -> str:
    """Digest of a file, or of the files of a folder that GDAL reads as one source, by name."""
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()


def _table(path: Path) -> gpd.GeoDataFrame:
    if not path.exists():
        raise SourceUnavailable(f"{path}: found no such file; {NEEDED}; check the path")
    if path.is_file() and not path.stat().st_size:
        raise SourceFormatError(f"{path}: found an empty file; {NEEDED}; export it again")
    try:
        table = vector_file.read(path, layer=_layer(path))
    except (
        DataSourceError,
        DataLayerError,
        UnicodeDecodeError,
        ValueError,
        IndexError,
        shapely.GEOSException,
    ) as error:
        raise SourceFormatError(
            f"{path}: cannot be read as a map layer "
            f"({next(iter(str(error).splitlines()), type(error).__name__)}); {NEEDED}; convert it"
        ) from error
    if not isinstance(table, gpd.GeoDataFrame):
        raise EmptyAreaError(f"{path}: found a table without geometry; {NEEDED}; give the layer with the boundary")
    shapes = table.geometry.to_numpy()
    usable = table[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if not len(usable):
        raise EmptyAreaError(
            f"{path}: found no geometry in {len(table)} features; {NEEDED}; draw or export the boundary"
        )
    if usable.crs is None:
        hint = "degrees, it seems" if _degrees(usable.total_bounds) else "metres, it seems"
        raise CRSError(
            f"{path}: found coordinates ({hint}) without a CRS; needed a declared CRS; add it (for a "
            "Shapefile: a .prj file), e.g. EPSG:25832"
        )
    if usable.crs.is_geographic and not _degrees(usable.total_bounds):
        raise CRSError(
            f"{path}: found coordinates such as {usable.total_bounds[0]:.0f}, {usable.total_bounds[1]:.0f} "
            f"declared as degrees ({usable.crs.name}); declare the metric CRS they are in"
        )
    return usable


def _layer(path: Path) -> str:
    """Name of the layer to read: the one called ``boundary``, else the first."""
    names = vector_file.layers(path)
    return "boundary" if "boundary" in names else names[0]


def _degrees(bounds: Any) -> bool:
    return bool(np.abs(bounds[[0, 2]]).max() <= MAX_DEGREES[0] and np.abs(bounds[[1, 3]]).max() <= MAX_DEGREES[1])


def _chosen(table: gpd.GeoDataFrame, name: str | None, path: Path) -> gpd.GeoDataFrame:
    """The one feature meant: the only one, or the one that carries the name."""
    if len(table) == 1:
        return table
    texts = table.drop(columns="geometry").select_dtypes(include=["object", "string"])
    if name is not None:
        hits = table[(texts == name).any(axis=1)]
        if len(hits) == 1:
            return hits
        found = f"{len(hits)} named {name!r}" if len(hits) else f"none named {name!r}"
    else:
        found = "no --name to choose one by"
    label = next((key for key in NAME_COLUMNS if key in texts), None)
    examples = "" if label is None else f" (such as {'; '.join(map(repr, texts[label].dropna().head(NAMES_SHOWN)))})"
    known = sorted({text for text in texts.to_numpy().ravel() if isinstance(text, str)} - {name})
    near = "" if name is None else hint(name, known).said("en")
    raise InputError(
        f"{path}: found {len(table)} areas{examples} and {found}; needed one; {near}give its name as written "
        "in the file, or dissolve them"
    )


def _check_shape(shape: Any, path: Path) -> None:
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise InputError(f"{path}: found a {shape.geom_type}; {NEEDED}; draw the boundary as an area")
    if not shape.is_valid:
        raise InputError(
            f"{path}: the boundary is not a valid polygon ({shapely.is_valid_reason(shape)}); needed one "
            "without self-crossings; repair it, e.g. with 'Fix geometries' in QGIS"
        )


def _check_area(boundary: Any, path: Path) -> None:
    area_km2 = boundary.area / M2_PER_KM2
    if not area_km2 > 0:
        raise EmptyAreaError(f"{path}: found a boundary without area; {NEEDED}; draw it again")
    if area_km2 > MAX_AREA_KM2:
        raise InputError(
            f"{path}: found a boundary of {area_km2:,.0f} km²; needed an estate of at most "
            f"{MAX_AREA_KM2:.0f} km²; give the boundary of one estate"
        )


def _bounds(shape: Any) -> str:
    return ", ".join(f"{value:.5g}" for value in shape.bounds)


def _slug(text: str) -> str:
    plain = text.lower().translate(LATIN)
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "estate"
