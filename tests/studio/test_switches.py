"""Measures that are switched: what the page for the board shows is what a look at exactly these measures finds."""

from __future__ import annotations

import json
import re
from itertools import combinations

import numpy as np
import pytest
import shapely
from axe_playwright_python.sync_playwright import Axe

from spatial.core.model import FLOATING
from spatial.studio import exports
from spatial.studio.history import Variant
from spatial.studio.session import Session
from spatial.studio.sight import summary
from spatial.studio.strokes import Stroke
from spatial.studio.switches import MOST_SWITCHES, Combined, Switches, same_estate
from tests import pictures

BLOCK = "osm:way/93691013"
NEAR, FAR, ASIDE = (13.263581, 53.5689934), (13.2577768, 53.5692462), (60.0, 70.0)
SAME = 1e-9


@pytest.fixture(scope="module")
def drawn(table):
    """A bench and a table that the same homes reach, a bench in a corner of the estate, and a block that goes."""
    session = Session(table)
    left, bottom, _, _ = table.estate.boundary.bounds
    session.draw("A", "bench", shapely.Point(NEAR))
    session.draw("A", "table", shapely.Point(FAR))
    session.draw("A", "bench", session.ground.to_degrees(shapely.Point(left + ASIDE[0], bottom + ASIDE[1])))
    session.remove("A", BLOCK)
    return session.variant("A")


@pytest.fixture(scope="module")
def three(drawn):
    return Variant("Tre »bænke«", drawn.steps[:3], 3)


@pytest.fixture(scope="module")
def of_three(table, three):
    return Switches(table, three.strokes)


def looked_at(table, variant, on):
    seen = table.look(tuple(stroke for number, stroke in enumerate(variant.strokes) if number in on))
    return Combined(seen.result, table.differ(seen))


def subsets(count):
    return [set(on) for size in range(count + 1) for on in combinations(range(count), size)]


def test_what_the_same_homes_reach_touches_and_what_lies_in_a_corner_does_not(of_three):
    assert of_three.measures == [{0}, {1}, {2}] and of_three.groups == [{0, 1}, {2}]


def test_a_block_that_goes_changes_every_place_and_touches_all(table, drawn):
    assert Switches(table, drawn.strokes).groups == [{0, 1, 2, 3}]


def test_every_combination_is_known_and_is_what_a_look_at_it_finds(table, three, of_three):
    assert sorted(map(sorted, of_three.known)) == sorted(map(sorted, subsets(3)))
    changed = 0
    for on in subsets(3):
        mine, theirs = of_three.combined(of_three.parts(on)), looked_at(table, three, on)
        for level in ("places", "meeting_spaces"):
            one, other = (
                getattr(mine.result, level),
                getattr(theirs.result, level).loc[getattr(mine.result, level).index],
            )
            assert len(one) == len(getattr(theirs.result, level))
            np.testing.assert_allclose(one[FLOATING].to_numpy(), other[FLOATING].to_numpy(), rtol=0, atol=SAME)
            assert one["tier"].equals(other["tier"]) and one["rank"].equals(other["rank"])
        homes = theirs.found.homes.reindex(mine.found.homes.index)
        np.testing.assert_allclose(mine.found.homes["best_after"], homes["best_after"], rtol=0, atol=SAME)
        assert mine.found.homes["state"].tolist() == homes["state"].tolist() and same_estate(mine, theirs)
        assert mine.found.dwellings == pytest.approx(theirs.found.dwellings, abs=SAME)
        changed += mine.found.dwellings["winning"] > 0
    assert changed >= 6  # each but none, and the corner alone


@pytest.mark.long
def test_of_many_measures_that_touch_some_combinations_are_not_known(table, drawn, monkeypatch):
    monkeypatch.setattr("spatial.studio.switches.MOST_TOGETHER", 3)
    switches = Switches(table, drawn.strokes)
    unknown = [on for on in subsets(4) if switches.parts(on) is None]
    # Of two, those are known that were looked at to see whether they touch.
    assert unknown and all(len(on) == 2 for on in unknown)
    for on in switches.known:
        assert same_estate(switches.combined(switches.parts(on)), looked_at(table, drawn, on)), on


def test_what_cannot_be_without_each_other_is_one_measure(table):
    session = Session(table)
    session.draw("A", "bench", shapely.Point(NEAR))
    session.remove("A", BLOCK)
    shape = table.what_if.before.view.measured_from.buildings.geometry.loc[BLOCK]
    session.draw("A", "building", session.ground.to_degrees(shapely.buffer(shape.representative_point(), 4.0)),
                 {"dwellings": "6"})  # fmt: skip
    switches = Switches(table, session.variant("A").strokes)
    assert switches.measures == [{0}, {1, 2}]


def test_of_many_edits_those_that_do_the_same_are_switched_together(table):
    session = Session(table)
    for number in range(MOST_SWITCHES):
        session.draw("A", "bench", shapely.Point(NEAR[0] + 2e-5 * number, NEAR[1]))
    assert session.variant("A").strokes[-1] == Stroke(
        f"bench-{MOST_SWITCHES}", "add", "place", None, {"amenity": "bench", "backrest": "yes"},
        shapely.Point(round(NEAR[0] + 2e-5 * (MOST_SWITCHES - 1), 8), round(NEAR[1], 8)),
    )  # fmt: skip
    session.draw("A", "light", shapely.Point(FAR))
    from spatial.studio.switches import measures

    strokes = session.variant("A").strokes
    found = measures(table.what_if, strokes, table.plan(strokes).edits)
    assert found == [set(range(MOST_SWITCHES)), {MOST_SWITCHES}]


# --- in a browser ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page_file(table, three, tmp_path_factory):
    path = tmp_path_factory.mktemp("board") / "board.html"
    path.write_bytes(exports.MAKERS["board.html"](exports.Found(table, three), "da"))
    return path


class Reader:
    """Somebody on the board, with the file alone."""

    def __init__(self, browser, path, width, height):
        self._context = browser.new_context(viewport={"width": width, "height": height})
        self.page, self.wrong, self.asked = self._context.new_page(), [], []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.as_uri())
        self.page.wait_for_selector("#fr-page:not([aria-busy])")
        self.page.wait_for_function("() => window.board")

    def switch(self, on, count):
        for number in range(count):
            box = self.page.locator(f"#fr-switch-{number}")
            if box.is_checked() != (number in on):
                box.click()
        assert self.page.evaluate("() => board.key") == " ".join(map(str, sorted(on)))

    def close(self):
        self._context.close()


@pytest.fixture
def reader(browser, page_file):
    opened = Reader(browser, page_file, 1280, 800)
    yield opened
    assert opened.wrong == [] and opened.asked == [page_file.as_uri()]
    opened.close()


@pytest.mark.browser
def test_each_combination_shows_the_numbers_of_a_look_at_it(reader, table, three):
    texts = {}
    for on in subsets(3):
        reader.switch(on, 3)
        shown, theirs = reader.page.evaluate("() => board.shown"), looked_at(table, three, on)
        told = dict(zip(reader.page.evaluate("() => board.ids"), shown["spaces"]["floating"], strict=True))
        assert told == pytest.approx(theirs.result.meeting_spaces[FLOATING].to_dict(), abs=SAME)
        expected = summary(theirs.found)
        assert shown["sum"]["dwellings"] == pytest.approx(expected["dwellings"], abs=SAME)
        assert shown["sum"]["median"] == expected["median"] and shown["sum"]["tenth"] == expected["tenth"]
        texts[frozenset(on)] = reader.page.inner_text("#fr-gains")
        winning = re.search(r"([\d.]+) boliger får det bedre", texts[frozenset(on)])
        counted = round(expected["dwellings"]["winning"])
        assert (winning is None) == (counted == 0) and (not winning or int(winning[1].replace(".", "")) == counted)
        assert f"{len(on)} af 3 tiltag er slået til" in texts[frozenset(on)]
    assert len(set(texts.values())) >= 7


@pytest.mark.browser
def test_what_is_not_known_is_not_shown(browser, table, drawn, monkeypatch, tmp_path):
    monkeypatch.setattr("spatial.studio.switches.MOST_TOGETHER", 3)
    path = tmp_path / "board.html"
    path.write_bytes(exports.MAKERS["board.html"](exports.Found(table, drawn), "en"))
    reader = Reader(browser, path, 1280, 800)
    known = set(
        json.loads(re.search(r'id="faellesrum-data">(.*?)</script>', path.read_text("utf-8"))[1])["board"]["looks"]
    )
    unknown = next(on for on in subsets(4) if " ".join(map(str, sorted(on))) not in known)
    reader.switch(unknown, 4)
    said = reader.page.inner_text("#fr-gains")
    assert "faellesrum run --plan" in said and "homes are better off" not in said
    assert reader.page.evaluate("() => board.shown") is None
    assert reader.page.locator(".fr-door").count() == 0
    pictures.keep(reader.page, "board-unknown-en")
    reader.switch(set(range(4)), 4)
    assert "faellesrum run" not in reader.page.inner_text("#fr-gains") and reader.wrong == []
    reader.close()


@pytest.mark.browser
def test_a_keyboard_switches_and_the_address_remembers(reader):
    page = reader.page
    page.locator("#fr-switch-1").focus()
    page.keyboard.press("Space")
    assert page.evaluate("() => [board.key, document.activeElement.id, location.hash]") == [
        "0 2",
        "fr-switch-1",
        "#off=1",
    ]
    page.reload()
    page.wait_for_function("() => window.board")
    reader.asked.pop()
    assert page.evaluate("() => board.key") == "0 2" and not page.is_checked("#fr-switch-1")
    page.click("text=Alle til")
    assert page.evaluate("() => board.key") == "0 1 2"


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height", "lang"), [(1280, 800, "da"), (640, 900, "en"), (390, 844, "da")])
def test_the_page_is_for_everybody_at_every_size(browser, page_file, width, height, lang):
    reader = Reader(browser, page_file, width, height)
    page = reader.page
    page.click(f"#fr-languages button[lang={lang}]")
    pictures.keep(page, f"board-{width}-{lang}")
    found = Axe().run(page).response["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found] == []
    assert not page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth")
    assert page.get_by_role("switch").count() == 3 and reader.wrong == []
    reader.close()
