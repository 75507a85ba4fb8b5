"""``faellesrum explain``: every number behind a place's score."""

from __future__ import annotations

from pathlib import Path

import click

from spatial.commands import _completing, as_json, finished_run, language


@click.command()
@finished_run
@click.argument("place_id", shell_complete=_completing.places)
@click.option("--lens")
@language
@as_json
def command(folder: Path, place_id: str, lens: str | None, lang: str, as_json: bool) -> None:
    """Say every number behind a place's score, back to tag and source."""
    from spatial import explanation, lens_rules
    from spatial.sources import finished

    rubric, evidence = finished.rubric(finished.manifest(folder)), finished.evidence(folder)
    if lens is not None:
        seen = lens_rules.named(finished.lenses(folder), lens)
        rubric, evidence = lens_rules.changed(rubric, seen.rules), lens_rules.put_in(evidence, seen.evidence)
    found = explanation.of(evidence, rubric, place_id, claims=finished.claims(folder))
    click.echo(explanation.as_json(found) if as_json else explanation.text(found, lang=lang, lens=lens))
