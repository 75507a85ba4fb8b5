"""The nouns of the program: frozen dataclasses without behaviour beyond their own consistency."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import numpy.typing as npt
    import pandas as pd
    from pyproj import CRS
    from shapely.geometry.base import BaseGeometry


ASPECTS = ("openness", "accessibility", "neutrality", "low_threshold", "mixing")
# What a rule judges that is no aspect but a condition: the scores of the conditions multiply the mean of the aspects.
GATE = "gate"
# Where the product of the conditions, by the best estimates, is this or less, a place is closed and has no rank.
CLOSED_AT = 0.3
FLOATING = "floating"
EVIDENCE = ("observed", "derived", "estimated", "assumed by rule", "unknown")
KNOWN_EVIDENCE = ("observed", "derived")
# The shares of what counts, by how it is known; they sum to 1. Coverage is the first two.
SHARES = {
    "seen": ("observed",),
    "computed": ("derived",),
    "assumed": ("estimated", "assumed by rule"),
    "unknown": ("unknown",),
}
EVIDENCE_COLUMNS = ("place_id", "indicator", "value", "unit", "low", "high", "evidence", "source_id", "rule")
# The unknown facts behind an interval, as ``spatial.indicators.unknown_facts`` writes them; a column of its own file.
FACTS = "facts"
# Square metres in a hectare.
HECTARE_M2 = 10_000.0
# Who said what of an object: see ``spatial.layers.conflation``.
CLAIM_COLUMNS = ("object_id", "field", "value", "source_id", "source_object", "used")
# Sides of the wind: sectors of 45° from the east, against the clock.
SIDES = ("e", "ne", "n", "nw", "w", "sw", "s", "se")
# Five minutes on foot, and the longest walk that is measured: as far as the map is read around an estate.
FIVE_MINUTES_M, WALK_LIMIT_M = 400.0, 1600.0
# Licence or attribution of a file that names none.
NOT_STATED = "not stated"
# Source of a boundary that is but a circle around the centre of an area.
FIRST_GUESS = "first_guess"
# Ids of what a plan adds begin so.
PLANNED = "plan:"


@dataclass(frozen=True)
class Provenance:
    """Where a table came from.

    ``complete`` is true where the source declares itself complete, so that absence is evidence of
    the kinds of place that it ``covers``.
    Dates are ISO 8601 strings; ``retrieved_at`` is in UTC. ``query`` is what a service was
    asked, ``timestamp_osm_base`` the moment whose map Overpass answered with; ``cut_off`` says by what
    an answer shows that it holds not all.
    """

    source_id: str
    path: str
    licence: str
    attribution: str
    data_date: str | None = None
    retrieved_at: str | None = None
    sha256: str | None = None
    complete: bool = False
    covers: tuple[str, ...] = ()
    query: str | None = None
    timestamp_osm_base: str | None = None
    cut_off: str | None = None


@dataclass(frozen=True)
class Raster:
    """Heights above the sea on a grid of square cells, north up, in a metric CRS.

    ``heights_m`` is float32 (rows, columns), row 0 in the north, NaN where nothing is known;
    ``west_m`` and ``north_m`` are the outer corner of its first cell. ``covered_share`` of the area
    that was asked for is known. ``provenance`` has one entry a file.
    """

    heights_m: npt.NDArray[np.float32]
    west_m: float
    north_m: float
    cell_m: float
    crs: CRS
    covered_share: float
    provenance: tuple[Provenance, ...]


@dataclass(frozen=True)
class Features:
    """Raw objects of one geometry type, in a metric CRS, before they mean anything.

    ``ids`` are ``"osm:node/1"`` and the like, ``tags`` a dictionary an object, ``geometry`` shapely
    objects; all three have the same length. For lines, ``node_ids`` holds the identities of all
    vertices one after another, so that topology comes from identity and never from coordinates.
    """

    ids: npt.NDArray[np.object_]
    tags: Sequence[Mapping[str, str]]
    geometry: npt.NDArray[np.object_]
    node_ids: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"Features({len(self)} objects)"


@dataclass(frozen=True)
class RawData:
    """What a source delivered for an area: points, lines and areas, in the estate's CRS.

    ``extent`` is the polygon the source covers; beyond it nothing is known. ``dropped`` counts
    the objects that could not be used, by reason; ``repaired`` those that could after a repair.
    ``read`` is the ledger of an extract of OpenStreetMap: by element (node, way, relation) how many objects
    are in the file (``in_file``), kept, too far, and dropped by reason, which add up; ``lost`` names the areas whose
    outline is not all in it, by reason.
    """

    points: Features
    lines: Features
    areas: Features
    extent: BaseGeometry
    dropped: Mapping[str, int]
    repaired: Mapping[str, int]
    provenance: Provenance
    read: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    lost: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Sheet:
    """A table of observations as its file holds it, before it means anything.

    ``rows`` holds texts; its index is the number of the row as a spreadsheet shows it (the heading
    is row 1) or, of a map layer, of the feature (from 1). ``geometry`` is in the estate's CRS, with
    None where a row has no position; it is None itself where the table has no positions at all.
    ``faults`` says, by row number, why a row cannot be used: a key of the texts under ``[reason]``.
    """

    name: str
    path: str
    rows: pd.DataFrame
    geometry: npt.NDArray[np.object_] | None
    faults: Mapping[int, str]


@dataclass(frozen=True)
class Edit:
    """One change of a plan.

    ``feature`` is what the plan calls it, for messages. ``action`` is ``"remove"``, ``"add"`` or
    ``"change"``; ``layer`` one of ``spatial.plans.application.DIMENSIONS``. ``target`` is the id of what is
    removed or changed. ``tags`` are those of the canonical vocabulary; in a change an empty one is
    taken away. ``phase`` counts from 1. One that is ``exact`` says all that happens: a way joins no
    other, a building takes no doors with it, and ``nodes`` are the identities of a line's vertices, as
    in an inverse, which puts things back as they were.
    """

    feature: str
    action: str
    layer: str
    target: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    geometry: BaseGeometry | None = None
    phase: int = 1
    note: str | None = None
    nodes: tuple[int, ...] | None = None
    exact: bool = False


@dataclass(frozen=True)
class Plan:
    """A redevelopment plan: edits in the estate's CRS. ``phases`` names the phases, the first first."""

    name: str
    edits: tuple[Edit, ...]
    phases: tuple[str, ...] = ()
    provenance: Provenance | None = None


@dataclass(frozen=True)
class Estate:
    """A housing estate: the area whose outdoor places are scored.

    ``boundary`` is a valid polygon or multipolygon in ``crs``, which is projected and in metres.
    Places within ``margin_m`` of it are scored too; context is read ``reach_m`` metres further.
    ``tenure`` is ``"almen"`` where the ground is known to be a public-housing department's.
    ``as_of`` is the date to which the boundary belongs. ``further`` are the other sources it was
    made from, and ``missing_parcels`` the cadastral numbers that belong to it and were not there.
    ``listed`` says, for an area of the registry, by year whether it was on the state's list of 1
    December: ``"yes"``, ``"no"`` or ``"unknown"``. ``legal`` is what the law of another country calls it, in its words.
    """

    id: str
    name: str
    boundary: BaseGeometry
    crs: CRS
    margin_m: float = 250.0
    reach_m: float = WALK_LIMIT_M
    municipality: str | None = None
    tenure: str | None = None
    as_of: str | None = None
    provenance: Provenance | None = None
    further: tuple[Provenance, ...] = ()
    missing_parcels: tuple[str, ...] = ()
    listed: tuple[tuple[int, str], ...] = ()
    legal: str | None = None

    @property
    def study_area(self) -> BaseGeometry:
        """Polygon in which places are scored: the boundary and its margin."""
        return self.boundary.buffer(self.margin_m)

    @property
    def context_area(self) -> BaseGeometry:
        """Polygon from which the network and the context are read."""
        return self.boundary.buffer(self.margin_m + self.reach_m)


@dataclass(frozen=True)
class Rule:
    """How one indicator is judged: its aspect, its weight in it, and its value function.

    A rule whose aspect is ``GATE`` is a condition; it has no weight but 1, where it applies, or 0.
    ``points`` are (value in the indicator's unit, judged value in [0, 1]) with rising values,
    joined by straight lines and constant beyond both ends. ``plausible`` is the range, in the
    indicator's unit, that an unknown value may take. ``why`` is the justification with its source.
    """

    indicator: str
    aspect: str
    weight: float
    unit: str
    points: tuple[tuple[float, float], ...]
    plausible: tuple[float, float]
    why: str


@dataclass(frozen=True)
class Rubric:
    """The judgement: aspect weights, rules per indicator, and what is needed for a rank.

    ``left_out`` names indicators that this run could not measure at all, and the model that was not
    given (``"terrain"``, ``"surface"``); their weight is nobody's.
    """

    aspect_weights: Mapping[str, float]
    rules: Mapping[str, Rule]
    min_coverage: float = 0.5
    mean: str = "geometric"
    draws: int = 1000
    concentration: float = 50.0
    top_k: int = 10
    left_out: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class LensResult:
    """The estate seen by one way of getting about.

    ``served`` is the share of the estate's dwellings that reach a good meeting space in a short
    walk, between ``served_low`` and ``served_high``. ``places`` and ``meeting_spaces`` have the
    scores of the contract, ``coverage`` and ``rank``. ``evidence`` holds the rows that this lens
    measured again, ``rules`` the changes to the rubric's rules. ``homes``, by door of the estate:
    ``spaces_5min``, the meeting spaces within five minutes of this lens by the best ways that may be
    (``;`` between), ``spaces_5min_sure`` by the worst, and ``best_floating``, the best score there, the
    mean of both; None where a run does not hold it.
    """

    id: str
    served_low: float
    served: float
    served_high: float
    places: pd.DataFrame
    meeting_spaces: pd.DataFrame
    evidence: pd.DataFrame
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    homes: pd.DataFrame | None = None

    def __repr__(self) -> str:
        return f"LensResult({self.id!r}, {self.served:.0%} of the homes served)"


@dataclass(frozen=True)
class Result:
    """Everything one run found, ready to be rendered.

    ``places`` and ``meeting_spaces`` are indexed by id and carry the columns of the contract in
    the estate's CRS. ``evidence`` is the long table (place_id, indicator, value, unit, low, high,
    evidence, source_id, rule, facts: the unknown facts behind an interval, as ``spatial.indicators.unknown_facts``
    writes them), ``claims`` that of who said what of a place (``CLAIM_COLUMNS``). ``layers`` are the
    canonical tables by name. In ``rubric`` every
    value function is resolved to points in the indicator's unit. ``lenses`` are the resident lenses,
    the worst served first. ``reach`` says which dwellings reach which meeting space in five minutes
    without steps (see ``spatial.scoring.siting``). ``terrain`` are the heights of a run that was given any, coarse
    enough to be drawn.
    """

    estate: Estate
    places: gpd.GeoDataFrame
    meeting_spaces: gpd.GeoDataFrame
    evidence: pd.DataFrame
    layers: Mapping[str, gpd.GeoDataFrame]
    rubric: Rubric
    claims: pd.DataFrame
    manifest: Mapping[str, Any] = field(default_factory=dict)
    lenses: tuple[LensResult, ...] = ()
    reach: pd.DataFrame | None = None
    terrain: Raster | None = None


@dataclass(frozen=True)
class Extract:
    """An OpenStreetMap file; ``provenance`` is that of the service it came from, else None."""

    path: Path
    provenance: Provenance | None = None

    def described(self, raw: RawData) -> RawData:
        """What was read of the file, with where it came from in the first place."""
        return raw if self.provenance is None else replace(raw, provenance=self.provenance)
