"""``faellesrum suggest``: which small measure brings most for its cost?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spatial.cli import options as cli_options
from spatial.cli.commands import as_json
from spatial.cli.commands.run import ANALYSIS, INPUTS, picked
from spatial.cli.console import misused, progress
from spatial.cli.options import Whole
from spatial.cli.paths import Read, WrittenFolder, force
from spatial.core.messages import phrase

if TYPE_CHECKING:
    from spatial.core.model import Estate
    from spatial.osm.extract import Reading

Tell = Callable[[str], None]
INPUT_NAMES = (*cli_options.ESTATE_OPTION_NAMES, "osm", "layers", "complete", "refresh", "offline")
SHARED = ("terrain", "surface", "plan", "field_checks", "rubric", "tags", "lang", "margin_m", "reach_m")


@click.command(params=[*picked(INPUTS, INPUT_NAMES), *picked(ANALYSIS, SHARED)])
@click.option("--measures", type=Read())
@click.option("--most", type=Whole(min=1, max=50), default=10, show_default=True)
@click.option("--repair", is_flag=True)
@click.option("--out", type=WrittenFolder())
@force
@as_json
def command(
    osm: str | None,
    out: Path | None,
    as_json: bool,
    lang: str,
    refresh: bool,
    offline: bool,
    repair: bool,
    **options: Any,
) -> None:
    """Which bench, table, open gate, link, light, lowered kerb or cut hedge brings most for its cost?"""
    from spatial.core import parallel
    from spatial.osm import extract
    from spatial.sources.offline import offline_if

    which = cli_options.estate_options(options)
    if osm is None:
        raise misused(phrase("commands.choose_osm"))
    if repair and options["plan"] is None:
        raise misused(phrase("repair.no_plan"))
    margin_m, reach_m = options.pop("margin_m"), options.pop("reach_m")
    given: dict[str, Any] = {name: options.pop(name) or None for name in ("terrain", "surface")}
    with offline_if(offline), progress(lang) as tell, parallel.started() as other:
        from spatial.analysis import run
        from spatial.osm import extract

        estate = cli_options.read_estate(which, margin_m=margin_m, reach_m=reach_m)
        reading = extract.read_ahead(extract.find_extract(osm, estate, refresh=refresh, tell=tell), estate, other)
        run.load_compiled()
        if repair:
            shown = _repair(estate, reading, {**given, **options}, out, lang=lang, as_json=as_json, tell=tell)
        else:
            shown = _suggest(estate, reading, {**given, **options}, out, lang=lang, as_json=as_json, tell=tell)
    click.echo(shown)


def _suggest(
    estate: Estate, osm: Reading, given: Mapping[str, Any], out: Path | None, *, lang: str, as_json: bool, tell: Tell
) -> str:
    from spatial.core import outputs
    from spatial.core.languages import texts
    from spatial.studies import measures
    from spatial.texts import measures as texts_measures

    say = texts(lang)["suggest"]["trying"]
    found, tried = measures.suggest(
        estate, osm=osm, **given, progress=tell, tell=lambda done, of: tell(say.format(done=done, of=of))
    )
    if out is not None:
        with outputs.whole_folder(out) as draft:
            texts_measures.write_measures(found, draft, lang=lang)
    if as_json:
        return texts_measures.measures_as_json(found, tried)
    return texts_measures.measures_in_words(found, tried, lang=lang)


def _repair(
    estate: Estate, osm: Reading, given: Mapping[str, Any], out: Path | None, *, lang: str, as_json: bool, tell: Tell
) -> str:
    """The fewest additions to a plan that leave nobody worse off."""
    import json

    from spatial.analysis.inputs import InputFiles, Inputs
    from spatial.core import outputs
    from spatial.core.languages import texts
    from spatial.studies import measures, repair
    from spatial.texts import measures as texts_measures
    from spatial.texts import repair as texts_repair

    layers, complete = given["layers"], given["complete"]
    files = InputFiles(osm, layers, complete, given["terrain"], given["surface"], given["plan"], given["field_checks"])
    chosen = None if given["measures"] is None else measures.read_measures(given["measures"])
    say = texts(lang)["repair"]["trying"]
    inputs = Inputs.read(estate, files, tell)
    found = repair.repair_plan(
        inputs, chosen, lambda done, of: tell(say.format(done=done, of=of)), rubric=given["rubric"], tags=given["tags"]
    )
    if out is not None:
        with outputs.whole_folder(out) as draft:
            texts_measures.write_plan(
                repair.additions_table(found, estate.crs), draft / "repair.geojson", name="repair"
            )
    told = repair.repair_told(found)
    return json.dumps(told, ensure_ascii=False, indent=1) if as_json else texts_repair.repair_in_words(told, lang=lang)
