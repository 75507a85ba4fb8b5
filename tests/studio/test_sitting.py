"""A recorded sitting: a newcomer draws, sees who gains, compares, exports, and the command line finds the same."""

from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests import pictures

pytestmark = pytest.mark.browser

BENCHES = ((13.263581, 53.5689934), (13.2577768, 53.5692462))
GATE, BLOCK = (13.2597046, 53.5683722), "osm:way/93691013"
PLAYGROUND, SPOT = "osm:way/157841252", [13.260380, 53.569743]
SHOWN = 1e-5  # scores travel to the page as thousandths with two decimals
WAIT_MS = 90_000
SETTLED = """() => {
    const { looked, lenses } = document.getElementById("fr-page").dataset;
    const said = document.getElementById("fr-status").innerText;
    return looked === lenses && window.studio.look !== null && !said.includes("…");
}"""


def command(*arguments):
    code = "from spatial.cli.start import run; run()"
    return [sys.executable, "-c", code, *map(str, arguments)]


class Studio:
    """A real process of the studio, and a browser that it let in; started again on the same file when wanted."""

    def __init__(self, browser, kept, data):
        self._browser, self._kept = browser, kept
        self._named = ["--boundary", data / "reitbahnviertel.geojson", "--osm", data / "reitbahnviertel.osm.pbf"]
        self.start()

    def start(self):
        environment = {**os.environ, "FAELLESRUM_LANG": "da", "PYTHONUNBUFFERED": "1"}
        line = command("studio", "--port", "0", "--no-browser", "--kept", self._kept, *self._named)
        self.process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=environment)
        entrance = re.search(r"http://\S+", self.process.stdout.readline())[0]
        self.address = entrance.partition("/enter")[0]
        self._context = self._browser.new_context()
        page = self._context.new_page()
        page.goto(entrance)
        page.close()

    def end(self, sign=signal.SIGINT):
        self._context.close()
        self.process.send_signal(sign)
        self.process.wait(30)
        self.process.stdout.close()

    def sit(self, width=1280, height=800):
        page = self._context.new_page()
        page.set_viewport_size({"width": width, "height": height})
        return Sitter(page, self.address)


@pytest.fixture(scope="module")
def studio(browser, demo_data, tmp_path_factory):
    made = Studio(browser, tmp_path_factory.mktemp("studio") / "demo.sqlite", demo_data)
    yield made
    made.end()
    assert made.process.returncode == 0


class Sitter:
    """Somebody at the page."""

    def __init__(self, page, address):
        self.page = page
        self.page.set_default_timeout(WAIT_MS)
        self.asked, self.wrong = [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.goto(address)
        self.page.wait_for_selector("#fr-page:not([aria-busy])")
        self.wait_for_look()

    def now(self, name):
        return self.page.evaluate(f"() => studio.{name}")

    def wait_for_look(self):
        """Until the last look is shown, through the lenses too."""
        self.page.wait_for_selector("#fr-page[data-looked]")
        for _ in range(WAIT_MS // 100):
            if self.page.evaluate(SETTLED):  # in one step: between two of them the next look may begin
                return
            self.page.wait_for_timeout(100)
        pytest.fail("no look came")

    def point_at(self, lonlat):
        box = self.page.locator("#fr-map").bounding_box()
        x, y = self.page.evaluate(
            "([lon, lat]) => { const p = studio.map.latLngToContainerPoint([lat, lon]); return [p.x, p.y]; }", lonlat
        )
        self.page.mouse.click(box["x"] + x, box["y"] + y)

    def draw(self, tool, lonlat):
        before = len(self.strokes())
        self.page.click(f"[data-tool={tool}]")
        self.point_at(lonlat)
        self.wait_for_strokes(before + 1)
        self.page.keyboard.press("Escape")

    def strokes(self):
        variant = self.now("variant")
        return next(one["strokes"] for one in self.now("state")["variants"] if one["name"] == variant)

    def put_right(self, act):
        """Do what puts something right, and wait until the page is there again with it."""
        self.page.evaluate("() => { window.before = true; }")
        act()
        self.page.wait_for_function("() => !window.before && window.studio")
        self.page.wait_for_selector("#fr-page:not([aria-busy])")
        self.wait_for_look()

    def wait_for_strokes(self, count):
        for _ in range(WAIT_MS // 100):
            if len(self.strokes()) == count:
                return self.wait_for_look()
            self.page.wait_for_timeout(100)
        pytest.fail(f"{self.page.inner_text('#fr-bar')}: {self.strokes()}")


@pytest.fixture(scope="module")
def block_at(table, pencil):
    shape = table.what_if.before.view.measured_from.buildings.geometry.loc[BLOCK]
    point = pencil(shape.representative_point())
    return [point.x, point.y]


def test_a_newcomer_draws_compares_exports_and_the_command_line_finds_the_same(studio, block_at, demo_data, tmp_path):
    sitter = studio.sit()
    page = sitter.page
    for where in BENCHES:
        sitter.draw("bench", where)
    sitter.draw("gate", GATE)
    gains = page.inner_text("#fr-gains")
    assert re.search(r"\d boliger får det bedre", gains) and "fordi" in page.inner_text("#fr-example")
    pictures.keep(page, "studio-desk-da")
    address = page.evaluate("""async () => {
        const { addresses } = await (await fetch("/data.json")).json();
        const { street, number, door } = addresses.find((one) => one.door.some((each) => each >= 0));
        return street + " " + number[door.findIndex((each) => each >= 0)];
    }""")
    page.fill("#fr-find", address)
    rows = page.locator("#fr-stairs .fr-years tbody tr")
    assert rows.count() == 2 and address in page.inner_text("#fr-stairs h2")
    page.locator("#fr-stairs").scroll_into_view_if_needed()
    pictures.keep(page, "studio-stairs-da")
    page.fill("#fr-find", "")
    page.click("text=Kopiér varianten")
    page.fill("#fr-name", "Uden blokken")
    page.keyboard.press("Enter")
    # That there are two is told to all who listen, maybe before this page holds the copy: a stroke then goes to A.
    page.wait_for_selector("#fr-variant option:checked:has-text('Uden blokken')", state="attached")
    sitter.wait_for_look()
    assert page.locator("#fr-compare").is_visible()
    page.click("#fr-hand-pick")
    sitter.point_at(block_at)
    if page.locator("[data-act=remove]").count() == 0:
        page.wait_for_selector("#fr-bar .fr-act")
    if page.locator("[data-act=remove]").count() == 0:
        page.click("#fr-bar .fr-act:has-text('ygning')")
    page.click("[data-act=remove]")
    sitter.wait_for_strokes(4)
    assert sitter.strokes()[-1]["properties"]["target"] == BLOCK
    page.keyboard.press("Escape")
    assert "rives ned" in page.inner_text("#fr-gains")
    page.click("#fr-compare")
    page.wait_for_selector(".fr-compared td")
    rows = {
        row.split("\t")[0]: row.split("\t")[1:] for row in page.inner_text(".fr-compared").splitlines() if "\t" in row
    }
    assert rows["Revet ned"][0] == "0" != rows["Revet ned"][1]
    page.locator(".fr-compared").scroll_into_view_if_needed()
    pictures.keep(page, "studio-compared-da")
    plan = exported(page, "GeoPackage", tmp_path / "plan.gpkg")
    look = sitter.now("look")
    assert sitter.wrong == [] and all(url.startswith(studio.address) for url in sitter.asked)
    page.close()
    studio.end(signal.SIGKILL)  # what was drawn is kept
    assert_found_by_a_run(look, plan, demo_data, tmp_path)
    studio.start()
    again = studio.sit(390, 844)
    assert [one["name"] for one in again.now("state")["variants"]] == ["A", "Uden blokken"]
    assert [len(one["strokes"]) for one in again.now("state")["variants"]] == [3, 4]
    again.page.close()


def exported(page, name, path):
    page.locator("#fr-save").scroll_into_view_if_needed()
    with page.expect_download() as download:
        page.click(f"#fr-save a:has-text('{name}')")
    download.value.save_as(path)
    return path


def assert_found_by_a_run(look, plan, demo_data, tmp_path, *more):
    """The numbers of the page are those of ``faellesrum run --plan`` on the exported file."""
    inputs = ["--boundary", demo_data / "reitbahnviertel.geojson", "--osm", demo_data / "reitbahnviertel.osm.pbf"]
    out = tmp_path / "run"
    said = subprocess.run(
        command("run", *inputs, "--plan", plan, *more, "--out", out, "--json"),
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(said.stdout)["plan"]
    for state, homes in look["sum"]["dwellings"].items():
        assert found["dwellings"][state] == round(homes)
    with (out / "scores.csv").open(encoding="utf-8", newline="") as file:
        scores = {row["place_id"]: float(row["floating"]) for row in csv.DictReader(file) if row["floating"]}
    spaces = look["tables"]["spaces"]
    shown = dict(zip(spaces["id"], spaces["scores"]["floating"][1], strict=True))
    assert len(shown) > 20
    for name, score in shown.items():
        assert scores[name] == pytest.approx(score / 1000, abs=SHOWN)


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def test_by_keyboard_alone_somebody_draws_undoes_copies_and_saves(studio):
    sitter = studio.sit()
    page, before = sitter.page, len(sitter.strokes())
    page.evaluate("([lon, lat]) => studio.map.setView([lat, lon], 19)", BENCHES[0])
    page.locator("[data-tool=bench]").focus()
    press(page, "Enter")  # the map has the focus now, and the cross shows its middle
    assert page.evaluate("() => document.activeElement.id") == "fr-map"
    press(page, "ArrowRight")
    page.wait_for_timeout(400)
    assert page.locator("#fr-cross").is_visible()
    press(page, "Enter")
    sitter.wait_for_strokes(before + 1)
    press(page, "Escape", "Control+z")
    sitter.wait_for_strokes(before)
    press(page, "Control+y")
    sitter.wait_for_strokes(before + 1)
    page.locator("[data-tool=path]").focus()
    press(page, "Enter", "Enter", "ArrowDown")
    page.wait_for_timeout(400)
    press(page, "Enter", "Enter")  # twice on one spot ends a line
    sitter.wait_for_strokes(before + 2)
    press(page, "Escape")
    page.locator("#fr-variants button:has-text('Kopiér')").focus()
    press(page, "Enter")
    assert page.evaluate("() => document.activeElement.id") == "fr-name"
    page.keyboard.type("Med tastatur")
    press(page, "Enter")
    page.wait_for_selector("#fr-variant option:checked:has-text('Med tastatur')", state="attached")
    page.locator("#fr-save a:has-text('GeoJSON')").focus()
    with page.expect_download() as download:
        press(page, "Enter")
    kept = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert len(kept["features"]) == before + 2 and sitter.wrong == []
    page.close()


@pytest.mark.parametrize(
    ("name", "width", "height", "lang"),
    [("desk", 1280, 800, "en"), ("tablet", 640, 900, "da"), ("phone", 390, 844, "da")],
)
def test_the_page_is_for_everybody_at_every_size(name, width, height, lang, studio):
    sitter = studio.sit(width, height)
    page = sitter.page
    page.click(f"#fr-languages button[lang={lang}]")
    if not sitter.strokes():
        sitter.draw("bench", BENCHES[0])
    sitter.wait_for_look()
    pictures.keep(page, f"studio-{name}-{lang}")
    page.click("[data-tool=building]")
    assert page.locator("#fr-bar").is_visible() and page.locator("#fr-hand-finish").is_disabled()
    pictures.keep(page, f"studio-{name}-drawing-{lang}")
    for state in ("drawing", "resting"):
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found] == [], state
        page.keyboard.press("Escape")
    wide = page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth")
    assert not wide and sitter.wrong == []
    page.close()


def test_a_refusal_is_said_at_the_pencil_and_nothing_is_lost(studio, block_at):
    sitter = studio.sit()
    page, before = sitter.page, len(sitter.strokes())
    page.evaluate("([lon, lat]) => studio.map.setView([lat, lon], 19)", block_at)
    page.click("[data-tool=building]")
    for dx, dy in ((0, 0), (2e-4, 0), (2e-4, 1e-4)):
        sitter.point_at([block_at[0] + dx, block_at[1] + dy])
    page.click("#fr-hand-finish")
    page.fill("#fr-field-dwellings", "8")
    page.keyboard.press("Enter")
    page.wait_for_selector("#fr-bar .fr-fault")
    said = page.inner_text("#fr-bar .fr-fault")
    assert "ikke fjerner" in said and page.input_value("#fr-field-dwellings") == "8"
    outline = page.get_attribute(".leaflet-pencil-pane path", "d")
    assert outline.count("L") == 3 and len(sitter.strokes()) == before
    pictures.keep(page, "studio-refused-da")
    page.close()


def test_two_tabs_see_the_same_and_a_variant_is_deleted_only_when_asked_twice(studio):
    one, other = studio.sit(), studio.sit()
    one.page.click("#fr-variants button:has-text('Begynd')")
    one.page.fill("#fr-name", "<b>Fælles</b>")
    one.page.keyboard.press("Enter")
    other.page.wait_for_selector("#fr-variant option:has-text('<b>Fælles</b>')", state="attached")
    other.page.select_option("#fr-variant", "<b>Fælles</b>")
    one.page.wait_for_selector("#fr-variant option:checked:has-text('Fælles')", state="attached")
    one.draw("table", BENCHES[1])
    other.wait_for_strokes(1)
    assert [stroke["properties"]["feature"] for stroke in other.strokes()] == ["table-1"]
    assert other.page.inner_text("#fr-gains .fr-gains") == one.page.inner_text("#fr-gains .fr-gains")
    other.page.click("#fr-variants button:has-text('Slet')")
    assert "kan ikke fortrydes" in other.page.inner_text("#fr-variants") and len(other.strokes()) == 1
    other.page.click("#fr-name")
    one.page.wait_for_selector("#fr-variant option:has-text('Fælles')", state="detached")
    assert one.wrong == other.wrong == [] and one.now("variant") == other.now("variant")
    one.page.close()
    other.page.close()


def test_a_drawn_building_is_mended_and_given_a_phase(studio):
    sitter = studio.sit()
    page = sitter.page
    page.click("#fr-variants button:has-text('Begynd')")
    page.fill("#fr-name", "Nyt hus")
    page.keyboard.press("Enter")
    page.wait_for_selector("#fr-variant option:checked:has-text('Nyt hus')", state="attached")
    lon, lat = 13.255967, 53.570264
    page.evaluate("([lon, lat]) => studio.map.setView([lat, lon], 19)", [lon, lat])
    page.click("[data-tool=building]")
    for dx, dy in ((0, 0), (1e-4, 0), (1e-4, 5e-5), (0, 5e-5)):
        sitter.point_at([lon + dx, lat + dy])
    page.click("#fr-hand-finish")
    page.fill("#fr-field-dwellings", "8")
    page.keyboard.press("Enter")
    sitter.wait_for_strokes(1)
    page.keyboard.press("Escape")
    page.click("#fr-hand-pick")
    sitter.point_at([lon + 5e-5, lat + 2.5e-5])
    page.click("[data-act=answer]")
    assert page.input_value("#fr-field-dwellings") == "8"
    page.fill("#fr-field-dwellings", "12")
    page.keyboard.press("Enter")
    page.wait_for_selector("#fr-drawn li:has-text('12 nye boliger')")
    page.keyboard.press("Escape")
    page.fill(".fr-phase input", "2")
    page.keyboard.press("Tab")
    sitter.wait_for_strokes(1)
    for _ in range(100):
        said = sitter.strokes()[0]["properties"]
        if said.get("phase") == "2":
            break
        page.wait_for_timeout(100)
    assert (said["phase"], said["building:flats"]) == ("2", "12") and sitter.wrong == []
    pictures.keep(page, "studio-phase-da")
    page.fill(".fr-phase input", "i fjor")
    page.keyboard.press("Tab")
    page.wait_for_selector("text=skriv et tal fra 1 til 99, et år (2027)")
    sitter.draw("bench", [lon + 3e-4, lat])
    assert page.locator("#fr-phases").count() == 0
    for number, year in ((0, ""), (1, "2027"), (0, "2030")):
        page.locator(".fr-phase input").nth(number).fill(year)
        page.keyboard.press("Tab")
        for _ in range(100):
            if sitter.strokes()[number]["properties"].get("phase", "") == year:
                break
            page.wait_for_timeout(100)
    page.wait_for_selector("#fr-phases tbody tr", timeout=60_000)
    rows = [row.split("\t") for row in page.locator("#fr-phases table").inner_text().splitlines()]
    assert rows[0] == ["Fase", "2027", "2030 (færdig)"] and ["Nye boliger", "0", "12"] in rows
    page.locator("#fr-phases").scroll_into_view_if_needed()
    pictures.keep(page, "studio-years-da")
    assert Axe().run(page).response["violations"] == [] and sitter.wrong == []
    page.close()


def test_who_knows_the_place_puts_the_map_right_and_a_run_finds_the_same(studio, table, pencil, demo_data, tmp_path):
    sitter = studio.sit()
    page = sitter.page
    if not sitter.strokes():
        sitter.draw("bench", BENCHES[0])
    playground = pencil(table.start.result.places.geometry.loc[PLAYGROUND].representative_point())
    page.evaluate("([lon, lat]) => studio.map.setView([lat, lon], 19)", [playground.x, playground.y])
    before = sitter.now("look.tables.places.id")
    page.click("#fr-hand-pick")
    sitter.point_at([playground.x, playground.y])
    page.wait_for_selector("#fr-bar .fr-act")
    if page.locator("[data-act=correct]").count() == 0:
        page.click("#fr-bar .fr-act:has-text('egeplads')")
    page.click("[data-act=correct]")
    assert page.evaluate("() => document.activeElement.id") == "fr-correct-says"
    assert page.locator("#fr-correct-called").is_hidden()
    page.select_option("#fr-correct-says", "no_meeting_place")
    page.fill("#fr-correct-by", "Karen, beboer")
    pictures.keep(page, "studio-correct-da")
    assert Axe().run(page).response["violations"] == []
    sitter.put_right(lambda: page.keyboard.press("Enter"))
    assert PLAYGROUND in before and PLAYGROUND not in sitter.now("look.tables.places.id")
    said = page.inner_text("#fr-corrections li")
    assert "er ikke et mødested" in said and "Karen, beboer" in said and "osm:" not in said
    page.evaluate("([lon, lat]) => studio.map.setView([lat, lon], 19)", SPOT)
    page.click("#fr-correct-missing")
    sitter.point_at(SPOT)
    assert page.input_value("#fr-correct-by") == "Karen, beboer"  # asked once
    sitter.put_right(lambda: page.click("#fr-correct-ok"))
    assert "correction:missing-1" in sitter.now("look.tables.places.id")
    page.locator("#fr-corrections").scroll_into_view_if_needed()
    pictures.keep(page, "studio-corrections-da")
    with page.expect_download() as download:
        page.click("#fr-corrections a")
    download.value.save_as(tmp_path / "corrections.csv")
    plan = exported(page, "GeoJSON", tmp_path / "plan.geojson")
    assert_found_by_a_run(sitter.now("look"), plan, demo_data, tmp_path, "--corrections", tmp_path / "corrections.csv")
    sitter.put_right(lambda: page.click("#fr-correct-undo"))
    sitter.put_right(lambda: page.click("#fr-corrections li button"))
    assert sitter.now("look.tables.places.id").count(PLAYGROUND) == 1 and sitter.wrong == []
    assert page.locator("#fr-corrections li").count() == 0
    page.close()
