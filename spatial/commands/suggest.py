"""``faellesrum suggest``: which small measure brings most for its cost?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spatial.commands import _estate, as_json, progress
from spatial.commands._console import misused
from spatial.commands._number import Whole
from spatial.commands.run import ANALYSIS, INPUTS, picked
from spatial.phrases import phrase

INPUT_NAMES = (*_estate.NAMES, "osm", "layers", "complete", "refresh", "offline")
SHARED = ("terrain", "surface", "plan", "field_checks", "rubric", "lang", "margin_m", "reach_m")


@click.command(params=[*picked(INPUTS, INPUT_NAMES), *picked(ANALYSIS, SHARED)])
@click.option("--measures", type=click.Path(path_type=Path))
@click.option("--most", type=Whole(min=1, max=50), default=10, show_default=True)
@click.option("--out", type=click.Path(path_type=Path))
@as_json
def command(
    osm: str | None, out: Path | None, as_json: bool, lang: str, refresh: bool, offline: bool, **options: Any
) -> None:
    """Which bench, table, open gate, link, light, lowered kerb or cut hedge brings most for its cost?"""
    from spatial import second
    from spatial.sources import ahead
    from spatial.sources import offline as network
    from spatial.strings import texts

    which = _estate.taken(options)
    if osm is None:
        raise misused(phrase("commands.choose_osm"))
    margin_m, reach_m = options.pop("margin_m"), options.pop("reach_m")
    given: dict[str, Any] = {name: options.pop(name) or None for name in ("terrain", "surface")}
    with network.only(offline), progress(lang) as tell, second.started() as other:
        from spatial import pipeline, suggestions
        from spatial.sources import osm as openstreetmap

        estate = _estate.read(which, margin_m=margin_m, reach_m=reach_m)
        reading = ahead.read(openstreetmap.extract(osm, estate, refresh=refresh, tell=tell), estate, other)
        pipeline.make_ready()
        say = texts(lang)["suggest"]["trying"]
        found, tried = suggestions.suggest(
            estate,
            osm=reading,
            **given,
            **options,
            progress=tell,
            tell=lambda done, of: tell(say.format(done=done, of=of)),
        )
    from spatial.render import files, suggested

    if out is not None:
        with files.whole(out) as draft:
            suggested.write(found, draft, lang=lang)
    click.echo(suggested.as_json(found, tried) if as_json else suggested.text(found, tried, lang=lang))
