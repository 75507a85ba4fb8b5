"""Rows of text → rows of counts with a time and a place; each row that cannot be used says why. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.core.errors import SchemaError
from spatial.observations.columns import Table
from spatial.settings.observation_columns import COMMA, MOVING, POINT, STAYING, Mapped, normalised, rules

# table, row, column, reason
Rejected: TypeAlias = pd.DataFrame

# A space or an apostrophe between thousands.
SPACED = r"(?<=\d)[ \u00a0\u2009\u202f'’](?=\d{3}\b)"
UUID = r"(uuid:)?[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
UNITS = {0: "place", 1: "line", 2: "area"}
RELATIVE = "relative"
# Numbers that follow a line this closely are measured along it; fewer values than this show nothing.
FOLLOWS, FEWEST_VALUES, FEWEST_SUMS = 0.9999, 4, 3
NOT_COUNTS = ("unclear_number", "negative_count", "not_a_count")
# What tells the visits of a table apart.
VISIT = ("study_id", "location_id", "survey_id", "date", "start_time", "start")


@dataclass(frozen=True)
class Places:
    """Locations by id, with their geometry and kind of unit; and those that cannot be used."""

    geometry: dict[str, BaseGeometry]
    folded: dict[str, str]
    bad: dict[str, str]
    rejected: Rejected


def places(tables: Sequence[Table], area: BaseGeometry | None) -> Places:
    """Gather the locations of all tables of locations."""
    geometry: dict[str, BaseGeometry] = {}
    bad: dict[str, str] = {}
    rejected = []
    for table in tables:
        own = shapes(table)
        for i, (row, identity) in enumerate(table.rows["location_id"].str.strip().items()):
            reason = table.sheet.faults.get(int(str(row)), "")
            if not reason and own[i] is None:
                reason = "no_geometry"
            if not reason and identity in geometry:
                reason = "duplicate"
            if not reason and area is not None and not shapely.intersects(area, own[i]):
                reason = "outside"
            if not reason:
                geometry[identity] = own[i]
                continue
            if reason != "duplicate":
                bad[identity] = reason
            rejected.append((table.sheet.name, row, "location_id", reason))
    lower = pd.Series(list(geometry), dtype=object)
    folds = lower.str.lower()
    unique = lower[~folds.duplicated(keep=False)]
    return Places(
        geometry,
        dict(zip(unique.str.lower(), unique, strict=True)),
        bad,
        pd.DataFrame(rejected, columns=["table", "row", "column", "reason"]),
    )


def shapes(table: Table) -> npt.NDArray[np.object_]:
    """Where each row says it is; None where it does not."""
    return np.full(len(table.rows), None, dtype=object) if table.geometry is None else table.geometry


def fault_table(index: pd.Index) -> pd.DataFrame:
    """A table of faults, by row: column and reason, empty as long as there is none."""
    return pd.DataFrame({"column": "", "reason": ""}, index=index, dtype=object)


def mark(faults: pd.DataFrame, where: pd.Series | npt.NDArray[np.bool_], column: str, reason: str) -> None:
    """Note a reason against rows that have none yet."""
    new = np.asarray(where, dtype=bool) & (faults["reason"] == "").to_numpy()
    faults.loc[new, ["column", "reason"]] = [column, reason]


def numbers(texts: pd.Series, decimal: str | None = None) -> tuple[pd.Series, pd.Series]:
    """Counts as written → numbers, and why one is none; ``decimal`` is the sign before a fraction, where it is said.

    Examples
    --------
    >>> numbers(pd.Series(["3", "", "-1", "many", "2,0", "1.5"]))[1].tolist()
    ['', '', 'negative_count', 'not_a_count', '', 'not_a_count']
    >>> numbers(pd.Series(["1.000", "1.250", "850"]))[0].tolist(), numbers(pd.Series(["1.000"]))[1].tolist()
    ([1000.0, 1250.0, 850.0], ['unclear_number'])
    """
    written = texts.astype(str).str.strip().str.replace(SPACED, "", regex=True)
    written = written.mask(written.str.lower().isin(rules().nobody), "0")
    unclear = pd.Series(False, index=texts.index)
    for mark, name in ((".", POINT), (",", COMMA)):
        plain, doubtful = _ungrouped(written, mark)
        if decimal is not None:
            grouped = written.str.fullmatch(rf"\d{{1,3}}({re.escape(mark)}\d{{3}})+([.,]\d*)?")
            plain = written.str.replace(mark, "", regex=False).where(grouped & (name != decimal), written)
            doubtful = doubtful & False
        written, unclear = plain, unclear | doubtful
    found = pd.to_numeric(written.str.replace(",", ".", regex=False), errors="coerce").astype(np.float64)
    found = found.where(np.isfinite(found))
    faults = pd.Series("", index=texts.index, dtype=object)
    faults[unclear] = "unclear_number"
    faults[(written != "") & ~unclear & (found.isna() | (found % 1 != 0))] = "not_a_count"
    faults[found < 0] = "negative_count"
    return found.where(faults == ""), faults


def _ungrouped(written: pd.Series, mark: str) -> tuple[pd.Series, pd.Series]:
    """Numbers without the sign between their thousands, and which may be read both ways.

    ``1.250`` people are no fraction, and ``2.5`` are no thousands: each shows what the sign is in its column. A
    column with ``1.000`` that shows neither is not guessed.
    """
    sign, other = re.escape(mark), re.escape("," if mark == "." else ".")
    grouped = written.str.fullmatch(rf"[1-9]\d{{0,2}}({sign}\d{{3}})+({other}0*)?")
    fraction = written.str.fullmatch(rf"-?\d*{sign}\d*") & ~grouped
    shown = grouped & ~written.str.fullmatch(rf"\d+{sign}000")
    plain = written.str.replace(mark, "", regex=False).where(grouped, written)
    if shown.any() and not fraction.any():
        return plain, shown & False
    return written, grouped if shown.any() == fraction.any() else grouped & False


def counts(table: Table, mapped: Mapped) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Totals and categories of a table of counts, and the faults in them."""
    index = table.rows.index
    faults = fault_table(index)
    for row, reason in table.sheet.faults.items():
        if reason == "ragged":
            mark(faults, index == row, "", reason)
    again = _same(table)
    if "row_id" in table.rows and table.rows["row_id"].str.strip().ne("").all():
        mark(faults, again, "", "duplicate")
        mark(faults, _same_id(table), "row_id", "same_row_id")
    rows = pd.DataFrame({"subtotal": False}, index=index)
    for name in rules().categories:
        rows[name] = np.nan
    for name, columns in table.categories.items():
        parsed = [numbers(column, mapped.decimal) for column in columns]
        for (_, fault), column in zip(parsed, columns, strict=True):
            for reason in NOT_COUNTS:
                mark(faults, fault == reason, str(column.name), reason)
        values = pd.DataFrame({str(column.name): value for (value, _), column in zip(parsed, columns, strict=True)})
        rows[name], more = _with_subtotal(name, values, mapped)
        wholes = [column for column in values if rules().meaning(str(column), mapped) in _whole(name)]
        rows["subtotal"] |= len(values.columns) > 1 and bool(wholes)
        mark(faults, more, name, "more_than_total")
    rows, faults = _with_total(table, rows, faults, mapped)
    rows["alike"] = again & (faults["reason"] == "").to_numpy() & _a_person_each(rows["total"])
    mark(faults, again & ~rows["alike"].to_numpy(), "", "duplicate")
    return rows, faults


def _with_subtotal(name: str, values: pd.DataFrame, mapped: Mapped | None = None) -> tuple[pd.Series, pd.Series]:
    """A category from its columns: one of its own name is their sum, and not counted beside them.

    Examples
    --------
    >>> bands = pd.DataFrame({"age_0_14": [6.0, np.nan, 2.0], "age_0_4": [2.0, 1.0, 2.0], "age_5_14": [4.0, 1.0, 1.0]})
    >>> people, more = _with_subtotal("age_0_14", bands)
    >>> people.tolist(), more.tolist()
    ([6.0, 2.0, 2.0], [False, False, True])
    """
    own = [column for column in values if rules().meaning(str(column), mapped) in _whole(name)]
    parts = values.drop(columns=own).sum(axis=1, min_count=1)
    if not own:
        return parts, parts.isna() & False
    whole = values[own].max(axis=1)
    return whole.fillna(parts), parts > whole


def _whole(name: str) -> tuple[tuple[str, str, int], ...]:
    """What a column means that holds all of a category: it has its name, or the user gives it that."""
    return ("category", name, 0), ("category", name, -1)


def _a_person_each(total: pd.Series) -> bool:
    """Each row of a table is one person, so equal rows are different people."""
    return bool((total.dropna() == 1).all())


def _same_id(table: Table) -> npt.NDArray[np.bool_]:
    """Rows with the number of an earlier one: of the same visit, for each device starts again at 1.

    An identifier that is unique in the world (UUID) is one row, whatever else it says.
    """
    number = table.rows["row_id"].str.strip()
    if number.str.fullmatch(UUID).all():
        return number.duplicated().to_numpy()
    who = [name for name in (*VISIT, "row_id") if name in table.rows]
    return _with_position(table, table.rows[who]).duplicated().to_numpy()


def _same(table: Table) -> npt.NDArray[np.bool_]:
    """Rows that repeat an earlier one in every cell and in their position."""
    return _with_position(table, table.sheet.rows).duplicated().to_numpy()


def refuse_coordinates(table: Table, total: pd.Series) -> None:
    """Refuse a number of people that rises with the coordinates: it is one of them.

    Raises
    ------
    SchemaError
        If the number follows the east or the north of the rows' positions.
    """
    middles = shapely.centroid(shapes(table))
    there = ~shapely.is_missing(middles) & total.notna().to_numpy()
    people = total.to_numpy(np.float64)[there]
    if len(np.unique(people)) < FEWEST_VALUES:
        return
    for along in (shapely.get_x(middles[there]), shapely.get_y(middles[there])):
        if np.ptp(along) > 0 and abs(np.corrcoef(along, people)[0, 1]) > FOLLOWS:
            name = table.names.get("total", "")
            raise SchemaError("rows.follows", file=table.sheet.path, table=table.sheet.name, column=name)


def refuse_sums(table: Table, rows: pd.DataFrame) -> None:
    """Refuse a group that is the sum of others of which a person has exactly one: its people would count twice.

    Raises
    ------
    SchemaError
        If one follows the sum of others in all rows, and not for want of numbers.
    """
    for members in rules().sums.values():
        there = [name for name in members if name in table.categories]
        for whole in there:
            others = [name for name in there if name != whole]
            for parts in (chosen for n in range(2, len(others) + 1) for chosen in combinations(others, n)):
                if _sums_up(rows[whole], rows[list(parts)]):
                    names = {name: str(table.categories[name][0].name) for name in (whole, *parts)}
                    raise SchemaError(
                        "rows.sum", file=table.sheet.path, table=table.sheet.name, column=names[whole],
                        parts=[names[name] for name in parts],
                    )  # fmt: skip


def _sums_up(whole: pd.Series, parts: pd.DataFrame) -> bool:
    """One column is the sum of others wherever it stands, in enough rows with more than one of them."""
    there = whole.notna() & parts.notna().any(axis=1)
    several = there & ((parts > 0).sum(axis=1) > 1)
    same = whole[there] == parts[there].sum(axis=1)
    return bool(same.all()) and int(several.sum()) >= FEWEST_VALUES and whole[several].nunique() >= FEWEST_SUMS


def ask_decimal(table: Table, faults: pd.DataFrame) -> None:
    """Ask which sign stands before a fraction where a number of people can be read both ways.

    Raises
    ------
    SchemaError
        With both readings of the first of them.
    """
    unclear = faults[faults["reason"] == "unclear_number"]
    if len(unclear):
        name = str(unclear["column"].iloc[0])
        column = table.names.get(name, name)
        text = str(table.sheet.rows.loc[unclear.index[0], column]).strip()
        thousands = re.sub(r"[.,]", "", text)
        raise SchemaError(
            "rows.decimal", file=table.sheet.path, column=column, text=text, thousands=thousands,
            fraction=re.split(r"[.,]", text)[0], sign="comma" if "." in text else "point",
            other="point" if "." in text else "comma",
        )  # fmt: skip


def _with_position(table: Table, rows: pd.DataFrame) -> pd.DataFrame:
    position = [None if shape is None else shape.wkb for shape in shapes(table)]
    return pd.concat([rows, pd.Series(position, index=rows.index, dtype=object, name="\0")], axis=1)


def _with_total(
    table: Table, rows: pd.DataFrame, faults: pd.DataFrame, mapped: Mapped
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The number of people a row; where it is not written, what the categories sum to."""
    sums = {name: rows[list(members)].sum(axis=1, min_count=1) for name, members in rules().sums.items()}
    total = pd.Series(np.nan, index=rows.index)
    if "total" in table.rows:
        total, fault = numbers(table.rows["total"], mapped.decimal)
        for reason in NOT_COUNTS:
            mark(faults, fault == reason, "total", reason)
    written = total.notna()
    total = total.fillna(pd.concat(list(sums.values()), axis=1).max(axis=1))
    mark(faults, total.isna(), "total", "no_count")
    for name, summed in sums.items():
        mark(faults, written & (summed > total), name, "more_than_total")
    exclusive = {member for members in rules().sums.values() for member in members}
    for name in set(table.categories) - exclusive:
        if not name.startswith("group_"):  # one person may do several things of one category
            rows[name] = rows[name].clip(upper=total)
    if "representation" in table.rows:
        mark(faults, table.rows["representation"].str.strip().str.lower() == RELATIVE, "representation", RELATIVE)
    rows["total"] = total
    for name, members in rules().shows.items():
        parts = [member for group in members for member in rules().sums[group]]
        rows[f"shows_{name}"] = (rows[parts] > 0).any(axis=1)
    mark(faults, rows[f"shows_{STAYING}"] & rows[f"shows_{MOVING}"], "", "mixed")
    rows["said_kind"] = said_kind_of(table, faults)
    return rows, faults


def said_kind_of(table: Table, faults: pd.DataFrame) -> pd.Series:
    """Staying or moving as a table says it, by row; an empty text where it does not."""
    if table.kind is not None:
        return pd.Series(table.kind, index=table.rows.index, dtype=object)
    if "kind" not in table.rows:
        return pd.Series("", index=table.rows.index, dtype=object)
    words = {word: kind for kind, spellings in rules().kinds.items() for word in spellings}
    said = table.rows["kind"].map(normalised)
    said = said.map(words).fillna(said)
    mark(faults, ~said.isin(["", STAYING, MOVING]), "kind", "bad_kind")
    return said.astype(object)


def place_rows(
    table: Table, rows: pd.DataFrame, faults: pd.DataFrame, found: Places, known: Collection[str]
) -> tuple[pd.DataFrame, pd.DataFrame, npt.NDArray[np.bool_]]:
    """Give rows the geometry of the location they name, or else their own.

    A position of a single row inside a named location is not used: it is one of a person.
    An id that differs from one location's in nothing but capital letters is taken for it.
    """
    own = shapes(table)
    identity: list[str] = []
    found_at: list[BaseGeometry | None] = []
    repaired = np.zeros(len(rows), dtype=bool)
    for i, (row, written) in enumerate(rows["written_id"].fillna("").items()):
        fold = found.folded.get(written.lower())
        if written in found.geometry or (fold is not None and written not in known):
            repaired[i] = written not in found.geometry
            identity.append(written if written in found.geometry else str(fold))
            found_at.append(found.geometry[identity[-1]])
        elif written in known:
            identity.append(written)
            found_at.append(None)
        else:
            identity.append(written or f"{table.sheet.name}:{row}")
            found_at.append(own[i])
    rows = rows.assign(location_id=identity, geometry=pd.Series(found_at, index=rows.index, dtype=object))
    missing = (rows["geometry"].isna() & ~rows["location_id"].isin(list(known))).to_numpy()
    for row, reason in table.sheet.faults.items():
        if reason != "no_geometry":
            mark(faults, missing & (faults.index == row).astype(bool), "geometry", reason)
    for bad, reason in found.bad.items():
        mark(faults, missing & (rows["written_id"] == bad).to_numpy(), "location_id", f"location_{reason}")
    mark(faults, missing & (rows["written_id"] != "").to_numpy(), "location_id", "no_location")
    mark(faults, missing, "geometry", "no_geometry")
    dimension = shapely.get_dimensions(np.asarray(rows["geometry"].to_numpy(), dtype=object))
    rows["unit"] = [UNITS.get(int(d), "area") for d in dimension]
    return rows, faults, repaired


def within(rows: pd.DataFrame, faults: pd.DataFrame, area: BaseGeometry) -> pd.DataFrame:
    """Reject what lies outside the area in which observations are expected."""
    at = np.asarray(rows["geometry"].to_numpy(), dtype=object)
    shapely.prepare(area)
    mark(faults, ~shapely.is_missing(at) & ~shapely.intersects(area, at), "geometry", "outside")
    return faults
