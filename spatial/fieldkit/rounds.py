"""Who counts where and when: rounds that give every place the same share of hours, days and observers. Pure.

A score that is counted in the evening sun and another on grey mornings cannot be told from the hour. So each round
visits every place once; rounds begin at another stop each time, and go the other way on every second day, so that no
place always comes first; observers take turns, begin when their last round is done, and never come to a place where
another is by chance; and in some rounds two walk together and count without speaking, by which it is known how far
counts can be relied on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

DAYS = ("weekday_1", "weekday_2", "saturday", "sunday")
# Who come to a place so soon after each other would be taken for two at once (5 minutes, and twice half of that, since
# clocks are told to five minutes), so a round is put off by steps.
APART_MIN, LATER_MIN = 12.5, 5.0
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
    for day, name in enumerate(DAYS):
        free: dict[str, float] = {}
        reached: list[dict[str, float]] = []
        for at, begin in enumerate(begins):
            number = day * len(begins) + at
            # Turns shift by a day, so that nobody always has the evenings.
            first = (number + day) % len(observers)
            who = sorted({observers[first], observers[(first + (number in together)) % len(observers)]})
            order = _order(places, day // 2 * len(begins) + at, count // 2, turned=day % 2 == 1)
            soonest = max(_minutes(begin), *(free.get(one, 0.0) for one in who))
            times = _apart({place: soonest + each * turn for turn, place in enumerate(order)}, reached)
            reached.append(times)
            free |= dict.fromkeys(who, times[order[0]] + minutes) if order else {}
            rows += [
                (number + 1, name, begin, turn, _clock(times[place]), place, "+".join(who))
                for turn, place in enumerate(order, 1)
            ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _apart(times: dict[str, float], others: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """These times, put off until no place is reached when others are there."""
    while any(abs(at - other[place]) < APART_MIN for other in others for place, at in times.items()):
        times = {place: at + LATER_MIN for place, at in times.items()}
    return times


def _minutes(clock: str) -> float:
    """Minutes since midnight."""
    hour, minute = map(int, clock.split(":"))
    return 60.0 * hour + minute


def _clock(minutes: float) -> str:
    """So many minutes after midnight as a clock, to five minutes."""
    whole = 5 * round(minutes / 5)
    return f"{whole // 60 % 24:02d}:{whole % 60:02d}"


def _order(places: Sequence[str], number: int, count: int, *, turned: bool) -> list[str]:
    """The closed round, from another stop each time, and the other way where it is turned."""
    start = round(number * len(places) / max(count, 1))
    order = [*places[start:], *places[:start]]
    return order[::-1] if turned else order
