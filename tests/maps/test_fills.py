"""Fills on paper: the common scale, or the estate's own where one colour would cover most; the page has the same."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.maps.fills import COMMON, fill_of
from spatial.maps.style import NO_SCORE, RAMP, RELATIVE_RAMP
from tests.maps import fixtures


def table(scores, status="meeting space"):
    return pd.DataFrame({"status": status, "floating": scores})


def test_scores_of_several_classes_keep_the_common_scale():
    """.30, .50 and .70 lie in three classes of twenty points."""
    scores = table([0.30, 0.50, 0.70])
    assert fill_of(scores) == COMMON and not COMMON.relative
    assert COMMON.steps(scores) == [(RAMP[1], "20–40"), (RAMP[2], "40–60"), (RAMP[3], "60–80")]


def test_scores_of_one_class_are_filled_by_how_they_differ():
    """.42, .55, .62 to .69: three of five lie in 60–80. From 42, 28 points in five classes are six points each."""
    scores = table([0.42, 0.55, 0.62, 0.66, 0.69])
    fill = fill_of(scores)
    assert fill.relative and (fill.least, fill.width) == (42, 6)
    greens = [RELATIVE_RAMP[k] for k in (0, 2, 3, 4)]
    assert fill.steps(scores) == list(zip(greens, ("42–48", "54–60", "60–66", "66–72"), strict=True)), "none is empty"
    assert fill.colour_of(float("nan")) == NO_SCORE


def test_what_is_not_judged_stretches_no_scale():
    judged = table([0.61, 0.65, 0.69])
    closed = pd.concat([judged, table([0.02, 0.99], "closed")])
    assert fill_of(closed) == fill_of(judged) and fill_of(closed).steps(closed) == fill_of(judged).steps(judged)


@pytest.mark.parametrize("scores", [[], [0.7], [0.7, 0.7], [np.nan, np.nan]])
def test_where_nothing_differs_the_common_scale_stays(scores):
    assert fill_of(table(np.array(scores, dtype=float))) == COMMON


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=12))
def test_every_score_lies_between_the_ends_that_its_class_is_told_with(thousandths):
    scores = table([n / 1000 for n in thousandths])
    fill = fill_of(scores)
    spans = dict(fill.steps(scores))
    for n in thousandths:
        low, high = map(int, spans[fill.colour_of(n / 1000)].split("–"))
        assert 0 <= low <= n / 10 <= high <= 100
    assert len(spans) == len({fill.colour_of(n / 1000) for n in thousandths})


@pytest.mark.browser
def test_the_page_has_the_same_classes_and_colours(browser, demo_result, tmp_path):
    demo_result.map("da").save(str(tmp_path / "map.html"))
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.goto((tmp_path / "map.html").as_uri())
    page.wait_for_selector(fixtures.READY)
    shown = page.evaluate(
        "Array.from(document.querySelectorAll('#fr-legend .fr-step'), step => "
        "[getComputedStyle(step.querySelector('.fr-class')).backgroundColor, step.textContent])"
    )
    page.close()
    spaces = demo_result.meeting_spaces
    expected = fill_of(spaces).steps(spaces)
    assert len(expected) > 1
    colours = [f"rgb({', '.join(str(int(colour[k : k + 2], 16)) for k in (1, 3, 5))})" for colour, _ in expected]
    assert [colour for colour, _ in shown] == colours
    assert [text.replace("\u2060", "") for _, text in shown] == [points for _, points in expected]
