"""What of a result is drawn, for the screen and for paper: here, or meanwhile in a second process."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
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
    """A second process that draws: the sheet as soon as there is all that it shows, the rest at the end."""

    def __init__(self, second: Second, lang: str) -> None:
        self._second, self._lang = second, lang
        self.made_at = now()
        self._begun: Asked[Contents] | None = None
        second.ask(make_ready)

    def begin(self, analysis: Analysis) -> None:
        """Draw the sheet of a result that nobody has looked at through lenses yet."""
        made = replace(analysis, manifest={**analysis.manifest, "made_at": self.made_at})
        self._begun = self._second.ask(sheet, made, self._lang)

    def finish(self, order: Order) -> Drawn:
        """Draw the map and the report, and the sheet if nobody has begun it."""
        _ = order.analysis.field_checks  # found here, where what finds them is loaded, and sent along
        if self._begun is None:
            return Drawn(order, (self._second.ask(everything, order),))
        return Drawn(order, (self._begun, self._second.ask(rest, order)))


@dataclass(frozen=True)
class Drawn:
    """What another process was asked to draw; where none was, or it has ended, it is drawn here when it is wanted."""

    order: Order
    asked: tuple[Asked[Contents], ...] = ()

    def contents(self) -> Contents:
        """Everything that is drawn."""
        with suppress(GoneError):
            if self.asked:
                return {name: content for one in self.asked for name, content in one.result().items()}
        return everything(self.order)


def now() -> str:
    """The moment as manifests have it: UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def everything(order: Order) -> Contents:
    """The site map, the interactive map and the report."""
    return sheet(order.analysis, order.lang) | rest(order)


def rest(order: Order) -> Contents:
    """The interactive map and the report."""
    from spatial.render import web_map

    page = {"map.html": web_map.page(order.on_map, lang=order.lang, **order.options)}
    return page | report(order.analysis, order.lang, order.pdf)


def sheet(analysis: Analysis, lang: str) -> Contents:
    """The site map, to be printed and as a picture; it shows nothing that is seen through lenses."""
    from spatial.render import sitemap

    printed = sitemap.pdf(analysis, lang=lang)
    return {"sitemap.pdf": printed, "sitemap.png": sitemap.picture(printed)}


def report(analysis: Analysis, lang: str, pdf: bool) -> Contents:
    """The report; with ``pdf`` as PDF as well."""
    from spatial import reports
    from spatial.reports import estate

    made = reports.drawn(estate.document(analysis, analysis.field_checks, lang=lang), pdf=pdf)
    return {f"report{ending}": content for ending, content in made.items()}


def make_ready() -> None:
    """Load what is drawn with."""
    from spatial import reports
    from spatial.render import sitemap, web_map

    sitemap.make_ready()
    web_map.make_ready()
    reports.make_ready()
