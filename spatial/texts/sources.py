"""The catalogue of layers told in words and as data, and what a live service answered.

What ``fetch`` says when it is done: which inputs are frozen, from when, and under which licence.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spatial.core.addresses import ASKED_BY, HIDDEN, shown_address
from spatial.core.languages import in_language, texts
from spatial.core.model import NOT_STATED
from spatial.sources.catalogue import Catalogue, Source

if TYPE_CHECKING:
    from spatial.sources.service_check import Found


ROW = "  {id:<26} {protocol:<10} {title}"
FIELDS_SHOWN = 12


def all_as_text(known: Catalogue, *, lang: str) -> str:
    """List all layers, a line each."""
    say = texts(lang)["sources"]
    heads = ROW.format(id="ID", protocol=say["protocol"], title=say["title_head"])
    rows = [
        ROW.format(id=source.id, protocol=source.protocol, title=in_language(source.title, lang))
        for source in known.values()
    ]
    return "\n".join([say["title"].format(n=len(known)), "", heads, *rows, "", say["after"]])


def all_as_json(known: Catalogue) -> str:
    """All layers as JSON, without their mappings."""
    return json.dumps([_plain(source) for source in known.values()], ensure_ascii=False, indent=1)


def one_as_text(source: Source, *, lang: str) -> str:
    """Tell what the catalogue says of one layer."""
    say = texts(lang)["sources"]
    where = shown_address(source.endpoint or "") or say["no_service"]
    lines = [
        f"{in_language(source.title, lang)} ({source.id})",
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
    """The entry without its mapping; of its address and parameters, what may be shown."""
    plain = {name: value for name, value in asdict(source).items() if name != "mapping"}
    address = None if source.endpoint is None else shown_address(source.endpoint)
    parameters = {name: value if name.lower() in ASKED_BY else HIDDEN for name, value in source.parameters.items()}
    return plain | {"endpoint": address, "parameters": parameters}


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


BYTES_PER_KB = 1000
# What only the program reads.
BULKY = ("extent", "node_ids", "query")


def _inputs(manifest: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
    """Name, entry and provenance of every input."""
    estate = manifest["estate"]
    yield estate["name"], estate, estate["provenance"] or {}
    yield "osm", manifest["osm"], manifest["osm"]["provenance"]
    for layer in manifest["layers"]:
        yield layer["layer"], layer, layer["provenance"]
    for what, model in manifest["models"].items():
        yield what, model, model["provenance"][0]


def frozen_in_words(manifest: Mapping[str, Any], folder: Path, *, lang: str) -> str:
    """Say it in Danish or English."""
    say = texts(lang)["fetch"]
    lines = [
        "  "
        + say["row"].format(
            name=name,
            kilobytes=max(1, round(entry["bytes"] / BYTES_PER_KB)),
            date=source.get("data_date") or say["no_date"],
            licence=said if (said := source.get("licence", NOT_STATED)) != NOT_STATED else say["no_licence"],
        )
        for name, entry, source in _inputs(manifest)
    ]
    return "\n".join([say["title"].format(folder=folder), *lines, say["next"].format(folder=folder)])


def frozen_as_json(manifest: Mapping[str, Any], folder: Path) -> str:
    """Print it as JSON, without what only the program reads."""
    return json.dumps({"folder": str(folder)} | _lean(manifest), ensure_ascii=False, indent=1, sort_keys=True)


def _lean(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _lean(item) for key, item in value.items() if key not in BULKY}
    return [_lean(item) for item in value] if isinstance(value, list) else value
