"""`faellesrum run` against the plain notebook: extract in, map out. Whole processes, medians.

    python -m tests.benchmarks.whole_run [EXTRACT.osm.pbf BOUNDARY.geojson]...

Without arguments: the demo estate. Both get the same estate, margin and reach. The notebook does
much less of the job (see there), and its extract was turned into XML beforehand, not timed.
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
# What `faellesrum run` imports on its way; timed in a process of its own.
OUR_IMPORTS = (
    "import spatial.commands.run, spatial.pipeline, spatial.outputs, spatial.render.web_map, spatial.render.tables"
)


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
        theirs_out, ours_out = folder / "notebook", folder / "ours"
        arguments = (made.said["path"], boundary, theirs_out)
        theirs = processes.median(processes.python("tests.benchmarks.notebook", *arguments))
        their_work = sum(s for stage, s in theirs.said["seconds"].items() if stage != "imports")
        title = extract.name.split(".")[0]
        base = theirs
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
        against = processes.times(their_work / stages) if rows else ""
        more = {
            "page_mb": f"{theirs.said['page_mb']:.2f}",
            "without imports_s": f"{their_work:.2f}",
        }
        rows.append(_row(f"{title}: notebook", theirs, base, **{"time without imports": against}, **more))
        print(f"{title}: the notebook's stages: {json.dumps(theirs.said)}", file=sys.stderr)
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
