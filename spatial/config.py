"""Configuration files into the model: tag choices and the rubric."""

from __future__ import annotations

import itertools
import math
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from spatial.errors import ConfigError, InputError
from spatial.model import ASPECTS
from spatial.phrases import Phrase, phrase

DEFAULTS = resources.files("spatial") / "defaults"

Condition = tuple[str, str | None, bool]
CURVES = ("percentile", "share_of_estate")
# A key within a key within a key, written with points between.
MAX_DEPTH = 64
_KEY = re.compile(r"""[\w"'-]+""")


@dataclass(frozen=True)
class Matcher:
    """Named selectors over tags: finds the first name one of whose selectors matches.

    A selector is ``"key=value"``, ``"key=*"`` or several joined by ``" & "``; a leading ``!``
    negates a condition.
    """

    by_key: Mapping[str, Sequence[tuple[int, str, str | None, tuple[Condition, ...]]]]

    @classmethod
    def of(cls, groups: Mapping[str, Sequence[str]]) -> Matcher:
        """Build a matcher from selectors by name; the order of names decides between matches."""
        by_key: dict[str, list[tuple[int, str, str | None, tuple[Condition, ...]]]] = {}
        order = 0
        for name, selectors in groups.items():
            for text in selectors:
                conditions = tuple(_condition(part, text) for part in text.split(" & "))
                # Found by a key that the object must have; a negated one it may lack.
                required = next((c for c in conditions if not c[2]), None)
                if required is None:
                    raise ConfigError("config.only_excludes", selector=text)
                key, value, _ = required
                others = tuple(c for c in conditions if c is not required)
                by_key.setdefault(key, []).append((order, name, value, others))
                order += 1
        return cls(by_key)

    def first(self, tags: Mapping[str, str]) -> str | None:
        """Return the name of the first selector that matches these tags, or None."""
        best: tuple[int, str] | None = None
        if self.by_key.keys().isdisjoint(tags):
            return None
        for key, found in tags.items():
            for order, name, value, others in self.by_key.get(key, ()):
                if (value is None or value == found) and (best is None or order < best[0]) and _holds(others, tags):
                    best = (order, name)
        return None if best is None else best[1]


def _condition(part: str, selector: str) -> Condition:
    negated = part.startswith("!")
    key, equals, value = part.removeprefix("!").partition("=")
    if not (key and equals and value):
        raise ConfigError("config.selector", selector=selector)
    return key, None if value == "*" else value, negated


def _holds(conditions: Iterable[Condition], tags: Mapping[str, str]) -> bool:
    return all(
        ((key in tags) if value is None else (tags.get(key) == value)) is not negated
        for key, value, negated in conditions
    )


@dataclass(frozen=True)
class Kind:
    """What is known of all places of one kind; see ``defaults/tags.toml``."""

    name: str
    footprint_m: float
    activities: tuple[str, ...]
    ages: tuple[str, ...]
    neutrality: float
    by_nature: tuple[str, ...]
    why: str
    seat: bool = False
    watchable: bool = False
    ground: bool = False


@dataclass(frozen=True)
class TagRules:
    """The tag choices of ``tags.toml``: kinds with their selectors, matchers by name, and the raw tables."""

    kinds: Mapping[str, Kind]
    selectors: Mapping[str, Sequence[str]]
    kind: Matcher
    context: Matcher
    ground: Matcher
    stop: Matcher
    destination: Matcher
    lamp: Matcher
    base: Matcher
    crossing: Matcher
    walk: Mapping[str, Any]
    barrier: Mapping[str, Any]
    building: Mapping[str, Any]
    access: Mapping[str, Any]
    programme: Mapping[str, Any]
    affiliation: Mapping[str, Any]
    conflation: Mapping[str, Any]


def load(path: Path | None, default: str) -> dict[str, Any]:
    """Read a TOML file: the user's, or the bundled one of that name."""
    source = DEFAULTS / default if path is None else path
    try:
        text = source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("config.unreadable", file=source, error=error) from error
    try:
        return parse(text)
    except ValueError as error:
        raise ConfigError("config.not_toml", file=source, error=error) from error


def parse(text: str) -> dict[str, Any]:
    """Read TOML that a stranger may have written.

    Raises
    ------
    ValueError
        If it is not TOML, or tables or lists lie in each other without end: reading those takes time and memory
        that grow with the square of their depth.
    """
    depth = 0
    for piece in text.split("."):
        depth = depth + 1 if _KEY.fullmatch(piece.strip(" \t")) else 0
        if depth > MAX_DEPTH:
            raise InputError("config.deep", most=MAX_DEPTH)
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise InputError("config.endless") from None


@lru_cache(maxsize=1)
def tag_rules() -> TagRules:
    """Return the bundled tag choices."""
    table = load(None, "tags.toml")
    kinds = {name: _kind(name, entry) for name, entry in table["kind"].items()}
    walk = table["walk"]
    return TagRules(
        kinds=kinds,
        selectors={name: tuple(entry["match"]) for name, entry in table["kind"].items()},
        kind=Matcher.of({name: entry["match"] for name, entry in table["kind"].items()}),
        context=Matcher.of(table["context"]),
        ground=Matcher.of(table["ground"]),
        stop=Matcher.of({"stop": table["stop"]["match"]}),
        destination=Matcher.of({"destination": table["destination"]["match"]}),
        lamp=Matcher.of({"lamp": table["lamp"]["match"]}),
        base=Matcher.of(table["base"]),
        crossing=Matcher.of({"none": walk["no_crossing"], "crossing": walk["crossing_nodes"]}),
        walk=walk,
        barrier=table["barrier"],
        building=table["building"],
        access=table["access"],
        programme=table["programme"],
        affiliation=table["affiliation"],
        conflation=table["conflation"],
    )


def _kind(name: str, entry: Mapping[str, Any]) -> Kind:
    values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items() if key != "match"}
    return Kind(name=name, **values)


@dataclass(frozen=True)
class RuleSpec:
    """A rule of the rubric before its value function is resolved against the estate.

    ``curve`` is either points in the indicator's unit, or the name of a reference that the run
    turns into points: ``"percentile"`` of the reference sample, ``"share_of_estate"``.
    """

    indicator: str
    aspect: str
    weight: float
    curve: tuple[tuple[float, float], ...] | str
    plausible: tuple[float, float] | None
    why: str


@dataclass(frozen=True)
class RubricSpec:
    """The rubric as written: see ``defaults/rubric.toml``."""

    aspect_weights: Mapping[str, float]
    rules: Mapping[str, RuleSpec]
    min_coverage: float
    mean: str
    draws: int
    concentration: float
    top_k: int


def rubric(path: Path | None = None) -> RubricSpec:
    """Read a rubric.

    Raises
    ------
    ConfigError
        If a weight is negative or all are zero, a value function does not rise in its argument or
        leaves [0, 1], or an aspect is not one of ``ASPECTS``.
    """
    where = phrase("config.rubric") if path is None else str(path)
    table = load(path, "rubric.toml")
    try:
        rules = {name: _rule(name, entry, where) for name, entry in table["indicator"].items()}
        spec = RubricSpec(
            aspect_weights={aspect: float(table["aspect"][aspect]) for aspect in ASPECTS},
            rules=rules,
            min_coverage=float(table["min_coverage"]),
            mean=str(table["mean"]),
            draws=int(table["stability"]["draws"]),
            concentration=float(table["stability"]["concentration"]),
            top_k=int(table["stability"]["top_k"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise ConfigError("config.layout", where=where, error=error) from error
    _check(spec, where)
    return spec


def _rule(name: str, entry: Mapping[str, Any], where: str | Phrase) -> RuleSpec:
    try:
        curve, plausible = entry["value"], entry.get("plausible")
        return RuleSpec(
            indicator=name,
            aspect=str(entry["aspect"]),
            weight=float(entry["weight"]),
            curve=curve if isinstance(curve, str) else tuple((float(x), float(y)) for x, y in curve),
            plausible=None if plausible is None else (float(plausible[0]), float(plausible[1])),
            why=str(entry["why"]),
        )
    except (KeyError, TypeError, AttributeError, ValueError, IndexError) as error:
        raise ConfigError("config.indicator", where=where, name=name, error=error) from error


def _check(spec: RubricSpec, where: str | Phrase) -> None:
    for rule in spec.rules.values():
        problem = _problem(rule)
        if problem:
            raise ConfigError("config.rule", where=where, name=rule.indicator, problem=problem)
    weights = list(spec.aspect_weights.values())
    if not all(0 <= weight < math.inf for weight in weights) or sum(weights) <= 0:
        raise ConfigError("config.weights", where=where, found=weights)
    for aspect, weight in spec.aspect_weights.items():
        if weight > 0 and not any(rule.aspect == aspect and rule.weight > 0 for rule in spec.rules.values()):
            raise ConfigError("config.unjudged", where=where, aspect=aspect, weight=weight)
    if spec.mean not in ("geometric", "arithmetic"):
        raise ConfigError("config.mean", where=where, found=spec.mean)
    if not 0 <= spec.min_coverage <= 1:
        raise ConfigError("config.coverage", where=where, found=spec.min_coverage)
    if spec.draws < 1 or not 0 < spec.concentration < math.inf or spec.top_k < 1:
        raise ConfigError("config.stability", where=where)


def _problem(rule: RuleSpec) -> Phrase | None:
    if rule.aspect not in ASPECTS:
        return phrase("config.aspect", found=rule.aspect, known=ASPECTS)
    if not 0 <= rule.weight < float("inf"):
        return phrase("config.weight", found=rule.weight)
    if rule.plausible is not None and not -math.inf < rule.plausible[0] <= rule.plausible[1] < math.inf:
        return phrase("config.plausible", found=list(rule.plausible))
    if isinstance(rule.curve, str):
        return None if rule.curve in CURVES else phrase("config.curve", found=rule.curve, known=CURVES)
    xs, ys = [x for x, _ in rule.curve], [y for _, y in rule.curve]
    if not xs or not all(map(math.isfinite, xs)) or any(b <= a for a, b in itertools.pairwise(xs)):
        return phrase("config.points", found=xs)
    if not all(0 <= y <= 1 for y in ys):
        return phrase("config.judged", found=ys)
    return None
