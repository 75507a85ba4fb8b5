"""``faellesrum export``: places and meeting spaces of a finished run in other formats."""

from __future__ import annotations

from pathlib import Path

import click

from spatial.cli.commands import finished_run
from spatial.cli.help import heard
from spatial.cli.paths import WrittenFolder, force

LAYERS = ("geojson", "geoparquet", "flatgeobuf")
OFFICE = ("xlsx", "excel-csv", "pptx", "docx")
FORMATS = (*LAYERS, *OFFICE)


@click.command()
@finished_run
@click.option("--as", "formats", type=click.Choice(FORMATS, case_sensitive=False), multiple=True, required=True)
@click.option("--out", type=WrittenFolder(default=""))
@force
@heard
def command(folder: Path, formats: tuple[str, ...], out: Path | None) -> None:
    """Write places and meeting spaces in other formats: for GIS, a spreadsheet, a slide, a page to write on."""
    from spatial.analysis import storage
    from spatial.core import outputs
    from spatial.maps import tables

    result = storage.load(folder)
    target, wanted = out or folder, tuple(dict.fromkeys(form.lower() for form in formats))
    with outputs.whole_folder(target) as draft:
        made = tables.export_layers(result, draft, tuple(form for form in wanted if form in LAYERS))
        if set(wanted) & set(OFFICE):
            from spatial.reports import office

            made += office.write_office(result, draft, [form for form in wanted if form in OFFICE])
    for path in made:
        click.echo(str(target / path.name))
