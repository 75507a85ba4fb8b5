"""``faellesrum doctor``: whether this machine has what a run needs."""

from __future__ import annotations

import sys

import click

from spatial.commands import as_json, language


@click.command()
@language
@as_json
def command(lang: str, as_json: bool) -> None:
    """Look at versions, file formats, coordinate systems and the cache, and say what to do about what is wrong."""
    from spatial import checkup

    found = checkup.look()
    click.echo(checkup.as_json(found) if as_json else checkup.text(found, lang))
    if any(one.state == checkup.PROBLEM for one in found):
        sys.exit(1)
