"""The language of the command line itself: ``--lang`` before or after a command, and the words of click.

Click asks ``gettext`` for its words. Their Danish stands in ``defaults/locale``; which language gettext gives, it reads
from the environment, so that is changed while click reads the command line or answers, and never while a command works.
"""

from __future__ import annotations

import gettext
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import click
from click.core import ParameterSource
from click.decorators import FC

from spatial.commands import _console
from spatial.strings import LANGUAGE_VARIABLE, LANGUAGES

DOMAIN = "click"
LOCALE = Path(__file__).resolve().parents[1] / "defaults" / "locale"
# What gettext asks first, in every system.
VARIABLE = "LANGUAGE"
FOUND = os.environ.get(VARIABLE)
_GIVEN = f"{__name__}.given"
_CHOSEN: ContextVar[str | None] = ContextVar("chosen", default=None)


def spoken() -> str:
    """Return the language of what is said of commands: that of ``speaking``, else that of the command line."""
    return _CHOSEN.get() or _console.spoken(sys.argv)


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
        type=click.Choice(LANGUAGES),
        default=LANGUAGES[0],
        show_default=True,
        envvar=LANGUAGE_VARIABLE,
        callback=_heard,
        expose_value=passed_on,
    )


# For a command that says something in a language; and for one that does so only of itself and of what goes wrong.
language, heard = _option(True), _option(False)
