"""Before and after a plan on one page: what is encoded, and the handle between them, in a real browser."""

import numpy as np
import pypdfium2
import pytest

import spatial
from spatial.analysis import before_after
from spatial.core.model import FLOATING
from spatial.maps.web import page as web_page
from spatial.maps.web import plan_payload
from spatial.maps.web.geometry import Projector
from spatial.maps.web.payload import base_map, payload
from spatial.plans import comparison
from spatial.plans.home_changes import seen_through
from tests import pictures
from tests.maps import fixtures, payload_types
from tests.maps.test_web_page import DESK, PHONE, axe, opened_everything

MAP = "map_faellesrum"
CHANGES = """
[[edit]]
remove = "osm:way/93691023"
[[edit]]
add = "bench"
at = [13.2630, 53.5699]
"""


@pytest.fixture(scope="module")
def pair(demo_result, demo_data, tmp_path_factory):
    """The demo, and the demo without the three best meeting spaces inside and one house, but with a new bench."""
    inside = demo_result.meeting_spaces[demo_result.meeting_spaces["inside"]].sort_values("rank")
    places = demo_result.places.index[demo_result.places["space_id"].isin(inside.index[:3])]
    plan = tmp_path_factory.mktemp("plan") / "plan.toml"
    gone = "".join(f'[[edit]]\nremove = "{place}"\n' for place in places)
    plan.write_text(f'name = "Plan B"\n{gone}{CHANGES}', encoding="utf-8")
    estate = spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson")
    return demo_result, spatial.analyse(estate, osm=demo_data / "reitbahnviertel.osm.pbf", plan=plan)


@pytest.fixture(scope="module")
def drawn(pair):
    today, after = pair
    return before_after.for_map(after, today)


@pytest.fixture(scope="module")
def data(drawn):
    after, options = drawn
    return payload(after, "en", options["judged"], options["lenses"], plan=options["plan"])


def test_the_page_is_told_what_its_scripts_expect(data):
    assert payload_types.faults(data) == []


def test_ground_is_written_once_where_it_is_the_same(pair, data):
    before, after = pair
    parts = plan_payload.parted(before, after)
    for layer in plan_payload.DRAWN_BY:
        same, own = (parts[when].get(layer) for when in ("same", "after"))
        assert len(same) + len(own) == len(after.layers[layer]), "all that is there after, and nothing twice"
        assert len(same) + len(parts["before"][layer]) == len(before.layers[layer])
    assert list(parts["before"]["buildings"].index) == ["osm:way/93691023"]
    assert not len(parts["after"]["buildings"])
    whole = base_map(after.layers, after.estate, Projector(after.estate.crs, after.estate.boundary.centroid))
    both = [data["base"]["own_buildings"]["n"], data["plan"]["ground"]["after"]["own_buildings"]["n"]]
    assert sum(map(len, both)) == len(whole["own_buildings"]["n"])


def test_both_sides_are_judged_by_the_rubric_of_the_first(pair, drawn, data):
    before, after = pair
    alike = drawn[0]
    assert alike.rubric == before.rubric
    found = comparison.compare(before, after).spaces.dropna(subset=["after_id"])
    for _, row in found.iterrows():
        assert alike.meeting_spaces[FLOATING][row["after_id"]] == pytest.approx(row[f"{FLOATING}_after"], abs=1e-12)
    shown = data["plan"]["before"]["spaces"]["scores"][FLOATING][1]
    assert shown == pytest.approx((before.meeting_spaces[FLOATING] * 1000).round(2).tolist())


def test_changes_point_at_the_two_tables(pair, data):
    before, _ = pair
    states = {change["state"] for change in data["plan"]["changes"]}
    assert {"lost", "new"} <= states
    for change in data["plan"]["changes"]:
        assert (change["before"] is None) == (change["state"] == "new")
        assert (change["after"] is None) == (change["state"] == "lost")
        if change["before"] is not None:
            score = before.meeting_spaces[FLOATING].iloc[change["before"]]
            assert change["scores"][0] == round(score * 100)


def test_homes_are_told_by_building_and_never_by_door(pair, data):
    """Through the lens by which most homes lose."""
    found = seen_through(comparison.compare(*pair).homes, data["plan"]["worst_off_as"])
    moved = found[found["state"].isin(("winning", "losing"))]
    homes = data["plan"]["homes"]
    assert len(moved) and len(homes["dwellings"]) == len(moved.groupby(["building", "state"]))
    assert sum(homes["dwellings"]) == pytest.approx(moved["dwellings"].sum(), abs=len(moved))
    for was, then in zip(homes["before"], homes["after"], strict=True):
        assert was != then
    points = np.array(homes["at"]).reshape(-1, 2)
    doors = Projector(pair[0].estate.crs, pair[0].estate.boundary.centroid).points(moved.geometry.to_numpy())
    several = moved.groupby(["building", "state"]).size()
    if (several > 1).all():
        assert not set(map(tuple, points.tolist())) & set(map(tuple, np.array(doors).reshape(-1, 2).tolist()))


def test_the_page_of_a_plan_is_small(drawn):
    after, options = drawn
    assert len(web_page.build_map(after, **options).get_root().render().encode()) < 3_000_000


# In a real browser


@pytest.fixture(scope="module")
def saved(drawn, tmp_path_factory):
    path = tmp_path_factory.mktemp("swipe") / "map.html"
    after, options = drawn
    web_page.render_map(after, path, lang="en", **options)
    return path


@pytest.fixture
def opened(browser, saved):
    trouble, pages = [], []

    def open_page(fragment="", viewport=DESK, **options):
        page = browser.new_page(viewport=viewport, reduced_motion="reduce", **options)
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.goto(saved.as_uri() + fragment)
        page.wait_for_selector(fixtures.READY)
        pages.append(page)
        return page

    yield open_page
    for page in pages:
        page.close()
    assert trouble == []


def handle(page):
    return page.locator("#fr-swipe")


def visible_width(page, pane):
    """Pixels of the map that a pane may draw on: its clip, in the width of the window."""
    return page.evaluate(
        f"""name => {{ const x = {MAP}.getPane(name).style.clipPath.match(/-?[\\d.]+px/g).map(parseFloat);
            return Math.max(...x.filter((_, k) => k % 2 === 0)) - Math.min(...x.filter((_, k) => k % 2 === 0)); }}""",
        pane,
    )


@pytest.mark.browser
@pytest.mark.parametrize("viewport", [DESK, {"width": 390, "height": 800}], ids=["desk", "phone"])
def test_the_handle_starts_on_the_plan_and_nothing_lies_on_it(opened, drawn, viewport):
    page = opened(viewport=viewport)
    changed = drawn[1]["plan"].items.to_crs(4326).geometry
    west, _, east, _ = changed.total_bounds
    left, right = (page.evaluate(f"{MAP}.latLngToContainerPoint([53.56, {lon}]).x") for lon in (west, east))
    at = int(handle(page).get_attribute("aria-valuenow")) / 100 * page.evaluate(f"{MAP}.getSize().x")
    assert left <= at <= right
    assert "swipe" not in page.evaluate("location.hash")
    assert page.locator(".fr-see [aria-pressed=true]").inner_text() == "Both"
    on_top = """() => { const box = document.querySelector('.fr-grip').getBoundingClientRect();
        const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
        return Boolean(top.closest('#fr-swipe')); }"""
    assert page.evaluate(on_top)


@pytest.mark.browser
def test_the_handle_is_moved_by_keyboard_and_says_so(opened):
    page = opened()
    width = page.evaluate(f"{MAP}.getSize().x")
    handle(page).focus()
    page.click(".fr-see >> text=Both")
    assert handle(page).get_attribute("aria-valuenow") == "50"
    handle(page).focus()
    for key, share in (("ArrowRight", 52), ("ArrowLeft", 50), ("PageUp", 60), ("Home", 0), ("End", 100)):
        page.keyboard.press(key)
        assert handle(page).get_attribute("aria-valuenow") == str(share)
        for when, part in (("before", share), ("after", 100 - share)):
            for pane in ("ground", "spaces", "marks", "things", "names", "outlines"):
                assert visible_width(page, f"{pane}-{when}") == pytest.approx(width * part / 100, abs=1)
    assert handle(page).get_attribute("aria-valuetext") == "All of the map shows the area before the plan"
    assert "swipe=100" in page.evaluate("location.hash")
    assert page.locator(".fr-see [aria-pressed=true]").inner_text() == "Before"
    page.click(".fr-see >> text=After")
    assert handle(page).get_attribute("aria-valuenow") == "0"


@pytest.mark.browser
def test_the_handle_is_dragged(opened):
    page = opened()
    frame = page.locator("#fr-frame").bounding_box()
    grip = page.locator(".fr-grip").bounding_box()
    page.mouse.move(grip["x"] + 20, grip["y"] + 20)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] * 0.25, grip["y"] + 20, steps=4)
    assert handle(page).get_attribute("aria-valuenow") == "25"
    assert "swipe" not in page.evaluate("location.hash"), "only when it is let go"
    page.mouse.up()
    assert "swipe=25" in page.evaluate("location.hash")


@pytest.mark.browser
def test_what_goes_comes_and_changes_is_told_by_signs(opened, data):
    page = opened("#swipe=100&at=16/53.5694/13.2640")
    signs = lambda: set(page.locator(".fr-badge.fr-sign").all_inner_texts())  # noqa: E731
    assert "✕" in signs() and "+" in signs()
    legend = page.locator("#fr-legend").inner_text()
    for words in ("disappears", "New meeting place", "Demolished or taken away"):
        assert words in legend
    lines = page.locator("#fr-plan .fr-change").all_inner_texts()
    assert len(lines) == len(data["plan"]["changes"])
    assert any("Disappears: " in line for line in lines) and any("New: " in line for line in lines)
    pictures.keep(page, "plan")


@pytest.mark.browser
def test_what_disappears_is_explained_as_it_is_today(opened, pair):
    page = opened()
    page.click(".fr-change >> nth=0")
    note = page.locator("#fr-details .fr-note").inner_text()
    assert note.startswith("Disappears: ")
    assert "show=before:space:" in page.evaluate("location.hash")
    again = opened(page.evaluate("location.hash"))
    assert again.locator("#fr-details .fr-note").inner_text() == note
    assert page.evaluate(f"{MAP}.faellesrum.plan.share") > 0.5, "the handle shows what was there before"
    page.keyboard.press("Escape")
    assert page.locator("#fr-overview").is_visible()


@pytest.mark.browser
def test_weights_and_lenses_move_both_sides(opened, pair):
    page = opened()
    before = pair[0]
    weights = {"aspects": {"mixing": 3.0, "openness": 0.0}, "indicators": {}}
    page.evaluate(f"w => {MAP}.faellesrum.weights.set(w)", weights)
    wanted = before.rescore(aspects=weights["aspects"], ranges=False).meeting_spaces[FLOATING] * 1000
    found = page.evaluate(f"{MAP}.faellesrum.sides.before.data.spaces.scores.floating[1]")
    assert found == pytest.approx(wanted.tolist(), abs=1e-3)
    lens = before.lenses[0]
    page.evaluate(f"id => {{ {MAP}.faellesrum.weights.set(null); {MAP}.faellesrum.weights.look(id); }}", lens.id)
    found = page.evaluate(f"{MAP}.faellesrum.sides.before.data.spaces.scores.floating[1]")
    seen = lens.meeting_spaces.loc[before.meeting_spaces.index, FLOATING] * 1000
    assert found == pytest.approx(seen.tolist(), abs=1e-3)


@pytest.mark.browser
def test_homes_can_be_put_away(opened):
    page = opened()
    page.uncheck("#fr-plan input[type=checkbox]")
    assert "off=homes" in page.evaluate("location.hash")
    assert page.locator(".fr-key-homes").count() == 0
    assert opened("#off=homes").locator(".fr-key-homes").count() == 0


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_axe_finds_no_violation(opened, scheme, viewport):
    page = opened(viewport=viewport, color_scheme=scheme)
    opened_everything(page)
    assert axe(page) == []
    page.click(".fr-change >> nth=0")
    opened_everything(page)
    # A symbol that happens to lie beneath the handle is reached by moving the handle, and from the list.
    page.evaluate("document.getElementById('fr-swipe').style.visibility = 'hidden'")
    assert axe(page) == []


@pytest.mark.browser
def test_nothing_runs_over_the_edge_of_a_phone(opened):
    page = opened(viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    for part in (".fr-grip", ".fr-side-before", ".fr-side-after"):
        box = page.locator(part).bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"]
    assert page.locator(".fr-grip").bounding_box()["y"] + 40 < page.locator("#fr-legend").bounding_box()["y"]
    pictures.keep(page, "plan-phone")


@pytest.mark.browser
def test_paper_shows_what_comes_after_and_says_so(opened, saved):
    page = opened("#swipe=80", color_scheme="dark")
    paper = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True, print_background=True))
    words = "".join(sheet.get_textpage().get_text_range() for sheet in paper)
    assert "On paper the map shows the area after the plan." in " ".join(words.split())
    assert handle(page).get_attribute("aria-valuenow") == "80", "the window is as it was"
