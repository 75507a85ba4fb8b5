"""Extracts broken by chance, seeded: what osmium gives of them, object by object, against what is read.

osmium's plain objects are the judge: nothing is assembled or put in order there, so that a file in any order, or with
an object twice, has an answer as well: its newest version, if that is not deleted.
"""

from __future__ import annotations

import bz2
import itertools
import json
import random
import re
from pathlib import Path
from typing import Any

import osmium

from spatial.core.errors import EmptyAreaError, SpatialError
from spatial.osm import osmium_reader, reader
from tests.osm_xml import METRIC, write

FORMATS = ("pbf", "raw.pbf", "osm", "osm.bz2")
MOST_EDITS = 3
# Refusals that are ours alone, by name: osmium would give both of two objects that are one, or what changes tell.
# Of two packed texts in one file it reads the first and says nothing.
OURS_ALONE = ("with different content", "osmChange", "no UTF-8", "junk after document element")
BLOCK_HEADER_BYTES = 4


def town(path: Path) -> None:
    """A town of many small blocks: points, lines, outlines, a building with a yard."""
    nodes: dict[int, Any] = {i: (10.0 * (i % 9), 10.0 * (i // 9)) for i in range(1, 60)}
    nodes |= {100 + i: (15.0 * i, -20.0, {"amenity": "bench", "name": f"bænk {i}"}) for i in range(9)}
    ways: dict[int, Any] = {i: ((i, i + 1, i + 10, i + 9, i), {"building": "yes"}) for i in range(1, 8)}
    ways |= {20 + i: ((9 * i + 1, 9 * i + 2, 9 * i + 3), {"highway": "path"}) for i in range(5)}
    ways |= {40: ((1, 5, 41, 37, 1), {}), 41: ((11, 12, 21, 20, 11), {})}
    parts = [("way", 40, "outer"), ("way", 41, "inner")]
    write(path, nodes, ways, {1: (parts, {"type": "multipolygon", "building": "yes"})}, bounds=(-900, -900, 900, 900))


def good(kind: str, folder: Path) -> list[bytes]:
    """A good file as pieces that can be put together: blocks, or lines of text."""
    if not kind.endswith("pbf"):
        town(folder / "town.osm")
        # Of elements, with all that is in them, so that the text stays well-formed where they are moved.
        return re.findall(
            rb"<(?:node|way|relation) .*?</\w+>\n?(?=<[nwr/])|[^\n]*\n", (folder / "town.osm").read_bytes(), re.DOTALL
        )
    town(folder / "town.osm.pbf")
    packing = "none" if kind.startswith("raw") else "zlib"
    pieces: list[bytes] = []
    objects = [*"nwr"]
    for element in objects:  # each kind in a block of its own
        part = folder / f"{element}.osm.pbf"
        source = osmium.FileProcessor(str(folder / "town.osm.pbf"))
        file = osmium.io.File(str(part), f"pbf,pbf_compression={packing}")
        with osmium.SimpleWriter(file, header=source.header, overwrite=True) as writer:
            for obj in source:
                if obj.type_str() == element:
                    writer.add(obj)
        found = blobs(part.read_bytes())
        pieces += found if not pieces else found[1:]
    return pieces


def blobs(content: bytes) -> list[bytes]:
    """Blocks of a file, by the definition: the length of a header, the header, and the data whose length it tells."""
    found, at = [], 0
    while at < len(content):
        size = int.from_bytes(content[at : at + BLOCK_HEADER_BYTES], "big")
        header = content[at + BLOCK_HEADER_BYTES : at + BLOCK_HEADER_BYTES + size]
        length, shift = 0, 0
        for byte in header[header.index(b"\x18", 2 + header[1]) + 1 :]:
            length |= (byte & 127) << shift
            shift += 7
        end = at + BLOCK_HEADER_BYTES + size + length
        found.append(content[at:end])
        at = end
    return found


def broken(pieces: list[bytes], chance: random.Random) -> bytes:
    """The file with pieces moved, doubled or taken away, or with bytes changed, taken out or put in."""
    pieces = list(pieces)
    if chance.random() < 0.4:
        for _ in range(chance.randint(1, MOST_EDITS)):
            at = chance.randrange(len(pieces))
            piece = pieces[at] if chance.random() < 0.5 or len(pieces) == 1 else pieces.pop(at)
            if chance.random() < 0.7:
                pieces.insert(chance.randint(0, len(pieces)), piece)
        return b"".join(pieces)
    content = bytearray(b"".join(pieces))
    for _ in range(chance.randint(1, MOST_EDITS)):
        at, gone = chance.randrange(len(content)), chance.choice([0, 1, 1, 1, 2, 5, 400])
        content[at : at + gone] = bytes(chance.randrange(256) for _ in range(chance.choice([0, 1, 1, 2])))
    return bytes(content)


def plain(path: Path) -> tuple[dict[str, Any], dict[str, Any], set[str], bool] | None:
    """Tags of points, known nodes of lines, and ids of outlines, as osmium gives the objects; None if it refuses.

    Also whether all texts are UTF-8.
    """
    newest: dict[tuple[str, int], Any] = {}
    is_text = True
    try:
        for obj in osmium.FileProcessor(str(path)):
            key = (obj.type_str(), obj.id)
            if key in newest and newest[key][0] > obj.version:
                continue
            try:
                tags = dict(obj.tags)
            except UnicodeDecodeError:
                tags, is_text = {}, False
            shape = obj.location.valid() if obj.is_node() else [n.ref for n in obj.nodes] if obj.is_way() else None
            newest[key] = obj.version, obj.visible, tags, shape
    except (RuntimeError, ValueError, osmium.InvalidLocationError):
        return None
    here = {key: about[2:] for key, about in newest.items() if about[1]}
    nodes = {number for (kind, number), (_, placed) in here.items() if kind == "n" and placed}
    points = {
        f"osm:node/{number}": tags
        for (kind, number), (tags, placed) in here.items()
        if kind == "n" and placed and not tags.keys().isdisjoint(osmium_reader.POINT_KEYS)
    }
    lines, outlines = {}, set()
    for (kind, number), (tags, refs) in here.items():
        if kind != "w":
            continue
        closed = len(refs) > 0 and refs[0] == refs[-1]
        keys = osmium_reader.RING_LINE_KEYS if closed else osmium_reader.LINE_KEYS
        known = [ref in nodes for ref in refs]
        if not tags.keys().isdisjoint(keys) and any(a and b for a, b in itertools.pairwise(known)):
            lines[f"osm:way/{number}"] = tags
        if closed and tags.get("area") != "no" and not tags.keys().isdisjoint(osmium_reader.AREA_KEYS):
            outlines |= {f"osm:way/{number}"} if all(known) and len(refs) > 3 else set()
    return points, lines, outlines, is_text


def difference(path: Path) -> str:
    """Read a file both ways: "" where both agree, "refused" where both refuse, else what is different."""
    expected = plain(path)
    try:
        raw = reader.read_area(path, None, METRIC)
    except SpatialError as error:
        assert "\n" not in str(error), error
        if expected is None or any(name in str(error) for name in OURS_ALONE):
            return "refused"
        is_empty = isinstance(error, EmptyAreaError) and not any(expected[:3])
        return "refused" if is_empty or not expected[3] else f"refused by us alone: {error}"
    if expected is None:
        return "read by us alone"
    if not expected[3]:
        return ""  # the broken text is of an object that is not given
    points, lines, outlines, _ = expected
    ours = dict(zip(raw.lines.ids, map(dict, raw.lines.tags), strict=True))
    if dict(zip(raw.points.ids, map(dict, raw.points.tags), strict=True)) != points:
        return f"points: {sorted(set(raw.points.ids) ^ points.keys())}"
    if ours != lines:
        return f"lines: {sorted(ours.keys() ^ lines.keys())}"
    areas = {name for name in raw.areas.ids if name.startswith("osm:way/")}
    missing = outlines - areas if not raw.dropped and not raw.repaired else set()
    if areas - outlines or missing:
        return f"areas: {sorted(areas ^ outlines)}"
    sums = [c["in_file"] - c["kept"] - c["too_far"] - sum(c["dropped"].values()) for c in raw.read.values()]
    return f"the ledger does not add up: {sums}" if any(sums) or min(c["too_far"] for c in raw.read.values()) else ""


def compare(kind: str, folder: str, count: int) -> str:
    """Break a file of a format many times; say how often it was read, how often refused, and what was different."""
    pieces, path = (
        good(kind, Path(folder)),
        Path(folder) / f"broken.osm.{kind.removeprefix('osm').lstrip('.')}".rstrip("."),
    )
    told: dict[str, Any] = {"read": 0, "refused": 0, "different": []}
    for number in range(count):
        content = broken(pieces, random.Random(f"{kind} {number}"))
        path.write_bytes(bz2.compress(content) if kind.endswith("bz2") else content)
        if kind.endswith("bz2") and number % 4 == 0:
            path.write_bytes(broken([path.read_bytes()], random.Random(number)))
        outcome = difference(path)
        if outcome in ("", "refused"):
            told[outcome or "read"] += 1
        else:
            told["different"].append(f"{number}: {outcome}")
    return json.dumps(told)
