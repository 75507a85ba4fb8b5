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
from spatial.reports.meeting import BOX
from spatial.settings.loading import load_toml
from spatial.studies.measures import read_measures
from spatial.studies.plan_price import AMOUNT, rough_prices
from spatial.studies.plan_review import PlanReview
from tests.maps.reading import Page
from tests.pdf_structure import structure

LANGUAGES = ("da", "en", "de")


@pytest.fixture(scope="module")
def review(demo_data, demo_result):
    estate = spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson")
    extract = demo_data / "reitbahnviertel.osm.pbf"
    after = spatial.analyse(estate, osm=extract, plan=demo_data / "invented_plan.geojson")
    return PlanReview(demo_result, after)


PRICES = load_toml(None, "prices.toml")


def items_of(rows):
    what, how, kind, shapes = zip(*rows, strict=True)
    return gpd.GeoDataFrame({"what": what, "how": how, "kind": kind}, geometry=list(shapes), crs=25832)


def test_a_price_is_by_piece_metre_or_square_metre_or_not_known():
    prices = {
        "place": {"new": {"bench": {"dkk": [6, 20], "per": "piece"}, "square": {"dkk": [1, 3], "per": "m2"}}},
        "way": {"new": {"dkk": [2, 5], "per": "m"}},
    }
    spot, line, ground = shapely.Point(0, 0), shapely.LineString([(0, 0), (0, 10)]), shapely.box(0, 0, 4, 5)
    items = items_of(
        [
            ("place", "new", "bench", spot),
            ("place", "new", "square", ground),  # 20 m² at 1 to 3
            ("way", "new", "footway", line),  # 10 m at 2 to 5
            ("way", "new", None, line),
            ("place", "new", "pitch", ground),  # nobody has a price for it, nor for what goes
            ("place", "gone", "bench", spot),
            ("building", "gone", "apartments", ground),
        ]
    )
    assert rough_prices(items, prices) == [(6, 20), (20, 60), (20, 50), (20, 50), None, None, None]
    assert rough_prices(items[:0], prices) == []


def test_every_price_is_a_range_that_says_what_is_assumed_and_holds_the_costs_of_the_small_measures():
    kinds = set(texts("en")["kind"])
    told = [
        (what, how, kind, entry)
        for what, hows in PRICES.items()
        for how, entries in hows.items()
        for kind, entry in ([(None, entries)] if "dkk" in entries else entries.items())
    ]
    assert len(told) > 20 and not {what for what, *_ in told} & {"building"}
    for what, how, kind, entry in told:
        low, high = entry["dkk"]
        assert 0 < low < high and entry["per"] in AMOUNT and entry["assumed"].endswith("."), (what, how, kind)
        assert kind is None or kind in kinds or what == "road", (what, how, kind)
    costs = {measure.id: measure for measure in read_measures()}
    for name, entry in (
        ("bench", PRICES["place"]["new"]["bench"]), ("table", PRICES["place"]["new"]["table"]),
        ("gate", PRICES["gate"]["opened"]),
    ):  # fmt: skip
        assert entry["dkk"][0] <= costs[name].cost(0) <= entry["dkk"][1]
    assert PRICES["way"]["new"]["dkk"][0] <= costs["link"].cost_dkk_per_m <= PRICES["way"]["new"]["dkk"][1]


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
    assert rows[0] == [say["matter"], say["cost"], say["yes"], say["no"], say["unsure"]]
    assert len(rows) == 1 + things + 1 and all(row[2:] == [BOX] * 3 for row in rows[1:])
    assert rows[-1][0] == say["whole"]
    # Of the bundled plan two buildings go, a road of 180 m comes at 12,000 to 40,000 a metre, a playground moves for
    # 80,000 to 1,000,000, and a gate opens for 1,000 to 10,000.
    items = review.comparison.items
    road_m = items.geometry[(items["what"] == "road").to_numpy()].length.sum()
    known = [(12000 * road_m, 40000 * road_m), (80000, 1000000), (1000, 10000)]

    def kroner(low, high):
        shown = [f"{float(f'{dkk:.2g}'):,.0f}" for dkk in (low, high)]
        low, high = (text.replace(",", ".") if lang in ("da", "de") else text for text in shown)
        return say["kroner"].format(low=low, high=high)

    costs = [row[1] for row in rows[1:]]
    assert sorted(costs) == sorted([*(kroner(*one) for one in known), *[say["cost_none"]] * (things - 3 + 1)])
    assert costs[-1] == say["cost_none"]  # of the whole, since the buildings have none
    total = kroner(*(sum(end) for end in zip(*known, strict=True)))
    assert say["price_some"].format(dkk=total, n=3, of=things) in page.paragraphs


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
