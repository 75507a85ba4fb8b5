"""What a figure is drawn with: the same strokes on paper (``_sheet_ink``) and in a page (``_svg_ink``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy.typing as npt


class Pen(Protocol):
    """Draws in millimetres from the lower left corner; sizes of letters are in points."""

    def shapes(
        self, geometries: npt.NDArray[Any], *, fill: str | None = None, line: str | None = None, width: float = 0.1,
        dash: Sequence[float] = (), cap: int = 0,
    ) -> None:  # fmt: skip
        """Draw lines and polygons as one path."""

    def hatch(self, geometry: Any, *, line: str, width: float, every: float) -> None:
        """Draw diagonal lines inside a polygon."""

    def rect(
        self, left: float, bottom: float, width: float, height: float, *,
        fill: str | None = None, line: str | None = None, weight: float = 0.18,
    ) -> None:  # fmt: skip
        """Draw a rectangle."""

    def rule(self, x1: float, y1: float, x2: float, y2: float, *, line: str, weight: float = 0.18) -> None:
        """Draw a straight line."""

    def disc(
        self, x: float, y: float, radius: float, *,
        fill: str | None = None, line: str | None = None, weight: float = 0.2,
    ) -> None:  # fmt: skip
        """Draw a circle."""

    def text(
        self, x: float, y: float, text: str, size: float, *,
        font: str = ..., colour: str = ..., at: str = ..., angle: float = ..., halo: bool = ...,
    ) -> None:  # fmt: skip
        """Write one line; ``x`` and ``y`` are the left, middle or right end of its baseline."""

    def clipped(self, left: float, bottom: float, width: float, height: float) -> None:
        """Draw only inside this rectangle until `unclipped`."""

    def unclipped(self) -> None:
        """End `clipped`."""


@dataclass(frozen=True)
class Figure:
    """A drawing of a size in millimetres, and what it shows in words for who cannot see it.

    Without ``alt`` it only repeats what stands beside it.
    """

    width: float
    height: float
    draw: Callable[[Pen], None]
    alt: str = ""
    caption: str = ""
