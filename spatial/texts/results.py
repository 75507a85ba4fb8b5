"""Tell a run, a siting and a sensitivity in words and as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from spatial.core.languages import in_sentence, plural, texts
from spatial.core.model import SHARES, Result
from spatial.core.numbers import number as written
from spatial.layers.completeness import as_fraction
from spatial.places import naming
from spatial.places.meeting_spaces import CLOSED, MEETING, SEAT
from spatial.scoring import tiers
from spatial.texts.headline import headline, possible_count

SHOWN = 3
UNRANKED = ("closed", "seats", "withheld", "possible")
ALIKE = 0.005  # less than a whole percent in what is unknown


def summarise_run(result: Result, out: Path, *, lang: str) -> dict[str, Any]:
    """Collect the summary of a run as plain data."""
    spaces = result.meeting_spaces
    ranked = spaces[spaces["rank"].notna()].sort_values("rank", kind="stable")
    names = naming.names_of(result, lang)
    told = headline(result, lang, names)
    meeting = spaces[spaces["status"] == MEETING]
    # Of all alike, none is the least known.
    alike = meeting["unknown"].max() - meeting["unknown"].min() < ALIKE
    unsure = meeting[:0] if alike else meeting.sort_values(["unknown", "assumed"], ascending=False, kind="stable")
    tier = tiers.tier_words(ranked["tier"])
    best = ranked[tier == tiers.BEST] if (tier == tiers.BEST).any() else ranked

    def lines(table: gpd.GeoDataFrame) -> list[dict[str, Any]]:
        return [_line(identity, row, names[identity]) for identity, row in table.head(SHOWN).iterrows()]

    return {
        "estate": result.estate.name,
        "headline": told.sentences,
        "places": len(result.places),
        "meeting_spaces": len(spaces),
        "ranked": len(ranked),
        "closed": int((spaces["status"] == CLOSED).sum()),
        "seats": int((spaces["status"] == SEAT).sum()),
        "withheld": int(meeting["rank"].isna().sum()),
        "possible": possible_count(result),
        "tiers": {word: int((tier == word).sum()) for word in tiers.WORDS},
        "best": lines(best),
        "least_known": lines(unsure),
        "map": str(out / "map.html"),
        "folder": str(out),
        "homes": dict(result.manifest.get("siting", {})),
        "matching": [dict(row) for layer in result.manifest.get("layers", []) for row in layer["matching"]],
        "warnings": list(result.manifest.get("warnings", [])),
    }


def _line(identity: Any, row: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {
        "id": str(identity),
        "name": name,
        "floating": float(row["floating"]),
        "low": float(row["floating_low"]),
        "high": float(row["floating_high"]),
        "coverage": float(row["coverage"]),
        **{share: float(row[share]) for share in SHARES},
    }


def summary_in_words(summary: Mapping[str, Any], *, lang: str) -> str:
    """Say a summary in Danish or English."""
    say = texts(lang)["summary"]
    count, *others = counts_in_words(summary, lang=lang)
    lines = [
        count,
        *("  " + line for line in others),
        *("  " + _matching(row, lang) for row in summary["matching"]),
        *("  " + line for line in _counted(summary["homes"], lang)),
        *_first(summary, lang),
    ]
    if summary["least_known"]:
        lines += [say["least_known"], *(_row(row, say["row_known"]) for row in summary["least_known"])]
    lines += [say["map"].format(path=summary["map"]), say["folder"].format(path=summary["folder"])]
    if summary["best"]:
        first = summary["best"][0]["id"]
        lines.append(say["next"].format(path=summary["folder"], id=first))
    return "\n".join(lines)


def counts_in_words(summary: Mapping[str, Any], *, lang: str) -> list[str]:
    """Say how many there are and are ranked, and of what is not ranked how many for which reason."""
    say = texts(lang)["summary"]
    return [summary["headline"][0], *(say[name].format(n=summary[name]) for name in UNRANKED if summary[name])]


def first_in_words(summary: Mapping[str, Any], *, lang: str) -> str:
    """Say what those are that are named first: the best, or some among the best."""
    say = texts(lang)["summary"]
    best = summary["tiers"][tiers.BEST]
    count = best or summary["ranked"]
    return str(say["first" if count == 1 else "first_of" if best else "first_all"]).format(n=count)


def _first(summary: Mapping[str, Any], lang: str) -> list[str]:
    if not summary["best"]:
        return []
    say = texts(lang)["summary"]
    lines = [first_in_words(summary, lang=lang), *(_row(row, say["row"]) for row in summary["best"])]
    more = (summary["tiers"][tiers.BEST] or summary["ranked"]) - len(summary["best"])
    return [*lines, "  " + say["more"].format(n=more)] if more else lines


def _matching(row: Mapping[str, Any], lang: str) -> str:
    """How many things of a class a source holds, and how many of them were known already."""
    words = texts(lang)
    titles = words["layer"] | words["kind"]
    return str(words["summary"]["matching"]).format(
        source=row["source_id"],
        what=in_sentence(titles[row["class"]]["title"], words),
        objects=row["objects"],
        matched=row["matched"],
        added=row["added"],
    )


def _counted(homes: Mapping[str, float], lang: str) -> list[str]:
    """How many homes a register counts beside what their floor area would have given; nothing where none is asked."""
    if "counted" not in homes:
        return []
    say, numbers = texts(lang)["summary"], (round(homes["counted"]), round(homes["by_floor_area"]))
    more = numbers[0] - numbers[1]
    locale = texts(lang)["format"]["locale"]
    values = {"counted": numbers[0], "estimated": numbers[1], "differ": abs(more)}
    key = "homes_same" if not more else "homes_more" if more > 0 else "homes_fewer"
    return [str(say[key]).format(**{name: written(value, locale) for name, value in values.items()})]


def _row(row: Mapping[str, Any], pattern: str) -> str:
    shares = {share: round(row[share] * 100) for share in SHARES}
    score, low, high = (round(row[name] * 100) for name in ("floating", "low", "high"))
    return "  " + pattern.format(name=row["name"], id=row["id"], score=score, low=low, high=high, **shares)


def summary_as_json(summary: Mapping[str, Any]) -> str:
    """Print a summary as JSON."""
    return json.dumps(summary, ensure_ascii=False, indent=1, sort_keys=True)


def sensitivity_in_words(table: pd.DataFrame, *, lang: str) -> str:
    """Print the table in Danish or English, one line an indicator or aspect."""
    words = texts(lang)
    say = words["sensitivity"]

    def number(value: float) -> str:
        return written(value, words["format"]["locale"], 2)

    lines = [say["title"], say["how"]]
    for _, row in table.iterrows():
        lines.append(
            "  "
            + say["row"].format(
                title=words["aspect" if row["level"] == "aspect" else "indicator"][row["input"]]["title"],
                level=say[row["level"]],
                first=number(row["first_order"]),
                first_ci=number(row["first_order_ci"]),
                total=number(row["total"]),
                total_ci=number(row["total_ci"]),
            )
        )
    return "\n".join(lines)


def sensitivity_as_json(table: pd.DataFrame) -> str:
    """Print the table as JSON, numbers in full."""
    return json.dumps(table.to_dict("records"), ensure_ascii=False, indent=1)


def unknowns_as_data(result: Result, otherwise: pd.DataFrame, shared: float) -> dict[str, Any]:
    """How unknown facts were estimated, how complete lists are, what is common to all, what other odds change."""
    return {
        "facts": list(result.manifest.get("unknowns", [])),
        "completeness": list(result.manifest.get("completeness", [])),
        "shared_share": None if pd.isna(shared) else shared,
        "tiers": {str(tier): int(n) for tier, n in result.meeting_spaces["tier"].value_counts().sort_index().items()},
        "otherwise": otherwise.to_dict("records"),
    }


def unknowns_in_words(told: Mapping[str, Any], *, lang: str) -> str:
    """Print the blocked validation of the estimates, and what other odds would change, in Danish or English."""
    words = texts(lang)
    say, titles = words["unknowns"], words["fact"]

    def number(value: float) -> str:
        return written(value, words["format"]["locale"], 2)

    lines = [say["title"], say["how"]]
    for row in told["facts"]:
        title = titles[row["fact"]]["title"]
        if len(row["bits"]) == 1:
            lines.append("  " + say["few"].format(title=title, known=row["known"]))
        else:
            bits = {name: number(value) for name, value in row["bits"].items()}
            share = round(100 * row["share"])
            lines.append(
                "  " + say["row"].format(title=title, known=row["known"], share=share, **bits, model=say[row["model"]])
            )
    if told["completeness"]:
        lines.append(say["completeness"])
        lines += ["  " + line for line in completeness_in_words(told["completeness"], lang=lang)]
    if told["shared_share"] is not None:
        counts = ", ".join(str(n) for n in told["tiers"].values())
        lines.append(say["shared"].format(share=round(100 * told["shared_share"]), n=len(told["tiers"]), counts=counts))
    lines += [say["otherwise"], say["otherwise_how"]]
    for row in told["otherwise"]:
        title = say["all"] if row["fact"] == "all" else titles[row["fact"]]["title"]
        lines.append("  " + say["halved" if row["odds"] < 1 else "doubled"].format(**{**row, "title": title}))
    return "\n".join(lines)


def completeness_in_words(rows: Sequence[Mapping[str, Any]], *, lang: str) -> list[str]:
    """Say of each kind how many there are for those that are known, and by which two lists, in Danish or English."""
    words = texts(lang)
    say, kinds = words["completeness"], words["kind"]
    found = []
    for row in rows:
        what = plural(kinds[row["kind"]]["plural"], row.get("known", 2), words) if row["kind"] in kinds else row["kind"]
        if row["stated"]:
            low, high = (round(100 * (1 - 1 / row[end])) for end in ("low", "high"))
            found.append(say["stated"].format(what=what, low=low, high=high))
        else:
            low, best, high = (round(row["known"] * row[end]) for end in ("low", "best", "high"))
            n, of = as_fraction(1 - 1 / row["best"])
            found.append(
                say["lists"].format(**{**row, "what": what, "low": low, "best": best, "high": high, "n": n, "of": of})
            )
    return found


def siting_in_words(curve: pd.DataFrame, result: Result, *, lang: str) -> str:
    """Say for each number of places which they are and what they bring, in Danish or English."""
    words = texts(lang)
    say = words["siting"]
    lines = [say["title"], say["how"]]
    if not len(curve):
        return "\n".join([*lines, say["nobody"]])

    def number(value: float) -> str:
        return f"{value:.0f}"

    named = naming.names_of(result, lang)
    for _, row in curve.iterrows():
        names = ", ".join(f"{named[identity]} ({identity})" for identity in row["space_ids"].split(";"))
        lines.append(
            "  "
            + say["row"].format(
                k=row["k"],
                homes=number(row["dwellings"]),
                share=number(row["share"] * 100),
                known=number(row["dwellings_known"]),
                places=names,
            )
        )
    return "\n".join(lines)


def siting_as_json(curve: pd.DataFrame, result: Result) -> str:
    """Print the curve as JSON, numbers in full."""
    rows: list[dict[str, Any]] = [
        {**{str(key): value for key, value in row.items()}, "space_ids": row["space_ids"].split(";")}
        for row in curve.to_dict("records")
    ]
    return json.dumps({"estate": result.estate.name, "curve": rows}, ensure_ascii=False, indent=1)
