"""The report of a plan: what it says against the comparison and the two results, in a browser, and as PDF."""

import io
import json
import re
from dataclasses import replace

import pandas as pd
import pypdf
import pytest

import spatial
from spatial.core.languages import LANGUAGES, texts
from spatial.maps import lettering
from spatial.reports import html as reports_html
from spatial.reports import pdf, plan
from spatial.reports.plan_states import Alternatives
from spatial.reports.sections import Words
from tests.maps import fixtures
from tests.maps.reading import Page
from tests.maps.test_web_page import DESK, PHONE, axe
from tests.pdf_structure import structure

VERDICT = ["A sentence of the verdict."]
# A playground that is shut for a phase of two years, and a bench that comes with the last one.
PHASES = {
    "phases": [
        {"phase": 1, "name": "2027", "years": 2.0, "spaces_open": 27, "spaces_shut": 1, "losing": 431}
        | {"median_after": 58},
        {"phase": 2, "name": "2029", "years": None, "spaces_open": 29, "spaces_shut": 0, "losing": 7}
        | {"median_after": 77},
    ],
    "spaces": [
        {"before_id": None, "after_id": "space:new", "name": None, "kinds": "bench;table"}
        | {"states": ["not_yet", "open"]},
    ],
}


# The playground that a plan of these tests takes away, and that beside which it puts a table.
GONE, BESIDE = "osm:way/157841289", "osm:way/158004160"


@pytest.fixture(scope="module")
def drawn(demo_data, demo_result, tmp_path_factory):
    """The bundled plan, which hardly moves a meeting space, and two edits that do."""
    plan = json.loads((demo_data / "invented_plan.geojson").read_text(encoding="utf-8"))
    at = demo_result.places.loc[[BESIDE]].representative_point().to_crs(4326).iloc[0]
    edits = [
        ({"action": "remove", "layer": "place", "target": GONE, "note": "INVENTED: playground gone"}, None),
        ({"action": "add", "layer": "place", "kind": "table", "note": "INVENTED: table"},
         {"type": "Point", "coordinates": [at.x, at.y]}),
    ]  # fmt: skip
    plan["features"] += [
        {"type": "Feature", "properties": {"phase": "2030", **given}, "geometry": geometry} for given, geometry in edits
    ]
    path = tmp_path_factory.mktemp("plan") / "plan.geojson"
    path.write_text(json.dumps(plan), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def after(demo_data, drawn):
    estate = spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson")
    return spatial.analyse(estate, osm=demo_data / "reitbahnviertel.osm.pbf", plan=drawn)


@pytest.fixture(scope="module")
def found(demo_result, after):
    return spatial.compare(demo_result, after)


@pytest.fixture(scope="module")
def documents(demo_result, after, found):
    first = str(demo_result.meeting_spaces.index[0])
    shut = {"before_id": first, "after_id": first, "name": None, "kinds": "pitch", "states": ["shut", "open"]}
    phases = {**PHASES, "spaces": [shut, *PHASES["spaces"]]}
    return {
        lang: plan.plan_document(
            demo_result, after, found, after.field_checks, lang=lang, verdict=VERDICT, phases=phases
        )
        for lang in LANGUAGES
    }  # fmt: skip


@pytest.fixture(scope="module")
def pages(documents):
    return {lang: reports_html.html(document) for lang, document in documents.items()}


def say(lang, part):
    return texts(lang, "report")["plan"][part]


def score(value):
    return round(value * 100)


def about(homes):
    """A number of homes as the report writes it."""
    return "no" if homes < 0.5 else f"{round(homes, -1):,.0f}" if homes >= 100 else f"{homes:.0f}"


def test_the_answer_counts_what_the_comparison_counts(pages, found):
    spaces, homes, median = Page(pages["en"]).items[:3]
    states = found.spaces["state"].value_counts()
    assert states["lost"] == 1 and "new" not in states
    changed, kept = states["changed"], states["kept"]
    assert spaces == f"Meeting places with the plan: 1 lost, none new, {changed} changed, and {kept} as they are."
    told = {name: found.homes.loc[found.homes["state"] == name, "dwellings"].sum() for name in ("winning", "losing")}
    assert told["losing"] > 0
    assert f"{about(told['winning'])} homes get better" in homes and f"and {about(told['losing'])} get worse" in homes
    # Whom it hits hardest, counted again from the doors.
    losing = {
        lens: found.homes.loc[found.homes[f"state_{lens}"] == "losing", "dwellings"].sum()
        for lens in texts("en")["lens"]
    }
    worst = max(losing, key=losing.get)
    assert texts("en", "report")["lenses"]["as"][worst] in homes and f"{about(losing[worst])} homes" in homes
    before, then = score(found.median_before), score(found.median_after)
    assert (f"has {then} of 100 both today" if before == then else f"goes from {before} to {then} of 100") in median
    share = 1 if found.keeps_share == 1 else min(max(round(found.keeps_share * 100), 1), 99) / 100
    assert f"in {share * 100:.0f}% of" in median  # all of it only where it is all


def test_the_table_has_what_moves_by_a_point_those_that_lose_first(pages, found):
    lost, *rows = Page(pages["da"]).tables[say("da", "changes")["caption"]][1:]
    gone = found.spaces[found.spaces["state"] == "lost"].iloc[0]
    assert lost[0].startswith("1. ") and lost[1:3] == [f"{score(gone['floating_before'])} til –", "forsvinder"]
    scores = found.spaces.loc[found.spaces["state"] == "changed", ["floating_before", "floating_after"]].map(score)
    moving = scores[scores["floating_before"] != scores["floating_after"]]
    change = (moving["floating_after"] - moving["floating_before"]).sort_values(kind="stable")
    assert len(rows) == len(moving) > 1 and change.iloc[0] < 0 < change.iloc[-1]
    for number, (row, at) in enumerate(zip(rows, change.index, strict=True), 2):
        assert row[0].startswith(f"{number}. ")
        assert row[1] == f"{moving.at[at, 'floating_before']} til {moving.at[at, 'floating_after']}"
        assert row[2].split()[0] == f"{change[at]:+d}".replace("-", "−")
    small = len(scores) - len(moving)
    told = any(text.startswith(f"På {small} steder ændrer") for text in Page(pages["da"]).paragraphs)
    assert told == (small > 1)
    told = " ".join(" ".join(row) for row in rows)
    assert "osm:" not in told and "plan:" not in rows[0][3]
    assert " m mod " in told and not re.search(r"[^\d] m mod ", told)  # an id is left out, a distance is not


def test_the_reasons_are_the_measures_before_and_after(pages, demo_result, after, found):
    """A table beside the playground: what one can come for, from the evidence of both."""
    at = demo_result.places.at[BESIDE, "space_id"]
    values = [
        result.evidence.set_index(["place_id", "indicator"]).at[(at, "occasion"), "value"]
        for result in (demo_result, after)
    ]
    rows = Page(pages["en"]).tables[say("en", "changes")["caption"]][1:]
    (row,) = [row for row in rows if row[2].startswith("+")]
    assert f"from {values[0] * 100:.0f} to {values[1] * 100:.0f}%" in row[3] and values[0] < values[1]
    assert row[3].count("table") == 1


def test_the_buildings_hit_hardest_come_first(pages, found):
    rows = Page(pages["en"]).tables[say("en", "homes")["worst_caption"]][1:]
    losing = found.homes[found.homes["state"] == "losing"]
    worst = losing.loc[losing["change"].idxmin()]
    homes = losing[losing["building"] == worst["building"]]
    assert rows[0] == [
        "A", f"{homes['dwellings'].sum():.0f}", str(len(homes)),
        f"{score(worst['best_before'])} to {score(worst['best_after'])}",
    ]  # fmt: skip


def test_each_lens_tells_who_loses_and_who_gains(pages, found):
    rows = Page(pages["da"]).tables[say("da", "lenses")["caption"]][1:]
    told = []
    for row in rows:
        lens = next(id_ for id_, about in texts("da")["lens"].items() if row[0].startswith(about["title"]))
        doors = found.homes[f"state_{lens}"]
        losing = found.homes.loc[doors == "losing", "dwellings"].sum()
        expected = f"{round(losing, -1):,.0f}".replace(",", ".") if losing >= 100 else f"{losing:.0f}"
        assert row[1] == expected
        told.append(losing)
    assert len(told) == 7 and told == sorted(told, reverse=True)


def test_what_the_plan_does_is_told_with_its_own_notes(pages, found):
    items = Page(pages["da"]).items
    for note in found.items["note"]:
        assert any(note in item for item in items), note
    assert any(item.startswith("Vejen »Invented road« er kommet til (INVENTED") for item in items)


def test_what_changed_has_its_unit_once():
    danish, english = Words("da"), Words("en")
    assert danish.changed("dwellings_decay", [211.9], unit=False) == "212"
    assert danish.changed("dwellings_decay", [177.2], unit=True) == "177 boliger"
    assert english.changed("lit_share", [0.0, 1.0], unit=False) == "0–100"
    assert danish.changed("lit_share", [0.06, 1.0], unit=True) == "6–100\u00a0%"
    assert danish.changed("severance", [0.25], unit=True) == "0,2 veje"
    assert danish.changed("nearest_walk", [639.0], unit=True) == "640 m"


def test_buildings_lose_where_any_home_in_them_does():
    homes = pd.DataFrame(
        {
            "building": ["a", "a", "b", "b", "c"],
            "state": ["winning", "losing", "winning", "keeping", "demolished"],
            "dwellings": [9.0, 1.0, 2.0, 5.0, 1.0],
        }
    )
    assert plan.states(homes).to_dict() == {"a": "losing", "b": "keeping", "c": "demolished"}
    assert plan.states(homes.iloc[:0]).empty


def test_the_phases_say_what_is_shut_and_for_how_long(pages):
    tables = Page(pages["da"]).tables
    assert tables[say("da", "timeline")["caption"]][1:] == [
        ["1 (2027)", "2 år", "27", "1", "430", "58"],
        ["2 (2029)", "–", "29", "0", "7", "77"],
    ]
    head, shut, new = tables[say("da", "timeline")["spaces_caption"]]
    assert head[1:] == ["1 (2027)", "2 (2029)"]
    assert shut[1:] == ["lukket", "åbent"] and new == ["Bænk og Bord med bænke", "endnu ikke", "åbent"]


def test_several_plans_stand_side_by_side(demo_result, found, after):
    row = {"median_after": 77, "worst_lens_median_after": 29, "losing": 22, "demolished": 59, "spaces_lost": 0}
    plans = [
        {"plan": "plan-a", **row, "dominated_by": ["plan-b"]},
        {"plan": "plan-b", **row, "worst_lens_median_after": None, "losing": 1106, "dominated_by": []},
    ]
    told = plan.plan_document(
        demo_result, after, found, after.field_checks, lang="en", alternatives=Alternatives(plans, "plan-a")
    )
    page = Page(reports_html.html(told))
    assert page.tables[say("en", "beside")["caption"]][1:] == [
        ["plan-a this report", "77", "29", "22", "59", "0"],
        ["plan-b", "77", texts("en")["alternatives"]["not_known"], "1,110", "59", "0"],
    ]
    assert any(text.startswith("plan-a") and "plan-b" in text for text in page.paragraphs)
    alone = plan.plan_document(
        demo_result, after, found, after.field_checks, lang="en", alternatives=Alternatives(plans[:1], "plan-a")
    )
    assert say("en", "beside")["title"] not in Page(reports_html.html(alone)).headings


def test_the_two_languages_tell_the_same(documents):
    shapes = [[type(block).__name__ for block in documents[lang].blocks] for lang in LANGUAGES]
    assert shapes[0] == shapes[1]
    for lang in LANGUAGES:
        page = Page(reports_html.html(documents[lang]))
        assert VERDICT[0] in page.paragraphs
        assert "{" not in " ".join([*page.paragraphs, *page.items, *page.headings])


def test_an_empty_plan_is_told_to_change_nothing(demo_result):
    same = spatial.compare(demo_result, demo_result)
    page = Page(
        reports_html.html(plan.plan_document(demo_result, demo_result, same, demo_result.field_checks, lang="da"))
    )
    assert page.items[0].startswith("Mødesteder med planen: ingen forsvinder, ingen kommer til, ingen ændrer sig")
    assert say("da", "ground")["none"] in page.paragraphs and say("da", "changes")["none"] in page.paragraphs
    assert say("da", "homes")["nobody"] in page.paragraphs


def test_names_of_a_plan_cannot_break_out(demo_result, after, found):
    spoilt = replace(after, manifest={**after.manifest, "plan": {**after.manifest["plan"], "name": fixtures.HOSTILE}})
    items = found.items.assign(note=fixtures.HOSTILE, name=fixtures.HOSTILE)
    html = reports_html.html(
        plan.plan_document(demo_result, spoilt, replace(found, items=items), after.field_checks, lang="da")
    )
    assert not {"img", "script"} & {tag for tag, _ in Page(html).tags}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_pdf_has_four_to_eight_pages_and_no_letter_is_missing(documents, lang):
    made = pdf.document_pdf(documents[lang])
    reader = pypdf.PdfReader(io.BytesIO(made))
    assert 4 <= len(reader.pages) <= 8 and reader.metadata.title == documents[lang].title
    assert made == pdf.document_pdf(documents[lang])
    page = Page(reports_html.html(documents[lang]))
    said = set("".join([*page.paragraphs, *page.items, *page.headings, *(str(rows) for rows in page.tables.values())]))
    assert {letter for letter in said if not lettering.ours(letter)} == set()
    found = structure(made)
    assert found.faults == [] and len(found.alts) >= 3


@pytest.mark.browser
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_no_violation_and_it_prints_on_four_to_eight_sheets(browser, pages, tmp_path, viewport):
    file = tmp_path / "plan.html"
    file.write_text(pages["da"], encoding="utf-8")
    page = browser.new_page(viewport=viewport)
    trouble = []
    page.on("console", lambda message: trouble.append(message.text))
    page.goto(file.as_uri())
    assert axe(page) == [] and trouble == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    printed = page.pdf(format="A4", prefer_css_page_size=True)
    assert 4 <= len(pypdf.PdfReader(io.BytesIO(printed)).pages) <= 8
    page.close()
