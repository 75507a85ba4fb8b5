"""Describe a run for its manifest: sources, settings, versions, and what a reader must be warned of."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import geopandas as gpd
import shapely

from spatial.analysis.inputs import Ground, Inputs, Options
from spatial.core.languages import warning_text as sentence
from spatial.core.model import FIRST_GUESS, LensResult, Plan, Provenance, RawData, Rubric
from spatial.core.versions import SCHEMA_VERSION, versions
from spatial.indicators.estimates import Estimate
from spatial.layers import health, lifecycle
from spatial.layers.completeness import Completeness
from spatial.osm import reader
from spatial.settings.tags import weighed_otherwise

log = logging.getLogger(__name__)

# Less than this share of the context missing from the extract is not worth a warning.
MISSING_SHARE = 0.001
# What is told and does not stop a reader: a mapper can mend it.
MILD = ("left_out", "mapped_twice", "unread_values")
# Values of tags that are named in a warning.
SHOWN_VALUES = 3


def describe_run(
    inputs: Inputs, options: Options, ground: Ground, rubric: Rubric, timings: Mapping[str, float]
) -> dict[str, Any]:
    """Everything that a result is made of and by, but for its warnings and the lenses."""
    estate, models = inputs.estate, inputs.models
    raws = [inputs.osm, *inputs.registers]
    drawn = [estate.provenance] if estate.provenance else []
    given: list[Provenance] = [*drawn, *estate.further]
    given += [source for heights in models.values() for source in heights.provenance]
    plan = {} if inputs.plan is None else {"plan": plan_entry(inputs.plan, options.phase)}
    return {
        "schema_version": SCHEMA_VERSION,
        "estate": {
            "id": estate.id,
            "name": estate.name,
            "crs": estate.crs.to_string(),
            "municipality": estate.municipality,
            "tenure": estate.tenure,
            "legal": estate.legal,
            "as_of": estate.as_of,
            "listed": {str(year): said for year, said in estate.listed},
            "margin_m": estate.margin_m,
            "reach_m": estate.reach_m,
        },
        "sources": [*(_source_entry(raw) for raw in raws), *(asdict(source) for source in given)],
        "models": {
            what: {"cell_m": heights.cell_m, "covered_share": round(heights.covered_share, 4)}
            for what, heights in models.items()
        },
        "dropped": dict(inputs.osm.dropped),
        "repaired": dict(inputs.osm.repaired),
        "unread_values": health.counted_values(inputs.unread),
        "layers": [
            {
                "source_id": raw.provenance.source_id,
                "dropped": dict(raw.dropped),
                "repaired": dict(raw.repaired),
                "matching": [
                    dict(row) for row in ground.conflated.counts if row["source_id"] == raw.provenance.source_id
                ],
            }
            for raw in inputs.registers
        ],
        "rubric": asdict(rubric),
        **({} if options.tags is None else {"tags": weighed_otherwise(options.tags)}),
        "seed": options.seed,
        "versions": versions(),
        "timings": timings,
        **ground.checked,
        **plan,
    }


def _of_tags(inputs: Inputs) -> list[dict[str, Any]]:
    """Warnings of places that are left out for what their tags say, and of values that cannot be read."""
    path = inputs.osm.provenance.path
    reasons = (lifecycle.GONE, lifecycle.COMING, lifecycle.OUT_OF_USE, lifecycle.BELOW)
    counts = [inputs.left_out.get(reason, 0) for reason in reasons]
    names = ("gone", "coming", "unused", "below")
    found: list[dict[str, Any]] = []
    if any(counts):
        about = {"count": sum(counts), **dict(zip(names, counts, strict=True))}
        found.append({"code": "left_out", "path": path, **about})
    twice = inputs.left_out.get(lifecycle.TWICE, 0)
    if twice:
        found.append({"code": "mapped_twice", "path": path, "count": twice})
    values = health.counted_values(inputs.unread)
    if values:
        most = ", ".join(f"{row['key']}={row['value']}" for row in values[:SHOWN_VALUES])
        found.append({"code": "unread_values", "path": path, "count": len(inputs.unread), "values": most})
    return found


def _source_entry(raw: RawData) -> dict[str, Any]:
    """Where data came from, and of an extract what became of each of its objects."""
    return asdict(raw.provenance) | ({"read": dict(raw.read)} if raw.read else {})


def plan_entry(plan: Plan, phase: int | None) -> dict[str, Any]:
    """What the manifest says of the plan of a run."""
    return {
        "name": plan.name,
        "phases": list(plan.phases),
        "phase": phase,
        "edits": len(plan.edits),
        "source": asdict(plan.provenance) if plan.provenance else None,
    }


def unknowns_entries(
    estimated: Mapping[str, Estimate], completeness: Mapping[str, Completeness]
) -> dict[str, list[dict[str, Any]]]:
    """What the manifest says of unknown facts, how each is estimated, and of kinds, how completely they are mapped."""
    return {
        "unknowns": [estimated[fact].described for fact in sorted(estimated)],
        "completeness": [completeness[kind].described for kind in sorted(completeness)],
    }


def lens_entries(seen: tuple[LensResult, ...]) -> list[dict[str, Any]]:
    """What the manifest says of the lenses, the worst served first."""
    return [
        {
            "id": lens.id,
            "served_low": lens.served_low,
            "served": lens.served,
            "served_high": lens.served_high,
            "rules": {name: dict(change) for name, change in lens.rules.items()},
        }
        for lens in seen
    ]


def warnings_of(inputs: Inputs, places: gpd.GeoDataFrame) -> list[dict[str, Any]]:
    """What the reader of a result must know: a code of ``[warning]`` in the texts, and its facts."""
    estate, raw = inputs.estate, inputs.osm
    warnings: list[dict[str, Any]] = []
    path = raw.provenance.path
    missing = 1 - shapely.area(shapely.intersection(estate.context_area, raw.extent)) / estate.context_area.area
    if missing > MISSING_SHARE:
        context_m = round(estate.margin_m + estate.reach_m)
        percent = max(1, round(missing * 100))
        warnings.append(
            {"code": "extract_ends", "path": path, "estate": estate.name, "percent": percent, "metres": context_m}
        )
    lost = raw.dropped.get(reader.LOST_BUILDING, 0)
    if lost:
        warnings.append({"code": "lost_buildings", "path": path, "count": lost})
    for origin in (register.provenance for register in inputs.registers):
        if origin.cut_off is not None:
            about = {"path": origin.path, "source": origin.source_id, "reason": origin.cut_off}
            warnings.append({"code": "cut_off", **about})
    warnings += _of_tags(inputs)
    if estate.missing_parcels:
        numbers = ", ".join(estate.missing_parcels)
        warnings.append({"code": "missing_parcels", "estate": estate.name, "parcels": numbers})
    if estate.provenance is not None and estate.provenance.source_id == FIRST_GUESS:
        warnings.append({"code": FIRST_GUESS, "estate": estate.name, "position": estate.provenance.path})
    for what, heights in inputs.models.items():
        if heights.covered_share < 1 - MISSING_SHARE:
            percent = max(1, round((1 - heights.covered_share) * 100))
            path_ = heights.provenance[0].path
            warnings.append({"code": f"{what}_ends", "path": path_, "estate": estate.name, "percent": percent})
    if not len(places):
        warnings.append({"code": "no_places", "estate": estate.name, "metres": round(estate.margin_m)})
    for warning in warnings:
        log.log(logging.INFO if warning["code"] in MILD else logging.WARNING, sentence(warning, "en"))
    return warnings
