"""``faellesrum estates``: the registry of omdannelsesområder, and the official boundary of one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spatial.commands import Group, _completing, _estate, as_json, heard, language, with_options


@click.group(cls=Group)
@heard
def command() -> None:
    """The housing areas ever on the state's list of omdannelsesområder, and their boundaries."""


@command.command("list")
@language
@as_json
def show_all(lang: str, as_json: bool) -> None:
    """List all areas of the registry with their years on the list."""
    from spatial import directory

    click.echo(directory.all_as_json() if as_json else directory.all_as_text(lang=lang))


@command.command("show")
@click.argument("area", shell_complete=_completing.areas)
@language
@as_json
def show_one(area: str, lang: str, as_json: bool) -> None:
    """Show what the registry knows of one area, how sure it is, and where its boundary comes from."""
    from spatial import directory
    from spatial.sources import registry

    found = registry.find(area)
    click.echo(directory.one_as_json(found) if as_json else directory.one_as_text(found, lang=lang))


@command.command("boundary")
@click.argument("area", required=False, shell_complete=_completing.areas)
@with_options(_estate.BOUNDARY)
@click.option("--out", type=click.Path(path_type=Path), required=True)
@language
def write_boundary(area: str | None, out: Path, lang: str, **options: Any) -> None:
    """Build the boundary of an area from the state's table of parcels, and write it to a file."""
    which = _estate.taken({"area": area, **options})
    from spatial.sources import files

    found = _estate.read(which, margin_m=0.0, reach_m=0.0)
    files.write_boundary(found, out)
    if found.missing_parcels:
        from spatial.strings import texts

        without = texts(lang)["estates"]["without"].format(parcels=", ".join(found.missing_parcels))
        click.echo(f"faellesrum: {out}: {without}", err=True)
    click.echo(str(out))
