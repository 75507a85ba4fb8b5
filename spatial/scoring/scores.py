"""Scores, tiers and ranks of places and rooms, and the tables that hold them. Pure.

Every score is an interval: low and high follow from what is not known, the best estimate from what is.
"""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.core.arrays import Bools, Floats, Ints, product
from spatial.core.model import ASPECTS, EVIDENCE, FLOATING, SHARES, Rubric
from spatial.indicators import registry as indicators_registry
from spatial.places.meeting_spaces import CLOSED
from spatial.scoring.combining import aspect_weights, conditions_hold, conditions_known, is_open, part_weights, totals
from spatial.scoring.draws import ESTIMATED, draws
from spatial.scoring.judging import Judged, judge_all
from spatial.scoring.tiers import count_wins, divide_into_tiers

RANK_LOW, RANK_HIGH = 5, 95
SHARED_DRAWS = 500
RANGE_COLUMNS = ["rank_p05", "rank_p95", "top10_share"]
SCORE_COLUMNS = [f"{name}{suffix}" for name in (FLOATING, *ASPECTS) for suffix in ("_low", "", "_high")]
RANK_COLUMNS = ["coverage", *SHARES, "rank", "tier", *RANGE_COLUMNS]
PLACE_COLUMNS = ["space_id", "kind", "name", "inside", "source_id", "area_m2"]
SPACE_COLUMNS = ["kind", "name", "inside", "source_id", "area_m2", "place_count", "kinds", "status"]


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


def rescore(judged: Judged, index: pd.Index, rubric: Rubric, seed: int, *, ranges: bool = True) -> pd.DataFrame:
    """Score again: see ``score``; without ``ranges`` no draws are made."""
    if ranges:
        return score(judged, index, rubric, seed)
    missing = pd.array([pd.NA] * len(index), dtype="Int64")
    return estimates(judged, index, rubric).assign(tier=missing, **dict.fromkeys(RANGE_COLUMNS, np.nan))


def estimates(judged: Judged, index: pd.Index, rubric: Rubric) -> pd.DataFrame:
    """Scores, coverage and ranks without draws: the columns of ``score`` up to ``rank``."""
    within, across = part_weights(rubric, judged), aspect_weights(rubric)
    table: dict[str, Floats] = {}
    for suffix, values in (("_low", judged.low), ("", judged.best), ("_high", judged.high)):
        parts = product(values, within.T)
        table[FLOATING + suffix] = totals(parts, across, rubric.mean)
        table |= {aspect + suffix: parts[:, i] for i, aspect in enumerate(ASPECTS)}
    order = [name + suffix for name in (FLOATING, *ASPECTS) for suffix in ("_low", "", "_high")]
    scores = pd.DataFrame({name: np.clip(table[name], 0.0, 1.0) for name in order}, index=index)
    weight = product(across, within[: len(ASPECTS)])
    scores["coverage"] = product(judged.known, weight)
    for name, states in SHARES.items():
        scores[name] = product(np.isin(judged.states, [EVIDENCE.index(state) for state in states]), weight)
    ranked = (scores["coverage"] >= rubric.min_coverage).to_numpy() & conditions_hold(judged)
    ranks = pd.Series(scores[FLOATING].to_numpy()[ranked], index=index[ranked]).rank(ascending=False, method="min")
    scores["rank"] = ranks.reindex(index).astype("Int64")
    return scores


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
        tier = divide_into_tiers(wins, len(ranks), conditions_known(judged))
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


def with_ranges(table: gpd.GeoDataFrame, evidence: pd.DataFrame, rubric: Rubric, seed: int) -> gpd.GeoDataFrame:
    """A table of ``scored_table`` that was made without draws, with what they say."""
    judged = judge_all(evidence, table.index, rubric)
    drawn = _stability(judged, table.index, table["rank"].notna().to_numpy(), rubric, seed)
    return table.assign(**{name: drawn[name] for name in ("tier", *RANGE_COLUMNS)})


def scored_table(
    table: gpd.GeoDataFrame,
    columns: list[str],
    evidence: pd.DataFrame,
    rubric: Rubric,
    seed: int,
    *,
    ranges: bool = True,
) -> gpd.GeoDataFrame:
    """Join scores and one column an indicator to a table of places or rooms; without ``ranges`` no draws are made."""
    judged = judge_all(evidence, table.index, rubric)
    scores = rescore(judged, table.index, rubric, seed, ranges=ranges)
    registry = indicators_registry.registry()
    names = [name for name in registry if name not in rubric.left_out]
    measured = _measured(evidence, table.index, names)
    values = pd.DataFrame(measured, index=table.index, columns=[registry[name].column for name in names])
    joined = pd.concat([table[columns], scores[SCORE_COLUMNS + RANK_COLUMNS], values], axis=1)
    if "status" in joined:
        joined["status"] = joined["status"].mask(~is_open(judged), CLOSED)
    return gpd.GeoDataFrame(joined, geometry=table.geometry.to_numpy(), crs=table.crs)


def _measured(evidence: pd.DataFrame, index: pd.Index, names: list[str]) -> Floats:
    """Values by place and indicator, NaN where there is none: what is estimated was not measured."""
    row, column = (
        index.get_indexer(pd.Index(evidence["place_id"])),
        pd.Index(names).get_indexer(pd.Index(evidence["indicator"])),
    )
    told = (row >= 0) & (column >= 0) & (evidence["evidence"] != EVIDENCE[ESTIMATED]).to_numpy()
    found = np.full((len(index), len(names)), np.nan)
    found[row[told], column[told]] = evidence["value"].to_numpy(dtype=np.float64)[told]
    return found
