"""What all tests share: the data folders, the browser, and how Hypothesis searches."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

import spatial
from tests import pictures
from tests.ensure_browser import MISSING, find_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PROJECT = Path(__file__).resolve().parents[1]

# Derandomised: a commit passes or fails everywhere. No deadline: numba compiles on first use.
settings.register_profile("project", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("project")


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
def demo_result(demo_data: Path) -> spatial.Analysis:
    """The demo, analysed once; do not change it."""
    estate = spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson")
    return spatial.analyse(estate, osm=demo_data / "reitbahnviertel.osm.pbf")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium. A missing one is a failure: `make test` installs it."""
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
