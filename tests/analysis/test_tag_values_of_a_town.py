"""Cases of people in the field: a playground 180 m from a block of 20 homes, with one thing on the way between them.

Each stands in a strip of its own: 150 m north of the last one, with no way to it. All are measured in one run.
"""

from __future__ import annotations

import math

import pytest
import shapely

import spatial
from spatial.core.model import Estate
from tests.osm_xml import CENTRE_M, METRIC, write

YES, NO, UNKNOWN = (1.0, 1.0), (0.0, 0.0), (0.0, 1.0)
FOOTWAY = {"highway": "footway", "surface": "asphalt"}
STEPS = {"highway": "steps"}
STRIP_M = 150
# What stands at the middle of the way, the tags of the way, and the share of homes with a step-free way; more of them
# in ``test_world_as_mapped.py``.
ON_THE_WAY = {
    "a kissing gate for wheelchairs": ({"barrier": "kissing_gate", "wheelchair": "yes"}, FOOTWAY, YES),
    "bollards four feet apart": ({"barrier": "bollard", "maxwidth": "4'"}, FOOTWAY, YES),
    "a kerb of five inches": ({"kerb:height": '5"'}, FOOTWAY, NO),
    "a kerb that nobody knows": ({"kerb": "zz"}, FOOTWAY, UNKNOWN),
    "steps with a ramp for wheelchairs": ({}, STEPS | {"ramp:wheelchair": "yes"}, YES),
    "a bridge that is none": ({}, FOOTWAY | {"bridge": "No"}, YES),
    "four steps on a path": ({}, FOOTWAY | {"step_count": "4"}, NO),
    "a path of steps": ({}, FOOTWAY | {"footway": "steps"}, NO),
    "steps at a point": ({"highway": "steps"}, FOOTWAY, NO),
    "through the water": ({}, FOOTWAY | {"ford": "yes"}, UNKNOWN),
    "a ford at a point": ({"ford": "yes"}, FOOTWAY, UNKNOWN),
    "stepping stones": ({}, FOOTWAY | {"ford": "stepping_stones"}, NO),
    "no ford": ({"ford": "no"}, FOOTWAY, YES),
    "a gate with hours": ({"barrier": "gate", "opening_hours": "Mo-Fr 08:00-16:00"}, FOOTWAY, UNKNOWN),
    "a gate open all day": ({"barrier": "gate", "opening_hours": "06:00-22:00"}, FOOTWAY, YES),
    "a path with hours": ({}, FOOTWAY | {"opening_hours": "08:00-18:00"}, UNKNOWN),
    "a guess that it is narrow": ({}, FOOTWAY | {"est_width": "0.8"}, UNKNOWN),
    "a guess that it is wide": ({}, FOOTWAY | {"est_width": "2"}, YES),
    "a kerb of 12 cm, by its height": ({"barrier": "kerb", "height": "0.12"}, FOOTWAY, NO),
    "a long dash": ({}, FOOTWAY | {"width": "0.9\u20131.2 m"}, NO),
    "a minus of its own": ({}, FOOTWAY | {"incline": "\u221210%"}, NO),
    "no sloped kerb": ({"highway": "crossing", "sloped_curb": "no"}, FOOTWAY, NO),
    "a kerb sloped on one side": ({"sloped_curb": "one"}, FOOTWAY, UNKNOWN),
    "a kerb at grade": ({"sloped_curb": "at_grade"}, FOOTWAY, YES),
    "a kerb sloped in words of nobody": ({"sloped_curb": "zz"}, FOOTWAY, UNKNOWN),
    "a curb": ({"curb": "raised"}, FOOTWAY, NO),
    "three steps at a point": ({"step_count": "3"}, FOOTWAY, NO),
    "no wheelchair at a point": ({"wheelchair": "no"}, FOOTWAY, NO),
    "a bench no wheelchair reaches": ({"amenity": "bench", "wheelchair": "no"}, FOOTWAY, YES),
    "60 cm between posts that are not mapped": ({"maxwidth:physical": "0.6"}, FOOTWAY, NO),
    "a cycle barrier with an opening": ({"barrier": "cycle_barrier", "opening": "0.6"}, FOOTWAY, NO),
    "a gate of 60 cm": ({"barrier": "wicket_gate", "width": "60 cm"}, FOOTWAY, NO),
    "a thick bollard": ({"barrier": "bollard", "width": "0.6"}, FOOTWAY, YES),
    "a gate locked by day": ({"barrier": "gate", "locked:conditional": "yes @ (06:00-22:00)"}, FOOTWAY, UNKNOWN),
    "a gate locked by night": ({"barrier": "gate", "locked:conditional": "yes @ (22:00-06:00)"}, FOOTWAY, YES),
    "70 cm for certain": ({}, FOOTWAY | {"width": "2", "maxwidth:physical": "0.7"}, NO),
    "a mountain path": ({}, FOOTWAY | {"sac_scale": "mountain_hiking"}, NO),
    "a hike": ({}, FOOTWAY | {"sac_scale": "hiking"}, UNKNOWN),
    "a fallen tree": ({}, FOOTWAY | {"obstacle": "fallen_tree"}, UNKNOWN),
    "an obstacle to wheelchairs": ({}, FOOTWAY | {"obstacle:wheelchair": "yes"}, NO),
    "a ladder": ({}, FOOTWAY | {"ladder": "yes"}, NO),
    "no way for prams": ({}, FOOTWAY | {"stroller": "no"}, UNKNOWN),
    # Across, 1:40 is the most (SBi-anvisning 230); from 1:20 on it is as much as a ramp's.
    "steep in one place": ({}, FOOTWAY | {"incline": "2%", "incline:max": "9%"}, NO),
    "steep in one place, without more": ({}, FOOTWAY | {"incline:max": "9%"}, NO),
    "gentle everywhere": ({}, FOOTWAY | {"incline": "up", "incline:max": "4%"}, UNKNOWN),
    "gentle at its steepest": ({}, FOOTWAY | {"incline:max": "4%"}, YES),
    "how steep nobody knows": ({}, FOOTWAY | {"incline:max": "zz"}, UNKNOWN),
    "it leans 2 %": ({}, FOOTWAY | {"incline:across": "2%"}, YES),
    "it leans 4 % to the left": ({}, FOOTWAY | {"incline:across": "-4%"}, UNKNOWN),
    "it leans 8 %": ({}, FOOTWAY | {"incline:across": "8 %"}, NO),
    "it leans as nobody knows": ({}, FOOTWAY | {"incline:across": "zz"}, UNKNOWN),
    "vehicles of 70 cm": ({}, FOOTWAY | {"maxwidth": "0.7"}, UNKNOWN),
    "vehicles of 70 cm on two metres": ({}, FOOTWAY | {"width": "2", "maxwidth": "0.7"}, UNKNOWN),
    "vehicles of two metres": ({}, FOOTWAY | {"maxwidth": "2"}, YES),
    "vehicles of any width": ({}, FOOTWAY | {"maxwidth": "none"}, YES),
    "vehicles of what width nobody knows": ({}, FOOTWAY | {"maxwidth": "zz"}, UNKNOWN),
    "no width at all": ({}, FOOTWAY | {"width": "0"}, UNKNOWN),
    "a ramp by its other name": ({}, STEPS | {"wheelchair:ramp": "yes"}, YES),
    "two words on one ramp": ({}, STEPS | {"wheelchair:ramp": "yes", "ramp:wheelchair": "no"}, UNKNOWN),
    "conveyed as nobody knows": ({}, STEPS | {"ramp:wheelchair": "yes", "conveying": "zz"}, UNKNOWN),
    "an escalator in capitals": ({}, STEPS | {"ramp": "yes", "conveying": "Yes"}, NO),
}
# What nobody gets through, in capitals or in a list.
SHUT = {
    "a locked Gate": {"barrier": "Gate", "locked": "yes"},
    "a point that nobody may pass": {"access": "no"},
    "a railing with foot=no": {"barrier": "guard_rail", "foot": "no"},
    "a gate that is closed for now": {"barrier": "gate", "status": "closed"},
    "a locked gate among bollards": {"barrier": "gate;bollard", "locked": "yes"},
}
# Of fee, booking, members and staff a playground excludes booking by nature: the mean is over four.
FREE, CHARGED, UNTOLD = (0.5, 1.0), (0.25, 0.75), (0.25, 1.0)
# 261 weekdays of 6 hours and 104 days of 14 hours: of all hours, and of those from 7 to 22.
EVENINGS_H = 261 * 6 + 104 * 14
EVENINGS = "yes @ (Mo-Fr 16:00-22:00; Sa-Su 08:00-22:00)"
# Tags of the playground, an indicator, its bounds.
OF_THE_PLACE = {
    "fee=no": ({"fee": "no"}, "low_commitment", FREE),
    "fee=free": ({"fee": "free"}, "low_commitment", FREE),
    "fee=0": ({"fee": "0"}, "low_commitment", FREE),
    "fee=No": ({"fee": " No"}, "low_commitment", FREE),
    "charge=0 DKK": ({"charge": "0 DKK"}, "low_commitment", FREE),
    "charge=20 kr": ({"charge": "20 kr"}, "low_commitment", CHARGED),
    "fee=yes": ({"fee": "yes"}, "low_commitment", CHARGED),
    "a fee of 20 kr that is none": ({"fee": "no", "charge": "20 kr"}, "low_commitment", UNTOLD),
    "a fee in words": ({"fee": "yes", "charge": "Voksne 20 kr"}, "low_commitment", CHARGED),
    "fee=unknown": ({"fee": "unknown"}, "low_commitment", UNTOLD),
    "fee=false": ({"fee": "false"}, "low_commitment", FREE),
    "fee=zz": ({"fee": "zz"}, "low_commitment", UNTOLD),
    "supervised=unknown": ({"supervised": "unknown"}, "low_commitment", UNTOLD),
    "supervised=unknown, programme": ({"supervised": "unknown"}, "no_programme", UNKNOWN),
    "reservation=not_needed": ({"reservation": "not_needed"}, "low_commitment", UNTOLD),
    "reservation=not_needed, programme": ({"reservation": "not_needed"}, "no_programme", (0.5, 1.0)),
    "shut": ({"access": "no"}, "legal_access", NO),
    "evenings": (
        {"access": "no", "access:conditional": EVENINGS},
        "legal_access",
        (EVENINGS_H / 8760, EVENINGS_H / (15 * 365)),
    ),
    "a condition that nobody can read": ({"access": "no", "access:conditional": "zz"}, "legal_access", UNKNOWN),
    "access=zz": ({"access": "zz"}, "legal_access", UNKNOWN),
    "access=no;yes": ({"access": "no;yes"}, "legal_access", UNKNOWN),
    "only a comment": ({"opening_hours": '"ask the caretaker"'}, "open_hours", UNKNOWN),
    "a fallback": (
        {"opening_hours": 'Mo-Fr 10:00-16:00 || "by appointment"'},
        "open_hours",
        (261 * 6 / 8760, 1.0),
    ),
    "school holidays": ({"opening_hours": "Mo-Fr 10:00-16:00; SH off"}, "open_hours", (0.0, 261 * 6 / 8760)),
}
CASES = [*ON_THE_WAY, *SHUT, *OF_THE_PLACE]


def strip(number, middle, way, place):
    """A block of 20 homes, a way, and a playground 180 m from its door."""
    first, y = 100 * number + 1, STRIP_M * number
    ground = [(180, 0), (180, 20), (210, 20), (210, -20), (180, -20)]
    points = [(-20, -10), (-20, 10), (0, 10), (0, 0, {"entrance": "yes"}), (0, -10), (90, 0, middle), *ground]
    nodes = {first + i: (x, y + dy, *tags) for i, (x, dy, *tags) in enumerate(points)}
    block, playground = (*range(first, first + 5), first), (*range(first + 6, first + 11), first + 6)
    ways = {
        first: (block, {"building": "apartments", "building:flats": "20"}),
        first + 1: ((first + 3, first + 5, first + 6), way),
        first + 2: (playground, {"leisure": "playground"} | place),
    }
    return nodes, ways


@pytest.fixture(scope="module")
def evidence(tmp_path_factory):
    strips = [(middle, way, {}) for middle, way, _ in ON_THE_WAY.values()]
    strips += [(middle, FOOTWAY, {}) for middle in SHUT.values()]
    strips += [({}, FOOTWAY, place) for place, _, _ in OF_THE_PLACE.values()]
    nodes, ways = {}, {}
    for number, tags in enumerate(strips):
        more_nodes, more_ways = strip(number, *tags)
        nodes, ways = nodes | more_nodes, ways | more_ways
    top = STRIP_M * len(strips)
    path = write(tmp_path_factory.mktemp("strips") / "town.osm", nodes, ways, bounds=(-2500, -2500, 2700, top + 2500))
    boundary = shapely.box(-100, -100, 300, top)
    estate = Estate("here", "here", shapely.transform(boundary, lambda xy: xy + CENTRE_M), METRIC)
    found = spatial.analyse(estate, osm=path, scores_only=True).evidence
    return found.set_index(["place_id", "indicator"])


def row(evidence, case, indicator):
    return evidence.loc[f"osm:way/{100 * CASES.index(case) + 3}", indicator]


@pytest.mark.parametrize("case", ON_THE_WAY)
def test_what_is_on_the_way(evidence, case):
    bounds = row(evidence, case, "step_free")[["low", "high"]]
    assert tuple(bounds) == ON_THE_WAY[case][2]
    assert row(evidence, case, "dwellings_5min")["value"] == 20


ROAD_SPEEDS = {
    # maxspeed of a residential street across the way: how many roads are crossed, at least and at most
    "30": (0, 0), "50": (0, 0), "60": (1, 1), "DK:rural": (1, 1), "40 mph": (1, 1), "50;70": (0, 1), "zz": (0, 1),
    "70 @ (Mo-Fr)": (0, 1), ">50": (1, 1), "none": (0, 1), "walk": (0, 0),
}  # fmt: skip


@pytest.mark.parametrize("speed", ROAD_SPEEDS)
def test_a_road_across_the_way(speed, tmp_path):
    nodes, ways = strip(0, {}, FOOTWAY, {})
    nodes |= {90: (90, -400), 91: (90, 400)}
    ways[90] = ((90, 6, 91), {"highway": "residential", "maxspeed": speed})
    path = write(tmp_path / "road.osm", nodes, ways, bounds=(-2500, -2500, 2700, 2500))
    boundary = shapely.transform(shapely.box(-100, -100, 80, 100), lambda xy: xy + CENTRE_M)
    result = spatial.analyse(Estate("here", "here", boundary, METRIC), osm=path, scores_only=True)
    found = result.evidence.set_index(["place_id", "indicator"])
    assert tuple(found.loc[("osm:way/3", "severance"), ["low", "high"]]) == ROAD_SPEEDS[speed]
    homes = 20 * math.exp(-180 / 200)
    worth = [{0: 1.0, 1: 0.4}[roads] for roads in reversed(ROAD_SPEEDS[speed])]
    told = found.loc[("osm:way/3", "homes_uncrossed"), ["low", "high"]]
    assert tuple(told) == pytest.approx([homes * share for share in worth], rel=0.01)


@pytest.mark.parametrize("case", SHUT)
def test_what_is_shut(evidence, case):
    assert row(evidence, case, "dwellings_5min")["value"] == 0


@pytest.mark.parametrize("case", OF_THE_PLACE)
def test_what_is_said_of_the_place(evidence, case):
    _, indicator, bounds = OF_THE_PLACE[case]
    found = row(evidence, case, indicator)
    assert (found["low"], found["high"]) == pytest.approx(bounds)
    assert (found["evidence"] == "observed") == (bounds[0] == bounds[1])
