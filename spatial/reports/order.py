"""The order of the meeting spaces for a board: who stands in which tier and why, and what decides it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from spatial.core.model import FLOATING, Result
from spatial.reports.document import Block, Cell, Column, Heading, Paragraph, Table
from spatial.scoring import tiers
from spatial.scoring.ablation import ablate

if TYPE_CHECKING:
    from spatial.reports.estate import Carried
    from spatial.reports.sections import Named, Words

PLACES_SHOWN = 4  # of a tier
REASONS_SHOWN = 2
# Of a tier, a reason is shared by as many.
SHARED = 0.5
# A correlation of the ranking with one thing alone above which that thing decides.
DECIDES = 0.9


def tier_titles(tier: pd.Series, words: Words) -> dict[str, str]:
    """Name the tier of each space in words; a dash where it has none."""
    titles = words.shared["map"]["tier"]
    named = tiers.tier_words(tier)
    return {str(i): words.say("place.withheld") if word is None else titles[word] for i, word in named.items()}


def in_tiers(result: Result, carried: Mapping[str, Carried], named: Named, words: Words) -> list[Block]:
    """The table of the tiers: names, then what most often carries and holds back, then the scores."""
    spaces = result.meeting_spaces
    title = tier_titles(spaces["tier"], words)
    say = words.say
    columns = (
        Column(say("tiers.tier"), 3.0), Column(say("tiers.places"), 7.4), Column(say("tiers.lifts"), 3.6),
        Column(say("tiers.holds"), 3.6), Column(say("tiers.score"), 1.6),
    )  # fmt: skip
    rows = []
    for word in tiers.WORDS:
        name = words.shared["map"]["tier"][word]
        ids = [identity for identity in named.ids if title[identity] == name]
        if not ids:
            continue
        score = spaces.loc[ids, FLOATING]
        rows.append(
            [
                Cell(name, strong=True, quiet=words.counted("tiers.count", len(ids))),
                Cell(named.some(ids, PLACES_SHOWN)),
                Cell(_reasons((carried[i].lifts for i in ids), len(ids), words)),
                Cell(_reasons((carried[i].holds for i in ids), len(ids), words)),
                Cell(words.spread(float(score.min()), float(score.max()))),
            ]
        )
    if not rows:
        return []
    return [
        Heading(say("tiers.title")),
        Table(say("tiers.caption"), columns, rows),
        Paragraph(say("tiers.intro"), "note"),
    ]


def _reasons(of_each: Iterable[Sequence[str]], count: int, words: Words) -> str:
    """The indicators that most of a tier share, the most often first."""
    found = Counter(name for names in of_each for name in names)
    most = sorted((name for name in found if found[name] >= SHARED * count), key=lambda name: (-found[name], name))
    return words.listed([words.title(name) for name in most[:REASONS_SHOWN]]) or words.say("tiers.nothing")


def what_decides(result: Result, words: Words) -> list[Block]:
    """How much of the order one thing alone can guess: kind, homes near, or the number of mapped things."""
    if not len(result.meeting_spaces):
        return []
    say = words.say
    found = vars(ablate(result.meeting_spaces, result.evidence))
    columns = (Column(say("order.alone"), 9), Column(say("order.agrees"), 5, number=True))
    rows = [
        [Cell(say(f"order.{name}")), Cell(say("order.none") if value is None else words.number(value, 2))]
        for name, value in found.items()
    ]
    return [
        Heading(say("order.title")),
        Paragraph(say("order.intro")),
        Table(say("order.caption"), columns, rows),
        Paragraph(_verdict(found, words)),
    ]


def _verdict(found: Mapping[str, float | None], words: Words) -> str:
    known = {name: abs(value) for name, value in found.items() if value is not None}
    if not known:
        return words.say("order.unsaid")
    deciding = [words.say(f"order.{name}") for name, value in known.items() if value > DECIDES]
    return words.say("order.decides", what=words.join(deciding)) if deciding else words.say("order.fine")
