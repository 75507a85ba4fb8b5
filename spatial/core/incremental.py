"""Take no step twice on the same inputs. Pure steps only.

A step is a function of a module and its arguments: ``step(function, *inputs)``. `AFRESH` takes every step. A `Memory`
keeps what each step first gave, and of a moving start what it last gave; later, a step whose inputs are the very same
objects is not taken, and a result that equals a remembered one is that one, so that the steps behind it are not taken
either.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from types import ModuleType
from typing import Any, Protocol, TypeVar

import numpy as np
import pandas as pd
import shapely

from spatial.core.arrays import object_array

Array = np.ndarray[Any, Any]
T = TypeVar("T")
R = TypeVar("R")
# Makes the result of a step from the inputs and the result that are remembered.
Mend = Callable[[Sequence[Any], T], T]


class Steps(Protocol):
    """How steps are taken: afresh, or with a memory.

    ``key`` tells apart the steps of one function that is used for several tables.
    """

    def __call__(self, function: Callable[..., T], *inputs: Any, key: str = "") -> T:
        """Take a step."""

    def mend(self, function: Callable[..., T], *inputs: Any, by: Mend[T], key: str = "") -> T:
        """Take a step that can also be made from earlier inputs and what they gave."""

    def last(self, function: Callable[..., T], *inputs: Any, key: str = "") -> T:
        """Take a step on which no other hangs: what it gives is not compared with what it gave."""

    def each(self, function: Callable[..., T], rows: Sequence[R], *inputs: Any, key: str = "") -> list[T]:
        """Take a step for each row by itself: ``function(row, *inputs)``."""

    def rows(self, function: Callable[..., T], rows: Array, *inputs: Any, near_m: float = -1.0, key: str = "") -> T:
        """Take a step that makes of rows (a geometry or a tuple each) as many rows, each of its own row alone.

        ``near_m``: the first input are geometries, of which a row hangs on those that are so near.
        """


class Afresh:
    """Every step is taken."""

    def __call__(self, function: Callable[..., T], *inputs: Any, key: str = "") -> T:
        """Take the step."""
        return function(*inputs)

    def mend(self, function: Callable[..., T], *inputs: Any, by: Mend[T], key: str = "") -> T:
        """Take the step from the start."""
        return function(*inputs)

    def last(self, function: Callable[..., T], *inputs: Any, key: str = "") -> T:
        """Take the step."""
        return function(*inputs)

    def each(self, function: Callable[..., T], rows: Sequence[R], *inputs: Any, key: str = "") -> list[T]:
        """Take it for each row."""
        return [function(row, *inputs) for row in rows]

    def rows(self, function: Callable[..., T], rows: Array, *inputs: Any, near_m: float = -1.0, key: str = "") -> T:
        """Take it for all rows."""
        return function(rows, *inputs)


AFRESH = Afresh()


@dataclass(frozen=True)
class _Taken:
    inputs: Sequence[Any]
    result: Any


class Memory:
    """Keeps the first result of each step, and the last where the start is a moving one; see the module."""

    def __init__(self, *, moving: bool = False) -> None:
        self._moving = moving
        self._steps: dict[str, tuple[_Taken, ...]] = {}
        self._rows: dict[str, _Rows] = {}

    def __call__(self, function: Callable[..., T], *inputs: Any, key: str = "") -> T:
        """Take the step, if it was not taken on these inputs."""
        return self.mend(function, *inputs, by=lambda *_: function(*inputs), key=key)

    def mend(self, function: Callable[..., T], *inputs: Any, by: Mend[T], key: str = "") -> T:
        """Take the step from what is remembered and most alike, if it was not taken on these inputs."""
        return self._taken(_name(function, key), inputs, lambda: function(*inputs), by)

    def last(self, function: Callable[..., T], *inputs: Any, key: str = "") -> T:
        """Take the step, if it was not taken on these inputs."""
        return self._taken(_name(function, key), inputs, lambda: function(*inputs), compared=False)

    def rows(self, function: Callable[..., T], rows: Array, *inputs: Any, near_m: float = -1.0, key: str = "") -> T:
        """Take it for the rows for which it was not taken."""

        def mend(before: Sequence[Any], result: T) -> T:
            apart = int(near_m >= 0)
            if not _alike(before[1 + apart :], inputs[apart:]):
                return function(rows, *inputs)
            number = {row: i for i, row in enumerate(before[0])}
            at = np.array([number.get(row, -1) for row in rows], dtype=np.int64)
            if apart and before[1] is not inputs[0]:
                changed = come_or_gone(before[1], inputs[0])
                at[shapely.STRtree(rows).query(changed, predicate="dwithin", distance=near_m)[1]] = -1
            return _with_rows(result, at, function(rows[at < 0], *inputs)) if (at < 0).any() else _at(result, at)

        return self._taken(_name(function, key), (rows, *inputs), lambda: function(rows, *inputs), mend)

    def _taken(
        self,
        name: str,
        inputs: Sequence[Any],
        take: Callable[[], T],
        by: Mend[T] | None = None,
        *,
        compared: bool = True,
    ) -> T:
        known = self._steps.get(name, ())
        for one in known:
            if _alike(one.inputs, inputs):
                return one.result
        if by is None or not known:
            result = take()
        else:
            near = max(known, key=lambda one: sum(map(_same, one.inputs, inputs)))
            result = by(near.inputs, near.result)
        for one in known if compared else ():
            result = as_before(result, one.result)
        if self._moving or not known:
            self._steps[name] = (_Taken(inputs, result), *known[-1:])
        return result

    def each(self, function: Callable[..., T], rows: Sequence[R], *inputs: Any, key: str = "") -> list[T]:
        """Take it for each row for which it was not taken."""
        name = _name(function, key)
        if name not in self._rows or not _alike(self._rows[name].inputs, inputs):
            results = [function(row, *inputs) for row in rows]
            # By the identity of a row, which lives as long as it is kept here.
            by_id = dict(zip(map(id, rows), results, strict=True))
            self._rows.setdefault(name, _Rows(rows, inputs, results, by_id))
            return results
        before = self._rows[name]
        if rows is before.rows:
            return list(before.results)
        head, tail = _alike_from_start(rows, before.rows), 0
        if head < min(len(rows), len(before.rows)):
            tail = _alike_from_start(rows[:head:-1], before.rows[:head:-1])
        between = (
            before.by_id[id(row)] if id(row) in before.by_id else function(row, *inputs)
            for row in rows[head : len(rows) - tail]
        )
        return [*before.results[:head], *between, *before.results[len(before.rows) - tail :]]


def come_or_gone(before: Array, now: Array) -> Array:
    """Geometries that are in one of two lists alone."""
    both = set(map(id, before)) & set(map(id, now))
    earlier, later = ({one for one in part if id(one) not in both} for part in (before, now))
    return object_array(earlier ^ later)


def _at(result: T, rows: Array) -> T:
    """Some rows of a result: an array, or a record or tuple of such."""
    return _of_arrays(lambda one: one[rows], result)


def _with_rows(result: T, rows: Array, made: T) -> T:
    """Some rows of a result, and in the order of its own what was made where a row is below 0."""

    def joined(old: Array, new: Array) -> Array:
        return np.concatenate([old, new])[np.where(rows < 0, len(old) + np.cumsum(rows < 0) - 1, rows)]

    return _of_arrays(joined, result, made)


def _of_arrays(work: Callable[..., Array], *results: T) -> T:
    first = results[0]
    if isinstance(first, tuple):
        return tuple(_of_arrays(work, *parts) for parts in zip(*results, strict=True))  # type: ignore[return-value]
    if is_dataclass(first) and not isinstance(first, type):
        parts = {f.name: _of_arrays(work, *(getattr(one, f.name) for one in results)) for f in fields(first)}
        return replace(first, **parts)
    return None if first is None else work(*results)  # type: ignore[return-value]


def _name(function: Callable[..., Any], key: str) -> str:
    """Name a step by its function, which must be one of a module: any other carries inputs that nobody sees."""
    name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '<?>')}"
    # Of a builtin function ``__self__`` is its module.
    if "<" in name or not isinstance(getattr(function, "__self__", None), ModuleType | None):
        raise TypeError(f"step: {function!r} is no function of a module")
    return f"{name}/{key}"


@dataclass(frozen=True)
class _Rows:
    rows: Sequence[Any]
    inputs: tuple[Any, ...]
    results: list[Any]
    by_id: dict[int, Any]


def _alike(before: Sequence[Any], inputs: Sequence[Any]) -> bool:
    return len(before) == len(inputs) and all(map(_same, before, inputs))


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
            and _equal_columns(new.index, old.index)
            and all(_equal_columns(new[name], old[name]) for name in new.columns)
        )
    if isinstance(new, pd.Series):
        return _equal_columns(new.index, old.index) and _equal_columns(new, old)
    if isinstance(new, np.ndarray):
        return _equal_arrays(new, old)
    return _same(new, old)


def _equal_columns(new: pd.Series | pd.Index, old: pd.Series | pd.Index) -> bool:
    if isinstance(new.dtype, pd.StringDtype) and new.dtype == old.dtype:
        return bool(new.array.equals(old.array))  # without an object of Python for each word
    return _equal(new.to_numpy(), old.to_numpy())


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
