"""The folium map and the page around it, made of the files in ``web/``; imports folium."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import folium
from branca.element import Element, Figure
from folium.template import Environment
from jinja2 import FunctionLoader
from markupsafe import Markup

from spatial.errors import InputError
from spatial.render._web_geometry import embed
from spatial.version import generator

MAP_ID = "faellesrum"
POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:"
SCRIPTS = (
    "words.js",
    "state.js",
    "theme.js",
    "pieces.js",
    "score.js",
    "drawing.js",
    "ground.js",
    "paper.js",
    "reach.js",
    "panel.js",
    "plan.js",
    "observed.js",
    "weights.js",
    "map.js",
)
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
        page = Page(data["lang"], data["estate"]["name"])
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
    return (files("spatial.render") / "web" / name).read_text(encoding="utf-8")


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
    """Leaflet, the shim for what folium expects beside it, and our own script."""
    icons = {name: _data_uri(name) for name in ("marker-icon.png", "marker-icon-2x.png", "marker-shadow.png")}
    return _template("library.html.j2").render(
        leaflet=Markup(leaflet()[0]),
        icons=Markup(embed(icons)),
        shim=Markup(_text("shim.js")),
        ours=[Markup(_text(name)) for name in SCRIPTS],
    )
