"""What rows say of the visit they were made at: when, by whom, in what weather; and visits that met nobody. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.core.errors import SchemaError
from spatial.observations import times
from spatial.observations.columns import CODE, COMPONENT, COUNTS, Layout, Table
from spatial.observations.overlay import periods_of
from spatial.observations.rows import UNITS, Places, Rejected, fault_table, mark, said_kind_of
from spatial.settings.observation_columns import MOVING, STAYING, Mapped, rules

DAY = pd.Timedelta(days=1)
# Where clocks begin that nobody has set: those of Unix, of DOS and its discs.
CLOCKS_BEGIN = ("1970-01-01", "1980-01-01")
CLOCK_NOT_SET, TO_COME = "clock_not_set", "to_come"
MIDNIGHT = r"[T ]00:00(:00(\.0+)?)?$"
END_OF_DAY = r"^(.*[ T:])24([:.]00(?:[:.]00)?)$"
METHODS = ("analog", "digital", "video", "sensor", "manual", "scan", "app", "soparc")
# Minutes as people write them: 10, 10 min., 7,5 minutter.
MINUTES = r"(\d+(?:[.,]\d+)?)\s*(?:m|min|minutes|minutter|minuten)?\.?"
# A clock beside a date, as people write it; a workbook takes the nought from 0915.
ON_CLOCK = r"(?i)(?:kl\.? ?)?\d{1,2}(?:[:.h]?\d{2}(?::\d{2})?)?(?: ?[ap]\.?m\.?| ?Uhr)?|\d{1,2}[:.h]\d{2}(?::\d{2})?"
ON_CLOCKS = (
    (r"^kl\.? ?(\d\d?)$", r"\1:00"), (r"^(\d\d?) ?Uhr$", r"\1:00"),
    (r"^kl\.? ?| ?Uhr$", ""), (r"^([1-9]\d\d)$", r"0\1"),
)  # fmt: skip
YES, NO = ("1", "yes", "true", "ja", "y"), ("0", "no", "false", "nej", "n")


def ask_dates(table: Table, rows: pd.DataFrame, used: npt.NDArray[np.bool_]) -> None:
    """Ask how dates are read where they can be read both ways, and the week or the season hangs on it.

    Raises
    ------
    SchemaError
        With both readings of one of them.
    """
    either = rows[used & rows["month_first"].notna().to_numpy()]
    one, other = (pd.DataFrame(periods_of(either[name])) for name in ("start", "month_first"))
    differs = (one[["week", "season"]].to_numpy() != other[["week", "season"]].to_numpy()).any(axis=1)
    if not differs.any():
        return
    row = either[differs].iloc[0]
    column = table.names.get("date" if "date" in table.names else "start", "")
    text = str(table.sheet.rows.loc[row.name, column]) if column in table.sheet.rows else ""
    raise SchemaError(
        "rows.dates", file=table.sheet.path, column=column, text=text, one=f"{row['start']:%Y-%m-%d}",
        other=f"{row['month_first']:%Y-%m-%d}",
    )  # fmt: skip


def _when(table: Table, mapped: Mapped) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Start and stop of each row, and the faults in them."""
    rows, faults = table.rows, fault_table(table.rows.index)
    texts = {}
    on_clock: dict[str, pd.Series] = {}
    ends_day: dict[str, pd.Series] = {}
    for name, clock in (("start", "start_time"), ("stop", "stop_time")):
        text = rows.get(name, pd.Series("", index=rows.index, dtype=object)).str.strip()
        if "date" in rows:
            other = rows.get(clock, pd.Series("", index=rows.index, dtype=object)).str.strip()
            alone = text.str.fullmatch(ON_CLOCK)
            time = other.where(other != "", text.where(alone, ""))
            for pattern, instead in ON_CLOCKS:
                time = time.str.replace(pattern, instead, regex=True)
            # A workbook's date is the midnight at which it begins.
            dated = rows["date"].str.strip().str.replace(MIDNIGHT, "", regex=True) + " " + time
            text = dated.where(time != "", text.where(~alone, ""))
            on_clock[name] = time != ""
        texts[name] = text.str.replace(END_OF_DAY, r"\g<1>00\g<2>", regex=True)
        ends_day[name] = text.str.match(END_OF_DAY)
    both, fault = times.parse(
        pd.concat(list(texts.values()), ignore_index=True),
        zone=mapped.time_zone,
        time_format=mapped.time_format,
        order=mapped.dates,
    )
    count = len(rows)
    found = pd.DataFrame(index=rows.index)
    for i, name in enumerate(texts):
        part = slice(i * count, (i + 1) * count)
        found[name] = both.iloc[part].to_numpy()
        for reason in (times.BAD_TIME, times.OTHER_FORMAT):
            mark(faults, fault.iloc[part].to_numpy() == reason, name, reason)
    mark(faults, found["start"].isna(), "start", "no_time")
    mark(faults, _of_no_set_clock(found["start"]), "start", CLOCK_NOT_SET)
    if mapped.latest is not None:
        mark(faults, found["start"] >= pd.Timestamp(mapped.latest) + DAY, "start", TO_COME)
    found["month_first"] = _month_first(texts["start"], found["start"], mapped)
    found["other_zone"] = times.in_another_zone(texts["start"], found["start"], zone=mapped.time_zone)
    for name, at in ends_day.items():
        found[name] = found[name].where(~at, found[name] + DAY)
    found["stop"] = found["stop"].fillna(found["start"] + _lengths(rows))
    found["past_midnight"] = _past_midnight(found, on_clock.get("stop", found["stop"].isna() & False))
    found["stop"] = found["stop"].where(~found["past_midnight"], found["stop"] + DAY)
    mark(faults, found["stop"] <= found["start"], "stop", "stop_before_start")
    too_long = found["stop"] - found["start"] > pd.Timedelta(hours=rules().test["max_hours"])
    mark(faults, too_long, "stop", "too_long")
    return found, faults


def _of_no_set_clock(start: pd.Series) -> pd.Series:
    """Times at which clocks begin that nobody has set, or at which nobody counted people in the street."""
    return (start.dt.year < rules().test["earliest_year"]) | start.dt.strftime("%Y-%m-%d").isin(CLOCKS_BEGIN)


def _lengths(rows: pd.DataFrame) -> pd.Series:
    """How long was counted, where minutes are written; no time where they are not, or are none."""
    texts = rows.get("minutes", pd.Series("", index=rows.index, dtype=object)).str.strip().str.lower()
    minutes = pd.to_numeric(texts.str.extract(rf"^{MINUTES}$")[0].str.replace(",", "."), errors="coerce")
    return pd.to_timedelta(minutes.where(minutes > 0), unit="min")


def _past_midnight(found: pd.DataFrame, on_clock: pd.Series) -> pd.Series:
    """Visits whose end is given by the clock alone, and lies on the day after their start."""
    longest = pd.Timedelta(hours=rules().test["max_overnight_hours"])
    return on_clock & (found["stop"] < found["start"]) & (found["stop"] + DAY - found["start"] <= longest)


def _month_first(texts: pd.Series, start: pd.Series, mapped: Mapped) -> pd.Series:
    """The other time that each start may be, where nobody says whether the day or the month comes first."""
    if mapped.time_format is not None or mapped.dates is not None:
        return pd.Series(pd.NaT, index=texts.index, dtype="datetime64[ns]")
    return times.other_reading(texts, start)


def _about(table: Table) -> pd.DataFrame:
    """What a row says of its visit: study, survey, location, method, programme, weather, and the observer's code."""
    rows, index = table.rows, table.rows.index
    blank = pd.Series("", index=index, dtype=object)
    about = pd.DataFrame(
        {
            "study_id": rows.get("study_id", blank).str.strip(),
            "visit": rows.get("survey_id", blank).str.strip(),
            "written_id": rows.get("location_id", blank).str.strip(),
        }
    )
    method = rows.get("method", blank).str.strip().str.lower()
    about["method"] = method.where(method.isin(["", *METHODS]), "other")
    warm = _celsius(rows.get("temperature_c", blank), "c")
    for name, unit in (("temperature_f", "f"), ("temperature", "")):
        warm = warm.fillna(_celsius(rows.get(name, blank), unit))
    about["temperature_c"] = warm.round(1)
    about["no_unit"] = warm.isna() & (rows.get("temperature", blank).str.strip() != "")
    about["organised"] = _yes_or_no(rows.get("organised", blank))
    code = rows.get("observer", blank).str.strip()
    about["observer"] = code.where(code.str.fullmatch(CODE), "").str.upper()
    sky = rows.get("weather", blank).str.strip().str.lower()
    about["weather"] = _first_word(sky, rules().weather)
    shone = _first_word(sky, rules().sunshine).map({"yes": 1.0, "no": 0.0})
    about["sun"] = _yes_or_no(rows.get("sun", blank)).fillna(shone)
    return about


def _yes_or_no(texts: pd.Series) -> pd.Series:
    """1 for yes, 0 for no, missing for what is neither."""
    said = texts.str.strip().str.lower()
    return pd.Series(np.select([said.isin(YES), said.isin(NO)], [1.0, 0.0], np.nan), index=texts.index)


def _first_word(texts: pd.Series, words: Mapping[str, Sequence[str]]) -> pd.Series:
    """Which of the meanings has a word in a text; the first where several have, an empty text where none has.

    Examples
    --------
    >>> _first_word(pd.Series(["heavy clouds", "regn og sol", "?"]), rules().weather).tolist()
    ['clouds', 'rain', '']
    """
    found = [texts.str.contains("|".join(map(re.escape, spellings))) for spellings in words.values()]
    return pd.Series(np.select(found, list(words), ""), index=texts.index, dtype=object)


def _celsius(texts: pd.Series, unit: str) -> pd.Series:
    """Temperatures in degrees Celsius, by the unit in the cell or else in the column; missing where none is known.

    Examples
    --------
    >>> _celsius(pd.Series(["18", "64,4 °F"]), "").round(1).tolist(), _celsius(pd.Series(["50", "68"]), "").tolist()
    ([nan, 18.0], [10.0, 20.0])
    """
    parts = texts.astype(str).str.strip().str.extract(r"^([-−+]?\d+(?:[.,]\d+)?)\s*°?\s*([CFcf]?)$")
    degrees = pd.to_numeric(parts[0].str.replace(",", ".").str.replace("−", "-"), errors="coerce").astype(np.float64)
    written = parts[1].fillna("").str.lower()
    if not unit and (degrees[written == ""] > rules().test["max_celsius"]).any():
        unit = "f"
    units = written.where(written != "", unit)
    celsius = degrees.where(units == "c", ((degrees - 32) / 1.8).where(units == "f"))
    return celsius.where(celsius.abs() <= rules().test["max_celsius"])  # beyond, a slip: tenths, or another column


def timed(table: Table, rows: pd.DataFrame, faults: pd.DataFrame, mapped: Mapped) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give rows of counts the times and visits that they carry themselves."""
    when, more = _when(table, mapped)
    for column, reason in set(zip(more["column"], more["reason"], strict=True)):
        if reason:
            mark(faults, (more["reason"] == reason) & (more["column"] == column), column, reason)
    return pd.concat([rows, _about(table), when], axis=1), faults


def surveys(tables: Sequence[Table], mapped: Mapped) -> tuple[pd.DataFrame, Rejected]:
    """Gather the visits of all tables of surveys, indexed by their id; and those that cannot be used."""
    parts, rejects = [], []
    for table in tables:
        when, faults = _when(table, mapped)
        found = pd.concat([_about(table), when], axis=1).assign(said_kind=said_kind_of(table, faults))
        mark(faults, found["visit"] == "", "survey_id", "no_survey")
        mark(faults, found["visit"].duplicated(), "survey_id", "duplicate")
        good = (faults["reason"] == "").to_numpy()
        parts.append(found[good].assign(table=table.sheet.name, row=found.index[good]))
        rejects.append(
            faults[~good].assign(table=table.sheet.name, row=faults.index[~good], visit=found["visit"][~good])
        )
    if not parts:
        return pd.DataFrame(), pd.DataFrame(columns=["table", "row", "column", "reason", "visit"])
    return pd.concat(parts).set_index("visit", drop=False), pd.concat(rejects)


def of_surveys(
    rows: pd.DataFrame, faults: pd.DataFrame, table: Table, found: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give rows of a component table the time and place of the survey they name."""
    visit = table.rows["survey_id"].str.strip()
    mark(faults, ~visit.isin(found.index), "survey_id", "no_survey")
    about = found.reindex(visit).set_index(rows.index)
    said = about.pop("said_kind").fillna("")
    rows = rows.assign(said_kind=rows["said_kind"].where(rows["said_kind"] != "", said))
    return pd.concat([rows, about.drop(columns=["table", "row"]).assign(visit=visit)], axis=1), faults


def empty_visits(
    found: pd.DataFrame,
    counted: pd.DataFrame,
    where: Places,
    known: Collection[str],
    lost: Collection[str],
) -> tuple[pd.DataFrame, Rejected]:
    """Visits without any row of counts: nobody was there, a true zero.

    A visit whose rows were all rejected (``lost``) is not empty; it is not used.
    """
    columns = ["table", "row", "column", "reason"]
    if not len(found):
        return pd.DataFrame(), pd.DataFrame(columns=columns)
    seen = set(counted["visit"]) | set(lost)
    empty = found[~found["visit"].isin(seen)].copy()
    shapes = [where.geometry.get(i, where.geometry.get(where.folded.get(i.lower(), ""))) for i in empty["written_id"]]
    empty["geometry"] = pd.Series(shapes, index=empty.index, dtype=object)
    unplaced = empty["geometry"].isna() & ~empty["written_id"].isin(list(known))
    bad = empty[unplaced].assign(column="location_id", reason="no_location")[columns]
    empty = empty[~unplaced]
    dimension = shapely.get_dimensions(np.asarray(empty["geometry"].to_numpy(), dtype=object))
    unit = pd.Series([UNITS.get(int(d), "area") for d in dimension], index=empty.index, dtype=object)
    by_unit = unit.map({"line": MOVING, "area": STAYING, "place": STAYING})
    kind = empty["said_kind"].where(empty["said_kind"] != "", by_unit)
    return empty.assign(location_id=empty["written_id"], unit=unit, kind=kind, total=0), bad


def kinds(counted: pd.DataFrame, layout: Layout) -> tuple[pd.DataFrame, Rejected]:
    """Say of each row whether it counts people who stay or people who move; never both in one rate.

    What is said wins; then what only one of the two is counted of (posture, mode of travel); then
    what the other rows of the visit are; then, in the Public Life Data Protocol's tables, the unit:
    people are counted moving over lines and staying in areas.

    Raises
    ------
    SchemaError
        If a table of counts says nothing of it at all.
    """
    shown = np.select([counted[f"shows_{STAYING}"], counted[f"shows_{MOVING}"]], [STAYING, MOVING], "")
    kind = counted["said_kind"].where(counted["said_kind"] != "", pd.Series(shown, index=counted.index))
    wrong = (shown != "") & (kind != shown)
    visit = [counted[name] for name in ("study_id", "location_id", "visit", "start")]
    named = kind.where(kind != "")
    lone = named.groupby(visit, dropna=False).transform("nunique") == 1
    kind = kind.where(kind != "", named.groupby(visit, dropna=False).transform("first").where(lone, ""))
    split = (kind == "") & (named.groupby(visit, dropna=False).transform("nunique") > 1)
    protocol = counted["table"].isin([table.sheet.name for table in layout.of(COMPONENT)])
    by_unit = counted["unit"].map({"line": MOVING, "area": STAYING, "place": STAYING})
    kind = kind.where((kind != "") | ~protocol | split, by_unit)
    untold = counted[(kind == "") & ~split]
    if len(untold):
        name = next(table.sheet for table in layout.of(COUNTS) if table.sheet.name == untold["table"].iloc[0])
        raise SchemaError("rows.kind", file=name.path, table=name.name)
    bad = wrong | split
    crowd = ~bad & (kind == STAYING) & (counted["total"] > rules().test["max_snapshot"])
    rejected = [
        counted.loc[where, ["table", "row"]].assign(column=column, reason=reason)
        for where, column, reason in ((bad, "kind", "mixed"), (crowd, "total", "too_many_people"))
    ]
    good = ~(bad | crowd)
    return counted[good].assign(kind=kind[good]), pd.concat(rejected)
