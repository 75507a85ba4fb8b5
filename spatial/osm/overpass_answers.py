"""What Overpass answers: taken apart, told where it is none, and written as an extract."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from spatial.core.errors import EmptyAreaError, IncompleteResult, SourceFormatError, SourceUnavailable
from spatial.core.messages import cause, phrase
from spatial.sources import http
from spatial.sources.http import PassingError

EXTRACT = phrase("overpass.extract")
TYPES = ("node", "way", "relation")
# What the dispatcher says when there is no room for a query (Overpass-API issue 389).
BUSY = re.compile(r"too busy|Dispatcher_Client|dispatcher|rate_limited|open64: 0 Success", re.IGNORECASE)
MOMENT, YEARS = "%Y-%m-%dT%H:%M:%SZ", range(1970, 2106)  # seconds since 1970, in 32 bits
Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Answer:
    """Whole data: its elements as Overpass writes them, and the moment whose map it is."""

    elements: Sequence[Mapping[str, Any]]
    timestamp_osm_base: str | None


def parsed(body: bytes, where: str) -> Answer:
    """Take an answer apart.

    Raises
    ------
    PassingError
        If the server is too busy, or the answer broke off.
    IncompleteResult
        If the server says that it gave up: the data beside that is partial.
    SourceFormatError
        If it is not an answer of Overpass.
    EmptyAreaError
        If there is nothing in it.
    """
    text = body.lstrip()
    if not text:
        raise PassingError(IncompleteResult("overpass.nothing_said", where=where, extract=EXTRACT))
    if text[:1] not in (b"{", b"["):
        raise _not_json(text, where)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PassingError(IncompleteResult("overpass.cut_off", where=where, extract=EXTRACT)) from error
    if not isinstance(found, dict) or not isinstance(found.get("elements"), list):
        raise SourceFormatError("overpass.another_form", where=where, said=http.excerpt(body))
    if found.get("remark"):
        raise gave_up(str(found["remark"]), where)
    if not found["elements"]:
        raise EmptyAreaError("overpass.nothing_there", where=where)
    base = found.get("osm3s", {}).get("timestamp_osm_base") if isinstance(found.get("osm3s"), dict) else None
    return Answer(found["elements"], _moment(base))


def _moment(written: Any) -> str | None:
    """A moment as osmium writes it in a header; None for what is none: osmium ends the whole process over one."""
    try:
        moment = datetime.strptime(written, MOMENT)
    except (TypeError, ValueError):
        return None
    return moment.strftime(MOMENT) if moment.year in YEARS else None


def _not_json(text: bytes, where: str) -> Exception:
    """The error for an answer in HTML or XML, which Overpass gives when it fails."""
    said = http.excerpt(text)
    whole = text[: http.SEARCHED_BYTES].decode("utf-8", "replace")
    if BUSY.search(whole):
        return PassingError(SourceUnavailable("overpass.busy", where=where, said=said, extract=EXTRACT))
    remark = re.search(r"<remark>(.*?)</remark>", text.decode("utf-8", "replace"), re.DOTALL)
    if remark or "runtime error" in whole:
        return gave_up(" ".join(remark[1].split()) if remark else said, where)
    return SourceFormatError("overpass.page", where=where, said=said, extract=EXTRACT)


def gave_up(remark: str, where: str) -> IncompleteResult:
    """Return the error for a query that the server did not finish."""
    reason = phrase("overpass.stopped")
    if "timed out" in remark:
        reason = phrase("overpass.out_of_time")
    elif "memory" in remark:
        reason = phrase("overpass.out_of_memory")
    return IncompleteResult(
        "overpass.gave_up", where=where, reason=reason, remark=remark[: http.EXCERPT].strip(), extract=EXTRACT
    )


def write(answer: Answer, path: Path, box: Box, where: str) -> None:
    """Write an answer as an OpenStreetMap file, each object once and in order, with the box that was asked for.

    Raises
    ------
    SourceFormatError
        If an element is not one.
    """
    import osmium

    try:
        elements = {(TYPES.index(element["type"]), int(element["id"])): element for element in answer.elements}
        header = osmium.io.Header()
        header.set("generator", "faellesrum")
        header.add_box(osmium.osm.Box(*box))
        if answer.timestamp_osm_base:
            header.set("osmosis_replication_timestamp", answer.timestamp_osm_base)
        with osmium.SimpleWriter(str(path), header=header) as writer:
            for (kind, identity), element in sorted(elements.items(), key=lambda item: item[0]):
                _add(writer, kind, identity, element)
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise SourceFormatError(
            "overpass.no_element", where=where, kind=type(error).__name__, cause=cause(error), extract=EXTRACT
        ) from error


def _add(writer: Any, kind: int, identity: int, element: Mapping[str, Any]) -> None:
    from osmium.osm import mutable

    tags = element.get("tags", {})
    if kind == 0:
        writer.add_node(mutable.Node(id=identity, location=(element["lon"], element["lat"]), tags=tags))
    elif kind == 1:
        writer.add_way(mutable.Way(id=identity, nodes=element["nodes"], tags=tags))
    else:
        members = [(member["type"][0], member["ref"], member["role"]) for member in element["members"]]
        writer.add_relation(mutable.Relation(id=identity, members=members, tags=tags))
