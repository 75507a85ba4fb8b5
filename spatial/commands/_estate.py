"""The options that say which estate is meant, shared by the commands that read one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spatial.commands import _completing
from spatial.commands._console import misused
from spatial.phrases import phrase

if TYPE_CHECKING:
    from spatial.model import Estate

BOUNDARY = (
    click.option("--boundary", type=click.Path(path_type=Path), help="File with the estate's boundary."),
    click.option("--name", help="Name of the estate; with several areas in the file or table, the one to take."),
    click.option(
        "--parcels-table",
        type=click.Path(path_type=Path),
        help="Instead of --boundary: the state's yearly table of parcels (CSV, XLSX), with --parcels and --year.",
    ),
    click.option("--parcels", type=click.Path(path_type=Path), help="Layer of parcel polygons (any map file)."),
    click.option("--year", type=click.IntRange(2010, 2100), help="Year of the table: boundaries as of 1 December."),
    click.option("--municipality", help="Where the table has areas of the same name in several."),
    click.option("--allow-missing-parcels", "allow_missing", is_flag=True, help="Build the boundary without them."),
)
OPTIONS = (
    click.option(
        "--estate",
        "area",
        metavar="ID",
        shell_complete=_completing.areas,
        help="Area of the registry: 'faellesrum estates list'.",
    ),
    *BOUNDARY,
)
NAMES = ("area", "boundary", "name", "parcels_table", "parcels", "year", "municipality", "allow_missing")


def taken(options: dict[str, Any]) -> dict[str, Any]:
    """Take the estate's options out of all options of a command.

    Raises
    ------
    click.UsageError
        If they do not say an estate, or say it in two ways.
    """
    which = {name: options.pop(name) for name in NAMES if name in options}
    built = [which[name] is not None for name in ("parcels_table", "parcels", "year")]
    if which["boundary"] is not None and any(built):
        raise misused(phrase("commands.boundary_twice"))
    if any(built) and not all(built):
        raise misused(phrase("commands.parcels"))
    if which.get("area") is None and which["boundary"] is None and not any(built):
        raise misused(phrase("commands.estate"))
    return which


def read(which: dict[str, Any], *, margin_m: float, reach_m: float) -> Estate:
    """Read the estate that the options say."""
    from spatial.sources import estates

    return estates.read(**which, margin_m=margin_m, reach_m=reach_m)
