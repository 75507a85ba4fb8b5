"""``faellesrum giveback``: what was found out on the spot, as changes for OpenStreetMap."""

from __future__ import annotations

from pathlib import Path

import click

from spatial.cli.commands import finished_run
from spatial.cli.help import language
from spatial.cli.paths import Read, WrittenFolder, force


@click.command()
@finished_run
@click.option("--answers", type=Read(), required=True)
@click.option("--osm", type=Read())
@click.option("--out", type=WrittenFolder(default="giveback"))
@force
@language
def command(folder: Path, answers: Path, osm: Path | None, out: Path | None, lang: str) -> None:
    """Write answers to field checks as changes for OpenStreetMap; nothing is uploaded."""
    from spatial.analysis import loading
    from spatial.core.outputs import whole_folder
    from spatial.fieldkit import giveback, giveback_files
    from spatial.sources.field_answers import read_field_answers

    found = giveback.find(loading.read_run(folder), read_field_answers(answers), osm)
    target = out or folder / giveback_files.FOLDER
    with whole_folder(target) as draft:
        giveback_files.write(found, draft)
    click.echo(f"{target}\n{giveback_files.summary(found, lang)}", nl=False)
