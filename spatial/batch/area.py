"""Score one area of a batch: what it is known by, and all that a worker does for it.

What an area gives lies in one folder that all machines see: scores, places and meeting spaces, and last of
all a record with the digests of these files. An area counts as done when its record bears the key of today's
inputs and the files are those of the record; so a batch that was killed goes on where it was.
"""

from __future__ import annotations

import errno
import json
import logging
import math
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import shapely

from spatial.core.errors import InputError, SpatialError
from spatial.core.files import sha256_of, sha256_of_bytes
from spatial.core.messages import phrase
from spatial.core.model import Estate
from spatial.core.versions import code_digest, versions

if TYPE_CHECKING:
    from spatial.analysis.result import Analysis
    from spatial.osm.partitions import Prepared


EXTRACT, RECORDS, DRAFTS, MAPS = "extract", "areas", ".drafts.faellesrum", "maps"
SCORES, PLACES, SPACES, DRAWING = (
    "scores/area={}/scores.csv",
    "places/area={}/part-0.parquet",
    "meeting_spaces/area={}/part-0.parquet",
    "drawings/area={}/map.svg",
)
RECORD_FORMAT = 2
WGS84 = 4326
KILO = 1024


@dataclass(frozen=True)
class Settings:
    """What holds for all areas of a batch; ``sha256`` are the digests of the files named."""

    rubric: Path | None = None
    seed: int = 20250201
    lang: str = "da"
    maps: bool = False
    layers: tuple[str, ...] = ()
    complete: tuple[str, ...] = ()
    terrain: tuple[Path, ...] = ()
    surface: tuple[Path, ...] = ()
    tags: Path | None = None
    sha256: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Task:
    """An area, the key of its inputs, and how many objects lie in its reach."""

    estate: Estate
    key: str
    objects: int


@dataclass(frozen=True)
class Outcome:
    """What became of an area: its row of the overview, or what went wrong, in one line of the batch's language.

    ``stop`` says that no other area can be done either, because the disk is full.
    """

    row: Mapping[str, Any] | None = None
    error: str | None = None
    stop: bool = False


def area_key(estate: Estate, extract: str, settings: Settings) -> str:
    """Digest of all that the numbers of an area depend on: inputs, settings, this program, its libraries."""
    own = asdict(settings)
    named = own.pop("sha256")
    said = {
        "format": RECORD_FORMAT,
        "extract": extract,
        "boundary": shapely.to_wkb(estate.boundary, hex=True),
        "estate": [estate.id, estate.name, estate.crs.to_wkt(), estate.margin_m, estate.reach_m, estate.tenure],
        "settings": {name: str(value) for name, value in own.items()},
        "files": named,
        "program": code_digest(),
        "versions": _versions(),
    }
    return sha256_of_bytes(json.dumps(said, sort_keys=True).encode())


@cache
def _versions() -> dict[str, str]:
    """Versions of what the numbers depend on: the same for all areas, and slow to ask for."""
    return versions()


def file_names(identity: str) -> list[str]:
    """Names of the files of an area below the folder of a batch."""
    return [name.format(identity) for name in (SCORES, PLACES, SPACES, DRAWING)]


def recorded_files(out: Path, identity: str) -> dict[str, str]:
    """Files that a batch has written for an area, with their digests."""
    try:
        return dict(json.loads((out / RECORDS / f"{identity}.json").read_text(encoding="utf-8"))["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def finished_area(out: Path, identity: str, key: str) -> dict[str, Any] | None:
    """Row of an area that was done before from the same inputs, with all its files in place; else None."""
    try:
        record = json.loads((out / RECORDS / f"{identity}.json").read_text(encoding="utf-8"))
        if record["key"] != key:
            return None
        if any(sha256_of(out / name) != sha256 for name, sha256 in record["files"].items()):
            return None
        row: dict[str, Any] = record["row"]
        return row
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def run_area(out: Path, settings: Settings, program: str, task: Task) -> Outcome:
    """Do one area, on whichever machine this runs; nothing is raised but what may be tried again."""
    # What a reader must know goes into the overview; a worker has nobody to tell it to.
    logging.getLogger("spatial").addHandler(logging.NullHandler())
    try:
        if code_digest() != program:
            raise InputError("area_task.version")
        return Outcome(row=_performed(out, settings, task))
    except SpatialError as error:
        return Outcome(error=error.said(settings.lang), stop=_disk_is_full(error))
    except OSError as error:
        if error.errno == errno.ENOSPC or error.errno == errno.EDQUOT:
            full = phrase("area_task.disk", folder=out, error=error.strerror)
            return Outcome(error=full.said(settings.lang), stop=True)
        raise


def _disk_is_full(error: BaseException) -> bool:
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError) and found.errno in (errno.ENOSPC, errno.EDQUOT):
            return True
        found = found.__cause__
    return False


def _performed(out: Path, settings: Settings, task: Task) -> dict[str, Any]:
    from spatial.analysis import run, storage
    from spatial.osm import partitions

    began = time.perf_counter(), time.process_time()
    estate = task.estate
    run.load_compiled()
    if settings.maps:
        storage.load_drawing()
    raw = partitions.raw_around(_extract(out / EXTRACT), estate)
    analysis = run.analyse(
        estate,
        osm=raw,
        layers=settings.layers,
        complete=settings.complete,
        terrain=settings.terrain or None,
        surface=settings.surface or None,
        rubric=settings.rubric,
        tags=settings.tags,
        seed=settings.seed,
        scores_only=not settings.maps,
    )
    if settings.maps:
        from spatial.analysis import storage

        storage.save(analysis, out / MAPS / estate.id, lang=settings.lang)
    row = _row(analysis, task)
    _write(out, task, analysis, row, began, lang=settings.lang)
    return row


@cache
def _extract(folder: Path) -> Prepared:
    """The partitions, looked up once a worker."""
    from spatial.osm import partitions

    found = partitions.load_prepared(folder)
    if found is None:
        raise InputError("area_task.unseen", folder=folder)
    return found


def _row(analysis: Analysis, task: Task) -> dict[str, Any]:
    """An area in the overview: counts and the span of its scores, never a rank among areas."""
    places, spaces = analysis.places, analysis.meeting_spaces
    scores = spaces["floating"].dropna()
    return {
        "area": task.estate.id,
        "name": task.estate.name,
        "municipality": task.estate.municipality,
        "places": len(places),
        "places_inside": int(places["inside"].sum()),
        "meeting_spaces": len(spaces),
        "meeting_spaces_ranked": int(spaces["rank"].notna().sum()),
        "floating_median": round(float(scores.median()), 4) if len(scores) else None,
        "floating_best": round(float(scores.max()), 4) if len(scores) else None,
        "coverage_median": round(float(spaces["coverage"].median()), 4) if len(spaces) else None,
        "dwellings": _count(analysis.manifest["siting"]["dwellings"]),
        "objects": task.objects,
        "warnings": list(analysis.manifest["warnings"]),
    }


def _count(dwellings: Any) -> int | None:
    return None if dwellings is None else round(float(dwellings))


def _write(
    out: Path, task: Task, analysis: Analysis, row: Mapping[str, Any], began: tuple[float, float], *, lang: str
) -> None:
    """Write the files of an area and, when they are all in place, its record."""
    from spatial.maps import tables
    from spatial.reports import atlas

    identity = task.estate.id
    (out / DRAFTS).mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=out / DRAFTS, prefix=f"{identity}-"))
    try:
        made = {name: draft / name.partition("/")[0] for name in file_names(identity)}
        scores, places, spaces, drawing = made.values()
        tables.scores(analysis, scores, lang=lang)
        tables.dataset(analysis.places, places)
        tables.dataset(analysis.meeting_spaces, spaces)
        drawing.write_text(atlas.draw_area(analysis, lang), encoding="utf-8")
        record = {
            "key": task.key,
            "files": {name: sha256_of(path) for name, path in made.items()},
            "row": row,
            "seconds": round(time.perf_counter() - began[0], 3),
            "cpu_s": round(time.process_time() - began[1], 3),
            "peak_mb": round(_peak_mb()),
            "timings": analysis.manifest["timings"],
        }
        made[f"{RECORDS}/{identity}.json"] = draft / "record"
        text = json.dumps(record, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        (draft / "record").write_text(text, encoding="utf-8")
        for name, path in made.items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(path, out / name)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _peak_mb() -> float:
    """Most memory that this process has held so far (MB); NaN where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return math.nan
    unit = 1 if sys.platform == "darwin" else KILO
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / KILO**2
