"""The right to enter."""
# ruff: noqa: E501 - a table reads best with a case on a line

from types import SimpleNamespace

import numpy as np
import pytest
import shapely

from spatial.indicators.legal_access import legal_access
from spatial.settings.tags import tag_rules
from tests import tables
from tests.tables import NAN

YARD = shapely.box(0, 0, 9, 9)
OPEN, ASSUMED, SHUT = (1, 1, 1, "observed"), (1, 0.3, 1, "assumed by rule"), (0, 0, 0, "observed")
CASES = {
    # name: place, beside a way, tenure, expected
    "yes": ({"tags": {"access": "yes"}}, False, None, (*OPEN, "tag_access")),
    "customers": ({"tags": {"access": "customers"}}, True, "almen", (0.3, 0.3, 0.3, "observed", "tag_access")),
    "private": ({"tags": {"access": "private"}}, True, "almen", (*SHUT, "tag_access")),
    "foot goes before access": ({"tags": {"access": "private", "foot": "yes"}}, False, None, (*OPEN, "tag_foot")),
    "a value nobody knows": ({"kind": "pitch", "tags": {"access": "perhaps"}}, True, None, (NAN, NAN, NAN, "unknown", "no_access_tag")),
    "in a park": ({"ground": "park", "ground_id": "open"}, False, None, (*ASSUMED, "public_ground")),
    "in a park that is shut": ({"ground": "park", "ground_id": "shut"}, True, "almen", (*SHUT, "tag_access")),
    "open in a park that is shut": ({"ground": "park", "ground_id": "shut", "tags": {"access": "yes"}}, False, None, (*OPEN, "tag_access")),
    "in a private park": ({"ground": "park", "ground_id": "private"}, True, "almen", (NAN, NAN, NAN, "unknown", "private_ground")),
    "open in a private park": ({"ground": "park", "ground_id": "private", "tags": {"access": "yes"}}, False, None, (*OPEN, "tag_access")),
    "run by the municipality": ({"kind": "playground", "tags": {"operator:type": "public"}}, False, None, (*ASSUMED, "public_owner")),
    "of the state": ({"kind": "pitch", "tags": {"ownership": "national"}}, False, None, (*ASSUMED, "public_owner")),
    "a municipal playground of a school": ({"kind": "playground", "ground": "school", "ground_id": "s", "tags": {"operator:type": "public"}}, False, None, (NAN, NAN, NAN, "unknown", "school_ground")),
    "a square": ({"kind": "square"}, False, None, (*ASSUMED, "public_ground")),
    "almen": ({"kind": "pitch"}, False, "almen", (*ASSUMED, "almen_ground")),
    "almen, but outside": ({"kind": "pitch", "inside": False}, False, "almen", (NAN, NAN, NAN, "unknown", "no_access_tag")),
    "a bench by a path": ({}, True, None, (*ASSUMED, "path_side")),
    "a bench away from paths": ({}, False, None, (NAN, NAN, NAN, "unknown", "no_access_tag")),
    "a pitch by a path": ({"kind": "pitch"}, True, None, (NAN, NAN, NAN, "unknown", "no_access_tag")),
    "a bench of a school": ({"ground": "school", "ground_id": "s"}, True, "almen", (NAN, NAN, NAN, "unknown", "school_ground")),
    "a bench of a church": ({"ground": "faith", "ground_id": "f"}, True, "almen", (NAN, NAN, NAN, "unknown", "faith_ground")),
}  # fmt: skip


@pytest.mark.parametrize(("place", "beside", "tenure", "expected"), CASES.values(), ids=CASES)
def test_on_paper(place, beside, tenure, expected):
    ground = tables.table(
        [
            ("open", YARD, {}),
            ("shut", YARD, {"access": "private"}),
            ("private", YARD, {"ownership": "private"}),
            ("s", YARD, {"ground": "school"}),
        ],
        tables.GROUND,
    )
    other = {"tags": {"access": "no"}}  # a second row, so that rows cannot be mixed up
    found = legal_access(
        tables.places({"a": place, "b": other}),
        np.array([beside, False]),
        ground,
        tables.departments(),
        tag_rules(),
        SimpleNamespace(tenure=tenure),
    )
    tables.check(found, expected, (*SHUT, "tag_access"))


def test_the_ground_of_a_department_is_almen_wherever_it_lies():
    places = tables.places(
        {
            "on": {"kind": "pitch", "inside": False, "geometry": shapely.box(2, 2, 4, 4)},
            "off": {"kind": "pitch", "inside": False, "geometry": shapely.box(20, 2, 24, 4)},
        }
    )
    found = legal_access(
        places,
        np.array([False, False]),
        tables.ground(),
        tables.departments({"kk.almene_boliger:7": YARD}),
        tag_rules(),
        SimpleNamespace(tenure=None),
    )
    tables.check(found, (*ASSUMED, "almen_ground"), (NAN, NAN, NAN, "unknown", "no_access_tag"))
