"""The interactive map: a folium map in one file that makes no request to anywhere."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from spatial.errors import InputError
from spatial.model import Result
from spatial.render import files
from spatial.strings import texts

if TYPE_CHECKING:
    import folium

    from spatial.render._web_observed import Observed
    from spatial.render._web_plan import Planned
    from spatial.render._web_scoring import Judged, Seen

ZOOM_START = 16  # until the page has fitted the estate into its window
ZOOM_MAX = 20
OSM_TILES = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"


def build(
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
    from spatial.render._web_data import payload
    from spatial.render._web_geometry import UNITS_PER_DEGREE
    from spatial.render._web_page import EstateMap

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


def render(
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
    content = page(result, lang=lang, judged=judged, lenses=lenses, tiles=tiles, plan=plan, observed=observed)
    files.place({Path(path): content})


def page(result: Result, *, lang: str = "da", **options: Any) -> bytes:
    """The map of a result as the content of one HTML file; the options are those of ``build``."""
    return build(result, lang, **options).get_root().render().encode("utf-8")


def make_ready() -> None:
    """Import what drawing needs; folium takes a while."""
    from spatial.render import _web_data, _web_page  # noqa: F401
