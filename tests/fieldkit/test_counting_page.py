"""Counting by tapping, as people do it on a phone: in a real browser, and back through the reader of counts."""

from __future__ import annotations

import os
import re
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Error

from spatial.core.languages import LANGUAGES, texts
from spatial.fieldkit.counting_page import TEMPLATES, render_page
from spatial.observations import study
from tests.ensure_browser import find_browser
from tests.maps.fixtures import ETRS89_UTM32
from tests.maps.test_web_page import axe

pytestmark = pytest.mark.browser

PLACES = [f"space:{i}" for i in range(4)]
PHONES = [{"width": 360, "height": 740}, {"width": 390, "height": 844}]
TITLE = {"da": "Markvandring og tælling: Ærø </script><b>", "en": "Out counting: Ærø </script><b>"}


@pytest.fixture
def phone(browser, tmp_path):
    """Open the page on a phone without a network; fails at the end if it complained or asked for anything."""
    trouble, contexts = [], []
    path = tmp_path / "count.html"
    stops = [{"id": i, "name": {lang: f"{n}. {texts(lang)['kind']['bench']['title']}" for lang in LANGUAGES}}
             for n, i in enumerate(PLACES, 1)]  # fmt: skip
    render_page(stops, path, title=TITLE, lang="en")

    def open_page(viewport=PHONES[0], context=None):
        if context is None:
            context = browser.new_context(viewport=viewport, has_touch=True, offline=True, accept_downloads=True,
                                          reduced_motion="reduce")  # fmt: skip
            contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        asks = ("data:", "blob:", path.as_uri())
        page.on("request", lambda request: None if request.url.startswith(asks) else trouble.append(request.url))
        page.goto(path.as_uri())
        page.wait_for_selector("#start, #add")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert trouble == []


def begin(page, place=PLACES[0], observer="b2"):
    page.fill("#observer", observer)
    page.select_option("#place", place)
    page.click("#start")


def tap(page, *ids):
    for one in ids:
        page.click(f"#{one}")


def read(page, tmp_path):
    with page.expect_download() as saved:
        page.click("#save")
    assert re.fullmatch(r"counts-B2-\d{8}\.csv", saved.value.suggested_filename)
    file = tmp_path / "counts.csv"
    saved.value.save_as(file)
    return study.read_observations([file], spaces=PLACES, crs=ETRS89_UTM32).observations


def test_three_hundred_taps_and_the_tab_is_killed(phone, tmp_path):
    page = phone()
    begin(page)
    page.evaluate("() => { for (let i = 0; i < 300; i++) { document.getElementById('add').click(); } }")
    context = page.context
    with page.expect_event("crash", timeout=5000), pytest.raises(Error):
        page.goto("chrome://crash", timeout=5000)
    again = phone(context=context)
    assert again.inner_text("#total") == "300"
    tap(again, "finish")
    assert read(again, tmp_path).surveys["total"].tolist() == [300]


@pytest.mark.skipif(sys.platform != "linux", reason="finds the browser's process in /proc")
def test_three_hundred_taps_and_the_browser_is_killed(browser, tmp_path):
    """As a phone ends an app: nothing may wait in the browser for a moment that does not come."""
    path, profile = tmp_path / "count.html", tmp_path / "profile"
    render_page([{"id": PLACES[0], "name": dict.fromkeys(LANGUAGES, "1")}], path, title=TITLE, lang="en")

    def opened():
        return browser.browser_type.launch_persistent_context(
            profile, executable_path=find_browser(), args=["--no-sandbox"], offline=True, accept_downloads=True
        )

    context = opened()
    page = context.new_page()
    page.goto(path.as_uri())
    begin(page)
    for _ in range(300):
        page.click("#add")
    page.wait_for_timeout(500)  # the last tap is on its way
    (main,) = mains(profile)
    os.kill(main, signal.SIGKILL)
    with suppress(Error):
        context.close()
    again = opened()
    page = again.new_page()
    page.goto(path.as_uri())
    assert page.inner_text("#total") == "300"
    again.close()


def mains(profile):
    """The processes of a browser with this profile that no other one of it began."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            if f"--user-data-dir={profile}" in line and "--type=" not in line:
                found.append(int(process.name))
    return found


def test_what_is_tapped_comes_back_through_observe(phone, tmp_path):
    page = phone()
    page.fill("#temperature", "18")
    tap(page, "weather-rain", "sun-no")
    begin(page)
    tap(page, "age-age_0_14", "posture-posture_standing", "activity_conversing", "add", "add", "undo", "add")
    tap(page, "age-age_65_plus", "posture-posture_sitting_formal", "activity_conversing", "add")
    tap(page, "group_1", "group_2", "group_2", "undo", "chance", "organised", "organised", "finish")
    assert page.input_value("#place") == PLACES[1]  # the next stop of the round
    tap(page, "start", "finish")  # nobody here
    tap(page, "kind-moving", "start", "mode-mode_bicyclist", "add", "add", "finish")
    found = read(page, tmp_path)
    assert (found.rows_read, found.rows_rejected) == (3, 0)
    staying, nobody, passing = (found.surveys.loc[found.surveys["location_id"] == i].iloc[0] for i in PLACES[:3])
    told = {"total": 3, "age_0_14": 2, "age_65_plus": 1, "posture_standing": 2, "posture_sitting_formal": 1,
            "activity_conversing": 2, "group_1": 1, "group_2": 1, "chance_encounters": 1, "weather": "rain", "sun": 0,
            "temperature_c": 18, "organised": 0, "observer": "B2", "kind": "staying"}  # fmt: skip
    assert staying[list(told)].to_dict() == told
    assert nobody["total"] == 0 and nobody["kind"] == "staying"
    assert (passing["kind"], passing["total"], passing["mode_bicyclist"], passing["minutes"]) == ("moving", 2, 2, 1)
    assert found.surveys.loc[found.surveys["kind"] == "staying", "minutes"].isna().all()  # a glance has no length
    assert found.layout.unread == [] and found.layout.dropped == {}


def test_it_asks_for_no_position_name_or_picture(phone):
    page = phone()
    assert page.locator("input, textarea").evaluate_all("all => all.map(one => one.id)") == ["observer", "temperature"]
    for written in ("Ida", "Bo", "Karen", "a123"):
        page.fill("#observer", "")
        page.locator("#observer").press_sequentially(written)
        page.select_option("#place", PLACES[0])
        held = page.input_value("#observer")
        assert page.is_disabled("#start") or (written, held) == ("a123", "a12"), written
    script = (TEMPLATES / "count.js").read_text(encoding="utf-8")
    assert not re.search("geolocation|mediaDevices|fetch|XMLHttp|WebSocket|sendBeacon|capture|innerHTML", script)
    policy = page.locator("meta[http-equiv]").get_attribute("content")
    assert policy.startswith("default-src 'none'") and "connect-src" not in policy
    assert page.inner_text("#title").endswith("</script><b>")  # a name is a text


@pytest.mark.parametrize("viewport", PHONES)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_everybody_can_use_it(phone, viewport, lang):
    page = phone(viewport)
    tap(page, f"lang-{lang}")
    assert page.evaluate("document.documentElement.lang") == lang

    def looks_right():
        assert axe(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"]
        sizes = page.locator("button, select, input").evaluate_all(
            "all => all.map(one => { const box = one.getBoundingClientRect(); return [box.width, box.height]; })"
        )
        assert min(min(size) for size in sizes) >= 44  # a thumb
        assert "undefined" not in page.inner_text("body")

    looks_right()
    begin(page)
    tap(page, "add")
    looks_right()
    assert page.evaluate("document.activeElement.id") == "add"  # the keyboard stays where it was
    assert page.inner_text("#said") == texts(lang)["fieldkit"]["page"]["so_many"].format(n=1)
    tap(page, "finish")
    looks_right()
    page.on("dialog", lambda dialog: dialog.accept())
    with page.expect_download():
        tap(page, "save")
    looks_right()
    tap(page, "clear")
    assert page.is_disabled("#save") and page.locator("#clear").count() == 0
