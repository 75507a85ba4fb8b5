r"""What a terminal is shown: texts in which nothing steers it.

Names of places and files are written by strangers. A line that is shown must stay one line and say
what it says: control signs and marks of direction stand as their codes, such as ``\u202e``, which is
also how JSON writes them.
"""

from __future__ import annotations

import unicodedata
from typing import Any, TextIO

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
    """A stream of text to which everything is written as ``visible`` has it, but for line ends and tabs."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write a text."""
        return self.stream.write(visible(text, keep="\n\t"))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)
