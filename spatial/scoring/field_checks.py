"""What a visit would settle: unknown facts in the order of what knowing them does to the ranks. Pure.

The estimator: weights and unknown facts are drawn as for rank ranges. In each draw the rank of a
place is compared with its rank in the same draw when one fact alone is put back to where the best
estimate leaves it. The mean of the absolute differences over the draws is the expected change of
rank if that fact were known. Draws are common to both sides, so the noise of all else cancels.

Ground on which nothing is mapped has no rank that could change: it is asked about where most people live around.
"""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import Transformer

from spatial.core.arrays import Bools, Floats, Ints, object_array, product
from spatial.core.crs import WGS84
from spatial.core.model import ASPECTS, CLOSED_AT, Result, Rubric
from spatial.indicators.unknown_facts import MARK, Cells, vocabulary
from spatial.places.naming import POSSIBLE_SPACES
from spatial.scoring.combining import ROUNDING, aspect_weights, conditions_hold, gate, part_weights, totals
from spatial.scoring.draws import Draw, draws, open_cells
from spatial.scoring.judging import Judged
from spatial.settings.loading import load_toml
from spatial.sources.field_answers import HERE, check_id

DRAWS = 200
COLUMNS = (
    "object_id",
    "fact",
    "place_id",
    "rank_change",
    "rank_change_se",
    "floating_worst",
    "floating_best",
    "coverage_gain",
    "makes_ranked",
    "place_count",
    "indicators",
)


@dataclass(frozen=True)
class _Entries:
    """Pairs of a place and a fact, and the cells by which the fact moves the place.

    Entry e is cell ``cell[e]`` of pair ``pair[e]``; ``group`` numbers (pair, part of the score), sorted.
    """

    place: Ints
    fact: Ints
    cell: Ints
    pair: Ints
    group: Ints


def find_field_checks(
    judged: Judged, index: pd.Index, rubric: Rubric, seed: int, *, count: int = DRAWS
) -> pd.DataFrame:
    """List the facts that are worth a visit, the most consequential first.

    Parameters
    ----------
    judged
        Judged values of places that are ranked against each other; places without a rank take part
        as if they had one.
    index
        Their ids.
    count
        Number of draws.

    Returns
    -------
    DataFrame
        One row a fact: ``object_id`` (a place, or the meeting space whose surroundings it is
        about) and ``fact``; ``place_id``, the place it moves most, ``rank_change`` the expected
        number of ranks and ``rank_change_se`` its standard error over the draws;
        ``floating_worst`` and ``floating_best``, the potential of that place by the worst and the
        best answer, all else at its best estimate; ``coverage_gain``, by how much its coverage
        grows, and ``makes_ranked``, whether that gives it a rank; ``place_count``, how many places
        it moves; ``indicators`` behind it, ``;`` between them.
    """
    order = np.argsort(index.to_numpy().astype(str), kind="stable")
    judged, index = judged.at(order), index[order]
    cells = open_cells(judged, index)
    known = np.array([key.rpartition(MARK)[2] in vocabulary().names for key in cells.keys], dtype=bool)
    entries = _entries(cells, known, judged)
    if not len(entries.place):
        return pd.DataFrame({name: [] for name in COLUMNS}).astype({"object_id": object, "fact": object})
    change, spread = _rank_changes(judged, index, rubric, seed, count, cells, entries)
    return _table(judged, index, rubric, cells, entries, change, spread)


def ask_of_open_ground(result: Result) -> gpd.GeoDataFrame:
    """Possible spaces inside the estate of which it is worth asking whether something is there, most homes first.

    Returns
    -------
    GeoDataFrame
        A row each, as many as ``fieldkit.toml`` says: ``object_id`` of the ground, ``fact`` (`HERE`), ``homes`` within
        reach of it, ``check`` to answer with, and a point of it. What was answered before is not asked again.
    """
    spec, rooms = load_toml(None, "fieldkit.toml")[HERE], result.layers.get(POSSIBLE_SPACES)
    crs = result.estate.crs
    if rooms is None or not len(rooms):
        return gpd.GeoDataFrame({name: [] for name in ("object_id", "fact", "homes", "check")}, geometry=[], crs=crs)
    shapes, doors = rooms.geometry.to_numpy(), result.layers["homes"]
    points = shapely.point_on_surface(shapes)
    ground, door = shapely.STRtree(doors.geometry.to_numpy()).query(shapes, "dwithin", distance=float(spec["within_m"]))
    homes = np.bincount(ground, doors["dwellings"].fillna(0).to_numpy(dtype=float)[door], minlength=len(rooms))
    degrees = Transformer.from_crs(crs, WGS84, always_xy=True)
    answered = [one["at"] for one in result.manifest.get("field_checks", {}).get(HERE, [])]
    known = object_array(shapely.Point(degrees.transform(x, y, direction="INVERSE")) for x, y in answered)
    asked = shapely.contains(result.estate.boundary, points)
    asked[shapely.STRtree(shapes).query(known, "intersects")[1]] = False
    homes = homes.round()
    order = np.lexsort((rooms.index.to_numpy().astype(str), -rooms["area_m2"].to_numpy(dtype=float), -homes, ~asked))
    chosen = order[: min(int(spec["most"]), int(asked.sum()))]
    ids = [str(one) for one in rooms.index[chosen]]
    at = zip(*degrees.transform(shapely.get_x(points[chosen]), shapely.get_y(points[chosen])), strict=True)
    checks = [check_id(one, (float(x), float(y))) for one, (x, y) in zip(ids, at, strict=True)]
    table = {"object_id": ids, "fact": HERE, "homes": homes[chosen].astype(np.int64), "check": checks}
    return gpd.GeoDataFrame(table, geometry=points[chosen], crs=crs)


def _entries(cells: Cells, known: npt.NDArray[np.bool_], judged: Judged) -> _Entries:
    cell = np.repeat(np.arange(len(cells.row)), cells.count)
    kept = known[cells.fact]
    cell, fact = cell[kept], cells.fact[kept]
    keys, pair = np.unique(np.stack([fact, cells.row[cell]]), axis=1, return_inverse=True)
    pair = pair.reshape(-1)
    group = pair * (len(ASPECTS) + len(judged.conditions)) + judged.part[cells.column[cell]]
    by = np.argsort(group, kind="stable")
    return _Entries(keys[1], keys[0], cell[by], pair[by], group[by])


def _rank_changes(
    judged: Judged, index: pd.Index, rubric: Rubric, seed: int, count: int, cells: Cells, entries: _Entries
) -> tuple[Floats, Floats]:
    """Mean absolute change of rank of each pair, and its standard error."""
    sharers = _sharers(entries.fact)
    total, squares = np.zeros(len(entries.place)), np.zeros(len(entries.place))
    for draw, scores, parts in draws(judged, index, rubric, seed, count):
        before = _unsettled(draw, parts, judged, cells, entries, rubric.mean)
        change = np.abs(_rank(scores, scores[:, entries.place]) - _rank_before(scores, before, entries.place, sharers))
        total += change.sum(axis=0)
        squares += (change**2).sum(axis=0)
    mean = total / count
    return mean, np.sqrt(np.maximum(squares / count - mean**2, 0.0) / count)


def _unsettled(draw: Draw, parts: Floats, judged: Judged, cells: Cells, entries: _Entries, mean: str) -> Floats:
    """Totals of each pair's place when its fact alone is left at the best estimate: (B, pairs)."""
    cell, fact = entries.cell, entries.fact[entries.pair]
    at = cells.row[cell], cells.column[cell]
    width = judged.high[at] - judged.low[at]
    settled = cells.straight(cell, (judged.best[at] - judged.low[at]) / width)
    weight = draw.within[:, judged.part[at[1]], at[1]]
    if len(cells.curves):
        drawn = np.add.reduceat(draw.uniform[:, cells.fact], cells.start, axis=1)[:, cell] / cells.count[cell]
        other = drawn + (settled - draw.uniform[:, fact]) / cells.count[cell]
        moved = weight * width * (cells.bend(cell, other) - cells.bend(cell, drawn))
    else:
        moved = weight * width / cells.count[cell] * (settled - draw.uniform[:, fact])
    groups, first = np.unique(entries.group, return_index=True)
    pairs = parts[:, entries.place, :].copy()
    pairs.reshape(len(pairs), -1)[:, groups] += np.add.reduceat(moved, first, axis=1)
    return totals(np.clip(pairs, 0.0, 1.0), draw.across[:, None, :], mean)


def _rank(scores: Floats, own: Floats) -> Floats:
    """1 + how many scores (B, N) are higher than each of ``own`` (B, P)."""
    ordered = np.sort(scores, axis=1)
    above = [row.size - np.searchsorted(row, mine, side="right") for row, mine in zip(ordered, own, strict=True)]
    return np.array(above, dtype=np.float64) + 1


def _rank_before(scores: Floats, before: Floats, place: Ints, sharers: tuple[Ints, Ints]) -> Floats:
    """Rank of each pair's place, unsettled, among the others; who shares the fact is unsettled too."""
    rank = _rank(scores, before) - (scores[:, place] > before)
    one, other = sharers
    if len(one):
        step = (before[:, other] > before[:, one]).astype(float) - (scores[:, place[other]] > before[:, one])
        pairs, first = np.unique(one, return_index=True)
        rank[:, pairs] += np.add.reduceat(step, first, axis=1)
    return rank


def _sharers(fact: Ints) -> tuple[Ints, Ints]:
    """Pairs of pairs with the same fact, both ways; ``fact`` is sorted."""
    start, size = np.searchsorted(fact, fact, side="left"), np.bincount(fact)[fact]
    one = np.repeat(np.arange(len(fact)), size)
    within = np.arange(len(one)) - np.repeat(np.cumsum(size) - size, size)
    other = start[one] + within
    kept = one != other
    return one[kept], other[kept]


def _table(
    judged: Judged, index: pd.Index, rubric: Rubric, cells: Cells, entries: _Entries, change: Floats, spread: Floats
) -> pd.DataFrame:
    worst, best, gain, opens = _answers(judged, rubric, cells, entries)
    coverage = product(judged.known, product(aspect_weights(rubric), part_weights(rubric, judged)[: len(ASPECTS)]))
    ranked = (coverage >= rubric.min_coverage) & conditions_hold(judged)
    enough = coverage[entries.place] + gain >= rubric.min_coverage
    behind = _indicators(judged, cells, entries)
    pairs = np.lexsort((index.to_numpy().astype(str)[entries.place], -change, entries.fact))
    facts, first, count = np.unique(entries.fact[pairs], return_index=True, return_counts=True)
    rows = pairs[first]
    keys = [cells.keys[fact].rpartition(MARK) for fact in facts]
    table = pd.DataFrame(
        {
            "object_id": [key[0] for key in keys],
            "fact": [key[2] for key in keys],
            "place_id": index.to_numpy()[entries.place[rows]],
            "rank_change": change[rows],
            "rank_change_se": spread[rows],
            "floating_worst": worst[rows],
            "floating_best": best[rows],
            "coverage_gain": gain[rows],
            "makes_ranked": (~ranked[entries.place] & enough & opens)[rows],
            "place_count": count,
            "indicators": [behind[row] for row in rows],
        }
    )
    return table.sort_values(
        ["rank_change", "coverage_gain", "object_id", "fact"], ascending=[False, False, True, True]
    ).reset_index(drop=True)


def _answers(judged: Judged, rubric: Rubric, cells: Cells, entries: _Entries) -> tuple[Floats, Floats, Floats, Bools]:
    """Potential by the worst and the best answer, all else at its best estimate.

    Then the gain in coverage, and whether the conditions hold by the best answer.
    """
    within, across = part_weights(rubric, judged), aspect_weights(rubric)
    at = cells.row[entries.cell], cells.column[entries.cell]
    share = within[judged.part[at[1]], at[1]] / cells.count[entries.cell]
    groups, first = np.unique(entries.group, return_index=True)
    parts = product(judged.best, within.T)[entries.place]

    def parts_by(answer: Floats) -> Floats:
        moved = parts.copy()
        moved.reshape(-1)[groups] += np.add.reduceat((answer - judged.best)[at] * share, first)
        return np.clip(moved, 0.0, 1.0)

    worst, best = parts_by(judged.low), parts_by(judged.high)
    opens = gate(best) > CLOSED_AT + ROUNDING
    counts = np.concatenate([across, np.zeros(len(judged.conditions))])
    new = np.where(judged.known[at], 0.0, share * counts[judged.part[at[1]]])
    gain: Floats = np.bincount(entries.pair, weights=new, minlength=len(entries.place)).astype(np.float64)
    return totals(worst, across, rubric.mean), totals(best, across, rubric.mean), gain, opens


def _indicators(judged: Judged, cells: Cells, entries: _Entries) -> list[str]:
    names = np.array(judged.indicators)[cells.column[entries.cell]]
    found: list[set[str]] = [set() for _ in entries.place]
    for pair, name in zip(entries.pair.tolist(), names.tolist(), strict=True):
        found[pair].add(name)
    return [";".join(sorted(part)) for part in found]
