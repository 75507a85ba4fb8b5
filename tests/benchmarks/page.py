"""How long a map takes to open in a headless Chromium: first paint, everything painted, longest task.

    python -m tests.benchmarks.page [MAP.html]...

Without arguments: the stress map of the tests (2,000 places, 20,000 buildings). Medians of five openings.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks import processes
from tests.ensure_browser import find_browser

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TIMES = 5
ARGUMENTS = ["--no-sandbox", "--disable-gpu"]
VIEW = {"width": 1440, "height": 900}
WATCH = """
window.tasks = [];
new PerformanceObserver((list) => list.getEntries().forEach((entry) => window.tasks.push(entry.duration)))
    .observe({ type: "longtask", buffered: true });
"""
# The second frame after the last piece has what was drawn.
PAINTED = """
() => map_faellesrum.faellesrum.ready.then(() => new Promise((done) =>
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())))))
"""


def opened(browser: Browser, path: Path) -> dict[str, float]:
    """Milliseconds from the request to each moment, and of the longest task."""
    page = browser.new_page(viewport=VIEW)
    page.add_init_script(WATCH)
    page.goto(path.resolve().as_uri())
    painted = page.evaluate(PAINTED)
    page.wait_for_timeout(500)
    first = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    longest = page.evaluate("Math.max(0, ...window.tasks)")
    page.close()
    return {"first": first, "painted": painted, "longest": longest}


def run(paths: list[Path]) -> list[dict[str, object]]:
    """One row a map."""
    from playwright.sync_api import sync_playwright

    rows = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=ARGUMENTS)
        for path in paths:
            found = [opened(browser, path) for _ in range(TIMES)]
            middle = {name: statistics.median(one[name] for one in found) for name in found[0]}
            worst = max(one["longest"] for one in found)
            rows.append(
                {
                    "map": path.parent.name if path.name == "map.html" else path.stem,
                    "page_mb": f"{path.stat().st_size / 1e6:.2f}",
                    "first paint_ms": f"{middle['first']:.0f}",
                    "all painted_ms": f"{middle['painted']:.0f}",
                    "longest task_ms": f"{middle['longest']:.0f}",
                    "longest of all_ms": f"{worst:.0f}",
                }
            )
        browser.close()
    return rows


def stress(folder: Path) -> Path:
    """Draw the largest map that a page has to bear."""
    from spatial.maps.web import page as web_page
    from tests.maps import fixtures

    result = fixtures.stress()
    path = folder / "stress.html"
    web_page.render_map(result, path, judged=fixtures.judged(result))
    return path


def main() -> None:
    """Measure the maps named, or the stress map."""
    with tempfile.TemporaryDirectory() as name:
        paths = [Path(argument) for argument in sys.argv[1:]] or [stress(Path(name))]
        print(processes.table(run(paths)))


if __name__ == "__main__":
    main()
