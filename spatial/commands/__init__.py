"""The commands of ``faellesrum``, one file each; a file ``<name>.py`` holds a click command called ``command``.

A file whose name begins with ``_`` holds options that commands share.

Nothing heavy is imported at the head of these files: ``faellesrum --help`` loads them all.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from spatial.commands import _teaching
from spatial.commands._console import progress
from spatial.strings import LANGUAGE_VARIABLE, LANGUAGES

__all__ = ["Group", "as_json", "finished_run", "language", "load", "names", "output", "progress", "with_options"]

Group = _teaching.Group
# The order of the work, as `--help` shows it; a command that is not named here comes last.
SECTIONS = {
    "Begin here": ("demo", "run", "batch"),
    "Ask a finished run": ("explain", "map", "sitemap", "report", "export", "siting", "sensitivity"),
    "A plan": ("plan", "compare", "timeline", "suggest"),
    "Go out and look": ("fieldkit", "observe"),
    "Areas and data": ("estates", "sources", "fetch"),
    "This machine": ("doctor", "trust", "completion"),
}
MORE = "More"

language = click.option(
    "--lang",
    type=click.Choice(LANGUAGES),
    default="da",
    show_default=True,
    envvar=LANGUAGE_VARIABLE,
    help="Language of the texts; or set FAELLESRUM_LANG.",
)
output = click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the results.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
finished_run = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))


def names() -> list[str]:
    """Names of all commands, in the order of the work."""
    order = [name for section in SECTIONS.values() for name in section]
    found = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    return sorted(found, key=lambda name: (order.index(name) if name in order else len(order), name))


def sections() -> Iterator[tuple[str, list[str]]]:
    """Names of the commands there are, by section."""
    known, order = names(), {name for section in SECTIONS.values() for name in section}
    for title, wanted in (*SECTIONS.items(), (MORE, tuple(name for name in known if name not in order))):
        if found := [name for name in wanted if name in known]:
            yield title, found


def load(name: str) -> click.Command | None:
    """Return the command of that name, or None."""
    if name not in names():
        return None
    command: click.Command = importlib.import_module(f"{__name__}.{name}").command
    return _teaching.taught(command)


def with_options(options: Sequence[Callable[..., Any]]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command all of these options, shown in this order."""

    def give(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return give
