"""Read times as people write them: one way to write a column, what is no time, and what may be read otherwise. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from spatial.core.dates import MONTH, named_month
from spatial.settings.observation_columns import DAY_FIRST, MONTH_FIRST, YEAR_FIRST

BAD_TIME, OTHER_FORMAT = "bad_time", "other_time_format"


@dataclass(frozen=True)
class _Format:
    """A way to write a time: what it looks like, and how Python reads it."""

    pattern: str
    code: str
    order: str | None = None


_CLOCK = r"([01]?\d|2[0-9])[:.]\d\d"
_UTC, _OFFSET = r"(?:Z|[+-]00(?::?00)?)$", r"(?:Z|[+-]\d\d(?::?\d\d)?)$"
_OTHER = re.compile(r"(?<=:\d\d)(?:\.\d+)?([+-]\d\d):?(\d\d)?$")
_FORMATS = (
    _Format(r"\d{8}:\d{4}", "%Y%m%d:%H%M"),  # the Public Life Data Protocol
    _Format(r"\d{8} \d{4}", "%Y%m%d %H%M"),
    _Format(rf"\d{{8}} {_CLOCK}", "%Y%m%d %H:%M"),
    # In UTC it is turned into the zone; with another offset, the wall clock is what is written before it.
    _Format(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?", "ISO"),
    _Format(r"\d{4}/\d\d?/\d\d? \d\d?:\d\d(:\d\d)?", "%Y/%m/%d %H:%M"),
    _Format(rf"\d\d?-\d\d?-\d{{4}} (kl\. ?)?{_CLOCK}(:\d\d)?", "%d-%m-%Y %H:%M", order=DAY_FIRST),
    _Format(rf"\d\d?\.\d\d?\.\d{{4}} (kl\. ?)?{_CLOCK}(:\d\d)?", "%d.%m.%Y %H:%M", order=DAY_FIRST),
    _Format(rf"\d\d?-\d\d?-\d\d (kl\. ?)?{_CLOCK}(:\d\d)?", "%d-%m-%y %H:%M", order=DAY_FIRST),
    _Format(rf"\d\d?\.\d\d?\.\d\d (kl\. ?)?{_CLOCK}(:\d\d)?", "%d.%m.%y %H:%M", order=DAY_FIRST),
    _Format(rf"\d\d?/\d\d?/\d{{4}} (kl\. ?)?{_CLOCK}(:\d\d)?", "%d/%m/%Y %H:%M", order=DAY_FIRST),
    _Format(rf"\d\d?/\d\d?/\d{{4}} {_CLOCK}(:\d\d)?", "%m/%d/%Y %H:%M", order=MONTH_FIRST),
    _Format(rf"\d\d?/\d\d?/\d\d (kl\. ?)?{_CLOCK}(:\d\d)?", "%d/%m/%y %H:%M", order=DAY_FIRST),
    _Format(rf"\d\d?/\d\d?/\d\d {_CLOCK}(:\d\d)?", "%m/%d/%y %H:%M", order=MONTH_FIRST),
)
# Where the file leaves it open: dates with a stroke may have the month first, and those with two digits of the year
# may begin with it. With a point or a hyphen the day comes first, as in Denmark, unless somebody says else.
_SHORT = rf"\d\d?{{0}}\d\d?{{0}}\d\d (kl\. ?)?{_CLOCK}(:\d\d)?"
_SAID = (
    *(
        _Format(
            rf"\d\d?{re.escape(sign)}\d\d?{re.escape(sign)}\d{{4}} (kl\. ?)?{_CLOCK}(:\d\d)?", code, order=MONTH_FIRST
        )
        for sign, code in (("-", "%m-%d-%Y %H:%M"), (".", "%m.%d.%Y %H:%M"))
    ),
    *(_Format(_SHORT.format(re.escape(sign)), f"%m{sign}%d{sign}%y %H:%M", order=MONTH_FIRST) for sign in "-."),
    *(_Format(_SHORT.format(re.escape(sign)), f"%y{sign}%m{sign}%d %H:%M", order=YEAR_FIRST) for sign in "-./"),
)
_SHORT_DATE = re.compile(r"^(\d\d?)([-./])\d\d?\2(\d\d)\b")
_HALF_DAY = re.compile(r"(\d{1,2})(?:[:.](\d\d))?(:\d\d)? ?([ap])\.? ?m\.?$", re.IGNORECASE)
# Ways to write a clock that are brought to one: 9:00, 10.00 and 1000 after a date with signs between its parts.
_CLOCKS = (
    (r"^[^\W\d]{2,}\.?,?\s+(?:d\.\s*|den\s+)?(?=\d+[-./]\d+[-./]\d)", ""),  # a weekday
    (r" Uhr$", ""),
    (r"^(\d{4})(\d\d)(\d\d)T(\d\d):?(\d\d)", r"\1-\2-\3T\4:\5"),
    (r"^(\d{4})[./](\d\d)[./](\d\d)(?=[T ])", r"\1-\2-\3"),
    (r"(\d)h(\d\d)$", r"\1:\2"),
    (r" (\d\d)\.(\d\d)\.(\d\d)$", r" \1:\2:\3"),
    (r"^(\d{4}-\d\d-\d\d)[T ](?:kl\.? ?)?(\d[:.])", r"\1 0\2"),
    (r"^(\d{4}-\d\d-\d\d)[T ](?:kl\.? ?)?(\d\d)\.(\d\d)", r"\1 \2:\3"),
    (r"^(\d{4}-\d\d-\d\d)[T ](?:kl\.? ?)?(?=\d)", r"\1 "),
    (r"^(\d+[-./]\d+[-./]\d+) (\d\d)(\d\d)$", r"\1 \2:\3"),
)
# A day with the name of its month, and of the weekday before it.
_NAMED = tuple(
    re.compile(rf"^(?:[^\W\d]+\.?,?\s+(?:d\.\s*|den\s+)?)?{form}\b,?(?=\s|$)", re.IGNORECASE)
    for form in (
        rf"(?P<day>\d\d?)\.?[\s-]\s*{MONTH}[\s,-]+(?P<year>\d{{4}})",
        rf"{MONTH}\s+(?P<day>\d\d?),?\s+(?P<year>\d{{4}})",
    )
)
NOON = 12
# A workbook's days since the end of 1899 (from 1954 on), and its clocks as parts of a day, where no format is set.
_SERIAL_DAY = re.compile(r"^([2-7]\d{4})([.,]\d+)?(?= |$)")
_PART_OF_DAY = re.compile(r"(?<= )0?([.,]\d{3,})$")
_DAY_ZERO = pd.Timestamp("1899-12-30")


def _half_day(match: re.Match[str]) -> str:
    """A clock of twelve hours as one of twenty-four; one that does not exist is left as it is."""
    hour = int(match[1])
    if not 1 <= hour <= NOON:
        return match[0]
    return f"{hour % NOON + NOON * (match[4].lower() == 'p'):02d}:{match[2] or '00'}{match[3] or ''}"


def _day(match: re.Match[str]) -> str:
    """A workbook's number of a day, and of its time of day, as a date and a clock."""
    date = f"{_DAY_ZERO + pd.Timedelta(days=int(match[1])):%Y-%m-%d}"
    return date if not match[2] else f"{date} {_clock(match[2])}"


def _clock(part: str) -> str:
    """A part of a day as a clock, to the nearest second."""
    at = _DAY_ZERO + pd.Timedelta(days=float("0" + part.replace(",", ".")))
    return f"{at.round('s'):%H:%M:%S}"


def _one_clock(texts: pd.Series) -> pd.Series:
    """Times as written, with the many ways to write a clock brought to one."""
    texts = texts.astype(str).str.strip().str.replace(_SERIAL_DAY, _day, regex=True)
    texts = texts.str.replace(_PART_OF_DAY, lambda match: _clock(match[1]), regex=True)
    for form in _NAMED:
        texts = texts.str.replace(form, named_month, regex=True)
    texts = texts.str.replace(_HALF_DAY, _half_day, regex=True)
    for pattern, instead in _CLOCKS:
        texts = texts.str.replace(pattern, instead, regex=True)
    return texts


def other_reading(texts: pd.Series, times: pd.Series) -> pd.Series:
    """Read dates the other way round, where all of a column may be read so as well; else no times.

    Examples
    --------
    >>> texts = pd.Series(["05/06/2025 10:00"])
    >>> other_reading(texts, parse(texts, zone="UTC")[0]).astype(str).tolist()
    ['2025-05-06 10:00:00']
    >>> texts = pd.Series(["11-06-12 10:00"])
    >>> other_reading(texts, parse(texts, zone="UTC")[0]).astype(str).tolist()
    ['2011-06-12 10:00:00']
    """
    written = _one_clock(texts)
    there = times.notna()
    strokes = written[there].str.match(r"\d\d?/").all()
    for order in (MONTH_FIRST, YEAR_FIRST):
        if (order == MONTH_FIRST and not strokes) or (
            order == YEAR_FIRST and not _may_begin_with_the_year(written[there])
        ):
            continue
        other = parse(texts, zone="UTC", order=order)[0]
        if there.any() and other[there].notna().all() and (other[there] != times[there]).any():
            return other.where(there & (other != times))
    return pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns]")


def in_another_zone(texts: pd.Series, read: pd.Series, *, zone: str) -> pd.Series:
    """Which times are written with an offset that is none of the zone's on that day, nor UTC.

    Examples
    --------
    >>> texts = pd.Series(["2026-05-06T10:15+02:00", "2026-05-06T10:15-05:00", "2026-05-06T10:15Z", "2026-05-06 10:15"])
    >>> in_another_zone(texts, parse(texts, zone="Europe/Copenhagen")[0], zone="Europe/Copenhagen").tolist()
    [False, True, False, False]
    """
    parts = texts.astype(str).str.strip().str.extract(_OTHER)
    hours, minutes = (pd.to_numeric(parts[i], errors="coerce") for i in (0, 1))
    said = hours * 60 + minutes.fillna(0) * np.sign(hours)
    there = said.notna() & (said != 0) & read.notna()
    local = read[there].dt.tz_localize(ZoneInfo(zone), ambiguous="NaT", nonexistent="shift_forward")
    own = pd.Series([at.utcoffset().total_seconds() / 60 if at == at else np.nan for at in local], local.index)
    return there & (own.reindex(texts.index) != said) & own.reindex(texts.index).notna()


def _may_begin_with_the_year(written: pd.Series) -> bool:
    """Short dates whose last part is not shown to be the year by being one where the first changes."""
    parts = written.str.extract(_SHORT_DATE)
    return bool(len(parts) and parts[2].notna().all() and (parts[2].nunique() > 1 or parts[0].nunique() == 1))


def parse(
    texts: pd.Series, *, zone: str, time_format: str | None = None, order: str | None = None
) -> tuple[pd.Series, pd.Series]:
    """Read a column of times by the one format that most of it is written in.

    Parameters
    ----------
    texts
        Times as written; an empty text is no time.
    zone
        Time zone into which times given in UTC are turned.
    time_format
        One of Python's, where the user says which; otherwise it is found.
    order
        What comes first in a date, where the user says it: the day, the month, or the year.

    Returns
    -------
    times, faults
        Wall-clock time (NaT where there is none) and, where a text cannot be used, why; else an empty text.

    Examples
    --------
    >>> times, faults = parse(pd.Series(["20180802:0820", "20180802:0860", ""]), zone="Europe/Copenhagen")
    >>> str(times[0]), list(faults)
    ('2018-08-02 08:20:00', ['', 'bad_time', ''])
    """
    written = texts.astype(str).str.strip()
    there = written != ""
    if time_format is None:
        written = _one_clock(written)
    times = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns]")
    faults = pd.Series("", index=texts.index, dtype=object)
    if not there.any():
        return times, faults
    if time_format is not None:
        read = pd.to_datetime(written[there], format=time_format, errors="coerce")
        times[there] = _in_range(read)
        faults[there & times.isna()] = BAD_TIME
        return times, faults
    known = [f for f in (*_FORMATS, *_SAID) if (f.order in (None, order) if order else f in _FORMATS)]
    looks = {f: written.str.fullmatch(f.pattern) & there for f in known}
    reads = {f: _read(written.where(looks[f], ""), f, zone) for f in known}
    best = max(known, key=lambda f: int(reads[f].notna().sum()))
    times = reads[best]
    elsewise = pd.concat([reads[f].notna() for f in known if f is not best], axis=1).any(axis=1)
    faults[there & times.isna()] = BAD_TIME
    faults[times.isna() & elsewise] = OTHER_FORMAT
    return times, faults


def _read(texts: pd.Series, form: _Format, zone: str) -> pd.Series:
    if form.code == "ISO":
        plain = texts.str.replace(_OFFSET, "", regex=True).where(texts.str.len() > len("2018-08-02"))
        read = pd.to_datetime(plain.str.replace("T", " "), format="ISO8601", errors="coerce")
        utc = texts.str.contains(_UTC) & read.notna()
        if utc.any():
            local = read[utc].dt.tz_localize("UTC").dt.tz_convert(ZoneInfo(zone)).dt.tz_localize(None)
            read = read.where(~utc, local.reindex(read.index))
        return _in_range(read)
    plain = texts.str.replace("kl. ", "", regex=False).str.replace("kl.", "", regex=False)
    if form.code.endswith("%H:%M"):
        parts = plain.str.partition(" ")
        plain = (
            parts[0]
            + " "
            + parts[2].str.replace(".", ":", regex=False).str.replace(r"^(\d\d?:\d\d):\d\d$", r"\1", regex=True)
        )
    return _in_range(pd.to_datetime(plain, format=form.code, errors="coerce"))


def _in_range(times: pd.Series) -> pd.Series:
    """Times to the nanosecond; none where that reaches no further (before 1678, after 2261)."""
    far = times.notna() & ~times.dt.year.between(pd.Timestamp.min.year + 1, pd.Timestamp.max.year - 1)
    return times.mask(far).astype("datetime64[ns]")
