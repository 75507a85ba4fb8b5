"""How a file of counts is understood, before it is laid over anything: for the one whose file it is. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from spatial.core.model import Sheet
from spatial.observations import rows as observations_rows
from spatial.observations import visits as observations_visits
from spatial.observations.columns import COMPONENT, COUNTS, SURVEYS, Table, understood, with_persons
from spatial.settings.observation_columns import Mapped, rules

FIRST_ROWS = 3
# What is shown of a row, of what is in the table.
SHOWN = ("written_id", "start", "stop", "month_first", "said_kind", "total", "temperature_c")


@dataclass(frozen=True)
class Look:
    """One table as it is read.

    ``meanings`` gives each column's name here (empty where it is not read); ``dropped`` the columns
    left at the door; ``names`` the file's column by the name used here. ``first`` holds the first
    rows as read, exact; ``total`` and ``largest`` are people, None where nothing is counted;
    ``span`` is the first and the last time; ``turned_away`` counts rows by the reason.
    """

    table: str
    role: str
    rows: int
    meanings: Mapping[str, str]
    dropped: tuple[str, ...]
    names: Mapping[str, str]
    first: pd.DataFrame
    total: int | None
    largest: int | None
    span: tuple[str, str] | None
    turned_away: Mapping[str, int]


def looks(sheets: Sequence[Sheet], mapped: Mapped) -> list[Look]:
    """Say of each table how it is understood, whether or not it can be used.

    Parameters
    ----------
    sheets
        Tables of text as their file holds them.
    mapped
        What the user says about the file.
    """
    tables = with_persons([understood(sheet, mapped, {}, []) for sheet in sheets], mapped)
    return [_look(table, mapped) for table in tables]


def _look(table: Table, mapped: Mapped) -> Look:
    columns = [str(column) for column in table.sheet.rows.columns]
    meanings = rules().meanings(columns, mapped)
    read = {column: name for name, column in table.names.items()}
    read |= {column: name for column, (role, name, _) in meanings.items() if role == "category"}
    rows, faults = _as_read(table, mapped)
    used = rows[(faults["reason"] == "").to_numpy()]
    people = used["total"].dropna() if "total" in used else pd.Series(dtype="float64")
    times = used["start"].dropna() if "start" in used else pd.Series(dtype="datetime64[ns]")
    return Look(
        table=table.sheet.name,
        role=table.role,
        rows=len(table.rows),
        meanings={column: read.get(column, "") for column in columns},
        dropped=tuple(column for column, (role, *_) in meanings.items() if role == "dropped"),
        names={**table.names, **{str(name): str(parts[0].name) for name, parts in table.categories.items()}},
        first=_first(rows),
        total=int(people.sum()) if len(people) else None,
        largest=int(people.max()) if len(people) else None,
        span=(f"{times.min():%Y-%m-%d %H:%M}", f"{times.max():%Y-%m-%d %H:%M}") if len(times) else None,
        turned_away={str(why): int(n) for why, n in faults["reason"].value_counts().sort_index().items() if why},
    )


def _first(rows: pd.DataFrame) -> pd.DataFrame:
    """The first rows as they are read; people are whole."""
    first = rows[[name for name in SHOWN if name in rows and rows[name].notna().any()]].head(FIRST_ROWS)
    first = first.rename(columns={"written_id": "location_id", "said_kind": "kind"})
    return first.astype({"total": "Int64"}) if "total" in first else first


def _as_read(table: Table, mapped: Mapped) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of a table with their faults, before their locations are looked up."""
    if table.role in (COUNTS, COMPONENT):
        rows, faults = observations_rows.counts(table, mapped)
    else:
        faults = pd.DataFrame({"column": "", "reason": ""}, index=table.rows.index, dtype=object)
        rows = pd.DataFrame(index=table.rows.index)
    return observations_visits.timed(table, rows, faults, mapped) if table.role in (COUNTS, SURVEYS) else (rows, faults)


def mapping_text(found: Sequence[Look], heading: str, unread: str) -> str:
    """A mapping file that says what was understood, ready to edit.

    Parameters
    ----------
    found
        The tables of the file.
    heading, unread
        What stands above the file, and above the columns that mean nothing yet, in the reader's language.
    """
    names: dict[str, str] = {}
    for look in found:
        names = {**look.names, **names}
    without = sorted({c for look in found for c, name in look.meanings.items() if not name and c not in look.dropped})
    lines = [f"# {heading}", '# kind = "staying"', '# crs = "EPSG:25832"', '# time_format = "%d/%m/%Y %H:%M"']
    lines += ['# dates = "day-first"', '# decimal = "comma"', '# rows = "persons"', ""]
    lines += ["[columns]", *(f"{name} = {_quoted(column)}" for name, column in names.items())]
    lines += [f"# {unread}", *(f"# … = {_quoted(column)}" for column in without)] if without else []
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """A text as TOML writes it."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(sign if sign.isprintable() else f"\\u{ord(sign):04x}" for sign in escaped) + '"'
