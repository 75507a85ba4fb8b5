"""``faellesrum report``: the report for the board of a finished run, or of a plan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from spatial.commands import finished_run, language, progress
from spatial.commands._console import misused
from spatial.phrases import phrase

if TYPE_CHECKING:
    from spatial.render.document import Document

RUN, PLAN = "report.html", "plan.html"


@click.command()
@finished_run
@click.option("--before", type=click.Path(path_type=Path))
@click.option("--plan", is_flag=True)
@language
@click.option("--pdf", is_flag=True)
@click.option("--out", type=click.Path(path_type=Path))
def command(folder: Path, before: Path | None, plan: bool, lang: str, pdf: bool, out: Path | None) -> None:
    """Write the report of a finished run again: for a board, four to eight pages, in either language."""
    if plan and before is not None:
        raise misused(phrase("commands.plan_today"))
    with progress(lang) as tell:
        tell("report")
        from spatial import reports
        from spatial.render import files

        before = _today(folder) if plan else before
        path = (out or folder / (RUN if before is None else PLAN)).with_suffix(".html")
        document = _of_run(folder, lang) if before is None else _of_plan(before, folder, lang)
        with files.written(path):
            written = reports.write(document, path, pdf=pdf)
    for file in written:
        click.echo(str(file))


def _today(folder: Path) -> Path:
    """Folder of the state today in that of a run with a plan."""
    from spatial.errors import InputError
    from spatial.sources import finished

    name = (finished.manifest(folder).get("plan") or {}).get("today")
    if not name:
        raise InputError("commands.no_plan", folder=folder)
    return folder / str(name)


def _of_run(folder: Path, lang: str) -> Document:
    from spatial import outputs
    from spatial.reports import estate

    result = outputs.load(folder)
    return estate.document(result, result.field_checks, lang=lang)


def _of_plan(before: Path, after: Path, lang: str) -> Document:
    from spatial import outputs
    from spatial.commands._compared import Compared

    return Compared.read(outputs.load(before), after).report(lang)
