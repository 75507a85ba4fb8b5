"""What of the answers to field checks goes back into OpenStreetMap, and what stays out, with the reason.

Pure but for ``find``, which reads the extracts.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spatial.core.errors import SourceUnavailable
from spatial.core.files import sha256_of
from spatial.core.model import RawData, Result
from spatial.fieldkit.xlsform import NO_XML
from spatial.layers import field_answers, lifecycle
from spatial.osm import objects, reader
from spatial.osm.objects import Degrees, Key, OsmObject
from spatial.osm.osmium_reader import SOURCE_ID
from spatial.settings.tags import TagRules, tag_rules
from spatial.sources.field_answers import Answer, Answers, Find


@dataclass(frozen=True)
class Change:
    """An object as it stands in OpenStreetMap, and the tags that are put in the place of its own."""

    before: OsmObject
    tags: Mapping[str, str]


@dataclass(frozen=True)
class LeftOut:
    """A row that changes nothing: why (a key of ``[giveback.reason]``), and the object where it may be named."""

    row: int
    reason: str
    key: Key | None = None


@dataclass(frozen=True)
class GiveBack:
    """Changes by element and number, what is left out by row, and the middle of each changed object.

    ``finds`` are things on open ground that nobody has mapped. The forms ask for no position, so they are for a mapper
    who goes there, and become no new objects.
    """

    changes: tuple[Change, ...]
    left_out: tuple[LeftOut, ...]
    middles: Mapping[Key, Degrees]
    finds: tuple[Find, ...] = ()


def find(run: Result, answers: Answers, newer: Path | None) -> GiveBack:
    """Read the answered objects, as the run saw them and as they are now, and settle what goes back.

    Parameters
    ----------
    run
        The run that the field checks came from: its estate, and the manifest that names its extract.
    newer
        A newer extract, or the one of the run where it lies elsewhere by now.

    Raises
    ------
    SourceUnavailable
        If the extract that the run read is not to be found, or was changed since.
    """
    seen_in = _extract_of_run(run.manifest, newer)
    rules, raw = tag_rules(), reader.read_around(seen_in, run.estate)
    wanted = {key for answer in answers.used if (key := objects.key_of(answer.object_id))}
    seen = objects.read_objects(seen_in, wanted & _on_the_ground(raw, rules))
    now_in = newer or seen_in
    now = seen if now_in == seen_in else objects.read_objects(now_in, seen)
    changes, left_out = settle(answers, seen, now)
    torn = torn_by(changes, raw, rules)
    if torn:
        changes, left_out = settle(answers, seen, now, torn)
    middles = objects.middles(now_in, [change.before for change in changes])
    return GiveBack(changes, left_out, middles, things_found(answers))


def things_found(answers: Answers) -> tuple[Find, ...]:
    """Things found on open ground, by the latest answer of each ground."""
    latest = {one.object_id: one for one in sorted(answers.finds, key=lambda one: (one.checked_on, one.row))}
    kinds = tag_rules().kinds
    return tuple(sorted((one for one in latest.values() if one.value in kinds), key=lambda one: one.row))


def _on_the_ground(raw: RawData, rules: TagRules) -> set[Key]:
    there = lifecycle.on_the_ground(raw, rules)
    ids = (str(i) for part in (there.points, there.lines, there.areas) for i in part.ids)
    return {key for i in ids if (key := objects.key_of(i))}


def torn_by(changes: Sequence[Change], raw: RawData, rules: TagRules) -> frozenset[Key]:
    """Objects that are mapped twice, and would be two things by their changes; or two things that would be one."""
    tags = {f"{SOURCE_ID}:{change.before.element}/{change.before.number}": change.tags for change in changes}
    before, after = (set(lifecycle.drawn_twice(one, rules)) for one in (raw, field_answers.with_tags(raw, tags)))
    return frozenset(key for pair in before ^ after for i in pair if (key := objects.key_of(i)))


def _extract_of_run(manifest: Mapping[str, Any], given: Path | None) -> Path:
    source: Mapping[str, Any] = next((one for one in manifest["sources"] if one["source_id"] == SOURCE_ID), {})
    path, digest = str(source.get("path", SOURCE_ID)), source.get("sha256")
    for candidate in [Path(path), *([] if given is None else [given])]:
        if candidate.is_file() and sha256_of(candidate) == digest:
            return candidate
    raise SourceUnavailable("giveback.no_extract", path=path)


def settle(
    answers: Answers,
    seen: Mapping[Key, OsmObject],
    now: Mapping[Key, OsmObject],
    torn: Collection[Key] = (),
) -> tuple[tuple[Change, ...], tuple[LeftOut, ...]]:
    """Changes of tags, and the rows that make none; of several answers to one question the latest counts."""
    latest, left = _latest(answers)
    found = things_found(answers)
    left += [LeftOut(find.row, "no_thing") for find in answers.finds if find not in found]
    tags: dict[Key, dict[str, str]] = {}
    for (key, tag), answer in sorted(latest.items()):
        reason = _refused(key, seen, now)
        if reason is None:
            is_same = now[key].tags.get(tag) == answer.value
            reason = "same" if is_same else "twice" if key in torn else None
        if reason:
            left.append(LeftOut(answer.row, reason, key))
        else:
            tags.setdefault(key, {})[tag] = answer.value
    order = list(objects.ELEMENTS)
    changed = sorted(tags, key=lambda key: (order.index(key[0]), key[1]))
    return tuple(Change(now[key], tags[key]) for key in changed), tuple(sorted(left, key=lambda one: one.row))


def _latest(answers: Answers) -> tuple[dict[tuple[Key, str], Answer], list[LeftOut]]:
    """The answer that counts for each tag of an object of OpenStreetMap, and the rows that do not."""
    left = [LeftOut(row, reason) for row, reason in answers.rejected]
    latest: dict[tuple[Key, str], Answer] = {}
    for answer in sorted(answers.used, key=lambda one: (one.checked_on, one.row)):
        key = objects.key_of(answer.object_id)
        if key is None:
            left.append(LeftOut(answer.row, "not_osm"))
            continue
        earlier = latest.get((key, answer.key))
        if earlier is not None:
            left.append(LeftOut(earlier.row, "later", key))
        latest[key, answer.key] = answer
    return latest, left


def _refused(key: Key, seen: Mapping[Key, OsmObject], now: Mapping[Key, OsmObject]) -> str | None:
    """Why an object is left as it is, if it is."""
    if key not in seen:
        return "unknown_object"
    if key not in now:
        return "gone"
    if not (seen[key].version and now[key].version):
        return "no_version"
    if seen[key].version != now[key].version:
        return "conflict"
    return "unwritable" if any(NO_XML.search(text) for text in _texts(now[key])) else None


def _texts(one: OsmObject) -> Sequence[str]:
    return [*one.tags.keys(), *one.tags.values(), *(role for _, _, role in one.members)]
