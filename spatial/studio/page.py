"""The page of the studio: the panel, map and scripts of the map page, and beside them the drawing table.

Everything comes from this server, and nothing is written into the page that a policy against foreign scripts forbids.
The page for the board is one file, and asks nobody for anything.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Any

from jinja2 import Environment, FunctionLoader
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from spatial.core.languages import texts
from spatial.core.versions import generator
from spatial.maps.web.geometry import embed
from spatial.maps.web.linking import link_modules
from spatial.maps.web.page import FILES, POLICY, leaflet


def _hash_of(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


ENTRY, START, BOARD = ("studio.js",), ("start.js",), ("board.js",)
ENTER_STYLE = "body { font: 16px/1.45 system-ui, sans-serif; max-width: 32rem; margin: 15vh auto; padding: 0 1rem } \
button { font: inherit; padding: .6rem 1.2rem; cursor: pointer }"
ENTER_HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_hash_of(ENTER_STYLE)}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    # A form of a page without one would be sent without its origin.
    "Referrer-Policy": "same-origin",
}
SCRIPTS, TEMPLATES = FILES / "scripts", files("spatial.studio") / "templates"


@cache
def page(estate: str, lang: str) -> bytes:
    """The page before anything is on it."""
    return _rendered("studio.html.j2", lang, estate)


@cache
def start_page(lang: str) -> bytes:
    """The page on which an estate is chosen."""
    return _rendered("start.html.j2", lang)


def entrance(token: str, lang: str) -> Response:
    """The page on which who was sent an address presses to come in; until then the address is not used."""
    content = _rendered("enter.html.j2", lang, token=token, style=Markup(ENTER_STYLE))
    return HTMLResponse(content, headers=ENTER_HEADERS)


def board_page(data: Mapping[str, Any]) -> bytes:
    """The page for the board, with all that is on it."""
    script = "\n".join([leaflet()[0], link_modules(SCRIPTS, BOARD), "faellesrum.startBoard();"])
    own = {"script": Markup(script), "style": Markup(style().decode()), "json": Markup(embed(data))}
    return _rendered("board.html.j2", data["lang"], data["estate"]["name"], policy=POLICY, generator=generator(), **own)


def _rendered(name: str, lang: str, estate: str = "", **more: Any) -> bytes:
    loader = FunctionLoader(lambda name: (TEMPLATES / name).read_text(encoding="utf-8"))
    template = Environment(loader=loader, autoescape=True).get_template(name)
    glyphs = Markup((SCRIPTS / "glyphs.svg").read_text(encoding="utf-8"))
    return template.render(estate=estate, lang=lang, glyphs=glyphs, texts=texts(lang), **more).encode()


@cache
def style() -> bytes:
    """Leaflet's style, that of the map page in light and dark, and that of the drawing table."""
    ours, dark, own = ((SCRIPTS / name).read_text(encoding="utf-8") for name in ("map.css", "dark.css", "studio.css"))
    system = f'@media (prefers-color-scheme: dark) {{ :root:not([data-theme="light"]) {{ {dark} }} }}'
    return "\n".join([leaflet()[1], ours, system, f':root[data-theme="dark"] {{ {dark} }}', own]).encode()


@cache
def script() -> bytes:
    """Leaflet, and the scripts of the studio and of the map page as one; then the page begins."""
    return "\n".join([leaflet()[0], link_modules(SCRIPTS, ENTRY), "faellesrum.startStudio();"]).encode()


@cache
def start_script() -> bytes:
    """Leaflet, and the scripts of the start page as one; then the page begins."""
    return "\n".join([leaflet()[0], link_modules(SCRIPTS, START), "faellesrum.startPage();"]).encode()
