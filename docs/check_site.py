"""Looks through the built site: it asks nobody for anything, and every link within it leads somewhere.

``python docs/check_site.py build/site``; the exit code says whether it is so. With ``--browser`` some
pages are opened in Chromium as well, and every request they make is listed.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADS = {
    "script": "src",
    "img": "src",
    "iframe": "src",
    "source": "src",
    "object": "data",
    "video": "src",
    "audio": "src",
}
RELS_THAT_LOAD = {"stylesheet", "preload", "prefetch", "preconnect", "icon", "modulepreload", "dns-prefetch"}
CSS_LOAD = re.compile(r"(?:url\(\s*['\"]?|@import\s+['\"])(https?:)?//")
OPENED = ("index.html", "da/hurtig-guide.html", "method-paper.html", "tutorials/01_map_your_estate.html")


class Found(HTMLParser):
    """What a page loads, links to, and can be linked to at."""

    def __init__(self) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.lang = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "html":
            self.lang = given.get("lang", "")
        if tag in LOADS and given.get(LOADS[tag]):
            self.loads.append(given[LOADS[tag]])
        elif tag == "link" and RELS_THAT_LOAD & set(given.get("rel", "").split()):
            self.loads.append(given.get("href", ""))
        elif tag == "a" and "href" in given:
            self.links.append(given["href"])


def read(path: Path) -> Found:
    """Parse a page."""
    found = Found()
    found.feed(path.read_text(encoding="utf-8"))
    return found


def problems(site: Path) -> Iterator[str]:
    """All that is wrong with the site."""
    pages = {path: read(path) for path in sorted(site.rglob("*.html"))}
    for path, page in pages.items():
        name = path.relative_to(site)
        if page.lang not in ("", spoken := "da" if name.parts[0] == "da" else "en"):
            yield f"{name}: its frame is in {page.lang!r}, its text in {spoken!r}"
        for address in page.loads:
            if urlsplit(address).netloc:
                yield f"{name}: asks for {address}"
        for address in (*page.loads, *page.links):
            parts = urlsplit(address)
            if parts.scheme or parts.netloc or name.name == "404.html":
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                yield f"{name}: leads to {address}, which is not there"
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                yield f"{name}: leads to {address}, and there is no such heading"
    for path in site.rglob("*.css"):
        if CSS_LOAD.search(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(site)}: a style asks for something elsewhere"


def requests(site: Path, executable: str | None) -> Iterator[str]:
    """Every request beyond this disk that some pages make in a browser, and every error they report."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        for name in OPENED:
            page = browser.new_page()
            asked: list[str] = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto((site / name).resolve().as_uri(), wait_until="load")
            yield from (
                f"{name}: asked for {url[:80]}"
                for url in asked
                if not url.startswith(("file:", "data:", "blob:", "about:"))
            )
            page.close()
        browser.close()


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    wrong = list(problems(folder))
    if "--browser" in sys.argv:
        sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
        from tests.ensure_browser import find_browser

        wrong += requests(folder, find_browser())
    print(*wrong, sep="\n")
    print(f"{folder}: {len(list(folder.rglob('*.html')))} pages, {len(wrong)} problems")
    sys.exit(bool(wrong))
