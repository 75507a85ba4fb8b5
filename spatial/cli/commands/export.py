"""``faellesrum export``: places and meeting spaces of a finished run in other formats."""

from __future__ import annotations

from pathlib import Path

import click

from spatial.cli.commands import finished_run
from spatial.cli.help import heard
from spatial.cli.paths import WrittenFolder, force

FORMATS = ("geojson", "geoparquet", "flatgeobuf")


@click.command()
@finished_run
@click.option("--as", "formats", type=click.Choice(FORMATS, case_sensitive=False), multiple=True, required=True)
@click.option("--out", type=WrittenFolder(default=""))
@force
@heard
def command(folder: Path, formats: tuple[str, ...], out: Path | None) -> None:
    """Write places and meeting spaces as GeoJSON (WGS 84), GeoParquet or FlatGeobuf (the estate's grid)."""
    from spatial.analysis import storage
    from spatial.core import outputs
    from spatial.maps import tables

    result = storage.load(folder)
    target = out or folder
    with outputs.whole_folder(target) as draft:
        made = tables.export_layers(result, draft, tuple(dict.fromkeys(form.lower() for form in formats)))
    for path in made:
        click.echo(str(target / path.name))
