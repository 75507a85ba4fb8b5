"""The report of a plan: what it says against the comparison and the two results, in a browser, and as PDF."""

import io
import json
import re
from dataclasses import replace

import pandas as pd
import pypdf
import pytest

import spatial
from spatial.core.languages import LANGUAGES, texts, whole_percent
from spatial.maps import lettering
from spatial.plans import answer
from spatial.reports import html as reports_html
from spatial.reports import pdf, plan, plan_homes
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
        | {"called": {"da": "Bænk på torvet", "en": "Bench on the square"}, "states": ["not_yet", "open"]},
    ],
}


# A main road through the court of another playground, from Fohlenwinkel to Reitbahnweg.
THROUGH = [
    (13.2585116, 53.5698951),
    (13.2585628, 53.5701206),
    (13.2586165, 53.5702832),
    (13.258915, 53.5703685),
    (13.2593593, 53.5705817),
    (13.2601615, 53.570908),
    (13.2603971, 53.5710553),
    (13.2604795, 53.5712543),
]
# The playground that a plan of these tests takes away, and that beside which it puts a table.
GONE, BESIDE = "osm:way/157841289", "osm:way/158004160"


@pytest.fixture(scope="module")
def drawn(demo_data, demo_result, tmp_path_factory):
    """The bundled plan, which hardly moves a meeting space, and three edits that do."""
    plan = json.loads((demo_data / "invented_plan.geojson").read_text(encoding="utf-8"))
    beside = demo_result.places.loc[[BESIDE]]
    ground = demo_result.meeting_spaces.geometry[beside["space_id"].iloc[0]]
    at = beside.intersection(ground).representative_point().to_crs(4326).iloc[0]
    edits = [
        ({"action": "remove", "layer": "place", "target": GONE, "note": "INVENTED: playground gone"}, None),
        ({"action": "add", "layer": "place", "kind": "table", "note": "INVENTED: table"},
         {"type": "Point", "coordinates": [at.x, at.y]}),
        ({"action": "add", "layer": "road", "highway": "secondary", "maxspeed": "50", "note": "INVENTED: main road"},
         {"type": "LineString", "coordinates": THROUGH}),
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
    shut["called"] = {"da": "Boldbane ved Skovvej", "en": "Pitch at Skovvej"}
    phases = {**PHASES, "spaces": [shut, *PHASES["spaces"]]}
    return {lang: document(demo_result, after, found, lang=lang, verdict=VERDICT, phases=phases) for lang in LANGUAGES}


def document(before, after, found, *, lang, **more):
    answered = answer.answer_plan(before, after, found)
    return plan.plan_document(plan.PlanFindings(before, after, found, answered, after.field_checks, **more), lang=lang)


@pytest.fixture(scope="module")
def pages(documents):
    return {lang: reports_html.html(document) for lang, document in documents.items()}


def say(lang, part):
    return texts(lang, "report")["plan"][part]


def score(value):
    return round(value * 100)


def test_the_answer_begins_with_what_is_certain(pages, found):
    """Two blocks with their homes and a playground go; a table comes; counted again from the doors."""
    homes, places, bearing, sure = Page(pages["en"]).items[:4]
    gone = found.homes.loc[found.homes["state"] == "demolished", "dwellings"].sum()
    assert bearing.startswith(texts("en")["plan_answer"]["outcome"]["mixed"])
    assert homes.startswith(f"The plan demolishes 2 buildings with about {gone:.0f} homes.")
    assert homes.endswith("No new homes are built.")
    assert places.startswith("Gone: 1 playground; nothing of the same kind") and "New: 1 picnic table." in places
    assert "Moved: 1 playground." in places
    # Whom it hits hardest, when all is built and on the way.
    losing = {
        lens: found.homes.loc[found.homes[f"state_{lens}"] == "losing", "dwellings"].sum()
        for lens in texts("en")["lens"]
    }
    worst = max(losing, key=losing.get)
    assert f"{losing[worst]:,.0f} homes have worse" in bearing and texts("en")["lens_as"][worst] in bearing
    assert f"in {whole_percent(found.harms_share)}% of" in sure
    assert f"in {whole_percent(found.helps_share)}%;" in sure
    assert sure.endswith("Differences of less than one point of 100 are not counted.")


def test_what_the_plan_takes_away_is_told_place_by_place(pages):
    items = Page(pages["da"]).items
    assert sum(item.endswith("forsvinder, og der kommer ikke noget tilsvarende") for item in items) == 1
    assert sum(item.endswith("flyttes 68 m") for item in items) == 1


def test_homes_are_counted_by_their_choices(pages, found):
    """Every home that stays is in one row, today and with the plan."""
    rows = Page(pages["en"]).tables[say("en", "choices")["caption"]][1:]
    assert [row[0] for row in rows] == ["0", "1", "2", "3 or more"]
    staying = found.homes.loc[found.homes["good_before"].notna() & found.homes["good_after"].notna(), "dwellings"].sum()
    for column in (1, 2):
        assert sum(int(row[column].replace(",", "")) for row in rows) == pytest.approx(staying, abs=2)


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
    assert f"{values[0] * 100:.0f} today, {values[1] * 100:.0f}% with the plan" in row[3] and values[0] < values[1]
    assert row[3].count("table") == 1


def test_the_buildings_hit_hardest_come_first_by_the_lens_that_loses_most(pages, found):
    """The map and the table are of those for whom most homes lose; a child must not vanish behind an adult."""
    rows = Page(pages["en"]).tables[say("en", "homes")["worst_caption"]][1:]
    lenses = {lens.id: lens.dwellings["losing"] for lens in found.lenses}
    hardest = max(lenses, key=lenses.get)
    assert lenses[hardest] > lenses["adult"]
    assert any(
        f"when one gets about {texts('en')['lens_as'][hardest]}" in text for text in Page(pages["en"]).paragraphs
    )
    losing = found.homes[found.homes[f"state_{hardest}"] == "losing"]
    losing = losing.assign(best_before=losing[f"best_before_{hardest}"], best_after=losing[f"best_after_{hardest}"])
    worst = losing.loc[(losing["best_after"] - losing["best_before"]).idxmin()]
    alike = (losing["best_before"] == worst["best_before"]) & (losing["best_after"] == worst["best_after"])
    homes = losing[(losing["building"] == worst["building"]) & alike]
    assert rows[0][0].startswith("A Building at ")
    assert rows[0][1:] == [
        f"{homes['dwellings'].sum():.0f}", str(len(homes)),
        f"{score(worst['best_before'])} to {score(worst['best_after'])}",
    ]  # fmt: skip


def test_each_lens_tells_who_loses_and_who_gains(pages, found):
    rows = Page(pages["da"]).tables[say("da", "lenses")["caption"]][1:]
    told = []
    for row in rows:
        lens = next(id_ for id_, about in texts("da")["lens"].items() if row[0].startswith(about["title"]))
        doors = found.homes[f"state_{lens}"]
        losing = found.homes.loc[doors == "losing", "dwellings"].sum()
        assert row[1] == f"{losing:,.0f}".replace(",", ".")
        told.append(losing)
    assert len(told) == 7 and told == sorted(told, reverse=True)


def test_what_the_plan_does_is_told_with_its_own_notes(pages, found):
    items = Page(pages["da"]).items
    for note in found.items["note"]:
        assert any(note in item for item in items), note
    assert any(item.startswith("Ny trafikvej »Invented road« (INVENTED") for item in items)


def test_what_changed_has_its_unit_once():
    danish, english = Words("da"), Words("en")
    assert danish.changed("dwellings_decay", [211.9], unit=False) == "212"
    assert danish.changed("dwellings_decay", [177.2], unit=True) == "177 boliger"
    assert english.changed("lit_share", [0.0, 1.0], unit=False) == "0–100"
    assert danish.changed("lit_share", [0.06, 1.0], unit=True) == "6–100\u00a0%"
    assert danish.changed("severance", [0.25], unit=True) == "0,2 vej"
    assert danish.changed("nearest_walk", [639.0], unit=True) == "640 m"


def test_buildings_lose_where_any_home_in_them_does():
    homes = pd.DataFrame(
        {
            "building": ["a", "a", "b", "b", "c"],
            "state": ["winning", "losing", "winning", "keeping", "demolished"],
            "dwellings": [9.0, 1.0, 2.0, 5.0, 1.0],
        }
    )
    assert plan_homes.states(homes).to_dict() == {"a": "losing", "b": "keeping", "c": "demolished"}
    assert plan_homes.states(homes.iloc[:0]).empty


def test_the_phases_say_what_is_shut_and_for_how_long(pages):
    tables = Page(pages["da"]).tables
    assert tables[say("da", "timeline")["caption"]][1:] == [
        ["1 (2027)", "2 år", "27", "1", "431", "–", "–", "–", "58"],
        ["2 (2029)", "–", "29", "0", "7", "–", "–", "–", "77"],
    ]
    head, shut, new = tables[say("da", "timeline")["spaces_caption"]]
    assert head[1:] == ["1 (2027)", "2 (2029)"]
    assert shut == ["Boldbane ved Skovvej", "lukket", "åbent"]
    assert new == ["Bænk på torvet", "endnu ikke", "åbent"]


def test_several_plans_stand_side_by_side(demo_result, found, after):
    row = {"demolished": 59, "built": 0, "spaces_lost": 0, "spaces_new": 4}
    row |= {"worst_losing": 22, "median_after": 77, "tenth_after": 29}
    plans = [
        {"plan": "plan-a", **row, "dominated_by": ["plan-b"]},
        {"plan": "plan-b", **row, "tenth_after": None, "worst_losing": 1106, "dominated_by": []},
    ]
    told = document(demo_result, after, found, lang="en", alternatives=Alternatives(plans, "plan-a"))
    page = Page(reports_html.html(told))
    assert page.tables[say("en", "beside")["caption"]][1:] == [
        ["plan-a this report", "59", "0", "0", "4", "22", "77", "29"],
        ["plan-b", "59", "0", "0", "4", "1,106", "77", texts("en")["alternatives"]["not_known"]],
    ]
    assert any(text.startswith("plan-a") and "plan-b" in text for text in page.paragraphs)
    alone = document(demo_result, after, found, lang="en", alternatives=Alternatives(plans[:1], "plan-a"))
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
    page = Page(reports_html.html(document(demo_result, demo_result, same, lang="da")))
    assert page.items[0] == "Ingen boliger rives ned."
    assert page.items[2].startswith(texts("da")["plan_answer"]["outcome"]["nothing"])
    assert say("da", "ground")["none"] in page.paragraphs and say("da", "changes")["none"] in page.paragraphs
    assert say("da", "homes")["nobody"] in page.paragraphs


def test_names_of_a_plan_cannot_break_out(demo_result, after, found):
    spoilt = replace(after, manifest={**after.manifest, "plan": {**after.manifest["plan"], "name": fixtures.HOSTILE}})
    items = found.items.assign(note=fixtures.HOSTILE, name=fixtures.HOSTILE)
    html = reports_html.html(document(demo_result, spoilt, replace(found, items=items), lang="da"))
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
