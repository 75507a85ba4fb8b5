"""What the Tab key offers where an id is wanted: areas, layers, places of a finished run. Never an error."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from spatial.errors import SpatialError

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
    from spatial.sources import registry

    return [(area.id, area.name) for area in registry.areas()]


def _layers(ctx: click.Context) -> Iterable[tuple[str, str]]:
    from spatial.sources import catalogue

    known = catalogue.load()
    return [(name, known[name].title["en"]) for name in known]


def _places(ctx: click.Context) -> Iterable[tuple[str, str]]:
    folder: Any = ctx.params.get("folder")
    with (Path(folder or ".") / "scores.csv").open(encoding="utf-8", newline="") as file:
        return [(row["place_id"], row["name"] or row["kind"]) for row in csv.DictReader(file)]


areas, layers, places = map(_offering, (_areas, _layers, _places))
