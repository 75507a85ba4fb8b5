"""What the tables of a file are: locations, surveys, counts; and which of their columns are read. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.errors import SchemaError
from spatial.model import Sheet
from spatial.observation_rules import MOVING, STAYING, Mapped, normalised, rules
from spatial.phrases import Phrase, phrase
from spatial.spelling import near

LOCATIONS, SURVEYS, COUNTS, COMPONENT, OTHER = "locations", "surveys", "counts", "component", "other"
# In the name of a table these say which kind of count it holds.
NAMED = {MOVING: ("moving", "bevaeg", "bevæg"), STAYING: ("staying", "ophold")}


@dataclass(frozen=True)
class Table:
    """A table under the names used here.

    ``rows`` holds texts by row number; ``categories`` counts still as texts, where several columns
    of the file may feed one category; ``kind`` is staying or moving where the whole table says so.
    """

    sheet: Sheet
    role: str
    rows: pd.DataFrame
    categories: dict[str, list[pd.Series]]
    kind: str | None
    geometry: npt.NDArray[np.object_] | None


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
    tables = tuple(_table(sheet, mapped, dropped, unread) for sheet in sheets)
    layout = Layout(tables, {why: sorted(set(names)) for why, names in sorted(dropped.items())}, sorted(set(unread)))
    where = sorted({sheet.path for sheet in sheets})
    if not layout.of(COUNTS, COMPONENT):
        raise SchemaError("layout.counts", where=where, nearest=_nearest(unread, "total"))
    if not layout.of(COUNTS) and not layout.of(SURVEYS):
        raise SchemaError("layout.times", where=where, nearest=_nearest(unread, "start"))
    return layout


def _nearest(unread: Sequence[str], name: str) -> Phrase:
    """Say which columns without a meaning are written nearly as one that is needed."""
    found = [column for column in unread if near(normalised(column), rules().columns[name])]
    return phrase("layout.nearest", columns=list(map(repr, found))) if found else phrase("layout.no_near")


def _table(sheet: Sheet, mapped: Mapped, dropped: dict[str, list[str]], unread: list[str]) -> Table:
    """Give the columns of a sheet the names used here; the first spelling of a name wins."""
    chosen: dict[str, tuple[int, str]] = {}
    categories: dict[str, list[pd.Series]] = {}
    for column in map(str, sheet.rows.columns):
        meaning = rules().meaning(column, mapped)
        if meaning is None:
            unread.append(column)
            continue
        role, name, order = meaning
        if role == "dropped":
            dropped.setdefault(name, []).append(column)
        elif role == "category":
            categories.setdefault(name, []).append(sheet.rows[column])
        elif role == "column" and (name not in chosen or order < chosen[name][0]):
            chosen[name] = (order, column)
    rows = pd.DataFrame({name: sheet.rows[column] for name, (_, column) in chosen.items()}, index=sheet.rows.index)
    return Table(
        sheet, _role(rows, categories, sheet), rows, categories, _kind(sheet, mapped, categories), sheet.geometry
    )


def _role(rows: pd.DataFrame, categories: dict[str, list[pd.Series]], sheet: Sheet) -> str:
    timed = "start" in rows or {"date", "start_time"} <= set(rows)
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
        for column in map(str, sheet.rows.columns):
            meaning = rules().meaning(column, mapped)
            if meaning is not None and meaning[0] == "dropped":
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
