"""Tables of any known layout → one canonical table of observations, and the rows that could not be used. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely.geometry.base import BaseGeometry

from spatial.core.crs import require_metric
from spatial.core.messages import phrase
from spatial.core.model import Sheet
from spatial.observations import rows as observations_rows
from spatial.observations import visits as observations_visits
from spatial.observations.columns import COMPONENT, COUNTS, LOCATIONS, SURVEYS, Layout, Table, recognise
from spatial.observations.reliability import no_pairs, paired
from spatial.observations.rows import Places, Rejected
from spatial.places.heirs import heirs
from spatial.settings.observation_columns import Mapped, rules

OSM_ADDRESS = r"^https?://(www\.)?(openstreetmap\.org|osm\.org)/(?=(node|way|relation)/)"
# The canonical table, column by column; see docs/observations.md, which says the same in full.
COLUMNS: dict[str, str] = {
    "study_id": "study the visit belongs to, as written; empty where not given",
    "location_id": "where was counted: the file's own id, or the id of a meeting space",
    "unit": "place (a point), line or area",
    "kind": "staying (people who are there) or moving (people who pass)",
    "start": "wall-clock time at which the visit began",
    "stop": "wall-clock time at which it ended; missing for a momentary scan",
    "minutes": "minutes observed, the effort of people passing; missing where stop is, not used of people staying",
    "method": "how was counted, one of a few words; empty where not given",
    "organised": "1 where a programme or supervision was under way (SOPARC), 0 where not; missing where not said",
    "temperature_c": "air temperature, degrees Celsius; missing where not given",
    "weather": "sun, clouds, rain or snow; empty where not given",
    "sun": "1 where the sun shone on the place, 0 where it did not; missing where not said",
    "observer": "the code of who counted, never a name; empty where not given",
    "observers": "how many counted at the same place and time; their counts are one visit, at their mean",
    "total": "people counted; 0 where nobody was there",
}

# What is told of rows that were read in one of two ways: the note, and the column that marks them.
TOLD = {
    "subtotals": "subtotal",
    "past_midnight": "past_midnight",
    "no_unit": "no_unit",
    "either_way": "either_way",
    "form_times": "form_time",
    "case_rows": "repaired",
    "other_zone": "other_zone",
    "hidden_sheets": "hidden",
}
# What tells one visit from another.
VISIT = ["study_id", "location_id", "visit", "kind", "start", "observer"]


@dataclass(frozen=True)
class Observations:
    """Observations in one table, whatever file they came from.

    ``surveys`` has one row a visit to a location and kind (staying or moving), the columns of
    ``COLUMNS`` and one a category that is kept (NaN where the visit did not count it, 0 where it
    counted none), indexed by ``survey_id``; its geometry, in a metric CRS, is None where a location
    is a meeting space known by id. ``rejected`` has one row a row that was not used: table, row,
    column, reason. ``rows_read`` counts rows of counts, so that ``rows_read == rows_used +
    rows_rejected``; ``notes`` are what a reader must know, with counts of visits. ``rows_are_visits``
    says that each row is a visit with its number of people, ``visits_told`` that visits which met
    nobody are among them: else a row, or a visit, tells of a person. ``pairs`` has what each observer
    counted where several counted at once; see ``reliability.Paired``.
    """

    surveys: gpd.GeoDataFrame
    rejected: pd.DataFrame
    rows_read: int
    rows_used: int
    rows_rejected: int
    layout: Layout
    notes: dict[str, int | list[str]] = field(default_factory=dict)
    rows_are_visits: bool = True
    visits_told: bool = True
    pairs: pd.DataFrame = field(default_factory=no_pairs)


def normalise(
    sheets: Sequence[Sheet],
    *,
    mapped: Mapped,
    crs: CRS,
    area: BaseGeometry | None = None,
    known: Collection[str] = (),
    held: Mapping[str, str] = MappingProxyType({}),
    ground: gpd.GeoDataFrame | None = None,
) -> Observations:
    """Bring tables of any known layout into the canonical one.

    Parameters
    ----------
    sheets
        Tables of text with positions in ``crs``.
    mapped
        What the user says about the file.
    crs
        Metric CRS of the positions.
    area
        Where observations are expected; what lies outside is rejected. None: anywhere.
    known
        Ids of meeting spaces, which need no position of their own.
    held
        Meeting spaces by the id of what they hold; a location by such an id is that space.
    ground
        Meeting spaces, and ground on which nothing is mapped (``unmapped``), by id: for locations whose id is that of
        ground in another run; see ``places.heirs``.

    Raises
    ------
    SchemaError
        If there are no counts or no times, or nobody says whether people stayed or moved.
    CRSError
        If ``crs`` is not metric.
    """
    require_metric(crs, phrase("overlay.observations"))
    layout, notes = recognise(sheets, mapped), _Notes()
    layout = _in_spaces(layout, held)
    if ground is not None:
        mapped_ground, bare = ground[~ground["unmapped"]], ground[ground["unmapped"]]
        ids = _written_ids(layout) - set(bare.index)
        gone = heirs(ids, mapped_ground, within_m=float(rules().publish["join_m"]))
        notes.add("heirs", [f"{name} → {space}" for name, space in gone.items()])
        layout = _in_spaces(layout, heirs(ids, bare, within_m=0) | gone)
        unmapped = set(bare.index)
        notes.add("unmapped", sorted(_written_ids(layout) & unmapped))
    places = observations_rows.places(layout.of(LOCATIONS), area)
    surveys, survey_rejects = observations_visits.surveys(layout.of(SURVEYS), mapped)
    parts, rejects = [], [places.rejected, survey_rejects]
    read, lost = 0, set()
    for table in layout.of(COUNTS, COMPONENT):
        read += len(table.rows)
        found, rejected = _counts(table, mapped, places, surveys, area, known, notes)
        parts.append(found)
        rejects.append(rejected)
        lost |= set(rejected["visit"])
    counted = pd.concat(parts, ignore_index=True)
    counted, rejected = observations_visits.kinds(counted, layout)
    rejects.append(rejected)
    rows_rejected = sum(len(r) for r in rejects[2:])
    person_rows = any(table.person_rows for table in layout.tables)
    visit_rows = not counted.duplicated(VISIT).any() and not layout.of(COMPONENT) and not person_rows
    _note(counted, visit_rows, notes)
    empty, unplaced = observations_visits.empty_visits(surveys, counted, places, known, lost)
    table = _grouped(counted, empty, crs, notes)
    return Observations(
        surveys=table,
        rejected=_all([*rejects, unplaced]),
        rows_read=read,
        rows_used=len(counted),
        rows_rejected=rows_rejected,
        layout=layout,
        notes=notes.found,
        rows_are_visits=visit_rows,
        visits_told=visit_rows or bool(layout.of(SURVEYS)),
    )


def _note(counted: pd.DataFrame, visit_rows: bool, notes: _Notes) -> None:
    """Count the visits that were read in one of two ways; rows may be people."""
    for name, column in TOLD.items():
        notes.add(name, len(counted.loc[counted[column].fillna(False).astype(bool), VISIT].drop_duplicates()))
    named = counted[counted["observer"] == ""].groupby(VISIT, dropna=False)["named"].nunique()
    notes.add("named", int((named > 1).sum()))
    notes.add("alike", int(not visit_rows and bool((counted["total"] == 1).all())))


def _written_ids(layout: Layout) -> set[str]:
    """What rows call their locations, where neither they nor a table of locations say where these are."""
    told: dict[bool, set[str]] = {True: set(), False: set()}
    for table in layout.tables:
        if "location_id" in table.rows:
            names = table.rows["location_id"].str.strip()
            unplaced = shapely.is_missing(observations_rows.shapes(table))
            told[table.role == LOCATIONS] |= set(names if table.role == LOCATIONS else names[unplaced])
    return told[False] - told[True]


def _in_spaces(layout: Layout, held: Mapping[str, str]) -> Layout:
    """Locations named by a place as the meeting space that holds it, unless the file says itself where they are."""
    own = {name for table in layout.of(LOCATIONS) for name in table.rows["location_id"].str.strip()}
    spaces = {place: space for place, space in held.items() if place not in own}

    def renamed(table: Table) -> Table:
        if table.role == LOCATIONS or "location_id" not in table.rows or not spaces:
            return table
        names = table.rows["location_id"].str.strip().str.replace(OSM_ADDRESS, "", regex=True)
        return replace(
            table,
            rows=table.rows.assign(
                location_id=names.map(lambda name: spaces.get(name, spaces.get(name.casefold(), name)))
            ),
        )

    return replace(layout, tables=tuple(map(renamed, layout.tables)))


@dataclass
class _Notes:
    """What was put right on the way, counted."""

    found: dict[str, int | list[str]] = field(default_factory=dict)

    def add(self, key: str, value: int | list[str]) -> None:
        if not value:
            return
        before = self.found.get(key)
        if isinstance(value, list):
            self.found[key] = sorted({*(before if isinstance(before, list) else []), *value})
        else:
            self.found[key] = value + (before if isinstance(before, int) else 0)


def _counts(
    table: Table,
    mapped: Mapped,
    places: Places,
    surveys: pd.DataFrame,
    area: BaseGeometry | None,
    known: Collection[str],
    notes: _Notes,
) -> tuple[pd.DataFrame, Rejected]:
    """Rows of one table of counts that can be used, and the others with the reason."""
    rows, faults = observations_rows.counts(table, mapped)
    observations_rows.ask_decimal(table, faults)
    observations_rows.refuse_coordinates(table, rows["total"])
    observations_rows.refuse_sums(table, rows)
    if table.role == COUNTS:
        rows, faults = observations_visits.timed(table, rows, faults, mapped)
    else:
        rows, faults = observations_visits.of_surveys(rows, faults, table, surveys)
    rows, faults, repaired = observations_rows.place_rows(table, rows, faults, places, known)
    if area is not None:
        faults = observations_rows.within(rows, faults, area)
    used = (faults["reason"] == "").to_numpy()
    observations_visits.ask_dates(table, rows, used)
    notes.add("unread_numbers", table.unread_numbers)
    notes.add("case_ids", sorted(set(rows.loc[repaired & used, "written_id"])))
    rejected = faults[~used].assign(table=table.sheet.name, row=faults.index[~used], visit=rows["visit"][~used])
    rows = rows.assign(
        table=table.sheet.name,
        row=rows.index,
        repaired=repaired,
        form_time=table.form_time,
        named=table.named,
        hidden=bool(table.sheet.rows.attrs.get("hidden")),
        either_way=rows["month_first"].notna(),
    )
    return rows[used], rejected


def _all(rejects: Sequence[Rejected]) -> Rejected:
    columns = ["table", "row", "column", "reason"]
    parts = [r[columns] for r in rejects if len(r)]
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in columns})
    return pd.concat(parts).sort_values(["table", "row"], kind="stable").reset_index(drop=True)


def _grouped(counted: pd.DataFrame, empty: pd.DataFrame, crs: CRS, notes: _Notes) -> gpd.GeoDataFrame:
    """One row a visit, location and kind.

    Rows of one table add up. Tables of one visit (gender, age, posture) count the same people, so
    the largest of their sums is the total.
    """
    keys = VISIT
    categories = list(rules().categories)
    sums = counted.groupby([*keys, "table"], dropna=False, sort=True)
    by_table = sums["total"].sum()
    best = by_table.groupby(level=list(range(len(keys))), sort=True, dropna=False)
    table = best.max().to_frame("total")
    notes.add("tables_disagree", int((best.max() != best.min()).sum()))
    visits = counted.groupby(keys, dropna=False, sort=True)
    for name in categories:
        table[name] = visits[name].sum(min_count=1)
    for name in ("stop", "temperature_c", "organised", "sun"):
        table[name] = visits[name].max()
    for name in ("method", "geometry", "unit", "weather"):
        table[name] = visits[name].first()
    table = table.reset_index()
    if len(empty):
        empty = empty.reindex(columns=table.columns)
        table = pd.concat([table, empty], ignore_index=True) if len(table) else empty
    return _finished(table, categories, crs)


def _finished(table: pd.DataFrame, categories: list[str], crs: CRS) -> gpd.GeoDataFrame:
    table = table.assign(minutes=(table["stop"] - table["start"]).dt.total_seconds() / 60, observers=1)
    table["total"] = table["total"].astype(np.int64)
    nobody = table["total"] == 0
    for name in categories:
        table[name] = pd.to_numeric(table[name]).astype(np.float64).where(~nobody, 0.0)
    table = table.sort_values(["location_id", "kind", "start", "visit", "study_id", "observer"], kind="stable")
    seconds = table["start"].dt.strftime("%S").replace("00", "")
    stamp = table["start"].dt.strftime("%Y%m%d:%H%M") + seconds
    table.index = pd.Index(
        [
            f"{place}|{visit}|{kind}|{at}" + (f"|{who}" if who else "")
            for place, visit, kind, at, who in zip(
                table["location_id"], table["visit"], table["kind"], stamp, table["observer"], strict=True
            )
        ],
        name="survey_id",
    )
    shapes = np.asarray(table["geometry"].to_numpy(), dtype=object)
    return gpd.GeoDataFrame(table[[*COLUMNS, *categories]], geometry=gpd.GeoSeries(shapes, index=table.index, crs=crs))


def _where_they_stay(surveys: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, int]:
    """Each location at the first of its positions, but for those that lie far from it; and how many have such.

    Positions of one spot differ by what a phone errs. One that is further off is another spot under the same id, and
    its visits stay where they were made.
    """
    first = surveys.sort_values("start", kind="stable").groupby("location_id")["geometry"].transform("first")
    first = gpd.GeoSeries(first.reindex(surveys.index), crs=surveys.crs) if len(surveys) else surveys.geometry
    off_m = np.asarray(surveys.geometry.centroid.distance(first.centroid))
    moved = off_m > float(rules().publish["join_m"])
    kept = np.where(moved, surveys.geometry.to_numpy(), first.to_numpy())
    settled = surveys.set_geometry(gpd.GeoSeries(kept, index=surveys.index, crs=surveys.crs))
    return settled, int(surveys["location_id"][moved].nunique())


def joined_tables(found: Sequence[Observations]) -> Observations:
    """Several files of one run as one: rows, rejected and counts one after another."""
    first = found[0]
    notes = _Notes()
    for one in found:
        for key, value in one.notes.items():
            notes.add(key, value)
    surveys, moved = _where_they_stay(pd.concat([one.surveys for one in found]))
    notes.add("moved", moved)
    twice = surveys.index.duplicated()
    notes.add("visits_twice", int(twice.sum()))
    together = paired(surveys[~twice].sort_index(kind="stable"), within_min=float(rules().test["paired_min"]))
    notes.add("visits_paired", together.visits)
    return replace(
        first,
        surveys=gpd.GeoDataFrame(together.surveys, geometry="geometry", crs=first.surveys.crs),
        pairs=together.counts,
        rejected=pd.concat([one.rejected for one in found], ignore_index=True),
        rows_read=sum(one.rows_read for one in found),
        rows_used=sum(one.rows_used for one in found),
        rows_rejected=sum(one.rows_rejected for one in found),
        layout=Layout(
            tuple(table for one in found for table in one.layout.tables),
            {
                why: sorted({name for one in found for name in one.layout.dropped.get(why, [])})
                for why in sorted({why for one in found for why in one.layout.dropped})
            },
            sorted({name for one in found for name in one.layout.unread}),
        ),
        notes=notes.found,
        rows_are_visits=all(one.rows_are_visits for one in found),
        visits_told=all(one.visits_told for one in found),
    )
