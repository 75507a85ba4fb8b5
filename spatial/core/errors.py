"""The errors that this package raises; nothing else reaches a caller.

::

    SpatialError
    ├── InputError (also a ValueError)
    │   ├── CRSError
    │   ├── SchemaError
    │   └── EmptyAreaError
    ├── SourceError
    │   ├── SourceUnavailable
    │   ├── SourceFormatError
    │   └── IncompleteResult
    └── ConfigError

Every message says which object, what was found, what was needed, and what to do, in Danish or English.
"""

from __future__ import annotations

from typing import Any

from spatial.core import messages


class SpatialError(Exception):
    """Root of all errors raised by Fællesrum.

    Parameters
    ----------
    problem
        Key of the message in ``defaults/errors.<lang>.toml``, as ``"crs.none"``; or the message itself, from code that
        has no texts there, such as an indicator of the user's own.
    **found
        What the message names; an error or a phrase among them is said in the same language.

    Examples
    --------
    >>> error = SpatialError("crs.none", what="boundary")
    >>> str(error)
    'boundary: found no CRS; needed a projected CRS in metres; declare one'
    >>> error.said("da")
    'boundary: intet koordinatsystem; der skal være et i meter; angiv det'
    """

    def __init__(self, problem: str, /, **found: Any) -> None:
        super().__init__(problem)
        # A foreign error holds frames and connections, and may not travel between processes; its words are enough.
        self.found = {
            name: str(one) if isinstance(one, BaseException) and not isinstance(one, SpatialError) else one
            for name, one in found.items()
        }

    def said(self, lang: str) -> str:
        """Return the message in ``"da"`` or ``"en"``."""
        return messages.say(self.args[0], self.found, lang)

    def __str__(self) -> str:
        """Return the message in English."""
        return self.said(messages.ENGLISH)


class InputError(SpatialError, ValueError):
    """Something the user gave cannot be used as it is."""


class CRSError(InputError):
    """A coordinate reference system is missing, geographic where metres are needed, or another."""


class SchemaError(InputError):
    """A table lacks a column, or a column holds values outside its range."""


class EmptyAreaError(InputError):
    """An area has no extent, or a source holds nothing there."""


class SourceError(SpatialError):
    """A data source could not be read."""


class SourceUnavailable(SourceError):
    """The source is not there or may not be opened."""


class SourceFormatError(SourceError):
    """The source is there but is not what it claims to be."""


class IncompleteResult(SourceError):
    """The source delivered less than it announced."""


class ConfigError(SpatialError):
    """A configuration file holds something that cannot be used."""
