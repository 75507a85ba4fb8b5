"""The page as people use it: address, fill, search, reach, keyboard, and axe-core's judgement; in a real browser."""

import getpass
import json
import re
import tempfile
from importlib.resources import files
from pathlib import Path

import geopandas as gpd
import networkx
import numpy as np
import pypdfium2
import pytest

from spatial.core.languages import texts
from spatial.maps.style import RELATIVE_RAMP
from spatial.maps.web import page as web_page
from tests.maps import fixtures

PROJECT = Path(__file__).parents[2]
MAP = "map_faellesrum"
METRES_A_MINUTE = 80.0
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
TWICE = {"width": 640, "height": 400}  # 1280 × 800 at 200 %
# WCAG 2.2 AA is what the rules of these tags test.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(scope="module")
def saved(demo_result, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "map.html"
    demo_result.map("en").save(str(path))
    return path


@pytest.fixture
def opened(browser, saved):
    """Open the page at an address; fails at the end if it asked for anything or complained."""
    trouble, pages = [], []

    def open_page(fragment="", **options):
        page = browser.new_page(viewport=options.pop("viewport", DESK), reduced_motion="reduce", **options)
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("request", lambda request: trouble.append(request.url) if asks(request.url) else None)
        page.goto(saved.as_uri() + fragment)
        page.wait_for_selector(fixtures.READY)
        pages.append(page)
        return page

    def asks(url):
        return not url.startswith(("data:", saved.as_uri()))

    yield open_page
    for page in pages:
        page.close()
    assert trouble == []


def axe(page):
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run(document, { runOnly: { type: 'tag', values: tags } })", RULES)
    assert len(found["passes"]) > 15, "axe has looked at the page"
    return [
        f"{violation['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def opened_everything(page):
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    page.wait_for_timeout(100)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESK, PHONE, TWICE], ids=["desk", "phone", "twice as large"])
def test_axe_finds_no_violation(opened, demo_result, scheme, viewport):
    page = opened(viewport=viewport, color_scheme=scheme)
    opened_everything(page)
    assert axe(page) == []
    page.evaluate(f"{MAP}.faellesrum.handlers.space(0)")
    opened_everything(page)
    assert axe(page) == []
    page.evaluate(f"{MAP}.faellesrum.handlers.by('nearest_walk')")
    page.evaluate(f"{MAP}.faellesrum.handlers.language('da')")
    opened_everything(page)
    assert axe(page) == []


def test_the_address_opens_the_same_view_again(opened):
    page = opened()
    page.click("#fr-languages >> text=Dansk")
    page.select_option("#fr-by", "mixing")
    page.fill("#fr-find", "legeplads")
    page.evaluate(f"{MAP}.faellesrum.weights.set({{ aspects: {{ openness: 2.5 }}, indicators: {{ occasion: 0 }} }})")
    page.click(".fr-item >> nth=1")
    title = page.locator("#fr-details h2").inner_text()
    page.evaluate(f"void {MAP}.setZoom(16)")
    page.keyboard.press("Shift+Tab")
    fragment = page.evaluate("location.hash")
    wanted = ("lang=da", "by=mixing", "find=legeplads", "w=openness:2.5", "i=occasion:0")
    assert all(part in fragment for part in wanted)
    again = opened(fragment)
    assert again.locator("#fr-details h2").inner_text() == title
    assert again.locator("#fr-by").input_value() == "mixing"
    assert again.evaluate("document.documentElement.lang") == "da"
    assert again.evaluate(f"{MAP}.faellesrum.weights.current") == {
        "aspects": {"openness": 2.5},
        "indicators": {"occasion": 0},
    }
    assert again.evaluate(f"{MAP}.getZoom()") == page.evaluate(f"{MAP}.getZoom()")
    again.click(".fr-back")
    assert again.locator("#fr-find").input_value() == "legeplads"


@pytest.mark.parametrize(
    "fragment",
    ["#%", "#w=openness:x,:,nothing:2,mixing:-1", "#show=space:none&by=none&lang=xx&at=1/2", "#w=openness:0"],
)
def test_a_broken_address_opens_the_page_all_the_same(opened, fragment):
    page = opened(fragment)
    assert page.locator(".fr-item").count() > 5
    assert page.locator("#fr-by").input_value() == "floating"


def test_fill_and_legend_follow_the_choice(opened, demo_result):
    page = opened()
    say = texts("en")
    for name in ("openness", "nearest_walk", "lit_share", "legal_access"):
        page.select_option("#fr-by", name)
        steps = page.eval_on_selector_all(
            ".fr-class", "all => all.map(e => [getComputedStyle(e).backgroundColor, +e.dataset.from, +e.dataset.to])"
        )
        page.evaluate(f"void {MAP}.setZoom(18, {{ animate: false }})")
        fills = page.evaluate(
            f"""() => {MAP}.faellesrum.spaces.map(s => s.shape.options.fillColor).map(c => {{
                if (c instanceof CanvasPattern) return 'hatched';
                const box = document.createElement('i'); box.style.color = c; return box.style.color; }})"""
        )
        table = demo_result.meeting_spaces
        values = table[name] * 100 if name in table else None
        if values is None:
            rows = demo_result.evidence[demo_result.evidence["indicator"] == name].set_index("place_id")
            values = rows["value"].where(rows["evidence"] != "unknown").reindex(table.index)
        for fill, value, status in zip(fills, values, table["status"], strict=True):
            if name == "openness" and status != "meeting space":
                assert fill == {"closed": "rgb(201, 198, 192)", "possible": "rgba(236, 228, 250, 0.6)"}[status]
                continue
            if np.isnan(value):
                assert fill == "hatched"
                continue
            inside = [
                c for c, low, high in steps if low - abs(low) * 5e-3 - 0.06 <= value <= high + abs(high) * 5e-3 + 0.06
            ]
            assert fill in inside, (name, value, steps)
        title = say["indicator"].get(name, say["aspect"].get(name))["title"]
        assert page.locator("#fr-by option:checked").inner_text() == title
        assert title in page.locator("#fr-list h2 >> nth=0").inner_text()


def test_search_finds_by_kind_and_by_street_and_says_how_many(opened):
    page = opened()
    page.fill("#fr-find", "ball pitch")
    names = page.locator(".fr-name").all_inner_texts()
    assert names and all("pitch" in name.lower() for name in names)
    assert page.locator("#fr-found").inner_text() == f"{len(names)} found"
    page.fill("#fr-find", "no such place")
    assert page.locator(".fr-item").count() == 0
    assert page.locator("#fr-found").inner_text() == "0 found"


@pytest.mark.parametrize("minutes", [5, 10])
def test_walks_are_as_long_as_networkx_says(opened, demo_result, minutes):
    """Metres of way within a walk of each space, worked out by another library on the tables of the result."""
    page = opened()
    for i, space in enumerate(demo_result.meeting_spaces.index[:3]):
        found = page.evaluate(
            f"([i, limit]) => {MAP}.faellesrum.reach.metres('space', i, limit)", [i, minutes * METRES_A_MINUTE]
        )
        assert found == pytest.approx(metres_of_way(demo_result, space, minutes), rel=2e-3, abs=2.0)


def metres_of_way(result, space, minutes):
    """Metres of way within a walk of a meeting space, by networkx on the tables of the result."""
    limit = minutes * METRES_A_MINUTE
    ways, entries = (result.layers[name] for name in ("walk_ways", "walk_entries"))
    places = result.places
    site = space if space in set(entries["place_id"]) else places.index[places["space_id"] == space][0]
    own = entries[entries["place_id"] == site]
    graph = networkx.MultiGraph()
    for way in ways.itertuples():
        graph.add_edge(way.start, way.end, weight=way.length_m)
    for k, entry in enumerate(own.itertuples()):
        way = ways.iloc[entry.way]
        graph.add_edge("here", ("met", k), weight=entry.leg_m)
        graph.add_edge(("met", k), way.start, weight=entry.offset_m)
        graph.add_edge(("met", k), way.end, weight=way.length_m - entry.offset_m)
    locked = {*ways["start"][ways["start_locked"]], *ways["end"][ways["end_locked"]]}
    far = networkx.single_source_dijkstra_path_length(graph, "here", limit)
    assert not locked & set(far)
    spans = {}
    for entry in own.itertuples():
        left = limit - entry.leg_m
        spans.setdefault(entry.way, []).append((entry.offset_m - left, entry.offset_m + left))
    for number, way in enumerate(ways.itertuples()):
        from_start, from_end = (limit - far.get(node, np.inf) for node in (way.start, way.end))
        spans.setdefault(number, []).extend([(0.0, from_start), (way.length_m - from_end, way.length_m)])
    lengths = ways["length_m"].to_numpy()
    return sum(covered([(max(a, 0.0), min(b, lengths[n])) for a, b in each]) for n, each in spans.items())


def covered(spans):
    length, end = 0.0, -1.0
    for a, b in sorted(span for span in spans if span[1] > span[0]):
        length += max(0.0, b - max(a, end))
        end = max(end, b)
    return length


def test_what_is_reached_and_seen_is_drawn_and_in_the_legend(opened):
    page = opened()
    assert page.locator(".fr-reached").count() == 0
    page.click(".fr-item >> nth=0")
    assert page.locator(".fr-reached li").count() == 3
    page.uncheck(".fr-overlays input >> nth=0")
    assert page.locator(".fr-reached li").count() == 1
    page.uncheck(".fr-overlays input >> nth=1")
    assert page.locator(".fr-reached").count() == 0
    page.click(".fr-back")


def test_everything_is_reached_by_keyboard(opened):
    page = opened()
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("(e => e.id || e.className || e.tagName)(document.activeElement)"))
    assert {"fr-find", "fr-item", "fr-by", "leaflet-control-zoom-in", "fr-whole"} <= reached
    page.focus(".fr-item")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.tagName") == "H2"
    page.keyboard.press("Escape")
    assert page.locator("#fr-overview").is_visible()
    assert page.evaluate("document.activeElement.className") == "fr-item"


def test_numbers_follow_the_language(opened, demo_result):
    space = demo_result.meeting_spaces.sort_values("rank").index[0]
    page = opened(f"#show={space}")
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    english = page.locator("#fr-details").inner_text()
    page.click("#fr-languages >> text=Dansk")
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    danish = page.locator("#fr-details").inner_text()
    best = str(round(demo_result.meeting_spaces["floating"][space] * 100))
    assert best in english and best in danish
    assert re.search(r"\d%", english) and re.search(r"\d %", danish) and not re.search(r"\d%", danish)
    assert "could" in english.lower() or "can become" in english
    assert "kan blive" in danish


def test_prints_map_and_list_without_controls(opened):
    page = opened()
    page.emulate_media(media="print")
    for hidden in ("#fr-search", "#fr-weights", ".leaflet-control-zoom", "#fr-languages"):
        assert page.locator(hidden).is_hidden()
    assert page.locator("#fr-legend").is_visible() and page.locator(".fr-item >> nth=0").is_visible()


def test_nothing_on_paper_is_folded_and_no_sheet_holds_a_line_alone(opened):
    page, say = opened("#lang=da"), texts("da")["map"]["about"]
    sheets = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True, print_background=True))
    said = [sheet.get_textpage().get_text_range() for sheet in sheets]
    assert 3 <= len(said) <= 4 and min(len(text) for text in said[1:]) > 300, [len(text) for text in said]
    assert say["title"] not in " ".join(said) and say["sources"] in said[-1]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_paper_is_light_and_has_the_ground(opened, scheme):
    """The colours of ground, buildings and meeting spaces are all on the sheet."""
    page = opened(color_scheme=scheme)
    sheet = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True, print_background=True))[0]
    pixels = np.asarray(sheet.render(scale=1.5).to_pil().convert("RGB")).reshape(-1, 3).astype(int)
    for colour in ("#f3f0ea", "#dcd6cc", "#c4bbad", "#cfdde3", "#e2e6d8", *RELATIVE_RAMP[2:5]):
        wanted = np.array([int(colour[k : k + 2], 16) for k in (1, 3, 5)])
        assert (np.abs(pixels - wanted).max(axis=1) <= 3).sum() > 40, colour
    assert page.locator("#fr-legend").evaluate("e => getComputedStyle(e).backgroundColor") == (
        "rgb(253, 252, 250)" if scheme == "light" else "rgb(31, 31, 30)"
    ), "the window is as it was"


def test_paper_from_a_phone_is_as_full_as_from_a_desk(opened):
    """The map goes to the right edge of the sheet, and the legend is unfolded; then the window is as it was."""
    drawn = []
    for viewport in (DESK, PHONE):
        page = opened("#lang=da", viewport=viewport)
        before = page.locator("#fr-frame").bounding_box()
        sheet = pypdfium2.PdfDocument(page.pdf(prefer_css_page_size=True, print_background=True))[0]
        grey = np.asarray(sheet.render(scale=1).to_pil().convert("L")).astype(int)
        height, width = grey.shape
        drawn.append((grey[40 : height // 3, width // 2 : -40] < 200).mean())
        text = sheet.get_textpage().get_text_range()
        assert texts("da")["map"]["legend"]["boundary"] in text
        assert page.locator("#fr-frame").bounding_box() == before
    assert min(drawn) > 0.005 and max(drawn) < 2 * min(drawn)


def test_light_and_dark_are_chosen_on_the_page(opened):
    ground = "getComputedStyle(document.documentElement).getPropertyValue('--map-ground').trim()"
    page = opened(color_scheme="light")
    page.click("#fr-theme")
    assert page.evaluate(ground) == "#383633" and "theme=dark" in page.evaluate("location.hash")
    assert page.locator("#fr-theme").inner_text() == "Light map"
    assert axe(page) == []
    again = opened(page.evaluate("location.hash"), color_scheme="light")
    assert again.evaluate(ground) == "#383633"
    again.click("#fr-theme")
    assert again.evaluate(ground) == "#f3f0ea" and "theme" not in again.evaluate("location.hash")
    dark = opened("#theme=light", color_scheme="dark")
    assert dark.evaluate(ground) == "#f3f0ea"
    ground_drawn = f"{MAP}.getPane('ground').querySelector('canvas').getContext('2d').getImageData(700, 500, 300, 300)"
    shades = [p.evaluate(f"Array.from({ground_drawn}.data).reduce((a, b) => a + b, 0)") for p in (page, dark)]
    assert shades[0] < shades[1], "what is drawn is dark as well"


def test_an_online_base_map_is_asked_for_only_on_request(browser, tmp_path):
    model = web_page.build_map(fixtures.synthetic(), "en", tiles="https://tiles.example/{z}/{x}/{y}.png")
    path = tmp_path / "tiles.html"
    model.save(str(path))
    page = browser.new_page()
    asked = []

    def answer(route):
        if route.request.url.startswith("https://tiles.example/"):
            asked.append(route.request.url)
            route.fulfill(status=204)
        else:
            route.continue_()

    page.route("**/*", answer)
    page.goto(path.as_uri())
    page.wait_for_timeout(500)
    assert asked
    refused = page.evaluate(
        "() => new Promise(done => { const i = new Image(); i.onerror = () => done(true); i.onload = () => done(false);"
        " i.src = 'https://other.example/x.png'; })"
    )
    assert refused
    page.close()


def test_nothing_can_be_asked_for_without(browser, saved):
    """The policy of the page refuses a request that the page would make."""
    page = browser.new_page()
    page.goto(saved.as_uri())
    said = page.evaluate(
        """() => new Promise(done => {
            document.addEventListener('securitypolicyviolation', e => done(e.violatedDirective));
            fetch('https://example.org/x').catch(() => {}); })"""
    )
    assert said == "connect-src"
    page.close()


def test_data_of_the_page_are_json(saved):
    html = saved.read_text(encoding="utf-8")
    start = html.index('id="faellesrum-data">') + len('id="faellesrum-data">')
    assert json.loads(html[start : html.index("</script>", start)])["reach"]["walks"]


# What residents get


def test_weights_and_lens_live_together_and_survive_each_other(opened, demo_result):
    lens = demo_result.lenses[0].id
    page = opened()
    page.evaluate(f"{MAP}.faellesrum.weights.set({{aspects: {{openness: 3}}, indicators: {{}}}})")
    page.select_option("#fr-lens-choice", lens)
    address = page.evaluate("location.hash")
    assert f"lens={lens}" in address and "openness:3" in address
    listed = page.locator(".fr-item").all_inner_texts()
    page.select_option("#fr-lens-choice", "")
    assert "openness:3" in page.evaluate("location.hash") and "lens" not in page.evaluate("location.hash")
    assert opened(address).locator(".fr-item").all_inner_texts() == listed
    page.select_option("#fr-lens-choice", lens)
    page.click("#fr-weights-note button")
    assert f"lens={lens}" in page.evaluate("location.hash") and "w=" not in page.evaluate("location.hash")


def test_search_finds_addresses_and_shows_them(opened, demo_result):
    table = demo_result.layers["house_numbers"]
    street = "Hufeisenstraße"
    numbers = table.loc[table["street"] == street, "number"].tolist()
    page = opened()
    page.fill("#fr-find", f"hufeisen {numbers[0]}")
    (first, *_) = found = page.locator(".fr-addresses button").all_inner_texts()
    assert first == f"{street} {numbers[0]}" and all(text.startswith(f"{street} {numbers[0]}") for text in found)
    page.click(".fr-addresses button >> nth=0")
    point = table[(table["street"] == street) & (table["number"] == numbers[0])].to_crs(4326).geometry.iloc[0]
    centre = page.evaluate(f"{MAP}.getCenter()")
    assert (centre["lng"], centre["lat"]) == pytest.approx((point.x, point.y), abs=1e-4)
    assert page.locator(".leaflet-popup-content").inner_text() == first


def test_on_a_phone_the_legend_is_folded_and_what_is_chosen_is_on_top(opened):
    page = opened(viewport=PHONE)
    assert page.locator("#fr-legend .fr-class").first.is_visible() and not page.locator("#fr-by").is_visible()
    frame, legend = (page.locator(name).bounding_box() for name in ("#fr-frame", "#fr-legend"))
    assert legend["height"] < frame["height"] / 4
    say = texts("en")
    assert page.locator("#fr-legend .fr-caption").inner_text() == say["map"]["legend"]["folded"].format(
        title=say["aspect"]["floating"]["title"]
    )
    page.evaluate(f"{MAP}.faellesrum.handlers.space(0)")
    panel, title = page.locator("#fr-panel").bounding_box(), page.locator("#fr-details > h2").bounding_box()
    assert title["y"] - panel["y"] < 80
    page.click(".fr-back")
    assert page.locator("h1").is_visible()


def test_at_twice_the_size_the_map_is_not_covered(opened, demo_result):
    """1280 × 800 at 200 % is a window of 640 × 400."""
    page = opened(viewport={"width": 640, "height": 400})
    frame, legend = (page.locator(name).bounding_box() for name in ("#fr-frame", "#fr-legend"))
    assert legend["height"] < frame["height"] / 4
    south, west = (
        gpd.GeoSeries([demo_result.estate.boundary], crs=demo_result.estate.crs).to_crs(4326).total_bounds[[1, 0]]
    )
    lowest = page.evaluate(f"{MAP}.latLngToContainerPoint([{south}, {west}]).y")
    assert frame["y"] + lowest <= legend["y"]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_paper_has_every_number_and_the_whole_list(opened, demo_result):
    page = opened()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    ranked = demo_result.meeting_spaces["rank"].dropna().astype(int).tolist()
    badges = page.locator(".leaflet-marker-icon.fr-badge").all_inner_texts()
    assert sorted(map(int, badges)) == sorted(ranked)
    assert page.locator(".fr-item").count() == len(demo_result.meeting_spaces)
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator(".leaflet-marker-icon.fr-badge").count() <= 10
    assert page.locator(".fr-item").count() < len(demo_result.meeting_spaces)


def test_what_residents_get_names_no_path_user_or_folder_and_gives_no_advice_to_technicians(saved):
    text = saved.read_text(encoding="utf-8")
    folders = {str(PROJECT), str(Path.home()), tempfile.gettempdir(), getpass.getuser() + "/"}
    assert not [folder for folder in folders if len(folder) > 4 and folder in text]
    assert not re.findall(r"faellesrum doctor|osmium extract|--osm|reitbahnviertel[.]osm", text)
