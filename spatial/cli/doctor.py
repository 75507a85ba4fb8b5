"""Check whether this machine has what a run needs, and what is ill in an extract: ``faellesrum doctor``."""

from __future__ import annotations

import json
import os
import shutil
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spatial.core.files import cache_folder
from spatial.core.languages import texts
from spatial.core.versions import SCHEMA_VERSION, versions

if TYPE_CHECKING:
    from spatial.core.model import Estate
    from spatial.layers.health import Remark

GOOD, WARNING, PROBLEM = "good", "warning", "problem"
SIGNS = {GOOD: "✓", WARNING: "!", PROBLEM: "✗"}
# What the readers and writers stand on; see ``spatial.sources.vector_files`` and ``raster``.
VECTOR_DRIVERS = (
    "CSV", "ESRI Shapefile", "ESRIJSON", "FlatGeobuf", "GML", "GPKG", "GeoJSON", "MapInfo File", "OAPIF", "ODS", "WFS",
    "XLSX",
)  # fmt: skip
RASTER_DRIVERS = ("AAIGrid", "GTiff", "HFA", "VRT")
# UTM zone 32 and DVR90, Denmark's grid and heights; on the zone's middle meridian at the equator
# easting is 500 km and northing 0 by definition.
GRID, HEIGHTS, ELLIPSOIDAL = "EPSG:25832", "EPSG:7416", "EPSG:4937"
MIDDLE = (9.0, 0.0, 500_000.0, 0.0)
TOLERANCE_M = 0.001
LITTLE_BYTES = 1 << 30
# Objects that are named of each kind; --json has all.
MOST_SHOWN = 10
SERVER = "https://www.openstreetmap.org"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: how it is (``good``, ``warning``, ``problem``), and the facts of it.

    ``id`` names its texts; ``case`` which of them, where there are several.
    """

    id: str
    state: str
    case: str
    facts: Mapping[str, Any]


def look() -> list[Finding]:
    """Look at everything; what cannot be looked at is a problem, not an error."""
    found: list[Finding] = []
    for check in CHECKS:
        try:
            found += check()
        except Exception as error:  # a library that is broken must not end the look at the others
            about = {"check": check.__name__.strip("_"), "error": f"{type(error).__name__}: {error}"}
            found.append(Finding("broken", PROBLEM, "found", about))
    return found


def _versions() -> Iterator[Finding]:
    facts = {"versions": versions(), "schema": SCHEMA_VERSION, "executable": sys.executable}
    yield Finding("versions", GOOD, "found", facts)


def _vectors() -> Iterator[Finding]:
    import pyogrio

    missing = sorted(set(VECTOR_DRIVERS) - set(pyogrio.list_drivers()))
    facts = {"gdal": ".".join(map(str, pyogrio.__gdal_version__)), "missing": missing, "needed": len(VECTOR_DRIVERS)}
    yield Finding("vectors", PROBLEM if missing else GOOD, "missing" if missing else "found", facts)


def _rasters() -> Iterator[Finding]:
    import rasterio

    with rasterio.Env() as env:
        missing = sorted(set(RASTER_DRIVERS) - set(env.drivers()))
    facts = {"gdal": rasterio.__gdal_version__, "missing": missing, "needed": len(RASTER_DRIVERS)}
    yield Finding("rasters", PROBLEM if missing else GOOD, "missing" if missing else "found", facts)


def _grid() -> Iterator[Finding]:
    import pyproj

    lon, lat, east_m, north_m = MIDDLE
    x, y = pyproj.Transformer.from_crs("EPSG:4258", GRID, always_xy=True).transform(lon, lat)
    good = abs(x - east_m) < TOLERANCE_M and abs(y - north_m) < TOLERANCE_M
    data = pyproj.datadir.get_data_dir()
    facts = {"proj": pyproj.proj_version_str, "data": data, "crs": GRID, "variable": os.environ.get("PROJ_DATA", "")}
    yield Finding("grid", GOOD if good else PROBLEM, "found" if good else "wrong", facts)


def _heights() -> Iterator[Finding]:
    """The grid between ellipsoidal heights and DVR90, which only GNSS heights need."""
    from pyproj.transformer import TransformerGroup

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # what is missing is what is asked here
        group = TransformerGroup(ELLIPSOIDAL, HEIGHTS, always_xy=True)
    grids = sorted(
        {grid.short_name for one in group.unavailable_operations for grid in one.grids if not grid.available}
    )
    facts = {"grids": grids, "newest": grids[-1] if grids else None, "crs": "EPSG:5799"}
    yield Finding("heights", WARNING if grids else GOOD, "missing" if grids else "found", facts)


def _cache() -> Iterator[Finding]:
    folder = cache_folder()
    facts: dict[str, Any] = {"folder": str(folder)}
    if not folder.is_dir():
        above = next(parent for parent in folder.parents if parent.exists())
        can = os.access(above, os.W_OK)
        yield Finding("cache", GOOD if can else PROBLEM, "empty" if can else "shut", facts)
        return
    files = [file for file in folder.rglob("*") if file.is_file()]
    facts |= {
        "mb": round(sum(file.stat().st_size for file in files) / 1e6, 1),
        "answers": sum(1 for file in files if file.parent.name == "entries"),
        "damaged": _damaged(folder),
    }
    if not os.access(folder, os.W_OK):
        yield Finding("cache", PROBLEM, "shut", facts)
    elif os.name == "posix" and folder.stat().st_mode & 0o077:
        yield Finding("cache", WARNING, "open", facts)
    elif facts["damaged"]:
        yield Finding("cache", WARNING, "damaged", facts)
    else:
        yield Finding("cache", GOOD, "found", facts)


def _damaged(folder: Path) -> int:
    """Answers that will be fetched again, because their file is gone or another."""
    from spatial.core.files import sha256_of

    count = 0
    for entry in (folder / "entries").glob("*.json"):
        try:
            said = json.loads(entry.read_text(encoding="utf-8"))
            count += sha256_of(folder / "objects" / said["object"]) != said["sha256"]
        except (OSError, ValueError, KeyError, TypeError):
            count += 1
    return count


def _disk() -> Iterator[Finding]:
    free = shutil.disk_usage(Path.cwd()).free
    facts = {"gb": round(free / 1e9, 1), "folder": str(Path.cwd())}
    yield Finding("disk", GOOD if free > LITTLE_BYTES else WARNING, "found" if free > LITTLE_BYTES else "little", facts)


CHECKS: tuple[Callable[[], Iterator[Finding]], ...] = (_versions, _vectors, _rasters, _grid, _heights, _cache, _disk)


def doctor_in_words(findings: list[Finding], lang: str) -> str:
    """Say in Danish or English what was found, and what to do where it is not good."""
    say = texts(lang)["doctor"]
    lines = []
    for one in findings:
        facts = {name: ", ".join(map(str, v)) if isinstance(v, list) else v for name, v in one.facts.items()}
        if one.id == "versions":
            facts["versions"] = ", ".join(f"{name} {number}" for name, number in one.facts["versions"].items())
        lines.append(f"{SIGNS[one.state]} {say[one.id][one.case].format(**facts)}")
        todo = say[one.id].get(f"{one.case}_todo")
        if todo:
            lines.append(f"  → {todo.format(**facts)}")
    worst = PROBLEM if any(one.state == PROBLEM for one in findings) else GOOD
    return "\n".join([*lines, say["sum"][worst]])


def doctor_as_json(findings: list[Finding]) -> str:
    """Print what was found as JSON."""
    return json.dumps([asdict(one) for one in findings], ensure_ascii=False, indent=1, sort_keys=True)


# --- the health of an extract --------------------------------------------------------------------


@dataclass(frozen=True)
class HealthSheet:
    """What a mapper can mend in an extract around an estate: remarks by kind, and the day of the data."""

    path: Path
    name: str
    data_date: str | None
    remarks: Mapping[str, list[Remark]]


def look_at_extract(path: Path, estate: Estate) -> HealthSheet:
    """Read an extract around an estate and note what is missing, doubled, unreadable or conditional in it.

    Raises
    ------
    SpatialError
        If the extract cannot be read.
    """
    from spatial.layers.health import health_of
    from spatial.osm.reader import read_around
    from spatial.settings.tags import tag_rules

    raw = read_around(path, estate)
    return HealthSheet(path, estate.name, raw.provenance.data_date, health_of(raw, tag_rules()))


def health_in_words(sheet: HealthSheet, lang: str) -> str:
    """Say in Danish or English what was found, each kind counted, with pages at OpenStreetMap."""
    say = texts(lang)["health"]
    date = sheet.data_date or say["undated"]
    lines = [say["head"].format(path=sheet.path, name=sheet.name, date=date)]
    for kind, remarks in sheet.remarks.items():
        sign = SIGNS[WARNING if remarks else GOOD]
        lines.append(f"{sign} {say[kind]['found'].format(n=len(remarks))}")
        if remarks:
            lines.append(f"  → {say[kind]['todo']}")
        lines += [f"  {_page(one.object_id)}{_about(one, say)}" for one in remarks[:MOST_SHOWN]]
        if len(remarks) > MOST_SHOWN:
            lines.append(f"  {say['more'].format(n=len(remarks) - MOST_SHOWN)}")
    return "\n".join(lines)


def health_as_json(sheet: HealthSheet) -> str:
    """Print every remark as JSON, with its page at OpenStreetMap."""
    kinds = {
        kind: {
            "count": len(remarks),
            "objects": [
                {"id": one.object_id, "about": one.what, "why": one.why, "url": _page(one.object_id)} for one in remarks
            ],
        }
        for kind, remarks in sheet.remarks.items()
    }
    told = {"path": str(sheet.path), "estate": sheet.name, "data_date": sheet.data_date, "health": kinds}
    return json.dumps(told, ensure_ascii=False, indent=1, sort_keys=True)


def _page(object_id: str) -> str:
    return f"{SERVER}/{object_id.removeprefix('osm:')}"


def _about(one: Remark, say: Mapping[str, Any]) -> str:
    """Why a remark is made and what it is about; an object that it names by its page."""
    what = say["same_as"].format(page=_page(one.what)) if one.what.startswith("osm:") else one.what
    said = ": ".join(filter(None, (say["why"].get(one.why, one.why), what)))
    return f"  {said}" if said else ""
