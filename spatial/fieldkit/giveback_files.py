"""The files in which answers go back to OpenStreetMap, each for a person to look through; nothing is sent anywhere."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd

from spatial.core.files import write_csv
from spatial.core.languages import LANGUAGES, texts
from spatial.fieldkit.giveback import Change, GiveBack, LeftOut
from spatial.osm.objects import Degrees, OsmObject
from spatial.settings.loading import load_toml
from spatial.sources.field_answers import Find

FOLDER = "giveback"
PAGE = "https://www.openstreetmap.org"
CLOSE = 19  # a zoom at which single things are drawn
# What stands before each line, by which a stream of GeoJSON is told apart: RFC 8142.
SEPARATOR = "\x1e"
# Of MapRoulette's cooperative challenges: the form, and that a task is a change of tags.
TAG_FIX = {"version": 2, "type": 1}


def write(found: GiveBack, folder: Path) -> None:
    """Write all files into a folder; of the same answers the same bytes."""
    (folder / "changes.osc").write_bytes(osm_change(found))
    (folder / "maproulette.geojson").write_text(tasks(found), encoding="utf-8", newline="\n")
    write_csv(links(found), folder / "mapcomplete.csv", index=False)
    for lang in LANGUAGES:
        (folder / f"summary-{lang}.txt").write_text(summary(found, lang), encoding="utf-8", newline="\n")


def osm_change(found: GiveBack) -> bytes:
    """Changed objects whole, as OpenStreetMap wants them, each with the version that it has there."""
    root = ElementTree.Element("osmChange", version="0.6", generator="faellesrum")
    if found.changes:
        block = ElementTree.SubElement(root, "modify")
        for change in found.changes:
            _add_object(block, change)
    ElementTree.indent(root, space=" ")
    text = ElementTree.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{text}\n'.encode()


def _add_object(block: ElementTree.Element, change: Change) -> None:
    one = change.before
    about = {"id": str(one.number), "version": str(one.version)}
    if one.location is not None:
        about |= {name: f"{value:.7f}" for name, value in zip(("lon", "lat"), one.location, strict=True)}
    entry = ElementTree.SubElement(block, one.element, about)
    for ref in one.nodes:
        ElementTree.SubElement(entry, "nd", ref=str(ref))
    for element, number, role in one.members:
        ElementTree.SubElement(entry, "member", type=element, ref=str(number), role=role)
    for key, value in sorted({**one.tags, **change.tags}.items()):
        ElementTree.SubElement(entry, "tag", k=key, v=value)


def tasks(found: GiveBack) -> str:
    """A task of MapRoulette a line, for each object that has a place in the extract."""
    return "".join(
        f"{SEPARATOR}{json.dumps(_task(change, found.middles[change.before.key]), ensure_ascii=False)}\n"
        for change in found.changes
        if change.before.key in found.middles
    )


def _task(change: Change, middle: Degrees) -> dict[str, object]:
    name = _name(change.before)
    shape = {"type": "Point", "coordinates": list(middle)}
    fix = {"operation": "setTags", "data": dict(sorted(change.tags.items()))}
    return {
        "type": "FeatureCollection",
        "features": [{"type": "Feature", "id": name, "geometry": shape, "properties": {"@id": name}}],
        "cooperativeWork": {
            "meta": TAG_FIX,
            "operations": [{"operationType": "modifyElement", "data": {"id": name, "operations": [fix]}}],
        },
    }


def links(found: GiveBack) -> pd.DataFrame:
    """Where each changed object can be looked at and changed by hand, and to what."""
    rows = [
        (
            _name(change.before),
            f"{PAGE}/{_name(change.before)}",
            *reversed(found.middles.get(change.before.key, (None, None))),
            ";".join(f"{key}={value}" for key, value in sorted(change.tags.items())),
        )
        for change in found.changes
    ]
    return pd.DataFrame(rows, columns=["object", "page", "lat", "lon", "tags"])


def summary(found: GiveBack, lang: str) -> str:
    """What goes back, what was left out and why, and what to do before anything is uploaded."""
    say = texts(lang)["giveback"]
    count = sum(len(change.tags) for change in found.changes)
    own = sorted({key for change in found.changes for key in change.tags} & set(_own_keys()))
    lines = [say["given"].format(objects=len(found.changes), tags=count)]
    lines += [say["own_keys"].format(keys=", ".join(own))] if own else []
    lines += ["", say["to_map"].format(n=len(found.finds))] if found.finds else []
    lines += [f"- {_find(one, lang)}" for one in found.finds]
    lines += ["", say["left_out"].format(rows=len(found.left_out))] if found.left_out else []
    lines += [f"- {_told(one, lang)}" for one in found.left_out]
    return "\n".join([*lines, "", say["before"], ""])


def _find(one: Find, lang: str) -> str:
    kind = texts(lang)["kind"][one.value]["title"]
    page = f"{PAGE}/#map={CLOSE}/{one.at[1]:.5f}/{one.at[0]:.5f}"
    return str(texts(lang)["giveback"]["find"].format(row=one.row, kind=kind, day=one.checked_on, page=page))


def _own_keys() -> list[str]:
    return list(load_toml(None, "fieldkit.toml")["giveback"]["own_keys"])


def _told(one: LeftOut, lang: str) -> str:
    say = texts(lang)["giveback"]
    reason = say["reason"][one.reason]
    if one.key is None:  # what stands in the row may be anything
        return str(say["row"].format(row=one.row, reason=reason))
    return str(say["row_of"].format(row=one.row, object="/".join(map(str, one.key)), reason=reason))


def _name(one: OsmObject) -> str:
    return f"{one.element}/{one.number}"
