"""What exact counts say, for those who made them: told on the screen, never published.

By visit the model knows weather, hour and observer as they were, and what two observers saw; none of it is computed
from published cells, so none of it may stand in the folder of results (PRIVACY.md).
"""

from __future__ import annotations

import numpy as np

from spatial.core.languages import texts
from spatial.observations.facts import model_facts
from spatial.observations.model import Checks
from spatial.observations.reliability import visits_needed
from spatial.observations.study import Exact
from spatial.reports.observations import modelled, number


def exact_in_words(exact: Exact, lang: str) -> str:
    """Say what the counts by visit show, how reliable they are, and how far observers agree."""
    say = texts(lang)["observe"]["exact"]
    lines = [say["heading"], *modelled(model_facts(exact.model), lang)]
    if exact.model.checks is not None:
        lines += _checks(exact.model.checks, lang)
    if np.isfinite(exact.reliability[0]):
        needed = number(visits_needed(exact.reliability[0]), lang, 0)
        values = {
            name: number(value, lang) for name, value in zip(("icc", "low", "high"), exact.reliability, strict=True)
        }
        lines.append(say["reliability"].format(needed=needed, **values))
    agreed = exact.agreement
    if agreed.pairs:
        values = {name: number(getattr(agreed, name), lang) for name in ("kappa", "icc", "low", "high")}
        lines.append(say["agreement"].format(pairs=number(agreed.pairs, lang, 0), **values))
    else:
        lines.append(say["unpaired"])
    return "\n".join(lines)


def _checks(found: Checks, lang: str) -> list[str]:
    say = texts(lang)["observe"]["exact"]
    percent = texts(lang)["format"]["percent"]
    values = {
        "ratio": number(found.ratio, lang, 1),
        "noughts": number(found.noughts, lang, 0),
        "expected": number(found.expected, lang, 0),
        "outside": percent.format(number(100 * found.outside, lang, 0)),
    }
    lines = [say["checks"].format(**values)]
    if found.inflated is not None:
        times = {name: number(float(np.exp(getattr(found.inflated, name))), lang) for name in ("value", "low", "high")}
        lines.append(say["inflated"].format(empty=percent.format(number(100 * found.empty, lang, 0)), **times))
    return lines
