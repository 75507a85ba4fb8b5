"""What is taken away is what a run with the plan writes."""

from __future__ import annotations

import html

import pytest
import shapely

from spatial.core.errors import InputError
from spatial.studio import exports
from spatial.studio.session import Session


@pytest.fixture(scope="module")
def drawn(table):
    session = Session(table)
    session.draw("A", "bench", shapely.Point(13.263581, 53.5689934))
    session.remove("A", "osm:way/93691013")
    return session.variant("A")


@pytest.fixture(scope="module")
def review(table, drawn):
    return exports.review(table, drawn)


def test_the_review_is_that_of_the_plan_that_was_drawn(review, table, drawn):
    seen = table.look(drawn.strokes)
    found = table.differ(seen)
    assert review.comparison.dwellings == pytest.approx(found.dwellings, abs=1e-9)
    assert review.after.manifest["plan"]["name"] == "A" and review.after.manifest["plan"]["edits"] == 2
    assert list(review.after.meeting_spaces.index) == list(seen.result.meeting_spaces.index)


@pytest.mark.parametrize(("what", "words"), [("map", "faellesrum.start("), ("report", "<h1")])
def test_map_and_report_are_pages_that_ask_nobody_for_anything(what, words, review):
    page = exports.MAKERS[what](review, "da").decode("utf-8")
    assert page.startswith("<!DOCTYPE html>") and 'lang="da"' in page and words in page
    assert "default-src 'none'" in html.unescape(page)


def test_of_nothing_there_is_nothing_to_take_away(table):
    with pytest.raises(InputError, match="nothing is drawn"):
        exports.review(table, Session(table).variant("A"))
