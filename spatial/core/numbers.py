"""Numbers and dates as a language writes them; Babel knows how. A locale is such as ``da-DK``."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cache, lru_cache

MANY = 4096  # a report has the same few numbers over and over


def number(value: float, locale: str, decimals: int | None = 0) -> str:
    """Write a number with so many decimals, or with as many as it has.

    Examples
    --------
    >>> number(1234.5, "da-DK", 1), number(1234.5, "en-GB", 1), number(2.5, "de-DE", None)
    ('1.234,5', '1,234.5', '2,5')
    """
    return _with_groups(f"{value:g}" if decimals is None else f"{value:.{decimals}f}", locale)


@lru_cache(maxsize=MANY)
def _with_groups(text: str, locale: str) -> str:
    from babel.numbers import format_decimal

    _, point, fraction = text.partition(".")
    return format_decimal(Decimal(text), "#,##0" + point + "0" * len(fraction), locale=_code(locale))


def with_signs_of(text: str, locale: str) -> str:
    """A number that Python has written, with the signs of a locale: for messages, which say how exact they are.

    Examples
    --------
    >>> with_signs_of("12,345.60", "da-DK")
    '12.345,60'
    """
    return text.translate(_signs(locale))


def long_date(day: date, locale: str) -> str:
    """Write a date in words.

    Examples
    --------
    >>> long_date(date(2016, 2, 9), "da-DK"), long_date(date(2016, 2, 9), "en-GB")
    ('9. februar 2016', '9 February 2016')
    """
    from babel.dates import format_date

    return format_date(day, "long", locale=_code(locale))


def plural_form(count: float, locale: str) -> str:
    """Which plural a count takes in a language, by the rules of CLDR: ``one``, ``few``, ``many``, ``other`` …

    Examples
    --------
    >>> [plural_form(n, "da-DK") for n in (0, 1, 2)], [plural_form(n, "pl-PL") for n in (1, 22, 5)]
    (['other', 'one', 'other'], ['one', 'few', 'many'])
    """
    return _plural_rule(_code(locale))(count)


def decimal_sign(locale: str) -> str:
    """The sign before a fraction."""
    from babel.numbers import get_decimal_symbol

    return get_decimal_symbol(_code(locale))


@cache
def _plural_rule(code: str) -> Callable[[float], str]:
    from babel import Locale

    rule: Callable[[float], str] = Locale.parse(code).plural_form
    return rule


@cache
def _signs(locale: str) -> dict[int, str]:
    from babel.numbers import get_group_symbol

    return str.maketrans({",": get_group_symbol(_code(locale)), ".": decimal_sign(locale)})


def _code(locale: str) -> str:
    return locale.replace("-", "_")
