"""The rubric: how each indicator is judged, checked."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spatial.core.errors import ConfigError
from spatial.core.messages import Phrase, phrase
from spatial.core.model import ASPECTS, GATE
from spatial.settings.loading import load_toml

CURVES = ("percentile", "share_of_estate")
# What the first edition of the measure judged, and in which aspect; the second edition judges it otherwise.
FIRST_EDITION = {
    "legal_access": ("openness", phrase("config.legal_access_became")),
    "variety": ("mixing", phrase("config.variety_became")),
    "mix_in_out": ("mixing", phrase("config.mix_in_out_became")),
}


@dataclass(frozen=True)
class RuleSpec:
    """A rule of the rubric before its value function is resolved against the estate.

    ``curve`` is either points in the indicator's unit, or the name of a reference that the run
    turns into points: ``"percentile"`` of the reference sample, ``"share_of_estate"``.
    """

    indicator: str
    aspect: str
    weight: float
    curve: tuple[tuple[float, float], ...] | str
    plausible: tuple[float, float] | None
    why: str


@dataclass(frozen=True)
class RubricSpec:
    """The rubric as written: see ``defaults/rubric.toml``."""

    aspect_weights: Mapping[str, float]
    rules: Mapping[str, RuleSpec]
    min_coverage: float
    mean: str
    draws: int
    concentration: float
    top_k: int


def rubric(path: Path | None = None) -> RubricSpec:
    """Read a rubric.

    Raises
    ------
    ConfigError
        If a weight is negative or all are zero, a value function does not rise in its argument or
        leaves [0, 1], an aspect is neither one of ``ASPECTS`` nor ``GATE``, or the rubric is one of the
        first edition.
    """
    where = phrase("config.rubric") if path is None else str(path)
    table = load_toml(path, "rubric.toml")
    try:
        rules = {name: _rule(name, entry, where) for name, entry in table["indicator"].items()}
        spec = RubricSpec(
            aspect_weights={aspect: float(table["aspect"][aspect]) for aspect in ASPECTS},
            rules=rules,
            min_coverage=float(table["min_coverage"]),
            mean=str(table["mean"]),
            draws=int(table["stability"]["draws"]),
            concentration=float(table["stability"]["concentration"]),
            top_k=int(table["stability"]["top_k"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise ConfigError("config.layout", where=where, error=error) from error
    if path is not None:
        _check_edition(spec, where)
    _check(spec, where)
    return spec


def _check_edition(spec: RubricSpec, where: str | Phrase) -> None:
    """Tell a rubric that judges as the first edition did, and the bundled one no longer does, what became of it."""
    ours = load_toml(None, "rubric.toml")["indicator"]
    changes = [
        became
        for name, (aspect, became) in FIRST_EDITION.items()
        if name in spec.rules and spec.rules[name].aspect == aspect and ours.get(name, {}).get("aspect") != aspect
    ]
    if changes:
        raise ConfigError("config.first_edition", where=where, changes=changes)


def _rule(name: str, entry: Mapping[str, Any], where: str | Phrase) -> RuleSpec:
    try:
        curve, plausible = entry["value"], entry.get("plausible")
        return RuleSpec(
            indicator=name,
            aspect=str(entry["aspect"]),
            weight=float(entry["weight"]),
            curve=curve if isinstance(curve, str) else tuple((float(x), float(y)) for x, y in curve),
            plausible=None if plausible is None else (float(plausible[0]), float(plausible[1])),
            why=str(entry["why"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise ConfigError("config.indicator", where=where, name=name, error=error) from error


def _check(spec: RubricSpec, where: str | Phrase) -> None:
    for rule in spec.rules.values():
        problem = _problem(rule)
        if problem:
            raise ConfigError("config.rule", where=where, name=rule.indicator, problem=problem)
    weights = list(spec.aspect_weights.values())
    if not all(0 <= weight < math.inf for weight in weights) or sum(weights) <= 0:
        raise ConfigError("config.weights", where=where, found=weights)
    for aspect, weight in spec.aspect_weights.items():
        if weight > 0 and not any(rule.aspect == aspect and rule.weight > 0 for rule in spec.rules.values()):
            raise ConfigError("config.unjudged", where=where, aspect=aspect, weight=weight)
    if spec.mean not in ("geometric", "arithmetic"):
        raise ConfigError("config.mean", where=where, found=spec.mean)
    if not 0 <= spec.min_coverage <= 1:
        raise ConfigError("config.coverage", where=where, found=spec.min_coverage)
    if spec.draws < 1 or not 0 < spec.concentration < math.inf or spec.top_k < 1:
        raise ConfigError("config.stability", where=where)


def _problem(rule: RuleSpec) -> Phrase | None:
    if rule.aspect not in (*ASPECTS, GATE):
        return phrase("config.aspect", found=rule.aspect, known=(*ASPECTS, GATE))
    if rule.aspect == GATE and rule.weight not in (0, 1):
        return phrase("config.condition", found=rule.weight)
    if not 0 <= rule.weight < float("inf"):
        return phrase("config.weight", found=rule.weight)
    if rule.plausible is not None and not -math.inf < rule.plausible[0] <= rule.plausible[1] < math.inf:
        return phrase("config.plausible", found=list(rule.plausible))
    if isinstance(rule.curve, str):
        return None if rule.curve in CURVES else phrase("config.curve", found=rule.curve, known=CURVES)
    xs, ys = [x for x, _ in rule.curve], [y for _, y in rule.curve]
    if not xs or not all(map(math.isfinite, xs)) or any(b <= a for a, b in itertools.pairwise(xs)):
        return phrase("config.points", found=xs)
    if not all(0 <= y <= 1 for y in ys):
        return phrase("config.judged", found=ys)
    return None
