"""The command ``faellesrum``: parse, call, echo, exit code."""

from __future__ import annotations

import gc
import logging
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import click

from spatial.errors import SpatialError

COMMAND = "faellesrum"
DEMO = "reitbahnviertel"
LANGUAGES = ("da", "en")
FAILED = 1

language = click.option(
    "--lang", type=click.Choice(LANGUAGES), default="da", show_default=True, help="Language of the texts."
)
output = click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the results.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")


class _Group(click.Group):
    """Commands in the order of the work."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="faellesrum", prog_name="faellesrum")
@click.option("--debug", is_flag=True, help="Show what is fetched and dropped, and the traceback of an error.")
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """Find and score the outdoor places of a housing estate where people can meet without joining anything.

    \b
    faellesrum demo --out maps/demo
    faellesrum run --boundary estate.geojson --osm denmark.osm.pbf --out maps/estate
    faellesrum explain maps/estate osm:way/123
    """
    ctx.obj = debug
    logging.basicConfig(level=logging.INFO if debug else logging.ERROR, format="%(message)s", stream=sys.stderr)


@contextmanager
def _progress(lang: str) -> Iterator[Callable[[str], None]]:
    """Tell the stage on standard error, on a terminal only; nothing of it stays."""
    if not sys.stderr.isatty():
        yield lambda stage: None
        return
    from rich.console import Console

    from spatial.strings import texts

    words = texts(lang)["stage"]
    with Console(stderr=True).status(words["start"]) as status:
        yield lambda stage: status.update(words[stage])


def _run_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(
        (
            click.option(
                "--rubric", type=click.Path(path_type=Path), help="Rubric in TOML instead of the bundled one."
            ),
            click.option(
                "--seed",
                type=click.IntRange(min=0),
                default=20250201,
                show_default=True,
                help="Seed of the draws behind rank ranges.",
            ),
            language,
            click.option(
                "--margin",
                "margin_m",
                type=click.FloatRange(min=0, max=2000),
                default=250.0,
                show_default=True,
                help="Metres beyond the boundary in which places are scored.",
            ),
            click.option(
                "--reach",
                "reach_m",
                type=click.FloatRange(min=0, max=20000),
                default=1600.0,
                show_default=True,
                help="Metres of network and context beyond that.",
            ),
            output,
            as_json,
        )
    ):
        command = option(command)
    return command


@cli.command()
@click.option("--boundary", type=click.Path(path_type=Path), required=True, help="File with the estate's boundary.")
@click.option("--name", help="Name of the estate; with several areas in the file, the one to take.")
@click.option(
    "--osm", type=click.Path(path_type=Path), required=True, help="OpenStreetMap extract (.osm.pbf, .osm, .osm.bz2)."
)
@_run_options
def run(boundary: Path, name: str | None, osm: Path, **options: Any) -> None:
    """Score the places of an estate and draw the map.

    \b
    faellesrum run --boundary estate.geojson --osm denmark.osm.pbf --out maps/estate
    faellesrum run --boundary departments.geojson --name "23, Østerbrogade" --osm oesterbro.osm.pbf --out maps/23
    """
    _analyse(boundary, name, osm, **options)


@cli.command()
@_run_options
def demo(**options: Any) -> None:
    """Run on the bundled extract: Reitbahnviertel, Neubrandenburg.

    \b
    faellesrum demo --out maps/demo
    """
    folder = _demo_folder()
    _analyse(folder / f"{DEMO}.geojson", None, folder / f"{DEMO}.osm.pbf", **options)


def _demo_folder() -> Path:
    here = Path(__file__).resolve().parent
    return next((f for f in (here / "data", here.parent / "data") if f.is_dir()), here.parent / "data")


def _analyse(
    boundary: Path,
    name: str | None,
    osm: Path,
    *,
    rubric: Path | None,
    seed: int,
    lang: str,
    margin_m: float,
    reach_m: float,
    out: Path,
    as_json: bool,
) -> None:
    from spatial.sources import ahead

    with _progress(lang) as tell, ahead.reader() as read:
        from spatial.sources import files

        estate = files.estate(boundary, name=name, margin_m=margin_m, reach_m=reach_m)
        reading = read(osm, estate)
        from spatial import pipeline

        pipeline.make_ready()
        analysis = pipeline.analyse(estate, osm=reading, rubric=rubric, seed=seed, progress=tell)
        pipeline.save(analysis, out, lang=lang, progress=tell)
    from spatial import strings
    from spatial.render import summary

    for warning in analysis.manifest["warnings"]:
        click.echo(f"faellesrum: {strings.warning(warning, lang)}", err=True)
    found = summary.of(analysis, out, lang=lang)
    click.echo(summary.as_json(found) if as_json else summary.text(found, lang=lang))


@cli.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("place_id")
@language
@as_json
def explain(folder: Path, place_id: str, lang: str, as_json: bool) -> None:
    """Say every number behind a place's score, back to tag and source.

    DIR is the folder of a finished run, PLACE_ID as in its scores.csv.

    \b
    faellesrum explain maps/demo osm:way/157841252 --lang en
    """
    from spatial import explanation
    from spatial.sources import finished

    rubric = finished.rubric(finished.manifest(folder))
    found = explanation.of(finished.evidence(folder), rubric, place_id)
    click.echo(explanation.as_json(found) if as_json else explanation.text(found, lang=lang))


@cli.command("map")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@language
@click.option("--out", type=click.Path(path_type=Path), help="File to write. Default: map.html in DIR.")
def draw(folder: Path, lang: str, out: Path | None) -> None:
    """Draw the map of a finished run again, for example in the other language.

    \b
    faellesrum map maps/demo --lang en --out demo-en.html
    """
    with _progress(lang) as tell:
        tell("map.html")
        from spatial import pipeline
        from spatial.render import files, web_map

        path = out or folder / "map.html"
        result = pipeline.load(folder)
        with files.written(path):
            web_map.render(result, path, lang=lang)
    click.echo(str(path))


def main() -> None:
    """Run the command; one line on standard error for what went wrong, and the exit code."""
    debug = "--debug" in sys.argv
    try:
        cli(prog_name=COMMAND, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("faellesrum: stopped; nothing was written", err=True)
        sys.exit(FAILED)
    except SpatialError as error:
        if debug:
            traceback.print_exc()
        click.echo(f"faellesrum: {error}", err=True)
        sys.exit(FAILED)


def run_and_leave() -> None:
    """Run the command and leave at once: taking the libraries down takes half a second for nothing.

    All files are closed by then, and what was printed is flushed here. Nothing is collected on the
    way: a run is short and leaves few cycles.
    """
    gc.disable()
    status: object = 0
    try:
        main()
    except SystemExit as left:
        status = left.code
    for stream in (sys.stdout, sys.stderr):
        with suppress(BrokenPipeError):
            stream.flush()
    os._exit(status if isinstance(status, int) else FAILED)


if __name__ == "__main__":
    run_and_leave()
