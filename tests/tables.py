"""Minimal canonical tables made by hand: every column that ``spatial.layers.canonical.canonical_layers`` makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS

from spatial.core.arrays import object_array
from spatial.layers.schema import CanonicalLayers
from spatial.network import distances
from spatial.places.meeting_spaces import MEETING, ROOM_COLUMNS

ETRS89_UTM32 = CRS.from_epsg(25832)
NAN = float("nan")
# Copenhagen, for the sun and the holidays.
POSITION = (55.68, 12.57)

WAY = {
    "highway": "footway", "name": None, "surface": None, "smoothness": None, "lit": None, "wheelchair": None,
    "kerb": None, "ramp": None, "access": None, "foot": None, "way_class": "path", "width_m": NAN, "incline": NAN,
    "steps": False, "bridge": False, "tunnel": False, "level": 0.0, "allowed": True, "doubt": False, "major": False,
    "perhaps_major": False, "is_crossing": False,
}  # fmt: skip
BUILDING = {
    "use": "apartments", "name": None, "levels": NAN, "height_m": NAN, "flats": NAN, "other_use": False,
    "addressed": False, "solid": True, "cleared": False, "residential": True, "one_family": False,
}  # fmt: skip
NODE = {"node_id": 0, "locked": False, "crossing": False, "kerb": None, "passable": 1}
DWELLING = {"dwellings": 1.0, "building": "osm:way/0", "evidence": "derived", "by_floor_area": float("nan")}
BARRIER = {"barrier": "fence", "height": None, "blocks_view": False}
GROUND = {
    "ground": "park", "name": None, "access": None, "operator": None, "ownership": None, "opening_hours": None,
    "fee": None, "fenced": None, "barrier": None, "religion": None,
}  # fmt: skip
DEPARTMENT = {"name": None, "operator": None, "dwellings": NAN}
NAMED = {"kind": "stop", "name": None}
# Tables that a scene carries, with the columns that they have when empty.
EMPTY = {
    "gates": ("barrier", "access", "foot", "wheelchair"),
    "entrances": ("entrance", "access"),
    "addresses": ("addr:housenumber", "addr:flats", "dwellings"),
    "context": ("kind", "name", "operator", "website"),
    "stops": ("kind", "name"),
    "destinations": ("kind", "name"),
    "lamps": ("kind",),
    "water": ("kind", "name"),
    "waterways": ("kind", "name", "tunnel"),
    "green": ("kind", "name"),
}
TEXT = object


def table(rows: Sequence[tuple[str, Any, Mapping[str, Any]]], defaults: Mapping[str, Any]) -> gpd.GeoDataFrame:
    """One row per (id, shape, values); columns and their types come from the defaults."""
    for _, _, values in rows:
        assert set(values) <= set(defaults), set(values) - set(defaults)
    columns = {}
    for key, default in defaults.items():
        plain = type(default) in (bool, float, int)
        column = np.empty(len(rows), dtype=type(default) if plain else object)
        for i, (_, _, values) in enumerate(rows):
            column[i] = values.get(key, default)
        columns[key] = column
    shapes = object_array(shape for _, shape, _ in rows)
    index = pd.Index(object_array(row[0] for row in rows), name="id")
    return gpd.GeoDataFrame(columns, index=index, geometry=shapes, crs=ETRS89_UTM32)


def paths(
    at: Mapping[int, Sequence[float]], ways: Iterable[tuple[Sequence[int], Mapping[str, Any]] | Sequence[int]]
) -> gpd.GeoDataFrame:
    """Ways through numbered nodes; a way is its nodes, or (nodes, what differs from a footway)."""
    pairs = [way if isinstance(way[-1], Mapping) else (way, {}) for way in ways]
    rows = [
        (f"osm:way/{i}", shapely.LineString([at[n] for n in nodes]), values) for i, (nodes, values) in enumerate(pairs)
    ]
    ids = np.empty(len(rows), dtype=object)
    ids[:] = [np.array(nodes, dtype=np.int64) for nodes, _ in pairs]
    made = table(rows, WAY)
    return made.assign(across=False, node_ids=ids)[[*WAY, "across", "node_ids", "geometry"]]


def path_nodes(at: Mapping[int, Sequence[float]], nodes: Mapping[int, Mapping[str, Any]]) -> gpd.GeoDataFrame:
    """Nodes that decide whether one gets through: ``{2: {"locked": True}}``."""
    wheels = {"raised": {"passable": 0}}
    return table(
        [
            (f"osm:node/{n}", shapely.Point(at[n]), {"node_id": n, **wheels.get(values.get("kerb"), {}), **values})
            for n, values in nodes.items()
        ],
        NODE,
    )


def dwellings(rows: Iterable[tuple[float, float, float]]) -> gpd.GeoDataFrame:
    """Doors: (x, y, number of dwellings)."""
    return table(
        [(f"osm:way/0/door/{i}", shapely.Point(x, y), {"dwellings": float(n)}) for i, (x, y, n) in enumerate(rows)],
        DWELLING,
    )


def buildings(shapes: Iterable[Any], **values: Any) -> gpd.GeoDataFrame:
    """Solid blocks of flats, unless the values say otherwise."""
    return table([(f"osm:way/{900 + i}", shape, values) for i, shape in enumerate(shapes)], BUILDING)


def barriers(lines: Iterable[Any], **values: Any) -> gpd.GeoDataFrame:
    """Fences, unless the values say otherwise; a line may be given by its coordinates."""
    shapes = [line if isinstance(line, shapely.Geometry) else shapely.LineString(line) for line in lines]
    return table([(f"osm:way/{800 + i}", shape, values) for i, shape in enumerate(shapes)], BARRIER)


def place_objects(rows: Mapping[str, tuple[Any, ...]]) -> gpd.GeoDataFrame:
    """Objects by id: (kind, shape or coordinates of a point, tags that may be left out)."""
    made = []
    for identity, (kind, shape, *tags) in rows.items():
        geometry = shape if isinstance(shape, shapely.Geometry) else shapely.Point(shape)
        made.append((identity, geometry, {"kind": kind, "tags": dict(tags[0]) if tags else {}}))
    return table(made, {"kind": None, "tags": None})


def ground(rows: Mapping[str, tuple[str, Any]] | None = None, **values: Any) -> gpd.GeoDataFrame:
    """Ground that belongs to somebody, by id: (what it is, polygon)."""
    return table(
        [(identity, shape, {"ground": what, **values}) for identity, (what, shape) in (rows or {}).items()], GROUND
    )


def departments(rows: Mapping[str, Any] | None = None, **values: Any) -> gpd.GeoDataFrame:
    """Grounds of public-housing departments, by id."""
    return table([(identity, shape, values) for identity, shape in (rows or {}).items()], DEPARTMENT)


def points(name: str, shapes: Iterable[Any]) -> gpd.GeoDataFrame:
    """A table of ``EMPTY`` with things in it: ``points("stops", [(3, 4)])``."""
    made = [shape if isinstance(shape, shapely.Geometry) else shapely.Point(shape) for shape in shapes]
    return table([(f"osm:node/{700 + i}", shape, {}) for i, shape in enumerate(made)], dict.fromkeys(EMPTY[name]))


def layers(**given: gpd.GeoDataFrame) -> CanonicalLayers:
    """All canonical layers: those given, and the others empty."""
    empty = {
        "buildings": buildings([]), "paths": paths({}, []), "path_nodes": path_nodes({}, {}), "barriers": barriers([]),
        "dwellings": dwellings([]), "place_objects": place_objects({}), "ground": ground(),
        "departments": departments(),
        **{name: points(name, []) for name in EMPTY},
    }  # fmt: skip
    return CanonicalLayers(**(empty | given))


def places(rows: Mapping[str, Mapping[str, Any]]) -> gpd.GeoDataFrame:
    """Measured places by id, as ``spatial.indicators.inputs.sites`` makes them: what differs from a lone bench."""
    common = {
        "kind": "bench",
        "name": None,
        "inside": True,
        "tags": {},
        "ground": None,
        "ground_id": None,
        "ground_name": None,
        "level": "place",
        "status": MEETING,
        "room_id": None,
        **ROOM_COLUMNS,
    }
    made = []
    for identity, values in rows.items():
        shape = values.get("geometry", shapely.box(0, 0, 1, 1))
        extra = {
            "space_id": f"space:{identity}",
            "kinds": values.get("kind", "bench"),
            "area_m2": shape.area,
            "place_count": 1,
        }
        made.append((identity, shape, common | extra | {k: v for k, v in values.items() if k != "geometry"}))
    columns = common | {"space_id": None, "kinds": None, "area_m2": 0.0, "place_count": 1}
    return table(made, columns).rename_axis("place_id")


def rooms(rows: Mapping[str, tuple[Any, Mapping[str, Any]]] | None = None) -> gpd.GeoDataFrame:
    """Outdoor rooms by id: (polygon, what differs from open ground of which nothing is known)."""
    made = [(identity, shape, {"area_m2": shape.area, **values}) for identity, (shape, values) in (rows or {}).items()]
    return table(made, ROOM_COLUMNS | {"area_m2": 0.0, "held": True}).rename_axis("room_id")


def walks(**parts: Any) -> distances.Approaches:
    """Walks by hand; what is not given is 0 where the distance is known."""
    distance = np.array(parts.pop("distance_m"), dtype=float)
    rest = {key: np.where(np.isnan(distance), np.nan, 0.0) for key in ("unlit_m", "lit_m", "crossings", "rest_gap_m")}
    found = {key: np.array(parts.get(key, value), dtype=float) for key, value in rest.items()}
    most = np.array(parts.get("crossings_most", found["crossings"]), dtype=float)
    return distances.Approaches(distance_m=distance, **found, crossings_most=most)


def homes(weights: Sequence[float], inside: Sequence[bool]) -> gpd.GeoDataFrame:
    """Dwellings of which only the number matters, and whether they are the estate's."""
    return dwellings([(0, 0, n) for n in weights]).assign(inside=np.array(inside, dtype=bool))


def entries(*attached: bool) -> SimpleNamespace:
    """Stand-in for attachments of which only ``attached`` is read."""
    return SimpleNamespace(attached=np.array(attached, dtype=bool))


def check(measured: Any, *rows: tuple[float, float, float, str, str]) -> None:
    """Compare with one expected (value, low, high, evidence, rule) a place; NaN equals NaN."""
    numbers = np.stack([measured.value, measured.low, measured.high], axis=1)
    np.testing.assert_allclose(
        numbers, np.array([row[:3] for row in rows], dtype=float).reshape(-1, 3), rtol=1e-9, atol=1e-12
    )
    assert list(zip(measured.evidence, measured.rule, strict=True)) == [row[3:] for row in rows]
