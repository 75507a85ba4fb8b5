"""``faellesrum report``: the report for the board of a finished run, or of a plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from spatial.cli.commands import finished_run
from spatial.cli.console import misused, progress
from spatial.cli.help import language
from spatial.cli.paths import Read, WrittenFile, force
from spatial.core.messages import phrase

if TYPE_CHECKING:
    from spatial.reports.document import Document


RUN, PLAN, SHEET = "report.html", "plan.html", "meeting.html"


@click.command()
@finished_run
@click.option("--before", type=Read())
@click.option("--plan", is_flag=True)
@click.option("--sheet", is_flag=True)
@language
@click.option("--pdf", is_flag=True)
@click.option("--out", type=WrittenFile(".html", ".pdf"))
@force
def command(folder: Path, before: Path | None, plan: bool, sheet: bool, lang: str, pdf: bool, out: Path | None) -> None:
    """Write the report of a finished run again: for a board, four to eight pages, in either language."""
    if plan and before is not None:
        raise misused(phrase("commands.plan_today"))
    if sheet and before is None:
        plan = True
    with progress(lang) as tell:
        tell("report")
        from spatial.core import outputs
        from spatial.reports import sections

        before = _today(folder) if plan else before
        path = (out or folder / (RUN if before is None else SHEET if sheet else PLAN)).with_suffix(".html")
        document, paper = _of_run(folder, lang) if before is None else _of_plan(before, folder, lang, sheet=sheet)
        with outputs.whole_file(path):
            written = sections.write_document(document, path, pdf=pdf, paper=paper)
    for file in written:
        click.echo(str(file))


def _today(folder: Path) -> Path:
    """Folder of the state today in that of a run with a plan."""
    from spatial.analysis import loading
    from spatial.core.errors import InputError

    name = (loading.manifest(folder).get("plan") or {}).get("today")
    if not name:
        raise InputError("commands.no_plan", folder=folder)
    return folder / str(name)


def _of_run(folder: Path, lang: str) -> tuple[Document, Document]:
    """The report for the screen and for paper, whose fonts lack some letters."""
    from spatial.analysis import storage
    from spatial.maps.lettering import on_paper
    from spatial.reports import estate

    result = storage.load(folder)
    document = estate.estate_document(result, result.field_checks, lang=lang)
    readable = on_paper(result)
    return document, document if readable is result else estate.estate_document(
        readable, result.field_checks, lang=lang
    )


def _of_plan(before: Path, after: Path, lang: str, *, sheet: bool) -> tuple[Document, Document]:
    from spatial.analysis import storage
    from spatial.studies.plan_review import PlanReview

    review = PlanReview.read(storage.load(before), after)
    write = PlanReview.meeting_sheet if sheet else PlanReview.report
    document = write(review, lang)
    return document, document if review.on_paper is review else write(review.on_paper, lang)
