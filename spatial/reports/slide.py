"""The slide for a board: PowerPoint, 16:9, with the map, the sentences that come first and a short table."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

from spatial.core import files
from spatial.core.languages import locale
from spatial.core.model import Result
from spatial.core.versions import generator
from spatial.reports.board import Board, board
from spatial.reports.figures import Frame

if TYPE_CHECKING:
    from pptx.slide import Slide

WIDTH_MM, HEIGHT_MM, MARGIN_MM, GAP_MM = 338.7, 190.5, 12.0, 8.0
HEAD_MM, FOOT_MM, TABLE_MM = 24.0, 7.0, 148.0
MAP_MM = WIDTH_MM - 2 * MARGIN_MM - GAP_MM - TABLE_MM
MAP_HEIGHTS_MM = (90.0, HEIGHT_MM - HEAD_MM - FOOT_MM - MARGIN_MM)
SENTENCES_MM, ROW_MM = 66.0, 7.2
COLUMN_SHARES = (0.07, 0.5, 0.23, 0.2)
TITLE_PT, TEXT_PT, CELL_PT, SMALL_PT = 26, 12.5, 10, 9
INK, QUIET, RULE, PALE = "1D1F22", "56595E", "B9B4AA", "F3F0EA"
BLANK = 6  # the layout without anything on it


def slide(result: Result, lang: str) -> bytes:
    """Write the slide for a board; the same bytes each time."""
    from pptx import Presentation
    from pptx.util import Mm

    told = board(result, lang, Frame(MAP_MM, MAP_HEIGHTS_MM))
    show = Presentation()
    show.slide_width, show.slide_height = Mm(WIDTH_MM), Mm(HEIGHT_MM)
    page = show.slides.add_slide(show.slide_layouts[BLANK])
    _text(page, (MARGIN_MM, 6.0, WIDTH_MM - 2 * MARGIN_MM, 12.0), [told.title], size=TITLE_PT, bold=True, lang=lang)
    _text(page, (MARGIN_MM, 16.5, WIDTH_MM - 2 * MARGIN_MM, 7.0), [told.dates], size=SMALL_PT + 2, ink=QUIET, lang=lang)
    _map(page, told)
    left = MARGIN_MM + MAP_MM + GAP_MM
    _text(page, (left, HEAD_MM, TABLE_MM, SENTENCES_MM), told.sentences, size=TEXT_PT, lang=lang)
    _table(page, told, left, HEAD_MM + SENTENCES_MM)
    note = " ".join(part for part in (told.note, told.credit) if part)
    bottom = HEIGHT_MM - FOOT_MM - 3.0
    _text(page, (MARGIN_MM, bottom, WIDTH_MM - 2 * MARGIN_MM, FOOT_MM), [note], size=SMALL_PT, ink=QUIET, lang=lang)
    core = show.core_properties
    core.title, core.author, core.language, core.last_modified_by = told.title, "Fællesrum", lang, "Fællesrum"
    core.created, core.modified, core.comments = files.NO_HOUR, files.NO_HOUR, generator()
    out = BytesIO()
    show.save(out)
    return files.without_hours(out.getvalue())


def _text(
    page: Slide, box: tuple[float, float, float, float], texts: Any, *,
    size: float, lang: str, bold: bool = False, ink: str = INK,
) -> None:  # fmt: skip
    from pptx.util import Mm, Pt

    frame = page.shapes.add_textbox(*(Mm(part) for part in box)).text_frame
    frame.word_wrap = True
    frame.margin_left = frame.margin_right = frame.margin_top = frame.margin_bottom = 0
    for k, text in enumerate(texts):
        paragraph = frame.paragraphs[0] if k == 0 else frame.add_paragraph()
        paragraph.space_after = Pt(size * 0.55)
        _write(paragraph, text, size=size, lang=lang, bold=bold, ink=ink)


def _write(paragraph: Any, text: str, *, size: float, lang: str, bold: bool = False, ink: str = INK) -> None:
    from pptx.dml.color import RGBColor
    from pptx.util import Pt

    run = paragraph.add_run()
    run.text = text
    run.font.size, run.font.bold, run.font.color.rgb = Pt(size), bold, RGBColor.from_string(ink)
    run._r.get_or_add_rPr().set("lang", locale(lang))


def _map(page: Slide, told: Board) -> None:
    """The picture of the map, with what it shows for who cannot see it."""
    from pptx.util import Mm

    picture, width, _ = told.picture
    drawn = page.shapes.add_picture(BytesIO(picture), Mm(MARGIN_MM), Mm(HEAD_MM), width=Mm(width))
    drawn._element._nvXxPr.cNvPr.set("descr", told.alt)


def _table(page: Slide, told: Board, left: float, top: float) -> None:
    from pptx.dml.color import RGBColor
    from pptx.util import Mm

    rows = [told.head, *told.rows]
    shape: Any = page.shapes.add_table(
        len(rows), len(told.head), Mm(left), Mm(top), Mm(TABLE_MM), Mm(ROW_MM * len(rows))
    )
    shape._element.graphic.graphicData.tbl.tblPr.find(f"{{{NAMESPACE}}}tableStyleId").text = PLAIN_STYLE
    table = shape.table
    for column, share in zip(table.columns, COLUMN_SHARES, strict=True):
        column.width = Mm(TABLE_MM * share)
    for r, row in enumerate(rows):
        table.rows[r].height = Mm(ROW_MM)
        for c, text in enumerate(row):
            cell = table.cell(r, c)
            cell.margin_left = cell.margin_right = Mm(1.5)
            cell.margin_top = cell.margin_bottom = Mm(0.6)
            cell.fill.solid()
            cell.fill.fore_color.rgb = RGBColor.from_string(PALE if r % 2 == 0 else "FFFFFF")
            _write(cell.text_frame.paragraphs[0], text, size=CELL_PT, lang=told.lang, bold=r == 0)


NAMESPACE = "http://schemas.openxmlformats.org/drawingml/2006/main"
PLAIN_STYLE = "{2D5ABB26-0587-4C30-8999-92F81FD0307C}"  # No Style, No Grid
