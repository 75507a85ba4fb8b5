"""``faellesrum studio``: the estate on a table, drawn on in the browser of this machine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spatial.cli import options as cli_options
from spatial.cli.commands.demo import PLACES, data_folder
from spatial.cli.commands.run import ANALYSIS, INPUTS, picked
from spatial.cli.console import misused, progress
from spatial.cli.options import Whole
from spatial.cli.paths import KeptFile, Read
from spatial.core.messages import phrase

if TYPE_CHECKING:
    from spatial.analysis.inputs import Inputs
    from spatial.studio.session import Session
    from spatial.studio.start import Setup

INPUT_NAMES = (*cli_options.ESTATE_OPTION_NAMES, "osm", "layers", "complete", "refresh", "offline")
# Options that give an estate its boundary; an area of the registry has none.
BOUNDED = ("boundary", "parcels_table", "parcels")
MORE_INPUTS = ("terrain", "surface", "field_checks", "corrections")
SHARED = (*MORE_INPUTS, "rubric", "tags", "plain_unknowns", "lang", "margin_m", "reach_m")


@click.command(params=[*picked(INPUTS, INPUT_NAMES), *picked(ANALYSIS, SHARED)])
@click.argument("folder", type=Read(), required=False)
@click.option("--kept", type=KeptFile())
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=Whole(min=0, max=65535), default=8745, show_default=True)
@click.option("--certificate", type=Read())
@click.option("--key", type=Read())
@click.option("--behind-proxy", "proxy")
@click.option("--new-addresses", is_flag=True)
@click.option("--no-browser", is_flag=True)
def command(folder: Path | None, kept: Path | None, no_browser: bool, lang: str, **options: Any) -> None:
    """Draw on the estate in the browser, and see at once who gains and who loses."""
    from spatial.core.languages import texts
    from spatial.sources.offline import offline_if
    from spatial.studio import server
    from spatial.studio.roles import EDIT
    from spatial.studio.served import Served

    served = Served(**{part: options.pop(part) for part in ("host", "port", "certificate", "key", "proxy")})
    served.bind().close()  # said before minutes are spent on reading
    offline = options.pop("offline")
    named = folder is not None or (options["osm"] is not None and any(options[name] for name in BOUNDED))
    if served.shared and not named:  # the page of the start reads what lies on this machine
        raise misused(phrase("commands.studio_shared"))
    opened = _session(folder, kept, options, lang, offline=offline) if named else _setup(kept, options, lang)
    serving, say = server.Server(opened, lang, served), texts(lang)["studio"]
    click.echo(say["open_this"].format(address=serving.address))
    for role in [role for role in serving.addresses if role != EDIT]:
        click.echo(say["address_for"][role].format(address=serving.addresses[role]))
    if not no_browser:
        click.launch(serving.address)
    with suppress(KeyboardInterrupt), offline_if(offline):  # how a sitting ends
        serving.run()


def _session(folder: Path | None, kept: Path | None, options: dict[str, Any], lang: str, *, offline: bool) -> Session:
    """The sitting of an estate that is named whole."""
    from spatial.analysis import run
    from spatial.analysis.inputs import Options
    from spatial.core.languages import carried
    from spatial.sources.offline import offline_if
    from spatial.studio import opening
    from spatial.studio.kept import Kept
    from spatial.studio.looking import Table

    rubric, plain, choices = (options.pop(name) for name in ("rubric", "plain_unknowns", "tags"))
    with progress(lang) as tell, offline_if(offline):
        inputs = _inputs(folder, options, tell)
        run.load_compiled()
        name = opening.name_of(inputs)
        keeping = Kept(kept or opening.place_for(name), name)
        if options["new_addresses"]:
            keeping.drop_keys()
        how, spoken = Options(rubric, plain_unknowns=plain, tags=choices), carried(lang)
        return opening.session_of(inputs, keeping, lambda given: Table(given, how, tell, languages=spoken))


def _setup(kept: Path | None, options: dict[str, Any], lang: str) -> Setup:
    """What was said for the estate that is chosen on the start page."""
    from spatial.sources import estates
    from spatial.studio.start import Setup

    area, osm, data = options["area"], options["osm"], data_folder()
    wanted = {name: options[name] for name in ("rubric", "plain_unknowns", "tags", "margin_m", "reach_m")}
    demo = next(iter(PLACES.values()))
    if any(options[name] for name in BOUNDED):
        raise misused(phrase("commands.choose_osm"))
    return Setup(
        lang,
        (data / f"{demo}.geojson", data / f"{demo}.osm.pbf"),
        area=None if area is None else estates.find_area(area).id,
        osm=osm,
        layers=tuple(options["layers"]),
        files={name: options[name] for name in ("complete", *MORE_INPUTS) if options[name]},
        kept=kept,
        **wanted,
    )


def _inputs(folder: Path | None, options: dict[str, Any], tell: Callable[[str], None]) -> Inputs:
    """Read what is put on the table: a finished run, or an estate that is named."""
    from spatial.analysis.inputs import InputFiles, Inputs
    from spatial.osm import extract
    from spatial.studio import opening

    more = {name: options[name] for name in MORE_INPUTS if options[name]}
    if folder is not None:
        if any(options[name] for name in ("area", *BOUNDED)):
            raise misused(phrase("commands.studio_run"))
        run_estate, files = opening.inputs_of_run(folder, options["osm"])
        return Inputs.read(run_estate, replace(files, **more), tell)
    margin_m, reach_m, refresh, osm = (options.pop(name) for name in ("margin_m", "reach_m", "refresh", "osm"))
    estate = cli_options.read_estate(cli_options.estate_options(options), margin_m=margin_m, reach_m=reach_m)
    found = extract.find_extract(osm, estate, refresh=refresh, tell=tell)
    return Inputs.read(estate, InputFiles(found, options["layers"], options["complete"], **more), tell)
