"""Score the outdoor places of an estate: inputs → layers → places → indicators → scores → result."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
from shapely.geometry.base import BaseGeometry

from spatial.analysis import manifest
from spatial.analysis.context import context_layers
from spatial.analysis.inputs import Ground, InputFiles, Inputs, Options, prepare_ground
from spatial.analysis.result import SEED, Analysis
from spatial.core import model
from spatial.core.incremental import AFRESH, Steps
from spatial.core.model import FLOATING, Plan, Raster, RawData, Rubric
from spatial.core.timing import Clock
from spatial.indicators import evidence as indicators_evidence
from spatial.indicators import inputs as indicators_inputs
from spatial.indicators import registry
from spatial.indicators.estimates import Estimate, estimate_facts
from spatial.indicators.inputs import IndicatorInputs
from spatial.layers import canonical, conflation
from spatial.layers.house_numbers import house_numbers
from spatial.network.graph import Network, build_network
from spatial.osm.extract import Reading
from spatial.places import homes
from spatial.places.possible import lawns
from spatial.places.whereabouts import HOUSE_NUMBERS
from spatial.scoring import lenses, siting
from spatial.scoring import scores as scoring_scores
from spatial.scoring.judging import resolve
from spatial.settings import lenses as settings_lenses
from spatial.settings import rubric as settings_rubric
from spatial.settings import tags
from spatial.sources import rasters
from spatial.terrain import elevation

# Of a terrain model, so many cells in a row are drawn: those of a window.
DRAWN_CELLS = 600
# House numbers are shown to a little beyond where places are scored.
ADDRESSED_M = 100.0
CONTEXT_LAYERS = ("buildings", "paths", "barriers", "gates", "water", "waterways", "green", "context", "stops")


def analyse(  # noqa: PLR0913 (the public signature)
    estate: model.Estate,
    *,
    osm: str | Path | model.Extract | Reading | RawData,
    layers: Sequence[str | RawData] = (),
    complete: Sequence[str] = (),
    terrain: rasters.Files | Raster | None = None,
    surface: rasters.Files | Raster | None = None,
    plan: str | Path | Plan | None = None,
    phase: int | None = None,
    field_checks: str | Path | None = None,
    corrections: str | Path | None = None,
    rubric: str | Path | None = None,
    tags: str | Path | None = None,
    seed: int = SEED,
    scores_only: bool = False,
    scored: Callable[[Analysis], None] | None = None,
    progress: Callable[[str], None] | None = None,
) -> Analysis:
    """Score the outdoor places of an estate.

    Parameters
    ----------
    estate
        The estate; see ``Estate`` and ``spatial.Estate.from_file``.
    osm
        An OpenStreetMap extract: ``.osm.pbf``, ``.osm``, ``.osm.bz2`` or ``.osm.gz``; or one that is being
        read already (``spatial.osm.extract``), or what came of it; or ``"overpass"`` to ask for it live.
    layers
        Municipal layers: ``"SOURCE_ID"`` (asked live) or ``"SOURCE_ID=FILE"`` of the catalogue, or
        what ``spatial.sources.layers.read_layer`` returned. Where two sources know the same thing, it
        becomes one, with the word of each kept.
    complete
        Source ids of layers that are declared complete: what is not in them is not there.
    terrain
        A terrain model: a raster, a folder of tiles, a pattern, or several; see
        ``spatial.sources.rasters.terrain``. Without one nothing is said of slopes but what is tagged.
    surface
        A surface model (ground, houses and trees), given in the same way. Without one nothing is
        said of sky and sun, and trees are not in the view.
    plan
        A redevelopment plan that is carried out before anything is measured; see
        ``spatial.plans.reading.read_plan``.
    phase
        Carry the plan out up to this phase, counted from 1; its building sites are shut. Default: all.
    field_checks
        Answers to field checks, as the form of the field kit gives them: what was seen on the spot goes
        before every other source.
    corrections
        What somebody who knows the estate puts right on the map; see
        ``spatial.plans.correction_files.read_corrections``. It goes before field checks.
    rubric
        A rubric in TOML. Default: the bundled one.
    tags
        Choices of tags, as ``study openness`` writes them. Default: the bundled ones.
    seed
        Seeds the draws behind rank ranges.
    scores_only
        Measure and score, and nothing more: no lenses, no reach, of the layers of a map only the ways, by which
        places are named. Places, meeting spaces and evidence are the same.
    scored
        Called with the result before it is looked at through the lenses.
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
    files = InputFiles(osm, layers, complete, terrain, surface, plan, field_checks, corrections)
    choices = None if tags is None else Path(tags)
    options = Options(None if rubric is None else Path(rubric), seed, phase, scores_only, tags=choices)
    return run(Inputs.read(estate, files, progress), options, progress, on_scored=scored)


def run(
    inputs: Inputs,
    options: Options | None = None,
    progress: Callable[[str], None] | None = None,
    *,
    on_scored: Callable[[Analysis], None] | None = None,
) -> Analysis:
    """Score the outdoor places of an estate from inputs that are read.

    Parameters
    ----------
    inputs
        What was read; see ``Inputs.read``.
    options
        How it is looked at. Default: the bundled rubric, all phases of the plan, everything that a map shows.
    progress
        Called with the name of each stage as it begins.
    on_scored
        Called with the result before it is looked at through the lenses.

    Raises
    ------
    SpatialError
        If the plan does not fit, or the rubric cannot be read.
    """
    options, clock = options or Options(), Clock(progress, inputs.seconds)
    rules, spec = tags.tag_rules(options.tags), settings_rubric.rubric(options.rubric)
    ground = prepare_ground(inputs, rules, clock, phase=options.phase)
    view = survey(
        ground.conflated,
        inputs.estate,
        rules,
        clock,
        absence=conflation.absence(inputs.registers),
        models=inputs.models,
    )
    with clock.stage("indicators"):
        estimated = {} if options.plain_unknowns else estimate_unknowns(view, ground, rules)
    scored = score_view(view, spec, options.seed, clock, options.judged_by, estimated=estimated)
    context = None if options.scores_only else map_context(view, scored, inputs.estate, clock)
    analysis = _as_result(inputs, options, ground, view, scored, context, clock)
    of_unknowns = manifest.unknowns_entries(estimated, view.measured_from.completeness)
    analysis = replace(analysis, manifest={**analysis.manifest, **of_unknowns})
    if on_scored is not None:
        on_scored(analysis)
    return analysis if options.scores_only else _through_lenses(analysis, view, scored, clock)


def _as_result(
    inputs: Inputs,
    options: Options,
    ground: Ground,
    view: View,
    scored: Judged,
    context: MapContext | None,
    clock: Clock,
) -> Analysis:
    """The result of a run, before it is looked at through the lenses."""
    edits = {} if ground.edits is None else {"plan": ground.edits}
    terrain = inputs.models.get(rasters.TERRAIN)
    addresses = {HOUSE_NUMBERS: addresses_near(view.raw, inputs.estate)}
    return Analysis(
        estate=inputs.estate,
        places=scored.places,
        meeting_spaces=scored.meeting_spaces,
        evidence=scored.evidence,
        layers=({"paths": view.measured_from.paths} if context is None else dict(context.layers)) | edits | addresses,
        rubric=scored.rubric,
        claims=conflation.claims_of(view.places, ground.conflated.claims),
        manifest=manifest.describe_run(inputs, options, ground, scored.rubric, clock.seconds)
        | {"warnings": manifest.warnings_of(inputs, view.places)}
        | {"lenses": [], "siting": siting.homes_of(view.measured_from)},
        reach=None if context is None else context.reach,
        streets=None if options.scores_only else _streets(view),
        terrain=None if terrain is None or options.scores_only else elevation.coarser(terrain, DRAWN_CELLS),
    )


@dataclass(frozen=True)
class View:
    """The places of an estate and all that they are measured from.

    ``sites`` are the places, and after them the meeting spaces; ``possible`` the rooms on
    which nothing is mapped; ``measured_from`` is
    what indicators name.
    """

    raw: RawData
    places: gpd.GeoDataFrame
    rooms: gpd.GeoDataFrame
    possible: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    measured_from: IndicatorInputs


@dataclass(frozen=True)
class Judged:
    """Evidence, the rubric resolved on it, and the scored places and meeting spaces."""

    evidence: pd.DataFrame
    rubric: Rubric
    places: gpd.GeoDataFrame
    meeting_spaces: gpd.GeoDataFrame


def _through_lenses(analysis: Analysis, view: View, found: Judged, clock: Clock) -> Analysis:
    """The estate seen by each way of getting about."""
    with clock.stage("lenses"):
        seen = lenses.score_through_lenses(
            settings_lenses.lenses(),
            found.rubric,
            found.evidence,
            view.sites,
            view.measured_from,
            (found.places.index, found.meeting_spaces.index),
            view.raw.extent,
        )
    said = {"lenses": manifest.lens_entries(seen)}
    return replace(analysis, lenses=seen, manifest={**analysis.manifest, **said})


def survey(
    one: conflation.Conflated,
    estate: model.Estate,
    rules: tags.TagRules,
    clock: Clock,
    *,
    absence: Mapping[str, BaseGeometry],
    models: Mapping[str, Raster],
    step: Steps = AFRESH,
) -> View:
    """Find the places, and make the tables that they are measured from. Pure."""
    terrain, surface = models.get(rasters.TERRAIN), models.get(rasters.SURFACE)
    with clock.stage("layers"):
        tables = canonical.canonical_layers(one.raw, rules, estate.crs, step=step)
    with clock.stage("places"):
        found = indicators_evidence.find_meeting_spaces(tables, estate, rules, one, step=step)
    with clock.stage("network"):
        sites = step(indicators_inputs.sites, found.places, found.spaces)
        measured_from = indicators_inputs.indicator_inputs(
            tables, sites, estate, rules, absence=absence, terrain=terrain, surface=surface, step=step
        )
        known = step(indicators_inputs.completeness_of_places, tables.place_objects, rules, one.lists)
        measured_from = replace(measured_from, completeness=known)
    return View(one.raw, found.places, found.spaces, found.possible, sites, measured_from)


def estimate_unknowns(view: View, ground: Ground, rules: tags.TagRules) -> dict[str, Estimate]:
    """Decide how each unknown fact is estimated, from what is there: what a plan adds says nothing. Pure."""
    if ground.before is None:
        known = view.measured_from
        return estimate_facts(known.place_objects, known.paths, known.network, rules)
    before = canonical.canonical_layers(ground.before, rules, view.measured_from.estate.crs)
    network = build_network(before.paths, before.path_nodes, before.lamps)
    return estimate_facts(before.place_objects, before.paths, network, rules)


def measure_view(
    view: View,
    spec: settings_rubric.RubricSpec,
    clock: Clock,
    *,
    estimated: Mapping[str, Estimate] | None = None,
    step: Steps = AFRESH,
) -> tuple[pd.DataFrame, Rubric]:
    """Measure every indicator: the long table, and the rubric resolved on what was measured. Pure."""
    with clock.stage("indicators"):
        evidence, references = indicators_evidence.measure_indicators(
            view.places, view.sites, view.measured_from, view.raw, spec, estimated=estimated, step=step
        )
        units = {name: s.unit for name, s in registry.registry().items()}
        return evidence, resolve(spec, units, references, indicators_evidence.unmeasured_indicators(view.measured_from))


def score_view(
    view: View,
    spec: settings_rubric.RubricSpec,
    seed: int,
    clock: Clock,
    judged_by: Rubric | None = None,
    *,
    estimated: Mapping[str, Estimate] | None = None,
) -> Judged:
    """Measure every indicator, and score and rank what was measured. Pure."""
    evidence, own = measure_view(view, spec, clock, estimated=estimated)
    rubric = judged_by or own
    with clock.stage("scores"):
        tables = ((view.places, scoring_scores.PLACE_COLUMNS), (view.rooms, scoring_scores.SPACE_COLUMNS))
        places, spaces = (
            scoring_scores.scored_table(table, columns, evidence, rubric, seed) for table, columns in tables
        )
    return Judged(evidence, rubric, places, spaces)


def _streets(view: View) -> Network:
    """The walking network, its slopes counted in where there is a terrain model."""
    return replace(view.measured_from.network, step_free=view.measured_from.step_free_edges)


@dataclass(frozen=True)
class MapContext:
    """What maps show around the places, and which dwellings reach which meeting space."""

    layers: Mapping[str, gpd.GeoDataFrame]
    reach: pd.DataFrame


def addresses_near(raw: model.RawData, estate: model.Estate) -> gpd.GeoDataFrame:
    """Addresses by which things of an estate are told apart and found."""
    return house_numbers(raw, estate.study_area.buffer(ADDRESSED_M), estate.crs)


def map_context(view: View, scored: Judged, estate: model.Estate, clock: Clock) -> MapContext:
    """Layers that maps and tables show, and which dwellings reach which meeting space."""
    with clock.stage("reach"):
        scores = pd.concat([scored.places[FLOATING], scored.meeting_spaces[FLOATING]])
        walks = view.measured_from.walks.distance_m
        boundary = gpd.GeoDataFrame(
            {"id": [estate.id], "name": [estate.name]}, geometry=[estate.boundary], crs=estate.crs
        )
        possible_near = view.possible[view.possible.intersects(estate.study_area)]
        layers = {
            **{name: getattr(view.measured_from, name) for name in CONTEXT_LAYERS},
            "paths": view.measured_from.paths.loc[lambda table: ~table["across"].to_numpy(dtype=bool)],
            "buildings": view.measured_from.buildings.loc[lambda table: ~table["cleared"].to_numpy(dtype=bool)],
            **context_layers(view.measured_from, view.sites, estate),
            "boundary": boundary,
            "possible_spaces": lawns(possible_near, view.measured_from.paths),
            "homes": homes.best_space_per_home(view.measured_from.dwellings, view.sites, walks, scores),
        }
        return MapContext(layers, siting.homes_served(view.sites, scored.meeting_spaces.index, view.measured_from))


def load_compiled() -> None:
    """Load what measuring needs: libraries, and compiled code from its cache on disk."""
    from spatial.network import catchments, distances
    from spatial.scoring import draws, tiers
    from spatial.visibility import isovists

    isovists.load_compiled()
    distances.load_compiled()
    catchments.load_compiled()
    draws.load_compiled()
    tiers.load_compiled()
