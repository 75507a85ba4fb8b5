"""Judging what was measured: value functions, aspects, the floating potential, ranks. Pure.

All judged values lie in [0, 1]. Every score is an interval: low and high follow from what is not
known, the best estimate from what is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from spatial.config import RubricSpec, RuleSpec
from spatial.errors import ConfigError
from spatial.model import ASPECTS, FLOATING, KNOWN_EVIDENCE, Rubric, Rule

Floats = npt.NDArray[np.float64]

PERCENTILE_STEPS = 20
# Draws are made in blocks, so that memory does not grow with their number.
BLOCK_DRAWS = 50
RANK_LOW, RANK_HIGH = 5, 95


def resolve(spec: RubricSpec, units: Mapping[str, str], references: Mapping[str, Floats | None]) -> Rubric:
    """Turn relative value functions into points in the indicator's unit.

    Parameters
    ----------
    spec
        The rubric as written.
    units
        Unit by indicator; rules for other indicators are an error.
    references
        Reference sample (percentile) or total (share of the estate) by indicator.

    Raises
    ------
    ConfigError
        If a rule judges an indicator that does not exist or gives no reference.
    """
    rules = {}
    for name, rule in spec.rules.items():
        if name not in units:
            raise ConfigError(
                f"rubric: [indicator.{name}] found no such indicator; needed one of {', '.join(units)}; correct "
                "the name"
            )
        points = _points(rule, references.get(name))
        plausible = rule.plausible or (points[0][0], points[-1][0])
        rules[name] = Rule(name, rule.aspect, rule.weight, units[name], points, plausible, rule.why)
    return Rubric(
        aspect_weights=dict(spec.aspect_weights),
        rules=rules,
        min_coverage=spec.min_coverage,
        mean=spec.mean,
        draws=spec.draws,
        concentration=spec.concentration,
        top_k=spec.top_k,
    )


def _points(rule: RuleSpec, reference: Floats | None) -> tuple[tuple[float, float], ...]:
    if not isinstance(rule.curve, str):
        return rule.curve
    if reference is None:
        raise ConfigError(
            f"rubric: [indicator.{rule.indicator}] value is {rule.curve!r}, but the indicator gives no "
            "reference; give points"
        )
    if rule.curve == "share_of_estate":
        total = float(reference.sum())
        return ((0.0, 0.0), (total if total > 0 else 1.0, 1.0))
    steps = np.linspace(0, 1, PERCENTILE_STEPS + 1)
    if not len(reference):
        return ((0.0, 0.5),)
    values, at = np.unique(np.quantile(reference, steps), return_inverse=True)
    judged = np.array([steps[at == i].mean() for i in range(len(values))])
    return tuple((float(x), float(y)) for x, y in zip(values, judged, strict=True))


def judge(rule: Rule, value: Floats, low: Floats, high: Floats) -> tuple[Floats, Floats, Floats]:
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
    >>> [float(part[0]) for part in judge(rule, np.array([np.nan]), np.array([0.5]), np.array([2.0]))]
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
    """Judged values of N places by I indicators: arrays (N, I), and which of them are known."""

    indicators: tuple[str, ...]
    low: Floats
    best: Floats
    high: Floats
    known: npt.NDArray[np.bool_]


def judge_all(evidence: pd.DataFrame, index: pd.Index, rubric: Rubric) -> Judged:
    """Judge a long table of evidence.

    Parameters
    ----------
    evidence
        Columns place_id, indicator, value, low, high, evidence; one row a place and indicator.
    index
        Place ids, the rows of the result.
    """
    names = tuple(name for name in rubric.rules if rubric.rules[name].weight > 0)
    rows = index.get_indexer(pd.Index(evidence["place_id"]))
    columns = pd.Index(names).get_indexer(pd.Index(evidence["indicator"]))
    wanted = (rows >= 0) & (columns >= 0)
    at = rows[wanted], columns[wanted]
    shape = (len(index), len(names))
    measured = {key: np.full(shape, np.nan) for key in ("value", "low", "high")}
    for key, matrix in measured.items():
        matrix[at] = evidence[key].to_numpy(dtype=np.float64)[wanted]
    known = np.zeros(shape, dtype=bool)
    known[at] = evidence["evidence"].isin(KNOWN_EVIDENCE).to_numpy()[wanted]
    low, best, high = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for i, name in enumerate(names):
        parts = (measured[key][:, i] for key in ("value", "low", "high"))
        low[:, i], best[:, i], high[:, i] = judge(rubric.rules[name], *parts)
    return Judged(names, low, best, high, known)


def indicator_weights(rubric: Rubric, names: Iterable[str]) -> Floats:
    """Weight of each indicator in each aspect: (aspects, indicators), rows sum to 1 or are 0."""
    weights = np.array(
        [[rubric.rules[n].weight if rubric.rules[n].aspect == aspect else 0.0 for n in names] for aspect in ASPECTS]
    )
    total = weights.sum(axis=1, keepdims=True)
    return np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)


def aspect_weights(rubric: Rubric) -> Floats:
    """Weights of the five aspects, summing to 1."""
    weights = np.array([rubric.aspect_weights[aspect] for aspect in ASPECTS], dtype=np.float64)
    return weights / weights.sum()


def combine(aspects: Floats, weights: Floats, mean: str) -> Floats:
    """Weighted mean of the aspects over the last axis: geometric (0 if any is 0) or arithmetic.

    Examples
    --------
    >>> float(combine(np.array([0.25, 1.0]), np.array([0.5, 0.5]), "geometric"))
    0.5
    """
    if mean == "arithmetic":
        return np.asarray((aspects * weights).sum(axis=-1))
    with np.errstate(divide="ignore", invalid="ignore"):
        logs = np.where(weights > 0, np.log(aspects) * weights, 0.0)
    return np.asarray(np.exp(logs.sum(axis=-1)))


def score(judged: Judged, index: pd.Index, rubric: Rubric, seed: int) -> pd.DataFrame:
    """Scores, coverage and ranks of places that are ranked against each other.

    Returns
    -------
    DataFrame
        Indexed as given; for the floating potential and each aspect ``<x>_low, <x>, <x>_high``;
        ``coverage`` (share of the rubric's weight that rests on observed or derived evidence);
        ``rank`` (null where coverage is below the rubric's minimum); ``rank_p05, rank_p95`` and
        ``top10_share`` over seeded draws of weights and unknowns.
    """
    within, across = indicator_weights(rubric, judged.indicators), aspect_weights(rubric)
    table: dict[str, Floats] = {}
    for suffix, part in (("_low", judged.low), ("", judged.best), ("_high", judged.high)):
        aspects = part @ within.T
        table[FLOATING + suffix] = combine(aspects, across, rubric.mean)
        table |= {aspect + suffix: aspects[:, i] for i, aspect in enumerate(ASPECTS)}
    order = [name + suffix for name in (FLOATING, *ASPECTS) for suffix in ("_low", "", "_high")]
    scores = pd.DataFrame({name: np.clip(table[name], 0.0, 1.0) for name in order}, index=index)
    scores["coverage"] = judged.known @ (across @ within)
    ranked = (scores["coverage"] >= rubric.min_coverage).to_numpy()
    ranks = pd.Series(scores[FLOATING].to_numpy()[ranked], index=index[ranked]).rank(ascending=False, method="min")
    scores["rank"] = ranks.reindex(index).astype("Int64")
    return scores.join(_stability(judged, index, ranked, rubric, seed))


def _stability(
    judged: Judged, index: pd.Index, ranked: npt.NDArray[np.bool_], rubric: Rubric, seed: int
) -> pd.DataFrame:
    """Rank ranges over draws of weights and unknowns, for the places that are ranked."""
    rows = np.flatnonzero(ranked)
    rows = rows[np.argsort(index[rows].to_numpy().astype(str), kind="stable")]
    result = pd.DataFrame(np.nan, index=index, columns=["rank_p05", "rank_p95", "top10_share"])
    if not len(rows):
        return result
    ranks = draw_ranks(judged.low[rows], judged.high[rows], rubric, judged.indicators, seed)
    low, high = np.percentile(ranks, (RANK_LOW, RANK_HIGH), axis=0)
    result.loc[index[rows]] = np.stack([low, high, (ranks <= rubric.top_k).mean(axis=0)], axis=1)
    return result


def draw_ranks(low: Floats, high: Floats, rubric: Rubric, names: Iterable[str], seed: int) -> Floats:
    """Ranks of each place in each draw: (draws, places).

    Weights are drawn from Dirichlet distributions around the given ones, unknowns uniformly from
    their judged intervals (Saisana, Saltelli & Tarantola 2005; OECD/JRC Handbook 2008).
    """
    random = np.random.default_rng(seed)
    within, across = indicator_weights(rubric, names), aspect_weights(rubric)
    blocks = []
    for start in range(0, rubric.draws, BLOCK_DRAWS):
        count = min(BLOCK_DRAWS, rubric.draws - start)
        weights = np.stack([_dirichlet(random, row, rubric.concentration, count) for row in within], axis=1)
        top = _dirichlet(random, across, rubric.concentration, count)
        judged = low + (high - low) * random.random((count, *low.shape))
        aspects = np.matmul(judged, weights.transpose(0, 2, 1))
        total = combine(aspects, top[:, None, :], rubric.mean)
        order = np.argsort(-total, axis=1, kind="stable")
        ranks = np.empty_like(order)
        np.put_along_axis(ranks, order, np.arange(1, low.shape[0] + 1)[None, :].repeat(count, axis=0), axis=1)
        blocks.append(ranks)
    return np.concatenate(blocks).astype(np.float64)


def _dirichlet(random: np.random.Generator, weights: Floats, concentration: float, count: int) -> Floats:
    """Draws around weights that sum to 1; weights of zero stay zero."""
    used = weights > 0
    result = np.zeros((count, len(weights)))
    if used.any():
        result[:, used] = random.dirichlet(concentration * weights[used], count)
    return result
