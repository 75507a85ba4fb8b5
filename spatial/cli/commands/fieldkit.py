"""``faellesrum fieldkit``: what to take into the field."""

from __future__ import annotations

from pathlib import Path

import click

from spatial.cli.commands import finished_run
from spatial.cli.help import language
from spatial.cli.paths import Read, WrittenFolder, force


@click.command()
@finished_run
@click.option("--inside", is_flag=True)
@click.option("--study", type=Read())
@click.option("--out", type=WrittenFolder(default="fieldkit"))
@force
@language
def command(folder: Path, inside: bool, study: Path | None, out: Path | None, lang: str) -> None:
    """Pack what is taken into the field: forms, counting sheets, a walking round, checks, a map package."""
    from spatial.analysis import loading
    from spatial.core.languages import locale, texts
    from spatial.core.numbers import number
    from spatial.core.outputs import whole_folder
    from spatial.fieldkit import kit as fieldkit_kit
    from spatial.studies import preregistration

    only = None if study is None else set(preregistration.read_frozen(study).places)
    kit = fieldkit_kit.pack(loading.read_run(folder), inside=inside, only=only)
    target = out or folder / fieldkit_kit.FOLDER
    with whole_folder(target) as draft:
        fieldkit_kit.render_kit(fieldkit_kit.packed(kit), draft, lang=lang)
    say = texts(lang)["fieldkit"]
    km = number(kit.round.total_m / 1000, locale(lang), 1)
    counts = {"stops": len(kit.stops), "minutes": kit.minutes, "checks": len(kit.checks)}
    click.echo(say["done"].format(folder=target, km=km, **counts))
