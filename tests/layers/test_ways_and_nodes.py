"""What ways and nodes say to somebody on wheels: siblings of the cases that people brought."""

from __future__ import annotations

import geopandas as gpd
import pytest

from spatial.layers.streets import PATH_COLUMNS, _is_locked, read_way, wheels_pass
from spatial.network.graph import _step_free
from spatial.settings.tags import tag_rules

YES, NO, OPEN, SHUT = 1, 0, -1, "shut"
# Tags of a footway of asphalt: whether it is free of steps, or shut to people on foot.
FOOTWAYS = {
    "access=private": SHUT, "access=no & foot=yes": YES, "foot=private": SHUT, "access=customers": YES,
    "access=permit": SHUT, "foot=no": SHUT, "foot=use_sidepath": SHUT, "foot=discouraged": OPEN,
    "foot:conditional=no @ (22:00-06:00)": YES, "foot:conditional=no @ (06:00-22:00)": OPEN,
    "access:conditional=no @ (Nov-Mar)": YES, "foot:conditional=no @ wet": OPEN,
    "access:conditional=private @ (sunset-sunrise)": OPEN, "surface=asphalt:lanes": OPEN,
    "surface=paving_stones:30": YES, "surface=gravel": NO, "surface=gravel & wheelchair=yes": YES,
    "smoothness=very_bad & wheelchair=designated": YES, "surface=sett & smoothness=good": OPEN,
    "surface=sett & smoothness=bad": NO, "wheelchair=no": NO, "wheelchair=No": NO, "wheelchair=limited": OPEN,
    "wheelchair=zz": OPEN, "wheelchair:description=steep": YES, "width=0.9": NO, "width=0.9 & wheelchair=yes": YES,
    "width=0.9 & wheelchair=limited": OPEN, "width=narrow": OPEN, "width=1.3": YES, "width=1,29": NO, 'width=51"': NO,
    'width=52"': YES, "width=>=1.3": YES, "width=<1.5": OPEN, "width=1.5;0.9": OPEN, "width=0": OPEN,
    "incline=5%": YES, "incline=5.1%": NO, "incline=-20%;3%": OPEN, "incline=3 °": NO, "incline=2°": YES,
    "incline=up & wheelchair=yes": YES, "step_count=1": NO, "step_count=0": YES, "step_count=unknown": OPEN,
    "step_count=many": OPEN, "handrail=yes": YES, "ladder=no": YES, "obstacle=no": YES, "ford=no": YES,
    "tunnel=yes": YES, "covered=yes": YES, "bridge=yes & width=1 m": NO, "est_width=1.2": OPEN, "sac_scale=T1": OPEN,
    "trail_visibility=bad": YES, "oneway:foot=yes": YES, "kerb=no": YES, "kerb=lowered;raised": OPEN,
    "kerb:height=2 cm": YES, "kerb:height=0": YES, "kerb:height=<3 cm": YES, "kerb:height=3-5 cm": OPEN,
}  # fmt: skip
# Tags of a way of asphalt of any kind.
WAYS = {
    "highway=Footway": YES, "highway=footway;cycleway": YES, "highway= footway ": YES, "highway=footway;steps": NO,
    "highway=cycleway": SHUT, "highway=cycleway & foot=designated": YES, "highway=Motorway": SHUT,
    "highway=trunk & sidewalk=both": YES, "highway=residential & sidewalk=no": YES, "highway=corridor": SHUT,
    "highway=construction & construction=footway": SHUT, "highway=via_ferrata": SHUT, "highway=steps": NO,
    "highway=Steps": NO, "highway=steps & ramp=yes & ramp:stroller=yes": OPEN, "highway=steps & wheelchair=yes": YES,
    "highway=steps & wheelchair=limited": OPEN, "highway=steps & wheelchair=zz": OPEN,
    "highway=steps & wheelchair=no & ramp:wheelchair=yes": NO, "highway=steps & ramp:wheelchair=separate": NO,
    "highway=steps & ramp:wheelchair=automatic": YES, "highway=steps & ramp:wheelchair=yes & step_count=12": YES,
    "highway=steps & conveying=yes": NO,
}  # fmt: skip
# Of these nobody says what they are made of.
BARE = {"highway=footway": OPEN, "highway=track & tracktype=grade1": OPEN}
# Tags of a node: whether wheels get past it; or that nobody does.
NODES = {
    "barrier=stile": NO, "barrier=stile & wheelchair=zz": OPEN, "barrier=kissing_gate": OPEN,
    "barrier=kissing_gate & wheelchair=yes": YES, "barrier=cycle_barrier & spacing=1.5": OPEN,
    "barrier=cycle_barrier & maxwidth:physical=0.7": NO, "barrier=chicane": OPEN, "barrier=swing_gate": YES,
    "barrier=lift_gate": YES, "barrier=gate & locked=yes": SHUT, "barrier=gate & access=private": SHUT,
    "barrier=gate & access=private & foot=yes": YES, "barrier=gate & foot=zz": OPEN,
    "barrier=swing_gate & foot=no": SHUT, "barrier=gate & width=0.7": NO, "barrier=gate & width=0.8": OPEN,
    "barrier=gate & width=0.9": YES, "barrier=gate & width=0": OPEN, "barrier=gate & wheelchair=no": NO,
    "barrier=gate & wheelchair=limited": OPEN, "barrier=bollard & bollard=removable": YES, "barrier=Bollard": YES,
    "barrier=bollard & maxwidth:physical=0.75": NO, "barrier=block": OPEN, "barrier=kerb": OPEN,
    "barrier=kerb & kerb=flush": YES, "barrier=kerb & kerb:height=0.15": NO,
    "barrier=kerb & kerb=raised & wheelchair=limited": OPEN, "barrier=kerb & height=15": OPEN, "barrier=log": NO,
    "barrier=debris": NO, "barrier=full-height_turnstile & wheelchair=yes": YES, "barrier=height_restrictor": YES,
    "barrier=chain": OPEN, "barrier=yes": OPEN, "barrier=no": YES, "barrier=sally_port": OPEN,
    "barrier=entrance": YES, "barrier=hampshire_gate": OPEN, "barrier=cattle_grid": NO,
    "barrier=motorcycle_barrier": OPEN, "barrier=toll_booth": YES, "barrier=gate;stile": OPEN,
    "barrier=gate & opening_hours=24/7": YES, "barrier=gate & opening_hours=Mo-Fr 07:00-17:00": OPEN,
    "barrier=gate & opening_hours=zz": OPEN, "barrier=gate & locked=no": YES, "barrier=gate & locked=zz": OPEN,
    "highway=crossing & crossing=unmarked & kerb=raised": NO, "highway=crossing & kerb=rolled": OPEN,
    "highway=crossing & tactile_paving=no": YES, "highway=elevator & wheelchair=no": NO, "step_count=2": NO,
    "step_count=2 & ramp:wheelchair=yes": YES, "step_count=2 & ramp=yes": OPEN, "step_count=zz": OPEN,
    "highway=steps & ramp:wheelchair=yes": YES, "ford=stepping_stones": NO, "railway=crossing": YES,
}  # fmt: skip


def tags_of(text):
    return dict(part.split("=", 1) for part in text.split(" & "))


def free_of_steps(tags):
    """Whether a way is free of steps, as a network takes it."""
    way = read_way(tags, tag_rules().walk)
    if way is None or not way.allowed:
        return SHUT
    return int(_step_free(gpd.GeoDataFrame({name: [getattr(way, name)] for name in PATH_COLUMNS}))[0])


@pytest.mark.parametrize("text", FOOTWAYS)
def test_whether_a_footway_is_free_of_steps(text):
    assert free_of_steps({"highway": "footway", "surface": "asphalt"} | tags_of(text)) == FOOTWAYS[text]


@pytest.mark.parametrize("text", WAYS)
def test_whether_a_way_is_free_of_steps(text):
    assert free_of_steps({"surface": "asphalt"} | tags_of(text)) == WAYS[text]


@pytest.mark.parametrize("text", BARE)
def test_whether_a_way_of_unknown_make_is_free_of_steps(text):
    assert free_of_steps(tags_of(text)) == BARE[text]


@pytest.mark.parametrize("text", NODES)
def test_whether_wheels_get_past_a_node(text):
    tags, expected = tags_of(text), NODES[text]
    assert _is_locked(tags, tag_rules()) == (expected == SHUT)
    assert expected == SHUT or wheels_pass(tags, tag_rules()) == expected
