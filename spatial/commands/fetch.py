"""``faellesrum fetch``: freeze the inputs of a run into a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from spatial.commands import _estate, as_json, language, progress, run, with_options
from spatial.commands._console import misused
from spatial.phrases import phrase

MODELS = ("terrain", "surface")


@click.command()
@with_options(run.INPUTS)
@with_options([language])
@click.option("--out", type=click.Path(path_type=Path), required=True)
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
    which = _estate.taken(options)
    if osm is None:
        raise misused(phrase("commands.choose_osm"))
    from spatial.sources import frozen
    from spatial.sources import offline as network
    from spatial.sources import osm as openstreetmap

    with network.only(offline), progress(lang) as tell:
        estate = _estate.read(which, margin_m=margin_m, reach_m=reach_m)
        extract = openstreetmap.extract(osm, estate, refresh=refresh, tell=tell)
        given = {what: files for what, files in models.items() if files}
        manifest = frozen.write(out, estate, extract, layers=layers, complete=complete, models=given, progress=tell)
    from spatial.render import frozen_summary

    for line in run.source_lines([manifest["osm"]["provenance"]], lang):
        click.echo(f"faellesrum: {line}", err=True)
    said = frozen_summary.as_json(manifest, out) if as_json else frozen_summary.text(manifest, out, lang=lang)
    click.echo(said)


# Margin, reach and the models are options of the analysis; here they say what is fetched.
command.params.extend(run.picked(run.ANALYSIS, (*MODELS, "margin_m", "reach_m")))
