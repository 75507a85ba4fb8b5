"""The terminal: progress that vanishes, and letters that a console does not have."""

from __future__ import annotations

import codecs
import io
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from spatial.phrases import Phrase
from spatial.strings import LANGUAGES, default_language

ERRORS = "faellesrum"
LANGUAGE_OPTION = "--lang"
# What our texts use and old Windows consoles (cp1252, cp850) lack.
PLAIN = {
    "●": "*", "◐": "+", "◇": "o", "−": "-", "–": "-", "→": "->", "≥": ">=", "≤": "<=", "…": "...", "·": "-",
    "’": "'", "»": '"', "«": '"', "×": "x", "²": "2",
}  # fmt: skip


def spoken(arguments: Sequence[str]) -> str:
    """Return the language of a command line before it is understood: its ``--lang``, else that of the environment.

    Examples
    --------
    >>> spoken(["faellesrum", "demo", "--lang", "en"]), spoken(["faellesrum", "demo", "--lang=da"])
    ('en', 'da')
    """
    wished = [after for word, after in pairwise([*arguments, ""]) if word == LANGUAGE_OPTION]
    wished += [word.partition("=")[2] for word in arguments if word.startswith(f"{LANGUAGE_OPTION}=")]
    return next((lang for lang in wished if lang in LANGUAGES), default_language())


def misused(what: Phrase) -> click.UsageError:
    """What to raise when options do not go together, in the language of the command that is being called."""
    context = click.get_current_context(silent=True)
    lang = None if context is None else context.params.get("lang")
    return click.UsageError(what.said(lang or spoken(sys.argv)))


def plain(error: UnicodeError) -> tuple[str | bytes, int]:
    """Write letters that the console lacks as others that it has."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(_plain(letter) for letter in error.object[error.start : error.end]), error.end


def _plain(letter: str) -> str:
    base = unicodedata.normalize("NFKD", letter).encode("ascii", "ignore").decode()
    return PLAIN.get(letter) or base or "?"


def never_refuse() -> None:
    """Let both streams write every letter somehow: a name from the map must not end a run."""
    codecs.register_error(ERRORS, plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and not stream.encoding.lower().startswith("utf"):
            stream.reconfigure(errors=ERRORS)


@contextmanager
def progress(lang: str) -> Iterator[Callable[[str], None]]:
    """Tell the stage and the time on standard error, on a terminal only; nothing of it stays."""
    if not sys.stderr.isatty():
        yield lambda stage: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    from spatial.strings import texts

    words = texts(lang)["stage"]
    unicode = sys.stderr.encoding.lower().startswith("utf")
    columns = (SpinnerColumn("dots" if unicode else "line"), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=_terminal()), transient=True) as bar:
        task = bar.add_task(words["start" if _compiled() else "first"], total=None)
        yield lambda stage: bar.update(task, description=words[stage])


def _terminal() -> Any:
    """Standard error itself: what steers the terminal is meant here (see ``_shown``)."""
    return getattr(sys.stderr, "stream", sys.stderr)


def _compiled() -> bool:
    """Whether an earlier run has left compiled code beside the modules."""
    return any((Path(__file__).parents[1] / "__pycache__").glob("walking.*.nbi"))
