"""Follow a plan through its phases. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from spatial.core.model import FLOATING, Result
from spatial.plans.comparison import LOST, Comparison

OPEN, SHUT, GONE, NOT_YET = "open", "shut", "gone", "not_yet"
DAYS_A_YEAR = 365.25


@dataclass(frozen=True)
class Timeline:
    """What each phase of a plan means, each against today.

    ``phases``: one row a phase in its order: ``phase`` (from 1), ``name``, ``begins`` (ISO date, None where
    phases are only in order), ``years`` until the next one begins (NaN where that is not known),
    ``spaces_open``, ``spaces_shut`` (of today's, there again in a later phase), ``spaces_gone`` (not there
    again), ``spaces_new``; dwellings ``losing, winning, keeping, demolished, new``; ``median_before`` and
    ``median_after`` of the dwellings that are there both times, in [0, 1]; ``losing_<lens>``.

    ``spaces``: one row a meeting space of any time: ``before_id`` (None of new ones), ``after_id`` (the last
    one it has), ``name``, ``kinds``, ``state_1``, … (open, shut, gone, not_yet) and ``floating_1``, … by
    phase, ``floating_before``.
    """

    phases: pd.DataFrame
    spaces: pd.DataFrame


def phase_names(finished: Result, count: int) -> list[str]:
    """What a plan calls its phases, else their numbers."""
    names = [str(name) for name in (finished.manifest.get("plan") or {}).get("phases", [])]
    return names + [str(k + 1) for k in range(len(names), count)]


def follow_phases(finished: Result, found: Sequence[Comparison]) -> Timeline:
    """Follow a plan through its phases.

    Parameters
    ----------
    finished
        The state in the last phase, when all is built.
    found
        The comparison of today with the state in each phase, in their order.
    """
    spaces = _spaces(found)
    names = phase_names(finished, len(found))
    begins = [first_day(name) for name in names]
    rows = [
        {
            "phase": k + 1,
            "name": names[k],
            "begins": None if begins[k] is None else str(begins[k]),
            "years": years_between(names, k, k + 1),
            **_open(spaces, k + 1),
            **one.dwellings,
            "median_before": one.median_before,
            "median_after": one.median_after,
            **{f"losing_{lens.id}": lens.dwellings["losing"] for lens in one.lenses},
        }
        for k, one in enumerate(found)
    ]
    return Timeline(pd.DataFrame(rows), spaces)


def first_day(name: str) -> date | None:
    """When a phase begins, if its name is a date: a year, a month or a day.

    Examples
    --------
    >>> first_day("2027"), first_day("2027-03"), first_day("2")
    (datetime.date(2027, 1, 1), datetime.date(2027, 3, 1), None)
    """
    parts = name.split("-")
    if len(parts[0]) != len("2027") or not all(part.isdigit() for part in parts):
        return None
    year, month, day = (*map(int, parts), 1, 1)[:3]
    try:
        return date(year, month, day)
    except ValueError:
        return None


def years_between(names: Sequence[str], first: int, second: int) -> float:
    """Years from the beginning of one phase to that of another, by their names; NaN where these are no dates.

    Examples
    --------
    >>> round(years_between(["2027", "2030"], 0, 1), 2), years_between(["1", "2"], 0, 1)
    (3.0, nan)
    """
    if first == second:
        return 0.0
    begin, end = (first_day(names[k]) if k < len(names) else None for k in (first, second))
    return float("nan") if begin is None or end is None else (end - begin).days / DAYS_A_YEAR


def _spaces(found: Sequence[Comparison]) -> pd.DataFrame:
    """Each meeting space of any time through the phases; new ones are known again by their ids."""
    rows: dict[tuple[bool, str], dict[str, Any]] = {}
    for k, one in enumerate(found, start=1):
        for row in one.spaces.to_dict("records") if len(one.spaces) else ():
            mine, theirs = row["before_id"], row["after_id"]
            old = isinstance(mine, str)
            space = rows.setdefault(
                (old, mine if old else theirs),
                {"before_id": mine if old else None, "after_id": None, "name": row["name"], "kinds": row["kinds"]}
                | {"floating_before": row[f"{FLOATING}_before"]},
            )
            if row["state"] != LOST:
                space["after_id"] = theirs
                best = space.get(f"floating_{k}", -1.0)
                space[f"floating_{k}"] = max(best, row[f"{FLOATING}_after"])
    for space in rows.values():
        _follow(space, len(found))
    columns = ["before_id", "after_id", "name", "kinds", "floating_before"]
    columns += [f"{what}_{k + 1}" for what in ("state", "floating") for k in range(len(found))]
    return pd.DataFrame(list(rows.values()), columns=columns)


def _follow(space: dict[str, Any], phases: int) -> None:
    """Say of one meeting space what it is in each phase."""
    there = [f"floating_{k}" in space for k in range(1, phases + 1)]
    for k in range(1, phases + 1):
        old = space["before_id"] is not None
        if there[k - 1]:
            state = OPEN
        elif not any(there[k - 1 :]):
            state = GONE
        else:
            state = SHUT if old or any(there[: k - 1]) else NOT_YET
        space[f"state_{k}"] = state
        space.setdefault(f"floating_{k}", np.nan)


def _open(spaces: pd.DataFrame, phase: int) -> dict[str, int]:
    state = spaces[f"state_{phase}"]
    new = spaces["before_id"].isna()
    return {
        "spaces_open": int((state == OPEN).sum()),
        "spaces_shut": int(((state == SHUT) & ~new).sum()),
        "spaces_gone": int(((state == GONE) & ~new).sum()),
        "spaces_new": int(((state == OPEN) & new).sum()),
    }
