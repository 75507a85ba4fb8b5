"""``faellesrum map``: draw the map of a finished run again."""

from __future__ import annotations

from pathlib import Path

import click

from spatial.commands import finished_run, language, progress


@click.command()
@finished_run
@language
@click.option("--out", type=click.Path(path_type=Path), help="File to write. Default: map.html in DIR.")
def command(folder: Path, lang: str, out: Path | None) -> None:
    """Draw the map of a finished run again, for example in the other language.

    \b
    faellesrum map maps/demo --lang en --out demo-en.html
    """
    with progress(lang) as tell:
        tell("map.html")
        from spatial import pipeline
        from spatial.render import files, web_map

        path = out or folder / "map.html"
        result = pipeline.load(folder)
        with files.written(path):
            web_map.render(result, path, lang=lang, judged=pipeline.judged(result))
    click.echo(str(path))
