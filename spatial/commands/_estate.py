"""The options that say which estate is meant, shared by the commands that read one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spatial.commands import _completing
from spatial.commands._console import misused
from spatial.commands._number import Whole
from spatial.phrases import phrase

if TYPE_CHECKING:
    from spatial.model import Estate

BOUNDARY = (
    click.option("--boundary", type=click.Path(path_type=Path)),
    click.option("--name"),
    click.option("--parcels-table", type=click.Path(path_type=Path)),
    click.option("--parcels", type=click.Path(path_type=Path)),
    click.option("--year", type=Whole(2010, 2100)),
    click.option("--municipality"),
    click.option("--allow-missing-parcels", "allow_missing", is_flag=True),
)
OPTIONS = (
    click.option("--estate", "area", shell_complete=_completing.areas),
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
