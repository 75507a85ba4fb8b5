"""The inputs of a run frozen into a folder, and read back: offline, and only if they are unchanged.

``inputs.json`` names every input with its digest, licence, attribution, query and dates;
``objects/<sha256>.<ending>`` holds them. OpenStreetMap stays a file of OpenStreetMap, whole or
clipped; everything else is kept as its source delivered it, so that a replay starts from the same.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spatial.errors import IncompleteResult, InputError, SourceFormatError, SourceUnavailable
from spatial.folders import alone, make_private, sweep
from spatial.model import Estate, Raster, RawData
from spatial.phrases import Spoken, cause, phrase
from spatial.sources._cache import digest
from spatial.sources.osm import Extract
from spatial.version import versions

FORM = 1
MANIFEST, OBJECTS = "inputs.json", "objects"
NEEDED = phrase("frozen.needed")
# A larger extract is clipped to the estate's surroundings; a smaller one is copied as it is.
CLIP_ABOVE_BYTES = 64 << 20


@dataclass(frozen=True)
class Inputs:
    """All that a run reads."""

    estate: Estate
    osm: Extract
    layers: Sequence[RawData]
    models: Mapping[str, Raster]


def write(
    folder: Path,
    estate: Estate,
    osm: Extract,
    *,
    layers: Sequence[str] = (),
    complete: Sequence[str] = (),
    models: Mapping[str, Sequence[Path]] | None = None,
    clip_above_bytes: int = CLIP_ABOVE_BYTES,
    progress: Callable[[str], None] | None = None,
) -> dict[str, Any]:
    """Read all inputs of a run once, and freeze them: all, or none.

    Parameters
    ----------
    folder
        Where to; what an earlier call has frozen there is replaced.
    layers, complete
        Municipal layers, and which of them are declared complete, as ``pipeline.analyse`` takes them.
    models
        Files by ``"terrain"`` and the like.
    clip_above_bytes
        Size from which on an extract is clipped.

    Returns
    -------
    dict
        The manifest.

    Raises
    ------
    SpatialError
        If an input cannot be read, or the folder not be written.
    """
    tell = progress or (lambda stage: None)
    with alone(folder), _drafted(folder) as draft:
        (draft / OBJECTS).mkdir()
        tell("read")
        manifest = {
            "form": FORM,
            "frozen_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": versions(),
            "estate": _boundary(estate, draft),
            "osm": _osm(osm, estate, draft, clip_above_bytes),
            "layers": list(_layers(layers, complete, estate, draft)),
            "models": {what: _model(what, files, estate, draft) for what, files in (models or {}).items()},
        }
        text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
        (draft / MANIFEST).write_text(text + "\n", encoding="utf-8")
    return manifest


@contextmanager
def _drafted(folder: Path) -> Iterator[Path]:
    """Give a draft beside the folder, which takes its place when all went well."""
    try:
        if folder.exists() and not (folder.is_dir() and (not any(folder.iterdir()) or (folder / MANIFEST).is_file())):
            raise InputError("frozen.other", folder=folder)
        folder.parent.mkdir(parents=True, exist_ok=True)
        sweep(folder)
        draft = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    except OSError as error:
        raise _not_written(folder, error) from error
    earlier = draft.with_name(f"{draft.name}-earlier")
    try:
        yield draft
        make_private(draft)
        if folder.exists():
            os.replace(folder, earlier)
        os.replace(draft, folder)
    except OSError as error:
        raise _not_written(folder, error) from error
    finally:
        if earlier.exists() and not folder.exists():
            with suppress(OSError):
                os.replace(earlier, folder)
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(earlier, ignore_errors=True)


def _not_written(folder: Path, error: OSError) -> InputError:
    return InputError("frozen.not_written", folder=folder, cause=error.strerror or cause(error))


def _kept(path: Path, ending: str) -> dict[str, Any]:
    """Give an object the name of its content; return what says where it is."""
    sha256 = digest(path)
    named = path.with_name(f"{sha256}{ending}")
    os.replace(path, named)
    return {"file": f"{OBJECTS}/{named.name}", "sha256": sha256, "bytes": named.stat().st_size}


def _boundary(estate: Estate, draft: Path) -> dict[str, Any]:
    from spatial.sources import _stored

    path = draft / OBJECTS / "boundary"
    return _stored.write_boundary(estate, path) | _kept(path, ".parquet")


def _osm(osm: Extract, estate: Estate, draft: Path, clip_above_bytes: int) -> dict[str, Any]:
    from spatial.sources import osm_clip, osm_file, surroundings

    raw = osm.described(surroundings.read(osm.path, estate))
    area = osm_file.area_wgs84(estate)
    ending = next(end for end in osm_file.SUFFIXES if osm.path.name.endswith(end))
    path = draft / OBJECTS / f"osm{ending}"
    clipped = osm.path.stat().st_size > clip_above_bytes and osm_clip.can_clip(osm.path, area)
    if clipped:
        ending, path = ".osm.pbf", path.with_name("osm.osm.pbf")
        osm_clip.clip(osm.path, area, path)
    else:
        shutil.copyfile(osm.path, path)
    return {"clipped": clipped, "provenance": asdict(raw.provenance)} | _kept(path, ending)


def _layers(layers: Sequence[str], complete: Sequence[str], estate: Estate, draft: Path) -> Iterator[dict[str, Any]]:
    from spatial.sources import _stored, register

    path = draft / OBJECTS / "layer"
    for raw in register.several(layers, estate, complete=complete):
        about = _stored.write_raw(raw, estate.crs, path)
        yield {"layer": raw.provenance.source_id} | about | _kept(path, ".parquet")


def _model(what: str, files: Sequence[Path], estate: Estate, draft: Path) -> dict[str, Any]:
    from spatial.sources import _stored, raster

    path = draft / OBJECTS / "model"
    found: Raster = getattr(raster, what)(list(files), estate)
    return _stored.write_raster(found, path) | _kept(path, ".tif")


# --- reading back -----------------------------------------------------------------------


def read(folder: Path) -> Inputs:
    """Read frozen inputs back.

    Raises
    ------
    SourceUnavailable
        If the folder is none of ours, or an object is not there.
    IncompleteResult
        If an object is not what was frozen.
    SourceFormatError
        If the manifest is of another form.
    """
    from spatial.sources import _stored

    manifest = _manifest(folder)
    try:
        estate = _stored.read_boundary(_checked(folder, manifest["estate"]), manifest["estate"])
        osm = manifest["osm"]
        extract = Extract(_checked(folder, osm), _stored.provenance(osm["provenance"]))
        layers = [_stored.read_raw(_checked(folder, one), one) for one in manifest["layers"]]
        models = {
            what: _stored.read_raster(_checked(folder, one), one) for what, one in sorted(manifest["models"].items())
        }
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, InputError):
            raise
        raise _another_form(folder, cause(error)) from error
    return Inputs(estate, extract, layers, models)


def _another_form(folder: Path, said: Spoken) -> SourceFormatError:
    return SourceFormatError("frozen.unreadable", path=folder / MANIFEST, cause=said, needed=NEEDED)


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise SourceUnavailable("frozen.no_manifest", folder=folder, name=MANIFEST, needed=NEEDED)
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        form = found["form"]
    except (ValueError, KeyError, TypeError, OSError, RecursionError) as error:
        raise _another_form(folder, cause(error)) from error
    if form != FORM:
        raise _another_form(folder, phrase("frozen.form", form=form, wanted=FORM))
    return found


def _checked(folder: Path, entry: Mapping[str, Any]) -> Path:
    """The file of an entry, if it is what was frozen."""
    path = folder / str(entry["file"])
    if folder.resolve() not in path.resolve().parents:
        raise _another_form(folder, phrase("frozen.outside", file=entry["file"]))
    if not path.is_file():
        raise SourceUnavailable("frozen.missing", path=path)
    found = digest(path)
    if found != entry["sha256"]:
        raise IncompleteResult("frozen.changed", path=path, found=found[:12], wanted=entry["sha256"][:12])
    return path
