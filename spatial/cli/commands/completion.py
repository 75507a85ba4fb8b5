"""``faellesrum completion``: what a shell needs so that the Tab key completes commands, options and ids."""

from __future__ import annotations

import click

from spatial.cli.console import misused
from spatial.cli.help import heard
from spatial.core.messages import phrase

SHELLS = ("bash", "zsh", "fish")


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@heard
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print what makes the Tab key complete commands, options and ids in bash, zsh or fish."""
    from click import shell_completion

    root = ctx.find_root()
    name = str(root.info_name)
    found = shell_completion.get_completion_class(shell)
    if found is None:
        raise misused(phrase("commands.completion", shell=shell))
    click.echo(found(root.command, {}, name, f"_{name.upper()}_COMPLETE").source())
