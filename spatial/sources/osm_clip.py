"""The part of a large extract that an estate needs, with all that its objects are made of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import osmium
import shapely
from osmium.osm import osm_entity_bits
from shapely.geometry.base import BaseGeometry

from spatial.errors import SourceFormatError
from spatial.phrases import cause
from spatial.sources.osm_file import AREA_KEYS, LINE_KEYS, POINT_KEYS, WINDOW_DEG

Ids = dict[str, set[int]]


def window(area_wgs84: BaseGeometry) -> BaseGeometry:
    """Box around an area that holds, whole, everything that reaches into it."""
    west, south, east, north = area_wgs84.bounds
    return shapely.box(west - 2 * WINDOW_DEG, south - WINDOW_DEG, east + 2 * WINDOW_DEG, north + WINDOW_DEG)


def can_clip(path: Path, area_wgs84: BaseGeometry) -> bool:
    """Whether an extract says that it covers the area's window: only then a clip is as good as the whole."""
    try:
        box = osmium.FileProcessor(str(path)).header.box()
    except RuntimeError:
        return False
    if not box.valid():
        return False
    low, high = box.bottom_left, box.top_right
    return bool(shapely.covers(shapely.box(low.lon, low.lat, high.lon, high.lat), window(area_wgs84)))


def clip(path: Path, area_wgs84: BaseGeometry, out: Path) -> None:
    """Write what ``osm_file.read`` reads of an area: objects whose box touches the window, and all their parts.

    Parameters
    ----------
    path
        An extract for which ``can_clip``.
    out
        File to write, ``.osm.pbf``; its header has the window as box, and the extract's date.

    Raises
    ------
    SourceFormatError
        If the extract cannot be read to its end.
    """
    frame = window(area_wgs84)
    draft = out.with_name(f"draft-{out.name}")
    try:
        wanted = _wanted(path, frame)
        with osmium.BackReferenceWriter(str(draft), ref_src=str(path), remove_tags=False, relation_depth=1) as writer:
            for obj in osmium.FileProcessor(str(path)):
                if obj.id in wanted[obj.type_str()]:
                    writer.add(obj)
        header = osmium.io.Header()
        header.add_box(osmium.osm.Box(*frame.bounds))
        stamp = osmium.FileProcessor(str(path)).header.get("osmosis_replication_timestamp", "")
        if stamp:
            header.set("osmosis_replication_timestamp", stamp)
        with osmium.SimpleWriter(str(out), header=header) as writer:
            for obj in osmium.FileProcessor(str(draft)):
                writer.add(obj)
    except (RuntimeError, OSError, ValueError) as error:
        raise SourceFormatError("osm_clip.unreadable", path=path, cause=cause(error)) from error
    finally:
        draft.unlink(missing_ok=True)


def _wanted(path: Path, frame: BaseGeometry) -> Ids:
    """Identities of the objects whose box touches a frame, by type: ``n``, ``w``, ``r``."""
    keep, entity = osmium.filter.KeyFilter, osm_entity_bits
    found: Ids = {"n": set(), "w": set(), "r": set()}
    objects: Any = (
        osmium.FileProcessor(str(path))
        .with_locations()
        .with_areas(keep(*AREA_KEYS))
        .with_filter(_only(keep(*POINT_KEYS), entity.NODE))
        .with_filter(_only(keep(*LINE_KEYS, *AREA_KEYS), entity.WAY))
        .with_filter(_only(keep(*AREA_KEYS), entity.AREA | entity.RELATION))
    )
    for obj in objects:
        if obj.is_area():
            if not obj.from_way() and _touches([n for ring in obj.outer_rings() for n in ring], frame):
                found["r"].add(obj.orig_id())
        elif obj.is_node():
            if _touches([obj], frame):
                found["n"].add(obj.id)
        elif obj.is_way() and _touches(obj.nodes, frame):
            found["w"].add(obj.id)
    return found


def _only(criterion: Any, entities: osm_entity_bits) -> Any:
    return criterion.enable_for(entities)


def _touches(nodes: Any, frame: BaseGeometry) -> bool:
    """Whether the box of nodes meets a frame; what has no position does not count."""
    placed = [(n.lon, n.lat) for n in nodes if n.location.valid()]
    if not placed:
        return False
    west, south, east, north = frame.bounds
    lon, lat = [x for x, _ in placed], [y for _, y in placed]
    return max(lon) >= west and min(lon) <= east and max(lat) >= south and min(lat) <= north
