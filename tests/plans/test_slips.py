"""Slips of planners: each is one fault, in words, by the number of the edit; and what is no slip is none."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from shapely import LineString, Point, box

from spatial.core.model import Plan
from spatial.osm import extract
from spatial.plans import drawn_edits, validation
from spatial.texts import plan_check
from tests.analysis.test_run import miniature
from tests.plans.test_drawings import ESTATE
from tests.plans.test_laws import edit

ROAD = LineString([(150, 10), (150, 60)])
LAWN = box(120, 30, 140, 50)
HOUSE = box(200, 40, 220, 50)


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    return extract.read_extract(miniature(tmp_path_factory.mktemp("slips") / "mini.osm"), ESTATE)


def faults(raw, *edits):
    return validation.find_faults(raw, Plan("Plan", edits, ("1",)), ESTATE)


def place(shape, name="a", **tags):
    return edit("add", "place", shape=shape, tags=tags, name=name)


def house(flats):
    return edit("add", "building", shape=HOUSE, tags={"building": "apartments", "building:flats": flats})


def road(**tags):
    return edit("add", "road", shape=ROAD, tags={"highway": "secondary", **tags})


SLIPS = {
    "a bench in a house that stays": (place(Point(300, 15), amenity="bench"), "in_house", "ligger i bygning"),
    "a place of no kind": (place(Point(120, 30), note="x"), "no_kind", "hvilken slags sted"),
    "a playground as a line": (
        place(LineString([(120, 30), (140, 30)]), leisure="playground"), "shape", "sådan kan sted ikke tegnes",
    ),
    "a square over the houses": (place(box(-40, -50, 340, 60), place="square"), "over_houses", "i alt 2, bl.a."),
    "homes in words": (house("tres"), "dwellings", "boligtallet er 'tres'; der skal stå et helt tal"),
    "fewer than no homes": (house("-5"), "dwellings", "boligtallet er '-5'"),
    "half a home": (house("60.5"), "dwellings", "boligtallet er '60.5'"),
    "a speed in words": (road(maxspeed="halvtreds"), "value", "maxspeed er 'halvtreds', som ikke kan læses"),
    "a speed of no road": (road(maxspeed="500"), "value", "maxspeed er '500'"),
    "a class that is none": (road(highway="motorvej"), "value", "highway er 'motorvej'"),
    "floors in words": (
        edit("add", "building", shape=HOUSE,
             tags={"building": "apartments", "building:flats": "4", "building:levels": "fire"}),
        "value", "levels er 'fire', som ikke kan læses",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("wrong", "code", "said"), SLIPS.values(), ids=SLIPS)
def test_a_slip_is_one_fault_in_words(raw, wrong, code, said):
    (fault,) = faults(raw, wrong)
    assert fault.code == code and said in fault.said("da") and fault.said("da").startswith("Nr. 1")
    assert "osm:" not in fault.said("da")
    for lang in ("en", "de"):
        assert fault.said(lang) != fault.said("da")


RIGHT = {
    "a bench beside a house": place(Point(300, 30), amenity="bench"),
    "a bench drawn as a line": place(LineString([(120, 30), (122, 30)]), amenity="bench"),
    "a park around houses": place(box(-40, -50, 340, 60), leisure="park"),
    "a crossing": place(Point(50, 0), highway="crossing", crossing="marked"),
    "a house where nobody lives": house("0"),
    "a road with its speed": road(maxspeed="50"),
}


@pytest.mark.parametrize("right", RIGHT.values(), ids=RIGHT)
def test_what_is_no_slip_is_no_fault(raw, right):
    assert not faults(raw, right)


def test_the_same_thing_drawn_twice(raw):
    twice = [place(LAWN, "one", place="square"), place(shapely.reverse(LAWN), "two", place="square")]
    (fault,) = faults(raw, *twice)
    assert fault.code == "twice" and "nr. 1 (one), nyt torv" in fault.said("da")
    other = place(LAWN, "two", leisure="playground")
    assert not faults(raw, twice[0], other)


def test_homes_of_an_outline_around_two_houses_are_those_of_neither(raw):
    around = edit("remove", "building", shape=box(-20, 5, 320, 25), tags={"building:flats": "40"})
    located = drawn_edits.locate_drawn_edits(raw, Plan("Plan", (around,), ("1",)))
    assert [(one.target, dict(one.tags)) for one in located.edits] == [("osm:way/10", {}), ("osm:way/11", {})]
    alone = edit("remove", "building", shape=box(280, 5, 320, 25), tags={"building:flats": "40"})
    (one,) = drawn_edits.locate_drawn_edits(raw, Plan("Plan", (alone,), ("1",))).edits
    assert one.target == "osm:way/11" and one.tags == {"building:flats": "40"}


def test_an_action_that_there_is_not_is_told_and_breaks_nothing(raw):
    """What is understood of it is the thing alone."""
    from spatial.layers.canonical import canonical_layers
    from spatial.plans.interpretation import interpret_plan
    from spatial.settings.tags import tag_rules

    plan = Plan("Plan", (edit("nedriv", "building", "osm:way/11"),), ("1",))
    (fault,) = validation.find_faults(raw, plan, ESTATE)
    (found,) = interpret_plan(raw, plan, ESTATE, canonical_layers(raw, tag_rules(), ESTATE.crs))
    assert fault.code == "action" and np.isclose(found.dwellings, 30)
    assert plan_check.edit_in_words(found, lang="da").startswith("Bygning (a): 30 boliger")
