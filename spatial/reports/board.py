"""What a board is shown on one slide and one page: the map, the sentences that come first, and a short table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spatial.core.model import FLOATING, Result
from spatial.maps.svg import drawn
from spatial.maps.typesetting import Typeset
from spatial.reports.figures import Frame, Told, estate_map
from spatial.reports.sections import Named, Words, attribution, map_words
from spatial.scoring.tiers import tier_words
from spatial.texts.headline import headline

SHOWN = 8  # places in the table
DPI = 200
Picture = tuple[bytes, float, float]  # PNG, and its width and height in millimetres


@dataclass(frozen=True)
class Board:
    """The estate, from when the data are, the sentences, the picture of the map and what it shows, and the table.

    ``head`` are the titles of the columns of ``rows``, ``note`` says how many places more there are, and ``credit``
    who made the data.
    """

    lang: str
    title: str
    dates: str
    sentences: Sequence[str]
    picture: Picture
    alt: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str
    credit: str
    made_at: str | None


def board(result: Result, lang: str, frame: Frame) -> Board:
    """Collect what a board is shown; the map is drawn in a frame."""
    words = Words(lang)
    named = Named(result, words)
    told = headline(result, lang, named.name)
    say, estate = words.report["board"], result.estate
    ranked = result.meeting_spaces.loc[named.ids].dropna(subset="rank").index.astype(str)[:SHOWN]
    shown = {identity: named.number[identity] for identity in ranked}
    more = len(named.ids) - len(shown)
    return Board(
        lang=lang,
        title=words.say("head.title", estate=estate.name),
        dates=told.dates,
        sentences=told.sentences,
        picture=_picture(result, words, shown, frame),
        alt=words.say("board.alt", estate=estate.name),
        head=[say["number"], say["place"], say["tier"], say["score"]],
        rows=_rows(result, list(shown), named, words),
        note=words.counted("board.more", more) if more else "",
        credit=attribution(result, words),
        made_at=result.manifest.get("made_at"),
    )


def _rows(result: Result, ids: Sequence[str], named: Named, words: Words) -> list[list[str]]:
    spaces = result.meeting_spaces
    tiers = dict(zip(spaces.index.astype(str), tier_words(spaces["tier"]), strict=True))
    titles = words.shared["map"]["tier"]
    return [
        [
            str(named.number[i]),
            named.name[i],
            str(titles.get(tiers[i], "")),
            words.say(
                "board.points",
                score=words.hundred(float(spaces.at[i, FLOATING])),
                spread=words.spread(*(float(spaces.at[i, FLOATING + end]) for end in ("_low", "_high"))),
            ),
        ]
        for i in ids
    ]


def _picture(result: Result, words: Words, numbers: dict[str, int], frame: Frame) -> Picture:
    figure = estate_map(result, map_words(words), numbers=numbers, told=Told("", ""), frame=frame)
    data = {"width": figure.width, "height": figure.height, "file": "0.svg"}
    made = Typeset(("spatial.reports", "picture.typ"), data, {"0.svg": drawn(figure, "d", wide=False)})
    return made.png(DPI), figure.width, figure.height
