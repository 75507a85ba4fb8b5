"""``faellesrum report``: the report for the board of a finished run."""

from __future__ import annotations

from pathlib import Path

import click

from spatial.commands import finished_run, language, progress


@click.command()
@finished_run
@language
@click.option("--pdf", is_flag=True, help="Write it as PDF too, beside the page.")
@click.option("--out", type=click.Path(path_type=Path), help="Page to write. Default: report.html in DIR.")
def command(folder: Path, lang: str, pdf: bool, out: Path | None) -> None:
    """Write the report of a finished run again: for a board, four to eight pages, in either language.

    \b
    faellesrum report maps/demo --lang en --pdf --out board.html
    """
    with progress(lang) as tell:
        tell("report")
        from spatial import outputs, reports
        from spatial.render import files
        from spatial.reports import estate

        path = (out or folder / "report.html").with_suffix(".html")
        result = outputs.load(folder)
        document = estate.document(result, result.field_checks, lang=lang)
        with files.written(path):
            written = reports.write(document, path, pdf=pdf)
    for file in written:
        click.echo(str(file))
