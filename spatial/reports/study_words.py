"""What is said of a study: before it, what is held to be true and how it will be tried; after it, what came of it."""

from __future__ import annotations

import math
from typing import Any

from spatial.core.languages import plural, texts
from spatial.core.model import Result
from spatial.observations.design import Design, Deviations
from spatial.observations.facts import model_facts
from spatial.observations.model import AGREES, OPPOSITE, Told
from spatial.reports.observations import modelled, number

ENOUGH_POWER = 0.8


def description(result: Result, stage: str, lang: str) -> str:
    """The folder in one sentence."""
    return str(texts(lang)["study"][stage].format(estate=result.estate.name))


def preregistration(frozen: Design, result: Result, *, left_out: int, lang: str) -> str:
    """The study before anybody goes out, as a page in Markdown."""
    words, values = texts(lang), _values(frozen, result, left_out, lang)
    say = words["study"]
    power = frozen.power
    told = ["power" if power.least is not None else "power_none"]
    told += ["weak"] if power.found < ENOUGH_POWER else []
    parts = {
        "hypothesis": ["hypothesis"], "where": ["where", *(["left_out"] if left_out else [])],
        "analysis": ["analysis", "decision"], "power": told,
    }  # fmt: skip
    lines = [f"# {frozen.title}", say["frozen"].format(**values)]
    for title, names in parts.items():
        lines += [
            f"## {say['title'][title]}",
            " ".join(plural(say[name], left_out, words).format(**values) for name in names),
        ]
    return "\n\n".join(lines) + "\n"


def _values(frozen: Design, result: Result, left_out: int, lang: str) -> dict[str, Any]:
    """What the sentences name, as the language writes numbers."""
    power, scores = frozen.power, frozen.places.values()
    numbers = {
        "effect": (frozen.effect, 2), "places": (len(frozen.places), 0), "visits": (frozen.visits, 0),
        "low": (100 * min(scores), 0), "high": (100 * max(scores), 0), "left_out": (left_out, 0), "k": (frozen.k, 0),
        "people": (frozen.spread.people, 1), "tau": (frozen.spread.tau, 2), "alpha": (frozen.spread.alpha, 2),
        "worlds": (power.worlds, 0), "found": (100 * power.found, 0), "wrongly": (100 * power.wrongly, 0),
        "least": (power.least, 2), "needed": (power.places, 0),
    }  # fmt: skip
    return {name: number(value, lang, decimals) for name, (value, decimals) in numbers.items()} | {
        "digest": frozen.digest(), "day": frozen.frozen_on, "version": frozen.version, "program": frozen.program,
        "authors": ", ".join(frozen.authors), "estate": result.estate.name, "seed": power.seed,
    }  # fmt: skip


def report(frozen: Design, deviations: Deviations, told: Told, lang: str) -> str:
    """What came of the study, as a page in Markdown; first of all, whether it is the one that was frozen."""
    say = texts(lang)["study"]
    values = {"day": frozen.frozen_on, "digest": frozen.digest()}
    lines = [f"# {frozen.title}", say["another" if deviations.another else "as_frozen"].format(**values)]
    if deviations.all:
        lines += ["\n".join(f"- {one.said(lang)}" for one in deviations.all)]
    if not deviations.another:
        lines.append(say["verdict"].get(told.verdict, say["verdict"]["unsettled"]))
    if told.effect is not None and told.verdict in (AGREES, OPPOSITE):
        within = told.effect.low <= math.log(frozen.effect) <= told.effect.high
        lines.append(say["expected" if within else "unexpected"].format(effect=number(frozen.effect, lang)))
    return "\n\n".join([*lines, *modelled(model_facts(told), lang)]) + "\n"
