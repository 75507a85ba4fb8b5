"""Counts of people on the map: only what is published, in a real browser."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from spatial.maps.web import page as web_page
from spatial.maps.web.geometry import UNITS_PER_DEGREE
from spatial.maps.web.observed_payload import Observed
from spatial.maps.web.payload import payload
from tests import pictures
from tests.maps import fixtures, payload_types
from tests.maps.test_web_map import decoded
from tests.maps.test_web_page import DESK, PHONE, axe, opened_everything

MAP = "map_faellesrum"
K = 5
READ_BACK = "willReadFrequently"


@pytest.fixture(scope="module")
def result():
    return fixtures.synthetic()


def published(result, by):
    """Counts at all meeting spaces but two; the first is withheld, at one nobody stayed but passed."""
    spaces = result.meeting_spaces
    people = np.arange(len(spaces)) * float(K)
    table = pd.DataFrame(
        {"staying_visits": 8, "staying_hours": 4.0, "staying_people": people, "staying_withheld": False},
        index=pd.Index(spaces.index if by == "space" else [f"hexagon:{i}" for i in range(len(spaces))], name="unit_id"),
    )
    table.loc[table.index[0], "staying_withheld"] = True
    table.loc[table.index[0], "staying_people"] = 3.0  # a mistake elsewhere must not come through
    table.loc[table.index[1], "staying_visits"] = 0
    table["staying_per_visit"] = table["staying_people"] / 8
    shapes = spaces.geometry if by == "space" else spaces.geometry.centroid.buffer(25, quad_segs=2)
    units = gpd.GeoDataFrame(table, geometry=shapes.to_numpy(), crs=spaces.crs)
    return Observed(units.drop(index=table.index[2]), by=by, k=K)


@pytest.mark.parametrize("by", ["space", "hexagon"])
def test_only_what_is_published_is_on_the_page(result, by):
    seen = published(result, by)
    whole = payload(result, "en", observed=seen)
    assert payload_types.faults(whole) == []
    data = whole["observed"]
    rows = seen.units[seen.units["staying_visits"] > 0].sort_index()
    assert len(data["people"]) == len(rows) == len(result.meeting_spaces) - 2
    for people, rate, (_, row) in zip(data["people"], data["rate"], rows.iterrows(), strict=True):
        if row["staying_withheld"]:
            assert people is None and rate is None
        else:
            assert people == row["staying_people"] and people % K == 0
            assert rate == pytest.approx(row["staying_per_visit"], rel=0.01)
    # Whole shapes of what was published, and a point inside each that follows from the shape.
    crs = result.estate.crs
    origin = payload(result, "en")["origin"]
    points = np.array(data["at"]).reshape(-1, 2) + origin
    at = gpd.GeoSeries(gpd.points_from_xy(*points.T / UNITS_PER_DEGREE), crs=4326).to_crs(crs)
    assert (at.distance(gpd.GeoSeries(rows.geometry.to_numpy(), crs=crs)) < 0.2).all()
    assert len(decoded(data["shape"], origin)) == sum(data["shape"]["rings"]) >= len(rows)
    assert set(data) == {"by", "k", "space", "visits", "people", "rate", "at", "shape"}


def test_a_map_without_counts_says_nothing_of_them(result):
    assert payload(result, "da")["observed"] is None


@pytest.fixture
def opened(browser, result, tmp_path):
    trouble, pages = [], []

    def open_page(by, fragment="", viewport=DESK, **options):
        path = tmp_path / f"{by}.html"
        web_page.render_map(result, path, lang="en", observed=published(result, by))
        page = browser.new_page(viewport=viewport, reduced_motion="reduce", **options)
        # To read pixels back, as these tests do, is slow, and Chromium says so.
        page.on("console", lambda message: None if READ_BACK in message.text else trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.goto(path.as_uri() + fragment)
        page.wait_for_selector(fixtures.READY)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert trouble == []


def inked(page):
    """How many pixels of the canvas of counts are drawn on."""
    return page.evaluate(
        f"""() => {{ const c = {MAP}.getPane('observed').querySelector('canvas');
            const data = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            let n = 0; for (let i = 3; i < data.length; i += 4) {{ if (data[i]) n++; }} return n; }}"""
    )


@pytest.mark.browser
@pytest.mark.parametrize("by", ["space", "hexagon"])
def test_counts_are_drawn_explained_and_put_away(opened, by):
    page = opened(by)
    assert inked(page) > 500
    legend = page.locator(".fr-counted").inner_text()
    assert "People staying, a visit:" in legend and "fewer than 5" in legend
    pictures.keep(page, f"counts-{by}")
    page.uncheck("#fr-observed input")
    assert inked(page) == 0 and page.locator(".fr-counted").count() == 0
    assert "off=counts" in page.evaluate("location.hash")
    assert inked(opened(by, "#off=counts")) == 0


@pytest.mark.browser
def test_details_say_what_was_counted_and_what_is_withheld(opened, result):
    page = opened("space")
    page.evaluate(f"{MAP}.faellesrum.handlers.space(4)")
    assert "20 people stayed here at 8 visits, 2.5 a visit" in page.locator("#fr-details .fr-note").inner_text()
    page.evaluate(f"{MAP}.faellesrum.handlers.space(0)")
    assert "it is not shown" in page.locator("#fr-details .fr-note").inner_text()
    page.evaluate(f"{MAP}.faellesrum.handlers.space(2)")
    assert page.locator("#fr-details .fr-note").count() == 0


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_violation(opened, scheme):
    page = opened("hexagon", viewport=PHONE, color_scheme=scheme)
    opened_everything(page)
    assert axe(page) == []
    page = opened("space", color_scheme=scheme)
    opened_everything(page)
    assert axe(page) == []
