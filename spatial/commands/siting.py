"""``faellesrum siting``: where could a volunteer stand?"""

from __future__ import annotations

from pathlib import Path

import click

from spatial.commands import as_json, finished_run, language
from spatial.commands._number import Whole


@click.command()
@finished_run
@click.option("--most", type=Whole(min=1, max=20), default=8, show_default=True)
@language
@as_json
def command(folder: Path, most: int, lang: str, as_json: bool) -> None:
    """Where could a volunteer stand? Choose the meeting spaces that serve most homes best."""
    from spatial import outputs
    from spatial.render import siting

    result = outputs.load(folder)
    found = result.siting(most=most)
    click.echo(siting.as_json(found, result) if as_json else siting.text(found, result, lang=lang))
