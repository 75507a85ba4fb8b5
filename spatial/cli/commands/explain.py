"""``faellesrum explain``: every number behind a place's score."""

from __future__ import annotations

from pathlib import Path

import click

from spatial.cli import options
from spatial.cli.commands import as_json, finished_run
from spatial.cli.help import language


@click.command()
@finished_run
@click.argument("place_id", shell_complete=options.places)
@click.option("--lens")
@language
@as_json
def command(folder: Path, place_id: str, lens: str | None, lang: str, as_json: bool) -> None:
    """Say every number behind a place's score, back to tag and source."""
    from spatial.analysis import loading
    from spatial.places import naming
    from spatial.scoring import explanation
    from spatial.settings import lenses
    from spatial.texts import explanations

    rubric, evidence = loading.rubric(loading.manifest(folder)), loading.evidence(folder)
    if lens is not None:
        seen = lenses.named(loading.lenses(folder), lens)
        rubric, evidence = lenses.changed(rubric, seen.rules), lenses.put_in(evidence, seen.evidence)
    found = explanation.explain_place(evidence, rubric, place_id, claims=loading.claims(folder))
    if as_json:
        click.echo(explanations.explanation_as_json(found))
        return
    name = naming.names_of(loading.read_run(folder), lang).get(place_id)
    click.echo(explanations.explanation_in_words(found, lang=lang, lens=lens, name=name))
