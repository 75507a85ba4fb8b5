"""A plan reviewed: the estate today, after the plan and in each phase, what is different, and what a board is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from spatial.analysis import before_after, run, storage
from spatial.analysis.inputs import InputFiles, Inputs, Options, prepare_ground
from spatial.core import files, outputs
from spatial.core.model import Plan
from spatial.core.timing import Clock
from spatial.indicators import registry
from spatial.plans import answer, comparison, known_homes, verdict
from spatial.plans import phases as plan_phases
from spatial.plans.things import FLATS
from spatial.settings import tags
from spatial.studies import contributions
from spatial.texts import plan_answer, plan_names
from spatial.texts import plans as plan_texts
from spatial.texts import timeline as timeline_texts
from spatial.texts import verdict as verdict_texts

if TYPE_CHECKING:
    from spatial.analysis.result import Analysis
    from spatial.analysis.storage import Press
    from spatial.core.model import Estate, Extract, RawData
    from spatial.osm.extract import Reading
    from spatial.reports.document import Document
    from spatial.reports.plan import PlanFindings

Progress = Callable[[str], None] | None

REPORT, REASONS, SUCCESSORS, PROMISES = "plan.html", "reasons.csv", "successors.csv", "promises.csv"
# Folder of the result without the plan, in that of a run with one.
TODAY = "today"


class PlanReview:
    """One plan against today, followed through its phases where they are given.

    ``reasons`` say what each edit adds to each meeting space (``spatial.studies.contributions``), None where that
    was not tried. ``today`` and ``after`` are results, ``phases`` those of the phases before the last,
    ``comparison`` what is different, ``answer`` what a board is told first, ``weight_change`` the smallest change of
    weights that would turn the verdict, and ``timeline`` the plan through its phases, None without any.

    Examples
    --------
    >>> review = PlanReview.run(estate, osm="denmark.osm.pbf", plan="plan.gpkg")  # doctest: +SKIP
    >>> print(review.text("en"))  # doctest: +SKIP
    >>> review.write(Path("plan"), "en")  # doctest: +SKIP
    """

    def __init__(
        self,
        today: Analysis,
        after: Analysis,
        phases: Sequence[Analysis] = (),
        reasons: pd.DataFrame | None = None,
    ) -> None:
        self.today, self.after, self.phases = today, after, tuple(phases)
        self.reasons = reasons
        self.comparison = before_after.compare(today, after)
        self.weight_change = verdict.smallest_weight_change(today, after, self.comparison.homes)
        earlier = [comparison.compare(today, state) for state in phases]
        self.timeline = plan_phases.follow_phases(after, [*earlier, self.comparison]) if phases else None
        self.answer = answer.answer_plan(today, after, self.comparison, list(zip(phases, earlier, strict=True)))

    @classmethod
    def run(
        cls,
        estate: Estate,
        *,
        osm: str | Path | Extract | Reading | RawData,
        plan: str | Path | Plan,
        phases: bool = False,
        inputs: InputFiles | None = None,
        options: Options | None = None,
        progress: Progress = None,
    ) -> PlanReview:
        """Score an estate today and as a plan leaves it, from inputs that are read once.

        Parameters
        ----------
        estate, osm, plan, progress
            As ``spatial.analyse`` takes them.
        phases
            Score each phase of the plan too.
        inputs
            What else is read: municipal layers, models of terrain and surface, answers from the field.
        options
            Rubric, seed and phase. Default: the bundled rubric, the whole plan.

        Raises
        ------
        SpatialError
            If an input cannot be read, or the plan does not fit the estate.
        """
        given = replace(inputs or InputFiles(osm), osm=osm, plan=plan)
        return review_plan(Inputs.read(estate, given, progress), options, progress, phases=phases)

    @classmethod
    def read(cls, today: Analysis, folder: Path) -> PlanReview:
        """Review a finished run with a plan, and those of its phases that it names."""
        after = storage.load(folder)
        names = (after.manifest.get("plan") or {}).get("folders", [])
        reasons = pd.read_csv(folder / REASONS) if (folder / REASONS).is_file() else None
        return cls(today, after, [storage.load(folder / name) for name in names], reasons)

    @cached_property
    def changes(self) -> dict[str, Any]:
        """What is different, as plain data."""
        changes = plan_texts.describe_changes(self.comparison, self.today, self.after, self.reasons)
        changes["answer"] = plan_answer.describe_answer(self.answer, self.comparison)
        changes["turn"] = verdict_texts.turn_as_data(self.weight_change, self.today)
        if self.timeline is not None:
            changes["timeline"] = timeline_texts.timeline_as_data(
                self.timeline, plan_names.space_names(self.today, self.after)
            )
        return changes

    def verdict(self, lang: str = "da") -> list[str]:
        """What would turn the verdict, in words; empty where nobody stays to have one."""
        if self.changes["keeps_share"] is None:
            return []
        return [verdict_texts.turn_in_words(self.changes["turn"], lang=lang)]

    def text(self, lang: str = "da") -> str:
        """What is different, in words."""
        units = {name: spec.unit for name, spec in registry.registry().items()}
        first = plan_answer.answer_text(self.changes["answer"], plan_answer.place_names(self.today, lang), lang=lang)
        timeline = self.changes.get("timeline")
        through_phases = [] if timeline is None else [timeline_texts.timeline_in_words(timeline, lang=lang)]
        rest = plan_texts.changes_in_words(self.changes, units, lang=lang, verdict=self.verdict(lang) + through_phases)
        return f"{first}\n{rest}"

    @cached_property
    def on_paper(self) -> PlanReview:
        """The review without the names of which paper has no letter; itself where it has them all."""
        from spatial.maps.lettering import on_paper, readable

        states = self.today, self.after, *self.phases
        today, after, *phases = map(on_paper, states)
        if all(one is other for one, other in zip((today, after, *phases), states, strict=True)):
            return self
        told = copy(self)
        told.__dict__.pop("changes", None)
        told.today, told.after, told.phases = today, after, tuple(phases)
        items = self.comparison.items
        told.comparison = replace(self.comparison, items=items.assign(name=[readable(name) for name in items["name"]]))
        return told

    def report(self, lang: str = "da", alternatives: Sequence[dict[str, Any]] = (), own: str = "") -> Document:
        """The report of the plan for the board; ``alternatives`` side by side, of which this is ``own``."""
        from spatial.reports import plan as plan_report

        return plan_report.plan_document(self.findings(lang, alternatives, own), lang=lang)

    def meeting_sheet(self, lang: str = "da") -> Document:
        """One page for the residents' meeting: the proposal, its rough price, who gains, what is not known, boxes."""
        from spatial.reports.meeting import meeting_document
        from spatial.settings.loading import load_toml
        from spatial.studies.plan_price import rough_prices

        prices = rough_prices(self.comparison.items, load_toml(None, "prices.toml"))
        return meeting_document(self.findings(lang), prices, lang=lang)

    def findings(self, lang: str, alternatives: Sequence[dict[str, Any]] = (), own: str = "") -> PlanFindings:
        """What the reports of the plan are made of."""
        from spatial.reports.plan import PlanFindings
        from spatial.reports.plan_states import Alternatives

        return PlanFindings(
            before=self.today,
            after=before_after.judged_alike(self.today, self.after),
            comparison=self.comparison,
            answer=self.answer,
            checks=self.after.field_checks,
            reasons=self.reasons,
            verdict=self.verdict(lang),
            phases=self.changes.get("timeline"),
            alternatives=Alternatives(alternatives, own),
        )

    def save(
        self,
        out: Path,
        *,
        lang: str = "da",
        pdf: bool = False,
        progress: Progress = None,
        press: Press | None = None,
    ) -> Analysis:
        """Write the result after the plan into a folder, and in it those of today and of each phase.

        A ``press`` draws meanwhile. Returns the result after the plan with its timings.
        """
        self.today = storage.save(self.today, out / TODAY, lang=lang, progress=progress)
        for number, state in enumerate(self.phases, 1):
            storage.save(state, out / phase_folder(number), lang=lang, progress=progress)
        self.after = storage.save(
            self.after,
            out,
            lang=lang,
            pdf=pdf,
            beside=before_after.Beside(self.today, self.comparison, self.phases),
            progress=progress,
            press=press,
        )
        return self.after

    def write(
        self,
        folder: Path,
        lang: str,
        *,
        pdf: bool = False,
        with_map: bool = True,
        alternatives: Sequence[dict[str, Any]] = (),
    ) -> None:
        """Write tables, a map layer, the map and the report of the plan into a folder: all or none.

        Of several ``alternatives`` this is the one with the name of the folder.
        """
        from spatial.maps import tables
        from spatial.maps.web import page
        from spatial.reports import sections

        changes = self.comparison
        with outputs.whole_folder(folder) as draft:
            tables.write_changes(
                plan_names.with_names(changes.spaces, self.today, self.after, lang),
                changes.homes,
                changes.items,
                changes.causes,
                (self.today, self.after),
                draft,
                lang=lang,
            )
            files.write_csv(changes.successors, draft / SUCCESSORS, index=False)
            if with_map:
                drawn, options = before_after.for_map(self.after, self.today, changes, self.phases)
                page.render_map(drawn, draft / "map.html", lang=lang, **options)
            promises = plan_answer.with_names(self.answer.promises, self.today, lang)
            files.write_csv(promises, draft / PROMISES, index=False)
            if self.reasons is not None:
                files.write_csv(self.reasons, draft / REASONS, index=False)
            if self.timeline is not None:
                spaces = plan_names.with_names(self.timeline.spaces, self.today, self.after, lang)
                tables.write_timeline(self.timeline.phases, spaces, draft)
            document = self.report(lang, alternatives, folder.name)
            paper = self.on_paper.report(lang, alternatives, folder.name) if pdf and self.on_paper is not self else None
            sections.write_document(document, draft / REPORT, pdf=pdf, paper=paper)


def review_plan(
    inputs: Inputs, options: Options | None = None, progress: Progress = None, *, phases: bool = False
) -> PlanReview:
    """Score the estate of inputs with a plan today, after it, and with ``phases`` in each of its phases."""
    options = options or Options()
    # What is wrong with the plan is said before anything is measured for nothing.
    prepare_ground(inputs, tags.tag_rules(), Clock(None), phase=options.phase)
    inputs = _with_known_homes(inputs)
    today = run.run(replace(inputs, plan=None), options, progress)
    # One place has one score wherever it is told: all states are judged as today is.
    options = replace(options, judged_by=today.rubric)
    earlier, after = _through_phases(inputs, options, progress) if phases else ((), run.run(inputs, options, progress))
    entry = {"today": TODAY} | ({"folders": [phase_folder(k) for k in range(1, len(earlier) + 1)]} if phases else {})
    after = replace(after, manifest={**after.manifest, "plan": {**after.manifest["plan"], **entry}})
    if progress is not None:
        progress("compare")
    return PlanReview(today, after, earlier, _reasons(inputs, options))


def _reasons(inputs: Inputs, options: Options) -> pd.DataFrame | None:
    if options.phase is not None:
        return None
    plain, choices = options.plain_unknowns, options.tags
    return contributions.contributions(inputs, options.rubric, plain_unknowns=plain, choices=choices)


def _with_known_homes(inputs: Inputs) -> Inputs:
    """The inputs with the numbers of homes that the plan knows of what it demolishes: they hold today, too."""
    if inputs.plan is None or not any(FLATS in edit.tags for edit in inputs.plan.edits):
        return inputs
    raw = prepare_ground(replace(inputs, plan=None), tags.tag_rules(), Clock(None)).conflated.raw
    known = known_homes.known_dwellings(raw, inputs.plan)
    osm, *registers = (known_homes.with_dwellings(data, known) for data in (inputs.osm, *inputs.registers))
    return replace(inputs, osm=osm, registers=tuple(registers))


def _through_phases(inputs: Inputs, options: Options, progress: Progress) -> tuple[tuple[Analysis, ...], Analysis]:
    """The states of the phases before the last, and the last."""
    plan = inputs.plan
    count = max((edit.phase for edit in plan.edits), default=1) if plan is not None else 1
    upto = [replace(options, phase=k if k < count else None) for k in range(1, count + 1)]
    states = [run.run(inputs, state, progress) for state in upto]
    return tuple(states[:-1]), states[-1]


def phase_folder(phase: int) -> str:
    """Name of the folder of a phase."""
    return f"phase-{phase}"
