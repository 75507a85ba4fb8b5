"""``faellesrum doctor``: whether this machine has what a run needs."""

from __future__ import annotations

import sys

import click

from spatial.cli.commands import as_json
from spatial.cli.help import language


@click.command()
@language
@as_json
def command(lang: str, as_json: bool) -> None:
    """Look at versions, file formats, coordinate systems and the cache, and say what to do about what is wrong."""
    from spatial.cli import doctor

    found = doctor.look()
    click.echo(doctor.doctor_as_json(found) if as_json else doctor.doctor_in_words(found, lang))
    if any(one.state == doctor.PROBLEM for one in found):
        sys.exit(1)
