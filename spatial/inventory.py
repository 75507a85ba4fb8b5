"""The catalogue of layers told in words and as data, and what a live service answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from spatial.sources.catalogue import Catalogue, Source
from spatial.strings import texts

if TYPE_CHECKING:
    from spatial.sources.probe import Found

ROW = "  {id:<26} {protocol:<10} {title}"
FIELDS_SHOWN = 12


def all_as_text(known: Catalogue, *, lang: str) -> str:
    """List all layers, a line each."""
    say = texts(lang)["sources"]
    heads = ROW.format(id="ID", protocol=say["protocol"], title=say["title_head"])
    rows = [ROW.format(id=source.id, protocol=source.protocol, title=source.title[lang]) for source in known.values()]
    return "\n".join([say["title"].format(n=len(known)), "", heads, *rows, "", say["after"]])


def all_as_json(known: Catalogue) -> str:
    """All layers as JSON, without their mappings."""
    return json.dumps([_plain(source) for source in known.values()], ensure_ascii=False, indent=1)


def one_as_text(source: Source, *, lang: str) -> str:
    """Tell what the catalogue says of one layer."""
    say = texts(lang)["sources"]
    where = source.endpoint or say["no_service"]
    lines = [
        f"{source.title[lang]} ({source.id})",
        _line(say["from"], f"{where} ({source.protocol}{f' {source.version}' if source.version else ''})"),
        *([_line(say["layer"], source.layer)] if source.layer else []),
        _line(say["licence"], source.licence),
        _line(say["attribution"], source.attribution),
        *([_line(say["municipality"], source.municipality)] if source.municipality else []),
        _line(say["complete"], say["is_complete"] if source.complete else say["not_complete"]),
        *([_line(say["key"], say["key_from"].format(variable=source.key))] if source.key else []),
        _line(say["confirmed"], source.confirmed),
        *_mapping_lines(source, say),
        say["use"].format(id=source.id),
    ]
    return "\n".join(lines)


def _line(label: str, value: str) -> str:
    return f"  {label}: {value}"


def _mapping_lines(source: Source, say: Mapping[str, Any]) -> list[str]:
    mapped = source.mapping
    lines = []
    if mapped.tags:
        lines.append(_line(say["tags"], _tags(mapped.tags)))
    if mapped.kind is not None:
        n, left = len(mapped.kind.codes.tags), len(mapped.kind.codes.unused)
        lines.append(_line(say["kind"], say["kind_by"].format(field=mapped.kind.field, n=n, left=left)))
    if mapped.names:
        lines.append(_line(say["fields"], ", ".join(mapped.names)))
    if mapped.unused:
        lines.append(_line(say["unused"], "; ".join(f"{name} ({why})" for name, why in mapped.unused.items())))
    return lines


def _tags(tags: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in tags.items())


def one_as_json(source: Source) -> str:
    """What the catalogue says of one layer as JSON, its mapping with it."""
    return json.dumps({**_plain(source), "mapping": asdict(source.mapping)}, ensure_ascii=False, indent=1)


def _plain(source: Source) -> dict[str, Any]:
    return {name: value for name, value in asdict(source).items() if name != "mapping"}


def found_as_text(found: Found, source: Source, *, lang: str) -> str:
    """Tell what a live service answered."""
    say = texts(lang)["sources"]
    size = f"{found.box[2] - found.box[0]:.0f} × {found.box[3] - found.box[1]:.0f} m"
    lines = [
        say["answers"].format(id=source.id, address=found.address, seconds=f"{found.seconds:.1f}"),
        _line(say["delivers"], say["rows"].format(rows=found.rows, objects=found.objects, size=size)),
        _line("CRS", found.crs or say["no_crs"]),
        _line(say["licence"], f"{source.licence}, {source.attribution}"),
    ]
    lines += [_line(say["missing"], ", ".join(found.missing))] if found.missing else []
    if found.unmapped:
        more = len(found.unmapped) - FIELDS_SHOWN
        shown = ", ".join(found.unmapped[:FIELDS_SHOWN])
        lines.append(_line(say["unmapped"], say["more"].format(list=shown, n=more) if more > 0 else shown))
    lines += [_line(say["unread"], ", ".join(f"{value} ({n})" for value, n in found.unread.items()))] * bool(
        found.unread
    )
    lines += [_line(say["note"], f"{reason} ({n})") for reason, n in found.notes.items()]
    return "\n".join(lines)


def found_as_json(found: Found, source: Source) -> str:
    """What a live service answered, as JSON."""
    told = {"ok": True, **asdict(found), "licence": source.licence, "attribution": source.attribution}
    return json.dumps(told, ensure_ascii=False, indent=1)


def problem_as_json(identity: str, problem: str) -> str:
    """Why a live service cannot deliver, as JSON."""
    return json.dumps({"ok": False, "source_id": identity, "problem": problem}, ensure_ascii=False, indent=1)
