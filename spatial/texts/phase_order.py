"""Tell in which order the phases of a plan cost the homes least, in words and as data. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from spatial.core.languages import texts
from spatial.plans.phase_order import Order, Ordered, Tried
from spatial.texts.plan_answer import number

SHOWN = 5


def order_as_data(found: Ordered) -> dict[str, Any]:
    """The orders as plain data: home-years as whole numbers."""
    return {
        "given": _tried(found.given),
        "best": _tried(found.best),
        "tried": [_tried(one) for one in found.tried],
        "years": [round(years, 2) for years in found.years],
        "dated": found.dated,
        "every": found.every,
    }


def _tried(one: Tried) -> dict[str, Any]:
    return {"order": list(one.order), "without": round(one.without), "worse": round(one.worse)}


def order_table(found: Ordered) -> pd.DataFrame:
    """One row an order, the best first: ``order`` (``;`` between), home-years ``without`` and ``worse``, ``given``."""
    rows = [(";".join(map(str, one.order)), one.without, one.worse, one == found.given) for one in found.tried]
    return pd.DataFrame(rows, columns=["order", "without", "worse", "given"])


def order_in_words(found: Mapping[str, Any], phases: Sequence[str], *, lang: str) -> str:
    """Say which order is best, what it spares, and what was counted.

    Parameters
    ----------
    found
        As ``order_as_data`` gives it.
    phases
        What the plan calls its phases.
    """
    words = texts(lang)
    say, given, best = words["phase_order"], found["given"], found["best"]
    values = {
        "order": _order(best["order"], phases, words),
        "own": _order(given["order"], phases, words),
        **{f"{name}_best": number(best[name], words) for name in ("without", "worse")},
        **{f"{name}_given": number(given[name], words) for name in ("without", "worse")},
    }
    verdict = _verdict(found)
    lines = [say[verdict].format(**values)]
    others = (
        []
        if verdict == "alike"
        else [one for one in found["tried"] if one["order"] not in (best["order"], given["order"])]
    )
    lines += [
        "  " + say["other"].format(order=_order(one["order"], phases, words), **_counts(one, words))
        for one in others[:SHOWN]
    ]
    lines.append(say["how"] if found["dated"] else f"{say['how']} {say['undated']}")
    if len(found["tried"]) > 1:
        lines.append(say["every"].format(n=len(found["tried"])) if found["every"] else say["some"])
    return "\n".join(lines)


def _verdict(found: Mapping[str, Any]) -> str:
    given, best = found["given"], found["best"]
    if len(found["tried"]) == 1:
        return "only"
    if best["order"] == given["order"]:
        return "same" if len({(one["without"], one["worse"]) for one in found["tried"]}) > 1 else "alike"
    return "better" if best["without"] < given["without"] else "worse"


def _counts(one: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, str]:
    return {name: number(one[name], words) for name in ("without", "worse")}


def _order(order: Order | Sequence[int], phases: Sequence[str], words: Mapping[str, Any]) -> str:
    """The phases in an order: "2 (2030), 1 (2027)"."""
    say = words["plan_state"]
    names = {k: str(name) for k, name in enumerate(phases, start=1)}
    return ", ".join(
        say["named"].format(phase=k, name=names[k]) if names.get(k, str(k)) != str(k) else str(k) for k in order
    )
