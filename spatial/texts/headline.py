"""What is said first of a run, in three sentences and a date, the same on the map, in the report and in every table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from spatial.core.languages import locale, plural, texts, whole_percent
from spatial.core.model import FLOATING, NOT_STATED, SHARES, Result
from spatial.core.numbers import long_date
from spatial.core.numbers import number as written
from spatial.places.meeting_spaces import MEETING, POSSIBLE
from spatial.places.naming import POSSIBLE_SPACES, names_of
from spatial.scoring import tiers

if TYPE_CHECKING:
    import geopandas as gpd

BEST_NAMED = 3  # of the first tier
RANKED = "{ranked}"


@dataclass(frozen=True)
class Headline:
    """The sentences, in their order: how many and how many ranked, what is not known, which are the best.

    ``best_ids`` are those that ``best`` names. ``dates`` says from when the data are, the oldest first. In
    ``counted``, ``RANKED`` stands for what is said of the order, which other weights may change.
    """

    count: str
    unknown: str
    best: str
    dates: str
    best_ids: tuple[str, ...]
    counted: str

    @property
    def sentences(self) -> list[str]:
        """Those that are not empty."""
        return [text for text in (self.count, self.unknown, self.best) if text]


def headline(result: Result, lang: str, names: Mapping[str, str] | None = None) -> Headline:
    """Say of a run what comes first; ``names`` are those of ``names_of``, where they are made already."""
    spaces = result.meeting_spaces
    meeting = spaces[spaces["status"] == MEETING]
    best, ids = _best(meeting, names or names_of(result, lang), lang)
    unknown = _unknown(meeting, possible_count(result), lang)
    counted = _counted(meeting, result, lang)
    count = counted.replace(RANKED, _ranked(meeting, lang))
    return Headline(count, unknown, best, dates(result, lang), ids, counted)


def possible_count(result: Result) -> int:
    """On how many pieces of open ground nothing is mapped that one would come for."""
    spaces = result.meeting_spaces
    return int((spaces["status"] == POSSIBLE).sum()) + len(result.layers.get(POSSIBLE_SPACES, ()))


def dates(result: Result, lang: str) -> str:
    """Say from when the data are: of the oldest source, of the newest where that is another day, and who gives none."""
    say, sources = texts(lang)["headline"], named_sources(result)
    dated = sorted((str(one["data_date"]), str(one["attribution"])) for one in sources if one["data_date"])
    undated = dict.fromkeys(_whose(str(one["attribution"])) for one in sources if not one["data_date"])
    if not dated:
        known = result.estate.as_of
        return str(say["date"].format(date=date_in_words(known, lang)) if known else say["undated"])
    (oldest, whose), (newest, _) = dated[0], dated[-1]
    first, last = (date_in_words(one, lang) for one in (oldest, newest))
    told = str(say["date"]).format(date=first)
    if oldest != newest:
        told = str(say["dates"]).format(oldest=first, source=_whose(whose), newest=last)
    return str(say["undated_some"]).format(dates=told, source=", ".join(undated)) if undated else told


def _whose(attribution: str) -> str:
    return attribution.removeprefix("© ")


def named_sources(result: Result) -> list[dict[str, str | None]]:
    """Who made what a run is made of, with licence and date of the data; each once, in the order of the manifest."""
    keys = ("attribution", "licence", "data_date")
    found = [{key: source.get(key) or None for key in keys} for source in result.manifest.get("sources") or ()]
    named = [source for source in found if source["attribution"] not in (None, NOT_STATED)]
    return list({tuple(source.values()): source for source in named}.values())


def reservations(result: Result, lang: str) -> list[str]:
    """What a reader should beware of, without the names of files and what a technician could do."""
    say = texts(lang, "report")["unknown"]["warning"]
    return [str(say[entry["code"]]).format(**entry) for entry in result.manifest.get("warnings") or ()]


def date_in_words(iso: Any, lang: str) -> str:
    """Write a date such as "9. februar 2016".

    Examples
    --------
    >>> date_in_words("2016-02-09", "da"), date_in_words(None, "en")
    ('9. februar 2016', 'unknown date')
    """
    head = texts(lang, "report")["head"]
    try:
        day = datetime.fromisoformat(str(iso))
    except ValueError:
        return str(iso) if iso else str(head["unknown_date"])
    return long_date(day, locale(lang))


def _counted(meeting: gpd.GeoDataFrame, result: Result, lang: str) -> str:
    say, inside = texts(lang)["headline"], int(meeting["inside"].sum())
    around = len(meeting) - inside
    given = {"estate": result.estate.name, "margin": round(result.estate.margin_m)}
    if not len(meeting):
        bare = not len(result.meeting_spaces) and not possible_count(result)
        return str(say["no_ground" if bare else "none"]).format(**given)
    key = "count_inside" if not around else "count_around" if not inside else "count"
    here, near = (_places(n, lang) for n in (inside, around))
    more = plural(say["more"], around, texts(lang)).format(n=_number(around, lang))
    return str(say[key]).format(inside=here, around=near, more=more, ranked=RANKED, **given)


def _ranked(meeting: gpd.GeoDataFrame, lang: str) -> str:
    say, ranked = texts(lang)["headline"], int(meeting["rank"].notna().sum())
    key = "ranked_none" if not ranked else "ranked_all" if ranked == len(meeting) else "ranked"
    return plural(say[key], len(meeting), texts(lang)).format(n=_number(ranked, lang))


def _unknown(meeting: gpd.GeoDataFrame, possible: int, lang: str) -> str:
    say = texts(lang)["headline"]
    ground = plural(say["possible"], possible, texts(lang)).format(n=_number(possible, lang)) if possible else ""
    if not len(meeting):
        return str(say["unknown_ground"]).format(ground=ground) if ground else ""
    shares = {share: _percent(float(meeting[share].mean()), lang) for share in SHARES}
    seen = say["seen" if meeting["seen"].mean() > 0 else "seen_none"].format(**shares)
    whole = str(say["unknown"]).format(**shares, seen_there=seen)
    return f"{whole} {say['unknown_ground'].format(ground=ground)}" if ground else whole


def _best(meeting: gpd.GeoDataFrame, names: Mapping[str, str], lang: str) -> tuple[str, tuple[str, ...]]:
    """Which are the best: only among the ranked, and only where they are told apart from the next."""
    say, ranked = texts(lang)["headline"], meeting[meeting["rank"].notna()].sort_values("rank", kind="stable")
    if not len(ranked):
        return "", ()
    first = ranked[tiers.tier_words(ranked["tier"]) == tiers.BEST]
    if len(ranked) == 1:
        first = ranked
    if not len(first):
        return str(say["best_all"]), ()
    ids = tuple(str(i) for i in first.index[:BEST_NAMED])
    named = [names[i] for i in ids]
    if len(first) == 1:
        score, low, high = (round(float(first[FLOATING + end].iloc[0]) * 100) for end in ("", "_low", "_high"))
        return str(say["best" if len(ranked) > 1 else "only"]).format(
            names=named[0], score=score, low=low, high=high
        ), ids
    more = len(first) - len(named)
    said = plural(say["best_more"], more, texts(lang)) if more else str(say["best_of"])
    return said.format(names="; ".join(named), n=_number(more, lang)), ids


def _places(n: int, lang: str) -> str:
    return plural(texts(lang)["headline"]["places"], n, texts(lang)).format(n=_number(n, lang))


def _number(n: int, lang: str) -> str:
    return written(n, locale(lang))


def _percent(share: float, lang: str) -> str:
    return str(texts(lang)["format"]["percent"]).format(whole_percent(share))
