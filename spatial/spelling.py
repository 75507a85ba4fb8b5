"""What a mistyped name was meant to be."""

from __future__ import annotations

from collections.abc import Iterable

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


def hint(wanted: str, known: Iterable[str]) -> str:
    """Return ``"did you mean …? "``, or nothing.

    Examples
    --------
    >>> hint("opennes", ["openness", "mixing"])
    'did you mean openness? '
    >>> hint("xyz", ["openness"])
    ''
    """
    found = near(wanted, known)
    return f"did you mean {' or '.join(found)}? " if found else ""
