"""What indicators are measured from, made once from the canonical layers. Pure.

An indicator asks for an input by the name of its parameter: a field of `IndicatorInputs`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Annotated, Any, TypeAlias, get_type_hints

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import Transformer
from shapely.geometry.base import BaseGeometry

from spatial.core.arrays import Bools, Floats, Ints, Shapes, Texts
from spatial.core.crs import WGS84
from spatial.core.incremental import AFRESH, Steps
from spatial.core.model import WALK_LIMIT_M, Estate, Raster
from spatial.layers.buildings import inside_buildings
from spatial.layers.completeness import Completeness, TwoLists, completeness_by_kind
from spatial.layers.hours import Position
from spatial.layers.schema import CanonicalLayers
from spatial.network import catchments, distances
from spatial.network import graph as network_graph
from spatial.network.attachment import Attachments, Meeting, Obstacles, node_targets
from spatial.network.catchments import straight_m
from spatial.network.distances import Approaches
from spatial.network.graph import Network, Slopes
from spatial.places import detection, meeting_spaces
from spatial.settings.tags import TagRules
from spatial.terrain import elevation, sky_and_sun
from spatial.terrain.sky_and_sun import Skyline, Sun
from spatial.visibility.isovists import Occluders, in_sight

FLOW_LIMIT_M = 800.0
# Fifteen minutes: how far round one goes to avoid steps.
STEP_FREE_M = 1200.0
DOOR_WITHIN_M = 10.0
# A dwelling whose door lies this near to the boundary is the estate's: outlines are drawn roughly.
DOORSTEP_M = 3.0
# Viewpoints stand this far apart in a large place, at most so many.
VIEWPOINT_SPACING_M = 25.0
MAX_VIEWPOINTS = 16
# The reference for decay-weighted dwellings: so many nodes of the study area's network.
DECAY_SAMPLE = 100
WATCH_M = 25.0
# The kind of place that a register of seats holds.
SEAT = "bench"
# Where one asks for help: kinds of context.
HELP = ("library", "culture_house", "community_centre", "social_facility")


Viewpoints: TypeAlias = tuple[Ints, Floats]
Climbs: TypeAlias = tuple[Floats, Bools]


@dataclass(frozen=True)
class Origin:
    """What an input is made of: canonical layers and models.

    ``given_by`` is what must be given to a run that has it: a model or a layer; else it is None.
    """

    layers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    given_by: str | None = None


def _made_of(*layers: str) -> Origin:
    return Origin(layers)


def _from_models(*models: str) -> Origin:
    return Origin(models=models, given_by=models[0])


@dataclass(frozen=True)
class Sights:
    """What closes the way and the view, from where one looks, and what there is to sit on and to watch.

    ``solid`` are outlines of solid buildings; ``blockers`` are those and closed barriers; ``view`` is what blocks
    sight; ``viewpoints`` have the position of their site.
    """

    solid: Annotated[Shapes, _made_of("buildings")]
    blockers: Annotated[Occluders, _made_of("buildings", "barriers")]
    view: Annotated[Occluders, _made_of("buildings", "barriers")]
    viewpoints: Annotated[Viewpoints, _made_of("buildings")]
    seats: Annotated[gpd.GeoDataFrame, _made_of("place_objects")]
    activities: Annotated[gpd.GeoDataFrame, _made_of("place_objects")]


@dataclass(frozen=True)
class Walking:
    """The network, where sites, dwellings and stops meet it, and the walks between them.

    ``entries`` and ``doors`` are the attachments of sites and dwellings; ``walks`` the approaches of sites × dwellings;
    ``flows`` the trips by edge; ``straight_m`` the straight lines, sites × the estate's doors; ``decay_sample`` the
    decay-weighted dwellings at nodes of the study area.
    """

    network: Annotated[Network, _made_of("paths")]
    entries: Annotated[Attachments, _made_of("paths")]
    doors: Annotated[Attachments, _made_of("paths", "dwellings")]
    walks: Annotated[Approaches, _made_of("paths", "dwellings")]
    flows: Annotated[Floats, _made_of("paths", "dwellings", "destinations")]
    stop_entries: Annotated[Attachments, _made_of("paths", "stops")]
    stop_walk_m: Annotated[Floats, _made_of("paths", "stops")]
    help_walk_m: Annotated[Floats, _made_of("paths", "context")]
    straight_m: Annotated[Floats, _made_of("dwellings")]
    decay_sample: Annotated[Floats, _made_of("paths", "dwellings")]


@dataclass(frozen=True)
class Terrain:
    """What a terrain and a surface model give; None where the run has none.

    ``step_free_edges`` says of each edge whether it can be used without steps, its slope counted in where it is known.
    ``slopes`` is the steepness by edge; ``climbs`` the steepest stretch of each walk, and whether its whole slope is
    known; ``skyline`` ground, roofs and crowns; ``sun`` its path at the equinox.
    """

    step_free_edges: Annotated[npt.NDArray[np.int8], Origin(("paths",), ("terrain",))]
    terrain: Annotated[Raster | None, _from_models("terrain")]
    slopes: Annotated[Slopes | None, _from_models("terrain")]
    climbs: Annotated[Climbs | None, _from_models("terrain")]
    surface: Annotated[Raster | None, _from_models("surface")]
    skyline: Annotated[Skyline | None, _from_models("surface", "terrain")]
    sun: Annotated[Sun | None, _from_models("surface")]


@dataclass(frozen=True)
class IndicatorInputs(CanonicalLayers, Terrain, Walking, Sights):
    """All that indicators may name, made once: the canonical layers, and what is made of them.

    ``position`` is where the estate lies (latitude, longitude): hours of the sun and holidays hang on it.
    ``dwellings`` say as well whether they are ``inside`` the estate. ``kinds`` are the tag rules; ``members`` the rows
    of the places of each meeting space; ``near_way`` says of each place whether a way passes; ``seats_complete`` of
    each site whether all seats around it are known; ``completeness`` of each kind how many there are for each that is
    known; ``department_of`` has the number of the department of each
    dwelling, and is None without a layer of departments.
    """

    estate: Annotated[Estate, _made_of()]
    position: Annotated[Position, _made_of()]
    kinds: Annotated[TagRules, _made_of()]
    members: Annotated[Mapping[str, Ints], _made_of()]
    anchors: Annotated[Mapping[str, Ints], _made_of()]
    home_groups: Annotated[Ints, _made_of("departments", "dwellings", "paths")]
    member_kinds: Annotated[Texts, _made_of()]
    near_way: Annotated[Bools, _made_of("paths")]
    seats_complete: Annotated[Bools, _made_of()]
    step_free_sure_m: Annotated[Floats, Origin(("paths", "dwellings"), ("terrain",))]
    step_free_perhaps_m: Annotated[Floats, Origin(("paths", "dwellings"), ("terrain",))]
    department_of: Annotated[Ints | None, Origin(("departments", "dwellings"), given_by="layer")]
    completeness: Annotated[Mapping[str, Completeness], _made_of()] = field(default_factory=dict)


def _origins() -> dict[str, Origin]:
    hints = get_type_hints(IndicatorInputs, include_extras=True)
    return {name: getattr(hint, "__metadata__", (Origin((name,)),))[0] for name, hint in hints.items()}


# What each input is made of; a canonical layer of itself.
ORIGINS: Mapping[str, Origin] = _origins()


def indicator_inputs(
    layers: CanonicalLayers,
    sites: gpd.GeoDataFrame,
    estate: Estate,
    rules: TagRules,
    *,
    absence: Mapping[str, BaseGeometry] | None = None,
    terrain: Raster | None = None,
    surface: Raster | None = None,
    step: Steps = AFRESH,
) -> IndicatorInputs:
    """Make everything that indicators may name.

    Parameters
    ----------
    sites
        Places, and after them the meeting spaces; columns ``level``,
        ``space_id``, ``kind`` and geometry.
    absence
        Where a register is complete, by kind of place; see ``spatial.layers.conflation.absence``.
    terrain
        Heights of the ground; None where the run has none.
    surface
        Heights of ground, houses and trees; None where the run has none.
    step
        How steps are taken; see ``spatial.core.incremental``.
    """
    layers = replace(layers, dwellings=step(_with_inside, layers.dwellings, estate))
    sights = _sights(layers, sites, estate, rules, step)
    walking = _walking(layers, sights, sites, estate, step)
    places = step(_places, sites)
    department = step(department_of, layers.departments, layers.dwellings)
    models = _terrain(terrain, surface, layers.paths, walking, sights.solid, estate, step)
    step_free = (step(_rows, walking.entries), walking.network, walking.doors, models.step_free_edges)
    return IndicatorInputs(
        **layers.by_name(),
        **vars(sights),
        **vars(walking),
        **vars(models),
        estate=estate,
        position=step(position_of, estate),
        kinds=rules,
        members=step(_members, places),
        anchors=step(_anchors, places, rules),
        home_groups=step(home_groups, layers.dwellings, department, layers.paths),
        member_kinds=step(_kinds, places),
        near_way=step(_near_way, places, walking.network, rules.access["path_side_m"]),
        seats_complete=step(_seats_complete, sites, estate, absence),
        step_free_sure_m=step.rows(_step_free_m, *step_free, True, key="sure"),
        step_free_perhaps_m=step.rows(_step_free_m, *step_free, False, key="perhaps"),
        department_of=department,
    )


def _sights(layers: CanonicalLayers, sites: gpd.GeoDataFrame, estate: Estate, rules: TagRules, step: Steps) -> Sights:
    solid, blockers, view = step(_walls, layers.buildings, layers.barriers)
    seats, activities = step(_outdoors, layers.place_objects, layers.buildings, rules, estate)
    return Sights(solid, blockers, view, step(viewpoints, sites, layers.buildings), seats, activities)


def _walking(layers: CanonicalLayers, sights: Sights, sites: gpd.GeoDataFrame, estate: Estate, step: Steps) -> Walking:
    dwellings = layers.dwellings
    network = step(network_graph.build_network, layers.paths, layers.path_nodes, layers.lamps)
    # All that the length of a walk hangs on.
    lengths = step(network_graph.without_tags, network)
    met = Meeting(network, step)
    obstacles = step(_obstacles, sights.solid, layers.barriers, sights.blockers)
    shapes = step(_shapes, sites, key="sites")
    points = step(_shapes, dwellings, key="dwellings")
    inside = step(inside_buildings, points, layers.buildings)
    entries = met(shapes, key="entries", obstacles=obstacles)
    # A door with no clear leg takes the nearest way all the same: people do leave their homes.
    doors = met(points, key="doors", obstacles=obstacles, inside=inside, within_m=DOOR_WITHIN_M, always=True)
    stops = met(step(_shapes, layers.stops, key="stops"), key="stops")
    helping = met(step(_help, layers.context), key="help")
    goals = met(step(_centres, layers.destinations), key="goals")
    rows = step(_rows, entries)
    return Walking(
        network=network,
        entries=entries,
        doors=doors,
        walks=step(_approaches, network, entries, doors, sights.seats),
        flows=step(_flows, lengths, doors, dwellings, goals, estate),
        stop_entries=stops,
        stop_walk_m=step.rows(_nearest_m, rows, lengths, stops, key="stops"),
        help_walk_m=step.rows(_nearest_m, rows, lengths, helping, key="help"),
        straight_m=step(_straight_m, shapes, dwellings),
        decay_sample=step(_decay_sample, lengths, doors, dwellings, estate),
    )


def _terrain(
    terrain: Raster | None,
    surface: Raster | None,
    paths: gpd.GeoDataFrame,
    walking: Walking,
    solid: Shapes,
    estate: Estate,
    step: Steps,
) -> Terrain:
    slopes = None if terrain is None else step(_slopes, walking.network, paths, terrain)
    return Terrain(
        step_free_edges=step(_step_free_edges, walking.network, paths, slopes),
        terrain=terrain,
        slopes=slopes,
        climbs=None if slopes is None else step(_climbs, walking.network, walking.entries, walking.doors, slopes),
        surface=surface,
        skyline=None if surface is None else step(sky_and_sun.skyline, surface, terrain, solid),
        sun=None if surface is None else step(sky_and_sun.sun_path, estate),
    )


def _approaches(
    graph: Network,
    entries: Attachments,
    doors: Attachments,
    seats: gpd.GeoDataFrame,
) -> Approaches:
    walks = distances.approaches(graph, entries, doors, limit_m=WALK_LIMIT_M, seats=seats.geometry.to_numpy())
    return distances.with_doubtful_roads(graph, entries, doors, walks, limit_m=WALK_LIMIT_M)


def _step_free_m(rows: Texts, network: Network, doors: Attachments, edges: npt.NDArray[np.int8], sure: bool) -> Floats:
    """Walks by ways known to be free of steps and firm, or by ways not known to be otherwise: metres, NaN for none."""
    usable = edges == network_graph.YES if sure else edges != network_graph.NO
    barred = network.raised | network.unsure if sure else network.raised
    return distances.approaches(
        network,
        Attachments.of_rows(rows),
        doors,
        limit_m=STEP_FREE_M,
        usable=usable,
        barred_nodes=barred,
        detailed=False,
    ).distance_m


def _slopes(graph: Network, paths: gpd.GeoDataFrame, terrain: Raster) -> Slopes:
    return elevation.slopes(graph, paths[paths["allowed"]], terrain)


def _step_free_edges(network: Network, paths: gpd.GeoDataFrame, slopes: Slopes | None) -> npt.NDArray[np.int8]:
    if slopes is None:
        return network.step_free
    return network_graph.step_free_with(slopes, network, paths[paths["allowed"]])


def _climbs(
    graph: Network,
    entries: Attachments,
    doors: Attachments,
    slopes: Slopes,
) -> Climbs:
    return distances.climbs(graph, entries, doors, slopes, limit_m=WALK_LIMIT_M)


def _places(sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return sites[sites["level"] == "place"]


def _members(places: gpd.GeoDataFrame) -> Mapping[str, Ints]:
    return meeting_spaces.members_by_space(places, places["space_id"])


def _anchors(places: gpd.GeoDataFrame, rules: TagRules) -> Mapping[str, Ints]:
    """Rows of what people come for in each meeting space; of its seats, or all, where that is nothing."""
    kinds, tags, area_m2 = (places[name].to_numpy() for name in ("kind", "tags", "area_m2"))
    return {
        space: meeting_spaces.anchors_of(rows, kinds, tags, area_m2, rules) for space, rows in _members(places).items()
    }


def _kinds(places: gpd.GeoDataFrame) -> Texts:
    kinds: Texts = places["kind"].to_numpy()
    return kinds


def _walls(buildings: gpd.GeoDataFrame, barriers: gpd.GeoDataFrame) -> tuple[Shapes, Occluders, Occluders]:
    """Solid buildings; what one cannot walk through; and what one cannot see through."""
    solid = buildings.geometry.to_numpy()[buildings["solid"].to_numpy()]
    fences = barriers.geometry.to_numpy()
    opaque = barriers["blocks_view"].to_numpy(dtype=bool)
    view = Occluders.from_geometries(solid, fences[opaque])
    return solid, view.with_lines(fences[~opaque]), view


def _outdoors(
    objects: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, rules: TagRules, estate: Estate
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Seats, and what there is to watch near the estate."""
    found = objects[~detection.indoors(objects, buildings)]
    return footprints_of(found, rules, "seat"), _near(footprints_of(found, rules, "watchable"), estate)


def _obstacles(solid: Shapes, barriers: gpd.GeoDataFrame, blockers: Occluders) -> Obstacles:
    """What one cannot walk through: solid buildings and closed barriers."""
    shapes = np.concatenate([solid, barriers.geometry.to_numpy()])
    return Obstacles(shapes, partial(in_sight, occluders=blockers))


def _shapes(table: gpd.GeoDataFrame) -> Shapes:
    shapes: Shapes = table.geometry.to_numpy()
    return shapes


def _rows(entries: Attachments) -> Texts:
    return entries.rows


def _nearest_m(rows: Texts, graph: Network, targets: Attachments) -> Floats:
    return distances.nearest_m(graph, Attachments.of_rows(rows), targets, limit_m=WALK_LIMIT_M)


def _help(context: gpd.GeoDataFrame) -> Shapes:
    return _centres(context[context["kind"].isin(HELP)])


def _centres(table: gpd.GeoDataFrame) -> Shapes:
    found: Shapes = shapely.centroid(table.geometry.to_numpy())
    return found


def department_of(departments: gpd.GeoDataFrame, dwellings: gpd.GeoDataFrame) -> Ints | None:
    """Number of the department on whose ground each dwelling stands, -1 for none; None without a layer.

    Grounds under one name and operator are one department. Of grounds that overlap the smaller counts.
    """
    if not len(departments):
        return None
    names = [
        f"{operator} {name}" if isinstance(name, str) else str(identity)
        for identity, operator, name in zip(
            departments.index, departments["operator"], departments["name"], strict=True
        )
    ]
    number = np.unique(names, return_inverse=True)[1]
    found = np.full(len(dwellings), -1, dtype=np.int64)
    ground, home = shapely.STRtree(dwellings.geometry.to_numpy()).query(
        departments.geometry.to_numpy(), predicate="dwithin", distance=DOORSTEP_M
    )
    order = np.lexsort(
        (departments.index.to_numpy()[ground].astype(str), -departments.geometry.area.to_numpy()[ground])
    )
    found[home[order]] = number[ground[order]]
    return found


def _with_inside(dwellings: gpd.GeoDataFrame, estate: Estate) -> gpd.GeoDataFrame:
    shapely.prepare(estate.boundary)
    return dwellings.assign(inside=shapely.dwithin(estate.boundary, dwellings.geometry.to_numpy(), DOORSTEP_M))


def _straight_m(shapes: Shapes, dwellings: gpd.GeoDataFrame) -> Floats:
    """Straight lines from each site to each door of the estate, as distances in metres."""
    doors = dwellings.geometry.to_numpy()[dwellings["inside"].to_numpy(dtype=bool)]
    return straight_m(shapes, doors)


def footprints_of(objects: gpd.GeoDataFrame, rules: TagRules, trait: str) -> gpd.GeoDataFrame:
    """Objects whose kind has a trait (``seat``, ``watchable``), with their footprints."""
    wanted = objects[np.array([getattr(rules.kinds[kind], trait) for kind in objects["kind"]], dtype=bool)]
    return wanted.set_geometry(detection.footprints(wanted, rules), crs=objects.crs)


def _near(table: gpd.GeoDataFrame, estate: Estate) -> gpd.GeoDataFrame:
    return table[table.intersects(estate.study_area.buffer(WATCH_M))]


def _flows(
    graph: Network,
    doors: Attachments,
    dwellings: gpd.GeoDataFrame,
    goals: Attachments,
    estate: Estate,
) -> Floats:
    """Trips that can touch the study area: from dwellings within a trip's length of it."""
    near = shapely.dwithin(estate.study_area, dwellings.geometry.to_numpy(), FLOW_LIMIT_M)
    weight = np.where(near, dwellings["dwellings"].to_numpy(), 0.0)
    return distances.flow(graph, doors, weight, goals, limit_m=FLOW_LIMIT_M)


def _decay_sample(graph: Network, doors: Attachments, dwellings: gpd.GeoDataFrame, estate: Estate) -> Floats:
    """Decay-weighted dwellings at nodes of the study area, evenly picked in order of position."""
    nodes = np.flatnonzero(shapely.contains_xy(estate.study_area, graph.xy))
    nodes = nodes[np.lexsort(graph.xy[nodes].T)]
    if not len(nodes):
        return np.empty(0)
    picked = nodes[np.unique(np.linspace(0, len(nodes) - 1, DECAY_SAMPLE).astype(int))]
    walks = distances.approaches(graph, node_targets(graph, picked), doors, limit_m=FLOW_LIMIT_M, detailed=False)
    return np.sort(catchments.decayed(walks.distance_m, dwellings["dwellings"].to_numpy()))


def viewpoints(sites: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> Viewpoints:
    """Points from which each place is looked out of: its inner point, or a grid in a large one.

    Returns
    -------
    owner, xy
        Position of the place, and the point. Points in buildings are left out; a place may have
        none.
    """
    points, owners = [], []
    for i, shape in enumerate(sites.geometry.to_numpy()):
        grid = _grid(shape)
        points.append(grid)
        owners.append(np.full(len(grid), i))
    xy = np.concatenate([*points, np.empty((0, 2))])
    owner = np.concatenate([*owners, np.empty(0, dtype=np.int64)]).astype(np.int64)
    at: Any = shapely.points(xy)
    outside = ~inside_buildings(at, buildings)
    return owner[outside], xy[outside]


def _grid(shape: Any) -> Floats:
    inner = shapely.get_coordinates(shapely.point_on_surface(shape))
    west, south, east, north = shape.bounds
    steps = [max(1, int(np.ceil(side / VIEWPOINT_SPACING_M))) for side in (east - west, north - south)]
    if steps == [1, 1]:
        centre = shape.centroid
        return shapely.get_coordinates(centre) if shape.contains(centre) else inner
    while steps[0] * steps[1] > MAX_VIEWPOINTS:
        steps = [max(1, step - 1) for step in steps]
    x = west + (np.arange(steps[0]) + 0.5) * (east - west) / steps[0]
    y = south + (np.arange(steps[1]) + 0.5) * (north - south) / steps[1]
    points = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    kept = points[shapely.contains_xy(shape, points[:, 0], points[:, 1])]
    return kept if len(kept) else inner


def _seats_complete(sites: gpd.GeoDataFrame, estate: Estate, absence: Mapping[str, BaseGeometry] | None) -> Bools:
    """Say of each site whether a complete register of benches covers it and the estate it is walked to from."""
    covered = (absence or {}).get(SEAT)
    if covered is None or not shapely.covers(covered, estate.boundary):
        return np.zeros(len(sites), dtype=bool)
    shapely.prepare(covered)
    known: Bools = shapely.covers(covered, sites.geometry.to_numpy())
    return known


def completeness_of_places(
    objects: gpd.GeoDataFrame, rules: TagRules, lists: tuple[TwoLists, ...]
) -> dict[str, Completeness]:
    """How completely each kind of place is mapped, by two lists or as stated."""
    return completeness_by_kind(lists, rules.stated_mapped_share, Counter(objects["kind"]))


def _near_way(places: gpd.GeoDataFrame, graph: Network, within_m: float) -> Bools:
    edges, tree = graph.stepping
    near = np.zeros(len(places), dtype=bool)
    if len(edges) and len(places):
        near[tree.query(places.geometry.to_numpy(), predicate="dwithin", distance=within_m)[0]] = True
    return near


def covered_share(shapes: Shapes, radius_m: float, extent: Any) -> Floats:
    """Share of the disc around each site that the extract covers."""
    if radius_m <= 0:
        return np.ones(len(shapes))
    discs = shapely.buffer(shapely.centroid(shapes), radius_m)
    # A copy of its own: lenses ask from several threads, and GEOS must not prepare one geometry twice at once.
    extent = shapely.from_wkb(shapely.to_wkb(extent))
    shapely.prepare(extent)
    share = np.ones(len(shapes))
    cut = ~shapely.contains_properly(extent, discs)
    share[cut] = shapely.area(shapely.intersection(discs[cut], extent)) / shapely.area(discs[cut])
    return share


def sites(places: gpd.GeoDataFrame, spaces: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Everything that is measured: places, then meeting spaces."""
    many = spaces
    blank = np.full(len(many), None, dtype=object)
    rooms_ = many.assign(
        level="space",
        space_id=many.index,
        tags=[{} for _ in range(len(many))],
        tag_sources=[{} for _ in range(len(many))],
        ground_id=blank,
    )
    of_space = spaces[["status", "room_id", *meeting_spaces.ROOM_COLUMNS]].drop(
        columns=["ground", "ground_name", "access"]
    )
    points = places.join(of_space, on="space_id").assign(level="place", kinds=places["kind"], place_count=1)
    if not len(rooms_):
        return points
    return gpd.GeoDataFrame(pd.concat([points, rooms_[points.columns]]), geometry="geometry", crs=places.crs)


def position_of(estate: Estate) -> Position:
    """Latitude and longitude (WGS 84) of the middle of an estate, whose sun and holidays count in opening hours."""
    middle = estate.boundary.centroid
    lon, lat = Transformer.from_crs(estate.crs, WGS84, always_xy=True).transform(middle.x, middle.y)
    return round(lat, 2), round(lon, 2)


def home_groups(dwellings: gpd.GeoDataFrame, department: Ints | None, paths: gpd.GeoDataFrame) -> Ints:
    """Number of the group of neighbours of each door: its department, else its block between streets, else its house.

    It hangs on the ground alone, never on the estate's line or on how many live there.
    """
    doors = dwellings.geometry.to_numpy()
    streets = paths.geometry.to_numpy()[_carries_cars(paths)]
    blocks = shapely.get_parts(shapely.polygonize(streets)) if len(streets) else streets
    labels = np.array([f"house {name}" for name in dwellings["building"].astype(str)], dtype=object)
    if len(blocks) and len(doors):
        block, door = shapely.STRtree(doors).query(blocks, predicate="contains")
        labels[door] = [f"block {number}" for number in block]
    if department is not None:
        known = department >= 0
        labels[known] = [f"department {number}" for number in department[known]]
    number: Ints = np.unique(labels.astype(str), return_inverse=True)[1].astype(np.int64)
    return number


def _carries_cars(paths: gpd.GeoDataFrame) -> Bools:
    return np.isin(paths["way_class"].to_numpy(dtype=object).astype(str), ("street", "major"))
