"""What is taken away is what a run with the plan writes."""

from __future__ import annotations

import html
import io
import zipfile

import openpyxl
import pytest
import shapely

from spatial.core.model import FLOATING
from spatial.studio import exports
from spatial.studio.session import Session


@pytest.fixture(scope="module")
def drawn(table):
    session = Session(table)
    session.draw("A", "bench", shapely.Point(13.263581, 53.5689934))
    session.remove("A", "osm:way/93691013")
    return session.variant("A")


@pytest.fixture(scope="module")
def found(table, drawn):
    return exports.Found(table, drawn)


@pytest.fixture(scope="module")
def today(table):
    return exports.Found(table, Session(table).variant("A"))


def test_the_review_is_that_of_the_plan_that_was_drawn(found, table, drawn):
    seen = table.look(drawn.strokes)
    assert found.review.comparison.dwellings == pytest.approx(table.differ(seen).dwellings, abs=1e-9)
    assert found.result.manifest["plan"]["name"] == "A" and found.result.manifest["plan"]["edits"] == 2
    assert list(found.result.meeting_spaces.index) == list(seen.result.meeting_spaces.index)


def test_where_nothing_is_drawn_it_is_the_estate_as_it_is(today, table):
    assert today.review is None and "plan" not in today.result.manifest
    now = table.start.result.meeting_spaces[FLOATING]
    assert today.result.meeting_spaces[FLOATING].to_dict() == pytest.approx(now.to_dict(), abs=1e-9)


@pytest.mark.parametrize("state", ["found", "today"])
@pytest.mark.parametrize(("name", "words"), [("map.html", "faellesrum.start("), ("report.html", "<h1")])
def test_map_and_report_are_pages_that_ask_nobody_for_anything(state, name, words, request):
    page = exports.MAKERS[name](request.getfixturevalue(state), "da").decode("utf-8")
    assert page.startswith("<!DOCTYPE html>") and 'lang="da"' in page and words in page
    assert "default-src 'none'" in html.unescape(page)


@pytest.mark.parametrize("state", ["found", "today"])
@pytest.mark.parametrize("name", ["report.pdf", "sitemap.pdf"])
def test_report_and_site_map_are_pdf(state, name, request):
    content = exports.MAKERS[name](request.getfixturevalue(state), "da")
    assert content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF") and len(content) > 10_000


def test_the_tables_hold_every_place_as_it_is_with_the_plan(found):
    book = openpyxl.load_workbook(io.BytesIO(exports.MAKERS["places.xlsx"](found, "en")), read_only=True)
    cells = {str(cell) for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row}
    assert set(found.result.places.index) <= cells and "plan:bench-1" in cells


def test_the_field_kit_holds_what_the_command_packs(today):
    content = exports.MAKERS["fieldkit.zip"](today, "da")
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        assert {"counts.xlsx", "count.html", "rounds.csv", "checks.xlsx", "field.gpkg"} <= set(packed.namelist())
