"""From canonical layers to places, and from places to the long table of evidence. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from spatial.core import model as core_model
from spatial.core.arrays import Shapes, Texts, object_array
from spatial.core.incremental import AFRESH, Steps
from spatial.core.model import EVIDENCE_COLUMNS, FACTS, GATE, RawData
from spatial.indicators import estimates, registry, unknown_facts
from spatial.indicators.estimates import Estimate
from spatial.indicators.inputs import ORIGINS, IndicatorInputs, covered_share, viewpoints
from spatial.indicators.registry import Measured
from spatial.layers import conflation, lineage
from spatial.layers.schema import CanonicalLayers
from spatial.layers.taken_ground import taken_ground
from spatial.layers.unseen_buildings import doors_and_shops, unseen_buildings
from spatial.osm import osmium_reader
from spatial.osm import reader as osm_reader
from spatial.places import detection, meeting_spaces, possible
from spatial.places.outdoor_rooms import COLUMNS, Surroundings, outdoor_rooms
from spatial.settings import rubric
from spatial.settings import tags as settings_tags

# Facts about what may be there unmapped, and the fact of all places together that it is.
UNMAPPED_FACTS, UNMAPPED = frozenset({"seats", "rests"}), "completeness"
# How what is not known came to have a value.
ESTIMATED_RULE = "estimated_from_others"


@dataclass(frozen=True)
class Found:
    """The places, the meeting spaces that they make, and the rooms on which nothing is mapped."""

    places: gpd.GeoDataFrame
    spaces: gpd.GeoDataFrame
    possible: gpd.GeoDataFrame


def find_meeting_spaces(
    layers: CanonicalLayers,
    estate: core_model.Estate,
    rules: settings_tags.TagRules,
    conflated: conflation.Conflated,
    *,
    step: Steps = AFRESH,
) -> Found:
    """Find the places, the outdoor rooms, and the meeting spaces that they make together."""
    buildings, barriers, water = layers.buildings, layers.barriers, layers.water
    places = step(
        detection.find_places,
        *(layers.place_objects, buildings, layers.ground, estate.boundary, estate.margin_m, rules),
    )
    taken = step(taken_ground, conflated.raw.areas, conflated.raw.lines, rules, estate.crs)
    places = step(detection.on_closed_ground, places, taken)
    rooms = _rooms(layers, estate, conflated.raw, taken, step)
    roads = step(meeting_spaces.parting_roads, layers.paths)
    parting = step(meeting_spaces.separators, buildings, barriers, roads, water)
    space_of = step(meeting_spaces.group_places, places, rooms, parting, rules)
    spaces = step(meeting_spaces.meeting_spaces, places, space_of, rooms, estate.boundary, rules)
    free = step(possible.possible_spaces, rooms, places, space_of)
    free = step(possible.open_to_all, free, layers.paths, conflated.closed_at) if conflated.closed_at else free
    return Found(*step(_sourced, places, space_of, spaces, conflated.sources, conflated.same_as), free)


def _rooms(
    layers: CanonicalLayers, estate: core_model.Estate, raw: RawData, taken: gpd.GeoDataFrame, step: Steps
) -> gpd.GeoDataFrame:
    unseen = step(
        unseen_buildings,
        *(
            doors_and_shops(raw.points, estate.crs, step=step),
            raw.areas,
            layers.buildings,
            layers.dwellings,
            layers.departments,
            estate.crs,
        ),
    )
    lost = bool(raw.dropped.get(osm_reader.LOST_BUILDING, 0))
    # Only where outlines are lost does it matter to the rooms what is mapped on them.
    objects = layers.place_objects if lost else step(_none_of, layers.place_objects)
    tables = layers.by_name() | {"place_objects": objects}
    seen = [step(_part_of, tables[name], columns, key=name) for name, columns in COLUMNS.items()]
    return step(_rooms_of, estate, step, *seen, taken, unseen, raw.extent, lost)


def _rooms_of(estate: core_model.Estate, step: Steps, *around: Any) -> gpd.GeoDataFrame:
    return outdoor_rooms(step(_study_area, estate), Surroundings(*around), step=step)


def _study_area(estate: core_model.Estate) -> BaseGeometry:
    return estate.study_area


def _part_of(table: gpd.GeoDataFrame, columns: tuple[str, ...]) -> gpd.GeoDataFrame:
    return table[[*columns, "geometry"]]


def _none_of(table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    return table.iloc[:0]


def _sourced(
    found: gpd.GeoDataFrame,
    space_of: pd.Series,
    rooms: gpd.GeoDataFrame,
    of_object: Mapping[str, Mapping[str, str]],
    same_as: Mapping[str, tuple[str, ...]],
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Both with the sources that they come from."""
    found = found.assign(
        space_id=space_of,
        source_id=lineage.of_places(list(found.index), of_object, same_as),
        tag_sources=object_array(of_object.get(i, {}) for i in found.index),
    )
    sources = found["source_id"].groupby(found["space_id"]).agg(lineage.joined)
    return found, rooms.assign(source_id=sources.reindex(rooms.index).to_numpy(dtype=object))


def measure_indicators(
    found: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    inputs: IndicatorInputs,
    raw: RawData,
    spec: rubric.RubricSpec,
    *,
    estimated: Mapping[str, Estimate] | None = None,
    step: Steps = AFRESH,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Measure every indicator of places and rooms; return the long table and the references.

    ``estimated`` says how unknown facts are estimated; what it does not name stays in the middle.
    """
    of_layer = _layer_sources(inputs, step)
    chances: Mapping[str, float] = {}
    if estimated:
        around = (inputs.estate, inputs.paths, inputs.network, inputs.step_free_edges)
        ways = step(estimates.unknown_ways, estimated, *around)
        chances = step(estimates.chances_of_facts, estimated, sites, ways)
    # A source may cover more ground than was read of it.
    read = step(shapely.intersection, raw.extent, inputs.estate.context_area)
    shapes, many = sites.geometry.to_numpy(), step(_anchors_of_spaces, sites, inputs.anchors)
    about = step(_about, sites)
    parts: list[dict[str, Any]] = []
    seen: dict[float, npt.NDArray[np.float64]] = {}
    references = {}
    for name, indicator in registry.registry().items():
        if name not in spec.rules or registry.lacking(indicator, inputs):
            continue
        radius_m = indicator.catchment_m
        if radius_m not in seen:
            seen[radius_m] = step.rows(covered_share, shapes, radius_m, read, key=f"{radius_m:g}")
        seen_share = seen[radius_m]
        measured = _measured(indicator, found if indicator.members else sites, inputs, step)
        sources = step(_sources, indicator, found, many, _sources_of_inputs(indicator, inputs, of_layer), key=name)
        references[name], columns = step.last(
            _described,
            *(indicator, measured, sources, about, many, inputs.kinds, seen_share, spec.rules[name].plausible),
            key=name,
        )
        parts.append(_estimated(columns, chances, spec.rules[name].plausible, seen_share))
    return _evidence(parts, sites), references


def _measured(indicator: registry.Spec, sites: gpd.GeoDataFrame, inputs: IndicatorInputs, step: Steps) -> Measured:
    tables = {name: getattr(inputs, name) for name in indicator.needs}
    if not (indicator.by_shape or indicator.by_row):
        return step.last(_of_sites, sites, indicator, *tables.values(), key=indicator.id)
    if "viewpoints" in tables:  # those of the rows at hand are found there
        tables["viewpoints"] = inputs.buildings
    rows = sites.geometry.to_numpy() if indicator.by_shape else step(_rows, sites, key="by_row")
    of = _of_shapes if indicator.by_shape else _of_rows
    return step.rows(of, rows, indicator, sites.crs, *tables.values(), key=indicator.id)


def _of_sites(sites: gpd.GeoDataFrame, indicator: registry.Spec, *tables: Any) -> Measured:
    return indicator.measure(sites, *tables)


def _of_shapes(shapes: Shapes, indicator: registry.Spec, crs: Any, *tables: Any) -> Measured:
    some = gpd.GeoDataFrame(geometry=shapes, crs=crs)
    given = zip(indicator.needs, tables, strict=True)
    return indicator.measure(some, *(viewpoints(some, one) if name == "viewpoints" else one for name, one in given))


def _rows(sites: gpd.GeoDataFrame) -> Texts:
    """What `registry.Spec.by_row` may read of each site."""
    tags = [frozenset(one.items()) if isinstance(one, dict) else None for one in sites["tags"]]
    return object_array(zip(sites.geometry, sites["level"], sites["kinds"], tags, strict=True))


def _of_rows(rows: Texts, indicator: registry.Spec, crs: Any, *tables: Any) -> Measured:
    shapes, level, kinds, tags = zip(*rows, strict=True) if len(rows) else ((),) * 4
    told = object_array(None if one is None else dict(one) for one in tags)
    columns = {"level": object_array(level), "kinds": object_array(kinds), "tags": told}
    return indicator.measure(gpd.GeoDataFrame(columns, geometry=object_array(shapes), crs=crs), *tables)


def _anchors_of_spaces(sites: gpd.GeoDataFrame, anchors: Mapping[str, Any]) -> Texts:
    """Rows of what people come for in each meeting space, in the order of the sites."""
    return object_array(anchors[space] for space in sites.index[sites["level"] == "space"])


def _about(sites: gpd.GeoDataFrame) -> tuple[Texts, ...]:
    """Ids, tags, kinds and meeting spaces of the sites."""
    return sites.index.to_numpy(), *(sites[name].to_numpy() for name in ("tags", "kinds", "space_id"))


def _described(
    indicator: registry.Spec,
    measured: Measured,
    sources: str | Texts,
    about: tuple[Texts, ...],
    many: Texts,
    rules: settings_tags.TagRules,
    seen_share: npt.NDArray[np.float64],
    plausible: tuple[float, float] | None,
) -> tuple[Any, dict[str, Any]]:
    """What one indicator is told by: its reference, and its columns of the long table."""
    whole = _with_rooms(indicator, measured, list(many), plausible)
    marked = registry.at_extract_edge(indicator, whole, seen_share)
    behind = _facts(indicator, measured, marked, about, list(many), rules)
    return measured.reference, _columns(indicator, marked, sources, behind)


def _columns(indicator: registry.Spec, marked: Measured, sources: Any, behind: Any) -> dict[str, Any]:
    """Columns of the long table, of one indicator, a row a site."""
    count = len(marked.value)
    return {
        "indicator": np.full(count, indicator.id, dtype=object),
        "value": marked.value,
        "unit": np.full(count, indicator.unit, dtype=object),
        "low": marked.low,
        "high": marked.high,
        "evidence": marked.evidence,
        "source_id": np.full(count, sources, dtype=object) if isinstance(sources, str) else sources,
        "rule": marked.rule,
        FACTS: behind,
    }


def _evidence(parts: Sequence[Mapping[str, Any]], sites: gpd.GeoDataFrame) -> pd.DataFrame:
    """The long table, by place or meeting space and indicator."""
    if not parts:
        return pd.DataFrame(columns=[*EVIDENCE_COLUMNS, FACTS])
    identity = sites.index.to_numpy(dtype=object)
    order = np.argsort(identity.astype(str), kind="stable")
    # Parts come in the order of the indicators' names: within a place, row after row is that order.
    columns = {key: np.stack([part[key][order] for part in parts], axis=1).ravel() for key in parts[0]}
    table = pd.DataFrame({"place_id": np.repeat(identity[order], len(parts)), **columns})
    return table[[*EVIDENCE_COLUMNS, FACTS]]


def _with_rooms(
    indicator: registry.Spec, measured: Measured, many: list[Any], plausible: tuple[float, float] | None
) -> Measured:
    """Add the meeting spaces to what was measured of places alone: the best of what people come for there."""
    if not indicator.members:
        return measured
    low, high = plausible or (np.nan, np.nan)
    bounded = replace(
        measured,
        low=np.where(np.isnan(measured.low), low, measured.low),
        high=np.where(np.isnan(measured.high), high, measured.high),
    )
    of_rooms = registry.best_of_members(bounded, many)
    parts = {
        key: np.concatenate([getattr(bounded, key), getattr(of_rooms, key)])
        for key in ("value", "low", "high", "evidence", "rule")
    }
    return Measured(**parts, reference=measured.reference)


def _facts(
    indicator: registry.Spec,
    measured: Measured,
    marked: Measured,
    about: tuple[Texts, ...],
    many: list[Any],
    rules: settings_tags.TagRules,
) -> Any:
    """The unknown facts behind each interval: of the place, its surroundings, or the places of a room."""
    open_ = ~(marked.low == marked.high)
    behind = np.full(len(open_), "", dtype=object)
    if not (indicator.reads or indicator.surroundings) and measured.facts is None:
        return behind
    for i, (identity, tags, kind, space) in enumerate(zip(*about, strict=True)):
        if not open_[i] or (indicator.members and i >= len(measured.value)):
            continue
        nature = rules.kinds[kind].by_nature if kind in rules.kinds else ()
        own = unknown_facts.unknown_facts_of_place(indicator.reads, tags, nature)
        if measured.facts is not None:
            own = tuple(name for name in measured.facts[i].split(unknown_facts.JOINT) if name)
        # What is unmapped, and what the rules of a condition assume, is half one draw for all places.
        shared = f"{unknown_facts.CLASS}{indicator.aspect if indicator.aspect == GATE else UNMAPPED}"
        common = (shared,) if indicator.aspect == GATE or UNMAPPED_FACTS.intersection(indicator.surroundings) else ()
        # A fact may name whose it is itself: that of another object, or of a whole class of places.
        named = tuple(name for name in own if unknown_facts.MARK in name or name.startswith(unknown_facts.CLASS))
        own = tuple(name for name in own if name not in named)
        behind[i] = unknown_facts.joined_facts(
            [
                *named,
                *common,
                unknown_facts.facts_as_text(identity, own),
                unknown_facts.facts_as_text(space, indicator.surroundings),
            ]
        )
    if indicator.members:
        behind[len(measured.value) :] = [unknown_facts.joined_facts(behind[group]) for group in many]
    return behind


def _estimated(
    columns: dict[str, Any],
    chances: Mapping[str, float],
    plausible: tuple[float, float] | None,
    seen_share: npt.NDArray[np.float64],
) -> dict[str, Any]:
    """With what is unknown where its facts probably put it between low and high, which stay.

    A fact that is not estimated is in the middle. What lies beyond the extract is not estimated.
    """
    if not chances:
        return columns
    bounds = plausible or (np.nan, np.nan)
    low, high = (
        np.where(np.isnan(columns[end]), bound, columns[end])
        for end, bound in zip(("low", "high"), bounds, strict=True)
    )
    value, state, rule = (columns[key].copy() for key in ("value", "evidence", "rule"))
    open_ = np.isnan(value) & (state == registry.UNKNOWN) & (seen_share >= registry.MIN_COVERED_SHARE) & (low < high)
    for i in np.flatnonzero(open_):
        facts = columns[FACTS][i].split(unknown_facts.JOINT)
        if any(fact in chances for fact in facts):
            share = sum(chances.get(fact, 0.5) for fact in facts) / len(facts)
            value[i], state[i] = low[i] + share * (high[i] - low[i]), registry.ESTIMATED
            rule[i] = f"{rule[i]};{ESTIMATED_RULE}"
    return columns | {"value": value, "evidence": state, "rule": rule}


def _layer_sources(inputs: IndicatorInputs, step: Steps) -> dict[str, str]:
    """Sources of each layer that an indicator may rest on."""
    needs = {name for indicator in registry.registry().values() for name in indicator.needs}
    layers = {layer for name in needs for layer in ORIGINS[name].layers}
    return {name: step(lineage.of_layer, getattr(inputs, name), key=name) for name in sorted(layers)}


def _sources_of_inputs(indicator: registry.Spec, inputs: IndicatorInputs, of_layer: Mapping[str, str]) -> str:
    """Sources of the layers and models that an indicator was measured on."""
    origins = [ORIGINS[name] for name in indicator.needs if getattr(inputs, name) is not None]
    layers = {layer for origin in origins for layer in origin.layers}
    models = {model for origin in origins for model in origin.models if getattr(inputs, model) is not None}
    return lineage.joined([lineage.joined(of_layer[name] for name in layers) or osmium_reader.SOURCE_ID, *models])


def _sources(indicator: registry.Spec, found: gpd.GeoDataFrame, many: Texts, of_inputs: str) -> str | Texts:
    """Sources that each value of an indicator rests on; those of a room are those of its places."""
    if not indicator.reads:
        return of_inputs
    of_places = lineage.of_tags(found, indicator.reads, otherwise=of_inputs)
    of_rooms = [lineage.joined(of_places[rows]) for rows in many]
    return np.concatenate([of_places, object_array(of_rooms)])


def unmeasured_indicators(inputs: IndicatorInputs) -> dict[str, str]:
    """Indicators that this run cannot measure, and the model or layer that was not given."""
    lacking = {name: registry.lacking(spec, inputs) for name, spec in registry.registry().items()}
    return {name: str(ORIGINS[lost].given_by) for name, lost in lacking.items() if lost is not None}
