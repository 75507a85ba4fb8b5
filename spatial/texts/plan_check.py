"""Tell in words and as data what was understood of a plan, what is wrong with it, and what it does besides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from spatial.core.languages import first_capital, plural, texts
from spatial.core.messages import Spoken
from spatial.core.model import Estate, Plan
from spatial.plans.interpretation import Understood
from spatial.plans.side_effects import SideEffect
from spatial.plans.things import own_name
from spatial.plans.validation import SITE, identity

JOINS_SHOWN = 4
# What is set, said in words: the key and value of a tag (None: any), and a key of ``[plan.set]``.
SET = (
    (("access", "yes"), "open"),
    (("access", "private"), "close"),
    (("access", "no"), "close"),
    (("foot", "yes"), "open"),
    (("foot", "no"), "close"),
    (("lit", "yes"), "lit_yes"),
    (("lit", "no"), "lit_no"),
    (("kerb", "lowered"), "kerb"),
    (("kerb", "flush"), "kerb"),
    (("wheelchair", "yes"), "wheelchair_yes"),
    (("fee", "no"), "fee_no"),
    (("fee", "yes"), "fee_yes"),
    *(((key, None), key) for key in ("name", "surface", "maxspeed", "height", "opening_hours")),
    (("building:flats", None), "dwellings"),
)
# What only goes with being opened or closed.
LOCKED = "locked"


@dataclass(frozen=True)
class Checked:
    """What was found of a plan: each edit, every fault, and what the plan does without saying so."""

    plan: Plan
    found: Sequence[Understood]
    faults: Sequence[Spoken]
    unsaid: Sequence[SideEffect] = ()


# --- in words ------------------------------------------------------------------------------------


def edit_in_words(found: Understood, *, lang: str) -> str:
    """Say one edit in words, with what it means."""
    words = texts(lang)
    say, edit = words["plan"], found.edit
    own = own_name(edit.feature)
    thing = found.called.said(lang) if found.called.known else edit.target or found.called.said(lang)
    thing += f" ({own})" if own else ""
    details = [*_details(found, say, words), *([say["note"].format(note=edit.note)] if edit.note else [])]
    head = str(say.get(_verb(found, details), "{thing}")).format(thing=thing)
    text = first_capital(head)
    return f"{text}: {', '.join(details)}" if details else text


def _verb(found: Understood, details: Sequence[str]) -> str:
    edit = found.edit
    if edit.layer == SITE:
        return "site"
    if edit.action == "remove" and found.thing == "building":
        return "remove_building"
    return "change_so" if edit.action == "change" and details else edit.action


def _details(found: Understood, say: Mapping[str, Any], words: Mapping[str, Any]) -> Iterable[str]:
    edit = found.edit
    whole = edit.action != "change"
    if found.thing == "building" and whole:
        yield _homes(found, say, words)
    if found.area_m2 is not None and whole:
        yield say["area"].format(m2=round(found.area_m2))
    if found.length_m is not None and whole:
        yield say["length"].format(m=round(found.length_m))
    if found.joins is not None and edit.layer in ("path", "road"):
        yield say["joins"].format(ways=_ways(found.joins_called, say, words)) if found.joins else say["joins_none"]
    if found.moved_m is not None:
        yield say["moved"].format(m=round(found.moved_m), side=words["side"][found.side])
    elif edit.action == "change" and edit.geometry is not None:
        yield say["reshaped"]
    if edit.action == "change":
        yield from _set(found, say)
    shape = found.before if found.after is None else found.after
    if not found.measured and shape is not None and shape.is_valid:
        yield say["not_measured"]


def _homes(found: Understood, say: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    """Homes that go or come with a building."""
    if found.dwellings is None:
        return str(say["dwellings_unknown"])
    count = round(found.dwellings)
    if not count:
        return str(say["dwellings_none"])
    gone = found.edit.action == "remove"
    return str(plural(say["dwellings_gone" if gone else "dwellings"], count, words).format(count=count))


def _ways(names: Sequence[str | None], say: Mapping[str, Any], words: Mapping[str, Any]) -> str:
    """Ways by their names, and how many have none."""
    known = list(dict.fromkeys(name for name in names if name))
    shown, rest = known[:JOINS_SHOWN], len(known[JOINS_SHOWN:]) + sum(not name for name in names)
    more = [] if not rest else [plural(say["unnamed"], rest, words).format(n=rest)]
    every = [*shown, *more]
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} {words['format']['and']} {every[-1]}"


def _set(found: Understood, say: Mapping[str, Any]) -> Iterable[str]:
    """What is set, each thing once."""
    told = [_tag(key, after, say) for key, _, after in found.tags if key != LOCKED]
    return dict.fromkeys(told)


def _tag(key: str, after: str | None, say: Mapping[str, Any]) -> str:
    for (known, value), word in SET:
        if key == known and after is not None and value in (None, after):
            return str(say["set"][word].format(after=after))
    return str(say["tag"].format(key=key, after=after) if after else say["tag_none"].format(key=key))


def unsaid_in_words(effect: SideEffect, *, lang: str) -> str:
    """Say one thing that a plan does without saying so."""
    by = "" if effect.edit is None else effect.edit.in_a_sentence(lang)
    amount = max(1, round(effect.amount))
    text = str(texts(lang)["plan"]["unsaid"][effect.effect]).format(
        thing=effect.thing.said(lang), edit=by, metres=amount, m2=amount
    )
    return first_capital(text)


def plan_check_in_words(checked: Checked, estate: Estate, *, lang: str) -> str:
    """Say what was understood of a plan, edit by edit, what it does besides, and whether it fits."""
    words = texts(lang)
    say = words["plan"]
    lines = [_head(checked, estate, words)]
    for (phase, name), edits in groupby(checked.found, key=lambda one: (one.edit.phase, one.phase_name)):
        lines += [_phase(phase, name, say)] if _phases(checked) > 1 or name not in (None, "1") else []
        lines += [f"  {one.number:>2}. {edit_in_words(one, lang=lang)}" for one in edits]
    if checked.unsaid:
        lines += [say["unsaid_too"], *(f"  - {unsaid_in_words(one, lang=lang)}" for one in checked.unsaid)]
    if checked.faults:
        return "\n".join([*lines, say["faults"], *(f"  ! {fault}" for fault in _each_once(checked.faults, say, lang))])
    return "\n".join([*lines, say["fits"]])


def _each_once(faults: Sequence[Spoken], say: Mapping[str, Any], lang: str) -> list[str]:
    """Faults in words; what is said in the same words of several things is said once, with how many they are."""
    found = Counter(fault.said(lang) for fault in faults)
    return [fault if n == 1 else say["times"].format(fault=fault, n=n) for fault, n in found.items()]


def _phases(checked: Checked) -> int:
    return max((one.edit.phase for one in checked.found), default=0)


def _head(checked: Checked, estate: Estate, words: Mapping[str, Any]) -> str:
    say, n, phases = words["plan"], len(checked.found), _phases(checked)
    changes = plural(say["changes"], n, words).format(n=n)
    key = "head_phases" if phases > 1 else "head"
    return str(say[key].format(plan=checked.plan.name, estate=estate.name, changes=changes, phases=phases))


def _phase(phase: int, name: str | None, say: Mapping[str, Any]) -> str:
    plain = name is None or name == str(phase)
    return str(say["phase"].format(phase=phase) if plain else say["phase_named"].format(phase=phase, name=name))


# --- as data -------------------------------------------------------------------------------------


def plan_check_as_data(checked: Checked, *, lang: str) -> dict[str, Any]:
    """What was understood, as plain data: ids and tags too."""
    return {
        "plan": checked.plan.name,
        "fits": not checked.faults,
        "faults": [fault.said(lang) for fault in checked.faults],
        "unsaid": [
            {
                "effect": one.effect,
                "object_id": one.object_id,
                "edit": None if one.edit is None else one.edit.number,
                "amount": round(one.amount, 1),
                "in_words": unsaid_in_words(one, lang=lang),
            }
            for one in checked.unsaid
        ],
        "edits": [_edit_as_data(one, lang) for one in checked.found],
    }


def _edit_as_data(one: Understood, lang: str) -> dict[str, Any]:
    measured = {name: getattr(one, name) for name in ("dwellings", "length_m", "area_m2", "moved_m")}
    return {
        "number": one.number,
        "feature": one.edit.feature,
        "action": one.edit.action,
        "layer": one.edit.layer,
        "object_id": identity(one.edit),
        "phase": one.edit.phase,
        "phase_name": one.phase_name,
        "kind": one.kind,
        "name": one.name,
        **{name: None if value is None else round(value, 1) for name, value in measured.items()},
        "joins": None if one.joins is None else list(one.joins),
        "tags": [list(tag) for tag in one.tags],
        "in_words": edit_in_words(one, lang=lang),
    }
