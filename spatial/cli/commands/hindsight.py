"""``faellesrum hindsight``: what came of a plan's forecast, after it is built?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spatial.cli.commands import as_json, with_options
from spatial.cli.help import language
from spatial.cli.options import READING, counts_as_said
from spatial.cli.paths import Read, WrittenFolder, force


@click.command()
@click.argument("plan", type=Read())
@click.argument("run", type=Read())
@click.argument("counts", nargs=-1, type=Read())
@language
@with_options(READING)
@click.option("--out", type=WrittenFolder(names=("hindsight.csv", "promised.csv")))
@force
@as_json
def command(
    plan: Path, run: Path, counts: tuple[Path, ...], lang: str, out: Path | None, as_json: bool, **options: Any
) -> None:
    """Hold the forecast of a plan against a run of what is there now, and against counts of people."""
    import json

    from spatial.studies import hindsight
    from spatial.texts import hindsight as texts_hindsight

    looked = hindsight.look_back(plan, run, counts, **counts_as_said(options))
    if out is not None:
        hindsight.write(looked, out, lang=lang)
    results = looked.found, looked.forecast, looked.now
    click.echo(
        json.dumps(texts_hindsight.hindsight_as_data(*results, lang=lang), ensure_ascii=False, indent=1)
        if as_json
        else texts_hindsight.hindsight_in_words(*results, lang=lang)
    )
