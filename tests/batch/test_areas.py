"""Many areas: the same numbers as one by one, whatever dies on the way.

What kills is tried on real batches: processes of Dask, ended by signal. All else runs in this process.
"""

from __future__ import annotations

import ast
import contextlib
import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from unittest import mock

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import spatial
from spatial.batch import area, dask_workers
from spatial.batch import areas as batch_areas
from spatial.batch.area import Settings, Task
from spatial.core import versions
from spatial.core.errors import InputError, SourceUnavailable
from spatial.core.model import Provenance
from spatial.maps import tables
from spatial.osm import partitions
from spatial.reports import overview
from spatial.sources import boundaries
from tests.command import Outcome, call

SOON_S = 300
SOURCE = Provenance("osm", "town.osm.pbf", "ODbL 1.0", "© OpenStreetMap contributors")


def areas_file(demo_data: Path, path: Path, extra=()) -> Path:
    """The demo estate cut in three, and a small area beside it."""
    whole = gpd.read_file(demo_data / "reitbahnviertel.geojson").to_crs(32633).geometry.iloc[0]
    west, south, east, north = whole.bounds
    third = (east - west) / 3
    cut = [whole.intersection(shapely.box(west + i * third, south, west + (i + 1) * third, north)) for i in range(3)]
    names = ["West", "Midt", "East", "Corner", *(name for name, _ in extra)]
    shapes = [*cut, shapely.box(west - 300, south - 100, west - 250, south - 50), *(shape for _, shape in extra)]
    gpd.GeoDataFrame({"name": names}, geometry=shapes, crs=32633).to_file(path, driver="GPKG")
    return path


def command(demo_data: Path, areas: Path, out: Path, *more: str) -> list[str]:
    osm = str(demo_data / "reitbahnviertel.osm.pbf")
    program = [sys.executable, "-c", "from spatial.cli.main import run_and_leave; run_and_leave()", "batch"]
    return [*program, "--osm", osm, "--areas", str(areas), "--out", str(out), "--reach", "300", "--lang", "en", *more]


def here(work, tasks, **_options):
    """In the place of Dask's workers: this process does all tasks."""
    for task in tasks:
        yield task, work(task)


def done(demo_data: Path, areas: Path, out: Path, *more: str) -> Outcome:
    """A batch as the command does it, in this process."""
    with mock.patch.object(dask_workers, "run_on_workers", here):
        return call(*command(demo_data, areas, out, *more)[3:])


def by_workers(demo_data: Path, areas: Path, out: Path, *more: str) -> dict:
    """What a batch of Dask's workers says in JSON."""
    line = [*command(demo_data, areas, out, *more), "--json"]
    return json.loads(subprocess.run(line, capture_output=True, text=True, timeout=SOON_S).stdout)


@pytest.fixture(scope="module")
def finished(demo_data, tmp_path_factory):
    """A batch of four areas that worked, and one that cannot."""
    folder = tmp_path_factory.mktemp("batch")
    bow_tie = shapely.Polygon([(384500, 5936500), (384600, 5936600), (384600, 5936500), (384500, 5936600)])
    areas = areas_file(demo_data, folder / "areas.gpkg", [("Knot", bow_tie)])
    return areas, folder / "out", done(demo_data, areas, folder / "out")


def single(demo_data: Path, areas: Path, name: str, path: Path) -> bytes:
    """The scores of one area by the way of a single run: the extract itself, read by osmium."""
    estate = spatial.Estate.from_file(areas, name=name, reach_m=300)
    tables.scores(spatial.analyse(estate, osm=demo_data / "reitbahnviertel.osm.pbf"), path, lang="en")
    return path.read_bytes()


def test_scores_are_those_of_single_runs_byte_for_byte(finished, demo_data, tmp_path):
    areas, out, _ = finished
    for name in ("West", "Midt", "East", "Corner"):
        expected = single(demo_data, areas, name, tmp_path / "one.csv")
        assert (out / area.SCORES.format(name.lower())).read_bytes() == expected
    assert len(pd.read_csv(out / area.SCORES.format("midt"))) > 3


@pytest.mark.shared
def test_departments_of_copenhagen_score_as_single_runs(shared_data, tmp_path):
    """In this process: without a cluster the numbers are the same."""
    departments = shared_data / "copenhagen" / "almene_boliger_kk.geojson"
    osm = shared_data / "copenhagen" / "oesterbro.osm.pbf"
    names = ["23, Østerbrogade", "103, Vognmandsmarken"]
    every = [one for name, one in boundaries.read_areas(departments, reach_m=400) if name in names]
    found = partitions.prepare(osm, every, tmp_path / "extract")
    for estate in every:
        outcome = area.run_area(tmp_path, Settings(), versions.code_digest(), Task(estate, "key", 1))
        assert outcome.error is None and found.parts
        alone = spatial.analyse(spatial.Estate.from_file(departments, name=estate.name, reach_m=400), osm=osm)
        tables.scores(alone, tmp_path / "one.csv")
        assert (tmp_path / area.SCORES.format(estate.id)).read_bytes() == (tmp_path / "one.csv").read_bytes()


def test_a_poisoned_area_is_told_and_the_others_are_done(finished):
    _, out, ran = finished
    assert ran.code == 1 and "Traceback" not in ran.err
    assert "4 of 5 areas are done" in ran.out
    assert "Knot (row 5)" in ran.err and "not a valid polygon" in ran.err
    assert ran.err.strip().splitlines()[-1].startswith("faellesrum: 1 of 5 areas could not be done")
    rows = {row["name"]: row for row in csv.DictReader((out / overview.TABLE).read_text(encoding="utf-8").splitlines())}
    assert {name for name, row in rows.items() if row["status"] == "done"} == {"West", "Midt", "East", "Corner"}
    assert "not a valid polygon" in rows["Knot (row 5)"]["error"]


def test_a_second_run_does_nothing_again(finished, demo_data):
    areas, out, _ = finished
    stamps = {path: path.stat().st_mtime_ns for path in out.glob("*/area=*/*")}
    ran = done(demo_data, areas, out, "--json")
    said = json.loads(ran.out)
    assert (said["done"], said["done_before"], said["areas"]) == (4, 4, 5)
    assert {path: path.stat().st_mtime_ns for path in out.glob("*/area=*/*")} == stamps


def test_a_file_that_was_changed_is_made_again(finished, demo_data):
    areas, out, _ = finished
    path = out / area.SCORES.format("corner")
    before = path.read_bytes()
    path.write_text("spoiled")
    said = json.loads(done(demo_data, areas, out, "--json").out)
    assert said["done_before"] == 3 and path.read_bytes() == before


def test_results_are_one_dataset(finished):
    """GeoPandas reads all parts as one table: one CRS, the same types, the area as a column."""
    _, out, _ = finished
    places = gpd.read_parquet(out / "places")
    assert set(places["area"].astype(str)) <= {"west", "midt", "east", "corner"}
    assert places.crs.to_epsg() == 4326 and len(places) == sum(
        len(gpd.read_parquet(path)) for path in out.glob("places/*/*")
    )
    rows = pd.read_csv(out / overview.TABLE).set_index("area")
    assert places.groupby(places["area"].astype(str)).size().to_dict() == rows["places"][rows["places"] > 0].to_dict()
    layer = gpd.read_file(out / overview.LAYER)
    assert set(layer["area"]) == {"west", "midt", "east", "corner"}


def children(pid: int) -> list[int]:
    """Worker processes: what Dask's nannies have spawned, which call themselves so where they can."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                words = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if int(fields[1]) == pid and (b"spawn_main" in words or words.startswith(b"dask worker")):
                found.append(int(entry.name))
    return found


def wait_for(what, process: subprocess.Popen) -> None:
    began = time.monotonic()
    while not what():
        assert process.poll() is None, "it ended before anything could be killed"
        assert time.monotonic() - began < SOON_S, "nothing happened"
        time.sleep(0.05)


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc").exists(), reason="finds the workers by /proc")
def test_a_killed_worker_costs_nothing_but_time(finished, demo_data, tmp_path):
    areas, whole, _ = finished
    out = tmp_path / "out"
    process = subprocess.Popen(
        command(demo_data, areas, out, "--workers", "2"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        wait_for(lambda: any((out / "areas").glob("*.json")), process)
        os.kill(children(process.pid)[0], signal.SIGKILL)
        process.communicate(timeout=SOON_S)
    finally:
        process.kill()
    assert process.returncode == 1  # for the knot
    for path in whole.glob("scores/*/*"):
        assert (out / path.relative_to(whole)).read_bytes() == path.read_bytes()


@pytest.mark.long
@pytest.mark.skipif(not Path("/proc").exists(), reason="finds the workers by /proc")
def test_a_killed_batch_goes_on_where_it_was(finished, demo_data, tmp_path):
    """The scheduler lives in the killed process; the next run does only what is missing."""
    areas, whole, _ = finished
    out = tmp_path / "out"
    process = subprocess.Popen(
        command(demo_data, areas, out, "--workers", "1"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        wait_for(lambda: any((out / "areas").glob("*.json")), process)
        orphans = children(process.pid)
        process.kill()
        process.communicate(timeout=SOON_S)
    finally:
        for pid in orphans:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    before = {path.name for path in (out / "areas").glob("*.json")}
    said = by_workers(demo_data, areas, out, "--workers", "1")
    assert said["done"] == 4 and said["done_before"] == len(before) > 0
    for path in whole.glob("scores/*/*"):
        assert (out / path.relative_to(whole)).read_bytes() == path.read_bytes()
    assert not (out / area.DRAFTS).exists()


@contextlib.contextmanager
def dask_cluster(folder: Path):
    """A scheduler and a worker of their own, started as on a cluster; gives the address and both processes."""
    where = folder / "scheduler.json"
    where.unlink(missing_ok=True)
    env = {**os.environ, "DASK_DISTRIBUTED__LOGGING__DISTRIBUTED": "critical"}
    start = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(where)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": folder, "env": env}
    scheduler = subprocess.Popen([*start, *options], **quiet)
    start = [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(where), "--no-dashboard"]
    worker = subprocess.Popen([*start, "--nthreads", "1", "--no-nanny", "--death-timeout", "60"], **quiet)
    try:
        wait_for(lambda: where.exists() and where.read_text().rstrip().endswith("}"), scheduler)
        yield json.loads(where.read_text())["address"], scheduler
    finally:
        for process in (worker, scheduler):
            process.kill()
            process.wait()


@pytest.mark.long
def test_a_cluster_elsewhere_gives_the_same_and_may_lose_its_scheduler(finished, demo_data, tmp_path):
    """The scheduler is killed in the middle: one line says so. With another one, the rest is done."""
    areas, whole, _ = finished
    out = tmp_path / "out"
    with dask_cluster(tmp_path) as (address, scheduler):
        running = subprocess.Popen(
            command(demo_data, areas, out, "--scheduler", address),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_for(lambda: any((out / "areas").glob("*.json")), running)
        scheduler.kill()
        _, complaint = running.communicate(timeout=SOON_S)
    assert running.returncode == 1 and "Traceback" not in complaint
    assert "it went away" in complaint.strip().splitlines()[-1]
    with dask_cluster(tmp_path) as (address, _):
        said = by_workers(demo_data, areas, out, "--scheduler", address)
    assert said["done"] == 4 and said["done_before"] > 0
    for path in whole.glob("scores/*/*"):
        assert (out / path.relative_to(whole)).read_bytes() == path.read_bytes()


def die(task):
    """A task that takes its worker with it, for one of the tasks."""
    if task == "poison":
        os.kill(os.getpid(), signal.SIGKILL)
    if task == "error":
        raise KeyError("x")
    return task.upper()


def test_a_task_that_kills_every_worker_is_given_up_and_the_others_are_done(tmp_path):
    code = (
        "import sys; from pathlib import Path; from tests.batch.test_areas import die\n"
        "from spatial.batch import dask_workers\n"
        "if __name__ == '__main__':\n"
        "    tasks = ['a', 'poison', 'b', 'error', 'c', 'd']\n"
        "    found = dask_workers.run_on_workers(die, tasks, workers=2, memory_limit='1GB', folder=Path(sys.argv[1]))\n"
        "    print(sorted((task, type(x).__name__, str(x)) for task, x in found))\n"
    )
    script = tmp_path / "go.py"
    script.write_text(code)
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    ran = subprocess.run(
        [sys.executable, str(script), str(tmp_path)], capture_output=True, text=True, timeout=SOON_S, env=env
    )
    found = {task: (kind, said) for task, kind, said in ast.literal_eval(ran.stdout)}
    assert found["poison"][0] == "WorkerError" and found["error"][0] == "KeyError"
    assert {task: found[task][1] for task in "abcd"} == {"a": "A", "b": "B", "c": "C", "d": "D"}


def test_a_full_disk_stops_the_batch_with_one_line(demo_data, tmp_path, monkeypatch):
    """One area is done; then the disk is full. What was done stays, nothing half-written does."""
    areas = areas_file(demo_data, tmp_path / "areas.gpkg")
    out = tmp_path / "out"

    written = []

    def full(table, path):
        written.append(path)
        if len(written) > 2:
            raise OSError(28, os.strerror(28))
        table.to_crs(4326).to_parquet(path)

    monkeypatch.setattr(dask_workers, "run_on_workers", here)
    monkeypatch.setattr(tables, "dataset", full)
    osm, settings = demo_data / "reitbahnviertel.osm.pbf", Settings(lang="en")
    with pytest.raises(InputError, match=r"No space left on device\); free space and run again; 1 of 4 areas are done"):
        batch_areas.run(osm=osm, areas=areas, out=out, reach_m=200, settings=settings)
    assert len(list((out / "areas").glob("*.json"))) == len(list((out / "scores").glob("*/*"))) == 1
    assert not list((out / area.DRAFTS).glob("*"))


def test_largest_first_and_a_key_for_every_input(demo_data, tmp_path):
    areas = areas_file(demo_data, tmp_path / "areas.gpkg")
    every = [one for _, one in boundaries.read_areas(areas)]
    found = partitions.prepare(demo_data / "reitbahnviertel.osm.pbf", every, tmp_path / "extract")
    tasks = batch_areas._tasks(every, found, Settings())
    assert [task.objects for task in tasks] == sorted((task.objects for task in tasks), reverse=True)
    keys = {task.key for task in tasks}
    others = {area.area_key(one, "other", Settings()) for one in every}
    seeds = {area.area_key(one, str(found.provenance.sha256), Settings(seed=1)) for one in every}
    reaches = {
        area.area_key(one, str(found.provenance.sha256), Settings())
        for _, one in boundaries.read_areas(areas, reach_m=9)
    }
    tags = {area.area_key(one, str(found.provenance.sha256), Settings(tags=areas)) for one in every}
    assert len(keys | others | seeds | reaches | tags) == 20


@pytest.mark.parametrize(
    ("names", "ids"),
    [
        (["Park", "Park", None], ["park-1", "park-2", "a-3"]),
        (["PARK", "park", "Park "], ["park-1", "park-2", "park-3"]),
        (["Park 2", "Park", "Park"], ["park-2", "park-2-2", "park-3"]),
    ],
)
def test_names_that_occur_twice_have_ids_of_their_own(tmp_path, names, ids):
    square = shapely.box(0, 0, 100, 100)
    gpd.GeoDataFrame({"name": names}, geometry=[square] * 3, crs=25832).to_file(tmp_path / "a.gpkg", driver="GPKG")
    assert [one.id for _, one in boundaries.read_areas(tmp_path / "a.gpkg")] == ids


def test_a_scheduler_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr(dask_workers, "CONNECT_TIMEOUT_S", 1)
    with pytest.raises(SourceUnavailable, match=r"tcp://127\.0\.0\.1:9: does not answer"):
        list(dask_workers.run_on_workers(str.upper, ["a"], scheduler="tcp://127.0.0.1:9", folder=tmp_path))


def test_what_a_batch_refuses(demo_data, tmp_path):
    areas = areas_file(demo_data, tmp_path / "areas.gpkg")
    osm = demo_data / "reitbahnviertel.osm.pbf"
    with pytest.raises(InputError, match="needed SOURCE_ID=FILE"):
        batch_areas.run(osm=osm, areas=areas, out=tmp_path / "out", settings=Settings(layers=("kk.legeplads",)))
    with pytest.raises(InputError, match=r"none\.toml: found no such file"):
        batch_areas.run(osm=osm, areas=areas, out=tmp_path / "out", settings=Settings(rubric=tmp_path / "none.toml"))
    with pytest.raises(InputError, match="needed a size such as 2GB"):
        list(dask_workers.run_on_workers(str.upper, ["a"], memory_limit="much", folder=tmp_path))
    assert not (tmp_path / "out").exists()


def test_a_worker_with_another_program_is_refused(demo_data, tmp_path):
    estate = boundaries.read_areas(areas_file(demo_data, tmp_path / "areas.gpkg"))[0][1]
    found = [area.run_area(tmp_path, Settings(lang=lang), "another", Task(estate, "key", 1)) for lang in ("en", "da")]
    assert found[0].error == "a worker runs another version of Fællesrum than this one; install the same on all"
    assert found[1].error is not None and found[1].error.startswith("en af maskinerne kører en anden udgave")


@pytest.mark.browser
def test_the_page_draws_every_area_and_asks_nobody(finished, browser):
    _, out, _ = finished
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((out / overview.PAGE).as_uri())
    page.wait_for_selector("html[data-ready=true]")
    assert not errors
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert page.locator("tbody tr").count() == 4
    assert "Knot" in page.locator("main li strong").first.text_content()
    page.close()


def test_areas_stand_by_name_and_are_coloured_by_what_is_known_never_by_what_they_have():
    """Of two areas of which as much is known, the better looks like the worse; none says which has the best place."""
    counted = {"status": "done", "municipality": "", "places": 3, "meeting_spaces": 2, "dwellings": 10, "error": None}
    table = [
        {**counted, "area": "a1", "name": "Åparken", "floating_best": 0.91, "coverage_median": 0.3},
        {**counted, "area": "a2", "name": "Bakken", "floating_best": 0.12, "coverage_median": 0.3},
        {**counted, "area": "a3", "name": "almen", "floating_best": 0.12, "coverage_median": 1.0},
        {**counted, "area": "a4", "name": "Dalen", "floating_best": None, "coverage_median": None},
    ]
    shapes = dict.fromkeys(("a1", "a2", "a3", "a4"), shapely.box(12.5, 55.6, 12.6, 55.7))
    html = overview.overview_page(table, shapes, SOURCE, lang="da")
    data = json.loads(re.search(r'id="areas">(.*?)</script>', html, re.DOTALL)[1])
    colours = [one["colour"] for one in data]
    assert colours[0] == colours[1] != colours[2] and len(set(colours)) == 3
    assert re.findall(r'scope="row">([^<]+)<', html) == ["almen", "Bakken", "Dalen", "Åparken"]
    assert "91" not in re.sub(r"<(script|style).*?</\1>", "", html, flags=re.DOTALL) and all(
        "91" not in one["says"] for one in data
    )
    for one in colours:
        red, green, blue = (int(one[k : k + 2], 16) for k in (1, 3, 5))
        assert max(red, green, blue) - min(red, green, blue) <= 3, "grey"


def test_a_missing_dask_is_told_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match="Dask") as caught:
        batch_areas.run(osm=tmp_path / "none.osm.pbf", areas=tmp_path / "none.geojson", out=tmp_path / "out")
    assert "faellesrum[batch]" in caught.value.said("da") and not (tmp_path / "out").exists()


def test_folders_of_the_user_in_the_output_of_a_batch_stay(tmp_path):
    mine = [tmp_path / name / "mine" for name in (".extract-20260101", area.DRAFTS, ".drafts")]
    for path in mine:
        path.parent.mkdir()
        path.write_text("mine")
    batch_areas._clean(tmp_path)
    assert all(path.read_text() == "mine" for path in mine)
