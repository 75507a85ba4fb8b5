"""One page for the residents' meeting: a plan's proposal, its rough price, who gains, what is not known, and boxes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from spatial.reports.document import Block, Cell, Column, Document, Heading, Paragraph, Points, Table
from spatial.reports.estate import framed
from spatial.reports.plan import PlanFindings, things_in_words
from spatial.reports.sections import Words, shortened
from spatial.texts import plan_answer
from spatial.texts.headline import headline

THINGS, ASKED = 6, 3
NOTE = 80  # letters of an author's note
STEP_DKK = 1000
BOX = "☐"


@dataclass(frozen=True)
class Price:
    """Kroner for ``priced`` of the ``things`` that a plan changes; the others nobody has a price for."""

    dkk: float
    priced: int
    things: int


def meeting_document(findings: PlanFindings, price: Price, *, lang: str) -> Document:
    """Say on one page what a residents' meeting decides on.

    Raises
    ------
    ConfigError
        If there are no texts in this language.
    """
    words = Words(lang)
    say = words.report["meeting"]
    said = plan_answer.describe_answer(findings.answer, findings.comparison)
    *certain, sureness = plan_answer.answer_sentences(said, lang=lang)
    things = things_in_words(findings.comparison, findings.before, words, NOTE)
    estate = shortened(findings.before.estate.name)
    blocks: list[Block] = [
        Paragraph(say["intro"]),
        Heading(say["proposal"]),
        Points([*(f"{thing}." for thing in things[:THINGS]), *_more(len(things) - THINGS, words)]),
        Heading(say["price"]),
        Paragraph(_price(price, words)),
        Heading(say["gains"]),
        Points(certain),
        Heading(say["unknown"]),
        Points(_unknown(findings, sureness, words)),
        Heading(say["boxes"]),
        _boxes(things[:THINGS], say),
        Paragraph(say["name"], "note"),
    ]
    title = words.say("meeting.title", estate=estate)
    whole = framed(findings.after, words, title=title, blocks=blocks, subtitle=say["subtitle"])
    return replace(whole, overline=say["overline"])


def _more(n: int, words: Words) -> list[str]:
    return [words.say("meeting.more", n=n)] if n > 0 else []


def _price(price: Price, words: Words) -> str:
    if not price.things or not price.priced:
        return words.say("meeting.price_none")
    dkk = words.number(max(STEP_DKK, round(price.dkk / STEP_DKK) * STEP_DKK))
    key = "price_all" if price.priced == price.things else "price_some"
    return words.say(f"meeting.{key}", dkk=dkk, n=price.priced, of=price.things)


def _unknown(findings: PlanFindings, sureness: str, words: Words) -> list[str]:
    """How sure the answer is, what is not known of the places, and what to ask on the spot first."""
    asked = list(dict.fromkeys(findings.checks["fact"]))[:ASKED] if len(findings.checks) else []
    questions = [str(words.shared["fact"][fact]["question"]) for fact in asked]
    first = [words.say("meeting.ask", list=" ".join(questions))] if questions else []
    return [text for text in (sureness, headline(findings.after, words.lang).unknown, *first) if text]


def _boxes(things: list[str], say: Mapping[str, Any]) -> Table:
    columns = (
        Column(say["matter"], 10.4), Column(say["yes"], 1.8), Column(say["no"], 1.8), Column(say["unsure"], 2.4),
    )  # fmt: skip
    rows = [[Cell(text), *(Cell(BOX) for _ in range(3))] for text in [*things, say["whole"]]]
    return Table(say["caption"], columns, rows)
