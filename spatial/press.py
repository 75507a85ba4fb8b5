"""What of a result is drawn, for the screen, for paper and for QGIS: here, or meanwhile in a second process."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spatial.analysis import Analysis
from spatial.second import Asked, GoneError, Second

Contents = dict[str, bytes]  # by the names of their files


@dataclass(frozen=True)
class Order:
    """What is to be drawn: a result, the options of ``spatial.render.web_map.render`` for its map, and how."""

    analysis: Analysis
    on_map: Analysis
    options: Mapping[str, Any]
    lang: str
    pdf: bool


class Press:
    """A second process that draws: what shows nothing of the lenses as soon as it is there, the map at the end."""

    def __init__(self, second: Second, lang: str) -> None:
        self._second, self._lang = second, lang
        self.made_at = now()
        self._begun: Asked[Contents] | None = None
        second.ask(make_ready)

    def begin(self, analysis: Analysis) -> None:
        """Draw what a result shows that nobody has looked at through lenses yet."""
        made = replace(analysis, manifest={**analysis.manifest, "made_at": self.made_at})
        self._begun = self._second.ask(first, made, self._lang)

    def finish(self, order: Order) -> Drawn:
        """Draw the map, and what is not begun."""
        begun = self._begun or self._second.ask(first, order.analysis, order.lang)
        return Drawn(order, (begun, self._second.ask(page, order.on_map, order.options, order.lang)))


@dataclass(frozen=True)
class Drawn:
    """What another process was asked to draw; where none was, or it has ended, all is drawn here when it is wanted."""

    order: Order
    asked: tuple[Asked[Contents], ...] = ()

    def contents(self) -> Contents:
        """Everything that is drawn; the report is drawn here while the other process draws the map."""
        order = self.order
        reported = report(order.analysis, order.lang, order.pdf)
        with suppress(GoneError):
            if self.asked:
                return {name: content for one in self.asked for name, content in one.result().items()} | reported
        return first(order.analysis, order.lang) | page(order.on_map, order.options, order.lang) | reported


def now() -> str:
    """The moment as manifests have it: UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def first(analysis: Analysis, lang: str) -> Contents:
    """What shows nothing that is seen through lenses: the GeoPackage, and the site map in print and as a picture."""
    from spatial.render import sitemap, tables

    with tempfile.TemporaryDirectory(prefix="faellesrum-") as folder:
        layers = Path(folder) / "places.gpkg"
        tables.geopackage(analysis, layers, lang=lang)
        found = {layers.name: layers.read_bytes()}
    printed = sitemap.pdf(analysis, lang=lang)
    return found | {"sitemap.pdf": printed, "sitemap.png": sitemap.picture(printed)}


def page(analysis: Analysis, options: Mapping[str, Any], lang: str) -> Contents:
    """The interactive map."""
    from spatial.render import web_map

    return {"map.html": web_map.page(analysis, lang=lang, **options)}


def report(analysis: Analysis, lang: str, pdf: bool) -> Contents:
    """The report; with ``pdf`` as PDF as well."""
    from spatial import reports
    from spatial.reports import estate

    made = reports.drawn(estate.document(analysis, analysis.field_checks, lang=lang), pdf=pdf)
    return {f"report{ending}": content for ending, content in made.items()}


def make_ready() -> None:
    """Load what is drawn with."""
    from spatial.render import sitemap, tables, web_map  # noqa: F401

    sitemap.make_ready()
    web_map.make_ready()
