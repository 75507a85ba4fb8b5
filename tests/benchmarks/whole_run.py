"""`faellesrum run` against the plain notebook: extract in, map out. Whole processes, medians.

    python -m tests.benchmarks.whole_run [EXTRACT.osm.pbf BOUNDARY.geojson]...

Without arguments: the demo estate. All get the same estate, margin and reach. The plain notebook does
much less of the job, the other about as much of it (see there); their extract was turned into XML beforehand,
not timed.
A warm-up run fills numba's cache on disk; the first run ever, without a cache, has its own row.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from tests.benchmarks import processes

DATA = processes.PROJECT / "data"
DEMO = (DATA / "reitbahnviertel.osm.pbf", DATA / "reitbahnviertel.geojson")
HELSINKI = (DATA / "helsinki.osm.pbf", DATA / "helsinki.geojson")
NOTEBOOKS = (
    ("notebook", "tests.benchmarks.notebook", processes.RUNS),
    ("notebook of the same work", "tests.benchmarks.notebook_whole", 1),
)
# What `faellesrum run` imports on its way; timed in a process of its own.
OUR_IMPORTS = "import spatial.cli.commands.run, spatial.analysis.run, spatial.analysis.storage, spatial.maps.tables"


def _ours(extract: Path, boundary: Path, out: Path) -> list[str]:
    command = [
        str(Path(sys.executable).with_name("faellesrum")),
        "run",
        "--boundary",
        str(boundary),
    ]
    return [*command, "--osm", str(extract), "--out", str(out)]


def _page_mb(out: Path) -> float:
    return (out / "map.html").stat().st_size / 1e6


def _stages(out: Path) -> float | None:
    timings = json.loads((out / "manifest.json").read_text(encoding="utf-8")).get("timings", {})
    return sum(timings.values()) or None


def _row(job: str, one: processes.Measured, base: processes.Measured, **more: object) -> dict:
    return {
        "whole run": job,
        "time": processes.times(one.wall_s / base.wall_s),
        "memory": processes.times(one.peak_mb / base.peak_mb),
        "wall_s": f"{one.wall_s:.2f}",
        "peak_mb": f"{one.peak_mb:.0f}",
        **more,
    }


def run(extract: Path = DEMO[0], boundary: Path = DEMO[1]) -> list[dict[str, object]]:
    """Rows for one estate: ours, ours with an empty cache, the notebook."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = processes.run(processes.python("tests.benchmarks.extracts", extract, folder))
        ours_out = folder / "ours"
        theirs = {
            name: processes.median(processes.python(module, made.said["path"], boundary, folder / module), runs=runs)
            for name, module, runs in NOTEBOOKS
        }
        title = extract.name.split(".")[0]
        base = theirs[NOTEBOOKS[0][0]]
        try:
            command = _ours(extract, boundary, ours_out)
            first = processes.run(command, env={"NUMBA_CACHE_DIR": str(folder / "cache")})
            processes.run(command)
            base = processes.median(command)
        except (processes.CommandError, FileNotFoundError) as failure:
            print(f"whole run, {title}, ours: left out: {failure}", file=sys.stderr)
        else:
            imports = processes.import_seconds(OUR_IMPORTS)
            stages = _stages(ours_out) or base.wall_s - imports
            page = f"{_page_mb(ours_out):.2f}"
            ratio = {
                "time without imports": "1 ×",
                "page_mb": page,
                "without imports_s": f"{stages:.2f}",
            }
            rows.append(_row(f"{title}: ours", base, base, **ratio))
            empty = {"time without imports": "", "page_mb": page, "without imports_s": ""}
            rows.append(_row(f"{title}: ours, first run ever", first, base, **empty))
        for name, one in theirs.items():
            work = sum(s for stage, s in one.said["seconds"].items() if stage != "imports")
            more = {
                "time without imports": processes.times(work / stages) if rows else "",
                "page_mb": f"{one.said['page_mb']:.2f}",
                "without imports_s": f"{work:.2f}",
            }
            rows.append(_row(f"{title}: {name}", one, base, **more))
            print(f"{title}: {name}: {json.dumps(one.said)}", file=sys.stderr)
    return rows


def main() -> None:
    """Measure the estates named, or the demo."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", type=Path, nargs="*", metavar="EXTRACT BOUNDARY")
    given = parser.parse_args().pairs or list(DEMO)
    if len(given) % 2:
        parser.error("give an extract and a boundary for each estate")
    pairs = zip(given[::2], given[1::2], strict=True)
    print(processes.table([row for extract, boundary in pairs for row in run(extract, boundary)]))


if __name__ == "__main__":
    main()
