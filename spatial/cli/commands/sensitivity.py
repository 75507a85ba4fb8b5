"""``faellesrum sensitivity``: which judgements the ranking hangs on."""

from __future__ import annotations

from pathlib import Path

import click

from spatial.cli.commands import as_json, finished_run
from spatial.cli.help import language
from spatial.cli.options import Whole


@click.command()
@finished_run
@click.option("--level", type=click.Choice(("places", "spaces")), default="spaces", show_default=True)
@click.option("--samples", type=Whole(min=64, max=16384), default=512, show_default=True)
@click.option("--unknowns", is_flag=True)
@language
@as_json
def command(folder: Path, level: str, samples: int, unknowns: bool, lang: str, as_json: bool) -> None:
    """Say which indicators the ranking hangs on: their weights and what is not known of them."""
    from spatial.analysis import storage
    from spatial.texts import results

    analysis = storage.load(folder)
    if unknowns:
        told = results.unknowns_as_data(analysis, analysis.unmapped_otherwise(level=level), analysis.shared_share)
        click.echo(results.summary_as_json(told) if as_json else results.unknowns_in_words(told, lang=lang))
        return
    found = analysis.sensitivity(level=level, samples=samples)
    click.echo(results.sensitivity_as_json(found) if as_json else results.sensitivity_in_words(found, lang=lang))
