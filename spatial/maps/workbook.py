"""A run as a workbook that people open: names first, units in the headings, and a sheet that says what stands where.

What stands in a cell is what it is: a name that begins like a formula is a name.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import pandas as pd

from spatial.core import files
from spatial.core.languages import indicator_texts, locale, texts
from spatial.core.model import ASPECTS, FLOATING, SHARES, Result
from spatial.core.numbers import decimal_sign
from spatial.core.versions import generator
from spatial.indicators.registry import registry
from spatial.places.meeting_spaces import MEETING
from spatial.places.naming import in_order, kinds_text, names_of
from spatial.scoring.tiers import tier_words
from spatial.texts.headline import date_in_words, headline, named_sources

if TYPE_CHECKING:
    from openpyxl import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

POINTS = 100
WIDTHS = {"name": 44, "in_space": 44, "what": 28, "id": 30, "meaning": 110}
WIDTH, NUMBER_WIDTH, HEAD_HEIGHT = 20, 11, 62
A4_COLUMNS = 12  # of more, A3 is printed
LINE_HEIGHT, SIGNS_A_LINE = 15, 105  # points; of a long text, in a column as wide as "meaning"
NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
FORMATS = {"points": "0", "share": "0 %", "whole": "#,##0", "number": "#,##0.0", "fine": "0.00", "text": "@"}
ROUNDED = ("points", "share", "whole")
DECIMALS = {"number": 1, "fine": 2}
INDICATOR_FORMATS = {"m": "whole", "share": "share", "m/ha": "whole", "ratio": "fine", "index": "fine"}


@dataclass(frozen=True)
class Column:
    """A column: its key, its heading with the unit, what it means, how its cells are written, and its values."""

    key: str
    title: str
    meaning: str
    form: str
    values: Sequence[Any]


def workbook(result: Result, lang: str) -> bytes:
    """Write a run as an Excel workbook: meeting places, places, what is said first, and what each column means."""
    from openpyxl import Workbook

    book, say = Workbook(), texts(lang)["workbook"]
    book.remove(book.active)
    names = names_of(result, lang)
    spaces, places = space_columns(result, names, lang), place_columns(result, names, lang)
    measured = measured_columns(result, lang)
    _sheet(book, say["spaces"], spaces)
    _about(book, result, names, lang)
    _sheet(book, say["places"], places)
    _sheet(book, say["measured"], [spaces[0], *measured])
    unique = list({column.key: column for column in [*spaces, *places, *measured]}.values())
    _sheet(
        book,
        say["columns"],
        [
            Column("name", say["column_title"], "", "text", [column.title for column in unique]),
            Column("meaning", say["meaning"], "", "text", [column.meaning for column in unique]),
        ],
    )
    return _saved(book)


def excel_csv(result: Result, lang: str) -> bytes:
    """Write the meeting places as CSV that opens in a Danish or English Excel: semicolons, a comma, and a BOM."""
    decimal = decimal_sign(locale(lang))
    columns = [*space_columns(result, names_of(result, lang), lang), *measured_columns(result, lang)]
    table, text = pd.DataFrame({column.title: _plain(column) for column in columns}), BytesIO()
    sep = ";" if decimal == "," else ","
    files.write_csv(table, text, index=False, sep=sep, decimal=decimal, encoding="utf-8-sig")
    return text.getvalue()


def _plain(column: Column) -> Any:
    """Values as they are shown: points, shares of 100 and areas as whole numbers, others with few decimals."""
    if column.form in DECIMALS:
        return [value if pd.isna(value) else round(value, DECIMALS[column.form]) for value in column.values]
    if column.form not in ROUNDED:
        return column.values
    factor = POINTS if column.form == "share" else 1
    whole = [None if pd.isna(value) else round(value * factor) for value in column.values]
    return pd.array(whole, dtype="Int64")


# --- columns -------------------------------------------------------------------------------------


def space_columns(result: Result, names: Mapping[str, str], lang: str) -> list[Column]:
    """Columns of the meeting places, in the order of their numbers; what is not ranked comes last."""
    table = result.meeting_spaces.iloc[in_order(result.meeting_spaces)]
    make = _maker(lang)
    meeting = table["status"] == MEETING
    tiers = texts(lang)["map"]["tier"]
    status = texts(lang)["workbook"]["status"]
    what = [kinds_text(kinds, int(n), lang) for kinds, n in zip(table["kinds"], table["place_count"], strict=True)]
    return [
        make("name", "text", [names[str(i)] for i in table.index]),
        make("number", "whole", table["rank"].where(meeting)),
        make("tier", "text", [tiers.get(word, "") for word in tier_words(table["tier"])]),
        *_scores(table, make, lang, meeting),
        make("inside", "text", _sides(table["inside"], lang)),
        make("status", "text", [status[one] for one in table["status"]]),
        make("what", "text", what),
        make("count", "whole", table["place_count"]),
        make("area", "whole", table["area_m2"]),
        make("id", "text", table.index.astype(str)),
    ]


def place_columns(result: Result, names: Mapping[str, str], lang: str) -> list[Column]:
    """Columns of the places, by their names."""
    table = result.places
    table = table.iloc[sorted(range(len(table)), key=lambda i: (names[str(table.index[i])], str(table.index[i])))]
    make = _maker(lang)
    return [
        make("name", "text", [names[str(i)] for i in table.index]),
        make("in_space", "text", [names.get(str(i), "") for i in table["space_id"]]),
        *_scores(table, make, lang, table["space_id"].map(result.meeting_spaces["status"]) == MEETING),
        make("inside", "text", _sides(table["inside"], lang)),
        make("what", "text", [kinds_text(str(kind), 1, lang) for kind in table["kind"]]),
        make("area", "whole", table["area_m2"]),
        make("id", "text", table.index.astype(str)),
    ]


def _maker(lang: str) -> Callable[[str, str, Iterable[Any]], Column]:
    say = texts(lang)["workbook"]

    def make(key: str, form: str, values: Iterable[Any]) -> Column:
        return Column(key, say["column"][key], say["means"][key], form, list(values))

    return make


def _scores(
    table: pd.DataFrame, make: Callable[[str, str, Iterable[Any]], Column], lang: str, judged: pd.Series
) -> list[Column]:
    """Points of what is judged, as on the map: what is closed, a rest or only possible is shown without any."""
    say = texts(lang)
    points = [FLOATING + end for end in ("", "_low", "_high")] + list(ASPECTS)
    table = table.assign(**table[points].where(judged))
    bounds = (("score", ""), ("low", "_low"), ("high", "_high"))
    whole = [make(key, "points", table[FLOATING + end] * POINTS) for key, end in bounds]
    for aspect in ASPECTS:
        about = say["aspect"][aspect]
        title = say["workbook"]["points"].format(title=about["title"])
        whole.append(Column(aspect, title, str(about["sentence"]), "points", list(table[aspect] * POINTS)))
    return [*whole, *(make(share, "share", table[share]) for share in SHARES)]


def measured_columns(result: Result, lang: str) -> list[Column]:
    """What was measured of the meeting places, in the same order: by the titles of the map, with the unit."""
    say, table = texts(lang)["workbook"], result.meeting_spaces.iloc[in_order(result.meeting_spaces)]
    found = []
    for name, spec in sorted(registry().items()):
        if spec.column in table:
            about, unit = indicator_texts(name, lang), say["unit"][spec.unit]
            title = f"{about['title']} ({unit})" if unit else str(about["title"])
            form = INDICATOR_FORMATS.get(spec.unit, "number")
            found.append(Column(spec.column, title, str(about["text"]), form, list(table[spec.column])))
    return found


def _sides(inside: Iterable[Any], lang: str) -> list[str]:
    say = texts(lang)["workbook"]
    return [say["within" if value else "around"] for value in inside]


# --- sheets --------------------------------------------------------------------------------------


def _about(book: Workbook, result: Result, names: Mapping[str, str], lang: str) -> None:
    """What is said first, and who made what it is made of."""
    say, told = texts(lang)["workbook"], headline(result, lang, names)
    sources = [
        ". ".join(
            str(part)
            for part in (one["attribution"], one["licence"], one["data_date"] and date_in_words(one["data_date"], lang))
            if part
        )
        for one in named_sources(result)
    ]
    lines = [result.estate.name, *told.sentences, told.dates, *sources]
    _sheet(book, say["about"], [Column("meaning", say["title"], "", "text", lines)], filtered=False)


def _sheet(book: Workbook, title: str, columns: Sequence[Column], *, filtered: bool = True) -> None:
    """A sheet with a frozen head and the first column frozen, and filters."""
    from openpyxl.styles import Alignment, Font, PatternFill
    from openpyxl.utils import get_column_letter

    sheet = book.create_sheet(title)
    sheet.append([column.title for column in columns])
    for row in zip(*(column.values for column in columns), strict=True):
        sheet.append([_cell(value) for value in row])
    for k, column in enumerate(columns, start=1):
        width = WIDTHS.get(column.key, WIDTH if column.form == "text" else NUMBER_WIDTH)
        sheet.column_dimensions[get_column_letter(k)].width = width
        _formed(sheet, k, column)
        if column.key == "meaning":
            _rows_for(sheet, column.values)
    for cell in sheet[1]:
        cell.font, cell.fill = Font(name="Calibri", bold=True), PatternFill("solid", fgColor="E4E8EA")
        cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.row_dimensions[1].height = HEAD_HEIGHT if len(columns) > 2 else None
    sheet.freeze_panes = "B2" if len(columns) > 2 else "A2"
    if filtered:
        sheet.auto_filter.ref = sheet.dimensions
    sheet.page_setup.orientation, sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = "landscape", 1, 0
    sheet.page_setup.paperSize = sheet.PAPERSIZE_A3 if len(columns) > A4_COLUMNS else sheet.PAPERSIZE_A4
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    sheet.print_title_rows = "1:1"


def _rows_for(sheet: Worksheet, said: Sequence[Any]) -> None:
    """Make rows as high as the lines of a long text, whatever program opens the sheet."""
    for row, text in enumerate(said, start=2):
        sheet.row_dimensions[row].height = LINE_HEIGHT * -(-max(len(str(text)), 1) // SIGNS_A_LINE)


def _formed(sheet: Worksheet, k: int, column: Column) -> None:
    """Give the cells of a column their form; a text is never a formula, not even after it is edited."""
    from openpyxl.styles import Alignment

    beside = Alignment(horizontal="left", vertical="top", indent=int(k > 1)) if column.form == "text" else None
    lying = Alignment(wrap_text=True, vertical="top") if column.key == "meaning" else beside
    for (cell,) in sheet.iter_rows(min_row=1, min_col=k, max_col=k):
        if isinstance(cell.value, str):
            cell.data_type = "s"
            cell.quotePrefix = cell.value != files.harmless(cell.value)
        if cell.row > 1:
            cell.number_format = FORMATS[column.form]
            if lying is not None:
                cell.alignment = lying


def _cell(value: Any) -> Any:
    """What a cell holds: nothing where nothing is known, and no letter that XML does not have."""
    if isinstance(value, str):
        return NO_XML.sub("\ufffd", value)
    return None if pd.isna(value) else value.item() if hasattr(value, "item") else value


def _saved(book: Workbook) -> bytes:
    """The bytes of a workbook, the same each time: without the hour at which it was written."""
    from openpyxl.writer.excel import ExcelWriter

    book.properties.creator, book.properties.description = "Fællesrum", generator()
    book.properties.created = book.properties.modified = files.NO_HOUR
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        ExcelWriter(book, archive).write_data()
    return files.without_hours(out.getvalue())
