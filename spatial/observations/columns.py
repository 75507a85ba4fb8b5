"""Understand the columns of a file of counts, and the times in them. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.core.errors import SchemaError
from spatial.core.messages import Phrase, near, phrase
from spatial.core.model import Sheet
from spatial.settings.observation_columns import (
    DAY_FIRST,
    FORM_TIME,
    MONTH_FIRST,
    MOVING,
    PERSONS,
    STAYING,
    YEAR_FIRST,
    Mapped,
    normalised,
    rules,
)

LOCATIONS, SURVEYS, COUNTS, COMPONENT, OTHER = "locations", "surveys", "counts", "component", "other"
# In the name of a table these say which kind of count it holds.
NAMED = {MOVING: ("moving", "bevaeg", "bevæg"), STAYING: ("staying", "ophold")}


@dataclass(frozen=True)
class Table:
    """A table under the names used here.

    ``rows`` holds texts by row number; ``categories`` counts still as texts, where several columns
    of the file may feed one category; ``kind`` is staying or moving where the whole table says so.
    ``names`` gives the file's column by the name used here; ``form_time`` says that the times are
    those at which a form was opened, for it asks for no other; ``person_rows`` that it holds no
    count, and each row is one person.
    """

    sheet: Sheet
    role: str
    rows: pd.DataFrame
    categories: dict[str, list[pd.Series]]
    kind: str | None
    geometry: npt.NDArray[np.object_] | None
    form_time: bool = False
    person_rows: bool = False
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """The tables by role, and what was not read: column names by reason."""

    tables: tuple[Table, ...]
    dropped: dict[str, list[str]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)

    def of(self, *roles: str) -> list[Table]:
        """Tables of these roles."""
        return [table for table in self.tables if table.role in roles]


def recognise(sheets: Sequence[Sheet], mapped: Mapped) -> Layout:
    """Find out what each table is.

    Raises
    ------
    SchemaError
        If no table holds counts with times.
    """
    dropped: dict[str, list[str]] = {}
    unread: list[str] = []
    tables = with_persons([understood(sheet, mapped, dropped, unread) for sheet in sheets], mapped)
    layout = Layout(tables, {why: sorted(set(names)) for why, names in sorted(dropped.items())}, sorted(set(unread)))
    where = sorted({sheet.path for sheet in sheets})
    if not layout.of(COUNTS, COMPONENT):
        raise SchemaError("layout.counts", where=where, nearest=_nearest(unread, "total"))
    if not layout.of(COUNTS) and not layout.of(SURVEYS):
        raise SchemaError("layout.times", where=where, nearest=_nearest(unread, "start"))
    return layout


def with_persons(tables: Sequence[Table], mapped: Mapped) -> tuple[Table, ...]:
    """Take each row of a table without a count for one person, where nothing else counts and the table says so."""
    if any(table.role in (COUNTS, COMPONENT) for table in tables):
        return tuple(tables)
    return tuple(_of_persons(table) if _holds_persons(table, mapped) else table for table in tables)


def _holds_persons(table: Table, mapped: Mapped) -> bool:
    marked = any(normalised(str(column)) in rules().person for column in table.sheet.rows)
    return _is_timed(table.rows) and (mapped.rows == PERSONS or (mapped.rows is None and marked))


def _of_persons(table: Table) -> Table:
    return replace(table, role=COUNTS, rows=table.rows.assign(total="1"), person_rows=True)


def _nearest(unread: Sequence[str], name: str) -> Phrase:
    """Say which columns without a meaning are written nearly as one that is needed."""
    found = [column for column in unread if near(normalised(column), rules().columns[name])]
    return phrase("layout.nearest", columns=list(map(repr, found))) if found else phrase("layout.no_near")


def understood(sheet: Sheet, mapped: Mapped, dropped: dict[str, list[str]], unread: list[str]) -> Table:
    """Give the columns of a sheet the names used here; the first spelling of a name wins."""
    chosen: dict[str, tuple[int, str]] = {}
    positions: dict[str, tuple[int, str]] = {}
    categories: dict[str, list[pd.Series]] = {}
    columns = [str(column) for column in sheet.rows.columns]
    meanings = rules().meanings(columns, mapped)
    unread += [column for column in columns if column not in meanings]
    for column, (role, name, order) in meanings.items():
        if role == "dropped":
            dropped.setdefault(name, []).append(column)
        elif role == "category":
            categories.setdefault(name, []).append(sheet.rows[column])
        else:
            kept = chosen if role == "column" else positions
            kept[name] = min(kept.get(name, (order, column)), (order, column), key=lambda place: place[0])
    chosen = _as_asked(chosen)
    rows = pd.DataFrame({name: sheet.rows[column] for name, (_, column) in chosen.items()}, index=sheet.rows.index)
    return Table(
        sheet,
        _role(rows, categories, sheet),
        rows,
        categories,
        _kind(sheet, mapped, categories),
        sheet.geometry,
        form_time=chosen.get("start", (0, ""))[0] >= FORM_TIME,
        names={name: column for name, (_, column) in {**positions, **chosen}.items()},
    )


def _as_asked(chosen: Mapping[str, tuple[int, str]]) -> dict[str, tuple[int, str]]:
    """Leave out when a form was opened and closed, where it asks for the time or the date."""
    asked = "date" in chosen or ("start" in chosen and chosen["start"][0] < FORM_TIME)
    return {name: place for name, place in chosen.items() if not (asked and place[0] >= FORM_TIME)}


def _role(rows: pd.DataFrame, categories: dict[str, list[pd.Series]], sheet: Sheet) -> str:
    timed = _is_timed(rows)
    counted = "total" in rows or bool(categories)
    if timed and counted:
        return COUNTS
    if counted and "survey_id" in rows:
        return COMPONENT
    if timed and "survey_id" in rows:
        return SURVEYS
    if "location_id" in rows and not timed and (sheet.geometry is not None or sheet.faults):
        return LOCATIONS
    return OTHER


def _is_timed(rows: pd.DataFrame) -> bool:
    return "start" in rows or {"date", "start_time"} <= set(rows)


def _kind(sheet: Sheet, mapped: Mapped, categories: Collection[str]) -> str | None:
    """Staying or moving, where all of a table is: said so, in its name, or by what it has columns for."""
    if mapped.kind is not None:
        return mapped.kind
    name = sheet.name.lower()
    found = [kind for kind, words in NAMED.items() if any(word in name for word in words)]
    if len(found) != 1:
        shown = {
            kind: {member for group in groups for member in rules().sums[group]}
            for kind, groups in rules().shows.items()
        }
        found = [kind for kind, members in shown.items() if members & set(categories)]
    return found[0] if len(found) == 1 else None


def sensitive(sheets: Sequence[Sheet], mapped: Mapped) -> pd.DataFrame:
    """All cells of the columns that are dropped: table, row, column, reason, text. For a file of the user's own."""
    parts = []
    for sheet in sheets:
        for column, meaning in rules().meanings(map(str, sheet.rows.columns), mapped).items():
            if meaning[0] == "dropped":
                cells = sheet.rows[column]
                cells = cells[cells.str.strip() != ""]
                parts.append(
                    pd.DataFrame(
                        {
                            "table": sheet.name,
                            "row": cells.index,
                            "column": column,
                            "why": meaning[1],
                            "text": cells.to_numpy(),
                        }
                    )
                )
    return (
        pd.concat(parts, ignore_index=True)
        if parts
        else pd.DataFrame(columns=["table", "row", "column", "why", "text"])
    )


BAD_TIME, OTHER_FORMAT = "bad_time", "other_time_format"


@dataclass(frozen=True)
class _Format:
    """A way to write a time: what it looks like, and how Python reads it."""

    pattern: str
    code: str
    utc: bool = False
    order: str | None = None


_CLOCK = r"([01]?\d|2[0-9])[:.]\d\d"
_FORMATS = (
    _Format(r"\d{8}:\d{4}", "%Y%m%d:%H%M"),  # the Public Life Data Protocol
    _Format(r"\d{8} \d{4}", "%Y%m%d %H%M"),
    _Format(rf"\d{{8}} {_CLOCK}", "%Y%m%d %H:%M"),
    _Format(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]00:?00)", "ISO", utc=True),
    # With an offset, the wall clock is what is written before it.
    _Format(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?([+-]\d\d(:?\d\d)?)?", "ISO"),
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
    (r"^(\d{4}-\d\d-\d\d)[T ](\d[:.])", r"\1 0\2"),
    (r"^(\d{4}-\d\d-\d\d)[T ](\d\d)\.(\d\d)", r"\1 \2:\3"),
    (r"^(\d+[-./]\d+[-./]\d+) (\d\d)(\d\d)$", r"\1 \2:\3"),
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
