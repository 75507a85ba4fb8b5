"""What terrain and surface models add to a run, and how fast sky view factors are. Ratios first.

    python -m tests.benchmarks.surface

The demo estate has no published model, so one is made: level ground, its buildings three metres a
level (five where not tagged), its trees, and as many more as make 20 a hectare. Whole processes,
medians, against a plain run in the same minutes; sky view against UMEP's definition (tests/umep.py)
and, where it is installed, the Relief Visualization Toolbox (rvt-py, another definition).
"""

from __future__ import annotations

import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import shapely
from rasterio.features import rasterize
from rasterio.transform import from_origin

import spatial
from spatial.core.model import Raster
from spatial.layers import canonical
from spatial.osm import reader as osm_reader
from spatial.settings import tags as settings_tags
from spatial.terrain import sky_and_sun
from tests import umep
from tests.benchmarks import processes, whole_run

GROUND_M, LEVEL_M, LEVELS, TREE_M, CROWN_M, TREES_PER_HA = 20.0, 3.0, 5.0, 9.0, 4.0, 20
SKY_POINTS = 5_000


def heights(box: tuple[int, int, int, int]) -> np.ndarray:
    """Surface of the demo in a box (west, south, east, north) at one metre."""
    estate = spatial.Estate.from_file(whole_run.DEMO[1])
    rules, raw = settings_tags.tag_rules(), osm_reader.read_around(whole_run.DEMO[0], estate)
    buildings = canonical.canonical_layers(raw, rules, estate.crs).buildings
    west, south, east, north = box
    shape, turn = (north - south, east - west), from_origin(west, north, 1, 1)
    tall = np.where(np.isnan(buildings["levels"]), LEVELS, buildings["levels"]) * LEVEL_M
    roofs = sorted(zip(buildings.geometry, tall, strict=True), key=lambda one: one[1])
    trees = [g for g, tags in zip(raw.points.geometry, raw.points.tags, strict=True) if tags.get("natural") == "tree"]
    count = shape[0] * shape[1] * TREES_PER_HA // 10_000
    trees += list(shapely.points(np.random.default_rng(1).uniform([west, south], [east, north], (count, 2))))
    burn = {"out_shape": shape, "transform": turn, "dtype": "float32"}
    crowns = rasterize([(tree.buffer(CROWN_M), TREE_M) for tree in trees], **burn)
    houses = rasterize(roofs, **burn)
    return GROUND_M + np.where(houses > 0, houses, crowns)


def write(path: Path, values: np.ndarray, box: tuple[int, int, int, int]) -> Path:
    """Write heights as models are delivered: tiled and compressed."""
    estate = spatial.Estate.from_file(whole_run.DEMO[1])
    profile = {"driver": "GTiff", "count": 1, "dtype": "float32", "tiled": True, "compress": "deflate"}
    size = {"width": values.shape[1], "height": values.shape[0], "transform": from_origin(box[0], box[3], 1, 1)}
    with rasterio.open(path, "w", crs=estate.crs.to_wkt(), **profile, **size) as file:
        file.write(values.astype(np.float32), 1)
    return path


def boxes() -> dict[str, tuple[int, int, int, int]]:
    """One square kilometre around the estate's middle; all that the surface is asked for; the reach."""
    estate = spatial.Estate.from_file(whole_run.DEMO[1])
    x, y = (round(at) for at in estate.boundary.centroid.coords[0])

    def around(area: Any) -> tuple[int, int, int, int]:
        west, south, east, north = (round(at) for at in area.bounds)
        return west - 5, south - 5, east + 5, north + 5

    return {
        "1 km²": (x - 500, y - 500, x + 500, y + 500),
        "asked": around(estate.study_area.buffer(surface_beyond())),
        "reach": around(estate.context_area),
    }


def surface_beyond() -> float:
    """How far beyond the study area the surface is read."""
    from spatial.sources.rasters import SURFACE_BEYOND_M

    return SURFACE_BEYOND_M


def runs() -> list[dict[str, object]]:
    """Plain run, and the same with models."""
    with tempfile.TemporaryDirectory() as name:
        folder, at = Path(name), boxes()
        one = write(folder / "one.tif", heights(at["1 km²"]), at["1 km²"])
        whole = write(folder / "whole.tif", heights(at["asked"]), at["asked"])
        west, south, east, north = at["reach"]
        ground = write(folder / "ground.tif", np.full((north - south, east - west), GROUND_M), at["reach"])
        command = whole_run._ours(*whole_run.DEMO, folder / "out")
        ways = {
            "plain": [],
            "with 1 km² of surface": ["--surface", str(one)],
            f"with all the surface it asks for, {_km2(at['asked'])}": ["--surface", str(whole)],
            f"with terrain of its reach, {_km2(at['reach'])}": ["--terrain", str(ground)],
            "with both": ["--surface", str(whole), "--terrain", str(ground)],
        }
        rows: list[dict[str, object]] = []
        base = None
        for way, more in ways.items():
            processes.run([*command, *more])
            found = processes.median([*command, *more])
            base = base or found
            ratio, added_s = processes.times(found.wall_s / base.wall_s), f"{found.wall_s - base.wall_s:.2f}"
            rows.append({"run on the demo": way, "time": ratio, "adds_s": added_s})
    return rows


def _km2(box: tuple[int, int, int, int]) -> str:
    return f"{(box[2] - box[0]) * (box[3] - box[1]) / 1e6:.1f} km²"


def skies() -> list[dict[str, object]]:
    """Sky view factors per second: ours at points, others over the whole raster."""
    box = boxes()["1 km²"]
    values = heights(box)
    grid = Raster(
        values.astype(np.float32), box[0], box[3], 1.0, spatial.Estate.from_file(whole_run.DEMO[1]).crs, 1.0, ()
    )
    skyline = sky_and_sun.skyline(grid, None, np.empty(0, dtype=object))
    points = np.random.default_rng(2).uniform([box[0], box[1]], [box[2], box[3]], (SKY_POINTS, 2))
    sky_and_sun.sky_view(points[:10], skyline)
    rates = {
        "ours, 72 directions to 200 m, trees": SKY_POINTS / _seconds(lambda: sky_and_sun.sky_view(points, skyline))
    }
    part = values[:250, :250]
    none = np.zeros_like(part)
    rates["UMEP's definition in NumPy, 145 patches"] = part.size / _seconds(
        lambda: umep.sky_view(part, none, transmitted=0.03)
    )
    if find_spec("rvt"):
        from rvt.vis import sky_view_factor

        rates["rvt-py, 16 directions to 100 m, solid angle"] = part.size / _seconds(
            lambda: sky_view_factor(part, 1.0, svf_n_dir=16, svf_r_max=100)
        )
    first = next(iter(rates.values()))
    return [
        {"sky view factors": way, "ours is faster by": processes.times(first / rate), "per second": f"{rate:,.0f}"}
        for way, rate in rates.items()
    ]


def _seconds(work: Any) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    """Print both tables."""
    print(processes.table(runs()), flush=True)
    print(f"\n{processes.table(skies())}")


if __name__ == "__main__":
    sys.exit(main())
