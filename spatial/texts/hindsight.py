"""Tell what came of a forecast, place by place, in words and as data; and what cannot be told. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from spatial.core.languages import plural, texts
from spatial.core.model import Result
from spatial.core.numbers import number as written
from spatial.plans.hindsight import (
    ABOVE,
    BELOW,
    COUNTED,
    INSIDE,
    MISSING,
    UNCOUNTED,
    UNFORESEEN,
    UNSCORED,
    WIDE,
    WITHHELD,
    Hindsight,
)
from spatial.texts.plan_names import named_rows

SHOWN = 30
SCORES = ("today", "forecast_low", "forecast", "forecast_high", "now_low", "now", "now_high")
IDS = ("today_id", "forecast_id", "now_id")


def named(found: Hindsight, forecast: Result, now: Result, lang: str) -> pd.DataFrame:
    """The table of places with a name in each row: that of now, of what is not there that of the forecast."""
    names = named_rows(forecast, lang) | named_rows(now, lang)
    whose = found.places["now_id"].where(found.places["now_id"].notna(), found.places["forecast_id"])
    table = found.places.copy()
    table.insert(len(IDS), "name", [names[identity] for identity in whose])
    return table


def hindsight_as_data(found: Hindsight, forecast: Result, now: Result, *, lang: str) -> dict[str, Any]:
    """The same as plain data: scores of 100, what is not known as None."""
    return {
        "plan": (forecast.manifest.get("plan") or {}).get("name"),
        "promised": len(found.promised),
        "built": int(found.promised["built"].sum()),
        "still_there": found.still_there,
        "states": {str(state): int(n) for state, n in found.places["state"].value_counts().sort_index().items()},
        "places": [_place(row) for row in named(found, forecast, now, lang).to_dict("records")],
        "not_told": list(not_told(found, forecast, now, lang=lang)),
    }


def _place(row: Mapping[Any, Any]) -> dict[str, Any]:
    ids = {name: row[name] if isinstance(row[name], str) else None for name in IDS}
    scores = {name: None if np.isnan(row[name]) else round(row[name] * 100) for name in SCORES}
    now, forecast = scores["now"], scores["forecast"]
    counts = {name: None if np.isnan(row[name]) else row[name] for name in ("visits", "people", "per_visit")}
    return {
        **ids,
        "name": row["name"],
        "state": row["state"],
        **scores,
        "difference": None if now is None or forecast is None else now - forecast,
        **counts,
        "counts": row["counts"],
    }


def hindsight_in_words(found: Hindsight, forecast: Result, now: Result, *, lang: str) -> str:
    """Say what came of a forecast, the most telling places first, and what cannot be told."""
    words = texts(lang)
    say, said = words["hindsight"], hindsight_as_data(found, forecast, now, lang=lang)
    states = {state: said["states"].get(state, 0) for state in (INSIDE, ABOVE, BELOW, MISSING, UNFORESEEN, UNSCORED)}
    judged = states[INSIDE] + states[ABOVE] + states[BELOW]
    lines = [say["title"].format(plan=said["plan"], estate=forecast.estate.name)]
    lines += [say["promised"].format(**said)] if said["promised"] else [say["promised_none"]]
    if found.still_there:
        lines.append(plural(say["still_there"], found.still_there, words).format(n=found.still_there))
    lines.append(say["states"].format(judged=judged, **states))
    rows = said["places"]
    for state in (BELOW, ABOVE, MISSING, UNFORESEEN, INSIDE, UNSCORED):
        own = [row for row in rows if row["state"] == state]
        if own:
            lines += [say["state"][state], *(f"  {_line(row, words)}" for row in own[:SHOWN])]
            lines += [f"  {say['more'].format(n=len(own) - SHOWN)}"] if len(own) > SHOWN else []
    return "\n".join([*lines, say["not_told"], *(f"  - {text}" for text in said["not_told"])])


def _line(row: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    say = words["hindsight"]
    scores = {name: say["none"] if row[name] is None else row[name] for name in SCORES}
    key = "line_missing" if row["now_id"] is None else "line_unforeseen" if row["forecast_id"] is None else "line"
    line = str(say[key]).format(name=row["name"], **scores)
    if row["counts"] != COUNTED:
        return line
    per_visit = written(row["per_visit"], words["format"]["locale"], 1)
    return line + str(say["counted"]).format(per_visit=per_visit, visits=round(row["visits"]))


def not_told(found: Hindsight, forecast: Result, now: Result, *, lang: str) -> Iterator[str]:
    """What a forecast, a run and counts together do not tell, each in one sentence."""
    say, table = texts(lang)["hindsight"]["cannot"], found.places
    yield say["use"]
    counts = table["counts"].value_counts()
    if not counts.get(COUNTED, 0) and not counts.get(WITHHELD, 0):
        yield say["no_counts"]
    else:
        there = table[table["now_id"].notna()]
        uncounted, withheld = ((there["counts"] == word).sum() for word in (UNCOUNTED, WITHHELD))
        if uncounted:
            yield say["uncounted"].format(n=uncounted)
        if withheld:
            yield say["withheld"].format(n=withheld)
    wide = int((table["forecast_high"] - table["forecast_low"] > WIDE).sum())
    if wide:
        yield say["wide"].format(n=wide, of=int(table["forecast"].notna().sum()), points=round(WIDE * 100))
    if (table["state"] == UNFORESEEN).any():
        yield say["unforeseen"].format(n=int((table["state"] == UNFORESEEN).sum()))
    dates = [_data_date(result) for result in (forecast, now)]
    if dates[0] != dates[1]:
        yield say["dates"].format(forecast=dates[0] or say["unknown"], now=dates[1] or say["unknown"])
    else:
        yield say["same_data"].format(date=dates[0] or say["unknown"])


def _data_date(result: Result) -> str | None:
    dates = [
        str(source["data_date"])[:10] for source in result.manifest.get("sources") or () if source.get("data_date")
    ]
    return max(dates, default=None)
