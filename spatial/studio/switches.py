"""The measures of a variant as switches: which of them touch, and what the estate is with some of them carried out.

A measure is an edit with those that cannot be without it. Two measures touch where what each changes alone overlaps,
or where both together do more than each; measures that touch are looked at in every combination. What does not touch
is put together from those looks, which is the same as a look at all of it: that is looked at too, and were it not so,
everything would be taken to touch. What is not known so, is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from itertools import combinations

import geopandas as gpd
import numpy as np
import pandas as pd

from spatial.analysis.result import SEED
from spatial.core.errors import InputError
from spatial.core.languages import carried
from spatial.core.model import Edit, Result
from spatial.places.naming import names_in
from spatial.plans.home_changes import home_states
from spatial.scoring import scores
from spatial.scoring.judging import judge_all
from spatial.studies.what_if import WhatIf, gain_of
from spatial.studio.history import Strokes
from spatial.studio.looking import Difference, Seen, Table
from spatial.studio.strokes import Stroke

# More switches nobody overlooks: edits that do the same to the same kind of thing are then switched together.
MOST_SWITCHES = 8
# So many measures that touch are looked at in every combination; of more, each alone, all, and all but one.
MOST_TOGETHER = 5
SAME = 1e-9
LEVELS = ("places", "meeting_spaces")
# What follows from all scores at once, and is found anew for each combination.
RANKED = ("rank", "tier", *scores.RANGE_COLUMNS)
Measure = frozenset[int]
Key = tuple[str, str]


@dataclass(frozen=True)
class Patch:
    """What a look changes of the start.

    ``gone``: rows of the start that are not there or not the same, by level; ``rows``: what is there instead, with the
    ``evidence`` about it and its ``names`` by language. ``heirs``: what a changed meeting space of the start is now.
    ``homes``: rows of the table of homes that differ.
    """

    gone: Mapping[str, frozenset[str]]
    rows: Mapping[str, gpd.GeoDataFrame]
    evidence: pd.DataFrame
    names: Mapping[str, Mapping[str, str]]
    heirs: Mapping[str, str]
    homes: gpd.GeoDataFrame

    @cached_property
    def keys(self) -> frozenset[Key]:
        """All that it is about."""
        rows = {(level, str(name)) for level in LEVELS for name in (*self.gone[level], *self.rows[level].index)}
        return frozenset(rows | {("homes", str(name)) for name in self.homes.index})


@dataclass(frozen=True)
class Combined:
    """The estate with some of the measures, and what is different from the start."""

    result: Result
    found: Difference


def measures(what_if: WhatIf, strokes: Sequence[Stroke], edits: Sequence[Edit]) -> list[Measure]:
    """Rows of the strokes that are switched together, in the order in which they were drawn."""
    row = {stroke.feature: number for number, stroke in enumerate(strokes)}
    parts = [frozenset({row[name] for name in what_if.inseparable({stroke.feature}, edits)}) for stroke in strokes]
    found = _joined(parts)
    kinds: tuple[Callable[[Stroke], object], ...] = (lambda one: (one.action, one.layer), lambda one: one.action)
    for kind in kinds:
        if len(found) > MOST_SWITCHES:
            alike: dict[object, Measure] = {}
            for measure in found:
                key = frozenset(kind(strokes[number]) for number in measure)
                alike[key] = alike.get(key, frozenset()) | measure
            found = sorted(alike.values(), key=min)
    return found


class Switches:
    """The measures of a variant, each of which can be on or off.

    Parameters
    ----------
    table
        The estate.
    strokes
        What is drawn in the variant.
    lang
        Language of the page on which they are.
    """

    def __init__(self, table: Table, strokes: Strokes, lang: str = "da") -> None:
        self._table, self._strokes, self._languages = table, strokes, carried(lang)
        self._start = table.differ(table.start).homes
        self.measures = measures(table.what_if, strokes, table.plan(strokes).edits)
        self._patches: dict[frozenset[int], Patch | None] = {frozenset(): None}
        self.groups = self._grouped()
        for group in self.groups:
            for on in _wanted(group):
                self._look(on)

    def parts(self, on: Collection[int]) -> list[Patch] | None:
        """What measures change that are on, group by group; None where it is not known without a run."""
        wanted = [frozenset(group & frozenset(on)) for group in self.groups]
        if any(one not in self._patches for one in wanted):
            return None
        return [patch for one in wanted if (patch := self._patches[one]) is not None]

    @property
    def patches(self) -> list[Patch]:
        """What each combination changes that was looked at."""
        return [patch for patch in self._patches.values() if patch is not None]

    @property
    def known(self) -> Iterator[frozenset[int]]:
        """All combinations of measures of which it is known what they do."""
        everything = range(len(self.measures))
        for size in range(len(self.measures) + 1):
            yield from (frozenset(on) for on in combinations(everything, size) if self.parts(on) is not None)

    def combined(self, patches: Sequence[Patch]) -> Combined:
        """The estate with these changes, as a look at all of them finds it."""
        return combined(self._table.start, self._start, patches)

    def _look(self, on: frozenset[int]) -> None:
        """Look at a combination, if nobody has; what does not fit the estate stays unknown."""
        if on in self._patches:
            return
        rows = {number for one in on for number in self.measures[one]}
        try:
            seen = self._table.glance(tuple(stroke for number, stroke in enumerate(self._strokes) if number in rows))
        except InputError:
            return
        self._patches[on] = patch_of(self._table.start, seen, self._table.differ(seen), self._languages)

    def _grouped(self) -> list[frozenset[int]]:
        """Measures that touch, one by one or together."""
        alone = [frozenset({number}) for number in range(len(self.measures))]
        for one in alone:
            self._look(one)
        touching = [one | other for one, other in combinations(alone, 2) if self._touch(one, other)]
        groups = _joined([*alone, *touching])
        whole = frozenset().union(*alone)
        return groups if len(groups) < 2 or self._adds_up(groups, whole) else [whole]

    def _touch(self, one: frozenset[int], other: frozenset[int]) -> bool:
        mine, theirs = self._patches.get(one), self._patches.get(other)
        if mine is None or theirs is None or mine.keys & theirs.keys:
            return True
        return not self._adds_up([one, other], one | other)

    def _adds_up(self, parts: Sequence[frozenset[int]], whole: frozenset[int]) -> bool:
        """Whether a look at all finds what the parts make together."""
        for one in (*parts, whole):
            self._look(one)
        found = [self._patches.get(one) for one in (*parts, whole)]
        if any(one is None for one in found):
            return False
        *each, together = (one for one in found if one is not None)
        return same_estate(self.combined(each), self.combined([together]))


def _wanted(group: frozenset[int]) -> Iterator[frozenset[int]]:
    """Combinations of a group that are looked at; one after the other they differ by little."""
    sizes = range(1, len(group) + 1) if len(group) <= MOST_TOGETHER else (1, len(group) - 1, len(group))
    return (frozenset(on) for size in sizes for on in combinations(sorted(group), size))


def _joined(parts: Iterable[frozenset[int]]) -> list[frozenset[int]]:
    """Sets that share a member, as one; by their least members."""
    found: list[frozenset[int]] = []
    for part in parts:
        apart = [one for one in found if not one & part]
        found = [*apart, reduce(frozenset.union, (one for one in found if one & part), part)]
    return sorted(found, key=min)


def patch_of(start: Seen, seen: Seen, found: Difference, languages: Sequence[str]) -> Patch:
    """What a look changes of the start."""
    moved = {name for name in map(str, start.result.meeting_spaces.index) if found.spaces.get(name) != name}
    gone, rows = {}, {}
    for level in LEVELS:
        before, after = getattr(start.result, level), getattr(seen.result, level)
        differ = _differing(before, after) | (moved if level == "meeting_spaces" else set())
        gone[level] = frozenset(differ & set(before.index))
        rows[level] = after.loc[[name for name in after.index if name in differ]]
    ids = [str(name) for level in LEVELS for name in rows[level].index]
    evidence = seen.result.evidence[seen.result.evidence["place_id"].isin(ids).to_numpy()]
    named = names_in(seen.result, languages) if ids else {}
    names = {lang: {name: named[lang][name] for name in ids} for lang in named}
    heirs = {one: other for one, other in found.spaces.items() if one in gone["meeting_spaces"]}
    stay = (found.homes["change"].abs() <= SAME).to_numpy(dtype=bool)
    return Patch(gone, rows, evidence, names, heirs, found.homes[~stay])


def combined(start: Seen, homes: gpd.GeoDataFrame, patches: Sequence[Patch]) -> Combined:
    """The estate as some patches that do not touch leave it; ``homes`` is the table of homes of the start."""
    old = start.result
    tables = {level: _patched(getattr(old, level), level, patches) for level in LEVELS}
    out = frozenset().union(*(patch.gone[level] for patch in patches for level in LEVELS))
    kept = old.evidence[~old.evidence["place_id"].isin(out).to_numpy()]
    evidence = pd.concat([kept, *(patch.evidence for patch in patches)], ignore_index=True)
    for level, table in tables.items():
        estimates = scores.estimates(judge_all(evidence, table.index, old.rubric), table.index, old.rubric)
        tables[level] = scores.with_ranges(table.assign(rank=estimates["rank"]), evidence, old.rubric, SEED)
    result = replace(old, evidence=evidence, **tables)
    gone = {name for patch in patches for name in patch.gone["meeting_spaces"]}
    spaces = {name: name for name in map(str, old.meeting_spaces.index) if name not in gone}
    spaces |= {one: other for patch in patches for one, other in patch.heirs.items()}
    return Combined(result, difference(_homes_patched(homes, patches), dict(sorted(spaces.items()))))


def difference(homes: gpd.GeoDataFrame, spaces: dict[str, str]) -> Difference:
    """What is different, by the homes and the meeting spaces alone."""
    there = homes[homes["best_before"].notna()]
    was, then = (there[name].fillna(0.0).to_numpy(dtype=np.float64) for name in ("best_before", "best_after"))
    return Difference(spaces, homes, gain_of(was, then, there["dwellings"].to_numpy(dtype=np.float64)))


def same_estate(one: Combined, other: Combined) -> bool:
    """Whether two are the same, in every score, every rank and tier, and at every home."""
    levels = [(getattr(one.result, level), getattr(other.result, level)) for level in LEVELS]
    if any(_differing(mine, theirs, RANKED) for mine, theirs in levels) or one.found.spaces != other.found.spaces:
        return False
    mine, theirs = one.found.homes, other.found.homes.reindex(one.found.homes.index)
    columns = ["best_before", "best_after", "dwellings"]
    return len(mine) == len(other.found.homes) and bool(_alike(mine[columns], theirs[columns]).all())


def _patched(table: gpd.GeoDataFrame, level: str, patches: Sequence[Patch]) -> gpd.GeoDataFrame:
    out = frozenset().union(*(patch.gone[level] for patch in patches))
    parts = [table[~table.index.isin(out)], *(patch.rows[level] for patch in patches if len(patch.rows[level]))]
    found: gpd.GeoDataFrame = pd.concat(parts) if len(parts) > 1 else parts[0]
    return found


def _homes_patched(homes: gpd.GeoDataFrame, patches: Sequence[Patch]) -> gpd.GeoDataFrame:
    out = {name for patch in patches for name in patch.homes.index}
    parts = [homes[~homes.index.isin(out)], *(patch.homes for patch in patches if len(patch.homes))]
    found = pd.concat(parts) if len(parts) > 1 else parts[0]
    found = found.assign(state=home_states(found["best_before"], found["best_after"]))
    ordered: gpd.GeoDataFrame = found.sort_values(["change", "best_after"], kind="stable")
    return ordered


def _differing(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, ranked: Sequence[str] = ()) -> set[str]:
    """Ids of rows that are not the same, or in one table alone; ranks are left out unless they are asked for."""
    index = before.index.union(after.index)
    both = before.index.intersection(after.index)
    columns = [name for name in before.columns if name in ranked or name not in (*RANKED, "geometry")]
    one, other = before.loc[both], after.loc[both]
    same = _alike(one[columns], other[columns]) & one.geometry.geom_equals_exact(other.geometry, SAME).to_numpy()
    return set(map(str, index.difference(both[same])))


def _alike(one: pd.DataFrame, other: pd.DataFrame) -> np.ndarray:
    """Which rows of two tables in one order are the same."""
    same = np.ones(len(one), dtype=bool)
    for name in one:
        mine, theirs = one[name], other[name]
        if pd.api.types.is_numeric_dtype(mine.dtype):
            a, b = (part.to_numpy(dtype=np.float64, na_value=np.nan) for part in (mine, theirs))
            same &= np.isclose(a, b, rtol=0.0, atol=SAME, equal_nan=True)
        else:
            same &= ((mine == theirs) | (mine.isna() & theirs.isna())).to_numpy(dtype=bool)
    return same
