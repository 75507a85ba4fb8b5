"""Outdoor rooms: the open ground of an area in the pieces that people would call a place. Pure.

A room is whole wherever the frame ends, and does not depend on where it ends: ground is looked at some way
beyond the area, and all steps are local (see ``spatial.places.open_ground`` and ``spatial.places.dividing``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.core.crs import require_metric
from spatial.core.incremental import AFRESH, Steps
from spatial.layers.taken_ground import RESTRICTED
from spatial.layers.unseen_buildings import CLEARED, DOOR, DWELLINGS, OUTLINE, SHOP
from spatial.places import dividing, open_ground
from spatial.places.dissolving import dissolve_touching

Shapes = npt.NDArray[np.object_]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

# Ground is looked at this far beyond the area, so that what is no wider is seen whole.
PAD_M = dividing.SEEN_M
MIN_AREA_M2 = 150.0
# A strip of street: narrow in the mean, and much of its rim on a carriageway.
STRIP_WIDTH_M, STRIP_STREET_SHARE = 8.0, 0.35
# A rim is looked at piece by piece no longer than this; each is what lies at its middle.
RIM_STEP_M, STRAIGHT_M = 2.0, 0.005
# Something lies on a rim that is this near; a path beside it may be a little further.
ON_RIM_M, BESIDE_M = 1.0, 3.0
# Buildings around a room, beyond the gardens of its houses.
ADJOINING_M = open_ground.PLOT_M + 3.0
INSTITUTIONS: Final = ("school", "sports_club", "institution")
PARK: Final = "park"
LIES_ON: Final = ("ground", "ground_name", "access")
# Ids: cells of the grid of the world in which the centroid of a room lies. An inner point would leap with the last
# digits of the outline; a centroid moves as little as the room does, though it may lie outside of it. No cell begins at
# a whole number, nor at a part of one that is easily drawn.
ID_CELL_M, ID_OFFSET_M = 10.0, 0.0517
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


# Columns of the layers that decide on rooms: a lamp, a name of a street or a bench moves none.
COLUMNS: Final = {
    "buildings": ("solid", "residential", "one_family"),
    "paths": ("highway", "width_m", "tunnel", "allowed"),
    "barriers": (),
    "gates": (),
    "ground": ("ground", "name", "access", "opening_hours"),
    "green": (),
    "water": (),
    "place_objects": (),
}


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

    def within(self, frame: BaseGeometry, step: Steps) -> Surroundings:
        """Keep what reaches into a frame, in the order of its ids."""
        tables = {name: table for name, table in vars(self).items() if isinstance(table, gpd.GeoDataFrame)}
        near = {name: step(_reaching_into, table, frame, key=name) for name, table in tables.items()}
        return Surroundings(**{**vars(self), **near})


def _reaching_into(table: gpd.GeoDataFrame, frame: BaseGeometry) -> gpd.GeoDataFrame:
    return table.iloc[table.sindex.query(frame, predicate="intersects")].sort_index()


def _frame(area: BaseGeometry, extent: BaseGeometry) -> BaseGeometry:
    return shapely.intersection(shapely.buffer(area, PAD_M), extent)


def outdoor_rooms(area: BaseGeometry, around: Surroundings, *, step: Steps = AFRESH) -> gpd.GeoDataFrame:
    """Divide the open ground of an area into outdoor rooms.

    Parameters
    ----------
    area
        Boundary and margin, in the CRS of the layers. Rooms that reach into it are given, whole.
    around
        The layers, at least ``PAD_M`` beyond the area.
    step
        How steps are taken; see ``spatial.core.incremental``.

    Returns
    -------
    GeoDataFrame
        Index ``room_id``, ascending; polygons that do not overlap; ``area_m2``, ``mean_width_m``;
        ``street_share``, ``path_share``, ``building_share`` (of the rim, in [0, 1]);
        ``row_house_share`` (of the homes around, NaN where there are none), ``institution_share`` (of the
        area); ``nearest_public_path_m``, ``nearest_street_m`` (NaN where there is none), ``through_path``;
        ``ground``, ``ground_name``, ``access`` (of the smallest mapped ground that holds half of it, or None);
        ``part_of`` (id of the named park, or of the piece, that it is a part of, or None);
        ``held`` (its centroid lies in the area);
        ``valid``, and ``why_invalid``, one of ``WHY_INVALID`` or None.

    Raises
    ------
    CRSError
        If the layers are not in a projected CRS in metres.
    """
    crs = require_metric(around.buildings.crs, "buildings")
    frame = step(_frame, area, around.extent)
    around = around.within(frame, step)
    lines, half_m = step(open_ground.carriageways, around.paths)
    paths = step(open_ground.public_paths, around.paths)
    whole = step(open_ground.pieces, frame, area, *_cover(around, lines, half_m, paths, step))
    homes = around.buildings.geometry.to_numpy()[around.buildings["residential"].to_numpy(dtype=bool)]
    shapes, of = dividing.divided(whole, paths, homes, area, step=step)
    ids, middle = _ids(shapes), shapely.centroid(shapes)
    held = shapely.intersects(area, middle)
    kept = np.flatnonzero((shapely.area(shapes) >= MIN_AREA_M2) & (held | shapely.intersects(area, shapes)))
    kept = kept[np.argsort(ids[kept])]
    width_m, built = dividing.mean_width(shapes[kept]), step(_outlines, around.buildings)
    shares = {
        "mean_width_m": width_m,
        "street_share": step.rows(_street_share, shapes[kept], lines, half_m),
        "path_share": step.rows(_rim_share, shapes[kept], paths, BESIDE_M, near_m=BESIDE_M, key="path"),
        "building_share": step.rows(_rim_share, shapes[kept], built, ON_RIM_M, near_m=ON_RIM_M, key="building"),
    }
    wide = ~((width_m < STRIP_WIDTH_M) & (shares["street_share"] > STRIP_STREET_SHARE))
    kept = kept[wide]
    shapes, of, ids = shapes[kept], of[kept], ids[kept]
    to_path_m, ground = _nearest_m(shapes, paths), step(_dissolved, around.ground)
    reason = _why_invalid(shapes, whole, of, (lines, half_m), around)
    columns = {
        "area_m2": shapely.area(shapes),
        **{name: share[wide] for name, share in shares.items()},
        "row_house_share": step.rows(_row_house_share, shapes, around.buildings),
        "institution_share": step.rows(_institution_share, shapes, around.ground),
        "nearest_public_path_m": to_path_m,
        "nearest_street_m": step.rows(_nearest_street_m, shapes, lines, half_m),
        "through_path": to_path_m <= 2 * open_ground.GRID_M,
        **dict(zip(LIES_ON, step.rows(_lies_on, shapes, ground, around.taken), strict=True)),
        "part_of": _part_of(shapes, whole, of, ground),
        "held": held[kept],
        "valid": np.array([why is None for why in reason], dtype=bool),
        "why_invalid": reason,
    }
    return gpd.GeoDataFrame(columns, index=pd.Index(ids, name="room_id", dtype=object), geometry=shapes, crs=crs)


def _cover(
    around: Surroundings, lines: Shapes, half_m: Floats, paths: Shapes, step: Steps
) -> tuple[Shapes, Shapes, Floats]:
    """What covers or closes the ground: areas, lines, and half the width of each line."""
    fences = step(_fences, around.barriers, around.gates, around.paths)
    gardens = step(open_ground.gardens, around.buildings)
    plots = step(open_ground.house_plots, gardens, step(open_ground.ways_beside, gardens, paths, lines))
    areas = step(_covered, around.buildings, plots, around.water, around.taken, around.ground)
    return areas, *step(_closed_along, lines, half_m, fences)


def _fences(barriers: gpd.GeoDataFrame, gates: gpd.GeoDataFrame, paths: gpd.GeoDataFrame) -> Shapes:
    walked = paths.geometry.to_numpy()[(paths["allowed"] & ~paths["tunnel"]).to_numpy(dtype=bool)]
    return open_ground.closing_barriers(barriers, gates, walked)


def _covered(
    buildings: gpd.GeoDataFrame,
    plots: Shapes,
    water: gpd.GeoDataFrame,
    taken: gpd.GeoDataFrame,
    ground: gpd.GeoDataFrame,
) -> Shapes:
    areas = [
        buildings.geometry.to_numpy()[buildings["solid"].to_numpy(dtype=bool)],
        plots,
        water.geometry.to_numpy(),
        taken.geometry.to_numpy()[(taken["kind"] != RESTRICTED).to_numpy()],
        ground.geometry.to_numpy()[open_ground.closed_ground(ground)],
    ]
    return _flat(np.concatenate(areas))


def _closed_along(lines: Shapes, half_m: Floats, fences: Shapes) -> tuple[Shapes, Floats]:
    half_all = np.concatenate([half_m, np.full(len(fences), open_ground.BARRIER_M)])
    return np.concatenate([lines, fences]), half_all


def _flat(shapes: Shapes) -> Shapes:
    return shapes[shapely.get_dimensions(shapes) == 2]


def _ids(shapes: Shapes, prefix: str = ROOM_PREFIX) -> npt.NDArray[np.object_]:
    """Names by the cell of the grid of the world; of several in one cell the larger is named first."""
    at = shapely.get_coordinates(shapely.centroid(shapes)).reshape(-1, 2) + ID_OFFSET_M
    cell = np.floor(at / ID_CELL_M).astype(np.int64)
    names = np.array([*(f"{prefix}{east}-{north}" for east, north in cell.tolist()), None], dtype=object)[:-1]
    order = np.lexsort((*np.round(at[:, ::-1].T, 1), -np.round(shapely.area(shapes) + ID_OFFSET_M, 1)))
    number = np.empty(len(names), dtype=np.int64)
    number[order] = pd.Series(names[order]).groupby(names[order]).cumcount().to_numpy()
    return np.where(number > 0, names + "." + (number + 1).astype(str).astype(object), names)


# --- rims ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Rims:
    """Pieces of the rims of rooms: the middle of each, its length (m), and whose it is."""

    middles: shapely.STRtree
    length_m: Floats
    room: Ints
    rooms: int

    @classmethod
    def of(cls, shapes: Shapes) -> _Rims:
        """Cut the rims of shapes into pieces."""
        rings, of = shapely.get_rings(shapes, return_index=True)
        # Without the corners that do not turn: where those lie is chance, and would shift the pieces.
        rings = shapely.simplify(rings, STRAIGHT_M)
        at, ring = shapely.get_coordinates(shapely.segmentize(rings, RIM_STEP_M), return_index=True)
        same = ring[1:] == ring[:-1]
        step, middles = (at[1:] - at[:-1])[same], ((at[1:] + at[:-1]) / 2)[same]
        tree = shapely.STRtree(shapely.points(middles))
        return cls(tree, np.hypot(step[:, 0], step[:, 1]), of[ring[1:][same]], len(shapes))

    def share_near(self, things: Shapes, within_m: float | Floats) -> Floats:
        """Share of each rim that lies near to some things, in [0, 1]."""
        if not len(self.middles) or not len(things):
            return np.zeros(self.rooms)
        near = np.zeros(len(self.middles), dtype=bool)
        near[self.middles.query(things, predicate="dwithin", distance=within_m)[1]] = True
        total = np.bincount(self.room, self.length_m, self.rooms)
        return np.asarray(np.bincount(self.room[near], self.length_m[near], self.rooms) / total)


@lru_cache(maxsize=1)
def _rims(shapes: tuple[BaseGeometry, ...]) -> _Rims:
    """Rims of the rooms of one look, along which streets, paths and buildings are looked for one after the other."""
    return _Rims.of(np.array(shapes, dtype=object))


def _street_share(shapes: Shapes, lines: Shapes, half_m: Floats) -> Floats:
    return _rim_share(shapes, lines, half_m + ON_RIM_M)


def _rim_share(shapes: Shapes, things: Shapes, within_m: float | Floats) -> Floats:
    return _rims(tuple(shapes)).share_near(things, within_m)


def _outlines(buildings: gpd.GeoDataFrame) -> Shapes:
    outlines: Shapes = buildings.geometry.to_numpy()
    return outlines


# --- what lies on them and around ----------------------------------------------------------------


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


def _nearest_street_m(shapes: Shapes, lines: Shapes, half_m: Floats) -> Floats:
    return _nearest_m(shapes, shapely.buffer(lines, half_m, quad_segs=2))


def _row_house_share(shapes: Shapes, buildings: gpd.GeoDataFrame) -> Floats:
    homes = buildings[buildings["residential"].to_numpy(dtype=bool)]
    shape, home = homes.sindex.query(shapes, predicate="dwithin", distance=ADJOINING_M)
    count = np.bincount(shape, minlength=len(shapes))
    small = np.bincount(shape, homes["one_family"].to_numpy(dtype=float)[home], len(shapes))
    return np.divide(small, count, out=np.full(len(shapes), np.nan), where=count > 0)


def _institution_share(shapes: Shapes, ground: gpd.GeoDataFrame) -> Floats:
    return _share_on(shapes, _flat(ground.geometry.to_numpy()[ground["ground"].isin(INSTITUTIONS).to_numpy()]))


def _lies_on(shapes: Shapes, ground: gpd.GeoDataFrame, taken: gpd.GeoDataFrame) -> tuple[Shapes, ...]:
    """`LIES_ON` of each shape: the smallest ground that holds half of it, and what tags say of access there."""
    restricted = taken[(taken["kind"] == RESTRICTED).to_numpy()][["access", "geometry"]]
    telling = [part for part in (ground.loc[ground["access"].notna(), ["access", "geometry"]], restricted) if len(part)]
    access = pd.concat(telling) if telling else restricted
    columns = ((ground, "ground"), (ground, "name"), (access, "access"))
    return tuple(_smallest_around(shapes, table, column) for table, column in columns)


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


def _dissolved(ground: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Ground that is somebody's, what touches and is alike as one."""
    ground = ground[(ground["ground"] != "residential") & (shapely.get_dimensions(ground.geometry.to_numpy()) == 2)]
    texts = ground[["ground", "name", "access"]].astype(object)
    texts = texts.where(texts.notna(), None)
    return dissolve_touching(ground.assign(**texts), list(texts.itertuples(index=False, name=None)))


def _seen_whole(whole: Shapes) -> Flags:
    """Which pieces are small enough to be seen whole from wherever in the area."""
    flags: Flags = 2 * shapely.minimum_bounding_radius(whole) <= PAD_M
    return flags


def _part_of(shapes: Shapes, whole: Shapes, of: Ints, ground: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    """The named park that each room is a part of, else the piece that was divided, where it is seen whole."""
    named = ground[(ground["ground"] == PARK) & ground["name"].notna()]
    result = _smallest_around(shapes, named.assign(id=named.index), "id")
    divided = shapely.area(whole)[of] - shapely.area(shapes) > MIN_AREA_M2
    alone = pd.isna(result) & divided & _seen_whole(whole)[of]
    result[alone] = _ids(whole, WHOLE_PREFIX)[of[alone]]
    return result


# --- what is not known ---------------------------------------------------------------------------


def _why_invalid(
    shapes: Shapes, whole: Shapes, of: Ints, streets: tuple[Shapes, Floats], around: Surroundings
) -> npt.NDArray[np.object_]:
    """Why nothing is known of each room; None where all is.

    Doors, shops and bare ground are looked at for the whole block: the piece where that is seen whole, else
    the room alone.
    """
    unseen = {sign: part.geometry.to_numpy() for sign, part in around.unseen.groupby("sign")}
    none = np.empty(0, dtype=object)
    blocks, block = _blocks(shapes, whole, of)
    doors, shops = (_count_on(blocks, unseen.get(sign, none)) for sign in (DOOR, SHOP))
    on = {sign: _share_on(shapes, _flat(unseen.get(sign, none))) for sign in (CLEARED, DWELLINGS, OUTLINE)}
    flags: dict[str, Flags] = {
        EDGE: shapely.dwithin(shapes, shapely.boundary(around.extent), ON_RIM_M),
        CLEARED_GROUND: on[CLEARED] >= HALF,
        NO_BUILDINGS: on[DWELLINGS] >= HALF,
        MISSING_OUTLINE: on[OUTLINE] >= OUTLINE_SHARE,
        MISSING_BUILDING: ((doors >= 1) | (shops >= SHOPS))[block],
        BARE: _is_bare(blocks, streets, around)[block],
    }
    reason = np.full(len(shapes), None, dtype=object)
    for why in reversed(WHY_INVALID):
        reason[flags[why]] = why
    return reason


def _blocks(shapes: Shapes, whole: Shapes, of: Ints) -> tuple[Shapes, Ints]:
    """Blocks, and the number of the block of each room."""
    number = np.where(_seen_whole(whole)[of], of, len(whole) + np.arange(len(of)))
    used, block = np.unique(number, return_inverse=True)
    return np.concatenate([whole, shapes])[used], block


def _count_on(shapes: Shapes, points: Shapes) -> Ints:
    """Count the points on each shape."""
    return np.bincount(shapely.STRtree(points).query(shapes, predicate="intersects")[0], minlength=len(shapes))


def _is_bare(blocks: Shapes, streets: tuple[Shapes, Floats], around: Surroundings) -> Flags:
    """Blocks between streets on which nothing is mapped, where the source lacks outlines of buildings."""
    if not around.outlines_lost:
        return np.zeros(len(blocks), dtype=bool)
    used = around.ground[around.ground["ground"] != "residential"]
    mapped = np.concatenate([table.geometry.to_numpy() for table in (around.green, around.place_objects, used)])
    rims, (lines, half_m) = _Rims.of(blocks), streets
    bare: Flags = (
        (shapely.area(blocks) >= BARE_M2)
        & (_share_on(blocks, _flat(mapped)) < BARE_MAPPED_SHARE)
        & (rims.share_near(lines, half_m + ON_RIM_M) >= BARE_STREET_SHARE)
        & (rims.share_near(around.buildings.geometry.to_numpy(), ON_RIM_M) < BARE_BUILDING_SHARE)
    )
    return bare
