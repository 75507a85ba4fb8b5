"""``faellesrum demo``: the main job on the bundled extract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spatial.cli.commands import run, with_options

# Names by which a bundled place is asked for, and those of its files; data/README.md says what each can show.
PLACES = {"neubrandenburg": "reitbahnviertel", "helsinki": "helsinki"}


@click.command()
@click.option("--place", type=click.Choice(list(PLACES)), default="neubrandenburg", show_default=True)
@with_options(run.ANALYSIS)
def command(place: str, **options: Any) -> None:
    """Run on a bundled extract: Reitbahnviertel in Neubrandenburg, or a block in Helsinki."""
    folder, name = data_folder(), PLACES[place]
    run.analyse({"boundary": folder / f"{name}.geojson"}, {**options, "osm": folder / f"{name}.osm.pbf"})


def data_folder() -> Path:
    """Folder of the bundled extract: in the package, or beside it in a source tree."""
    package = Path(__file__).resolve().parents[2]
    return next((f for f in (package / "data", package.parent / "data") if f.is_dir()), package.parent / "data")
