"""The site map, measured in the finished PDF by two readers that did not draw it (pypdf and PDFium)."""

import io
import itertools
import re
from dataclasses import replace

import numpy as np
import pypdf
import pypdfium2
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from spatial.core.errors import ConfigError, InputError
from spatial.maps.fills import fill_of
from spatial.maps.sheet import sitemap
from spatial.maps.sheet.labels import Taken, along, numbers
from spatial.maps.sheet.layout import PAPERS, SCALES, Box, compose
from spatial.maps.sheet.sitemap import Choice
from spatial.maps.style import RAMP, RELATIVE_RAMP, class_of
from spatial.places.naming import names_in_order, names_of
from tests.maps import fixtures
from tests.pdf_structure import structure

POINTS_PER_MM = 72 / 25.4
LETTER_GAP, LEVEL, HALO = 1.4, 0.6, 20.0  # between letters of a line, and of the white around them, in millimetres


@pytest.fixture(scope="module")
def result():
    return fixtures.synthetic()


@pytest.fixture(scope="module")
def sheet(result):
    """A 1:1000 sheet on A3."""
    return pdf_of(result, choice=Choice("A3", 1000, True))


def pdf_of(result, **options):
    return sitemap.typeset_sitemap(result, **options).pdf()


def drawn(document, kind, page=0):
    """What was drawn of one kind, with left, bottom, right and top in millimetres, read by PDFium."""
    with pypdfium2.PdfDocument(document) as opened:
        sheet = opened[page]
        text = sheet.get_textpage()
        items = [item for item in sheet.get_objects(textpage=text) if item.type == kind]
        found = []
        for item in items:
            content = item.extract() if kind == pypdfium2.raw.FPDF_PAGEOBJ_TEXT else None
            found.append((content, *(side / POINTS_PER_MM for side in item.get_bounds())))
            item.close()
        text.close()
        sheet.close()
        return found


def words(document):
    """Lettered lines with the middle of their boxes; on the map each letter is an object of its own."""
    lines = []
    for text, left, low, right, high in drawn(document, pypdfium2.raw.FPDF_PAGEOBJ_TEXT):
        if high - low > HALO:  # whose box PDFium measures without the scale
            continue
        if lines and -LEVEL < left - lines[-1][3] < LETTER_GAP and low < lines[-1][4] and high + LEVEL > lines[-1][2]:
            before, first, lowest, _, highest = lines.pop()
            text, left, low, high = before + text, first, min(low, lowest), max(high, highest)
        lines.append((text, left, low, right, high))
    return [(text.strip(), (left + right) / 2, (low + high) / 2) for text, left, low, right, high in lines]


def boxes(document):
    """Boxes of the drawn paths."""
    return [box for _, *box in drawn(document, pypdfium2.raw.FPDF_PAGEOBJ_PATH)]


def text_of(document):
    pages = pypdf.PdfReader(io.BytesIO(document)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())


@pytest.mark.parametrize(("scale", "length_m"), [(500, 50), (1000, 100), (2500, 250), (4000, 400)])
def test_the_scale_bar_is_as_long_as_it_says(result, scale, length_m):
    document = pdf_of(result, choice=Choice("A3", scale, True))
    at = {text: x for text, x, _ in words(document)}
    assert f"{length_m} m" in at
    # 1:1000 makes 100 m into 100 mm. The parts of the bar are filled and have no outline.
    parts = [(left, right) for left, bottom, right, top in boxes(document) if abs(top - bottom - 1.6) < 0.02]
    parts = [(left, right) for left, right in parts if right - left > 15]
    assert max(right for _, right in parts) - min(left for left, _ in parts) == pytest.approx(100.0, abs=0.02)
    assert {round(right - left, 1) for left, right in parts} in ({20.0}, {25.0})
    # The zero stands over the beginning, the last number over the end; " m" is beside it.
    assert at["0"] == pytest.approx(min(left for left, _ in parts), abs=0.3)


def test_what_lies_100_m_apart_is_100_mm_apart_at_1_to_1000(result):
    side_m = 100.0
    middle = result.estate.boundary.centroid
    square = shapely.box(middle.x - side_m / 2, middle.y - side_m / 2, middle.x + side_m / 2, middle.y + side_m / 2)
    estate = replace(result.estate, boundary=square)
    tables = {name: getattr(result, name)[:0] for name in ("places", "meeting_spaces", "evidence")}
    alone = replace(result, estate=estate, layers={}, **tables)
    document = pdf_of(alone, choice=Choice("A3", 1000, True))
    # To what a line encloses, PDFium adds the line's width, here 0.5 mm, on each side.
    found = [(right - left, top - bottom) for left, bottom, right, top in boxes(document)]
    squares = [size for size in found if 99 < size[0] < 102 and 99 < size[1] < 102]
    assert squares == [pytest.approx((101.0, 101.0), abs=0.02)]


@pytest.mark.parametrize("paper", PAPERS)
@pytest.mark.parametrize("landscape", [True, False])
def test_paper_has_its_size(result, paper, landscape):
    document = pdf_of(result, choice=Choice(paper, None, landscape))
    page = pypdf.PdfReader(io.BytesIO(document)).pages[0]
    size = [float(side) / POINTS_PER_MM for side in page.mediabox[2:]]
    assert size == pytest.approx(sorted(PAPERS[paper], reverse=landscape), abs=0.05)


def test_fonts_are_embedded_and_letters_right(result):
    named = replace(result, estate=replace(result.estate, name="Æblehaven på Østergård, ÅÄÖß"))
    document = pdf_of(named)
    assert "Æblehaven på Østergård, ÅÄÖß" in text_of(document)
    for page in pypdf.PdfReader(io.BytesIO(document)).pages:
        fonts = [font.get_object() for font in page["/Resources"]["/Font"].values()]
        assert "NotoSans-SemiCondensedRegular" in {str(font["/BaseFont"]).partition("+")[2] for font in fonts}
        for (font,) in (font["/DescendantFonts"] for font in fonts):
            assert "/FontFile2" in font["/FontDescriptor"], font["/BaseFont"]


@pytest.mark.parametrize(
    ("lang", "expected"),
    [
        (
            "da",
            [
                "Mødesteder",
                "Mål",
                "1:1000",
                "Kilder og licenser",
                "23. november 2026",
                "1. oktober 2026",
                "Områdets grænse",
            ],
        ),
        (
            "en",
            ["Meeting spaces", "Scale", "1:1000", "Sources and licences", "23 November 2026", "Boundary of the estate"],
        ),
    ],
)
def test_texts_are_there_in_both_languages(result, lang, expected):
    document = pdf_of(result, lang=lang, choice=Choice("A3", 1000))
    text = text_of(document)
    for phrase in [*expected, "Fuglsangparken, Høje-Taastrup Kommune", "© OpenStreetMap contributors (ODbL 1.0)"]:
        assert phrase in text
    assert pypdf.PdfReader(io.BytesIO(document)).trailer["/Root"]["/Lang"] == lang


@pytest.mark.parametrize("lang", ["da", "en"])
def test_the_sheet_can_be_read_aloud(result, lang):
    found = structure(pdf_of(result, lang=lang))
    assert (found.faults, found.lang) == ([], lang)
    (alt,) = found.alts
    assert "Fuglsangparken" in alt and "1:" in alt and alt.endswith(".")
    assert found.headings == ["H1", "H2", "H2"]
    assert found.tags["TR"] == result.meeting_spaces["rank"].notna().sum() + 1


LETTERS = '#panic() $x$ @ref <label> \\\\ "it\'s" *b* _i_ `r` // 😀 مقهى שלום 中文 \u202e\u0007'


def test_names_are_never_markup_and_never_boxes(result):
    paths = result.layers["paths"].assign(name=LETTERS)
    spoilt = replace(
        result,
        estate=replace(result.estate, name=LETTERS),
        meeting_spaces=result.meeting_spaces.assign(name=LETTERS),
        layers={**result.layers, "paths": paths},
    )
    made = sitemap.typeset_sitemap(spoilt, choice=Choice("A1"))
    document = made.pdf()
    assert structure(document).faults == []
    text = pypdf.PdfReader(io.BytesIO(document)).metadata.title
    assert "#panic() $x$ @ref <label>" in text and "…" in text and not {"中", "\u202e", "\x07"} & set(text)
    fonts = {
        str(font.get_object()["/BaseFont"]).partition("+")[2]
        for font in pypdf.PdfReader(io.BytesIO(document)).pages[0]["/Resources"]["/Font"].values()
    }
    assert all(name.startswith(("NotoSans", "DejaVuSans")) for name in fonts) and len(fonts) > 3


def test_a_name_without_a_letter_that_can_be_printed_is_told_by_kind_and_street(result):
    spoilt = replace(result, meeting_spaces=result.meeting_spaces.assign(name="中文餐厅"))
    nameless = replace(result, meeting_spaces=result.meeting_spaces.assign(name=None))
    assert pdf_of(spoilt) == pdf_of(nameless)


def test_every_meeting_space_has_its_number_on_the_map_and_its_row(result):
    choice = Choice("A2")
    document, layout = pdf_of(result, choice=choice), sitemap.sheet_of(result, choice)
    frame = (layout.field.left, layout.field.bottom + 15, layout.field.right, layout.field.top)  # above the scale bar
    on_map = [int(text) for text, x, y in words(document) if text.isdigit() and inside(frame, x, y)]
    ranked = result.meeting_spaces[result.meeting_spaces["rank"].notna()].sort_values("rank")
    assert sorted(on_map) == list(range(1, len(ranked) + 1)) and 5 < len(ranked) < 15
    beside = [(text, x, y) for text, x, y in words(document) if not inside(frame, x, y)]
    names = names_in_order(ranked.index, names_of(result, "da"))
    for number, (name, (_, space)) in enumerate(zip(names, ranked.iterrows(), strict=True), start=1):
        name, score = re.split(r"[ ,]", name)[0], str(round(space["floating"] * 100))
        rows = [(x, y) for text, x, y in beside if text == str(number)]
        near = [{text for text, tx, ty in beside if abs(ty - y) < 1.5 and 0 < tx - x < 90} for x, y in rows]
        assert any(score in row and any(text.startswith(name) for text in row) for row in near), (number, name)


def inside(frame, x, y):
    return frame[0] < x < frame[2] and frame[1] < y < frame[3]


def test_rows_that_find_no_room_go_on_another_page(result):
    ranked = result.meeting_spaces[result.meeting_spaces["rank"].notna()]
    spaces = ranked.iloc[np.resize(np.arange(len(ranked)), 90)]
    spaces = spaces.set_index("space:" + spaces.index.astype(str) + "/" + np.arange(90).astype(str))
    document = pdf_of(replace(result, meeting_spaces=spaces), choice=Choice("A4", None, True))
    reader = pypdf.PdfReader(io.BytesIO(document))
    assert len(reader.pages) == 2
    assert "90" in reader.pages[1].extract_text()
    assert "på næste side" in reader.pages[0].extract_text()


def test_the_legend_explains_hatching_only_where_a_rank_is_withheld(result):
    withheld = "Intet nummer: vi ved for lidt"
    assert withheld in text_of(pdf_of(result))
    ranked = result.meeting_spaces[result.meeting_spaces["rank"].notna()]
    assert withheld not in text_of(pdf_of(replace(result, meeting_spaces=ranked)))


def test_the_colours_of_the_picture_are_those_of_the_classes(result):
    seen = Image.open(io.BytesIO(sitemap.typeset_sitemap(result).png(150))).convert("RGB")
    found = np.unique(np.asarray(seen).reshape(-1, 3), axis=0).astype(int)
    fill = fill_of(result.meeting_spaces)
    there = {colour for colour, _ in fill.steps(result.meeting_spaces)}
    assert fill.relative and len(there) > 1
    for colour in (*RELATIVE_RAMP, *RAMP[2:]):  # the common scale is not on it
        wanted = [int(colour[k : k + 2], 16) for k in (1, 3, 5)]
        assert (np.abs(found - wanted).max(axis=1).min() <= 3) == (colour in there), colour


def test_the_picture_has_the_size_of_the_paper(result):
    seen = Image.open(io.BytesIO(sitemap.typeset_sitemap(result, choice=Choice("A4", None, False)).png(100)))
    assert seen.size == (827, 1169)  # 210 × 297 mm at 100 dots an inch
    assert seen.info["dpi"] == pytest.approx((100, 100), abs=0.1)


def test_the_same_result_gives_the_same_bytes(result, sheet):
    again = sitemap.typeset_sitemap(fixtures.synthetic(), choice=Choice("A3", 1000, True))
    first = sitemap.typeset_sitemap(result, choice=Choice("A3", 1000, True))
    assert again.pdf() == sheet and again.png(60) == first.png(60)


def test_empty_and_missing_tables_are_a_sheet_too(result):
    tables = {name: getattr(result, name)[:0] for name in ("places", "meeting_spaces", "evidence")}
    document = pdf_of(replace(result, **tables, layers={}, manifest={}), lang="en")
    assert "Fuglsangparken" in text_of(document)


def test_render_writes_both_or_none(result, tmp_path, monkeypatch):
    sitemap.render_sitemap(result, tmp_path / "sitemap.pdf", dpi=60)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sitemap.pdf", "sitemap.png"]
    before = (tmp_path / "sitemap.pdf").read_bytes()
    with pytest.raises(ConfigError):
        sitemap.render_sitemap(result, tmp_path / "sitemap.pdf", lang="sv")
    with pytest.raises(InputError, match="A5"):
        sitemap.render_sitemap(result, tmp_path / "sitemap.pdf", choice=Choice("A5"))
    assert (tmp_path / "sitemap.pdf").read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 2


# Layout


@given(st.floats(5, 10_000), st.floats(5, 10_000), st.sampled_from(list(PAPERS)), st.sampled_from([None, True, False]))
def test_the_best_scale_is_the_largest_at_which_all_is_seen(width, height, paper, landscape):
    sheet = compose((0, 0, width, height), paper=paper, landscape=landscape)
    assert sheet.whole
    assert width * sheet.mm_per_m <= sheet.field.width and height * sheet.mm_per_m <= sheet.field.height
    larger = [scale for scale in SCALES if scale < sheet.scale]
    if larger:
        assert not compose((0, 0, width, height), paper=paper, scale=larger[-1], landscape=sheet.landscape).whole


@given(st.sampled_from(list(PAPERS)), st.booleans(), st.integers(0, 200))
def test_the_parts_of_a_sheet_fill_it_and_lie_beside_each_other(paper, landscape, rows):
    sheet = compose((0, 0, 500, 300), paper=paper, landscape=landscape, rows=rows)
    for part in (sheet.field, sheet.legend, sheet.table, sheet.title):
        assert part.left >= sheet.frame.left - 1e-9 and part.right <= sheet.frame.right + 1e-9
        assert part.bottom >= sheet.frame.bottom - 1e-9 and part.top <= sheet.frame.top + 1e-9
        assert part.width > 30 and part.height > 40
    assert sheet.title.right == pytest.approx(sheet.frame.right)
    assert sheet.title.bottom == pytest.approx(sheet.frame.bottom)
    areas = [shapely.box(p.left, p.bottom, p.right, p.top) for p in (sheet.field, sheet.title, sheet.table)]
    for one, other in itertools.combinations(areas, 2):
        assert one.intersection(other).area < 1e-6


@pytest.mark.parametrize("scale", [50, 200_000])
def test_a_scale_out_of_range_is_refused(scale):
    with pytest.raises(InputError, match="1:"):
        compose((0, 0, 1, 1), scale=scale)


@given(st.lists(st.tuples(st.floats(20, 180), st.floats(20, 180), st.floats(1, 25)), min_size=1, max_size=25))
def test_numbers_never_lie_over_each_other_while_there_is_room(circles):
    shapes = np.array([shapely.Point(x, y).buffer(r) for x, y, r in circles], dtype=object)
    spots = numbers(shapes, 2.0, Box(0, 0, 200, 200), Taken())
    assert len(spots) == len(shapes)
    apart = [np.hypot(a.x - b.x, a.y - b.y) for a, b in itertools.combinations(spots, 2)]
    close = [gap for gap in apart if gap < 4.0]
    # Twenty-five places in one spot do not all find room; a pair always does.
    assert not close or len(shapes) > 8


def test_a_large_place_holds_its_number_and_a_small_one_has_a_leader():
    shapes = np.array([shapely.box(50, 50, 90, 90), shapely.box(120, 120, 122, 122)], dtype=object)
    large, small = numbers(shapes, 2.0, Box(0, 0, 200, 200), Taken())
    assert large.foot is None and shapely.contains_xy(shapes[0], large.x, large.y)
    assert small.foot is not None and not shapely.contains_xy(shapes[1], small.x, small.y)
    assert shapely.distance(shapes[1], shapely.Point(small.foot)) < 1e-9


def test_a_name_stands_along_its_street_upright_and_keeps_off_what_is_taken():
    street = np.array([shapely.LineString([(150, 100), (50, 100)])], dtype=object)
    view = Box(0, 0, 200, 200)
    (name,) = along("Vej", 20, 2, street, view, Taken())
    assert (name.x, name.y, abs(name.angle)) == (100, 100, 0)
    assert along("Vej", 20, 2, street, view, Taken([(100, 100, 3)])) == []
    assert along("En meget lang vej", 120, 2, street, view, Taken()) == []


# Classes


@pytest.mark.parametrize(("score", "expected"), [(0, 0), (0.1994, 0), (0.2, 1), (0.79999, 4), (1, 4), (np.nan, None)])
def test_class_of_a_score(score, expected):
    assert class_of(score) == expected
