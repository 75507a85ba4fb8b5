"""The sections of a plan's report on its alternatives and on the years of building."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spatial.core.languages import first_capital
from spatial.plans.alternatives import CRITERIA
from spatial.reports.document import Block, Cell, Column, Heading, Paragraph, Table
from spatial.reports.figures import state_box
from spatial.reports.sections import Words, shortened
from spatial.texts.timeline import lenses_by_phase


@dataclass(frozen=True)
class Alternatives:
    """Plans side by side, as ``spatial.texts.alternatives`` gives them as data; ``own`` is that of the report."""

    rows: Sequence[Mapping[str, Any]]
    own: str


def alternatives_section(alternatives: Alternatives | None, words: Words) -> list[Block]:
    """Plans side by side, and which of them another is better than in everything; nothing without others."""
    if alternatives is None or len(alternatives.rows) < 2:
        return []
    rows, own = alternatives.rows, alternatives.own
    say, shared = words.report["plan"]["beside"], words.shared["alternatives"]
    columns = (Column(say["plan"], 4), *(Column(shared["column"][name], 2.2, number=True) for name in CRITERIA))
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
    return [name, *(Cell(_told(row[column], words)) for column in CRITERIA)]


def _told(value: float | None, words: Words) -> str:
    if value is None:
        return str(words.shared["alternatives"]["not_known"])
    return words.number(value)


SPACES = 14  # rows of the table of meeting spaces
OPEN = "open"


def timeline_section(phases: Mapping[str, Any] | None, words: Words) -> list[Block]:
    """The phases of a plan and the meeting spaces that are not open in all of them; nothing without phases.

    Parameters
    ----------
    phases
        As ``spatial.texts.timeline.timeline_as_data`` gives it.
    """
    if phases is None or len(phases["phases"]) < 2:
        return []
    say = words.report["plan"]["timeline"]
    lenses = lenses_by_phase(phases["phases"])
    columns = (
        Column(say["phase"], 3), Column(say["lasts"], 2), Column(say["open"], 2.4, number=True),
        Column(say["shut"], 2.4, number=True), Column(say["losing"], 3, number=True),
        *(Column(first_capital(words.shared["lens_as"][lens]), 2.2, number=True) for lens in lenses),
        Column(say["median"], 2.6, number=True),
    )  # fmt: skip
    table = Table(say["caption"], columns, [_phase(row, lenses, words) for row in phases["phases"]])
    shut = [row for row in phases["spaces"] if any(state != OPEN for state in row["states"])]
    blocks: list[Block] = [Heading(say["title"]), Paragraph(say["intro"]), table]
    if not shut:
        return [*blocks, Paragraph(say["none"])]
    titles = [_title(row, words) for row in phases["phases"]]
    columns_of_spaces = [Column(words.say("plan.changes.place"), 6), *(Column(title, 2.6) for title in titles)]
    rows = [_space(row, words) for row in shut[:SPACES]]
    return [*blocks, Table(say["spaces_caption"], columns_of_spaces, rows)]


def _title(row: Mapping[str, Any], words: Words) -> str:
    """A phase by its number and, where that says more, its name."""
    own = str(row["name"])
    return own if own == str(row["phase"]) else words.say("plan.timeline.named", phase=row["phase"], name=own)


def _phase(row: Mapping[str, Any], lenses: Sequence[str], words: Words) -> list[Cell]:
    years = row["years"]
    number = "" if years is None else words.number(years, int(bool(years % 1)))
    return [
        Cell(_title(row, words), strong=True),
        Cell(words.say("plan.timeline.years", n=number) if number else "–"),
        Cell(words.number(row["spaces_open"])),
        Cell(words.number(row["spaces_shut"])),
        Cell(words.number(row["losing"])),
        *(Cell(words.number(row.get(f"losing_{lens}", float("nan")))) for lens in lenses),
        Cell("–" if row["median_after"] is None else str(row["median_after"])),
    ]


def _space(row: Mapping[str, Any], words: Words) -> list[Cell]:
    return [Cell(shortened(row["called"][words.lang])), *(_state(state, words) for state in row["states"])]


def _state(state: str, words: Words) -> Cell:
    return Cell(words.say(f"plan.timeline.state.{state}"), figure=state_box(state))
