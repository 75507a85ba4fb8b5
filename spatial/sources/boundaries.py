"""Read boundaries of estates from map files."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow
import shapely
from pyogrio.errors import DataLayerError, DataSourceError
from pyproj import CRS
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from spatial.core.crs import WGS84, local_metric
from spatial.core.errors import CRSError, EmptyAreaError, InputError, SourceFormatError, SourceUnavailable, SpatialError
from spatial.core.files import is_pipe, scratch_folder, sha256_of
from spatial.core.messages import cause, phrase, spelling_hint
from spatial.core.model import NOT_STATED, WALK_LIMIT_M, Estate, Provenance
from spatial.core.outputs import replace_files
from spatial.sources import vector_files

NEEDED = phrase("files.needed")
MIN_AREA_M2 = 1.0  # what is less is a line, or was declared in other units
MAX_AREA_KM2 = 100.0
M2_PER_KM2 = 1e6
# Columns by which a layer of public-housing departments is known; their ground is almen.
DEPARTMENT_COLUMNS = ("afdelingsnavn", "afdelingsnummer")
NAME_COLUMNS = ("name", "navn", "afdelingsnavn", "omraade", "title")
AREA = 2  # dimensions
MAX_DEGREES = (180.0, 90.0)
NAMES_SHOWN = 3
LATIN: dict[int, str] = {
    ord(letter): plain
    for letter, plain in {"æ": "ae", "ø": "oe", "å": "aa", "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"}.items()
}


def estate(
    path: str | Path, *, name: str | None = None, margin_m: float = 250.0, reach_m: float = WALK_LIMIT_M
) -> Estate:
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
    table = _chosen(rows_of(path), name, path)
    row: Mapping[str, Any] = table.iloc[0].drop("geometry").to_dict()
    called = name or _called(row) or path.stem
    return _described(table.geometry.iloc[0], table.crs, row, path, called, margin_m, reach_m, sha256_of(path))


def read_areas(
    path: str | Path, *, margin_m: float = 250.0, reach_m: float = WALK_LIMIT_M
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
    table, digest = rows_of(path), sha256_of(path)
    rows: list[dict[str, Any]] = table.drop(columns="geometry").to_dict("records")
    names = [_called(row) or f"{path.stem} {i + 1}" for i, row in enumerate(rows)]
    ids = _ids(names)
    found: list[tuple[str, Estate | SpatialError]] = []
    for i, (name, row, shape) in enumerate(zip(names, rows, table.geometry, strict=True)):
        try:
            one = _described(shape, table.crs, row, path, name, margin_m, reach_m, digest)
        except SpatialError as error:
            found.append((name, error))
            continue
        found.append((name, replace(one, id=ids[i])))
    return found


def _ids(names: Sequence[str]) -> list[str]:
    """An id for each name: those of names that occur twice end in the row, and none is given twice."""
    plain = [slug(name) for name in names]
    often = Counter(plain)
    ids: list[str] = []
    for row, one in enumerate(plain, 1):
        own = one if often[one] == 1 else f"{one}-{row}"
        while own in ids or (own != one and own in often):
            own += f"-{row}"
        ids.append(own)
    return ids


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
    shape = shapely.force_2d(shape)
    _check_shape(shape, path)
    try:
        position = gpd.GeoSeries([shape], crs=crs).to_crs(WGS84).iloc[0]
    except ProjError as error:
        raise CRSError("files.crs_nowhere", path=path, crs=crs.name) from error
    if not np.isfinite(position.bounds).all():
        west, south, east, north = shape.bounds
        raise CRSError("files.misfit", path=path, west=west, south=south, east=east, north=north, crs=crs.name)
    metric = local_metric(position.centroid.x, position.centroid.y)
    boundary = gpd.GeoSeries([shape], crs=crs).to_crs(metric).iloc[0]
    if boundary.area < MIN_AREA_M2 and crs.is_projected and _degrees(np.array(shape.bounds)):
        x, y = shape.bounds[:2]
        raise CRSError("files.not_metres", path=path, x=x, y=y, crs=crs.name)
    _check_area(boundary, path)
    return Estate(id=slug(name), name=name, boundary=boundary, crs=metric, margin_m=margin_m, reach_m=reach_m)


def write_boundary(found: Estate, path: Path) -> None:
    """Write an estate's boundary with what is known of it; ``estate`` reads it back.

    Raises
    ------
    InputError
        If the name does not end in ``.gpkg`` or ``.geojson``, or the file cannot be written.
    """
    driver = {".gpkg": "GPKG", ".geojson": "GeoJSON"}.get(path.suffix.lower())
    if driver is None:
        raise InputError("files.write_ending", path=path)
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
        with scratch_folder() as draft:
            made = draft / path.name
            table.to_file(made, driver=driver, layer="boundary", engine="pyogrio")
            replace_files({path: made.read_bytes()})
    except (OSError, DataSourceError) as error:
        raise InputError("files.not_written", path=path, cause=cause(error)) from error


def _text(row: Mapping[str, Any], key: str) -> str | None:
    """Return what a column says of the feature; a date in ISO 8601; None where it says nothing."""
    value = row.get(key)
    if value is None or pd.isna(value):
        return None
    return str(value.date()) if isinstance(value, datetime) else str(value) or None


def rows_of(path: Path) -> gpd.GeoDataFrame:
    """The rows of a file of polygons; see ``estate``."""
    if not path.exists():
        raise SourceUnavailable("files.missing", path=path, needed=NEEDED)
    if is_pipe(path):
        raise SourceFormatError("files.pipe", path=path, needed=NEEDED)
    if path.is_file() and not path.stat().st_size:
        raise SourceFormatError("files.empty", path=path, needed=NEEDED)
    try:
        table = _outlines(path)
    except (
        DataSourceError,
        DataLayerError,
        UnicodeDecodeError,
        ValueError,
        IndexError,
        pyarrow.ArrowException,
        shapely.GEOSException,
    ) as error:
        why = vector_files.why_unreadable(path, error)
        raise SourceFormatError("files.unreadable", path=path, cause=why, needed=NEEDED) from error
    if not isinstance(table, gpd.GeoDataFrame):
        raise EmptyAreaError("files.no_geometry", path=path, needed=NEEDED)
    shapes = table.geometry.to_numpy()
    usable = table[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if not len(usable):
        raise EmptyAreaError("files.no_shapes", path=path, n=len(table), needed=NEEDED)
    # Pins and lines beside an area are its decoration.
    areas = shapely.get_dimensions(usable.geometry.to_numpy()) == AREA
    usable = usable[areas] if areas.any() else usable
    if usable.crs is None:
        unit = phrase("files.degrees") if _degrees(usable.total_bounds) else phrase("files.metres")
        raise CRSError("files.no_crs", path=path, unit=unit)
    if usable.crs.is_geographic and not _degrees(usable.total_bounds):
        x, y = map(float, usable.total_bounds[:2])
        raise CRSError("files.not_degrees", path=path, x=x, y=y, crs=usable.crs.name)
    return usable


def _outlines(path: Path) -> Any:
    """Rows of the layer ``boundary`` if it has an area, else of all with one, else of the first with anything."""
    if path.suffix.lower() in vector_files.PARQUET:
        return gpd.read_parquet(path)
    if vector_files.is_one_layer(path):
        return vector_files.read_table(path)
    names = sorted(vector_files.filled_layers(path), key=lambda name: name != "boundary")
    first = vector_files.read_table(path, layer=names[0])
    if names[0] == "boundary" and _has_area(first):
        return first
    others = [vector_files.read_table(path, layer=name) for name in names[1:] if _may_have_area(path, name)]
    found = [table for table in (first, *others) if _has_area(table)]
    return _together(found) if found else first


def _may_have_area(path: Path, name: str) -> bool:
    kind = vector_files.read_info(path, layer=name)["geometry_type"]
    return kind is None or not any(word in kind for word in ("Point", "LineString"))


def _together(tables: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    """Rows of several layers as one table, in the CRS of the first; of a CRS that none declares, without one."""
    first, *others = tables
    same = [table if table.crs is None or first.crs is None else table.to_crs(first.crs) for table in others]
    return first if not others else gpd.GeoDataFrame(pd.concat([first, *same], ignore_index=True), crs=first.crs)


def _has_area(table: Any) -> bool:
    shapes = table.geometry.to_numpy() if isinstance(table, gpd.GeoDataFrame) else ()
    return bool(np.any(shapely.get_dimensions(shapes) == AREA))


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
        several, none = phrase("files.named", n=len(hits), name=name), phrase("files.none_named", name=name)
        found = several if len(hits) else none
    else:
        found = phrase("files.no_name")
    label = next((key for key in NAME_COLUMNS if key in texts), None)
    names = "" if label is None else "; ".join(map(repr, texts[label].dropna().head(NAMES_SHOWN)))
    examples = phrase("files.such_as", names=names) if names else ""
    known = sorted({text for text in texts.to_numpy().ravel() if isinstance(text, str)} - {name})
    near = "" if name is None else spelling_hint(name, known)
    raise InputError("files.choose", path=path, n=len(table), examples=examples, found=found, near=near)


def _check_shape(shape: Any, path: Path) -> None:
    if shape.geom_type not in ("Polygon", "MultiPolygon"):
        raise InputError("files.not_area", path=path, kind=shape.geom_type, needed=NEEDED)
    if not shape.is_valid:
        raise InputError("files.invalid", path=path, reason=shapely.is_valid_reason(shape))


def _check_area(boundary: Any, path: Path) -> None:
    area_km2 = boundary.area / M2_PER_KM2
    if not boundary.area >= MIN_AREA_M2:
        raise EmptyAreaError("files.no_area", path=path, needed=NEEDED)
    if area_km2 > MAX_AREA_KM2:
        raise InputError("files.too_large", path=path, area_km2=area_km2, most_km2=MAX_AREA_KM2)


def slug(text: str) -> str:
    """A name as an id: small letters of the alphabet, digits and dashes."""
    plain = text.lower().translate(LATIN)
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "estate"
