r"""The terminal: progress that vanishes, letters that a console lacks, and texts in which nothing steers it.

Names of places and files are written by strangers. A line that is shown must stay one line and say
what it says: control signs and marks of direction stand as their codes, such as ``\u202e``, which is
also how JSON writes them.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO

import click

from spatial.core.addresses import without_secrets
from spatial.core.languages import KNOWN_LANGUAGES, default_language
from spatial.core.messages import Phrase

ERRORS = "faellesrum"
LANGUAGE_OPTION = "--lang"
# For programs that run this one: each stage as a line on standard error, where nothing is drawn.
PROGRESS_VARIABLE, PROGRESS_LINES, PROGRESS = "FAELLESRUM_PROGRESS", "lines", "progress: "
# What our texts use and old Windows consoles (cp1252, cp850) lack.
PLAIN = {
    "●": "*", "◐": "+", "◇": "o", "◈": "~", "−": "-", "–": "-", "→": "->", "≥": ">=", "≤": "<=", "…": "...", "·": "-",
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
    return next((lang for lang in wished if lang in KNOWN_LANGUAGES), default_language())


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
    """Tell the stage on standard error: as lines where they are asked for, else on a terminal, where nothing stays."""
    from spatial.core.languages import texts

    words = texts(lang)["stage"]
    if os.environ.get(PROGRESS_VARIABLE) == PROGRESS_LINES:
        yield lambda stage: click.echo(PROGRESS + words.get(stage, stage), err=True)
        return
    if not sys.stderr.isatty():
        yield lambda stage: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    unicode = sys.stderr.encoding.lower().startswith("utf")
    columns = (SpinnerColumn("dots" if unicode else "line"), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(file=_terminal()), transient=True) as bar:
        task = bar.add_task(words["start" if _compiled() else "first"], total=None)
        yield lambda stage: bar.update(task, description=words.get(stage, stage))


def _terminal() -> Any:
    """Standard error itself: what steers the terminal is meant here (see ``_shown``)."""
    return getattr(sys.stderr, "stream", sys.stderr)


def _compiled() -> bool:
    """Whether an earlier run has left compiled code beside the modules."""
    return any((Path(__file__).parents[1] / "network" / "__pycache__").glob("kernels.*.nbi"))


# Left-to-right and right-to-left embedding, override and isolate, and what ends them.
DIRECTIONS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})


def visible(text: str, *, keep: str = "") -> str:
    r"""Return a text with control signs and marks of direction as their codes.

    Parameters
    ----------
    keep
        Signs that are left as they are.

    Examples
    --------
    >>> print(visible("a\x1b[2J\u202eb\n"), visible("æ\t", keep="\t").isprintable())
    a\u001b[2J\u202eb\u000a False
    """
    if text.isprintable():
        return text
    return "".join(sign if sign in keep or not _steers(sign) else f"\\u{ord(sign):04x}" for sign in text)


def _steers(sign: str) -> bool:
    """Whether a sign is a control (C0, C1), half a sign, a break of lines, or a mark of direction."""
    return unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") or unicodedata.bidirectional(sign) in DIRECTIONS


class Shown:
    """A stream of text to which everything is written as ``visible`` has it, but for line ends and tabs.

    With ``secret``, addresses in it are written as they may be shown.
    """

    def __init__(self, stream: TextIO, *, secret: bool = False) -> None:
        self.stream, self.secret = stream, secret

    def write(self, text: str) -> int:
        """Write a text."""
        return self.stream.write(visible(without_secrets(text) if self.secret else text, keep="\n\t"))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)
