"""Outdoor rooms: the open ground of an area in the pieces that people would call a place. Pure.

A room is whole wherever the frame ends, and does not depend on where it ends: ground is looked at some way
beyond the area, and all steps are local (see ``spatial.places.open_ground`` and ``spatial.places.dividing``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.core.crs import require_metric
from spatial.layers.taken_ground import RESTRICTED
from spatial.layers.unseen_buildings import CLEARED, DOOR, DWELLINGS, OUTLINE, SHOP
from spatial.places import dividing, open_ground
from spatial.places.dissolving import dissolve_touching

Shapes = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# Ground is looked at this far beyond the area, so that what is no wider is seen whole.
PAD_M = 150.0
MIN_AREA_M2 = 150.0
# A strip of street: narrow in the mean, and much of its rim on a carriageway.
STRIP_WIDTH_M, STRIP_STREET_SHARE = 8.0, 0.35
# A rim is looked at piece by piece no longer than this; each is what lies at its middle.
RIM_STEP_M = 2.0
# Something lies on a rim that is this near; a path beside it may be a little further.
ON_RIM_M, BESIDE_M = 1.0, 3.0
# Buildings around a room, beyond the gardens of its houses.
ADJOINING_M = open_ground.PLOT_M + 3.0
INSTITUTIONS: Final = ("school", "sports_club", "institution")
PARK: Final = "park"
# Ids: cells of the grid of the world in which the inner point of a room lies.
ID_CELL_M, ID_ROUNDED_TO = 10.0, 1
ROOM_PREFIX, WHOLE_PREFIX = "room:", "whole:"
# At least this many shops that no building holds are a sign of one that is not drawn.
SHOPS = 2
OUTLINE_SHARE = 0.1
HALF = 0.5
# A block by streets on which nothing is mapped, in an extract that lacks outlines.
BARE_M2, BARE_STREET_SHARE, BARE_MAPPED_SHARE, BARE_BUILDING_SHARE = 1000.0, 0.6, 0.1, 0.1
# Why nothing is known of a room, the weightiest first.
EDGE, CLEARED_GROUND, NO_BUILDINGS, MISSING_OUTLINE, MISSING_BUILDING, BARE = WHY_INVALID = (
    "extract_edge",
    "cleared",
    "dwellings_without_buildings",
    "outline_missing",
    "building_missing",
    "bare_block",
)


@dataclass(frozen=True)
class Surroundings:
    """What rooms are made from: canonical layers in one metric CRS.

    ``taken`` is as ``spatial.layers.taken_ground`` makes it, ``unseen`` as ``spatial.layers.unseen_buildings``;
    ``extent`` is what the source covers. ``outlines_lost`` says that the source lacks outlines of buildings
    of which it does not know the place.
    """

    buildings: gpd.GeoDataFrame
    paths: gpd.GeoDataFrame
    barriers: gpd.GeoDataFrame
    gates: gpd.GeoDataFrame
    ground: gpd.GeoDataFrame
    green: gpd.GeoDataFrame
    water: gpd.GeoDataFrame
    place_objects: gpd.GeoDataFrame
    taken: gpd.GeoDataFrame
    unseen: gpd.GeoDataFrame
    extent: BaseGeometry
    outlines_lost: bool = False

    def within(self, frame: BaseGeometry) -> Surroundings:
        """Keep what reaches into a frame, in the order of its ids."""
        tables = {name: table for name, table in vars(self).items() if isinstance(table, gpd.GeoDataFrame)}
        near = {
            name: table.iloc[table.sindex.query(frame, predicate="intersects")].sort_index()
            for name, table in tables.items()
        }
        return Surroundings(**{**vars(self), **near})


def outdoor_rooms(area: BaseGeometry, around: Surroundings) -> gpd.GeoDataFrame:
    """Divide the open ground of an area into outdoor rooms.

    Parameters
    ----------
    area
        Boundary and margin, in the CRS of the layers. Rooms whose inner point it holds are given, whole.
    around
        The layers, at least ``PAD_M`` beyond the area.

    Returns
    -------
    GeoDataFrame
        Index ``room_id``, ascending; polygons that do not overlap; ``area_m2``, ``mean_width_m``;
        ``street_share``, ``path_share``, ``building_share`` (of the rim, in [0, 1]);
        ``row_house_share`` (of the homes around, NaN where there are none), ``institution_share`` (of the
        area); ``nearest_public_path_m``, ``nearest_street_m`` (NaN where there is none), ``through_path``;
        ``ground``, ``ground_name``, ``access`` (of the smallest mapped ground that holds half of it, or None);
        ``part_of`` (id of the named park, or of the piece, that it is a part of, or None);
        ``valid``, and ``why_invalid``, one of ``WHY_INVALID`` or None.

    Raises
    ------
    CRSError
        If the layers are not in a projected CRS in metres.
    """
    crs = require_metric(around.buildings.crs, "buildings")
    frame = shapely.intersection(shapely.buffer(area, PAD_M), around.extent)
    around = around.within(frame)
    lines, half_m = open_ground.carriageways(around.paths)
    paths = open_ground.public_paths(around.paths)
    streets = shapely.buffer(lines, half_m, quad_segs=2)
    whole = open_ground.pieces(frame, area, *_cover(around, lines, half_m, paths))
    shapes, of = dividing.divided(whole, paths)
    shapes, of = _in_order(shapes, of)
    rims = _rims(shapes)
    shares = {
        "street_share": rims.share_near(streets, ON_RIM_M),
        "path_share": rims.share_near(paths, BESIDE_M),
        "building_share": rims.share_near(around.buildings.geometry.to_numpy(), ON_RIM_M),
    }
    width = dividing.mean_width(shapes)
    strip = (width < STRIP_WIDTH_M) & (shares["street_share"] > STRIP_STREET_SHARE)
    room = (shapely.area(shapes) >= MIN_AREA_M2) & ~strip
    shapes, of, shares = shapes[room], of[room], {name: share[room] for name, share in shares.items()}
    reason = _why_invalid(shapes, _blocks(whole, of), shares, around)
    inner = shapely.point_on_surface(shapes)
    near = {"nearest_public_path_m": _nearest_m(shapes, paths), "nearest_street_m": _nearest_m(shapes, streets)}
    columns = {
        "area_m2": shapely.area(shapes),
        "mean_width_m": width[room],
        **shares,
        "row_house_share": _row_house_share(shapes, around.buildings),
        "institution_share": _share_on(shapes, _of_kind(around.ground, "ground", INSTITUTIONS)),
        **near,
        "through_path": near["nearest_public_path_m"] <= 2 * open_ground.GRID_M,
        **_lies_on(shapes, around),
        "valid": np.array([why is None for why in reason], dtype=bool),
        "why_invalid": reason,
    }
    columns["part_of"] = _part_of(columns.pop("park_id"), whole, of)
    table = gpd.GeoDataFrame(columns, index=_ids(inner, shapes), geometry=shapes, crs=crs)
    return table[shapely.intersects(area, inner)].sort_index()


def _cover(around: Surroundings, lines: Shapes, half_m: Floats, paths: Shapes) -> tuple[Shapes, Shapes, Floats]:
    """What covers or closes the ground: areas, lines, and half the width of each line."""
    walked = around.paths.geometry.to_numpy()[(around.paths["allowed"] & ~around.paths["tunnel"]).to_numpy(dtype=bool)]
    fences = open_ground.closing_barriers(around.barriers, around.gates, walked)
    areas = [
        around.buildings.geometry.to_numpy()[around.buildings["solid"].to_numpy(dtype=bool)],
        open_ground.house_plots(around.buildings, np.concatenate([paths, lines])),
        around.water.geometry.to_numpy(),
        around.taken.geometry.to_numpy()[(around.taken["kind"] != RESTRICTED).to_numpy()],
        around.ground.geometry.to_numpy()[open_ground.closed_ground(around.ground)],
    ]
    half_all = np.concatenate([half_m, np.full(len(fences), open_ground.BARRIER_M)])
    return _flat(np.concatenate(areas)), np.concatenate([lines, fences]), half_all


def _flat(shapes: Shapes) -> Shapes:
    return shapes[shapely.get_dimensions(shapes) == 2]


def _in_order(shapes: Shapes, of: Ints) -> tuple[Shapes, Ints]:
    """Shapes by the position of their inner points, which no frame changes."""
    at = np.round(shapely.get_coordinates(shapely.point_on_surface(shapes)).reshape(-1, 2), ID_ROUNDED_TO)
    order = np.lexsort((-np.round(shapely.area(shapes), ID_ROUNDED_TO), at[:, 1], at[:, 0]))
    return shapes[order], of[order]


def _ids(inner: Shapes, shapes: Shapes) -> pd.Index:
    """Names by the cell of the grid of the world; of several in one cell the larger is named first."""
    at = np.round(shapely.get_coordinates(inner).reshape(-1, 2), ID_ROUNDED_TO)
    cell = np.floor(at / ID_CELL_M).astype(np.int64)
    names = np.array([f"{ROOM_PREFIX}{east}-{north}" for east, north in cell.tolist()], dtype=object)
    order = np.lexsort((at[:, 1], at[:, 0], -np.round(shapely.area(shapes), ID_ROUNDED_TO)))
    number = pd.Series(names[order]).groupby(names[order]).cumcount().to_numpy()
    result = names.copy()
    result[order] = [name if not i else f"{name}.{i + 1}" for name, i in zip(names[order], number, strict=True)]
    return pd.Index(result, name="room_id", dtype=object)


# --- rims ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Rims:
    """Pieces of the rims of rooms: the middle of each, its length (m), and whose it is."""

    middles: Shapes
    length_m: Floats
    room: Ints
    rooms: int

    def share_near(self, things: Shapes, within_m: float) -> Floats:
        """Share of each rim that lies near to some things, in [0, 1]."""
        if not len(self.middles) or not len(things):
            return np.zeros(self.rooms)
        near = np.unique(shapely.STRtree(self.middles).query(things, predicate="dwithin", distance=within_m)[1])
        total = np.bincount(self.room, self.length_m, self.rooms)
        return np.asarray(np.bincount(self.room[near], self.length_m[near], self.rooms) / total)


def _rims(shapes: Shapes) -> _Rims:
    rings, of = shapely.get_rings(shapes, return_index=True)
    at, ring = shapely.get_coordinates(shapely.segmentize(rings, RIM_STEP_M), return_index=True)
    same = ring[1:] == ring[:-1]
    step = (at[1:] - at[:-1])[same]
    middles = ((at[1:] + at[:-1]) / 2)[same]
    return _Rims(shapely.points(middles), np.hypot(*step.T), of[ring[1:][same]], len(shapes))


# --- what lies on them and around ----------------------------------------------------------------


def _of_kind(table: gpd.GeoDataFrame, column: str, kinds: tuple[str, ...]) -> Shapes:
    return _flat(table.geometry.to_numpy()[table[column].isin(kinds).to_numpy()])


def _share_on(shapes: Shapes, areas: Shapes) -> Floats:
    """Share of each shape that lies on some areas, which may overlap."""
    parts = shapely.get_parts(shapely.union_all(areas)) if len(areas) else areas
    if not len(parts) or not len(shapes):
        return np.zeros(len(shapes))
    shape, part = shapely.STRtree(parts).query(shapes, predicate="intersects")
    on = np.bincount(shape, shapely.area(shapely.intersection(shapes[shape], parts[part])), len(shapes))
    return np.asarray(np.minimum(on / shapely.area(shapes), 1.0))


def _nearest_m(shapes: Shapes, things: Shapes) -> Floats:
    """Distance from each shape to the nearest thing, metres; NaN where there is none."""
    result = np.full(len(shapes), np.nan)
    if len(things):
        (shape, _), away = shapely.STRtree(things).query_nearest(shapes, return_distance=True)
        result[shape] = away
    return np.round(result, 3)


def _row_house_share(shapes: Shapes, buildings: gpd.GeoDataFrame) -> Floats:
    homes = buildings[buildings["residential"].to_numpy(dtype=bool)]
    shape, home = homes.sindex.query(shapes, predicate="dwithin", distance=ADJOINING_M)
    count = np.bincount(shape, minlength=len(shapes))
    small = np.bincount(shape, homes["one_family"].to_numpy(dtype=float)[home], len(shapes))
    return np.divide(small, count, out=np.full(len(shapes), np.nan), where=count > 0)


def _lies_on(shapes: Shapes, around: Surroundings) -> dict[str, npt.NDArray[np.object_]]:
    """The smallest ground that holds half of each shape, what tags say of access there, and the named park."""
    ground = around.ground[around.ground["ground"] != "residential"]
    ground = ground[shapely.get_dimensions(ground.geometry.to_numpy()) == 2]
    texts = ground[["ground", "name", "access"]].astype(object).where(ground[["ground", "name", "access"]].notna(), None)
    ground = dissolve_touching(ground.assign(**texts), list(texts.itertuples(index=False, name=None)))
    named = ground[(ground["ground"] == PARK) & ground["name"].notna()]
    restricted = around.taken[(around.taken["kind"] == RESTRICTED).to_numpy()][["access", "geometry"]]
    telling = [part for part in (ground.loc[ground["access"].notna(), ["access", "geometry"]], restricted) if len(part)]
    tables = {
        "ground": (ground, "ground"),
        "ground_name": (ground, "name"),
        "access": (pd.concat(telling) if telling else restricted, "access"),
        "park_id": (named.assign(id=named.index), "id"),
    }
    return {name: _smallest_around(shapes, table, column) for name, (table, column) in tables.items()}


def _smallest_around(shapes: Shapes, table: gpd.GeoDataFrame, column: str) -> npt.NDArray[np.object_]:
    """A column of the smallest area that holds half of each shape; None where none does."""
    result = np.full(len(shapes), None, dtype=object)
    if not len(table) or not len(shapes):
        return result
    areas = table.geometry.to_numpy()
    shape, area = shapely.STRtree(areas).query(shapes, predicate="intersects")
    held = shapely.area(shapely.intersection(shapes[shape], areas[area])) >= HALF * shapely.area(shapes[shape])
    shape, area = shape[held], area[held]
    order = np.lexsort((area, -shapely.area(areas[area]), shape))
    result[shape[order]] = table[column].to_numpy(dtype=object)[area[order]]
    return result


def _blocks(whole: Shapes, of: Ints) -> Ints:
    """Number of the block of each room: its piece where that is seen whole, else the room alone."""
    seen_whole = 2 * shapely.minimum_bounding_radius(whole) <= PAD_M
    return np.where(seen_whole[of], of, len(whole) + np.arange(len(of)))


def _part_of(park: npt.NDArray[np.object_], whole: Shapes, of: Ints) -> npt.NDArray[np.object_]:
    """The named park that each room is a part of, else the piece that was divided, where it is seen whole."""
    seen_whole = 2 * shapely.minimum_bounding_radius(whole) <= PAD_M
    divided = (np.bincount(of, minlength=len(whole)) > 1) & seen_whole
    names = _ids(shapely.point_on_surface(whole), whole).str.replace(ROOM_PREFIX, WHOLE_PREFIX).to_numpy()
    result = park.copy()
    alone = np.array([one is None for one in park], dtype=bool) & divided[of]
    result[alone] = names[of[alone]]
    return result


# --- what is not known ---------------------------------------------------------------------------


def _why_invalid(
    shapes: Shapes, block: Ints, shares: dict[str, Floats], around: Surroundings
) -> npt.NDArray[np.object_]:
    """Why nothing is known of each room; None where all is."""
    unseen = {sign: part.geometry.to_numpy() for sign, part in around.unseen.groupby("sign")}
    none = np.empty(0, dtype=object)
    doors, shops = (_count_on(shapes, unseen.get(sign, none)) for sign in (DOOR, SHOP))
    on = {sign: _share_on(shapes, _flat(unseen.get(sign, none))) for sign in (CLEARED, DWELLINGS, OUTLINE)}
    flags: dict[str, Flags] = {
        EDGE: shapely.dwithin(shapes, shapely.boundary(around.extent), ON_RIM_M),
        CLEARED_GROUND: on[CLEARED] >= HALF,
        NO_BUILDINGS: on[DWELLINGS] >= HALF,
        MISSING_OUTLINE: on[OUTLINE] >= OUTLINE_SHARE,
        MISSING_BUILDING: (_by_block(doors, block) >= 1) | (_by_block(shops, block) >= SHOPS),
        BARE: _is_bare(shapes, block, shares, around),
    }
    reason = np.full(len(shapes), None, dtype=object)
    for why in reversed(WHY_INVALID):
        reason[flags[why]] = why
    return reason


def _count_on(shapes: Shapes, points: Shapes) -> Floats:
    if not len(points):
        return np.zeros(len(shapes))
    return np.bincount(shapely.STRtree(points).query(shapes, predicate="intersects")[0], minlength=len(shapes)) * 1.0


def _by_block(values: Floats, block: Ints) -> Floats:
    """Sum over the rooms of a block, for each of its rooms."""
    _, number = np.unique(block, return_inverse=True)
    return np.asarray(np.bincount(number, values)[number]) if len(values) else values


def _is_bare(shapes: Shapes, block: Ints, shares: dict[str, Floats], around: Surroundings) -> Flags:
    """Blocks between streets on which nothing is mapped, where the source lacks outlines of buildings."""
    if not around.outlines_lost or not len(shapes):
        return np.zeros(len(shapes), dtype=bool)
    tables: tuple[Any, ...] = (around.green, around.place_objects, around.ground[around.ground["ground"] != "residential"])
    mapped = _share_on(shapes, _flat(np.concatenate([table.geometry.to_numpy() for table in tables])))
    area, length = shapely.area(shapes), shapely.length(shapes)
    total, rim = _by_block(area, block), _by_block(length, block)
    share = {name: _by_block(shares[name] * length, block) / rim for name in ("street_share", "building_share")}
    bare: Flags = (
        (total >= BARE_M2)
        & (_by_block(mapped * area, block) / total < BARE_MAPPED_SHARE)
        & (share["street_share"] >= BARE_STREET_SHARE)
        & (share["building_share"] < BARE_BUILDING_SHARE)
    )
    return bare
