"""The sections that reports share, their words and names, and a document written as HTML and PDF."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from spatial.core.languages import first_capital, in_sentence, kinds_counted, plural, texts
from spatial.core.model import ASPECTS, GATE, KNOWN_EVIDENCE, NOT_STATED, SHARES, Result
from spatial.core.numbers import number as written
from spatial.maps import style
from spatial.places.meeting_spaces import CLOSED, MEETING, SEAT
from spatial.places.naming import in_order, name_in_sentence, names_of
from spatial.reports.document import Block, Cell, Column, Heading, Paragraph, Points, Table
from spatial.reports.figures import MapWords, strip
from spatial.scoring.combining import aspect_weights
from spatial.texts.headline import date_in_words, reservations
from spatial.texts.results import completeness_in_words

if TYPE_CHECKING:
    from spatial.reports.document import Document


def draw_document(document: Document, *, pdf: bool = False, paper: Document | None = None) -> dict[str, bytes]:
    """A report as ``.html``, and with ``pdf`` as ``.pdf`` too; ``paper`` is what is printed where that is another."""
    from spatial.reports import html

    made = {".html": html.html(document).encode("utf-8")}
    if pdf:
        from spatial.reports import pdf as reports_pdf

        made[".pdf"] = reports_pdf.document_pdf(paper or document)
    return made


def write_document(document: Document, path: Path, *, pdf: bool = False, paper: Document | None = None) -> list[Path]:
    """Write a report as a page, and with ``pdf`` beside it as ``.pdf``, of ``paper`` where that differs; all or none.

    Returns
    -------
    list
        What was written.
    """
    from spatial.core import outputs

    page, *others = draw_document(document, pdf=pdf, paper=paper).items()
    made = {path: page[1], **{path.with_suffix(ending): content for ending, content in others}}
    outputs.replace_files(made)
    return list(made)


ABOUT_FROM, ABOUT_STEP = 100, 10  # dwellings follow from floor area: beyond a hundred, tens are enough
SHORT_M, METRES_STEP = 20, 10
NAME_MOST = 80  # letters of a name; longer ones are no names


class Words:
    """The words of one language, with the numbers put in."""

    def __init__(self, lang: str) -> None:
        self.lang = lang
        self.report = texts(lang, "report")
        self.shared = texts(lang)

    def say(self, key: str, **values: Any) -> str:
        """Return the text of the report under a key such as ``"answer.count"``, filled in."""
        found = str(self._found(key))
        return found.format(**values) if values else found

    def counted(self, key: str, count: int, **values: Any) -> str:
        """Return the text for so many: ``n``, written as the language does."""
        return plural(self._found(key), count, self.shared).format(n=self.number(count), **values)

    def _found(self, key: str) -> Any:
        return reduce(lambda part, name: part[name], key.split("."), self.report)

    def number(self, value: float, decimals: int = 0) -> str:
        """Return a number as the language writes it."""
        if not math.isfinite(value):
            return "–"
        return written(value, self.shared["format"]["locale"], decimals).replace("-", "−")

    def hundred(self, share: float) -> str:
        """Return a score or share in [0, 1] as a whole number up to 100."""
        return self.number(share * 100)

    def percent(self, share: float) -> str:
        """Return a share in [0, 1] as whole percent."""
        return str(self.shared["format"]["percent"]).format(self.hundred(share))

    def spread(self, low: float, high: float) -> str:
        """Return an interval of scores or shares, such as "65–86"."""
        return f"{self.hundred(low)}–{self.hundred(high)}" if self._differ(low, high) else self.hundred(low)

    def _differ(self, low: float, high: float) -> bool:
        return self.hundred(low) != self.hundred(high)

    def moved(self, before: Any, after: Any) -> str:
        """Return what was and what becomes of it, such as "68 to 65", or that it stays."""
        return self.say(f"plan.facts.{'same' if before == after else 'change'}", before=before, after=after)

    def quoted(self, text: str) -> str:
        """Return a text in the marks of the language."""
        return self.say("format.quote").format(text)

    def homes(self, count: float) -> str:
        """Return a number of dwellings."""
        return self.number(round(count / ABOUT_STEP) * ABOUT_STEP if count >= ABOUT_FROM else count)

    def join(self, items: Sequence[str]) -> str:
        """Join items to "a, b and c"."""
        if len(items) < 2:
            return "".join(items)
        return f"{', '.join(items[:-1])} {self.shared['format']['and']} {items[-1]}"

    def listed(self, items: Sequence[str]) -> str:
        """Join phrases that begin with a capital to "One; another"."""
        return "; ".join([*items[:1], *(in_sentence(item, self.shared) for item in items[1:])])

    def date(self, iso: Any) -> str:
        """Return a date such as "9. februar 2016"."""
        return date_in_words(iso, self.lang)

    def title(self, indicator: str) -> str:
        """Return the title of an indicator."""
        return str(self.shared["indicator"][indicator]["title"])

    def measured(self, indicator: str, value: float) -> str:
        """Return a measured value with its unit in words, as on the map."""
        about = self.shared["indicator"][indicator]
        text = self._forms[about["form"]](value)
        unit = plural(about.get("unit", ""), round(value, 1), self.shared)
        return unit.replace("{}", text) if unit else text

    def changed(self, indicator: str, values: Sequence[float], *, unit: bool) -> str:
        """Return what was measured, a value or two bounds, to stand beside another: the unit with one of them."""
        about = self.shared["indicator"][indicator]
        shown = dict.fromkeys(self._forms[about["form"]](value) for value in values)
        first, *last = shown
        percent = str(self.shared["format"]["percent"]).format("")
        whole = self.measured(indicator, values[-1]).removeprefix(self.say("format.like"))
        text = whole if unit else [first, *last][-1].removesuffix(percent)
        return f"{first.removesuffix(percent)}–{text}" if last else text

    @cached_property
    def _forms(self) -> Mapping[str, Callable[[float], str]]:
        answer = self.shared["answer"]
        return {
            "percent": self.percent,
            "metres": lambda v: f"{self.number(v if v < SHORT_M else round(v / METRES_STEP) * METRES_STEP)} m",
            "count": lambda v: self.homes(v) if v >= ABOUT_FROM else self.number(v, int(bool(round(v, 1) % 1))),
            "ratio": lambda v: self.number(v, int(bool(round(v, 1) % 1))),
            "number": lambda v: self.number(v, int(v < 10 and bool(round(v, 1) % 1))),
            "holds": lambda v: answer["holds" if v > 0.99 else "lacks"],
            "yesno": lambda v: answer["yes" if v > 0.99 else "partly" if v > 0.01 else "no"],
        }


def shortened(name: str, most: int = NAME_MOST) -> str:
    """Return a name, or as much of its beginning as one reads, and "…".

    Examples
    --------
    >>> shortened("Legeplads ved Ringvejen", 12)
    'Legeplads…'
    """
    if len(name) <= most:
        return name
    cut = name[:most]
    return f"{cut.rpartition(' ')[0] or cut}…"


class Named:
    """Names of the spaces of a result, as on its map and its sheet; ``ids`` and numbers of the meeting spaces."""

    def __init__(self, result: Result, words: Words) -> None:
        spaces = result.meeting_spaces
        self._words = words
        meeting = (spaces["status"] == MEETING).to_numpy(dtype=bool)
        self.ids = [str(spaces.index[i]) for i in in_order(spaces) if meeting[i]]
        self.number = {identity: k for k, identity in enumerate(self.ids, 1)}
        self.name = names_of(result, words.lang)
        self._given = {str(i) for i, name in spaces["name"].items() if isinstance(name, str) and name}

    def inline(self, identity: str) -> str:
        """Return a name as it stands in a sentence."""
        name = self.name[identity]
        return name if identity in self._given else name_in_sentence(name, self._words.lang)

    def both(self, identity: str) -> str:
        """Return name and number: "legepladsen ved Ringvejen (nr. 3)"; what is not judged has no number."""
        name = self.inline(identity)
        return (
            self._words.say("place.named", number=self.number[identity], name=name) if identity in self.number else name
        )

    def some(self, ids: Sequence[str], most: int) -> str:
        """Return names with numbers, of more than ``most`` the first: "a, b og 3 til"."""
        names = [self.both(identity) for identity in ids[:most]]
        if len(ids) <= most:
            return self._words.join(names)
        return self._words.say("place.more", names=", ".join(names), n=len(ids) - most)


CHECKS_SHOWN = 5
PLACES_SHOWN = 3  # of a question
MISSING_SHOWN = 5
NAMES_SHOWN = 4  # of clubs or schools of a kind
CLOSED_SHOWN = 12
DIGEST = 12  # of a fingerprint


def map_words(words: Words) -> MapWords:
    """What the legend of a map says."""
    own = words.report["map"]
    return MapWords(
        ramp=own["ramp"], relative=own["relative"], boundary=own["boundary"], withheld=own["withheld"],
        context=own["context"], north=words.shared["sitemap"]["north"],
    )  # fmt: skip


def attribution(result: Result, words: Words) -> str:
    """Who must be named beside a map; empty where nobody is known."""
    named = style.lines(result)
    return str(words.shared["map"]["attribution"]).format(sources="; ".join(named)) + "." if named else ""


def scale(words: Words) -> Paragraph:
    """How to read a number and the line beside it."""
    return Paragraph(words.say("reading.text"), "note")


def unknown(result: Result, checks: pd.DataFrame, named: Named, words: Words) -> list[Block]:
    """What is not known, and what a visit can settle, the most consequential first."""
    spaces = result.meeting_spaces
    blocks: list[Block] = [Heading(words.say("unknown.title"))]
    if named.ids:
        blocks.append(Paragraph(_known(spaces.loc[named.ids], named, words)))
    missing = _missing(result, words)
    if missing:
        blocks.append(Paragraph(words.say("unknown.missing", list=words.join(missing))))
    left_out = list(_left_out(result, words))
    blocks += [Paragraph(words.say("unknown.left_out", list="; ".join(left_out)))] if left_out else []
    blocks += [Paragraph(words.say("unknown.reservation", text=text)) for text in reservations(result, words.lang)]
    rows = result.manifest.get("completeness", ())
    complete = [f"{first_capital(text)}." for text in completeness_in_words(rows, lang=words.lang)]
    blocks += [Paragraph(words.say("unknown.complete", list=" ".join(complete)))] if complete else []
    return [*blocks, *_checks(result, checks, named, words)]


def shares(spaces: pd.DataFrame, words: Words) -> dict[str, str]:
    """How a typical place is known: the mean shares seen, worked out, assumed and unknown, as percent."""
    return {share: words.percent(float(spaces[share].mean())) for share in SHARES}


def _known(spaces: pd.DataFrame, named: Named, words: Words) -> str:
    """How the typical place is known, and of which least is."""
    said = words.say("unknown.known", **shares(spaces, words))
    typical, high = (words.percent(float(value)) for value in (spaces["unknown"].mean(), spaces["unknown"].max()))
    if typical == high:
        return said
    least = named.both(str(spaces["unknown"].idxmax()))
    return f"{said} {words.say('unknown.least', name=least, unknown=high)}"


def _missing(result: Result, words: Words) -> list[str]:
    """Indicators that are unknown of most meeting spaces, the most often first."""
    spaces = result.meeting_spaces
    spaces = spaces[spaces["status"] == MEETING]
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
    """Questions of the meeting spaces; what to ask where it is closed, or nothing is mapped, has its own sections."""
    if len(checks):
        checks = checks[result.places["space_id"].reindex(checks["place_id"]).isin(named.ids).to_numpy()]
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
    where = named.some(spaces, PLACES_SHOWN)
    change = float(row["rank_change"])
    key = "less" if change < 0.75 else "place" if change < 1.5 else "places"
    return [
        Cell(words.shared["fact"][row["fact"]]["question"]),
        Cell(where),
        Cell(words.spread(float(row["floating_worst"]), float(row["floating_best"]))),
        Cell(words.say(f"unknown.{key}", n=words.number(change))),
    ]


def context(result: Result, named: Named, words: Words) -> list[Block]:
    """Clubs, houses and schools in the estate and just around it, and what is not open: shown, not judged."""
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
        *(Paragraph(text) for text in _not_judged(result, named, words)),
    ]


def _not_judged(result: Result, named: Named, words: Words) -> list[str]:
    """Spaces that are not open to everybody, by name, and seats that stand alone; neither is judged."""
    status = result.meeting_spaces["status"]
    closed = [str(identity) for identity in status.index[status == CLOSED]]
    seats = int((status == SEAT).sum())
    found = []
    if closed:
        names = named.some(closed, CLOSED_SHOWN)
        found.append(words.counted("context.closed", len(closed), names=names))
        found.append(words.say("context.ask"))
    if seats:
        found.append(words.counted("context.seats", seats))
    return found


def _counted(kind: str, rows: pd.DataFrame, words: Words) -> str:
    count = kinds_counted(kind, len(rows), words.shared)
    names = sorted({str(name) for name in rows["name"].dropna()})
    if not names or len(names) > NAMES_SHOWN:
        return count
    return words.say("context.names", count=count, names=words.join(names))


def how(result: Result, words: Words, *, first: str = "") -> list[Block]:
    """How it was worked out, in plain words; ``first`` is said before all."""
    say, rubric, shared = words.say, result.rubric, words.shared
    judged = sum(rule.weight > 0 and rule.aspect != GATE for rule in rubric.rules.values())
    conditions = any(rule.weight > 0 and rule.aspect == GATE for rule in rubric.rules.values())
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
        *([Paragraph(say("how.conditions"))] if conditions else []),
        Paragraph(say("how.assumed")),
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
