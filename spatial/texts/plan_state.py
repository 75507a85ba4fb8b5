"""Say of what is drawn of a plan that it is the plan, and not today. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spatial.core.languages import texts
from spatial.core.model import FIRST_GUESS, Result


def plan_state(manifest: Mapping[str, Any], lang: str) -> str:
    """Which state of a plan a result shows; "" of one as it is today, and of a plan that does nothing.

    Examples
    --------
    >>> plan_state({}, "en"), plan_state({"plan": {"name": "B", "phases": ["2027", "2030"], "phase": 1}}, "en")
    ('', 'with the plan “B” carried out up to phase 1 (2027)')
    """
    plan = manifest.get("plan")
    if not plan or plan.get("edits") == 0:
        return ""
    say = texts(lang)["plan_state"]
    phase, names = plan.get("phase"), [str(name) for name in plan.get("phases") or ()]
    if phase is None or phase >= len(names):
        return str(say["done"]).format(plan=plan.get("name"))
    named = say["named"].format(phase=phase, name=names[phase - 1]) if names[phase - 1] != str(phase) else str(phase)
    return str(say["phase"]).format(plan=plan.get("name"), phase=named)


def plan_headline(manifest: Mapping[str, Any], lang: str) -> str:
    """What stands above what shows a plan or a boundary that is guessed; "" above what shows today."""
    state = plan_state(manifest, lang)
    headline = str(texts(lang)["plan_state"]["headline"]).format(state=state) if state else ""
    return " ".join(filter(None, (headline, _guess(manifest, "guess_headline", lang))))


def called(result: Result, name: str, lang: str) -> str:
    """The name of an estate, or of what shows it, and which state of a plan it is in."""
    state = plan_state(result.manifest, lang)
    return ", ".join(filter(None, (name, state, _guess(result.manifest, "guess", lang))))


def _guess(manifest: Mapping[str, Any], word: str, lang: str) -> str:
    """That the boundary is a first guess, where it is one."""
    guessed = any(warning["code"] == FIRST_GUESS for warning in manifest.get("warnings", ()))
    return str(texts(lang)["plan_state"][word]) if guessed else ""
