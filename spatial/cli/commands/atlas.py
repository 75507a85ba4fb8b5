"""``faellesrum atlas``: many areas to leaf through, from a finished batch."""

from __future__ import annotations

from pathlib import Path

import click

from spatial.cli.commands import finished_run, output
from spatial.cli.console import progress
from spatial.cli.help import language
from spatial.cli.paths import force


@click.command()
@finished_run
@output
@force
@language
def command(folder: Path, out: Path, lang: str) -> None:
    """Make a folder of pages from a finished batch: an overview that is searched, and one page an area."""
    from spatial.core import languages, outputs
    from spatial.reports import atlas

    with progress(lang) as tell:
        tell("atlas")
        with outputs.whole_folder(out, keep_ours=False) as draft:
            areas = atlas.render_atlas(folder, draft)
    click.echo(languages.texts(lang)["atlas"]["said"].format(areas=areas, page=out / atlas.INDEX))
