"""Build the interactive map as one file that asks nobody for anything."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import folium
from branca.element import Element, Figure
from folium.template import Environment
from jinja2 import FunctionLoader
from markupsafe import Markup

from spatial.core import outputs
from spatial.core.errors import InputError
from spatial.core.languages import texts
from spatial.core.model import Result
from spatial.core.versions import generator
from spatial.maps.web.geometry import embed
from spatial.maps.web.linking import link_modules

if TYPE_CHECKING:
    import folium

    from spatial.maps.web.observed_payload import Observed
    from spatial.maps.web.plan_payload import Planned
    from spatial.maps.web.score_payload import Judged, Seen


MAP_ID = "faellesrum"
FILES = files("spatial.maps.web")
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
SCRIPTS = ("map.js", "folium.js")  # and all that they import
MEDIA_TYPES = {"png": "image/png"}


class Page(Figure):
    """The HTML page that holds one map and asks nobody for anything.

    ``policy`` is its Content-Security-Policy; who adds layers from elsewhere, such as tiles, must
    loosen it, e.g. ``m.get_root().policy = ""``.
    """

    def __init__(self, lang: str, title: str) -> None:
        super().__init__(title=title)
        self.lang = lang
        self.policy = POLICY
        self.referrer = "no-referrer"
        self.generator = generator()
        self.header._children.clear()

    def render(self, **kwargs: Any) -> str:
        """Render the whole page."""
        for child in self._children.values():
            child.render(**kwargs)
        return _template("page.html.j2").render(this=self, kwargs=kwargs)


class Verbatim(Element):
    """Text that stands in the page as it is."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text

    def render(self, **kwargs: Any) -> str:
        """Return the text."""
        return self.text


class EstateMap(folium.Map):
    """A folium map that draws a result on its own base map, from this page alone."""

    def __init__(self, data: Mapping[str, Any], *, pictures_from: str | None = None, **options: Any) -> None:
        super().__init__(tiles=None, prefer_canvas=True, zoom_control=False, **options)
        self._id = MAP_ID
        self.default_js = []
        self.default_css = []
        self.data = data
        state = data["estate"]["state"][data["lang"]]
        page = Page(data["lang"], ", ".join(text for text in (data["estate"]["name"], state) if text))
        if pictures_from:
            page.policy = f"{POLICY} {pictures_from}"  # the policy ends with where images may come from
            page.referrer = "strict-origin-when-cross-origin"  # servers of tiles want to know who asks
        page.add_child(self)

    def render(self, **kwargs: Any) -> str:
        """Put style, page, data and scripts into the figure, then the layers that users added."""
        figure = self.get_root()
        if not isinstance(figure, Figure):
            raise InputError("web_map.page")
        context = {"this": self, "data": self.data, "texts": self.data["texts"][self.data["lang"]]}
        figure.header.add_child(Verbatim(_style()), name="faellesrum_style")
        figure.header.add_child(Verbatim(_library()), name="faellesrum_library")
        panel = _template("panel.html.j2").render(glyphs=Markup(_text("glyphs.svg")), **context)
        figure.html.add_child(Verbatim(panel), name="faellesrum_page")
        figure.html.add_child(Verbatim(_json_element(self.data)), name="faellesrum_data")
        start = _template("start.js.j2").render(**context)
        figure.script.add_child(Verbatim(start), name=self.get_name())
        for child in self._children.values():
            child.render(**kwargs)
        return ""


def _json_element(data: Mapping[str, Any]) -> str:
    return _template("data.html.j2").render(json=Markup(embed(data)))


@cache
def _environment() -> Environment:
    loader = FunctionLoader(_text)
    return Environment(loader=loader, autoescape=True)  # type: ignore[no-untyped-call]


@cache
def _template(name: str) -> Any:
    return _environment().get_template(name)


@cache
def _text(name: str) -> str:
    return (FILES / ("templates" if name.endswith(".j2") else "scripts") / name).read_text(encoding="utf-8")


def _leaflet() -> Any:
    return files("js_lib_leaflet") / "static" / "js_lib_leaflet"


def _data_uri(name: str) -> str:
    content = base64.b64encode((_leaflet() / "images" / name).read_bytes()).decode()
    return f"data:{MEDIA_TYPES[name.rpartition('.')[2]]};base64,{content}"


@cache
def leaflet() -> tuple[str, str]:
    """Leaflet's script, and its style with its images inside: for pages that ask nobody for anything."""
    css = (_leaflet() / "leaflet.css").read_text(encoding="utf-8")
    css = re.sub(r"behavior:[^;]*;", "", css)
    css = re.sub(r"url\(images/([\w.-]+)\)", lambda found: f"url({_data_uri(found[1])})", css)
    script = (_leaflet() / "leaflet.js").read_text(encoding="utf-8")
    script = re.sub(r"//# sourceMappingURL=.*", "", script).strip()
    return script, re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)


@cache
def _style() -> str:
    """Leaflet's style, then ours."""
    return _template("style.html.j2").render(
        leaflet=Markup(leaflet()[1]), ours=Markup(_text("map.css")), dark=Markup(_text("dark.css"))
    )


@cache
def _library() -> str:
    """Leaflet, our own script, and what folium expects beside Leaflet."""
    icons = {name: _data_uri(name) for name in ("marker-icon.png", "marker-icon-2x.png", "marker-shadow.png")}
    return _template("library.html.j2").render(
        leaflet=Markup(leaflet()[0]),
        icons=Markup(embed(icons)),
        ours=Markup(link_modules(FILES / "scripts", SCRIPTS)),
    )


ZOOM_START = 16  # until the page has fitted the estate into its window
ZOOM_MAX = 20
OSM_TILES = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"


def build_map(
    result: Result,
    lang: str = "da",
    *,
    judged: Mapping[str, Judged] | None = None,
    lenses: Sequence[Seen] = (),
    tiles: str | None = None,
    plan: Planned | None = None,
    observed: Observed | None = None,
) -> folium.Map:
    """Draw a result as a folium map, to which further folium layers may be added.

    The map needs no tiles and no server: ground, data, scripts and texts are all in the page, and
    its Content-Security-Policy forbids every request. To add layers from elsewhere, loosen it:
    ``m.get_root().policy = ""``. The page opens in ``lang`` and holds the other languages too.

    Parameters
    ----------
    result
        A finished run, in the estate's metric CRS.
    lang
        Language that the page opens in, ``"da"`` or ``"en"``.
    judged
        Judged values of ``"places"`` and ``"spaces"`` in the order of their tables; without them
        the weights of the page cannot be moved.
    lenses
        What is judged through resident lenses, to switch between.
    tiles
        Address of an online base map, such as `OSM_TILES`, to stand in the place of our ground.
        The page then asks its server for pictures, and nobody else for anything.
    plan
        What was there before, if the result is that after a plan: both are then laid side by side.
    observed
        Counts of people as they were published, to lay over the map.

    Raises
    ------
    ConfigError
        If there are no texts in this language.
    """
    texts(lang)
    from spatial.maps.web.geometry import UNITS_PER_DEGREE
    from spatial.maps.web.payload import payload

    data = payload(result, lang, judged, lenses, tiles, plan, observed)
    lon, lat = (unit / UNITS_PER_DEGREE for unit in data["origin"])
    return EstateMap(data, location=(lat, lon), zoom_start=ZOOM_START, max_zoom=ZOOM_MAX, pictures_from=_host(tiles))


def _host(tiles: str | None) -> str | None:
    """Server of an address of tiles, as a Content-Security-Policy names it."""
    if tiles is None:
        return None
    parts = urlsplit(tiles)
    if parts.scheme not in ("https", "http") or not parts.netloc or "{z}" not in tiles:
        raise InputError("web_map.tiles", found=tiles, known=OSM_TILES)
    return f"{parts.scheme}://{parts.netloc.replace('{s}', '*')}"


def render_map(
    result: Result,
    path: str | os.PathLike[str],
    *,
    lang: str = "da",
    judged: Mapping[str, Judged] | None = None,
    lenses: Sequence[Seen] = (),
    tiles: str | None = None,
    plan: Planned | None = None,
    observed: Observed | None = None,
) -> None:
    """Write the map of a result to one HTML file, whole or not at all.

    Two renderings of the same result differ in nothing but ``manifest["made_at"]``.
    """
    content = map_page(result, lang=lang, judged=judged, lenses=lenses, tiles=tiles, plan=plan, observed=observed)
    outputs.replace_files({Path(path): content})


def map_page(result: Result, *, lang: str = "da", **options: Any) -> bytes:
    """The map of a result as the content of one HTML file; the options are those of ``build_map``."""
    return build_map(result, lang, **options).get_root().render().encode("utf-8")


def load_map_parts() -> None:
    """Import what drawing needs; folium takes a while."""
    from spatial.maps.web import page as web_page  # noqa: F401
