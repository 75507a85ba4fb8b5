"""What a run rests on, read and made one: the extract, municipal layers, answers from the field, models, a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import geopandas as gpd

from spatial import config, conflation, model, scenario
from spatial.clock import Clock
from spatial.model import Plan, Raster, RawData
from spatial.sources import osm as openstreetmap
from spatial.sources import plan_file, raster
from spatial.sources.ahead import Reading


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


def ground(
    estate: model.Estate,
    rules: config.TagRules,
    clock: Clock,
    *,
    osm: str | Path | openstreetmap.Extract | Reading | RawData,
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
        intended = plan_file.read(plan, estate) if isinstance(plan, str | Path) else plan
    with clock.stage("layers"):
        one, checked = _settled(conflation.conflate(alone, registers, rules), field_checks)
        edits = None
        if intended is not None and intended.edits:
            after = scenario.apply(one.raw, intended, estate, until=phase)
            edits = scenario.table(one.raw, intended, estate, until=phase)
            one = replace(one, raw=after)
    return Ground(alone, registers, one, checked, intended, edits)


def _extract(osm: str | Path | openstreetmap.Extract | Reading, estate: model.Estate) -> RawData:
    return osm.result() if isinstance(osm, Reading) else openstreetmap.around(osm, estate)


def models(estate: model.Estate, clock: Clock, **given: raster.Files | Raster | None) -> dict[str, Raster]:
    """Terrain and surface model, of which one or both may not be given."""
    readers = {raster.TERRAIN: raster.terrain, raster.SURFACE: raster.surface}
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
    from spatial.sources import register

    return register.several(layers, estate, complete=complete)


def _settled(one: conflation.Conflated, path: str | Path | None) -> tuple[conflation.Conflated, dict[str, Any]]:
    """The sources with what was settled on the spot, and what the manifest says of it."""
    if path is None:
        return one, {}
    from spatial import settled
    from spatial.sources import field_answers

    answers = field_answers.read(Path(path))
    found, unknown = settled.settle(one, answers.used)
    turned_away = [*answers.rejected, *((row, "unknown_object") for row in unknown)]
    entry = {
        "path": answers.provenance.path,
        "sha256": answers.provenance.sha256,
        "used": len(answers.used) - len(unknown),
        "rejected": [{"row": row, "reason": reason} for row, reason in sorted(turned_away)],
        "dates": sorted({answer.checked_on for answer in answers.used}),
    }
    return found, {"field_checks": entry}
