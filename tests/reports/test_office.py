"""Workbook, CSV for Excel, slide and page: opened again, they say what the run says, and nothing is a formula."""

import csv
import io
import re
import zipfile
from dataclasses import replace

import docx
import numpy as np
import openpyxl
import pptx
import pytest

from spatial.core.files import without_hours
from spatial.core.languages import texts
from spatial.maps import workbook
from spatial.places.naming import names_of
from spatial.reports import office
from spatial.reports.slide import HEIGHT_MM, WIDTH_MM, slide
from spatial.reports.word_page import word_page
from spatial.scoring.tiers import tier_words
from spatial.texts.headline import headline
from tests.maps import fixtures

LANGUAGES = ("da", "en")
HOSTILE = ['=HYPERLINK("http://x","y")', "+1+1", "-2+3", "@SUM(A1)", "\t=1", "=cmd|' /C calc'!A0", "a\x01b", "plain"]


@pytest.fixture(scope="module")
def result():
    return fixtures.synthetic()


@pytest.fixture(scope="module")
def hostile(result):
    spaces = result.meeting_spaces
    return replace(result, meeting_spaces=spaces.assign(name=[*HOSTILE, *[None] * len(spaces)][: len(spaces)]))


def opened(result, lang):
    return openpyxl.load_workbook(io.BytesIO(workbook.workbook(result, lang)))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_workbook_has_names_first_units_in_its_heads_and_says_what_columns_mean(demo_result, lang):
    result = demo_result
    say, book = texts(lang)["workbook"], opened(result, lang)
    assert book.sheetnames == [say[name] for name in ("spaces", "about", "places", "measured", "columns")]
    heads = set()
    for name in ("spaces", "places", "measured"):
        sheet = book[say[name]]
        head = [cell.value for cell in sheet[1]]
        assert head[0] == say["column"]["name"] and len(set(head)) == len(head)
        assert sheet.freeze_panes == "B2" and sheet.auto_filter.ref == sheet.dimensions
        heads |= set(head)
    explained = {row[0]: row[1] for row in book[say["columns"]].iter_rows(min_row=2, values_only=True)}
    assert heads == set(explained) and all(explained.values())
    assert all(unit in " ".join(heads) for unit in ("(m²)", "(%)", "(m)"))
    told = headline(result, lang)
    lines = [cell.value for cell in book[say["about"]]["A"]]
    assert lines[1 : 3 + len(told.sentences)] == [result.estate.name, *told.sentences, told.dates]
    about = book[say["about"]]
    for k, line in enumerate(lines[1:], start=2):  # Calibri 11: 15 points a line, and at most 110 signs in 110 widths
        assert about.row_dimensions[k].height >= 15 * len(line) / 110
    assert not re.search(r"\d{4}-\d{2}-\d{2}", " ".join(lines)), "dates are written in words"
    assert [cell.value for cell in book[say["columns"]][1]] == [say["column_title"], say["meaning"]]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_numbers_and_names_of_the_workbook_are_those_of_the_run(result, lang):
    say, names = texts(lang)["workbook"]["column"], names_of(result, lang)
    rows = list(opened(result, lang)[texts(lang)["workbook"]["spaces"]].iter_rows(values_only=True))
    spaces = result.meeting_spaces
    tiers = dict(zip(spaces.index, tier_words(spaces["tier"]), strict=True))
    assert len(rows) == 1 + len(spaces)
    for values in rows[1:]:
        row = dict(zip(rows[0], values, strict=True))
        space = spaces.loc[row[say["id"]]]
        assert row[say["name"]] == names[row[say["id"]]]
        assert row[say["tier"]] == texts(lang)["map"]["tier"].get(tiers[row[say["id"]]], None)
        for key, column in (("score", "floating"), ("low", "floating_low"), ("high", "floating_high")):
            found = row[say[key]]
            assert found == pytest.approx(space[column] * 100) if found is not None else np.isnan(space[column])
        assert row[say["unknown"]] == pytest.approx(space["unknown"])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_cell_is_a_formula(hostile, lang):
    book = opened(hostile, lang)
    texts_seen = set()
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f"
                if isinstance(cell.value, str):
                    texts_seen.add(cell.value)
                    assert cell.quotePrefix == cell.value.lstrip(" ").startswith(("=", "+", "-", "@", "\t"))
    for begun in ("+1+1", "-2+3", "@SUM(A1)", "=cmd"):  # and names are what they are
        assert any(text.startswith(begun) for text in texts_seen)
    lines = workbook.excel_csv(hostile, lang).decode("utf-8-sig").splitlines()
    for row in csv.reader(lines, delimiter=";" if lang == "da" else ","):
        for text in row:
            assert not text.startswith(("=", "+", "@", "\t"))
            assert not text.startswith("-") or text[1:2].isdigit()


def test_the_csv_for_excel_has_a_mark_semicolons_and_decimal_commas(demo_result):
    result = demo_result
    content = workbook.excel_csv(result, "da")
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    say, names = texts("da")["workbook"]["column"], names_of(result, "da")
    assert {row[say["id"]]: row[say["name"]] for row in rows} == {i: names[i] for i in result.meeting_spaces.index}
    # What is closed, a seat or only possible is not judged.
    whole = result.meeting_spaces["floating"].where(result.meeting_spaces["status"] == "meeting space")
    for row in rows:
        best = whole[row[say["id"]]]
        assert row[say["score"]] == ("" if np.isnan(best) else f"{round(best * 100)}")
        assert row[say["area"]] == f"{round(result.meeting_spaces['area_m2'][row[say['id']]])}"
    numbers = [text for row in rows for text in row.values() if re.fullmatch(r"-?[\d.,]+", text)]
    assert any("," in text for text in numbers) and not any("." in text for text in numbers)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_slide_and_page_say_the_same_as_the_report(result, lang):
    told, names = headline(result, lang), names_of(result, lang)
    ranked = result.meeting_spaces.dropna(subset="rank").sort_values("rank", kind="stable").index[:8]
    show = pptx.Presentation(io.BytesIO(slide(result, lang)))
    (page,) = show.slides
    said = [p.text for shape in page.shapes if shape.has_text_frame for p in shape.text_frame.paragraphs]
    assert set(told.sentences) <= set(said) and told.dates in said
    (table,) = [shape.table for shape in page.shapes if shape.has_table]
    assert [table.cell(r, 1).text for r in range(1, len(table.rows))] == [names[i] for i in ranked]
    (picture,) = [shape for shape in page.shapes if shape.shape_type == pptx.enum.shapes.MSO_SHAPE_TYPE.PICTURE]
    assert picture._element._nvXxPr.cNvPr.get("descr")
    for shape in page.shapes:
        assert shape.left >= 0 and shape.left + shape.width <= show.slide_width
        assert shape.top >= 0 and shape.top + shape.height <= show.slide_height
    assert show.slide_width / show.slide_height == pytest.approx(WIDTH_MM / HEIGHT_MM, rel=1e-3)

    written = docx.Document(io.BytesIO(word_page(result, lang)))
    paragraphs = [p.text for p in written.paragraphs]
    assert [text for text in paragraphs if text in told.sentences] == told.sentences and told.dates in paragraphs
    (inline,) = written.element.body.iter(
        "{http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing}inline"
    )
    section = written.sections[0]
    assert {inline.get("distL"), inline.get("distR")} == {"0"}
    assert inline.extent.cx <= section.page_width - section.left_margin - section.right_margin
    assert [row.cells[1].text for row in written.tables[0].rows[1:]] == [names[i] for i in ranked]
    assert written.core_properties.language == {"da": "da-DK", "en": "en-GB"}[lang]


def test_the_same_run_gives_the_same_bytes(result, tmp_path):
    first = [path.read_bytes() for path in office.write_office(result, tmp_path, office.WRITERS)]
    again = [path.read_bytes() for path in office.write_office(fixtures.synthetic(), tmp_path, office.WRITERS)]
    assert first == again and len(first) == 4


def test_an_archive_without_hours_holds_the_same_parts():
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("b/a.xml", "<a/>")
        archive.writestr("c.xml", "c" * 1000)
    again = zipfile.ZipFile(io.BytesIO(without_hours(packed.getvalue())))
    assert {info.filename: again.read(info) for info in again.infolist()} == {"b/a.xml": b"<a/>", "c.xml": b"c" * 1000}
    assert {info.date_time for info in again.infolist()} == {(1980, 1, 1, 0, 0, 0)}
