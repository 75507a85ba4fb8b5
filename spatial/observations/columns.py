"""Understand the columns of a file of counts. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.core.errors import SchemaError
from spatial.core.messages import Phrase, near, phrase
from spatial.core.model import Sheet
from spatial.settings.observation_columns import (
    FORM_TIME,
    MOVING,
    PERSONS,
    STAYING,
    Mapped,
    normalised,
    rules,
)

LOCATIONS, SURVEYS, COUNTS, COMPONENT, OTHER = "locations", "surveys", "counts", "component", "other"
# In the name of a table these say which kind of count it holds.
NAMED = {MOVING: ("moving", "bevaeg", "bevæg"), STAYING: ("staying", "ophold")}

# A code of an observer: too short for a name.
CODE = r"[A-Za-z]\d{0,2}|\d{1,3}"
# The place among spellings of a column that is read for what its cells hold.
CODED = FORM_TIME // 2


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

    @property
    def named(self) -> pd.Series:
        """Which of the observers that are named here each row has, as a number; their names go no further."""
        columns = [c for c in self.sheet.rows if c not in self.names.values() and _observes(str(c))]
        found = self.sheet.rows[columns].agg(" ".join, axis=1) if columns else pd.Series("", index=self.rows.index)
        return pd.Series(pd.factorize(found)[0], index=self.rows.index)

    @property
    def unread_numbers(self) -> list[str]:
        """Columns of whole numbers that mean nothing here, where the people are the sum of those that do."""
        if "total" in self.rows or self.person_rows:
            return []
        known = rules().meanings(map(str, self.sheet.rows.columns))
        read = {str(part.name) for parts in self.categories.values() for part in parts} | set(self.names.values())
        others = [str(column) for column in self.sheet.rows if str(column) not in {*known, *read}]
        return [name for name in others if _small_numbers(self.sheet.rows[name])]


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
    if not layout.of(COUNTS, COMPONENT, SURVEYS) and any("total" in t.rows or t.categories for t in layout.tables):
        raise SchemaError("layout.times", where=where, nearest=_nearest(unread, "start"))
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
        if role == "dropped" and _codes(column, sheet.rows[column]):
            chosen.setdefault("observer", (CODED, column))
        elif role == "dropped":
            dropped.setdefault(name, []).append(column)
        elif role == "category":
            categories.setdefault(name, []).append(sheet.rows[column])
        else:
            kept = chosen if role == "column" else positions
            kept[name] = min(kept.get(name, (order, column)), (order, column), key=lambda place: place[0])
    chosen = _with_kind(_as_asked(chosen), sheet.rows, [column for column in columns if column not in meanings])
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


def _codes(column: str, cells: pd.Series) -> bool:
    """Whether a column of observers holds codes alone, and no name."""
    written = cells.str.strip()
    return _observes(column) and bool((written != "").any()) and bool(written[written != ""].str.fullmatch(CODE).all())


def _observes(column: str) -> bool:
    return normalised(re.split(r"[/.:]", column)[-1]) in rules().coded["observer"]


def _small_numbers(cells: pd.Series) -> bool:
    """Whether a column looks like numbers of people: whole, of at most three figures, and no constant."""
    written = cells.str.strip()
    written = written[written != ""]
    return written.nunique() > min(len(written), 2) - 1 and bool(written.str.fullmatch(r"\d{1,3}").all())


def _with_kind(
    chosen: Mapping[str, tuple[int, str]], rows: pd.DataFrame, others: Sequence[str]
) -> dict[str, tuple[int, str]]:
    """Take a column of any name for the kind, where each of its cells says that people stay, or pass."""
    words = {word for spellings in rules().kinds.values() for word in spellings}
    cells = {name: set(rows[name].map(normalised)) - {""} for name in others}
    said = [name for name, written in cells.items() if written and written <= words]
    return {**chosen, "kind": (CODED, said[0])} if said and "kind" not in chosen else dict(chosen)


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
