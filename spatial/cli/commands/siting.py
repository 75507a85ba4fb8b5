"""``faellesrum siting``: where could a volunteer stand?"""

from __future__ import annotations

from pathlib import Path

import click

from spatial.cli.commands import as_json, finished_run
from spatial.cli.help import language
from spatial.cli.options import Whole
from spatial.cli.paths import WrittenFile, force


@click.command()
@finished_run
@click.option("--most", type=Whole(min=1, max=20), default=8, show_default=True)
@language
@click.option("--out", type=WrittenFile(".gpkg"))
@force
@as_json
def command(folder: Path, most: int, lang: str, out: Path | None, as_json: bool) -> None:
    """Where could a volunteer stand? Choose the meeting spaces that serve most homes best."""
    from spatial.analysis import storage
    from spatial.texts import results

    result = storage.load(folder)
    found = result.siting(most=most)
    if out is not None:
        from spatial.core import outputs
        from spatial.maps import tables

        outputs.write_file(out.with_suffix(".gpkg"), lambda path: tables.write_siting(found, result, path, lang=lang))
    click.echo(results.siting_as_json(found, result) if as_json else results.siting_in_words(found, result, lang=lang))
