"""The plain notebook way: what a competent analyst would write in an afternoon.

    python -m tests.benchmarks.notebook EXTRACT.osm BOUNDARY.geojson OUTDIR

OSMnx reads buildings, places, barriers and the walking network (`EXTRACT.walk.osm` beside the
extract, see `extracts.py`); networkx finds the dwellings within a walk of each place; shapely casts
rays for what is seen from it; folium draws the map. It measures much less than the program does:
no rubric, no intervals, no meeting spaces, no evidence. The last line is JSON with seconds per
stage, peak memory and counts.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

BEGAN = time.perf_counter()

import folium  # noqa: E402
import geopandas as gpd  # noqa: E402
import networkx as nx  # noqa: E402
import numpy as np  # noqa: E402
import osmnx as ox  # noqa: E402
import pandas as pd  # noqa: E402
import shapely  # noqa: E402

IMPORTED = time.perf_counter()

MARGIN_M, REACH_M = 250, 1600
RAYS, SIGHT_M = 180, 100
DWELLING_FLOOR_M2 = 100
PLACES = {
    "leisure": [
        *("playground", "pitch", "park", "dog_park", "fitness_station", "picnic_table", "common"),
        *("garden", "firepit"),
    ],
    "amenity": ["bench", "bbq", "shelter", "drinking_water", "public_bookcase", "give_box"],
    "place": ["square"],
    "tourism": ["picnic_site"],
    "landuse": ["village_green", "recreation_ground"],
}
BARRIERS = ["wall", "hedge", "fence", "retaining_wall"]
HOMES = ["apartments", "residential", "house", "detached", "terrace", "semidetached_house", "yes"]


def streets(extract: Path) -> nx.MultiDiGraph:
    """The walking network of the extract."""
    walk = extract.with_suffix(".walk.osm")
    return ox.graph_from_xml(walk, bidirectional=True, simplify=True, retain_all=True)


def is_place(features: gpd.GeoDataFrame) -> pd.Series:
    """Which features are places."""
    found = pd.Series(False, index=features.index)
    for key, values in PLACES.items():
        if key in features:
            found |= features[key].isin(values)
    return found


def dwelling_counts(homes: gpd.GeoDataFrame) -> np.ndarray:
    """Flats in each building, from its footprint and storeys."""
    levels = homes.get("building:levels", pd.Series(index=homes.index, dtype=object))
    storeys = pd.to_numeric(levels, errors="coerce").fillna(3).to_numpy()
    return np.maximum(1, homes.area.to_numpy() * storeys // DWELLING_FLOOR_M2)


def walk_measures(places: gpd.GeoDataFrame, homes: gpd.GeoDataFrame, graph: nx.MultiDiGraph) -> pd.DataFrame:
    """Dwellings within reach of each place, and the walk to the nearest."""
    points, doors = places.centroid, homes.centroid
    at_place = ox.nearest_nodes(graph, points.x.to_numpy(), points.y.to_numpy())
    at_home = ox.nearest_nodes(graph, doors.x.to_numpy(), doors.y.to_numpy())
    flats = pd.Series(dwelling_counts(homes)).groupby(np.asarray(at_home)).sum()
    rows = []
    for node in at_place:
        away = nx.single_source_dijkstra_path_length(graph, node, cutoff=REACH_M, weight="length")
        reached = flats.index.intersection(list(away))
        nearest = min((away[home] for home in reached), default=np.nan)
        rows.append((flats[reached].sum(), nearest))
    return pd.DataFrame(rows, index=places.index, columns=["dwellings", "nearest_m"])


def visible_areas(places: gpd.GeoDataFrame, walls: gpd.GeoDataFrame) -> pd.Series:
    """Area seen from the middle of each place, by rays cut at the nearest wall."""
    shapes = walls.geometry.to_numpy()
    tree = shapely.STRtree(shapes)
    turn = np.linspace(0, 2 * np.pi, RAYS, endpoint=False)
    around = np.column_stack([np.cos(turn), np.sin(turn)])
    areas = []
    for point in places.geometry.representative_point():
        middle = np.array([point.x, point.y])
        near = shapes[tree.query(point.buffer(SIGHT_M), predicate="intersects")]
        near = near[~shapely.contains(near, point)]
        ends = middle + SIGHT_M * around
        rays = shapely.linestrings(np.stack([np.broadcast_to(middle, ends.shape), ends], axis=1))
        hits = shapely.intersection(rays, shapely.union_all(near))
        length = np.nan_to_num(shapely.distance(point, hits), nan=SIGHT_M)
        areas.append(shapely.Polygon(middle + length[:, None] * around).area)
    return pd.Series(areas, index=places.index)


def draw(target: Path, buildings: gpd.GeoDataFrame, graph: nx.MultiDiGraph, places: gpd.GeoDataFrame) -> None:
    """Buildings, ways and places on one page."""
    ways = ox.graph_to_gdfs(graph, nodes=False)[["geometry"]].to_crs(4326)
    houses, shown = buildings[["geometry"]].to_crs(4326), places.to_crs(4326)
    middle = shown.union_all().centroid
    page = folium.Map(location=[middle.y, middle.x], zoom_start=16, prefer_canvas=True)
    folium.GeoJson(houses, name="buildings").add_to(page)
    folium.GeoJson(ways, name="ways").add_to(page)
    columns = ["dwellings", "nearest_m", "visible_m2"]
    tooltip = folium.GeoJsonTooltip(columns)
    folium.GeoJson(shown[[*columns, "geometry"]], name="places", tooltip=tooltip).add_to(page)
    folium.LayerControl().add_to(page)
    page.save(target)


def main(extract: Path, boundary_file: Path, out: Path) -> None:
    """Do the job and say how long each stage took."""
    seconds = {"imports": IMPORTED - BEGAN}
    mark = time.perf_counter()

    def lap(stage: str) -> None:
        nonlocal mark
        seconds[stage], mark = time.perf_counter() - mark, time.perf_counter()

    boundary = gpd.read_file(boundary_file).geometry
    boundary = boundary.to_crs(boundary.estimate_utm_crs())
    context = boundary.buffer(MARGIN_M + REACH_M).to_crs(4326).iloc[0]
    tags = {"building": True, "barrier": BARRIERS, **PLACES}
    features = ox.features_from_xml(extract, polygon=context, tags=tags).to_crs(boundary.crs)
    lap("features")
    graph = ox.project_graph(streets(extract), to_crs=boundary.crs)
    lap("graph")
    buildings = features[features["building"].notna()]
    buildings = buildings[buildings.geom_type.isin(["Polygon", "MultiPolygon"])]
    barriers = features[features["barrier"].notna()] if "barrier" in features else features[:0]
    places = features[is_place(features) & features.intersects(boundary.buffer(MARGIN_M).iloc[0])]
    homes = buildings[buildings["building"].isin(HOMES)]
    places = places.join(walk_measures(places, homes, graph))
    lap("walks")
    walls = pd.concat([buildings[["geometry"]], barriers[["geometry"]]])
    places = places.assign(visible_m2=visible_areas(places, walls))
    lap("visible areas")
    out.mkdir(parents=True, exist_ok=True)
    places[["dwellings", "nearest_m", "visible_m2"]].to_csv(out / "places.csv")
    draw(out / "map.html", buildings, graph, places)
    lap("map")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    counts = {"places": len(places), "buildings": len(buildings), "edges": len(graph.edges)}
    page_mb = (out / "map.html").stat().st_size / 1e6
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "counts": counts, "page_mb": page_mb}))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
