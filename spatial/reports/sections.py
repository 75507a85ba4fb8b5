"""Sections that every report has: what is not known, what stands around, how it was worked out, sources."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from spatial.model import ASPECTS, KNOWN_EVIDENCE, NOT_STATED, Result
from spatial.render import credit
from spatial.render.document import Block, Cell, Column, Heading, Paragraph, Points, Table
from spatial.render.report_figures import MapWords, strip
from spatial.reports.wording import Named, Words
from spatial.scoring import aspect_weights

CHECKS_SHOWN = 8
PLACES_SHOWN = 3  # of a question
MISSING_SHOWN = 5
NAMES_SHOWN = 4  # of clubs or schools of a kind
DIGEST = 12  # of a fingerprint


def map_words(words: Words) -> MapWords:
    """What the legend of a map says."""
    own = words.report["map"]
    return MapWords(
        ramp=own["ramp"], boundary=own["boundary"], withheld=own["withheld"], context=own["context"],
        north=words.shared["sitemap"]["north"],
    )  # fmt: skip


def attribution(result: Result, words: Words) -> str:
    """Who must be named beside a map; empty where nobody is known."""
    named = credit.lines(result)
    return str(words.shared["map"]["attribution"]).format(sources="; ".join(named)) + "." if named else ""


def scale(words: Words) -> Paragraph:
    """How to read a number and the line beside it."""
    return Paragraph(words.say("reading.text"), "note")


def unknown(result: Result, checks: pd.DataFrame, named: Named, words: Words) -> list[Block]:
    """What is not known, and what a visit can settle, the most consequential first."""
    spaces = result.meeting_spaces
    blocks: list[Block] = [Heading(words.say("unknown.title"))]
    if len(spaces):
        blocks.append(Paragraph(_known(spaces["coverage"].astype(float), named, words)))
    missing = _missing(result, words)
    if missing:
        blocks.append(Paragraph(words.say("unknown.missing", list=words.join(missing))))
    left_out = list(_left_out(result, words))
    blocks += [Paragraph(words.say("unknown.left_out", list="; ".join(left_out)))] if left_out else []
    blocks += [
        Paragraph(words.say(f"unknown.warning.{entry['code']}", **entry))
        for entry in result.manifest.get("warnings") or ()
    ]
    return [*blocks, *_checks(result, checks, named, words)]


def _known(coverage: pd.Series, named: Named, words: Words) -> str:
    """How much is known of the middle place, and of which place least."""
    median, least = words.percent(float(coverage.median())), words.percent(float(coverage.min()))
    if median == least:
        return words.say("unknown.known_even", median=median)
    return words.say("unknown.known", median=median, name=named.both(str(coverage.idxmin())), least=least)


def _missing(result: Result, words: Words) -> list[str]:
    """Indicators that are unknown of most meeting spaces, the most often first."""
    spaces = result.meeting_spaces
    rules = {name for name, rule in result.rubric.rules.items() if rule.weight > 0}
    rows = result.evidence
    rows = rows[rows["place_id"].isin(spaces.index) & rows["indicator"].isin(rules)]
    counts = Counter(rows["indicator"][~rows["evidence"].isin(KNOWN_EVIDENCE)])
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MISSING_SHOWN]
    return [
        words.say("unknown.missing_item", title=words.quoted(words.title(name)), n=n, of=len(spaces))
        for name, n in most
        if n
    ]


def _left_out(result: Result, words: Words) -> Iterable[str]:
    by_model: dict[str, list[str]] = {}
    for name, model in sorted(result.rubric.left_out.items()):
        by_model.setdefault(model, []).append(words.quoted(words.title(name)))
    for model, titles in sorted(by_model.items()):
        reason = words.shared["explain"][f"no_{model}"]
        yield words.say("unknown.left_out_item", titles=words.join(titles), reason=reason)


def _checks(result: Result, checks: pd.DataFrame, named: Named, words: Words) -> list[Block]:
    if not len(checks):
        return [Paragraph(words.say("unknown.checks_none"))]
    columns = (
        Column(words.say("unknown.question"), 5.2),
        Column(words.say("unknown.where"), 6.4),
        Column(words.say("unknown.score"), 2.4),
        Column(words.say("unknown.moves"), 2.6),
    )
    questions = list(checks.groupby("fact", sort=False))[:CHECKS_SHOWN]
    rows = [_check(rows, result, named, words) for _, rows in questions]
    return [Paragraph(words.say("unknown.checks")), Table(words.say("unknown.caption"), columns, rows)]


def _check(rows: pd.DataFrame, result: Result, named: Named, words: Words) -> list[Cell]:
    """One question, where to ask it, and what the answer that moves most would do."""
    row = rows.iloc[0]
    spaces = list(dict.fromkeys(result.places["space_id"].reindex(rows["place_id"]).astype(str)))
    where = words.join([named.both(space) for space in spaces[:PLACES_SHOWN]])
    if len(spaces) > PLACES_SHOWN:
        first = ", ".join(named.both(space) for space in spaces[:PLACES_SHOWN])
        where = words.say("unknown.where_more", places=first, n=len(spaces) - PLACES_SHOWN)
    change = float(row["rank_change"])
    key = "less" if change < 0.75 else "place" if change < 1.5 else "places"
    return [
        Cell(words.shared["fact"][row["fact"]]["question"]),
        Cell(where),
        Cell(words.spread(float(row["floating_worst"]), float(row["floating_best"]))),
        Cell(words.say(f"unknown.{key}", n=words.number(change))),
    ]


def context(result: Result, words: Words) -> list[Block]:
    """Clubs, houses and schools in the estate and just around it: shown, not judged."""
    say, estate = words.say, result.estate
    metres = words.number(estate.margin_m)
    table = result.layers.get("context")
    near = pd.DataFrame({"kind": [], "name": []})
    if table is not None and len(table):
        near = table[np.asarray(shapely.intersects(estate.study_area, table.geometry.to_numpy()), dtype=bool)]
    groups = sorted(near.groupby("kind"), key=lambda group: (-len(group[1]), group[0]))
    counted = [_counted(str(kind), rows, words) for kind, rows in groups]
    here = say("context.here", margin=metres, list=words.join(counted)) if counted else ""
    return [
        Heading(say("context.title")),
        Paragraph(say("context.text")),
        Paragraph(here or say("context.nothing", margin=metres)),
    ]


def _counted(kind: str, rows: pd.DataFrame, words: Words) -> str:
    about = words.shared["kind"].get(kind, words.shared["kind"]["other"])
    title = about["title"][:1].lower() + about["title"][1:]
    n = len(rows)
    count = words.say("context.one", title=title) if n == 1 else words.say("context.many", n=n, plural=about["plural"])
    names = sorted({str(name) for name in rows["name"].dropna()})
    if not names or len(names) > NAMES_SHOWN:
        return count
    return words.say("context.names", count=count, names=words.join(names))


def how(result: Result, words: Words, *, first: str = "") -> list[Block]:
    """How it was worked out, in plain words; ``first`` is said before all."""
    say, rubric, shared = words.say, result.rubric, words.shared
    judged = sum(rule.weight > 0 for rule in rubric.rules.values())
    weights = dict(zip(ASPECTS, aspect_weights(rubric), strict=True))
    questions = [
        say(
            "how.question",
            question=shared["aspect"][aspect]["question"],
            sentence=shared["aspect"][aspect]["sentence"],
            weight=words.percent(float(weights[aspect])),
        )
        for aspect in ASPECTS
    ]
    return [
        Heading(say("how.title")),
        *([Paragraph(first)] if first else []),
        Paragraph(say("how.construct")),
        Paragraph(say("how.people")),
        Paragraph(say("how.questions", n=judged)),
        Points(questions),
        Paragraph(shared["map"]["about"][rubric.mean] + " " + say("how.walks")),
        Paragraph(
            say("how.unknown", share=words.percent(rubric.min_coverage))
            + " "
            + say("how.ranks", draws=words.number(rubric.draws))
        ),
        Paragraph(say("how.weights")),
    ]


def sources(result: Result, words: Words, *, more: Iterable[Any] = ()) -> list[Block]:
    """Sources with licences and dates, the seed and the version; ``more`` entries of sources beside the run's."""
    say, manifest = words.say, result.manifest
    columns = (
        Column(say("sources.source"), 6), Column(say("sources.licence"), 3), Column(say("sources.date"), 3),
        Column(say("sources.file"), 5),
    )  # fmt: skip
    rows = [_source(entry, words) for entry in [*(manifest.get("sources") or ()), *more]]
    made = say(
        "sources.made", version=manifest.get("versions", {}).get("faellesrum", "–"), seed=manifest.get("seed", "–")
    )
    table = [Table(say("sources.caption"), columns, rows, small=True)] if rows else []
    return [Heading(say("sources.title")), *table, Paragraph(made, "note")]


def _source(entry: Any, words: Words) -> list[Cell]:
    def stated(key: str) -> str:
        value = entry.get(key)
        return words.say("sources.not_stated") if value in (None, "", NOT_STATED) else str(value)

    digest = str(entry.get("sha256") or "")[:DIGEST]
    date = words.date(entry["data_date"]) if entry.get("data_date") else words.say("sources.not_stated")
    name = Path(str(entry.get("path") or "")).name
    return [Cell(stated("attribution")), Cell(stated("licence")), Cell(date), Cell(name, quiet=digest)]


def spread_cell(
    low: float, best: float, high: float, words: Words, *, sure: bool = True, percent: bool = False
) -> Cell:  # fmt: skip
    """A cell with a number, its interval, and both drawn on a scale."""
    if np.isnan(best):
        return Cell("–")
    text = words.percent(best) if percent else words.hundred(best)
    spread = words.shared["format"]["between"].format(low=words.hundred(low), high=words.hundred(high))
    same = words.hundred(low) == words.hundred(high)
    figure = strip(low, best, high, sure=sure)
    return Cell(text, strong=True, quiet="" if same else spread, figure=figure)
