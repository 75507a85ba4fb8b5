"""Which unknown facts stand behind what is not known. Pure.

A fact has a name of ``defaults/facts.toml`` and an object: a place, or the meeting space whose
surroundings it is about. It is written ``object#fact``; several are joined by ``;``. What is not known of a
whole class is one fact of all places, written ``class:name`` without an object. What is not
known for another reason (the edge of the extract) is a fact of its own, named by the indicator.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from spatial.core.arrays import Floats, Ints
from spatial.settings.loading import load_toml

# What is not known of a whole class of places is one fact for all of them.
MARK, JOINT, CLASS = "#", ";", "class:"
# A curve is kept at so many even steps; a middle nearer to an end than this is no further.
STEPS, NEAREST = 256, 0.002
MANY_CURVES = 1024  # 2 MB; scores, field checks and lenses draw by the same


@dataclass(frozen=True)
class Vocabulary:
    """Facts of a place with the tag keys that answer them, and facts of its surroundings."""

    place: Mapping[str, tuple[str, ...]]
    surroundings: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All facts that can be checked."""
        return (*self.place, *self.surroundings)


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """Return the bundled facts."""
    table = load_toml(None, "facts.toml")
    return Vocabulary({name: tuple(keys) for name, keys in table["place"].items()}, tuple(table["surroundings"]))


def unknown_facts_of_place(reads: Iterable[str], tags: Mapping[str, Any], by_nature: Sequence[str]) -> tuple[str, ...]:
    """Facts of a place that an indicator would read and that nothing answers.

    Parameters
    ----------
    reads
        Tag keys that the indicator reads.
    tags
        Tags of the place.
    by_nature
        What the kind of place excludes; such a fact is never open.

    Examples
    --------
    >>> unknown_facts_of_place(("fee", "charge", "access"), {"access": "yes"}, ())
    ('fee',)
    """
    wanted = frozenset(reads)
    return tuple(
        name
        for name, keys in vocabulary().place.items()
        if not wanted.isdisjoint(keys) and name not in by_nature and not any(key in tags for key in keys)
    )


def facts_as_text(identity: str, names: Iterable[str]) -> str:
    """Write facts of one object; one of a whole class stands for itself.

    Examples
    --------
    >>> facts_as_text("osm:way/1", ("access", "class:neutrality:bench"))
    'osm:way/1#access;class:neutrality:bench'
    """
    return JOINT.join(name if name.startswith(CLASS) else f"{identity}{MARK}{name}" for name in names)


def joined_facts(parts: Iterable[str]) -> str:
    """Join what was written, each fact once, in the order of their names."""
    return JOINT.join(sorted({fact for part in parts for fact in part.split(JOINT) if fact}))


@dataclass(frozen=True)
class Cells:
    """Which facts stand behind which cells of a table of places by indicators.

    ``keys`` are the facts, sorted. ``row`` and ``column`` name the cells; the facts of cell c are
    ``fact[start[c]:start[c] + count[c]]``, positions in ``keys``. A cell that is estimated lies where
    ``curves[curve[c]]`` bends the mean of its facts to; of all others ``curve`` is -1.
    """

    keys: tuple[str, ...]
    row: Ints
    column: Ints
    fact: Ints
    start: Ints
    count: Ints
    curve: Ints
    curves: Floats

    def bent_towards(self, middle: Floats) -> Cells:
        """The same, with the middle in [0, 1] of each cell that is estimated, NaN for one that is not."""
        known = ~np.isnan(middle)
        middles, number = np.unique(middle[known], return_inverse=True)
        curve = np.full(len(self.row), -1, dtype=np.int64)
        curve[known] = number
        return replace(self, curve=curve, curves=curves_towards(middles))

    def bend(self, cell: Ints, position: Floats) -> Floats:
        """Where cells lie whose facts lie at a position, cells over the last axis."""
        curve = self.curve[cell]
        if (curve < 0).all():
            return position
        at = np.clip(position, 0.0, 1.0) * STEPS
        step = np.minimum(at.astype(np.int64), STEPS - 1)
        low, high = self.curves[curve, step], self.curves[curve, step + 1]
        result: Floats = np.where(curve < 0, position, low + (at - step) * (high - low))
        return result

    def straight(self, cell: Ints, position: Floats) -> Floats:
        """Where the facts of cells lie that lie at a position: the inverse of `bend`."""
        result = position.copy()
        for i, curve in enumerate(self.curve[cell].tolist()):
            if curve >= 0:
                result[i] = np.interp(position[i], self.curves[curve], np.linspace(0.0, 1.0, STEPS + 1))
        return result

    def positions(self, uniform: Floats) -> Floats:
        """Where in its interval each cell lies: the mean of its facts' uniform numbers, bent where it is estimated.

        Parameters
        ----------
        uniform
            One number a fact in [0, 1], over the last axis.

        Returns
        -------
        Array
            One number a cell over the last axis. Cells with the same facts lie alike.
        """
        if not len(self.row):
            return np.empty((*uniform.shape[:-1], 0))
        total = np.add.reduceat(uniform[..., self.fact], self.start, axis=-1)
        return self.bend(np.arange(len(self.row)), total / self.count)


def curves_towards(middles: Floats) -> Floats:
    """Quantiles of Beta(2q, 2(1 − q)) at even steps, a row a middle q: its mean; of ½ the uniform distribution.

    Examples
    --------
    >>> curves_towards(np.array([0.5]))[0, [0, 64, 256]].round(9).tolist()
    [0.0, 0.25, 1.0]
    """
    curves = [_curve_towards(q) for q in np.clip(middles, NEAREST, 1.0 - NEAREST).tolist()]
    return np.array(curves).reshape(-1, STEPS + 1)


@lru_cache(maxsize=MANY_CURVES)
def _curve_towards(q: float) -> Floats:
    from scipy.special import betaincinv

    result: Floats = betaincinv(2 * q, 2 * (1 - q), np.linspace(0.0, 1.0, STEPS + 1))
    return result


def cells(
    behind: npt.NDArray[np.object_], open_: npt.NDArray[np.bool_], rows: Sequence[str], columns: Sequence[str]
) -> Cells:
    """Find the facts behind the open cells of a table.

    Parameters
    ----------
    behind
        Written facts, (N, I); an open cell without any has a fact of its own.
    open_
        Which cells are intervals, (N, I).
    rows, columns
        Names of places and indicators.
    """
    row, column = (part.astype(np.int64) for part in np.nonzero(open_))
    written_ = [
        behind[i, j] or f"{rows[i]}{MARK}{columns[j]}" for i, j in zip(row.tolist(), column.tolist(), strict=True)
    ]
    lists = [text.split(JOINT) for text in written_]
    flat = np.array([fact for facts in lists for fact in facts], dtype=object)
    keys, position = np.unique(flat.astype(str), return_inverse=True) if len(flat) else (flat, np.empty(0, np.int64))
    count = np.array([len(facts) for facts in lists], dtype=np.int64)
    return Cells(
        tuple(map(str, keys)),
        row,
        column,
        position.astype(np.int64),
        (np.cumsum(count) - count).astype(np.int64),
        count,
        np.full(len(row), -1, dtype=np.int64),
        np.empty((0, STEPS + 1)),
    )
