"""Many areas: how cost grows, and what it takes. `python -m tests.benchmarks.batch PART [--folder DIR]`.

Parts, each a table, each to be run alone:

pass        100 areas read in one pass from extracts ×1, ×4, ×16, ×64: seconds, memory, fitted exponent
areas       1 to 100 areas of one extract on two workers: seconds, fitted exponent
workers     the same areas with one worker and with two
reach       one area with 800 to 3,200 m of context
large       one area a hundred times as large as the others among them: time per dwelling
thousand    1,000 areas of the extract ×64 on two workers, and the same again

The extracts are made of the real ones (``copies``) and kept in the folder. Memory is the largest resident set of
any process of the tree, looked at four times a second, and the largest sum.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from tests.benchmarks import copies, processes

SHARED = processes.PROJECT.parent / "shared" / "data"
TOWNS = ("neubrandenburg/neubrandenburg.osm.pbf", "helsinki/helsinki.osm.pbf", "copenhagen/oesterbro.osm.pbf")
DEPARTMENTS = SHARED / "copenhagen" / "almene_boliger_kk.geojson"
OWN_TOWNS = ("reitbahnviertel.osm.pbf", "helsinki.osm.pbf")
SAMPLES_PER_S = 4
KILO = 1024
LARGE_FACTOR = 100


def extracts() -> list[Path]:
    """The towns that copies are made of: the development data, or what ships."""
    if all((SHARED / name).exists() for name in TOWNS):
        return [SHARED / name for name in TOWNS]
    return [processes.PROJECT / "data" / name for name in OWN_TOWNS]


def material(folder: Path, times: int, count: int) -> tuple[Path, Path]:
    """An extract of so many copies, and a layer of so many areas on them; made once."""
    osm, areas = folder / f"x{times}.osm.pbf", folder / f"x{times}-{count}.gpkg"
    if not osm.exists() or not areas.exists():
        town = copies.towns(extracts())
        if not osm.exists():
            draft = folder / f"draft-{os.getpid()}.osm.pbf"
            copies.write(town, times, draft)
            draft.rename(osm)
        departments = DEPARTMENTS if DEPARTMENTS.exists() else None
        copies.areas(town, times, count, departments).to_file(areas, driver="GPKG")
    return osm, areas


class Tree:
    """Resident memory of a process and all below it, looked at while it runs."""

    def __init__(self, pid: int) -> None:
        self.pid, self.largest_mb, self.sum_mb = pid, 0.0, 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(1 / SAMPLES_PER_S):
            parents, resident = {}, {}
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit():
                    try:
                        fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                    except OSError:
                        continue
                    parents[int(entry.name)] = int(fields[1])
                    resident[int(entry.name)] = int(fields[21]) * resource.getpagesize() / KILO**2
            mine = {self.pid}
            while more := {pid for pid, parent in parents.items() if parent in mine} - mine:
                mine |= more
            sizes = [resident.get(pid, 0.0) for pid in mine]
            self.largest_mb, self.sum_mb = max(self.largest_mb, *sizes), max(self.sum_mb, sum(sizes))

    def stop(self) -> None:
        """End the watching."""
        self._stop.set()
        self._thread.join()


def run(osm: Path, areas: Path, out: Path, *options: str) -> dict[str, float]:
    """One batch, as a process of its own: wall seconds, memory, and what it says."""
    command = [sys.executable, "-m", "tests.benchmarks.batch", "--as-cli", "batch", "--osm", str(osm)]
    command += ["--areas", str(areas), "--out", str(out), "--json", *options]
    began = time.perf_counter()
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(command, stdout=said, stderr=complaints, cwd=processes.PROJECT)
        tree = Tree(process.pid)
        process.wait()
        tree.stop()
        seconds = time.perf_counter() - began
        said.seek(0)
        complaints.seek(0)
        if process.returncode:
            raise processes.CommandError(complaints.read()[-500:])
        found = json.loads(said.read())
    return {"seconds": seconds, "largest_mb": tree.largest_mb, "sum_mb": tree.sum_mb, **found}


def fit(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Exponent of growth: the slope of cost over size, both on logarithmic scales, by least squares."""
    x, y = [math.log(size) for size in sizes], [math.log(cost) for cost in costs]
    mean_x, mean_y = sum(x) / len(x), sum(y) / len(y)
    return sum((a - mean_x) * (b - mean_y) for a, b in zip(x, y, strict=True)) / sum((a - mean_x) ** 2 for a in x)


def one_pass(folder: Path) -> list[dict[str, object]]:
    """100 areas from growing extracts, without scoring them."""
    rows, sizes, costs = [], [], []
    for times in (1, 4, 16, 64):
        osm, areas = material(folder, times, 100)
        command = processes.python("tests.benchmarks.batch", "--pass-of", osm, areas)
        processes.run(command) if times == 1 else None  # what is compiled is kept from now on
        found = processes.run(command)
        megabytes = osm.stat().st_size / 1e6
        sizes.append(megabytes)
        costs.append(found.said["cpu_s"])
        rows.append(
            {
                "100 areas in one pass": f"×{times}",
                "extract, MB": f"{megabytes:.0f}",
                "pass, s": f"{found.said['pass_s']:.1f}",
                "CPU, s": f"{found.said['cpu_s']:.1f}",
                "process, s": f"{found.wall_s:.1f}",
                "peak, MB": f"{found.peak_mb:.0f}",
                "objects kept": f"{found.said['rows']:,}",
            }
        )
    return [*rows, {"100 areas in one pass": f"exponent of CPU time: {fit(sizes, costs):.2f}"}]


def pass_of(osm: Path, areas: Path) -> None:
    """The pass alone, in this process; compiled code is loaded before the clock starts."""
    from spatial.osm import partitions
    from spatial.sources import boundaries

    with tempfile.TemporaryDirectory(dir=osm.parent) as name:
        estates = [one for _, one in boundaries.read_areas(areas) if hasattr(one, "boundary")]
        usage = resource.getrusage(resource.RUSAGE_SELF)
        before, began = usage.ru_utime + usage.ru_stime, time.perf_counter()
        found = partitions.prepare(osm, estates, Path(name) / "extract")
        seconds = time.perf_counter() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu_s = usage.ru_utime + usage.ru_stime - before
    print(json.dumps({"pass_s": seconds, "cpu_s": cpu_s, "rows": sum(part.rows for part in found.parts)}))


def by_areas(folder: Path) -> list[dict[str, object]]:
    """More areas of the same extract."""
    rows, counts, costs = [], (1, 4, 16, 64), []
    for count in counts:
        osm, areas = material(folder, 4, count)
        with tempfile.TemporaryDirectory(dir=folder) as out:
            found = run(osm, areas, Path(out) / "out", "--workers", "2")
        costs.append(found["seconds"])
        rows.append(_row("areas of the extract ×4, two workers", count, found))
    return [*rows, {"areas of the extract ×4, two workers": f"exponent from 4 on: {fit(counts[1:], costs[1:]):.2f}"}]


def _row(head: str, what: object, found: dict[str, float]) -> dict[str, object]:
    return {
        head: what,
        "s": f"{found['seconds']:.1f}",
        "largest process, MB": f"{found['largest_mb']:.0f}",
        "all, MB": f"{found['sum_mb']:.0f}",
    }


def by_workers(folder: Path, count: int = 48) -> list[dict[str, object]]:
    """The same areas with one worker, pinned to a core or not, and with two: the scoring alone."""
    osm, areas = material(folder, 4, count)
    rows, base = [], 0.0
    with tempfile.TemporaryDirectory(dir=folder) as name:
        out = Path(name) / "out"
        for workers in (1, 2):
            shutil.rmtree(out / "areas", ignore_errors=True)
            if workers == 1:  # the pass is done once, before the clock
                run(osm, areas, out, "--workers", "2")
                shutil.rmtree(out / "areas")
            found = run(osm, areas, out, "--workers", str(workers))
            records = [json.loads(path.read_text()) for path in (out / "areas").glob("*.json")]
            busy_s = sum(one["cpu_s"] for one in records)
            base = base or found["seconds"]
            ratio = processes.times(base / found["seconds"])
            rows.append(
                {
                    f"workers, {count} areas read before": workers,
                    "faster": ratio,
                    "CPU, s": f"{busy_s:.1f}",
                    **_row("w", workers, found),
                }
            )
    for row in rows:
        row.pop("w")
    return rows


def by_reach(folder: Path) -> list[dict[str, object]]:
    """One estate with more and more context."""
    osm, _ = material(folder, 1, 1)
    boundary = processes.PROJECT / "data" / "reitbahnviertel.geojson"
    reaches, rows, costs = (800, 1600, 3200), [], []
    for reach in reaches:
        with tempfile.TemporaryDirectory(dir=folder) as out:
            found = run(osm, boundary, Path(out) / "out", "--workers", "1", "--reach", str(reach))
            record = json.loads(next((Path(out) / "out" / "areas").glob("*.json")).read_text())
        costs.append(record["cpu_s"])
        rows.append({**_row("context, m", reach, found), "area alone, CPU s": record["cpu_s"], "MB": record["peak_mb"]})
    return [*rows, {"context, m": f"exponent of the area: {fit(reaches, costs):.2f}"}]


def large(folder: Path) -> list[dict[str, object]]:
    """An area a hundred times as large as the rest, by its ground, among 40."""
    import geopandas as gpd
    import shapely

    osm, areas = material(folder, 4, 40)
    table = gpd.read_file(areas)
    metric = table.to_crs(table.estimate_utm_crs())
    middle = metric.geometry.area.median()
    side = math.sqrt(middle * LARGE_FACTOR)
    town = gpd.GeoSeries([shapely.Point(13.262, 53.557)], crs=4326).to_crs(metric.crs).iloc[0]
    shape = gpd.GeoSeries([town.buffer(side / 2, cap_style="square")], crs=metric.crs).to_crs(4326).iloc[0]
    mixed = folder / "large.gpkg"
    mixed.unlink(missing_ok=True)
    large_ = gpd.GeoDataFrame({"name": ["Large"]}, geometry=[shape], crs=4326)
    gpd.pd.concat([table, large_]).to_file(mixed, driver="GPKG")
    with tempfile.TemporaryDirectory(dir=folder) as out:
        found = run(osm, mixed, Path(out) / "out", "--workers", "2")
        records = [json.loads(path.read_text()) for path in (Path(out) / "out" / "areas").glob("*.json")]
    dwellings = {one["row"]["area"]: one["row"]["dwellings"] or 0 for one in records}
    seconds = {one["row"]["area"]: one["cpu_s"] for one in records}
    others = [area for area in seconds if area != "large"]
    mean = sum(seconds[a] for a in others) / max(1, sum(dwellings[a] for a in others))
    own = seconds["large"] / max(1, dwellings["large"])
    begun = {"the others": (mean, others), "the large one": (own, ["large"])}
    rows = [
        {
            "41 areas, one of them large": name,
            "CPU ms a dwelling": f"{per * 1000:.1f}",
            "dwellings": sum(dwellings[a] for a in which),
            "s": f"{sum(seconds[a] for a in which):.1f}",
        }
        for name, (per, which) in begun.items()
    ]
    return [*rows, {"41 areas, one of them large": f"ratio {own / mean:.2f}", "s": f"{found['seconds']:.1f} in all"}]


def thousand(folder: Path, count: int = 1000) -> list[dict[str, object]]:
    """The extract ×64 and a thousand areas, twice."""
    osm, areas = material(folder, 64, count)
    out = folder / "thousand"
    shutil.rmtree(out, ignore_errors=True)
    rows, first = [], 0.0
    for turn in ("first", "again, unchanged"):
        found = run(osm, areas, out, "--workers", "2")
        first = first or found["seconds"]
        share = f"{100 * found['seconds'] / first:.1f} %"
        rows.append({**_row(f"{count} areas of the extract ×64", turn, found), "of the first": share})
    records = [json.loads(path.read_text()) for path in (out / "areas").glob("*.json")]
    (folder / "seconds.json").write_text(json.dumps(sorted(one["cpu_s"] for one in records)))
    cpu_s = sum(one["cpu_s"] for one in records)
    return [*rows, {f"{count} areas of the extract ×64": "CPU of all areas", "s": f"{cpu_s:.0f}"}]


PARTS = {
    "pass": one_pass,
    "areas": by_areas,
    "workers": by_workers,
    "reach": by_reach,
    "large": large,
    "thousand": thousand,
}


def main(arguments: Sequence[str]) -> None:
    """Measure some parts; or be what is measured."""
    if arguments[:1] == ["--as-cli"]:
        from spatial.cli.main import run_and_leave

        sys.argv = ["faellesrum", *arguments[1:]]
        run_and_leave()
    if arguments[:1] == ["--pass-of"]:
        pass_of(*map(Path, arguments[1:]))
        return
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], default=list(PARTS))
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "faellesrum-benchmarks")
    given = parser.parse_args(arguments)
    given.folder.mkdir(parents=True, exist_ok=True)
    for part in given.parts:
        print(f"{processes.table(PARTS[part](given.folder))}\n", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
