"""A step on the same input is not taken twice. Pure steps only.

Each step of the way names itself and its inputs. `AFRESH` takes every step. A `Memory` keeps what a
first walk found; on a later walk a step whose inputs are the very same objects is taken over, and a
result that equals the remembered one is that one, so that the steps behind it are taken over as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Protocol, TypeVar

import numpy as np
import pandas as pd
import shapely

T = TypeVar("T")
R = TypeVar("R")


class Steps(Protocol):
    """How steps are taken: afresh, or with a memory."""

    def __call__(self, name: str, inputs: Sequence[Any], make: Callable[[], T]) -> T:
        """Take a step: ``make()`` depends on nothing but ``inputs``, and ``name`` is its own."""

    def mend(self, name: str, inputs: Sequence[Any], make: Callable[[], T], mend: Callable[[Sequence[Any], T], T]) -> T:
        """Take a step that can also be made from earlier inputs and what they gave: ``mend(inputs, result)``."""

    def last(self, name: str, inputs: Sequence[Any], make: Callable[[], T]) -> T:
        """Take a step on which no other hangs: what it gives is not compared with what it gave."""

    def each(self, name: str, rows: Sequence[R], make: Callable[[R], T]) -> list[T]:
        """Take a step for each row by itself."""


class Afresh:
    """Every step is taken."""

    def __call__(self, name: str, inputs: Sequence[Any], make: Callable[[], T]) -> T:
        """Take the step."""
        return make()

    def mend(self, name: str, inputs: Sequence[Any], make: Callable[[], T], mend: Callable[[Sequence[Any], T], T]) -> T:
        """Take the step from the start."""
        return make()

    def last(self, name: str, inputs: Sequence[Any], make: Callable[[], T]) -> T:
        """Take the step."""
        return make()

    def each(self, name: str, rows: Sequence[R], make: Callable[[R], T]) -> list[T]:
        """Take it for each row."""
        return [make(row) for row in rows]


AFRESH = Afresh()


class Memory:
    """Keeps the first result of each step; see the module."""

    def __init__(self) -> None:
        self._steps: dict[str, tuple[tuple[Any, ...], Any]] = {}
        self._rows: dict[str, _Rows] = {}

    def __call__(self, name: str, inputs: Sequence[Any], make: Callable[[], T]) -> T:
        """Take the step, if it was not taken on these inputs."""
        return self.mend(name, inputs, make, lambda *_: make())

    def mend(self, name: str, inputs: Sequence[Any], make: Callable[[], T], mend: Callable[[Sequence[Any], T], T]) -> T:
        """Take the step from what is remembered, if it was not taken on these inputs."""
        if name not in self._steps:
            self._steps[name] = (tuple(inputs), make())
            return self._steps[name][1]
        known, result = self._steps[name]
        if _alike(known, inputs):
            return result
        return as_before(mend(known, result), result)

    def last(self, name: str, inputs: Sequence[Any], make: Callable[[], T]) -> T:
        """Take the step, if it was not taken on these inputs."""
        if name in self._steps and not _alike(self._steps[name][0], inputs):
            return make()
        return self(name, inputs, make)

    def each(self, name: str, rows: Sequence[R], make: Callable[[R], T]) -> list[T]:
        """Take it for each row for which it was not taken."""
        if name not in self._rows:
            found = [make(row) for row in rows]
            # By the identity of a row, which lives as long as it is kept here.
            self._rows[name] = _Rows(rows, found, dict(zip(map(id, rows), found, strict=True)))
            return found
        known = self._rows[name]
        if rows is known.rows:
            return list(known.results)
        head, tail = _alike_from_start(rows, known.rows), 0
        if head < min(len(rows), len(known.rows)):
            tail = _alike_from_start(rows[:head:-1], known.rows[:head:-1])
        between = rows[head : len(rows) - tail]
        found = [known.by_id[id(row)] if id(row) in known.by_id else make(row) for row in between]
        return [*known.results[:head], *found, *known.results[len(known.rows) - tail :]]


@dataclass(frozen=True)
class _Rows:
    rows: Sequence[Any]
    results: list[Any]
    by_id: dict[int, Any]


def _alike(known: Sequence[Any], inputs: Sequence[Any]) -> bool:
    return len(known) == len(inputs) and all(map(_same, known, inputs))


def _alike_from_start(rows: Sequence[Any], others: Sequence[Any]) -> int:
    """How many rows at the start are the very same objects."""
    differ = (i for i, (one, other) in enumerate(zip(rows, others, strict=False)) if one is not other)
    return next(differ, min(len(rows), len(others)))


def _same(one: Any, other: Any) -> bool:
    return one is other or (isinstance(one, int | float | str | bool) and type(one) is type(other) and one == other)


def as_before(new: T, old: T) -> T:
    """Return the old object where the new one equals it; of a record, each field by itself."""
    if is_dataclass(new) and not isinstance(new, type) and type(new) is type(old):
        parts = {field.name: as_before(getattr(new, field.name), getattr(old, field.name)) for field in fields(new)}
        changed = {name: part for name, part in parts.items() if part is not getattr(old, name)}
        return replace(old, **changed) if changed else old  # type: ignore[type-var]
    if isinstance(new, dict) and isinstance(old, dict) and list(new) == list(old):
        whole = {key: as_before(new[key], old[key]) for key in new}
        return old if all(whole[key] is old[key] for key in old) else whole  # type: ignore[return-value]
    if isinstance(new, tuple) and isinstance(old, tuple) and len(new) == len(old):
        items = tuple(as_before(a, b) for a, b in zip(new, old, strict=True))
        return old if all(a is b for a, b in zip(items, old, strict=True)) else items  # type: ignore[return-value]
    return old if _equal(new, old) else new


def _equal(new: Any, old: Any) -> bool:
    """Whether two values are the same to the last bit, missing being like missing."""
    if type(new) is not type(old):
        return False
    if isinstance(new, pd.DataFrame):
        return (
            len(new) == len(old)
            and list(new.columns) == list(old.columns)
            and _equal(new.index.to_numpy(), old.index.to_numpy())
            and all(_equal(new[name].to_numpy(), old[name].to_numpy()) for name in new.columns)
        )
    if isinstance(new, pd.Series):
        return _equal(new.index.to_numpy(), old.index.to_numpy()) and _equal(new.to_numpy(), old.to_numpy())
    if isinstance(new, np.ndarray):
        return _equal_arrays(new, old)
    return _same(new, old)


def _equal_arrays(new: np.ndarray[Any, Any], old: np.ndarray[Any, Any]) -> bool:
    if new.shape != old.shape or new.dtype != old.dtype:
        return False
    if new.dtype != object:
        return np.array_equal(new, old, equal_nan=new.dtype.kind == "f")
    differ = [i for i, (a, b) in enumerate(zip(new.ravel(), old.ravel(), strict=True)) if a is not b]
    a, b = new.ravel()[differ], old.ravel()[differ]
    if len(a) and all(isinstance(part, shapely.Geometry) for side in (a, b) for part in side):
        return bool(shapely.equals_identical(a, b).all())
    return all(map(_equal_objects, a, b))


def _equal_objects(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return _equal_arrays(a, b)
    missing = isinstance(a, float) and isinstance(b, float) and a != a and b != b
    return missing or (type(a) is type(b) and bool(a == b))
