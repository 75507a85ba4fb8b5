"""What is there on the day of the data, each thing once; what stands empty still stands."""

from __future__ import annotations

import os
import re
from datetime import UTC, date, datetime

import pytest

from spatial.layers.health import LIFECYCLE, health_of
from spatial.layers.lifecycle import BELOW, COMING, GONE, OUT_OF_USE, day_of, on_the_ground, reason_to_leave_out
from spatial.osm.reader import read_area
from spatial.settings.tags import tag_rules
from tests import osm_xml
from tests.scoring import towns

DAY = date(2024, 5, 6)
DAY_S = datetime(2024, 5, 6, 12, tzinfo=UTC).timestamp()
BENCH = {"amenity": "bench"}


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
        ({"amenity": "bench", "status": "closed"}, OUT_OF_USE),
        ({"amenity": "bench", "status": " Temporarily closed"}, OUT_OF_USE),
        ({"amenity": "bench", "status": "open;closed"}, None),
        ({"amenity": "bench", "status": "active"}, None),
        ({"amenity": "bench", "status": "zz"}, None),
        ({"amenity": "bench", "operational_status": "closed"}, OUT_OF_USE),
        ({"amenity": "bench", "state": "proposed"}, COMING),
        ({"amenity": "bench", "status": "under construction"}, COMING),
        ({"amenity": "bench", "lifecycle": "disused"}, OUT_OF_USE),
        ({"amenity": "bench", "lifecycle": "demolished"}, GONE),
        ({"building": "yes", "damage": "collapsed"}, GONE),
        ({"building": "yes", "damage": "minor"}, None),
        ({"leisure": "playground", "playground": "disused"}, OUT_OF_USE),
        ({"leisure": "playground", "playground": "swing"}, None),
        ({"highway": "footway", "status": "lukket"}, OUT_OF_USE),
        ({"amenity": "bench", "demolition_date": "2019"}, GONE),
        ({"amenity": "bench", "temporary:date_on": "2024-08-01"}, COMING),
        ({"disused:amenity": "bench"}, OUT_OF_USE),
        ({"was:leisure": "playground", "name": "A"}, GONE),
        ({"proposed:leisure": "playground"}, COMING),
        ({"disused:amenity": "pub", "building": "yes"}, None),
        ({"disused:amenity": "bench", "amenity": "waste_basket"}, None),
        ({"amenity": "drinking_water", "operational_status": "Out of service"}, OUT_OF_USE),
        ({"amenity": "parking", "parking": "Underground"}, BELOW),
        # Days under the names that people give them.
        ({"amenity": "bench", "valid_to": "2020"}, GONE),
        ({"amenity": "bench", "valid_from": "2027"}, COMING),
        ({"amenity": "bench", "valid_from": "2019"}, None),
        ({"amenity": "bench", "removed:date": "2020-01-01"}, GONE),
        ({"amenity": "bench", "removed:date": "2030"}, None),
        ({"amenity": "bench", "demolished:date": "2021"}, GONE),
        ({"amenity": "bench", "closing_date": "2018"}, GONE),
        ({"amenity": "bench", "disused:end_date": "2019"}, OUT_OF_USE),
        ({"amenity": "bench", "abandoned:date": "2018"}, OUT_OF_USE),
        ({"amenity": "bench", "closed:date": "2030"}, None),
        # A state with the day since when, or till when, in the place of yes.
        ({"amenity": "bench", "demolished": "2019"}, GONE),
        ({"amenity": "bench", "demolished": "2030"}, None),
        ({"amenity": "bench", "removed": "2030-01-01"}, None),
        ({"amenity": "bench", "disused": "since 2019"}, OUT_OF_USE),
        ({"amenity": "bench", "planned": "2030"}, COMING),
        ({"amenity": "bench", "planned": "2019"}, None),
        ({"amenity": "bench", "construction": "2019"}, None),
        # What was there, or will be.
        ({"leisure": "playground", "disused": "playground"}, OUT_OF_USE),
        ({"highway": "footway", "construction": "footway"}, COMING),
        # In part, or in words that nobody knows: it is there.
        ({"leisure": "playground", "disused": "partially"}, None),
        ({"leisure": "playground", "disused": "zz"}, None),
        ({"building": "yes", "demolished": "zz"}, None),
        ({"leisure": "playground", "construction": "zz"}, None),
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


def test_an_extract_without_dates_is_no_newer_than_its_file(tmp_path):
    """Two benches, one until 2019 and one from 2099, and a third without a date; the file is of 2024."""
    nodes = {1: (0, 0, BENCH | {"end_date": "2019"}), 2: (9, 0, BENCH | {"opening_date": "2099"}), 3: (18, 0, BENCH)}
    path = osm_xml.write(tmp_path / "a.osm", nodes, bounds=(-900, -900, 900, 900))
    text = re.sub(' timestamp="[^"]*"', "", path.read_text(encoding="utf-8"))
    path.write_text(text, encoding="utf-8")
    os.utime(path, (DAY_S, DAY_S))
    raw = read_area(path, None, osm_xml.METRIC)
    assert raw.provenance.data_date is None and day_of(raw) == DAY
    there = on_the_ground(raw, tag_rules())
    assert list(there.points.ids) == ["osm:node/3"] and there.dropped == {GONE: 1, COMING: 1}
    path.write_text(text.replace("<bounds", '<meta osm_base="2018-01-02T03:04:05Z"/><bounds'), encoding="utf-8")
    raw = read_area(path, None, osm_xml.METRIC)
    assert raw.provenance.data_date == "2018-01-02"
    assert list(on_the_ground(raw, tag_rules()).points.ids) == ["osm:node/1", "osm:node/3"]


def test_what_only_was_is_counted_and_on_the_health_sheet(tmp_path):
    """A bench that is out of use, and the outline of a playground that is gone."""
    ring = {10: (50, 0), 11: (60, 0), 12: (60, 9)}
    path = osm_xml.write(
        tmp_path / "a.osm",
        {1: (0, 0, {"disused:amenity": "bench"}), 2: (9, 0, BENCH)} | ring,
        {1: ((10, 11, 12, 10), {"removed:leisure": "playground"})},
    )
    raw = read_area(path, None, osm_xml.METRIC)
    there = on_the_ground(raw, tag_rules())
    assert list(there.points.ids) == ["osm:node/2"] and not len(there.areas)
    assert there.dropped == {GONE: 1, OUT_OF_USE: 1}
    assert [(one.object_id, one.why) for one in health_of(raw, tag_rules())[LIFECYCLE]] == [
        ("osm:node/1", OUT_OF_USE),
        ("osm:way/1", GONE),
    ]
