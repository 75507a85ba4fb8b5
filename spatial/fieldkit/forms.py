"""Forms of choices: what two trained raters judge, and what residents find most and least open. Pure.

Each is written as XLSForm (``xlsform``) and as a page for a phone (``counting_page``), from the same questions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spatial.core.languages import LANGUAGES, texts
from spatial.fieldkit.xlsform import OBSERVERS

ByLanguage = Mapping[str, str]


@dataclass(frozen=True)
class Field:
    """A question with its options (value, text by language).

    Its answer may not be that of the question ``unlike``; it ``stays`` for the next time the form is filled in.
    """

    name: str
    label: ByLanguage
    options: Sequence[tuple[str, ByLanguage]]
    unlike: str = ""
    stays: bool = False


@dataclass(frozen=True)
class Form:
    """A form by its name, which is that of its files."""

    name: str
    fields: Sequence[Field]


def ratings(stops: Sequence[Mapping[str, Any]], items: Sequence[str], most: int) -> Form:
    """What a trained rater judges at each stop, step by step from 0 to ``most``."""
    steps = [(str(n), _said("rating", f"step_{n}")) for n in range(most + 1)]
    who = [(code, dict.fromkeys(LANGUAGES, code)) for code in OBSERVERS]
    about = [
        Field("observer_code", _said("rating", "who"), who, stays=True),
        Field("location_id", _said("form", "question", "where"), [(stop["id"], stop["name"]) for stop in stops]),
    ]
    return Form("ratings", [*about, *(Field(item, _said("rating", item), steps) for item in items)])


def openness(sets: Sequence[Sequence[str]]) -> Form:
    """Which of the activities of each set a resident finds most open, and which least."""
    fields = []
    for n, shown in enumerate(sets, 1):
        options = [(one, {code: texts(code)["kind"][one]["title"] for code in LANGUAGES}) for one in shown]
        for end, other in (("best", ""), ("worst", f"best_{n}")):
            label = {code: text.format(n=n, sets=len(sets)) for code, text in _said("openness", end).items()}
            fields.append(Field(f"{end}_{n}", label, options, unlike=other))
    return Form("openness", fields)


def _said(*names: str) -> dict[str, str]:
    """A text of the field kit by language."""
    found: dict[str, Any] = {code: texts(code)["fieldkit"] for code in LANGUAGES}
    for name in names:
        found = {code: book[name] for code, book in found.items()}
    return found
