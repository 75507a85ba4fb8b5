"""Random sittings at the drawing table in a browser: what the page shows last, the command line finds by the export."""

from __future__ import annotations

import os
import random

import pytest

from tests.studio.test_sitting import BENCHES, GATE, Studio, assert_found_by_a_run, exported

pytestmark = [pytest.mark.integration, pytest.mark.browser]
# From which on, and how many.
FIRST, COUNT = map(int, os.environ.get("FAELLESRUM_BROWSER_SITTINGS", "0:20").split(":"))
ACTS = ("bench", "table", "light", "gate", "path", "undo", "undo", "redo")
EXPORTS = (("GeoPackage", "plan.gpkg"), ("GeoJSON", "plan.geojson"))
STEP = 2e-4


@pytest.fixture(scope="module")
def studio(browser, demo_data, tmp_path_factory):
    made = Studio(browser, tmp_path_factory.mktemp("studio") / "demo.sqlite", demo_data)
    yield made
    made.end()


def began(sitter, name):
    """An empty variant of its own."""
    sitter.page.click("#fr-variants button:has-text('Begynd')")
    sitter.page.fill("#fr-name", name)
    sitter.page.keyboard.press("Enter")
    sitter.page.wait_for_selector(f"#fr-variant option:checked:has-text('{name}')", state="attached")
    sitter.wait_for_look()


def answered(sitter, act):
    """Do what the server is asked by, and wait until it is taken or refused, and looked at."""
    with sitter.page.expect_response("**/api/do"):
        act()
    sitter.wait_for_look()


def done(sitter, dice, act):
    """Do something by hand; what does not fit is refused, and nothing is changed."""
    page = sitter.page
    if act in ("undo", "redo"):
        button = page.locator(f"#fr-hand-{act}")
        if button.is_enabled():
            answered(sitter, button.click)
        return
    lon, lat = dice.choice((*BENCHES, GATE))
    if act != "gate":
        lon, lat = lon + dice.uniform(-STEP, STEP), lat + dice.uniform(-STEP, STEP) / 2
    page.evaluate("([lon, lat]) => studio.map.setView([lat, lon], 19, { animate: false })", [lon, lat])
    page.click(f"[data-tool={act}]")
    if act == "path":
        sitter.point_at([lon, lat])
        sitter.point_at([lon + STEP, lat + STEP / 2])
        answered(sitter, lambda: page.click("#fr-hand-finish"))
    else:
        answered(sitter, lambda: sitter.point_at([lon, lat]))
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_what_the_page_shows_last_is_what_the_command_line_finds(seed, studio, demo_data, tmp_path):
    dice, sitter = random.Random(seed), studio.sit()
    began(sitter, f"Forsøg {seed}")
    for act in [dice.choice(ACTS) for _ in range(dice.randint(4, 9))]:
        done(sitter, dice, act)
    while not sitter.strokes():
        done(sitter, dice, "bench")
    assert sitter.wrong == []
    shown = sitter.now("look")
    name, file = EXPORTS[seed % len(EXPORTS)]
    plan = exported(sitter.page, name, tmp_path / file)
    sitter.page.close()
    assert_found_by_a_run(shown, plan, demo_data, tmp_path)
