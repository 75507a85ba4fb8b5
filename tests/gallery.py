"""Draw the pictures of `maps/gallery`: the demo at three sizes in both languages, a plan, and the place with benches.

`python -m tests.gallery FOLDER PLAN BENCHES` takes finished runs: the demo, `faellesrum demo --pdf --out FOLDER`, with
the invented plan `faellesrum demo --plan data/invented_plan.geojson --phases --pdf --out PLAN`, and
`faellesrum demo --place helsinki --lang en --out BENCHES`, on which the places of the brief can be seen.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from tests.ensure_browser import find_browser
from tests.maps.fixtures import READY

if TYPE_CHECKING:
    from playwright.sync_api import Browser

GALLERY = Path(__file__).resolve().parents[1] / "maps" / "gallery"
SIZES = {"desk": (1440, 900), "tablet": (1024, 768), "phone": (390, 844)}
# What each picture shows, as the page's own address says it: a summary, a chosen place, a measurement.
VIEWS = {"desk": "", "tablet": "show=space:osm:way/142519236&at=16/53.5694/13.2667", "phone": "by=nearest_walk"}
COLOURS, FAST_OCTREE = 128, 2
PAPER_DPI = 80


def main(folder: Path, plan: Path, benches: Path) -> None:
    """Write the pictures."""
    from playwright.sync_api import sync_playwright

    report(folder / "report.pdf", "report.png")
    report(plan / "plan.pdf", "plan-report.png")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        for size in SIZES:
            for lang in ("da", "en"):
                picture(browser, folder, size, f"lang={lang}&{VIEWS[size]}", f"demo-{size}-{lang}.png")
        picture(browser, benches, "desk", "lang=en", "demo.png")
        picture(browser, plan, "desk", "lang=en&at=16.5/53.5689/13.2655&swipe=42", "plan.png")
        picture(browser, plan, "desk", "lang=da&find=Am%20Z%C3%BCgel%2012", "stairwell.png", "#fr-stairs")
        browser.close()


def report(document: Path, name: str) -> None:
    """Take one picture of the first two pages of a report."""
    import pypdfium2

    with pypdfium2.PdfDocument(document) as opened:
        pages = [opened[k].render(scale=PAPER_DPI / 72).to_pil().convert("RGB") for k in range(2)]
    width, height = pages[0].size
    both = Image.new("RGB", (2 * width, height), "white")
    for k, page in enumerate(pages):
        both.paste(page, (k * width, 0))
    both.quantize(COLOURS, method=FAST_OCTREE).save(GALLERY / name, optimize=True)


def picture(browser: Browser, folder: Path, size: str, fragment: str, name: str, part: str = "") -> None:
    """Take one picture of the map in a folder, with a part of the panel in view."""
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
    page.goto(f"{(folder / 'map.html').resolve().as_uri()}#{fragment}")
    page.wait_for_selector(READY)
    if part:
        page.locator(part).evaluate("e => e.scrollIntoView()")
    page.wait_for_timeout(500)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shot.quantize(COLOURS, method=FAST_OCTREE).save(GALLERY / name, optimize=True)
    page.close()


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
