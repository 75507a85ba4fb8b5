"""What the value of a tag says: yes, no, a number with its unit, or nothing that can be read. Pure.

Everything that reads a value of a tag asks here. A value outside the vocabulary (``defaults/tag_values.toml``) is
unknown: its reading is the full interval, and it is counted.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from spatial.settings.loading import load_toml


class Reading(NamedTuple):
    """The bounds of what a value says, and whether it was read.

    Of a statement they are 0 (it does not hold), 1 (it does), or shares of time between; of a number the number
    itself, in metres, kilometres an hour, or as a slope (rise over run, without its direction).
    """

    low: float
    high: float
    is_read: bool = True

    @property
    def number(self) -> float:
        """The number, or the middle of its bounds; NaN where one of them is open."""
        return (self.low + self.high) / 2 if math.isfinite(self.low) and math.isfinite(self.high) else math.nan

    @property
    def is_known(self) -> bool:
        """Whether it says one thing."""
        return self.low == self.high


YES, NO, PERHAPS = Reading(1.0, 1.0), Reading(0.0, 0.0), Reading(0.0, 1.0)
# A tag that is not there, and one that is there and says nothing.
UNREAD: Final = Reading(0.0, 1.0, False)
ANY_NUMBER: Final = Reading(0.0, math.inf)
UNREAD_NUMBER: Final = Reading(0.0, math.inf, False)
ANY_LEVEL: Final = Reading(-math.inf, math.inf)
UNREAD_LEVEL: Final = Reading(-math.inf, math.inf, False)

FOOT_M, INCH_M, MPH_KMH, KNOT_KMH = 0.3048, 0.0254, 1.609344, 1.852
LENGTHS_M: Final = {
    "": 1.0, "m": 1.0, "metre": 1.0, "metres": 1.0, "meter": 1.0, "meters": 1.0, "cm": 0.01, "mm": 0.001, "km": 1000.0,
    "ft": FOOT_M, "feet": FOOT_M, "foot": FOOT_M, "'": FOOT_M, "in": INCH_M, "inch": INCH_M, '"': INCH_M,
}  # fmt: skip
SPEEDS_KMH: Final = {"": 1.0, "km/h": 1.0, "kmh": 1.0, "kph": 1.0, "mph": MPH_KMH, "knots": KNOT_KMH}
_DECIMAL = r"(?:[0-9]+(?:[.,][0-9]+)?|\.[0-9]+)"
_NUMBER = re.compile(rf"([+-]?{_DECIMAL})\s*(.*)", re.DOTALL)
_FEET = re.compile(rf"({_DECIMAL})\s*(?:'|ft|feet)\s*({_DECIMAL})\s*(?:\"|''|in|inch)?")
_RATIO = re.compile(rf"[+-]?({_DECIMAL})\s*[:/]\s*({_DECIMAL})")
_RANGE = re.compile(rf"([+-]?{_DECIMAL})\s*(?:-|\.\.)\s*([+-]?{_DECIMAL})\s*(.*)", re.DOTALL)
# A count of dwellings or floors has no thousandth part: a thousand, written as others write fractions.
_THOUSANDS = re.compile(r"[0-9]{1,3}[.,][0-9]{3}")
_CURRENCY = r"[a-z€$£]{1,3}\.?"
_MONEY = re.compile(rf"(?:{_CURRENCY}\s*)?({_DECIMAL})(?:,-)?\s*(?:{_CURRENCY})?(?:\s*/.*)?", re.DOTALL)
# Signs that a keyboard or an editor puts in the place of others, and words for yes and no.
_SIGNS = str.maketrans("\u2010\u2012\u2013\u2014\u2212\u2032\u2019\u2033\u201d\uff05", "-----''\"\"%")
_PLAIN = {"true": "yes", "ja": "yes", "false": "no", "nej": "no"}
_COUNTRY = re.compile(r"[a-z]{2}:(?:zone:?)?(.*)")


@lru_cache(maxsize=1)
def vocabulary() -> Mapping[str, Mapping[str, Any]]:
    """Return the tags that are read, by key, with what their values mean."""
    table = load_toml(None, "tag_values.toml")
    return {key: table[entry.get("like", key)] for key, entry in table.items()}


@lru_cache(maxsize=65_536)
def read(key: str, value: str | None) -> Reading:
    """Read one value of a tag; a tag that is missing says nothing, and nor does one that cannot be read.

    Examples
    --------
    >>> read("fee", "No"), read("charge", "0 DKK").high, read("charge", "20 DKK/hour").low
    (Reading(low=0.0, high=0.0, is_read=True), 0.0, 1.0)
    >>> read("width", "1,2 m").number, read("incline", "1:8").number, read("incline", ">=10%")
    (1.2, 0.125, Reading(low=0.1, high=inf, is_read=True))
    >>> read("surface", "asphalt;gravel"), read("surface", "nice")
    (Reading(low=0.0, high=1.0, is_read=True), Reading(low=0.0, high=1.0, is_read=False))
    """
    entry = vocabulary()[key]
    unit = entry.get("number")
    is_number = unit not in (None, "charged")
    if value is None:
        return {True: ANY_LEVEL if unit == "level" else ANY_NUMBER, False: PERHAPS}[is_number]
    unread = (UNREAD_LEVEL if unit == "level" else UNREAD_NUMBER) if is_number else UNREAD
    parts = [part.strip().lower() for part in value.translate(_SIGNS).split(";")]
    read_ = [_part(entry, part) for part in parts if part]
    known = [reading for reading in read_ if reading is not None]
    if not known or len(known) < len(read_):
        return unread
    return hull(known)


def hull(readings: Iterable[Reading]) -> Reading:
    """What several readings say together: the lowest to the highest of them."""
    lows, highs, are_read = zip(*readings, strict=True)
    return Reading(min(lows), max(highs), all(are_read))


def read_tag(tags: Mapping[str, str], key: str) -> Reading:
    """Read a tag of an object."""
    return read(key, tags.get(key))


def states(key: str, values: Iterable[object]) -> npt.NDArray[np.int8]:
    """What a column of values of a tag says: 1 yes, 0 no, -1 not known."""
    found: dict[object, int] = {}
    for value in values:
        if value not in found:
            said = read(key, value if isinstance(value, str) else None)
            found[value] = int(said.low) if said.is_known else -1
    return np.fromiter((found[value] for value in values), dtype=np.int8)


def _part(entry: Mapping[str, Any], text: str) -> Reading | None:
    """Read one part of a value; None where it cannot be."""
    text = _PLAIN.get(text, text)
    if text in entry.get("yes", ()):
        return YES
    if text in entry.get("no", ()):
        return NO
    unit = entry.get("number")
    if text in entry.get("perhaps", ()):
        return PERHAPS if unit in (None, "charged") else ANY_LEVEL if unit == "level" else ANY_NUMBER
    if text in entry.get("flat", ()):
        return NO
    if unit is None:
        return None
    if unit == "charged":
        price = _MONEY.fullmatch(text)
        return None if price is None else YES if _decimal(price[1]) > 0 else NO
    reading = _number(unit, text, entry)
    return reading if reading is not None and _is_sane(reading, entry) else None


def _is_sane(reading: Reading, entry: Mapping[str, Any]) -> bool:
    """Whether a number is one that a thing of this kind can have."""
    most = max(abs(bound) for bound in reading[:2] if math.isfinite(bound))
    return most <= entry["most"] and reading.high >= entry.get("least", -math.inf)


def _number(unit: str, text: str, entry: Mapping[str, Any]) -> Reading | None:
    """Read a number, a comparison or a range."""
    sign = text[:1]
    if sign in "<>≤≥" and text:
        bound = _one_number(unit, text.lstrip("<>=≤≥ "), entry)
        if bound is None:
            return None
        if "=" not in text[:2] and sign in "<>":
            bound = math.nextafter(bound, math.inf if sign == ">" else -math.inf)
        return Reading(bound, math.inf) if sign in ">≥" else Reading(-math.inf if unit == "level" else 0.0, bound)
    one = _one_number(unit, text, entry)
    if one is not None:
        return Reading(one, one)
    ends = _RANGE.fullmatch(text)
    if ends is None:
        return None
    both = [_one_number(unit, f"{end}{ends[3]}", entry) for end in (ends[1], ends[2])]
    low, high = (math.nan if end is None else end for end in both)
    return Reading(low, high) if low <= high else None


def _one_number(unit: str, text: str, entry: Mapping[str, Any]) -> float | None:
    """Read one number with its unit: metres, km/h, a slope as rise over run, a count or a level."""
    if unit == "slope":
        return _slope(text)
    if unit == "length" and (feet := _FEET.fullmatch(text)):
        return _decimal(feet[1]) * FOOT_M + _decimal(feet[2]) * INCH_M
    named: Mapping[str, float] = entry.get("named", {})
    if unit == "speed" and (country := _COUNTRY.fullmatch(text)):
        text = country[1]
    if text in named:
        return named[text]
    found = _NUMBER.fullmatch(text)
    if found is None or (unit == "count" and _THOUSANDS.fullmatch(text)):
        return None
    units = {"length": LENGTHS_M, "speed": SPEEDS_KMH}.get(unit, {"": 1.0})
    number = _decimal(found[1])
    factor = units.get(found[2].strip())
    return None if factor is None or (number < 0 and unit != "level") else number * factor


def _slope(text: str) -> float | None:
    """Read a slope without its direction; a number without a unit is none."""
    if ratio := _RATIO.fullmatch(text):
        run = _decimal(ratio[2])
        return _decimal(ratio[1]) / run if run > 0 else None
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    number, unit = abs(_decimal(found[1])), found[2].strip()
    if unit in ("°", "deg", "degrees"):
        return math.tan(math.radians(number)) if number < 90 else None
    return {"%": number / 100, "‰": number / 1000}.get(unit)


def _decimal(text: str) -> float:
    return float(text.replace(",", "."))
