"""How meeting spaces are filled on paper: by the one scale of all maps, or by how they differ within the estate.

Where most share a class of the common scale, one colour would cover nearly all of them; then classes as narrow as the
estate needs are filled in another hue, which nobody holds against another map. ``scale.js`` does the same on the page.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spatial.maps.style import CLASS_WIDTH, NO_SCORE, RAMP, RELATIVE_RAMP, class_of
from spatial.places.meeting_spaces import MEETING

if TYPE_CHECKING:
    import pandas as pd

POINT, MOST = 10, 1000  # a point and the whole scale in thousandths, as which scores travel


@dataclass(frozen=True)
class Fill:
    """Classes of equal width from ``least`` on, both in points of 100, and their colours, ordered in lightness."""

    colours: tuple[str, ...] = RAMP
    least: int = 0
    width: int = CLASS_WIDTH

    @property
    def relative(self) -> bool:
        """Whether it shows differences within an estate, and cannot be compared with other maps."""
        return self.colours is not RAMP

    def class_of(self, score: float) -> int | None:
        """Class of a score in [0, 1], from 0; None where there is no score.

        Examples
        --------
        >>> [Fill(RELATIVE_RAMP, 42, 6).class_of(score) for score in (0.42, 0.4799, 0.72, float("nan"))]
        [0, 1, 4, None]
        """
        if np.isnan(score):
            return None
        return min(max((round(score * MOST) - self.least * POINT) // (self.width * POINT), 0), len(self.colours) - 1)

    def colour_of(self, score: float) -> str:
        """Colour of a score in [0, 1], as ``#rrggbb``."""
        found = self.class_of(score)
        return NO_SCORE if found is None else self.colours[found]

    def steps(self, table: pd.DataFrame) -> list[tuple[str, str]]:
        """Colour and points, such as "42–48", of the classes in which some meeting space of a table lies."""
        found = {self.class_of(score) for score in scored(table)}
        ends = [self.least + k * self.width for k in range(len(self.colours) + 1)]
        return [(colour, f"{ends[k]}–{ends[k + 1]}") for k, colour in enumerate(self.colours) if k in found]


COMMON = Fill()


def scored(table: pd.DataFrame) -> list[float]:
    """Scores in [0, 1] of what is filled by its score: the meeting spaces that have one."""
    shown = table[table["status"] == MEETING] if "status" in table else table
    return [float(score) for score in shown["floating"].dropna()]


def fill_of(table: pd.DataFrame) -> Fill:
    """The fill that shows most: the common scale, or one of the estate's own where most share a class of that.

    Its ends are whole points: the least below all scores, the width the least with which the classes hold them all.
    """
    scores = scored(table)
    if len(set(scores)) < 2 or Counter(map(class_of, scores)).most_common(1)[0][1] * 2 <= len(scores):
        return COMMON
    least, most = (round(end * MOST) for end in (min(scores), max(scores)))
    start = least // POINT
    width = max(1, -(-(most + 1 - start * POINT) // (len(RELATIVE_RAMP) * POINT)))
    return Fill(RELATIVE_RAMP, max(0, min(start, MOST // POINT - width * len(RELATIVE_RAMP))), width)
