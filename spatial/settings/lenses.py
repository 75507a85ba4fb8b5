"""Resident lenses as written in ``defaults/lenses.toml``: speeds, what ways cost, other weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd

from spatial.core.errors import ConfigError, InputError
from spatial.core.messages import Phrase, phrase, spelling_hint
from spatial.core.model import LensResult, Rubric
from spatial.settings.loading import load_toml

# A way that is not taken.
BARRED = math.inf
FACTORS = ("steps", "loose", "narrow", "steep", "kerb", "unlit")
CROSSING = "crossing_m"


@dataclass(frozen=True)
class Lens:
    """A way of getting about.

    ``cost`` says what a metre of a way counts as (infinite: it is not taken), by its property;
    ``crossing_m`` what crossing a major road without a crossing counts as. ``rules`` are the
    changes to rules of the rubric, by indicator.
    """

    id: str
    speed_mps: float
    reason: str
    cost: Mapping[str, float] = field(default_factory=dict)
    crossing_m: float = 0.0
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def unsure(self) -> bool:
        """Whether what is not mapped of a way makes a difference."""
        return bool(self.facts)

    @property
    def facts(self) -> tuple[str, ...]:
        """Facts of ``facts.toml`` about ways that make a difference to this lens."""
        surface = any(self.cost.get(name, 1.0) != 1.0 for name in ("loose", "narrow", "steep"))
        light = self.cost.get("unlit", 1.0) != 1.0
        return (*(("way_light",) if light else ()), *(("way_surface",) if surface else ()))


@dataclass(frozen=True)
class Lenses:
    """All lenses, how long a short walk is, and from which score on a meeting space is good."""

    lenses: tuple[Lens, ...]
    minutes: float
    good_score: float


@lru_cache(maxsize=4)
def lenses(path: Path | None = None) -> Lenses:
    """Read the lenses.

    Raises
    ------
    ConfigError
        If a speed is not positive, a cost below 1 or unknown, or a rule's change not one of weight and value.
    """
    where = phrase("lens_rules.own") if path is None else str(path)
    table = load_toml(path, "lenses.toml")
    try:
        found = tuple(_lens(name, entry, where) for name, entry in table["lens"].items())
        return Lenses(found, float(table["minutes"]), float(table["good_score"]))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ConfigError("lens_rules.layout", where=where, error=error) from error


def _lens(name: str, entry: Mapping[str, Any], where: str | Phrase) -> Lens:
    cost = {key: BARRED if value == "no" else float(value) for key, value in entry.get("cost", {}).items()}
    crossing_m = cost.pop(CROSSING, 0.0)
    problem = _problem(float(entry["speed_mps"]), cost, crossing_m, entry.get("rubric", {}))
    if problem:
        raise ConfigError("lens_rules.rule", where=where, name=name, problem=problem)
    return Lens(name, float(entry["speed_mps"]), str(entry["reason"]), cost, crossing_m, dict(entry.get("rubric", {})))


def _problem(speed: float, cost: Mapping[str, float], crossing_m: float, rules: Mapping[str, Any]) -> Phrase | None:
    if not 0 < speed < math.inf:
        return phrase("lens_rules.speed", found=speed)
    for key, value in cost.items():
        if key not in FACTORS:
            return phrase("lens_rules.factor", name=key, known=(*FACTORS, CROSSING))
        if not value >= 1:
            return phrase("lens_rules.cost", name=key, found=value)
    if not 0 <= crossing_m < math.inf:
        return phrase("lens_rules.crossing", found=crossing_m)
    for name, change in rules.items():
        if not set(change) <= {"weight", "value"}:
            return phrase("lens_rules.changes", name=name, found=list(change))
    return None


def changed(rubric: Rubric, rules: Mapping[str, Mapping[str, Any]]) -> Rubric:
    """Return the rubric with the changes of a lens; what a run does not measure is passed over."""
    new = dict(rubric.rules)
    for name, change in rules.items():
        if name not in new:
            continue
        points = tuple((float(x), float(y)) for x, y in change.get("value", new[name].points))
        new[name] = replace(new[name], weight=float(change.get("weight", new[name].weight)), points=points)
    return replace(rubric, rules=new)


def put_in(evidence: pd.DataFrame, measured: pd.DataFrame) -> pd.DataFrame:
    """Put what a lens measured in the place of the same indicators."""
    kept = evidence[~evidence["indicator"].isin(measured["indicator"].unique())]
    return pd.concat([kept, measured], ignore_index=True)


def named(seen: Sequence[LensResult], name: str) -> LensResult:
    """Return the lens of that name.

    Raises
    ------
    InputError
        If there is none; those that there are, are named.
    """
    found = {lens.id: lens for lens in seen}
    if name not in found:
        known = list(found) or phrase("lens_rules.none")
        raise InputError("lens_rules.unknown", name=name, known=known, hint=spelling_hint(name, found))
    return found[name]
