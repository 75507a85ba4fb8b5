"""What architects call the layers of their drawings, and what they write in them, from ``drawing_words.toml``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from spatial.settings.loading import load_toml

Words = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class DrawingWords:
    """Words for what is counted (by column), done, shown (layers and kinds of a plan), and no part of a plan.

    ``columns`` are Danish words for columns of a plan, which mean nothing there, and the columns that were meant.
    """

    columns: Mapping[str, str]
    counted: Words
    action: Words
    layer: Words
    kind: Words
    ignore: Words


@cache
def drawing_words() -> DrawingWords:
    """Return the bundled words."""
    return DrawingWords(**load_toml(None, "drawing_words.toml"))
