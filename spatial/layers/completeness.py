"""How many things of a kind are not mapped: two lists of one kind tell it, as catching animals twice does. Pure.

Of ``first`` things in one list and ``second`` in the other ``both`` are the same. Chapman's estimator of how many there
are, N = (n₁ + 1)(n₂ + 1) / (m + 1) − 1, holds where the lists miss things independently of each other and the ground is
the same. Where what one list holds is likelier to be in the other, there are more than it says. Where there is no
second list a range is stated in ``tags.toml``.

References
----------
Chapman (1951), Some properties of the hypergeometric distribution with applications to zoological sample censuses;
Seber (1982), The Estimation of Animal Abundance, eq. 3.4 (variance); Chao (1987), Biometrics 43, 783 (interval).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import ceil, exp, log, sqrt
from typing import Any

NORMAL_95 = 1.96
# A kind of which fewer are in both lists is not estimated: the interval would say nothing.
MIN_BOTH = 3
FRACTION_NEAR = 0.05


@dataclass(frozen=True)
class TwoLists:
    """How many things of a kind two lists hold on the ground that both cover, and how many are in both."""

    kind: str
    source_id: str
    first: int
    second: int
    both: int

    @property
    def known(self) -> int:
        """How many different things the two lists know."""
        return self.first + self.second - self.both


@dataclass(frozen=True)
class Completeness:
    """How many things of a kind there are for each that is known: low, best and high, all at least 1.

    ``lists`` are the two lists; None where the range is only stated.
    """

    kind: str
    low: float
    best: float
    high: float
    lists: TwoLists | None = None

    @property
    def mapped_share(self) -> float:
        """Share of all things of the kind that is known, in (0, 1]."""
        return 1.0 / self.best

    @property
    def described(self) -> dict[str, Any]:
        """What the manifest says of it: counts of the lists, and how many there are for each that is known."""
        told = {} if self.lists is None else {**asdict(self.lists), "known": self.lists.known}
        return {
            "kind": self.kind,
            "stated": self.lists is None,
            "low": self.low,
            "best": self.best,
            "high": self.high,
        } | told


def estimate_total(lists: TwoLists) -> tuple[float, float, float]:
    """Low, best and high (95 %) of how many things there are.

    The interval is log-normal in what is not known, so that it never falls below what is.

    Examples
    --------
    Of 20 and 15 things 5 are in both: 21 · 16 / 6 − 1 = 55.

    >>> low, best, high = estimate_total(TwoLists("bench", "register", 20, 15, 5))
    >>> best, low > 30, high < 120
    (55.0, True, True)
    """
    a, b, m, known = lists.first, lists.second, lists.both, lists.known
    best = max((a + 1) * (b + 1) / (m + 1) - 1, float(known))
    variance = (a + 1) * (b + 1) * (a - m) * (b - m) / ((m + 1) ** 2 * (m + 2))
    unseen = best - known
    if unseen <= 0 or variance <= 0:
        return float(known), best, best
    spread = exp(NORMAL_95 * sqrt(log(1 + variance / unseen**2)))
    return known + unseen / spread, best, known + unseen * spread


def completeness_by_kind(
    lists: Iterable[TwoLists], stated: Mapping[str, Sequence[float]], held: Counter[str]
) -> dict[str, Completeness]:
    """How complete each kind is that is known or stated: of several pairs of lists the one with most in both.

    Parameters
    ----------
    stated
        Shares (low, high) that are mapped, by kind, where no second list says it.
    held
        How many of each kind are known; what a range is stated of and of which there is none is left out.
    """
    found = {
        kind: Completeness(kind, 1.0 / high, 2.0 / (low + high), 1.0 / low)
        for kind, (low, high) in sorted(stated.items())
        if held[kind]
    }
    for pair in sorted(lists, key=lambda one: (one.kind, one.both, one.source_id)):
        if pair.both >= MIN_BOTH:
            low, best, high = (total / pair.known for total in estimate_total(pair))
            found[pair.kind] = Completeness(pair.kind, low, best, high, pair)
    return found


def as_fraction(share: float) -> tuple[int, int]:
    """Write a share as so many of so few: the fewest that come within .05 of it.

    Examples
    --------
    >>> as_fraction(0.77), as_fraction(0.5), as_fraction(0.02), as_fraction(0.9)
    ((3, 4), (1, 2), (0, 2), (9, 10))
    """
    tried = ((round(share * of), of) for of in (2, 3, 4, 5, 10))
    return next((n, of) for n, of in tried if abs(n / of - share) <= FRACTION_NEAR or of == 10)


def unmapped_at_most(count: float, completeness: Completeness | None, at_least: float) -> float:
    """How many things of a kind may stand unmapped where so many are mapped: as many as stated, or as the lists say.

    Examples
    --------
    >>> lists = TwoLists("bench", "register", 20, 15, 5)
    >>> unmapped_at_most(4, None, 3), unmapped_at_most(4, Completeness("bench", 1.0, 2.0, 3.0, lists), 3)
    (3, 8)
    """
    if completeness is None or completeness.lists is None:
        return at_least
    return max(at_least, ceil(count * (completeness.high - 1.0) - 1e-9))
