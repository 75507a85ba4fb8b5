"""Many areas at a glance: a table, a map layer, and one page with a map that asks nobody for anything."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio
from pyogrio.errors import DataLayerError, DataSourceError

from spatial.core.files import write_csv
from spatial.core.languages import locale, texts, warning_text
from spatial.core.model import Estate, Provenance
from spatial.core.numbers import number as written

TABLE, LAYER, PAGE = "areas.csv", "areas.gpkg", "overview.html"
TEMPLATES = Path(__file__).with_name("templates") / "overview"
COLUMNS = (
    "area",
    "name",
    "municipality",
    "status",
    "places",
    "places_inside",
    "meeting_spaces",
    "meeting_spaces_ranked",
    "floating_median",
    "floating_best",
    "coverage_median",
    "dwellings",
    "warnings",
    "error",
)
MAPS = "maps"  # the folder of their own maps
DIGITS = 5  # of degrees on the page: about a metre
SIMPLER_M = 1.0
# Areas are not ranked, nor coloured by what they have: grey says how much is known of a typical meeting place there.
KNOWN_RAMP = ("#e6e6e6", "#bdbdbd", "#8a8a8a", "#525252")
NOTHING_KNOWN = "#fdfcfa"
WGS84 = 4326


def render_overview(
    estates: Sequence[Estate],
    rows: Mapping[str, Mapping[str, Any]],
    failed: Mapping[str, str],
    source: Provenance,
    folder: Path,
    *,
    lang: str,
    maps: bool = False,
) -> None:
    """Write table, layer and page of a batch.

    Parameters
    ----------
    estates
        All areas whose boundary could be read.
    rows
        What each area came to, by its id.
    failed
        What went wrong, by the id of an area, or by its name where it has no boundary.
    maps
        Each area has a map of its own, which the page links to.
    """
    table = sorted(_rows(estates, rows, failed, lang), key=lambda row: str(row["area"]))
    write_csv(pd.DataFrame(table, columns=list(COLUMNS), dtype=object), folder / TABLE, index=False)
    shapes = {estate.id: gpd.GeoSeries([estate.boundary], crs=estate.crs) for estate in estates}
    _layer(table, {area: shape.to_crs(WGS84).iloc[0] for area, shape in shapes.items()}, folder / LAYER)
    drawn = {
        area: gpd.GeoSeries(shape.simplify(SIMPLER_M), crs=shape.crs).to_crs(WGS84).iloc[0]
        for area, shape in shapes.items()
    }
    (folder / PAGE).write_text(
        overview_page(table, drawn, source, lang=lang, maps=maps), encoding="utf-8", newline="\n"
    )


def _rows(
    estates: Sequence[Estate], rows: Mapping[str, Mapping[str, Any]], failed: Mapping[str, str], lang: str
) -> list[dict[str, Any]]:
    known = {estate.id: estate for estate in estates}
    table = []
    for area, estate in known.items():
        row: dict[str, Any] = dict.fromkeys(COLUMNS)
        row |= {"area": area, "name": estate.name, "status": "done" if area in rows else "failed"}
        row |= {name: value for name, value in rows.get(area, {}).items() if name in COLUMNS}
        row |= {"warnings": " ".join(warning_text(one, lang) for one in rows.get(area, {}).get("warnings", []))}
        table.append(row | {"error": failed.get(area)})
    lost = {name: said for name, said in failed.items() if name not in known}
    blank = dict.fromkeys(COLUMNS)
    return table + [{**blank, "area": name, "name": name, "status": "failed", "error": lost[name]} for name in lost]


def _layer(table: Sequence[Mapping[str, Any]], shapes: Mapping[str, Any], path: Path) -> None:
    """Write the areas as a GeoPackage layer; those without a boundary are in the table only.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    rows = [row for row in table if row["area"] in shapes]
    frame = gpd.GeoDataFrame(rows, geometry=[shapes[str(row["area"])] for row in rows], crs=WGS84)
    words = ("area", "name", "municipality", "status", "warnings", "error")
    frame = frame.astype(dict.fromkeys(words, "string"))
    numbers = [name for name in COLUMNS if name not in words]
    frame = frame.astype(dict.fromkeys(numbers, "float64"))
    pyogrio.set_gdal_config_options({"CPL_LOG": os.devnull})
    try:
        pyogrio.write_dataframe(
            frame, path, layer="areas", driver="GPKG", geometry_type="MultiPolygon", promote_to_multi=True
        )
    except (DataSourceError, DataLayerError) as error:
        raise OSError(5, next(iter(str(error).splitlines()), "")) from error


def overview_page(
    table: Sequence[Mapping[str, Any]], shapes: Mapping[str, Any], source: Provenance, *, lang: str, maps: bool = False
) -> str:
    """The page: how many areas, a map of them, and the table."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    from spatial.maps.web import page as web_page
    from spatial.maps.web.geometry import embed
    from spatial.maps.web.linking import link_modules

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    say = texts(lang)["batch"]
    found = sorted((row for row in table if row["status"] == "done"), key=_by_name)
    failed_rows = [row for row in table if row["status"] != "done"]
    data = [_drawn(row, shapes[str(row["area"])], say, lang) for row in table if row["area"] in shapes]
    leaflet, style = web_page.leaflet()
    return environment.get_template("page.html.j2").render(
        lang=lang,
        say=say,
        policy=web_page.POLICY,
        style=Markup(style + (TEMPLATES / "page.css").read_text(encoding="utf-8")),
        leaflet=Markup(leaflet),
        script=Markup(link_modules(TEMPLATES, ["page.js"])),
        data=Markup(embed(data)),
        counts=_counts(found, failed_rows, say, lang),
        legend=_legend(say, lang),
        failed=failed_rows,
        rows=[_shown(row, lang) for row in found],
        maps=maps,
        attribution=f"{source.attribution}, {source.licence}",
    )


def _by_name(row: Mapping[str, Any]) -> tuple[str, str]:
    return str(row["name"]).casefold(), str(row["area"])


def _counts(found: Sequence[Mapping[str, Any]], failed_rows: Sequence[Any], say: Mapping[str, Any], lang: str) -> str:
    said = say["counts"].format(
        areas=number(len(found), lang),
        places=number(sum(row["places"] for row in found), lang),
        spaces=number(sum(row["meeting_spaces"] for row in found), lang),
    )
    return f"{said} {say['counts_failed'].format(n=number(len(failed_rows), lang))}" if failed_rows else said


def _legend(say: Mapping[str, Any], lang: str) -> list[tuple[str, str]]:
    percent, width = texts(lang)["format"]["percent"], 100 // len(KNOWN_RAMP)
    steps = [(colour, percent.format(f"{i * width}–{(i + 1) * width}")) for i, colour in enumerate(KNOWN_RAMP)]
    return [*steps, (NOTHING_KNOWN, say["no_score"])]


def _known_colour(share: float | None) -> str:
    """The grey of a share in [0, 1] that is known."""
    if share is None or share != share:
        return NOTHING_KNOWN
    return KNOWN_RAMP[min(int(share * len(KNOWN_RAMP)), len(KNOWN_RAMP) - 1)]


def number(value: float | None, lang: str, decimals: int = 0) -> str:
    """A number as the language writes it; a dash where there is none."""
    if value is None or value != value:
        return "–"
    return written(value, locale(lang), decimals)


def _shown(row: Mapping[str, Any], lang: str) -> dict[str, str]:
    """A row of the table on the page."""
    known = None if row["coverage_median"] is None else row["coverage_median"] * 100
    return {
        "name": str(row["name"]),
        "municipality": str(row["municipality"] or ""),
        "places": number(row["places"], lang),
        "spaces": number(row["meeting_spaces"], lang),
        "known": "–" if known is None else texts(lang)["format"]["percent"].format(number(known, lang)),
        "map": f"{MAPS}/{row['area']}/map.html",
        "dwellings": number(row["dwellings"], lang),
    }


def _drawn(row: Mapping[str, Any], shape: Any, say: Mapping[str, Any], lang: str) -> dict[str, Any]:
    """An area for the map: outline, colour by how much is known of it, and what a click says."""
    parts = getattr(shape, "geoms", [shape])
    said = say["click_failed"].format(name=row["name"], error=row["error"])
    if row["status"] == "done":
        said = say["click"].format(**_shown(row, lang))
    return {
        "rings": [[[round(y, DIGITS), round(x, DIGITS)] for x, y in part.exterior.coords] for part in parts],
        "colour": _known_colour(row["coverage_median"]),
        "says": said,
    }


def overview_in_words(areas: int, done: int, before: int, out: Path, *, lang: str) -> str:
    """What the command says when it is done."""
    say = texts(lang)["batch"]
    lines = [say["said"].format(areas=number(areas, lang), done=number(done, lang), page=out / PAGE)]
    if before:
        lines.append(say["said_before"].format(n=number(before, lang)))
    return "\n".join(lines)
