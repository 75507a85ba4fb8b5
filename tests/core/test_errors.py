"""The tree of errors as it is drawn, and that all of it is public."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

import spatial
from spatial.core import errors

PARENTS = {
    "SpatialError": (Exception,),
    "InputError": (errors.SpatialError, ValueError),
    "CRSError": (errors.InputError,),
    "SchemaError": (errors.InputError,),
    "EmptyAreaError": (errors.InputError,),
    "SourceError": (errors.SpatialError,),
    "SourceUnavailable": (errors.SourceError,),
    "SourceFormatError": (errors.SourceError,),
    "IncompleteResult": (errors.SourceError,),
    "ConfigError": (errors.SpatialError,),
}


def drawn() -> dict[str, str]:
    """Parent by error, read from the lines of the docstring's drawing."""
    parents, above = {}, []
    for line in errors.__doc__.splitlines():
        found = re.fullmatch(r"    ([│├└─ ]*)(\w+).*", line)
        if found:
            depth = len(found[1]) // len("├── ")
            above[depth:] = [found[2]]
            parents[found[2]] = above[depth - 1] if depth else "Exception"
    return parents


@pytest.mark.parametrize("name", PARENTS)
def test_the_tree(name):
    assert getattr(errors, name).__bases__ == PARENTS[name]


def test_the_drawing_is_the_tree():
    assert drawn() == {name: parents[0].__name__ for name, parents in PARENTS.items()}
    defined = {name for name, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__}
    assert defined == set(PARENTS)


@pytest.mark.parametrize("name", PARENTS)
def test_errors_are_public_documented_and_travel_between_processes(name):
    kind = getattr(errors, name)
    assert getattr(spatial, name) is kind and name in spatial.__all__
    assert kind.__doc__ and kind.__doc__.strip().splitlines()[0].endswith(".")
    copy = pickle.loads(pickle.dumps(kind("x: what to do")))
    assert type(copy) is kind and str(copy) == "x: what to do"


def test_what_users_catch():
    """A wrong input is a ValueError, as Python has it; a source that fails is not."""
    assert issubclass(errors.CRSError, ValueError) and issubclass(errors.EmptyAreaError, ValueError)
    for kind in (errors.SourceUnavailable, errors.SourceFormatError, errors.ConfigError):
        assert not issubclass(kind, ValueError | OSError)
