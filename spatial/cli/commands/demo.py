"""``faellesrum demo``: the main job on the bundled extract."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from spatial.cli.commands import run, with_options

DEMO = "reitbahnviertel"


@click.command()
@with_options(run.ANALYSIS)
def command(**options: Any) -> None:
    """Run on the bundled extract: Reitbahnviertel, Neubrandenburg."""
    folder = data_folder()
    run.analyse({"boundary": folder / f"{DEMO}.geojson"}, {**options, "osm": folder / f"{DEMO}.osm.pbf"})


def data_folder() -> Path:
    """Folder of the bundled extract: in the package, or beside it in a source tree."""
    package = Path(__file__).resolve().parents[2]
    return next((f for f in (package / "data", package.parent / "data") if f.is_dir()), package.parent / "data")
