"""Tell which other weights would turn the verdict on a plan, in words and as data. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from spatial.core.languages import in_sentence, texts, whole_percent
from spatial.core.model import ASPECTS
from spatial.plans.verdict import Turn
from spatial.scoring.combining import aspect_weights

# A point of 100: what a home may lose without being worse off.
POINT = 1.0
# A weight that moves by less is not told.
TOLD_WEIGHT = 0.005


def turn_as_data(found: Turn | None, before: Any) -> dict[str, Any] | None:
    """What would turn the verdict, as plain data; weights of 100. ``before`` is the result today."""
    if found is None:
        return None
    now = aspect_weights(before.rubric)
    return {
        "moved_share": None if np.isnan(found.moved_share) else round(found.moved_share, 4),
        "weights_before": {name: round(float(w) * 100, 1) for name, w in zip(ASPECTS, now, strict=True)},
        "weights": {name: round(float(w) * 100, 1) for name, w in zip(ASPECTS, found.weights, strict=True)},
        "median_before": round(found.median_before * 100, 1),
        "median_after": round(found.median_after * 100, 1),
        "proven": found.proven,
    }


def turn_in_words(found: Mapping[str, Any] | None, *, lang: str) -> str:
    """Say what would turn the verdict."""
    words = texts(lang)
    say = words["compare"]
    if found is None:
        return str(say["no_turn"])
    if found["moved_share"] is None:
        return str(say["turn_not_found"])
    moves = [
        say["weight"].format(
            aspect=in_sentence(words["aspect"][name]["title"], words), before=round(old), after=round(new)
        )
        for name, old, new in ((name, found["weights_before"][name], found["weights"][name]) for name in ASPECTS)
        if abs(new - old) > TOLD_WEIGHT * 100
    ]
    loses = found["median_after"] > found["median_before"] - POINT
    told = say["turn_loses" if loses else "turn"].format(
        share=whole_percent(found["moved_share"]),
        weights=", ".join(moves),
        before=round(found["median_before"]),
        after=round(found["median_after"]),
    )
    return told if found["proven"] else f"{told} {say['not_proven']}"
