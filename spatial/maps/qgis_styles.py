"""Styles, names and sources inside ``places.gpkg``, so that QGIS opens it as the map looks."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from spatial.core.languages import carried, texts
from spatial.core.model import ASPECTS, FLOATING, Result
from spatial.core.versions import SCHEMA_NAME, SCHEMA_VERSION
from spatial.layers.schema import schema
from spatial.maps import style as maps_style
from spatial.maps.style import CLASS_WIDTH, NO_SCORE, RAMP, classes_in
from spatial.texts import plan_state

STYLE_TABLE = "layer_styles"
SCORED = ("places", "meeting_spaces")
# As on the web map: quiet ground, the data saturated. Widths in metres on the ground.
GROUND = {"green": "#e2e6d8", "water": "#cfdde3", "buildings": "#dcd6cc"}
EDGE = {"green": "#e2e6d8", "water": "#b4c9d2", "buildings": "#bdb5a8"}
WAYS = (
    ("major", "#fffdf8", 11.0),
    ("street", "#ffffff", 7.0),
    ("pedestrian", "#ffffff", 5.0),
    ("service", "#ffffff", 4.0),
    ("cycleway", "#ffffff", 2.4),
    ("path", "#ffffff", 1.8),
    ("steps", "#7d7568", 2.4),
)
CASING, INK, QUIET, BARRIER, BOUNDARY = "#d8d2c7", "#22313b", "#8d857a", "#6b655c", "#4a4640"
NAMES_FROM_SCALE = 5000
# Placements of QGIS (Qgis::LabelPlacement), and the middle of the upper edge of a shape.
OVER_POINT = 1
TOP = "make_point((x_min($geometry) + x_max($geometry)) / 2, y_max($geometry))"
# Geometry, and fill and edge by state, of what a plan changes.
STATES = {
    "home_changes": (
        "marker",
        {
            "losing": ("#8c2d04", INK),
            "winning": ("#6baed6", INK),
            "keeping": ("#f0ece4", QUIET),
            "demolished": ("#000000", "#000000"),
            "new": ("#ffffff", INK),
        },
    ),
    "space_changes": (
        "fill",
        {
            "lost": ("#8c2d04", INK),
            "new": ("#6baed6", INK),
            "changed": ("#fdd0a2", INK),
            "kept": ("#f0ece4", QUIET),
        },
    ),
}
EXTENSIONS = (
    ("gpkg_data_columns", "gpkg_schema", "http://www.geopackage.org/spec121/#extension_schema"),
    ("gpkg_metadata", "gpkg_metadata", "http://www.geopackage.org/spec121/#extension_metadata"),
    ("gpkg_metadata_reference", "gpkg_metadata", "http://www.geopackage.org/spec121/#extension_metadata"),
)
UNDATED = "1970-01-01T00:00:00.000Z"

ALL = range(len(RAMP))


@dataclass(frozen=True)
class Part:
    """A layer of a symbol: its class in QGIS, its settings, and for hatching those of the line."""

    kind: str
    options: Mapping[str, Any]
    inner: Mapping[str, Any] | None = None
    level: int = 0


@dataclass(frozen=True)
class Style:
    """A style of one table: geometry (fill, line, marker) and rules of label, filter and parts.

    ``choices`` are the columns whose values a form offers, each value with what it is called.
    """

    geometry: str
    rules: Sequence[tuple[str, str, Sequence[Part]]]
    label: Mapping[str, Any] | None = None
    levels: bool = False
    tip: str = ""
    aliases: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def describe(result: Result, path: Path, columns: Mapping[str, Sequence[str]], *, lang: str) -> None:
    """Write styles, names of columns, and sources into a finished GeoPackage.

    ``columns`` are those of each table. Every table gets a style in Danish and one in English; the
    one in ``lang`` is what QGIS takes by itself.
    """
    at = str(result.manifest.get("made_at") or UNDATED).replace("+00:00", ".000Z")
    with closing(sqlite3.connect(path)) as database, database:
        database.executescript(tables_of_styles())
        database.executemany("INSERT INTO gpkg_extensions VALUES (?, NULL, ?, ?, 'read-write')", EXTENSIONS)
        database.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) "
            "VALUES (?, 'attributes', ?, ?, ?)",
            (STYLE_TABLE, STYLE_TABLE, "QGIS", at),
        )
        _name_columns(database, columns, lang)
        _name_sources(database, result, columns, lang, at)
        for table, names in columns.items():
            styles = {code: style_of(table, names, code, _classes(result, table)) for code in carried(lang)}
            add_styles(database, table, styles, lang=lang, at=at)


def tables_of_styles() -> str:
    """The statements that make the tables of styles, columns and sources."""
    return _text("tables.sql")


def add_styles(
    database: sqlite3.Connection, table: str, styles: Mapping[str, Style], *, lang: str, at: str = UNDATED
) -> None:
    """Add the styles of a table by language; the one in ``lang`` is what QGIS takes by itself."""
    for code, style in styles.items():
        title = texts(code)["map"]["language"]
        row = ("", "", table, "geom", title, qml(style), "", int(code == lang), title, "", "", at)
        database.execute(f"INSERT INTO {STYLE_TABLE} VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", row)


def _name_columns(database: sqlite3.Connection, columns: Mapping[str, Sequence[str]], lang: str) -> None:
    for table, names in columns.items():
        titles = {code: aliases(names, code) | _meanings(table, code) for code in carried(lang)}
        for name in names:
            if name in titles[lang]:
                both = " / ".join(titles[code][name] for code in carried(lang))
                row = (table, name, titles[lang][name], titles[lang][name], both)
                database.execute("INSERT INTO gpkg_data_columns VALUES (?, ?, ?, ?, ?, NULL, NULL)", row)


def _meanings(table: str, lang: str) -> dict[str, str]:
    """Say what the columns of a canonical layer mean, each with its unit; nothing of another table."""
    layer, units = schema().get(table), texts(lang)["gis"]["unit"]
    columns = {} if layer is None else layer.columns
    return {
        name: column.in_words(lang) + (f" [{units[column.unit]}]" if column.unit in units else "")
        for name, column in columns.items()
    }


def _name_sources(database: sqlite3.Connection, result: Result, columns: Iterable[str], lang: str, at: str) -> None:
    sources = maps_style.named_sources(result)
    about = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": plan_state.called(result, result.estate.name, lang),
        "dateCreated": at,
        "isBasedOn": [
            {"@type": "Dataset", "creditText": source["attribution"], "license": source.get("licence"),
             "dateModified": source.get("data_date"), "identifier": source.get("source_id")}
            for source in sources
        ],
    }  # fmt: skip
    database.execute(
        "INSERT INTO gpkg_metadata VALUES (1, 'dataset', 'https://schema.org', 'application/ld+json', ?)",
        (json.dumps(about, ensure_ascii=False, sort_keys=True),),
    )
    database.execute("INSERT INTO gpkg_metadata_reference VALUES ('geopackage', NULL, NULL, NULL, ?, 1, NULL)", (at,))
    database.execute(
        "INSERT INTO gpkg_metadata VALUES (2, 'dataset', ?, 'text/plain', ?)", (SCHEMA_NAME, str(SCHEMA_VERSION))
    )
    database.execute("INSERT INTO gpkg_metadata_reference VALUES ('geopackage', NULL, NULL, NULL, ?, 2, NULL)", (at,))
    credits = "; ".join(maps_style.lines(result))
    for table in columns:
        title = texts(lang)["gis"]["table"].get(table, table)
        database.execute(
            "UPDATE gpkg_contents SET identifier = ?, description = ? WHERE table_name = ?",
            (plan_state.called(result, f"{result.estate.name}: {title}", lang), credits, table),
        )


def aliases(columns: Iterable[str], lang: str) -> dict[str, str]:
    """Name the columns of places and meeting spaces in words; what needs no name is left out.

    Examples
    --------
    >>> aliases(["floating_low", "nearest_walk_m", "geometry"], "en")
    {'floating_low': 'Room for informal meetings: at least', 'nearest_walk_m': 'Walk from home [m]'}
    """
    say = texts(lang)
    indicators = sorted(say["indicator"], key=len, reverse=True)
    found = dict(say["gis"]["column"])
    for name in (FLOATING, *ASPECTS):
        title = say["aspect"][name]["title"]
        found |= {name: title}
        found |= {f"{name}_{end}": f"{title}: {say['gis'][end]}" for end in ("low", "high")}
    result = {}
    for column in columns:
        indicator = next((name for name in indicators if column == name or column.startswith(f"{name}_")), None)
        if column in found:
            result[column] = found[column]
        elif indicator:
            unit = say["gis"]["unit"].get(column.removeprefix(f"{indicator}_"), "")
            result[column] = say["indicator"][indicator]["title"] + (f" [{unit}]" if unit else "")
    return result


def _classes(result: Result, table: str) -> tuple[list[int], list[int]]:
    """The classes of what is ranked in a table, and of what is not."""
    rows = {"places": result.places, "meeting_spaces": result.meeting_spaces}.get(table)
    if rows is None:
        return [], []
    ranked = rows["rank"].notna()
    return classes_in(rows[ranked]), classes_in(rows[~ranked])


def style_of(
    table: str, columns: Sequence[str], lang: str, classes: tuple[Sequence[int], Sequence[int]] = (ALL, ALL)
) -> Style:
    """Style one table of the GeoPackage as the web map draws it; ``classes`` are those of the ranked and the others."""
    say = texts(lang)
    named = {name: say["gis"]["table"].get(name, name) for name in say["gis"]["table"]}
    if table in SCORED:
        return _scored(table, columns, lang, classes)
    if table == "paths":
        return Style("line", [rule for way in WAYS for rule in _way(*way)], labels("name", 3), levels=True)
    if table in STATES:
        return _states(table, lang)
    if table == "possible_spaces":
        return Style("fill", [(named[table], "", [ASIDE["possible"]])], aliases=aliases(columns, lang))
    if table == "siting":
        label = labels('to_string("chosen_from")', OVER_POINT, size=9, weight=75, at=TOP)
        return Style("fill", [(named[table], "", [outline(INK, 0.8, "solid")])], label, aliases=aliases(columns, lang))
    if table in GROUND:
        return Style("fill", [(named[table], "", [fill(GROUND[table], EDGE[table])])])
    if table == "boundary":
        return Style("fill", [(named[table], "", [outline(BOUNDARY, 0.5, "dash dot")])])
    if table in ("barriers", "waterways"):
        colour, width = (BARRIER, 0.3) if table == "barriers" else (GROUND["water"], 0.8)
        return Style("line", [(named[table], "", [line(colour, width)])])
    return Style("marker", [(named.get(table, table), "", [_dot(QUIET if table != "gates" else "#ffffff")])])


def _scored(table: str, columns: Sequence[str], lang: str, classes: tuple[Sequence[int], Sequence[int]]) -> Style:
    say = texts(lang)
    rules = []
    for hatched, there in zip((False, True), classes, strict=True):
        for k in there:
            low, high = k * CLASS_WIDTH, (k + 1) * CLASS_WIDTH
            # Scores count as whole thousandths, here as on the map.
            bounds = f'round("{FLOATING}" * 1000) >= {low * 10}'
            if k < len(RAMP) - 1:
                bounds += f' AND round("{FLOATING}" * 1000) < {high * 10}'
            bounds += ' AND "rank" IS NULL' if hatched else ' AND "rank" IS NOT NULL'
            bounds += " AND \"status\" = 'meeting space'" if hatched and "status" in columns else ""
            label = say["format"]["range"].format(low=low, high=high)
            label += f" · {say['map']['legend']['withheld']}" if hatched else ""
            parts = [fill(RAMP[k], INK, 0.3), *([_hatch("#ffffff", 0.5), _hatch("#2b2b2b", 0.2)] if hatched else [])]
            rules.append((label, bounds, parts))
    rules.append((say["sitemap"]["legend"]["no_score"], f'"{FLOATING}" IS NULL', [fill(NO_SCORE, INK, 0.3)]))
    if "status" in columns:
        legend = say["map"]["legend"]
        rules += [(legend[f"status_{one}"], f"\"status\" = '{one}'", [part]) for one, part in ASIDE.items()]
    # A project that keeps this style draws the next run, too: what falls into no class here is drawn all the same.
    rules.append((say["gis"]["other_class"], "ELSE", [fill(NO_SCORE, INK, 0.6)]))
    # Above the shape, as on the web map: a number in a small one would hide its colour.
    rank = labels("coalesce(to_string(\"rank\"), '')", OVER_POINT, size=9, weight=75, at=TOP)
    label = rank if table == "meeting_spaces" else None
    tip = (
        f'<b>[% coalesce("name", "kind") %]</b><br>{say["aspect"][FLOATING]["title"]}: [% round("{FLOATING}" * 100) %]'
    )
    return Style("fill", rules, label, tip=tip, aliases=aliases(columns, lang))


def _states(table: str, lang: str) -> Style:
    """What a plan changes, by state: dark where it is worse, so that it shows on grey paper too."""
    say = texts(lang)["state"]
    geometry, colours = STATES[table]
    part = dot if geometry == "marker" else partial(fill, width=0.4)
    rules = [(say[state], f"\"state\" = '{state}'", [part(*colours[state])]) for state in colours]
    return Style(geometry, rules)


def dot(colour: str, edge: str) -> Part:
    """A dot of 3 mm."""
    return Part("SimpleMarker", {
        "name": "circle", "color": _rgb(colour), "outline_color": _rgb(edge), "outline_style": "solid",
        "outline_width": 0.3, "outline_width_unit": "MM", "size": 3.0, "size_unit": "MM",
    })  # fmt: skip


def _way(name: str, colour: str, width_m: float) -> list[tuple[str, str, list[Part]]]:
    if name == "steps":
        return [(name, f"\"way_class\" = '{name}'", [line(colour, width_m, unit="MapUnit", pattern="dot", level=3)])]
    edge = line(CASING, width_m + 1.4, unit="MapUnit", cap="flat", level=1)
    return [(name, f"\"way_class\" = '{name}'", [edge, line(colour, width_m, unit="MapUnit", level=2)])]


def _rgb(colour: str) -> str:
    return ",".join(str(int(colour[k : k + 2], 16)) for k in (1, 3, 5)) + ",255"


def fill(colour: str, edge: str, width: float = 0.15) -> Part:
    """An area of one colour with an edge of a width in mm."""
    return Part("SimpleFill", {
        "color": _rgb(colour), "style": "solid", "outline_color": _rgb(edge), "outline_style": "solid",
        "outline_width": width, "outline_width_unit": "MM", "joinstyle": "miter",
    })  # fmt: skip


def outline(colour: str, width: float, pattern: str, fill: str | None = None) -> Part:
    """An area with an edge of a width in mm, empty unless a ``fill`` is said."""
    return Part("SimpleFill", {
        "style": "solid" if fill else "no", "outline_color": _rgb(colour), "outline_style": pattern,
        "outline_width": width, "outline_width_unit": "MM", "joinstyle": "miter", "color": _rgb(fill or colour),
    })  # fmt: skip


def line(
    colour: str, width: float, *, unit: str = "MM", cap: str = "round", pattern: str = "solid", level: int = 0
) -> Part:
    """A line of a width in a ``unit``."""
    options = {
        "line_color": _rgb(colour), "line_width": width, "line_width_unit": unit, "line_style": pattern,
        "capstyle": cap, "joinstyle": "round",
    }  # fmt: skip
    return Part("SimpleLine", options, level=level)


def _hatch(colour: str, width: float) -> Part:
    line = {"line_color": _rgb(colour), "line_width": width, "line_width_unit": "MM", "line_style": "solid"}
    return Part("LinePatternFill", {
        "angle": 45, "distance": 1.8, "distance_unit": "MM", "color": _rgb(colour), "line_width": width,
        "line_width_unit": "MM", "coordinate_reference": "viewport",
    }, line)  # fmt: skip


def _dot(colour: str) -> Part:
    return Part("SimpleMarker", {
        "name": "circle", "color": _rgb(colour), "outline_color": _rgb("#ffffff" if colour == QUIET else BARRIER),
        "outline_style": "solid", "outline_width": 0.2, "outline_width_unit": "MM", "size": 1.8, "size_unit": "MM",
    })  # fmt: skip


def labels(
    expression: str, placement: int, *, size: int = 8, weight: int = 50, at: str | None = None
) -> dict[str, Any]:
    """Labels; ``at`` is an expression for a point above which they stand."""
    return {
        "field": expression, "placement": placement, "at": at, "size": size, "weight": weight,
        "colour": _rgb("#6f695f" if weight == 50 else INK), "from_scale": NAMES_FROM_SCALE if weight == 50 else 0,
    }  # fmt: skip


# What is no meeting space for everybody is not scored.
ASIDE = {
    "closed": fill("#c9c6c0", "#8d8880"),
    "seat": fill("#ffffff", "#5d6065"),
    "possible": outline("#a48cc9", 0.2, "dash", fill="#f4eefb"),
}


def qml(style: Style) -> str:
    """Write a style as QGIS reads it."""
    rules = [
        {
            "label": label,
            "filter": condition,
            "parts": [{"kind": p.kind, "options": p.options, "inner": p.inner, "pass": p.level} for p in parts],
        }
        for label, condition, parts in style.rules
    ]
    text: str = _template().render(
        geometry=style.geometry,
        rules=rules,
        label=style.label,
        levels=style.levels,
        tip=style.tip,
        aliases=style.aliases,
        choices=style.choices,
    )
    return text


@cache
def _template() -> Any:
    from jinja2 import Environment

    return Environment(autoescape=True).from_string(_text("style.qml.j2"))


def _text(name: str) -> str:
    return (files("spatial.maps") / "qgis" / name).read_text(encoding="utf-8")
