"""The report of a run: the best meeting spaces, what carries each, how sure it is, what to ask on the spot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from spatial.core.arrays import Floats, product
from spatial.core.model import ASPECTS, FLOATING, SHARES, LensResult, Result, Rubric
from spatial.reports import order, possible, sections
from spatial.reports.document import Block, Cell, Column, Document, Facts, Figures, Heading, Paragraph, Points, Table
from spatial.reports.figures import Told, estate_map
from spatial.reports.sections import Named, Words, shortened
from spatial.scoring import siting
from spatial.scoring.combining import aspect_weights, part_weights
from spatial.scoring.judging import Judged, judge_all
from spatial.settings import lenses as settings_lenses
from spatial.texts import plan_state
from spatial.texts.headline import dates, headline

SHOWN = 2
LEAST_SCORE = 0.05  # the pull of an aspect grows as it nears 0, without end
# Of the potential: what moves it by less is not worth a word.
WORTH = 0.005
# Judged so much or more an indicator can carry, judged less it can hold back; never both.
GOOD = 0.6


@dataclass(frozen=True)
class Carried:
    """Indicators that carry a space and that hold it back, the strongest first; only what is known."""

    lifts: tuple[str, ...]
    holds: tuple[str, ...]


def carried_over(evidence: pd.DataFrame, ids: pd.Index, rubric: Rubric) -> dict[str, Carried]:
    """Say for each meeting space what carries it and what holds it back.

    By how much the potential moves with a judged value is its weight, times that of its aspect, over
    the score of the aspect (in a geometric mean); with a condition, one over its own. An indicator that is
    judged ``GOOD`` carries a space by how much it is judged above the mean of all these spaces; another holds
    it back by how much it is judged below 1. What is unknown or assumed does neither, and of an aspect only
    the strongest is told.

    Parameters
    ----------
    evidence
        Long table of a run.
    ids
        Meeting spaces.
    rubric
        The resolved rubric of the run.

    Returns
    -------
    dict
        By id.
    """
    judged = judge_all(evidence, ids, rubric)
    if not len(ids):
        return {}
    pull = _pull(judged, rubric)
    mean = judged.best.mean(axis=0, keepdims=True)
    good = judged.best >= GOOD
    lift = np.where(judged.known & good, pull * (judged.best - mean), 0.0)
    hold = np.where(judged.known & ~good, pull * (1 - judged.best), 0.0)
    return {
        str(identity): Carried(_strongest(lift[i], judged), _strongest(hold[i], judged))
        for i, identity in enumerate(ids)
    }


def _pull(judged: Judged, rubric: Rubric) -> Floats:
    """By how much the potential of each space moves with each judged value, over the potential: (N, I)."""
    within, across = part_weights(rubric, judged), aspect_weights(rubric)
    weights = np.concatenate([across, np.ones(len(judged.conditions))])
    parts = np.maximum(product(judged.best, within.T), LEAST_SCORE)
    if rubric.mean != "geometric":
        parts[:, : len(ASPECTS)] = 1.0
    pull: Floats = product(weights / parts, within)
    return pull


def _strongest(moves: Floats, judged: Judged) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for i in np.lexsort((np.array(judged.indicators), -moves)):
        if moves[i] >= WORTH and len(found) < SHOWN:
            found.setdefault(judged.aspects[i], judged.indicators[i])
    return tuple(found.values())


BEST = 7
ALL = 60  # rows of the table of all places
STANDING = 2  # for how many volunteers places are named
WIDE = 0.4  # an interval as wide as that says more than its best estimate
SAME = 0.02  # lenses nearer than this serve alike
NAMES = 6
IN_WORDS = ("yesno", "holds")  # forms whose answer adds nothing to the title


def estate_document(result: Result, checks: pd.DataFrame, *, lang: str) -> Document:
    """Say what a run found, for a board.

    Parameters
    ----------
    result
        A finished run.
    checks
        What a visit would settle, as ``spatial.scoring.field_checks.find_field_checks`` lists it for its places.
    lang
        ``"da"`` or ``"en"``.

    Raises
    ------
    ConfigError
        If there are no texts in this language.
    """
    words = Words(lang)
    named = Named(result, words)
    blocks: list[Block] = [
        Heading(words.say("answer.title")),
        Points(answer(result, named, words), ordered=True, lead=True),
        Facts(facts(result, named, words)),
    ]
    carried = carried_over(result.evidence, pd.Index(named.ids), result.rubric)
    blocks += [*order.in_tiers(result, carried, named, words), *the_map(result, named, words)]
    if named.ids:
        blocks += [*best(result, carried, named, words), *aspects(result, named, words)]
    blocks += [
        *lenses(result, named, words),
        *possible.invitations(result, words),
        *sections.unknown(result, checks, named, words),
        *standing(result, named, words),
        *sections.context(result, named, words),
        *sections.how(result, words),
        *order.what_decides(result, words),
        *everything(result, named, words),
        *sections.sources(result, words),
    ]
    title = plan_state.called(result, words.say("head.title", estate=shortened(result.estate.name)), lang)
    return framed(result, words, title=title, blocks=blocks, subtitle=plan_state.plan_headline(result.manifest, lang))


def framed(result: Result, words: Words, *, title: str, blocks: Sequence[Block], subtitle: str = "") -> Document:
    """Put a document around blocks: title, dates, what stands on every page."""
    head = words.report["head"]
    made = words.date(result.manifest.get("made_at"))
    said = head["dates"].format(data=dates(result, words.lang), made=made)
    return Document(
        lang=words.lang,
        title=title,
        overline=head["overline"],
        subtitle=subtitle or head["subtitle"],
        dates=said,
        foot=head["foot"].format(estate=plan_state.called(result, shortened(result.estate.name), words.lang)),
        page=head["page"],
        blocks=blocks,
    )


# --- the answer ----------------------------------------------------------------------------------


def answer(result: Result, named: Named, words: Words) -> list[str]:
    """The short answer: how many and how many ranked, what is not known, the best, who is worst served."""
    return [*headline(result, words.lang, named.name).sentences, _worst_served(result, words)]


def weakest(result: Result, named: Named, words: Words) -> list[Block]:
    """The question on which all ranked places together are weakest."""
    ranked = result.meeting_spaces.loc[named.ids].dropna(subset="rank")
    medians = ranked[list(ASPECTS)].median()
    if len(ranked) < 2 or medians.isna().all():
        return []
    question = words.shared["aspect"][str(medians.idxmin())]["question"]
    return [Paragraph(words.say("answer.weakest", question=words.quoted(question)))]


def _worst_served(result: Result, words: Words) -> str:
    served = [lens for lens in result.lenses if not np.isnan(lens.served)]
    if not served:
        return words.say("answer.lens_none")
    worst, top = served[0], max(served, key=lambda lens: lens.served)
    spans = np.array([(lens.served_low, lens.served, lens.served_high) for lens in served])
    if np.ptp(spans, axis=0).max() < SAME:
        return words.say("answer.lens_same", share=words.percent(worst.served))
    wide = worst.served_high - worst.served_low >= WIDE
    named = words.shared["lens_as"]
    return words.say(
        "answer.lens_wide" if wide else "answer.lens",
        lens=named[worst.id],
        share=words.percent(worst.served),
        low=words.hundred(worst.served_low),
        high=words.percent(worst.served_high),
        best=words.percent(top.served),
        best_lens=named[top.id],
    )


def facts(result: Result, named: Named, words: Words) -> list[tuple[str, str]]:
    """A few numbers at a glance."""
    spaces, say = result.meeting_spaces.loc[named.ids], words.report["facts"]
    found = [(say["spaces"], words.number(len(spaces))), (say["ranked"], words.number(spaces["rank"].notna().sum()))]
    homes = result.manifest.get("siting", {}).get("dwellings")
    if homes:
        found.append((say["homes"], say["homes_about"].format(n=words.homes(float(homes)))))
    if len(spaces):
        found.append((say["known"], say["shares"].format(**sections.shares(spaces, words))))
    years = [str(year) for year, said in result.estate.listed if said == "yes"]
    if years:
        found.append((say["lists"], say["listed"].format(years=words.join(years))))
    if result.estate.legal:
        found.append((say["legal"], result.estate.legal))
    if result.estate.municipality:
        found.append((say["municipality"], shortened(result.estate.municipality)))
    return found


# --- places --------------------------------------------------------------------------------------


def the_map(result: Result, named: Named, words: Words) -> list[Block]:
    """The map with the numbers of the tables."""
    say = words.report["map"]
    shown = named.ids[:ALL]
    spaces = result.meeting_spaces
    best_ones = " ".join(
        say["alt_place"].format(
            number=named.number[i], name=named.inline(i), score=words.hundred(float(spaces.at[i, FLOATING]))
        )
        for i in shown[:3]
    )
    caption = say["caption_some"].format(n=len(shown)) if len(shown) < len(named.ids) else say["caption"]
    figure = estate_map(
        result,
        sections.map_words(words),
        numbers={identity: named.number[identity] for identity in shown},
        told=Told(
            say["alt"].format(estate=shortened(result.estate.name), places=best_ones).strip(),
            f"{caption} {sections.attribution(result, words)}".strip(),
        ),
    )
    return [Heading(words.say("map.title")), Figures([figure])]


def best(result: Result, carried: Mapping[str, Carried], named: Named, words: Words) -> list[Block]:
    """The table of the first places: the tier and what carries each, and then its number."""
    say, spaces = words.say, result.meeting_spaces
    columns = (
        Column(say("best.place"), 4.5), Column(say("best.tier"), 3.2), Column(say("best.lifts"), 4.1),
        Column(say("best.holds"), 4.1), Column(say("best.score"), 3.1),
    )  # fmt: skip
    values = result.evidence.set_index(["place_id", "indicator"])["value"]
    tier = order.tier_titles(spaces["tier"], words)
    rows = []
    for identity in named.ids[:BEST]:
        row, moved = spaces.loc[identity], carried[identity]
        rows.append(
            [
                place_cell(identity, bool(row["inside"]), named, words),
                Cell(tier[identity]),
                _indicators(moved.lifts, identity, values, words, "best.lifts_none"),
                _indicators(moved.holds, identity, values, words, "best.holds_none"),
                score_cell(row, words),
            ]
        )
    return [
        Heading(say("best.title")),
        Paragraph(say("best.intro")),
        sections.scale(words),
        Table(say("best.caption"), columns, rows),
        Paragraph(_withheld(result, named, words)),
    ]


def place_cell(identity: str, inside: bool, named: Named, words: Words) -> Cell:
    """Number and name of a meeting space."""
    text = f"{named.number[identity]}. {named.name[identity]}"
    return Cell(text, quiet="" if inside else words.say("place.outside"))


def score_cell(row: Any, words: Words, score: str = FLOATING) -> Cell:
    """A score with its interval, as number and drawn."""
    low, value, high = (float(row[score + end]) for end in ("_low", "", "_high"))
    return sections.spread_cell(low, value, high, words, sure=bool(pd.notna(row["rank"])))


def rank_cell(row: Any, words: Words) -> Cell:
    """A rank with the range in which it lies."""
    if pd.isna(row["rank"]):
        return Cell(words.say("place.withheld"))
    low, high = row["rank_p05"], row["rank_p95"]
    return Cell(str(int(row["rank"])) + ("" if pd.isna(low) else f"\u00a0({words.number(low)}–{words.number(high)})"))


def _indicators(names: tuple[str, ...], identity: str, values: Any, words: Words, none: str) -> Cell:
    if not names:
        return Cell(words.say(none))
    items = []
    for name in names:
        value = float(values[(identity, name)])
        title = words.title(name)
        known = not np.isnan(value) and words.shared["indicator"][name]["form"] not in IN_WORDS
        items.append(words.say("best.item", title=title, value=words.measured(name, value)) if known else title)
    return Cell(words.listed(items))


def _withheld(result: Result, named: Named, words: Words) -> str:
    spaces = result.meeting_spaces
    share = words.percent(result.rubric.min_coverage)
    missing = [identity for identity in named.ids if pd.isna(spaces.at[identity, "rank"])]
    if not missing:
        return words.say("best.all_ranked", share=share)
    names = named.some(missing, NAMES)
    return words.counted("best.withheld", len(missing), share=share, names=names)


def aspects(result: Result, named: Named, words: Words) -> list[Block]:
    """The answers to the five questions for the best places."""
    spaces = result.meeting_spaces
    questions = [words.shared["aspect"][aspect]["question"] for aspect in ASPECTS]
    columns = [Column(words.say("best.place"), 4.4), *(Column(question, 3.0) for question in questions)]
    rows = [
        [
            Cell(f"{named.number[identity]}. {named.name[identity]}"),
            *(score_cell(spaces.loc[identity], words, aspect) for aspect in ASPECTS),
        ]
        for identity in named.ids[:BEST]
    ]
    return [
        Heading(words.say("aspects.title")),
        Paragraph(words.say("aspects.intro")),
        *weakest(result, named, words),
        Table(words.say("aspects.caption"), columns, rows),
    ]


def everything(result: Result, named: Named, words: Words) -> list[Block]:
    """The table of all meeting spaces, as many as a page or two hold."""
    if not named.ids:
        return []
    say, spaces = words.say, result.meeting_spaces
    columns = (
        Column(say("best.place"), 8), Column(say("best.score"), 2.8), Column(say("best.rank"), 2.4),
        Column(say("all.known"), 4.2, number=True),
    )  # fmt: skip
    rows = []
    for identity in named.ids[:ALL]:
        row = spaces.loc[identity]
        text = f"{named.number[identity]}. {named.name[identity]}"
        text += "" if row["inside"] else f" ({say('place.outside')})"
        spread = f"{words.hundred(row[FLOATING])} ({words.spread(row[f'{FLOATING}_low'], row[f'{FLOATING}_high'])})"
        rows.append([Cell(text), Cell(spread), rank_cell(row, words), Cell(_how_known(row, words))])
    more = [Paragraph(say("all.more", n=ALL, of=len(named.ids)), "note")] if len(named.ids) > ALL else []
    return [Heading(say("all.title")), Table(say("all.caption"), columns, rows, small=True), *more]


def _how_known(row: Any, words: Words) -> str:
    return " · ".join(words.hundred(float(row[share])) for share in SHARES)


# --- people on their way -------------------------------------------------------------------------


def lenses(result: Result, named: Named, words: Words) -> list[Block]:
    """Who is worst served: a row a lens, the worst served first."""
    if not result.lenses:
        return []
    say, good = words.say, settings_lenses.lenses().good_score
    columns = (
        Column(say("lenses.lens"), 5.2), Column(say("lenses.served"), 4.2), Column(say("lenses.good"), 2.4),
        Column(say("lenses.best"), 5),
    )  # fmt: skip
    rows = [_lens(lens, good, named, words) for lens in result.lenses]
    wide = any(lens.served_high - lens.served_low >= WIDE for lens in result.lenses)
    return [
        Heading(say("lenses.title")),
        Paragraph(say("lenses.intro", good=words.hundred(good))),
        Table(say("lenses.caption"), columns, rows),
        *([Paragraph(say("lenses.note"), "note")] if wide else []),
    ]


def _lens(lens: LensResult, good: float, named: Named, words: Words) -> list[Cell]:
    about, spaces = words.shared["lens"][lens.id], lens.meeting_spaces.loc[named.ids]
    count = int((spaces[FLOATING] >= good).sum())
    ranked = spaces[spaces["rank"].notna()].sort_values("rank", kind="stable")
    unsure = not len(ranked) and len(spaces) > 0
    best_ones = spaces.sort_values(FLOATING, ascending=False, kind="stable") if unsure else ranked
    first = str(best_ones.index[0]) if len(best_ones) else None
    return [
        Cell(about["title"], strong=True, quiet=about["text"]),
        _served(lens, words),
        Cell(words.say("lenses.good_of", n=count, of=len(spaces))),
        Cell(
            words.say("place.withheld") if first is None else named.both(first),
            quiet=words.say("lenses.unsure") if unsure else "",
        ),
    ]


def _served(lens: LensResult, words: Words) -> Cell:
    """The share of the homes that are served; of an interval as wide as all that there is no number is told."""
    cell = sections.spread_cell(lens.served_low, lens.served, lens.served_high, words, percent=True)
    unknown = lens.served_high - lens.served_low >= WIDE
    return replace(cell, text=words.say("lenses.too_little"), strong=False, quiet="") if unknown else cell


def standing(result: Result, named: Named, words: Words) -> list[Block]:
    """Where a volunteer could stand: the best one and the best two places."""
    if result.reach is None or not len(result.meeting_spaces):
        return []
    curve = siting.siting_of_result(result, most=STANDING)
    said = [_stand(row, named, words) for row in curve.to_dict("records")]
    return [
        Heading(words.say("siting.title")),
        Paragraph(words.say("siting.intro")),
        Points(said) if said else Paragraph(words.say("siting.nobody")),
    ]


def _stand(row: dict[Any, Any], named: Named, words: Words) -> str:
    names = [named.both(identity) for identity in row["space_ids"].split(";")]
    known = words.homes(row["dwellings_known"])
    said = words.say("siting.known", n=known) if row["dwellings_known"] >= 1 else words.say("siting.known_none")
    return words.counted(
        "siting.more",
        row["k"],
        names=words.join(names),
        homes=words.homes(row["dwellings"]),
        share=words.percent(row["share"]),
        known=said,
    )
