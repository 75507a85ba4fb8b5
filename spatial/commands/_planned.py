"""A run with a plan: today, the plan, and where asked each of its phases, from inputs that are read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spatial.analysis import Analysis
    from spatial.model import Estate, Plan, RawData


@dataclass(frozen=True)
class States:
    """The state today, after the plan, and in each phase before the last; these are of the same inputs."""

    today: Analysis
    then: Analysis
    phases: tuple[Analysis, ...] = ()


def states(
    estate: Estate,
    extract: RawData,
    path: Path,
    given: Mapping[str, Any],
    *,
    phase: int | None,
    phases: bool,
    today: str,
) -> States:
    """Analyse an estate today and as a plan leaves it.

    Parameters
    ----------
    given
        What ``spatial.analyse`` is given beside the extract and the plan.
    phase
        Carry the plan out up to this phase.
    phases
        Analyse each phase; ``phase`` is left out then.
    today
        Folder that is to hold the state today, in that of the plan: written down with it.
    """
    from spatial import pipeline
    from spatial.sources import plan_file

    plan = plan_file.read(path, estate)
    once = {**given, **_read(estate, given)}
    # The plan first: what is wrong with it is said before anything is measured for nothing.
    if phases:
        found = _phases(estate, extract, plan, once)
        earlier, then = found[:-1], found[-1]
    else:
        earlier, then = (), pipeline.analyse(estate, osm=extract, plan=plan, phase=phase, **once)
    entry = {**then.manifest["plan"], "today": today}
    then = replace(then, manifest={**then.manifest, "plan": entry})
    return States(pipeline.analyse(estate, osm=extract, **once), then, earlier)


def _read(estate: Estate, given: Mapping[str, Any]) -> dict[str, Any]:
    """Municipal layers and models, so that no service is asked twice."""
    from spatial import gathering
    from spatial.clock import Clock

    found: dict[str, Any] = {}
    if given["layers"] or given["complete"]:
        from spatial.sources import register

        found["layers"] = register.several(given["layers"], estate, complete=given["complete"])
    models = {name: given.get(name) for name in ("terrain", "surface")}
    return found | gathering.models(estate, Clock(given["progress"]), **models)


def _phases(estate: Estate, extract: RawData, plan: Plan, given: Mapping[str, Any]) -> tuple[Analysis, ...]:
    """The state in each phase; the last one names the folders of those before it."""
    from spatial import pipeline

    count = max((edit.phase for edit in plan.edits), default=1)
    found = [
        pipeline.analyse(estate, osm=extract, plan=plan, phase=k if k < count else None, **given)
        for k in range(1, count + 1)
    ]
    last = found[-1]
    entry = {**last.manifest["plan"], "folders": [folder(k) for k in range(1, count)]}
    return (*found[:-1], replace(last, manifest={**last.manifest, "plan": entry}))


def folder(phase: int) -> str:
    """Name of the folder of a phase."""
    return f"phase-{phase}"
