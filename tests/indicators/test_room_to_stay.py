"""A condition: ground to stay on, and something to stay for."""

import pytest

from spatial.indicators.room_to_stay import room_to_stay
from tests import tables


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("meeting space", (1, 1, 1, "derived", "meeting_space")),
        ("seat", (0.3, 0.3, 1, "derived", "nothing_to_stay_for")),  # a bench beside a road; something may be unmapped
        ("possible", (0.3, 0.3, 1, "derived", "nothing_to_stay_for")),
    ],
)
def test_on_paper(status, expected):
    places = tables.places({"a": {"status": status}, "b": {}})
    tables.check(room_to_stay(places), expected, (1, 1, 1, "derived", "meeting_space"))
