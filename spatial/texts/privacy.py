"""What attacks on a publication of counts found, in words."""

from __future__ import annotations

from collections.abc import Sequence

from spatial.core.languages import texts

SHOWN = 6


def attacks_in_words(attacks: Sequence[tuple[str, Sequence[str]]], *, lang: str) -> str:
    """Say of each attack, by its name, whether the publication held, else by which figures something was found."""
    say = texts(lang)["audit"]
    lines = []
    for name, found in attacks:
        words = say[name]
        if not found:
            lines.append(f"✓ {words['held']}")
            continue
        shown = "; ".join(say["figure"].get(figure, figure) for figure in found[:SHOWN])
        more = say["more"].format(n=len(found) - SHOWN) if len(found) > SHOWN else ""
        lines.append(f"✗ {words['found']} ({shown}{more})")
    bad = sum(bool(found) for _, found in attacks)
    return "\n".join([*lines, say["bad"].format(n=bad) if bad else say["good"].format(n=len(attacks))])
