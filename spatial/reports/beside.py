"""The section of a plan's report on the other plans."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from spatial.render.document import Block, Cell, Column, Heading, Paragraph, Table
from spatial.reports.wording import Words

COLUMNS = ("median_after", "worst_lens_median_after", "losing", "demolished", "spaces_lost")
SCORES = COLUMNS[:2]


def section(rows: Sequence[Mapping[str, Any]], own: str, words: Words) -> list[Block]:
    """Plans side by side, and which of them another is better than in everything; nothing without others.

    Parameters
    ----------
    rows
        As ``spatial.plan_words.alternatives`` gives them.
    own
        The plan of this report.
    """
    if len(rows) < 2:
        return []
    say, shared = words.report["plan"]["beside"], words.shared["alternatives"]
    columns = (Column(say["plan"], 4), *(Column(say[name], 2.6, number=True) for name in COLUMNS))
    beaten = [
        shared["dominated"].format(plan=row["plan"], others=words.join(row["dominated_by"]))
        for row in rows
        if row["dominated_by"]
    ]
    return [
        Heading(say["title"]),
        Paragraph(say["intro"]),
        Table(say["caption"], columns, [_row(row, own, words) for row in rows]),
        *(Paragraph(text) for text in beaten or [shared["none_dominated"]]),
        Paragraph(shared["criteria"], "note"),
    ]


def _row(row: Mapping[str, Any], own: str, words: Words) -> list[Cell]:
    mine = row["plan"] == own
    name = Cell(str(row["plan"]), strong=mine, quiet=words.say("plan.beside.this") if mine else "")
    return [name, *(Cell(_told(name_, row[name_], words)) for name_ in COLUMNS)]


def _told(column: str, value: float | None, words: Words) -> str:
    if value is None:
        return str(words.shared["alternatives"]["not_known"])
    return words.number(value) if column in SCORES else words.homes(value)
