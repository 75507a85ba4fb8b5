"""Services that are closed: named where one does not answer, with since when and what to ask instead."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from spatial.core.errors import SourceUnavailable
from spatial.core.languages import in_language
from spatial.settings import loading
from spatial.sources.catalogue import Source


@dataclass(frozen=True)
class Instead:
    """What to ask instead, in the language in which it is said."""

    words: Mapping[str, str]

    def said(self, lang: str) -> str:
        """Return it in this language."""
        return in_language(self.words, lang)


@contextmanager
def telling(source: Source) -> Iterator[None]:
    """Name a closed service as closed where it cannot be reached or refuses, whatever it says of the key.

    Raises
    ------
    SourceUnavailable
        In the place of the one that is raised inside.
    """
    try:
        yield
    except SourceUnavailable as error:
        found = closed(source.endpoint or "")
        if found is None:
            raise
        instead = Instead({lang: found[lang] for lang in ("da", "en")})
        raise SourceUnavailable(
            "closed.service", source=source.id, since=found["since"], instead=instead, error=error
        ) from error


def closed(address: str) -> Mapping[str, Any] | None:
    """What is known of a closed service at this address; None where none is known.

    Examples
    --------
    >>> closed("https://wfs.datafordeler.dk/BBR/BBR_WFS/1.0.0/WFS")["since"], closed("https://graphql.datafordeler.dk/BBR/v3")
    ('2026-07-01', None)
    """
    known = loading.load_toml(None, "sources.toml").get("closed", {})
    return next((one for one in known.values() if address.startswith(tuple(one["begins"]))), None)
