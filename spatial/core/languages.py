"""Texts by language, from ``defaults/strings.<language>.toml`` and its like."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from spatial.core import messages
from spatial.core.errors import ConfigError
from spatial.core.numbers import number, plural_form

_ABOUT = messages.table("languages")
LANGUAGES = tuple(code for code, about in _ABOUT.items() if not about.get("draft"))
# Those that can be chosen: drafts besides.
KNOWN_LANGUAGES = (*LANGUAGES, *(code for code in _ABOUT if code not in LANGUAGES))
LANGUAGE_VARIABLE = "FAELLESRUM_LANG"
FALLBACK = "en"  # where a table of data has no words in a language


def carried(lang: str) -> tuple[str, ...]:
    """Languages that a page in this one carries, to switch between: all that are no drafts, or English and the draft.

    Examples
    --------
    >>> carried("en"), carried("de")
    (('da', 'en'), ('en', 'de'))
    """
    return LANGUAGES if lang in LANGUAGES else (FALLBACK, lang)


def texts(lang: str, book: str = "strings") -> Mapping[str, Any]:
    """Return the texts of one language as nested, read-only mappings.

    Parameters
    ----------
    lang
        One of `KNOWN_LANGUAGES`.
    book
        Which texts: those of the program, or ``"report"``, those of the report for the board.

    Raises
    ------
    ConfigError
        If there are no texts in this language.

    Examples
    --------
    >>> texts("da")["aspect"]["openness"]["question"]
    'Kan man komme og gå?'
    """
    if lang not in KNOWN_LANGUAGES:
        raise ConfigError("strings.language", found=lang, known=KNOWN_LANGUAGES)
    return messages.book(book, lang)


@dataclass(frozen=True)
class Text:
    """A text of ``strings.<language>.toml`` as part of a message that waits for a language.

    Examples
    --------
    >>> Text("reason", "duplicate").said("en")
    'the row repeats an earlier one'
    """

    section: str
    name: str

    def said(self, lang: str) -> str:
        """Return the text in this language."""
        return str(texts(lang)[self.section][self.name])


def in_language(words: Mapping[str, str], lang: str) -> str:
    """Words of a table of data that is kept in Danish and English only; a third language reads the English ones."""
    return words.get(lang) or words[FALLBACK]


def in_sentence(text: str, words: Mapping[str, Any]) -> str:
    """A heading as it stands within a sentence of these texts: small, but where nouns are written large.

    Examples
    --------
    >>> in_sentence("Playground", texts("en")), in_sentence("Spielplatz", texts("de"))
    ('playground', 'Spielplatz')
    """
    return text if words["format"]["nouns"] == "large" else text[:1].lower() + text[1:]


def first_capital(text: str) -> str:
    """A text that begins a line or sentence; the rest of it stays as it is."""
    return text[:1].upper() + text[1:]


def plural(forms: Mapping[str, str] | str, count: float, words: Mapping[str, Any]) -> str:
    """The text for so many, of a table such as ``{ one = "…", few = "…", other = "…" }``; one text stands for all.

    Which of them a count takes, the language of ``words`` says.

    Examples
    --------
    >>> [plural({"one": "{n} bench", "other": "{n} benches"}, n, texts("en")).format(n=n) for n in (1, 3)]
    ['1 bench', '3 benches']
    """
    if isinstance(forms, str):
        return forms
    return forms.get(plural_form(count, words["format"]["locale"]), forms["other"])


def kinds_counted(kind: str, count: int, words: Mapping[str, Any]) -> str:
    """So many things of a kind, as within a sentence.

    Examples
    --------
    >>> kinds_counted("bench", 1, texts("da")), kinds_counted("bench", 3, texts("da"))
    ('1 bænk', '3 bænke')
    """
    named = words["kind"].get(kind, words["kind"]["other"])
    called = in_sentence(named["title"], words) if count == 1 else plural(named["plural"], count, words)
    return str(words["plan_answer"]["kinds"]).format(n=number(count, words["format"]["locale"]), kind=called)


def numbers_written(row: Mapping[str, Any], words: Mapping[str, Any]) -> dict[str, Any]:
    """A row whose whole numbers are written as the language writes them; the rest stays as it is.

    Examples
    --------
    >>> numbers_written({"losing": 1930, "lens": "adult"}, texts("da"))
    {'losing': '1.930', 'lens': 'adult'}
    """
    place = words["format"]["locale"]
    return {key: number(value, place) if type(value) is int else value for key, value in row.items()}


def locale(lang: str) -> str:
    """Locale by which numbers and dates are written in a language, such as ``da-DK``."""
    return str(texts(lang)["format"]["locale"])


def default_language() -> str:
    """Return the language of what is shown unasked, as in Jupyter: what ``FAELLESRUM_LANG`` says, else Danish."""
    wished = os.environ.get(LANGUAGE_VARIABLE, "")
    return wished if wished in KNOWN_LANGUAGES else LANGUAGES[0]


def said(value: Any) -> str | None:
    """A text of a table, or None where there is none: pandas writes nothing as NaN, which is no falsehood.

    Examples
    --------
    >>> said("Plads"), said(float("nan")), said(None), said("")
    ('Plads', None, None, None)
    """
    return value if isinstance(value, str) and value else None


def indicator_texts(indicator: str, lang: str) -> Mapping[str, str]:
    """Return the texts of an indicator; one that a user has written is called by its id.

    Examples
    --------
    >>> indicator_texts("openly_seen", "en")["title"]
    'Openly seen'
    """
    found: Mapping[str, str] = texts(lang)["indicator"].get(indicator) or {
        "title": indicator.replace("_", " ").capitalize(),
        "text": "",
        "form": "ratio",
    }
    return found


def rule_text(name: str, lang: str) -> str:
    """Say a rule in words; that of an indicator that a user has written is said as it is called."""
    return str(texts(lang)["rule"].get(name, name.replace("_", " ")))


def warning_text(entry: Mapping[str, Any], lang: str) -> str:
    """Say a warning of a manifest in one sentence: its ``code`` is a key of ``[warning]``."""
    return str(texts(lang)["warning"][entry["code"]]).format(**entry)


def whole_percent(share: float) -> int:
    """Whole percent of a share; 0 and 100 only where it is none or all.

    Examples
    --------
    >>> whole_percent(0.998), whole_percent(1.0), whole_percent(0.001)
    (99, 100, 1)
    """
    return round(share * 100) if share in (0.0, 1.0) else min(max(round(share * 100), 1), 99)
