"""Observations on meeting spaces: which visit belongs to which, and how many people an observed hour. Pure."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from spatial.core.arrays import Shapes
from spatial.core.crs import require_metric
from spatial.core.errors import CRSError
from spatial.core.messages import phrase
from spatial.settings.observation_columns import MOVING, STAYING

# Hours at which a part of the day begins; the night is what is left.
PARTS_OF_DAY = ((6, "morning"), (11, "midday"), (14, "afternoon"), (17, "evening"), (22, "night"))
SEASONS = ("winter", "winter", "spring", "spring", "spring", "summer", "summer", "summer", "autumn", "autumn",
           "autumn", "winter")  # fmt: skip
SATURDAY = 5
ALL, NOWHERE = "all", "elsewhere"
PERIODS = ("time_of_day", "week", "season")
# What is known of a visit besides where it was made, and of its weather what can be told as a mean over visits.
VISIT = ("location_id", "kind", "start", "minutes", "total", "organised", "observer", "weather", "temperature_c", "sun")
WEATHER = {"temperature_c": 1, "sun": 2, "rain": 2}
# What people are counted for: a glance is a visit however long it took, a line is watched for hours.
EFFORT = {STAYING: "visit", MOVING: "hour"}


@dataclass(frozen=True)
class Joined:
    """Visits with the unit they belong to.

    ``visits`` has the columns unit_id (a meeting space or hexagon; ``NOWHERE`` where none is near),
    kind, start, minutes, total, organised, time_of_day, week, season, and what is known of weather and
    observer. ``units`` has the geometry by
    id. ``several`` counts locations that reach over more than one meeting space: they are given
    to the one in which most of them lies.
    """

    visits: pd.DataFrame
    units: gpd.GeoDataFrame
    several: int = 0


def to_spaces(surveys: gpd.GeoDataFrame, spaces: gpd.GeoDataFrame, *, join_m: float) -> Joined:
    """Give each visit the meeting space it was made at.

    A location belongs to the space whose id it carries; else to the one it lies in, by the greater
    part; else to the nearest within ``join_m``; else to none.

    Parameters
    ----------
    surveys
        The canonical table.
    spaces
        Meeting spaces, indexed by id, in the same metric CRS.
    join_m
        Greatest distance in metres.

    Raises
    ------
    CRSError
        If the two are not in one metric CRS.
    """
    _same_crs(surveys, spaces)
    # A location that was moved stands under one id at several positions.
    spot = surveys["location_id"].astype(str) + " " + surveys.geometry.to_wkb(hex=True).fillna("")
    locations = surveys.groupby(spot, sort=True).first()
    spaces = spaces.sort_index(kind="stable")
    shapes = np.asarray(locations["geometry"].to_numpy(), dtype=object)
    at, several = _nearest(shapes, np.asarray(spaces.geometry.to_numpy(), dtype=object), join_m)
    ids = spaces.index.to_numpy().astype(object)
    written = locations["location_id"].to_numpy().astype(object)
    found = np.where(at >= 0, ids[at] if len(ids) else NOWHERE, NOWHERE)
    unit_of = dict(zip(locations.index, np.where(np.isin(written, ids), written, found), strict=True))
    return Joined(_visits(surveys, spot.map(unit_of)), spaces[["geometry"]], several)


def _same_crs(surveys: gpd.GeoDataFrame, spaces: gpd.GeoDataFrame) -> None:
    require_metric(surveys.crs, phrase("overlay.observations"))
    if surveys.crs != spaces.crs:
        raise CRSError("overlay.crs", found=surveys.crs.name, needed=spaces.crs.name)


def _nearest(shapes: Shapes, spaces: Shapes, join_m: float) -> tuple[npt.NDArray[np.int64], int]:
    """Row of the space each shape belongs to, or -1; and how many reach over several."""
    at = np.full(len(shapes), -1, dtype=np.int64)
    there = ~shapely.is_missing(shapes)
    if not len(spaces) or not there.any():
        return at, 0
    tree = shapely.STRtree(spaces)
    rows = np.flatnonzero(there)
    shape, space = tree.query(shapes[rows], predicate="dwithin", distance=join_m)
    shape = rows[shape]
    common = shapely.intersection(shapes[shape], spaces[space])
    table = pd.DataFrame(
        {
            "shape": shape,
            "space": space,
            # The distance is rounded so that no order depends on the last digits.
            "distance": np.round(shapely.distance(shapes[shape], spaces[space]), 3),
            "area": -np.round(shapely.area(common), 3),
            "length": -np.round(shapely.length(common), 3),
        }
    ).sort_values(["shape", "distance", "area", "length", "space"], kind="stable")
    touching = table[(table["area"] < 0) | (table["length"] < 0)]
    first = table.drop_duplicates("shape")
    at[first["shape"].to_numpy()] = first["space"].to_numpy()
    return at, int((touching.groupby("shape").size() > 1).sum())


def to_hexagons(surveys: gpd.GeoDataFrame, *, across_m: float, spaces: gpd.GeoDataFrame | None = None) -> Joined:
    """Give each visit the hexagon in which the middle of its location lies.

    Parameters
    ----------
    surveys
        The canonical table; a location that is a meeting space has its position from ``spaces``.
    across_m
        Distance in metres between the middles of two neighbouring hexagons.
    """
    require_metric(surveys.crs, phrase("overlay.observations"))
    shapes = surveys.geometry.copy()
    if spaces is not None:
        _same_crs(surveys, spaces)
        from_space = surveys["location_id"].map(spaces.geometry.to_dict())
        shapes = shapes.where(shapes.notna(), from_space)
    middle = shapely.centroid(np.asarray(shapes.to_numpy(), dtype=object))
    there = ~shapely.is_missing(middle)
    cells = np.zeros((len(surveys), 2), dtype=np.int64)
    cells[there] = _cell(shapely.get_coordinates(middle[there]), across_m)
    ids = np.where(there, [f"hex:{q}:{r}" for q, r in cells.tolist()], NOWHERE).astype(object)
    used = sorted({(f"hex:{q}:{r}", q, r) for q, r in cells[there].tolist()})
    units = gpd.GeoDataFrame(
        geometry=[_hexagon(q, r, across_m) for _, q, r in used],
        index=pd.Index([i for i, _, _ in used], name="unit_id", dtype=object),
        crs=surveys.crs,
    )
    return Joined(_visits(surveys, pd.Series(ids, index=surveys.index)), units)


def _cell(xy: npt.NDArray[np.float64], across_m: float) -> npt.NDArray[np.int64]:
    """Axial coordinates of the hexagon each point lies in: that with the nearest middle."""
    r = xy[:, 1] / (across_m * np.sqrt(3) / 2)
    q = xy[:, 0] / across_m - r / 2
    cube = np.stack([q, r, -q - r], axis=1)
    whole = np.round(cube)
    error = np.abs(whole - cube)
    worst = error.argmax(axis=1)
    rows = np.arange(len(xy))
    whole[rows, worst] = whole[rows, worst] - whole.sum(axis=1)
    return whole[:, :2].astype(np.int64)


def _hexagon(q: int, r: int, across_m: float) -> shapely.Polygon:
    """The hexagon with a corner to the north."""
    middle = np.array([across_m * (q + r / 2), across_m * np.sqrt(3) / 2 * r])
    angle = np.deg2rad(30 + 60 * np.arange(6))
    return shapely.Polygon(middle + across_m / np.sqrt(3) * np.stack([np.cos(angle), np.sin(angle)], axis=1))


def _visits(surveys: gpd.GeoDataFrame, unit: pd.Series) -> pd.DataFrame:
    """Visits with their unit and the parts of the day, the week and the year."""
    table = pd.DataFrame(surveys[[name for name in VISIT if name in surveys]])
    return table.assign(unit_id=unit, **periods_of(surveys["start"]))


def periods_of(start: pd.Series) -> dict[str, npt.NDArray[np.object_]]:
    """The parts of the day, the week and the year in which visits begin."""
    hour = start.dt.hour.to_numpy()
    part = np.full(len(start), PARTS_OF_DAY[-1][1], dtype=object)
    for begin, name in PARTS_OF_DAY:
        part[hour >= begin] = name
    week = np.where(start.dt.day_of_week >= SATURDAY, "weekend", "weekday").astype(object)
    return {"time_of_day": part, "week": week, "season": np.array(SEASONS, dtype=object)[start.dt.month.to_numpy() - 1]}


def counted(visits: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Visits of one kind that count: those of people staying leave programmes out.

    What an institution runs is not a meeting that anybody may join; it is reported, not counted.
    """
    chosen = visits[visits["kind"] == kind]
    return chosen[chosen["organised"] != 1] if kind == STAYING else chosen


def weather(visits: pd.DataFrame, kind: str, by: list[str]) -> pd.DataFrame:
    """Mean temperature, and shares of visits in sun and in rain or snow; NaN where not known of all visits.

    Parameters
    ----------
    visits, kind, by
        As of ``rates``.
    """
    chosen = counted(visits, kind)
    sky = chosen.get("weather", pd.Series("", index=chosen.index))
    known = chosen.reindex(columns=["temperature_c", "sun"]).assign(
        rain=sky.isin(("rain", "snow")).astype(np.float64).where(sky != "")
    )
    groups = pd.concat([chosen[by], known.astype(np.float64)], axis=1).groupby(by, sort=True)
    whole = groups.count().eq(groups.size(), axis=0)
    return groups.mean().where(whole).round(WEATHER)


def rates(visits: pd.DataFrame, kind: str, by: list[str]) -> pd.DataFrame:
    """People and the effort of counting them, and their rates.

    People staying are counted at a glance: whoever is there is there, however long the look took, so that their
    effort is the visit. Dividing by minutes would make a slow look out of a busy place. People passing come one
    after another, so that their effort is the time observed.

    Parameters
    ----------
    visits
        Of ``Joined``.
    kind
        ``"staying"`` or ``"moving"``: their rates are never mixed.
    by
        Columns to group by.

    Returns
    -------
    DataFrame
        people, visits, hours (of people passing; NaN where a visit has no length), per_visit (people a
        visit), per_hour (people passing an observed hour).

    Examples
    --------
    >>> seen = pd.DataFrame({"unit_id": ["a", "a"], "kind": "staying", "minutes": [10.0, 20.0], "total": [3, 0],
    ...     "organised": [float("nan")] * 2})
    >>> rates(seen, "staying", ["unit_id"]).loc["a"].tolist()
    [3.0, 2.0, nan, 1.5, nan]
    >>> rates(seen.assign(kind="moving"), "moving", ["unit_id"]).loc["a"].tolist()
    [3.0, 2.0, 0.5, 1.5, 6.0]
    """
    groups = counted(visits, kind).groupby(by, sort=True)
    table = groups.agg(people=("total", "sum"), visits=("total", "size"))
    timed = (groups["minutes"].count() == table["visits"]) & (kind == MOVING)
    table["hours"] = groups["minutes"].sum(min_count=1).where(timed) / 60
    table["per_visit"] = table["people"] / table["visits"]
    table["per_hour"] = table["people"] / table["hours"]
    return table
