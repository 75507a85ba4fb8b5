"""Who counts where and when: rounds that give every place the same share of hours, days and observers. Pure.

A score that is counted in the evening sun and another on grey mornings cannot be told from the hour. So each round
visits every place once; rounds begin at another stop each time and go the other way every second time, so that no
place always comes first; a round begins when the one before has ended, so that two never meet at a place by chance;
observers take turns; and in some rounds two walk together and count without speaking, by which it is known how far
counts can be relied on.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

DAYS = ("weekday_1", "weekday_2", "saturday", "sunday")
# Between two rounds, so that the last visit of one and the first of the next to a place are never taken for one.
PAUSE_MIN = 10
COLUMNS = ["round", "day", "begins", "turn", "at", "location_id", "observers"]


def rounds(
    places: Sequence[str], *, begins: Sequence[str], observers: Sequence[str], paired: int, minutes: float = 0.0
) -> pd.DataFrame:
    """Plan the rounds of a study: one row a visit.

    Parameters
    ----------
    places
        Ids of meeting spaces in the order of the round.
    begins
        When rounds begin, on each of ``DAYS``.
    observers
        Their codes, who take turns.
    paired
        How many rounds two observers walk together, spread over the study.
    minutes
        How long a round takes, counting and walking.

    Returns
    -------
    DataFrame
        ``round`` from 1, ``day``, ``begins``, ``turn`` from 1 in the round, ``at`` (about when), ``location_id``,
        ``observers``.

    Examples
    --------
    >>> plan = rounds(["a", "b"], begins=["10:00"], observers=["A", "B"], paired=1)
    >>> plan[["round", "location_id", "observers"]].to_numpy().tolist()[:4]
    [[1, 'a', 'A+B'], [1, 'b', 'A+B'], [2, 'b', 'A'], [2, 'a', 'A']]
    """
    count, each = len(DAYS) * len(begins), minutes / max(len(places), 1)
    together = {(i * count // paired + i) % count for i in range(paired)} if len(observers) > 1 else set()
    rows: list[tuple[int, str, str, int, str, str, str]] = []
    ended = 0.0
    for number in range(count):
        day, at = divmod(number, len(begins))
        begun = max(_minutes(begins[at]), ended if at else 0.0)
        ended = begun + minutes + PAUSE_MIN
        # Turns shift by a day, so that nobody always has the evenings.
        first = (number + day) % len(observers)
        who = observers[first]
        if number in together:
            who = "+".join(sorted((who, observers[(first + 1) % len(observers)])))
        for turn, place in enumerate(_order(places, number, count), 1):
            rows.append((number + 1, DAYS[day], begins[at], turn, _clock(begun + each * (turn - 1)), place, who))
    return pd.DataFrame(rows, columns=COLUMNS)


def _minutes(clock: str) -> float:
    """Minutes since midnight."""
    hour, minute = map(int, clock.split(":"))
    return 60.0 * hour + minute


def _clock(minutes: float) -> str:
    """So many minutes after midnight as a clock, to five minutes."""
    whole = 5 * round(minutes / 5)
    return f"{whole // 60 % 24:02d}:{whole % 60:02d}"


def _order(places: Sequence[str], number: int, count: int) -> list[str]:
    """The closed round from another stop each time, and the other way every second time."""
    start = round(number // 2 * len(places) / max(count // 2, 1))
    turned = [*places[start:], *places[:start]]
    return turned[::-1] if number % 2 else turned
