"""Changes put into an extract by osmium alone, without any code of ours."""

from __future__ import annotations

from pathlib import Path

import osmium


def apply(extract: Path, changes: Path, out: Path) -> Path:
    """Write an extract anew in which each changed object stands in the place of its own."""
    changed = {}
    for one in osmium.FileProcessor(str(changes)):
        parts = {"tags": dict(one.tags)}
        if one.is_way():
            parts["nodes"] = [node.ref for node in one.nodes]
        elif one.is_relation():
            parts["members"] = [(member.type, member.ref, member.role) for member in one.members]
        else:
            parts["location"] = (one.location.lon, one.location.lat)
        changed[one.type_str(), one.id] = one.replace(**parts)
    source = osmium.FileProcessor(str(extract))
    header = source.header
    with osmium.SimpleWriter(str(out), header=header, overwrite=True) as writer:
        for one in source:
            writer.add(changed.pop((one.type_str(), one.id), one))
    assert not changed, sorted(changed)
    return out
