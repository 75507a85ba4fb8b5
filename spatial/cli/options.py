"""Options that commands share: the estate, numbers with bounds, and what the Tab key offers."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from spatial.cli.console import misused
from spatial.cli.paths import Read
from spatial.core.errors import SpatialError
from spatial.core.messages import phrase

if TYPE_CHECKING:
    from spatial.core.model import Estate


Offer = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _offering(known: Callable[[click.Context], Iterable[tuple[str, str]]]) -> Offer:
    """Offer those ids that begin as typed; what cannot be read offers nothing."""

    def offer(ctx: click.Context, parameter: click.Parameter, typed: str) -> list[CompletionItem]:
        try:
            found = list(known(ctx))
        except (SpatialError, OSError, ValueError):
            return []
        return [CompletionItem(name, help=text) for name, text in found if name.startswith(typed)]

    return offer


def _areas(ctx: click.Context) -> Iterable[tuple[str, str]]:
    from spatial.sources import estates

    return [(area.id, area.name) for area in estates.areas()]


def _layers(ctx: click.Context) -> Iterable[tuple[str, str]]:
    from spatial.sources import catalogue

    known = catalogue.load()
    return [(name, known[name].title["en"]) for name in known]


def _places(ctx: click.Context) -> Iterable[tuple[str, str]]:
    folder: Any = ctx.params.get("folder")
    with (Path(folder or ".") / "scores.csv").open(encoding="utf-8", newline="") as file:
        return [(row["place_id"], row["name"] or row["kind"]) for row in csv.DictReader(file)]


# What a file of counts may leave open, and what can be said of it.
LEFT_OPEN = {
    "dates": ("day-first", "month-first", "year-first"),
    "decimal": ("comma", "point"),
    "rows": ("visits", "persons"),
}
READING = (
    click.option("--mapping", type=Read()),
    *(click.option(f"--{name}", type=click.Choice(choices)) for name, choices in LEFT_OPEN.items()),
)


def counts_as_said(options: dict[str, Any]) -> dict[str, Any]:
    """Take out of the options of a command how its files of counts are to be read."""
    return {"mapping": options.pop("mapping"), "said": {name: options.pop(name) for name in LEFT_OPEN}}


areas, layers, places = map(_offering, (_areas, _layers, _places))


class Whole(click.IntRange):
    """A whole number within bounds."""

    def _describe_range(self) -> str:
        """The bounds, in help and when a number lies beyond them; click asks for them by this name."""
        return told(self.min, self.max)


class Decimal(click.FloatRange):
    """A number within bounds."""

    def _describe_range(self) -> str:
        """As for a whole number."""
        return told(self.min, self.max)


def told(lowest: float | None, highest: float | None) -> str:
    """Bounds as people write them.

    Examples
    --------
    >>> told(1, 50), told(0, None), told(None, 2.5)
    ('1–50', '≥ 0', '≤ 2.5')
    """
    if lowest is None:
        return f"≤ {highest}"
    return f"≥ {lowest}" if highest is None else f"{lowest}–{highest}"


BOUNDARY = (
    click.option("--boundary", type=Read()),
    click.option("--name"),
    click.option("--parcels-table", type=Read()),
    click.option("--parcels", type=Read()),
    click.option("--year", type=Whole(2010, 2100)),
    click.option("--municipality"),
    click.option("--allow-missing-parcels", "allow_missing", is_flag=True),
)
ESTATE_OPTIONS = (
    click.option("--estate", "area", shell_complete=areas),
    *BOUNDARY,
)
ESTATE_OPTION_NAMES = ("area", "boundary", "name", "parcels_table", "parcels", "year", "municipality", "allow_missing")


def estate_options(options: dict[str, Any]) -> dict[str, Any]:
    """Take the estate's options out of all options of a command.

    Raises
    ------
    click.UsageError
        If they do not say an estate, or say it in two ways.
    """
    which = {name: options.pop(name) for name in ESTATE_OPTION_NAMES if name in options}
    built = [which[name] is not None for name in ("parcels_table", "parcels", "year")]
    if which["boundary"] is not None and any(built):
        raise misused(phrase("commands.boundary_twice"))
    if any(built) and not all(built):
        raise misused(phrase("commands.parcels"))
    if which.get("area") is None and which["boundary"] is None and not any(built):
        raise misused(phrase("commands.estate"))
    return which


def read_estate(which: dict[str, Any], *, margin_m: float, reach_m: float) -> Estate:
    """Read the estate that the options say."""
    from spatial.sources import estates

    return estates.read_estate(**which, margin_m=margin_m, reach_m=reach_m)
