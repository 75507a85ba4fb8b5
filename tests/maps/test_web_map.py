import json
import re
import time
from dataclasses import replace
from html.parser import HTMLParser

import folium
import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from spatial.core.errors import ConfigError
from spatial.maps.style import RAMP, RELATIVE_RAMP
from spatial.maps.web import page as web_page
from spatial.maps.web.geometry import UNITS_PER_DEGREE, Projector, embed, significant
from spatial.maps.web.payload import payload
from tests import pictures
from tests.maps import fixtures

SIZE_LIMIT_BYTES = 1_000_000
LARGEST_BYTES = 6_000_000
VIEW = {"width": 1280, "height": 900}
MAP = "map_faellesrum"
# Of vertices: what one step of drawing handles, and the largest shape that it may not divide.
LARGEST_STEP, LARGEST_SHAPE = 2000, 200


@pytest.fixture(scope="module")
def result():
    return fixtures.synthetic()


@pytest.fixture(scope="module")
def html(result):
    return web_page.build_map(result).get_root().render()


class Addresses(HTMLParser):
    """What a browser would fetch, and the scripts that it would run."""

    def __init__(self):
        super().__init__()
        self.found, self.handlers, self.policy = [], [], None

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name in ("src", "srcset", "data") or (name == "href" and tag not in ("a", "use")):
                self.found.append(value)
            if name.startswith("on"):
                self.handlers.append((tag, name))
        if dict(attrs).get("http-equiv") == "Content-Security-Policy":
            self.policy = dict(attrs)["content"]


def decoded(coded, origin):
    steps = np.array(coded["d"]).reshape(-1, 2).cumsum(axis=0) + origin
    return np.split(steps / UNITS_PER_DEGREE, np.cumsum(coded["n"])[:-1])


def test_is_a_folium_map_with_nothing_to_fetch(result, html):
    assert isinstance(web_page.build_map(result), folium.Map)
    page = Addresses()
    page.feed(html)
    assert [address for address in page.found if not address.startswith("data:")] == []
    assert page.handlers == []
    assert page.policy.startswith("default-src 'none'")
    assert "@import" not in html
    assert not re.search(r"url\((?!data:|#)", html)
    assert "sourceMappingURL" not in html
    assert folium.Map.default_js and folium.Map.default_css, "the class of folium is left as it was"


def test_two_renders_differ_only_in_the_time_of_making(result, html):
    assert web_page.build_map(fixtures.synthetic()).get_root().render() == html
    model = web_page.build_map(result)
    assert model.get_root().render() == model.get_root().render()
    later = replace(result, manifest={**result.manifest, "made_at": "2027-01-01T00:00:00+00:00"})
    text = web_page.build_map(later).get_root().render()
    assert text != html
    assert text.replace("2027-01-01T00:00:00+00:00", result.manifest["made_at"]) == html


def test_hostile_names_stay_data(html):
    assert fixtures.HOSTILE not in html
    assert "<img" not in html.replace(r"\u003cimg", "").partition("faellesrum-data")[2]
    assert r"\u003c/script\u003e\u003cimg src=x" in html


@pytest.mark.parametrize("text", ["</script>", "<!--", "a & b", "\u2028\u2029", "Ærø “x”"])
def test_embedded_json_says_the_same_without_dangerous_letters(text):
    coded = embed({"name": text})
    assert json.loads(coded) == {"name": text}
    assert not set(coded) & set("<>&\u2028\u2029")


def test_geometry_comes_back_to_the_decimetre():
    outer = shapely.Polygon(fixtures.CENTRE + np.array([(0, 0), (0, 40), (60, 40), (60, 0)]))
    hole = shapely.Polygon(fixtures.CENTRE + np.array([(10, 10), (20, 10), (20, 20), (10, 20)]))
    line = shapely.LineString(fixtures.CENTRE + np.array([(0, 0), (0, 100), (50, 100)]))
    projector = Projector(fixtures.ETRS89_UTM32, outer.centroid)
    areas = projector.areas(np.array([outer - hole, shapely.box(*hole.bounds)]))
    lines = projector.lines(np.array([line, shapely.MultiLineString([line])]))
    assert areas["n"] == [4, 4, 4], "shell, hole, and the other polygon, each without its closing vertex"
    assert lines["n"] == [3, 3]
    shells = [shapely.Polygon(ring) for ring in decoded(areas, projector.origin)]
    back = gpd.GeoSeries(shells, crs=4326).to_crs(fixtures.ETRS89_UTM32)
    for found, meant in zip(back, (outer, hole, hole), strict=True):
        assert shapely.hausdorff_distance(found, meant) < 0.1
    assert [ring.exterior.is_ccw for ring in shells] == [True, False, True]


def test_features_keep_their_rings_apart():
    shapes = [
        shapely.box(0, 0, 9, 9),
        shapely.MultiPolygon([shapely.box(20, 0, 29, 9), shapely.box(40, 0, 49, 9)]),
    ]
    moved = [shapely.transform(shape, lambda xy: xy + fixtures.CENTRE) for shape in shapes]
    coded = Projector(fixtures.ETRS89_UTM32, moved[0].centroid).features(moved)
    assert (coded["rings"], coded["n"]) == ([1, 2], [4, 4, 4])


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1234.6, 1230), (0.45678, 0.457), (0, 0), (-0.0123, -0.0123), (np.nan, None), (np.inf, None)],
)
def test_significant_digits(value, shown):
    assert significant([value], 3) == [shown]


def test_a_district_is_small_and_fast(result):
    large = fixtures.large()
    web_page.build_map(result).get_root().render()  # imports, templates, projection
    seconds, text = [], ""
    for _ in range(3):
        start = time.process_time()
        text = web_page.build_map(large).get_root().render()
        seconds.append(time.process_time() - start)
    assert len(text.encode()) < SIZE_LIMIT_BYTES
    assert min(seconds) < 1.0, "0.3 s on the machine this was written on"


@pytest.fixture(scope="module")
def largest():
    return fixtures.stress()


def test_two_thousand_places_and_twenty_thousand_buildings_are_six_megabytes_at_most(largest):
    assert len(largest.places) >= 2000 and len(largest.layers["buildings"]) >= 20_000
    text = web_page.build_map(largest, judged=fixtures.judged(largest)).get_root().render()
    assert len(text.encode()) < LARGEST_BYTES


def test_the_ground_is_the_same_in_whatever_order_its_rows_come(result):
    turned = {name: table.iloc[::-1] for name, table in result.layers.items()}
    assert payload(replace(result, layers=turned), "da")["base"] == payload(result, "da")["base"]


def test_empty_and_missing_tables_are_a_map_too(result):
    layers = {name: table[:0] for name, table in result.layers.items() if name != "water"}
    tables = {name: getattr(result, name)[:0] for name in ("places", "meeting_spaces", "evidence")}
    empty = replace(result, **tables, layers=layers, manifest={})
    assert "Fuglsangparken" in web_page.build_map(empty, "en").get_root().render()


def test_render_writes_whole_or_not_at_all(result, tmp_path, html):
    web_page.render_map(result, tmp_path / "map.html")
    assert (tmp_path / "map.html").read_text(encoding="utf-8") == html
    with pytest.raises(ConfigError):
        web_page.render_map(result, tmp_path / "other.html", lang="sv")
    assert [path.name for path in tmp_path.iterdir()] == ["map.html"]


# In a real browser, with the network shut


@pytest.fixture(scope="module")
def opened(browser, tmp_path_factory):
    """Open a folium map; fails at the end if anything was requested or complained of."""
    trouble = []

    def open_page(model, **options):
        path = tmp_path_factory.mktemp("map") / "map.html"
        model.save(str(path))
        page = browser.new_page(viewport=options.pop("viewport", VIEW), reduced_motion="reduce", **options)
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("dialog", lambda dialog: (trouble.append(dialog.message), dialog.dismiss()))

        def only_the_file(route):
            if route.request.url == path.as_uri() or route.request.url.startswith("data:"):
                route.continue_()
            else:
                trouble.append(route.request.url)
                route.abort()

        page.route("**/*", only_the_file)
        page.goto(path.as_uri())
        page.wait_for_selector(fixtures.READY)
        return page

    yield open_page
    assert trouble == []


@pytest.fixture(scope="module")
def page(opened, result):
    page = opened(web_page.build_map(result))
    yield page
    page.close()


def click_space(page, i):
    at = page.evaluate(
        f"""i => {{
            const m = {MAP}, s = m.faellesrum.spaces[i];
            m.setView(s.bounds.getCenter(), 18, {{animate: false}});
            const p = m.latLngToContainerPoint(s.bounds.getCenter());
            const box = m.getContainer().getBoundingClientRect();
            return [box.left + p.x, box.top + p.y];
        }}""",
        i,
    )
    page.mouse.click(*at)


@pytest.mark.browser
def test_the_map_is_painted(page):
    assert page.evaluate("typeof L") == "object"
    colours = page.evaluate(
        """() => Array.from(document.querySelectorAll('.leaflet-pane canvas')).map(c => {
            const pixels = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
            return new Set(new Uint32Array(pixels.buffer)).size; })"""
    )
    ground, *others = sorted(colours, reverse=True)
    assert ground > 10, "classes of the ground, and the shades between them"
    assert others and others[0] > 3, "the meeting spaces"


@pytest.mark.browser
@pytest.mark.parametrize(("own", "ramp"), [(True, RELATIVE_RAMP), (False, RAMP)])
def test_legend_and_fills_are_the_same_colours(page, result, own, ramp):
    page.set_checked("#fr-relative", own)
    legend = page.eval_on_selector_all(
        ".fr-class",
        """all => all.map(e =>
            [getComputedStyle(e).backgroundColor, +e.dataset.from, +e.dataset.to])""",
    )
    as_rgb = {f"rgb({int(c[1:3], 16)}, {int(c[3:5], 16)}, {int(c[5:], 16)})": c for c in ramp}
    shown = [as_rgb[colour] for colour, *_ in legend]
    assert shown == [colour for colour in ramp if colour in shown]  # of one scale, in its order
    fills = page.evaluate(
        f"""() => new Promise(done => {{ {MAP}.setZoom(18, {{animate: false}});
            requestAnimationFrame(() => requestAnimationFrame(() => done(
                {MAP}.faellesrum.spaces.map(s => s.shape.options).map(o =>
                    [o.fillColor instanceof CanvasPattern ? "hatched" : o.fillColor, o.fillOpacity])))); }})"""
    )
    assert len(fills) == len(result.meeting_spaces)
    for (fill, opacity), (_, space) in zip(fills, result.meeting_spaces.iterrows(), strict=True):
        best = space["floating"] * 100
        colours = [as_rgb[colour] for colour, low, high in legend if low <= best < high]
        assert len(colours) == (best == best)  # what has a score has its class in the legend
        assert [fill] == (["hatched"] if pd.isna(space["rank"]) else colours)
        assert opacity == 1
    best = [round(floating * 100, 1) for floating in result.meeting_spaces["floating"].dropna()]
    assert all(any(low <= each < high for each in best) for _, low, high in legend)  # and no class is empty


@pytest.mark.browser
def test_the_scale_stands_in_the_address_where_it_is_not_as_it_is_best(page):
    assert page.is_checked("#fr-relative") != ("scale=all" in page.evaluate("location.hash"))
    page.set_checked("#fr-relative", False)
    assert "scale=all" in page.evaluate("location.hash")
    assert "fra 0 (" in page.locator("#fr-legend").inner_text()
    page.set_checked("#fr-relative", True)
    assert "scale=own" in page.evaluate("location.hash")
    assert "kan ikke sammenlignes med andre kort" in page.locator("#fr-legend").inner_text()


@pytest.mark.browser
def test_list_item_shows_details(page):
    page.click(".fr-item >> nth=0")
    details = page.locator("#fr-details")
    assert details.is_visible()
    text = details.inner_text()
    for words in ("Kan man komme og gå?", "Det ved vi ikke", "Nr. 1 af"):
        assert words in text
    assert details.locator(".fr-aspect h3").all_inner_texts()[:2] == [
        "Må man være her, og er der plads?",
        "Kan man komme og gå?",
    ]
    assert details.locator(".fr-aspect").count() == 1 + 5  # conditions, then aspects
    assert details.locator("a").get_attribute("href").startswith("https://www.openstreetmap.org/way/")
    page.click(".fr-back")
    assert page.locator("#fr-overview").is_visible()


@pytest.mark.browser
def test_click_on_a_space_opens_a_popup(page):
    click_space(page, 2)
    popup = page.locator(".leaflet-popup")
    popup.wait_for()
    assert "Hundepark" in popup.inner_text()
    assert popup.locator("tr").count() == 6
    assert "ukendt" in popup.inner_text()
    page.click(".leaflet-popup .fr-link")
    assert "Hundepark" in page.locator("#fr-details h2").inner_text()
    page.click(".fr-back")


@pytest.mark.browser
def test_hostile_name_is_shown_as_text(page):
    button = page.locator(".fr-item", has_text=fixtures.HOSTILE)
    button.click()
    assert page.locator("#fr-details h2").inner_text() == fixtures.HOSTILE
    assert page.locator("img[src=x]").count() == 0
    page.click(".fr-back")


@pytest.mark.browser
def test_symbols_have_names(page):
    page.evaluate(f"{MAP}.setZoom(18, {{animate: false}})")
    names = page.eval_on_selector_all(".fr-symbol", "all => all.map(e => e.getAttribute('aria-label'))")
    assert names and all(names)


@pytest.mark.browser
def test_language_switches_without_loading(page):
    page.click("#fr-languages >> text=English")
    assert "meeting places outdoors" in page.locator("#fr-summary").inner_text()
    assert page.evaluate("document.documentElement.lang") == "en"
    page.click("#fr-languages >> text=Dansk")
    assert "i udearealerne" in page.locator("#fr-summary").inner_text()


@pytest.mark.browser
def test_layers_that_users_add_work(opened, result):
    model = web_page.build_map(result, "en")
    middle = model.location
    folium.CircleMarker(middle, radius=30, tooltip="A tip", popup=folium.Popup("<b>Hello</b> from a user")).add_to(
        model
    )
    folium.Marker([middle[0] + 0.002, middle[1]], popup="Pin").add_to(model)
    folium.Marker([middle[0] - 0.002, middle[1]], icon=folium.Icon(color="red")).add_to(model)
    folium.GeoJson(shapely.Point(middle[1], middle[0]).buffer(0.001), name="Round").add_to(model)
    folium.LayerControl().add_to(model)
    page = opened(model)
    page.evaluate(f"{MAP}.eachLayer(l => {{ if (l.getRadius && l.getRadius() === 30) l.openPopup(); }})")
    assert page.locator(".leaflet-popup b").inner_text() == "Hello"
    assert page.locator(".leaflet-marker-icon[src^='data:image/png']").count() == 2
    assert page.locator(".leaflet-control-layers").count() == 1
    page.close()


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (1024, 768), (390, 844)])
def test_nothing_runs_over_the_edge_and_the_legend_is_in_view(opened, result, width, height):
    page = opened(web_page.build_map(result), viewport={"width": width, "height": height})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator("#fr-legend").bounding_box()
    frame = page.locator("#fr-frame").bounding_box()
    assert box["x"] >= frame["x"] and box["x"] + box["width"] <= width
    assert box["y"] >= frame["y"] and box["y"] + box["height"] <= frame["y"] + frame["height"]
    page.close()


@pytest.mark.browser
def test_a_district_is_drawn_in_pieces_between_which_the_browser_paints(opened):
    """None of the steps is long: each handles some thousand vertices, and many frames pass meanwhile."""
    page = opened(web_page.build_map(fixtures.large()))
    told = page.evaluate(f"{MAP}.faellesrum.ready")
    base = payload(fixtures.large(), "da")["base"]
    vertices = sum(sum(part["n"]) for part in (base["buildings"], base["own_buildings"], *base["ways"].values()))
    assert told["steps"] >= vertices / LARGEST_STEP > 20
    assert told["most"] <= LARGEST_STEP + LARGEST_SHAPE
    assert page.locator(".fr-item").count() > 0
    pictures.keep(page, "district")
    page.close()


@pytest.mark.browser
def test_work_in_pieces_gives_way_to_the_browser(page):
    """A frame is painted between the first and the last piece of long work; a step is never divided."""
    frames, told = page.evaluate(
        """async () => {
            let frames = 0, on = true;
            const count = () => { frames += 1; if (on) { requestAnimationFrame(count); } };
            requestAnimationFrame(count);
            function* work() {
                for (let k = 0; k < 12; k++) {
                    const end = performance.now() + 20;
                    while (performance.now() < end) { /* busy */ }
                    yield k;
                }
            }
            const { done, progress } = faellesrum.runInPieces(work());
            await done;
            on = false;
            return [frames, progress];
        }"""
    )
    assert told["steps"] == 12 and told["most"] == 11
    assert told["pieces"] >= 4 and frames >= 2


@pytest.mark.browser
def test_the_largest_map_opens_without_complaint(opened, largest):
    page = opened(web_page.build_map(largest, judged=fixtures.judged(largest)))
    assert page.locator(".fr-badge").count() > 0
    pictures.keep(page, "largest")
    page.close()


@pytest.mark.browser
def test_a_view_that_somebody_chose_is_kept(opened, result):
    model = web_page.build_map(result)
    lat, lon = model.location
    folium.FitBounds([[lat + 0.01, lon + 0.01], [lat + 0.02, lon + 0.02]]).add_to(model)
    page = opened(model)
    center = page.evaluate(f"(c => [c.lat, c.lng])({MAP}.getCenter())")
    assert center == pytest.approx([lat + 0.015, lon + 0.015], abs=1e-3)
    page.close()


@pytest.mark.browser
def test_layers_that_users_add_lie_above_ours(opened, result):
    model = web_page.build_map(result)
    folium.Polygon([[p[1], p[0]] for p in _corners(result)], color="red", fill=True).add_to(model)
    page = opened(model)
    page.evaluate(f"void {MAP}.setZoom(17, {{animate: false}})")
    order = page.evaluate(
        f"""() => {{ const ours = new Set({MAP}.faellesrum.spaces.flatMap(s => [s.shape, s.dot])), found = [];
            for (let o = {MAP}.getRenderer({MAP}.faellesrum.spaces[0].shape)._drawFirst; o; o = o.next) {{
                found.push(ours.has(o.layer)); }} return found; }}"""
    )
    assert order == sorted(order, reverse=True) and not order[-1], "ours first, and the added one after them"
    page.close()


def _corners(result):
    area = gpd.GeoSeries([result.estate.boundary], crs=result.estate.crs).to_crs(4326)[0]
    return list(shapely.box(*area.bounds).exterior.coords)
