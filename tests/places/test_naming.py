"""Names: each its own, the same whoever tells it, in whichever order things come; short, and what a Dane would say."""

import csv
import string
from dataclasses import replace

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

import spatial
from spatial.core.model import Estate, Features, RawData, Result, Rubric
from spatial.layers.house_numbers import house_numbers
from spatial.places.naming import MOST_LETTERS, kinds_beside_names, kinds_text, names_of
from spatial.places.whereabouts import whereabouts

UTM = CRS.from_epsg(25832)
KINDS = ("bench", "playground", "pitch", "table", "square")
BEYOND_THE_CUT = 16  # letters of ", nordvest" or " (abc)"


def places_at(rows):
    """Places by (name, kind, space, x, y)."""
    names, kinds, spaces, xs, ys = zip(*rows, strict=True) if rows else ((),) * 5
    columns = {"name": list(names), "kind": list(kinds), "space_id": [f"space:{one}" for one in spaces]}
    index = [f"p{i}" for i in range(len(rows))]
    return gpd.GeoDataFrame(columns, index=index, geometry=gpd.points_from_xy(xs, ys), crs=UTM)


def result_of(rows, streets=(), houses=(), possible=()):
    """A result of places, each in the space that it names, with named streets and houses.

    Streets are (name, line), houses (street, number, x, y), possible spaces (name of the ground, x, y).
    """
    places = places_at(rows)
    groups = places.groupby("space_id", sort=True)
    columns = {
        "name": [next((n for n in part["name"] if n), None) for _, part in groups],
        "kinds": [";".join(dict.fromkeys(part["kind"])) for _, part in groups],
        "place_count": [len(part) for _, part in groups],
    }
    shapes = [shapely.union_all(part.geometry.to_numpy()).convex_hull for _, part in groups]
    spaces = gpd.GeoDataFrame(columns, index=[space for space, _ in groups], geometry=shapes, crs=UTM)
    layers = {
        "paths": gpd.GeoDataFrame(
            {"name": [name for name, _ in streets]},
            geometry=[shapely.LineString(line) for _, line in streets], crs=UTM,
        ),
        "house_numbers": gpd.GeoDataFrame(
            {"street": [one[0] for one in houses], "number": [one[1] for one in houses]},
            geometry=[shapely.Point(one[2:]) for one in houses], crs=UTM,
        ),
        "possible_spaces": gpd.GeoDataFrame(
            {"name": [name for name, *_ in possible]}, index=[f"room:{i}" for i in range(len(possible))],
            geometry=[shapely.Point(x, y) for _, x, y in possible], crs=UTM,
        ),
    }  # fmt: skip
    estate = Estate("e", "Fuglsangparken", shapely.box(0, 0, 1, 1), UTM)
    return Result(estate, places, spaces, None, layers, Rubric({}, {}), None)


def alone(*rows):
    """Rows of places by (kind, x, y), each in a space of its own."""
    return [(None, kind, i, x, y) for i, (kind, x, y) in enumerate(rows)]


STOREGADE = ("Storegade", [(0, 0), (400, 0)])
KIRKEVEJ = ("Kirkevej", [(200, 0), (200, 400)])


def test_a_thing_is_called_by_what_it_is_and_its_street():
    result = result_of(alone(("playground", 50, 10), ("bench", 5000, 5000)), [STOREGADE])
    assert list(names_of(result, "da").values())[:2] == ["Legeplads ved Storegade", "Bænk"]
    assert list(names_of(result, "en").values())[:2] == ["Playground at Storegade", "Bench"]


def test_the_main_thing_goes_first():
    result = result_of([(None, "playground", "a", 50, 10), (None, "bench", "a", 55, 10)], [STOREGADE])
    assert names_of(result, "da")["space:a"] == "Legeplads med bænk ved Storegade"
    assert names_of(result, "da")["p1"] == "Bænk ved Storegade"


def test_a_space_stands_where_its_main_thing_stands():
    rows = [(None, "playground", "a", 10, 10), (None, "bench", "a", 10, 300)]
    result = result_of(rows, [STOREGADE, ("Nygade", [(0, 310), (400, 310)])])
    assert names_of(result, "en")["space:a"] == "Playground with bench at Storegade"


def test_things_of_one_street_are_told_apart_by_the_corner_and_by_house_numbers():
    things = alone(("playground", 185, 5), ("playground", 20, 10), ("playground", 300, 10), ("bench", 390, 10))
    houses = [("Storegade", "12", 20, 30), ("Storegade", "14", 60, 30), ("Storegade", "40B", 310, 30)]
    houses += [("Kirkevej", "1", 21, 11)]  # nearer to the second, but in another street
    result = result_of(things, [STOREGADE, KIRKEVEJ], houses)
    assert [names_of(result, "da")[f"space:{i}"] for i in range(4)] == [
        "Legeplads på hjørnet af Kirkevej og Storegade",
        "Legeplads ved Storegade 12",
        "Legeplads ved Storegade 40B",
        "Bænk ved Storegade",
    ]
    assert names_of(result, "en")["space:0"] == "Playground at the corner of Kirkevej and Storegade"


def test_without_an_address_things_are_told_apart_by_their_side_then_by_letters():
    two = result_of(alone(("bench", 0, 0), ("bench", 10, 40), ("swap", 900, 0), ("swap", 800, 0)))
    names = names_of(two, "en")
    assert [names[f"space:{i}"] for i in range(4)] == [
        "Bench, south",
        "Bench, north",
        "Swap place, east",
        "Swap place, west",
    ]
    many = names_of(result_of(alone(*(("bench", 0, 0) for _ in range(60)))), "da")
    assert {many[f"space:{i}"] for i in range(60)} == {
        *(f"Bænk ({a})" for a in string.ascii_lowercase),
        *(f"Bænk (a{a})" for a in string.ascii_lowercase),
        *(f"Bænk (b{a})" for a in "abcdefgh"),
    }


def test_a_name_of_its_own_wins_and_parts_of_a_park_have_it_in_common():
    rows = [
        ("Torvet", "square", 0, 50, 5),
        ("Fælledparken", "table", 1, 0, 90),
        ("Fælledparken", "playground", 2, 90, 90),
    ]
    names = names_of(result_of(rows, [STOREGADE]), "da")
    assert [names[f"space:{i}"] for i in range(3)] == [
        "Torvet", f"Fælledparken, {kinds_text('table', 1, 'da').lower()}", "Fælledparken, legeplads",
    ]  # fmt: skip


def test_parts_of_a_park_that_are_of_one_kind_are_told_apart_by_the_street_next_to_them():
    rows = [("Fælledparken", "bench", 0, 10, 10), ("Fælledparken", "bench", 1, 210, 390)]
    names = names_of(result_of(rows, [STOREGADE, KIRKEVEJ]), "da")
    assert [names[f"space:{i}"] for i in range(2)] == [
        "Fælledparken, bænk ved Storegade", "Fælledparken, bænk ved Kirkevej",
    ]  # fmt: skip


def test_what_lies_on_named_ground_is_called_by_both():
    result = result_of(alone(("pitch", 10, 10)), [STOREGADE])
    school = result.meeting_spaces.assign(name="Søndre Skole")
    names = names_of(Result(**{**vars(result), "meeting_spaces": school}), "da")
    assert names["space:0"] == names["p0"] == "Søndre Skole, boldbane"


def test_the_only_place_of_a_space_is_called_as_the_space_and_one_with_the_own_name_too():
    rows = [(None, "bench", "a", 5, 5), ("Ekspressen", "playground", "b", 90, 5), (None, "bench", "b", 95, 5)]
    names = names_of(result_of(rows, [STOREGADE]), "da")
    assert names["p0"] == names["space:a"]
    assert names["p1"] == names["space:b"] == "Ekspressen"
    assert len(set(names.values())) == 3


def test_ground_on_which_nothing_is_mapped_has_names_too():
    result = result_of(alone(("bench", 5, 5)), [STOREGADE], possible=[(None, 50, 5), (None, 250, 5), ("Engen", 0, 90)])
    names = names_of(result, "da")
    assert names["room:0"] == "Muligt mødested ved Storegade, vest"
    assert names["room:2"] == "Engen, muligt mødested"


texts_ = st.one_of(
    st.none(), st.sampled_from(["Torvet", "Bænk (a)", "Legeplads ved Storegade", "x" * 200, "Å b " * 40])
)
rows_ = st.lists(
    st.tuples(texts_, st.sampled_from(KINDS), st.integers(0, 6), st.integers(0, 400), st.integers(0, 90)), max_size=14
)
houses_ = st.lists(
    st.tuples(st.sampled_from(["Storegade", "Kirkevej"]), st.sampled_from(["1", "2", "2B"]),
              st.integers(0, 400), st.integers(0, 90)), max_size=6,
)  # fmt: skip
possible_ = st.lists(st.tuples(texts_, st.integers(0, 400), st.integers(0, 90)), max_size=6)


@settings(max_examples=150, deadline=None)
@given(rows_, houses_, possible_, st.sampled_from(["da", "en"]))
def test_no_two_things_have_one_name_but_a_space_and_a_place_of_it(rows, houses, possible, lang):
    result = result_of(rows, [STOREGADE, KIRKEVEJ], houses, possible)
    names = names_of(result, lang)
    things = {*result.places.index, *result.meeting_spaces.index, *result.layers["possible_spaces"].index}
    assert names.keys() == things and all(names.values())
    assert max(map(len, names.values()), default=0) <= MOST_LETTERS + BEYOND_THE_CUT
    space_of = result.places["space_id"].to_dict()
    by_name = {}
    for thing, name in names.items():
        by_name.setdefault(name, []).append(thing)
    for shared in by_name.values():
        if len(shared) > 1:
            place, space = sorted(shared, key=lambda thing: thing.startswith("space:"))
            assert space_of[place] == space


@settings(max_examples=60, deadline=None)
@given(rows_, houses_, st.randoms(use_true_random=False))
def test_the_order_of_rows_moves_no_name(rows, houses, chance):
    def shuffled(table):
        order = list(range(len(table)))
        chance.shuffle(order)
        return table.iloc[order]

    result = result_of(rows, [STOREGADE, KIRKEVEJ], houses)
    turned = vars(result) | {name: shuffled(getattr(result, name)) for name in ("places", "meeting_spaces")}
    turned["layers"] = {name: shuffled(table) for name, table in result.layers.items()}
    assert names_of(Result(**turned), "da") == names_of(result, "da")


def test_kinds_that_a_name_does_not_say_stand_beside_it():
    table = result_of([("Torvet", "square", "a", 0, 0), (None, "bench", "b", 9, 9)]).meeting_spaces
    assert kinds_beside_names(table, ["Hjørnet", "Bænk ved Storegade"], "da") == ["Torv", None]


@pytest.mark.parametrize(
    ("kinds", "count", "lang", "expected"),
    [
        ("bench", 1, "da", "Bænk"),
        ("bench", 3, "da", "3 bænke"),
        ("playground;bench;shelter", 3, "da", "Legeplads med bænk og læskur"),
        ("playground;pitch;bench", 3, "en", "Playground and ball pitch with bench"),
        ("bench;drinking_water", 2, "en", "Bench with drinking water"),
    ],
)
def test_kinds_in_words(kinds, count, lang, expected):
    assert kinds_text(kinds, count, lang) == expected


def test_where_a_thing_is():
    things = np.array([shapely.Point(195, 10), shapely.Point(5, 140), shapely.Point(900, 900)])
    layers = result_of([], [STOREGADE, KIRKEVEJ], [("Storegade", "7", 190, 20)]).layers
    found = whereabouts(things, layers)
    # 5 m from Kirkevej and 10 m from Storegade; 140 m from Storegade; nothing near.
    assert [where.street for where in found] == ["Kirkevej", "Storegade", None]
    assert [where.crossing for where in found] == ["Storegade", None, None]
    assert [where.number for where in found] == [None] * 3  # that of Storegade is not in the street of the first
    assert [where.street for where in whereabouts(things, {})] == [None] * 3


def test_a_road_of_a_plan_gives_no_place_its_name():
    layers = dict(result_of([], [STOREGADE, KIRKEVEJ]).layers)
    layers["paths"] = layers["paths"].set_axis(["osm:way/1", "plan:feature 4"])
    assert [where.street for where in whereabouts(np.array([shapely.Point(195, 10)]), layers)] == ["Storegade"]


def test_house_numbers_are_points_and_houses_of_the_area_each_once():
    def features(rows):
        tags, shapes = zip(*rows, strict=True) if rows else ((), ())
        found = np.empty(len(shapes), dtype=object)
        found[:] = shapes
        return Features(np.array([f"osm:node/{i}" for i in range(len(rows))], dtype=object), tags, found)

    def address(number):
        return {"addr:street": "Storegade", "addr:housenumber": number}

    points = features(
        [
            (address("2"), shapely.Point(5, 5)),
            (address("1"), shapely.Point(4, 4)),
            (address("9"), shapely.Point(500, 5)),
            ({"addr:housenumber": "3"}, shapely.Point(6, 6)),
        ]
    )
    houses = features([(address("2"), shapely.box(0, 0, 9, 9)), (address("4"), shapely.box(10, 0, 20, 10))])
    raw = RawData(points, features([]), houses, shapely.box(0, 0, 600, 600), {}, {}, None)
    table = house_numbers(raw, shapely.box(0, 0, 100, 100), UTM)
    assert list(zip(table["street"], table["number"], strict=True)) == [("Storegade", n) for n in "124"]
    assert list(table.geometry.iloc[2].coords) == [(15, 5)]


# In every output


def test_names_are_the_same_in_every_table_of_a_run_and_when_it_is_read_again(demo_result, tmp_path_factory):
    finished_demo = tmp_path_factory.mktemp("named") / "run"
    spatial.save(demo_result, finished_demo, lang="da")
    names = names_of(demo_result, "da")
    with (finished_demo / "scores.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["place_id"]: row["name"] for row in csv.DictReader(file)}
    assert rows == {thing: names[thing] for thing in rows} and len(rows) > 20
    for layer, identity in (("places", "place_id"), ("meeting_spaces", "space_id"), ("possible_spaces", "room_id")):
        table = pyogrio.read_dataframe(finished_demo / "places.gpkg", layer=layer, read_geometry=False)
        assert dict(zip(table[identity], table["name"], strict=True)) == {i: names[i] for i in table[identity]}
    with (finished_demo / "field_checks.csv").open(encoding="utf-8", newline="") as file:
        assert all(row["name"] == names[row["place_id"]] for row in csv.DictReader(file))
    again = spatial.load(finished_demo)
    assert names_of(again, "da") == names and names_of(again, "en") == names_of(demo_result, "en")


def test_names_are_kept_with_their_result_and_no_other():
    result = result_of(alone(("bench", 10, 10)), [STOREGADE])
    names_of(result, "da").clear()  # what is given out is the caller's own
    assert names_of(result, "da")["space:0"] == "Bænk ved Storegade"
    assert names_of(result, "en")["space:0"] == "Bench at Storegade"
    called = result.meeting_spaces.assign(name="Bænken")
    assert names_of(replace(result, meeting_spaces=called), "da")["space:0"] != "Bænk ved Storegade"
    assert names_of(result, "da")["space:0"] == "Bænk ved Storegade"
