"""Judging what was measured: the rubric's points, value functions, judged intervals. Pure.

All judged values lie in [0, 1]. Low and high follow from what is not known, the best estimate from what is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.core.arrays import Bools, Floats, Ints
from spatial.core.errors import ConfigError
from spatial.core.messages import phrase, spelling_hint
from spatial.core.model import ASPECTS, EVIDENCE, GATE, KNOWN_EVIDENCE, Rubric, Rule
from spatial.settings.rubric import RubricSpec, RuleSpec

PERCENTILE_STEPS = 20
UNKNOWN = EVIDENCE.index("unknown")
KNOWN = [EVIDENCE.index(name) for name in KNOWN_EVIDENCE]
# What ``Judged`` holds one of a place and indicator.
MATRICES = ("low", "best", "high", "states", "facts")


def resolve(
    spec: RubricSpec,
    units: Mapping[str, str],
    references: Mapping[str, Floats | None],
    left_out: Mapping[str, str] | None = None,
) -> Rubric:
    """Turn relative value functions into points in the indicator's unit.

    Parameters
    ----------
    spec
        The rubric as written.
    units
        Unit by indicator; rules for other indicators are an error.
    references
        Reference sample (percentile) or total (share of the estate) by indicator.
    left_out
        Indicators that were not measured in this run, with the model that was not given. Their
        rules fall away: a weight that nothing could ever fill would only lower every coverage.

    Raises
    ------
    ConfigError
        If a rule judges an indicator that does not exist or gives no reference, or an aspect with
        a weight is judged by nothing but what was left out.
    """
    missing = {name: model for name, model in (left_out or {}).items() if name in spec.rules}
    rules = {}
    for name, rule in spec.rules.items():
        if name not in units:
            raise ConfigError("scoring.unknown_indicator", name=name, known=list(units))
        if name in missing:
            continue
        points = _points(rule, references.get(name))
        plausible = rule.plausible or (points[0][0], points[-1][0])
        rules[name] = Rule(name, rule.aspect, rule.weight, units[name], points, plausible, rule.why)
    _check_judged(spec, rules, missing)
    return Rubric(
        aspect_weights=dict(spec.aspect_weights),
        rules=rules,
        min_coverage=spec.min_coverage,
        mean=spec.mean,
        draws=spec.draws,
        concentration=spec.concentration,
        top_k=spec.top_k,
        left_out=missing,
    )


def _check_judged(spec: RubricSpec, rules: Mapping[str, Rule], left_out: Mapping[str, str]) -> None:
    for aspect, weight in spec.aspect_weights.items():
        if weight > 0 and not any(rule.aspect == aspect and rule.weight > 0 for rule in rules.values()):
            lost = sorted(name for name in left_out if spec.rules[name].aspect == aspect)
            models = [f"--{model}" for model in sorted(set(left_out.values()))]
            raise ConfigError("scoring.lost", aspect=aspect, lost=lost, models=models)


def _points(rule: RuleSpec, reference: Floats | None) -> tuple[tuple[float, float], ...]:
    if not isinstance(rule.curve, str):
        return rule.curve
    if reference is None:
        raise ConfigError("scoring.reference", name=rule.indicator, found=rule.curve)
    if rule.curve == "share_of_estate":
        total = float(reference.sum())
        return ((0.0, 0.0), (total if total > 0 else 1.0, 1.0))
    steps = np.linspace(0, 1, PERCENTILE_STEPS + 1)
    if not len(reference):
        return ((0.0, 0.5),)
    values, at = np.unique(np.quantile(reference, steps), return_inverse=True)
    judged = np.array([steps[at == i].mean() for i in range(len(values))])
    return tuple((float(x), float(y)) for x, y in zip(values, judged, strict=True))


def judge_values(rule: Rule, value: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats, Floats]:
    """Judge measured values by one rule.

    Parameters
    ----------
    value, low, high
        In the indicator's unit; NaN in ``value`` is unknown, in a bound the plausible range.

    Returns
    -------
    low, best, high
        Judged values in [0, 1]. ``best`` of an unknown is the middle of its interval.

    Examples
    --------
    >>> rule = Rule("x", "openness", 1.0, "m", ((0.0, 0.0), (1.0, 1.0), (2.0, 0.0)), (0.0, 2.0), "")
    >>> [float(part[0]) for part in judge_values(rule, np.array([np.nan]), np.array([0.5]), np.array([2.0]))]
    [0.0, 0.5, 1.0]
    """
    xs, ys = np.array(rule.points).T
    bottom = np.where(np.isnan(low), rule.plausible[0], low)
    top = np.where(np.isnan(high), rule.plausible[1], high)
    judged = [np.interp(bottom, xs, ys), np.interp(top, xs, ys)]
    for x, y in rule.points:
        judged.append(np.where((bottom < x) & (x < top), y, judged[0]))
    worst, best = np.min(judged, axis=0), np.max(judged, axis=0)
    estimate = np.where(np.isnan(value), (worst + best) / 2, np.interp(np.nan_to_num(value), xs, ys))
    return np.minimum(worst, estimate), estimate, np.maximum(best, estimate)


@dataclass(frozen=True)
class Judged:
    """Judged values of N places by I indicators: arrays (N, I), and how each is known.

    ``states`` are positions in ``EVIDENCE``; ``facts`` are the unknown facts behind each, as
    ``spatial.indicators.unknown_facts`` writes them. ``aspects`` has ``GATE`` for a condition.
    """

    indicators: tuple[str, ...]
    low: Floats
    best: Floats
    high: Floats
    states: npt.NDArray[np.int8]
    facts: npt.NDArray[np.object_]
    aspects: tuple[str, ...]

    @property
    def known(self) -> Bools:
        """Which values are observed or derived, (N, I)."""
        return np.isin(self.states, KNOWN)

    @property
    def conditions(self) -> Ints:
        """Columns of the conditions."""
        return np.flatnonzero([aspect == GATE for aspect in self.aspects])

    @property
    def part(self) -> Ints:
        """The part that each indicator belongs to: its aspect, or for a condition one of its own after them."""
        parts = np.array([ASPECTS.index(a) if a != GATE else -1 for a in self.aspects], dtype=np.int64)
        parts[self.conditions] = len(ASPECTS) + np.arange(len(self.conditions))
        return parts

    def at(self, rows: npt.NDArray[np.int64]) -> Judged:
        """Some of the places, in the order given."""
        return replace(self, **{key: getattr(self, key)[rows] for key in MATRICES})

    def weighing(self, rubric: Rubric) -> Judged:
        """Only the indicators that have a weight in a rubric."""
        return self.columns([name for name in self.indicators if rubric.rules[name].weight > 0])

    def columns(self, names: Sequence[str]) -> Judged:
        """Some of the indicators, in the order given."""
        at = [self.indicators.index(name) for name in names]
        parts = {key: getattr(self, key)[:, at] for key in MATRICES}
        return Judged(tuple(names), **parts, aspects=tuple(self.aspects[i] for i in at))

    def changed(self, other: Judged) -> Judged:
        """What another judged of the same places in the place of the same indicators."""
        at = [self.indicators.index(name) for name in other.indicators]
        new = {key: getattr(self, key).copy() for key in MATRICES}
        for key, matrix in new.items():
            matrix[:, at] = getattr(other, key)
        return replace(self, **new)


def judge_all(evidence: pd.DataFrame, index: pd.Index, rubric: Rubric) -> Judged:
    """Judge a long table of evidence.

    Parameters
    ----------
    evidence
        Columns place_id, indicator, value, low, high, evidence; one row a place and indicator.
        ``facts`` may be left out; then every unknown stands for itself.
    index
        Place ids, the rows of the result.
    """
    # In the order of their names, so that the same draws come out whatever order the rules stand in.
    names = tuple(sorted(name for name in rubric.rules if rubric.rules[name].weight > 0))
    columns = pd.Index(names).get_indexer(pd.Index(evidence["indicator"]))
    evidence, columns = evidence[columns >= 0], columns[columns >= 0]
    rows = index.get_indexer(pd.Index(evidence["place_id"]))
    wanted = rows >= 0
    at = rows[wanted], columns[wanted]
    shape = (len(index), len(names))
    measured = {key: np.full(shape, np.nan) for key in ("value", "low", "high")}
    for key, matrix in measured.items():
        matrix[at] = evidence[key].to_numpy(dtype=np.float64)[wanted]
    states = np.full(shape, UNKNOWN, dtype=np.int8)
    states[at] = pd.Categorical(evidence["evidence"], categories=EVIDENCE).codes[wanted]
    states[states < 0] = UNKNOWN
    facts = np.full(shape, "", dtype=object)
    if "facts" in evidence:
        facts[at] = evidence["facts"].to_numpy(dtype=object)[wanted]
    low, best, high = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for i, name in enumerate(names):
        parts = (measured[key][:, i] for key in ("value", "low", "high"))
        low[:, i], best[:, i], high[:, i] = judge_values(rubric.rules[name], *parts)
    return Judged(names, low, best, high, states, facts, tuple(rubric.rules[name].aspect for name in names))


def every_rule(rubric: Rubric) -> Rubric:
    """Give every rule a weight, so that all of them are judged: a reader may raise one."""
    return replace(rubric, rules={name: replace(rule, weight=1.0) for name, rule in rubric.rules.items()})


def judge_again(
    judged: Judged, evidence: pd.DataFrame, index: pd.Index, rubric: Rubric, names: Iterable[str]
) -> Judged:
    """Judge some indicators anew, on other evidence or by other rules; the rest stays.

    Parameters
    ----------
    judged
        All indicators of the places of ``index``.
    evidence
        Holds all rows of the indicators named.
    names
        The indicators; what was not judged before is left out.
    """
    wanted = {name: rubric.rules[name] for name in names if name in judged.indicators}
    return judged.changed(judge_all(evidence, index, every_rule(replace(rubric, rules=wanted))))


def reweighted(
    rubric: Rubric, *, aspects: Mapping[str, float] | None = None, indicators: Mapping[str, float] | None = None
) -> Rubric:
    """Return the rubric with other weights.

    Parameters
    ----------
    aspects, indicators
        New weights by name; what is not named keeps its own.

    Raises
    ------
    ConfigError
        If a name is not in the rubric, a weight is negative or not finite, no aspect is left, or a
        condition is given another weight.
    """
    kinds = phrase("scoring.aspect"), phrase("scoring.indicator")
    known: Mapping[str, object]
    for kind, given, known in zip(kinds, (aspects, indicators), (rubric.aspect_weights, rubric.rules), strict=True):
        for name, weight in (given or {}).items():
            if name not in known:
                raise ConfigError(
                    "scoring.unknown", kind=kind, name=name, known=list(known), hint=spelling_hint(name, known)
                )
            if not 0 <= weight < np.inf:
                raise ConfigError("scoring.weight", kind=kind, name=name, found=weight)
            rule = known[name]
            if isinstance(rule, Rule) and rule.aspect == GATE and weight != rule.weight:
                raise ConfigError("scoring.condition", name=name)
    rules = {
        name: replace(rule, weight=float((indicators or {}).get(name, rule.weight)))
        for name, rule in rubric.rules.items()
    }
    new = replace(rubric, aspect_weights={**rubric.aspect_weights, **(aspects or {})}, rules=rules)
    judged = {rule.aspect for rule in rules.values() if rule.weight > 0}
    empty = [name for name, weight in new.aspect_weights.items() if weight > 0 and name not in judged]
    if empty or not sum(new.aspect_weights.values()) > 0:
        raise ConfigError("scoring.empty", aspects=empty or phrase("scoring.nothing"))
    return new
