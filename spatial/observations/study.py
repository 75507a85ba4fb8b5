"""Lay counts over a run: files → one table → meeting spaces → what may be published, and the test of the scores."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from spatial.core.arrays import Floats
from spatial.core.errors import EmptyAreaError, InputError
from spatial.core.languages import LANGUAGES, Text
from spatial.core.messages import Phrase, phrase
from spatial.core.model import ASPECTS, FLOATING, Provenance, Result, Rubric
from spatial.observations import calibration, disclosure, model, overlay, validation
from spatial.observations.columns import sensitive
from spatial.observations.normalisation import Observations, joined_tables, normalise
from spatial.observations.reliability import Agreement, agreement, intraclass
from spatial.places.meeting_spaces import SPACE_PREFIX
from spatial.places.naming import POSSIBLE_SPACES, names_of
from spatial.scoring.combining import aspect_weights, combine
from spatial.scoring.judging import judge_all
from spatial.settings.observation_columns import STAYING, mapped, rules
from spatial.settings.tags import tag_rules
from spatial.sources import text_tables

log = logging.getLogger(__name__)

SPACE = "space"
SEED = 20250201
# Reasons to leave a row out that tell of a wrong file, or of coordinates that are misread.
ELSEWHERE = ("outside", "location_outside")


# The form that a cell should have had, by the reasons for which it is turned away.
FORMS = (
    (phrase("observing.time_form"), ("bad_time", "other_time_format", "clock_not_set", "to_come")),
    (phrase("observing.position_form"), ("bad_geometry", "not_degrees")),
    (phrase("observing.count_form"), ("unclear_number", "not_a_count", "negative_count")),
    (phrase("observing.kind_form"), ("bad_kind",)),
)
# Where what is wrong with a row may be written.
CELLS = {
    "geometry": ("text", "longitude", "x"),
    "start": ("start_time", "date", "start"),
    "stop": ("stop_time", "stop"),
}


@dataclass(frozen=True)
class Read:
    """Observations of some files, and where they came from. ``left`` is what was left at the door."""

    observations: Observations
    provenance: tuple[Provenance, ...]
    left: pd.DataFrame


@dataclass(frozen=True)
class Observed:
    """Observations laid over a finished run, with what may be published of them.

    ``publication`` is all that leaves the program by place; ``joined`` and ``read`` hold exact
    counts and stay in memory. ``check`` is the test of the scores.
    """

    result: Result
    read: Read
    joined: overlay.Joined
    publication: disclosure.Publication
    check: validation.Check
    by: str
    k_reason: str | None

    @property
    def cells(self) -> pd.DataFrame:
        """What may be published, one row a cell: small counts are withheld."""
        return self.publication.cells

    def __repr__(self) -> str:
        """Count what was observed."""
        return f"Observed({self.check.surveys} counts at {self.check.spaces} meeting spaces)"


def read_observations(
    files: Sequence[Path],
    *,
    mapping: Path | None = None,
    crs: CRS | None = None,
    area: BaseGeometry | None = None,
    spaces: Sequence[str] = (),
    held: Mapping[str, str] = MappingProxyType({}),
    said: Mapping[str, str | None] = MappingProxyType({}),
    ground: gpd.GeoDataFrame | None = None,
) -> Read:
    """Read observations from files of any known layout into one table.

    Parameters
    ----------
    files
        Files or folders; the tables of one folder belong together.
    mapping
        A file in TOML that says what the columns mean, where they carry other names.
    crs
        Metric CRS of the estate. Default: chosen by where the observations are.
    area
        Where observations are expected, in ``crs``. Default: anywhere.
    spaces
        Ids of meeting spaces, which may stand for a location.
    held
        Meeting spaces by the id of what they hold, which may stand for a location as well.
    said
        What the files leave open, by the names of ``CHOICES``: ``{"dates": "month-first"}``.
    ground
        As of ``normalise``, in ``crs``.

    Raises
    ------
    SpatialError
        If a file cannot be read, or none of its rows can be used.
    """
    # Somewhere on earth it is tomorrow.
    settings = replace(mapped(mapping, said), latest=date.today() + timedelta(days=1))
    found, sources, left = [], [], []
    for file in files:
        sheets, crs, provenance = text_tables.read_tables(Path(file), mapped=settings, crs=crs)
        one = normalise(sheets, mapped=settings, crs=crs, area=area, known=frozenset(spaces), held=held, ground=ground)
        _check_used(one, file, area is not None)
        found.append(one)
        sources.append(provenance)
        left.append(sensitive(sheets, settings))
    return Read(joined_tables(found), tuple(sources), pd.concat(left, ignore_index=True))


def read_observations_for(
    result: Result,
    files: Sequence[Path],
    *,
    mapping: Path | None = None,
    join_m: float | None = None,
    said: Mapping[str, str | None] = MappingProxyType({}),
) -> Read:
    """Read observations of the estate of a run: in its CRS, within its study area, its spaces known by id."""
    ground = _grounds(result)
    return read_observations(
        files,
        mapping=mapping,
        crs=result.estate.crs,
        area=area_of(result, join_m),
        spaces=[str(i) for i in ground.index],
        held=_held(result),
        said=said,
        ground=ground,
    )


def _grounds(result: Result) -> gpd.GeoDataFrame:
    """Meeting spaces by id, and the ground on which nothing is mapped: what was a meeting space may be that now."""
    spaces = result.meeting_spaces[["geometry"]].assign(unmapped=False)
    lawns = result.layers.get(POSSIBLE_SPACES)
    if lawns is None:
        return spaces
    free = lawns.set_axis(SPACE_PREFIX + lawns.index.astype(str))[["geometry"]].assign(unmapped=True)
    return pd.concat([spaces, free[~free.index.isin(spaces.index)]])


def _held(result: Result) -> dict[str, str]:
    """Meeting spaces by their names, and by the ids of their places, as written here and as OpenStreetMap writes them.

    The first edition of the measure named a space by the first of its places, after ``space:``.
    """
    by_place = {str(place): str(space) for place, space in result.places["space_id"].items()}
    by_own = {str(space).removeprefix("space:"): str(space) for space in result.meeting_spaces.index}
    found = {f"space:{place}": space for place, space in by_place.items()} | by_own | by_place
    # As the sheets and the map call them, in whatever language these were printed.
    called = {
        name.casefold(): str(space)
        for lang in LANGUAGES
        for space, name in names_of(result, lang).items()
        if space in result.meeting_spaces.index
    }
    return called | {name.removeprefix("osm:"): space for name, space in found.items()} | found


def _check_used(found: Observations, file: Path, bounded: bool) -> None:
    if len(found.surveys):
        return
    reasons = found.rejected["reason"].value_counts()
    first = str(reasons.index[0]) if len(reasons) else ""
    why = phrase("observing.no_reason")
    if first:
        why = phrase("observing.reason", why=Text("reason", first), rows=int(reasons.iloc[0]), cell=_cell(found, first))
    elsewhere = bounded and first in ELSEWHERE
    hint = phrase("observing.check") if elsewhere else phrase("observing.no_check")
    raise EmptyAreaError("observing.nothing", file=file, rows=found.rows_read, why=why, hint=hint)


def _cell(found: Observations, reason: str) -> Phrase:
    """The first cell that was turned away for a reason, and the form that is wanted; nothing where no cell is meant."""
    wanted = next((form for form, reasons in FORMS if reason in reasons), None)
    row = found.rejected[found.rejected["reason"] == reason].iloc[0]
    for table in found.layout.tables:
        names = CELLS.get(str(row["column"]), (str(row["column"]),))
        columns = [table.names[name] for name in names if name in table.names]
        if wanted and table.sheet.name == row["table"] and columns:
            text = str(table.sheet.rows.loc[row["row"], columns[0]])
            return phrase("observing.cell", row=row["row"], column=columns[0], text=text, form=wanted)
    return phrase("observing.no_cell")


def observe(
    result: Result,
    found: Read,
    *,
    by: str = SPACE,
    k: int | None = None,
    k_reason: str | None = None,
    join_m: float | None = None,
    seed: int = SEED,
) -> Observed:
    """Lay observations over a finished run and hold its scores against them.

    Parameters
    ----------
    result
        A finished run.
    found
        Observations in the CRS of its estate.
    by
        ``"space"`` to publish by meeting space, ``"hexagon"`` by hexagon.
    k, k_reason
        Smallest count that may be published; above the bundled one only with a reason.
    join_m
        Greatest distance in metres between a location and the meeting space it is counted for.
    seed
        Of background points and resamples.
    """
    smallest = disclosure.smallest_count(k, k_reason)
    reach_m = float(rules().publish["join_m"]) if join_m is None else join_m
    surveys, spaces = found.observations.surveys, result.meeting_spaces
    joined = overlay.to_spaces(surveys, spaces, join_m=reach_m)
    shown = joined if by == SPACE else hexagons_of(result, found)
    publication = disclosure.publish(shown, k=smallest, visits_told=found.observations.visits_told)
    told = shown.visits["unit_id"].isin(publication.rates.index).to_numpy()
    # Two divisions of the same people could be subtracted: by hexagon no space is told of, and no score is tested.
    known = publication.cells if by == SPACE else publication.cells.iloc[:0]
    points = validation.background(
        surveys[told], spaces, join_m=reach_m, points=int(rules().test["background"]), seed=seed
    )
    return Observed(
        result=result,
        read=found,
        joined=joined,
        publication=publication,
        check=tested(result, known, smallest, points, seed=seed),
        by=by,
        k_reason=k_reason if smallest > int(rules().publish["k"]) else None,
    )


def hexagons_of(result: Result, found: Read) -> overlay.Joined:
    """Lay observations over hexagons, in place of the meeting spaces of a run."""
    across_m = float(rules().publish["hexagon_m"])
    return overlay.to_hexagons(found.observations.surveys, across_m=across_m, spaces=result.meeting_spaces)


def tested(result: Result, cells: pd.DataFrame, k: int, background: pd.Series, *, seed: int = SEED) -> validation.Check:
    """Hold the scores of a run against the cells that are published by meeting space, and nothing else.

    See ``validation.check_scores`` and ``model``.
    """
    spaces = result.meeting_spaces
    rates = disclosure.published_rates(cells, k)
    judged = judge_all(result.evidence, spaces.index, result.rubric)
    rest = without_aspects(spaces, result.rubric, judged.best[:, judged.conditions].prod(axis=1))
    check = validation.check_scores(rates, spaces, rest, background, seed=seed)
    return replace(check, model=model.tell(model.by_place(cells, rates, plain(result), middles(spaces))))


@dataclass(frozen=True)
class Exact:
    """What exact counts say, for those who made them; nothing of it is published.

    ``model`` is by visit, ``reliability`` the share of the variance of one visit's count that lies between places
    (ICC(1), with its interval), ``agreement`` of observers at once. ``visits`` is the table of visits of people
    staying.
    """

    model: model.Told
    reliability: tuple[float, float, float]
    agreement: Agreement
    visits: pd.DataFrame


def exact(observed: Observed, *others: Observed) -> Exact:
    """Hold exact counts against the model by visit, which knows the weather and hour of each.

    Counts of several estates go through one model, in which each estate has a level of its own: the effect of the
    score is that within estates.
    """
    every = (observed, *others)
    # An id of OpenStreetMap may stand in two runs.
    names = [f"{n}/" if others else "" for n in range(len(every))]
    spaces = pd.concat([plain(one.result).rename(index=name.__add__) for name, one in zip(names, every, strict=True)])
    visits = pd.concat(
        [
            one.joined.visits.assign(
                unit_id=name + one.joined.visits["unit_id"].astype(str), estate=f"{name}{one.result.estate.id}"
            )
            for name, one in zip(names, every, strict=True)
        ],
        ignore_index=bool(others),
    )
    xy = np.concatenate([middles(one.result.meeting_spaces) for one in every])
    frame = model.by_visit(visits, spaces, xy)
    by_place = frame.table.groupby("place", sort=True)["people"]
    table = overlay.counted(visits, STAYING).join(spaces, on="unit_id")
    return Exact(
        model=model.tell(frame, checked=True),
        reliability=intraclass([people.to_numpy(np.float64) for _, people in by_place]),
        agreement=agreement(pd.concat([_pairs(one, name) for name, one in zip(names, every, strict=True)])),
        visits=table.drop(
            columns=["kind", "minutes", "organised"] if others else ["kind", "minutes", "organised", "estate"]
        ),
    )


def _pairs(observed: Observed, name: str) -> pd.DataFrame:
    """What observers of people staying counted at once; visits are named by their estate."""
    found = observed.read.observations
    staying = found.surveys.index[found.surveys["kind"] == STAYING]
    pairs = found.pairs[found.pairs["survey_id"].isin(staying)]
    return pairs.assign(survey_id=name + pairs["survey_id"].astype(str))


def plain(result: Result) -> pd.DataFrame:
    """The score of each meeting space beside what is plain to see of it: seats, footfall and area."""
    spaces, places = result.meeting_spaces, result.places
    seats = {kind for kind, about in tag_rules().kinds.items() if about.seat}
    sat = places["space_id"][places["kind"].isin(seats)].value_counts()
    trips = result.evidence[result.evidence["indicator"] == "passers_by"].set_index("place_id")["value"]
    return pd.DataFrame(
        {
            FLOATING: spaces[FLOATING].astype(np.float64),
            "seats": sat.reindex(spaces.index).fillna(0).astype(np.float64),
            "footfall": trips.reindex(spaces.index).astype(np.float64),
            "area": spaces["area_m2"].astype(np.float64),
        },
        index=spaces.index,
    )


def middles(spaces: gpd.GeoDataFrame) -> Floats:
    """Where meeting spaces lie, in metres."""
    return np.asarray(shapely.get_coordinates(shapely.centroid(np.asarray(spaces.geometry.to_numpy(), dtype=object))))


def without_aspects(spaces: gpd.GeoDataFrame, rubric: Rubric, gate: Floats | float = 1.0) -> Mapping[str, pd.Series]:
    """The floating potential as it would be without each of the aspects; ``gate`` is what the conditions come to."""
    aspects = spaces[list(ASPECTS)].to_numpy(np.float64)
    found = {}
    for i, aspect in enumerate(ASPECTS):
        weights = aspect_weights(rubric)
        weights[i] = 0.0
        whole = weights.sum()
        score = combine(aspects, weights / whole, rubric.mean) if whole > 0 else np.full(len(spaces), np.nan)
        found[aspect] = pd.Series(score * gate, index=spaces.index)
    return found


def area_of(result: Result, join_m: float | None = None) -> BaseGeometry:
    """Where people may be counted: the study area, meeting spaces beyond it, and as far as both reach people."""
    reach_m = float(rules().publish["join_m"]) if join_m is None else join_m
    ground = shapely.union_all([result.estate.study_area, *result.meeting_spaces.geometry])
    return ground.buffer(reach_m)


def calibrate_weights(runs: Sequence[tuple[Result, Read]], *, seed: int = SEED) -> calibration.Calibrated:
    """Weights of the aspects that fit the counts of several estates; see ``spatial.observations.calibration``.

    Parameters
    ----------
    runs
        Finished runs with their observations. The rubric of the first gives the weights to start from.

    Raises
    ------
    InputError
        If there are too few counts or estates, or a run's mean is not geometric.
    """
    first = runs[0][0].rubric
    if first.mean != "geometric":
        raise InputError("observing.mean", found=first.mean)
    samples = [_sample(result, found) for result, found in runs]
    return calibration.calibrate(samples, aspect_weights(first), seed=seed)


def _sample(result: Result, found: Read) -> calibration.Sample:
    """Observed meeting spaces of one estate, as they may be published: weights are published too."""
    reach_m = float(rules().publish["join_m"])
    joined = overlay.to_spaces(found.observations.surveys, result.meeting_spaces, join_m=reach_m)
    told = found.observations.visits_told
    published = disclosure.publish(joined, k=int(rules().publish["k"]), visits_told=told)
    table = published.rates.drop(index=overlay.NOWHERE, errors="ignore")
    table = table.join(result.meeting_spaces[list(ASPECTS)], how="inner").dropna(subset=list(ASPECTS))
    return calibration.Sample(
        estate=result.estate.id,
        aspects=table[list(ASPECTS)].to_numpy(np.float64),
        people=table["people"].to_numpy(np.float64),
        effort=table["visits"].to_numpy(np.float64),
        surveys=int(table["visits"].sum()),
    )
