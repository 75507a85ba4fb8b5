"""What a mistyped name was meant to be."""

from __future__ import annotations

from collections.abc import Iterable

from spatial.phrases import Phrase, phrase

SHOWN = 3


def near(wanted: str, known: Iterable[str]) -> list[str]:
    """Return the known names that are nearly written as this one, the nearest first.

    Upper and lower case are one, and so is a name of which the beginning was typed.

    Examples
    --------
    >>> near("explian", ["run", "explain", "export"])
    ['explain']
    >>> near("acc", ["openness", "accessibility"])
    ['accessibility']
    """
    from difflib import get_close_matches

    plain = {name.lower(): name for name in known}
    text = wanted.lower()
    begun = [name for name in plain if text and name.startswith(text)]
    return [plain[name] for name in dict.fromkeys([*begun, *get_close_matches(text, plain, n=SHOWN)])][:SHOWN]


def hint(wanted: str, known: Iterable[str]) -> Phrase:
    """Ask whether a known name was meant, or say nothing.

    Examples
    --------
    >>> hint("opennes", ["openness", "mixing"]).said("en")
    'did you mean openness? '
    >>> hint("xyz", ["openness"]).said("en")
    ''
    """
    found = near(wanted, known)
    return phrase("spelling.near", names=found) if found else phrase("spelling.none")
