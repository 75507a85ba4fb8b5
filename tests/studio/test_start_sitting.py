"""A recorded sitting at the start page: an estate is chosen, its boundary taken or drawn, opened, given up, opened."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests import pictures
from tests.studio.test_sitting import WAIT_MS, command, press

pytestmark = pytest.mark.browser
HERE = [13.2604, 53.5697]


class Start:
    """A real process of the studio of somebody who has opened nothing yet, and a page."""

    def __init__(self, browser, home, *options):
        environment = {**os.environ, "FAELLESRUM_LANG": "da", "PYTHONUNBUFFERED": "1", "XDG_DATA_HOME": str(home)}
        line = command("studio", "--port", "0", "--no-browser", *options)
        self.process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True, env=environment)
        entrance = re.search(r"http://\S+", self.process.stdout.readline())[0]
        self.address = entrance.partition("/enter")[0]
        self._context = browser.new_context()
        self.page = self._context.new_page()
        self.page.set_default_timeout(WAIT_MS)
        self.asked, self.wrong = [], []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.goto(entrance)
        self.page.wait_for_selector("#fr-page:not([aria-busy])")

    def show_ground(self, lonlat):
        self.page.evaluate("([lon, lat]) => start.map.setView([lat, lon], 15)", lonlat)
        self.page.click("#fr-start-ground")
        self.page.wait_for_selector("#fr-start-circle:not([disabled])")

    def at_the_table(self):
        self.page.wait_for_selector("#fr-page[data-lenses]")

    def end(self):
        assert self.wrong == [] and all(url.startswith((self.address, "blob:")) for url in self.asked)
        self._context.close()
        self.process.send_signal(signal.SIGINT)
        self.process.wait(30)
        self.process.stdout.close()
        assert self.process.returncode == 0


@pytest.fixture
def start(browser, demo_data, tmp_path):
    made = Start(browser, tmp_path, "--osm", demo_data / "reitbahnviertel.osm.pbf")
    yield made
    made.end()


def clean(page):
    found = Axe().run(page).response["violations"]
    return [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found]


def test_an_estate_is_found_by_its_name_bounded_opened_and_found_again(start, browser, demo_data, tmp_path):
    page = start.page
    assert page.locator(".fr-areas button").count() == 17 and clean(page) == []
    assert page.locator("#fr-start-open").is_disabled() and "en grænse" in page.inner_text("#fr-open")
    page.fill("#fr-start-search", "odense")
    names = page.inner_text("#fr-found")
    assert "Vollsmose" in names and "Mjølner" not in names
    page.click(".fr-areas button:has-text('Vollsmose')")
    assert page.input_value("#fr-start-name") == "Vollsmose"
    lat, lon = page.evaluate("() => { const at = start.map.getCenter(); return [at.lat, at.lng]; }")
    assert abs(lat - 55.41) < 0.02 and abs(lon - 10.42) < 0.03  # in the north-east of Odense
    page.click("#fr-start-ground")
    page.wait_for_selector("#fr-open .fr-fault")  # the extract has nothing there, and that is said
    pictures.keep(page, "start-desk-da")
    page.fill("#fr-start-name", "Vores gård")
    start.show_ground(HERE)
    assert page.locator("#fr-open .fr-fault").count() == 0
    page.click("#fr-start-circle")
    assert "38," in page.inner_text("#fr-bounded")  # a circle of 350 m
    pictures.keep(page, "start-bounded-da")
    page.click("#fr-start-open")
    page.wait_for_selector(".fr-stages li:has-text('Læser')")
    pictures.keep(page, "start-opening-da")
    page.click("#fr-cancel")
    assert "Intet blev åbnet" in page.inner_text("#fr-progress")
    page.wait_for_selector("#fr-start-open:focus")  # when the server has heard of it
    page.click("#fr-start-open")
    start.at_the_table()
    assert page.inner_text("h1") == "Vores gård"
    pictures.keep(page, "start-table-da")
    with page.expect_download() as download:
        page.click("#fr-save a:has-text('Excel')")
    assert download.value.suggested_filename == "A-places.xlsx" and download.value.path().stat().st_size > 5000
    again = Start(browser, tmp_path, "--estate", "gellerup", "--osm", demo_data / "reitbahnviertel.osm.pbf")
    assert again.page.input_value("#fr-start-name").startswith("Gellerup")
    assert again.page.locator(".fr-areas [aria-pressed=true]").count() == 1
    assert again.page.inner_text(".fr-before button") == "Vores gård"
    again.page.click(".fr-before button")
    again.page.wait_for_selector("#fr-open .fr-fault:has-text('åben på et andet tegnebord')")  # one studio at a time
    again.end()


def test_by_keyboard_alone_a_boundary_is_drawn_and_what_is_dropped_is_read_as_what_strangers_send(start, demo_data):
    page = start.page
    page.locator("#fr-start-name").focus()
    page.keyboard.type("Tastatur")
    page.evaluate("([lon, lat]) => start.map.setView([lat, lon], 16)", HERE)
    page.locator("#fr-start-draw").focus()
    press(page, "Enter")
    assert page.evaluate("() => document.activeElement.id") == "fr-map"
    for key in ("ArrowRight", "ArrowDown", "ArrowLeft"):
        press(page, "Enter", key)
        page.wait_for_timeout(400)
    press(page, "Enter")
    assert clean(page) == []
    page.locator("#fr-draw-done").focus()
    press(page, "Enter")
    page.wait_for_selector("#fr-bounded:has-text('hektar')")
    assert len(page.evaluate("() => start.wish.boundary.coordinates[0]")) == 5
    page.set_input_files("#fr-start-drop", {"name": "x.geojson", "mimeType": "", "buffer": b"{" * 5000})
    page.wait_for_selector("#fr-open .fr-fault:has-text('x.geojson')")
    assert len(page.evaluate("() => start.wish.boundary.coordinates[0]")) == 5  # nothing is lost
    nasty = json.loads((demo_data / "reitbahnviertel.geojson").read_text(encoding="utf-8"))
    nasty["features"][0]["properties"]["name"] = "<img src=x onerror=alert(1)>"
    page.set_input_files("#fr-start-drop", {"name": "b.geojson", "mimeType": "", "buffer": json.dumps(nasty).encode()})
    page.wait_for_function("() => document.getElementById('fr-start-name').value.startsWith('<img')")
    assert page.locator("#fr-panel img").count() == 0 and page.locator("#fr-open .fr-fault").count() == 0
    page.fill("#fr-start-file", "/etc/passwd")
    page.click("#fr-start-open")
    page.wait_for_selector("#fr-open .fr-fault:has-text('/etc/passwd')")
    page.click("#fr-start-overpass")
    assert page.locator("#fr-agree").is_visible() and page.locator("#fr-start-open").is_disabled()
    page.check("#fr-start-agree")
    assert page.locator("#fr-start-open").is_enabled()
    page.click("#fr-start-local")
    page.click("#fr-layers summary")
    assert "CC BY 4.0" in page.inner_text("#fr-layers")
    page.check("#fr-layers details input >> nth=0")
    page.uncheck("#fr-start-agree")
    assert page.locator("#fr-start-open").is_disabled() and "ja til at spørge" in page.inner_text("#fr-open")


@pytest.mark.parametrize(("name", "width", "height", "lang"), [("tablet", 768, 1024, "en"), ("phone", 390, 844, "da")])
def test_the_start_page_is_for_everybody_at_every_size(name, width, height, lang, start):
    page = start.page
    page.set_viewport_size({"width": width, "height": height})
    page.click(f"#fr-languages button[lang={lang}]")
    start.show_ground(HERE)
    page.click("#fr-start-circle")
    pictures.keep(page, f"start-{name}-bounded-{lang}")
    page.locator("#fr-which").scroll_into_view_if_needed()
    pictures.keep(page, f"start-{name}-{lang}")
    assert clean(page) == []
    page.click("#fr-start-draw")
    pictures.keep(page, f"start-{name}-drawing-{lang}")
    assert clean(page) == [] and page.locator("#fr-bar").is_visible()
    press(page, "Escape")
    assert page.locator("#fr-bar").is_hidden()
    assert not page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth")
