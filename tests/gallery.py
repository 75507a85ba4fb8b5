"""Draw the pictures of `maps/gallery`: the demo at three sizes in both languages: `python -m tests.gallery FOLDER`.

FOLDER holds a finished run of the demo (`faellesrum demo --out FOLDER`).
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

from PIL import Image

from tests.ensure_browser import find_browser
from tests.render.fixtures import READY

GALLERY = Path(__file__).resolve().parents[1] / "maps" / "gallery"
SIZES = {"desk": (1440, 900), "tablet": (1024, 768), "phone": (390, 844)}
# What each picture shows, as the page's own address says it: a summary, a chosen place, a measurement.
VIEWS = {"desk": "", "tablet": "show=space:osm:way/142519236&at=16/53.5694/13.2667", "phone": "by=nearest_walk"}
COLOURS, FAST_OCTREE = 128, 2


def main(folder: Path) -> None:
    """Write the pictures."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        for size, (width, height) in SIZES.items():
            for lang in ("da", "en"):
                page = browser.new_page(viewport={"width": width, "height": height}, reduced_motion="reduce")
                page.goto(f"{(folder / 'map.html').resolve().as_uri()}#lang={lang}&{VIEWS[size]}")
                page.wait_for_selector(READY)
                page.wait_for_timeout(500)
                shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
                name = "demo.png" if (size, lang) == ("desk", "en") else f"demo-{size}-{lang}.png"
                shot.quantize(COLOURS, method=FAST_OCTREE).save(GALLERY / name, optimize=True)
                page.close()
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
