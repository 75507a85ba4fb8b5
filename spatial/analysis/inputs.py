"""The inputs of a run: where they lie, what was read of them, and the options under which they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd

from spatial.analysis.result import SEED
from spatial.core.crs import require_metric
from spatial.core.errors import InputError
from spatial.core.messages import phrase
from spatial.core.model import Estate, Extract, Plan, Raster, RawData, Rubric
from spatial.core.timing import Clock
from spatial.layers import conflation, health, lifecycle
from spatial.osm.extract import Reading, read_extract
from spatial.plans import application, correction_files, corrections, reading
from spatial.settings import tags
from spatial.sources import rasters

if TYPE_CHECKING:
    from spatial.sources.field_answers import Answers


@dataclass(frozen=True)
class InputFiles:
    """Where the inputs of a run lie, or what was read of them already; ``spatial.analyse`` says what each may be."""

    osm: str | Path | Extract | Reading | RawData
    layers: Sequence[str | RawData] = ()
    complete: Sequence[str] = ()
    terrain: rasters.Files | Raster | None = None
    surface: rasters.Files | Raster | None = None
    plan: str | Path | Plan | None = None
    field_checks: str | Path | None = None
    corrections: str | Path | None = None


@dataclass(frozen=True)
class Inputs:
    """What a run rests on, read.

    ``osm`` is OpenStreetMap by itself, ``registers`` the municipal layers, ``models`` the terrain and the
    surface model by name, ``answers`` what was seen on the spot, ``seconds`` how long each stage of reading took,
    ``unread`` the values of tags of OpenStreetMap that cannot be read: object, key, value; ``left_out`` how many of its
    places are not there for anybody, by reason; ``corrections`` what was put right by hand.
    """

    estate: Estate
    osm: RawData
    registers: tuple[RawData, ...] = ()
    models: Mapping[str, Raster] = field(default_factory=dict)
    plan: Plan | None = None
    answers: Answers | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    unread: tuple[tuple[str, str, str], ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    corrections: correction_files.Corrections | None = None

    @classmethod
    def read(cls, estate: Estate, files: InputFiles, progress: Callable[[str], None] | None = None) -> Inputs:
        """Read all inputs, so that no service is asked twice and no file read twice.

        Raises
        ------
        SpatialError
            If an input is of the wrong kind, or cannot be read.
        """
        _check_kinds(estate, files)
        require_metric(estate.crs, phrase("pipeline.estate", name=estate.name))
        clock = Clock(progress)
        with clock.stage("read"):
            registers = _registers(files, estate)
            osm = files.osm if isinstance(files.osm, RawData) else _read_osm(files.osm, estate)
            plan = reading.read_plan(files.plan, estate) if isinstance(files.plan, str | Path) else files.plan
            answers = _answers(files.field_checks)
            path = files.corrections
            corrected = None if path is None else correction_files.read_corrections(Path(path))
            rules, mapped = tags.tag_rules(), osm
            osm = lifecycle.on_the_ground(mapped, rules)
            left_out = lifecycle.places_left_out(mapped, osm, rules)
            unread = tuple(health.unread_values(osm, rules))
        models = _models(files, estate, clock)
        return cls(estate, osm, registers, models, plan, answers, clock.seconds, unread, left_out, corrected)


@dataclass(frozen=True)
class Options:
    """How inputs are looked at: the rubric (None: the bundled one), the seed, and up to which phase of the plan.

    ``scores_only``: measure and score, and nothing more: no lenses, no layers of a map, no reach. ``judged_by`` is a
    resolved rubric, such as that of today for a plan, by which scores are made instead of resolving it anew.
    ``plain_unknowns``: what is not known stays in the middle, and is not estimated from kind, town and neighbours.
    ``tags``: choices of tags in which kinds are weighed otherwise (None: the bundled ones).
    """

    rubric: Path | None = None
    seed: int = SEED
    phase: int | None = None
    scores_only: bool = False
    judged_by: Rubric | None = None
    plain_unknowns: bool = False
    tags: Path | None = None


@dataclass(frozen=True)
class Ground:
    """All sources as one, as they are or as a plan leaves them.

    ``checked`` is what the manifest says of field checks and corrections; ``edits`` are those of the plan as a map
    layer, and ``before`` what is there without it; both None without a plan.
    """

    conflated: conflation.Conflated
    checked: Mapping[str, Any]
    edits: gpd.GeoDataFrame | None = None
    before: RawData | None = None


def prepare_ground(inputs: Inputs, rules: tags.TagRules, clock: Clock, *, phase: int | None = None) -> Ground:
    """Let the sources settle what they both know, put what was seen and corrected first, and carry out the plan."""
    with clock.stage("layers"):
        conflated = conflation.conflate(inputs.osm, inputs.registers, rules)
        conflated, checked = _with_answers(conflated, inputs)
        if inputs.corrections is not None and inputs.corrections.each:
            conflated = corrections.apply_corrections(conflated, inputs.corrections.each, inputs.estate)
            checked["corrections"] = _corrected(inputs.corrections)
        plan, estate = inputs.plan, inputs.estate
        if plan is None or not plan.edits:
            return Ground(conflated, checked)
        after = application.apply_plan(conflated.raw, plan, estate, until=phase)
        edits = application.edits_table(conflated.raw, plan, estate, until=phase)
        return Ground(replace(conflated, raw=after), checked, edits, conflated.raw)


def _check_kinds(estate: object, files: InputFiles) -> None:
    """Refuse what is of another kind than it should be, before a library does so in its own words."""
    if not isinstance(estate, Estate):
        raise InputError("pipeline.no_estate", found=estate, kind=type(estate).__name__)
    if not isinstance(files.osm, (str, Path, Extract, Reading, RawData)):
        raise InputError("pipeline.osm", found=files.osm)
    if isinstance(files.layers, str):
        raise InputError("pipeline.layers", found=files.layers)


def _read_osm(osm: str | Path | Extract | Reading, estate: Estate) -> RawData:
    return osm.result() if isinstance(osm, Reading) else read_extract(osm, estate)


def _registers(files: InputFiles, estate: Estate) -> tuple[RawData, ...]:
    """Municipal layers around an estate, read where they are not read yet."""
    if not files.layers and not files.complete:
        return ()
    from spatial.sources.layers import read_layers

    return tuple(read_layers(files.layers, estate, complete=files.complete))


def _answers(field_checks: str | Path | None) -> Answers | None:
    if field_checks is None:
        return None
    from spatial.sources.field_answers import read_field_answers

    return read_field_answers(Path(field_checks))


def _corrected(given: correction_files.Corrections) -> dict[str, Any]:
    source = given.provenance
    return corrections.entry(given.each, {} if source is None else {"path": source.path, "sha256": source.sha256})


def _models(files: InputFiles, estate: Estate, clock: Clock) -> dict[str, Raster]:
    """Terrain and surface model, of which one or both may not be given."""
    readers = {rasters.TERRAIN: (files.terrain, rasters.terrain), rasters.SURFACE: (files.surface, rasters.surface)}
    models = {}
    for name, (given, read) in readers.items():
        if given is not None:
            with clock.stage(name):
                models[name] = given if isinstance(given, Raster) else read(given, estate)
    return models


def _with_answers(conflated: conflation.Conflated, inputs: Inputs) -> tuple[conflation.Conflated, dict[str, Any]]:
    """The sources with what was settled on the spot, and what the manifest says of it."""
    answers = inputs.answers
    if answers is None:
        return conflated, {}
    from spatial.layers.field_answers import SOURCE_ID, apply_field_answers

    settled, unknown = apply_field_answers(conflated, answers.used)
    settled, found, outside = corrections.apply_finds(settled, answers.finds, inputs.estate, SOURCE_ID)
    turned_away = [*answers.rejected, *((row, "unknown_object") for row in (*unknown, *outside))]
    entry: dict[str, Any] = {
        "path": answers.provenance.path,
        "sha256": answers.provenance.sha256,
        "used": len(answers.used) + len(answers.finds) - len(unknown) - len(outside),
        "rejected": [{"row": row, "reason": reason} for row, reason in sorted(turned_away)],
        "dates": sorted({one.checked_on for part in (answers.used, answers.finds) for one in part}),
    }
    if found:
        entry["here"] = [{"at": list(one.at), "is": one.value, "on": one.checked_on} for one in found]
    return settled, {"field_checks": entry}
