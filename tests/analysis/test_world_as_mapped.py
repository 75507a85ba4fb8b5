"""The world as people map it: cases with the right value, and siblings of each in one town.

The files of ``tests/data/osm`` are invented: a playground 180 m from a block of 20 homes, by one path. In the town
of siblings each path of a fan leads from one door to a playground of its own.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import shapely

import spatial
from spatial.core.model import Estate
from spatial.layers import lifecycle
from tests.osm_xml import CENTRE_M, METRIC, write

CASES = Path(__file__).parents[1] / "data" / "osm"
PLAYGROUND = "osm:way/14"


def run(name):
    return spatial.analyse(
        spatial.Estate.from_file(CASES / "estate.geojson"), osm=CASES / f"{name}.osm", scores_only=True
    )


def bounds(result, place, indicator):
    row = result.evidence[(result.evidence["place_id"] == place) & (result.evidence["indicator"] == indicator)].iloc[0]
    return float(row["low"]), float(row["high"])


def names(result):
    return sorted(result.places["name"])


STEP_FREE = {
    "control": (1, 1),
    "barrier-stile": (0, 0),
    "barrier-kissing-gate": (0, 1),
    "kerb-height": (0, 0),
    "kerb-raised-wheelchair-yes": (1, 1),
    "steps-with-ramp": (1, 1),
    "incline-ratio": (0, 0),
    "incline-more-than": (0, 0),
    "incline-up": (0, 1),
    "smoothness": (0, 0),
    "square-as-relation": (1, 1),
    "square-as-way-control": (1, 1),
    "playground-on-car-park": (1, 1),
}


@pytest.mark.parametrize(("name", "share"), STEP_FREE.items(), ids=STEP_FREE)
def test_the_way_without_steps(name, share):
    assert bounds(run(name), PLAYGROUND, "step_free") == share


@pytest.mark.parametrize("name", ["square-as-relation", "square-as-way-control"])
def test_a_square_is_walked_across(name):
    """63 m to its corner, 57 m across (40 m × 40 m), and 82 m on; round it would be 226 m."""
    low, high = bounds(run(name), PLAYGROUND, "nearest_walk")
    assert low == high == pytest.approx(63.25 + 40 * math.sqrt(2) + 82.46, abs=1)


def test_the_ground_above_an_underground_car_park_is_outdoors():
    result = run("playground-on-car-park")
    assert names(result) == ["Legeplads"] and not math.isnan(float(result.places["floating"].iloc[0]))
    assert result.manifest["dropped"][lifecycle.BELOW] == 1


def test_values_of_a_fee():
    """A pitch of four terms would be 0 to 1; nobody books a playground, and a known fee of none takes a quarter."""
    result = run("fee-values")
    found = {name: bounds(result, place, "low_commitment") for place, name in result.places["name"].items()}
    none, open_ = (0.5, 1), (0.25, 1)
    assert found == {
        "fee no": none, "fee free": none, "fee 0": none, "fee No": none, "charge 0": none,
        "fee unknown": open_, "supervised unknown": open_, "reservation not needed": open_,
    }  # fmt: skip


def test_what_is_not_there_is_left_out_and_counted():
    result = run("lifecycle")
    assert names(result) == ["in use"]
    reasons = (lifecycle.OUT_OF_USE, lifecycle.GONE, lifecycle.COMING)
    assert [result.manifest["dropped"][reason] for reason in reasons] == [2, 2, 2]
    told = next(one for one in result.manifest["warnings"] if one["code"] == "left_out")
    assert (told["gone"], told["coming"], told["unused"], told["below"], told["count"]) == (2, 2, 2, 0, 6)


def test_access_at_times():
    """Evenings and weekends: 261 weekdays of 6 hours and 104 other days of 14, all of it from 7 to 22."""
    result = run("access-conditional")
    low, high = bounds(result, "osm:way/16", "legal_access")
    assert low == pytest.approx((261 * 6 + 104 * 14) / 8760)
    assert high == pytest.approx((261 * 6 + 104 * 14) / (365 * 15))
    assert bounds(result, "osm:way/22", "legal_access") == (0, 0)


def test_three_playgrounds_not_five():
    result = run("mapped-twice")
    assert names(result) == ["Legeplads", "mapped twice", "old multipolygon"]
    assert result.manifest["dropped"][lifecycle.TWICE] == 2
    told = next(one for one in result.manifest["warnings"] if one["code"] == "mapped_twice")
    assert told["count"] == 2


def test_a_bench_in_a_private_garden_is_not_for_all():
    result = run("bench-in-private-garden")
    assert bounds(result, "osm:node/24", "legal_access") == (0, 0)


# --- a fan of paths ------------------------------------------------------------------------------

FIRM = {"highway": "footway", "surface": "asphalt"}
STEPS = {"highway": "steps"}
YES, NO, OPEN = (1, 1), (0, 0), (0, 1)
FAN = {
    # name: tags of the middle of the path, tags of its node, the share of homes without steps: at worst, at best
    "as it is": (FIRM, {}, YES),
    "upper case and blanks": (FIRM | {"surface": " Asphalt "}, {}, YES),
    "a list of firm surfaces": (FIRM | {"surface": "asphalt;paving_stones"}, {}, YES),
    "firm and loose": (FIRM | {"surface": "asphalt;gravel"}, {}, OPEN),
    "a surface that nobody knows": (FIRM | {"surface": "beton"}, {}, OPEN),
    "1:20": (FIRM | {"incline": "1:20"}, {}, YES),
    "1:12": (FIRM | {"incline": "1:12"}, {}, NO),
    "8 degrees": (FIRM | {"incline": "8°"}, {}, NO),
    "10 %": (FIRM | {"incline": "-10 %"}, {}, NO),
    "decimal comma": (FIRM | {"incline": "12,5%"}, {}, NO),
    "<5%": (FIRM | {"incline": "<5%"}, {}, YES),
    "<10%": (FIRM | {"incline": "<10%"}, {}, OPEN),
    "more than it may be": (FIRM | {"incline": ">5%"}, {}, NO),
    "down": (FIRM | {"incline": "Down"}, {}, OPEN),
    "a number without a unit": (FIRM | {"incline": "10"}, {}, OPEN),
    "steep": (FIRM | {"incline": "steep"}, {}, OPEN),
    "flat": (FIRM | {"incline": "0"}, {}, YES),
    "a width in feet": (FIRM | {"width": "4'"}, {}, NO),
    "feet and inches": (FIRM | {"width": "6'2\""}, {}, YES),
    "narrower than": (FIRM | {"width": "<1.3"}, {}, NO),
    "wider than": (FIRM | {"width": ">1"}, {}, OPEN),
    "narrow": (FIRM | {"width": "narrow"}, {}, OPEN),
    "smooth": ({"highway": "footway", "smoothness": "good"}, {}, YES),
    "robust wheels": (FIRM | {"smoothness": "bad"}, {}, NO),
    "how smooth nobody knows": (FIRM | {"smoothness": "so-so"}, {}, OPEN),
    "rough, yet passable": (FIRM | {"smoothness": "horrible", "wheelchair": "yes"}, {}, YES),
    "for whom nobody knows": (FIRM | {"wheelchair": "perhaps"}, {}, OPEN),
    "steps": (STEPS, {}, NO),
    "a ramp for prams": (STEPS | {"ramp:stroller": "yes"}, {}, OPEN),
    "a ramp": (STEPS | {"ramp": "yes"}, {}, OPEN),
    "a ramp that is none": (STEPS | {"ramp": "no"}, {}, NO),
    "no ramp for wheelchairs": (STEPS | {"ramp": "yes", "ramp:wheelchair": "no"}, {}, NO),
    "an escalator with a ramp": (STEPS | {"ramp": "yes", "conveying": "yes"}, {}, NO),
    "stile": (FIRM, {"barrier": "stile"}, NO),
    "a stile with a gate": (FIRM, {"barrier": "stile", "wheelchair": "yes"}, YES),
    "turnstile": (FIRM, {"barrier": "turnstile"}, NO),
    "full turnstile": (FIRM, {"barrier": "full-height_turnstile"}, NO),
    "cycle barrier": (FIRM, {"barrier": "cycle_barrier"}, OPEN),
    "a cycle barrier no wheelchair passes": (FIRM, {"barrier": "cycle_barrier", "wheelchair": "no"}, NO),
    "bollard": (FIRM, {"barrier": "bollard"}, YES),
    "bollards 60 cm apart": (FIRM, {"barrier": "bollard", "maxwidth": "0.6"}, NO),
    "bollards 1.5 m apart": (FIRM, {"barrier": "bollard", "maxwidth": "1.5 m"}, YES),
    "a barrier that nobody knows": (FIRM, {"barrier": "mystery"}, OPEN),
    "a kerb of 3 cm": (FIRM, {"barrier": "kerb", "kerb:height": "3 cm"}, YES),
    "a kerb of 12 cm": (FIRM, {"kerb:height": "12 cm"}, NO),
    "a kerb of 12 m": (FIRM, {"barrier": "kerb", "kerb:height": "12"}, OPEN),
    "flush": (FIRM, {"kerb": "flush"}, YES),
    "lowered": (FIRM, {"barrier": "kerb", "kerb": "Lowered"}, YES),
    "rolled": (FIRM, {"kerb": "rolled"}, OPEN),
    "raised": (FIRM, {"kerb": "raised"}, NO),
    "a kerb on the way": (FIRM | {"kerb": "raised"}, {}, NO),
    "closed but at times": (FIRM | {"access": "no", "access:conditional": "yes @ (08:00-16:00)"}, {}, OPEN),
    "access that nobody knows": (FIRM | {"access": "perhaps"}, {}, OPEN),
    "a gate open at times": (FIRM, {"barrier": "gate", "locked": "sometimes"}, OPEN),
}  # fmt: skip
RADIUS_M, STRETCH_M = 700.0, 20.0


def at(angle, radius_m):
    return radius_m * math.cos(angle), radius_m * math.sin(angle)


@pytest.fixture(scope="module")
def fan(tmp_path_factory):
    """The step-free bounds of each path of the fan."""
    nodes, ways = {1: (0.0, 0.0, {"entrance": "yes"})}, {}
    nodes |= {2: (0.0, 0.0), 3: (-9.0, 0.0), 4: (-9.0, -9.0), 5: (0.0, -9.0)}
    ways[1] = ((1, 3, 4, 5, 1), {"building": "apartments", "building:flats": "20"})
    for number, (middle, node, _) in enumerate(FAN.values(), 1):
        # From the corner of the block to the east and the north, where the block is not in the way.
        angle, first = math.radians(-85 + 260 * number / len(FAN)), number * 10
        nodes |= {first + k: (*at(angle, 100.0 + k * STRETCH_M), node if k == 1 else {}) for k in range(3)}
        x, y = at(angle, RADIUS_M)
        nodes |= {first + 3 + k: (x + dx, y + dy) for k, (dx, dy) in enumerate([(0, 0), (8, 0), (8, 8), (0, 8)])}
        ways[first] = ((1, first), FIRM)
        ways[first + 1] = ((first, first + 1, first + 2), middle)
        ways[first + 2] = ((first + 2, first + 3), FIRM)
        ring = (first + 3, first + 4, first + 5, first + 6, first + 3)
        ways[first + 3] = (ring, {"leisure": "playground", "name": list(FAN)[number - 1]})
    path = write(tmp_path_factory.mktemp("fan") / "a.osm.pbf", nodes, ways, bounds=(-3000, -3000, 3000, 3000))
    here = Estate("fan", "fan", shapely.Point(CENTRE_M).buffer(750.0), METRIC, margin_m=0.0, reach_m=200.0)
    result = spatial.analyse(here, osm=path, scores_only=True)
    return {name: bounds(result, place, "step_free") for place, name in result.places["name"].items()}


@pytest.mark.parametrize("name", FAN)
def test_a_path_of_the_fan(name, fan):
    assert fan[name] == FAN[name][2]
