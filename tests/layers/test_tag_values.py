"""What values of tags say: within the vocabulary what the wiki says, outside it nothing."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatial.layers.tag_values import read, vocabulary

KEYS = sorted(vocabulary())
# Words that no vocabulary holds, and that are no numbers.
JUNK = st.from_regex(r"zz[a-zæøå_ .:']{0,12}", fullmatch=True)


def words(key):
    entry = vocabulary()[key]
    return [word for group in ("yes", "no", "perhaps", "flat") for word in entry.get(group, ())]


def full(key):
    unit = vocabulary()[key].get("number")
    if unit in (None, "charged"):
        return (0.0, 1.0)
    return (-math.inf if unit == "level" else 0.0, math.inf)


@pytest.mark.parametrize("key", KEYS)
@settings(max_examples=10)
@given(value=JUNK)
def test_what_nobody_knows_says_nothing(key, value):
    assert read(key, value) == (*full(key), False)
    assert read(key, None)[:2] == full(key)


@pytest.mark.parametrize("key", KEYS)
@settings(max_examples=30)
@given(value=st.text(max_size=20))
def test_no_text_is_certain_without_a_word_or_a_number(key, value):
    said = read(key, value)
    assert full(key)[0] <= said.low <= said.high <= full(key)[1]
    if not said.is_read:
        assert said[:2] == full(key)
    elif said[:2] != full(key):
        parts = [part.strip().lower() for part in value.split(";")]
        known = (*words(key), "true", "false", "ja", "nej")
        assert any(part in known or any(sign in "0123456789" for sign in part) for part in parts)


@pytest.mark.parametrize("key", KEYS)
def test_upper_case_and_blanks_change_nothing(key):
    for word in words(key):
        assert read(key, f" {word.upper()}  ") == read(key, word)
        assert read(key, word).is_read


@pytest.mark.parametrize("key", KEYS)
def test_of_a_list_every_part_holds_somewhere(key):
    for first, second in zip(words(key), reversed(words(key)), strict=True):
        parts = [read(key, first), read(key, second)]
        whole = read(key, f"{first};{second}")
        assert whole[:2] == (min(part.low for part in parts), max(part.high for part in parts))
        assert not read(key, f"{first};zz").is_read
        assert read(key, f"{first};zz")[:2] == full(key)


@pytest.mark.parametrize(
    ("key", "value", "low", "high"),
    [
        ("fee", "free", 0, 0),
        ("fee", "0", 0, 0),
        ("fee", "No", 0, 0),
        ("fee", "unknown", 0, 1),
        ("fee", "20 kr", 1, 1),
        ("charge", "0 DKK", 0, 0),
        ("charge", "20 DKK/hour", 1, 1),
        ("reservation", "not_needed", 0, 0),
        ("supervised", "unknown", 0, 1),
        ("access", "no;yes", 0, 1),
        ("incline", "1:8", 0.125, 0.125),
        ("incline", "-12,5 %", 0.125, 0.125),
        ("incline", "45°", 1, 1),
        ("incline", "up", 0, math.inf),
        ("incline", "down", 0, math.inf),
        ("incline", ">=10%", 0.1, math.inf),
        ("incline", "<=5%", 0, 0.05),
        ("incline", "2%;8%", 0.02, 0.08),
        ("incline", "5", 0, math.inf),
        ("width", "6'2\"", 74 * 0.0254, 74 * 0.0254),
        ("width", "6 ft 2 in", 74 * 0.0254, 74 * 0.0254),
        ("width", "1,5", 1.5, 1.5),
        ("width", "150 cm", 1.5, 1.5),
        ("width", "1-2 m", 1, 2),
        ("width", "-1", 0, math.inf),
        ("kerb:height", "12 cm", 0.12, 0.12),
        ("kerb:height", "0.03", 0.03, 0.03),
        ("kerb:height", "12", 0, math.inf),
        ("maxspeed", "50", 50, 50),
        ("maxspeed", "30 mph", 48.28032, 48.28032),
        ("maxspeed", "80 km/h", 80, 80),
        ("maxspeed", "DK:urban", 50, 50),
        ("layer", "-1;0", -1, 0),
        ("building:flats", "20", 20, 20),
        ("building:flats", "1.200", 0, math.inf),
        ("building:levels", "3,5", 3.5, 3.5),
        ("surface", "asphalt;gravel", 0, 1),
        ("width", "1\u20132 m", 1, 2),
        ("width", "1..2", 1, 2),
        ("width", ".8", 0.8, 0.8),
        ("width", "3\u20326\u2033", 42 * 0.0254, 42 * 0.0254),
        ("incline", "\u22128\uff05", 0.08, 0.08),
        ("level", "-2--1", -2, -1),
        ("supervised", "true", 1, 1),
        ("locked", "nej", 0, 0),
    ],
)
def test_values_as_people_write_them(key, value, low, high):
    assert read(key, value)[:2] == pytest.approx((low, high))


@pytest.mark.parametrize("value", [">10%", "> 10 %"])
def test_more_than_is_more(value):
    assert read("incline", value).low > 0.1
    assert read("incline", "<10%").high < 0.1
