"""The site map: a sheet to print, at a true scale, as vector PDF and as picture."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.core import outputs
from spatial.core.languages import texts
from spatial.core.model import Result
from spatial.core.numbers import number as written
from spatial.maps import style
from spatial.maps.fills import Fill, fill_of
from spatial.maps.lettering import on_paper
from spatial.maps.sheet.layout import Sheet, compose
from spatial.maps.sheet.paper import Paper
from spatial.places.meeting_spaces import MEETING
from spatial.places.naming import in_order, names_in_order, names_of
from spatial.places.possible import possible_in
from spatial.texts import plan_state
from spatial.texts.headline import date_in_words, headline

if TYPE_CHECKING:
    from spatial.maps.sheet.margin import Row
    from spatial.maps.svg import Pen
    from spatial.maps.typesetting import Typeset

DPI = 150
SURELY_NORTH_DEG = 0.05  # less between grid north and true north is not worth saying


@dataclass(frozen=True)
class Choice:
    """What can be chosen of a sheet: paper, scale 1:``scale`` and side up; None is the best that fits."""

    paper: str = "A3"
    scale: int | None = None
    landscape: bool | None = None


def sheet_of(result: Result, choice: Choice | None = None) -> Sheet:
    """Lay out the sheet of a result: its boundary and its meeting spaces can be seen.

    Raises
    ------
    InputError
        If there is no such paper, or the scale is out of range.
    """
    choice = choice or Choice()
    spaces = result.meeting_spaces
    seen = [result.estate.boundary, *spaces.geometry[spaces["status"] == MEETING]]
    bounds = shapely.total_bounds(np.array(seen, dtype=object)).tolist()
    return compose(
        bounds,
        paper=choice.paper,
        scale=choice.scale,
        landscape=choice.landscape,
        rows=int(spaces["rank"].notna().sum()),
    )


def typeset_sitemap(result: Result, *, lang: str = "da", choice: Choice | None = None) -> Typeset:
    """Lay out the site map of a result, to be made into a PDF or a picture.

    The map is in the estate's grid, up is grid north, and a millimetre on paper is ``scale``
    millimetres of the grid; in UTM that is 0.04 % less than on the ground at most.

    Parameters
    ----------
    result
        A finished run, in the estate's metric CRS.
    lang
        ``"da"`` or ``"en"``.
    choice
        Paper, scale and side up.

    Raises
    ------
    ConfigError
        If there are no texts in this language.
    InputError
        If there is no such paper, or the scale is out of range.
    """
    from spatial.maps.sheet import margin

    say, sheet = texts(lang), sheet_of(result, choice)
    paper = Paper(sheet)
    order, fill = in_order(result.meeting_spaces), fill_of(result.meeting_spaces)
    ranked = [i for i in order if result.meeting_spaces["rank"].notna().iloc[i]]
    rows, facts = _rows(result, ranked, fill, lang), _facts(result, sheet, say, lang)
    margin.title_block(paper, sheet, sheet.title, say, facts)
    with paper.picture(sheet.field, alt=_alt(rows, facts, say)) as pen:
        drawn = _map(pen, sheet, result, say, order, fill)
    drawn["boundary"] = True
    end = margin.legend(paper, sheet, sheet.legend, say, drawn, fill, result.meeting_spaces)
    room = margin.column_room(sheet, end) if sheet.landscape else sheet.table
    rest = margin.table(paper, sheet, room, say, rows)
    while rest:
        paper.next_page()
        rest = margin.table(paper, sheet, sheet.frame.inside(2.0), say, rest)
    title = f"{result.estate.name}: {say['sitemap']['subject']}"
    return paper.typeset(title=plan_state.called(result, title, lang), lang=lang)


def _map(
    pen: Pen, sheet: Sheet, result: Result, say: Mapping[str, Any], order: list[int], fill: Fill
) -> dict[str, bool]:
    """Draw the map; tell what is on it, for the legend."""
    from spatial.maps.sheet import map as sheet_map

    view = sheet_map.View(sheet)
    spaces, estate = result.meeting_spaces, result.estate
    rooms = possible_in(result.layers.get("possible_spaces"), estate.study_area)
    drawn = sheet_map.ground(pen, view, result.layers, estate.boundary, rooms)
    drawn["context"] = sheet_map.context(pen, view, result.layers.get("context"))
    shapes, seen = sheet_map.spaces(pen, view, spaces, order, fill)
    drawn |= {
        status: drawn.get(status, False) or bool((seen & spaces["status"].eq(status)).any())
        for status in sheet_map.UNSCORED
    }
    unranked = spaces["rank"].isna() & spaces["status"].eq(MEETING)
    drawn |= {"withheld": bool((seen & unranked).any()), "no_score": bool(spaces["floating"].isna().any())}
    taken = sheet_map.scale_bar(pen, sheet)
    taken.add(sheet_map.north_arrow(pen, sheet, say["sitemap"]["north"], _north_note(result, say)))
    ranked = [i for i in order if spaces["rank"].notna().iloc[i]]
    numbered = [k for k, i in enumerate(ranked) if seen[i]]
    spots = sheet_map.number_all(pen, view, shapes[[ranked[k] for k in numbered]], [k + 1 for k in numbered], taken)
    sheet_map.names(pen, view, result.layers, taken)
    return {**drawn, "number": bool(spots)}


def _alt(rows: Sequence[Row], facts: Mapping[str, str], say: Mapping[str, Any]) -> str:
    """What the map shows, in sentences."""
    own = say["sitemap"]
    best = [own["alt_best"].format(number=row.number, name=row.name) for row in rows[:1]]
    shown = own["alt"].format(estate=facts["estate"], scale=facts["scale"], count=facts["sentence"])
    return " ".join(text for text in (facts["state"], shown, *best) if text)


def _rows(result: Result, order: Sequence[int], fill: Fill, lang: str) -> list[Row]:
    from spatial.maps.sheet.margin import Row

    spaces = result.meeting_spaces
    names = names_in_order(spaces.index, names_of(on_paper(result), lang))
    records = spaces.drop(columns="geometry").to_dict("records")
    return [
        Row(
            number=k + 1,
            name=names[i],
            colour=fill.colour_of(float(records[i]["floating"])),
            score=float(records[i]["floating"]),
            low=float(records[i]["floating_low"]),
            high=float(records[i]["floating_high"]),
            coverage=float(records[i]["coverage"]),
        )
        for k, i in enumerate(order)
    ]


def _facts(result: Result, sheet: Sheet, say: Mapping[str, Any], lang: str) -> dict[str, str]:
    own, estate = say["sitemap"], result.estate
    dates = sorted(str(source["data_date"]) for source in style.named_sources(result) if source.get("data_date"))
    return {
        "estate": estate.name + (f", {estate.municipality}" if estate.municipality else ""),
        "sentence": headline(on_paper(result), lang).count,
        "scale": f"1:{sheet.scale}" + ("" if sheet.whole else f" ({own['clipped']})"),
        "paper": sheet.paper,
        "date": date_in_words(result.manifest.get("made_at"), lang),
        "data_date": date_in_words(dates[0], lang) if dates else "–",
        "grid": f"{estate.crs.name} ({estate.crs.to_string()})",
        "state": plan_state.plan_headline(result.manifest, lang),
        "sources": ". ".join([*style.lines(result), plan_state.called(result, own["made_with"], lang)]) + ".",
    }


def _north_note(result: Result, say: Mapping[str, Any]) -> str:
    """Say by how much true north is beside grid north; nothing where it hardly is."""
    from pyproj import Proj, Transformer

    middle = result.estate.boundary.centroid
    lon, lat = Transformer.from_crs(result.estate.crs, 4326, always_xy=True).transform(middle.x, middle.y)
    turn = float(Proj(result.estate.crs).get_factors(lon, lat).meridian_convergence)
    own = say["sitemap"]
    if abs(turn) < SURELY_NORTH_DEG:
        return str(own["grid_north"])
    angle = written(abs(turn), say["format"]["locale"], 1)
    # East of the central meridian grid lines lean east: true north lies to the left of them.
    return f"{own['grid_north']}\n" + str(own["true_north_west" if turn > 0 else "true_north_east"]).format(angle)


def load_sheet_parts() -> None:
    """Import what drawing needs."""
    from spatial.maps import lettering, typesetting
    from spatial.maps.sheet import margin  # noqa: F401

    lettering.load_fonts()
    typesetting.load_fonts()


def render_sitemap(
    result: Result, path: str | os.PathLike[str], *, lang: str = "da", choice: Choice | None = None, dpi: int = DPI
) -> None:
    """Write the site map of a result: the PDF to ``path``, the picture beside it as ``.png``; both or none."""
    write_sheet(typeset_sitemap(result, lang=lang, choice=choice), Path(path), dpi=dpi)


def write_sheet(sheet: Typeset, target: Path, *, dpi: int = DPI) -> None:
    """Write a sheet as PDF, and a picture of its first page beside it; both or none."""
    outputs.replace_files({target: sheet.pdf(), target.with_suffix(".png"): sheet.png(dpi)})
