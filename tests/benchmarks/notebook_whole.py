"""The notebook way of the same work: what `run` measures and writes, as far as an analyst would take it.

    python -m tests.benchmarks.notebook_whole EXTRACT.osm BOUNDARY.geojson OUTDIR

`notebook.py` goes on where it stops: the walks through seven lenses, by the best and the worst case where a tag is
missing, with what lies on the way; the trips over every edge; who can see a place and what can be seen from it;
scores with intervals and rank ranges; and the files: tables, GeoPackage, map, a sheet to print, a report. It finds no
meeting spaces and explains nothing. Written in plain networkx, shapely, pandas and matplotlib, one place at a time,
and compared with what `run` finds by `whole_run.py`. The last line is JSON, as of `notebook.py`.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import geopandas as gpd
import matplotlib as mpl
import networkx as nx
import numpy as np
import osmnx as ox
import pandas as pd
import shapely

from tests.benchmarks import notebook as plain

mpl.use("Agg")
import itertools

import matplotlib.pyplot as plt

IMPORTED = time.perf_counter()

# Speed in m/s, and what a metre of such a way counts as (None: it is not taken), from defaults/lenses.toml.
LENSES: dict[str, tuple[float, dict[str, float | None]]] = {
    "adult": (1.33, {}),
    "child": (1.0, {}),
    "older": (0.9, {"steps": 2.0, "loose": 1.2}),
    "rollator": (0.76, {"steps": None, "loose": 1.5}),
    "wheelchair": (0.79, {"steps": None, "loose": None}),
    "dark": (1.33, {"unlit": 2.0}),
    "ice": (1.0, {"steps": 3.0, "loose": 1.5}),
}
ADULT_MPS, FIVE_MINUTES_M, DECAY_M, TRIP_M = 1.33, 400.0, 100.0, 800.0
FIRM = {"asphalt", "paved", "concrete", "paving_stones", "concrete:plates"}
MAJOR = {"primary", "secondary", "tertiary", "trunk"}
NEAR_SIGHT_M, FACADE_STEP_M, FACADE_M = 25.0, 5.0, 50.0
SCHOOLS = ("school", "kindergarten")
DRAWS, SEED = 1000, 1


def known(tag: Any) -> str | None:
    """A tag of an edge; OSMnx makes a list of those of ways that it joins."""
    value = tag[0] if isinstance(tag, list) else tag
    return value if isinstance(value, str) else None


def weigh(graph: nx.MultiDiGraph) -> None:
    """Give each edge its length under each lens, by the best and the worst case."""
    for _, _, data in graph.edges(data=True):
        surface, lit = known(data.get("surface")), known(data.get("lit"))
        state = {
            "steps": known(data.get("highway")) == "steps",
            "loose": None if surface is None else surface not in FIRM,
            "unlit": None if lit is None else lit == "no",
        }
        for lens, (_, cost) in LENSES.items():
            for case, unknown in (("best", False), ("worst", True)):
                factors = [price for what, price in cost.items() if (unknown if state[what] is None else state[what])]
                barred = any(price is None for price in factors)
                factor = max([1.0, *(price for price in factors if price is not None)])
                data[f"{lens}_{case}"] = np.inf if barred else data["length"] * factor


def on_the_way(graph: nx.MultiDiGraph, path: list[int], benches: set[int]) -> tuple[float, float, float, float]:
    """Share lit, share of steps, longest stretch without a bench, major roads crossed, of a path."""
    length = lit = steps = gap = longest = crossed = 0.0
    for a, b in itertools.pairwise(path):
        data = min(graph.get_edge_data(a, b).values(), key=lambda edge: edge["length"])
        length += data["length"]
        lit += data["length"] * (known(data.get("lit")) == "yes")
        steps += data["length"] * (known(data.get("highway")) == "steps")
        crossed += any(known(edge.get("highway")) in MAJOR for _, _, edge in graph.edges(b, data=True))
        gap = 0.0 if b in benches else gap + data["length"]
        longest = max(longest, gap)
    return lit / max(length, 1e-9), steps / max(length, 1e-9), longest, crossed


def walks(
    places: gpd.GeoDataFrame, doors: pd.Series, stops: set[int], benches: set[int], graph: nx.MultiDiGraph
) -> pd.DataFrame:
    """What a walk finds from each place, through every lens, and what lies on the way of an adult."""
    points = places.centroid
    at_place = ox.nearest_nodes(graph, points.x.to_numpy(), points.y.to_numpy())
    rows = []
    for node, here in zip(at_place, points, strict=True):
        row: dict[str, float] = {}
        for lens, (speed, cost) in LENSES.items():
            for case in ("best", "worst") if cost else ("best",):
                limit_m = plain.REACH_M * speed / ADULT_MPS
                away, paths = nx.single_source_dijkstra(graph, node, cutoff=limit_m, weight=f"{lens}_{case}")
                reached = doors.index.intersection(list(away))
                metres = np.array([away[home] for home in reached]) * ADULT_MPS / speed
                flats = doors[reached].to_numpy()
                row |= {
                    f"dwellings_5min_{lens}_{case}": flats[metres <= FIVE_MINUTES_M].sum(),
                    f"dwellings_decay_{lens}_{case}": (flats * np.exp(-metres / DECAY_M)).sum(),
                    f"nearest_{lens}_{case}": metres.min(initial=np.inf),
                    f"stop_{lens}_{case}": min((away[stop] for stop in stops if stop in away), default=np.inf),
                }
                if lens == "adult":
                    close = [home for home, m in zip(reached, metres, strict=True) if m <= FIVE_MINUTES_M]
                    ways = [on_the_way(graph, paths[home], benches) for home in close]
                    straight = [here.distance(shapely.Point(graph.nodes[h]["x"], graph.nodes[h]["y"])) for h in close]
                    detour = [away[home] / max(m, 1.0) for home, m in zip(close, straight, strict=True)]
                    names = ("lit_share", "steps_share", "rest_gap", "severance")
                    means = np.median(ways, axis=0) if ways else [np.nan] * len(names)
                    row |= dict(zip(names, means, strict=True)) | {"detour": np.median(detour) if detour else np.nan}
        rows.append(row)
    return pd.DataFrame(rows, index=places.index)


def trips(destinations: np.ndarray, doors: pd.Series, graph: nx.MultiDiGraph) -> dict[tuple[int, int], float]:
    """Trips from all dwellings to all destinations near them, over each edge."""
    over: dict[tuple[int, int], float] = {}
    for node in np.unique(destinations):
        away, paths = nx.single_source_dijkstra(graph, node, cutoff=TRIP_M, weight="length")
        for home in doors.index.intersection(list(away)):
            path = paths[home]
            for a, b in itertools.pairwise(path):
                edge = (min(a, b), max(a, b))
                over[edge] = over.get(edge, 0.0) + doors[home]
    return over


def sights(places: gpd.GeoDataFrame, walls: gpd.GeoDataFrame, homes: gpd.GeoDataFrame) -> pd.DataFrame:
    """Areas seen as far as 100 and 25 m, and how many places along façades of homes can see each place."""
    shapes, houses = walls.geometry.to_numpy(), homes.geometry.to_numpy()
    tree, tree_of_homes = shapely.STRtree(shapes), shapely.STRtree(houses)
    turn = np.linspace(0, 2 * np.pi, plain.RAYS, endpoint=False)
    around = np.column_stack([np.cos(turn), np.sin(turn)])
    rows = []
    for point in places.geometry.representative_point():
        middle = np.array([point.x, point.y])
        near = shapes[tree.query(point.buffer(plain.SIGHT_M), predicate="intersects")]
        near = near[~shapely.contains(near, point)]
        closed = shapely.union_all(near)
        ends = middle + plain.SIGHT_M * around
        rays = shapely.linestrings(np.stack([np.broadcast_to(middle, ends.shape), ends], axis=1))
        length = np.nan_to_num(shapely.distance(point, shapely.intersection(rays, closed)), nan=plain.SIGHT_M)
        windows = 0
        for house in houses[tree_of_homes.query(point.buffer(FACADE_M), predicate="intersects")]:
            wall = house.exterior if house.geom_type == "Polygon" else house.convex_hull.exterior
            at = wall.interpolate(np.arange(0.0, wall.length, FACADE_STEP_M))
            at = at[shapely.distance(at, point) <= FACADE_M]
            short = middle + (shapely.get_coordinates(at) - middle) * 0.99  # so that the wall itself is not in the way
            views = shapely.linestrings(np.stack([np.broadcast_to(middle, short.shape), short], axis=1))
            windows += int((~shapely.intersects(views, closed)).sum())
        rows.append(
            {
                "visible_m2": shapely.Polygon(middle + length[:, None] * around).area,
                "visible_25_m2": shapely.Polygon(middle + np.minimum(length, NEAR_SIGHT_M)[:, None] * around).area,
                "windows": windows,
            }
        )
    return pd.DataFrame(rows, index=places.index)


def scores(table: pd.DataFrame) -> pd.DataFrame:
    """A score by lens with its bounds, and ranges of rank over draws of weights."""
    found, draws = pd.DataFrame(index=table.index), np.random.default_rng(SEED)
    shared = [table[name].rank(pct=True) for name in ("visible_m2", "visible_25_m2", "windows", "trips")]
    shared += [1 - table[name].rank(pct=True) for name in ("detour", "rest_gap", "severance", "steps_share")]
    for lens in LENSES:
        by_case = []
        for case in ("best", "worst"):
            kind = case if f"nearest_{lens}_{case}" in table else "best"
            more = [table[f"{name}_{lens}_{kind}"].rank(pct=True) for name in ("dwellings_5min", "dwellings_decay")]
            less = [1 - table[f"{name}_{lens}_{kind}"].rank(pct=True) for name in ("nearest", "stop")]
            by_case.append(np.column_stack([*shared, *more, *less]))
        values = np.nan_to_num((by_case[0] + by_case[1]) / 2)
        weights = draws.dirichlet(np.ones(values.shape[1]), DRAWS)
        ranks = np.argsort(np.argsort(-(values @ weights.T), axis=0), axis=0) + 1
        found[f"{lens}"] = values.mean(axis=1)
        found[f"{lens}_low"], found[f"{lens}_high"] = (np.nan_to_num(part).mean(axis=1) for part in by_case[::-1])
        found[f"{lens}_rank_low"], found[f"{lens}_rank_high"] = np.quantile(ranks, [0.05, 0.95], axis=1)
    return found


def write(
    out: Path,
    places: gpd.GeoDataFrame,
    buildings: gpd.GeoDataFrame,
    ways: gpd.GeoDataFrame,
    boundary: gpd.GeoSeries,
) -> None:
    """Tables, GeoPackage, a sheet to print and a report."""
    numbers = places.drop(columns="geometry")
    numbers.to_csv(out / "scores.csv")
    numbers.reset_index().to_parquet(out / "evidence.parquet")
    flat = places.reset_index()
    for name, table in {"places": flat, "buildings": buildings[["geometry"]], "paths": ways}.items():
        table.reset_index(drop=True).to_file(out / "places.gpkg", layer=name, driver="GPKG")
    figure, axes = plt.subplots(figsize=(11.7, 8.3))
    buildings.plot(ax=axes, color="#d8d4cc")
    ways.plot(ax=axes, color="#ffffff", linewidth=0.6)
    boundary.boundary.plot(ax=axes, color="#444444")
    places.plot(ax=axes, column="adult", cmap="viridis", markersize=12, legend=True)
    west, south, east, north = boundary.buffer(plain.MARGIN_M).total_bounds
    axes.set(xlim=(west, east), ylim=(south, north), aspect="equal")
    figure.savefig(out / "sitemap.pdf")
    figure.savefig(out / "sitemap.png", dpi=150)
    plt.close(figure)
    best = numbers.sort_values("adult", ascending=False).head(20)
    (out / "report.html").write_text(f"<h1>Places</h1>{best.to_html()}{numbers[list(LENSES)].describe().to_html()}")


def main(extract: Path, boundary_file: Path, out: Path) -> None:
    """Do the job and say how long each stage took."""
    seconds = {"imports": IMPORTED - plain.BEGAN}
    mark = time.perf_counter()

    def lap(stage: str) -> None:
        nonlocal mark
        seconds[stage], mark = time.perf_counter() - mark, time.perf_counter()

    boundary = gpd.read_file(boundary_file).geometry
    boundary = boundary.to_crs(boundary.estimate_utm_crs())
    context = boundary.buffer(plain.MARGIN_M + plain.REACH_M).to_crs(4326).iloc[0]
    tags: dict[str, Any] = {"building": True, "barrier": plain.BARRIERS, **plain.PLACES, "shop": True}
    tags |= {"amenity": [*plain.PLACES["amenity"], *SCHOOLS], "highway": "bus_stop"}
    features = ox.features_from_xml(extract, polygon=context, tags=tags).to_crs(boundary.crs)
    lap("features")
    ox.settings.useful_tags_way = [*ox.settings.useful_tags_way, "surface", "lit"]
    graph = ox.project_graph(plain.streets(extract), to_crs=boundary.crs)
    weigh(graph)
    lap("graph")
    buildings = features[features["building"].notna()]
    buildings = buildings[buildings.geom_type.isin(["Polygon", "MultiPolygon"])]
    barriers = features[features["barrier"].notna()] if "barrier" in features else features[:0]
    places = features[plain.is_place(features) & features.intersects(boundary.buffer(plain.MARGIN_M).iloc[0])]
    homes = buildings[buildings["building"].isin(plain.HOMES)]

    def nodes_of(table: gpd.GeoDataFrame) -> np.ndarray:
        middles = table.centroid
        return np.asarray(ox.nearest_nodes(graph, middles.x.to_numpy(), middles.y.to_numpy()))

    doors = pd.Series(plain.dwelling_counts(homes)).groupby(nodes_of(homes)).sum()
    features = features.reindex(columns=[*features, *({"shop", "amenity", "highway"} - set(features))])
    stops, benches = features[features["highway"] == "bus_stop"], features[features["amenity"] == "bench"]
    goals = features[features["shop"].notna() | features["amenity"].isin(SCHOOLS) | (features["highway"] == "bus_stop")]
    table = walks(places, doors, set(nodes_of(stops)), set(nodes_of(benches)), graph)
    lap("walks")
    over = trips(np.concatenate([nodes_of(goals), nodes_of(places)]), doors, graph)
    busiest = {a: max((over.get((min(a, b), max(a, b)), 0.0) for b in graph[a]), default=0.0) for a in graph}
    table["trips"] = [busiest[node] for node in nodes_of(places)]
    lap("trips")
    table = table.join(sights(places, pd.concat([buildings[["geometry"]], barriers[["geometry"]]]), homes))
    lap("visible areas")
    table = table.join(scores(table))
    lap("scores")
    out.mkdir(parents=True, exist_ok=True)
    found = places[["geometry"]].join(table)
    shown = found.assign(dwellings=found["dwellings_5min_adult_best"], nearest_m=found["nearest_adult_best"])
    plain.draw(out / "map.html", buildings, graph, shown)
    lap("map")
    write(out, found, buildings, ox.graph_to_gdfs(graph, nodes=False)[["geometry"]], boundary)
    lap("files")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    counts = {"places": len(places), "buildings": len(buildings), "edges": len(graph.edges)}
    page_mb = (out / "map.html").stat().st_size / 1e6
    print(json.dumps({"seconds": seconds, "peak_mb": peak, "counts": counts, "page_mb": page_mb}))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
