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

Every message says which object, what was found, what was needed, and what to do.
"""


class SpatialError(Exception):
    """Root of all errors raised by Fællesrum."""


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
