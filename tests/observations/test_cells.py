"""Cells as people fill them in: numbers, times, rows that are no visits, sheets of a workbook. One line each."""

from __future__ import annotations

from datetime import datetime

import openpyxl
import pytest

from spatial.core.errors import EmptyAreaError, SchemaError, SourceFormatError
from tests.observations.test_cases import AT, SPACES, read, reasons, written

HERE, LATER = SPACES[0], "2025-05-06 11:00"
HEAD = "space_id,time,kind,total\n"
GOOD = f"{HERE},{LATER},staying,7\n"

# What stands in the cell of the number: how many people, or why the row is turned away.
NUMBERS = {
    "5": 5, "5,0": 5, "5.0": 5, "5.": 5, " 5 ": 5, "+5": 5, "5\u00a0": 5, "0": 0, "1e3": 1000, "1 000": 1000,
    "": "no_count", "-": "not_a_count", "n/a": "not_a_count", "NaN": "not_a_count", "NULL": "not_a_count",
    "5.5": "not_a_count", "-3": "negative_count", "~5": "not_a_count", "5+": "not_a_count", "5-7": "not_a_count",
    "ca. 5": "not_a_count", "five": "not_a_count", "5 people": "not_a_count", "'5": "not_a_count",
    "=2+3": "not_a_count", "TRUE": "not_a_count", "½": "not_a_count", "\u0665": "not_a_count", "\uff15": "not_a_count",
    "IIII": "not_a_count", "|||| |": "not_a_count", "#REF!": "not_a_count", "#N/A": "not_a_count",
    "Infinity": "not_a_count", "99999999999": "too_many_people", "5;6": "not_a_count", "(5)": "not_a_count",
    "0x10": "not_a_count",
}  # fmt: skip


@pytest.mark.parametrize("cell", NUMBERS)
def test_a_number_of_people(tmp_path, cell):
    found, expected = read(written(tmp_path, f'{HEAD}{HERE},{AT},staying,"{cell}"\n{GOOD}')), NUMBERS[cell]
    if isinstance(expected, int):
        assert found.surveys["total"].tolist() == [expected, 7] and reasons(found) == []
    else:
        assert found.surveys["total"].tolist() == [7] and reasons(found) == [expected]


# What stands in the cell of the time: the wall clock, or None where it is no time that is read.
TIMES = {
    "2025-05-06T10:00Z": "2025-05-06 12:00", "2025-05-06T10:00+02:00": AT, "2025-05-06 10.00": AT,
    "06-05-2025 10:00": AT, "13/05/2025 10:00": "2025-05-13 10:00", "05/13/2025 10:00": "2025-05-13 10:00",
    "2025-05-06 24:00": "2025-05-07 00:00", "2025-05-06 10:00 PM": "2025-05-06 22:00", "20250506 1000": AT,
    "6. maj 2025 kl. 10.00": AT, "tirsdag 6. maj 2025 10:00": AT, "May 6, 2025 10:00 AM": AT,
    "2025-05-06 25:00": None, "2025-02-30 10:00": None, "10:00": None, "2025-05-06": None, "1746525600": None,
    "1746525600000": None, "2025W19-2 10:00": None, "2025-126 10:00": None, "kl. 10": None, "0001-05-06 10:00": None,
    "9999-05-06 10:00": None, "1900-01-01 10:00": None, "2099-05-06 10:00": None,
}  # fmt: skip


@pytest.mark.parametrize("cell", TIMES)
def test_a_time(tmp_path, cell):
    path = written(tmp_path, f'{HEAD}{HERE},"{cell}",staying,5\n')
    if TIMES[cell] is None:
        with pytest.raises(EmptyAreaError, match="row 2, column 'time': found"):
            read(path)
    else:
        assert [f"{at:%Y-%m-%d %H:%M}" for at in read(path).surveys["start"]] == [TIMES[cell]]


@pytest.mark.parametrize("cell", ["6/5/2025 10:00", "06/05/25 10:00"])
def test_a_date_that_may_be_another_is_asked_for(tmp_path, cell):
    with pytest.raises(SchemaError, match="can be read as 2025-05-06 or as 2025-06-05"):
        read(written(tmp_path, f"{HEAD}{HERE},{cell},staying,5\n"))


FIRST = f"{HERE},{AT},staying,5\n"
# A file: the numbers of people that are read, and why its other rows are turned away.
FILES = {
    "a row of totals": (HEAD + FIRST + GOOD + ",,I alt,12\n", [5, 7], ["bad_kind"]),
    "a total by its word": (HEAD + FIRST + GOOD + "Total,,,12\n", [5, 7], ["no_time"]),
    "a total that looks like a visit": (HEAD + FIRST + GOOD + f"Sum,{AT},staying,12\n", [5, 7], ["no_location"]),
    "a mean": (HEAD + FIRST + f"{HERE},Gennemsnit,,5\n", [5], ["bad_time"]),
    "the heading again": (HEAD + FIRST + HEAD + GOOD, [5, 7], ["not_a_count"]),
    "a row of units": (HEAD + ",AAAA-MM-DD,,personer\n" + FIRST, [5], ["not_a_count"]),
    "a footer": (HEAD + FIRST + "Kilde: kommunen\n", [5], ["ragged"]),
    "comments above": ("# exported 2025\n# by x\n" + HEAD + FIRST, [5], []),
    "empty rows": (HEAD + "\n" + FIRST + ",,,\n\n" + GOOD, [5, 7], []),
    "semicolons": (HEAD.replace(",", ";") + f"{HERE};{AT};staying;5,0\n", [5], []),
    "tabs": ((HEAD + FIRST).replace(",", "\t"), [5], []),
    "strokes": ((HEAD + FIRST).replace(",", "|"), [5], []),
    "a line within a cell": (f'note,{HEAD}"a\nb",{FIRST}', [5], []),
    "lines of old Macs": ((HEAD + FIRST).replace("\n", "\r"), [5], []),
    "a kind that nobody knows": (HEAD + FIRST + f"{HERE},{LATER},zz,7\n", [5], ["bad_kind"]),
    "a place that nobody knows": (HEAD + FIRST + f"space:zz,{LATER},staying,7\n", [5], ["no_location"]),
    "percents": (f"{HEAD.strip()},male\n{HERE},{AT},staying,10,40%\n{GOOD.strip()},3\n", [7], ["not_a_count"]),
}


@pytest.mark.parametrize("name", FILES)
def test_rows_that_are_no_visits(tmp_path, name):
    text, totals, faults = FILES[name]
    (tmp_path / "counts.csv").write_bytes(text.encode())
    found = read(tmp_path / "counts.csv")
    assert (found.surveys["total"].tolist(), reasons(found)) == (totals, faults)


def fill(sheet, *rows):
    sheet.append(["space_id", "time", "kind", "total"])
    for at, people in rows or ((AT, 5), (LATER, 7)):
        sheet.append([HERE, at, "staying", people])


def a_formula(book):
    fill(book.active, (AT, 5), (LATER, "=3+4"))


def a_sum_below(book):
    fill(book.active)
    book.active.append(["I alt", None, None, "=SUM(D2:D3)"])


def merged_cells(book):
    fill(book.active)
    book.active.merge_cells("A2:A3")


def two_sheets(book):
    fill(book.active)
    fill(book.create_sheet("Ark2"), ("2025-05-07 10:00", 9))


def a_sheet_of_totals(book):
    fill(book.active)
    book.create_sheet("Sum").append(["Sted", "Antal"])


def an_error(book):
    fill(book.active, (AT, 5), (LATER, "#REF!"))


def a_fraction(book):
    fill(book.active, (AT, 5), (LATER, 7.5))


def dates(book):
    fill(book.active, (datetime(2025, 5, 6, 10), 5), (datetime(2025, 5, 6, 11), 7.0))


BOOKS = {
    a_formula: ([5], ["no_count"]), a_sum_below: ([5, 7], ["no_count"]), merged_cells: ([5], ["no_geometry"]),
    two_sheets: ([5, 7, 9], []), a_sheet_of_totals: ([5, 7], []), an_error: ([5], ["not_a_count"]),
    a_fraction: ([5], ["not_a_count"]), dates: ([5, 7], []),
}  # fmt: skip


@pytest.mark.parametrize("make", BOOKS, ids=lambda make: make.__name__)
def test_workbooks(tmp_path, make):
    """A formula has no value until a spreadsheet has worked it out."""
    book = openpyxl.Workbook()
    make(book)
    book.save(tmp_path / "a.xlsx")
    found = read(tmp_path / "a.xlsx")
    assert (found.surveys["total"].tolist(), reasons(found)) == BOOKS[make]


def test_counts_on_a_hidden_sheet_are_told(tmp_path):
    book = openpyxl.Workbook()
    fill(book.active)
    hidden = book.create_sheet("sidste aar")
    fill(hidden, ("2024-05-07 10:00", 9))
    hidden.sheet_state = "hidden"
    book.save(tmp_path / "a.xlsx")
    found = read(tmp_path / "a.xlsx")
    assert sorted(found.surveys["total"]) == [5, 7, 9] and found.notes == {"hidden_sheets": 1}


OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.ods", b"PK\3\4", "no file of a known kind"), ("a.xls", OLD_EXCEL, "no file of a known kind"),
        ("a.xlsb", b"PK\3\4", "no file of a known kind"), ("a.numbers", b"PK\3\4", "no file of a known kind"),
        ("a.pdf", b"%PDF-1.4", "no file of a known kind"), ("a.docx", b"PK\3\4", "no file of a known kind"),
        ("locked.xlsx", OLD_EXCEL + bytes(600), "no whole workbook"), ("text.xlsx", b"a,b\n1,2\n", "no whole workbook"),
        ("book.csv", b"PK\3\4\0\0", "zero bytes"), ("wide.csv", "a,b\n1,2\n".encode("utf-16-le"), "zero bytes"),
    ],
)  # fmt: skip
def test_other_files_are_refused_by_name(tmp_path, name, content, words):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceFormatError, match=words) as refused:
        read(tmp_path / name)
    assert name in str(refused.value)
