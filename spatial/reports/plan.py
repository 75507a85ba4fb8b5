"""The report of a plan: what becomes of the meeting places, and whose daily walk gets worse."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from spatial.core.languages import whole_percent
from spatial.core.model import FLOATING, NOT_STATED, Result
from spatial.places.whereabouts import nearest_street
from spatial.plans.answer import Answer
from spatial.plans.comparison import LOST, NEW, Comparison
from spatial.plans.home_changes import LOSING
from spatial.reports import figures, plan_states, sections
from spatial.reports.document import Block, Cell, Column, Document, Facts, Figures, Heading, Paragraph, Points, Table
from spatial.reports.estate import framed
from spatial.reports.figures import moved
from spatial.reports.plan_states import Alternatives
from spatial.reports.sections import Named, Words, shortened
from spatial.settings import lenses as settings_lenses
from spatial.texts import plan_answer
from spatial.texts import plans as texts_plans

PROMISES = 12
PLACES = 14  # rows of the table of meeting spaces
SMALL = 6  # names of those that hardly change
ITEMS = 12
BUILDINGS = 8
REASONS = 2
NOTE = 200  # letters of a note
# An id as it stands in a text of ``spatial.texts.plans``: nothing that a board looks at.
IDENTITY = re.compile(r" ?\(?\b(?:osm:\w+|plan|[\w.]+):[^\s()]*(?: \d+\b(?! m\b))?\)?")


@dataclass(frozen=True)
class PlanFindings:
    """What was found of a plan.

    ``before`` and ``after`` are the state today and after the plan, judged alike; ``comparison`` what is different;
    ``answer`` what is certain, and who bears it; ``checks`` what a visit would settle of the state after;
    ``reasons`` what each edit adds to each meeting space, None where that was not tried;
    ``verdict`` more sentences on how sure it is; ``phases`` as ``spatial.texts.plans.timeline_as_data`` gives
    them; ``alternatives`` this and other plans side by side.
    """

    before: Result
    after: Result
    comparison: Comparison
    answer: Answer
    checks: pd.DataFrame
    reasons: pd.DataFrame | None = None
    verdict: Sequence[str] = ()
    phases: Mapping[str, Any] | None = None
    alternatives: Alternatives | None = None


def plan_document(findings: PlanFindings, *, lang: str) -> Document:
    """Say what a plan does, for a board.

    Raises
    ------
    ConfigError
        If there are no texts in this language.
    """
    before, after, found = findings.before, findings.after, findings.comparison
    words = Words(lang)
    names = Named(before, words), Named(after, words)
    said = texts_plans.describe_changes(found, before, after, findings.reasons)
    certain = plan_answer.describe_answer(findings.answer, found)
    rows = _moving(said["changes"])
    blocks: list[Block] = [
        Heading(words.say("plan.answer.title")),
        Points(plan_answer.answer_sentences(certain, lang=lang), ordered=True, lead=True),
        Facts(_facts(before, after, said, words)),
        *_maps(before, after, found, rows, words),
        *_promises(certain, before, words),
        *_ground(found, before, words),
        *_changes(said["changes"], rows, names, words),
        *_homes(before, after, found, said["worst_off"], words),
        *_choices(certain, words),
        *_lenses(found, words),
        *plan_states.timeline_section(findings.phases, words),
        *_sure(said, findings.verdict, words),
        *plan_states.alternatives_section(findings.alternatives, words),
        *sections.unknown(after, findings.checks, names[1], words),
        *sections.context(after, names[1], words),
        *sections.how(after, words, first=words.say("plan.how.compared")),
        *sections.sources(after, words, more=_plan_source(after, words)),
    ]
    title = words.say("plan.title", estate=shortened(before.estate.name))
    return framed(after, words, title=title, blocks=blocks, subtitle=_subtitle(after, words))


def _plan(after: Result) -> Mapping[str, Any]:
    found: Mapping[str, Any] = after.manifest.get("plan") or {}
    return found


def _subtitle(after: Result, words: Words) -> str:
    plan = _plan(after)
    name = words.quoted(shortened(str(plan.get("name") or after.estate.name)))
    phase, phases = plan.get("phase"), list(plan.get("phases") or ())
    if phase is None or phase >= len(phases):
        return words.say("plan.subtitle", plan=name)
    return words.say("plan.subtitle_phase", plan=name, phase=words.quoted(str(phases[phase - 1])))


def _plan_source(after: Result, words: Words) -> list[Any]:
    """The file of the plan among the sources, under the plan's name where it names nobody."""
    source = _plan(after).get("source")
    if not source:
        return []
    named = words.say("plan.source", plan=words.quoted(str(_plan(after).get("name"))))
    return [source if source.get("attribution") not in (None, "", NOT_STATED) else source | {"attribution": named}]


# --- the answer ----------------------------------------------------------------------------------


def _promises(said: Mapping[str, Any], before: Result, words: Words) -> list[Block]:
    """What the plan takes away and what it promises instead, those that nothing replaces first."""
    if not said["promises"]:
        return []
    say = words.report["plan"]["promises"]
    lines = plan_answer.promise_lines(said, plan_answer.place_names(before, words.lang), lang=words.lang)
    rest = [Paragraph(say["rest"].format(n=len(lines) - PROMISES), "note")] if len(lines) > PROMISES else []
    return [Heading(say["title"]), Paragraph(say["intro"]), Points(lines[:PROMISES]), *rest]


def _choices(said: Mapping[str, Any], words: Words) -> list[Block]:
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


def _facts(before: Result, after: Result, said: Mapping[str, Any], words: Words) -> list[tuple[str, str]]:
    say = words.report["plan"]["facts"]
    counts = {"before": len(before.meeting_spaces), "after": len(after.meeting_spaces)}
    found = [(say["spaces"], say["both"].format(**counts))]
    found += [
        (say[name], words.say("facts.homes_about", n=words.number(said["dwellings"][name])))
        for name in ("demolished", "new")
        if said["dwellings"][name]
    ]
    phases = list(_plan(after).get("phases") or ())
    return [*found, (say["phases"], words.number(len(phases)))] if phases else found


# --- meeting places ------------------------------------------------------------------------------


def _moving(changes: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Meeting spaces that go or come or move by a point, those that lose most first."""

    def change(row: Mapping[str, Any]) -> float:
        return {LOST: -200.0, NEW: 200.0}.get(row["state"], float((row["after"] or 0) - (row["before"] or 0)))

    moving = [row for row in changes if row["state"] in (LOST, NEW) or row["before"] != row["after"]]
    return sorted(moving, key=change)


def _maps(
    before: Result, after: Result, found: Comparison, rows: Sequence[Mapping[str, Any]], words: Words
) -> list[Block]:
    say = words.report["plan"]["maps"]
    numbered = list(enumerate(rows[:PLACES], 1))
    numbers = [{row[key]: k for k, row in numbered if row[key] is not None} for key in ("before_id", "after_id")]
    estate = before.estate.name
    kind = sections.map_words(words)
    pair = figures.before_and_after(
        before, after, found.items, kind, numbers=(numbers[0], numbers[1]),
        alts=(say["alt_before"].format(estate=estate), say["alt_after"].format(estate=estate)),
        captions=(say["before"], say["after"]),
    )  # fmt: skip
    shown = pd.concat([table.meeting_spaces[["rank", "status", "floating"]] for table in (before, after)])
    marks = figures.Marks(say["gone"], say["new"])
    key = figures.key(kind, marks, shown, alt=words.shared["map"]["legend"]["show"])
    note = f"{say['numbers'] if rows else ''} {sections.attribution(after, words)}".strip()
    return [Heading(say["title"]), Figures(pair), Figures([key]), *([Paragraph(note, "note")] if note else [])]


def _ground(found: Comparison, before: Result, words: Words) -> list[Block]:
    """What differs on the ground, in words."""
    say = words.report["plan"]["ground"]
    streets = nearest_street(found.items, before.layers.get("paths"))
    items = found.items.drop(columns="geometry").assign(street=streets).to_dict("records")
    told = [_item(row, words) for row in items[:ITEMS]]
    more = [Paragraph(say["more"].format(n=len(items) - ITEMS))] if len(items) > ITEMS else []
    return [Heading(say["title"]), Points(told) if told else Paragraph(say["none"]), *more]


def _item(row: Mapping[Any, Any], words: Words) -> str:
    name, kind, note = (row[key] if isinstance(row[key], str) else None for key in ("name", "kind", "note"))
    text = _capital(texts_plans.edit_in_words({**row, "name": name, "kind": kind}, words.shared))
    return words.say("plan.ground.item", thing=text, note=shortened(note, NOTE)) if note else f"{text}."


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _plain(text: str) -> str:
    return " ".join(IDENTITY.sub("", text).split())


def _changes(
    changes: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], names: tuple[Named, Named], words: Words
) -> list[Block]:
    """The table of gains and losses, with reasons in words; then those that hardly move."""
    say = words.report["plan"]["changes"]
    columns = (
        Column(say["place"], 4.2), Column(say["change"], 3.4), Column(say["by"], 2.4), Column(say["why"], 7.5),
    )  # fmt: skip
    table = Table(say["caption"], columns, [_row(k, row, names, words) for k, row in enumerate(rows[:PLACES], 1)])
    blocks: list[Block] = [Heading(say["title"])]
    blocks += [Paragraph(say["intro"]), table] if rows else [Paragraph(say["none"])]
    if len(rows) > PLACES:
        blocks.append(Paragraph(say["rest"].format(n=len(rows) - PLACES), "note"))
    shown = {id(row) for row in rows}
    small = [_name(row, names) for row in changes if id(row) not in shown]
    if not small:
        return blocks
    listed = words.join(small[:SMALL]) if len(small) <= SMALL else say["more"].format(
        names=", ".join(small[:SMALL]), n=len(small) - SMALL
    )  # fmt: skip
    return [*blocks, Paragraph(say["small_one" if len(small) == 1 else "small"].format(n=len(small), names=listed))]


def _name(row: Mapping[str, Any], names: tuple[Named, Named]) -> str:
    return names[1].inline(row["after_id"]) if row["after_id"] is not None else names[0].inline(row["before_id"])


def _row(number: int, row: Mapping[str, Any], names: tuple[Named, Named], words: Words) -> list[Cell]:
    name = _name(row, names)
    before, after = row["before"], row["after"]
    figure = moved(*(float("nan") if score is None else score / 100 for score in (before, after)))
    numbers = [words.say("place.withheld") if score is None else str(score) for score in (before, after)]
    return [
        Cell(f"{number}. {name[:1].upper()}{name[1:]}"),
        Cell(words.say("plan.facts.change", before=numbers[0], after=numbers[1]), strong=True, figure=figure),
        _by(row, words),
        Cell(words.listed(_reasons(row, words))),
    ]


def _reasons(row: Mapping[str, Any], words: Words) -> list[str]:
    """The reasons that weigh most; what stands behind several of them is told with the first."""
    told: set[str] = set()
    found = []
    for reason in row["because"]:
        causes = [text for text in _behind(reason["causes"], words) if text not in told]
        if text := _because(reason, causes, words):
            found.append(text)
            told.update(causes)
    edits = texts_plans.reasons_in_words((row["edits"] or ())[:REASONS], words.shared)
    return [*map(_capital, edits), *found[:REASONS], *_behind(row["causes"], words)]


def _behind(causes: Sequence[Mapping[str, Any]], words: Words) -> list[str]:
    return list(dict.fromkeys(_plain(texts_plans.cause_in_words(cause, words.shared)) for cause in causes))


def _by(row: Mapping[str, Any], words: Words) -> Cell:
    """The change with its interval, or that the place goes or comes."""
    if row["state"] in (LOST, NEW):
        return Cell(words.say(f"plan.changes.{row['state']}"), strong=True)
    low, best, high = row["scores"][FLOATING]["change"]
    # The change of the rounded scores, so that a reader who subtracts finds it.
    best = row["after"] - row["before"] if best is None or None not in (row["before"], row["after"]) else best
    text = texts_plans.signed(best)
    if low is None or high is None:
        return Cell(text)
    bounds = [texts_plans.signed(bound) for bound in (min(low, best), max(high, best))]
    return Cell(text, quiet="" if bounds == [text, text] else f"({' … '.join(bounds)})")


def _because(reason: Mapping[str, Any], causes: Sequence[str], words: Words) -> str:
    """One reason: what was measured today and with the plan, and what stands behind it."""
    indicator = reason["indicator"]
    title = words.title(indicator)
    before, after = (
        _measured(indicator, reason[when], words, unit=unit) for when, unit in (("before", False), ("after", True))
    )
    if after == _measured(indicator, reason["before"], words, unit=True):
        return ""
    if not causes:
        return words.say("plan.changes.because", title=title, before=before, after=after)
    return words.say("plan.changes.because_cause", title=title, before=before, after=after, causes=", ".join(causes))


def _measured(indicator: str, values: Sequence[float] | None, words: Words, *, unit: bool) -> str:
    if values is None:
        return str(words.shared["compare"]["not_known"])
    return words.changed(indicator, values, unit=unit)


def _sure(said: Mapping[str, Any], verdict: Sequence[str], words: Words) -> list[Block]:
    """How sure the verdict is, and what would turn it."""
    if said["keeps_share"] is None:
        return [Heading(words.say("plan.sure.title")), Paragraph(words.say("plan.sure.keeps_none"))]
    share = str(words.shared["format"]["percent"]).format(whole_percent(said["keeps_share"]))
    told = [words.say("plan.sure.keeps", share=share), *verdict]
    return [Heading(words.say("plan.sure.title")), *(Paragraph(text) for text in told)]


# --- homes ---------------------------------------------------------------------------------------


def _homes(
    before: Result, after: Result, found: Comparison, worst: Sequence[Mapping[str, Any]], words: Words
) -> list[Block]:
    """The map of the buildings that lose and gain, and those hit hardest."""
    say = words.report["plan"]["homes"]
    shown = worst[:BUILDINGS]
    letters = {str(row["building"]): chr(ord("A") + k) for k, row in reversed(list(enumerate(shown)))}
    counts = {name: words.number(round(found.dwellings[name])) for name in (LOSING, "winning", "demolished")}
    figure = figures.homes_map(
        before, after, states(found.homes), letters, sections.map_words(words), labels=say,
        alt=say["alt"].format(estate=before.estate.name, **counts), caption=say["caption"] if shown else "",
    )  # fmt: skip
    blocks: list[Block] = [Heading(say["title"]), Paragraph(say["intro"]), Figures([figure])]
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
    change = words.say("plan.facts.change", before=row["before"], after=row["after"])
    return [
        Cell(letter, strong=True, quiet=texts_plans.building_at(row, words.shared) if row["street"] else ""),
        Cell(words.number(row["dwellings"])),
        Cell(str(row["stairwells"])),
        Cell(change, strong=True, figure=moved(row["before"] / 100, row["after"] / 100)),
    ]


def _lenses(found: Comparison, words: Words) -> list[Block]:
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
        change = words.say(
            "plan.facts.change", before=words.hundred(lens.median_before), after=words.hundred(lens.median_after)
        )
        rows.append(
            [
                Cell(about["title"], strong=True, quiet=about["text"]),
                Cell(words.number(lens.dwellings["losing"])),
                Cell(words.number(lens.dwellings["winning"])),
                Cell(change if known else "–", figure=moved(lens.median_before, lens.median_after) if known else None),
            ]
        )
    return [Heading(say["title"]), Paragraph(say["intro"]), Table(say["caption"], columns, rows)]
