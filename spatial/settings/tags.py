"""Which tags mean what: kinds of places, and what a tag says of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from spatial.core.errors import ConfigError
from spatial.settings.loading import Condition, load_toml


@lru_cache(maxsize=65_536)
def words(value: str | None) -> frozenset[str]:
    """Parts of the value of a tag, as vocabularies write them: without capitals, and without blanks around.

    Examples
    --------
    >>> sorted(words("Gate; bollard")), words(None)
    (['bollard', 'gate'], frozenset())
    """
    return frozenset() if value is None else frozenset(p for part in value.split(";") if (p := part.strip().lower()))


@dataclass(frozen=True)
class Matcher:
    """Named selectors over tags: finds the first name one of whose selectors matches.

    A selector is ``"key=value"``, ``"key=*"`` or several joined by ``" & "``; a leading ``!``
    negates a condition. What an object is may be one part of a list; what else must hold is the whole value.
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
                is_it = value is None or value == found or value in words(found)
                if is_it and (best is None or order < best[0]) and _holds(others, tags):
                    best = (order, name)
        return None if best is None else best[1]


def _condition(part: str, selector: str) -> Condition:
    negated = part.startswith("!")
    key, equals, value = part.removeprefix("!").partition("=")
    if not (key and equals and value):
        raise ConfigError("config.selector", selector=selector)
    return key, None if value == "*" else value, negated


def _holds(conditions: Iterable[Condition], tags: Mapping[str, str]) -> bool:
    return all(_says(tags.get(key), value, any_part=negated) is not negated for key, value, negated in conditions)


def _says(found: str | None, value: str | None, *, any_part: bool) -> bool:
    """Whether a tag has a value, or any; as one part of its list, or as all of it."""
    if value is None or found is None or found == value:
        return found is not None
    return value in words(found) if any_part else words(found) == {value}


@dataclass(frozen=True)
class Kind:
    """What is known of all places of one kind; see ``defaults/tags.toml``."""

    name: str
    footprint_m: float
    activities: tuple[str, ...]
    ages: tuple[str, ...]
    neutrality: float
    pull: float
    by_nature: tuple[str, ...]
    why: str
    anchor: bool = False
    seat: bool = False
    watchable: bool = False
    ground: bool = False
    neutrality_spread: float | None = None


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
    anchor: Mapping[str, float]
    pull_spread: float
    neutrality_spread: float
    stated_mapped_share: Mapping[str, Sequence[float]]


# What a file of choices may say otherwise of a kind: judgements, and why.
WEIGHED = ("neutrality", "neutrality_spread", "pull", "why")


def tag_rules(path: Path | None = None) -> TagRules:
    """Return the bundled tag choices, or those of a file in which kinds are weighed otherwise.

    Raises
    ------
    ConfigError
        If the file cannot be read, or says more otherwise than neutrality, its spread, and the pull of kinds.
    """
    return _bundled() if path is None else _rules(_weighed(path))


def weighed_otherwise(path: Path) -> dict[str, dict[str, float]]:
    """Judgements of kinds in which a file of tag choices differs from the bundled one."""
    bundled, own = load_toml(None, "tags.toml")["kind"], _weighed(path)["kind"]
    told = {
        name: {key: entry[key] for key in WEIGHED[:-1] if entry.get(key) != bundled[name].get(key) and key in entry}
        for name, entry in own.items()
    }
    return {name: changes for name, changes in told.items() if changes}


def _weighed(path: Path) -> dict[str, Any]:
    """The tables of a file of tag choices, that differ from the bundled ones in judgements of kinds alone."""
    table, bundled = load_toml(path, "tags.toml"), load_toml(None, "tags.toml")
    kinds = table.get("kind")
    if not isinstance(kinds, dict) or list(kinds) != list(bundled["kind"]):
        raise ConfigError("config.tags", file=path, where="[kind]", allowed=WEIGHED[:-1])
    for name, entry in {**kinds, "": table}.items():
        before = bundled["kind"][name] if name else bundled
        keys = {*entry, *before} - ({*WEIGHED} if name else {"kind"})
        if other := sorted(key for key in keys if entry.get(key) != before.get(key)):
            where = f"kind.{name}.{other[0]}" if name else other[0]
            raise ConfigError("config.tags", file=path, where=where, allowed=WEIGHED[:-1])
    for name, entry in kinds.items():
        for key in WEIGHED[:-1]:
            value = entry.get(key, 0.0 if key == "neutrality_spread" else None)
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0.0 <= value <= 1.0:
                raise ConfigError("config.tags_share", file=path, where=f"kind.{name}.{key}", found=value)
    return table


@lru_cache(maxsize=1)
def _bundled() -> TagRules:
    return _rules(load_toml(None, "tags.toml"))


def _rules(table: Mapping[str, Any]) -> TagRules:
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
        anchor=table["anchor"],
        pull_spread=float(table["pull_spread"]),
        neutrality_spread=float(table["neutrality_spread"]),
        stated_mapped_share=table["stated_mapped_share"],
    )


def _kind(name: str, entry: Mapping[str, Any]) -> Kind:
    values: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in entry.items() if key != "match"}
    return Kind(name=name, **values)
