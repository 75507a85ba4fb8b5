"""``faellesrum studio``: the estate on a table, drawn on in the browser of this machine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
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

INPUT_NAMES = (*cli_options.ESTATE_OPTION_NAMES, "osm", "layers", "complete", "refresh", "offline")
MORE_INPUTS = ("terrain", "surface", "field_checks", "corrections")
SHARED = (*MORE_INPUTS, "rubric", "plain_unknowns", "lang", "margin_m", "reach_m")


@click.command(params=[*picked(INPUTS, INPUT_NAMES), *picked(ANALYSIS, SHARED)])
@click.argument("folder", type=Read(), required=False)
@click.option("--kept", type=KeptFile())
@click.option("--port", type=Whole(min=0, max=65535), default=8745, show_default=True)
@click.option("--no-browser", is_flag=True)
def command(folder: Path | None, kept: Path | None, port: int, no_browser: bool, lang: str, **options: Any) -> None:
    """Draw on the estate in the browser, and see at once who gains and who loses."""
    from spatial.core.languages import texts
    from spatial.studio import opening, server
    from spatial.studio.kept import Kept
    from spatial.studio.looking import Table

    server.bound(port).close()  # said before minutes are spent on reading
    rubric, plain = options.pop("rubric"), options.pop("plain_unknowns")
    with ExitStack() as open_files:
        with progress(lang) as tell:
            inputs = _inputs(folder, options, tell)
            name = opening.name_of(inputs)
            keeping = open_files.enter_context(closing(Kept(kept or opening.place_for(name), name)))
            session = opening.session_of(
                inputs, keeping, lambda given: Table(given, rubric, tell, plain_unknowns=plain)
            )
        serving = server.Server(session, lang, port)
        click.echo(texts(lang)["studio"]["open_this"].format(address=serving.address))
        if not no_browser:
            click.launch(serving.address)
        with suppress(KeyboardInterrupt):  # how a sitting ends
            serving.run()


def _inputs(folder: Path | None, options: dict[str, Any], tell: Callable[[str], None]) -> Inputs:
    """Read what is put on the table: a finished run, an estate that is named, or the demo."""
    from spatial.analysis import run
    from spatial.analysis.inputs import Inputs
    from spatial.sources import http
    from spatial.studio import opening

    with http.offline_if(options.pop("offline")):
        if folder is not None:
            _only_run(options)
            estate, files = opening.inputs_of_run(folder, options["osm"])
        else:
            estate, files = _named(options, tell)
        run.load_compiled()
        return Inputs.read(estate, files, tell)


def _only_run(options: dict[str, Any]) -> None:
    """Refuse options that name an estate beside a finished run, which has one."""
    if any(options[name] for name in ("area", "boundary", "parcels_table", "parcels")):
        raise misused(phrase("commands.studio_run"))


def _named(options: dict[str, Any], tell: Callable[[str], None]) -> tuple[Any, Any]:
    """The estate and the inputs that the options name; without any, those of the demo."""
    from spatial.analysis.inputs import InputFiles
    from spatial.osm import extract

    margin_m, reach_m, refresh = (options.pop(name) for name in ("margin_m", "reach_m", "refresh"))
    osm = options.pop("osm")
    if osm is None and not any(options[name] for name in ("area", "boundary", "parcels_table")):
        name = next(iter(PLACES.values()))
        options["boundary"], osm = data_folder() / f"{name}.geojson", str(data_folder() / f"{name}.osm.pbf")
    which = cli_options.estate_options(options)
    if osm is None:
        raise misused(phrase("commands.choose_osm"))
    estate = cli_options.read_estate(which, margin_m=margin_m, reach_m=reach_m)
    found = extract.find_extract(osm, estate, refresh=refresh, tell=tell)
    files = InputFiles(
        found,
        layers=options["layers"],
        complete=options["complete"],
        terrain=options["terrain"] or None,
        surface=options["surface"] or None,
        field_checks=options["field_checks"],
        corrections=options["corrections"],
    )
    return estate, files
