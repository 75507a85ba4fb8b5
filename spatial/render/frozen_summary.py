"""What ``fetch`` says when it is done: which inputs are frozen, from when, and under which licence."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spatial.model import NOT_STATED
from spatial.strings import texts

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


def text(manifest: Mapping[str, Any], folder: Path, *, lang: str) -> str:
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


def as_json(manifest: Mapping[str, Any], folder: Path) -> str:
    """Print it as JSON, without what only the program reads."""
    return json.dumps({"folder": str(folder)} | _lean(manifest), ensure_ascii=False, indent=1, sort_keys=True)


def _lean(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _lean(item) for key, item in value.items() if key not in BULKY}
    return [_lean(item) for item in value] if isinstance(value, list) else value
