"""``faellesrum estates``: the registry of omdannelsesområder, and the official boundary of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spatial.cli import options as cli_options
from spatial.cli.commands import Group, as_json, with_options
from spatial.cli.help import heard, language
from spatial.cli.paths import WrittenFile, force


@click.group(cls=Group)
@heard
def command() -> None:
    """The housing areas ever on the state's list of omdannelsesområder, and their boundaries."""


@command.command("list")
@language
@as_json
def show_all(lang: str, as_json: bool) -> None:
    """List all areas of the registry with their years on the list."""
    from spatial.texts import estates

    click.echo(estates.all_as_json() if as_json else estates.all_as_text(lang=lang))


@command.command("show")
@click.argument("area", shell_complete=cli_options.areas)
@language
@as_json
def show_one(area: str, lang: str, as_json: bool) -> None:
    """Show what the registry knows of one area, how sure it is, and where its boundary comes from."""
    from spatial.sources import estates as sources_estates
    from spatial.texts import estates

    found = sources_estates.find_area(area)
    click.echo(estates.one_as_json(found) if as_json else estates.one_as_text(found, lang=lang))


@command.command("boundary")
@click.argument("area", required=False, shell_complete=cli_options.areas)
@with_options(cli_options.BOUNDARY)
@click.option("--out", type=WrittenFile(), required=True)
@force
@language
def write_boundary(area: str | None, out: Path, lang: str, **options: Any) -> None:
    """Build the boundary of an area from the state's table of parcels, and write it to a file."""
    which = cli_options.estate_options({"area": area, **options})
    from spatial.sources import boundaries

    found = cli_options.read_estate(which, margin_m=0.0, reach_m=0.0)
    boundaries.write_boundary(found, out)
    if found.missing_parcels:
        from spatial.core.languages import texts

        without = texts(lang)["estates"]["without"].format(parcels=", ".join(found.missing_parcels))
        click.echo(f"faellesrum: {out}: {without}", err=True)
    click.echo(str(out))
