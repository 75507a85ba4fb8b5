"""``faellesrum map``: draw the map of a finished run again."""

from __future__ import annotations

from pathlib import Path

import click

from spatial.cli.commands import finished_run
from spatial.cli.console import progress
from spatial.cli.help import language
from spatial.cli.paths import WrittenFile, force

OSM_TILES = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"


@click.command()
@finished_run
@language
@click.option("--tiles", is_flag=False, flag_value=OSM_TILES)
@click.option("--out", type=WrittenFile(default="map.html"))
@force
def command(folder: Path, lang: str, tiles: str | None, out: Path | None) -> None:
    """Draw the map of a finished run again, for example in the other language."""
    with progress(lang) as tell:
        tell("map.html")
        from spatial.analysis import storage

        path = storage.redraw(folder, lang=lang, tiles=tiles, out=out)
    click.echo(str(path))
