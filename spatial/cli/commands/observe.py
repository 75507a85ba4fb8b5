"""``faellesrum observe``: lay observations over a finished run and hold its scores against them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from spatial.cli.commands import as_json, with_options
from spatial.cli.console import misused
from spatial.cli.help import language
from spatial.cli.options import READING, Decimal, Whole, counts_as_said
from spatial.cli.paths import ChangedFolder, NewFile, Read, ReadPair, WrittenFile, force
from spatial.core.messages import phrase

# What an observation run takes besides its files.
OPTIONS = (
    *READING,
    click.option("--by", type=click.Choice(("space", "hexagon")), default="space", show_default=True),
    click.option("--k", type=int),
    click.option("--k-reason"),
    click.option("--join", "join_m", type=Decimal(min=0, max=200)),
    click.option("--keep-sensitive", type=NewFile()),
    click.option("--keep-visits", type=NewFile()),
)


@click.command()
@click.argument("folder", required=False, type=ChangedFolder())
@click.argument("files", nargs=-1, type=Read())
@with_options(OPTIONS)
@click.option("--seed", type=Whole(min=0), default=20250201, show_default=True)
@click.option("--calibrate", type=WrittenFile())
@click.option("--with", "others", type=ReadPair(folder=True), multiple=True)
@click.option("--look", type=Read())
@force
@language
@as_json
def command(
    folder: Path | None,
    files: tuple[Path, ...],
    calibrate: Path | None,
    others: tuple[str, ...],
    look: Path | None,
    lang: str,
    as_json: bool,
    **options: Any,
) -> None:
    """Lay observations over a finished run and test its scores against them."""
    import json

    options |= counts_as_said(options)
    if look is not None:
        _show(look, options, lang, as_json=as_json)
        return
    if folder is None or not files:
        given = {"folder": folder, "files": files}
        raise click.MissingParameter(param=next(p for p in command.params if p.name in given and not given[p.name]))
    if others and calibrate is None and options["keep_visits"] is None:
        raise misused(phrase("commands.with_calibrate"))
    runs = _runs(folder, files, calibrate, others)
    from spatial.analysis import storage
    from spatial.reports import observations
    from spatial.studies import observation_study

    told = ""
    if calibrate is not None:
        told = observation_study.calibrate_into(
            calibrate, runs, mapping=options["mapping"], said=options["said"], seed=options["seed"], lang=lang
        )
    own = observation_study.OwnFiles(options.pop("keep_sensitive"), options.pop("keep_visits"), tuple(runs[1:]))
    facts, exact = observation_study.overlay_into(folder, files, lang=lang, own=own, **options)
    storage.redraw(folder, lang=lang)
    click.echo(
        json.dumps(facts, ensure_ascii=False, indent=1, sort_keys=True)
        if as_json
        else observations.observations_in_words(facts, folder, lang)
    )
    for text in filter(None, (told, exact)):
        click.echo(text, err=as_json)


def _show(file: Path, options: Mapping[str, Any], lang: str, *, as_json: bool) -> None:
    """Show how a file is understood, before it is laid over anything."""
    import json

    from spatial.core.languages import texts
    from spatial.reports import observations
    from spatial.studies import observation_study

    found, target, written = observation_study.look_into(
        file, mapping=options["mapping"], said=options["said"], lang=lang
    )
    if as_json:
        tables = [vars(look) | {"first": json.loads(look.first.to_json(orient="records"))} for look in found]
        click.echo(json.dumps({"tables": tables, "mapping": str(target)}, ensure_ascii=False, indent=1, default=dict))
        return
    click.echo(observations.look_in_words(found, lang))
    click.echo(texts(lang)["observe"]["look"]["written" if written else "kept"].format(path=target))


def _runs(
    folder: Path, files: tuple[Path, ...], calibrate: Path | None, others: tuple[str, ...]
) -> list[tuple[Path, Path]]:
    """Finished runs and their counts: to fit weights to, or for one model of all visits."""
    if calibrate is not None and len(files) > 1:
        raise misused(phrase("commands.calibrate_one"))
    if any("=" not in other for other in others):
        raise misused(phrase("commands.with_pair"))
    pairs = [other.partition("=") for other in others]
    return [(folder, files[0]), *((Path(run), Path(file)) for run, _, file in pairs)]
