"""A plan compared with today, for the commands that tell it, write its tables and its report.

A run with a plan: today, the plan, and where asked each of its phases, from inputs that are read once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from spatial.analysis.result import Analysis
    from spatial.core.model import Estate, Plan, RawData, Result
    from spatial.plans.comparison import Comparison
    from spatial.reports.document import Document


REPORT = "plan.html"


class Compared:
    """One plan against today, followed through its phases where they are given; the last of them is ``then``."""

    def __init__(self, today: Analysis, then: Analysis, phases: Sequence[Result] = ()) -> None:
        from spatial.plans import comparison, verdict
        from spatial.plans import phases as plans_phases

        self.today, self.then = today, then
        self.found: Comparison = comparison.compare(today, then)
        self.turn = verdict.smallest_weight_change(today, then, self.found.homes)
        self.timeline = plans_phases.compare_phases(today, [*phases, then]) if phases else None

    @classmethod
    def read(cls, today: Analysis, folder: Path) -> Compared:
        """Compare a finished run, and those of its phases that it names."""
        from spatial.analysis import loading, storage

        then = storage.load(folder)
        phases = [loading.read_run(folder / name) for name in (then.manifest.get("plan") or {}).get("folders", [])]
        return cls(today, then, phases)

    @cached_property
    def said(self) -> dict[str, Any]:
        """What is different, as plain data."""
        from spatial.texts import plans as texts_plans

        found = texts_plans.describe_changes(self.found, self.today, self.then)
        found["turn"] = texts_plans.turn_as_data(self.turn, self.today)
        if self.timeline is not None:
            found["timeline"] = texts_plans.timeline_as_data(self.timeline)
        return found

    def _verdict(self, lang: str) -> list[str]:
        """What would turn the verdict, where there is one."""
        from spatial.texts import plans as texts_plans

        return [] if self.said["keeps_share"] is None else [texts_plans.turn_in_words(self.said["turn"], lang=lang)]

    def text(self, lang: str) -> str:
        """What is different, in words."""
        from spatial.indicators import registry
        from spatial.texts import plans as texts_plans

        units = {name: spec.unit for name, spec in registry.registry().items()}
        phases = [texts_plans.timeline_in_words(self.said["timeline"], lang=lang)] if self.timeline is not None else []
        return texts_plans.changes_in_words(self.said, units, lang=lang, verdict=self._verdict(lang) + phases)

    def report(self, lang: str, plans: Sequence[dict[str, Any]] = (), own: str = "") -> Document:
        """The report of the plan for the board; ``plans`` side by side, of which this is ``own``."""
        from spatial.analysis import before_after
        from spatial.reports import plan as reports_plan

        return reports_plan.plan_document(
            self.today,
            before_after.judged_alike(self.today, self.then),
            self.found,
            self.then.field_checks,
            lang=lang,
            verdict=self._verdict(lang),
            phases=self.said.get("timeline"),
            plans=plans,
            own=own,
        )

    def write(
        self,
        folder: Path,
        lang: str,
        *,
        pdf: bool = False,
        with_map: bool = True,
        plans: Sequence[dict[str, Any]] = (),
    ) -> None:
        """Write tables, a map layer, the map and the report of the plan into a folder: all or none.

        Of several ``plans`` this is the one with the name of the folder.
        """
        from spatial.analysis import before_after
        from spatial.core import files
        from spatial.maps import tables
        from spatial.maps.web import page
        from spatial.reports import sections

        found = self.found
        with files.whole_folder(folder) as draft:
            tables.write_changes(
                found.spaces, found.homes, found.items, found.causes, (self.today, self.then), draft, lang=lang
            )
            if with_map:
                drawn, options = before_after.for_map(self.then, self.today, found)
                page.render_map(drawn, draft / "map.html", lang=lang, **options)
            if self.timeline is not None:
                tables.write_timeline(self.timeline.phases, self.timeline.spaces, draft)
            sections.write_document(self.report(lang, plans, folder.name), draft / REPORT, pdf=pdf)


@dataclass(frozen=True)
class States:
    """The state today, after the plan, and in each phase before the last; these are of the same inputs."""

    today: Analysis
    then: Analysis
    phases: tuple[Analysis, ...] = ()


def run_states(
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
    from spatial.analysis import run
    from spatial.plans import reading

    plan = reading.read_plan(path, estate)
    once = {**given, **_read(estate, given)}
    # The plan first: what is wrong with it is said before anything is measured for nothing.
    if phases:
        found = _phases(estate, extract, plan, once)
        earlier, then = found[:-1], found[-1]
    else:
        earlier, then = (), run.analyse(estate, osm=extract, plan=plan, phase=phase, **once)
    entry = {**then.manifest["plan"], "today": today}
    then = replace(then, manifest={**then.manifest, "plan": entry})
    return States(run.analyse(estate, osm=extract, **once), then, earlier)


def _read(estate: Estate, given: Mapping[str, Any]) -> dict[str, Any]:
    """Municipal layers and models, so that no service is asked twice."""
    from spatial.analysis import inputs
    from spatial.core.timing import Clock

    found: dict[str, Any] = {}
    if given["layers"] or given["complete"]:
        from spatial.sources import layers

        found["layers"] = layers.read_layers(given["layers"], estate, complete=given["complete"])
    models = {name: given.get(name) for name in ("terrain", "surface")}
    return found | inputs.read_models(estate, Clock(given["progress"]), **models)


def _phases(estate: Estate, extract: RawData, plan: Plan, given: Mapping[str, Any]) -> tuple[Analysis, ...]:
    """The state in each phase; the last one names the folders of those before it."""
    from spatial.analysis import run

    count = max((edit.phase for edit in plan.edits), default=1)
    found = [
        run.analyse(estate, osm=extract, plan=plan, phase=k if k < count else None, **given)
        for k in range(1, count + 1)
    ]
    last = found[-1]
    entry = {**last.manifest["plan"], "folders": [phase_folder(k) for k in range(1, count)]}
    return (*found[:-1], replace(last, manifest={**last.manifest, "plan": entry}))


def phase_folder(phase: int) -> str:
    """Name of the folder of a phase."""
    return f"phase-{phase}"
