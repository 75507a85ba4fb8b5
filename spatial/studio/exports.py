"""What is taken away from the table: the map with before and after, and the report, made as by a run with the plan."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from spatial.analysis import before_after
from spatial.analysis.inputs import Options
from spatial.core.errors import InputError
from spatial.studies.plan_review import PlanReview, review_plan
from spatial.studio.history import Variant
from spatial.studio.looking import Table


def review(table: Table, variant: Variant) -> PlanReview:
    """The plan of a variant reviewed, from the start.

    Raises
    ------
    InputError
        If nothing is drawn.
    """
    if not variant.strokes:
        raise InputError("studio.nothing_drawn")
    inputs = replace(table.inputs, plan=table.plan(variant.strokes, variant.name))
    return review_plan(inputs, Options(table.rubric_file, plain_unknowns=table.plain_unknowns))


def map_of(found: PlanReview, lang: str) -> bytes:
    """The map with before and after, as one page."""
    from spatial.maps.web import page

    drawn, options = before_after.for_map(found.after, found.today, found.comparison)
    return page.map_page(drawn, lang=lang, **options)


def report_of(found: PlanReview, lang: str) -> bytes:
    """The report of the plan for the board, as one page."""
    from spatial.reports import sections

    with TemporaryDirectory() as folder:
        path = Path(folder) / "plan.html"
        sections.write_document(found.report(lang), path)
        return path.read_bytes()


MAKERS = {"map": map_of, "report": report_of}
