"""Tell the answer to a plan in words and as data: the same sentences on the screen and in the report. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from spatial.core.languages import first_capital, kinds_counted, plural, texts, whole_percent
from spatial.core.model import Result
from spatial.core.numbers import number as written
from spatial.places.naming import names_of
from spatial.plans.answer import PROMISE_STATES, UNCLEAR, UNREPLACED, Answer, Burden
from spatial.plans.comparison import Comparison
from spatial.plans.home_changes import WINNING
from spatial.texts.plan_names import own_names_kept

PROMISED = ("place_id", "kind", "space_id", "state", "replacement_id")
YEAR_DECIMALS = 1
FEW = 1


def describe_answer(answer: Answer, found: Comparison) -> dict[str, Any]:
    """Collect the answer as plain data: whole homes and metres, scores of 100, years to a tenth."""
    low, high = found.losing_range
    return {
        "outcome": answer.outcome,
        "demolished": _housing(answer.demolished),
        "built": _housing(answer.built),
        "promises": [_promise(row) for row in answer.promises.to_dict("records")],
        "new_places": answer.new_places,
        "winning": round(found.dwellings[WINNING]),
        "finished": _burden(answer.finished),
        "worst": _burden(answer.worst),
        "choices": [[n, round(was), round(then)] for n, (was, then) in enumerate(answer.choices.to_numpy())],
        "harms_share": _known(answer.harms_share, 3),
        "helps_share": _known(found.helps_share, 3),
        "losing_range": None if np.isnan(low) else [round(low), round(high)],
        "tenth_before": _known(100 * found.tenth_before, 0),
        "tenth_after": _known(100 * found.tenth_after, 0),
    }


def _known(value: float, decimals: int) -> float | int | None:
    return None if np.isnan(value) else round(value, decimals) if decimals else round(value)


def _housing(housing: Any) -> dict[str, int]:
    homes = round(housing.dwellings)
    return {"buildings": housing.buildings, "homes": homes, "estimated": min(round(housing.estimated), homes)}


def _burden(burden: Burden | None) -> dict[str, Any] | None:
    if burden is None:
        return None
    return {
        "lens": burden.lens,
        "phase": burden.phase,
        "losing": round(burden.losing),
        "winning": round(burden.winning),
    }


def _promise(row: Mapping[Any, Any]) -> dict[str, Any]:
    phases = {name: None if pd.isna(row[name]) else int(row[name]) for name in ("phase_gone", "phase_back")}
    return {
        **{name: None if pd.isna(row[name]) else row[name] for name in PROMISED},
        "distance_m": _known(row["distance_m"], 0),
        **phases,
        "years_without": _known(row["years_without"], YEAR_DECIMALS),
    }


def answer_sentences(said: Mapping[str, Any], *, lang: str) -> list[str]:
    """The answer in the order in which a board needs it: homes, places, who bears it, how sure that is.

    Where the data cannot tell what comes of it, that stands before all.

    Parameters
    ----------
    said
        As ``describe_answer`` gives it.
    """
    words = texts(lang)
    outcome, unclear = str(words["plan_answer"]["outcome"][said["outcome"]]), said["outcome"] == UNCLEAR
    return [
        *([outcome] if unclear else []),
        " ".join(_homes(said, words)),
        " ".join(_places(said, words)),
        " ".join([*([] if unclear else [outcome]), *_bearing(said, words), *_few_choices(said, words)]),
        " ".join(_sureness(said, words)),
    ]


def _homes(said: Mapping[str, Any], words: Mapping[str, Any]) -> list[str]:
    say, gone, new = words["plan_answer"], said["demolished"], said["built"]
    if not gone["homes"] and not new["homes"]:
        return [say["demolished_none"]]
    return [
        *(_demolished(gone, words) if gone["homes"] else [say["demolished_none"]]),
        say["built"].format(homes=number(new["homes"], words)) if new["homes"] else say["built_none"],
    ]


def _demolished(gone: Mapping[str, int], words: Mapping[str, Any]) -> list[str]:
    """How many homes go, and where that is not known, that it is estimated."""
    say, n = words["plan_answer"], gone["buildings"]
    buildings = plural(say["buildings"], n, words).format(n=n)
    about = "demolished_about" if gone["estimated"] else "demolished"
    told = say[about].format(buildings=buildings, homes=number(gone["homes"], words))
    return [told, *([say["estimated"]] if gone["estimated"] else [])]


def _places(said: Mapping[str, Any], words: Mapping[str, Any]) -> list[str]:
    say, found = words["plan_answer"], []
    for state in PROMISE_STATES:
        kinds = Counter(row["kind"] for row in said["promises"] if row["state"] == state)
        if kinds:
            found.append(first_capital(say[state].format(list=_kinds(kinds, words))))
    new = said["new_places"]
    return [*found, *([say["new"].format(list=_kinds(new, words))] if new else [])] or [say["places_kept"]]


def _kinds(counts: Mapping[str, int], words: Mapping[str, Any]) -> str:
    return _join(
        [kinds_counted(kind, n, words) for kind, n in sorted(counts.items(), key=lambda one: (-one[1], one[0]))], words
    )


def _bearing(said: Mapping[str, Any], words: Mapping[str, Any]) -> list[str]:
    say, finished, worst = words["plan_answer"], said["finished"], said["worst"]
    if finished is None or said["losing_range"] is None:
        return [say["nobody"]]
    told = [_burden_text(say[_done(said)], finished | {"winning": _winning(said)}, words)]
    if worst["phase"] is not None and worst["losing"] > finished["losing"]:
        told.append(_burden_text(say["worst"], worst, words))
    return told


def _done(said: Mapping[str, Any]) -> str:
    if not said["finished"]["losing"]:
        return "done_nobody_wins" if said["winning"] else "done_nobody"
    return "done" if said["finished"]["winning"] else "done_only"


def _winning(said: Mapping[str, Any]) -> int:
    """Homes that win where it is told who loses; where nobody does, as everybody walks."""
    count: int = said["finished"]["winning"] if said["finished"]["losing"] else said["winning"]
    return count


def _few_choices(said: Mapping[str, Any], words: Mapping[str, Any]) -> list[str]:
    """How many homes have one good meeting place at most, where the plan changes that: the best one cannot show it."""
    before, after = (sum(row[when] for row in said["choices"][: FEW + 1]) for when in (1, 2))
    if before == after:
        return []
    return [words["plan_answer"]["few"].format(before=number(before, words), after=number(after, words))]


def _burden_text(text: str, burden: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    counts = {name: number(burden[name], words) for name in ("losing", "winning")}
    return text.format(lens=words["lens_as"][burden["lens"]], phase=burden["phase"], **counts)


def _sureness(said: Mapping[str, Any], words: Mapping[str, Any]) -> list[str]:
    say = words["plan_answer"]
    if said["losing_range"] is None:
        return [say["below"]]
    low, high = said["losing_range"]
    between = "range_none" if not high else "range_same" if low == high else "range"
    told = say["sure"].format(
        harms=whole_percent(said["harms_share"]),
        helps=whole_percent(said["helps_share"]),
        range=say[between].format(low=number(low, words), high=number(high, words)),
    )
    return [told, say["below"]]


def answer_text(said: Mapping[str, Any], names: Mapping[str, str], *, lang: str) -> str:
    """The answer, the promises and the choices as lines of a terminal."""
    promises = promise_lines(said, names, lang=lang)
    head = [str(texts(lang)["plan_answer"]["promises"])] if promises else []
    return "\n".join(
        [
            *answer_sentences(said, lang=lang),
            *head,
            *(f"  {line}" for line in promises),
            choices_text(said, lang=lang),
        ]
    )


def promise_lines(said: Mapping[str, Any], names: Mapping[str, str], *, lang: str) -> list[str]:
    """Say of each place that goes, moves or shuts what comes instead; places are called by ``names``."""
    return [_promise_line(row, names, texts(lang)) for row in said["promises"]]


def _promise_line(row: Mapping[str, Any], names: Mapping[str, str], words: Mapping[str, Any]) -> str:
    say = words["plan_answer"]
    line = say[f"promise_{row['state']}"].format(name=names[row["place_id"]], metres=row["distance_m"])
    gap = _gap(row, words)
    return f"{line} ({gap})" if gap else str(line)


def _gap(row: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    """How long there is neither the place nor its replacement."""
    say = words["plan_answer"]
    if row["phase_back"] is None or row["state"] == UNREPLACED:
        return ""
    if row["phase_back"] == row["phase_gone"]:
        return str(say["without_none"])
    if row["years_without"] is None:
        return str(say["without_phases"].format(gone=row["phase_gone"], back=row["phase_back"]))
    years = written(row["years_without"], words["format"]["locale"], None)
    return str(say["without"].format(years=years))


def choices_text(said: Mapping[str, Any], *, lang: str) -> str:
    """Say how many homes have none, one, two or more good meeting places, today and afterwards."""
    words = texts(lang)
    say, last = words["plan_answer"], len(said["choices"]) - 1
    parts = [
        say["choice_last" if n == last else "choice"].format(
            n=n, before=number(before, words), after=number(after, words)
        )
        for n, before, after in said["choices"]
    ]
    return str(say["choices"].format(list="; ".join(parts)))


def with_names(promises: pd.DataFrame, today: Result, lang: str) -> pd.DataFrame:
    """The promises with a name for each place; what had a name of its own keeps it in ``own_name``."""
    names = place_names(today, lang)
    return own_names_kept(promises, [names[str(place)] for place in promises["place_id"]])


def place_names(today: Result, lang: str) -> dict[str, str]:
    """Names of today's places, by id, each its own."""
    names = names_of(today, lang)
    return {str(place): names[str(place)] for place in today.places.index}


def number(count: int, words: Mapping[str, Any]) -> str:
    """A whole number as the language writes it."""
    return written(count, words["format"]["locale"])


def _join(items: Sequence[str], words: Mapping[str, Any]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} {words['format']['and']} {items[-1]}"
