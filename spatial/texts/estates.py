"""The registry of areas told in words and as data: what is known of each, and how sure it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from spatial.core.languages import FALLBACK, LANGUAGES, in_language, texts
from spatial.sources import estates, own_areas
from spatial.sources.estates import Area

ROW = "  {id:<24} {name:<26} {municipality:<13} {years}"
_SAID: Mapping[bool | None, str] = {True: "yes", False: "no", None: "unknown"}


def all_as_text(*, lang: str) -> str:
    """List all areas, a line each, with their years on the list."""
    say = texts(lang)["estates"]
    heads = ROW.format(id="ID", name=say["name"], municipality=say["municipality"], years=say["years"])
    rows = [
        ROW.format(
            id=area.id, name=area.name, municipality=area.municipality, years=estates.years_text(area, say["unknown"])
        )
        for area in estates.areas()
    ]
    notes = [f"{year}: {note}" for year, note in _edition_notes(lang)]
    sure = _sure_line(say)
    after = [sure, *notes, *_own_lines(lang), say["after"]]
    return "\n".join([say["title"].format(n=len(rows), **_span()), "", heads, *rows, "", *after])


def _own_lines(lang: str) -> list[str]:
    """One's own areas, in the words of their law; nothing where none are named."""
    own = own_areas.list_own()
    if own is None:
        return []
    legal, rows = own
    title = texts(lang)["estates"]["own"].format(n=len(rows), legal=legal)
    return ["", title, "", *(ROW.format(**row, years="").rstrip() for row in rows), ""]


def _sure_line(say: Mapping[str, Any]) -> str:
    """Which years' lists are confirmed, and which derived."""
    years: dict[str, list[str]] = {}
    for year, edition in estates.registry_table()["list"].items():
        if f"note_{LANGUAGES[0]}" not in edition:
            years.setdefault(edition["sure"], []).append(year)
    return " ".join(f"{say['sure'][sure].capitalize()}: {', '.join(those)}." for sure, those in years.items())


def _span() -> dict[str, int]:
    years = [int(year) for year in estates.registry_table()["list"]]
    return {"first": min(years), "last": max(years)}


def _edition_notes(lang: str) -> Iterator[tuple[str, str]]:
    for year, edition in estates.registry_table()["list"].items():
        note = edition.get(f"note_{lang}") or edition.get(f"note_{FALLBACK}")
        if note:
            yield year, note


def one_as_text(area: Area, *, lang: str) -> str:
    """Tell all that the registry knows of one area, each fact with how sure it is and its source."""
    say = texts(lang)["estates"]
    head = say["head"].format(name=area.name, id=area.id, municipality=area.municipality, code=area.municipality_code)
    parts = [
        [head],
        [say["on_list"], *(f"  {line}" for line in _list_lines(area, lang))],
        [say["organisations"], *(f"  {line}" for line in _organisation_lines(area, lang))],
        [say["position"], f"  {_position_line(area, lang)}"],
        [
            say["notes"],
            *(f"  {_marked(in_language(note, lang), note['sure'], note['source'], say)}" for note in area.notes),
        ],
        [say["sources"], *(f"  {source}" for source in area.sources)],
        [say["boundary"], *(f"  {line}" for line in _boundary_lines(area, lang))],
    ]
    return "\n".join("\n".join(part) for part in parts if len(part) > 1 or part == [head])


def _marked(text: str, sure: str, source: str | None, say: Mapping[str, Any]) -> str:
    word = say["sure"][sure]
    return say["fact"].format(text=text, sure=word, source=source) if source else f"{text} ({word})"


def _list_lines(area: Area, lang: str) -> Iterator[str]:
    say = texts(lang)["estates"]
    notes = dict(_edition_notes(lang))
    for one in area.listings:
        if one.on_list is None:
            yield f"{one.year}: {say['unknown']} – {notes[str(one.year)]} ({one.source})"
        else:
            basis = getattr(one, f"basis_{lang}", one.basis_en)
            yield _marked(f"{one.year}: {say['said'][_SAID[one.on_list]]}", one.sure, f"{basis} – {one.source}", say)
    yield say["later"].format(**_span())


def _organisation_lines(area: Area, lang: str) -> Iterator[str]:
    say = texts(lang)["estates"]
    for one in area.organisations:
        yield _marked(one.name, one.sure, one.source, say)
    if area.more_organisations:
        yield _marked(say["others"], "unverified", None, say)
    if not area.organisations:
        yield say["unknown"]


def _position_line(area: Area, lang: str) -> str:
    say, where = texts(lang)["estates"], area.position
    text = say["centre"].format(lon=where.lon, lat=where.lat, tolerance_m=round(where.tolerance_m))
    return _marked(text, where.sure, getattr(where, f"basis_{lang}", where.basis_en), say)


def _boundary_lines(area: Area, lang: str) -> list[str]:
    say, about = texts(lang)["estates"], estates.registry_table()["boundary"]
    return [
        say["boundary_none"],
        say["boundary_table"].format(table=about["table"], columns=", ".join(about["columns"])),
        say["boundary_polygons"].format(polygons=about["polygons"]),
        say["boundary_build"].format(id=area.id),
    ]


def all_as_json() -> str:
    """Print all areas as JSON."""
    own = own_areas.list_own()
    mine = [] if own is None else [row | {"legal": own[0]} for row in own[1]]
    return _json([*(_data(area) for area in estates.areas()), *mine])


def one_as_json(area: Area) -> str:
    """Print one area as JSON, with where its boundary comes from."""
    return _json(_data(area) | {"boundary": dict(estates.registry_table()["boundary"])})


def _data(area: Area) -> dict[str, Any]:
    return {
        "id": area.id,
        "name": area.name,
        "other_names": list(area.other_names),
        "municipality": area.municipality,
        "municipality_code": area.municipality_code,
        "list_of_1_december": {
            str(one.year): {"on_list": _SAID[one.on_list], "sure": one.sure, "source": one.source}
            for one in area.listings
        },
        "organisations": [vars(one) for one in area.organisations],
        "more_organisations": area.more_organisations,
        "position": vars(area.position),
        "development_plan": dict(estates.registry_table()["plans"]) | {"required": "yes"},
        "notes": [dict(note) for note in area.notes],
        "sources": list(area.sources),
    }


def _json(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=1)
