"""Say why a meeting space changes, and what a plan does on the ground, as people speak. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from spatial.core.languages import in_sentence, said
from spatial.core.numbers import number as written

# Of a mean of counts, which need not be whole, one decimal is worth telling.
FEW_DECIMALS = {"m": 0, "count": 1, "share": 2, "ratio": 2, "index": 2, "m/ha": 0}
# Of the classes of roads, the one that people call by another name.
MAJOR = "major"
UNIT_DECIMALS = {"m": 0, "count": 0, "share": 2, "ratio": 2, "index": 2, "m/ha": 0}


def because(reason: Mapping[str, Any], units: Mapping[str, str], words: Mapping[str, Any]) -> str:
    """Say one reason of a change: what was measured before and after, and what stands behind it."""
    unit = units[reason["indicator"]]

    def number(value: float) -> str:
        decimals = UNIT_DECIMALS[unit] if value.is_integer() else max(UNIT_DECIMALS[unit], FEW_DECIMALS[unit])
        return written(value, words["format"]["locale"], decimals)

    def known(values: list[float] | None) -> str:
        return str(words["compare"]["not_known"]) if values is None else "–".join(map(number, values))

    title = words["indicator"].get(reason["indicator"], {"title": reason["indicator"]})["title"]
    shown = f"{known(reason['before'])} → {known(reason['after'])} {words['unit'][unit]}".strip()
    behind = ", ".join(told_once(reason["causes"], words))
    return f"{title}: {shown}" + (f", {behind}" if behind else "")


def told_once(causes: list[Mapping[str, Any]], words: Mapping[str, Any]) -> list[str]:
    """Say causes in words, each once."""
    return list(dict.fromkeys(cause_in_words(cause, words) for cause in causes))


def cause_in_words(cause: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    """Say what on the ground stands behind a change, such as "the way in from the north is gone"."""
    say = words["cause"]
    side = None if cause["side"] is None else words["side"][cause["side"]]
    if cause["cause"] in say:
        return str(say[cause["cause"]].format(side=side, count=cause["count"]))
    what, _, how = cause["cause"].partition("_")
    kind = words["kind"].get(cause["kind"], {}).get("title")
    name = said(cause["name"]) or (in_sentence(kind, words) if kind else None)
    named = f"{say['named'].format(name=name)} ({cause['object_id']})" if name else cause["object_id"]
    parts = [say["thing"][what], named]
    if cause["distance_m"] and how == "moved":
        return " ".join([*parts, say["how"]["moved_by"].format(metres=cause["distance_m"])])
    if cause["distance_m"] and side:
        parts.append(say["where"].format(metres=cause["distance_m"], side=side))
    return " ".join([*parts, say["how"][how]])


def edit_in_words(item: Mapping[str, Any], words: Mapping[str, Any], lang: str) -> str:
    """Say one thing that a plan changes as people speak: "bygningen ved Skovvej rives ned", "ny bænk ved Skovvej".

    Parameters
    ----------
    item
        A row of ``spatial.plans.causes.changed_objects``; ``street``, the nearest one, or None; and ``called``, what a
        place of today is called amid a sentence, by language, or None.
    """
    say, name = words["edit"], said(item["name"])
    kind = words["kind"].get(item["kind"]) if item["what"] in ("place", "context") else None
    road = MAJOR if item["what"] == "road" and item["kind"] == MAJOR else item["what"]
    if item["how"] == "new":
        thing = newly(in_sentence(kind["title"] if kind else say["thing"][road], words), item, words)
    else:
        thing = kind["definite"] if kind else say["known"][road]
    thing = f"{thing} {say['named'].format(name=name)}" if name else thing
    if item["called"] and item["how"] != "new":
        thing = item["called"][lang]
    elif item["street"] and item["what"] not in ("road", "way") and not name:
        thing = say["at"].format(thing=thing, street=item["street"])
    metres = None if pd.isna(item["moved_m"]) else round(item["moved_m"])
    how = "moved_by" if item["how"] == "moved" and metres else item["how"]
    own = f"{how}_{item['what']}"
    return str(say[own if own in say else how].format(thing=thing, metres=metres))


def newly(thing: str, item: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    """A thing that was not there: "ny bænk", "nyt torv"."""
    say = words["plan"]
    gender = item["kind"] if item["what"] in ("place", "context") else item["what"]
    return str(say["newly_neuter" if gender in say["neuter"].split() else "newly"].format(thing=thing))


def reasons_in_words(reasons: Sequence[Mapping[str, Any]], words: Mapping[str, Any], lang: str) -> list[str]:
    """Say what each edit adds to a meeting space, or takes from it: "bænk kommer til: +4 point"."""
    say = words["edit"]["reason"]
    return [
        say.format(
            edits=", ".join(dict.fromkeys(edit_in_words(item, words, lang) for item in reason["things"])),
            points=signed(reason["points"]),
        )
        for reason in reasons
    ]


def signed(points: int) -> str:
    """Whole points with their sign; the minus is the one of print."""
    return f"{points:+d}".replace("-", "−") if points else "0"
