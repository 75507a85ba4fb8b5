"""Reading one extract: ours, GDAL through pyogrio, OSMnx. Whole processes, medians of three.

    python -m tests.benchmarks.reading [EXTRACT.osm.pbf]

Each way ends with the same thing in memory: buildings, places, barriers and ways as shapely
geometry in metres. What differs in their favour: GDAL keeps no identities of nodes, so that the
network would have to be guessed from coordinates; OSMnx is given an XML file that was cleaned for
it beforehand, and that is not timed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks import processes

DEMO = processes.PROJECT / "data" / "reitbahnviertel.osm.pbf"
KEYS = ("building", "barrier", "highway", "leisure", "amenity", "place", "tourism", "landuse")


def box_of(extract: Path) -> tuple[float, float, float, float]:
    """Box that the header declares."""
    import osmium

    with osmium.io.Reader(str(extract), osmium.osm.NOTHING) as reader:
        box = reader.header().box()
    return box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat


def _metric(box: tuple[float, float, float, float]) -> object:
    from spatial.core.crs import local_metric

    return local_metric((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)


def ours(extract: Path) -> int:
    """The reader of `run`, which keeps every tagged object."""
    from spatial.osm import reader as osm_reader

    raw = osm_reader.read_around(extract, _everything(extract))
    return len(raw.points) + len(raw.lines) + len(raw.areas)


def _everything(extract: Path) -> Any:
    """An estate that is the whole of an extract."""
    import shapely

    from spatial.core.model import Estate

    box, crs = box_of(extract), _metric(box_of(extract))
    west, south, east, north = _to_metres(crs).transform_bounds(*box)
    return Estate("all", "all", shapely.box(west, south, east, north), crs, margin_m=0.0, reach_m=0.0)


def gdal(extract: Path) -> int:
    """GDAL's OSM driver, by Arrow, with the tags that the job needs as its filter."""
    import pyogrio
    import shapely
    from pyproj import Transformer

    box = box_of(extract)
    to_metric = Transformer.from_crs(4326, _metric(box), always_xy=True)
    count = 0
    for layer in ("points", "lines", "multipolygons"):
        columns = set(pyogrio.read_info(extract, layer=layer)["fields"])
        wanted = [f"{key} IS NOT NULL" if key in columns else f"other_tags LIKE '%\"{key}\"=>%'" for key in KEYS]
        about, found = pyogrio.read_arrow(extract, layer=layer, bbox=box, where=" OR ".join(wanted))
        name = about["geometry_name"] or "wkb_geometry"
        shapes = shapely.from_wkb(found[name].to_numpy(zero_copy_only=False), on_invalid="ignore")
        shapely.transform(shapes[shapes != None], to_metric.transform, interleaved=False)  # noqa: E711
        count += len(shapes)
    return count


def osmnx(extract: Path) -> int:
    """OSMnx, from XML: features in one call, and the walking network."""
    import osmnx as ox

    tags = {key: True for key in KEYS if key != "highway"}
    features = ox.features_from_xml(extract, tags=tags)
    features = features.to_crs(features.estimate_utm_crs())
    walk = extract.with_suffix(".walk.osm")
    graph = ox.project_graph(ox.graph_from_xml(walk, bidirectional=True, retain_all=True))
    return len(features) + len(graph.edges)


def one_pass(extract: Path) -> int:
    """The reader of `batch`: the same objects into GeoParquet partitions, and from there in metres."""
    from spatial.osm import partitions

    whole = _everything(extract)
    with tempfile.TemporaryDirectory() as folder:
        raw = partitions.raw_around(partitions.prepare(extract, [whole], Path(folder) / "extract"), whole)
    return len(raw.points) + len(raw.lines) + len(raw.areas)


def _to_metres(crs: object) -> Any:
    """From degrees to metres."""
    from pyproj import Transformer

    return Transformer.from_crs(4326, crs, always_xy=True)


def pyosmium_loop(extract: Path) -> int:
    """The loop that pyosmium's documentation shows: every object in Python, geometry as GeoJSON-like dicts."""
    import osmium
    import shapely
    from shapely.geometry import shape

    to_metric = _to_metres(_metric(box_of(extract)))
    found = []
    objects = osmium.FileProcessor(str(extract)).with_areas().with_filter(osmium.filter.KeyFilter(*KEYS))
    for obj in objects.with_filter(osmium.filter.GeoInterfaceFilter(tags=[])):
        geometry = getattr(obj, "__geo_interface__", None)
        if geometry is not None:
            found.append(shape(geometry["geometry"]))
    shapely.transform(found, to_metric.transform, interleaved=False)
    return len(found)


def pyrosm(extract: Path) -> int:
    """pyrosm: buildings, places and barriers, and the walking network."""
    import warnings

    from pyrosm import OSM

    warnings.simplefilter("ignore")
    found = OSM(str(extract))
    wanted = {key: True for key in KEYS if key != "highway"}
    features = found.get_data_by_custom_criteria(custom_filter=wanted, filter_type="keep")
    streets = found.get_network(network_type="walking")
    metric = _metric(box_of(extract))
    return len(features.to_crs(metric)) + len(streets.to_crs(metric))


def quackosm(extract: Path) -> int:
    """QuackOSM, which works in DuckDB with its spatial extension."""
    import quackosm as qosm

    with tempfile.TemporaryDirectory() as folder:
        wanted = {key: True for key in KEYS}
        table = qosm.convert_pbf_to_geodataframe(extract, tags_filter=wanted, working_directory=folder)
    return len(table.to_crs(_metric(box_of(extract))))


def duckdb(extract: Path) -> int:
    """DuckDB's reader of raw elements, with its spatial extension; elements only, no geometry is put together."""
    import duckdb as db

    database = db.connect()
    database.execute("LOAD spatial")
    wanted = " OR ".join(f"tags['{key}'] IS NOT NULL" for key in KEYS)
    found = database.execute(f"SELECT count(*) FROM ST_ReadOSM('{extract}') WHERE {wanted}").fetchone()
    return int(found[0]) if found else 0


# Peers that stop when they are not installed, or when an extension of theirs would have to be downloaded.
WAYS = {
    "ours": ours,
    "ours, the pass of `batch`": one_pass,
    "GDAL (pyogrio, Arrow)": gdal,
    "pyosmium, the documented loop": pyosmium_loop,
    "pyrosm": pyrosm,
    "QuackOSM": quackosm,
    "DuckDB, elements alone": duckdb,
    "OSMnx": osmnx,
}


def run(extract: Path = DEMO) -> list[dict[str, object]]:
    """One row per way, ratios to ours first."""
    with tempfile.TemporaryDirectory() as folder:
        made = processes.run(processes.python("tests.benchmarks.extracts", extract, folder))
        measured = {}
        for way in WAYS:
            if way == "ours" and importlib.util.find_spec("spatial.sources") is None:
                continue
            given = made.said["path"] if way == "OSMnx" else extract
            command = processes.python("tests.benchmarks.reading", given, "--way", way)
            try:
                measured[way] = processes.median(command)
            except processes.CommandError as failure:
                print(f"reading, {way}: left out: {failure}")
    base = measured.get("ours")
    return [
        {
            "reading": way,
            "time": processes.times(one.wall_s / base.wall_s) if base else "",
            "memory": processes.times(one.peak_mb / base.peak_mb) if base else "",
            "wall_s": f"{one.wall_s:.2f}",
            "peak_mb": f"{one.peak_mb:.0f}",
            "objects": one.said["objects"],
        }
        for way, one in measured.items()
    ]


def main() -> None:
    """Measure, or with ``--way`` be what is measured."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("extract", type=Path, nargs="?", default=DEMO)
    parser.add_argument("--way", choices=WAYS)
    given = parser.parse_args()
    if given.way:
        print(json.dumps({"objects": WAYS[given.way](given.extract)}))
    else:
        print(processes.table(run(given.extract)))


if __name__ == "__main__":
    main()
