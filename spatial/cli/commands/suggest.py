"""``faellesrum suggest``: which small measure brings most for its cost?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spatial.cli import options as cli_options
from spatial.cli.commands import as_json
from spatial.cli.commands.run import ANALYSIS, INPUTS, picked
from spatial.cli.console import misused, progress
from spatial.cli.options import Whole
from spatial.cli.paths import Read, WrittenFolder, force
from spatial.core.messages import phrase

INPUT_NAMES = (*cli_options.ESTATE_OPTION_NAMES, "osm", "layers", "complete", "refresh", "offline")
SHARED = ("terrain", "surface", "plan", "field_checks", "rubric", "lang", "margin_m", "reach_m")


@click.command(params=[*picked(INPUTS, INPUT_NAMES), *picked(ANALYSIS, SHARED)])
@click.option("--measures", type=Read())
@click.option("--most", type=Whole(min=1, max=50), default=10, show_default=True)
@click.option("--out", type=WrittenFolder(names=("suggestions.geojson", "suggestions.csv")))
@force
@as_json
def command(
    osm: str | None, out: Path | None, as_json: bool, lang: str, refresh: bool, offline: bool, **options: Any
) -> None:
    """Which bench, table, open gate, link, light, lowered kerb or cut hedge brings most for its cost?"""
    from spatial.core import parallel
    from spatial.core.languages import texts
    from spatial.osm import extract
    from spatial.sources import http

    which = cli_options.estate_options(options)
    if osm is None:
        raise misused(phrase("commands.choose_osm"))
    margin_m, reach_m = options.pop("margin_m"), options.pop("reach_m")
    given: dict[str, Any] = {name: options.pop(name) or None for name in ("terrain", "surface")}
    with http.offline_if(offline), progress(lang) as tell, parallel.started() as other:
        from spatial.analysis import run
        from spatial.osm import extract
        from spatial.studies import measures

        estate = cli_options.read_estate(which, margin_m=margin_m, reach_m=reach_m)
        reading = extract.read_ahead(extract.find_extract(osm, estate, refresh=refresh, tell=tell), estate, other)
        run.load_compiled()
        say = texts(lang)["suggest"]["trying"]
        found, tried = measures.suggest(
            estate,
            osm=reading,
            **given,
            **options,
            progress=tell,
            tell=lambda done, of: tell(say.format(done=done, of=of)),
        )
    from spatial.core import outputs
    from spatial.texts import measures as texts_measures

    if out is not None:
        with outputs.whole_folder(out) as draft:
            texts_measures.write_measures(found, draft, lang=lang)
    click.echo(
        texts_measures.measures_as_json(found, tried)
        if as_json
        else texts_measures.measures_in_words(found, tried, lang=lang)
    )
