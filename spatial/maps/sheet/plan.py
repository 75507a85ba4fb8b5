"""A plan as it was understood, drawn on the ground as it is: one sheet with a number for each edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.core.arrays import object_array
from spatial.core.languages import texts
from spatial.maps.lettering import BOLD, Lettering, wrapped
from spatial.maps.sheet.layout import Box, Sheet, compose
from spatial.maps.sheet.paper import Paper

if TYPE_CHECKING:
    import geopandas as gpd

    from spatial.core.model import Estate
    from spatial.maps.svg import Pen
    from spatial.maps.typesetting import Typeset

# Dark and dashed goes, heavy comes, dotted changes: told apart on grey paper as well.
GOES, COMES, CHANGES, SITE, FAULTY = "#a50f15", "#08519c", "#b35900", "#3a3a3a", "#a50f15"
BLACK = "#000000"
HATCH_MM, LINE_MM, POINT_MM = 1.6, 0.7, 1.5
TEXT_PT, HEAD_PT = 7.0, 9.0
LEADING = 0.47
PAD_MM = 3.5
# So much of the ground around the edits is shown.
AROUND_M = 60.0
KEYS = ("remove", "add", "change", "construction")


@dataclass(frozen=True)
class Drawn:
    """One edit on the sheet: its action, or ``"construction"``, the shapes before and after, and its sentence."""

    number: int
    action: str
    before: Any
    after: Any
    text: str


@dataclass(frozen=True)
class Remarks:
    """In words: what keeps a plan from being carried out, and what it does without saying so."""

    faults: Sequence[str]
    unsaid: Sequence[str] = ()


@dataclass(frozen=True)
class Credit:
    """Who must be named of a drawing, and the date of the newest of it."""

    sources: Sequence[str]
    data_date: str | None


def typeset_plan(
    estate: Estate,
    layers: Mapping[str, gpd.GeoDataFrame],
    edits: Sequence[Drawn],
    remarks: Remarks,
    *,
    name: str,
    credit: Credit,
    lang: str,
    paper: str = "A3",
) -> Typeset:
    """Lay out a plan, to be made into a PDF or a picture.

    Parameters
    ----------
    estate
        Its boundary is drawn; its CRS is that of everything.
    layers
        Canonical layers of the ground as it is.
    edits
        In the order of their numbers.
    remarks
        What is said beside the edits.
    name
        Of the plan.
    credit
        Who must be named, and how old the newest of it is.

    Raises
    ------
    InputError
        If there is no such paper.
    """
    from spatial.maps.sheet import margin

    say = texts(lang)
    shown = [shape for one in edits for shape in (one.before, one.after) if _usable(shape, estate)]
    seen = shapely.buffer(np.array(shown or [estate.boundary], dtype=object), AROUND_M)
    bounds = shapely.total_bounds(seen).tolist()
    sheet = compose(bounds, paper=paper, rows=3 * (len(edits) + len(remarks.faults) + len(remarks.unsaid)))
    page = Paper(sheet)
    facts = {
        "estate": name,
        "sentence": estate.name,
        "scale": f"1:{sheet.scale}",
        "paper": sheet.paper,
        "date": "–",
        "data_date": credit.data_date or "–",
        "grid": f"{estate.crs.name} ({estate.crs.to_string()})",
        "sources": ". ".join([*credit.sources, say["sitemap"]["made_with"]]) + ".",
    }
    own = {**say, "sitemap": {**say["sitemap"], "subject": say["plan"]["subject"]}}
    margin.title_block(page, sheet, sheet.title, own, facts)
    alt = say["plan"]["alt"].format(estate=estate.name, plan=name, n=len(edits))
    with page.picture(sheet.field, alt=alt) as pen:
        _map(pen, sheet, estate, layers, edits, say)
    _margin(page, sheet, _paragraphs(edits, remarks, say), say)
    return page.typeset(title=f"{estate.name}: {name}", lang=lang)


def _usable(shape: Any, estate: Estate) -> bool:
    """Whether a shape can be drawn, and lies where the map is."""
    return shape is not None and shape.is_valid and not shape.is_empty and shape.intersects(estate.context_area)


def _map(
    ink: Pen, sheet: Sheet, estate: Estate, layers: Mapping[str, Any], edits: Sequence[Drawn], say: Mapping[str, Any]
) -> None:
    from spatial.maps.sheet import map as sheet_map

    view = sheet_map.View(sheet)
    sheet_map.ground(ink, view, layers, estate.boundary)
    numbered, shapes = [], []
    for one in sorted(edits, key=lambda edit: edit.action != "construction"):
        seen = [shape if _usable(shape, estate) else None for shape in (one.before, one.after)]
        on_sheet = [None if shape is None else view.all_of(np.array([shape], dtype=object))[0] for shape in seen]
        drawn = _edit(ink, sheet, one.action, *on_sheet)
        if drawn is not None:
            numbered.append(one.number)
            # Numbers find their place in or beside an area.
            shapes.append(drawn if shapely.get_dimensions(drawn) == 2 else shapely.buffer(drawn, POINT_MM))
    taken = sheet_map.scale_bar(ink, sheet)
    taken.add(sheet_map.north_arrow(ink, sheet, say["sitemap"]["north"], say["sitemap"]["grid_north"]))
    sheet_map.number_all(ink, view, object_array(shapes), numbered, taken)


def _edit(ink: Pen, sheet: Sheet, action: str, before: Any, after: Any) -> Any:
    """Draw one edit, in millimetres; return the shape that carries its number, None where there is none."""
    factor = sheet.factor
    if action == "construction" and after is not None:
        ink.hatch(after, line=SITE, width=0.18, every=HATCH_MM * 1.5 * factor)
        _line(ink, after, SITE, 0.35, (1.6, 1.0))
    elif action == "remove" and before is not None:
        _fill(ink, before, GOES, factor)
        _line(ink, before, GOES, LINE_MM, (2.2, 1.1))
    elif action == "change":
        if before is not None and after is not None and not before.equals(after):
            _line(ink, before, CHANGES, 0.4, (0.4, 0.9))
            way = shapely.LineString([before.centroid, after.centroid])
            ink.shapes(np.array([way], dtype=object), line=CHANGES, width=0.35)
        _line(ink, before if after is None else after, CHANGES, LINE_MM, (0.5, 0.9))
    elif after is not None:
        _line(ink, after, "#ffffff", LINE_MM + 0.7, ())
        _line(ink, after, COMES, LINE_MM + 0.2, ())
    return before if after is None else after


def _fill(ink: Pen, shape: Any, colour: str, factor: float) -> None:
    if shapely.get_dimensions(shape) == 2:
        ink.hatch(shape, line=colour, width=0.3, every=HATCH_MM * factor)


def _line(ink: Pen, shape: Any, colour: str, width: float, dash: tuple[float, ...]) -> None:
    if shape is None:
        return
    if shapely.get_dimensions(shape) == 0:
        for point in shapely.get_parts(shape):
            ink.disc(point.x, point.y, POINT_MM, fill="#ffffff", line=colour, weight=max(width, 0.5))
        return
    outline = shapely.boundary(shape) if shapely.get_dimensions(shape) == 2 else shape
    ink.shapes(np.array([outline], dtype=object), line=colour, width=width, dash=dash)


# --- beside the map ------------------------------------------------------------------------------


def _margin(ink: Paper, sheet: Sheet, rows: list[tuple[str, str, str]], say: Mapping[str, Any]) -> None:
    from spatial.maps.sheet import margin

    end = _keys(ink, sheet, say)
    rest = _list(ink, sheet, margin.column_room(sheet, end) if sheet.landscape else sheet.table, rows)
    while rest:
        ink.next_page()
        rest = _list(ink, sheet, sheet.frame.inside(2.0), rest)


def _keys(ink: Paper, sheet: Sheet, say: Mapping[str, Any]) -> float:
    """Draw the legend; return where it ends."""
    factor, box = sheet.factor, sheet.legend
    y = box.top - PAD_MM - HEAD_PT * factor * 0.3
    ink.lines(box.left + PAD_MM, y, [say["plan"]["subject"]], HEAD_PT * factor, font=BOLD, level=2)
    for key in KEYS:
        y -= 6.0 * factor
        sample = shapely.box(box.left + PAD_MM, y - 1.2 * factor, box.left + PAD_MM + 8 * factor, y + 2.6 * factor)
        _edit(ink, sheet, key, sample if key == "remove" else None, None if key == "remove" else sample)
        ink.text(box.left + PAD_MM + 11 * factor, y, say["plan"]["key"][key], TEXT_PT * factor)
    return y - 4.0 * factor


def _paragraphs(edits: Sequence[Drawn], remarks: Remarks, say: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Number, text and colour of each paragraph; what is wrong comes first, what is not said last."""
    wrong = [("!", fault, FAULTY) for fault in remarks.faults]
    besides = [("", say["plan"]["unsaid_too"], BLACK), *(("–", text, BLACK) for text in remarks.unsaid)]
    return wrong + [(str(one.number), one.text, BLACK) for one in edits] + (besides if remarks.unsaid else [])


def _list(ink: Paper, sheet: Sheet, box: Box, rows: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Write paragraphs into a box; return those that found no room."""
    factor = sheet.factor
    size, y = TEXT_PT * factor, box.top - PAD_MM
    indent = 6.0 * factor
    for k, (number, text, colour) in enumerate(rows):
        lines = wrapped(text, box.width - 2 * PAD_MM - indent, size)
        if y - len(lines) * size * LEADING < box.bottom + 1 and y < box.top - PAD_MM:
            return rows[k:]
        ink.text(box.left + PAD_MM, y - size * LEADING, number, size, style=Lettering(font=BOLD, colour=colour))
        step = size * LEADING
        ink.lines(box.left + PAD_MM + indent, y - step, lines, size, step=step, colour=colour)
        y -= len(lines) * step + 1.4 * factor
    return []
