"""What counts say of the score beside all else that may stand behind them: the model, and when it may not speak. Pure.

Two tables go through the same model. By **place**, from the published cells alone: this is what is published. By
**visit**, from exact counts: this stays with those who counted. The effect of ten points of score is told beside
season, hour, weekday and weather, then beside what is plain to see (seats, footfall, area) as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from spatial.core.arrays import Floats, Ints
from spatial.core.model import FLOATING
from spatial.observations import regression
from spatial.observations.overlay import ALL, NOWHERE, PERIODS, WEATHER, counted
from spatial.observations.regression import Counts, Effect, Fit
from spatial.settings.observation_columns import STAYING, rules

SCORE = "score"
# Ten points of a hundred.
POINTS = 0.1
CATEGORIES = (*PERIODS, "weather", "observer", "estate")
NUMBERS = ("temperature_c", "sun")
BASELINE = ("seats", "footfall", "area")
# Numbers that hang together by more than this with the score, by the share of its variance, cannot be told from it.
SHARED = 0.8
# Degrees of freedom below which an interval is so wide that nothing is said.
LEAST_DF = 8
# A standard error of the logarithm beyond which nothing is said: nearly nobody was met.
LARGEST_ERROR = 1.0
# Scores must reach over so many points, with so many places and so much of the visits in their lower and upper third.
LEAST_RANGE, LEAST_IN_THIRD, LEAST_SHARE = 0.15, 3, 0.1
BLOCKS, LEAST_IN_BLOCK = 8, 3
# Noughts beyond what is expected, in standard deviations, that ask for a share of their own (by chance one in 100).
TOO_MANY = 2.33
POWER, SEEN = 0.8, np.log(1.1)

FEW, NARROW, TANGLED, EXPLAINED = "few", "narrow", "tangled", "explained"
AGREES, OPPOSITE, UNCLEAR = "agrees", "opposite", "unclear"


@dataclass(frozen=True)
class Frame:
    """Rows of counts: people, visits, place, score (0–1), and what else is known of them.

    ``circumstances`` and ``baseline`` name numeric columns of ``table``; ``blocks`` are places near each other, held
    out together. ``by_place`` says that each place is one row.
    """

    table: pd.DataFrame
    circumstances: tuple[str, ...]
    baseline: tuple[str, ...]
    blocks: Ints
    by_place: bool

    def counts(self, columns: Sequence[str]) -> Counts:
        """The rows with these columns, standardised, besides a constant; those that say nothing new are left out."""
        x = pd.DataFrame({"constant": 1.0}, index=self.table.index)
        for name in columns:
            values = self.table[name].astype(np.float64)
            if name == SCORE:
                x[name] = (values - values.mean()) / POINTS
            elif float(values.std(ddof=0)) > 0:
                x[name] = (values - values.mean()) / float(values.std(ddof=0))
        people, visits = (self.table[name].to_numpy(np.float64) for name in ("people", "visits"))
        place = np.unique(self.table["place"].to_numpy().astype(str), return_inverse=True)[1]
        # The score comes last: what others say as well is theirs.
        order = [name for name in x if name != SCORE] + [name for name in x if name == SCORE]
        return Counts(people, visits, x[regression.independent(x[order])], place)

    def fit(self, columns: Sequence[str], *, zero_inflated: bool = False) -> Fit:
        """The model with these columns."""
        return regression.fit(self.counts(columns), overdispersed=not self.by_place, zero_inflated=zero_inflated)


@dataclass(frozen=True)
class Power:
    """The least effect of ten points that these places show in four of five studies, and places to see one of 10 %."""

    least: float
    places: float


@dataclass(frozen=True)
class Gain:
    """What the score adds to the baseline at places held out: bits a visit, with a 95 % interval by blocks."""

    value: float
    low: float
    high: float
    blocks: int


@dataclass(frozen=True)
class Checks:
    """Whether the counts look as the model has them.

    ``ratio`` is their variance by their mean, ``noughts`` and ``expected`` how many visits met nobody and how many
    should have, ``outside`` the share of visits outside their 95 % range, ``empty`` the share of noughts of their own
    where a check asked for it, with the effect ``inflated`` beside it.
    """

    ratio: float
    noughts: int
    expected: float
    outside: float
    empty: float
    inflated: Effect | None


@dataclass(frozen=True)
class Told:
    """What the model says.

    ``raw`` is the effect of ten points of score alone, ``effect`` beside the circumstances, ``beside`` beside the
    baseline as well; None where it cannot be told apart. ``verdict`` is one of the words above.
    """

    verdict: str
    places: int
    visits: int
    circumstances: tuple[str, ...]
    baseline: tuple[str, ...]
    raw: Effect | None = None
    effect: Effect | None = None
    beside: Effect | None = None
    gain: Gain | None = None
    power: Power | None = None
    fit: Fit | None = None
    checks: Checks | None = None


def tell(frame: Frame, *, checked: bool = False) -> Told:
    """Fit the model and say what it may say.

    Parameters
    ----------
    frame
        Counts by visit or by place.
    checked
        Whether to hold the counts against the model as well; it makes sense by visit only.
    """
    table = frame.table
    places, visits = int(table["place"].nunique()), int(table["visits"].sum())
    told = Told(UNCLEAR, places, visits, frame.circumstances, frame.baseline)
    if places < int(rules().test["min_spaces"]) or table["people"].sum() == 0:
        return replace(told, verdict=FEW)
    if not _spread_out(table):
        return replace(told, verdict=NARROW)
    columns = (*frame.circumstances, SCORE)
    if _shared(frame, frame.circumstances) > SHARED or _df(frame, columns) < LEAST_DF:
        return replace(told, verdict=TANGLED)
    alone = frame.fit([SCORE])
    whole = frame.fit(columns) if frame.circumstances else alone
    raw, effect = alone.effect(SCORE), whole.effect(SCORE)
    if max(raw.error, effect.error) > LARGEST_ERROR:
        return replace(told, verdict=FEW)
    more = (*frame.circumstances, *frame.baseline, SCORE)
    apart = bool(frame.baseline) and _df(frame, more) >= LEAST_DF and SCORE in frame.counts(more).x
    return replace(
        told, verdict=_verdict(raw, effect), raw=raw, effect=effect, power=_power(effect, places), fit=whole,
        beside=_told_apart(frame.fit(more).effect(SCORE)) if apart else None,
        gain=_gain(frame, more) if apart else None,
        checks=_checks(frame, whole, columns) if checked else None,
    )  # fmt: skip


def _told_apart(effect: Effect) -> Effect | None:
    return effect if effect.error <= LARGEST_ERROR else None


def _verdict(raw: Effect, effect: Effect) -> str:
    if effect.low > 0 or effect.high < 0:
        return AGREES if effect.low > 0 else OPPOSITE
    return EXPLAINED if raw.low > 0 or raw.high < 0 else UNCLEAR


def _spread_out(table: pd.DataFrame) -> bool:
    """Whether visits are spread over scores: enough of them, at several places, in the lower and the upper third."""
    low, high = float(table[SCORE].min()), float(table[SCORE].max())
    third = (high - low) / 3
    ends = [table[table[SCORE] <= low + third], table[table[SCORE] >= high - third]]
    share = [end["visits"].sum() / table["visits"].sum() for end in ends]
    several = all(end["place"].nunique() >= LEAST_IN_THIRD for end in ends)
    return high - low >= LEAST_RANGE and several and min(share) >= LEAST_SHARE


def _shared(frame: Frame, columns: Sequence[str]) -> float:
    """Share of the variance of the score that the columns account for."""
    x = frame.counts(columns).x.to_numpy(np.float64)
    score = frame.table[SCORE].to_numpy(np.float64)
    rest = score - x @ np.linalg.lstsq(x, score, rcond=None)[0]
    return 1 - float(rest @ rest) / float(((score - score.mean()) ** 2).sum())


def _df(frame: Frame, columns: Sequence[str]) -> int:
    counts = frame.counts(columns)
    return counts.places - counts.between


def _power(effect: Effect, places: int) -> Power:
    from scipy.stats import norm, t

    reach = float(t.ppf(0.975, effect.df) + t.ppf(POWER, effect.df)) * effect.error
    large = float(norm.ppf(0.975) + norm.ppf(POWER)) * effect.error
    return Power(reach, float(np.ceil(places * (large / SEEN) ** 2)))


def _gain(frame: Frame, columns: Sequence[str]) -> Gain | None:
    """How much better held-out blocks are foretold with the score than without."""
    whole = frame.counts(columns)
    less = whole.columns([str(name) for name in whole.x if name != SCORE])
    gains, visits = [], []
    for block in np.unique(frame.blocks):
        out = np.flatnonzero(frame.blocks == block)
        rest = np.flatnonzero(frame.blocks != block)
        found = [
            regression.fit(counts.rows(rest), overdispersed=not frame.by_place).log_probability(counts.rows(out)).sum()
            for counts in (whole, less)
        ]
        gains.append(float(found[0] - found[1]) / np.log(2))
        visits.append(float(whole.exposure[out].sum()))
    return _mean_gain(np.array(gains), np.array(visits)) if len(gains) > 1 else None


def _mean_gain(gains: Floats, visits: Floats) -> Gain:
    """Bits a visit, and the interval of a ratio over blocks."""
    from scipy.stats import t

    n, value = len(gains), float(gains.sum() / visits.sum())
    error = float(np.sqrt(((gains - value * visits) ** 2).sum() * n / (n - 1)) / visits.sum())
    reach = float(t.ppf(0.975, n - 1)) * error
    return Gain(value, value - reach, value + reach, n)


def _checks(frame: Frame, found: Fit, columns: Sequence[str]) -> Checks:
    people = found.counts.people
    noughts, (expected, spread) = int((people == 0).sum()), found.noughts()
    asked = spread > 0 and (noughts - expected) / spread > TOO_MANY
    other = frame.fit(columns, zero_inflated=True) if asked else None
    return Checks(
        ratio=float(people.var(ddof=1) / people.mean()), noughts=noughts, expected=expected, outside=found.outside(),
        empty=other.empty if other else 0.0, inflated=_told_apart(other.effect(SCORE)) if other else None,
    )  # fmt: skip


def blocks_of(places: Sequence[str], xy: Floats) -> dict[str, int]:
    """Places near each other as blocks of equal number, by halving along the longer side again and again.

    Examples
    --------
    >>> blocks_of(list("abcdef"), np.array([[0.0, 0], [9, 0], [1, 0], [8, 0], [2, 1], [7, 1]]))
    {'a': 0, 'b': 1, 'c': 0, 'd': 1, 'e': 0, 'f': 1}
    """
    groups = [np.arange(len(places))]
    while len(groups) < BLOCKS and min(map(len, groups)) >= 2 * LEAST_IN_BLOCK:
        groups = [half for group in groups for half in _halves(group, xy)]
    number = np.zeros(len(places), dtype=np.int64)
    for i, group in enumerate(groups):
        number[group] = i
    return dict(zip(places, number.tolist(), strict=True))


def _halves(group: Ints, xy: Floats) -> tuple[Ints, Ints]:
    along = int(np.ptp(xy[group], axis=0).argmax())
    order = group[np.lexsort((group, np.round(xy[group, along], 3)))]
    return np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])


def by_visit(visits: pd.DataFrame, spaces: pd.DataFrame, xy: Floats) -> Frame:
    """Exact counts of people staying, one row a visit, for those who counted.

    Parameters
    ----------
    visits
        Of ``overlay.Joined``; with a column ``estate``, each estate has a level of its own.
    spaces
        Index of places, with ``floating`` and, where known, the columns of ``BASELINE``.
    xy
        Their coordinates in metres.
    """
    chosen = counted(visits, STAYING)
    chosen = chosen[chosen["unit_id"].isin(spaces.index[spaces[FLOATING].notna()])].reset_index(drop=True)
    table = pd.DataFrame({"people": chosen["total"], "visits": 1, "place": chosen["unit_id"]})
    names: list[str] = []
    for name in (name for name in CATEGORIES if name in chosen):
        levels = chosen[name].value_counts().sort_index(kind="stable").sort_values(ascending=False, kind="stable").index
        for level in levels[1:]:
            table[f"{name}: {level or '?'}"] = (chosen[name] == level).astype(np.float64)
            names.append(f"{name}: {level or '?'}")
    for name in (name for name in NUMBERS if name in chosen and chosen[name].notna().all()):
        table[name] = chosen[name]
        names.append(name)
    return _placed(table, names, spaces, xy, by_place=False)


def by_place(cells: pd.DataFrame, rates: pd.DataFrame, spaces: pd.DataFrame, xy: Floats) -> Frame:
    """What is published of people staying, one row a place: shares of its visits by time, and its weather.

    Parameters
    ----------
    cells, rates
        Of ``disclosure.Publication``.
    spaces, xy
        As of ``by_visit``.
    """
    known = rates.index.isin(spaces.index[spaces[FLOATING].notna()])
    table = rates[known & (rates.index != NOWHERE)].rename_axis("place").reset_index()[["place", "people", "visits"]]
    staying = cells[(cells["kind"] == STAYING) & cells["unit_id"].isin(table["place"])]
    names: list[str] = []
    for by in PERIODS:
        tally = staying[staying["by"] == by].pivot(index="unit_id", columns="part", values="visits").fillna(0)
        share = tally.div(tally.sum(axis=1), axis=0).reindex(table["place"])
        for part in tally.sum().sort_index().sort_values(ascending=False, kind="stable").index[1:]:
            table[f"{by}: {part}"] = share[part].to_numpy(np.float64)
            names.append(f"{by}: {part}")
    whole = staying[staying["by"] == ALL].set_index("unit_id").reindex(table["place"])
    for name in (name for name in WEATHER if name in whole and len(whole) and whole[name].notna().all()):
        table[name] = whole[name].to_numpy(np.float64)
        names.append(name)
    return _placed(table, names, spaces, xy, by_place=True)


def _placed(table: pd.DataFrame, names: Sequence[str], spaces: pd.DataFrame, xy: Floats, *, by_place: bool) -> Frame:
    """The rows with the score, the baseline and the block of their places; constant columns are no circumstance."""
    table[SCORE] = table["place"].map(spaces[FLOATING].astype(np.float64))
    baseline = [name for name in BASELINE if name in spaces and spaces[name].notna().all()]
    for name in baseline:
        table[name] = np.log1p(table["place"].map(spaces[name].astype(np.float64)))
    used = sorted(set(table["place"]))
    blocks = blocks_of(used, xy[spaces.index.get_indexer(pd.Index(used))])
    differing = tuple(name for name in names if table[name].nunique() > 1)
    seen = tuple(name for name in baseline if table[name].nunique() > 1)
    return Frame(table, differing, seen, np.asarray(table["place"].map(blocks), dtype=np.int64), by_place)
