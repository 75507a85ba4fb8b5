"""``faellesrum explain``: every number behind a place's score."""

from __future__ import annotations

from pathlib import Path

import click

from spatial.commands import as_json, finished_run, language


@click.command()
@finished_run
@click.argument("place_id")
@language
@as_json
def command(folder: Path, place_id: str, lang: str, as_json: bool) -> None:
    """Say every number behind a place's score, back to tag and source.

    DIR is the folder of a finished run, PLACE_ID as in its scores.csv.

    \b
    faellesrum explain maps/demo osm:way/157841252 --lang en
    """
    from spatial import explanation
    from spatial.sources import finished

    rubric = finished.rubric(finished.manifest(folder))
    found = explanation.of(finished.evidence(folder), rubric, place_id)
    click.echo(explanation.as_json(found) if as_json else explanation.text(found, lang=lang))
