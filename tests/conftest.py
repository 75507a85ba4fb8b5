"""What all tests share: the data folders, the browser, and how Hypothesis searches."""

from __future__ import annotations

import gc
import os
import pickle
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock
from hypothesis import settings

import spatial
from tests import command, pictures
from tests.ensure_browser import MISSING, find_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    MadeOnce = Callable[[str, Callable[[Path], object]], object]

PROJECT = Path(__file__).resolve().parents[1]

# Derandomised: a commit passes or fails everywhere. No deadline: numba compiles on first use.
settings.register_profile("project", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("project")
# A tenth of the time of all tests went into looking for cycles among the modules and tests that stay to the end.
gc.set_threshold(50_000, 10, 10)
# Files of half a minute and more begin first: one process would wait at the end while the other is at one of them. The
# first two have numba compile what a fresh clone has not compiled, which each process of those after them would do too.
LONG = [
    "integration/test_studio_sittings.py", "scoring/test_laws_of_the_measure.py", "studio/test_looking.py",
    "batch/test_areas.py", "docs/test_notebooks.py",
    "studio/test_sitting.py", "hostile/test_hostile_files.py", "maps/test_web_page.py", "plans/test_real_estates.py",
    "cli/test_main.py", "studio/test_start_sitting.py", "studies/test_plan_folder.py", "cli/test_observe.py",
    "faults/test_writes.py", "plans/test_comparison.py", "analysis/test_snapshot.py", "plans/test_laws.py",
    "integration/test_qgis_plugin.py", "integration/test_nginx.py",
]  # fmt: skip

# Fixtures that not everybody has the means for, and the mark of a test that asks for one.
NEEDING = {"browser": "browser", "shared_data": "shared"}


@pytest.hookimpl(tryfirst=True)  # before -m chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by what they need, and put the long files first; all else stays in its order."""
    for item in items:
        for fixture, mark in NEEDING.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(mark)
    ranks = {PROJECT / "tests" / name: i for i, name in enumerate(LONG)}
    items.sort(key=lambda item: ranks.get(item.path, len(LONG)))


@pytest.fixture(scope="session")
def demo_data() -> Path:
    """Folder of the data that ships with the project."""
    return PROJECT / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the development data, which lies beside the project and not in it."""
    folder = PROJECT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the development data is not there: it lies outside the repository")
    return folder


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """Calls a function with a new folder and gives its answer: one process of the tests does, for all of them."""
    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name: str, make: Callable[[Path], object]) -> object:
        known = root / f"{name}.pickle"
        with FileLock(root / f"{name}.lock"):
            if not known.exists():
                folder = root / f"{name}-made-once"
                folder.mkdir()
                known.write_bytes(pickle.dumps(make(folder)))
        return pickle.loads(known.read_bytes())

    return made


@pytest.fixture(scope="session")
def inputs(made_once: MadeOnce) -> tuple[Path, Path]:
    """Boundary and extract of the made-up town."""
    return made_once("inputs", lambda to: (command.boundary(to / "estate.geojson"), command.town(to / "town.osm")))


@pytest.fixture(scope="session")
def finished(inputs: tuple[Path, Path], made_once: MadeOnce) -> Path:
    """A finished run of the made-up town; do not change it."""

    def make(folder: Path) -> Path:
        done = command.run_town(inputs, folder / "town")
        assert done.code == 0 and done.err == ""
        return folder / "town"

    return made_once("finished", make)


@pytest.fixture
def earlier(finished: Path, tmp_path: Path) -> Path:
    """A copy of it, alone in its folder."""
    return shutil.copytree(finished, tmp_path / "runs" / "town")


@pytest.fixture(scope="session")
def analysis(inputs: tuple[Path, Path], made_once: MadeOnce) -> spatial.Analysis:
    """The made-up town, analysed once; do not change it."""
    estate = spatial.Estate.from_file(inputs[0], margin_m=50, reach_m=900)
    return made_once("analysis", lambda _: spatial.analyse(estate, osm=inputs[1]))


@pytest.fixture(scope="session")
def demo_result(demo_data: Path, made_once: MadeOnce) -> spatial.Analysis:
    """The demo, analysed once; do not change it."""
    estate = spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson")
    return made_once("demo_result", lambda _: spatial.analyse(estate, osm=demo_data / "reitbahnviertel.osm.pbf"))


@pytest.fixture(scope="session")
def demo(made_once: MadeOnce) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The demo, run as a user runs it; do not change it."""

    def make(folder: Path) -> tuple[Path, subprocess.CompletedProcess[str]]:
        line = [command.COMMAND, "demo", "--out", folder / "out"]
        return folder / "out", subprocess.run(line, capture_output=True, text=True, cwd=folder, timeout=300)

    return made_once("demo", make)


@pytest.fixture(scope="session")
def benches(made_once: MadeOnce) -> Path:
    """A finished run of the estate with benches, whose scores lie far apart; do not change it."""

    def make(folder: Path) -> Path:
        assert command.call("demo", "--place", "helsinki", "--out", folder / "out").code == 0
        return folder / "out"

    return made_once("benches", make)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium. A missing one is a failure: `make integration` installs it."""
    from playwright.sync_api import sync_playwright

    executable = find_browser()
    if executable is None:
        pytest.fail(MISSING)
    with sync_playwright() as playwright:
        # Chromium refuses its sandbox to root, which is who runs tests in a container.
        found = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield found
        found.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say where the pictures are that tests have taken."""
    for folder in sorted({path.parent for path in pictures.taken}):
        terminalreporter.write_line(f"pictures: {folder}")
