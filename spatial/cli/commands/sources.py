"""``faellesrum sources``: the catalogue of layers, and what a live service would deliver."""

from __future__ import annotations

from pathlib import Path

import click

from spatial.cli import options
from spatial.cli.commands import Group, as_json
from spatial.cli.console import progress
from spatial.cli.help import heard, language
from spatial.cli.paths import Read, WrittenFolder, force
from spatial.core.errors import SpatialError


@click.group(cls=Group)
@heard
def command() -> None:
    """The catalogue of map layers: what each is, its licence, and whether its service answers."""


own = click.option("--catalogue", type=Read())


@command.command("list")
@own
@language
@as_json
def show_all(catalogue: Path | None, lang: str, as_json: bool) -> None:
    """List all layers of the catalogue."""
    from spatial.sources import catalogue as sources_catalogue
    from spatial.texts import sources

    known = sources_catalogue.load(catalogue)
    click.echo(sources.all_as_json(known) if as_json else sources.all_as_text(known, lang=lang))


@command.command("show")
@click.argument("identity", shell_complete=options.layers)
@own
@language
@as_json
def show_one(identity: str, catalogue: Path | None, lang: str, as_json: bool) -> None:
    """Show what the catalogue says of one layer: address, licence, fields, and how sure that is."""
    from spatial.sources import catalogue as sources_catalogue
    from spatial.texts import sources

    found = sources_catalogue.load(catalogue)[identity]
    click.echo(sources.one_as_json(found) if as_json else sources.one_as_text(found, lang=lang))


@command.command("check")
@click.argument("identity", shell_complete=options.layers)
@click.option("--at", nargs=2, type=float)
@own
@language
@as_json
def check_one(identity: str, at: tuple[float, float] | None, catalogue: Path | None, lang: str, as_json: bool) -> None:
    """Ask a layer's live service for a small box, and say what it would deliver, or why it cannot."""
    from spatial.sources import catalogue as sources_catalogue
    from spatial.texts import sources

    source = sources_catalogue.load(catalogue)[identity]
    try:
        from spatial.sources import service_check

        service_check.require_live(source)
        found = service_check.check_service(source, area=None if at is None else service_check.box_at(*at))
    except SpatialError as error:
        if as_json:
            click.echo(sources.problem_as_json(identity, error.said(lang)))
        raise
    shown = sources.found_as_json(found, source) if as_json else sources.found_as_text(found, source, lang=lang)
    click.echo(shown)


@command.command("download")
@click.argument("identity", shell_complete=options.layers)
@click.option("--municipality", required=True)
@click.option("--out", type=WrittenFolder(), required=True)
@force
@own
@language
def download_one(identity: str, municipality: str, out: Path, catalogue: Path | None, lang: str) -> None:
    """Get a municipality's files of a layer, for runs that ask no service."""
    from spatial.core.languages import texts
    from spatial.core.outputs import whole_folder
    from spatial.sources import catalogue as sources_catalogue
    from spatial.sources.protocols import entity_downloads

    say, source = texts(lang)["sources"], sources_catalogue.load(catalogue)[identity]
    code = entity_downloads.municipality_code(municipality)
    with progress(lang) as tell, whole_folder(out) as draft:
        paths = entity_downloads.download(
            source, code, draft, tell=lambda entity: tell(say["downloading"].format(entity=entity))
        )
    click.echo(say["downloaded"].format(n=len(paths), folder=out, layer=source.id))
