"""One page for the residents' meeting: a plan's proposal, its rough price, who gains, what is not known, and boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spatial.reports.document import Block, Cell, Column, Document, Heading, Paragraph, Points, Table
from spatial.reports.estate import framed
from spatial.reports.plan import PlanFindings, things_in_words
from spatial.reports.sections import Words, shortened
from spatial.texts import plan_answer
from spatial.texts.headline import headline

THINGS, ASKED = 6, 3
NOTE = 80  # letters of an author's note
STEP_DKK, DIGITS = 1000, 2
BOX = "☐"
Price = tuple[float, float]  # from how many kroner to how many


def meeting_document(findings: PlanFindings, prices: Sequence[Price | None], *, lang: str) -> Document:
    """Say on one page what a residents' meeting decides on.

    Parameters
    ----------
    findings
        As for the report of the plan.
    prices
        Of each item of the comparison; None where no price is known.

    Raises
    ------
    ConfigError
        If there are no texts in this language.
    """
    words = Words(lang)
    say = words.report["meeting"]
    said = plan_answer.describe_answer(findings.answer, findings.comparison)
    *certain, sureness = plan_answer.answer_sentences(said, lang=lang)
    told = things_in_words(findings.comparison, findings.before, words, NOTE)
    plain = things_in_words(findings.comparison, findings.before, words, 0)
    things, costs = list(told), [_sum([prices[k] for k in items]) for items in told.values()]
    estate = shortened(findings.before.estate.name)
    blocks: list[Block] = [
        Paragraph(say["intro"]),
        Heading(say["proposal"]),
        Points([*(f"{thing}." for thing in things[:THINGS]), *_more(len(things) - THINGS, words)]),
        Heading(say["price"]),
        Paragraph(_prices(costs, words)),
        Heading(say["gains"]),
        Points(certain),
        Heading(say["unknown"]),
        Points(_unknown(findings, sureness, words)),
        Heading(say["boxes"]),
        _boxes(list(zip(plain if len(plain) == len(told) else told, costs, strict=True))[:THINGS], _sum(costs), words),
        Paragraph(say["name"], "note"),
    ]
    title = words.say("meeting.title", estate=estate)
    whole = framed(findings.after, words, title=title, blocks=blocks, subtitle=say["subtitle"])
    return replace(whole, overline=say["overline"])


def _more(n: int, words: Words) -> list[str]:
    return [words.counted("meeting.more", n)] if n > 0 else []


def _sum(prices: Sequence[Price | None]) -> Price | None:
    """What all cost together; None if that of one is not known."""
    known = [price for price in prices if price is not None]
    if not known or len(known) < len(prices):
        return None
    return sum(low for low, _ in known), sum(high for _, high in known)


def _prices(costs: Sequence[Price | None], words: Words) -> str:
    """What the proposal costs, of how many of its things that is known, and what it is taken from."""
    known = [cost for cost in costs if cost is not None]
    whole = _sum(known)
    if whole is None:
        return words.say("meeting.price_none")
    key = "price_all" if len(known) == len(costs) else "price_some"
    return words.say(f"meeting.{key}", dkk=_kroner(whole, words), n=len(known), of=len(costs))


def _kroner(price: Price, words: Words) -> str:
    low, high = (words.number(_rounded(dkk)) for dkk in price)
    return words.say("meeting.kroner", low=low, high=high)


def _rounded(dkk: float) -> float:
    """Two digits, and no less than a thousand: nobody knows more."""
    return max(STEP_DKK, float(f"{dkk:.{DIGITS}g}"))


def _unknown(findings: PlanFindings, sureness: str, words: Words) -> list[str]:
    """How sure the answer is, what is not known of the places, and what to ask on the spot first."""
    asked = list(dict.fromkeys(findings.checks["fact"]))[:ASKED] if len(findings.checks) else []
    questions = [str(words.shared["fact"][fact]["question"]) for fact in asked]
    first = [words.say("meeting.ask", list=" ".join(questions))] if questions else []
    return [text for text in (sureness, headline(findings.after, words.lang).unknown, *first) if text]


def _boxes(things: list[tuple[str, Price | None]], whole: Price | None, words: Words) -> Table:
    say = words.report["meeting"]
    columns = (
        Column(say["matter"], 7.5), Column(say["cost"], 4.1), Column(say["yes"], 1.3), Column(say["no"], 1.3),
        Column(say["unsure"], 2.2),
    )  # fmt: skip
    rows = [
        [Cell(text), Cell(say["cost_none"] if price is None else _kroner(price, words)), *(Cell(BOX) for _ in range(3))]
        for text, price in [*things, (say["whole"], whole)]
    ]
    return Table(say["caption"], columns, rows)
