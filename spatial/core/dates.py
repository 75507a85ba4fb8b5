"""Dates as people write them: the first and the last day that one may mean. Pure."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date
from typing import Final, TypeAlias

Span: TypeAlias = tuple[date, date]

# Names of months in Danish and English, by their first three letters.
MONTHS: Final = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "maj": 5, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "okt": 10,
    "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
MONTH: Final = rf"(?P<month>{'|'.join(MONTHS)})[a-z]*\.?"
_SEASONS: Final = {
    "spring": 3,
    "forår": 3,
    "summer": 6,
    "sommer": 6,
    "autumn": 9,
    "fall": 9,
    "efterår": 9,
    "winter": 12,
}

_VAGUE = re.compile(r"^(?:~|(?:ca?\.?|circa|around|about|omkring|early|mid|late) )\s*")
_BOUND = re.compile(r"(before|by|until|after|since|før|efter) (.+)")
_RANGE = re.compile(r"(.+?) ?(?:\.\.|(?<=\d{4})[/–-](?=\d{4}$)) ?(.+)")


def named_month(match: re.Match[str]) -> str:
    """A date with the name of a month as year, month and day (``2025-05-06``)."""
    return f"{match['year']}-{MONTHS[match['month'][:3].lower()]:02}-{int(match['day']):02}"


def span(text: str) -> Span | None:
    """First and last day of a date as OpenStreetMap's wiki and people in Denmark write it; None of any other.

    Examples
    --------
    >>> [str(day) for text in ("~1860s", "2019-Q2", "6. maj 2019") for day in span(text)]
    ['1860-01-01', '1869-12-31', '2019-04-01', '2019-06-30', '2019-05-06', '2019-05-06']
    >>> str(span("before 1990")[1]), str(span("2010..2012")[1]), span("gone")
    ('1989-12-31', '2012-12-31', None)
    """
    plain = _VAGUE.sub("", text.strip().lower()).rstrip("?~%")
    if bound := _BOUND.fullmatch(plain):
        days = span(bound[2])
        return None if days is None else _bounded(bound[1], *days)
    if ends := _RANGE.fullmatch(plain):
        first, last = span(ends[1]), span(ends[2])
        return None if first is None or last is None or first[0] > last[1] else (first[0], last[1])
    for form, days_of in _FORMS:
        if match := form.fullmatch(plain):
            try:
                return days_of(match)
            except ValueError:
                return None
    return None


def _bounded(word: str, first: date, last: date) -> Span:
    if word in ("after", "efter", "since"):
        return (first if word == "since" else last), date.max
    return date.min, date.fromordinal(first.toordinal() - 1) if word in ("before", "før") else last


def _months(year: int, month: int, count: int = 1) -> Span:
    years, last = divmod(month - 1 + count - 1, 12)
    return date(year, month, 1), date(year + years, last + 1, monthrange(year + years, last + 1)[1])


def _day(year: str, month: str, day: str) -> Span:
    one = date(int(year), int(month), int(day))
    return one, one


def _either_way(match: re.Match[str]) -> Span:
    """A date with strokes: the day or the month may come first."""
    one, other, year = match.groups()
    days = [_day(year, month, day)[0] for day, month in ((one, other), (other, one)) if 1 <= int(month) <= 12]
    return min(days), max(days)


# A clock after a day says nothing more.
_CLOCK = r"(?:[t ]\d\d:?\d\d.*)?"
_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Span]], ...] = (
    (re.compile(rf"(\d{{4}})([-/.])(\d\d?)\2(\d\d?){_CLOCK}"), lambda m: _day(m[1], m[3], m[4])),
    (re.compile(rf"(\d\d?)([-.])(\d\d?)\2(\d{{4}}){_CLOCK}"), lambda m: _day(m[4], m[3], m[1])),
    (re.compile(rf"(\d\d?)/(\d\d?)/(\d{{4}}){_CLOCK}"), _either_way),
    (re.compile(rf"(?P<day>\d\d?)\.? {MONTH} (?P<year>\d{{4}})"), lambda m: _day(*named_month(m).split("-"))),
    (re.compile(rf"{MONTH} (?P<day>\d\d?),? (?P<year>\d{{4}})"), lambda m: _day(*named_month(m).split("-"))),
    (re.compile(rf"{MONTH} (?P<year>\d{{4}})"), lambda m: _months(int(m["year"]), MONTHS[m["month"]])),
    (re.compile(r"(\d{4})[-/.](\d\d?)"), lambda m: _months(int(m[1]), int(m[2]))),
    (re.compile(r"(\d{4})[- ]?q([1-4])"), lambda m: _months(int(m[1]), 3 * int(m[2]) - 2, 3)),
    (re.compile(r"q([1-4])[- ]?(\d{4})"), lambda m: _months(int(m[2]), 3 * int(m[1]) - 2, 3)),
    (re.compile(rf"({'|'.join(_SEASONS)}) (\d{{4}})"), lambda m: _months(int(m[2]), _SEASONS[m[1]], 3)),
    (re.compile(r"(\d{4})"), lambda m: _months(int(m[1]), 1, 12)),
    (re.compile(r"(\d{3}0)s"), lambda m: _months(int(m[1]), 1, 120)),
    (re.compile(r"c(\d\d?)"), lambda m: _months(100 * int(m[1]) - 99, 1, 1200)),
)
