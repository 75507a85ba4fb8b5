"""``faellesrum sitemap``: the map of a finished run on paper, at a true scale."""

from __future__ import annotations

from pathlib import Path

import click

from spatial.cli.commands import finished_run
from spatial.cli.console import progress
from spatial.cli.help import language
from spatial.cli.options import Whole
from spatial.cli.paths import WrittenFile, force

PAPERS = ("A4", "A3", "A2", "A1")


@click.command()
@finished_run
@click.option("--scale", type=Whole(100, 100_000))
@click.option("--paper", type=click.Choice(PAPERS, case_sensitive=False), default="A3", show_default=True)
@click.option("--landscape/--portrait", default=None)
@click.option("--dpi", type=Whole(50, 600), default=150, show_default=True)
@language
@click.option("--out", type=WrittenFile(".pdf", ".png", default="sitemap.pdf"))
@force
def command(
    folder: Path, scale: int | None, paper: str, landscape: bool | None, dpi: int, lang: str, out: Path | None
) -> None:
    """Print the site map of a finished run: a PDF at a true scale, and a picture of it beside it."""
    with progress(lang) as tell:
        tell("sitemap")
        from spatial.analysis import storage
        from spatial.core import languages, outputs
        from spatial.maps.sheet import sitemap

        path = (out or folder / "sitemap.pdf").with_suffix(".pdf")
        result = storage.load(folder)
        choice = sitemap.Choice(paper, scale, landscape)
        with outputs.whole_file(path):
            sitemap.render_sitemap(result, path, lang=lang, choice=choice, dpi=dpi)
    sheet = sitemap.sheet_of(result, choice)
    click.echo(f"{path} (1:{sheet.scale}, {sheet.paper})")
    if not sheet.whole:
        fits = sitemap.sheet_of(result, sitemap.Choice(paper, None, landscape)).scale
        part = languages.texts(lang)["sitemap"]["part"].format(scale=sheet.scale, paper=sheet.paper, fits=fits)
        click.echo(f"faellesrum: {part}", err=True)
