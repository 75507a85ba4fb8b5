"""A document as PDF for the printer: A4, vector, fonts embedded, the same bytes each time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.fonts import addMapping
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    ListFlowable,
    ListItem,
    PageBreak,
    PageTemplate,
    Spacer,
    TableStyle,
)
from reportlab.platypus import Paragraph as Text
from reportlab.platypus import Table as Grid

from spatial.core.versions import generator
from spatial.maps.sheet.pdf import BOLD, ITALIC, MM, REGULAR, Brush, canvas
from spatial.maps.svg import Figure
from spatial.reports import document as reports_document

MARGIN_MM, FOOT_MM = 18.0, 20.0
WIDTH_MM = A4[0] / MM - 2 * MARGIN_MM
INK, QUIET, LINE = "#1d1f22", "#56595e", "#d5d1c9"
TEXT_PT = 9.6
GAP_MM = 6.0  # between figures side by side
CELL_PAD_MM, NUMBER_PAD_MM = 2.0, 6.0
CELL_MOST = 500  # letters of what stands in a table: more of them would be higher than a page
ROOM_MM = 62.0  # a section that finds less room on a page begins the next
CAPTION_MM = 26.0  # of a heading above and a caption below a drawing


def document_pdf(document: reports_document.Document) -> bytes:
    """Draw a document as PDF."""
    addMapping(REGULAR, 0, 0, REGULAR)
    addMapping(REGULAR, 1, 0, BOLD)
    addMapping(REGULAR, 0, 1, ITALIC)
    story = [*_head(document), *_body(document)]
    pages = _built(document, story, pages=0)[1]
    story = [*_head(document), *_body(document)]
    return _built(document, story, pages=pages)[0]


def _built(document: reports_document.Document, story: list[Any], *, pages: int) -> tuple[bytes, int]:
    """The file and the number of its pages; ``pages`` is what is written below them."""
    file = BytesIO()
    template = BaseDocTemplate(
        file, pagesize=A4, title=document.title, author="Fællesrum", subject=document.subtitle, creator=generator()
    )
    height = A4[1] - (MARGIN_MM + FOOT_MM) * MM
    frame = Frame(
        MARGIN_MM * MM, FOOT_MM * MM, WIDTH_MM * MM, height,
        leftPadding=0, rightPadding=0, topPadding=0, bottomPadding=0,
    )  # fmt: skip
    template.addPageTemplates([PageTemplate(frames=[frame], onPageEnd=partial(_foot, document, pages))])
    template.build(story, canvasmaker=_canvas_of(document))
    return file.getvalue(), int(template.page)


def _canvas_of(document: reports_document.Document) -> Callable[..., Any]:
    def make(file: Any, **given: Any) -> Any:
        made = canvas(file, given["pagesize"], title=document.title, author="Fællesrum", lang=document.lang)
        made.setViewerPreference("DisplayDocTitle", "true")
        made.showOutline()
        return made

    return make


def _foot(document: reports_document.Document, pages: int, made: Any, template: Any) -> None:
    ink = Brush(made)
    made.saveState()
    y = 11.0
    ink.rule(MARGIN_MM, y + 4.0, A4[0] / MM - MARGIN_MM, y + 4.0, line=LINE)
    ink.text(MARGIN_MM, y, document.foot, 7.5, colour=QUIET)
    number = document.page.format(page=template.page, pages=pages or template.page)
    ink.text(A4[0] / MM - MARGIN_MM, y, number, 7.5, colour=QUIET, at="right")
    made.restoreState()


def _style(size: float = TEXT_PT, **options: Any) -> ParagraphStyle:
    given = {
        "fontName": REGULAR, "fontSize": size, "leading": size * 1.36, "textColor": HexColor(INK),
        "spaceAfter": 4, "bulletFontName": REGULAR, "bulletFontSize": size, "allowWidows": 0, "allowOrphans": 0,
    }  # fmt: skip
    return ParagraphStyle("text", **{**given, **options})


STYLES = {
    "text": _style(),
    "lead": _style(11.5, spaceAfter=5),
    "note": _style(8.4, textColor=HexColor(QUIET)),
    "overline": _style(9.5, fontName=BOLD, textColor=HexColor(QUIET), spaceAfter=1),
    "title": _style(21, fontName=BOLD, spaceAfter=3),
    "subtitle": _style(12, spaceAfter=3),
    "heading": _style(13.5, fontName=BOLD, spaceBefore=12, spaceAfter=5),
    "label": _style(8, textColor=HexColor(QUIET), spaceAfter=0),
    "fact": _style(9.6, fontName=BOLD, spaceAfter=0),
}


class _Drawing(Flowable):  # type: ignore[misc]
    """A figure in the flow of the text; ``room`` makes it as wide as that, in points."""

    def __init__(self, figure: Figure, room: float | None = None) -> None:
        super().__init__()
        self._figure = figure
        self._scale = 1.0 if room is None else room / (figure.width * MM)
        self.width, self.height = figure.width * MM * self._scale, figure.height * MM * self._scale

    def wrap(self, *_: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        self.canv.saveState()
        self.canv.scale(self._scale, self._scale)
        self._figure.draw(Brush(self.canv))
        self.canv.restoreState()


class _Mark(Flowable):  # type: ignore[misc]
    """An entry of the outline, where a section begins."""

    def __init__(self, title: str, key: str) -> None:
        super().__init__()
        self._title, self._key = title, key

    def wrap(self, *_: float) -> tuple[float, float]:
        return 0, 0

    def draw(self) -> None:
        self.canv.bookmarkPage(self._key)
        self.canv.addOutlineEntry(self._title, self._key, 0)


def _head(document: reports_document.Document) -> list[Any]:
    rule = Figure(WIDTH_MM, 1.0, lambda pen: pen.rule(0, 0.5, WIDTH_MM, 0.5, line=INK, weight=0.5))
    return [
        Text(escape(document.overline), STYLES["overline"]),
        Text(escape(document.title), STYLES["title"]),
        Text(escape(document.subtitle), STYLES["subtitle"]),
        Text(escape(document.dates), STYLES["note"]),
        _Drawing(rule),
    ]


def _body(document: reports_document.Document) -> list[Any]:
    flow: list[Any] = []
    blocks = document.blocks
    for number, block in enumerate(blocks):
        if isinstance(block, reports_document.Heading):
            after = blocks[number + 1] if number + 1 < len(blocks) else None
            flow.append(PageBreak() if block.fresh else CondPageBreak(_room(after)))
            flow.append(_Mark(block.text, f"s{number}"))
            flow.append(Text(escape(block.text), STYLES["heading"].clone("heading", keepWithNext=1)))
        else:
            flow += _RENDER[type(block)](block)
    return flow


def _room(block: reports_document.Block | None) -> float:
    """Room in points that a section needs to begin on a page: a drawing is not parted from its heading."""
    if not isinstance(block, reports_document.Figures):
        return ROOM_MM * MM
    count = len(block.figures)
    room = (WIDTH_MM - GAP_MM * (count - 1)) / count
    return (max(figure.height / figure.width for figure in block.figures) * room + CAPTION_MM) * MM


def _paragraph(block: reports_document.Paragraph) -> list[Any]:
    return [Text(escape(block.text), STYLES[block.style])]


def _points(block: reports_document.Points) -> list[Any]:
    style = STYLES["lead" if block.lead else "text"].clone("point", spaceAfter=2.5)
    items = [ListItem(Text(escape(item), style)) for item in block.items]
    mark: dict[str, Any] = (
        {"bulletType": "1", "bulletFormat": "%s."} if block.ordered else {"bulletType": "bullet", "start": "–"}
    )
    marked = ListFlowable(
        items, bulletFontName=BOLD if block.ordered else REGULAR, bulletFontSize=style.fontSize,
        leftIndent=16, bulletColor=HexColor(INK), **mark,
    )  # fmt: skip
    return [marked, Spacer(0, 3)]


def _facts(block: reports_document.Facts) -> list[Any]:
    columns = 4
    cells: list[Any] = [
        [Text(escape(label), STYLES["label"]), Text(_cut(text), STYLES["fact"])] for label, text in block.pairs
    ]
    cells += [""] * (-len(cells) % columns)
    rows = [cells[i : i + columns] for i in range(0, len(cells), columns)]
    grid = Grid(rows, colWidths=[WIDTH_MM * MM / columns] * columns)
    grid.setStyle(TableStyle([*_plain(), ("LINEABOVE", (0, 0), (-1, -1), 0.5, HexColor(LINE))]))
    return [Spacer(0, 2), grid, Spacer(0, 4)]


def _plain() -> list[tuple[Any, ...]]:
    """Style that every table needs: our font, no padding on the left."""
    everything = (0, 0), (-1, -1)
    return [
        ("FONTNAME", *everything, REGULAR), ("VALIGN", *everything, "TOP"),
        ("LEFTPADDING", *everything, 0), ("RIGHTPADDING", *everything, CELL_PAD_MM * MM),
        ("TOPPADDING", *everything, 2.2), ("BOTTOMPADDING", *everything, 3.0),
    ]  # fmt: skip


def _figures(block: reports_document.Figures) -> list[Any]:
    count = len(block.figures)
    room = (WIDTH_MM - GAP_MM * (count - 1)) / count * MM
    cells = [
        [_Drawing(figure, room), Spacer(0, 3), Text(escape(figure.caption), STYLES["note"])] for figure in block.figures
    ]
    if count == 1:
        return [KeepTogether([Spacer(0, 4), *cells[0], Spacer(0, 4)])]
    grid = Grid([cells], colWidths=[room + GAP_MM * MM] * (count - 1) + [room])
    grid.setStyle(TableStyle([*_plain(), ("RIGHTPADDING", (0, 0), (-1, -1), 0)]))
    return [Spacer(0, 4), grid, Spacer(0, 4)]


def _table(block: reports_document.Table) -> list[Any]:
    size = 7.9 if block.small else 8.6
    whole = sum(column.share for column in block.columns)
    widths = [WIDTH_MM * MM * column.share / whole for column in block.columns]
    rows = [[_heading(column, size) for column in block.columns]]
    rows += [[_cell(cell, column, size) for cell, column in zip(row, block.columns, strict=True)] for row in block.rows]
    grid = Grid(rows, colWidths=widths, repeatRows=1)
    lines = [
        ("LINEBELOW", (0, 0), (-1, 0), 0.8, HexColor(INK)),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, HexColor(LINE)),
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
    ]
    if block.small:
        lines += [("TOPPADDING", (0, 1), (-1, -1), 1.0), ("BOTTOMPADDING", (0, 1), (-1, -1), 1.6)]
    for k, column in enumerate(block.columns[:-1]):
        if column.number:
            lines.append(("RIGHTPADDING", (k, 0), (k, -1), NUMBER_PAD_MM * MM))
    grid.setStyle(TableStyle([*_plain(), *lines]))
    return [Spacer(0, 3), grid, Spacer(0, 6)]


def _heading(column: reports_document.Column, size: float) -> Any:
    return Text(escape(column.title), _aligned(_style(size - 0.6, textColor=HexColor(QUIET), spaceAfter=0), column))


def _aligned(style: ParagraphStyle, column: reports_document.Column) -> ParagraphStyle:
    return style.clone("aligned", alignment=TA_RIGHT) if column.number else style


def _cell(cell: reports_document.Cell, column: reports_document.Column, size: float) -> list[Any]:
    style = _aligned(_style(size, fontName=BOLD if cell.strong else REGULAR, spaceAfter=0), column)
    quiet = _aligned(_style(size - 0.8, textColor=HexColor(QUIET), spaceAfter=0), column)
    found: list[Any] = [Text(_cut(cell.text), style)] if cell.text else []
    found += [_Drawing(cell.figure)] if cell.figure else []
    found += [Text(_cut(cell.quiet), quiet)] if cell.quiet else []
    return found


def _cut(text: str) -> str:
    """Return a text, or as much of its beginning as finds room in a cell, with ReportLab's signs escaped."""
    return escape(text if len(text) <= CELL_MOST else f"{text[:CELL_MOST].rstrip()}…")


_RENDER: dict[type, Callable[[Any], Sequence[Any]]] = {
    reports_document.Paragraph: _paragraph,
    reports_document.Points: _points,
    reports_document.Facts: _facts,
    reports_document.Figures: _figures,
    reports_document.Table: _table,
}
