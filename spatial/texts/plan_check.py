"""Tell in words and as data what was understood of a plan."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from spatial.core.languages import texts
from spatial.core.model import Estate, Plan
from spatial.plans.interpretation import Understood
from spatial.plans.validation import SITE, identity

JOINS_SHOWN = 4


# --- in words ------------------------------------------------------------------------------------


def edit_in_words(found: Understood, *, lang: str) -> str:
    """Say one edit in words, with what it means."""
    words = texts(lang)
    say, edit = words["plan"], found.edit
    kind = words["kind"].get(found.kind, {}).get("title")
    thing = kind.lower() if kind else say["thing"].get(found.thing, edit.layer)
    name = [words["cause"]["named"].format(name=found.name)] if found.name else []
    called = [thing, *name, *([f"({edit.target})"] if edit.target else [])]
    verb = "site" if edit.layer == SITE else edit.action
    head = say[verb].format(thing=" ".join(called))
    details = [*_details(found, say, words), *([say["note"].format(note=edit.note)] if edit.note else [])]
    return head + (f": {', '.join(details)}" if details else "")


def _details(found: Understood, say: Mapping[str, Any], words: Mapping[str, Any]) -> Iterable[str]:
    edit = found.edit
    whole = edit.action != "change"
    if found.dwellings is not None and (whole or found.dwellings):
        yield say["dwellings"].format(count=round(found.dwellings))
    if found.area_m2 is not None and whole:
        yield say["area"].format(m2=round(found.area_m2))
    if found.length_m is not None and whole:
        yield say["length"].format(m=round(found.length_m))
    if found.joins is not None and edit.layer in ("path", "road"):
        more = len(found.joins) - JOINS_SHOWN
        ids = ", ".join(found.joins[:JOINS_SHOWN]) + (say["more"].format(count=more) if more > 0 else "")
        yield say["joins"].format(ids=ids) if found.joins else say["joins_none"]
    if found.moved_m is not None:
        yield say["moved"].format(m=round(found.moved_m), side=words["side"][found.side])
    elif edit.action == "change" and edit.geometry is not None:
        yield say["reshaped"]
    for key, before, after in found.tags if edit.action == "change" else ():
        yield say["tag"].format(key=key, before=before or say["none"], after=after or say["none"])
    if not found.measured and (found.before is not None or found.after is not None):
        yield say["not_measured"]


def plan_check_in_words(
    plan: Plan, estate: Estate, found: Sequence[Understood], faults: Sequence[str], *, lang: str
) -> str:
    """Say what was understood of a plan, feature by feature, and whether it fits."""
    say = texts(lang)["plan"]
    phases = max((one.edit.phase for one in found), default=0)
    lines = [say["head"].format(plan=plan.name, count=len(found), phases=phases, estate=estate.name)]
    for one in found:
        phase = f"{one.edit.phase}" + (
            f", {one.phase_name}" if one.phase_name not in (None, str(one.edit.phase)) else ""
        )
        lines.append(
            f"  {one.number}. {one.edit.feature} [{say['phase'].format(phase=phase)}] {edit_in_words(one, lang=lang)}"
        )
    if faults:
        return "\n".join([*lines, say["faults"], *(f"  {fault}" for fault in faults)])
    return "\n".join([*lines, say["fits"]])


def plan_check_as_data(plan: Plan, found: Sequence[Understood], faults: Sequence[str], *, lang: str) -> dict[str, Any]:
    """What was understood, as plain data."""
    return {
        "plan": plan.name,
        "fits": not faults,
        "faults": list(faults),
        "edits": [
            {
                "number": one.number,
                "feature": one.edit.feature,
                "action": one.edit.action,
                "layer": one.edit.layer,
                "object_id": identity(one.edit),
                "phase": one.edit.phase,
                "phase_name": one.phase_name,
                "kind": one.kind,
                "name": one.name,
                "dwellings": None if one.dwellings is None else round(one.dwellings, 1),
                "length_m": None if one.length_m is None else round(one.length_m, 1),
                "area_m2": None if one.area_m2 is None else round(one.area_m2, 1),
                "joins": None if one.joins is None else list(one.joins),
                "moved_m": None if one.moved_m is None else round(one.moved_m, 1),
                "tags": [list(tag) for tag in one.tags],
                "in_words": edit_in_words(one, lang=lang),
            }
            for one in found
        ],
    }
