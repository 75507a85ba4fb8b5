"""Indicators: what is measured of a place, one file each, without opinion.

An indicator is a function of the places and of the inputs it names, fields of `IndicatorInputs`. It is registered
by the decorator; nothing else in the program has to know of it::

    @indicator(aspect="accessibility", unit="m", catchment_m=1600, behind=("homes", "way"), within_m=150)
    def nearest_walk(places, walks, dwellings, *, share=0.5) -> Measured: ...

``places`` has one row a place (and, unless ``members`` is set, one a meeting space): the columns
of ``spatial.places.detection.find_places``, with ``space_id`` and ``level`` (``"place"`` or ``"space"``).
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TypedDict, Unpack

import geopandas as gpd
import numpy as np
import numpy.typing as npt

from spatial.core.arrays import Floats, Texts
from spatial.core.model import EVIDENCE
from spatial.indicators.inputs import ORIGINS, IndicatorInputs

OBSERVED, DERIVED, ESTIMATED, ASSUMED, UNKNOWN = EVIDENCE
UNITS = {
    "m": "_m",
    "h": "_h",
    "count": "_count",
    "share": "_share",
    "ratio": "_ratio",
    "index": "_index",
    "m/ha": "_m_per_ha",
}
# Below this share of its catchment inside the extract, a measure says nothing.
MIN_COVERED_SHARE = 0.5
WHOLE = 0.999


@dataclass(frozen=True)
class Measured:
    """Values of one indicator: arrays of one length, in its unit.

    ``value`` is NaN where it was not measured. ``low`` and ``high`` bound what is plausible; NaN
    leaves that to the rubric. ``rule`` names how the value came about. ``reference`` is the
    sample or the total that a relative value function needs. ``facts`` names the facts of
    ``facts.toml`` that are open, ``;`` between them, where they are not simply those of the tags it
    reads that are missing.
    """

    value: Floats
    low: Floats
    high: Floats
    evidence: Texts
    rule: Texts
    reference: Floats | None = None
    facts: Texts | None = None


# What may stand behind a change of an indicator beside things on the ground: homes that reach the meeting space, sides
# from which one comes, and its own places.
HOMES, SIDES, OWN = "homes", "sides", "own"


class Declared(TypedDict, total=False):
    """What an indicator may declare of itself; see `Spec`."""

    members: bool
    reads: tuple[str, ...]
    catchment_m: float
    surroundings: tuple[str, ...]
    walked: bool
    by_shape: bool
    by_row: bool
    behind: tuple[str, ...]
    within_m: float


@dataclass(frozen=True)
class Spec:
    """A registered indicator.

    ``needs``: the inputs that it names. ``optional``: those of them without which it is left out of a run.
    ``members``: a meeting space has the best of what people come for in it. ``reads``: the tags of a place that it
    reads, which are the facts behind its value. ``catchment_m``: how far around a place it looks.
    ``surroundings``: facts of ``facts.toml`` about what lies around the meeting space.
    ``by_shape``: it reads nothing of a place but its shape, each by itself. ``by_row``: nothing but its shape, level,
    kinds and tags.
    ``walked``: it follows from walking distances alone, so that resident lenses measure it again.
    ``behind``: what may stand behind a change of it: `HOMES`, `SIDES`, `OWN`, or things of these kinds
    (``building``, ``barrier``, ``gate``, ``way``, ``road``, ``place``, ``context``, ``stop``) that lie
    ``within_m`` metres. Where nothing is declared it is its own places.
    """

    id: str
    aspect: str
    unit: str
    reference: str
    measure: Callable[..., Measured]
    needs: tuple[str, ...]
    optional: tuple[str, ...]
    members: bool = False
    reads: tuple[str, ...] = ()
    catchment_m: float = 0.0
    surroundings: tuple[str, ...] = ()
    walked: bool = False
    by_shape: bool = False
    by_row: bool = False
    behind: tuple[str, ...] = ()
    within_m: float = 0.0

    @property
    def column(self) -> str:
        """Name of its column in the tables, with the unit."""
        suffix = UNITS[self.unit]
        return self.id if self.id.endswith(suffix) else self.id + suffix


_registry: dict[str, Spec] = {}


def indicator(
    *, aspect: str, unit: str, reference: str, **declared: Unpack[Declared]
) -> Callable[[Callable[..., Measured]], Callable[..., Measured]]:
    """Register a function as an indicator; its positional parameters name the inputs it needs.

    A parameter with a default is an input it can do without. Without one that is not there in every run, such as what
    a terrain model gives, it is left out.

    Raises
    ------
    ValueError
        If there is no such unit.
    TypeError
        If a parameter names no input, or another thing is declared than a `Spec` holds.
    """
    if unit not in UNITS:
        raise ValueError(f"indicator: unit is {unit!r}; needed one of {', '.join(UNITS)}")

    def register(function: Callable[..., Measured]) -> Callable[..., Measured]:
        name = function.__name__
        parameters = inspect.signature(function).parameters.values()
        named = [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
        if [p.name for p in named[:1]] != ["places"]:
            raise TypeError(f"indicator {name}: the first parameter must be 'places'")
        needs = tuple(p.name for p in named[1:])
        for need in needs:
            if need not in ORIGINS:
                raise TypeError(f"indicator {name}: there is no input {need!r}; there are {', '.join(sorted(ORIGINS))}")
        optional = tuple(p.name for p in named[1:] if p.default is p.empty and ORIGINS[p.name].given_by)
        _registry[name] = Spec(name, aspect, unit, reference, function, needs, optional, **declared)
        return function

    return register


@lru_cache(maxsize=1)
def _loaded() -> None:
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        importlib.import_module(f"{__package__}.{module.name}")


def registry() -> Mapping[str, Spec]:
    """All indicators by id, in the order of their names."""
    _loaded()
    return dict(sorted(_registry.items()))


def lacking(spec: Spec, inputs: IndicatorInputs) -> str | None:
    """Name the first input without which an indicator is left out, and which this run does not have."""
    return next((name for name in spec.optional if getattr(inputs, name) is None), None)


def measure(spec: Spec, places: gpd.GeoDataFrame, inputs: IndicatorInputs) -> Measured:
    """Measure one indicator, from the inputs that it names."""
    return spec.measure(places, *(getattr(inputs, name) for name in spec.needs))


def known(value: npt.ArrayLike, evidence: str, rule: str) -> Measured:
    """Values that are known exactly, all by the same rule; NaN among them is unknown."""
    values = np.asarray(value, dtype=np.float64)
    missing = np.isnan(values)
    return Measured(
        value=values,
        low=values.copy(),
        high=values.copy(),
        evidence=np.where(missing, UNKNOWN, evidence).astype(object),
        rule=np.where(missing, "not_measured", rule).astype(object),
    )


def from_rows(rows: list[tuple[float, float, float, str, str]]) -> Measured:
    """Assemble from one (value, low, high, evidence, rule) a place."""
    numbers = np.array([row[:3] for row in rows], dtype=np.float64).reshape(len(rows), 3)
    texts = np.array([*(row[3:] for row in rows), ("", "")], dtype=object)[:-1]
    return Measured(numbers[:, 0], numbers[:, 1], numbers[:, 2], texts[:, 0], texts[:, 1])


def unknown(rule: str, low: float = np.nan, high: float = np.nan) -> tuple[float, float, float, str, str]:
    """One row that is not known, within a range or the rubric's."""
    return np.nan, low, high, UNKNOWN, rule


def where(condition: npt.NDArray[np.bool_], measured: Measured, row: tuple[float, float, float, str, str]) -> Measured:
    """Replace the rows for which the condition holds."""
    return replace(
        measured,
        value=np.where(condition, row[0], measured.value),
        low=np.where(condition, row[1], measured.low),
        high=np.where(condition, row[2], measured.high),
        evidence=np.where(condition, row[3], measured.evidence).astype(object),
        rule=np.where(condition, row[4], measured.rule).astype(object),
    )


def best_of_members(measured: Measured, members: list[npt.NDArray[np.int64]]) -> Measured:
    """Values of groups of places: the best member, so that what is added lowers none.

    The best that is known is the value where no other member may well be better: where the middle of what may be
    lies above it, the value is unknown, between the best low and the best high.
    """
    rows = []
    for group in members:
        value, low, high = measured.value[group], float(measured.low[group].max()), float(measured.high[group].max())
        best = int(np.argmax(np.where(np.isnan(value), -np.inf, value)))
        if np.isnan(value[best]) or value[best] < (low + high) / 2:
            rules = sorted({str(rule) for rule, one in zip(measured.rule[group], value, strict=True) if np.isnan(one)})
            rows.append((np.nan, low, high, UNKNOWN, ";".join(rules or [str(measured.rule[group][best])])))
        else:
            rows.append((value[best], low, high, measured.evidence[group][best], str(measured.rule[group][best])))
    return replace(from_rows(rows), reference=measured.reference)


def at_extract_edge(spec: Spec, measured: Measured, covered_share: Floats) -> Measured:
    """Mark what was measured over the edge of the extract.

    A count may be higher by what lies beyond; where less than half of the catchment is seen, the
    measure is unknown. The rule says how much was not seen.
    """
    cut = covered_share < WHOLE
    if not cut.any():
        return measured
    scale = 1 / np.maximum(covered_share, MIN_COVERED_SHARE)
    high = np.where(cut & (spec.unit == "count"), measured.high * scale, measured.high)
    blind = covered_share < MIN_COVERED_SHARE
    note = np.array(
        [
            f"{rule};extract_edge_{1 - share:.0%}_unseen".replace("%", "pct")
            for rule, share in zip(measured.rule, covered_share, strict=True)
        ],
        dtype=object,
    )
    return replace(
        measured,
        value=np.where(blind, np.nan, measured.value),
        low=np.where(blind & (spec.unit != "count"), np.nan, measured.low),
        high=np.where(blind, np.nan, high),
        evidence=np.where(blind, UNKNOWN, measured.evidence).astype(object),
        rule=np.where(cut, note, measured.rule).astype(object),
    )
