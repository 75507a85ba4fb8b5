"""The sections of a plan's report on homes: who loses and gains, what there is to choose from, and by each lens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from spatial.core.model import Result
from spatial.plans.comparison import Comparison
from spatial.plans.home_changes import LOSING, seen_through
from spatial.reports import figures, sections
from spatial.reports.document import Block, Cell, Column, Figures, Heading, Paragraph, Table
from spatial.reports.figures import moved
from spatial.reports.sections import Words
from spatial.settings import lenses as settings_lenses
from spatial.texts import plans as texts_plans

BUILDINGS = 8


def homes_section(
    before: Result, after: Result, found: Comparison, said: Mapping[str, Any], words: Words
) -> list[Block]:
    """The map of the buildings that lose and gain, and those hit hardest: through the lens that loses most."""
    say = words.report["plan"]["homes"]
    worst, lens = said["worst_off"], said["worst_off_as"]
    homes = seen_through(found.homes, lens)
    shown = worst[:BUILDINGS]
    letters = {name: chr(ord("A") + k) for k, name in enumerate(dict.fromkeys(str(row["building"]) for row in shown))}
    sums = homes.groupby("state")["dwellings"].sum()
    counts = {name: words.number(round(sums.get(name, 0.0))) for name in (LOSING, "winning", "demolished")}
    figure = figures.homes_map(
        before, after, states(homes), letters, sections.map_words(words), labels=say,
        alt=say["alt"].format(estate=before.estate.name, **counts), caption=say["caption"] if shown else "",
    )  # fmt: skip
    intro = say["intro"].format(lens=words.shared["lens_as"][lens or "adult"])
    blocks: list[Block] = [Heading(say["title"]), Paragraph(intro), Figures([figure])]
    if not shown:
        return [*blocks, Paragraph(say["nobody"])]
    columns = (
        Column(say["building"], 5), Column(say["homes"], 2, number=True), Column(say["stairwells"], 2, number=True),
        Column(say["best"], 6),
    )  # fmt: skip
    rows = [_building(row, letters[str(row["building"])], words) for row in shown]
    more = [Paragraph(say["rest"].format(n=len(worst) - len(shown)), "note")] if len(worst) > len(shown) else []
    return [*blocks, Table(say["worst_caption"], columns, rows), *more]


def states(homes: pd.DataFrame) -> pd.Series:
    """What becomes of each building: losing where any of its homes loses, else what most of them do."""

    def of(group: pd.DataFrame) -> str:
        if (group["state"] == LOSING).any():
            return LOSING
        counts = group.groupby("state")["dwellings"].sum().sort_index()
        return str(counts.idxmax())

    if not len(homes):
        return pd.Series([], dtype=object)
    groups = homes[["building", "state", "dwellings"]].groupby("building")
    return pd.Series({str(building): of(group) for building, group in groups}, dtype=object)


def _building(row: Mapping[str, Any], letter: str, words: Words) -> list[Cell]:
    change = words.moved(row["before"], row["after"])
    return [
        Cell(letter, strong=True, quiet=texts_plans.building_at(row, words.shared) if row["street"] else ""),
        Cell(words.number(row["dwellings"])),
        Cell(str(row["stairwells"])),
        Cell(change, strong=True, figure=moved(row["before"] / 100, row["after"] / 100)),
    ]


def choices_section(said: Mapping[str, Any], words: Words) -> list[Block]:
    """How many homes have none, one, two or more good meeting places."""
    say = words.report["plan"]["choices"]
    columns = (Column(say["good"], 4), *(Column(say[when], 3, number=True) for when in ("today", "after")))
    rows = [
        [Cell(say["most"].format(n=n) if n == said["choices"][-1][0] else str(n)), *map(_whole(words), (was, then))]
        for n, was, then in said["choices"]
    ]
    good = words.hundred(settings_lenses.lenses().good_score)
    return [Heading(say["title"]), Paragraph(say["intro"].format(good=good)), Table(say["caption"], columns, rows)]


def _whole(words: Words) -> Callable[[float], Cell]:
    return lambda count: Cell(words.number(count))


def lenses_section(found: Comparison, words: Words) -> list[Block]:
    """What the plan does to the homes as one gets about, where most lose first."""
    if not found.lenses:
        return []
    say = words.report["plan"]["lenses"]
    columns = (
        Column(say["lens"], 5.5), Column(say["losing"], 2, number=True), Column(say["winning"], 2, number=True),
        Column(say["median"], 5),
    )  # fmt: skip
    rows = []
    for lens in sorted(found.lenses, key=lambda lens: (-round(lens.dwellings["losing"]), lens.id)):
        about = words.shared["lens"][lens.id]
        known = not np.isnan(lens.median_before)
        change = words.moved(words.hundred(lens.median_before), words.hundred(lens.median_after))
        rows.append(
            [
                Cell(about["title"], strong=True, quiet=about["text"]),
                Cell(words.number(lens.dwellings["losing"])),
                Cell(words.number(lens.dwellings["winning"])),
                Cell(change if known else "–", figure=moved(lens.median_before, lens.median_after) if known else None),
            ]
        )
    return [Heading(say["title"]), Paragraph(say["intro"]), Table(say["caption"], columns, rows)]
