"""The colours of scores and the credits of sources, one for every renderer."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from spatial.core.model import NOT_STATED, Result
from spatial.places.meeting_spaces import MEETING

if TYPE_CHECKING:
    import pandas as pd

# ColorBrewer YlGnBu, five classes ordered in lightness (the lightest from the nine-class scheme, so
# that it stands out from the ground). Equal classes: maps of two estates can be laid side by side.
RAMP = ("#edf8b1", "#a1dab4", "#41b6c4", "#2c7fb8", "#253494")
# ColorBrewer Greens, for differences within one estate: another hue, so that nobody holds it against another map.
RELATIVE_RAMP = ("#e5f5e0", "#a1d99b", "#5cb974", "#238b45", "#00441b")
CLASS_WIDTH = 100 // len(RAMP)
NO_SCORE = "#d5d2cc"


def class_of(score: float) -> int | None:
    """Class of a score in [0, 1], from 0; None where there is no score.

    Examples
    --------
    >>> [class_of(score) for score in (0.0, 0.2, 0.999, 1.0, float("nan"))]
    [0, 1, 4, 4, None]
    """
    if math.isnan(score):
        return None
    # Scores travel as whole thousandths; so do their classes.
    return min(round(score * 1000) // (CLASS_WIDTH * 10), len(RAMP) - 1)


def colour_of(score: float) -> str:
    """Colour of a score in [0, 1], as ``#rrggbb``."""
    found = class_of(score)
    return NO_SCORE if found is None else RAMP[found]


def classes_in(table: pd.DataFrame) -> list[int]:
    """The classes in which some meeting space of a table lies, for legends: those of what is scored, in their order."""
    shown = table[table["status"] == MEETING]["floating"] if "status" in table else table["floating"]
    return sorted({found for found in map(class_of, shown.to_numpy(dtype=float)) if found is not None})


def named_sources(result: Result) -> list[dict[str, Any]]:
    """Sources of a result that name who made them, in the order of the manifest."""
    found = result.manifest.get("sources") or ()
    return [dict(source) for source in found if source.get("attribution") not in (None, "", NOT_STATED)]


def lines(result: Result) -> list[str]:
    """One line an attribution, with its licence: "© OpenStreetMap contributors (ODbL 1.0)"."""
    found: dict[str, str] = {}
    for source in named_sources(result):
        licence = source.get("licence")
        in_brackets = f" ({licence})" if licence not in (None, "", NOT_STATED) else ""
        found.setdefault(source["attribution"], f"{source['attribution']}{in_brackets}")
    return list(found.values())
