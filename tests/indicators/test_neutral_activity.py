"""The kind's neutrality, assumed with a spread, lowered by whose place it is."""

import pytest

from spatial.indicators.neutral_activity import neutral_activity
from spatial.settings.tags import tag_rules
from tests import tables

ASSUMED = "assumed by rule"
CASES = {
    # A playground has .9, give or take .15; where nobody says whose it is, the lower bound is .8 of that.
    "nobody says": ("playground", {}, None, (0.9, 0.6, 1.0, ASSUMED, "kind_default")),
    "an operator says": ("playground", {"operator": "Kommunen"}, None, (0.9, 0.75, 1.0, ASSUMED, "kind_default")),
    "in a park": ("playground", {}, "park", (0.9, 0.75, 1.0, ASSUMED, "kind_default")),
    "a bench is nobody's": ("bench", {}, None, (0.9, 0.75, 1.0, ASSUMED, "kind_default")),
    "at a church": ("playground", {}, "faith", (0.45, 0.375, 0.5, ASSUMED, "faith_ground")),
    "at a school": ("playground", {}, "school", (0.72, 0.6, 0.8, ASSUMED, "school_ground")),
    "a faith, at a restaurant: the lower": (
        "playground",
        {"religion": "christian"},
        "commerce",
        (0.45, 0.375, 0.5, ASSUMED, "tag_religion"),
    ),
    "a business": (
        "playground",
        {"operator:type": "business"},
        None,
        (0.54, 0.45, 0.6, ASSUMED, "tag_operator_type"),
    ),
    "a public operator": ("playground", {"operator:type": "public"}, None, (0.9, 0.75, 1.0, ASSUMED, "kind_default")),
    # A pitch has .8: .65 to .95, times .6.
    "a club": ("pitch", {"club": "sport"}, None, (0.48, 0.39, 0.57, ASSUMED, "tag_club")),
}


@pytest.mark.parametrize(("kind", "tags", "ground", "expected"), CASES.values(), ids=CASES)
def test_on_paper(kind, tags, ground, expected):
    places = tables.places({"a": {"kind": kind, "tags": tags, "ground": ground}, "b": {}})
    found = neutral_activity(places, tag_rules())
    # One draw for all of a kind: what is assumed of a class is assumed of all of it at once.
    assert found.facts.tolist() == [f"class:neutrality:{kind}", "class:neutrality:bench"]
    tables.check(found, expected, (0.9, 0.75, 1, ASSUMED, "kind_default"))
