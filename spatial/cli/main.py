"""The command ``faellesrum``: its commands, what went wrong in one line, and the exit code."""

from __future__ import annotations

import errno
import gc
import logging
import os
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress

import click

from spatial.cli import commands, console
from spatial.cli import help as cli_help
from spatial.cli.console import Shown, visible
from spatial.core.addresses import SCRUBBING, without_secrets
from spatial.core.errors import SpatialError
from spatial.core.messages import phrase

COMMAND = "faellesrum"
# As a shell has it: 128 and the number of the signal.
FAILED, INTERRUPTED = 1, 130
SHOWN = 300
NO_MEMORY = re.compile(
    "(?i)bad_alloc|cannot allocate|failed to map segment|can't start new thread|out of memory|unable to allocate"
    "|returned NULL without"
)


class _Group(commands.Group):
    """Commands in the order of the work, each loaded from its file when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return commands.command_names()

    def sections(self, ctx: click.Context) -> Iterator[tuple[str, list[str]]]:
        return commands.command_sections()

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        return commands.load_command(cmd_name)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="faellesrum", prog_name="faellesrum", message="%(prog)s %(version)s")
@cli_help.heard
@click.option("--debug", is_flag=True)
@click.pass_context
def cli(ctx: click.Context, debug: bool) -> None:
    """Let commands log what they do where that is wished."""
    ctx.obj = debug
    logging.basicConfig(level=logging.INFO if debug else logging.ERROR, format="%(message)s", stream=sys.stderr)
    for handler in logging.getLogger().handlers:
        handler.addFilter(SCRUBBING)


def main() -> None:
    """Run the command; one line on standard error for what went wrong, and the exit code."""
    console.never_refuse()
    lang = console.spoken(sys.argv)
    with cli_help.speaking(lang):
        _answer(lang)


def _answer(lang: str) -> None:
    debug = "--debug" in sys.argv
    try:
        with redirect_stdout(Shown(sys.stdout)), redirect_stderr(Shown(sys.stderr, secret=True)):
            cli(prog_name=COMMAND, standalone_mode=False)
    except click.ClickException as error:
        with redirect_stderr(Shown(sys.stderr, secret=True)):
            error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo(f"faellesrum: {phrase('cli.stopped').said(lang)}", err=True)
        sys.exit(INTERRUPTED)
    except Exception as error:
        if debug:
            click.echo(without_secrets(traceback.format_exc()), err=True)
        click.echo(f"faellesrum: {visible(_said(error, lang))}", err=True)
        sys.exit(FAILED)


def _said(error: Exception, lang: str) -> str:
    """What went wrong, in a line: our own words, or that it was not foreseen."""
    if _lacks_memory(error):
        return phrase("cli.memory").said(lang)
    if isinstance(error, SpatialError):
        return error.said(lang)
    about = without_secrets(" ".join(str(error).split()))[:SHOWN]
    return phrase("cli.fault", kind=type(error).__name__, about=about).said(lang)


def _lacks_memory(error: BaseException | None) -> bool:
    """Whether want of memory stands behind an error; libraries say it in words of their own."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        said = getattr(error, "errno", None) == errno.ENOMEM or NO_MEMORY.search(str(error))
        if isinstance(error, MemoryError) or said:
            return True
        seen.append(error)
        error = error.__cause__ or error.__context__
    return False


def run_and_leave() -> None:
    """Run the command and leave at once: taking the libraries down takes half a second for nothing.

    All files are closed by then, and what was printed is flushed here. Nothing is collected on the
    way: a run is short and leaves few cycles.
    """
    gc.disable()
    status: object = 0
    try:
        main()
    except SystemExit as left:
        status = left.code
    for stream in (sys.stdout, sys.stderr):
        with suppress(BrokenPipeError):
            stream.flush()
    os._exit(status if isinstance(status, int) else FAILED)


if __name__ == "__main__":
    run_and_leave()
