"""Why a command line is not understood, told in the language it asks for; click's own words are English only."""

from __future__ import annotations

import re
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from spatial.phrases import Phrase, phrase

# Click says what was one too many in a sentence only.
EXTRA = re.compile(r"Got unexpected extra arguments? \((.*)\)", re.DOTALL)
MISSING_COMMAND = "Missing command."


def told(error: click.ClickException, lang: str) -> str:
    """Say how the command is used, where its help is, and what was wrong."""
    if not isinstance(error, click.UsageError) or isinstance(error, NoArgsIsHelpError):
        return error.format_message()
    what = _what(error)
    said = phrase("refused.error", what=what).said(lang)
    if error.ctx is None:
        return said
    formatter = error.ctx.make_formatter()
    pieces = " ".join(error.ctx.command.collect_usage_pieces(error.ctx))
    formatter.write_usage(error.ctx.command_path, pieces, prefix=phrase("refused.usage").said(lang))
    return f"{formatter.getvalue()}{phrase('refused.help', command=error.ctx.command_path).said(lang)}\n\n{said}"


def _what(error: click.UsageError) -> Phrase | str:
    if isinstance(error, click.MissingParameter) and error.param is not None:
        name, needed = _name(error.param, error.ctx), _needed(error.param.type)
        if needed is None:
            return phrase("refused.missing", name=name)
        return phrase("refused.missing_one", name=name, needed=needed)
    if isinstance(error, click.NoSuchOption):
        near = error.possibilities or []
        hint = phrase("refused.near", names=near) if near else phrase("refused.no_near")
        return phrase("refused.no_option", name=error.option_name, hint=hint)
    if isinstance(error, click.BadOptionUsage) and "requires an argument" in error.message:
        return phrase("refused.no_value", name=error.option_name)
    if isinstance(error, click.BadParameter) and error.param is not None:
        # Click says what it found in a sentence only.
        found, known, _ = error.message.partition(" is not ")
        needed = _needed(error.param.type) if known else None
        if needed is None:
            return phrase("refused.parameter", name=_name(error.param, error.ctx), about=error.message)
        return phrase("refused.value", name=_name(error.param, error.ctx), found=found, needed=needed)
    extra = EXTRA.fullmatch(error.message.rstrip("."))
    if extra:
        return phrase("refused.extra", found=extra[1])
    return phrase("refused.no_command") if error.message == MISSING_COMMAND else error.format_message()


def _name(param: click.Parameter, ctx: click.Context | None) -> str:
    return param.opts[0] if isinstance(param, click.Option) or ctx is None else param.make_metavar(ctx)


def _needed(kind: Any) -> Phrase | None:
    """What a parameter of this type must be, where that says more than that it is a text."""
    if isinstance(kind, click.Choice):
        return phrase("refused.choice", known=list(map(str, kind.choices)))
    if isinstance(kind, click.IntRange | click.FloatRange):
        if kind.min is None or kind.max is None:
            return phrase("refused.least", least=kind.min)
        return phrase("refused.range", least=kind.min, most=kind.max)
    return phrase("refused.number") if kind in (click.INT, click.FLOAT) else None
