"""A study before anybody goes out: where, how often, what is held to be true, and what the counts could show. Pure.

A design is frozen: it is written down once, its digest is told to somebody else, and what comes of the counts is later
held against it. The analysis is the one of ``model`` by place; how likely it is to find what is there, is tried out on
worlds with given variances.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from spatial.core.arrays import Ints
from spatial.core.errors import EmptyAreaError
from spatial.core.files import sha256_of_bytes
from spatial.core.messages import Phrase, phrase
from spatial.core.versions import code_digest, version
from spatial.observations import disclosure, model, overlay
from spatial.observations.model import AGREES, OPPOSITE, SCORE, Frame, Told
from spatial.settings.observation_columns import STAYING, rules

FORM = 1
# A score that has moved by more is another score: half a point of a hundred.
MOVED = 0.005
NO_DIFFERENCE = 1.0
# A day of each kind on which rounds are walked, in one week like any other.
ANY_WEEK = {"weekday_1": "2001-05-07", "weekday_2": "2001-05-08", "saturday": "2001-05-12", "sunday": "2001-05-13"}


@dataclass(frozen=True)
class Variances:
    """What is taken to be so: ``people`` a visit at the middle place, and how they spread.

    ``tau`` is the standard deviation between places, of the logarithm; ``alpha`` the overdispersion between visits.
    """

    people: float
    tau: float
    alpha: float


@dataclass(frozen=True)
class Power:
    """What simulated studies found: ``found`` the effect, ``wrongly`` one where there is none (shares of ``worlds``).

    ``least`` is the least effect of ten points that four of five such studies find, ``places`` how many places would
    find one of 1.1 times; None where so few people are met that the model never speaks.
    """

    found: float
    wrongly: float
    least: float | None
    places: int | None
    worlds: int
    seed: int


@dataclass(frozen=True)
class Design:
    """What is frozen: who asks what, where, how often, and how it is worked out.

    ``places`` gives the score (0–1) of each place that will be visited, ``visits`` how often, ``effect`` how many times
    as many people are expected for ten points more; ``rounds`` is the digest of the schedule, ``code`` that of the
    program.
    """

    title: str
    version: str
    authors: tuple[str, ...]
    frozen_on: str
    estate: str
    effect: float
    places: Mapping[str, float]
    visits: int
    rounds: str
    spread: Variances
    power: Power
    k: int
    join_m: float
    program: str
    code: str
    form: int = FORM

    def text(self) -> str:
        """The design as it is kept: the same design gives the same bytes."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True) + "\n"

    def digest(self) -> str:
        """SHA-256 of the text: who has it can tell later whether a word was changed."""
        return sha256_of_bytes(self.text().encode())


def read_design(text: str) -> Design:
    """A design as ``Design.text`` wrote it.

    Raises
    ------
    ValueError, TypeError, KeyError
        If it is none.
    """
    said: dict[str, Any] = json.loads(text)
    said |= {"spread": Variances(**said["spread"]), "power": Power(**said["power"]), "authors": tuple(said["authors"])}
    return Design(**said)


def worth_counting(score: pd.Series) -> pd.Series:
    """Places whose scores let the model speak: those that score like none other are left out, from either end.

    Raises
    ------
    EmptyAreaError
        If there are too few places, or scores too much alike.

    Examples
    --------
    >>> float(worth_counting(pd.Series([0.1, *np.linspace(0.4, 0.8, 12)])).min())
    0.4
    """
    kept = score.dropna().sort_values(kind="stable")
    while len(kept) >= int(rules().test["min_spaces"]):
        few = [at for at, there in zip((0, -1), _at_ends(kept), strict=True) if there < _needed(len(kept))]
        if not few:
            break
        kept = kept.drop(kept.index[few[0]])
    if len(kept) < int(rules().test["min_spaces"]) or np.ptp(kept) < model.LEAST_RANGE:
        needed = {"needed": int(rules().test["min_spaces"]), "points": round(100 * model.LEAST_RANGE)}
        raise EmptyAreaError("study.alike", places=int(score.notna().sum()), least=model.LEAST_IN_THIRD, **needed)
    return kept.sort_index(kind="stable")


def _needed(places: int) -> int:
    return max(model.LEAST_IN_THIRD, int(np.ceil(model.LEAST_SHARE * places)))


def _at_ends(score: pd.Series) -> tuple[int, int]:
    """How many places lie in the lower and in the upper third of the scores."""
    low, high = float(score.min()), float(score.max())
    third = (high - low) / 3
    return int((score <= low + third).sum()), int((score >= high - third).sum())


def power_of(
    score: pd.Series, times: pd.DataFrame, spread: Variances, *, effect: float, worlds: int, seed: int, k: int
) -> Power:
    """Carry the study out in made-up worlds, with the effect and without one, and count what the model says.

    Parameters
    ----------
    score
        Of the places that will be visited, 0–1.
    times
        Of the visits to each of them, as ``times_of`` gives them: the same, so that no circumstance differs between
        them.
    effect
        How many times as many people there are for ten points more.
    k
        Smallest count that is published.
    """
    rng = np.random.default_rng(seed)

    def told(factor: float) -> Iterator[Told]:
        for _ in range(worlds):
            people = drawn(score, len(times), spread, effect=factor, rng=rng)
            yield model.tell(published_frame(score, people, times, k=k))

    with_it, without = list(told(effect)), list(told(NO_DIFFERENCE))
    powers = [one.power for one in with_it if one.power is not None]
    return Power(
        found=float(np.mean([one.verdict == AGREES for one in with_it])),
        wrongly=float(np.mean([one.verdict in (AGREES, OPPOSITE) for one in without])),
        least=round(float(np.exp(np.median([one.least for one in powers]))), 3) if powers else None,
        places=int(np.median([one.places for one in powers])) if powers else None,
        worlds=worlds,
        seed=seed,
    )


def drawn(score: pd.Series, visits: int, spread: Variances, *, effect: float, rng: np.random.Generator) -> Ints:
    """People met at each place and visit in one made-up world (places × visits)."""
    level = rng.normal(0, spread.tau, len(score)) + np.log(effect) * (score - score.median()) / model.POINTS
    mean = np.repeat(spread.people * np.exp(level.to_numpy(np.float64))[:, None], visits, axis=1)
    shape = 1 / max(spread.alpha, 1e-9)
    return np.asarray(rng.negative_binomial(shape, shape / (shape + mean)), dtype=np.int64)


def times_of(plan: pd.DataFrame) -> pd.DataFrame:
    """The parts of the day, the week and the year of the visits to each place, one row a round.

    Parameters
    ----------
    plan
        Of ``fieldkit.rounds.rounds``. All is counted in one season.

    Examples
    --------
    >>> plan = pd.DataFrame({"round": [1, 1, 2], "day": ["weekday_2", "weekday_2", "sunday"], "begins": "15:00"})
    >>> times_of(plan)[["time_of_day", "week"]].to_numpy().tolist()
    [['afternoon', 'weekday'], ['afternoon', 'weekend']]
    """
    each = plan.drop_duplicates("round").reset_index(drop=True)
    return pd.DataFrame(overlay.periods_of(pd.to_datetime(each["day"].map(ANY_WEEK) + " " + each["begins"])))


def published_frame(score: pd.Series, people: Ints, times: pd.DataFrame, *, k: int) -> Frame:
    """The counts of one world as they may be published, in the form that the model reads.

    Parameters
    ----------
    people
        Places × visits.
    times
        Of the visits, as ``times_of`` gives them.
    """
    cells = [(by, times[by] == part) for by in overlay.PERIODS for part in sorted(times[by].unique())]
    by = np.array([overlay.ALL, *(name for name, _ in cells)], dtype=object)
    visited = np.array([np.ones(len(times)), *(mine for _, mine in cells)], dtype=np.int64)
    told = np.array([disclosure.published_people(row, by, k)[0] for row in people @ visited.T])
    table = pd.DataFrame(
        {"people": told, "visits": len(times), "place": score.index, SCORE: score.to_numpy(np.float64)}
    )
    table["people"] = table["people"].fillna(disclosure.middle(k))
    return Frame(table, (), (), np.zeros(len(table), dtype=np.int64), by_place=True)


def frozen_analysis(design: Design, cells: pd.DataFrame, rates: pd.DataFrame, spaces: pd.DataFrame, xy: Any) -> Told:
    """What the model says of the frozen places alone; all else is of ``model.by_place``."""
    known = spaces.index.isin(list(design.places))
    return model.tell(model.by_place(cells, rates, spaces[known], xy[known]))


@dataclass(frozen=True)
class Deviations:
    """Where what was done is not what was frozen: ``another`` analysis, or another ``schedule`` of visits."""

    another: list[Phrase]
    schedule: list[Phrase]

    @property
    def all(self) -> list[Phrase]:
        """Both, the graver first."""
        return [*self.another, *self.schedule]


def deviations(design: Design, score: pd.Series, visits: pd.DataFrame, *, visits_told: bool) -> Deviations:
    """Hold what was done against the design.

    Parameters
    ----------
    score
        Of the meeting spaces of the run that the counts are laid over.
    visits
        Of ``overlay.Joined``.
    visits_told
        Whether visits that met nobody were written down.
    """
    now, made = score.reindex(list(design.places)), overlay.counted(visits, STAYING)
    there = made[made["unit_id"].isin(list(design.places))]
    tally = there["unit_id"].value_counts().reindex(list(design.places)).fillna(0)
    gone, moved = int(now.isna().sum()), int(((now - pd.Series(design.places)).abs() > MOVED).sum())
    early, elsewhere = int((made["start"] < pd.Timestamp(design.frozen_on)).sum()), len(made) - len(there)
    fewer, more = int((tally < design.visits).sum()), int((tally > design.visits).sum())
    changed = (version(), code_digest()) != (design.program, design.code)
    another = [
        (changed, phrase("study.program", found=version(), needed=design.program)),
        (gone, phrase("study.gone", places=gone, of=len(now))),
        (moved, phrase("study.moved", places=moved, of=len(now))),
        (early, phrase("study.early", visits=early, day=design.frozen_on)),
        (not visits_told, phrase("study.persons")),
    ]
    schedule = [
        (fewer, phrase("study.fewer", places=fewer, of=len(now), visits=design.visits)),
        (more, phrase("study.more", places=more, of=len(now), visits=design.visits)),
        (elsewhere and visits_told, phrase("study.elsewhere", visits=elsewhere)),
    ]
    return Deviations(*([said for there, said in one if there] for one in (another, schedule)))
