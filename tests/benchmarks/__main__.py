"""All benchmarks, as Markdown: `python -m tests.benchmarks [PART...] [EXTRACT.osm.pbf BOUNDARY.geojson]...`.

Parts are reading, whole, page, distances, visibility, surface, and batch, which takes half an hour and is measured
only when it is named; `tests.benchmarks.batch` has parts of its own. Estates given as arguments are measured
besides the two that ship.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import platform
import sys
import tempfile
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from types import ModuleType

from tests.benchmarks import processes, reading, whole_run

PACKAGES = (
    "faellesrum",
    "geopandas",
    "shapely",
    "numba",
    "osmium",
    "pyogrio",
    "osmnx",
    "folium",
    "distributed",
    "scipy",
    "networkx",
    "cityseer",
)


def machine() -> str:
    """Processor, cores, system and Python."""
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        model = next((line.split(":")[1].strip() for line in lines if "model name" in line), model)
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{model}, {os.cpu_count()} cores, {system}"


def versions() -> str:
    """Versions of what is measured, as far as it is installed."""
    installed = {found.name.lower(): found.version for found in metadata.distributions()}
    return ", ".join(f"{name} {installed[name]}" for name in PACKAGES if name in installed)


def parts(arguments: list[str]) -> dict[str, Callable[[], list[dict[str, object]]]]:
    """The tables by name. What measures in this process is imported when it is asked for, and comes last."""
    estates = [whole_run.DEMO, whole_run.HELSINKI, *zip(*[iter(map(Path, arguments))] * 2, strict=True)]

    def of(name: str) -> ModuleType:
        return importlib.import_module(f"tests.benchmarks.{name}")

    def pages() -> list[dict[str, object]]:
        with tempfile.TemporaryDirectory() as folder:
            return of("page").run([of("page").stress(Path(folder))])

    def of_batches() -> list[dict[str, object]]:
        folder = Path(tempfile.gettempdir()) / "faellesrum-benchmarks"
        folder.mkdir(exist_ok=True)
        return [row for part in of("batch").PARTS.values() for row in part(folder)]

    return {
        "reading": reading.run,
        "whole": lambda: [row for extract, boundary in estates for row in whole_run.run(extract, boundary)],
        "batch": of_batches,
        "page": pages,
        "distances": lambda: of("distances").run(),
        "visibility": lambda: of("visibility").run(),
        "surface": lambda: [*of("surface").runs(), *of("surface").skies()],
    }


# What takes half an hour is measured when it is asked for by name.
USUAL = ("reading", "whole", "page", "distances", "visibility", "surface")


def main(arguments: list[str]) -> None:
    """Print the tables one after another, or those that are named."""
    every = parts([one for one in arguments if one not in (*USUAL, "batch")])
    print(f"Machine: {machine()}\n\nVersions: {versions()}\n", flush=True)
    for name in [one for one in arguments if one in every] or USUAL:
        if name == "page" and not importlib.util.find_spec("playwright"):
            continue
        print(f"{processes.table(every[name]())}\n", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
