"""The site map: a sheet to print, at a true scale, as vector PDF and as picture."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.core import files
from spatial.core.languages import texts
from spatial.core.model import Result
from spatial.core.versions import SCHEMA_NAME, SCHEMA_VERSION
from spatial.maps import style
from spatial.maps.sheet.layout import Sheet, compose
from spatial.places.naming import in_order, nearest_street, space_name

if TYPE_CHECKING:
    from spatial.maps.sheet.margin import Row


DPI = 150
SURELY_NORTH_DEG = 0.05  # less between grid north and true north is not worth saying
COLOURS, FAST_OCTREE = 256, 2  # of a PNG, and how Pillow finds them


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
    seen = [result.estate.boundary, *result.meeting_spaces.geometry]
    bounds = shapely.total_bounds(np.array(seen, dtype=object)).tolist()
    return compose(
        bounds,
        paper=choice.paper,
        scale=choice.scale,
        landscape=choice.landscape,
        rows=len(result.meeting_spaces),
    )


def sitemap_pdf(result: Result, *, lang: str = "da", choice: Choice | None = None) -> bytes:
    """Draw the site map of a result as PDF: vector, fonts embedded, the same bytes each time.

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
    from spatial.maps.sheet.pdf import Ink

    say = texts(lang)
    sheet = sheet_of(result, choice)
    file = BytesIO()
    title = f"{result.estate.name}: {say['sitemap']['subject']}"
    ink = Ink(file, sheet.width, sheet.height, title=title, author="Fællesrum", lang=lang)
    _draw(ink, sheet, result, say, lang)
    ink.save()
    return file.getvalue()


def _draw(ink: Any, sheet: Sheet, result: Result, say: Mapping[str, Any], lang: str) -> None:
    from spatial.maps.sheet import map as sheet_map
    from spatial.maps.sheet import margin

    view = sheet_map.View(sheet)
    order = in_order(result.meeting_spaces)
    ink.clipped(*sheet.field)
    there = sheet_map.ground(ink, view, result.layers, result.estate.boundary)
    there["context"] = sheet_map.context(ink, view, result.layers.get("context"))
    shapes, seen = sheet_map.spaces(ink, view, result.meeting_spaces, order)
    taken = sheet_map.scale_bar(ink, sheet)
    taken.add(sheet_map.north_arrow(ink, sheet, say["sitemap"]["north"], _north_note(result, say)))
    numbered = [k for k, i in enumerate(order) if seen[i]]
    spots = sheet_map.number_all(ink, view, shapes[[order[k] for k in numbered]], [k + 1 for k in numbered], taken)
    sheet_map.names(ink, view, result.layers, taken)
    ink.unclipped()
    rows = _rows(result, order, lang)
    there |= {"withheld": any(not row.ranked for row in rows), "number": bool(spots), "boundary": True}
    there["no_score"] = any(np.isnan(row.score) for row in rows)
    ink.rect(*sheet.field, line="#000000", weight=0.35)
    ink.rect(*sheet.frame, line="#000000", weight=0.5)
    end = margin.legend(ink, sheet, sheet.legend, say, there)
    room = margin.column_room(sheet, end) if sheet.landscape else sheet.table
    margin.title_block(ink, sheet, sheet.title, say, _facts(result, sheet, say))
    rest = margin.table(ink, sheet, room, say, rows)
    while rest:
        ink.next_page()
        ink.rect(*sheet.frame, line="#000000", weight=0.5)
        rest = margin.table(ink, sheet, sheet.frame.inside(2.0), say, rest)


def _rows(result: Result, order: Sequence[int], lang: str) -> list[Row]:
    from spatial.maps.sheet.margin import Row

    spaces = result.meeting_spaces
    streets = nearest_street(spaces, result.layers.get("paths"))
    records = spaces.drop(columns="geometry").to_dict("records")
    return [
        Row(
            number=k + 1,
            name=space_name(records[i], streets[i], lang),
            score=float(records[i]["floating"]),
            low=float(records[i]["floating_low"]),
            high=float(records[i]["floating_high"]),
            coverage=float(records[i]["coverage"]),
            ranked=bool(spaces["rank"].notna().iloc[i]),
        )
        for k, i in enumerate(order)
    ]


def _facts(result: Result, sheet: Sheet, say: Mapping[str, Any]) -> dict[str, str]:
    own, estate = say["sitemap"], result.estate
    dates = sorted(str(source["data_date"]) for source in style.named_sources(result) if source.get("data_date"))
    count = len(result.meeting_spaces)
    return {
        "estate": estate.name + (f", {estate.municipality}" if estate.municipality else ""),
        "sentence": own["count_one"] if count == 1 else own["count"].format(n=count),
        "scale": f"1:{sheet.scale}" + ("" if sheet.whole else f" ({own['clipped']})"),
        "paper": sheet.paper,
        "date": _date(result.manifest.get("made_at"), own["date_format"]),
        "data_date": _date(dates[-1] if dates else None, own["date_format"]),
        "grid": f"{estate.crs.name} ({estate.crs.to_string()})",
        "sources": ". ".join([*style.lines(result), own["made_with"]]) + ".",
    }


def _date(iso: Any, pattern: str) -> str:
    try:
        return datetime.fromisoformat(str(iso)).strftime(pattern)
    except ValueError:
        return str(iso) if iso else "–"


def _north_note(result: Result, say: Mapping[str, Any]) -> str:
    """Say by how much true north is beside grid north; nothing where it hardly is."""
    from pyproj import Proj, Transformer

    middle = result.estate.boundary.centroid
    lon, lat = Transformer.from_crs(result.estate.crs, 4326, always_xy=True).transform(middle.x, middle.y)
    turn = float(Proj(result.estate.crs).get_factors(lon, lat).meridian_convergence)
    own = say["sitemap"]
    if abs(turn) < SURELY_NORTH_DEG:
        return str(own["grid_north"])
    angle = f"{abs(turn):.1f}".replace(".", say["format"]["decimal"])
    # East of the central meridian grid lines lean east: true north lies to the left of them.
    return f"{own['grid_north']}\n" + str(own["true_north_west" if turn > 0 else "true_north_east"]).format(angle)


def sitemap_picture(document: bytes, *, dpi: int = DPI) -> bytes:
    """Turn the first page of a PDF into a PNG."""
    import pypdfium2
    from PIL.PngImagePlugin import PngInfo

    with pypdfium2.PdfDocument(document) as opened:
        page = opened[0]
        drawn = page.render(scale=dpi / 72, rev_byteorder=True)
        # A sheet has few colours: counted, the file is a third as large and written twice as fast.
        image = drawn.to_pil().convert("RGB").quantize(COLOURS, method=FAST_OCTREE)
        drawn.close()
        page.close()
    file, about = BytesIO(), PngInfo()
    about.add_text("Software", "Fællesrum")
    about.add_text(SCHEMA_NAME, str(SCHEMA_VERSION))
    image.save(file, "PNG", dpi=(dpi, dpi), pnginfo=about)
    return file.getvalue()


def load_sheet_parts() -> None:
    """Import what drawing needs."""
    import PIL.PngImagePlugin  # noqa: F401
    import pypdfium2  # noqa: F401

    from spatial.maps.sheet import margin  # noqa: F401


def render_sitemap(
    result: Result, path: str | os.PathLike[str], *, lang: str = "da", choice: Choice | None = None, dpi: int = DPI
) -> None:
    """Write the site map of a result: the PDF to ``path``, the picture beside it as ``.png``; both or none."""
    write_sitemap(sitemap_pdf(result, lang=lang, choice=choice), Path(path), dpi=dpi)


def write_sitemap(document: bytes, target: Path, *, dpi: int = DPI) -> None:
    """Write a drawn PDF, and the picture of it beside it; both or none."""
    files.replace_files({target: document, target.with_suffix(".png"): sitemap_picture(document, dpi=dpi)})
