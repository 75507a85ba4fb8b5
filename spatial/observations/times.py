"""Times as people write them: one format a file; what is written otherwise is not guessed at."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pandas as pd

BAD_TIME, OTHER_FORMAT = "bad_time", "other_time_format"


@dataclass(frozen=True)
class _Format:
    """A way to write a time: what it looks like, and how Python reads it."""

    pattern: str
    code: str
    utc: bool = False


_CLOCK = r"([01]?\d|2[0-9])[:.]\d\d"
_FORMATS = (
    _Format(r"\d{8}:\d{4}", "%Y%m%d:%H%M"),  # the Public Life Data Protocol
    _Format(r"\d{8} \d{4}", "%Y%m%d %H%M"),
    _Format(rf"\d{{8}} {_CLOCK}", "%Y%m%d %H:%M"),
    _Format(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]00:?00)", "ISO", utc=True),
    # With an offset, the wall clock is what is written before it.
    _Format(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d(:?\d\d)?)?", "ISO"),
    _Format(r"\d{4}/\d\d?/\d\d? \d\d?:\d\d(:\d\d)?", "%Y/%m/%d %H:%M"),
    _Format(rf"\d\d?-\d\d?-\d{{4}} (kl\. ?)?{_CLOCK}(:\d\d)?", "%d-%m-%Y %H:%M"),
    _Format(rf"\d\d?\.\d\d?\.\d{{4}} (kl\. ?)?{_CLOCK}(:\d\d)?", "%d.%m.%Y %H:%M"),
    _Format(rf"\d\d?/\d\d?/\d{{4}} (kl\. ?)?{_CLOCK}(:\d\d)?", "%d/%m/%Y %H:%M"),
    _Format(r"\d\d?/\d\d?/\d{4} \d\d?:\d\d(:\d\d)?", "%m/%d/%Y %H:%M"),
)


def parse(texts: pd.Series, *, zone: str, time_format: str | None = None) -> tuple[pd.Series, pd.Series]:
    """Read a column of times by the one format that most of it is written in.

    Parameters
    ----------
    texts
        Times as written; an empty text is no time.
    zone
        Time zone into which times given in UTC are turned.
    time_format
        One of Python's, where the user says which; otherwise it is found.

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
    times = pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns]")
    faults = pd.Series("", index=texts.index, dtype=object)
    if not there.any():
        return times, faults
    if time_format is not None:
        read = pd.to_datetime(written[there], format=time_format, errors="coerce")
        times[there] = _in_range(read)
        faults[there & times.isna()] = BAD_TIME
        return times, faults
    looks = {f: written.str.fullmatch(f.pattern) & there for f in _FORMATS}
    reads = {f: _read(written.where(looks[f], ""), f, zone) for f in _FORMATS}
    best = max(_FORMATS, key=lambda f: int(reads[f].notna().sum()))
    times = reads[best]
    elsewise = pd.concat([reads[f].notna() for f in _FORMATS if f is not best], axis=1).any(axis=1)
    faults[there & times.isna()] = BAD_TIME
    faults[times.isna() & elsewise] = OTHER_FORMAT
    return times, faults


def _read(texts: pd.Series, form: _Format, zone: str) -> pd.Series:
    if form.code == "ISO":
        plain = texts.str.replace(r"(Z|[+-]\d\d(:?\d\d)?)$", "", regex=True).where(texts.str.len() > len("2018-08-02"))
        read = pd.to_datetime(plain.str.replace("T", " "), format="ISO8601", errors="coerce")
        if form.utc and read.notna().any():
            read = read.dt.tz_localize("UTC").dt.tz_convert(ZoneInfo(zone)).dt.tz_localize(None)
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
