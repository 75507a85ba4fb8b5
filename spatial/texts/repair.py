"""Tell what repairs a plan, in words and as data. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spatial.core.languages import texts
from spatial.texts.plan_answer import number


def repair_in_words(found: Mapping[str, Any], *, lang: str) -> str:
    """Say whether a plan harms, what would leave no lens worse off, and what is left.

    Parameters
    ----------
    found
        As ``repair_as_data`` gives it.
    """
    words = texts(lang)
    say = words["repair"]
    if not found["before"]:
        return str(say["harmless"])
    lines = [say["harms"], *(_lens(row, words) for row in found["before"])]
    if not found["additions"]:
        return "\n".join([*lines, say["nothing"].format(n=found["tried"])])
    lines.append(say["repaired" if not found["after"] else "partly"])
    lines += [f"  {k}. {_addition(row, words, lang)}" for k, row in enumerate(found["additions"], start=1)]
    if found["after"]:
        lines += [say["left"], *(_lens(row, words) for row in found["after"])]
    return "\n".join([*lines, say["how"].format(n=found["tried"])])


def _lens(row: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    counts = {name: number(row[name], words) for name in ("losing", "winning")}
    return "  " + str(words["repair"]["lens"].format(lens=words["lens"][row["lens"]]["title"], **counts))


def _addition(row: Mapping[str, Any], words: Mapping[str, Any], lang: str) -> str:
    measure = words["suggest"]["measure"].get(row["measure"], row["measure"])
    cost = number(1000 * max(1, round(row["cost_dkk"] / 1000)), words)
    return str(words["repair"]["addition"].format(what=measure, beside=row["beside"].get(lang, ""), cost=cost))


def repair_as_data(
    worse: Sequence[Mapping[str, Any]],
    left: Sequence[Mapping[str, Any]],
    additions: Sequence[Mapping[str, Any]],
    tried: int,
) -> dict[str, Any]:
    """The same as plain data: lenses that are worse off before and after, and the additions."""
    return {"before": list(worse), "after": list(left), "additions": list(additions), "tried": tried}
