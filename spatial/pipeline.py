"""The whole way: estate → sources → layers → places → indicators → scores → result."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from spatial import (
    config,
    conflation,
    facts,
    homes,
    indicators,
    lens_rules,
    lenses,
    lineage,
    model,
    places,
    scenario,
    scene,
    scoring,
    siting,
)
from spatial import layers as canonical_layers
from spatial import reach as within_reach
from spatial.crs import require_metric
from spatial.errors import InputError
from spatial.model import (
    ASPECTS,
    EVIDENCE_COLUMNS,
    FACTS,
    FLOATING,
    LensResult,
    Plan,
    Provenance,
    Raster,
    RawData,
    Result,
    Rubric,
)
from spatial.sources import estates, files, osm_file, plan_file, raster
from spatial.sources import osm as openstreetmap
from spatial.sources.ahead import Reading
from spatial.strings import warning as sentence
from spatial.version import versions

if TYPE_CHECKING:
    import folium

log = logging.getLogger(__name__)

SEED = 20250201
# Less than this share of the context missing from the extract is not worth a warning.
MISSING_SHARE = 0.001
SCORE_COLUMNS = [f"{name}{suffix}" for name in (FLOATING, *ASPECTS) for suffix in ("_low", "", "_high")]
RANK_COLUMNS = ["coverage", "rank", "rank_p05", "rank_p95", "top10_share"]
PLACE_COLUMNS = ["space_id", "kind", "name", "inside", "source_id", "area_m2"]
SPACE_COLUMNS = ["kind", "name", "inside", "source_id", "area_m2", "place_count", "kinds"]
CONTEXT_LAYERS = ("buildings", "paths", "barriers", "gates", "water", "waterways", "green", "context", "stops")


@dataclass(frozen=True)
class Estate(model.Estate):
    """A housing estate that knows where it can be read from; see ``spatial.model.Estate``."""

    @classmethod
    def from_file(
        cls, path: str | Path, *, name: str | None = None, margin_m: float = 250.0, reach_m: float = 1600.0
    ) -> Estate:
        """Read an estate's boundary from a file; see ``spatial.sources.files.estate``."""
        return cls(**vars(files.estate(path, name=name, margin_m=margin_m, reach_m=reach_m)))

    @classmethod
    def from_registry(
        cls,
        area: str,
        *,
        boundary: str | Path | None = None,
        name: str | None = None,
        parcels_table: str | Path | None = None,
        parcels: str | Path | None = None,
        year: int | None = None,
        allow_missing: bool = False,
        margin_m: float = 250.0,
        reach_m: float = 1600.0,
    ) -> Estate:
        """Make an area of the registry, such as ``"taastrupgaard"``, an estate; see ``spatial.sources.estates.read``.

        No polygon is bundled: the boundary comes from a file, or is built from the state's table
        of parcels and a layer of parcel polygons.
        """
        found = estates.read(
            area,
            boundary=boundary,
            name=name,
            parcels_table=parcels_table,
            parcels=parcels,
            year=year,
            allow_missing=allow_missing,
            margin_m=margin_m,
            reach_m=reach_m,
        )
        return cls(**vars(found))


@dataclass(frozen=True)
class Analysis(Result):
    """A result that can explain and draw itself."""

    def map(self, lang: str = "da", *, tiles: str | None = None) -> folium.Map:
        """Return the interactive map as a ``folium.Map``; nothing in it is requested from anywhere.

        Parameters
        ----------
        lang
            ``"da"`` or ``"en"``.
        tiles
            Address of an online base map, if the page may ask for one; see ``spatial.render.web_map``.
        """
        from spatial.render import web_map

        return web_map.build(self, lang=lang, tiles=tiles, **for_page(self))

    def explain(self, place_id: str, lang: str = "da", *, lens: str | None = None) -> str:
        """Say in words where the score of a place or meeting space comes from.

        Parameters
        ----------
        lens
            Id of a resident lens; None is the ordinary result.

        Raises
        ------
        InputError
            If there is no such place or lens.
        """
        from spatial import explanation

        evidence, rubric = self.through(lens)
        return explanation.text(explanation.of(evidence, rubric, place_id, claims=self.claims), lang=lang, lens=lens)

    def sensitivity(self, *, level: str = "spaces", samples: int = 512) -> pd.DataFrame:
        """Which indicators the ranking hangs on: Sobol' indices; see ``spatial.sensitivity.table``.

        Parameters
        ----------
        level
            ``"places"`` or ``"spaces"``: what is ranked.
        samples
            Base samples, a power of two.

        Raises
        ------
        InputError
            If ``samples`` is no power of two, or the level is another.
        """
        from spatial import sensitivity

        tables_ = {"places": self.places, "spaces": self.meeting_spaces}
        if level not in tables_ or samples < 2 or samples & (samples - 1):
            raise InputError(
                f"sensitivity: found {level!r} and {samples} samples; needed places or spaces, and a power of two "
                "(512, 1024, …); correct it"
            )
        index = tables_[level].index
        judged = scoring.judge_all(self.evidence, index, self.rubric)
        return sensitivity.table(judged, index, self.rubric, int(self.manifest.get("seed", SEED)), samples=samples)

    def siting(self, *, most: int = siting.MOST) -> pd.DataFrame:
        """Where could a volunteer stand? The best choice of k meeting spaces, k = 1 … most.

        Best: most dwellings of the estate within a five-minute walk without steps, each counting by the
        floating potential of the worthiest chosen space within its reach. See ``spatial.siting.curve``.

        Raises
        ------
        InputError
            If the result was read from a run that holds no reach.
        """
        return siting.of_result(self, most=most)

    def through(self, lens: str | None) -> tuple[pd.DataFrame, Rubric]:
        """Evidence and rubric as one lens has them; None is the ordinary result."""
        if lens is None:
            return self.evidence, self.rubric
        seen = lens_rules.named(self.lenses, lens)
        return lens_rules.put_in(self.evidence, seen.evidence), lens_rules.changed(self.rubric, seen.rules)

    @cached_property
    def field_checks(self) -> pd.DataFrame:
        """What a visit would settle, the most consequential first; see ``spatial.field_checks.find``.

        ``space_rank_change`` is the expected change of rank of the meeting space that it moves most.
        """
        from spatial import field_checks

        seed = int(self.manifest.get("seed", SEED))
        found = [
            field_checks.find(
                scoring.judge_all(self.evidence, table.index, self.rubric), table.index, self.rubric, seed
            )
            for table in (self.places, self.meeting_spaces)
        ]
        rooms = found[1].set_index(["object_id", "fact"])["rank_change"].rename("space_rank_change")
        return found[0].join(rooms, on=["object_id", "fact"])

    def rescore(
        self,
        *,
        aspects: Mapping[str, float] | None = None,
        indicators: Mapping[str, float] | None = None,
        ranges: bool = True,
    ) -> Analysis:
        """Score again with other weights; what was measured stays.

        Parameters
        ----------
        aspects, indicators
            New weights by name; what is not named keeps its own. The rubric's weights add up to
            one within each aspect, whatever is given.
        ranges
            Whether to draw rank ranges again; without, they are missing, and it is done several times
            as fast.

        Raises
        ------
        ConfigError
            If a name is unknown, a weight negative, or nothing is left to judge an aspect by.
        """
        rubric = scoring.reweighted(self.rubric, aspects=aspects, indicators=indicators)
        seed = int(self.manifest.get("seed", SEED))
        places, spaces = (
            table.assign(
                **scoring.rescore(self.evidence, table.index, rubric, seed, ranges=ranges)[SCORE_COLUMNS + RANK_COLUMNS]
            )
            for table in (self.places, self.meeting_spaces)
        )
        manifest = {**self.manifest, "rubric": asdict(rubric)}
        return replace(self, places=places, meeting_spaces=spaces, rubric=rubric, manifest=manifest)


class _Clock:
    """Time per stage, told to whoever listens."""

    def __init__(self, progress: Callable[[str], None] | None) -> None:
        self.seconds: dict[str, float] = {}
        self._tell = progress or (lambda stage: None)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._tell(name)
        begin = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - begin, 4)


def analyse(
    estate: model.Estate,
    *,
    osm: str | Path | openstreetmap.Extract | Reading,
    layers: Sequence[str | RawData] = (),
    complete: Sequence[str] = (),
    terrain: raster.Files | Raster | None = None,
    surface: raster.Files | Raster | None = None,
    plan: str | Path | Plan | None = None,
    phase: int | None = None,
    field_checks: str | Path | None = None,
    rubric: str | Path | None = None,
    seed: int = SEED,
    progress: Callable[[str], None] | None = None,
) -> Analysis:
    """Score the outdoor places of an estate.

    Parameters
    ----------
    estate
        The estate; see ``Estate`` and ``spatial.Estate.from_file``.
    osm
        An OpenStreetMap extract: ``.osm.pbf``, ``.osm`` or ``.osm.bz2``; or one that is being
        read already (``spatial.sources.ahead``); or ``"overpass"`` to ask for it live.
    layers
        Municipal layers: ``"SOURCE_ID"`` (asked live) or ``"SOURCE_ID=FILE"`` of the catalogue, or
        what ``spatial.sources.register.around`` returned. Where two sources know the same thing, it
        becomes one, with the word of each kept.
    complete
        Source ids of layers that are declared complete: what is not in them is not there.
    terrain
        A terrain model: a raster, a folder of tiles, a pattern, or several; see
        ``spatial.sources.raster.terrain``. Without one nothing is said of slopes but what is tagged.
    surface
        A surface model (ground, houses and trees), given in the same way. Without one nothing is
        said of sky and sun, and trees are not in the view.
    plan
        A redevelopment plan that is carried out before anything is measured; see
        ``spatial.sources.plan_file.read``.
    phase
        Carry the plan out up to this phase, counted from 1; its building sites are shut. Default: all.
    field_checks
        Answers to field checks, as the form of the field kit gives them: what was seen on the spot goes
        before every other source.
    rubric
        A rubric in TOML. Default: the bundled one.
    seed
        Seeds the draws behind rank ranges.
    progress
        Called with the name of each stage as it begins.

    Returns
    -------
    Analysis
        Places and meeting spaces with scores, the evidence behind them, and the layers.

    Raises
    ------
    SpatialError
        One of its kinds, with one line that says what and what to do.
    """
    require_metric(estate.crs, f"estate {estate.name}")
    clock = _Clock(progress)
    rules, spec = config.tag_rules(), config.rubric(None if rubric is None else Path(rubric))
    with clock.stage("read"):
        registers = _registers(layers, complete, estate)
        alone = osm.result() if isinstance(osm, Reading) else openstreetmap.around(osm, estate)
    models = _models(estate, clock, terrain=terrain, surface=surface)
    with clock.stage("layers"):
        one = conflation.conflate(alone, registers, rules)
        one, checked = _settled(one, field_checks)
        intended = plan_file.read(plan, estate) if isinstance(plan, str | Path) else plan
        if intended is not None:
            one = replace(one, raw=scenario.apply(one.raw, intended, estate, until=phase))
        tables = canonical_layers.canonical(one.raw, rules, estate.crs)
    with clock.stage("places"):
        found, rooms = _places(tables, estate, rules, one)
    with clock.stage("network"):
        sites = scene.sites(found, rooms)
        scenery = scene.build(tables, sites, estate, rules, absence=conflation.absence(registers), **models)
    with clock.stage("indicators"):
        evidence, references = _measure(found, sites, scenery, one.raw, spec)
    with clock.stage("scores"):
        units = {name: s.unit for name, s in indicators.registry().items()}
        resolved = scoring.resolve(spec, units, references, _left_out(scenery))
        scored_places = _scored(found, PLACE_COLUMNS, evidence, resolved, seed)
        scored_spaces = _scored(rooms, SPACE_COLUMNS, evidence, resolved, seed)
    with clock.stage("lenses"):
        reach = siting.reach_of(sites, scored_spaces.index, scenery)
        seen = lenses.see(
            lens_rules.lenses(),
            resolved,
            evidence,
            sites,
            scenery,
            (scored_places.index, scored_spaces.index),
            lambda spec, measured: _at_edge(spec, measured, sites, one.raw),
        )
    with clock.stage("reach"):
        reached = within_reach.tables(scenery, sites, estate)
    scores = pd.concat([scored_places[FLOATING], scored_spaces[FLOATING]])
    drawn = (
        {name: scenery[name] for name in CONTEXT_LAYERS}
        | reached
        | {
            "boundary": _boundary(estate),
            "homes": homes.within_reach(scenery["dwellings"], sites, scenery["walks"].distance_m, scores),
        }
    )
    return Analysis(
        estate=estate,
        places=scored_places,
        meeting_spaces=scored_spaces,
        evidence=evidence,
        layers=drawn,
        rubric=resolved,
        claims=conflation.claims_of(found, one.claims),
        manifest={
            **_manifest(
                estate, [alone, *registers], one, models, resolved, seed, clock, _warnings(estate, alone, found, models)
            ),
            "lenses": _lens_entries(seen),
            "siting": {"dwellings": siting.dwellings_of(scenery)},
            **({} if intended is None else {"plan": _plan_entry(intended, phase)}),
            **checked,
        },
        lenses=seen,
        reach=reach,
    )


def _plan_entry(plan: Plan, phase: int | None) -> dict[str, Any]:
    """What the manifest says of the plan of a run."""
    return {
        "name": plan.name,
        "phases": list(plan.phases),
        "phase": phase,
        "edits": len(plan.edits),
        "source": asdict(plan.provenance) if plan.provenance else None,
    }


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


def _models(estate: model.Estate, clock: _Clock, **given: raster.Files | Raster | None) -> dict[str, Raster]:
    """Terrain and surface model, of which one or both may not be given."""
    readers = {raster.TERRAIN: raster.terrain, raster.SURFACE: raster.surface}
    found = {}
    for what, files_ in given.items():
        if files_ is not None:
            with clock.stage(what):
                found[what] = files_ if isinstance(files_, Raster) else readers[what](files_, estate)
    return found


def _left_out(scenery: Mapping[str, Any]) -> dict[str, str]:
    """Indicators that this run cannot measure, and the model that was not given."""
    lacking = {name: indicators.lacking(spec, scenery) for name, spec in indicators.registry().items()}
    of = scene.MODELS_OF | scene.LAYER_OF
    return {name: of[table][0] for name, table in lacking.items() if table is not None}


def _lens_entries(seen: tuple[LensResult, ...]) -> list[dict[str, Any]]:
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


def make_ready() -> None:
    """Load what a run needs: libraries, and compiled code from its cache on disk."""
    from spatial import network, visibility
    from spatial.render import sitemap, web_map

    web_map.make_ready()
    sitemap.make_ready()
    visibility.make_ready()
    network.make_ready()


def _boundary(estate: model.Estate) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"id": [estate.id], "name": [estate.name]}, geometry=[estate.boundary], crs=estate.crs)


def _places(
    layers: Mapping[str, gpd.GeoDataFrame], estate: model.Estate, rules: config.TagRules, one: conflation.Conflated
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Places with the space they belong to, and the spaces."""
    found = places.find(
        layers["place_objects"], layers["buildings"], layers["ground"], estate.boundary, estate.margin_m, rules
    )
    paths = layers["paths"]
    parting = places.separators(layers["buildings"], layers["barriers"], paths, layers["water"])
    space_of = places.rooms(found, parting, rules)
    cutting = np.concatenate(
        [layers[name].geometry.to_numpy() for name in ("barriers", "water")] + [places.parting_roads(paths)]
    )
    rooms = places.spaces(found, space_of, layers["buildings"], cutting, estate.boundary)
    found = found.assign(
        space_id=space_of,
        source_id=lineage.of_places(list(found.index), one.sources, one.same_as),
        tag_sources=np.array([*(one.sources.get(i, {}) for i in found.index), None], dtype=object)[:-1],
    )
    sources = found["source_id"].groupby(found["space_id"]).agg(lineage.joined)
    return found, rooms.assign(source_id=sources.reindex(rooms.index).to_numpy(dtype=object))


def _measure(
    found: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    scenery: Mapping[str, Any],
    raw: RawData,
    spec: config.RubricSpec,
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Measure every indicator of places and rooms; return the long table and the references."""
    members = scenery["members"]
    many = [members[space] for space in sites.index[sites["level"] == "space"]]
    alone = {space: rows[0] for space, rows in members.items() if len(rows) == 1}
    of_layer = _layer_sources(scenery)
    tables, references = [], {}
    for name, indicator in indicators.registry().items():
        if name not in spec.rules or indicators.lacking(indicator, scenery):
            continue
        measured = indicators.measure(indicator, found if indicator.members else sites, scenery)
        references[name] = measured.reference
        whole = _with_rooms(indicator, measured, many, spec.rules[name].plausible)
        sources = _sources(indicator, found, sites, scenery, of_layer)
        table = _evidence(whole, indicator, sites, raw).assign(source_id=sources)
        table = table.assign(facts=_facts(indicator, measured, table, sites, many, scenery["kinds"]))
        lone = table.iloc[list(alone.values())].assign(place_id=list(alone))
        tables.append(pd.concat([table, lone]))
    evidence = pd.concat(tables) if tables else pd.DataFrame(columns=[*EVIDENCE_COLUMNS, FACTS])
    return evidence.sort_values(["place_id", "indicator"], kind="stable").reset_index(drop=True)[
        [*EVIDENCE_COLUMNS, FACTS]
    ], references


def _with_rooms(
    indicator: indicators.Spec, measured: indicators.Measured, many: list[Any], plausible: tuple[float, float] | None
) -> indicators.Measured:
    """Add the rooms of many places to what was measured of places alone."""
    if not indicator.members:
        return measured
    low, high = plausible or (np.nan, np.nan)
    bounded = replace(
        measured,
        low=np.where(np.isnan(measured.low), low, measured.low),
        high=np.where(np.isnan(measured.high), high, measured.high),
    )
    of_rooms = indicators.over_members(bounded, many)
    parts = {
        key: np.concatenate([getattr(bounded, key), getattr(of_rooms, key)])
        for key in ("value", "low", "high", "evidence", "rule")
    }
    return indicators.Measured(**parts, reference=measured.reference)


def _facts(
    indicator: indicators.Spec,
    measured: indicators.Measured,
    table: pd.DataFrame,
    sites: gpd.GeoDataFrame,
    many: list[Any],
    rules: config.TagRules,
) -> Any:
    """The unknown facts behind each interval: of the place, its surroundings, or the places of a room."""
    open_ = ~(table["low"] == table["high"]).to_numpy()
    behind = np.full(len(sites), "", dtype=object)
    if not (indicator.reads or indicator.surroundings):
        return behind
    columns = (sites[name].to_numpy() for name in ("tags", "kinds", "space_id"))
    for i, (identity, tags, kind, space) in enumerate(zip(sites.index, *columns, strict=True)):
        if not open_[i] or (indicator.members and i >= len(measured.value)):
            continue
        nature = rules.kinds[kind].by_nature if kind in rules.kinds else ()
        own = facts.of_place(indicator.reads, tags, nature)
        if measured.facts is not None:
            own = tuple(name for name in measured.facts[i].split(facts.JOINT) if name)
        behind[i] = facts.together([facts.written(identity, own), facts.written(space, indicator.surroundings)])
    if indicator.members:
        behind[len(measured.value) :] = [facts.together(behind[group]) for group in many]
    return behind


def _at_edge(
    indicator: indicators.Spec, measured: indicators.Measured, sites: gpd.GeoDataFrame, raw: RawData
) -> indicators.Measured:
    return indicators.at_extract_edge(
        indicator, measured, scene.covered_share(sites, indicator.catchment_m, raw.extent)
    )


def _layer_sources(scenery: Mapping[str, Any]) -> dict[str, str]:
    """Sources of each layer that an indicator may rest on."""
    needs = {name for indicator in indicators.registry().values() for name in indicator.needs}
    layers = {part for name in needs - set(scene.MODELS_OF) for part in scene.MADE_OF.get(name, (name,))}
    return {name: lineage.of_layers(scenery, [name]) for name in layers if scenery.get(name) is not None}


def _sources(
    indicator: indicators.Spec,
    found: gpd.GeoDataFrame,
    sites: gpd.GeoDataFrame,
    scenery: Mapping[str, Any],
    of_layer: Mapping[str, str],
) -> Any:
    """Sources that each value of an indicator rests on; those of a room are those of its places."""
    needs = [name for name in indicator.needs if scenery[name] is not None]
    layers = {part for name in needs for part in scene.MADE_OF.get(name, (name,)) if name not in scene.MODELS_OF}
    models = {model for name in needs for model in scene.MODELS_OF.get(name, ()) if scenery[model] is not None}
    of_layers = lineage.joined([lineage.joined(of_layer[name] for name in layers) or osm_file.SOURCE_ID, *models])
    if not indicator.reads:
        return of_layers
    of_places = lineage.of_tags(found, indicator.reads, otherwise=of_layers)
    of_rooms = [
        lineage.joined(of_places[scenery["members"][space]]) for space in sites.index[sites["level"] == "space"]
    ]
    return np.concatenate([of_places, np.array([*of_rooms, None], dtype=object)[:-1]])


def _evidence(
    measured: indicators.Measured, indicator: indicators.Spec, sites: gpd.GeoDataFrame, raw: RawData
) -> pd.DataFrame:
    marked = _at_edge(indicator, measured, sites, raw)
    return pd.DataFrame(
        {
            "place_id": sites.index.to_numpy(),
            "indicator": indicator.id,
            "value": marked.value,
            "unit": indicator.unit,
            "low": marked.low,
            "high": marked.high,
            "evidence": marked.evidence,
            "rule": marked.rule,
        }
    )


def _scored(
    table: gpd.GeoDataFrame, columns: list[str], evidence: pd.DataFrame, rubric: Rubric, seed: int
) -> gpd.GeoDataFrame:
    """Join scores and one column an indicator to a table of places or rooms."""
    judged = scoring.judge_all(evidence, table.index, rubric)
    scores = scoring.score(judged, table.index, rubric, seed)
    registry = indicators.registry()
    wide = evidence.pivot(index="place_id", columns="indicator", values="value").reindex(table.index)
    values = pd.DataFrame(
        {spec.column: wide.get(name, np.nan) for name, spec in registry.items() if name not in rubric.left_out},
        index=table.index,
    )
    joined = pd.concat([table[columns], scores[SCORE_COLUMNS + RANK_COLUMNS], values], axis=1)
    return gpd.GeoDataFrame(joined, geometry=table.geometry.to_numpy(), crs=table.crs)


def _warnings(
    estate: model.Estate, raw: RawData, found: gpd.GeoDataFrame, models: Mapping[str, Raster]
) -> list[dict[str, Any]]:
    """What the reader of a result must know: a code of ``[warning]`` in the texts, and its facts."""
    warnings: list[dict[str, Any]] = []
    path = raw.provenance.path
    missing = 1 - shapely.area(shapely.intersection(estate.context_area, raw.extent)) / estate.context_area.area
    if missing > MISSING_SHARE:
        context_m = round(estate.margin_m + estate.reach_m)
        percent = max(1, round(missing * 100))
        warnings.append(
            {"code": "extract_ends", "path": path, "estate": estate.name, "percent": percent, "metres": context_m}
        )
    lost = raw.dropped.get(osm_file.LOST_BUILDING, 0)
    if lost:
        warnings.append({"code": "lost_buildings", "path": path, "count": lost})
    if estate.missing_parcels:
        numbers = ", ".join(estate.missing_parcels)
        warnings.append({"code": "missing_parcels", "estate": estate.name, "parcels": numbers})
    for what, heights in models.items():
        if heights.covered_share < 1 - MISSING_SHARE:
            percent = max(1, round((1 - heights.covered_share) * 100))
            path_ = heights.provenance[0].path
            warnings.append({"code": f"{what}_ends", "path": path_, "estate": estate.name, "percent": percent})
    if not len(found):
        warnings.append({"code": "no_places", "estate": estate.name, "metres": round(estate.margin_m)})
    for warning in warnings:
        log.warning(sentence(warning, "en"))
    return warnings


def _manifest(
    estate: model.Estate,
    raws: Sequence[RawData],
    one: conflation.Conflated,
    models: Mapping[str, Raster],
    rubric: Rubric,
    seed: int,
    clock: _Clock,
    warnings: list[dict[str, Any]],
) -> dict[str, Any]:
    drawn = [estate.provenance] if estate.provenance else []
    sources: list[Provenance] = [*(raw.provenance for raw in raws), *drawn, *estate.further]
    sources += [source for heights in models.values() for source in heights.provenance]
    alone, *registers = raws
    return {
        "schema_version": 1,
        "estate": {
            "id": estate.id,
            "name": estate.name,
            "crs": estate.crs.to_string(),
            "municipality": estate.municipality,
            "tenure": estate.tenure,
            "as_of": estate.as_of,
            "listed": {str(year): said for year, said in estate.listed},
            "margin_m": estate.margin_m,
            "reach_m": estate.reach_m,
        },
        "sources": [asdict(source) for source in sources],
        "models": {
            what: {"cell_m": heights.cell_m, "covered_share": round(heights.covered_share, 4)}
            for what, heights in models.items()
        },
        "dropped": dict(alone.dropped),
        "repaired": dict(alone.repaired),
        "layers": [
            {
                "source_id": raw.provenance.source_id,
                "dropped": dict(raw.dropped),
                "repaired": dict(raw.repaired),
                "matching": [dict(row) for row in one.counts if row["source_id"] == raw.provenance.source_id],
            }
            for raw in registers
        ],
        "warnings": warnings,
        "rubric": asdict(rubric),
        "seed": seed,
        "versions": versions(),
        "timings": clock.seconds,
    }


def save(
    analysis: Analysis, out: str | Path, *, lang: str = "da", progress: Callable[[str], None] | None = None
) -> Analysis:
    """Write a result into a folder: all of its files, or none.

    Returns
    -------
    Analysis
        The same result, with the timings of writing and the time of making in its manifest.

    Raises
    ------
    InputError
        If the folder cannot be made or written.
    """
    from spatial.render import files as folder
    from spatial.render import sitemap, tables, web_map

    clock = _Clock(progress)
    made = {**analysis.manifest, "made_at": datetime.now(UTC).isoformat(timespec="seconds"), "lang": lang}
    timed = replace(analysis, manifest=made)
    with folder.whole(Path(out)) as draft:
        with ThreadPoolExecutor(2) as pool, clock.stage("map.html"):
            written = pool.submit(tables.geopackage, timed, draft / "places.gpkg", lang=lang)
            web_map.render(timed, draft / "map.html", lang=lang, **for_page(timed))
            sheet = sitemap.pdf(timed, lang=lang)
            printed = pool.submit(sitemap.write, sheet, draft / "sitemap.pdf")
        with clock.stage("tables"):
            written.result()
            printed.result()
            tables.scores(timed, draft / "scores.csv")
            tables.evidence(timed, draft / "evidence.parquet")
            tables.lenses(timed, draft / "lenses.csv")
            tables.lens_evidence(timed, draft / "lens_evidence.parquet")
            tables.reach(timed, draft / "reach.parquet")
            tables.facts(timed, draft / "facts.parquet")
            tables.field_checks(timed.field_checks, timed, draft / "field_checks.csv", lang=lang)
            tables.lineage(timed, draft / "lineage.parquet")
        timed = replace(timed, manifest=made | {"timings": {**made["timings"], **clock.seconds}})
        tables.manifest(timed, draft / "manifest.json")
    return timed


def for_page(result: Result) -> dict[str, Any]:
    """What the page needs to score again by itself: judged values, also through the lenses.

    All rules of the rubric are judged, of whatever weight: a reader may raise one.
    """
    from spatial.render._web_scoring import Seen

    tables = {"spaces": result.meeting_spaces, "places": result.places}

    def judge(evidence: pd.DataFrame, rubric: Rubric) -> dict[str, scoring.Judged]:
        rules = {name: replace(rule, weight=1.0) for name, rule in rubric.rules.items()}
        all_of_it = replace(rubric, rules=rules)
        return {name: scoring.judge_all(evidence, table.index, all_of_it) for name, table in tables.items()}

    lenses = []
    for lens in result.lenses:
        rubric = lens_rules.changed(result.rubric, lens.rules)
        weights = {name: rule.weight for name, rule in rubric.rules.items()}
        served = (lens.served_low, lens.served, lens.served_high)
        found = judge(lens_rules.put_in(result.evidence, lens.evidence), rubric)
        lenses.append(Seen(lens.id, served, weights, found))
    return {"judged": judge(result.evidence, result.rubric), "lenses": lenses}


def load(folder: str | Path) -> Analysis:
    """Read a finished run back from its folder.

    Raises
    ------
    SourceUnavailable, SourceFormatError
        If the folder does not hold a finished run, or one of another version.
    """
    from spatial.sources import finished

    return Analysis(**vars(finished.read(Path(folder))))
