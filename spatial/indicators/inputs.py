"""The tables that indicators name, made once from the canonical layers. Pure.

An indicator asks for a table by the name of its parameter; here is what each name means.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.core.incremental import AFRESH, Steps
from spatial.core.model import WALK_LIMIT_M, Estate, Raster
from spatial.indicators.dwellings import decayed
from spatial.layers.buildings import inside_buildings
from spatial.layers.schema import CanonicalLayers
from spatial.network import attachment, distances
from spatial.network import graph as network_graph
from spatial.network.attachment import Meeting
from spatial.network.catchments import straight_m
from spatial.places import detection, meeting_spaces
from spatial.settings.tags import TagRules
from spatial.terrain import elevation, sky_and_sun
from spatial.visibility.isovists import Occluders, in_sight

FLOW_LIMIT_M = 800.0
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
# Tables that a run without a model does not have: the model that gives them, and what else is used.
MODELS_OF = {
    **dict.fromkeys(("terrain", "slopes", "climbs"), ("terrain",)),
    **dict.fromkeys(("surface", "sun"), ("surface",)),
    "skyline": ("surface", "terrain"),
}
# The canonical layers that each table is made of, by its name; a table that is not here is made of none.
MADE_OF = {
    "solid": ("buildings",),
    "blockers": ("buildings", "barriers"),
    "view": ("buildings", "barriers"),
    "viewpoints": ("buildings",),
    "network": ("paths",),
    "entries": ("paths",),
    "near_way": ("paths",),
    "doors": ("paths", "dwellings"),
    "walks": ("paths", "dwellings"),
    "straight_m": ("dwellings",),
    "decay_sample": ("paths", "dwellings"),
    "flows": ("paths", "dwellings", "destinations"),
    "stop_entries": ("paths", "stops"),
    "stop_walk_m": ("paths", "stops"),
    "help_walk_m": ("paths", "context"),
    "department_of": ("departments", "dwellings"),
    "seats": ("place_objects",),
    "activities": ("place_objects",),
    "seats_complete": (),
    "estate": (),
    "kinds": (),
    "members": (),
    "member_kinds": (),
}

# Tables that come from a municipal layer.
LAYER_OF = {"department_of": ("layer",)}
# Where one asks for help: kinds of context.
HELP = ("library", "culture_house", "community_centre", "social_facility")


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
) -> dict[str, Any]:
    """Make every table that indicators may name.

    Parameters
    ----------
    layers
        Canonical layers.
    sites
        Places, and after them the meeting spaces of more than one place; columns ``level``,
        ``space_id``, ``kind`` and geometry.
    absence
        Where a register is complete, by kind of place; see ``spatial.layers.conflation.absence``.
    terrain
        Heights of the ground; None where the run has none.
    surface
        Heights of ground, houses and trees; None where the run has none.
    step
        How steps are taken; see ``spatial.core.incremental``.

    Returns
    -------
    dict
        The canonical layers, and: ``estate``; ``kinds`` (tag rules); ``network``; ``entries`` and
        ``doors`` (attachments of sites and dwellings); ``walks`` (approaches of sites × dwellings);
        ``flows`` (trips by edge); ``stop_entries``, ``stop_walk_m``, ``help_walk_m``; ``department_of`` (number
        of the department by dwelling, None without a layer); ``decay_sample``; ``straight_m`` (straight
        lines, sites × the estate's doors); ``blockers`` (buildings and closed barriers), ``view``
        (what blocks sight); ``viewpoints`` (owner, xy); ``seats`` and ``activities``;
        ``near_way`` (by place); ``solid`` (outlines of solid buildings); ``seats_complete`` (by site: what seats
        there are is known); ``members`` and ``member_kinds``. With a terrain model, else None:
        ``terrain``; ``slopes`` (steepness by edge); ``climbs`` (steepest stretch of each walk, and
        whether its whole slope is known). With a surface model, else None: ``surface``; ``skyline``
        (ground, roofs and crowns); ``sun`` (its path at the equinox).
    """
    dwellings = step(_with_inside, layers.dwellings, estate)
    given = {**layers.by_name(), "dwellings": dwellings, "estate": estate, "kinds": rules}
    seen = _sights(given, sites, step)
    walked = _walks(given | seen, sites, step)
    places = step(_places, sites)
    return {
        **given,
        **seen,
        **walked,
        **_heights(given | seen | walked, terrain, surface, step),
        "department_of": step(department_of, layers.departments, dwellings),
        "seats_complete": step(_seats_complete, sites, estate, absence),
        "near_way": step(_near_way, places, walked["network"], rules.access["path_side_m"]),
        "members": step(_members, places),
        "member_kinds": step(_kinds, places),
    }


def _sights(given: Mapping[str, Any], sites: gpd.GeoDataFrame, step: Steps) -> dict[str, Any]:
    """What closes the way and the view, from where one looks, and what there is to sit on and to watch."""
    buildings, barriers, objects = given["buildings"], given["barriers"], given["place_objects"]
    solid, blockers, view = step(_walls, buildings, barriers)
    seats, activities = step(_outdoors, objects, buildings, given["kinds"], given["estate"])
    return {
        "solid": solid,
        "blockers": blockers,
        "view": view,
        "viewpoints": step(viewpoints, sites, buildings),
        "seats": seats,
        "activities": activities,
    }


def _walks(given: Mapping[str, Any], sites: gpd.GeoDataFrame, step: Steps) -> dict[str, Any]:
    """The network, where sites, dwellings and stops meet it, and the walks between them."""
    dwellings, estate, seats, buildings = (given[name] for name in ("dwellings", "estate", "seats", "buildings"))
    graph = step(network_graph.build_network, given["paths"], given["path_nodes"], given["lamps"])
    # All that the length of a walk hangs on.
    lengths = step(network_graph.without_tags, graph)
    met = Meeting(graph, step)
    obstacles = step(_obstacles, given["solid"], given["barriers"], given["blockers"])
    shapes = step(_shapes, sites, key="sites")
    points = step(_shapes, dwellings, key="dwellings")
    inside = step(inside_buildings, points, buildings)
    entries = met(shapes, key="entries", obstacles=obstacles)
    doors = met(points, key="doors", obstacles=obstacles, inside=inside, within_m=DOOR_WITHIN_M, always=True)
    stops = met(step(_shapes, given["stops"], key="stops"), key="stops")
    helping = met(step(_help, given["context"]), key="help")
    goals = met(step(_centres, given["destinations"]), key="goals")
    return {
        "network": graph,
        "entries": entries,
        "doors": doors,
        "walks": step(_approaches, graph, entries, doors, seats),
        "flows": step(_flows, lengths, doors, dwellings, goals, estate),
        "stop_entries": stops,
        "stop_walk_m": step(_nearest_m, lengths, entries, stops, key="stops"),
        "help_walk_m": step(_nearest_m, lengths, entries, helping, key="help"),
        "straight_m": step(_straight_m, shapes, dwellings),
        "decay_sample": step(_decay_sample, lengths, doors, dwellings, estate),
    }


def _approaches(
    graph: network_graph.Network,
    entries: attachment.Attachments,
    doors: attachment.Attachments,
    seats: gpd.GeoDataFrame,
) -> distances.Approaches:
    return distances.approaches(graph, entries, doors, limit_m=WALK_LIMIT_M, seats=seats.geometry.to_numpy())


def _heights(given: Mapping[str, Any], terrain: Raster | None, surface: Raster | None, step: Steps) -> dict[str, Any]:
    """What a terrain and a surface model give; None where the run has none."""
    graph, paths = given["network"], given["paths"]
    slopes = terrain and step(_slopes, graph, paths, terrain)
    return {
        "terrain": terrain,
        "slopes": slopes,
        "climbs": slopes and step(_climbs, graph, given["entries"], given["doors"], slopes),
        "surface": surface,
        "skyline": surface and step(sky_and_sun.skyline, surface, terrain, given["solid"]),
        "sun": surface and step(sky_and_sun.sun_path, given["estate"]),
    }


def _slopes(graph: network_graph.Network, paths: gpd.GeoDataFrame, terrain: Raster) -> network_graph.Slopes:
    return elevation.slopes(graph, paths[paths["allowed"]], terrain)


def _climbs(
    graph: network_graph.Network,
    entries: attachment.Attachments,
    doors: attachment.Attachments,
    slopes: network_graph.Slopes,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]:
    return distances.climbs(graph, entries, doors, slopes, limit_m=WALK_LIMIT_M)


def _places(sites: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return sites[sites["level"] == "place"]


def _members(places: gpd.GeoDataFrame) -> Mapping[str, npt.NDArray[np.int64]]:
    return meeting_spaces.members_by_space(places, places["space_id"])


def _kinds(places: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    kinds: npt.NDArray[np.object_] = places["kind"].to_numpy()
    return kinds


def _walls(
    buildings: gpd.GeoDataFrame, barriers: gpd.GeoDataFrame
) -> tuple[npt.NDArray[np.object_], Occluders, Occluders]:
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


def _obstacles(solid: npt.NDArray[np.object_], barriers: gpd.GeoDataFrame, blockers: Occluders) -> attachment.Obstacles:
    """What one cannot walk through: solid buildings and closed barriers."""
    shapes = np.concatenate([solid, barriers.geometry.to_numpy()])
    return attachment.Obstacles(shapes, partial(in_sight, occluders=blockers))


def _shapes(table: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    shapes: npt.NDArray[np.object_] = table.geometry.to_numpy()
    return shapes


def _nearest_m(
    graph: network_graph.Network, entries: attachment.Attachments, targets: attachment.Attachments
) -> npt.NDArray[np.float64]:
    return distances.nearest_m(graph, entries, targets, limit_m=WALK_LIMIT_M)


def _help(context: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    return _centres(context[context["kind"].isin(HELP)])


def _centres(table: gpd.GeoDataFrame) -> npt.NDArray[np.object_]:
    found: npt.NDArray[np.object_] = shapely.centroid(table.geometry.to_numpy())
    return found


def department_of(departments: gpd.GeoDataFrame, dwellings: gpd.GeoDataFrame) -> npt.NDArray[np.int64] | None:
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
    area = estate.boundary.buffer(DOORSTEP_M)
    shapely.prepare(area)
    return dwellings.assign(inside=shapely.intersects(area, dwellings.geometry.to_numpy()))


def _straight_m(shapes: npt.NDArray[np.object_], dwellings: gpd.GeoDataFrame) -> npt.NDArray[np.float64]:
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
    graph: network_graph.Network,
    doors: attachment.Attachments,
    dwellings: gpd.GeoDataFrame,
    goals: attachment.Attachments,
    estate: Estate,
) -> npt.NDArray[np.float64]:
    """Trips that can touch the study area: from dwellings within a trip's length of it."""
    near = shapely.dwithin(estate.study_area, dwellings.geometry.to_numpy(), FLOW_LIMIT_M)
    weight = np.where(near, dwellings["dwellings"].to_numpy(), 0.0)
    return distances.flow(graph, doors, weight, goals, limit_m=FLOW_LIMIT_M)


def _decay_sample(
    graph: network_graph.Network, doors: attachment.Attachments, dwellings: gpd.GeoDataFrame, estate: Estate
) -> npt.NDArray[np.float64]:
    """Decay-weighted dwellings at nodes of the study area, evenly picked in order of position."""
    nodes = np.flatnonzero(shapely.contains_xy(estate.study_area, graph.xy))
    nodes = nodes[np.lexsort(graph.xy[nodes].T)]
    if not len(nodes):
        return np.empty(0)
    picked = nodes[np.unique(np.linspace(0, len(nodes) - 1, DECAY_SAMPLE).astype(int))]
    walks = distances.approaches(
        graph, attachment.node_targets(graph, picked), doors, limit_m=FLOW_LIMIT_M, detailed=False
    )
    return np.sort(decayed(walks.distance_m, dwellings["dwellings"].to_numpy()))


def viewpoints(
    sites: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
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


def _grid(shape: Any) -> npt.NDArray[np.float64]:
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


def _seats_complete(
    sites: gpd.GeoDataFrame, estate: Estate, absence: Mapping[str, BaseGeometry] | None
) -> npt.NDArray[np.bool_]:
    """Say of each site whether a complete register of benches covers it and the estate it is walked to from."""
    covered = (absence or {}).get(SEAT)
    if covered is None or not shapely.covers(covered, estate.boundary):
        return np.zeros(len(sites), dtype=bool)
    shapely.prepare(covered)
    known: npt.NDArray[np.bool_] = shapely.covers(covered, sites.geometry.to_numpy())
    return known


def _near_way(places: gpd.GeoDataFrame, graph: network_graph.Network, within_m: float) -> npt.NDArray[np.bool_]:
    edges, tree = graph.stepping
    near = np.zeros(len(places), dtype=bool)
    if len(edges) and len(places):
        near[tree.query(places.geometry.to_numpy(), predicate="dwithin", distance=within_m)[0]] = True
    return near


def covered_share(sites: gpd.GeoDataFrame, radius_m: float, extent: Any) -> npt.NDArray[np.float64]:
    """Share of the disc around each site that the extract covers."""
    if radius_m <= 0:
        return np.ones(len(sites))
    discs = shapely.buffer(shapely.centroid(sites.geometry.to_numpy()), radius_m)
    # A copy of its own: lenses ask from several threads, and GEOS must not prepare one geometry twice at once.
    extent = shapely.from_wkb(shapely.to_wkb(extent))
    shapely.prepare(extent)
    share = np.ones(len(sites))
    cut = ~shapely.contains_properly(extent, discs)
    share[cut] = shapely.area(shapely.intersection(discs[cut], extent)) / shapely.area(discs[cut])
    return share


def sites(places: gpd.GeoDataFrame, spaces: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Everything that is measured: places, then the meeting spaces of more than one place."""
    many = spaces[spaces["place_count"] > 1]
    blank = np.full(len(many), None, dtype=object)
    rooms_ = many.assign(
        level="space",
        space_id=many.index,
        tags=[{} for _ in range(len(many))],
        tag_sources=[{} for _ in range(len(many))],
        ground=blank,
        ground_id=blank,
        ground_name=blank,
    )
    points = places.assign(level="place", kinds=places["kind"], place_count=1)
    if not len(rooms_):
        return points
    return gpd.GeoDataFrame(pd.concat([points, rooms_[points.columns]]), geometry="geometry", crs=places.crs)
