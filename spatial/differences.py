"""What a plan changes, in words and as data. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from spatial.comparison import CHANGED, KEPT, LOST, NEW, Comparison
from spatial.model import FLOATING, Result
from spatial.strings import texts

SHOWN = 5
# Of a mean of counts, which need not be whole, one decimal is worth telling.
FEW_DECIMALS = {"m": 0, "count": 1, "share": 2, "ratio": 2, "index": 2, "m/ha": 0}
UNIT_DECIMALS = {"m": 0, "count": 0, "share": 2, "ratio": 2, "index": 2, "m/ha": 0}


def of(found: Comparison, before: Result, after: Result) -> dict[str, Any]:
    """Collect the differences as plain data, rounded to what they are worth."""
    states = Counter(found.spaces["state"]) if len(found.spaces) else Counter()
    plan = after.manifest.get("plan") or {}
    return {
        "estate": before.estate.name,
        "plan": plan.get("name"),
        "spaces": {state: states[state] for state in (LOST, NEW, CHANGED, KEPT)},
        "dwellings": {name: round(count) for name, count in found.dwellings.items()},
        "median_before": _hundred(found.median_before),
        "median_after": _hundred(found.median_after),
        "keeps_share": None if np.isnan(found.keeps_share) else round(found.keeps_share, 3),
        "changes": [_change(row, before, after) for row in found.spaces.to_dict("records") if row["state"] != KEPT],
    }


def _hundred(score: float) -> int | None:
    return None if np.isnan(score) else round(score * 100)


def _change(row: Mapping[Any, Any], before: Result, after: Result) -> dict[str, Any]:
    mine, theirs = row["before_id"], row["after_id"]
    reasons = [_reason(name, mine, theirs, before, after) for name in row["reasons"].split(";") if name]
    return {
        "state": row["state"],
        "before_id": mine if isinstance(mine, str) else None,
        "after_id": theirs if isinstance(theirs, str) else None,
        "name": row["name"] if isinstance(row["name"], str) else None,
        "kinds": row["kinds"],
        "before": _hundred(row[f"{FLOATING}_before"]),
        "after": _hundred(row[f"{FLOATING}_after"]),
        # What is not known before and after is no reason that anybody can look at.
        "because": [reason for reason in reasons if reason["before"] != reason["after"]],
    }


def _reason(name: str, mine: str, theirs: str, before: Result, after: Result) -> dict[str, Any]:
    return {"indicator": name, "before": _value(before, mine, name), "after": _value(after, theirs, name)}


def _value(result: Result, space: str, name: str) -> list[float] | None:
    """What was measured: one number, the two bounds of what is not known, or None."""
    facts = result.evidence
    rows = facts[(facts["place_id"] == space) & (facts["indicator"] == name)]
    for columns in (["value"], ["low", "high"]):
        numbers = rows[columns].to_numpy(dtype=np.float64).ravel()
        if len(numbers) and not np.isnan(numbers).any():
            return [float(number) for number in numbers]
    return None


def text(found: Mapping[str, Any], units: Mapping[str, str], *, lang: str) -> str:
    """Say the differences in Danish or English.

    Parameters
    ----------
    found
        As ``of`` returns it.
    units
        Unit by indicator.
    """
    words = texts(lang)
    say = words["compare"]
    lines = [
        say["spaces"].format(estate=found["estate"], **found["spaces"]),
        say["dwellings"].format(**found["dwellings"]),
    ]
    if found["keeps_share"] is not None:
        lines += [
            say["median"].format(before=found["median_before"], after=found["median_after"]),
            say["keeps"].format(share=round(found["keeps_share"] * 100)),
        ]
    shown = [row for state in (LOST, CHANGED, NEW) for row in found["changes"] if row["state"] == state]
    return "\n".join([*lines, *(_line(row, units, words) for row in shown)])


def _line(row: Mapping[str, Any], units: Mapping[str, str], words: Mapping[str, Any]) -> str:
    name = row["name"] or ", ".join(words["kind"][kind]["title"].lower() for kind in row["kinds"].split(";"))
    identity = row["before_id"] or row["after_id"]
    line = words["compare"][row["state"]].format(name=name, id=identity, before=row["before"], after=row["after"])
    why = "; ".join(_because(reason, units, words) for reason in row["because"])
    return f"  {line}" + (f" ({why})" if why else "")


def _because(reason: Mapping[str, Any], units: Mapping[str, str], words: Mapping[str, Any]) -> str:
    unit = units[reason["indicator"]]

    def number(value: float) -> str:
        decimals = UNIT_DECIMALS[unit] if value.is_integer() else max(UNIT_DECIMALS[unit], FEW_DECIMALS[unit])
        return f"{value:.{decimals}f}".replace(".", words["format"]["decimal"])

    def known(values: list[float] | None) -> str:
        return str(words["compare"]["not_known"]) if values is None else "–".join(map(number, values))

    shown = f"{known(reason['before'])} → {known(reason['after'])} {words['unit'][unit]}".strip()
    return f"{words['indicator'][reason['indicator']]['title']}: {shown}"


def as_json(found: Mapping[str, Any]) -> str:
    """Print the differences as JSON."""
    return json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True)
