"""How the command teaches: sections in a sensible order, examples apart, and what a mistyped word was meant to be."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping

import click

from spatial import spelling
from spatial.commands import _console
from spatial.phrases import phrase

# Sections of the options of a command that has many; an option that is not named comes last.
OPTION_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "The estate": (
        "area", "boundary", "name", "parcels_table", "parcels", "year", "municipality", "allow_missing",
    ),
    "What is read": (
        "osm", "layers", "complete", "terrain", "surface", "field_checks", "observations", "frozen", "refresh",
        "offline",
    ),
    "A plan": ("plan", "phase"),
    "How it is judged": ("rubric", "seed", "margin_m", "reach_m"),
    "What is written": ("out", "lang", "report_pdf", "as_json"),
}  # fmt: skip
MANY = 10
# No cut-off sentences in lists of commands: long ones are wrapped.
WHOLE_SENTENCE = 200
COMMAND = "faellesrum "


def split_examples(text: str) -> tuple[str, list[str]]:
    """Take the examples out of a command's help: its lines that begin with the command, and what they go on with."""
    said, examples = [], []
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        lines = paragraph.removeprefix("\b\n").splitlines()
        if lines and lines[0].startswith(COMMAND):
            examples += lines
        else:
            said.append(paragraph)
    return "\n\n".join(said), examples


def sections_of(parameters: list[click.Parameter]) -> Iterator[tuple[str, list[click.Parameter]]]:
    """Options by section, in the order of the sections; few options are one section."""
    if len(parameters) < MANY:
        yield "Options", parameters
        return
    where = {name: title for title, names in OPTION_SECTIONS.items() for name in names}
    for title in (*OPTION_SECTIONS, "Other"):
        found = [parameter for parameter in parameters if where.get(str(parameter.name), "Other") == title]
        if found:
            yield title, found


class Taught(click.Command):
    """A command whose help shows its examples apart and many options in sections."""

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write usage, what it does, examples, and options."""
        self.format_usage(ctx, formatter)
        said, examples = split_examples(self.help or "")
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(said)
        write_examples(formatter, examples)
        self.format_options(ctx, formatter)
        self.format_epilog(ctx, formatter)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, in sections where there are many."""
        shown = [parameter for parameter in self.get_params(ctx) if parameter.get_help_record(ctx) is not None]
        for title, parameters in sections_of(shown):
            with formatter.section(title):
                formatter.write_dl([parameter.get_help_record(ctx) or ("", "") for parameter in parameters])


def write_examples(formatter: click.HelpFormatter, examples: list[str]) -> None:
    """Write examples as they are: an example that is wrapped cannot be copied."""
    if examples:
        with formatter.section("Examples"):
            for line in examples:
                formatter.write(f"{'':{formatter.current_indent}}{line}\n")


class Group(click.Group):
    """Commands in the order in which they are used; a mistyped one is answered with the nearest."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names of the commands, in order."""
        return list(self.commands)

    def sections(self, ctx: click.Context) -> Iterator[tuple[str, list[str]]]:
        """Names of the commands by section."""
        yield "Commands", self.list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, or None."""
        found = super().get_command(ctx, cmd_name)
        return None if found is None else taught(found)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a wrong name is told with the nearest ones."""
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            lang = _console.spoken(args)
            near = spelling.hint(args[0], self.list_commands(ctx)).said(lang)
            hint = near[:1].upper() + near[1:]
            ctx.fail(phrase("commands.unknown", name=args[0], hint=hint).said(lang).rstrip())
        return super().resolve_command(ctx, args)

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write usage, what it is, examples, commands by section, and options."""
        self.format_usage(ctx, formatter)
        said, examples = split_examples(self.help or "")
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(said)
        write_examples(formatter, examples)
        for title, names in self.sections(ctx):
            found = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(title):
                formatter.write_dl([(name, c.get_short_help_str(WHOLE_SENTENCE)) for name, c in found if c])
        Taught.format_options(self, ctx, formatter)  # type: ignore[arg-type]  # it asks for nothing but options
        self.format_epilog(ctx, formatter)


def taught(command: click.Command) -> click.Command:
    """Let a plain command teach; so a file in this package needs nothing but ``@click.command()``."""
    if type(command) is click.Command:
        command.__class__ = Taught
    return command
