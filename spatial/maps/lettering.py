"""How wide letters are in our fonts, and which there are."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

R = TypeVar("R", bound=Any)  # a result
MM = 72 / 25.4  # points
REGULAR, BOLD, ITALIC = "NotoSans-Regular", "NotoSans-SemiBold", "NotoSans-Italic"
FAMILY, SPARE_FAMILY = "Noto Sans", "DejaVu Sans"
SPARE = "DejaVuSans"  # Arabic, Hebrew, Armenian, Georgian, arrows and signs; it comes with matplotlib
ELLIPSIS = "…"
_category = unicodedata.category
# Marks that turn the direction of all that follows them: a name must not turn its neighbours.
TURNING = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


class Lettering(NamedTuple):
    """How one line is written: ``at`` is its left, middle or right end; ``angle`` in degrees against the clock."""

    font: str = REGULAR
    colour: str = "#000000"
    at: str = "left"
    angle: float = 0.0
    halo: bool = False


PLAIN = Lettering()
# Marks, and pictures such as 🛝: what is left of a name without them says the same.
SILENT = ("Mn", "Me", "Cf", "Cs", "So", "Sk")


class Metrics(NamedTuple):
    """Advance of each letter, and of one that is not there, as shares of the letter size."""

    advance: dict[int, float]
    other: float


def own_folder() -> Path:
    """Folder of the fonts of every sheet."""
    return Path(str(files("spatial.maps") / "fonts"))


def spare_folder() -> Path:
    """Folder of the fonts with letters that ours lack."""
    spec = find_spec("matplotlib")
    assert spec is not None and spec.origin is not None  # a dependency
    return Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf"


@cache
def _metrics(font: str) -> Metrics:
    from fontTools.ttLib import TTFont

    folder = spare_folder() if font == SPARE else own_folder()
    with TTFont(folder / f"{font}.ttf", lazy=True) as opened:
        widths, size = opened["hmtx"].metrics, opened["head"].unitsPerEm
        advance = {code: widths[glyph][0] / size for code, glyph in opened.getBestCmap().items()}
        return Metrics(advance, widths[".notdef"][0] / size)


def load_fonts() -> None:
    """Read how wide the letters of our fonts are."""
    for font in (REGULAR, BOLD, ITALIC):
        _metrics(font)


def width_of(text: str, size: float, font: str = REGULAR) -> float:
    """Width of a text in millimetres; ``size`` is in points."""
    advance, other = _metrics(font)
    return sum(advance.get(ord(letter), other) for letter in text) * size / MM


def shortened(text: str, room: float, size: float, font: str = REGULAR) -> str:
    """Return the text, or as much of its beginning as fits into ``room`` millimetres, and "…"."""
    if width_of(text, size, font) <= room:
        return text
    while text and width_of(text.rstrip() + ELLIPSIS, size, font) > room:
        text = text[:-1]
    return text.rstrip() + ELLIPSIS


def wrapped(text: str, room: float, size: float, font: str = REGULAR) -> list[str]:
    """Break a text into lines of at most ``room`` millimetres, between words."""
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width_of(longer, size, font) <= room:
            lines[-1] = longer
        else:
            lines.append(shortened(word, room, size, font))
    return lines


def ours(text: str) -> bool:
    """Tell whether our own fonts have all letters of a text; line ends are no letters."""
    return text.isascii() or all(ord(letter) in _metrics(REGULAR).advance or letter == "\n" for letter in set(text))


def legible(text: str) -> str:
    """Return a text with "…" for each run of letters that no font on a sheet has, and without control characters.

    Marks of direction are left out too.

    Examples
    --------
    >>> legible("Café 中文 ← مقهى")
    'Café … ← مقهى'
    """
    if text.isascii() and text.isprintable():
        return text
    text = text.translate({ord(letter): " " for letter in set(text) - {"\n"} if _category(letter) == "Cc"} | TURNING)
    if ours(text):
        return text
    text = unicodedata.normalize("NFC", text)
    known = {*map(chr, _metrics(REGULAR).advance), *map(chr, _metrics(SPARE).advance), "\n"}
    unknown = set(text) - known
    silent = {letter for letter in unknown if _category(letter) in SILENT}
    text = text.translate({ord(letter): None for letter in silent})
    letters = re.escape("".join(sorted(unknown - silent)))
    return re.sub(f"[{letters}]+", ELLIPSIS, text) if letters else text


def readable(name: str | None) -> str | None:
    """Return a name of which sheets have at least one letter; None where it would be nothing but "…".

    Examples
    --------
    >>> readable("中文"), readable("Café 中文")
    (None, 'Café 中文')
    """
    return name if isinstance(name, str) and any(map(str.isalnum, legible(name))) else None


def on_paper(result: R) -> R:
    """A result without those names of which sheets have no letter: what has none is told by kind and street."""
    tables = {"places": result.places, "meeting_spaces": result.meeting_spaces}
    named = {what: [readable(name) for name in table["name"]] for what, table in tables.items()}
    changed = {
        what: table.assign(name=named[what])
        for what, table in tables.items()
        if table["name"].notna().sum() > sum(name is not None for name in named[what])
    }
    return replace(result, **changed) if changed else result
