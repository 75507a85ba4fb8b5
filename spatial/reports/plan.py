"""The report of a plan: what becomes of the meeting places, and whose daily walk gets worse."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from spatial.core.languages import first_capital, whole_percent
from spatial.core.model import FLOATING, NOT_STATED, Result
from spatial.places.whereabouts import nearest_street
from spatial.plans.answer import Answer
from spatial.plans.comparison import LOST, NEW, Comparison
from spatial.reports import figures, plan_homes, plan_states, sections
from spatial.reports.document import Block, Cell, Column, Document, Facts, Figures, Heading, Paragraph, Points, Table
from spatial.reports.estate import framed
from spatial.reports.figures import moved
from spatial.reports.plan_states import Alternatives
from spatial.reports.sections import Named, Words, shortened
from spatial.texts import plan_answer, plan_reasons
from spatial.texts import plans as texts_plans
from spatial.texts.plan_names import places_in_sentences

PROMISES = 12
PLACES = 14  # rows of the table of meeting spaces
SMALL = 6  # names of those that hardly change
ITEMS = 12
REASONS = 2
NOTE = 200  # letters of a note
# An id as it stands in a text of ``spatial.texts.plan_reasons``: nothing that a board looks at.
IDENTITY = re.compile(r" ?\(?\b(?:osm:\w+|plan|[\w.]+):[^\s()]*(?: \d+\b(?! m\b))?\)?")


@dataclass(frozen=True)
class PlanFindings:
    """What was found of a plan.

    ``before`` and ``after`` are the state today and after the plan, judged alike; ``comparison`` what is different;
    ``answer`` what is certain, and who bears it; ``checks`` what a visit would settle of the state after;
    ``reasons`` what each edit adds to each meeting space, None where that was not tried;
    ``verdict`` more sentences on how sure it is; ``phases`` as ``spatial.texts.timeline.timeline_as_data`` gives
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
        *_facts(after, certain, words),
        *_maps(before, after, found, rows, words),
        *_ground(found, before, words),
        *_promises(certain, before, words),
        *_changes(said["changes"], rows, names, words),
        *plan_homes.homes_section(before, after, found, said, words),
        *plan_homes.choices_section(certain, words),
        *plan_homes.lenses_section(found, words),
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


def _facts(after: Result, certain: Mapping[str, Any], words: Words) -> list[Block]:
    """Homes that go and come, and the phases, where there are any."""
    say = words.report["plan"]["facts"]
    found = [
        (say[name], words.say("facts.homes_about", n=count) if certain[name]["estimated"] else count)
        for name in ("demolished", "built")
        for count in (words.number(certain[name]["homes"]),)
        if certain[name]["homes"]
    ]
    phases = list(_plan(after).get("phases") or ())
    found += [(say["phases"], words.number(len(phases)))] if len(phases) > 1 else []
    return [Facts(found)] if found else []


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
        captions=(
            say["before"] if found.items["how"].isin(figures.CHANGED_BEFORE).any() else say["today"],
            say["after"] if found.items["how"].isin(figures.CHANGED_AFTER).any() else say["planned"],
        ),
    )  # fmt: skip
    shown = pd.concat([table.meeting_spaces[["rank", "status", "floating"]] for table in (before, after)])
    marks = figures.Marks(say["gone"], say["new"])
    key = figures.key(kind, marks, shown, found.items, alt=words.shared["map"]["legend"]["show"])
    note = f"{say['numbers'] if rows else ''} {sections.attribution(after, words)}".strip()
    return [Heading(say["title"]), Figures(pair), Figures([key]), *([Paragraph(note, "note")] if note else [])]


def _ground(found: Comparison, before: Result, words: Words) -> list[Block]:
    """What differs on the ground, in words."""
    say, things = words.report["plan"]["ground"], list(things_in_words(found, before, words, NOTE))
    more = [Paragraph(words.counted("plan.ground.more", len(things) - ITEMS))] if len(things) > ITEMS else []
    told = Points([f"{thing}." for thing in things[:ITEMS]]) if things else Paragraph(say["none"])
    return [Heading(say["title"]), told, *more]


def things_in_words(found: Comparison, before: Result, words: Words, letters: int) -> dict[str, list[int]]:
    """What a plan changes on the ground, with at most so many letters of its notes: each sentence, and its items.

    What is alike is told once, counted.
    """
    streets = nearest_street(found.items, before.layers.get("paths"))
    called = places_in_sentences(before, found.items["object_id"])
    rows = found.items.drop(columns="geometry").assign(street=streets, called=called).to_dict("records")
    things: dict[str, list[int]] = {}
    for k, row in enumerate(rows):
        things.setdefault(_thing(row, words, letters), []).append(k)
    several = words.report["plan"]["ground"]["several"]
    return {thing if len(of) == 1 else several.format(thing=thing, n=len(of)): of for thing, of in things.items()}


def _thing(row: Mapping[Any, Any], words: Words, letters: int) -> str:
    name, kind, note = (row[key] if isinstance(row[key], str) else None for key in ("name", "kind", "note"))
    text = first_capital(plan_reasons.edit_in_words({**row, "name": name, "kind": kind}, words.shared, words.lang))
    return words.say("plan.ground.item", thing=text, note=shortened(note, letters)) if note and letters else text


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
    return [*blocks, Paragraph(words.counted("plan.changes.small", len(small), names=listed))]


def _name(row: Mapping[str, Any], names: tuple[Named, Named]) -> str:
    return names[1].inline(row["after_id"]) if row["after_id"] is not None else names[0].inline(row["before_id"])


def _row(number: int, row: Mapping[str, Any], names: tuple[Named, Named], words: Words) -> list[Cell]:
    name = _name(row, names)
    before, after = row["before"], row["after"]
    figure = moved(*(float("nan") if score is None else score / 100 for score in (before, after)))
    numbers = [words.say("place.withheld") if score is None else str(score) for score in (before, after)]
    return [
        Cell(f"{number}. {first_capital(name)}"),
        Cell(words.moved(numbers[0], numbers[1]), strong=True, figure=figure),
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
    edits = plan_reasons.reasons_in_words((row["edits"] or ())[:REASONS], words.shared, words.lang)
    return [*map(first_capital, edits), *found[:REASONS], *_behind(row["causes"], words)]


def _behind(causes: Sequence[Mapping[str, Any]], words: Words) -> list[str]:
    return list(dict.fromkeys(_plain(plan_reasons.cause_in_words(cause, words.shared)) for cause in causes))


def _by(row: Mapping[str, Any], words: Words) -> Cell:
    """The change with its interval, or that the place goes or comes."""
    if row["state"] in (LOST, NEW):
        return Cell(words.say(f"plan.changes.{row['state']}"), strong=True)
    low, best, high = row["scores"][FLOATING]["change"]
    # The change of the rounded scores, so that a reader who subtracts finds it.
    best = row["after"] - row["before"] if best is None or None not in (row["before"], row["after"]) else best
    text = plan_reasons.signed(best)
    if low is None or high is None:
        return Cell(text)
    bounds = [plan_reasons.signed(bound) for bound in (min(low, best), max(high, best))]
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
