"""Positions in tables of text: WKT, GeoJSON and pieces of it, ODK's traces, or two columns of numbers."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError as PyprojCRSError
from shapely.geometry import LineString, Point, Polygon, shape
from shapely.geometry.base import BaseGeometry

from spatial.crs import WGS84
from spatial.errors import CRSError
from spatial.observation_rules import Mapped, rules

Shapes = npt.NDArray[np.object_]

NO_GEOMETRY, BAD_GEOMETRY, NOT_DEGREES = "no_geometry", "bad_geometry", "not_degrees"
MAX_DEGREES = (180.0, 90.0)
SMALLEST_RING = 4
# What ODK writes: "latitude longitude altitude accuracy", and several of them with semicolons between.
ODK_POINT = re.compile(r"^-?\d+(\.\d+)? -?\d+(\.\d+)?( -?\d+(\.\d+)?){0,2}$")
WKT = re.compile(r"^(SRID=\d+;)?(MULTI)?(POINT|LINESTRING|POLYGON)", re.IGNORECASE)


def of(rows: pd.DataFrame, mapped: Mapped, path: str) -> tuple[Shapes | None, CRS | None, dict[int, str]]:
    """Find the positions in a table of text.

    Returns
    -------
    geometry, crs, faults
        One geometry or None a row, in ``crs``; all None where the table has no positions. Faults
        give by row number why a position cannot be used.

    Raises
    ------
    CRSError
        If there are metric coordinates and nobody says in which CRS.
    """
    columns = _columns(rows, mapped)
    if "text" in columns:
        return _from_text(rows[columns["text"]], _declared(mapped, path) or WGS84)
    if {"longitude", "latitude"} <= set(columns):
        return _from_numbers(rows, columns["longitude"], columns["latitude"], WGS84)
    if {"x", "y"} <= set(columns):
        crs = _declared(mapped, path)
        if crs is None:
            raise CRSError("positions.no_crs", path=path, x=columns["x"], y=columns["y"])
        return _from_numbers(rows, columns["x"], columns["y"], crs)
    return None, None, {}


def _columns(rows: pd.DataFrame, mapped: Mapped) -> Mapping[str, str]:
    """Columns that hold positions, by what they hold; the first spelling wins."""
    found: dict[str, tuple[int, str]] = {}
    for column in rows.columns:
        meaning = rules().meaning(str(column), mapped)
        if meaning and meaning[0] == "position" and rows[column].str.strip().any():
            name, order = meaning[1], meaning[2]
            if name not in found or order < found[name][0]:
                found[name] = (order, str(column))
    return {name: column for name, (_, column) in found.items()}


def _declared(mapped: Mapped, path: str) -> CRS | None:
    if mapped.crs is None:
        return None
    try:
        return CRS.from_user_input(mapped.crs)
    except PyprojCRSError as error:
        raise CRSError("crs.unknown", what=path, found=mapped.crs) from error


def _from_text(texts: pd.Series, crs: CRS) -> tuple[Shapes, CRS, dict[int, str]]:
    geometry, faults = np.full(len(texts), None, dtype=object), {}
    for i, (row, text) in enumerate(texts.items()):
        found = parsed(str(text))
        fault = _fault(found, str(text), crs)
        if fault:
            faults[int(str(row))] = fault
        else:
            geometry[i] = found
    return geometry, crs, faults


def _fault(found: BaseGeometry | None, text: str, crs: CRS) -> str | None:
    if not text.strip():
        return NO_GEOMETRY
    if found is None or found.is_empty or not np.isfinite(found.bounds).all() or not found.is_valid:
        return BAD_GEOMETRY
    return NOT_DEGREES if crs.is_geographic and not _degrees(found.bounds) else None


def _degrees(bounds: tuple[float, ...]) -> bool:
    return (
        max(abs(bounds[0]), abs(bounds[2])) <= MAX_DEGREES[0] and max(abs(bounds[1]), abs(bounds[3])) <= MAX_DEGREES[1]
    )


def parsed(text: str) -> BaseGeometry | None:
    """Read one geometry; None where it is none.

    Examples
    --------
    >>> parsed("POINT (12.5 55.7)").wkt == parsed("55.7 12.5 0 4.2").wkt
    True
    >>> parsed('"geometry": {"type": "Point", "coordinates": [12.5, 55.7]} }').wkt
    'POINT (12.5 55.7)'
    """
    text = text.strip()
    try:
        if WKT.match(text):
            return shapely.from_wkt(text.rpartition(";")[2])
        if "{" in text:
            return _geojson(text)
        parts = [part.strip() for part in text.split(";") if part.strip()]
        if parts and all(ODK_POINT.match(part) for part in parts):
            return _odk(parts)
    except (shapely.GEOSException, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return None
    return None


def _geojson(text: str) -> BaseGeometry:
    """The geometry of a GeoJSON object, feature, or a piece of one: what follows it is not looked at."""
    found, _ = json.JSONDecoder().raw_decode(text, text.index("{"))
    return shape(found.get("geometry") or found)


def _odk(parts: list[str]) -> BaseGeometry:
    at = [(float(words[1]), float(words[0])) for words in (part.split() for part in parts)]
    if len(at) == 1:
        return Point(at[0])
    closed = at[0] == at[-1] and len(at) >= SMALLEST_RING
    return Polygon(at) if closed else LineString(at)


def _from_numbers(rows: pd.DataFrame, x: str, y: str, crs: CRS) -> tuple[Shapes, CRS, dict[int, str]]:
    # A decimal comma is what a Danish spreadsheet writes.
    texts = [rows[column].str.strip() for column in (x, y)]
    xs, ys = (pd.to_numeric(text.str.replace(",", "."), errors="coerce").to_numpy(np.float64) for text in texts)
    missing = (texts[0] == "") | (texts[1] == "")
    bad = ~(np.isfinite(xs) & np.isfinite(ys))
    far = crs.is_geographic & ((np.abs(xs) > MAX_DEGREES[0]) | (np.abs(ys) > MAX_DEGREES[1]))
    geometry = np.full(len(rows), None, dtype=object)
    usable = ~(bad | far)
    geometry[usable] = shapely.points(xs[usable], ys[usable])
    faults = {}
    for i in np.flatnonzero(~usable).tolist():
        faults[int(rows.index[i])] = NO_GEOMETRY if missing.iloc[i] else BAD_GEOMETRY if bad[i] else NOT_DEGREES
    return geometry, crs, faults


def projected(geometry: Shapes, crs: CRS, into: CRS) -> tuple[Shapes, npt.NDArray[np.bool_]]:
    """Project geometries; those that have no finite position there become None, and are marked."""
    moved = np.asarray(gpd.GeoSeries(geometry, crs=crs).to_crs(into).to_numpy(), dtype=object)
    there = ~shapely.is_missing(moved)
    lost = there & ~np.isfinite(shapely.bounds(moved)).all(axis=1)
    moved[lost] = None
    return moved, lost
