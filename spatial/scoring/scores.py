"""Judging what was measured: value functions, conditions, aspects, the floating potential, ranks. Pure.

All judged values lie in [0, 1]. Every score is an interval: low and high follow from what is not
known, the best estimate from what is. A score has parts: the five aspects, then each condition of the
rubric; the conditions multiply the weighted mean of the aspects.

Places and rooms with their scores, ranks and one column an indicator. Pure.

Compiled code of draws: what the unknown facts add to the aspects of places. Pure.
"""

# mypy: allow-untyped-defs, allow-untyped-calls
from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
from numba import njit

from spatial.core.arrays import Bools, Floats, Ints
from spatial.core.errors import ConfigError
from spatial.core.messages import phrase, spelling_hint
from spatial.core.model import ASPECTS, CLOSED_AT, EVIDENCE, FLOATING, GATE, KNOWN_EVIDENCE, SHARES, Rubric, Rule
from spatial.indicators import registry as indicators_registry
from spatial.indicators.unknown_facts import Cells
from spatial.indicators.unknown_facts import cells as cells_of
from spatial.places.meeting_spaces import CLOSED
from spatial.scoring.tiers import count_wins, divide_into_tiers
from spatial.settings.rubric import RubricSpec, RuleSpec

PERCENTILE_STEPS = 20
# Draws are made in blocks of about so many judged values, so that memory does not grow with their number.
BLOCK_VALUES = 400_000
RANK_LOW, RANK_HIGH = 5, 95
SHARED_DRAWS = 500
UNKNOWN, ESTIMATED = EVIDENCE.index("unknown"), EVIDENCE.index("estimated")
KNOWN = [EVIDENCE.index(name) for name in KNOWN_EVIDENCE]
# A product of conditions so little above ``CLOSED_AT`` is not above it.
ROUNDING = 1e-9
# The one condition that is not about who may come.
ROOM_TO_STAY = "room_to_stay"
RANGE_COLUMNS = ["rank_p05", "rank_p95", "top10_share"]


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


# What ``Judged`` holds one of a place and indicator.
MATRICES = ("low", "best", "high", "states", "facts")


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
    rows = index.get_indexer(pd.Index(evidence["place_id"]))
    columns = pd.Index(names).get_indexer(pd.Index(evidence["indicator"]))
    wanted = (rows >= 0) & (columns >= 0)
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


def indicator_weights(rubric: Rubric, names: Iterable[str]) -> Floats:
    """Weight of each indicator in each aspect: (aspects, indicators), rows sum to 1 or are 0."""
    weights = np.array(
        [[rubric.rules[n].weight if rubric.rules[n].aspect == aspect else 0.0 for n in names] for aspect in ASPECTS]
    )
    total = weights.sum(axis=1, keepdims=True)
    return np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)


def part_weights(rubric: Rubric, judged: Judged) -> Floats:
    """Weight of each indicator in each part: (aspects + conditions, indicators); a condition is a part alone."""
    conditions = np.eye(len(judged.indicators))[judged.conditions]
    return np.concatenate([indicator_weights(rubric, judged.indicators), conditions])


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


def totals(parts: Floats, weights: Floats, mean: str) -> Floats:
    """Floating potential: the product of the conditions times the weighted mean of the aspects.

    Parameters
    ----------
    parts
        The five aspects, then the conditions, if there are any, over the last axis; in [0, 1].
    weights
        Of the aspects, summing to 1.
    mean
        ``"geometric"`` or ``"arithmetic"``.

    Examples
    --------
    >>> float(totals(np.array([0.25, 0.25, 0.25, 0.25, 0.25, 0.5, 0.8]), np.full(5, 0.2), "geometric"))
    0.1
    """
    found = combine(parts[..., : len(ASPECTS)], weights, mean)
    return found * gate(parts) if parts.shape[-1] > len(ASPECTS) else found


def gate(parts: Floats) -> Floats:
    """Product of the conditions among the parts of a score, over the last axis; 1 where there are none."""
    return np.asarray(parts[..., len(ASPECTS) :].prod(axis=-1))


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


def rescore(judged: Judged, index: pd.Index, rubric: Rubric, seed: int, *, ranges: bool = True) -> pd.DataFrame:
    """Score again: see ``score``; without ``ranges`` no draws are made."""
    if ranges:
        return score(judged, index, rubric, seed)
    missing = pd.array([pd.NA] * len(index), dtype="Int64")
    return estimates(judged, index, rubric).assign(tier=missing, **dict.fromkeys(RANGE_COLUMNS, np.nan))


def score(judged: Judged, index: pd.Index, rubric: Rubric, seed: int) -> pd.DataFrame:
    """Scores, coverage and ranks of places that are ranked against each other.

    Returns
    -------
    DataFrame
        Indexed as given; for the floating potential and each aspect ``<x>_low, <x>, <x>_high``;
        ``seen, computed, assumed, unknown`` (shares of the rubric's weight by how it is known, summing
        to 1) and ``coverage`` (the first two); ``rank`` (null where coverage is below the rubric's
        minimum, or the conditions do not hold); ``tier``, ``rank_p05, rank_p95`` and ``top10_share``
        over seeded draws of weights and unknowns (see ``spatial.scoring.tiers``).
    """
    scores = estimates(judged, index, rubric)
    return scores.join(_stability(judged, index, scores["rank"].notna().to_numpy(), rubric, seed))


def estimates(judged: Judged, index: pd.Index, rubric: Rubric) -> pd.DataFrame:
    """Scores, coverage and ranks without draws: the columns of ``score`` up to ``rank``."""
    within, across = part_weights(rubric, judged), aspect_weights(rubric)
    table: dict[str, Floats] = {}
    for suffix, values in (("_low", judged.low), ("", judged.best), ("_high", judged.high)):
        parts = values @ within.T
        table[FLOATING + suffix] = totals(parts, across, rubric.mean)
        table |= {aspect + suffix: parts[:, i] for i, aspect in enumerate(ASPECTS)}
    order = [name + suffix for name in (FLOATING, *ASPECTS) for suffix in ("_low", "", "_high")]
    scores = pd.DataFrame({name: np.clip(table[name], 0.0, 1.0) for name in order}, index=index)
    weight = across @ within[: len(ASPECTS)]
    scores["coverage"] = judged.known @ weight
    for name, states in SHARES.items():
        scores[name] = np.isin(judged.states, [EVIDENCE.index(state) for state in states]) @ weight
    ranked = (scores["coverage"] >= rubric.min_coverage).to_numpy() & conditions_hold(judged)
    ranks = pd.Series(scores[FLOATING].to_numpy()[ranked], index=index[ranked]).rank(ascending=False, method="min")
    scores["rank"] = ranks.reindex(index).astype("Int64")
    return scores


def conditions_hold(judged: Judged) -> Bools:
    """Where the product of the conditions, by the best estimates, lies above ``CLOSED_AT``: (N,)."""
    found: Bools = judged.best[:, judged.conditions].prod(axis=1) > CLOSED_AT + ROUNDING
    return found


def is_open(judged: Judged) -> Bools:
    """Where everybody may be, whatever there is to stay for: (N,)."""
    return conditions_hold(judged.columns([name for name in judged.indicators if name != ROOM_TO_STAY]))


def _stability(judged: Judged, index: pd.Index, ranked: Bools, rubric: Rubric, seed: int) -> pd.DataFrame:
    """Tiers and rank ranges over draws of weights and unknowns, for the places that are ranked.

    Weights are drawn from Dirichlet distributions around the given ones (Saisana, Saltelli &
    Tarantola 2005; OECD/JRC Handbook 2008). One uniform number is drawn for each unknown fact;
    an unknown lies in its judged interval where the mean of its facts' numbers says, so that what
    hangs on the same fact moves together.
    """
    rows = np.flatnonzero(ranked)
    rows = rows[np.argsort(index[rows].to_numpy().astype(str), kind="stable")]
    result = pd.DataFrame(np.nan, index=index, columns=["tier", *RANGE_COLUMNS])
    if len(rows):
        judged = judged.at(rows)
        drawn, wins = [], np.zeros((len(rows), len(rows)), dtype=np.int32)
        for _, floating, _ in draws(judged, index[rows], rubric, seed):
            drawn.append(ranks_of(floating))
            count_wins(floating, wins)
        ranks = np.concatenate(drawn)
        certain = (judged.states[:, judged.conditions] != UNKNOWN).all(axis=1)
        tier = divide_into_tiers(wins, len(ranks), certain)
        low, high = np.percentile(ranks, (RANK_LOW, RANK_HIGH), axis=0)
        result.loc[index[rows]] = np.stack([tier, low, high, (ranks <= rubric.top_k).mean(axis=0)], axis=1)
    return result.astype({"tier": "Int64"})


def shared_share(judged: Judged, index: pd.Index, rubric: Rubric, seed: int) -> float:
    """Share of the variance of the scores, over draws, that is common to all places and so moves no rank.

    The mean covariance of two ranked places over the mean variance of one; NaN where fewer than two are ranked.
    """
    rows = np.flatnonzero(estimates(judged, index, rubric)["rank"].notna().to_numpy())
    rows = rows[np.argsort(index[rows].to_numpy().astype(str), kind="stable")]
    if len(rows) < 2:
        return float("nan")
    drawn = np.concatenate([total for _, total, _ in draws(judged.at(rows), index[rows], rubric, seed, SHARED_DRAWS)])
    covariance = np.cov(drawn, rowvar=False)
    own = covariance.trace() / len(rows)
    others = (covariance.sum() - covariance.trace()) / (len(rows) * (len(rows) - 1))
    return float(others / own) if own > 0 else float("nan")


def ranks_of(floating: Floats) -> Ints:
    """Ranks from 1 over the last axis, the highest first; ties fall in the order of the places."""
    order = np.argsort(-floating, axis=1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(ranks, order, np.arange(1, floating.shape[1] + 1)[None, :].repeat(len(order), axis=0), axis=1)
    return ranks


@dataclass(frozen=True)
class Draw:
    """A block of B draws: weights (B, parts, indicators) and (B, aspects), a number a fact (B, F)."""

    within: Floats
    across: Floats
    uniform: Floats


def draws(
    judged: Judged, index: pd.Index, rubric: Rubric, seed: int, count: int | None = None
) -> Iterator[tuple[Draw, Floats, Floats]]:
    """Draw weights and unknown facts; yield blocks of draws, the totals (B, N) and parts (B, N, parts) of places."""
    random = np.random.default_rng(seed)
    within, across = part_weights(rubric, judged), aspect_weights(rubric)
    cells = open_cells(judged, index)
    at = cells.row, cells.column
    of = judged.part
    width = judged.high[at] - judged.low[at]
    wanted = count or rubric.draws
    block = max(1, min(wanted, BLOCK_VALUES // max(1, judged.low.size)))
    for start in range(0, wanted, block):
        size = min(block, wanted - start)
        drawn = [_dirichlet(random, row, rubric.concentration, size) for row in within[: len(ASPECTS)]]
        conditions = [np.broadcast_to(row, (size, len(row))) for row in within[len(ASPECTS) :]]
        draw = Draw(
            np.stack([*drawn, *conditions], axis=1),
            _dirichlet(random, across, rubric.concentration, size),
            random.random((size, len(cells.keys))),
        )
        # One product for what is sure, and the open cells on top.
        sure = draw.within.reshape(-1, len(judged.indicators)) @ judged.low.T
        parts = sure.reshape(size, len(within), -1).transpose(0, 2, 1).copy()
        own = draw.within[:, of, np.arange(len(of))]
        open_ = cells.row, of[cells.column], cells.column, width
        facts = cells.fact, cells.start, cells.count
        add_unknowns(parts, own, draw.uniform, open_, facts, (cells.curve, cells.curves))
        yield draw, totals(parts, draw.across[:, None, :], rubric.mean), parts


def open_cells(judged: Judged, index: pd.Index) -> Cells:
    """Cells whose judged interval has a width, with the facts behind them; one that is estimated has its middle."""
    cells = cells_of(judged.facts, judged.high > judged.low, [str(name) for name in index], judged.indicators)
    at = cells.row, cells.column
    estimated = judged.states[at] == ESTIMATED
    if not estimated.any():
        return cells
    middle = (judged.best[at] - judged.low[at]) / (judged.high[at] - judged.low[at])
    return cells.bent_towards(np.where(estimated, middle, np.nan))


def _dirichlet(random: np.random.Generator, weights: Floats, concentration: float, count: int) -> Floats:
    """Draws around weights that sum to 1; weights of zero stay zero."""
    used = weights > 0
    result = np.zeros((count, len(weights)))
    if used.any():
        result[:, used] = random.dirichlet(concentration * weights[used], count)
    return result


SCORE_COLUMNS = [f"{name}{suffix}" for name in (FLOATING, *ASPECTS) for suffix in ("_low", "", "_high")]
RANK_COLUMNS = ["coverage", *SHARES, "rank", "tier", *RANGE_COLUMNS]
PLACE_COLUMNS = ["space_id", "kind", "name", "inside", "source_id", "area_m2"]
SPACE_COLUMNS = ["kind", "name", "inside", "source_id", "area_m2", "place_count", "kinds", "status"]


def scored_table(
    table: gpd.GeoDataFrame, columns: list[str], evidence: pd.DataFrame, rubric: Rubric, seed: int
) -> gpd.GeoDataFrame:
    """Join scores and one column an indicator to a table of places or rooms."""
    judged = judge_all(evidence, table.index, rubric)
    scores = score(judged, table.index, rubric, seed)
    registry = indicators_registry.registry()
    # What is estimated was not measured.
    told = evidence["value"].mask(evidence["evidence"] == EVIDENCE[ESTIMATED])
    long = evidence[["place_id", "indicator"]].assign(value=told)
    wide = long.pivot(index="place_id", columns="indicator", values="value").reindex(table.index)
    values = pd.DataFrame(
        {spec.column: wide.get(name, np.nan) for name, spec in registry.items() if name not in rubric.left_out},
        index=table.index,
    )
    joined = pd.concat([table[columns], scores[SCORE_COLUMNS + RANK_COLUMNS], values], axis=1)
    if "status" in joined:
        joined["status"] = joined["status"].mask(~is_open(judged), CLOSED)
    return gpd.GeoDataFrame(joined, geometry=table.geometry.to_numpy(), crs=table.crs)


@njit(cache=True, nogil=True, error_model="numpy")
def add_unknowns(parts, own, uniform, cells, facts, bends):
    """Add to the parts (B, N, parts), in place, what each open cell has of its interval.

    ``cells`` are (row, part, column, width of the interval). A cell lies where the mean of its facts' uniform
    numbers (B, F) says; ``own`` (B, I) is the weight of each indicator in its part. ``facts`` are (fact, start,
    count): those of cell c are ``fact[start[c]:start[c] + count[c]]``. ``bends`` are (curve of each cell, curves), as
    ``Cells.bend`` takes them.
    """
    (row, part, column, width), (fact, start, count), (curve, curves) = cells, facts, bends
    steps = curves.shape[1] - 1
    for b in range(parts.shape[0]):
        for c in range(len(row)):
            total = 0.0
            for k in range(start[c], start[c] + count[c]):
                total += uniform[b, fact[k]]
            position = total / count[c]
            if curve[c] >= 0:
                step = min(int(position * steps), steps - 1)
                low, high = curves[curve[c], step], curves[curve[c], step + 1]
                position = low + (position * steps - step) * (high - low)
            parts[b, row[c], part[c]] += own[b, column[c]] * width[c] * position


def load_compiled() -> None:
    """Load the compiled code from its cache on disk."""
    one, index = np.ones((1, 1)), np.zeros(1, dtype=np.int64)
    add_unknowns(
        np.zeros((1, 1, 5)), one, one, (index, index, index, one[0]), (index, index, index + 1), (index - 1, one)
    )
    count_wins(one, np.zeros((1, 1), dtype=np.int32))
