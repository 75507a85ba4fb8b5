"""The page for the residents' meeting: one page, its price added on paper, a box to tick for each thing."""

import io
from dataclasses import replace

import geopandas as gpd
import pypdf
import pytest
import shapely

import spatial
from spatial.core.languages import texts
from spatial.reports import html, pdf
from spatial.reports.meeting import BOX, Price
from spatial.studies.measures import Measure, read_measures
from spatial.studies.plan_price import rough_price
from spatial.studies.plan_review import PlanReview
from tests.maps.reading import Page
from tests.pdf_structure import structure

LANGUAGES = ("da", "en")


@pytest.fixture(scope="module")
def review(demo_data, demo_result):
    estate = spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson")
    extract = demo_data / "reitbahnviertel.osm.pbf"
    after = spatial.analyse(estate, osm=extract, plan=demo_data / "invented_plan.geojson")
    return PlanReview(demo_result, after)


def items_of(rows):
    what, how, kind, length_m = zip(*rows, strict=True)
    lines = [shapely.LineString([(0, 0), (length, 0)]) if length else shapely.Point(0, 0) for length in length_m]
    return gpd.GeoDataFrame({"what": what, "how": how, "kind": kind}, geometry=lines, crs=25832)


def test_a_price_is_the_sum_of_what_has_one():
    measures = [
        Measure("bench", "space_without_seat", {"amenity": "bench"}, 12000, 0, ""),
        Measure("gate", "locked_gate", {"access": "yes"}, 3000, 0, ""),
        Measure("link", "missing_link", {"highway": "footway"}, 5000, 1500, ""),
    ]
    items = items_of(
        [
            ("place", "new", "bench", 0),
            ("gate", "opened", None, 0),
            ("way", "new", "footway", 10),  # 5,000 and 10 × 1,500
            ("building", "gone", "apartments", 0),  # nobody has a price for it
            ("place", "gone", "bench", 0),
        ]
    )
    assert rough_price(items, measures) == Price(12000 + 3000 + 20000, 3, 5)
    assert rough_price(items[3:], measures) == Price(0.0, 0, 2)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_sheet_is_one_page_and_can_be_read_aloud(review, lang):
    document = review.meeting_sheet(lang)
    paper = pdf.document_pdf(document)
    assert len(pypdf.PdfReader(io.BytesIO(paper)).pages) == 1
    assert structure(paper)
    assert pdf.document_pdf(review.meeting_sheet(lang)) == paper


@pytest.mark.parametrize("lang", LANGUAGES)
def test_it_says_proposal_price_gains_and_what_is_not_known_and_has_a_box_for_each_thing(review, lang):
    say = texts(lang, "report")["meeting"]
    page = Page(html.html(review.meeting_sheet(lang)))
    assert page.headings[1:] == [say[name] for name in ("proposal", "price", "gains", "unknown", "boxes")]
    things = len(review.comparison.items)
    rows = page.tables[say["caption"]]
    assert rows[0] == [say["matter"], say["yes"], say["no"], say["unsure"]]
    assert len(rows) == 1 + things + 1 and all(row[1:] == [BOX] * 3 for row in rows[1:])
    assert rows[-1][0] == say["whole"]
    # Of the bundled plan only the gate has a price.
    gate = next(measure for measure in read_measures() if measure.id == "gate")
    thousands = {"da": ".", "en": ","}[lang]
    expected = say["price_some"].format(dkk=f"{gate.cost_dkk:,.0f}".replace(",", thousands), n=1, of=things)
    assert expected in page.paragraphs


def test_what_goes_and_has_a_name_in_other_letters_is_told_on_paper_by_its_kind(review):
    """Fonts of a sheet have no Chinese; a page on the screen has."""
    assert review.on_paper is review

    def called(result):
        return replace(result, places=result.places.assign(name="\u5f69\u8679"))

    states = called(review.today), called(review.after)
    foreign = PlanReview(*states)
    foreign.comparison = replace(foreign.comparison, items=foreign.comparison.items.assign(name="\u5f69\u8679"))
    for write in (PlanReview.report, PlanReview.meeting_sheet):
        assert "\u5f69\u8679" in html.html(write(foreign, "en"))
        assert "\u5f69\u8679" not in html.html(write(foreign.on_paper, "en"))
