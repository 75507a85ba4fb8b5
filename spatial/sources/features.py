"""Bring rows of a source to points, lines and areas in the estate's CRS, checked against the estate itself.

A CRS may be missing, or declared wrongly, or its axes swapped. None of this shows in the numbers
alone; it shows in where they land. A table that lands far from the estate as declared, and close
to it read otherwise, is read otherwise, and that is said.

An identity is the source's own id field, else a digest of the row's content: never a row number,
so that neither the order of the rows nor a row more changes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import ProjError
from shapely.geometry.base import BaseGeometry

from spatial.core.arrays import object_array
from spatial.core.errors import CRSError
from spatial.core.files import sha256_of_bytes
from spatial.core.model import Features
from spatial.sources.field_mapping import code, text_of
from spatial.sources.protocol import Area

Array = npt.NDArray[np.float64]
# A municipal or national register reaches this far from an estate it is meant for.
NEAR_M = 60_000.0
FAR_M = 150_000.0
MAX_LON_DEG, MAX_LAT_DEG = 180.0, 90.0
# What Danish and neighbouring registers come in, the likeliest first.
CANDIDATES = ("EPSG:25832", "EPSG:4326", "EPSG:25833", "EPSG:3857", "EPSG:3034", "EPSG:3035")


@dataclass(frozen=True)
class Landed:
    """Geometries in the estate's CRS, and what was found wrong on the way, if anything."""

    geometry: npt.NDArray[np.object_]
    read_as: CRS
    swapped: bool
    warning: str | None
    nearest_m: float


def project_features(table: gpd.GeoDataFrame, area: Area, *, what: str, expected: str | None = None) -> Landed:
    """Bring a table's geometries into the CRS of the area.

    Parameters
    ----------
    table
        With its declared CRS, or none.
    area
        Where it is meant to land.
    what
        Names the source in messages.
    expected
        The CRS that the catalogue states, for a table that declares none.

    Raises
    ------
    CRSError
        If no CRS is declared and none that registers use brings it near the area, or if the
        coordinates fit no CRS at all.
    """
    shapes = shapely.force_2d(table.geometry.to_numpy())
    declared = table.crs
    if not len(shapes):
        return Landed(shapes, declared or CRS.from_user_input(expected or area.crs), False, None, np.inf)
    points = _sample(shapes)
    if declared is not None and not _fits(points, declared):
        declared = None  # degrees that are none: GeoJSON says so of all that says nothing else
    if declared is not None:
        distance = _distance_m(points, declared, area, swapped=False)
        if distance <= FAR_M:
            return Landed(moved(shapes, declared, area.crs), declared, False, None, distance)
    found = _reading(points, declared, area, expected)
    if found is None:
        if declared is None:
            raise CRSError("landing.nowhere", what=what, x=float(points[0][0]), y=float(points[0][1]))
        return Landed(moved(shapes, declared, area.crs), declared, False, None, distance)
    crs, swapped, distance = found
    warning = _warning(declared, crs, swapped, expected)
    return Landed(moved(shapes, crs, area.crs, swapped=swapped), crs, swapped, warning, distance)


def _sample(shapes: npt.NDArray[np.object_]) -> Array:
    """One coordinate pair a geometry: cheap, and enough to see where a table lies."""
    usable = shapes[~(shapely.is_missing(shapes) | shapely.is_empty(shapes))]
    if not len(usable):
        return np.empty((0, 2))
    xy, owner = shapely.get_coordinates(usable, return_index=True)
    return np.asarray(xy[np.unique(owner, return_index=True)[1]])


def _fits(points: Array, crs: CRS) -> bool:
    """Whether coordinates may be in this CRS: degrees have their range."""
    if not crs.is_geographic or not len(points):
        return True
    return bool((np.abs(points[:, 0]) <= MAX_LON_DEG).all() and (np.abs(points[:, 1]) <= MAX_LAT_DEG).all())


def _distance_m(points: Array, crs: CRS, area: Area, *, swapped: bool) -> float:
    """Distance from the area of the nearest point when read in this CRS; infinite where it fits none."""
    if not len(points):
        return 0.0
    pairs = points[:, ::-1] if swapped else points
    if not _fits(pairs, crs):
        return float("inf")
    try:
        x, y = Transformer.from_crs(crs, area.crs, always_xy=True).transform(pairs[:, 0], pairs[:, 1])
    except ProjError:
        return float("inf")
    finite = np.isfinite(x) & np.isfinite(y)
    if not finite.any():
        return float("inf")
    return float(shapely.distance(area.polygon, shapely.points(x[finite], y[finite])).min())


def _reading(points: Array, declared: CRS | None, area: Area, expected: str | None) -> tuple[CRS, bool, float] | None:
    """The likeliest reading that lands near the area: as declared but swapped, then other CRSs."""
    names: list[Any] = [name for name in (declared, expected, area.crs, *CANDIDATES) if name is not None]
    tried = [(CRS.from_user_input(name), swapped) for name in names for swapped in (False, True)]
    for crs, swapped in tried:
        distance = _distance_m(points, crs, area, swapped=swapped)
        if distance <= NEAR_M:
            return crs, swapped, distance
    return None


def _warning(declared: CRS | None, crs: CRS, swapped: bool, expected: str | None) -> str | None:
    said = "no CRS" if declared is None else f"declared as {_short(declared)}"
    if swapped:
        return f"coordinates {said}, in the order north, east: read as {_short(crs)} with the axes swapped"
    if declared is None and expected is not None and CRS.from_user_input(expected) == crs:
        return None
    return f"coordinates {said}, but they land here only as {_short(crs)}: read as that"


def _short(crs: CRS) -> str:
    code = crs.to_epsg()
    return crs.name if code is None else f"EPSG:{code}"


def moved(shapes: npt.NDArray[np.object_], crs: CRS, to: CRS, *, swapped: bool = False) -> npt.NDArray[np.object_]:
    """Reproject all vertices in one call; a geometry that cannot be is missing afterwards."""
    xy = shapely.get_coordinates(shapes)
    if swapped:
        xy = xy[:, ::-1]
    there = np.column_stack(Transformer.from_crs(crs, to, always_xy=True).transform(xy[:, 0], xy[:, 1]))
    result: npt.NDArray[np.object_] = shapely.set_coordinates(shapes.copy(), there)
    _, owner = shapely.get_coordinates(shapes, return_index=True)
    result[np.unique(owner[~np.isfinite(there).all(axis=1)])] = None
    return result


# Parts of a MultiPoint this near to their middle are one thing surveyed twice; further off, they are many.
ONE_THING_M = 10.0
DIGEST_CHARACTERS = 16
# Enough for a centimetre in degrees.
DECIMALS = 7
POINT, LINE, POLYGON = 0, 1, 2


class Thing(NamedTuple):
    """One object: its identity, its tags, and a geometry of one kind."""

    id: str
    tags: Mapping[str, str]
    geometry: BaseGeometry


def identities(prefix: str, own: Sequence[Any], contents: Sequence[str]) -> list[str]:
    """Identities of rows: ``"<prefix>:<own id>"``, else of their content.

    Rows that share an id but differ get the first characters of their content's digest as well.

    Parameters
    ----------
    own
        Values of the id field; None where there is none.
    contents
        What each row says, as text: equal rows have equal texts.
    """
    digests = [sha256_of_bytes(content.encode())[:DIGEST_CHARACTERS] for content in contents]
    names = [code(value) for value in own]
    meant: dict[str, set[str]] = {}
    for name, digest in zip(names, digests, strict=True):
        if name is not None:
            meant.setdefault(name, set()).add(digest)
    return [
        f"{prefix}:{digest}"
        if name is None
        else f"{prefix}:{name}"
        if len(meant[name]) == 1
        else f"{prefix}:{name}~{digest[:8]}"
        for name, digest in zip(names, digests, strict=True)
    ]


def content(columns: Mapping[str, Sequence[Any]], shapes: npt.NDArray[np.object_]) -> list[str]:
    """What each row says, with its place to a centimetre, in an order of its own."""
    names = sorted(columns, key=str)
    where = shapely.to_wkt(shapely.normalize(shapely.force_2d(shapes)), rounding_precision=DECIMALS)
    rows = zip(*(columns[name] for name in names), strict=True) if names else iter([()] * len(shapes))
    return [
        "\x1f".join([*(f"{name}={text_of(value)}" for name, value in zip(names, row, strict=True)), str(place)])
        for row, place in zip(rows, where, strict=True)
    ]


def simple(
    ids: Sequence[str],
    tags: Sequence[Mapping[str, str] | None],
    shapes: npt.NDArray[np.object_],
    dropped: Counter[str],
    repaired: Counter[str],
) -> list[Thing]:
    """Rows as objects of one geometry type each, the same one only once, sorted by identity.

    A MultiPoint whose parts lie within ``ONE_THING_M`` of their middle is one point there; other
    MultiPoints and MultiLineStrings are taken apart, in the order of their coordinates. Areas stay
    whole with all their parts. What has no geometry, no length or no area is dropped and counted.
    """
    things: dict[str, Thing] = {}
    for identity, tag, shape in zip(ids, tags, shapes, strict=True):
        if tag is None:
            continue
        found = list(_parts(shape, dropped, repaired))
        for suffix, part in zip(_suffixes(len(found)), found, strict=True):
            name = identity + suffix
            if name in things:
                repaired["the same object twice: taken once"] += 1
            things[name] = Thing(name, tag, part)
    return [things[name] for name in sorted(things)]


def _suffixes(count: int) -> list[str]:
    return [""] if count == 1 else [f"/{i}" for i in range(1, count + 1)]


def _parts(shape: BaseGeometry | None, dropped: Counter[str], repaired: Counter[str]) -> Iterator[BaseGeometry]:
    if shape is None or shape.is_empty:
        dropped["no geometry"] += 1
        return
    pieces = _by_dimension(shape)
    if len(pieces) > 1:
        repaired["mixed geometry: taken apart"] += 1
    usable = [part for dimension, group in sorted(pieces.items()) for part in _of(dimension, group, dropped, repaired)]
    yield from usable


def _by_dimension(shape: BaseGeometry) -> dict[int, list[BaseGeometry]]:
    leaves: list[BaseGeometry] = [shape]
    while any(hasattr(leaf, "geoms") for leaf in leaves):
        leaves = [part for leaf in leaves for part in (leaf.geoms if hasattr(leaf, "geoms") else [leaf])]
    groups: dict[int, list[BaseGeometry]] = {}
    for leaf in leaves:
        if not leaf.is_empty:
            groups.setdefault(int(shapely.get_dimensions(leaf)), []).append(leaf)
    return groups


def _of(dimension: int, group: list[BaseGeometry], dropped: Counter[str], repaired: Counter[str]) -> list[BaseGeometry]:
    if dimension == POINT:
        middle: Any = shapely.centroid(shapely.multipoints(group))
        if len(group) > 1 and all(point.distance(middle) <= ONE_THING_M for point in group):
            repaired["points of one object close together: taken as their middle"] += 1
            return [middle]
        if len(group) > 1:
            repaired["object of several points: taken apart"] += 1
        return sorted(group, key=lambda point: point.bounds)
    if dimension == LINE:
        lines = [line for line in group if line.length > 0]
        if not lines:
            dropped["line without length"] += 1
        return sorted(lines, key=lambda line: shapely.to_wkb(shapely.normalize(line)))
    return _area(group, dropped, repaired)


def _area(group: list[BaseGeometry], dropped: Counter[str], repaired: Counter[str]) -> list[BaseGeometry]:
    area: Any = group[0] if len(group) == 1 else shapely.multipolygons(group)
    if not area.is_valid:
        repaired["self-crossing area"] += 1
        kept = [part for part in _by_dimension(shapely.make_valid(area)).get(POLYGON, []) if part.area > 0]
        area = shapely.union_all(kept)
    if not area.area > 0:
        dropped["area without extent"] += 1
        return []
    return [area]


def features(things: Sequence[Thing], dimension: int) -> Features:
    """The objects of one dimension: 0 points, 1 lines, 2 areas."""
    chosen = [thing for thing in things if int(shapely.get_dimensions(thing.geometry)) == dimension]
    ids = np.array([thing.id for thing in chosen], dtype=object)
    shapes = object_array(thing.geometry for thing in chosen)
    return Features(ids, [thing.tags for thing in chosen], shapes)
