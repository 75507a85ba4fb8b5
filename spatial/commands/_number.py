"""Numbers as options within bounds, which are told as people write them: 1–50, and not 1<=x<=50."""

from __future__ import annotations

import click


class Whole(click.IntRange):
    """A whole number within bounds."""

    def _describe_range(self) -> str:
        """The bounds, in help and when a number lies beyond them; click asks for them by this name."""
        return told(self.min, self.max)


class Decimal(click.FloatRange):
    """A number within bounds."""

    def _describe_range(self) -> str:
        """As for a whole number."""
        return told(self.min, self.max)


def told(lowest: float | None, highest: float | None) -> str:
    """Bounds as people write them.

    Examples
    --------
    >>> told(1, 50), told(0, None), told(None, 2.5)
    ('1–50', '≥ 0', '≤ 2.5')
    """
    if lowest is None:
        return f"≤ {highest}"
    return f"≥ {lowest}" if highest is None else f"{lowest}–{highest}"
