"""Help texts in the language of whoever asks, and what a mistyped name was meant to be.

Click asks ``gettext`` for its words. Their Danish stands in ``defaults/locale``; which language gettext gives, it reads
from the environment, so that is changed while click reads the command line or answers, and never while a command works.
"""

from __future__ import annotations

import gettext
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from click.decorators import FC

from spatial.cli import console, paths
from spatial.core import messages
from spatial.core.languages import KNOWN_LANGUAGES, LANGUAGE_VARIABLE, texts
from spatial.core.messages import phrase

DOMAIN = "click"
LOCALE = Path(__file__).resolve().parents[1] / "defaults" / "locale"
# What gettext asks first, in every system.
VARIABLE = "LANGUAGE"
FOUND = os.environ.get(VARIABLE)
_GIVEN = f"{__name__}.given"
_CHOSEN: ContextVar[str | None] = ContextVar("chosen", default=None)


def spoken() -> str:
    """Return the language of what is said of commands: that of ``speaking``, else that of the command line."""
    return _CHOSEN.get() or console.spoken(sys.argv)


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """Let help texts and click's own words be in this language."""
    domain, chosen = gettext.textdomain(), _CHOSEN.set(lang)
    gettext.bindtextdomain(DOMAIN, str(LOCALE))
    gettext.textdomain(DOMAIN)
    try:
        with environment(lang):
            yield
    finally:
        gettext.textdomain(domain)
        _CHOSEN.reset(chosen)


@contextmanager
def environment(languages: str | None) -> Iterator[None]:
    """Have gettext look for these languages; ``FOUND`` is what the command was started with."""
    before = os.environ.get(VARIABLE)
    _put(languages)
    try:
        yield
    finally:
        _put(before)


def _put(languages: str | None) -> None:
    if languages is None:
        os.environ.pop(VARIABLE, None)
    else:
        os.environ[VARIABLE] = languages


def _heard(ctx: click.Context, parameter: click.Parameter, value: str) -> str:
    """Take the language from before the command, where it is said there and not after it."""
    if ctx.get_parameter_source(str(parameter.name)) is ParameterSource.COMMANDLINE:
        ctx.meta[_GIVEN] = value
    return str(ctx.meta.get(_GIVEN, value))


def _option(passed_on: bool) -> Callable[[FC], FC]:
    return click.option(
        "--lang",
        type=click.Choice(KNOWN_LANGUAGES),
        default=KNOWN_LANGUAGES[0],
        show_default=True,
        envvar=LANGUAGE_VARIABLE,
        callback=_heard,
        expose_value=passed_on,
    )


# For a command that says something in a language; and for one that does so only of itself and of what goes wrong.
language, heard = _option(True), _option(False)

BOOK = "help"
# Sections of the options of a command that has many; an option that is not named comes last.
OPTION_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "estate": (
        "areas", "area", "boundary", "name", "parcels_table", "parcels", "year", "municipality", "allow_missing",
    ),
    "read": (
        "osm", "layers", "complete", "terrain", "surface", "field_checks", "corrections", "observations", "frozen",
        "refresh", "offline",
    ),
    "plan": ("plan", "phase", "phases"),
    "judged": ("rubric", "tags", "seed", "margin_m", "reach_m"),
    "machine": ("scheduler", "worker_count", "memory_limit"),
    "written": ("out", "force", "maps", "lang", "pdf", "as_json"),
}  # fmt: skip
OTHER, HELP = "other", "help"
MANY = 10
# No cut-off sentences in lists of commands: long ones are wrapped.
WHOLE_SENTENCE = 200


def _words(*names: str) -> Any:
    """Return what stands under these names in the book of the language that is spoken, or nothing."""
    found: Any = texts(spoken(), BOOK)
    for name in names:
        found = found.get(name, {})
    return found


def title(section: str) -> str:
    """Return the title of a section of a help text."""
    return str(_words("section", section))


def sections_of(options: Sequence[click.Parameter]) -> Iterator[tuple[str, list[click.Parameter]]]:
    """Options by section, in the order of the sections; few options are one section."""
    if len(options) < MANY:
        yield "options", list(options)
        return
    where = {name: section for section, names in OPTION_SECTIONS.items() for name in names}
    for section in (*OPTION_SECTIONS, OTHER):
        found = [option for option in options if where.get(str(option.name), OTHER) == section]
        if found:
            yield section, found


class _Telling(click.Command):
    """A command whose words stand in the books of help texts, under the words by which it is called.

    What has no words there keeps those it has in the code, as a command that a user has added.
    """

    path: tuple[str, ...] = ()
    examples: Sequence[str] = ()

    def tell(self) -> None:
        """Put its words, and those of its options and arguments, into the language that is spoken."""
        own = _words("command", *self.path) if self.path else _words("program")
        self.help, self.epilog = own.get("text", self.help), own.get("epilog", self.epilog)
        self.examples = own.get("examples", ())
        self.options_metavar = _words("usage", "options")
        for parameter in self.params:
            self._name(parameter)

    def _name(self, parameter: click.Parameter) -> None:
        own, name = _words("command", *self.path), str(parameter.name)
        said, value = (own.get(what, {}).get(name) or _words(what).get(name) for what in ("option", "metavar"))
        if said is not None:
            parameter.help = said
        if value is not None and not isinstance(parameter.type, click.Choice) and not _is_flag(parameter):
            parameter.metavar = value

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Read the command line; what is wrong with it is said in the language that is spoken."""
        self.tell()
        return super().make_context(info_name, args, parent, **extra)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write usage, what it does, examples, commands and options."""
        self.tell()
        self.format_usage(ctx, formatter)
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(self.help or "")
        if self.examples:
            with formatter.section(title("examples")):
                for line in self.examples:  # as it is: an example that is wrapped cannot be copied
                    formatter.write(f"{'':{formatter.current_indent}}{line}\n")
        self.format_options(ctx, formatter)
        self.format_epilog(ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the arguments, and the options in sections where there are many."""
        every, helping = self.get_params(ctx), self.get_help_option(ctx)
        if helping is not None:  # click makes it, once, and has its own name for it
            helping.help = str(_words("option", HELP))
        arguments = [parameter for parameter in every if isinstance(parameter, click.Argument)]
        if arguments:
            with formatter.section(title("arguments")):
                formatter.write_dl([(" ".join(one.get_usage_pieces(ctx)), _meaning(one)) for one in arguments])
        options = [parameter for parameter in every if parameter not in arguments]
        for section, found in sections_of([one for one in options if one.get_help_record(ctx) is not None]):
            with formatter.section(title(section)):
                formatter.write_dl([option.get_help_record(ctx) or ("", "") for option in found])


def _meaning(argument: click.Argument) -> str:
    return getattr(argument, "help", None) or ""  # older clicks have none of arguments


def _is_flag(parameter: click.Parameter) -> bool:
    return bool(getattr(parameter, "is_flag", False) or getattr(parameter, "count", False))


class Taught(_Telling):
    """A command that does something."""

    def invoke(self, ctx: click.Context) -> Any:
        """Do it, in the environment that the command was started in."""
        with environment(FOUND), paths.guarded(ctx):
            return super().invoke(ctx)


class Group(_Telling, click.Group):
    """Commands in the order in which they are used; a mistyped one is answered with the nearest."""

    def tell(self) -> None:
        """Put its words into the language that is spoken."""
        super().tell()
        self.subcommand_metavar = _words("usage", "command")

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands, in order."""
        return list(self.commands)

    def sections(self, ctx: click.Context) -> Iterator[tuple[str, list[str]]]:
        """Names of the commands by section."""
        yield "commands", self.list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, or None."""
        found = super().get_command(ctx, cmd_name)
        return None if found is None else taught(found, (*self.path, cmd_name))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a wrong name is told with the nearest ones."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            lang = spoken()
            near = messages.spelling_hint(args[0], self.list_commands(ctx)).said(lang)
            hint = near[:1].upper() + near[1:]
            ctx.fail(phrase("commands.unknown", name=args[0], hint=hint).said(lang).rstrip())
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands by section, and the options."""
        for section, names in self.sections(ctx):
            found = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(title(section)):
                formatter.write_dl([(name, c.get_short_help_str(WHOLE_SENTENCE)) for name, c in found if c])
        super().format_options(ctx, formatter)


def taught(command: click.Command, path: tuple[str, ...]) -> click.Command:
    """Give a command its words; a plain one learns to show them, so a file in this package needs ``@click.command()``.

    Parameters
    ----------
    path
        Words by which it is called after the program's name.
    """
    if type(command) is click.Command:
        command.__class__ = Taught
    if isinstance(command, _Telling):
        command.path = path
        command.tell()
    return command
