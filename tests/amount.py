"""How many cases are tried: a few in `make test`, all of them in `make integration`.

A test that draws or counts its cases by itself takes `amount(few, every)` and is marked `thorough`: it runs in both.
Of cases that are listed, `some` leaves each so-manieth in `make test` and marks the others `long`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

import pytest

VARIABLE = "FAELLESRUM_EVERY_CASE"


def amount(few: int, every: int) -> int:
    """How many cases a test of its own tries; `make integration` sets the variable that asks for every one."""
    return every if os.environ.get(VARIABLE) else few


def some(cases: Iterable, step: int) -> list:
    """Parameters of all cases, of which the first and each ``step``-th after it stay in `make test`."""
    return [long(case) if i % step else pytest.param(*values(case)) for i, case in enumerate(cases)]


def long(case: object) -> object:
    """A case for `make integration` alone; a tuple gives several parameters, as for pytest."""
    return pytest.param(*values(case), marks=pytest.mark.long)


def values(case: object) -> tuple:
    return case if isinstance(case, tuple) else (case,)
