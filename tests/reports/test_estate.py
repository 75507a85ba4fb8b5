"""The report for the board: what it says against the tables of the run, in a browser, and as PDF."""

import csv
import io
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pypdf
import pypdfium2
import pytest
from pandas.testing import assert_frame_equal

from spatial.core.errors import ConfigError
from spatial.core.languages import LANGUAGES, texts
from spatial.core.model import FLOATING, SHARES, Rubric, Rule
from spatial.maps import tables
from spatial.reports import estate, order, pdf, sections
from spatial.reports import html as reports_html
from spatial.reports.sections import Words
from spatial.scoring.tiers import WORDS
from tests.maps import fixtures
from tests.maps.reading import Page
from tests.maps.test_web_page import DESK, PHONE, axe
from tests.pdf_structure import structure

NO_CHECKS = pd.DataFrame({"fact": [], "place_id": []})


@pytest.fixture(scope="module")
def documents(demo_result):
    made = replace(demo_result, manifest={**demo_result.manifest, "made_at": "2026-11-23T01:02:03+00:00"})
    return {lang: estate.estate_document(made, made.field_checks, lang=lang) for lang in LANGUAGES}


@pytest.fixture(scope="module")
def pages(documents):
    return {lang: reports_html.html(document) for lang, document in documents.items()}


@pytest.fixture(scope="module")
def pdfs(documents):
    return {lang: pdf.document_pdf(document) for lang, document in documents.items()}


@pytest.fixture(scope="module")
def scores(demo_result, tmp_path_factory):
    """The rows of the meeting spaces in scores.csv, read as text by Python's csv, in the order of their ranks."""
    path = tmp_path_factory.mktemp("tables") / "scores.csv"
    tables.scores(demo_result, path)
    rows = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines()))
    spaces = [row for row in rows if row["place_id"] == row["space_id"] and row["status"] == "meeting space"]
    assert all(row["rank"] for row in spaces)
    return sorted(spaces, key=lambda row: int(row["rank"]))


def hundred(text):
    return str(round(float(text) * 100))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_table_of_all_places_is_that_of_scores_csv(pages, scores, lang):
    head, *rows = Page(pages[lang]).tables[texts(lang, "report")["all"]["caption"]]
    assert len(head) == 4 and len(rows) == len(scores)
    for number, (row, score) in enumerate(zip(rows, scores, strict=True), 1):
        assert row[0].startswith(f"{number}. ") and number == int(score["rank"])
        assert (texts(lang, "report")["place"]["outside"] in row[0]) == (score["inside"] == "False")
        low, best, high = (hundred(score[f"floating{end}"]) for end in ("_low", "", "_high"))
        assert row[1] == f"{best} ({low}–{high})"
        assert row[2] == f"{number} ({float(score['rank_p05']):.0f}–{float(score['rank_p95']):.0f})"
        assert row[3].split(" · ") == [hundred(score[share]) for share in SHARES]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_best_places_and_their_answers_are_those_of_scores_csv(pages, scores, lang):
    found, say = Page(pages[lang]).tables, texts(lang, "report")
    best, answers = found[say["best"]["caption"]][1:], found[say["aspects"]["caption"]][1:]
    assert len(best) == len(answers) == 7
    for row, questions, score in zip(best, answers, scores[:7], strict=True):
        assert row[4].split()[0] == hundred(score["floating"])
        numbers = [word for word in row[4].split() if word.isdigit()]
        assert numbers == [hundred(score[f"floating{end}"]) for end in ("", "_low", "_high")]
        names = ("openness", "accessibility", "neutrality", "low_threshold", "mixing")
        assert [cell.split()[0] for cell in questions[1:]] == [hundred(score[name]) for name in names]


def test_the_answer_counts_what_scores_csv_counts(pages, scores):
    count, unknown, best = Page(pages["da"]).items[:3]
    inside = sum(row["inside"] == "True" for row in scores)
    assert f"{inside} mødesteder" in count and f"{len(scores) - inside} mere" in count
    assert unknown.startswith("Det ved vi ikke")
    first = [row["name"] for row in scores if row["tier"] == "1"]
    assert len(first) > 1  # of the demo too little is known to name one
    assert "; ".join(first[:3]) in best
    assert (f"og {len(first) - 3} andre" in best) == (len(first) > 3)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_tiers_come_first_and_hold_all_that_is_ranked(pages, scores, lang):
    page, say = Page(pages[lang]), texts(lang)
    caption = texts(lang, "report")["tiers"]["caption"]
    assert next(iter(page.tables)) == caption
    tiers = [int(row["tier"]) for row in scores]
    counts = [tiers.count(1), sum(1 < tier < max(tiers) for tier in tiers), tiers.count(max(tiers))]
    rows = page.tables[caption][1:]
    assert [row[0].partition(say["map"]["tier"][word])[1] for row, word in zip(rows, WORDS, strict=True)] == [
        say["map"]["tier"][word] for word in WORDS
    ]
    assert [int("".join(filter(str.isdigit, row[0]))) for row in rows] == counts
    for row, wanted in zip(rows, ({1}, set(range(2, max(tiers))), {max(tiers)}), strict=True):
        points = [float(score["floating"]) for score in scores if int(score["tier"]) in wanted]
        low, high = hundred(min(points)), hundred(max(points))
        assert row[4] == (low if low == high else f"{low}–{high}")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_is_closed_is_named_without_a_number_and_never_among_the_ranked(pages, demo_result, lang):
    closed = demo_result.meeting_spaces[demo_result.meeting_spaces["status"] == "closed"]
    assert len(closed) and closed["rank"].isna().all()
    page = Page(pages[lang])
    ranked = " ".join(row[0] for row in page.tables[texts(lang, "report")["all"]["caption"]][1:])
    for name in closed["name"].dropna():
        assert any(name in text for text in page.paragraphs) and name not in ranked


@pytest.mark.parametrize("lang", LANGUAGES)
def test_possible_spaces_are_invitations_those_inside_first(pages, demo_result, lang):
    say = texts(lang, "report")["possible"]
    page, rooms = Page(pages[lang]), demo_result.layers["possible_spaces"]
    bare = demo_result.meeting_spaces.query("status == 'possible'")
    told = say["intro"].format(n=len(rooms) + len(bare), inside="§").partition("§")[0]
    assert any(text.startswith(told) for text in page.paragraphs)  # as many as the first sentences of the report say
    inside = rooms[rooms.representative_point().within(demo_result.estate.boundary)]
    rows = page.tables[say["caption"]][1:]
    largest = inside["area_m2"].sort_values(ascending=False).iloc[: len(rows)]
    areas = [int("".join(filter(str.isdigit, row[1].removesuffix("m²")))) for row in rows]
    assert areas == [round(area / 10) * 10 for area in largest]
    assert [say[name] in page.items for name in ("ask_things", "ask_access", "ask_use")] == [True] * 3


@pytest.mark.parametrize("lang", LANGUAGES)
def test_questions_are_put_of_meeting_spaces_and_of_no_more(pages, scores, lang):
    rows = Page(pages[lang]).tables[texts(lang, "report")["unknown"]["caption"]][1:]
    more = [int(found[1]) for row in rows if (found := re.search(r"(\d+) (?:til|more)$", row[1]))]
    assert len(more) > 3 and max(more) == len(scores) - 3  # three are named


def test_a_run_without_that_layer_invites_nowhere():
    document = estate.estate_document(fixtures.synthetic(), NO_CHECKS, lang="en")
    headings = [block.text for block in document.blocks if type(block).__name__ == "Heading"]
    assert texts("en", "report")["possible"]["title"] not in headings


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_decides_the_order_is_the_correlation_of_ranks(pages, scores, demo_result, lang):
    """Spearman's by pandas, of homes near and of the number of things."""
    rows = demo_result.evidence[demo_result.evidence["indicator"] == "homes_near"].set_index("place_id")["value"]
    table = pd.DataFrame(
        {
            "score": [float(row["floating"]) for row in scores],
            "homes": [rows[row["space_id"]] for row in scores],
            "things": [int(row["place_count"]) for row in scores],
        }
    )
    alike = table.rank().corr()["score"]
    shown = Page(pages[lang]).tables[texts(lang, "report")["order"]["caption"]][1:]
    unsaid = texts(lang, "report")["order"]["none"]
    expected = [Words(lang).number(rho, 2) if pd.notna(rho) else unsaid for rho in alike[["homes", "things"]]]
    assert [row[1] for row in shown[1:]] == expected


def test_what_decides_alone_is_said():
    assert order._verdict({"by_kind": 0.2, "by_homes": -0.95, "by_features": None}, Words("en")) == (
        "Here the order is decided almost alone by how many homes are near. Read it with that in mind."
    )
    assert order._verdict({"by_kind": 0.2}, Words("en")) == texts("en", "report")["order"]["fine"]
    assert order._verdict({"by_kind": None}, Words("en")) == texts("en", "report")["order"]["unsaid"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_worst_served_come_first_as_lenses_csv_has_them(pages, demo_result, tmp_path, lang):
    tables.lenses(demo_result, tmp_path / "lenses.csv")
    rows = [
        row
        for row in csv.DictReader((tmp_path / "lenses.csv").read_text(encoding="utf-8").splitlines())
        if row["level"] == "space"
    ]
    served = {entry["id"]: entry["served"] for entry in demo_result.manifest["lenses"]}
    shown = Page(pages[lang]).tables[texts(lang, "report")["lenses"]["caption"]][1:]
    assert len(shown) == len(served) == 7
    for row, identity in zip(shown, sorted(served, key=served.get), strict=True):
        assert row[0].startswith(texts(lang)["lens"][identity]["title"])
        good = sum(float(space["floating"]) >= 0.6 for space in rows if space["lens"] == identity)
        assert row[2].split()[0] == str(good)
    worst = min(served, key=served.get)
    assert texts(lang)["lens_as"][worst] in Page(pages[lang]).items[3]


def test_the_first_question_is_the_first_field_check(pages, demo_result):
    first = demo_result.field_checks.iloc[0]
    rows = Page(pages["en"]).tables[texts("en", "report")["unknown"]["caption"]][1:]
    assert rows[0][0] == texts("en")["fact"][first["fact"]]["question"]
    assert rows[0][2] == f"{first['floating_worst'] * 100:.0f}–{first['floating_best'] * 100:.0f}"
    facts = list(dict.fromkeys(demo_result.field_checks["fact"]))[: len(rows)]
    assert [row[0] for row in rows] == [texts("en")["fact"][fact]["question"] for fact in facts]


def test_the_volunteer_stands_where_most_dwellings_are_served(pages, demo_result):
    """One place: the largest sum of dwellings within reach, times the potential; counted again from the rows."""
    worth = demo_result.reach["space_id"].map(demo_result.meeting_spaces[FLOATING])
    value = (demo_result.reach["dwellings"] * worth).groupby(demo_result.reach["space_id"]).sum()
    best = demo_result.reach[demo_result.reach["space_id"] == value.idxmax()]
    said = next(item for item in Page(pages["en"]).items if item.startswith("One place:"))
    homes = round(best["dwellings"].sum() / 10) * 10
    assert f"{homes:,} homes" in said
    rank = int(demo_result.meeting_spaces.at[value.idxmax(), "rank"])
    assert f"(no. {rank})" in said


def test_a_space_is_carried_by_what_is_better_than_elsewhere_and_known():
    """Two indicators of one aspect, one of another, all weighing the same in the arithmetic mean."""
    rules = {
        name: Rule(name, aspect, 1.0, "1", ((0.0, 0.0), (1.0, 1.0)), (0.0, 1.0), "made up")
        for name, aspect in (("a", "openness"), ("b", "openness"), ("c", "mixing"), ("d", "mixing"))
    }
    weights = {"openness": 1.0, "mixing": 1.0, "accessibility": 0.0, "neutrality": 0.0, "low_threshold": 0.0}
    rubric = Rubric(aspect_weights=weights, rules=rules, mean="arithmetic")
    values = {"s1": (1.0, 0.9, 0.2, 1.0), "s2": (0.2, 0.5, 0.4, 1.0)}
    rows = [
        {"place_id": space, "indicator": name, "value": v, "low": v, "high": v,
         "evidence": "unknown" if name == "d" else "derived"}
        for space, given in values.items() for name, v in zip("abcd", given, strict=True)
    ]  # fmt: skip
    found = estate.carried_over(pd.DataFrame(rows), pd.Index(["s1", "s2"]), rubric)
    assert found["s1"] == estate.Carried(("a",), ("c",))  # b too is better, but of the same aspect; d is unknown
    assert found["s2"] == estate.Carried((), ("a", "c"))


def test_a_condition_that_hardly_holds_holds_a_space_back_most():
    """By a hundredth of the condition the score moves by a hundredth over .4, by one of the aspect by one over .5."""
    rules = {
        name: Rule(name, aspect, 1.0, "1", ((0.0, 0.0), (1.0, 1.0)), (0.0, 1.0), "made up")
        for name, aspect in (("a", "openness"), ("open", "gate"))
    }
    weights = {"openness": 1.0, "mixing": 0.0, "accessibility": 0.0, "neutrality": 0.0, "low_threshold": 0.0}
    rows = [
        {"place_id": space, "indicator": name, "value": v, "low": v, "high": v, "evidence": "derived"}
        for space, given in {"s1": (0.5, 0.4), "s2": (0.5, 1.0)}.items()
        for name, v in zip(("a", "open"), given, strict=True)
    ]
    found = estate.carried_over(pd.DataFrame(rows), pd.Index(["s1", "s2"]), Rubric(weights, rules))
    assert found["s1"] == estate.Carried((), ("open", "a"))  # (1 - .4) / .4 against (1 - .5) / .5
    assert found["s2"] == estate.Carried(("open",), ("a",))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_ranks_that_are_withheld_are_said_so(lang):
    result = fixtures.synthetic()
    withheld = result.meeting_spaces["rank"].isna()
    assert 1 < withheld.sum() < len(withheld)
    page = Page(reports_html.html(estate.estate_document(result, NO_CHECKS, lang=lang)))
    said = texts(lang, "report")["best"]["withheld"]["other"].partition("{n}")[2].partition("{share}")[0].strip()
    assert any(said in text and text.startswith(str(withheld.sum())) for text in page.paragraphs)
    rows = page.tables[texts(lang, "report")["all"]["caption"]][1:]
    assert [row[2] == "–" for row in rows] == sorted(withheld)


def test_names_cannot_break_out_of_the_page():
    result = fixtures.synthetic()
    paths = result.layers["paths"].assign(name=fixtures.HOSTILE)
    spoilt = replace(
        result,
        estate=replace(result.estate, name=fixtures.HOSTILE),
        layers={**result.layers, "paths": paths, "context": result.layers["context"].assign(name=fixtures.HOSTILE)},
    )
    html = reports_html.html(estate.estate_document(spoilt, NO_CHECKS, lang="da"))
    tags = {tag for tag, _ in Page(html).tags}
    assert "<img" not in html and "script" not in tags and "img" not in tags
    assert "&lt;/script&gt;" in html
    assert not any(name.startswith("on") for _, given in Page(html).tags for name in given)
    pdf.document_pdf(estate.estate_document(spoilt, NO_CHECKS, lang="da"))


@pytest.mark.parametrize("name", ["A" * 5000, "ord " * 3000, "</para>" * 900, "&" * 900], ids=lambda name: name[:6])
def test_a_name_of_any_length_finds_room_on_paper(name):
    result = fixtures.synthetic()
    spoilt = replace(
        result,
        estate=replace(result.estate, name=name, municipality=name),
        meeting_spaces=result.meeting_spaces.assign(name=name),
        manifest={**result.manifest, "sources": [{"attribution": name, "licence": name, "path": name, "sha256": "0"}]},
    )
    made = pdf.document_pdf(estate.estate_document(spoilt, NO_CHECKS, lang="da"))
    assert 3 <= len(pypdf.PdfReader(io.BytesIO(made)).pages) <= 12


def test_nothing_is_requested_and_no_script_is_there(pages):
    for lang, html in pages.items():
        page = Page(html)
        policy = [meta["content"] for meta in page.meta if meta.get("http-equiv") == "Content-Security-Policy"]
        assert policy == ["default-src 'none'; style-src 'unsafe-inline'"]
        assert page.lang == lang and page.title
        assert not {"script", "link", "img", "iframe", "a"} & {tag for tag, _ in page.tags}
        assert "http://" not in html and "https://" not in html
        assert "{" not in " ".join([*page.paragraphs, *page.items, *page.headings])


def test_the_two_languages_tell_the_same(documents):
    shapes = [[(type(block).__name__, _size(block)) for block in documents[lang].blocks] for lang in LANGUAGES]
    assert shapes[0] == shapes[1]


def _size(block):
    return len(getattr(block, "rows", getattr(block, "items", ())))


def test_an_estate_without_any_place_is_told_so(demo_result):
    nothing = replace(
        demo_result,
        places=demo_result.places.iloc[:0],
        meeting_spaces=demo_result.meeting_spaces.iloc[:0],
        evidence=demo_result.evidence.iloc[:0],
        lenses=(),
    )
    document = estate.estate_document(nothing, NO_CHECKS, lang="da")
    assert "ikke kortlagt noget mødested" in Page(reports_html.html(document)).items[0]
    assert pdf.document_pdf(document).startswith(b"%PDF")


def test_who_made_the_data_is_named_beside_the_map(documents):
    for document in documents.values():
        figures = next(block for block in document.blocks if type(block).__name__ == "Figures")
        assert "© OpenStreetMap contributors (ODbL 1.0)" in figures.figures[0].caption


def test_unknown_language():
    with pytest.raises(ConfigError, match="da, en"):
        estate.estate_document(fixtures.synthetic(), NO_CHECKS, lang="sv")


def test_the_result_is_not_changed(demo_result):
    before = demo_result.meeting_spaces.copy(deep=True)
    estate.estate_document(demo_result, demo_result.field_checks, lang="en")
    assert_frame_equal(pd.DataFrame(before), pd.DataFrame(demo_result.meeting_spaces))


def test_numbers_are_written_as_the_language_writes_them():
    danish, english = Words("da"), Words("en")
    assert (danish.number(1234.5, 1), english.number(1234.5, 1)) == ("1.234,5", "1,234.5")
    assert danish.measured("nearest_walk", 383.0) == "380 m"
    assert danish.measured("dwellings_5min", 1337.0) == "1.340 boliger"
    assert danish.measured("ways_in", 1.0) == "1 retning" and english.measured("variety", 2.0) == "as 2 things"
    assert danish.homes(7.4) == "7" and danish.percent(0.624) == "62\u00a0%" and english.percent(0.624) == "62%"
    assert danish.date("2016-02-09") == "9. februar 2016" and english.date("2016-02-09") == "9 February 2016"
    assert danish.number(float("nan")) == "–"


# --- the file for the printer --------------------------------------------------------------------


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_pdf_has_four_to_eight_numbered_pages_and_its_fonts(pdfs, documents, lang):
    reader = pypdf.PdfReader(io.BytesIO(pdfs[lang]))
    count = len(reader.pages)
    assert 4 <= count <= 8
    for number, page in enumerate(reader.pages, 1):
        assert documents[lang].page.format(page=number, pages=count) in page.extract_text()
        width, height = (float(side) / 72 * 25.4 for side in page.mediabox[2:])
        assert (round(width), round(height)) == (210, 297)
        for (font,) in (font.get_object()["/DescendantFonts"] for font in page["/Resources"]["/Font"].values()):
            assert "/FontFile2" in font["/FontDescriptor"], font["/BaseFont"]
    assert reader.metadata.title == documents[lang].title
    assert reader.trailer["/Root"]["/Lang"] == lang
    assert [entry.title for entry in reader.outline] == [
        block.text for block in documents[lang].blocks if type(block).__name__ == "Heading"
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_pdf_can_be_read_aloud(pdfs, documents, lang):
    found = structure(pdfs[lang])
    assert (found.faults, found.lang, found.title) == ([], lang, documents[lang].title)
    told = [figure.alt for block in documents[lang].blocks for figure in getattr(block, "figures", ())]
    assert found.alts == told and all(told)
    assert len(found.headings) == 1 + sum(type(block).__name__ == "Heading" for block in documents[lang].blocks)
    tables = [block for block in documents[lang].blocks if type(block).__name__ == "Table"]
    assert found.tags["Table"] == len(tables)
    assert found.tags["TR"] == sum(len(table.rows) + 1 for table in tables)


def test_the_pdf_can_be_searched_and_is_the_same_each_time(pdfs, documents):
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdfs["da"])).pages)
    assert "Mødesteder i udearealerne" in text and "på fem spørgsmål" in text and "kørestol" in text
    assert pdf.document_pdf(documents["da"]) == pdfs["da"]


def test_nothing_reaches_over_the_edge_of_the_paper(pdfs):
    with pypdfium2.PdfDocument(pdfs["da"]) as opened:
        for page in opened:
            picture = np.asarray(page.render(scale=1).to_pil().convert("L"))
            edge = 25  # of 51 points, the least margin
            inner = np.zeros(picture.shape, dtype=bool)
            inner[edge:-edge, edge:-edge] = True
            assert (picture[~inner] == 255).all() and (picture[inner] < 128).any()
            page.close()


def test_both_files_are_written_or_none(documents, tmp_path, monkeypatch):
    assert {path.name for path in sections.write_document(documents["da"], tmp_path / "report.html", pdf=True)} == {
        path.name for path in tmp_path.iterdir()
    }
    monkeypatch.setattr(pdf, "document_pdf", lambda document: 1 / 0)
    (tmp_path / "report.html").unlink()
    with pytest.raises(ZeroDivisionError):
        sections.write_document(documents["da"], tmp_path / "report.html", pdf=True)
    assert {path.name for path in tmp_path.iterdir()} == {"report.pdf"}


# --- in a browser --------------------------------------------------------------------------------


@pytest.fixture
def opened(browser, pages, tmp_path):
    trouble, open_pages = [], []

    def open_page(lang, viewport):
        file = tmp_path / f"{lang}.html"
        file.write_text(pages[lang], encoding="utf-8")
        page = browser.new_page(viewport=viewport)
        page.on("console", lambda message: trouble.append(message.text))
        page.on("request", lambda request: trouble.append(request.url) if request.url != file.as_uri() else None)
        page.goto(file.as_uri())
        open_pages.append(page)
        return page

    yield open_page
    for page in open_pages:
        page.close()
    assert trouble == []


@pytest.mark.browser
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_no_violation_and_nothing_overflows(opened, lang, viewport):
    page = opened(lang, viewport)
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    small = page.evaluate(
        "[...document.querySelectorAll('td, th, p, li')].map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(small) >= 12


@pytest.mark.browser
@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_prints_on_four_to_eight_sheets(opened, lang):
    printed = opened(lang, DESK).pdf(format="A4", prefer_css_page_size=True)
    assert 4 <= len(pypdf.PdfReader(io.BytesIO(printed)).pages) <= 8


@pytest.mark.browser
def test_a_drawing_says_what_it_shows_or_is_passed_over(opened, pages):
    page = opened("da", DESK)
    drawings = page.locator("svg")
    spoken = [drawings.nth(i).get_attribute("aria-label") for i in range(drawings.count())]
    assert sum(label is not None for label in spoken) == 1  # the map; the strips stand beside their numbers
    # A strip for each of the first seven places and each of their five answers, and for each of seven lenses.
    assert page.locator("svg[aria-hidden=true]").count() == drawings.count() - 1 == 7 + 7 * 5 + 7
