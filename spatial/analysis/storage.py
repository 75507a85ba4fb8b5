"""Draw a result, save it in a folder whole or not at all, and load it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spatial.analysis import before_after
from spatial.analysis.result import Analysis, Estate
from spatial.core.files import scratch_folder
from spatial.core.parallel import Asked, GoneError, Second
from spatial.core.timing import Clock

if TYPE_CHECKING:
    from spatial.maps.web.observed_payload import Observed


Contents = dict[str, bytes]  # by the names of their files


@dataclass(frozen=True)
class Order:
    """What is to be drawn: a result, the options of ``spatial.maps.web.page.render_map`` for its map, and how."""

    analysis: Analysis
    on_map: Analysis
    options: Mapping[str, Any]
    lang: str
    pdf: bool


class Press:
    """Draw in a second process: GeoPackage and sheet right after scoring, the map last."""

    def __init__(self, second: Second, lang: str) -> None:
        self._second, self._lang = second, lang
        self.made_at = utc_now()
        self._begun: Asked[Contents] | None = None
        second.ask(load_drawing)

    def begin(self, analysis: Analysis) -> None:
        """Draw what a result shows that nobody has looked at through lenses yet."""
        made = replace(analysis, manifest={**analysis.manifest, "made_at": self.made_at}, streets=None)
        self._begun = self._second.ask(draw_geopackage_and_sheet, made, self._lang)

    def finish(self, order: Order) -> Drawn:
        """Draw the map, and what is not begun."""
        begun = self._begun or self._second.ask(draw_geopackage_and_sheet, order.analysis, order.lang)
        return Drawn(order, (begun, self._second.ask(draw_map, order.on_map, order.options, order.lang)))


@dataclass(frozen=True)
class Drawn:
    """What another process was asked to draw; where none was, or it has ended, all is drawn here when it is wanted."""

    order: Order
    asked: tuple[Asked[Contents], ...] = ()

    def contents(self) -> Contents:
        """Everything that is drawn; the report is drawn here while the other process draws the map."""
        order = self.order
        reported = draw_report(order.analysis, order.lang, order.pdf)
        with suppress(GoneError):
            if self.asked:
                return {name: content for one in self.asked for name, content in one.result().items()} | reported
        return (
            draw_geopackage_and_sheet(order.analysis, order.lang)
            | draw_map(order.on_map, order.options, order.lang)
            | reported
        )


def utc_now() -> str:
    """The moment as manifests have it: UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def draw_geopackage_and_sheet(analysis: Analysis, lang: str) -> Contents:
    """What shows nothing that is seen through lenses: GeoPackage, workbook, site map in print and as a picture."""
    from spatial.maps import tables, workbook
    from spatial.maps.sheet import sitemap

    with scratch_folder() as folder:
        layers = folder / "places.gpkg"
        tables.geopackage(analysis, layers, lang=lang)
        found = {layers.name: layers.read_bytes(), "places.xlsx": workbook.workbook(analysis, lang)}
    sheet = sitemap.typeset_sitemap(analysis, lang=lang)
    return found | {"sitemap.pdf": sheet.pdf(), "sitemap.png": sheet.png(sitemap.DPI)}


def draw_map(analysis: Analysis, options: Mapping[str, Any], lang: str) -> Contents:
    """The interactive map."""
    from spatial.maps.web import page as web_page

    return {"map.html": web_page.map_page(analysis, lang=lang, **options)}


def draw_report(analysis: Analysis, lang: str, pdf: bool) -> Contents:
    """The report; with ``pdf`` as PDF as well."""
    from spatial.maps.lettering import on_paper
    from spatial.reports import estate, sections

    checks, readable = analysis.field_checks, on_paper(analysis)
    document = estate.estate_document(analysis, checks, lang=lang)
    paper = document if readable is analysis else estate.estate_document(readable, checks, lang=lang)
    made = sections.draw_document(document, pdf=pdf, paper=paper)
    return {f"report{ending}": content for ending, content in made.items()}


def load_drawing() -> None:
    """Load what is drawn with."""
    from spatial.maps import tables  # noqa: F401
    from spatial.maps.sheet import sitemap
    from spatial.maps.web import page as web_page

    sitemap.load_sheet_parts()
    web_page.load_map_parts()


def save(
    analysis: Analysis,
    out: str | Path,
    *,
    lang: str = "da",
    pdf: bool = False,
    beside: before_after.Beside | None = None,
    progress: Callable[[str], None] | None = None,
    press: Press | None = None,
) -> Analysis:
    """Write a result into a folder: all of its files, or none; with ``pdf`` the report as PDF as well.

    After a plan, the map lays the result ``beside`` that of today. A ``press`` draws meanwhile.

    Returns
    -------
    Analysis
        The same result, with the timings of writing and the time of making in its manifest.

    Raises
    ------
    InputError
        If the folder cannot be made or written.
    """
    from spatial.core import outputs
    from spatial.maps import relief, tables

    clock = Clock(progress)
    made_at = utc_now() if press is None else press.made_at
    made = {**analysis.manifest, "made_at": made_at, "lang": lang}
    timed = replace(analysis, manifest=made, streets=None)  # nothing that is written shows it
    order = Order(timed, *before_after.for_map(timed, *(beside or ())), lang=lang, pdf=pdf)
    with outputs.whole_folder(Path(out)) as draft:
        drawn = Drawn(order) if press is None else press.finish(order)
        with clock.stage("tables"):
            tables.scores(timed, draft / "scores.csv", lang=lang)
            tables.evidence(timed, draft / "evidence.parquet")
            tables.lenses(timed, draft / "lenses.csv")
            tables.lens_evidence(timed, draft / "lens_evidence.parquet")
            tables.lens_homes(timed, draft / "lens_homes.parquet")
            tables.reach(timed, draft / "reach.parquet")
            tables.facts(timed, draft / "facts.parquet")
            tables.field_checks(timed.field_checks, timed, draft / "field_checks.csv", lang=lang)
            tables.lineage(timed, draft / "lineage.parquet")
            if timed.terrain is not None:
                relief.write_relief(timed.terrain, draft / "terrain.tif")
        with clock.stage("drawings"):
            for name, content in drawn.contents().items():
                (draft / name).write_bytes(content)
        timed = replace(timed, manifest=made | {"timings": {**made["timings"], **clock.seconds}})
        tables.manifest(timed, draft / "manifest.json")
    return replace(timed, streets=analysis.streets)


def load(folder: str | Path) -> Analysis:
    """Read a finished run back from its folder.

    Raises
    ------
    SourceUnavailable, SourceFormatError
        If the folder does not hold a finished run, or one of another version.
    """
    from spatial.analysis import loading

    found = vars(loading.read_run(Path(folder)))
    return Analysis(**found | {"estate": Estate(**vars(found["estate"]))})


def redraw(folder: Path, *, lang: str = "da", tiles: str | None = None, out: Path | None = None) -> Path:
    """Draw the map of a finished run again, with all that its folder holds by now; return the file.

    Parameters
    ----------
    folder
        Of a finished run.
    tiles
        Address of an online base map; see ``spatial.maps.web.page.build_map``.
    out
        File to write. Default: ``map.html`` in the folder.

    Raises
    ------
    SpatialError
        If the folder holds no finished run, or the file cannot be written.
    """
    from spatial.core import outputs
    from spatial.maps.web import page as web_page

    path = out or folder / "map.html"
    result = load(folder)
    plan = result.manifest.get("plan") or {}
    without = plan.get("today")
    today = load(folder / without) if without and (folder / without).is_dir() else None
    phases = [load(folder / name) for name in plan.get("folders", ()) if (folder / name).is_dir()]
    drawn, options = before_after.for_map(result, today, phases=phases)
    with outputs.whole_file(path):
        web_page.render_map(drawn, path, lang=lang, tiles=tiles, observed=_observed(folder, result), **options)
    return path


def _observed(folder: Path, result: Analysis) -> Observed | None:
    """What was published of observations laid over the run in this folder."""
    from spatial.analysis import loading
    from spatial.maps.web.observed_payload import Observed

    units = loading.observed(folder)
    if units is None:
        return None
    said = result.manifest["observations"]
    return Observed(units, by=said["by"], k=said["k"])
