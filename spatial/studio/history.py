"""What was done in a variant, step by step, so that each can be undone and done again. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from spatial.studio.strokes import Stroke

Strokes = tuple[Stroke, ...]


@dataclass(frozen=True)
class Step:
    """One change of the strokes: at a row, ``before`` becomes ``after``; None where there is none."""

    row: int
    before: Stroke | None
    after: Stroke | None

    def done(self, strokes: Strokes) -> Strokes:
        """The strokes after this step."""
        new = () if self.after is None else (self.after,)
        return (*strokes[: self.row], *new, *strokes[self.row + (self.before is not None) :])

    def undone(self, strokes: Strokes) -> Strokes:
        """The strokes before this step."""
        return Step(self.row, self.after, self.before).done(strokes)


@dataclass(frozen=True)
class Variant:
    """A plan in the making: its steps, and how many of them are done.

    Examples
    --------
    >>> bench = Stroke("bench-1", "add", "place")
    >>> one = Variant("A").put(bench)
    >>> len(one.strokes), len(one.undo().strokes), one.undo().redo() == one
    (1, 0, True)
    """

    name: str
    steps: tuple[Step, ...] = ()
    at: int = 0

    @cached_property
    def strokes(self) -> Strokes:
        """The strokes as they stand."""
        found: Strokes = ()
        for step in self.steps[: self.at]:
            found = step.done(found)
        return found

    def put(self, stroke: Stroke) -> Variant:
        """Draw a stroke, in the place of the one with its name if there is one; what was undone is forgotten."""
        row = self._row(lambda one: one.feature == stroke.feature)
        before = self.strokes[row] if row < len(self.strokes) else None
        return self._with(Step(row, before, stroke))

    def drop(self, feature: str) -> Variant:
        """Take a stroke away; what is not there is left alone."""
        row = self._row(lambda one: one.feature == feature)
        return self if row == len(self.strokes) else self._with(Step(row, self.strokes[row], None))

    def undo(self) -> Variant:
        """Take the last step back, if there is one."""
        return replace(self, at=max(0, self.at - 1))

    def redo(self) -> Variant:
        """Take the step again that was taken back last, if there is one."""
        return replace(self, at=min(len(self.steps), self.at + 1))

    def about(self, identity: str) -> Stroke | None:
        """The stroke about a thing, if there is one."""
        return next((one for one in self.strokes if one.identity == identity), None)

    def free_name(self, tool: str, taken: Iterable[str] = ()) -> str:
        """A name that no stroke of any step has had, and that is not taken: ``bench-1``, ``bench-2``, …"""
        used = {*taken, *(one.feature for step in self.steps for one in (step.before, step.after) if one is not None)}
        return next(name for number in range(1, len(used) + 2) if (name := f"{tool}-{number}") not in used)

    def _row(self, fits: Callable[[Stroke], bool]) -> int:
        return next((row for row, one in enumerate(self.strokes) if fits(one)), len(self.strokes))

    def _with(self, step: Step) -> Variant:
        if step.before == step.after:
            return self
        return Variant(self.name, (*self.steps[: self.at], step), self.at + 1)
