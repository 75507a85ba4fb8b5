"""``faellesrum doctor``: whether this machine has what a run needs, and the health of an extract."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from spatial.cli import options as cli_options
from spatial.cli.commands import as_json
from spatial.cli.console import misused
from spatial.cli.help import language
from spatial.cli.paths import Read
from spatial.core.messages import phrase


@click.command()
@click.option("--osm", type=Read())
@click.option("--boundary", type=Read())
@click.option("--name")
@language
@as_json
def command(osm: Path | None, boundary: Path | None, name: str | None, lang: str, as_json: bool) -> None:
    """Look at versions, file formats, coordinate systems and the cache, and say what to do about what is wrong."""
    from spatial.cli import doctor
    from spatial.core.model import Estate

    if osm is not None or boundary is not None:
        if osm is None or boundary is None:
            raise misused(phrase("commands.health"))
        estate = cli_options.read_estate(
            {"boundary": boundary, "name": name}, margin_m=Estate.margin_m, reach_m=Estate.reach_m
        )
        sheet = doctor.look_at_extract(osm, estate)
        click.echo(doctor.health_as_json(sheet) if as_json else doctor.health_in_words(sheet, lang))
        return
    found = doctor.look()
    click.echo(doctor.doctor_as_json(found) if as_json else doctor.doctor_in_words(found, lang))
    if any(one.state == doctor.PROBLEM for one in found):
        sys.exit(1)
