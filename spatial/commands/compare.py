"""``faellesrum compare``: what is different after a plan."""

from __future__ import annotations

from pathlib import Path

import click

from spatial.commands import as_json, language


@click.command()
@click.argument("before", metavar="BEFORE", type=click.Path(path_type=Path))
@click.argument("after", metavar="AFTER", type=click.Path(path_type=Path))
@language
@click.option("--out", type=click.Path(path_type=Path), help="Folder for tables and a map of what changes.")
@as_json
def command(before: Path, after: Path, lang: str, out: Path | None, as_json: bool) -> None:
    """Say which meeting spaces go, come and change, and whose daily walk gets worse.

    BEFORE and AFTER are the folders of two finished runs for one estate, the second with --plan.

    \b
    faellesrum compare maps/today maps/plan-a --out maps/plan-a-differences
    """
    from spatial import comparison, differences, indicators
    from spatial.render import changes, files
    from spatial.sources import finished

    today, then = finished.read(before), finished.read(after)
    found = comparison.compare(today, then)
    if out is not None:
        with files.whole(out) as draft:
            changes.write(found.spaces, found.homes, found.items, found.causes, (today, then), draft, lang=lang)
    said = differences.of(found, today, then)
    units = {name: spec.unit for name, spec in indicators.registry().items()}
    click.echo(differences.as_json(said) if as_json else differences.text(said, units, lang=lang))
