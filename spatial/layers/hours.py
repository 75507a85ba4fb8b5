"""Hours as people write them: when a place is open, and what a condition of time makes of a tag. Pure.

The library reads an expression; what it answers wrongly is asked otherwise, or left open: comments, what follows
after ``||``, open ends (``10:00+``), and holidays that it does not know. Each way of reading gives a year of minutes,
and what they differ in is not known.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from opening_hours import OpeningHours, State, validate

from spatial.layers.tag_values import PERHAPS, UNREAD, YES, Reading

# A year without leap day that begins on a Wednesday; hours are a share of it.
YEAR_START, YEAR_END = datetime(2025, 1, 1), datetime(2026, 1, 1)
MINUTES: Final = 525_600
# Changes rarer than this count as none (the library looks no further).
LONGEST_DAYS = 400
# Hours at which most people are up: what is shut in the other ones is shut to few.
AWAKE: Final = (7, 22)
MINUTES_A_DAY, MINUTES_AN_HOUR, SECONDS_A_MINUTE = 1440, 60, 60
# Latitude and longitude (WGS 84), by which the library knows the sun, the time zone and the public holidays.
Position: TypeAlias = tuple[float, float]
Minutes: TypeAlias = npt.NDArray[np.bool_]

_QUOTED = re.compile(r'"[^"]*"')
_FALLBACK = re.compile(r'\|\|(?=(?:[^"]*"[^"]*")*[^"]*$)')
_SUN = re.compile(r"\b(?:sunrise|sunset|dawn|dusk)\b", re.IGNORECASE)
_OPEN_END = re.compile(r"(\d{1,2}:\d\d)(?:-(\d{1,2}:\d\d))?\+")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_SHUT = re.compile(r"\b(?:off|closed)\b", re.IGNORECASE)
_OPEN = re.compile(r"\bopen\b", re.IGNORECASE)
_ALWAYS = re.compile(r"(?<=\S )24/7\b")
CONDITIONAL = ":conditional"
HOURS: Final = "opening_hours"
_CLAUSE = re.compile(r"\s*([^@;()]+?)\s*@\s*(?:\(([^()]*)\)|([^;()]+))\s*(?:;|$)")


def open_share(text: str, where: Position | None = None) -> Reading:
    """Share of the year that hours are open: at least, and at most.

    Parameters
    ----------
    text
        As in ``opening_hours``.
    where
        Where they hold. Without it sun times and public holidays are not known.

    Examples
    --------
    >>> open_share("24/7"), open_share("Mo-Su 06:00-18:00").low, open_share("whenever").is_read
    (Reading(low=1.0, high=1.0, is_read=True), 0.5, False)
    >>> open_share('"ask the caretaker"')
    Reading(low=0.0, high=1.0, is_read=True)
    """
    found = minutes_open(text, where)
    return UNREAD if found is None else Reading(float(found[0].mean()), float(found[1].mean()))


@lru_cache(maxsize=256)
def minutes_open(text: str, where: Position | None = None) -> tuple[Minutes, Minutes] | None:
    """Minutes of the year that are open for sure, and those that may be; None where hours cannot be read."""
    sure, perhaps, is_shut_by_name = np.zeros(MINUTES, bool), np.zeros(MINUTES, bool), False
    for part in _FALLBACK.split(text):
        group = _group(part.strip(), where)
        if group is None:
            return None
        # A fallback holds where no rule before it does; of what is shut nobody says whether a rule shuts it.
        sure = sure | (group[0] & ~perhaps & (not is_shut_by_name))
        perhaps = perhaps | group[1]
        is_shut_by_name |= _SHUT.search(_QUOTED.sub("", part)) is not None
    return sure, perhaps


def _group(text: str, where: Position | None) -> tuple[Minutes, Minutes] | None:
    """Minutes that are open for sure, and that may be, of hours without a fallback."""
    bare = _QUOTED.sub("", text)
    if not bare.strip():
        return (np.zeros(MINUTES, bool), np.ones(MINUTES, bool)) if text else None
    if _YEAR.search(bare) or (where is None and _SUN.search(bare)):
        return None
    ways = [_ALWAYS.sub("00:00-24:00", text)]
    for holiday in ("SH",) if where else ("SH", "PH"):
        ways = [other for way in ways for other in _with_and_without(way, holiday)]
    ways = [other for way in ways for other in _short_and_long(way)]
    readings = [_minutes(way, where, is_stated=_OPEN.search(bare) is not None) for way in ways]
    known = [reading for reading in readings if reading is not None]
    if len(known) < len(readings):
        return None
    return np.logical_and.reduce([sure for sure, _ in known]), np.logical_or.reduce([may for _, may in known])


def _with_and_without(text: str, holiday: str) -> tuple[str, ...]:
    """Hours as they are on no holiday, and on one: the library does not know when these are."""
    if not re.search(rf"\b{holiday}\b", _QUOTED.sub("", text)):
        return (text,)
    in_list = rf"\b{holiday}\s*,\s*(?=[A-Z])|(?<=[A-Za-z])\s*,\s*{holiday}\b"
    lists = re.sub(rf",\s*{holiday}\b[^;,]*", "", re.sub(in_list, "", text))
    rules = [rule for rule in lists.split(";") if not re.search(rf"\b{holiday}\b", rule)]
    never = ";".join(rules) if rules else "off"
    always = re.sub(rf"\b{holiday}\b\s+(?=(?:Mo|Tu|We|Th|Fr|Sa|Su)\b)", "", text)
    return never, re.sub(rf"\b{holiday}\b", "Mo-Su", always)


def _short_and_long(text: str) -> tuple[str, ...]:
    """Hours with an open end as if they ended at once, and at midnight."""
    if not _OPEN_END.search(text):
        return (text,)
    short = _OPEN_END.sub(lambda end: f"{end[1]}-{end[2] or _next_minute(end[1])}", text)
    return short, _OPEN_END.sub(r"\1-24:00", text)


def _next_minute(clock: str) -> str:
    hours, minutes = clock.split(":")
    return f"{hours}:{int(minutes) + 1:02}"


def _minutes(text: str, where: Position | None, *, is_stated: bool) -> tuple[Minutes, Minutes] | None:
    """Minutes of the year that the library takes for open, and those that it does not know of or comments on."""
    if not validate(text):
        return None
    is_local = _SUN.search(text) or "PH" in text
    hours = OpeningHours(text, coords=where if is_local else None, max_interval_days=LONGEST_DAYS)
    sure, perhaps = np.zeros(MINUTES, bool), np.zeros(MINUTES, bool)
    for begin, end, state, comment in hours.intervals(YEAR_START, YEAR_END):
        minutes = slice(_minute(begin), _minute(end or YEAR_END))
        perhaps[minutes] |= state != State.CLOSED
        sure[minutes] |= state == State.OPEN and (is_stated or not comment)
    return sure, perhaps


def _minute(moment: datetime) -> int:
    """Minute of the year by the clock on the wall."""
    since = moment.replace(tzinfo=None) - YEAR_START
    return min(max(round(since.total_seconds() / SECONDS_A_MINUTE), 0), MINUTES)


# --- tags that hold at times ---------------------------------------------------------------------


def over_time(
    base: Reading | None, conditional: str | None, judge: Callable[[str], Reading], where: Position | None = None
) -> Reading:
    """What a tag says over the hours of a year, its conditions counted in.

    The bounds are those of the mean over all hours and over the hours at which most people are up.

    Parameters
    ----------
    base
        What it says without a condition; None where it says nothing: then what holds at other times is not known
        of conditions that all allow, and is yes of those that forbid.
    conditional
        Values with conditions, as ``access:conditional`` has them.
    judge
        What a value says.
    """
    if conditional is None:
        return PERHAPS if base is None else base
    clauses = conditions(conditional)
    if clauses is None:
        return UNREAD
    if base is None:
        base = PERHAPS if all(judge(value) == YES for value, _ in clauses) else YES
    low, high = np.full(MINUTES, base.low), np.full(MINUTES, base.high)
    is_read = base.is_read
    for value, condition in clauses:
        said, (sure, perhaps) = judge(value), _when(condition, where)
        low = np.where(sure, said.low, np.where(perhaps, np.minimum(low, said.low), low))
        high = np.where(sure, said.high, np.where(perhaps, np.maximum(high, said.high), high))
        is_read &= said.is_read
    lows, highs = ((bound.mean(), bound[_awake()].mean()) for bound in (low, high))
    return Reading(float(min(lows)), float(max(highs)), is_read)


def conditions(text: str) -> list[tuple[str, str]] | None:
    """Values with the condition of each, the later before the earlier; None where they cannot be read.

    Examples
    --------
    >>> conditions("yes @ (Mo-Fr 16:00-22:00; Sa-Su 08:00-22:00); no @ 22:00-06:00")
    [('yes', 'Mo-Fr 16:00-22:00; Sa-Su 08:00-22:00'), ('no', '22:00-06:00')]
    """
    found, at = [], 0
    while at < len(text):
        clause = _CLAUSE.match(text, at)
        if clause is None:
            return None
        found.append((clause[1].strip(), (clause[2] or clause[3] or "").strip()))
        at = clause.end()
    return found or None


def _when(condition: str, where: Position | None) -> tuple[Minutes, Minutes]:
    """Minutes at which a condition holds for sure, and at which it may."""
    sure, perhaps = np.ones(MINUTES, bool), np.ones(MINUTES, bool)
    for part in re.split(r"\bAND\b", condition):
        found = minutes_open(part.strip(), where)
        sure = sure & (found is not None and found[0])
        perhaps = perhaps & (found is None or found[1])
    return sure, perhaps


@lru_cache(maxsize=1)
def _awake() -> Minutes:
    begin, end = AWAKE
    hour = np.arange(MINUTES) % MINUTES_A_DAY // MINUTES_AN_HOUR
    return (hour >= begin) & (hour < end)
