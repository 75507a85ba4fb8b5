"""Draw the pictures of `maps/gallery`: the demo at three sizes in both languages, a plan, and the place with benches.

`python -m tests.gallery FOLDER PLAN BENCHES` takes finished runs: the demo, `faellesrum demo --pdf --out FOLDER`, with
the invented plan `faellesrum demo --plan data/invented_plan.geojson --phases --pdf --out PLAN`, and
`faellesrum demo --place helsinki --lang en --out BENCHES`, on which the places of the brief can be seen. Before it
`faellesrum export FOLDER --as pptx --as docx` and `faellesrum report PLAN --sheet --pdf`. Slide, page and workbook are
turned into pictures by LibreOffice; where it is not installed, those three are left as they are.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
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
VIEWS = {"desk": "", "tablet": "show=space:room:38499-593697&at=16/53.5694/13.2667", "phone": "by=nearest_walk"}
COLOURS, FAST_OCTREE = 128, 2
PAPER_DPI, SHEET_DPI = 80, 100
OFFICE = (("board.pptx", "slide.png", 90), ("board.docx", "word.png", 80), ("places.xlsx", "workbook.png", 150))


def main(folder: Path, plan: Path, benches: Path) -> None:
    """Write the pictures."""
    from playwright.sync_api import sync_playwright

    pages(folder / "report.pdf", "report.png")
    pages(plan / "plan.pdf", "plan-report.png")
    pages(plan / "meeting.pdf", "meeting.png", first=1)
    pages(folder / "sitemap.pdf", "sitemap.png", first=1, dpi=SHEET_DPI)
    for file, name, dpi in OFFICE:
        office(folder / file, name, dpi)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        for size in SIZES:
            for lang in ("da", "en"):
                picture(browser, folder, size, f"lang={lang}&{VIEWS[size]}", f"demo-{size}-{lang}.png")
        picture(browser, benches, "desk", "lang=en", "demo.png")
        picture(browser, plan, "desk", "lang=en&at=16.5/53.5689/13.2655&swipe=42", "plan.png")
        printed(browser, folder, "print.png")
        picture(browser, plan, "desk", "lang=da&find=Am%20Z%C3%BCgel%2012", "stairwell.png", "#fr-stairs")
        browser.close()


def pages(document: Path | bytes, name: str, *, first: int = 2, dpi: int = PAPER_DPI) -> None:
    """Take one picture of the first pages of a document, side by side."""
    import pypdfium2

    with pypdfium2.PdfDocument(document) as opened:
        seen = [opened[k].render(scale=dpi / 72).to_pil().convert("RGB") for k in range(first)]
    width, height = seen[0].size
    all_of_them = Image.new("RGB", (first * width, height), "white")
    for k, page in enumerate(seen):
        all_of_them.paste(page, (k * width, 0))
    all_of_them.quantize(COLOURS, method=FAST_OCTREE).save(GALLERY / name, optimize=True)


def office(document: Path, name: str, dpi: int) -> None:
    """Take a picture of the first page of a document of an office program, as LibreOffice shows it."""
    program = shutil.which("soffice")
    if program is None:
        print(f"{name}: left as it is, since LibreOffice is not installed", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [program, "--headless", "--convert-to", "pdf", "--outdir", folder, str(document)], check=True, timeout=300
        )
        pages((Path(folder) / document.name).with_suffix(".pdf").read_bytes(), name, first=1, dpi=dpi)


def printed(browser: Browser, folder: Path, name: str) -> None:
    """Take a picture of what the map of a folder prints from a phone: the map, and the first page of the list."""
    width, height = SIZES["phone"]
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(f"{(folder / 'map.html').resolve().as_uri()}#lang=da")
    page.wait_for_selector(READY)
    paper = page.pdf(prefer_css_page_size=True, print_background=True)
    page.close()
    pages(paper, name)


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
