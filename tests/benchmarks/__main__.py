"""All benchmarks, as Markdown: `python -m tests.benchmarks [EXTRACT.osm.pbf BOUNDARY.geojson]...`.

Estates given as arguments are measured besides the two that ship.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from tests.benchmarks import processes, reading, whole_run

PACKAGES = ("faellesrum", "geopandas", "shapely", "numba", "osmium", "pyogrio", "osmnx", "folium")


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


def main(arguments: list[str]) -> None:
    """Print the tables one after another."""
    print(f"Machine: {machine()}\n\nVersions: {versions()}\n", flush=True)
    print(processes.table(reading.run()), flush=True)
    estates = [
        whole_run.DEMO,
        whole_run.HELSINKI,
        *zip(*[iter(map(Path, arguments))] * 2, strict=True),
    ]
    rows = [row for extract, boundary in estates for row in whole_run.run(extract, boundary)]
    print(f"\n{processes.table(rows)}", flush=True)
    if importlib.util.find_spec("tests.benchmarks.visibility"):
        from tests.benchmarks import visibility  # last: it measures in this process

        print(f"\n{processes.table(visibility.run())}")
    from tests.benchmarks import surface

    print(f"\n{processes.table(surface.runs())}\n\n{processes.table(surface.skies())}", flush=True)
    if importlib.util.find_spec("playwright"):
        from tests.benchmarks import page

        with tempfile.TemporaryDirectory() as name:
            print(f"\n{processes.table(page.run([page.stress(Path(name))]))}")


if __name__ == "__main__":
    main(sys.argv[1:])
