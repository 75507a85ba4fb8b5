"""An atlas of areas in a real browser, made from a batch of four; what it says of each is what its tables hold."""

import json
import shutil

import pandas as pd
import pytest
from click.testing import CliRunner

from spatial.cli.main import cli
from spatial.core.errors import InputError
from spatial.core.languages import texts
from spatial.reports import atlas
from tests.batch.test_areas import areas_file, done
from tests.maps.test_web_page import DESK, PHONE, axe

FIRST_VIEW_BYTES = 2_000_000


@pytest.fixture(scope="module")
def batch(demo_data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("atlas")
    ran = done(demo_data, areas_file(demo_data, folder / "areas.gpkg"), folder / "out")
    assert ran.code == 0, ran.err
    return folder / "out"


@pytest.fixture(scope="module")
def pages(batch):
    out = batch.parent / "atlas"
    ran = CliRunner().invoke(cli, ["atlas", str(batch), "--out", str(out), "--lang", "en"])
    assert ran.exit_code == 0 and str(out / atlas.INDEX) in ran.output
    return out


@pytest.fixture
def opened(pages, browser):
    """Opens a page of the folder; nothing is asked of anybody, and nothing goes wrong."""
    page, asked, errors = browser.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text))
    page.goto((pages / atlas.INDEX).as_uri())
    page.wait_for_selector("html[data-ready=true]")
    yield page
    assert errors == []
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    page.close()


def test_areas_stand_in_alphabetical_order_and_are_not_ranked(opened):
    names = [item.split("\n")[0] for item in opened.locator("#areas li").all_inner_texts()]
    assert names == ["Corner", "East", "Midt", "West"]
    assert "of 100" not in opened.inner_text("body")


def test_a_search_leaves_what_fits_and_leads_to_its_page(opened, batch):
    opened.fill("#sought", "  WÉST")
    assert opened.locator("#areas li:visible").all_inner_texts()[0].startswith("West")
    assert opened.inner_text("#found") == texts("en")["atlas"]["found"].format(n=1)
    opened.locator("#areas a:visible").click()
    scores = pd.read_csv(batch / "scores" / "area=west" / "scores.csv")
    ranked = scores[(scores["place_id"] == scores["space_id"]) & scores["rank"].notna()].sort_values("rank")
    assert len(ranked) > 2
    assert opened.locator("tbody th").all_inner_texts() == list(ranked["name"])
    first = ranked.iloc[0]
    assert opened.locator("tbody tr").first.inner_text().split("\t")[-1] == (
        f"{100 * first['floating_low']:.0f}–{100 * first['floating_high']:.0f}"
    )
    numbers = opened.locator("figure svg text").all_text_contents()
    assert {str(rank) for rank in ranked["rank"].astype(int)} <= set(numbers)


def shown_names(page):
    """Names on the map that can be seen, with their boxes."""
    found = page.locator(".leaflet-tooltip").all()
    return {one.inner_text(): one.bounding_box() for one in found if one.is_visible()}


def test_few_areas_are_named_on_the_map_and_no_name_covers_another(opened):
    names = shown_names(opened)
    assert "Corner" in names and set(names) <= {"Corner", "East", "Midt", "West"}
    boxes = list(names.values())
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            assert a["x"] >= b["x"] + b["width"] or b["x"] >= a["x"] + a["width"] \
                or a["y"] >= b["y"] + b["height"] or b["y"] >= a["y"] + a["height"]  # fmt: skip
    opened.fill("#sought", "west")
    assert set(shown_names(opened)) == {"West"}


@pytest.mark.browser
@pytest.mark.parametrize("viewport", [PHONE, DESK])
def test_axe_finds_no_violation_and_nothing_is_wider_than_the_screen(opened, pages, viewport):
    opened.set_viewport_size(viewport)
    for name in (atlas.INDEX, "areas/midt.html"):
        opened.goto((pages / name).as_uri())
        assert axe(opened) == []
        assert opened.evaluate("document.documentElement.scrollWidth") <= viewport["width"]


def test_a_country_of_areas_is_within_the_first_view(batch, pages, tmp_path):
    """Seven thousand rows of the list, from what one more row adds."""
    size = (pages / atlas.INDEX).stat().st_size
    shutil.copytree(batch, tmp_path / "more")
    table = pd.read_csv(tmp_path / "more" / "areas.csv")
    row = table[table["area"] == "west"]
    more = [row.assign(name=f"Vestergårdsparken, afdeling {i}", municipality="Høje-Taastrup") for i in range(100)]
    pd.concat([table, *more]).to_csv(tmp_path / "more" / "areas.csv", index=False)
    (tmp_path / "out").mkdir()
    assert atlas.render_atlas(tmp_path / "more", tmp_path / "out") == 104
    grown = (tmp_path / "out" / atlas.INDEX).stat().st_size - size
    assert size + 70 * grown < FIRST_VIEW_BYTES


def test_maps_of_the_batch_are_taken_along(batch, tmp_path):
    shutil.copytree(batch, tmp_path / "with")
    (tmp_path / "with" / "maps" / "west").mkdir(parents=True)
    (tmp_path / "with" / "maps" / "west" / "map.html").write_text("a map")
    (tmp_path / "out").mkdir()
    atlas.render_atlas(tmp_path / "with", tmp_path / "out")
    assert (tmp_path / "out" / "areas" / "west.map.html").read_text() == "a map"
    assert 'href="west.map.html"' in (tmp_path / "out" / "areas" / "west.html").read_text(encoding="utf-8")
    assert "map.html" not in (tmp_path / "out" / "areas" / "east.html").read_text(encoding="utf-8")


def test_what_is_no_finished_batch_is_said_in_a_line(batch, tmp_path):
    with pytest.raises(InputError, match="holds no finished batch"):
        atlas.render_atlas(tmp_path, tmp_path / "out")
    shutil.copytree(batch, tmp_path / "old")
    (tmp_path / "old" / "drawings" / "area=west" / "map.svg").unlink()
    (tmp_path / "pages").mkdir()
    with pytest.raises(InputError, match="west"):
        atlas.render_atlas(tmp_path / "old", tmp_path / "pages")


def test_an_area_that_could_not_be_done_is_listed_with_its_reason(batch, tmp_path):
    shutil.copytree(batch, tmp_path / "one")
    table = pd.read_csv(tmp_path / "one" / "areas.csv", dtype={"error": "string"})
    table.loc[table["area"] == "east", ["status", "error"]] = ["failed", "<b>no ground</b>"]
    table.to_csv(tmp_path / "one" / "areas.csv", index=False)
    (tmp_path / "out").mkdir()
    atlas.render_atlas(tmp_path / "one", tmp_path / "out")
    page = (tmp_path / "out" / atlas.INDEX).read_text(encoding="utf-8")
    assert "&lt;b&gt;no ground&lt;/b&gt;" in page and "areas/east.html" not in page
    assert not (tmp_path / "out" / "areas" / "east.html").exists()


def test_the_language_is_that_of_the_batch(batch, tmp_path):
    """Names of places are words of a language, and a batch has named them."""
    shutil.copytree(batch, tmp_path / "de")
    about = json.loads((tmp_path / "de" / "batch.json").read_text(encoding="utf-8"))
    about["settings"]["lang"] = "de"
    (tmp_path / "de" / "batch.json").write_text(json.dumps(about), encoding="utf-8")
    (tmp_path / "out").mkdir()
    atlas.render_atlas(tmp_path / "de", tmp_path / "out")
    assert '<html lang="de">' in (tmp_path / "out" / atlas.INDEX).read_text(encoding="utf-8")
