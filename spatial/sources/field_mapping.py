"""Fields of a register into the canonical schema, by the catalogue's mapping. Pure.

Registers write the same thing in many ways: ``1``, ``"1"`` and ``1.0``; ``true``, ``"ja"`` and
``"t"``. All are read as one. What a field does not say stays unsaid: an empty or unknown value
never becomes a tag.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from spatial.sources.catalogue import Codes, FieldRule, HoursRule, Mapped

# Words that registers use for yes and no, besides JSON's own.
TRUE_WORDS = frozenset({"true", "t", "ja", "j", "yes", "y", "sand", "x"})
FALSE_WORDS = frozenset({"false", "f", "nej", "n", "no", "falsk"})
YES, NO = "1", "0"
# What stands for nothing in text fields.
EMPTY_WORDS = frozenset({"", "null", "none", "nan", "<null>", "n/a", "-"})
# FKG: Helårsåbent, Sæsonåbent, Ej relevant.
ALL_YEAR, SEASONAL, NOT_RELEVANT = "1", "2", "7"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DAY_DIGITS = 8


@dataclass(frozen=True)
class Translated:
    """Tags a row, or None where the row is left out; and why, with counts.

    ``unread`` counts the values of fields that no table of codes knows, as ``"field: value"``.
    """

    tags: Sequence[Mapping[str, str] | None]
    dropped: Mapping[str, int]
    unread: Mapping[str, int]
    missing_fields: Sequence[str]


def translate(columns: Mapping[str, Sequence[Any]], count: int, mapped: Mapped) -> Translated:
    """Turn rows into tags.

    Parameters
    ----------
    columns
        Values by field, ``count`` a field. Names are compared without regard to case.
    mapped
        What the catalogue says of the fields.

    Returns
    -------
    Translated
        ``tags`` has ``count`` entries. A row is left out when a field of ``where`` has another
        value than wanted, when its kind is not used, or when its kind is not known.
    """
    by_name = {str(name).lower(): values for name, values in columns.items()}
    dropped: Counter[str] = Counter()
    unread: Counter[str] = Counter()
    tags = [_row(_Row(by_name, i), mapped, dropped, unread) for i in range(count)]
    missing = [name for name in mapped.names if name.lower() not in by_name]
    return Translated(tags, dict(sorted(dropped.items())), dict(sorted(unread.items())), missing)


class _Row:
    """One row: ``get`` finds a value by the field's name; ``has`` says whether there is such a field."""

    def __init__(self, columns: Mapping[str, Sequence[Any]], position: int) -> None:
        self._columns, self._position = columns, position

    def has(self, name: str) -> bool:
        return name.lower() in self._columns

    def get(self, name: str) -> Any:
        values = self._columns.get(name.lower())
        return None if values is None else values[self._position]


def _row(row: _Row, mapped: Mapped, dropped: Counter[str], unread: Counter[str]) -> Mapping[str, str] | None:
    for name, wanted in mapped.where.items():
        found = code(row.get(name))
        if row.has(name) and found not in wanted:
            dropped[f"{name} is {found or 'empty'}"] += 1
            return None
    tags = dict(mapped.tags)
    if mapped.kind is not None:
        kind = _kind(row, mapped, dropped)
        if kind is None:
            return None
        tags |= kind
    for rule in mapped.fields:
        for key, value in _field(row.get(rule.field), rule, unread).items():
            tags.setdefault(key, value)
    for tag, names in mapped.sums.items():
        numbers = [number(row.get(name)) for name in names]
        known = [value for value in numbers if value is not None]
        if known:
            tags[tag] = _digits(sum(known))
    if mapped.hours is not None:
        hours = opening_hours(row, mapped.hours)
        if hours is not None:
            tags.setdefault("opening_hours", hours)
    return tags


def _kind(row: _Row, mapped: Mapped, dropped: Counter[str]) -> Mapping[str, str] | None:
    rule = mapped.kind
    assert rule is not None
    found = code(row.get(rule.field))
    if found is None:
        if rule.default is None:
            dropped[f"{rule.field} is empty"] += 1
        return rule.default
    tags = meaning(found, rule.codes)
    if tags is None:
        why = "is not used" if _canonical(found, rule.codes.unused) is not None else "is a code not known"
        dropped[f"{rule.field} {found} {why}"] += 1
    return tags


def meaning(value: str, codes: Codes) -> Mapping[str, str] | None:
    """Return the tags that a value stands for, or None where the table has none for it."""
    if codes.patterns:
        return next((tags for key, tags in codes.tags.items() if re.search(key, value, re.IGNORECASE)), None)
    key = _canonical(value, codes.tags)
    return None if key is None else codes.tags[key]


def _canonical(value: str, keys: Mapping[str, Any]) -> str | None:
    """The key that a value means: as written, without regard to case, or as yes and no."""
    if value in keys:
        return value
    folded = value.casefold()
    for key in keys:
        if key.casefold() == folded:
            return key
    truth = YES if folded in TRUE_WORDS else NO if folded in FALSE_WORDS else None
    return truth if truth in keys else None


def _field(value: Any, rule: FieldRule, unread: Counter[str]) -> Mapping[str, str]:
    if rule.codes is not None:
        found = code(value)
        if found is None:
            return {}
        tags = meaning(found, rule.codes)
        if tags is None and _canonical(found, rule.codes.unused) is None:
            unread[f"{rule.field}: {found}"] += 1
        return tags or {}
    text = _converted(value, rule.convert)
    if text is None:
        return {}
    if rule.pattern is None:
        return {tag: text for tag in rule.tags}
    groups = re.fullmatch(rule.pattern, text)
    return {} if groups is None else {t: g for t, g in zip(rule.tags, groups.groups(), strict=True) if g}


def _converted(value: Any, convert: str) -> str | None:
    if convert == "text":
        return text_of(value)
    if convert == "date":
        day = day_of(value)
        return None if day is None else day.isoformat()
    found = number(value)
    if found is None or (convert == "count" and (found < 0 or found != round(found))):
        return None
    return _digits(found)


def _digits(value: float) -> str:
    return str(int(value)) if value == round(value) else repr(value)


def is_missing(value: Any) -> bool:
    """Say whether a value says nothing: None, NaN, NaT, or a word for nothing."""
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return True
    if isinstance(value, np.datetime64):
        return bool(np.isnat(value))
    return isinstance(value, str) and value.strip().casefold() in EMPTY_WORDS


def text_of(value: Any) -> str | None:
    """Read a text without blanks around it and doubled within; numbers without needless decimals."""
    if is_missing(value):
        return None
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return " ".join(str(value).split()) or None


def code(value: Any) -> str | None:
    """Read a code in any of its spellings.

    Examples
    --------
    >>> [code(value) for value in ("1012", 1012, 1012.0, "1012.0", " 1012 ", "01012", True, float("nan"))]
    ['1012', '1012', '1012', '1012', '1012', '1012', '1', None]
    """
    if isinstance(value, bool | np.bool_):
        return YES if value else NO
    text = text_of(value)
    if text is None:
        return None
    digits = re.fullmatch(r"([+-]?)0*(\d+)(?:[.,]0*)?", text)
    return text if digits is None else f"{digits[1].removeprefix('+')}{digits[2]}"


def number(value: Any) -> float | None:
    """Read a number, with a decimal point or comma; None where there is none.

    Examples
    --------
    >>> number("12,5"), number("12.0"), number("ukendt"), number(float("inf"))
    (12.5, 12.0, None, None)
    """
    text = None if isinstance(value, bool | np.bool_) else text_of(value)
    if text is None or not re.fullmatch(r"[+-]?\d+(?:[.,]\d*)?(?:[eE][+-]?\d+)?", text):
        return None
    found = float(text.replace(",", "."))
    return found if math.isfinite(found) else None


def day_of(value: Any) -> date | None:
    """Read a day: a date, ISO 8601 text, ``20240131``, or ``31-01-2024``; None where there is none."""
    if is_missing(value):
        return None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    if isinstance(value, np.datetime64):
        return day_of(str(value.astype("datetime64[D]")))
    text = code(value) or ""
    if len(text) == DAY_DIGITS and text.isdigit():
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    danish = re.match(r"(\d{1,2})[-./](\d{1,2})[-./](\d{4})", text)
    try:
        if danish is not None:
            return date(int(danish[3]), int(danish[2]), int(danish[1]))
        return date.fromisoformat(text.replace("/", "-")[:10])
    except ValueError:
        return None


def opening_hours(row: Any, rule: HoursRule) -> str | None:
    """Say in OpenStreetMap's words when a place is open that is open round the clock; else None.

    All year, ``"24/7"``; in a season whose first and last day are stated, ``"Apr 01-Sep 30"``.
    Nothing is said of a place that shuts at night, nor of a season whose days are not stated.
    """
    if code(row.get(rule.always)) not in (YES, *TRUE_WORDS):
        return None
    season = None if rule.season is None else code(row.get(rule.season))
    if season in (None, ALL_YEAR, NOT_RELEVANT):
        return "24/7"
    first, last = (None if name is None else day_of(row.get(name)) for name in (rule.first, rule.last))
    if season != SEASONAL or first is None or last is None:
        return None
    return f"{MONTHS[first.month - 1]} {first.day:02d}-{MONTHS[last.month - 1]} {last.day:02d}"
