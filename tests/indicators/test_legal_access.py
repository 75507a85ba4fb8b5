"""The right to enter, a condition: each row of what is told or assumed."""
# ruff: noqa: E501 - a table reads best with a case on a line

from types import SimpleNamespace

import numpy as np
import pytest
import shapely
from pyproj import CRS

from spatial.core.model import Features
from spatial.indicators.legal_access import _tagged, legal_access
from spatial.layers.taken_ground import taken_ground
from spatial.settings.tags import tag_rules
from tests import tables

YARD = shapely.box(0, 0, 20, 10)
OPEN, SHUT = (1, 1, 1, "observed", "tag_access"), (0, 0, 0, "observed", "tag_access")
PUBLIC, PARK = (1, 0.9, 1, "assumed by rule", "public_owner"), (1, 0.9, 1, "assumed by rule", "public_ground")
ALMEN, THROUGH = (0.95, 0.8, 1, "assumed by rule", "almen_ground"), (0.95, 0.8, 1, "derived", "path_through")
BESIDE, NOTHING = (0.9, 0.6, 1, "derived", "path_near"), (0.75, 0.3, 1, "assumed by rule", "no_access_tag")
UNREADABLE = (None, 0, 1, "unknown", "access_unreadable")
IN_A_FENCE = (None, 0, 1, "unknown", "fenced_garden")
ROWS, COURT = (0.3, 0, 1, "assumed by rule", "row_house_lawn"), (0.2, 0, 1, "assumed by rule", "business_court")


def of_others(what):
    return 0.2, 0, 1, "assumed by rule", f"{what}_ground"


# The room of a space: a path 2 m off, a path 15 m off, one 16 m off, and lawns of row houses.
AT_2_M, AT_15_M, AT_16_M = ({"nearest_public_path_m": metres} for metres in (2.0, 15.0, 16.0))
LAWN = {"row_house_share": 0.6}
NAMED = {"ground": "park", "ground_name": "Folkeparken"}
TOLD = {
    # name: tags of the things of a space, of their ground (access), the room, tenure, expected
    "open": ([{"access": "yes"}], None, {}, None, OPEN),
    "for customers": ([{"access": "customers"}], None, AT_2_M, "almen", (0.3, 0.3, 0.3, "observed", "tag_access")),
    "private": ([{"access": "private"}], None, AT_2_M | NAMED, "almen", SHUT),
    "foot goes before access": ([{"access": "private", "foot": "yes"}], None, {}, None, OPEN),
    "a value that nobody knows says nothing": ([{"access": "perhaps"}], None, {}, None, UNREADABLE),
    "nor does one of a list": ([{"access": "yes;perhaps"}], None, NAMED, "almen", UNREADABLE),
    "a list: to some": ([{"access": " Customers;NO "}], None, {}, None, (0.15, 0, 0.3, "derived", "tag_access_hours")),
    "in capitals": ([{"access": "Private"}], None, NAMED, None, SHUT),
    "a lock that nobody knows": ([{"locked": "perhaps"}], None, NAMED, "almen", UNREADABLE),
    # 10 hours of 24, and 8 of the 15 from 7 to 22.
    "every day from 14 to 24": ([{"access": "no", "access:conditional": "yes @ (14:00-24:00)"}], None, {}, None, ((10 / 24 + 8 / 15) / 2, 10 / 24, 8 / 15, "derived", "tag_access_hours")),
    "shut at night": ([{"access": "yes", "access:conditional": "no @ (22:00-07:00)"}], None, {}, None, ((15 / 24 + 1) / 2, 15 / 24, 1, "derived", "tag_access_hours")),
    "for whom, not when": ([{"access": "no", "access:conditional": "yes @ members"}], None, {}, None, (0.5, 0, 1, "derived", "tag_access_hours")),
    "a condition without a value": ([{"access": "no", "access:conditional": "14:00-24:00"}], None, {}, None, UNREADABLE),
    "a condition on walking alone": ([{"access": "private", "foot:conditional": "yes @ (00:00-12:00)"}], None, {}, None, ((1 / 3 + 1 / 2) / 2, 1 / 3, 1 / 2, "derived", "tag_access_hours")),
    "locked, whatever else": ([{"access": "yes", "locked": "yes"}], None, NAMED, "almen", SHUT),
    "with a key": ([{"locked": "key"}], None, AT_2_M, None, SHUT),
    "members only": ([{"members_only": "yes", "access": "yes"}], None, NAMED, None, SHUT),
    "by membership": ([{"membership": "yes"}], None, AT_2_M, None, SHUT),
    "on ground that tags close": ([{}], "private", NAMED, "almen", SHUT),
    "open on ground that tags close": ([{"access": "yes"}], "private", {}, None, OPEN),
    "in a garden with a fence around it": ([{}], "fenced", AT_2_M, "almen", IN_A_FENCE),
    "open in a garden with a fence around it": ([{"access": "yes"}], "fenced", {}, None, OPEN),
    "private in a garden with a fence around it": ([{"access": "private"}], "fenced", AT_2_M, None, SHUT),
    "one open thing opens the space": ([{"access": "private"}, {"access": "yes"}], None, {}, None, OPEN),
    "private and for customers": ([{"access": "private"}, {"access": "customers"}], None, {}, None, (0.3, 0.3, 0.3, "observed", "tag_access")),
    "private and not told: as the ground is": ([{"access": "private"}, {}], None, AT_15_M, None, BESIDE),
    "the room is tagged private": ([{}], None, {"access": "private"} | NAMED, "almen", (0, 0, 0, "observed", "ground_access")),
    "the room is tagged open": ([{}], None, {"access": "permissive"} | LAWN, None, (1, 1, 1, "observed", "ground_access")),
}  # fmt: skip
ASSUMED = {
    # name: tags of its thing, whose ground it stands on, the room, tenure, expected
    "a named park": ({}, "park", NAMED, None, PARK),
    "a lawn tagged as a park has no name of its own": ({}, "park", {"ground": "park"}, None, NOTHING),
    "run by the municipality": ({"operator:type": "public"}, None, {}, None, PUBLIC),
    "of the state, among row houses": ({"ownership": "national"}, None, LAWN, None, PUBLIC),
    "a municipal playground of a school is the school's": ({"operator:type": "public"}, "school", {}, None, of_others("school")),
    "a municipal bench on ground tagged private": ({"operator:type": "public"}, None, {"access": "private"}, None, (0, 0, 0, "observed", "ground_access")),
    "public housing": ({}, None, {}, "almen", ALMEN),
    "public housing, outside of the estate": ({}, None, {"inside": False}, "almen", NOTHING),
    "a path through it": ({}, None, AT_2_M, None, THROUGH),
    "a path beside it": ({}, None, AT_15_M, None, BESIDE),
    "a path too far off": ({}, None, AT_16_M, None, NOTHING),
    "a lawn of row houses": ({}, None, LAWN, None, ROWS),
    "a lawn of row houses, and a path 16 m off": ({}, None, LAWN | AT_16_M, None, ROWS),
    "a lawn of row houses that a path opens": ({}, None, LAWN | AT_15_M, None, BESIDE),
    "half are row houses": ({}, None, {"row_house_share": 0.5}, None, NOTHING),
    "a bench of a school": ({}, "school", AT_2_M, "almen", of_others("school")),
    "a bench of a church": ({}, "faith", AT_2_M, None, of_others("faith")),
    "a club's room": ({}, None, AT_2_M | {"ground": "sports_club"}, "almen", of_others("sports_club")),
    "mostly an institution's": ({}, None, AT_2_M | {"institution_share": 0.6}, "almen", of_others("institution")),
    "nothing says": ({}, None, {}, None, NOTHING),
}  # fmt: skip


def measured(things, room=None, *, tenure=None, departments=None, blocks=()):
    """Right to enter a space with these things: (tags, ground, access of the ground); None is unknown."""
    rows = {
        f"p{i}": {"tags": tags, "ground": ground, "access": access, "geometry": YARD, "space_id": "space:a"}
        for i, (tags, ground, access) in enumerate(things)
    }
    space = {"level": "space", "kind": "meeting_space", "geometry": YARD, "space_id": "space:a"}
    places = tables.places(rows | {"space:a": space | (room or {})})
    found = legal_access(
        places,
        {"space:a": np.arange(len(things))},
        tables.departments(departments),
        tables.buildings(blocks, use="hotel"),
        tag_rules(),
        SimpleNamespace(tenure=tenure),
        tables.POSITION,
    )
    values = found.value[-1], found.low[-1], found.high[-1]
    told = (None if np.isnan(value) else float(value) for value in values)
    return found, (*told, found.evidence[-1], found.rule[-1])


@pytest.mark.parametrize(("things", "access", "room", "tenure", "expected"), TOLD.values(), ids=TOLD)
def test_told_by_tags(things, access, room, tenure, expected):
    found, space = measured([(tags, None, access) for tags in things], room, tenure=tenure)
    assert space == pytest.approx(expected)
    # What one visit settles: the access of the first of its things.
    assert found.facts[-1] == "p0#access"


@pytest.mark.parametrize(("tags", "ground", "room", "tenure", "expected"), ASSUMED.values(), ids=ASSUMED)
def test_assumed_of_the_ground(tags, ground, room, tenure, expected):
    assert measured([(tags, ground, None)], room, tenure=tenure)[1] == expected


def test_a_place_has_the_tags_of_its_own():
    found, _ = measured([({"access": "private"}, None, None), ({}, "school", None), ({"access": "yes"}, None, None)])
    assert found.value.tolist() == [0, 0.2, 1, 1]
    assert found.facts.tolist() == ["p0#access", "p1#access", "p2#access", "p0#access"]


def test_one_thing_on_open_ground_is_not_the_schools():
    assert measured([({}, "school", None), ({}, None, None)])[1] == NOTHING


def test_the_ground_of_a_department_is_almen_wherever_it_lies():
    outside = {"inside": False}
    assert measured([({}, None, None)], outside, departments={"kk.almene_boliger:7": YARD.buffer(2)})[1] == ALMEN
    assert measured([({}, None, None)], outside, departments={"kk.almene_boliger:7": shapely.box(30, 0, 40, 9)})[1] == NOTHING  # fmt: skip


def test_a_court_between_hotels_is_theirs_unless_a_path_leads_through():
    # 20 + 10 + 20 m of 60 m of rim, within 2 m.
    hotels = [shapely.box(-9, -9, 29, 0), shapely.box(20, -9, 29, 19), shapely.box(-9, 10, 29, 19)]
    assert measured([({}, None, None)], AT_15_M, blocks=hotels)[1] == COURT
    assert measured([({}, None, None)], AT_2_M, blocks=hotels)[1] == THROUGH
    # One long side alone is 20 and twice 2 of 60 m.
    assert measured([({}, None, None)], AT_15_M, blocks=hotels[:1])[1] == BESIDE


GARDEN = {"leisure": "garden"}
RING, FENCE = [(0, 0), (30, 0), (30, 20), (0, 20), (0, 0)], {"barrier": "fence"}


@pytest.mark.parametrize(
    ("tags", "fences", "access"),
    [
        (GARDEN, [], {}),
        (GARDEN | {"barrier": "hedge"}, [], {"osm:way/1": "fenced"}),
        (GARDEN | {"fenced": "yes"}, [], {"osm:way/1": "fenced"}),
        (GARDEN, [(FENCE, RING)], {"osm:way/1": "fenced"}),
        (GARDEN, [(FENCE, RING[:3]), ({"barrier": "wall"}, RING[2:])], {"osm:way/1": "fenced"}),
        (GARDEN, [(FENCE, RING[:4])], {"osm:way/1": "fenced"}),  # 80 of 100 m
        (GARDEN, [(FENCE, RING[:3])], {}),  # half of it
        (GARDEN, [({"barrier": "kerb"}, RING)], {}),
        (GARDEN | {"access": "yes"}, [(FENCE, RING)], {}),
        (GARDEN | {"access": "private"}, [(FENCE, RING)], {"osm:way/1": "private"}),
        (GARDEN | {"name": "Rosenhaven"}, [(FENCE, RING)], {}),
        (GARDEN | {"garden:type": "community"}, [(FENCE, RING)], {}),
        # The ground of a housing association is private too: nobody says who may go there.
        (GARDEN | {"ownership": "private"}, [], {"osm:way/1": "fenced"}),
        (GARDEN | {"ownership": "Individual"}, [], {"osm:way/1": "fenced"}),
        (GARDEN | {"ownership": "municipal"}, [(FENCE, RING)], {}),
        (GARDEN | {"ownership": "private", "access": "yes"}, [], {}),
        (GARDEN | {"ownership": "private", "access": "private"}, [], {"osm:way/1": "private"}),
        (GARDEN | {"ownership": "private", "opening_hours": "08:00-20:00"}, [], {}),
        ({"leisure": "playground"}, [(FENCE, RING)], {}),
    ],
)
def test_a_garden_with_a_fence_around_it(tags, fences, access):
    areas = Features(np.array(["osm:way/1"], object), [tags], np.array([shapely.Polygon(RING)]))
    lines = np.array([shapely.LineString(line) for _, line in fences], dtype=object)
    names = np.array([f"osm:way/{n + 2}" for n in range(len(lines))], dtype=object)
    found = taken_ground(areas, Features(names, [own for own, _ in fences], lines), tag_rules(), CRS.from_epsg(25832))
    assert found["access"].to_dict() == access


ONE_THING = {
    # tags of a thing: at worst and at best; None where they say nothing
    "access=yes": (1, 1), "access= Yes ": (1, 1), "access=true": (1, 1), "access=nej": (0, 0), "access=Private": (0, 0),
    "access=no": (0, 0), "access=permissive": (1, 1), "access=customers": (0.3, 0.3), "access=residents": (0.3, 0.3),
    "access=members": (0, 0), "access=employees": (0, 0), "access=military": (0, 0), "access=fee": (0.3, 0.3),
    "access=destination": (1, 1), "access=zz": (0, 1), "access=key": (0, 1), "access=limited": (0, 1),
    "access=unknown": None, "access=yes;private": (0, 1), "access=private;customers": (0, 0.3),
    "access=public;yes": (1, 1), "access=private & foot=yes": (1, 1), "access=yes & foot=no": (0, 0),
    "foot=designated": (1, 1), "foot=permissive & access=private": (1, 1), "locked=yes": (0, 0), "locked=no": None,
    "locked=zz": (0, 1), "locked=yes & access=yes": (0, 0), "members_only=yes": (0, 0), "membership=required": (0, 0),
    "membership=optional": (0, 1), "access=no & access:conditional=zz": (0, 1),
    "access:conditional=yes @ (08:00-20:00)": (0.5, 1), "access:conditional=no @ (22:00-07:00)": (15 / 24, 1),
    "access=private & access:conditional=yes @ (Mo-Fr)": (261 / 365, 261 / 365),
}  # fmt: skip


@pytest.mark.parametrize("text", ONE_THING)
def test_what_the_tags_of_a_thing_say(text):
    tags = dict(part.split("=", 1) for part in text.split(" & "))
    said = _tagged(tags, None, tag_rules(), (55.68, 12.57))
    assert said is None if ONE_THING[text] is None else said[:2] == pytest.approx(ONE_THING[text])


def test_a_tap_that_is_somebodys_does_not_close_the_lawn_on_which_it_stands():
    tap = [({"access": "private"}, None, None)]
    assert measured(tap, {"status": "possible", "nearest_public_path_m": 0.0})[1] == THROUGH
    # What one comes for, or sits on, does.
    assert measured(tap, {"status": "meeting space", "nearest_public_path_m": 0.0})[1] == SHUT
