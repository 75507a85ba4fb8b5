"""The same thing in two sources becomes one, and nobody's word is lost."""

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from shapely import LineString, Point, box

from spatial.core.arrays import object_array
from spatial.core.model import CLAIM_COLUMNS, Features, Provenance, RawData
from spatial.layers import conflation
from spatial.settings.tags import tag_rules

RULES = tag_rules()
PLAY, BENCH, PARK = {"leisure": "playground"}, {"amenity": "bench"}, {"leisure": "park"}


def raw(source, *objects, complete=False):
    """Raw data of (local id, geometry, tags)."""
    layers = []
    for dimension in range(3):
        rows = [row for row in objects if shapely.get_dimensions(row[1]) == dimension]
        shapes = object_array(shape for _, shape, _ in rows)
        layers.append(
            Features(
                ids=object_array(f"{source}:{identity}" for identity, _, _ in rows),
                tags=[tags for _, _, tags in rows],
                geometry=shapes,
                node_ids=np.arange(shapely.get_num_coordinates(shapes).sum()) + 1 if dimension == 1 else None,
            )
        )
    return RawData(*layers, box(-1e4, -1e4, 1e4, 1e4), {}, {}, Provenance(source, "x", "x", "x", complete=complete))


def ids(found):
    return sorted(identity for part in (found.points, found.lines, found.areas) for identity in part.ids)


def tags_of(found, identity):
    for part in (found.points, found.lines, found.areas):
        for each, tags in zip(part.ids, part.tags, strict=True):
            if each == identity:
                return dict(tags)
    raise KeyError(identity)


def test_one_playground_in_two_sources_is_one_with_both_identities():
    osm = raw("osm", ("way/1", box(0, 0, 20, 20), PLAY | {"name": "Tårnet", "surface": "sand", "access": "private"}))
    city = raw("city", ("7", Point(25, 10), PLAY | {"name": "Tårnlegepladsen", "access": "yes", "supervised": "yes"}))
    found = conflation.conflate(osm, [city], RULES)
    assert ids(found.raw) == ["osm:way/1"]
    # The register is trusted for the right to enter and for staff; the name stays as people on the spot wrote it.
    assert tags_of(found.raw, "osm:way/1") == PLAY | {
        "name": "Tårnet", "surface": "sand", "access": "yes", "supervised": "yes",
    }  # fmt: skip
    assert found.sources["osm:way/1"] == {
        "leisure": "osm", "name": "osm", "surface": "osm", "access": "city", "supervised": "city",
    }  # fmt: skip
    assert found.same_as == {"osm:way/1": ("city:7",)}
    claims = {(row.field, row.value, row.source_id): row.used for row in found.claims.itertuples()}
    assert claims == {
        ("leisure", "playground", "osm"): True,
        ("leisure", "playground", "city"): False,
        ("name", "Tårnet", "osm"): True,
        ("name", "Tårnlegepladsen", "city"): False,
        ("surface", "sand", "osm"): True,
        ("access", "private", "osm"): False,
        ("access", "yes", "city"): True,
        ("supervised", "yes", "city"): True,
    }
    assert found.counts == ({"source_id": "city", "class": "playground", "objects": 1, "matched": 1, "added": 0},)


def test_what_only_a_register_knows_is_added_under_its_own_identity():
    osm = raw("osm", ("node/1", Point(0, 0), BENCH))
    city = raw("city", ("a", Point(3, 0), BENCH), ("b", Point(300, 0), BENCH), ("c", Point(4, 0), PLAY))
    found = conflation.conflate(osm, [city], RULES)
    assert ids(found.raw) == ["city:b", "city:c", "osm:node/1"]
    assert found.counts == (
        {"source_id": "city", "class": "bench", "objects": 2, "matched": 1, "added": 1},
        {"source_id": "city", "class": "playground", "objects": 1, "matched": 0, "added": 1},
    )
    assert set(found.claims["object_id"]) == {"osm:node/1", "city:b", "city:c"}


@pytest.mark.parametrize(
    ("mine", "theirs", "same"),
    [
        ((Point(0, 0), BENCH), (Point(7.9, 0), BENCH), True),
        ((Point(0, 0), BENCH), (Point(8.1, 0), BENCH), False),
        ((Point(0, 0), BENCH), (Point(3, 0), {"leisure": "picnic_table"}), True),  # one family: registers lump them
        ((Point(0, 0), BENCH), (Point(0, 0), PLAY), False),
        ((Point(0, 0), PLAY | {"name": "Solen"}), (Point(30, 0), PLAY | {"name": "Solen"}), True),
        # Far apart within the distance (nearness 1 - 38/40) and of quite another name: two playgrounds.
        ((Point(0, 0), PLAY | {"name": "Solen"}), (Point(38, 0), PLAY | {"name": "Ærø Kvarter"}), False),
        # Two areas: 5 of 15 m² shared; 1 of 19; a park beside a park.
        ((box(0, 0, 10, 1), PARK), (box(5, 0, 15, 1), PARK), True),
        ((box(0, 0, 10, 1), PARK), (box(9, 0, 19, 1), PARK), False),
        ((box(0, 0, 10, 1), PARK), (box(10, 0, 20, 1), PARK), False),
        ((box(0, 0, 9, 9), {"building": "yes"}), (box(1, 0, 10, 9), {"building": "yes"}), True),
        ((box(0, 0, 9, 9), {"building": "yes"}), (box(9, 0, 18, 9), {"building": "yes"}), False),  # wall to wall
    ],
)
def test_when_two_drawings_are_one_thing(mine, theirs, same):
    found = conflation.conflate(raw("osm", ("1", *mine)), [raw("city", ("1", *theirs))], RULES)
    assert ids(found.raw) == (["osm:1"] if same else ["city:1", "osm:1"])


def test_the_same_kind_goes_before_its_family():
    osm = raw("osm", ("table", Point(0, 0), {"leisure": "picnic_table"}), ("bench", Point(5, 0), BENCH))
    city = raw("city", ("x", Point(2, 0), BENCH))
    assert conflation.conflate(osm, [city], RULES).same_as == {"osm:bench": ("city:x",)}


def test_the_more_detailed_drawing_is_kept():
    osm = raw("osm", ("node/1", Point(5, 5), PLAY))
    city = raw("city", ("1", box(0, 0, 10, 10), PLAY))
    found = conflation.conflate(osm, [city], RULES)
    assert len(found.raw.points) == 0
    assert found.raw.areas.ids.tolist() == ["osm:node/1"]
    assert found.raw.areas.geometry[0].equals(box(0, 0, 10, 10))


def test_a_building_drawn_in_parts_is_not_built_twice():
    osm = raw("osm", ("way/1", box(0, 0, 40, 10), {"building": "apartments"}))
    parts = [(str(i), box(10 * i, 0, 10 * i + 10, 10), {"building": "yes"}) for i in range(4)]
    found = conflation.conflate(osm, [raw("reg", *parts, ("far", box(90, 0, 99, 9), {"building": "yes"}))], RULES)
    assert ids(found.raw) == ["osm:way/1", "reg:far"]
    assert found.counts[0] == {"source_id": "reg", "class": "building", "objects": 5, "matched": 1, "added": 1}


def test_only_buildings_that_stand_within_one_are_taken_for_its_parts():
    """Not what a building holds, nor what stands in the corner of two wings."""
    wings = shapely.Polygon([(0, 0), (40, 0), (40, 10), (10, 10), (10, 40), (0, 40)])
    osm = raw("osm", ("way/1", wings, {"building": "apartments"}))
    register = raw(
        "reg", ("kiosk", Point(5, 5), {"amenity": "cafe"}), ("yard", box(15, 15, 35, 35), {"building": "yes"})
    )
    assert ids(conflation.conflate(osm, [register], RULES).raw) == ["osm:way/1", "reg:kiosk", "reg:yard"]


def test_each_register_is_counted():
    osm = raw("osm", ("node/1", Point(0, 0), BENCH))
    registers = [raw(name, ("1", Point(at, 0), BENCH)) for name, at in (("near", 1), ("far", 500))]
    assert conflation.conflate(osm, registers, RULES).counts == (
        {"source_id": "near", "class": "bench", "objects": 1, "matched": 1, "added": 0},
        {"source_id": "far", "class": "bench", "objects": 1, "matched": 0, "added": 1},
    )


def test_areas_smaller_than_a_metre_overlap_too():
    osm = raw("osm", ("way/1", box(0, 0, 0.5, 1), {"leisure": "picnic_table"}))
    city = raw("city", ("1", box(0, 0, 0.5, 0.8), {"leisure": "picnic_table"}))
    assert conflation.conflate(osm, [city], RULES).same_as == {"osm:way/1": ("city:1",)}


def test_a_second_register_does_not_overrule_the_first():
    osm = raw("osm", ("node/1", Point(0, 0), PLAY | {"fee": "yes"}))
    first = raw("first", ("1", Point(1, 0), PLAY | {"fee": "no"}))
    second = raw("second", ("1", Point(2, 0), PLAY | {"fee": "yes", "operator": "Kommunen"}))
    found = conflation.conflate(osm, [first, second], RULES)
    assert tags_of(found.raw, "osm:node/1") == PLAY | {"fee": "no", "operator": "Kommunen"}
    assert found.same_as == {"osm:node/1": ("first:1", "second:1")}
    fee = found.claims[found.claims["field"] == "fee"]
    assert fee.set_index("source_id")["used"].to_dict() == {"osm": False, "first": True, "second": False}


def test_equal_words_keep_their_first_source():
    osm = raw("osm", ("node/1", Point(0, 0), PLAY | {"access": "yes"}))
    found = conflation.conflate(osm, [raw("city", ("1", Point(1, 0), PLAY | {"access": "yes"}))], RULES)
    assert found.sources["osm:node/1"]["access"] == "osm"


def test_a_closed_way_that_comes_as_line_and_area_is_matched_once():
    square = {"highway": "pedestrian", "area": "yes"}
    outline = LineString([(0, 0), (9, 0), (9, 9), (0, 9), (0, 0)])
    osm = raw("osm", ("way/1", outline, square), ("way/1", box(0, 0, 9, 9), square))
    found = conflation.conflate(osm, [raw("city", ("1", box(2, 0, 11, 9), {"place": "square"}))], RULES)
    assert found.same_as == {"osm:way/1": ("city:1",)}
    assert dict(found.raw.lines.tags[0]) == square
    assert found.raw.areas.tags[0]["place"] == "square"


def test_ways_keep_the_identity_of_their_nodes_and_other_lines_get_their_own():
    way = ("way/1", LineString([(0, 0), (9, 0), (9, 9)]), {"highway": "footway"})
    fence = LineString([(0, 50), (9, 50)])
    found = conflation.conflate(raw("osm", way), [raw("reg", ("1", fence, {"barrier": "fence"}))], RULES).raw.lines
    assert found.ids.tolist() == ["osm:way/1", "reg:1"]
    assert found.node_ids[:3].tolist() == [1, 2, 3]
    # The register's own numbering says nothing of the nodes of the first source.
    assert not set(found.node_ids[3:]) & set(found.node_ids[:3])


def test_every_way_has_its_own_nodes_and_every_fence_others():
    ways = [(f"way/{n}", LineString([(0, n), (9, n), (9, n + 5)]), {"highway": "footway"}) for n in (1, 2, 3)]
    fences = [(str(n), LineString([(0, 50 + n), (9, 50 + n)]), {"barrier": "fence"}) for n in range(3)]
    found = conflation.conflate(raw("osm", *ways), [raw("reg", *fences)], RULES).raw.lines
    assert found.node_ids[:9].tolist() == list(range(1, 10))
    assert len(set(found.node_ids[9:])) == 6 and (found.node_ids[9:] < 0).all()


def test_without_registers_nothing_is_touched():
    osm = raw("osm", ("node/1", Point(0, 0), BENCH))
    found = conflation.conflate(osm, [], RULES)
    assert found.raw is osm and not len(found.claims) and found.counts == ()
    assert found.sources == {} and found.same_as == {}


def test_claims_of_places_that_one_source_alone_knows():
    places = pd.DataFrame({"tags": [BENCH, PLAY | {"fee": "no"}]}, index=["osm:node/1", "osm:way/2"])
    claims = pd.DataFrame([("osm:way/2", "fee", "no", "city", "city:1", True)], columns=list(CLAIM_COLUMNS))
    found = conflation.claims_of(places, claims)
    assert found.to_numpy().tolist() == [
        ["osm:node/1", "amenity", "bench", "osm", "osm:node/1", True],
        ["osm:way/2", "fee", "no", "city", "city:1", True],
    ]


spots = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=6, unique=True)


@settings(max_examples=150, deadline=None)
@given(spots, spots, st.randoms(use_true_random=False))
def test_the_assignment_is_one_to_one_and_the_best_of_all(mine, theirs, random):
    """Against all assignments of small scenes, and whatever the order of the rows."""
    ours = [(str(i), Point(at), BENCH) for i, at in enumerate(mine)]
    others = [(str(i), Point(at), BENCH) for i, at in enumerate(theirs)]
    found = conflation.conflate(raw("osm", *ours), [raw("city", *others)], RULES)
    pairs = {(identity, same) for identity, [same] in found.same_as.items()}
    assert len({a for a, _ in pairs}) == len({b for _, b in pairs}) == len(pairs)

    def worth(i, j):
        distance = np.hypot(*np.subtract(mine[i], theirs[j]))
        return 1 - distance / 8 + 0.5 if distance < 8 else 0

    total = sum(worth(int(a.split(":")[1]), int(b.split(":")[1])) for a, b in pairs)
    size = max(len(mine), len(theirs))
    best = max(
        sum(worth(i, j) for i, j in enumerate(order) if i < len(mine) and j < len(theirs))
        for order in itertools.permutations(range(size))
    )
    assert total == pytest.approx(best)
    random.shuffle(ours)
    random.shuffle(others)
    mixed = conflation.conflate(raw("osm", *ours), [raw("city", *others)], RULES)
    assert sum(map(len, mixed.same_as.values())) == len(pairs)


def test_inputs_are_not_changed():
    tags = PLAY | {"access": "private"}
    osm, city = raw("osm", ("node/1", Point(0, 0), tags)), raw("city", ("1", box(0, 0, 1, 1), PLAY | {"access": "yes"}))
    conflation.conflate(osm, [city], RULES)
    assert tags == PLAY | {"access": "private"}
    assert_array_equal(osm.points.ids, ["osm:node/1"])


def test_absence_is_evidence_where_a_complete_register_covers():
    def covering(west, complete, *kinds):
        made = raw("x", complete=complete)
        provenance = replace(made.provenance, covers=kinds)
        return replace(made, extent=box(west, 0, west + 10, 10), provenance=provenance)

    found = conflation.absence(
        [covering(0, True, "bench", "table"), covering(10, True, "bench"), covering(90, False, "bench", "pitch")]
    )
    assert set(found) == {"bench", "table"}
    assert found["bench"].equals(box(0, 0, 20, 10)) and found["table"].equals(box(0, 0, 10, 10))
