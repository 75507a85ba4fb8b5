"""What is put on the table: the inputs of a finished run, and the file in which a sitting is kept."""

from __future__ import annotations

import hashlib
from pathlib import Path

import shapely

from spatial.analysis import loading, storage
from spatial.analysis.inputs import InputFiles, Inputs
from spatial.core.errors import InputError, SourceUnavailable
from spatial.core.files import sha256_of
from spatial.core.model import Estate

OSM, SUFFIX, LETTERS = "osm", ".sqlite", 12


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
    return storage.load(folder).estate, InputFiles(path)


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
    """Where the sitting of an estate is kept: the platform's place for what a user makes."""
    from platformdirs import user_data_path

    return user_data_path("faellesrum", appauthor=False) / "studio" / f"{name}{SUFFIX}"
