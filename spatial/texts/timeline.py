"""Tell the phases of a plan, in words and as data. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from spatial.core.languages import KNOWN_LANGUAGES, numbers_written, texts
from spatial.core.numbers import number as written
from spatial.plans.phases import SHUT, Timeline
from spatial.texts.plan_names import Names, named_row

# Those whom building hits first are told by phase.
TOLD_LENSES = ("child", "rollator", "wheelchair")
_LOSING, ADULT = "losing_", "adult"
_MEDIANS = ("median_before", "median_after")


def timeline_as_data(found: Timeline, names: Names = MappingProxyType({})) -> dict[str, Any]:
    """A plan through its phases as plain data: scores of 100, whole homes, years to a tenth.

    ``names`` are those of ``space_names``; without them a meeting space is called by its kinds.
    """
    names = names or {lang: ({}, {}) for lang in KNOWN_LANGUAGES}
    phases: list[dict[str, Any]] = []
    for row in found.phases.to_dict("records"):
        whole = {
            str(name): round(value)
            for name, value in row.items()
            if name in ("losing", "winning", "keeping", "demolished", "new") or str(name).startswith("losing_")
        }
        scores = {name: None if np.isnan(row[name]) else round(row[name] * 100) for name in _MEDIANS}
        years = None if np.isnan(row["years"]) else round(row["years"], 1)
        phases.append({str(name): value for name, value in row.items()} | whole | scores | {"years": years})
    count = len(phases)
    spaces = [
        {
            "before_id": row["before_id"],
            "after_id": row["after_id"],
            "name": row["name"] if isinstance(row["name"], str) else None,
            "called": named_row(row, names),
            "kinds": row["kinds"],
            "states": [row[f"state_{k + 1}"] for k in range(count)],
            "floating": [_score_of_hundred(row[f"floating_{k + 1}"]) for k in range(count)],
        }
        for row in found.spaces.astype(object).where(found.spaces.notna(), None).to_dict("records")
    ]
    return {"phases": phases, "spaces": spaces}


def _score_of_hundred(score: float | None) -> int | None:
    return None if score is None or np.isnan(score) else round(score * 100)


def timeline_in_words(found: Mapping[str, Any], *, lang: str) -> str:
    """Say what each phase means, and which meeting spaces are shut for how long."""
    words = texts(lang)
    say = words["timeline"]
    lines = [say["title"]]
    lenses = lenses_by_phase(found["phases"])
    for row in found["phases"]:
        counts = numbers_written(row, words)
        same = "median_same" if row["median_after"] == row["median_before"] else "median"
        medians = "" if row["median_after"] is None else " " + say[same].format(**counts)
        phase = say["phase"].format(named=_named(row, words), **counts)
        lines.append(f"  {phase}{medians}{_told_lenses(counts, lenses, words)}")
    for space in found["spaces"]:
        shut = [k for k, state in enumerate(space["states"]) if state == SHUT]
        if not shut:
            continue
        identity = space["after_id"] or space["before_id"]
        phases = ", ".join(_named(found["phases"][k], words) for k in shut)
        lines.append("  " + say["shut"].format(name=space["called"][lang], id=identity, phases=phases))
    return "\n".join(lines)


def lenses_by_phase(phases: Sequence[Mapping[str, Any]]) -> list[str]:
    """The lenses told by phase: whoever loses most in one, and those whom building hits first.

    Examples
    --------
    >>> lenses_by_phase([{"losing_adult": 1, "losing_older": 9, "losing_child": 4}])
    ['older', 'child', 'rollator', 'wheelchair']
    """
    worst = {lens for row in phases if (lens := _losing_most(row)) is not None}
    return [*sorted(worst - {ADULT, *TOLD_LENSES}), *TOLD_LENSES]


def _losing_most(row: Mapping[str, Any]) -> str | None:
    lost = {str(name).removeprefix(_LOSING): value for name, value in row.items() if str(name).startswith(_LOSING)}
    return max(lost, key=lambda lens: lost[lens]) if any(lost.values()) else None


def _told_lenses(row: Mapping[str, Any], lenses: Sequence[str], words: Mapping[str, Any]) -> str:
    """Homes that lose in a phase through some lenses; nothing where there are none."""
    seen = [(lens, row[f"losing_{lens}"]) for lens in lenses if f"losing_{lens}" in row]
    say = words["timeline"]
    told = ", ".join(say["lens"].format(lens=words["lens_as"][lens], losing=count) for lens, count in seen)
    return f" {say['lenses'].format(list=told)}" if told else ""


def _named(row: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    """A phase by its number and, where they say something, its date and how long it lasts."""
    say = words["timeline"]
    parts = [row["name"]] if row["name"] != str(row["phase"]) else []
    if row["years"] is not None:
        parts.append(say["years"].format(years=written(row["years"], words["format"]["locale"], None)))
    return f"{row['phase']}" + (f" ({', '.join(parts)})" if parts else "")
