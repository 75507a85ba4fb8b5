"""The commands of ``faellesrum``, one file each; a file ``<name>.py`` holds a click command called ``command``.

A file whose name begins with ``_`` holds options that commands share.

Nothing heavy is imported at the head of these files: ``faellesrum --help`` loads them all.
"""

from __future__ import annotations

import importlib
import pkgutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

LANGUAGES = ("da", "en")
# The order of the work; a command that is not named here comes last.
ORDER = (
    "run",
    "demo",
    "estates",
    "sources",
    "fetch",
    "explain",
    "compare",
    "observe",
    "fieldkit",
    "sitemap",
    "map",
    "report",
    "export",
    "batch",
)

language = click.option(
    "--lang", type=click.Choice(LANGUAGES), default="da", show_default=True, help="Language of the texts."
)
output = click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the results.")
as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
finished_run = click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))


def names() -> list[str]:
    """Names of all commands, in the order of the work."""
    found = [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]
    return sorted(found, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))


def load(name: str) -> click.Command | None:
    """Return the command of that name, or None."""
    if name not in names():
        return None
    command: click.Command = importlib.import_module(f"{__name__}.{name}").command
    return command


def with_options(options: Sequence[Callable[..., Any]]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command all of these options, shown in this order."""

    def give(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return give


@contextmanager
def progress(lang: str) -> Iterator[Callable[[str], None]]:
    """Tell the stage on standard error, on a terminal only; nothing of it stays."""
    if not sys.stderr.isatty():
        yield lambda stage: None
        return
    from rich.console import Console

    from spatial.strings import texts

    words = texts(lang)["stage"]
    with Console(stderr=True).status(words["start"]) as status:
        yield lambda stage: status.update(words[stage])
