"""What is put on the table: the inputs of a finished run, and the file in which a sitting is kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import shapely

from spatial.analysis import loading, storage
from spatial.analysis.inputs import InputFiles, Inputs
from spatial.core.errors import InputError, SourceUnavailable
from spatial.core.files import sha256_of
from spatial.core.model import Estate
from spatial.studio.correcting import CORRECTIONS, corrections_of, with_corrections
from spatial.studio.kept import Kept
from spatial.studio.looking import Table
from spatial.studio.session import Session

OSM, SUFFIX, LETTERS = "osm", ".sqlite", 12
# What people said of the ground, beside the extract.
BY_HAND = ("field_checks", "corrections")


def inputs_of_run(folder: Path, osm: str | None = None) -> tuple[Estate, InputFiles]:
    """The estate of a finished run, and where its inputs lie.

    Parameters
    ----------
    folder
        The run; its plan, if it has one, is left out.
    osm
        The extract, if it lies elsewhere by now.

    Raises
    ------
    SourceUnavailable
        If the run or its extract is not there.
    InputError
        If the run rests on municipal layers or on models of terrain and surface, which are named by their options, or
        the extract is another by now.
    """
    manifest = loading.manifest(folder)
    if manifest.get("layers") or manifest.get("models"):
        raise InputError("studio.more_inputs", folder=folder)
    source = next(one for one in manifest["sources"] if one["source_id"] == OSM)
    path = Path(osm or source["path"])
    if not path.is_file():
        raise SourceUnavailable("studio.extract_gone", path=path, folder=folder)
    if osm is None and source["sha256"] and sha256_of(path) != source["sha256"]:
        raise InputError("studio.extract_changed", path=path, folder=folder)
    checks, corrections = (_unchanged(manifest.get(name), folder) for name in BY_HAND)
    return storage.load(folder).estate, InputFiles(path, field_checks=checks, corrections=corrections)


def _unchanged(entry: Mapping[str, Any] | None, folder: Path) -> Path | None:
    """The file that a run took, if it took one and it is still that."""
    if not entry:
        return None
    path = Path(str(entry.get("path")))
    if not path.is_file() or sha256_of(path) != entry.get("sha256"):
        raise InputError("studio.file_changed", path=path, folder=folder)
    return path


def session_of(inputs: Inputs, kept: Kept, lay: Callable[[Inputs], Table]) -> Session:
    """The sitting that is kept, at a table laid with what was put right in it."""
    own = next((one.strokes for one in kept.variants() if one.name == CORRECTIONS), ())
    return Session(lay(with_corrections(inputs, corrections_of(own))), kept, inputs)


def name_of(inputs: Inputs) -> str:
    """A name that an estate has with this boundary and this extract, and with no others."""
    estate, digest = inputs.estate, hashlib.sha256()
    digest.update(shapely.to_wkb(estate.boundary))
    digest.update(f"{estate.crs.to_string()} {estate.margin_m} {estate.reach_m}".encode())
    for raw in (inputs.osm, *inputs.registers):
        digest.update(str(raw.provenance.sha256 or raw.provenance.path).encode())
    plain = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in estate.id)
    return f"{plain[:40]}-{digest.hexdigest()[:LETTERS]}"


def place_for(name: str) -> Path:
    """Where the sitting of an estate is kept."""
    return folder() / f"{name}{SUFFIX}"


def folder() -> Path:
    """Where sittings are kept: the platform's place for what a user makes."""
    from platformdirs import user_data_path

    return user_data_path("faellesrum", appauthor=False) / "studio"
