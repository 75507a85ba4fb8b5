"""What an unknown yes or no probably is: by the town, its kind and its neighbours. Pure.

A fact that is not mapped of one thing is mapped of others. Its probability is a hierarchy of Beta shares: the town's
is drawn towards one half, a kind's towards the town's, that of the neighbours of its kind within ``NEAR_M`` towards the
kind's, each as strongly as the answers themselves say (empirical Bayes: the strength of greatest Beta-binomial
likelihood). What is used is decided anew in each run by cross-validation over blocks of ground: the town's shares or
the neighbours have to need fewer bits an answer than one half, which needs exactly one; else the middle stays. What the
tags do not tell is that what is unmapped may differ from what is mapped:
``spatial.scoring.sensitivity.unmapped_otherwise`` tries that.

References
----------
Efron & Morris (1975), Data analysis using Stein's estimator, JASA 70; Roberts et al. (2017), Cross-validation
strategies for data with temporal, spatial or hierarchical structure, Ecography 40, doi 10.1111/ecog.02881.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely

from spatial.core.arrays import Bools, Floats, Ints, Texts
from spatial.core.model import Estate
from spatial.indicators.commitment import FACTS as FACT_OF_TERM
from spatial.indicators.commitment import TERMS, answer_to
from spatial.indicators.unknown_facts import MARK
from spatial.network.graph import UNKNOWN, YES, Network
from spatial.settings.tags import TagRules

MIDDLE, TOWN, NEIGHBOURS = MODELS = ("middle", "town", "neighbours")
# Who is a neighbour, and the side of the blocks that are held back: each has neighbours across its rim.
NEAR_M, BLOCK_M, FOLDS = 100.0, 200.0, 5
# Fewer answers than this, or from fewer blocks, say nothing of a town.
MIN_ANSWERS, MIN_BLOCKS = 30, 10
# How strongly a share is drawn towards the one above it, in answers.
STRENGTHS = 2.0 ** np.arange(10)
# The town's own share is drawn towards one half by so many answers.
PRIOR = 2.0
# Ways this near to a place stand for the walks to it, nearer ones for more: as homes do.
WAYS_M, DECAY_M = 400.0, 200.0
# Meeting spaces may lie this much less WAYS_M beyond the area.
AROUND_M = 800.0
# What each answer moves an indicator up by: the better answer, but for a fence.
FENCED = {"yes": 1.0, "no": 0.0}
LIGHT, SURFACE = "way_light", "way_surface"
PLACE_FACTS = (*FACT_OF_TERM.values(), "fence")


@dataclass(frozen=True)
class Answers:
    """Known answers to one fact: the ``kind`` and place (m) of each object, and whether the answer is the upper end."""

    kind: Texts
    xy: Floats
    yes: Floats


@dataclass(frozen=True)
class Estimate:
    """How one fact is estimated, and why: bits an answer over the blocks that were held back, by model."""

    fact: str
    answers: Answers
    bits: Mapping[str, float]
    model: str

    def probability(self, kind: Texts, xy: Floats) -> Floats:
        """Probability of the upper end for objects of some kinds at some places."""
        if self.model == MIDDLE or not len(kind):
            return np.full(len(kind), 0.5)
        own, others = _numbered(kind, self.answers.kind)
        town, near = _shares(self.answers, others, _Asked(own, xy, _pairs(xy, self.answers.xy)))
        return near if self.model == NEIGHBOURS else town

    @property
    def described(self) -> dict[str, Any]:
        """What the manifest says of it."""
        share = float(self.answers.yes.mean()) if len(self.answers.yes) else None
        bits = {name: round(value, 4) for name, value in self.bits.items()}
        return {"fact": self.fact, "known": len(self.answers.yes), "share": share, "bits": bits, "model": self.model}


@dataclass(frozen=True)
class _Asked:
    """Objects that are asked for: numbers of their kinds, their places, and pairs (asked, answer) of neighbours."""

    kind: Ints
    xy: Floats
    pairs: tuple[Ints, Ints]


def estimate_facts(place_objects: gpd.GeoDataFrame, paths: gpd.GeoDataFrame, network: Network, rules: TagRules) -> Any:
    """Decide of each fact how it is estimated, from all that is mapped of it in what was read.

    Returns
    -------
    dict of str to Estimate
        By fact of ``facts.toml``.
    """
    answers = _answers_of_places(place_objects, rules) | _answers_of_ways(paths, network)
    return {fact: validated(fact, known) for fact, known in answers.items()}


def _answers_of_places(objects: gpd.GeoDataFrame, rules: TagRules) -> dict[str, Answers]:
    xy = _middles(objects.geometry.to_numpy())
    kind = objects["kind"].to_numpy(dtype=object)
    told = [answers_of_tags(tags, rules) for tags in objects["tags"]]
    found = {}
    for fact in PLACE_FACTS:
        rows = [
            i
            for i, row in enumerate(told)
            if fact in row and (fact == "fence" or _term(fact) not in rules.kinds[kind[i]].by_nature)
        ]
        found[fact] = Answers(kind[rows], xy[rows], np.array([told[i][fact] for i in rows], dtype=np.float64))
    return found


def _term(fact: str) -> str:
    return next(term for term, name in FACT_OF_TERM.items() if name == fact)


def answers_of_tags(tags: Mapping[str, str], rules: TagRules) -> dict[str, float]:
    """What tags of a place answer: 1 the upper end of what is measured, 0 the lower."""
    said = {FACT_OF_TERM[term]: answer_to(term, keys, tags, None, rules.programme) for term, keys in TERMS}
    found = {fact: 1.0 - answer.low for fact, answer in said.items() if answer is not None and answer.is_known}
    fenced = FENCED.get(tags.get("fenced", ""))
    return found if fenced is None else {**found, "fence": fenced}


def _answers_of_ways(paths: gpd.GeoDataFrame, network: Network) -> dict[str, Answers]:
    """Of each way that is walked whether it is lit and free of steps: the answer of the first of its edges."""
    ways = paths[paths["allowed"].to_numpy(dtype=bool)]
    kind, xy = ways["highway"].to_numpy(dtype=object).astype(str), _middles(ways.geometry.to_numpy())
    tagged, first = np.unique(network.way, return_index=True)
    found = {}
    for fact, state in ((LIGHT, network.lit), (SURFACE, network.step_free)):
        known = state[first] != UNKNOWN
        rows = tagged[known]
        found[fact] = Answers(kind[rows], xy[rows], (state[first][known] == YES).astype(np.float64))
    return found


def _middles(shapes: npt.NDArray[np.object_]) -> Floats:
    """Places by which things are near each other: middles of lines, inner points of all else."""
    lines = np.isin(shapely.get_type_id(shapes), (1, 2))
    points: Any = shapely.centroid(shapes)
    points[lines] = shapely.line_interpolate_point(shapes[lines], 0.5, normalized=True)
    return np.asarray(shapely.get_coordinates(points), dtype=np.float64).reshape(-1, 2)


# --- validation ----------------------------------------------------------------------------------


def validated(fact: str, answers: Answers) -> Estimate:
    """Try each model on blocks of ground that are held back; the middle stays where none needs fewer bits."""
    cells = np.floor(answers.xy / BLOCK_M).astype(np.int64)
    if len(answers.yes) < MIN_ANSWERS or len(np.unique(cells, axis=0)) < MIN_BLOCKS:
        return Estimate(fact, answers, {MIDDLE: 1.0}, MIDDLE)
    # Blocks beside each other are never held back together.
    fold = (cells[:, 0] + 2 * cells[:, 1]) % FOLDS
    kind = np.unique(answers.kind.astype(str), return_inverse=True)[1]
    pairs = _pairs(answers.xy, answers.xy)
    found = {TOWN: np.full(len(fold), 0.5), NEIGHBOURS: np.full(len(fold), 0.5)}
    for k in range(FOLDS):
        held, kept = fold == k, fold != k
        if held.any() and kept.any():
            some = Answers(answers.kind[kept], answers.xy[kept], answers.yes[kept])
            between = _between(pairs, held, kept)
            shares = _shares(some, kind[kept], _Asked(kind[held], answers.xy[held], between))
            found[TOWN][held], found[NEIGHBOURS][held] = shares
    bits = {MIDDLE: 1.0} | {name: bits_an_answer(share, answers.yes) for name, share in found.items()}
    return Estimate(fact, answers, bits, min(MODELS, key=lambda name: bits[name]))


def bits_an_answer(probability: Floats, yes: Floats) -> float:
    """Mean of −log2 of the probability that was given to what is so.

    Examples
    --------
    >>> bits_an_answer(np.array([0.5, 0.5]), np.array([0.0, 1.0])), bits_an_answer(np.array([0.25]), np.array([1.0]))
    (1.0, 2.0)
    """
    return float(-np.log2(np.where(yes > 0, probability, 1.0 - probability)).mean())


def _between(pairs: tuple[Ints, Ints], held: Bools, kept: Bools) -> tuple[Ints, Ints]:
    """Pairs of one that is held back and one that is kept, by their numbers among those."""
    a, b = pairs
    across = held[a] & kept[b]
    return (np.cumsum(held) - 1)[a[across]], (np.cumsum(kept) - 1)[b[across]]


def _pairs(asked: Floats, answers: Floats) -> tuple[Ints, Ints]:
    """Pairs (asked, answer) within ``NEAR_M``."""
    points: Any = shapely.points(answers)
    found = shapely.STRtree(points).query(shapely.points(asked), predicate="dwithin", distance=NEAR_M)
    return found[0].astype(np.int64), found[1].astype(np.int64)


# --- shares --------------------------------------------------------------------------------------


def _shares(answers: Answers, kind: Ints, asked: _Asked) -> tuple[Floats, Floats]:
    """Probability of each that is asked for by the town and its kind, and by its neighbours too."""
    yes, count = answers.yes, np.ones(len(answers.yes))
    town = (PRIOR / 2 + yes.sum()) / (PRIOR + len(yes))
    kinds = int(max(kind.max(initial=-1), asked.kind.max(initial=-1))) + 1
    of_kind = drawn_towards(np.full(kinds, town), _sums(kind, yes, kinds), _sums(kind, count, kinds))
    # How alike neighbours are is read off cells of their own size.
    cells = np.floor(answers.xy / NEAR_M).astype(np.int64)
    groups, cell = np.unique(np.column_stack([cells, kind]), axis=0, return_inverse=True)
    per_cell = [_sums(cell.reshape(-1), part, len(groups)) for part in (yes, count)]
    strength = best_strength(of_kind[groups[:, 2]], per_cell[0], per_cell[1])
    one, other = asked.pairs
    alike = asked.kind[one] == kind[other]
    one, other = one[alike], other[alike]
    near = [_sums(one, part[other], len(asked.kind)) for part in (yes, count)]
    own = of_kind[asked.kind]
    return own, (strength * own + near[0]) / (strength + near[1])


def _sums(group: Ints, of: Floats, count: int) -> Floats:
    """Sum of numbers by group."""
    return np.bincount(group, of, count).astype(np.float64)


def drawn_towards(parent: Floats, yes: Floats, count: Floats) -> Floats:
    """Shares of groups, drawn towards their parents as strongly as the groups themselves say."""
    strength = best_strength(parent, yes, count)
    return (strength * parent + yes) / (strength + count)


def best_strength(parent: Floats, yes: Floats, count: Floats) -> float:
    """Strength under which groups with so many answers are likeliest, each Beta-binomial around its parent.

    Examples
    --------
    Groups that are alike are drawn towards their parent strongly, those that are all one or the other weakly.

    >>> half, ten = np.full(4, 0.5), np.full(4, 10.0)
    >>> best_strength(half, np.full(4, 5.0), ten), best_strength(half, np.array([0.0, 10, 0, 10]), ten)
    (512.0, 1.0)
    """
    from scipy.special import betaln

    a, b = np.multiply.outer(STRENGTHS, parent), np.multiply.outer(STRENGTHS, 1.0 - parent)
    likelihood = (betaln(a + yes, b + count - yes) - betaln(a, b)).sum(axis=1)
    return float(STRENGTHS[int(np.argmax(likelihood))])


def _numbered(*kinds: Texts) -> list[Ints]:
    """Numbers of kinds, the same number for the same kind."""
    number = np.unique(np.concatenate(kinds).astype(str), return_inverse=True)[1].astype(np.int64)
    return np.split(number, np.cumsum([len(part) for part in kinds])[:-1])


# --- what is not known ---------------------------------------------------------------------------


@dataclass(frozen=True)
class UnknownWays:
    """Edges of which a fact is not known: their middles (m), lengths (m), and the probability of the upper end."""

    xy: Floats
    length_m: Floats
    chance: Floats


def unknown_ways(
    estimates: Mapping[str, Estimate],
    estate: Estate,
    paths: gpd.GeoDataFrame,
    network: Network,
    step_free: npt.NDArray[np.int8],
) -> dict[str, UnknownWays]:
    """Edges around an estate of which a fact is not known that is estimated, by fact.

    Parameters
    ----------
    step_free
        Whether each edge can be used without steps.
    """
    highway = paths["highway"].to_numpy(dtype=object)[paths["allowed"].to_numpy(dtype=bool)].astype(str)
    near = shapely.dwithin(estate.study_area, network.geometry, AROUND_M)
    found = {}
    for fact, state in ((LIGHT, network.lit), (SURFACE, step_free)):
        if fact in estimates and estimates[fact].model != MIDDLE:
            edges = np.flatnonzero(near & (state == UNKNOWN))
            xy = _middles(network.geometry[edges])
            chance = estimates[fact].probability(highway[network.way[edges]], xy)
            found[fact] = UnknownWays(xy, network.length_m[edges], chance)
    return found


def chances_of_facts(
    estimates: Mapping[str, Estimate], sites: gpd.GeoDataFrame, ways: Mapping[str, UnknownWays]
) -> dict[str, float]:
    """Probability of the upper end of each fact that is estimated, by fact as ``unknown_facts`` writes it.

    Parameters
    ----------
    sites
        Places and meeting spaces; the ways near a space stand for the walks to it.
    """
    places = sites[(sites["level"] == "place").to_numpy()]
    spaces = sites[(sites["level"] == "space").to_numpy()]
    kind, xy = places["kind"].to_numpy(dtype=object), _middles(places.geometry.to_numpy())
    found: dict[str, float] = {}
    for fact in PLACE_FACTS:
        if fact in estimates and estimates[fact].model != MIDDLE:
            chance = estimates[fact].probability(kind, xy)
            found |= {f"{identity}{MARK}{fact}": float(p) for identity, p in zip(places.index, chance, strict=True)}
    at = _middles(spaces.geometry.to_numpy())
    for fact, unknown in ways.items():
        chance = _of_ways_near(at, unknown)
        known = ~np.isnan(chance)
        found |= {f"{i}{MARK}{fact}": float(p) for i, p in zip(spaces.index[known], chance[known], strict=True)}
    return found


def _of_ways_near(at: Floats, ways: UnknownWays) -> Floats:
    """Mean probability of the unknown ways around each point, by length and nearness; NaN where there are none."""
    points: Any = shapely.points(ways.xy)
    place, edge = shapely.STRtree(points).query(shapely.points(at), predicate="dwithin", distance=WAYS_M)
    weight = ways.length_m[edge] * np.exp(-np.linalg.norm(at[place] - ways.xy[edge], axis=1) / DECAY_M)
    total, part = (_sums(place, each, len(at)) for each in (weight, weight * ways.chance[edge]))
    return np.divide(part, total, out=np.full(len(at), np.nan), where=total > 0)
