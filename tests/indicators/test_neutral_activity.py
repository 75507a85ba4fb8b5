"""The kind's neutrality, lowered by whose place it is."""

import pytest

from spatial.indicators.neutral_activity import neutral_activity
from spatial.settings.tags import tag_rules
from tests import tables

CASES = {
    # A playground has .9; where nobody says whose it is, the lower bound is .8 of that.
    "nobody says": ("playground", {}, None, (0.9, 0.72, 0.9, "derived", "kind_default")),
    "an operator says": ("playground", {"operator": "Kommunen"}, None, (0.9, 0.9, 0.9, "derived", "kind_default")),
    "in a park": ("playground", {}, "park", (0.9, 0.9, 0.9, "derived", "kind_default")),
    "a bench is nobody's": ("bench", {}, None, (1, 1, 1, "derived", "kind_default")),
    "at a church": ("playground", {}, "faith", (0.45, 0.45, 0.45, "derived", "faith_ground")),
    "at a school": ("playground", {}, "school", (0.72, 0.72, 0.72, "derived", "school_ground")),
    "a faith, at a restaurant: the lower": (
        "playground",
        {"religion": "christian"},
        "commerce",
        (0.45, 0.45, 0.45, "observed", "tag_religion"),
    ),
    "a business": (
        "playground",
        {"operator:type": "business"},
        None,
        (0.54, 0.54, 0.54, "observed", "tag_operator_type"),
    ),
    "a public operator": ("playground", {"operator:type": "public"}, None, (0.9, 0.9, 0.9, "derived", "kind_default")),
    "a club": ("pitch", {"club": "sport"}, None, (0.48, 0.48, 0.48, "observed", "tag_club")),
}


@pytest.mark.parametrize(("kind", "tags", "ground", "expected"), CASES.values(), ids=CASES)
def test_on_paper(kind, tags, ground, expected):
    places = tables.places({"a": {"kind": kind, "tags": tags, "ground": ground}, "b": {}})
    tables.check(neutral_activity(places, tag_rules()), expected, (1, 1, 1, "derived", "kind_default"))
