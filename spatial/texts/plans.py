"""Tell what a plan changes, its phases, alternatives and verdict, in words and as data. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from spatial.core.languages import LANGUAGES, said, texts, whole_percent
from spatial.core.model import ASPECTS, FLOATING, Result
from spatial.places.naming import kinds_text, names_of
from spatial.places.whereabouts import nearest_street
from spatial.plans.alternatives import CRITERIA
from spatial.plans.comparison import CHANGED, KEPT, LOST, NEW, SCORES, Comparison
from spatial.plans.home_changes import LOSING, hardest_lens, seen_through
from spatial.plans.phases import SHUT, Timeline
from spatial.plans.verdict import Turn
from spatial.scoring.scores import aspect_weights

# What the meeting spaces before and after are called, by language and id.
Names = Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]]
SHOWN = 5
# Points that an edit may differ by from the whole change and be all of it.
ALL_OF_IT = 0.05
ITEM = ("what", "how", "object_id", "kind", "name")
CAUSE = ("cause", "object_id", "kind", "name", "note", "side", "distance_m", "count")
# Of a mean of counts, which need not be whole, one decimal is worth telling.
FEW_DECIMALS = {"m": 0, "count": 1, "share": 2, "ratio": 2, "index": 2, "m/ha": 0}
UNIT_DECIMALS = {"m": 0, "count": 0, "share": 2, "ratio": 2, "index": 2, "m/ha": 0}


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
            _change(row, found, before, after, told) | {"called": _called(row, names)}
            for row in found.spaces.to_dict("records")
            if row["state"] != KEPT
        ],
    }


def space_names(before: Result, after: Result) -> Names:
    """What the meeting spaces before and after are called, by language."""
    return {lang: (named_rows(before, lang), named_rows(after, lang)) for lang in LANGUAGES}


def named_rows(result: Result, lang: str) -> dict[str, str]:
    """What the meeting spaces of a result are called, by id."""
    names = names_of(result, lang)
    return {str(space): names[str(space)] for space in result.meeting_spaces.index}


def _called(row: Mapping[Any, Any], names: Names) -> dict[str, str]:
    """Name of a meeting space in each language: the one after the plan, of what goes that of today.

    What is there in an earlier phase alone is called by its kinds.
    """
    return {
        lang: then.get(row["after_id"]) or was.get(row["before_id"]) or kinds_text(row["kinds"], 1, lang)
        for lang, (was, then) in names.items()
    }


def with_names(table: pd.DataFrame, before: Result, after: Result, lang: str) -> pd.DataFrame:
    """Meeting spaces before or after, each by its name; what had a name of its own keeps it in ``own_name``."""
    names = {lang: (named_rows(before, lang), named_rows(after, lang))}
    if not len(table):
        return table
    called = [_called(row, names)[lang] for row in table.to_dict("records")]
    return own_names_kept(table, called)


def own_names_kept(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """A table whose rows get these names; what had a name of its own keeps it in ``own_name``."""
    named = table.assign(name=names)
    named.insert(list(named.columns).index("name") + 1, "own_name", table["name"])
    return named


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
    items = [
        {"street": street, "moved_m": _known(row["moved_m"]), **{name: said(row[name]) for name in ITEM}}
        for row, street in zip(found.items.drop(columns="geometry").to_dict("records"), streets, strict=True)
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
        say["spaces"].format(estate=found["estate"], **found["spaces"]),
        say["dwellings"].format(**found["dwellings"]),
    ]
    if found["keeps_share"] is not None:
        lines += [
            say["median"].format(before=found["median_before"], after=found["median_after"]),
            say["keeps"].format(share=whole_percent(found["keeps_share"])),
        ]
    lines += verdict
    lines += [_lens(lens, words) for lens in found["lenses"] if lens["median_before"] is not None]
    lines += _worst(found["worst_off"], found["worst_off_as"], words)
    shown = [row for state in (LOST, CHANGED, NEW) for row in found["changes"] if row["state"] == state]
    return "\n".join([*lines, *(_line(row, units, words, lang) for row in shown)])


def _lens(lens: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    return "  " + words["compare"]["lens"].format(
        lens=words["lens"][lens["id"]]["title"],
        losing=lens["dwellings"]["losing"],
        winning=lens["dwellings"]["winning"],
        before=lens["median_before"],
        after=lens["median_after"],
    )


def _worst(rows: list[Mapping[str, Any]], lens: str | None, words: Mapping[str, Any]) -> list[str]:
    if not rows:
        return []
    say = words["compare"]
    more = [say["more"].format(count=len(rows) - SHOWN)] if len(rows) > SHOWN else []
    told = [
        say["worst_row_one" if row["stairwells"] == 1 else "worst_row"].format(**row, at=building_at(row, words))
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
    return text[:1].upper() + text[1:]


def _line(row: Mapping[str, Any], units: Mapping[str, str], words: Mapping[str, Any], lang: str) -> str:
    given = {"name": row["called"][lang], "id": row["after_id"] or row["before_id"]}
    line = words["compare"][row["state"]].format(**given, before=row["before"], after=row["after"])
    edits = reasons_in_words(row["edits"] or (), words)
    why = "; ".join(
        [*edits, *(because(reason, units, words) for reason in row["because"]), *_told(row["causes"], words)]
    )
    return f"  {line}" + (f" ({why})" if why else "")


def because(reason: Mapping[str, Any], units: Mapping[str, str], words: Mapping[str, Any]) -> str:
    """Say one reason of a change: what was measured before and after, and what stands behind it."""
    unit = units[reason["indicator"]]

    def number(value: float) -> str:
        decimals = UNIT_DECIMALS[unit] if value.is_integer() else max(UNIT_DECIMALS[unit], FEW_DECIMALS[unit])
        return f"{value:.{decimals}f}".replace(".", words["format"]["decimal"])

    def known(values: list[float] | None) -> str:
        return str(words["compare"]["not_known"]) if values is None else "–".join(map(number, values))

    title = words["indicator"].get(reason["indicator"], {"title": reason["indicator"]})["title"]
    shown = f"{known(reason['before'])} → {known(reason['after'])} {words['unit'][unit]}".strip()
    behind = ", ".join(_told(reason["causes"], words))
    return f"{title}: {shown}" + (f", {behind}" if behind else "")


def _told(causes: list[Mapping[str, Any]], words: Mapping[str, Any]) -> list[str]:
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
    name = said(cause["name"]) or (kind.lower() if kind else None)
    named = f"{say['named'].format(name=name)} ({cause['object_id']})" if name else cause["object_id"]
    parts = [say["thing"][what], named]
    if cause["distance_m"] and how == "moved":
        return " ".join([*parts, say["how"]["moved_by"].format(metres=cause["distance_m"])])
    if cause["distance_m"] and side:
        parts.append(say["where"].format(metres=cause["distance_m"], side=side))
    return " ".join([*parts, say["how"][how]])


def edit_in_words(item: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    """Say one thing that a plan changes as people speak: "bygning ved Skovvej rives ned".

    Parameters
    ----------
    item
        A row of ``spatial.plans.causes.changed_objects``, and ``street``, the nearest one, or None.
    """
    say, name = words["edit"], said(item["name"])
    kind = words["kind"].get(item["kind"], {}).get("title") if item["what"] in ("place", "context") else None
    thing = (kind or say["thing"][item["what"]]).lower()
    thing = newly(thing, item, words) if item["how"] == "new" else thing
    thing = f"{thing} {say['named'].format(name=name)}" if name else thing
    if item["street"] and item["what"] not in ("road", "way") and not name:
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


def reasons_in_words(reasons: Sequence[Mapping[str, Any]], words: Mapping[str, Any]) -> list[str]:
    """Say what each edit adds to a meeting space, or takes from it: "bænk kommer til: +4 point"."""
    say = words["edit"]["reason"]
    return [
        say.format(
            edits=", ".join(dict.fromkeys(edit_in_words(item, words) for item in reason["things"])),
            points=signed(reason["points"]),
        )
        for reason in reasons
    ]


def signed(points: int) -> str:
    """Whole points with their sign; the minus is the one of print."""
    return f"{points:+d}".replace("-", "−") if points else "0"


def changes_as_json(found: Mapping[str, Any]) -> str:
    """Print the differences as JSON."""
    return json.dumps(found, ensure_ascii=False, indent=1, sort_keys=True)


# A point of 100: what a home may lose without being worse off.
POINT = 1.0
# A weight that moves by less is not told.
TOLD_WEIGHT = 0.005


def turn_as_data(found: Turn | None, before: Any) -> dict[str, Any] | None:
    """What would turn the verdict, as plain data; weights of 100. ``before`` is the result today."""
    if found is None:
        return None
    now = aspect_weights(before.rubric)
    return {
        "moved_share": None if np.isnan(found.moved_share) else round(found.moved_share, 4),
        "weights_before": {name: round(float(w) * 100, 1) for name, w in zip(ASPECTS, now, strict=True)},
        "weights": {name: round(float(w) * 100, 1) for name, w in zip(ASPECTS, found.weights, strict=True)},
        "median_before": round(found.median_before * 100, 1),
        "median_after": round(found.median_after * 100, 1),
        "proven": found.proven,
    }


def turn_in_words(found: Mapping[str, Any] | None, *, lang: str) -> str:
    """Say what would turn the verdict."""
    words = texts(lang)
    say = words["compare"]
    if found is None:
        return str(say["no_turn"])
    if found["moved_share"] is None:
        return str(say["turn_not_found"])
    moves = [
        say["weight"].format(aspect=words["aspect"][name]["title"].lower(), before=round(old), after=round(new))
        for name, old, new in ((name, found["weights_before"][name], found["weights"][name]) for name in ASPECTS)
        if abs(new - old) > TOLD_WEIGHT * 100
    ]
    loses = found["median_after"] > found["median_before"] - POINT
    told = say["turn_loses" if loses else "turn"].format(
        share=whole_percent(found["moved_share"]),
        weights=", ".join(moves),
        before=round(found["median_before"]),
        after=round(found["median_after"]),
    )
    return told if found["proven"] else f"{told} {say['not_proven']}"


# --- side by side --------------------------------------------------------------------------------


def alternatives_as_data(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Plans side by side as plain data; see ``spatial.plans.alternatives.compare_alternatives``."""
    rows = []
    for name, row in table.iterrows():
        numbers = {key: None if np.isnan(row[key]) else int(row[key]) for key in (*CRITERIA, "winning")}
        share = None if np.isnan(row["keeps_share"]) else round(float(row["keeps_share"]), 3)
        beaten = [one for one in row["dominated_by"].split(";") if one]
        rows.append({"plan": name, **numbers, "keeps_share": share, "dominated_by": beaten})
    return rows


def alternatives_in_words(rows: Sequence[Mapping[str, Any]], *, lang: str) -> str:
    """Say plans side by side: a table, and which of them another is better than in everything."""
    say = texts(lang)["alternatives"]
    columns = (*CRITERIA, "keeps_share")
    head = ["", *(say["column"][name] for name in columns)]
    lines = [head, *([str(row["plan"]), *(_cell(name, row[name], say) for name in columns)] for row in rows)]
    wide = [max(len(line[k]) for line in lines) for k in range(len(head))]
    table = [
        "  ".join(cell.ljust(wide[0]) if k == 0 else cell.rjust(wide[k]) for k, cell in enumerate(line))
        for line in lines
    ]
    beaten = [
        say["dominated"].format(plan=row["plan"], others=", ".join(row["dominated_by"]))
        for row in rows
        if row["dominated_by"]
    ]
    return "\n".join([*(line.rstrip() for line in table), say["criteria"], *(beaten or [say["none_dominated"]])])


def _cell(name: str, value: Any, say: Mapping[str, Any]) -> str:
    if value is None:
        return str(say["not_known"])
    return f"{whole_percent(value)} %" if name == "keeps_share" else str(value)


# --- phases --------------------------------------------------------------------------------------


def timeline_as_data(found: Timeline, names: Names = MappingProxyType({})) -> dict[str, Any]:
    """A plan through its phases as plain data: scores of 100, whole homes, years to a tenth.

    ``names`` are those of ``space_names``; without them a meeting space is called by its kinds.
    """
    names = names or {lang: ({}, {}) for lang in LANGUAGES}
    phases: list[dict[str, Any]] = []
    for row in found.phases.to_dict("records"):
        whole = {
            str(name): round(value)
            for name, value in row.items()
            if name in ("losing", "winning", "keeping", "demolished", "new") or str(name).startswith("losing_")
        }
        scores = {name: None if np.isnan(row[name]) else round(row[name] * 100) for name in _MEDIANS}
        years = None if np.isnan(row["years"]) else round(row["years"], 1)
        phases.append({str(name): value for name, value in row.items()} | whole | scores | {"years": years})
    count = len(phases)
    spaces = [
        {
            "before_id": row["before_id"],
            "after_id": row["after_id"],
            "name": row["name"] if isinstance(row["name"], str) else None,
            "called": _called(row, names),
            "kinds": row["kinds"],
            "states": [row[f"state_{k + 1}"] for k in range(count)],
            "floating": [_score_of_hundred(row[f"floating_{k + 1}"]) for k in range(count)],
        }
        for row in found.spaces.astype(object).where(found.spaces.notna(), None).to_dict("records")
    ]
    return {"phases": phases, "spaces": spaces}


# Those whom building hits first are told by phase.
TOLD_LENSES = ("child", "rollator", "wheelchair")
_MEDIANS = ("median_before", "median_after")


def _score_of_hundred(score: float | None) -> int | None:
    return None if score is None or np.isnan(score) else round(score * 100)


def timeline_in_words(found: Mapping[str, Any], *, lang: str) -> str:
    """Say what each phase means, and which meeting spaces are shut for how long."""
    words = texts(lang)
    say = words["timeline"]
    lines = [say["title"]]
    for row in found["phases"]:
        medians = "" if row["median_after"] is None else " " + say["median"].format(**row)
        lines.append(f"  {say['phase'].format(named=_named(row, words), **row)}{medians}{_told_lenses(row, words)}")
    for space in found["spaces"]:
        shut = [k for k, state in enumerate(space["states"]) if state == SHUT]
        if not shut:
            continue
        identity = space["after_id"] or space["before_id"]
        phases = ", ".join(_named(found["phases"][k], words) for k in shut)
        lines.append("  " + say["shut"].format(name=space["called"][lang], id=identity, phases=phases))
    return "\n".join(lines)


def _told_lenses(row: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    """Homes that lose in a phase through the lenses that building hits first; nothing where there are none."""
    seen = [(lens, row[f"losing_{lens}"]) for lens in TOLD_LENSES if f"losing_{lens}" in row]
    say = words["timeline"]
    told = ", ".join(say["lens"].format(lens=words["lens_as"][lens], losing=count) for lens, count in seen)
    return f" {say['lenses'].format(list=told)}" if told else ""


def _named(row: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    """A phase by its number and, where they say something, its date and how long it lasts."""
    say = words["timeline"]
    parts = [row["name"]] if row["name"] != str(row["phase"]) else []
    if row["years"] is not None:
        parts.append(say["years"].format(years=f"{row['years']:g}".replace(".", words["format"]["decimal"])))
    return f"{row['phase']}" + (f" ({', '.join(parts)})" if parts else "")
