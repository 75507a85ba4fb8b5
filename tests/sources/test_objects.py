"""Rows into objects: identities that last, one geometry type each, nothing lost without a count."""

from __future__ import annotations

from collections import Counter

import numpy as np
import shapely
from hypothesis import given
from hypothesis import strategies as st
from shapely import LineString, MultiLineString, MultiPoint, Point, Polygon

from spatial.core.arrays import object_array
from spatial.sources import features


def taken(*shapes: object) -> tuple[list[features.Thing], Counter[str], Counter[str]]:
    dropped: Counter[str] = Counter()
    repaired: Counter[str] = Counter()
    ids = [f"s:{i}" for i in range(len(shapes))]
    array = object_array(shapes)
    return features.simple(ids, [{"a": "b"}] * len(shapes), array, dropped, repaired), dropped, repaired


def test_a_multipoint_of_close_parts_is_one_thing():
    things, dropped, repaired = taken(MultiPoint([(0, 0), (6, 0)]), MultiPoint([(3, 3)]))
    assert [thing.geometry for thing in things] == [Point(3, 0), Point(3, 3)]
    assert not dropped and list(repaired.values()) == [1]


def test_a_multipoint_of_distant_parts_is_many_in_the_order_of_their_coordinates():
    things, _, repaired = taken(MultiPoint([(90, 0), (0, 0), (0, -5)]))
    assert [(thing.id, thing.geometry) for thing in things] == [
        ("s:0/1", Point(0, -5)),
        ("s:0/2", Point(0, 0)),
        ("s:0/3", Point(90, 0)),
    ]
    assert repaired == {"object of several points: taken apart": 1}


def test_lines_and_mixed_collections_are_taken_apart():
    lines = MultiLineString([[(5, 0), (6, 0)], [(0, 0), (1, 0)]])
    mixed = shapely.GeometryCollection([Point(1, 1), LineString([(0, 0), (2, 0)]), Polygon([(0, 0), (4, 0), (4, 4)])])
    things, _, repaired = taken(lines, mixed)
    assert [thing.id for thing in things] == ["s:0/1", "s:0/2", "s:1/1", "s:1/2", "s:1/3"]
    assert [thing.geometry.geom_type for thing in things] == ["LineString"] * 2 + ["Point", "LineString", "Polygon"]
    assert repaired == {"mixed geometry: taken apart": 1}


def test_areas_stay_whole_and_are_made_valid():
    two = shapely.MultiPolygon([shapely.box(0, 0, 1, 1), shapely.box(5, 5, 6, 6)])
    bow = Polygon([(0, 0), (4, 4), (4, 0), (0, 4)])  # two triangles of 4 m² each
    things, dropped, repaired = taken(two, bow, shapely.MultiPolygon([shapely.box(0, 0, 2, 1)]))
    assert [thing.geometry.area for thing in things] == [2, 8, 2]
    assert all(thing.geometry.is_valid for thing in things) and things[2].geometry.geom_type == "Polygon"
    assert not dropped and repaired == {"self-crossing area": 1}


def test_what_has_nothing_to_show_is_counted():
    flat = Polygon([(0, 0), (1, 0), (2, 0)])
    things, dropped, _ = taken(None, Point(), LineString([(1, 1), (1, 1)]), flat)
    assert things == []
    assert dropped == {"no geometry": 2, "line without length": 1, "area without extent": 1}


def test_rows_that_are_left_out_and_rows_that_come_twice():
    dropped: Counter[str] = Counter()
    repaired: Counter[str] = Counter()
    shapes = np.array([Point(0, 0), Point(0, 0), Point(9, 9)], dtype=object)
    things = features.simple(["s:1", "s:1", "s:2"], [{"a": "b"}, {"a": "b"}, None], shapes, dropped, repaired)
    assert [thing.id for thing in things] == ["s:1"] and sum(repaired.values()) == 1


def test_identities_by_field_by_content_and_by_both():
    assert features.identities("s", [7.0, "8", None], ["a", "b", "c"])[:2] == ["s:7", "s:8"]
    nameless = features.identities("s", [None, None], ["a", "b"])
    assert len(set(nameless)) == 2 and all(name.startswith("s:") for name in nameless)
    shared = features.identities("s", [7, 7, 7], ["a", "b", "a"])
    assert len(set(shared)) == 2 and all(name.startswith("s:7~") for name in shared) and shared[0] == shared[2]


@given(st.lists(st.tuples(st.integers(0, 3), st.text("ab", max_size=2)), max_size=8), st.randoms(use_true_random=False))
def test_identities_do_not_depend_on_the_order_of_rows(rows, random):
    def named(rows):
        shapes = object_array(Point(n, 0) for n, _ in rows)
        texts = features.content({"t": [text for _, text in rows]}, shapes)
        return dict(zip(rows, features.identities("s", [n or None for n, _ in rows], texts), strict=True))

    shuffled = list(rows)
    random.shuffle(shuffled)
    assert named(rows) == named(shuffled)


def test_content_tells_rows_apart_and_holds_without_columns():
    shapes = np.array([Point(0, 0), Point(0, 1), None], dtype=object)
    assert len(set(features.content({}, shapes))) == 3
    assert features.content({"b": [1.0], "a": ["x "]}, shapes[:1]) == features.content(
        {"a": ["x"], "b": [1]}, shapes[:1]
    )


def test_features_by_dimension():
    things, _, _ = taken(Point(0, 0), LineString([(0, 0), (1, 0)]), shapely.box(0, 0, 1, 1))
    counts = [len(features.features(things, dimension)) for dimension in (0, 1, 2)]
    assert counts == [1, 1, 1] and features.features(things, features.LINE).ids.tolist() == ["s:1"]
    assert len(features.features([], features.POINT)) == 0


def test_close_together_is_ten_metres_from_the_middle():
    apart, _, _ = taken(MultiPoint([(0, 0), (20.1, 0)]))
    near, _, _ = taken(MultiPoint([(0, 0), (20, 0)]))
    assert (len(apart), len(near)) == (2, 1) and features.ONE_THING_M == 10.0
