"""What meeting spaces before and after a plan are called: one place has one name in every file. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from spatial.core.languages import KNOWN_LANGUAGES
from spatial.core.model import Result
from spatial.places.naming import kinds_text, name_in_sentence, names_of

# What the meeting spaces before and after are called, by language and id.
Names = Mapping[str, tuple[Mapping[str, str], Mapping[str, str]]]


def space_names(before: Result, after: Result) -> Names:
    """What the meeting spaces before and after are called, by language."""
    return {lang: (named_rows(before, lang), named_rows(after, lang)) for lang in KNOWN_LANGUAGES}


def named_rows(result: Result, lang: str) -> dict[str, str]:
    """What the meeting spaces of a result are called, by id."""
    names = names_of(result, lang)
    return {str(space): names[str(space)] for space in result.meeting_spaces.index}


def named_row(row: Mapping[Any, Any], names: Names) -> dict[str, str]:
    """Name of a meeting space in each language: the one after the plan, of what goes that of today.

    What is there in an earlier phase alone is called by its kinds.
    """
    return {
        lang: then.get(row["after_id"]) or was.get(row["before_id"]) or kinds_text(row["kinds"], 1, lang)
        for lang, (was, then) in names.items()
    }


def places_in_sentences(before: Result, identities: Iterable[str]) -> list[dict[str, str] | None]:
    """What places of today are called amid a sentence, by language; None of all that is not a place."""
    names = {lang: names_of(before, lang) for lang in KNOWN_LANGUAGES}
    places = set(before.places.index.astype(str))
    return [
        {lang: name_in_sentence(of[identity], lang) for lang, of in names.items()} if identity in places else None
        for identity in identities
    ]


def with_names(table: pd.DataFrame, before: Result, after: Result, lang: str) -> pd.DataFrame:
    """Meeting spaces before or after, each by its name; what had a name of its own keeps it in ``own_name``."""
    names = {lang: (named_rows(before, lang), named_rows(after, lang))}
    if not len(table):
        return table
    called = [named_row(row, names)[lang] for row in table.to_dict("records")]
    return own_names_kept(table, called)


def own_names_kept(table: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """A table whose rows get these names; what had a name of its own keeps it in ``own_name``."""
    named = table.assign(name=names)
    named.insert(list(named.columns).index("name") + 1, "own_name", table["name"])
    return named
