"""Plans in words and as data: what would turn the verdict, plans side by side, a plan through its phases. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from spatial.alternatives import CRITERIA
from spatial.model import ASPECTS
from spatial.scoring import aspect_weights
from spatial.strings import said, texts, whole_percent
from spatial.timeline import SHUT, Timeline
from spatial.turning import Turn

# A weight that moves by less is not told.
TOLD_WEIGHT = 0.005


def turn(found: Turn | None, before: Any) -> dict[str, Any] | None:
    """What would turn the verdict, as plain data; weights of 100. ``before`` is the result today."""
    if found is None:
        return None
    now = aspect_weights(before.rubric)
    return {
        "moved_share": None if np.isnan(found.moved_share) else round(found.moved_share, 4),
        "weights_before": {name: round(float(w) * 100, 1) for name, w in zip(ASPECTS, now, strict=True)},
        "weights": {name: round(float(w) * 100, 1) for name, w in zip(ASPECTS, found.weights, strict=True)},
        "median_before": round(found.median_before * 100, 1),
        "median_after": round(found.median_after * 100, 1),
        "proven": found.proven,
    }


def turn_text(found: Mapping[str, Any] | None, *, lang: str) -> str:
    """Say what would turn the verdict."""
    words = texts(lang)
    say = words["compare"]
    if found is None:
        return str(say["no_turn"])
    if found["moved_share"] is None:
        return str(say["turn_not_found"])
    moves = [
        say["weight"].format(aspect=words["aspect"][name]["title"].lower(), before=round(old), after=round(new))
        for name, old, new in ((name, found["weights_before"][name], found["weights"][name]) for name in ASPECTS)
        if abs(new - old) > TOLD_WEIGHT * 100
    ]
    told = say["turn"].format(
        share=whole_percent(found["moved_share"]),
        weights=", ".join(moves),
        before=round(found["median_before"]),
        after=round(found["median_after"]),
    )
    return told if found["proven"] else f"{told} {say['not_proven']}"


# --- side by side --------------------------------------------------------------------------------


def alternatives(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Plans side by side as plain data; see ``spatial.alternatives.side_by_side``."""
    rows = []
    for name, row in table.iterrows():
        numbers = {key: None if np.isnan(row[key]) else int(row[key]) for key in (*CRITERIA, "winning", "spaces_new")}
        share = None if np.isnan(row["keeps_share"]) else round(float(row["keeps_share"]), 3)
        beaten = [one for one in row["dominated_by"].split(";") if one]
        rows.append({"plan": name, **numbers, "keeps_share": share, "dominated_by": beaten})
    return rows


def alternatives_text(rows: Sequence[Mapping[str, Any]], *, lang: str) -> str:
    """Say plans side by side: a table, and which of them another is better than in everything."""
    say = texts(lang)["alternatives"]
    columns = (*CRITERIA, "keeps_share")
    head = ["", *(say["column"][name] for name in columns)]
    lines = [head, *([str(row["plan"]), *(_cell(name, row[name], say) for name in columns)] for row in rows)]
    wide = [max(len(line[k]) for line in lines) for k in range(len(head))]
    table = [
        "  ".join(cell.ljust(wide[0]) if k == 0 else cell.rjust(wide[k]) for k, cell in enumerate(line))
        for line in lines
    ]
    beaten = [
        say["dominated"].format(plan=row["plan"], others=", ".join(row["dominated_by"]))
        for row in rows
        if row["dominated_by"]
    ]
    return "\n".join([*(line.rstrip() for line in table), say["criteria"], *(beaten or [say["none_dominated"]])])


def _cell(name: str, value: Any, say: Mapping[str, Any]) -> str:
    if value is None:
        return str(say["not_known"])
    return f"{whole_percent(value)} %" if name == "keeps_share" else str(value)


# --- phases --------------------------------------------------------------------------------------


def timeline(found: Timeline) -> dict[str, Any]:
    """A plan through its phases as plain data: scores of 100, whole homes, years to a tenth."""
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
            "kinds": row["kinds"],
            "states": [row[f"state_{k + 1}"] for k in range(count)],
            "floating": [_hundred(row[f"floating_{k + 1}"]) for k in range(count)],
        }
        for row in found.spaces.astype(object).where(found.spaces.notna(), None).to_dict("records")
    ]
    return {"phases": phases, "spaces": spaces}


_MEDIANS = ("median_before", "median_after")


def _hundred(score: float | None) -> int | None:
    return None if score is None or np.isnan(score) else round(score * 100)


def timeline_text(found: Mapping[str, Any], *, lang: str) -> str:
    """Say what each phase means, and which meeting spaces are shut for how long."""
    words = texts(lang)
    say = words["timeline"]
    lines = [say["title"]]
    for row in found["phases"]:
        medians = "" if row["median_after"] is None else " " + say["median"].format(**row)
        lines.append(f"  {say['phase'].format(named=_named(row, words), **row)}{medians}")
    for space in found["spaces"]:
        shut = [k for k, state in enumerate(space["states"]) if state == SHUT]
        if not shut:
            continue
        name = said(space["name"]) or ", ".join(
            words["kind"][kind]["title"].lower() for kind in space["kinds"].split(";")
        )
        identity = space["before_id"] or space["after_id"]
        phases = ", ".join(_named(found["phases"][k], words) for k in shut)
        lines.append("  " + say["shut"].format(name=name, id=identity, phases=phases))
    return "\n".join(lines)


def _named(row: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    """A phase by its number and, where they say something, its date and how long it lasts."""
    say = words["timeline"]
    parts = [row["name"]] if row["name"] != str(row["phase"]) else []
    if row["years"] is not None:
        parts.append(say["years"].format(years=f"{row['years']:g}".replace(".", words["format"]["decimal"])))
    return f"{row['phase']}" + (f" ({', '.join(parts)})" if parts else "")
