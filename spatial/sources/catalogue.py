"""The catalogue of layers: what each is, where it comes from, and how its fields become tags.

An entry of ``defaults/sources.toml`` is data, not code: a municipality's layer behind a protocol
that is known already needs nothing else. Users add their own in a file of the same layout.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from spatial.core.addresses import remember_address
from spatial.core.errors import ConfigError, InputError
from spatial.core.messages import cause, phrase
from spatial.settings import loading

PROTOCOLS = (
    "wfs",
    "ogcapi",
    "arcgis",
    "sql",
    "ckan",
    "postgis",
    "file",
    "geojson",
    "wcs",
    "gtfs",
    "overpass",
    "graphql",
    "dwellings",
)
# A catalogue of the user's own, read beside the bundled one; its entries win.
USER_FILE_VARIABLE = "FAELLESRUM_SOURCES"
CONVERSIONS = ("text", "count", "number", "date")
NEAR_NAMES = 3
REQUIRED = ("title", "protocol", "licence", "attribution")


@dataclass(frozen=True)
class Codes:
    """What the values of a field mean: tags by value, and the values that are left out, with why.

    With ``patterns`` the keys of ``tags`` are regular expressions, tried in their order.
    """

    tags: Mapping[str, Mapping[str, str]]
    unused: Mapping[str, str] = field(default_factory=dict)
    patterns: bool = False


@dataclass(frozen=True)
class FieldRule:
    """How one field becomes tags: by a table of codes, by a pattern, or copied into a tag.

    ``convert`` is one of ``CONVERSIONS``. With ``pattern``, its groups become ``tags`` in turn.
    """

    field: str
    tags: tuple[str, ...] = ()
    codes: Codes | None = None
    convert: str = "text"
    pattern: str | None = None


@dataclass(frozen=True)
class KindRule:
    """The field that says what an object is. ``default`` are its tags where the field is missing or empty."""

    field: str
    codes: Codes
    default: Mapping[str, str] | None = None


@dataclass(frozen=True)
class HoursRule:
    """The fields that say when a place is open: round the clock, and in which season."""

    always: str
    season: str | None = None
    first: str | None = None
    last: str | None = None


@dataclass(frozen=True)
class Mapped:
    """The whole mapping of a layer's fields to the canonical schema, which is OpenStreetMap's tags.

    ``where`` are the values that a field must have; ``sums`` tags that add up fields; ``unused``
    the fields that are known and left out, with why.
    """

    tags: Mapping[str, str] = field(default_factory=dict)
    kind: KindRule | None = None
    fields: tuple[FieldRule, ...] = ()
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hours: HoursRule | None = None
    unused: Mapping[str, str] = field(default_factory=dict)

    @property
    def possible_tags(self) -> tuple[Mapping[str, str], ...]:
        """All that an object of the layer can be: the tags that say so, one entry a kind."""
        if self.kind is None:
            return (self.tags,)
        kinds = [*self.kind.codes.tags.values(), self.kind.default or {}]
        return tuple({**self.tags, **kind} for kind in kinds)

    @property
    def names(self) -> tuple[str, ...]:
        """All fields that the mapping reads, each once, in the order of the entry."""
        found = [rule.field for rule in self.fields] + [name for names in self.sums.values() for name in names]
        found += list(self.where) + ([] if self.kind is None else [self.kind.field])
        if self.hours is not None:
            hours = (self.hours.always, self.hours.season, self.hours.first, self.hours.last)
            found += [name for name in hours if name is not None]
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True)
class Source:
    """One layer of the catalogue.

    ``endpoint`` and ``layer`` are configuration: none of the services was reached when the
    bundled entries were written, and ``confirmed`` says how sure each is and from where.
    ``complete`` is true where absence from the layer is evidence of absence in the
    ``municipality`` (its code of four digits). ``key`` names the environment variable that holds
    the key, ``key_parameter`` the parameter of the request that carries it. ``crs`` is what is
    asked for, and what a file is taken to be in that declares nothing. ``hosts`` are those to
    which the service may send us on, without the key. ``files`` is the address that hands out the
    files of its ``entities``.
    """

    id: str
    title: Mapping[str, str]
    protocol: str
    licence: str
    attribution: str
    endpoint: str | None = None
    layer: str | None = None
    version: str | None = None
    format: str | None = None
    crs: str = "EPSG:25832"
    municipality: str | None = None
    complete: bool = False
    confirmed: str = ""
    key: str | None = None
    key_parameter: str = "apikey"
    id_field: str | None = None
    geometry_field: str | None = None
    date_field: str | None = None
    filter: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    max_area_km2: float | None = None
    page_size: int = 1000
    hosts: tuple[str, ...] = ()
    resolution_m: float | None = None
    files: str | None = None
    entities: tuple[str, ...] = ()
    mapping: Mapped = field(default_factory=Mapped)


class Catalogue(Mapping[str, Source]):
    """Sources by id. An unknown id is an error that names those that are near."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = dict(sorted(sources.items()))

    def __getitem__(self, identity: str) -> Source:
        """Return one source.

        Raises
        ------
        InputError
            If there is none of that id.
        """
        try:
            return self._sources[identity]
        except KeyError:
            raise _unknown(identity, self._sources) from None

    def __contains__(self, identity: object) -> bool:
        return identity in self._sources

    def __iter__(self) -> Any:
        return iter(self._sources)

    def __len__(self) -> int:
        return len(self._sources)


def _unknown(identity: str, known: Mapping[str, Source]) -> InputError:
    text = identity.lower()
    tails = [name for name in known if text and text in name.rpartition(".")[2]]
    near = list(dict.fromkeys([*difflib.get_close_matches(text, known, n=NEAR_NAMES), *tails]))[:NEAR_NAMES]
    hint = phrase("catalogue.near", names=near) if near else phrase("catalogue.see")
    return InputError("catalogue.no_source", identity=identity, n=len(known), hint=hint)


def load(path: str | Path | None = None) -> Catalogue:
    """Read the bundled catalogue, and the user's own over it.

    Parameters
    ----------
    path
        The user's file. Default: what the environment variable ``FAELLESRUM_SOURCES`` names.

    Raises
    ------
    ConfigError
        If a file cannot be read, or an entry lacks what every entry needs: a title, a protocol,
        a licence and an attribution.
    """
    own = path or os.environ.get(USER_FILE_VARIABLE) or None
    tables = [("sources.toml", loading.load_toml(None, "sources.toml"))]
    if own is not None:
        tables.append((str(own), loading.load_toml(Path(own), "sources.toml")))
    codes: dict[str, Codes] = {}
    sources: dict[str, Source] = {}
    for where, table in tables:
        of_codes, of_sources = (_tables(table, name, where) for name in ("codes", "source"))
        codes |= {name: _codes(entry, f"{where}: [codes.{name}]") for name, entry in of_codes.items()}
        for identity, entry in of_sources.items():
            sources[identity] = _source(identity, entry, codes, f'{where}: [source."{identity}"]')
    return Catalogue(sources)


def _tables(table: Mapping[str, Any], name: str, where: str) -> Mapping[str, Mapping[str, Any]]:
    """The tables under a name; a file may have none."""
    found = table.get(name, {})
    if not isinstance(found, Mapping) or not all(isinstance(entry, Mapping) for entry in found.values()):
        raise ConfigError("catalogue.no_tables", where=where, name=name)
    return found


def _source(identity: str, entry: Mapping[str, Any], codes: Mapping[str, Codes], where: str) -> Source:
    missing = [key for key in REQUIRED if not entry.get(key)]
    if missing:
        raise ConfigError("catalogue.lacks", where=where, names=missing)
    if entry["protocol"] not in PROTOCOLS:
        raise ConfigError("catalogue.protocol", where=where, protocol=entry["protocol"], known=PROTOCOLS)
    plain = {key: value for key, value in entry.items() if key not in MAPPING_KEYS}
    unknown = sorted(set(plain) - set(Source.__dataclass_fields__) - {"id"})
    if unknown:
        raise ConfigError("catalogue.unknown", where=where, names=unknown)
    title = entry["title"]
    if not isinstance(title, Mapping) or not {"da", "en"} <= set(title):
        raise ConfigError("catalogue.title", where=where, title=title)
    try:
        plain |= {name: tuple(plain.get(name, ())) for name in ("hosts", "entities")}
        _remember(plain)
        return Source(id=identity, mapping=_mapped(entry, codes, where), **plain)
    except (TypeError, ValueError, AttributeError, KeyError) as error:
        raise ConfigError("catalogue.unusable", where=where, cause=cause(error)) from error


def _remember(entry: Mapping[str, Any]) -> None:
    """Keep what is secret in an entry out of all that is said."""
    remember_address(str(entry.get("endpoint", "")))
    remember_address(f"?{urlencode(dict(entry.get('parameters', {})))}")


MAPPING_KEYS = ("tags", "kind", "fields", "where", "sums", "hours", "unused")


def _mapped(entry: Mapping[str, Any], codes: Mapping[str, Codes], where: str) -> Mapped:
    kind = entry.get("kind")
    rules = [
        _field(name, rule, codes, where)
        for name, written in entry.get("fields", {}).items()
        for rule in (written if isinstance(written, list) else [written])
    ]
    return Mapped(
        tags=tags_of(entry.get("tags", ""), where),
        kind=None
        if kind is None
        else KindRule(
            kind["field"],
            _named(kind["codes"], codes, where),
            tags_of(kind["default"], where) if "default" in kind else None,
        ),
        fields=tuple(rules),
        where={name: tuple(str(value) for value in values) for name, values in entry.get("where", {}).items()},
        sums={tag: tuple(names) for tag, names in entry.get("sums", {}).items()},
        hours=HoursRule(**entry["hours"]) if "hours" in entry else None,
        unused=dict(entry.get("unused", {})),
    )


def _named(name: Any, codes: Mapping[str, Codes], where: str) -> Codes:
    if isinstance(name, Mapping):
        return _codes(name, where)
    if name not in codes:
        raise ConfigError("catalogue.codes", where=where, name=name, known=list(codes))
    return codes[name]


def _field(name: str, rule: Any, codes: Mapping[str, Codes], where: str) -> FieldRule:
    if isinstance(rule, str):
        return FieldRule(name, (rule,))
    tags = rule.get("tag", ())
    made = FieldRule(
        name,
        tags=(tags,) if isinstance(tags, str) else tuple(tags),
        codes=_named(rule["codes"], codes, where) if "codes" in rule else None,
        convert=rule.get("as", "text"),
        pattern=rule.get("pattern"),
    )
    if made.convert not in CONVERSIONS:
        raise ConfigError("catalogue.convert", where=where, name=name, convert=made.convert, known=CONVERSIONS)
    if made.codes is None and not made.tags:
        raise ConfigError("catalogue.no_tag", where=where, name=name)
    if made.pattern is not None and re.compile(made.pattern).groups != len(made.tags):
        raise ConfigError("catalogue.groups", where=where, name=name, pattern=made.pattern)
    return made


def _codes(entry: Mapping[str, Any], where: str) -> Codes:
    found = Codes(
        tags={str(value): tags_of(text, where) for value, text in entry.get("tags", {}).items()},
        unused={str(value): str(why) for value, why in entry.get("unused", {}).items()},
        patterns=bool(entry.get("patterns", False)),
    )
    both = sorted(set(found.tags) & set(found.unused))
    if both:
        raise ConfigError("catalogue.both", where=where, values=both)
    silent = sorted(value for value, why in found.unused.items() if not why)
    if silent:
        raise ConfigError("catalogue.silent", where=where, values=silent)
    return found


def tags_of(text: Any, where: str = "tags") -> Mapping[str, str]:
    """Read tags as they are written in the catalogue: ``"leisure=pitch & sport=boules"``; empty for none.

    Raises
    ------
    ConfigError
        If a part is not ``key=value``.

    Examples
    --------
    >>> tags_of("leisure=pitch & sport=boules")
    {'leisure': 'pitch', 'sport': 'boules'}
    """
    if not isinstance(text, str):
        raise ConfigError("catalogue.no_text", where=where, text=text)
    parts: Sequence[str] = text.split(" & ") if text else ()
    pairs = [part.partition("=") for part in parts]
    if not all(key and equals and value for key, equals, value in pairs):
        raise ConfigError("catalogue.tags", where=where, text=text)
    return {key.strip(): value.strip() for key, _, value in pairs}
