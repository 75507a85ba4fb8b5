"""The commands of ``faellesrum``, one file each; a file ``<name>.py`` holds a click command called ``command``.

A file whose name begins with ``_`` holds options that commands share. What commands, options and arguments mean stands
in ``defaults/help.<language>.toml``, by their names.

Nothing heavy is imported at the head of these files: ``faellesrum --help`` loads them all.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import click

from spatial.cli import help as cli_help
from spatial.cli.paths import Read, WrittenFolder

Group = cli_help.Group
# The order of the work, as `--help` shows it under titles of its book; a command that is not named here comes last.
SECTIONS = {
    "begin": ("demo", "setup", "run", "batch", "atlas"),
    "ask": ("explain", "map", "sitemap", "report", "export", "siting", "sensitivity"),
    "plans": ("studio", "plan", "compare", "timeline", "suggest", "hindsight"),
    "look": ("fieldkit", "giveback", "observe", "study", "privacy-audit"),
    "data": ("estates", "sources", "fetch"),
    "machine": ("doctor", "trust", "completion"),
}
MORE = "more"

output = click.option("--out", type=WrittenFolder(), required=True)
as_json = click.option("--json", "as_json", is_flag=True)
finished_run = click.argument("folder", type=Read())


def command_names() -> list[str]:
    """Names of all commands, in the order of the work."""
    order = [name for section in SECTIONS.values() for name in section]
    found = [
        module.name.replace("_", "-") for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")
    ]
    return sorted(found, key=lambda name: (order.index(name) if name in order else len(order), name))


def command_sections() -> Iterator[tuple[str, list[str]]]:
    """Names of the commands there are, by section."""
    known, order = command_names(), {name for section in SECTIONS.values() for name in section}
    for title, wanted in (*SECTIONS.items(), (MORE, tuple(name for name in known if name not in order))):
        if found := [name for name in wanted if name in known]:
            yield title, found


def load_command(name: str) -> click.Command | None:
    """Return the command of that name, or None."""
    if name not in command_names():
        return None
    command: click.Command = importlib.import_module(f"{__name__}.{name.replace('-', '_')}").command
    return cli_help.taught(command, (name,))


def with_options(options: Sequence[Callable[..., Any]]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command all of these options, shown in this order."""

    def give(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            command = option(command)
        return command

    return give
