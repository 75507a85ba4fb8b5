"""``faellesrum fieldkit``: what to take into the field."""

from __future__ import annotations

from pathlib import Path

import click

from spatial.commands import finished_run, language


@click.command()
@finished_run
@click.option("--inside", is_flag=True)
@click.option("--out", type=click.Path(path_type=Path))
@language
def command(folder: Path, inside: bool, out: Path | None, lang: str) -> None:
    """Pack what is taken into the field: forms, counting sheets, a walking round, checks, a map package."""
    from spatial import fieldwork
    from spatial.render import field_kit
    from spatial.render.files import whole
    from spatial.sources import finished
    from spatial.strings import texts

    kit = fieldwork.pack(finished.read(folder), inside=inside)
    target = out or folder / field_kit.FOLDER
    with whole(target) as draft:
        field_kit.render(fieldwork.packed(kit), draft, lang=lang)
    say = texts(lang)["fieldkit"]
    km = f"{kit.round.total_m / 1000:.1f}".replace(".", say["decimal"])
    counts = {"stops": len(kit.stops), "minutes": kit.minutes, "checks": len(kit.checks)}
    click.echo(say["done"].format(folder=target, km=km, **counts))
