"""Tell what a plan changes about meeting spaces and homes, in words and as data. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from spatial.core.languages import first_capital, numbers_written, plural, said, texts, whole_percent
from spatial.core.model import FLOATING, Result
from spatial.places.whereabouts import nearest_street
from spatial.plans.comparison import CHANGED, KEPT, LOST, NEW, SCORES, Comparison
from spatial.plans.home_changes import LOSING, hardest_lens, seen_through
from spatial.texts.plan_names import named_row, places_in_sentences, space_names
from spatial.texts.plan_reasons import because, reasons_in_words, told_once

SHOWN = 5
# Points that an edit may differ by from the whole change and be all of it.
ALL_OF_IT = 0.05
ITEM = ("what", "how", "object_id", "kind", "name")
CAUSE = ("cause", "object_id", "kind", "name", "note", "side", "distance_m", "count")


def describe_changes(
    found: Comparison, before: Result, after: Result, reasons: pd.DataFrame | None = None
) -> dict[str, Any]:
    """Collect the differences as plain data, rounded to what they are worth.

    Parameters
    ----------
    reasons
        What each edit adds to each meeting space, as ``spatial.studies.contributions`` finds it. Without it, what on
        the ground may stand behind a change is told instead.
    """
    told = None if reasons is None else _reasons_by_space(found, before, reasons)
    names = space_names(before, after)
    states = Counter(found.spaces["state"]) if len(found.spaces) else Counter()
    plan = after.manifest.get("plan") or {}
    return {
        "estate": before.estate.name,
        "plan": plan.get("name"),
        "spaces": {state: states[state] for state in (LOST, NEW, CHANGED, KEPT)},
        "dwellings": _rounded(found.dwellings),
        "median_before": _hundred(found.median_before),
        "median_after": _hundred(found.median_after),
        "keeps_share": None if np.isnan(found.keeps_share) else round(found.keeps_share, 3),
        "lenses": [
            {
                "id": lens.id,
                "dwellings": _rounded(lens.dwellings),
                "median_before": _hundred(lens.median_before),
                "median_after": _hundred(lens.median_after),
            }
            for lens in found.lenses
        ],
        "worst_off_as": hardest_lens(found.dwellings, found.lenses),
        "worst_off": _worst_off(found, before),
        "changes": [
            _change(row, found, before, after, told) | {"called": named_row(row, names)}
            for row in found.spaces.to_dict("records")
            if row["state"] != KEPT
        ],
    }


def _rounded(dwellings: Mapping[str, float]) -> dict[str, int]:
    return {name: round(count) for name, count in dwellings.items()}


def _hundred(score: float) -> int | None:
    return None if np.isnan(score) else round(score * 100)


def _worst_off(found: Comparison, before: Result) -> list[dict[str, Any]]:
    """Buildings whose homes lose, those that lose most first; stairwells alike are told together.

    As everybody walks, or through the lens by which more homes lose.
    """
    homes = seen_through(found.homes, hardest_lens(found.dwellings, found.lenses))
    losing = homes[(homes["state"] == LOSING).to_numpy()]
    streets = _streets_of(losing, before)
    keys = ["building", "best_before", "best_after"]
    rows = losing.groupby(keys, sort=False)["dwellings"].agg(["sum", "size"]).reset_index()
    return [
        {
            "building": row["building"],
            "street": streets.get(row["building"]),
            "stairwells": int(row["size"]),
            "dwellings": round(row["sum"]),
            "before": _hundred(row["best_before"]),
            "after": _hundred(row["best_after"]),
        }
        for row in rows.to_dict("records")
    ]


def _streets_of(losing: Any, before: Result) -> dict[str, str | None]:
    """The street at each building whose homes lose."""
    doors = losing.drop_duplicates("building")
    return dict(zip(doors["building"], nearest_street(doors, before.layers.get("paths")), strict=True))


def _reasons_by_space(found: Comparison, before: Result, reasons: pd.DataFrame) -> dict[str, list[dict[str, Any]]]:
    """What the edits add, in points, by meeting space of the finished plan; things are rows of the items."""
    streets = nearest_street(found.items, before.layers.get("paths"))
    called = places_in_sentences(before, found.items["object_id"])
    rows = found.items.drop(columns="geometry").to_dict("records")
    items = [
        {"street": street, "called": name, "moved_m": _known(row["moved_m"]), **{key: said(row[key]) for key in ITEM}}
        for row, street, name in zip(rows, streets, called, strict=True)
    ]
    by_id = {item["object_id"]: item for item in items}
    told: dict[str, list[dict[str, Any]]] = {}
    for row in reasons.to_dict("records"):
        things = [by_id[name] for name in row["object_ids"].split(";") if name in by_id]
        if things and round(row["points"]):
            told.setdefault(row["after_id"], []).append({"things": things, "points": row["points"]})
    return told


def _known(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def _change(
    row: Mapping[Any, Any],
    found: Comparison,
    before: Result,
    after: Result,
    told: Mapping[str, list[dict[str, Any]]] | None,
) -> dict[str, Any]:
    mine, theirs = (row[name] if isinstance(row[name], str) else None for name in ("before_id", "after_id"))
    reasons = [_reason(name, str(mine), str(theirs), before, after) for name in row["reasons"].split(";") if name]
    # What is not known before and after is no reason that anybody can look at.
    reasons = [reason for reason in reasons if reason["before"] != reason["after"]]
    behind = _behind(found, mine, theirs) if told is None else {}
    return {
        "state": row["state"],
        "before_id": mine,
        "after_id": theirs,
        "name": row["name"] if isinstance(row["name"], str) else None,
        "kinds": row["kinds"],
        "before": _hundred(row[f"{FLOATING}_before"]),
        "after": _hundred(row[f"{FLOATING}_after"]),
        "scores": {score: _score(row, score) for score in SCORES},
        "because": [reason | {"causes": behind.get(reason["indicator"], [])} for reason in reasons],
        "causes": behind.get("", []),
        "edits": None if told is None else [_whole(reason, row) for reason in told.get(theirs or "", [])],
    }


def _whole(reason: Mapping[str, Any], row: Mapping[Any, Any]) -> dict[str, Any]:
    """A reason in whole points: what is the whole change is told as the scores of the table tell that."""
    change, points = 100 * row[f"{FLOATING}_change"], reason["points"]
    if abs(points - change) < ALL_OF_IT:
        return {**reason, "points": round(100 * row[f"{FLOATING}_after"]) - round(100 * row[f"{FLOATING}_before"])}
    return {**reason, "points": round(points)}


def _score(row: Mapping[Any, Any], score: str) -> dict[str, list[int | None]]:
    """One score before, after and its change: low, best, high; of 100."""
    return {
        when: [_hundred(row[name]) for name in names]
        for when, names in {
            "before": [f"{score}_low_before", f"{score}_before", f"{score}_high_before"],
            "after": [f"{score}_low_after", f"{score}_after", f"{score}_high_after"],
            "change": [f"{score}_change_low", f"{score}_change", f"{score}_change_high"],
        }.items()
    }


def _behind(found: Comparison, mine: str | None, theirs: str | None) -> dict[str, list[dict[str, Any]]]:
    """Causes of one meeting space by indicator."""
    table = found.causes
    same = [
        table[name].isna() if i is None else table[name] == i for name, i in (("before_id", mine), ("after_id", theirs))
    ]
    result: dict[str, list[dict[str, Any]]] = {}
    for row in table[same[0] & same[1]].to_dict("records"):
        cause: dict[str, Any] = {name: None if pd.isna(row[name]) else row[name] for name in CAUSE}
        cause |= {name: None if cause[name] is None else round(cause[name]) for name in ("distance_m", "count")}
        result.setdefault(row["indicator"], []).append(cause)
    return result


def _reason(name: str, mine: str, theirs: str, before: Result, after: Result) -> dict[str, Any]:
    return {"indicator": name, "before": _value(before, mine, name), "after": _value(after, theirs, name)}


def _value(result: Result, space: str, name: str) -> list[float] | None:
    """What was measured: one number, the two bounds of what is not known, or None."""
    facts = result.evidence
    rows = facts[(facts["place_id"] == space) & (facts["indicator"] == name)]
    for columns in (["value"], ["low", "high"]):
        numbers = rows[columns].to_numpy(dtype=np.float64).ravel()
        if len(numbers) and not np.isnan(numbers).any():
            return [float(number) for number in numbers]
    return None


def changes_in_words(
    found: Mapping[str, Any], units: Mapping[str, str], *, lang: str, verdict: Sequence[str] = ()
) -> str:
    """Say the differences in Danish or English.

    Parameters
    ----------
    found
        As ``describe_changes`` returns it.
    units
        Unit by indicator.
    verdict
        More to say after the sentence on weightings.
    """
    words = texts(lang)
    say = words["compare"]
    lines = [
        say["spaces"].format(estate=found["estate"], **numbers_written(found["spaces"], words)),
        say["dwellings"].format(**numbers_written(found["dwellings"], words)),
    ]
    if found["keeps_share"] is not None:
        lines += [
            _before_after("median", found, say).format(before=found["median_before"], after=found["median_after"]),
            say["keeps"].format(share=whole_percent(found["keeps_share"])),
        ]
    lines += verdict
    lines += [_lens(lens, words) for lens in found["lenses"] if lens["median_before"] is not None]
    lines += _worst(found["worst_off"], found["worst_off_as"], words)
    shown = [row for state in (LOST, CHANGED, NEW) for row in found["changes"] if row["state"] == state]
    return "\n".join([*lines, *(_line(row, units, words, lang) for row in shown)])


def _before_after(key: str, row: Mapping[str, Any], say: Mapping[str, Any]) -> str:
    """The text of a median home before and after, or that of one whose points stay."""
    return str(say[f"{key}_same" if row["median_before"] == row["median_after"] else key])


def _lens(lens: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    homes = numbers_written(lens["dwellings"], words)
    return "  " + _before_after("lens", lens, words["compare"]).format(
        lens=words["lens"][lens["id"]]["title"],
        losing=homes["losing"],
        winning=homes["winning"],
        before=lens["median_before"],
        after=lens["median_after"],
    )


def _worst(rows: list[Mapping[str, Any]], lens: str | None, words: Mapping[str, Any]) -> list[str]:
    if not rows:
        return []
    say = words["compare"]
    more = [say["more"].format(count=len(rows) - SHOWN)] if len(rows) > SHOWN else []
    told = [
        plural(say["worst_row"], row["stairwells"], words).format(
            **numbers_written(row, words), at=building_at(row, words)
        )
        for row in rows[:SHOWN]
    ]
    head = say["worst"] if lens is None else say["worst_as"].format(lens=words["lens_as"][lens])
    return [head, *(f"  {line}" for line in (*told, *more))]


def building_at(row: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    """A building by its street, else by its id."""
    say = words["edit"]
    if not row["street"]:
        return str(row["building"])
    text = str(say["at"].format(thing=say["thing"]["building"], street=row["street"]))
    return first_capital(text)


def _line(row: Mapping[str, Any], units: Mapping[str, str], words: Mapping[str, Any], lang: str) -> str:
    given = {"name": row["called"][lang], "id": row["after_id"] or row["before_id"]}
    same = row["state"] == CHANGED and row["before"] == row["after"]
    say = words["compare"]["changed_same" if same else row["state"]]
    line = say.format(**given, before=row["before"], after=row["after"])
    edits = reasons_in_words(row["edits"] or (), words, lang)
    why = "; ".join(
        [*edits, *(because(reason, units, words) for reason in row["because"]), *told_once(row["causes"], words)]
    )
    return f"  {line}" + (f" ({why})" if why else "")


def changes_as_json(found: Mapping[str, Any]) -> str:
    """Print the differences as JSON."""
    return json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True)
