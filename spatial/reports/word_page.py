"""The page for a board to write on: Word, A4, with the map, the sentences that come first and a short table."""

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
    from docx.document import Document

MARGIN_MM, WIDTH_MM, HEIGHT_MM = 18.0, 210.0, 297.0
MAP_MM = WIDTH_MM - 2 * MARGIN_MM
MAP_HEIGHTS_MM = (70.0, 105.0)
COLUMNS_MM = (12.0, 84.0, 42.0, 36.0)
FONT = "Calibri"
CELL_MARGIN_TWIPS = 108


def word_page(result: Result, lang: str) -> bytes:
    """Write the page for a board; the same bytes each time."""
    import docx
    from docx.shared import Mm, Pt, RGBColor

    told = board(result, lang, Frame(MAP_MM, MAP_HEIGHTS_MM))
    page = docx.Document()
    section = page.sections[0]
    section.page_width, section.page_height = Mm(WIDTH_MM), Mm(HEIGHT_MM)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(MARGIN_MM)
    _letters(page, lang)
    page.add_heading(told.title, level=1)
    small = page.add_paragraph().add_run(told.dates)
    small.font.size, small.font.color.rgb = Pt(9), RGBColor(0x56, 0x59, 0x5E)
    for sentence in told.sentences:
        page.add_paragraph(sentence)
    picture, width, _ = told.picture
    shown = page.add_picture(BytesIO(picture), width=Mm(width))
    shown._inline.docPr.set("descr", told.alt)
    for side in ("distL", "distR"):  # as wide as the text, and not beside it
        shown._inline.set(side, "0")
    _table(page, told)
    if told.note:
        page.add_paragraph(told.note).paragraph_format.space_before = Pt(4)
    page.add_paragraph().add_run(told.credit).font.size = Pt(8)
    core = page.core_properties
    core.title, core.author, core.language, core.comments = told.title, "Fællesrum", locale(lang), generator()
    core.last_modified_by, core.created, core.modified = "Fællesrum", files.NO_HOUR, files.NO_HOUR
    out = BytesIO()
    page.save(out)
    return files.without_hours(out.getvalue())


def _letters(page: Document, lang: str) -> None:
    """One letter for text and headings, in ink, and the language in which it is read aloud."""
    from docx.oxml.ns import qn
    from docx.shared import Pt, RGBColor

    for name, size in (("Normal", 10.5), ("Heading 1", 18)):
        style: Any = page.styles[name]
        style.font.name, style.font.size, style.font.color.rgb = FONT, Pt(size), RGBColor(0x1D, 0x1F, 0x22)
        fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
        for key in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
            fonts.attrib.pop(qn(key), None)
        fonts.set(qn("w:ascii"), FONT)
        fonts.set(qn("w:hAnsi"), FONT)
    normal: Any = page.styles["Normal"]
    normal.paragraph_format.space_after = Pt(5)
    heading: Any = page.styles["Heading 1"]
    heading.paragraph_format.space_before = Pt(0)
    for spoken in page.styles.element.iter(qn("w:lang")):
        spoken.set(qn("w:val"), locale(lang))


def _table(page: Document, told: Board) -> None:
    """The table; its head is said to be one, and repeated on a next page."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Mm, Pt

    table = page.add_table(rows=0, cols=len(told.head), style="Table Grid")
    table.autofit = False
    indent = OxmlElement("w:tblInd")  # its frame is in line with the text
    indent.set(qn("w:w"), str(CELL_MARGIN_TWIPS))
    indent.set(qn("w:type"), "dxa")
    table._tbl.tblPr.find(qn("w:tblLayout")).addprevious(indent)
    for column, width in zip(table.columns, COLUMNS_MM, strict=True):
        column.width = Mm(width)
    for r, row in enumerate([told.head, *told.rows]):
        cells = table.add_row().cells
        for cell, text, width in zip(cells, row, COLUMNS_MM, strict=True):
            cell.width = Mm(width)
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(1)
            run = paragraph.add_run(text)
            run.font.size, run.font.bold = Pt(9.5), r == 0
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
