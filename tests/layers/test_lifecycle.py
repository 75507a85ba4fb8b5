"""What is there on the day of the data, each thing once; what stands empty still stands."""

from __future__ import annotations

from datetime import date

import pytest

from spatial.layers.lifecycle import BELOW, COMING, GONE, OUT_OF_USE, reason_to_leave_out
from tests.scoring import towns

DAY = date(2024, 5, 6)


@pytest.mark.parametrize(
    ("tags", "why"),
    [
        ({"leisure": "playground", "disused": "yes"}, OUT_OF_USE),
        ({"leisure": "playground", "disused": "no"}, None),
        ({"leisure": "playground", "abandoned": "Yes"}, OUT_OF_USE),
        ({"amenity": "bench", "removed": "2021"}, GONE),
        ({"building": "yes", "demolished": "yes"}, GONE),
        ({"building": "yes", "razed": "yes"}, GONE),
        ({"leisure": "playground", "disused": "unknown"}, None),
        ({"amenity": "drinking_water", "operational_status": "out_of_order"}, OUT_OF_USE),
        ({"leisure": "playground", "proposed": "yes"}, COMING),
        ({"highway": "footway", "construction": "minor"}, None),
        ({"amenity": "bench", "end_date": "2024-05-05"}, GONE),
        ({"amenity": "bench", "end_date": "2024-05-06"}, GONE),
        ({"amenity": "bench", "end_date": "2024-04"}, GONE),
        # This year, or this month: it may still be there.
        ({"amenity": "bench", "end_date": "2024"}, None),
        ({"amenity": "bench", "end_date": "2024-05"}, None),
        ({"amenity": "bench", "end_date": "~1990"}, GONE),
        ({"amenity": "bench", "end_date": "2019-13-40"}, None),
        ({"amenity": "bench", "end_date": "2010..2012"}, GONE),
        ({"amenity": "bench", "end_date": "May 2019"}, GONE),
        ({"amenity": "bench", "end_date": "6. maj 2019"}, GONE),
        ({"amenity": "bench", "end_date": "06.05.2019"}, GONE),
        ({"amenity": "bench", "end_date": "2019/05/06"}, GONE),
        ({"amenity": "bench", "end_date": "2019-05-06T10:00"}, GONE),
        ({"amenity": "bench", "end_date": "2010s"}, GONE),
        ({"amenity": "bench", "end_date": "early 1990s"}, GONE),
        ({"amenity": "bench", "end_date": "C19"}, GONE),
        ({"amenity": "bench", "end_date": "before 2020"}, GONE),
        ({"amenity": "bench", "end_date": "2018/2020"}, GONE),
        ({"amenity": "bench", "end_date": "2019?"}, GONE),
        ({"amenity": "bench", "end_date": "summer 2019"}, GONE),
        # After 2020 may be after today; on 6 April or on 4 June.
        ({"amenity": "bench", "end_date": "after 2020"}, None),
        ({"amenity": "bench", "end_date": "04/06/2024"}, None),
        ({"amenity": "bench", "end_date": "2020s"}, None),
        ({"amenity": "bench", "end_date": "gone"}, None),
        ({"amenity": "bench", "opening_date": "2027-Q1"}, COMING),
        ({"amenity": "bench", "start_date": "late 2026"}, COMING),
        ({"amenity": "bench", "opening_date": "01.08.2026"}, COMING),
        ({"amenity": "bench", "end_date:edtf": "2018/2019"}, GONE),
        ({"amenity": "bench", "temporary:date_off": "2023-09-01"}, GONE),
        ({"amenity": "bench", "closed": "yes"}, OUT_OF_USE),
        ({"amenity": "drinking_water", "operational_status": "Out of service"}, OUT_OF_USE),
        ({"amenity": "parking", "parking": "Underground"}, BELOW),
        ({"amenity": "bench", "start_date": "2025"}, COMING),
        ({"amenity": "bench", "start_date": "2024"}, None),
        ({"amenity": "bench", "start_date": "1987"}, None),
        ({"amenity": "bench", "opening_date": "2024-12-31"}, COMING),
        ({"amenity": "bench", "level": "-1"}, BELOW),
        ({"amenity": "bench", "level": "0;-1"}, None),
        ({"amenity": "bench", "location": "underground"}, BELOW),
        ({"building": "parking", "layer": "-1"}, BELOW),
        ({"building": "yes", "building:levels": "0", "building:levels:underground": "2"}, BELOW),
        ({"highway": "footway", "layer": "-1", "tunnel": "yes"}, None),
    ],
)
def test_why_a_thing_is_absent(tags, why):
    assert reason_to_leave_out(tags, DAY) == why


def drawn(*things):
    """Scored places of a block with these things beside it: tags, and a point or the corners."""
    town = towns.Town()
    towns.court(town, 0, 0)
    for tags, *corners in things:
        if len(corners) == 1:
            town.point(*corners[0], **tags)
        else:
            town.area(corners, **tags)
    return towns.look(town, towns.estate(0, 0, 120, 100)).view.places


PLAY = {"leisure": "playground"}
RING = ((150, 0), (190, 0), (190, 30), (150, 30))
NEAR_RING = ((150, 0), (190, 0), (190, 30.5), (150, 30))


@pytest.mark.parametrize(
    ("things", "left"),
    [
        ([(PLAY, *RING), (PLAY, (160, 10))], 1),
        ([(PLAY | {"name": "A"}, *RING), (PLAY, (160, 10))], 1),
        ([(PLAY | {"name": "A"}, *RING), (PLAY | {"name": "B"}, (160, 10))], 2),
        ([(PLAY, *RING), (PLAY, *NEAR_RING)], 1),
        ([(PLAY, *RING), (PLAY, (200, 10))], 2),
        ([(PLAY, *RING), ({"amenity": "bench"}, (160, 10))], 2),
        ([({"amenity": "bench"}, (150, 10)), ({"amenity": "bench"}, (150, 10.05))], 1),
        ([({"amenity": "bench"}, (150, 10)), ({"amenity": "bench"}, (150, 9))], 2),
        ([({"leisure": "pitch", "sport": "soccer"}, *RING), ({"leisure": "pitch", "sport": "tennis"}, *RING)], 2),
    ],
)
def test_siblings_of_what_is_mapped_twice(things, left):
    assert len(drawn(*things)) == left


def test_what_only_the_double_says_is_kept():
    (tags,) = drawn((PLAY, *RING), (PLAY | {"fee": "yes"}, (160, 10)))["tags"]
    assert tags["fee"] == "yes"


def test_a_relation_of_two_parts_and_its_ways_are_one():
    """Each way has the tags of the relation that holds both."""
    town = towns.Town()
    towns.court(town, 0, 0)
    other = tuple((x + 60, y) for x, y in RING)
    ways = [int(town.area(ring, **PLAY).rpartition("/")[2]) for ring in (RING, other)]
    town.relations[1] = ([("way", way, "outer") for way in ways], {"type": "multipolygon", **PLAY})
    found = towns.look(town, towns.estate(0, 0, 120, 100)).view.places
    assert found.index.tolist() == ["osm:relation/1"]


def test_two_houses_that_are_one_have_its_homes_once():
    """A block drawn twice, and one drawn beside it."""
    town = towns.Town()
    towns.court(town, 0, 0)
    before = towns.look(town, towns.estate(0, 0, 120, 100)).view.measured_from.dwellings["dwellings"].sum()
    for shift in (0, 0, 60):
        corners = [(x + shift, y + 200) for x, y in RING]
        town.area(corners, building="apartments", **{"building:flats": "7"})
    after = towns.look(town, towns.estate(0, 0, 120, 100)).view.measured_from.dwellings["dwellings"].sum()
    assert after - before == 14


def test_what_stands_empty_blocks_the_view_and_nobody_lives_there():
    town = towns.Town()
    towns.court(town, 0, 0)
    for shift, tags in ((0, {"disused": "yes"}), (60, {"construction": "yes"}), (120, {"demolished": "yes"})):
        town.area([(x + shift, y + 200) for x, y in RING], building="apartments", **tags)
    before = towns.look(towns_court(), towns.estate(0, 0, 120, 100)).view.measured_from
    found = towns.look(town, towns.estate(0, 0, 120, 100)).view.measured_from
    assert found.dwellings["dwellings"].sum() == before.dwellings["dwellings"].sum()
    assert found.buildings["solid"].sum() == before.buildings["solid"].sum() + 2


def towns_court():
    town = towns.Town()
    towns.court(town, 0, 0)
    return town
