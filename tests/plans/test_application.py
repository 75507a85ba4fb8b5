"""What a plan does to the ground, on scenes small enough to draw on paper."""

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from shapely import LineString, Point, box

from spatial.core.arrays import object_array
from spatial.core.errors import InputError
from spatial.core.model import Edit, Estate, Features, Plan, Provenance, RawData
from spatial.layers import canonical
from spatial.layers.buildings import CLEARED
from spatial.plans import application
from spatial.settings.tags import tag_rules
from tests.tables import ETRS89_UTM32

ESTATE = Estate("e", "Estate", box(0, 0, 300, 300), ETRS89_UTM32)
PATH, FLATS = {"highway": "footway"}, {"building": "apartments", "building:flats": "12"}


def features(rows, *, nodes=None):
    return Features(
        ids=object_array(row[0] for row in rows),
        tags=[dict(row[2]) for row in rows],
        geometry=object_array(row[1] for row in rows),
        node_ids=nodes,
    )


def raw(points=(), lines=(), areas=()):
    """Lines are (id, shape, tags, node ids)."""
    nodes = np.concatenate([*(row[3] for row in lines), np.empty(0, dtype=np.int64)]).astype(np.int64)
    return RawData(
        features(points), features(lines, nodes=nodes), features(areas), box(-5000, -5000, 5000, 5000), {}, {},
        Provenance("osm", "x", "x", "x"),
    )  # fmt: skip


STREET = ("osm:way/1", LineString([(0, 0), (100, 0), (200, 0)]), PATH, [1, 2, 3])
BLOCK, NEIGHBOUR = ("osm:way/10", box(20, 10, 60, 20), FLATS), ("osm:way/11", box(60, 10, 100, 20), FLATS)
DOOR, SHARED = ("osm:node/30", Point(40, 10), {"entrance": "yes"}), ("osm:node/31", Point(60, 10), {"entrance": "yes"})
PLAY = ("osm:node/40", Point(150, 50), {"leisure": "playground", "access": "private"})
GATE = ("osm:node/2", Point(100, 0), {"barrier": "gate", "access": "private"})
SCENE = raw(points=[DOOR, SHARED, PLAY, GATE], lines=[STREET], areas=[BLOCK, NEIGHBOUR])


def plan(*edits):
    return Plan("A", tuple(edits))


def edit(action, layer, target=None, *, name="row 1", **more):
    return Edit(feature=name, action=action, layer=layer, target=target, **more)


def after(*edits, until=None):
    return application.apply_plan(SCENE, plan(*edits), ESTATE, until=until)


def parts_of(lines):
    ends = np.cumsum(shapely.get_num_coordinates(lines.geometry))
    return dict(zip(lines.ids, (part.tolist() for part in np.split(lines.node_ids, ends[:-1])), strict=True))


def buildings(data):
    """Ids of the buildings that stand."""
    tags = zip(data.areas.ids, data.areas.tags, strict=True)
    return [name for name, own in tags if "building" in own and CLEARED not in own]


def test_an_empty_plan_changes_nothing():
    assert after() is SCENE


def test_a_demolished_block_takes_its_doors_with_it_but_not_its_neighbours():
    found = after(edit("remove", "building", "osm:way/10"))
    assert buildings(found) == ["osm:way/11"]
    assert found.points.ids.tolist() == ["osm:node/31", "osm:node/40", "osm:node/2"]


def test_the_ground_of_a_demolished_block_is_shut_and_nobody_lives_there():
    """Bare ground is no open ground, until the plan says so."""
    library = ("osm:way/12", box(100, 10, 140, 20), {"building": "yes", "amenity": "library", "name": "Biblioteket"})
    scene = raw(points=[DOOR, SHARED], lines=[STREET], areas=[BLOCK, NEIGHBOUR, library])
    gone = plan(edit("remove", "building", "osm:way/10"), edit("remove", "building", "osm:way/12", name="row 2"))
    before, then = (
        canonical.canonical_layers(data, tag_rules(), ETRS89_UTM32)
        for data in (scene, application.apply_plan(scene, gone, ESTATE))
    )
    assert then.buildings.loc[["osm:way/10", "osm:way/12"], ["solid", "cleared"]].to_numpy().all()
    kept = ["solid", "residential", "one_family", "geometry"]
    assert then.buildings[kept].equals(before.buildings[kept])
    assert not then.buildings["cleared"]["osm:way/11"] and not before.buildings["cleared"].any()
    # 12 homes of each block; the door between them is the second one's as before, and what was a library is none.
    assert before.dwellings.groupby("building")["dwellings"].sum().to_dict() == {"osm:way/10": 12, "osm:way/11": 12}
    assert then.dwellings.equals(before.dwellings[before.dwellings["building"] == "osm:way/11"])
    assert (len(before.context), len(then.context)) == (1, 0) == (len(before.destinations), len(then.destinations))


def test_the_homes_of_a_department_do_not_move_into_its_other_blocks():
    ground = ("kk.x:1", box(0, 0, 300, 100), {"residential": "almen", "dwellings": "90"})
    blocks = [(name, shape, {"building": "apartments"}) for name, shape, _ in (BLOCK, NEIGHBOUR)]
    scene = raw(lines=[STREET], areas=[*blocks, ground])
    then = application.apply_plan(scene, plan(edit("remove", "building", "osm:way/10")), ESTATE)
    homes = [canonical.canonical_layers(data, tag_rules(), ETRS89_UTM32).dwellings for data in (scene, then)]
    assert [table["dwellings"].tolist() for table in homes] == [[45, 45], [45]]


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize(
    ("new", "freed"),
    [
        (edit("add", "place", geometry=Point(40, 15), tags={"leisure": "playground"}), True),
        (edit("add", "building", geometry=box(30, 12, 50, 18), tags=FLATS), True),
        (edit("add", "path", geometry=LineString([(40, 0), (40, 40)]), tags=PATH), True),
        (edit("add", "place", geometry=Point(40, 20.2), tags={"amenity": "bench"}), False),
        (edit("add", "path", geometry=LineString([(20, 20), (60, 20)]), tags=PATH), False),  # along its rim
    ],
)
def test_what_the_plan_puts_there_is_what_the_ground_becomes(new, freed, first):
    gone = edit("remove", "building", "osm:way/10", name="row 2")
    found = after(*((new, gone) if first else (gone, new)))
    assert ("osm:way/10" not in found.areas.ids) == freed


def test_a_new_path_shares_a_vertex_where_it_ends_on_a_way_and_where_it_crosses_one():
    cross = edit("add", "path", geometry=LineString([(50, -40), (50, 8)]), tags=PATH, name="cross")
    found = after(cross)
    nodes = parts_of(found.lines)
    assert shapely.get_coordinates(found.lines.geometry[0]).tolist() == [[0, 0], [50, 0], [100, 0], [200, 0]]
    assert shapely.get_coordinates(found.lines.geometry[1]).tolist() == [[50, -40], [50, 0], [50, 8]]
    joint = nodes["osm:way/1"][1]
    assert joint < 0 and nodes["plan:cross"][1] == joint
    assert nodes["osm:way/1"] == [1, joint, 2, 3]
    assert len(set(nodes["plan:cross"])) == 3


def test_a_path_that_stops_at_a_vertex_takes_it_over():
    found = after(edit("add", "path", geometry=LineString([(100, 0.6), (100, 40)]), tags=PATH, name="stub"))
    nodes = parts_of(found.lines)
    assert nodes["osm:way/1"] == [1, 2, 3] and nodes["plan:stub"][0] == 2


@pytest.mark.parametrize(
    "tags", [{"bridge": "yes", "layer": "1"}, {"tunnel": "yes"}, {"layer": "-1"}], ids=lambda tags: next(iter(tags))
)
def test_a_bridge_or_tunnel_is_not_joined_to_what_it_crosses(tags):
    found = after(edit("add", "path", geometry=LineString([(50, -40), (50, 8)]), tags=PATH | tags, name="over"))
    nodes = parts_of(found.lines)
    assert nodes["osm:way/1"] == [1, 2, 3] and not set(nodes["plan:over"]) & {1, 2, 3}


def test_two_new_paths_that_meet_are_joined():
    one = edit("add", "path", geometry=LineString([(50, 20), (50, 40)]), tags=PATH, name="one")
    two = edit("add", "path", geometry=LineString([(20, 40), (50, 40)]), tags=PATH, name="two")
    nodes = parts_of(after(one, two).lines)
    assert nodes["plan:one"][1] == nodes["plan:two"][1]


def test_a_gate_is_opened_and_a_playground_moved():
    found = after(
        edit("change", "gate", "osm:node/2", tags={"access": "yes"}),
        edit("change", "place", "osm:node/40", tags={"access": ""}, geometry=box(90, 60, 110, 80)),
    )
    assert dict(found.points.tags[2]) == {"barrier": "gate", "access": "yes"}
    assert "osm:node/40" not in found.points.ids
    assert dict(found.areas.tags[2]) == {"leisure": "playground"} and found.areas.ids[2] == "osm:node/40"


def test_phases_come_one_after_the_other_and_a_building_site_is_shut_while_it_lasts():
    site = edit("add", "construction", geometry=box(40, -10, 60, 30), name="site")
    built = edit("add", "place", geometry=Point(50, 5), tags={"amenity": "bench"}, phase=2, name="bench")
    early, late = after(site, built, until=1), after(site, built, until=2)
    # The street is cut in two, the door in the site is out of reach; the bench is not there yet.
    assert [shapely.get_coordinates(shape).tolist() for shape in early.lines.geometry] == [
        [[0, 0], [40, 0]],
        [[60, 0], [100, 0], [200, 0]],
    ]
    assert early.lines.node_ids[[0, 3, 4]].tolist() == [1, 2, 3] and (early.lines.node_ids[[1, 2]] < 0).all()
    assert len(np.unique(early.lines.node_ids)) == 5
    assert "plan:bench" not in early.points.ids and "osm:node/30" not in early.points.ids
    assert late.lines.geometry[0].equals(STREET[1]) and "plan:bench" in late.points.ids


@pytest.mark.parametrize(("width", "shut"), [(49, False), (50, True), (100, True)])
def test_a_place_that_is_half_in_a_building_site_is_shut(width, shut):
    field = raw(areas=[("osm:way/5", box(200, 50, 300, 60), {"leisure": "pitch"})], lines=[STREET])
    site = edit("add", "construction", geometry=box(200, 40, 200 + width, 70), name="site")
    done = edit("add", "place", geometry=Point(10, 60), tags={"amenity": "bench"}, phase=2, name="bench")
    found = application.apply_plan(field, plan(site, done), ESTATE, until=1)
    assert ("osm:way/5" not in found.areas.ids) == shut


def test_a_plan_and_its_inverse_give_the_start_again():
    whole = plan(
        edit("remove", "building", "osm:way/10", name="1"),
        edit("add", "path", geometry=LineString([(50, -40), (50, 8)]), tags=PATH, name="2"),
        edit("change", "gate", "osm:node/2", tags={"access": "yes", "foot": "yes"}, name="3"),
        edit("change", "place", "osm:node/40", geometry=Point(10, 10), name="4"),
        edit("add", "place", geometry=Point(70, 70), tags={"amenity": "bench"}, name="5"),
    )
    there = application.apply_plan(SCENE, whole, ESTATE)
    back = application.apply_plan(there, application.inverse_plan(SCENE, whole), ESTATE)
    for name in ("points", "lines", "areas"):
        mine, theirs = getattr(back, name), getattr(SCENE, name)
        order, wanted = np.argsort(mine.ids), np.argsort(theirs.ids)
        assert_array_equal(mine.ids[order], theirs.ids[wanted])
        assert [dict(mine.tags[i]) for i in order] == [dict(theirs.tags[i]) for i in wanted]
        assert all(a.equals_exact(b, 0) for a, b in zip(mine.geometry[order], theirs.geometry[wanted], strict=True))
    assert_array_equal(back.lines.node_ids, SCENE.lines.node_ids)


WRONG = {
    "an unknown id": (
        [edit("remove", "building", "osm:way/12")],
        "there is no osm:way/12 to take away or change; did you mean osm:way/1",
    ),
    "another action": ([edit("explode", "building", "osm:way/10")], "found action 'explode'; needed remove"),
    "another layer": ([edit("remove", "roof", "osm:way/10")], "found layer 'roof'; needed one of building"),
    "no geometry": ([edit("add", "path", tags=PATH)], "is not drawn; draw it"),
    "crossing itself": (
        [edit("add", "ground", geometry=shapely.Polygon([(0, 0), (9, 9), (9, 0), (0, 9)]))],
        "its outline crosses itself; draw it again",
    ),
    "a path of points": (
        [edit("add", "path", geometry=Point(1, 1), tags=PATH)],
        "is drawn as a point, which a path cannot be",
    ),
    "for another estate": (
        [edit("add", "place", geometry=Point(90_300, 0), tags={"amenity": "bench"})],
        "lies 90 km from Estate; is it a plan for another estate, or in another CRS",
    ),
    "removed and changed": (
        [edit("remove", "gate", "osm:node/2"), edit("change", "gate", "osm:node/2", name="row 2")],
        "changes gate, which no. 1, gate takes away; keep one",
    ),
    "removed twice": ([edit("remove", "gate", "osm:node/2")] * 2, "is taken away 2 times; keep one"),
    "over a kept building": (
        [edit("add", "building", geometry=box(50, 12, 80, 18), tags=FLATS)],
        "lies on building, which the plan does not take away; take that away, or move this",
    ),
    "without dwellings": (
        [edit("add", "building", geometry=box(120, 12, 140, 18), tags={"building": "apartments"})],
        "does not say how many homes the building has; write it in dwellings (0 where nobody lives)",
    ),
    "a road through a house": (
        [edit("add", "road", geometry=LineString([(40, -5), (40, 40)]), tags={"highway": "residential"})],
        "runs for 9 m through building, which the plan does not take away; take that away, move this",
    ),
    "a road through a new house": (
        [
            edit("add", "building", geometry=box(120, 30, 140, 50), tags=FLATS, name="new"),
            edit("add", "path", geometry=LineString([(130, 20), (130, 60)]), tags=PATH),
        ],
        "runs for 19 m through no. 1 (new), new building",
    ),
    "a house on a way": (
        [edit("add", "building", geometry=box(120, -10, 140, 10), tags=FLATS)],
        "lies on 19 m of path, which the plan does not take away; take that away",
    ),
    "two new houses in one spot": (
        [edit("add", "building", geometry=box(x, 30, x + 20, 50), tags=FLATS, name=f"row {x}") for x in (120, 130)],
        "lies on no. 1 (row 120 of the file), new building; move one",
    ),
    "too early": (
        [
            edit("remove", "building", "osm:way/10", phase=2),
            edit("add", "building", geometry=box(20, 10, 60, 20), tags=FLATS, name="row 2"),
        ],
        "comes in phase 1, but building goes only in phase 2",
    ),
    "changed in two ways": (
        [edit("change", "gate", "osm:node/2", tags={"access": value}, name=value) for value in ("yes", "no")],
        "changes gate in another way than no. 1 (yes), gate in the same phase (access)",
    ),
    "two of one name": (
        [edit("add", "place", geometry=Point(x, 60), tags={"amenity": "bench"}) for x in (10, 20)],
        "the name stands for 2 new things",
    ),
    "nowhere on the map": (
        [edit("add", "place", geometry=Point(np.inf, np.inf), tags={"amenity": "bench"})],
        "its coordinates lie nowhere on the map",
    ),
    "drawn where nothing is": (
        [edit("remove", "building", geometry=box(200, 200, 210, 210))],
        "where it is drawn there is no building, or more than one",
    ),
    "an unknown id that is drawn": (
        [edit("remove", "building", "osm:way/999", geometry=box(25, 8, 30, 9))],
        "there is no osm:way/999 to take away or change; did you mean osm:way/10",
    ),
    "never done": (
        [edit("add", "construction", geometry=box(0, 0, 9, 9))],
        "the building site is in the last phase and never opened again",
    ),
}


@pytest.mark.parametrize(("edits", "said"), WRONG.values(), ids=WRONG)
def test_a_plan_that_does_not_fit_is_refused_by_feature(edits, said):
    assert any(f": {said}" in line for line in application.problems(SCENE, plan(*edits), ESTATE))
    with pytest.raises(InputError) as refused:
        after(*edits)
    assert said in str(refused.value)


def test_wall_to_wall_is_not_on_top():
    beside = edit("add", "building", geometry=box(100, 10, 140, 20), tags=FLATS)
    instead = [
        edit("remove", "building", "osm:way/10"),
        edit("add", "building", geometry=BLOCK[1], tags=FLATS, name="2"),
    ]
    assert application.problems(SCENE, plan(beside), ESTATE) == []
    assert application.problems(SCENE, plan(*instead), ESTATE) == []


def test_a_passage_leads_through_a_house_and_a_path_along_its_wall():
    passage = edit("add", "path", geometry=LineString([(40, -5), (40, 40)]), tags=PATH | {"tunnel": "building_passage"})
    along = edit("add", "path", geometry=LineString([(100, 5), (100, 30)]), tags=PATH)
    assert application.problems(SCENE, plan(passage), ESTATE) == [] == application.problems(SCENE, plan(along), ESTATE)


def test_what_is_drawn_without_an_id_is_found():
    """An outline around both blocks, a point in one, a line over the street, a point beside the gate."""
    around = after(edit("remove", "building", geometry=box(15, 5, 105, 25)))
    assert not buildings(around) and "osm:node/31" not in around.points.ids
    inside = after(edit("remove", "building", geometry=Point(40, 15)))
    assert buildings(inside) == ["osm:way/11"]
    assert len(after(edit("remove", "path", geometry=LineString([(0, 1), (180, 1)]))).lines) == 0
    opened = after(edit("change", "gate", geometry=Point(101, 1), tags={"access": "yes"}))
    assert dict(opened.points.tags[3]) == {"barrier": "gate", "access": "yes"}
    assert opened.points.geometry[3].equals(GATE[1])


def test_what_a_plan_adds_it_can_take_away_again():
    there = [
        edit("remove", "place", "plan:tent", phase=3, name="later"),
        edit("add", "place", geometry=Point(10, 60), tags={"leisure": "playground"}, name="tent", phase=2),
    ]
    assert "plan:tent" not in after(*there, until=1).points.ids
    assert "plan:tent" in after(*there, until=2).points.ids
    assert "plan:tent" not in after(*there).points.ids


def test_the_layer_of_a_plan_says_what_is_done_by_a_phase():
    edits = [
        edit("add", "construction", geometry=box(40, -10, 60, 30), name="site"),
        edit("remove", "building", "osm:way/10", phase=2, name="gone"),
    ]
    tables = [application.edits_table(SCENE, plan(*edits), ESTATE, until=phase) for phase in (1, 2, None)]
    assert [table["done"].tolist() for table in tables] == [[True, False], [False, True], [False, True]]
    assert tables[0]["object_id"].tolist() == ["plan:site", "osm:way/10"]
    assert tables[0].geometry[1].equals(BLOCK[1]) and tables[0].crs == ESTATE.crs


def state(found):
    """All that a state consists of, whatever the order of its rows."""
    parts = parts_of(found.lines)
    rows = {
        name: sorted(
            (identity, sorted(tags.items()), shape.wkb_hex)
            for identity, tags, shape in zip(part.ids, part.tags, part.geometry, strict=True)
        )
        for name, part in (("points", found.points), ("lines", found.lines), ("areas", found.areas))
    }
    return rows, sorted(parts.items())


places = st.builds(
    lambda x, y, n: edit("add", "place", geometry=Point(x, y), tags={"amenity": "bench"}, name=f"bench {n}"),
    st.integers(-20, 250), st.integers(30, 90), st.integers(0, 10**6),
)  # fmt: skip
ways = st.builds(
    lambda x, y, top, n: edit("add", "path", geometry=LineString([(x, y), (x + 3, top)]), tags=PATH, name=f"way {n}"),
    st.integers(105, 190), st.integers(-60, -2), st.integers(-1, 80), st.integers(0, 10**6),
)  # fmt: skip
existing = st.sampled_from(
    [
        edit("remove", "building", "osm:way/10", name="r10"),
        edit("remove", "building", "osm:way/11", name="r11"),
        edit("change", "gate", "osm:node/2", tags={"access": "yes", "foot": "yes"}, name="gate"),
        edit("change", "place", "osm:node/40", tags={"access": ""}, geometry=box(5, 60, 9, 70), name="play"),
        edit("remove", "path", "osm:way/1", name="street"),
    ]
)


@settings(max_examples=80, deadline=None)
@given(edits=st.lists(st.one_of(places, ways, existing), max_size=6, unique_by=lambda e: e.feature), data=st.data())
def test_law_any_plan_and_its_inverse_give_the_start_again(edits, data):
    phases = [data.draw(st.integers(1, 3)) for _ in edits]
    whole = plan(*(replace(one, phase=phase) for one, phase in zip(edits, phases, strict=True)))
    assert application.problems(SCENE, whole, ESTATE) == []
    there = application.apply_plan(SCENE, whole, ESTATE)
    back = application.apply_plan(there, application.inverse_plan(SCENE, whole), ESTATE)
    assert state(back) == state(SCENE)


@settings(max_examples=40, deadline=None)
@given(edits=st.lists(st.one_of(places, ways, existing), max_size=5, unique_by=lambda e: e.feature))
def test_law_the_order_of_what_does_not_touch_does_not_matter(edits):
    """Ways that cross get vertices by the order they come in; all else is the same either way round."""
    still = [one for one in edits if one.layer != "path"]
    assert state(after(*still)) == state(after(*reversed(still)))


def test_inputs_are_not_changed():
    def content():
        shapes = [shape.wkb for shape in SCENE.lines.geometry]
        return shapes, SCENE.lines.node_ids.tolist(), [dict(tags) for tags in SCENE.points.tags]

    before = content()
    after(
        edit("add", "path", geometry=LineString([(50, -40), (50, 8)]), tags=PATH, name="2"),
        edit("change", "gate", "osm:node/2", tags={"access": "yes"}, name="3"),
    )
    assert content() == before
