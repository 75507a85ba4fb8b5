"""My stairwell: what the page says of an address is what the files of the run say."""

import csv
import re

import pandas as pd
import pyogrio
import pytest
import shapely

import spatial
from spatial.maps.web.stairs_payload import TODAY, WALKS, Moment, encode_stairs
from spatial.places.homes import best_space_per_home
from spatial.settings.lenses import lenses
from tests.maps import fixtures
from tests.maps.test_web_page import axe

GOOD = lenses().good_score
DEEP = pytest.mark.browser


@pytest.fixture(scope="module")
def folder(demo_result, tmp_path_factory):
    out = tmp_path_factory.mktemp("stairs") / "run"
    spatial.save(demo_result, out, lang="en")
    return out


def files_say(folder, state=""):
    """From the tables of a folder: doors with their meeting spaces, the walk to each, and what ``scores.csv`` says."""
    homes = pyogrio.read_dataframe(folder / state / "places.gpkg", layer="homes").set_index("id")
    with (folder / state / "scores.csv").open(encoding="utf-8", newline="") as file:
        scores = {row["place_id"]: row for row in csv.DictReader(file) if row["status"] == "meeting space"}
    near = {}
    for door, row in homes.iterrows():
        ids, metres = ((row[name] or "").split(";") for name in ("spaces_5min", WALKS))
        pairs = zip(ids, metres, strict=True)
        near[door] = {scores[i]["name"]: (int(m), float(scores[i]["floating"])) for i, m in pairs if i in scores}
    return homes, near


def address_of(folder, door, homes):
    """An address from whose stairwell this door is the nearest of its house."""
    numbers = pyogrio.read_dataframe(folder / "places.gpkg", layer="house_numbers")
    houses = pyogrio.read_dataframe(folder / "places.gpkg", layer="buildings").set_index("id")
    house = houses.geometry[homes.building[door]]
    own = homes[homes["building"] == homes.building[door]]
    for row in numbers[shapely.distance(numbers.geometry.to_numpy(), house) < 0.5].itertuples():
        if own.distance(row.geometry).idxmin() == door:
            return f"{row.street} {row.number}"
    return None


def doors_with_addresses(folder, homes):
    found = ((door, address_of(folder, door, homes)) for door in homes.index)
    return [(door, address) for door, address in found if address]


def told(page, address):
    """What the page lists for an address: name → minutes and points."""
    page.fill("#fr-find", address)
    assert page.locator("#fr-stairs h2").inner_text() == f"From {address}"
    found = {}
    for item in page.locator("#fr-stairs .fr-near li").all():
        small = item.locator("small").inner_text()
        found[item.locator("a").inner_text()] = (
            int(re.search(r"(\d+|one) minute", small)[1].replace("one", "1")), int(re.search(r"(\d+) of 100", small)[1])
        )  # fmt: skip
    return found


@DEEP
def test_page_says_what_the_tables_say(folder, browser):
    homes, near = files_say(folder)
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto((folder / "map.html").as_uri() + "#lang=en")
    page.wait_for_selector(fixtures.READY)
    pairs = doors_with_addresses(folder, homes)[::12]
    assert len(pairs) > 8
    for door, address in pairs:
        assert told(page, address) == {
            name: (max(-(-metres // 80), 1), round(score * 100)) for name, (metres, score) in near[door].items()
        }
        good = sum(score >= GOOD for _, score in near[door].values())
        text = page.locator("#fr-stairs").inner_text()
        assert (f"{good} of them are good" if good != 1 else "One is good") in text
        if good:
            least = min(metres for metres, score in near[door].values() if score >= GOOD)
            assert re.search(rf"The nearest good one: .*, {max(-(-least // 80), 1)} minute|, one minute", text)
        else:
            assert "none is good within five minutes" in text


@DEEP
def test_address_stays_in_the_link_and_one_without_homes_is_told_so(folder, browser):
    homes, _ = files_say(folder)
    _, address = doors_with_addresses(folder, homes)[0]
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto((folder / "map.html").as_uri() + "#lang=en")
    page.wait_for_selector(fixtures.READY)
    page.fill("#fr-find", address.lower())
    page.click(f'.fr-addresses button:text-is("{address}")')
    assert page.evaluate("document.activeElement.textContent") == f"From {address}"
    page.reload()
    page.wait_for_selector(fixtures.READY)
    assert page.locator("#fr-stairs h2").inner_text() == f"From {address}"
    numbers = pyogrio.read_dataframe(folder / "places.gpkg", layer="house_numbers")
    away = numbers.iloc[int(numbers.distance(homes.union_all()).argmax())]
    page.fill("#fr-find", f"{away.street} {away.number}")
    assert "not a stairwell with homes of the estate" in page.locator("#fr-stairs").inner_text()
    page.fill("#fr-find", "")
    assert not page.locator("#fr-stairs").is_visible()


def test_walks_stand_beside_their_meeting_spaces():
    """Two spaces at 120 and 399.6 m of one door, the third too far; the second door has no way at all."""
    import geopandas as gpd
    import numpy as np

    doors = gpd.GeoDataFrame(
        {"dwellings": [1.0, 1.0], "building": "b", "inside": True}, geometry=[shapely.Point(0, 0)] * 2, crs=25832
    )
    sites = pd.DataFrame({"level": ["space"] * 3}, index=["space:b", "space:a", "space:c"])
    metres = np.array([[399.6, np.nan], [120.0, np.nan], [400.1, np.nan]])
    found = best_space_per_home(doors, sites, metres, pd.Series(0.5, index=sites.index))
    assert found["spaces_5min"].tolist() == ["space:a;space:b", ""] and found[WALKS].tolist() == ["120;400", ""]


def test_a_run_without_walks_has_no_stairwells(demo_result):
    from dataclasses import replace

    homes = demo_result.layers["homes"].drop(columns=WALKS)
    older = replace(demo_result, layers={**demo_result.layers, "homes": homes})
    assert encode_stairs([Moment(TODAY, "", older)])[0] is None


@DEEP
@pytest.mark.parametrize("size", [(390, 844), (640, 400), (1280, 900)], ids=lambda size: str(size[0]))
def test_axe_finds_no_violation_and_nothing_overflows(folder, browser, size):
    homes, _ = files_say(folder)
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, reduced_motion="reduce")
    page.goto((folder / "map.html").as_uri() + "#lang=en")
    page.wait_for_selector(fixtures.READY)
    page.fill("#fr-find", doors_with_addresses(folder, homes)[0][1])
    assert page.locator("#fr-stairs li").count() > 2
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    panel = page.locator("#fr-scroll")
    assert panel.evaluate("e => e.scrollWidth") <= panel.evaluate("e => e.clientWidth")
