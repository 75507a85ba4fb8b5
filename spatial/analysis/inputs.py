"""What a run rests on, read and made one: the extract, municipal layers, answers from the field, models, a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd

from spatial.core import model
from spatial.core.model import Plan, Raster, RawData
from spatial.core.timing import Clock
from spatial.layers import conflation
from spatial.osm import extract
from spatial.osm.extract import Reading
from spatial.plans import application, reading
from spatial.settings import tags
from spatial.sources import rasters


@dataclass(frozen=True)
class Ground:
    """All sources as one, as they are or as a plan leaves them.

    ``alone`` is OpenStreetMap by itself and ``registers`` the municipal layers, for the account of
    sources; ``one`` is what they say together; ``checked`` is the manifest's entry on field checks.
    ``edits`` are those of the plan as a map layer, None without any.
    """

    alone: RawData
    registers: Sequence[RawData]
    one: conflation.Conflated
    checked: Mapping[str, Any]
    plan: Plan | None
    edits: gpd.GeoDataFrame | None = None


def gather_ground(
    estate: model.Estate,
    rules: tags.TagRules,
    clock: Clock,
    *,
    osm: str | Path | model.Extract | Reading | RawData,
    layers: Sequence[str | RawData] = (),
    complete: Sequence[str] = (),
    field_checks: str | Path | None = None,
    plan: str | Path | Plan | None = None,
    phase: int | None = None,
) -> Ground:
    """Read all sources, let them settle what they both know, and carry out the plan."""
    with clock.stage("read"):
        registers = _registers(layers, complete, estate)
        alone = osm if isinstance(osm, RawData) else _extract(osm, estate)
        intended = reading.read_plan(plan, estate) if isinstance(plan, str | Path) else plan
    with clock.stage("layers"):
        one, checked = _settled(conflation.conflate(alone, registers, rules), field_checks)
        edits = None
        if intended is not None and intended.edits:
            after = application.apply_plan(one.raw, intended, estate, until=phase)
            edits = application.edits_table(one.raw, intended, estate, until=phase)
            one = replace(one, raw=after)
    return Ground(alone, registers, one, checked, intended, edits)


def _extract(osm: str | Path | model.Extract | Reading, estate: model.Estate) -> RawData:
    return osm.result() if isinstance(osm, Reading) else extract.read_extract(osm, estate)


def read_models(estate: model.Estate, clock: Clock, **given: rasters.Files | Raster | None) -> dict[str, Raster]:
    """Terrain and surface model, of which one or both may not be given."""
    readers = {rasters.TERRAIN: rasters.terrain, rasters.SURFACE: rasters.surface}
    found = {}
    for what, given_ in given.items():
        if given_ is not None:
            with clock.stage(what):
                found[what] = given_ if isinstance(given_, Raster) else readers[what](given_, estate)
    return found


def _registers(layers: Sequence[str | RawData], complete: Sequence[str], estate: model.Estate) -> list[RawData]:
    """Municipal layers around an estate, read where they are not read yet."""
    if not layers and not complete:
        return []
    from spatial.sources import layers as sources_layers

    return sources_layers.read_layers(layers, estate, complete=complete)


def _settled(one: conflation.Conflated, path: str | Path | None) -> tuple[conflation.Conflated, dict[str, Any]]:
    """The sources with what was settled on the spot, and what the manifest says of it."""
    if path is None:
        return one, {}
    from spatial.layers import field_answers as layers_field_answers
    from spatial.sources import field_answers

    answers = field_answers.read_field_answers(Path(path))
    found, unknown = layers_field_answers.apply_field_answers(one, answers.used)
    turned_away = [*answers.rejected, *((row, "unknown_object") for row in unknown)]
    entry = {
        "path": answers.provenance.path,
        "sha256": answers.provenance.sha256,
        "used": len(answers.used) - len(unknown),
        "rejected": [{"row": row, "reason": reason} for row, reason in sorted(turned_away)],
        "dates": sorted({answer.checked_on for answer in answers.used}),
    }
    return found, {"field_checks": entry}
