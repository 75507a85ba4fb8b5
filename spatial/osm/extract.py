"""Find the extract of an estate, a file or Overpass, and read it here or in the worker process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import osmium
import shapely
from osmium.osm import osm_entity_bits
from shapely.geometry.base import BaseGeometry

from spatial.core.errors import SourceError, SourceFormatError
from spatial.core.messages import cause
from spatial.core.model import Extract
from spatial.core.parallel import Asked, GoneError, Second
from spatial.osm.osmium_reader import AREA_KEYS, LINE_KEYS, POINT_KEYS, RELATION_KEYS, WINDOW_DEG

if TYPE_CHECKING:
    from spatial.core.model import Estate, RawData


LIVE = "overpass"


def find_extract(
    osm: str | Path | Extract,
    estate: Estate,
    *,
    refresh: bool = False,
    tell: Callable[[str], None] | None = None,
) -> Extract:
    """Return the file to read: the one named, or for ``"overpass"`` what Overpass answers or has answered.

    Parameters
    ----------
    osm
        A file extract, which is the recommended way, or ``"overpass"``; or what this returned.
    refresh
        Ask Overpass again though an answer is kept.
    tell
        Called with the name of the stage while the service is asked.

    Raises
    ------
    SpatialError
        As ``overpass.extract``.
    """
    if isinstance(osm, Extract):
        return osm
    if str(osm) != LIVE:
        return Extract(Path(osm))
    from spatial.osm import overpass

    return overpass.extract(estate, refresh=refresh, tell=tell)


def read_extract(osm: str | Path | Extract, estate: Estate) -> RawData:
    """Read the surroundings of an estate; see ``find_extract`` and ``reader.read_around``."""
    from spatial.osm import reader

    found = find_extract(osm, estate)
    return found.described(reader.read_around(found.path, estate))


LAYERS = ("points", "lines", "areas")


@dataclass(frozen=True)
class Reading:
    """An extract that is being read; ``extract`` says where its file came from."""

    extract: Extract
    asked: Asked[RawData]

    def result(self) -> RawData:
        """Wait for what was read; raise what went wrong, as ``reader.read_around`` does."""
        import shapely

        from spatial.osm.reader import log_read

        try:
            found = self.asked.result()
        except GoneError as gone:
            raise SourceError("ahead.stopped", path=self.extract.path, code=gone.code) from gone
        raw = _converted(found, shapely.from_wkb)
        log_read(self.extract.path, raw)
        return self.extract.described(raw)


def read_ahead(source: Path | Extract, estate: Estate, second: Second) -> Reading:
    """Ask a second process to read an extract around an estate."""
    from spatial.core.model import Estate as Plain

    extract = source if isinstance(source, Extract) else Extract(source)
    return Reading(extract, second.ask(_packed, extract.path, Plain(**vars(estate))))


def load_reader() -> None:
    """Import what reading needs."""
    import shapely  # noqa: F401

    from spatial.osm import reader  # noqa: F401


def _packed(path: Path, estate: Estate) -> RawData:
    """What lies around the estate, with its geometries as WKB, which travels faster."""
    import shapely

    from spatial.osm import reader

    return _converted(reader.read_around(path, estate), shapely.to_wkb)


def _converted(raw: RawData, convert: Callable[[Any], Any]) -> RawData:
    """The same data with every geometry converted, between shapely and WKB."""
    import numpy as np

    layers = {name: getattr(raw, name) for name in LAYERS}
    return replace(
        raw,
        **{
            name: replace(layer, geometry=np.asarray(convert(layer.geometry), dtype=object))
            for name, layer in layers.items()
        },
    )


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
    """Write what ``reader.read_around`` reads of an area: objects whose box touches the window, and all their parts.

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
        .with_areas(keep(*RELATION_KEYS))
        .with_filter(_only(keep(*POINT_KEYS), entity.NODE))
        .with_filter(_only(keep(*LINE_KEYS, *AREA_KEYS), entity.WAY))
        .with_filter(_only(keep(*RELATION_KEYS), entity.AREA | entity.RELATION))
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
