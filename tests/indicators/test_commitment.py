"""What is asked of one: one less the mean of four terms, and programmes."""

import pytest

from spatial.indicators.commitment import low_commitment, no_programme
from spatial.settings.tags import tag_rules
from tests import tables
from tests.tables import NAN

ALL_NO = {"fee": "no", "reservation": "no", "members_only": "no", "supervised": "no"}
UNTAGGED = ("unknown", "fee_booking_members_staff_not_tagged")
COMMITMENT = {
    "a bench: all four by nature": ("bench", {}, (1, 1, 1, "assumed by rule", "kind_nature")),
    "a pitch: nothing known": ("pitch", {}, (NAN, 0, 1, *UNTAGGED)),
    "a playground: nobody books it": ("playground", {}, (NAN, 1 - 3 / 4, 1, *UNTAGGED)),
    "all tagged, none asked": ("pitch", ALL_NO, (1, 1, 1, "observed", "tags")),
    "all tagged, a fee": ("pitch", ALL_NO | {"fee": "yes"}, (0.75, 0.75, 0.75, "observed", "tags")),
    "a bench with a fee": ("bench", {"fee": "yes"}, (0.75, 0.75, 0.75, "assumed by rule", "kind_nature")),
    "members only, no fee: booking and staff open": (
        "pitch",
        {"access": "members", "fee": "no"},
        (NAN, 0.25, 0.75, *UNTAGGED),
    ),
    "not for members only": ("pitch", {"access": "yes"}, (NAN, 0.25, 1, *UNTAGGED)),
    "a charge": ("pitch", {"charge": "20 DKK"}, (NAN, 0, 0.75, *UNTAGGED)),
}


@pytest.mark.parametrize(("kind", "tags", "expected"), COMMITMENT.values(), ids=COMMITMENT)
def test_commitment_on_paper(kind, tags, expected):
    places = tables.places({"a": {"kind": kind, "tags": tags}, "b": {}})
    tables.check(
        low_commitment(places, tag_rules(), tables.POSITION), expected, (1, 1, 1, "assumed by rule", "kind_nature")
    )


PROGRAMME = {
    "by nature": ("bench", {}, None, (1, 1, 1, "assumed by rule", "kind_nature")),
    "a booking": ("pitch", {"reservation": "required"}, None, (0, 0, 0, "observed", "tags")),
    "staff": ("playground", {"supervised": "yes"}, None, (0, 0, 0, "observed", "tags")),
    "a club": ("pitch", {"club": "sport"}, None, (0, 0, 0, "observed", "tags")),
    "training": ("bench", {"training": "yes"}, None, (0, 0, 0, "observed", "tags")),
    "neither booking nor staff": ("pitch", {"booking": "no", "staffed": "no"}, None, (1, 1, 1, "observed", "tags")),
    "only one of them": ("pitch", {"booking": "no"}, None, (NAN, NAN, NAN, "unknown", "booking_and_staff_not_tagged")),
    "on a club's ground": ("pitch", {}, "sports_club", (NAN, 0, 1, "unknown", "sports_club_ground")),
    "nothing known": ("pitch", {}, None, (NAN, NAN, NAN, "unknown", "booking_and_staff_not_tagged")),
}


@pytest.mark.parametrize(("kind", "tags", "ground", "expected"), PROGRAMME.values(), ids=PROGRAMME)
def test_programme_on_paper(kind, tags, ground, expected):
    tables.check(
        no_programme(
            tables.places({"a": {"kind": kind, "tags": tags, "ground": ground}}), tag_rules(), tables.POSITION
        ),
        expected,
    )
