"""What of a result is drawn, for the screen and for paper: here, or meanwhile in a second process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
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
        return Drawn(
            order,
            page=self._second.ask(page, order.on_map, order.options, order.lang),
            sheet=self._begun or self._second.ask(sheet, order.analysis, order.lang),
            report=self._second.ask(report, order.analysis, order.lang, order.pdf),
        )


@dataclass(frozen=True)
class Drawn:
    """What was asked of another process; what was not, or was lost with it, is drawn here when it is wanted."""

    order: Order
    page: Asked[Contents] | None = None
    sheet: Asked[Contents] | None = None
    report: Asked[Contents] | None = None

    def on_screen(self) -> Contents:
        """The interactive map."""
        order = self.order
        return _answered(self.page, lambda: page(order.on_map, order.options, order.lang))

    def on_paper(self) -> Contents:
        """The site map and the report."""
        order = self.order
        found = _answered(self.sheet, lambda: sheet(order.analysis, order.lang))
        return found | _answered(self.report, lambda: report(order.analysis, order.lang, order.pdf))


def _answered(asked: Asked[Contents] | None, otherwise: Callable[[], Contents]) -> Contents:
    try:
        return otherwise() if asked is None else asked.result()
    except GoneError:
        return otherwise()


def now() -> str:
    """The moment as manifests have it: UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def page(analysis: Analysis, options: Mapping[str, Any], lang: str) -> Contents:
    """The interactive map."""
    from spatial.render import web_map

    return {"map.html": web_map.page(analysis, lang=lang, **options)}


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
