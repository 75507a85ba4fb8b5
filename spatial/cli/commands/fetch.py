"""``faellesrum fetch``: freeze the inputs of a run into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from spatial.cli import options as cli_options
from spatial.cli.commands import as_json, run, with_options
from spatial.cli.console import misused, progress
from spatial.cli.help import language
from spatial.cli.paths import WrittenFolder, force
from spatial.core.messages import phrase

MODELS = ("terrain", "surface")


@click.command()
@with_options(run.INPUTS)
@with_options([language])
@click.option("--out", type=WrittenFolder(names=("inputs.json",)), required=True)
@force
@with_options([as_json])
def command(
    osm: str | None,
    layers: Sequence[str],
    complete: Sequence[str],
    refresh: bool,
    offline: bool,
    margin_m: float,
    reach_m: float,
    lang: str,
    out: Path,
    as_json: bool,
    **options: Any,
) -> None:
    """Download and freeze the inputs of a run: 'faellesrum run --inputs DIR' then works without any network."""
    models = {what: options.pop(what) for what in MODELS if what in options}
    which = cli_options.estate_options(options)
    if osm is None:
        raise misused(phrase("commands.choose_osm"))
    from spatial.analysis import snapshot
    from spatial.osm import extract as osm_extract
    from spatial.sources.offline import offline_if

    with offline_if(offline), progress(lang) as tell:
        estate = cli_options.read_estate(which, margin_m=margin_m, reach_m=reach_m)
        extract = osm_extract.find_extract(osm, estate, refresh=refresh, tell=tell)
        given = {what: files for what, files in models.items() if files}
        manifest = snapshot.write_snapshot(
            out, estate, extract, layers=layers, complete=complete, models=given, progress=tell
        )
    from spatial.texts import sources

    for line in run.source_lines([manifest["osm"]["provenance"]], lang):
        click.echo(f"faellesrum: {line}", err=True)
    said = sources.frozen_as_json(manifest, out) if as_json else sources.frozen_in_words(manifest, out, lang=lang)
    click.echo(said)


# Margin, reach and the models are options of the analysis; here they say what is fetched.
command.params.extend(run.picked(run.ANALYSIS, (*MODELS, "margin_m", "reach_m")))
