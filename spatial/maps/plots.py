"""Draw a result for a paper or a notebook by matplotlib; readable in grey, in Danish or English.

What is known is a filled mark, what is not known a hatched one; lightness follows the score, and
every value stands beside its mark in figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from spatial.core.errors import InputError
from spatial.core.languages import texts
from spatial.core.messages import spelling_hint
from spatial.core.model import ASPECTS, FLOATING, Result
from spatial.maps import style
from spatial.places import naming

if TYPE_CHECKING:
    from matplotlib.axes import Axes


SHOWN = 15
NAME_LETTERS = 46
ROW_INCHES, HEAD_INCHES, WIDTH_INCHES = 0.32, 1.3, 9.0
INK, PALE = "#22313a", "#8b979d"
MOST_POINTS = 100


class Plots:
    """The pictures of one result: ``result.plot.ranking()`` and its siblings.

    Each draws on ``ax``, or on a new figure, and returns the axes, so that anything can be changed
    afterwards or saved: ``result.plot.ranking().figure.savefig("ranking.pdf")``.
    """

    def __init__(self, result: Result) -> None:
        self._result = result

    def __repr__(self) -> str:
        """Name the pictures there are."""
        return "Plots(ranking(), aspects(place), uncertainty())"

    def ranking(self, *, most: int = SHOWN, lang: str = "da", ax: Axes | None = None) -> Axes:
        """Draw the best meeting spaces: score from 0 to 100 with its interval, the best on top.

        Parameters
        ----------
        most
            How many meeting spaces are shown. Those without a rank come last, hatched.
        lang
            ``"da"`` or ``"en"``.
        ax
            Axes to draw on; None makes a figure.
        """
        table = self._spaces(most, lang)
        say = texts(lang)["plot"]
        ax = _axes(ax, len(table), say["ranking"], say["score"])
        low, best, high = (table[f"{FLOATING}{end}"].to_numpy(float) * MOST_POINTS for end in ("_low", "", "_high"))
        for y, (known, row_low, score, row_high) in enumerate(zip(table["rank"].notna(), low, best, high, strict=True)):
            _span(ax, y, row_low, row_high)
            _bar(ax, y, score, known=known)
            ax.text(row_high + 1, y, f"{score:.0f}", va="center", color=INK, fontsize=9)
        ax.set_xlim(0, MOST_POINTS + 5)
        return _named(ax, [self._numbered(row, say) for _, row in table.iterrows()])

    def aspects(self, place_id: str, *, lang: str = "da", ax: Axes | None = None) -> Axes:
        """Draw the five aspects of a place or a meeting space, each from 0 to 100 with its interval.

        Raises
        ------
        InputError
            If there is no such place; near ids are suggested.
        """
        row = _row(self._result, place_id)
        words = texts(lang)
        name = naming.names_of(self._result, lang)[place_id]
        title = words["plot"]["aspects"].format(name=name, known=round(float(row["coverage"]) * MOST_POINTS))
        names = (FLOATING, *ASPECTS)
        ax = _axes(ax, len(names), title, words["plot"]["score"])
        for y, aspect in enumerate(names):
            low, best, high = (float(row[f"{aspect}{end}"]) * MOST_POINTS for end in ("_low", "", "_high"))
            _span(ax, y, low, high)
            _bar(ax, y, best, known=aspect != FLOATING or not pd.isna(row["rank"]))
            ax.text(high + 1, y, f"{best:.0f} ({low:.0f}–{high:.0f})", va="center", color=INK, fontsize=9)
        ax.set_xlim(0, MOST_POINTS + 18)
        _named(ax, [words["aspect"][aspect]["title"] for aspect in names])
        ax.axhline(0.5, color=PALE, linewidth=0.8)
        return ax

    def uncertainty(self, *, most: int = SHOWN, lang: str = "da", ax: Axes | None = None) -> Axes:
        """Draw how sure the order is: the rank of each meeting space, and where it lies in nine draws of ten.

        The draws are those of weights and unknown facts behind ``rank_p05`` and ``rank_p95``. The
        share that is known stands beside.
        """
        table = self._spaces(most, lang)
        say = texts(lang)["plot"]
        ax = _axes(ax, len(table), say["uncertainty"], say["rank"])
        last = max(2, int(self._result.meeting_spaces["rank"].count()))
        for y, (_, row) in enumerate(table.iterrows()):
            if pd.isna(row["rank"]):
                ax.barh(y, last - 1, left=1, height=0.5, facecolor="none", edgecolor=PALE, hatch="////", linewidth=0.5)
            else:
                ax.plot([row["rank_p05"], row["rank_p95"]], [y, y], color=INK, linewidth=2, solid_capstyle="butt")
                ax.plot(row["rank"], y, "o", color="white", markeredgecolor=INK, markersize=7)
            known = texts(lang)["format"]["percent"].format(round(row["coverage"] * MOST_POINTS))
            ax.text(last + 0.6, y, known, va="center", color=INK, fontsize=9)
        ax.text(last + 0.6, -0.9, say["known"], va="bottom", color=INK, fontsize=9)
        ax.set_xlim(0.5, last * 1.12 + 1)
        return _named(ax, [self._numbered(row, say) for _, row in table.iterrows()])

    def _spaces(self, most: int, lang: str) -> pd.DataFrame:
        """The first meeting spaces by rank, those without one last, with the names of the map."""
        if most < 1:
            raise InputError("plot.most", found=most)
        table = self._result.meeting_spaces
        if table.empty:
            raise InputError("plot.nothing", estate=self._result.estate.name)
        order = table.assign(_best=-table[FLOATING]).sort_values(["rank", "_best"], na_position="last", kind="stable")
        shown = order.head(most)
        return pd.DataFrame(shown.drop(columns=["geometry", "_best"])).assign(title=self._names(lang)[shown.index])

    def _names(self, lang: str) -> pd.Series:
        """Names of all meeting spaces, as the map has them."""
        table = self._result.meeting_spaces
        return pd.Series(naming.names_in_order(table.index, naming.names_of(self._result, lang)), index=table.index)

    @staticmethod
    def _numbered(row: Mapping[str, Any] | pd.Series, say: Mapping[str, str]) -> str:
        name = str(row["title"])
        short = name if len(name) <= NAME_LETTERS else name[: NAME_LETTERS - 1].rstrip() + "…"
        return f"{short}   –" if pd.isna(row["rank"]) else f"{short}  {int(row['rank']):>2}"


def _row(result: Result, place_id: str) -> pd.Series:
    for table in (result.meeting_spaces, result.places):
        if place_id in table.index:
            return table.loc[place_id]
    known = [*result.meeting_spaces.index, *result.places.index]
    raise InputError("plot.unknown", place=place_id, hint=spelling_hint(str(place_id), map(str, known)))


def _axes(ax: Axes | None, rows: int, title: str, label: str) -> Axes:
    if ax is None:
        from matplotlib import pyplot

        _, ax = pyplot.subplots(figsize=(WIDTH_INCHES, HEAD_INCHES + ROW_INCHES * rows), layout="constrained")
    ax.set_title(title, loc="left", fontsize=11, color=INK)
    ax.set_xlabel(label, color=INK)
    return ax


def _bar(ax: Axes, y: int, score: float, *, known: bool) -> None:
    """A bar from nothing to the best estimate: as light as its class on the map; hatched without a rank."""
    colour = style.colour_of(score / MOST_POINTS)
    ax.barh(y, score, height=0.6, color=colour, edgecolor=INK, linewidth=0.6, hatch=None if known else "////")


def _span(ax: Axes, y: int, low: float, high: float) -> None:
    """The interval from the worst to the best answer to what is not known, over the bar."""
    ax.plot([low, high], [y, y], color=INK, linewidth=1.2, marker="|", markersize=8, zorder=3)


def _named(ax: Axes, names: list[str]) -> Axes:
    ax.set_yticks(np.arange(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.9)
    ax.tick_params(axis="y", length=0, labelcolor=INK)
    ax.grid(axis="x", color="#dde3e6", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right", "left"]].set_visible(False)
    return ax
