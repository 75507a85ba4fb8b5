"""``faellesrum sensitivity``: which judgements the ranking hangs on."""

from __future__ import annotations

from pathlib import Path

import click

from spatial.commands import as_json, finished_run, language
from spatial.commands._number import Whole


@click.command()
@finished_run
@click.option("--level", type=click.Choice(("places", "spaces")), default="spaces", show_default=True)
@click.option("--samples", type=Whole(min=64, max=16384), default=512, show_default=True)
@language
@as_json
def command(folder: Path, level: str, samples: int, lang: str, as_json: bool) -> None:
    """Say which indicators the ranking hangs on: their weights and what is not known of them."""
    from spatial import outputs
    from spatial.render import sensitivity

    found = outputs.load(folder).sensitivity(level=level, samples=samples)
    click.echo(sensitivity.as_json(found) if as_json else sensitivity.text(found, lang=lang))
