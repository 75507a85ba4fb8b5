"""Make the field kit: forms, sheets, a map package for QField, and the protocol, in one folder."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from spatial.core import files
from spatial.core.errors import EmptyAreaError
from spatial.core.languages import LANGUAGES, texts
from spatial.core.model import Result
from spatial.core.outputs import whole_folder
from spatial.core.versions import version
from spatial.fieldkit import counting_page, forms, rounds, sheets, xlsform
from spatial.maps.lettering import on_paper
from spatial.network.tour import Round, shortest_tour
from spatial.observations.judgements import sets_of
from spatial.places.naming import names_of
from spatial.scoring import field_checks
from spatial.scoring.judging import judge_all
from spatial.settings.loading import load_toml
from spatial.sources.field_answers import MARK, choices

FOLDER = "fieldkit"
COUNTS, CHECKS, SHEETS, PACKAGE = "counts.xlsx", "checks.xlsx", "sheets.pdf", "field.gpkg"
PAGE, ROUNDS = "count.html", "rounds.csv"
# What QField writes into; the same names as in the form, so that it reads back.
COUNT_FIELDS = {"location_id": "str", "kind": "str", "survey_time_start": "datetime64[ms]",
                "survey_time_stop": "datetime64[ms]", "row_total": "int32", "organised": "str",
                "observer_code": "str", "weather": "str", "in_sun": "str", "temperature_c": "int32",
                **dict.fromkeys((*xlsform.POSTURES, *xlsform.AGES, *xlsform.MODES, *xlsform.GROUPS, *xlsform.TALKING),
                                "int32")}  # fmt: skip
CHECK_FIELDS = {"check": "str", "answer": "str", "checked_on": "datetime64[ms]"}


@dataclass(frozen=True)
class Packed:
    """What is drawn: stops in the order of the round, its legs, checks, and the answers they may have."""

    result: Result
    stops: gpd.GeoDataFrame
    legs: Sequence[shapely.LineString]
    leg_m: Sequence[float]
    along_ways: Sequence[bool]
    total_m: float
    minutes: int
    checks: pd.DataFrame
    answerable: pd.DataFrame
    settings: Mapping[str, Any]


def render_kit(kit: Packed, folder: Path, *, lang: str) -> None:
    """Write all files of the kit into a folder."""
    languages = list(dict.fromkeys((*LANGUAGES, lang)))
    names = {code: _names(kit, code) for code in languages}
    title = {code: texts(code)["fieldkit"]["title"].format(estate=kit.result.estate.name) for code in languages}
    stops = [
        {"id": str(i), "name": {code: f"{n}. {names[code][n - 1]}" for code in names}}
        for n, i in enumerate(kit.stops.index, 1)
    ]
    asked_of = {"title": title[lang], "version": version(), "lang": lang}
    xlsform.counts(stops, folder / COUNTS, **asked_of)
    for form in _judging(kit, stops):
        xlsform.choices(form, folder / f"{form.name}.xlsx", **asked_of)
        counting_page.render_form(form, folder / f"{form.name}.html", title=title, lang=lang)
    counting_page.render_page(stops, folder / PAGE, title=title, lang=lang)
    files.write_csv(rounds_of(kit, lang), folder / ROUNDS, index=False)
    asked = _asked(kit)
    if asked:
        xlsform.checks(asked, choices(), folder / CHECKS, **asked_of)
    paper = replace(kit, result=on_paper(kit.result))
    sheets.render_sheets(_sheets(paper, _names(paper, lang), lang), folder / SHEETS, lang=lang)
    _package(kit, names[lang], folder / PACKAGE)
    for code in languages:
        text = sheets.protocol(code, passing_min=int(kit.settings["passing_min"]))
        (folder / f"protocol-{code}.txt").write_text(text, encoding="utf-8", newline="\n")


def _judging(kit: Packed, stops: Sequence[Mapping[str, Any]]) -> tuple[forms.Form, forms.Form]:
    """The forms of raters and of residents."""
    about, order = kit.settings["ratings"], kit.settings["openness"]
    sets = sets_of(order["activities"], order["differences"])
    return forms.ratings(stops, list(about["items"]), int(about["most"])), forms.openness(sets)


def field_kit(result: Result, folder: str | Path, *, inside: bool = False, lang: str = "da") -> pd.DataFrame:
    """Write the field kit of a finished run into a folder, and return its rounds: who counts where and when.

    Parameters
    ----------
    result
        A finished run.
    folder
        Folder to write; what it holds that faellesrum did not write is not replaced.
    inside
        Only meeting spaces inside the estate's boundary.
    lang
        Language of the sheets; the forms are in all.

    Raises
    ------
    SpatialError
        If there is no meeting space, or the folder cannot be written.
    """
    kit = packed(pack(result, inside=inside))
    with whole_folder(Path(folder)) as draft:
        render_kit(kit, draft, lang=lang)
    return rounds_of(kit, lang)


def plan_of(kit: Packed) -> pd.DataFrame:
    """Who counts where and when, as ``rounds.rounds`` plans it."""
    told = {name: kit.settings[name] for name in ("begins", "observers", "paired")}
    return rounds.rounds([str(i) for i in kit.stops.index], **told, minutes=kit.minutes)


def rounds_of(kit: Packed, lang: str) -> pd.DataFrame:
    """Who counts where and when, with the number and the name of each stop."""
    names, plan = _names(kit, lang), plan_of(kit)
    at = plan["location_id"].map([str(i) for i in kit.stops.index].index)
    days = texts(lang)["fieldkit"]["day"]
    return plan.assign(day=plan["day"].map(days), stop=at + 1, place=[names[i] for i in at])


def _names(kit: Packed, lang: str) -> list[str]:
    names = names_of(kit.result, lang)
    return [names[i] for i in kit.stops.index]


def _place(kit: Packed, identity: str, lang: str) -> str:
    """A place in words."""
    return names_of(kit.result, lang).get(identity, "")


def _asked(kit: Packed) -> list[dict[str, Any]]:
    """Checks that become one tag, as the form asks them."""
    return [
        {
            "id": row.check,
            "fact": row.fact,
            "name": {
                code: f"{row.stop}. {_place(kit, row.object_id, code)}: {texts(code)['fact'][row.fact]['title']}"
                for code in LANGUAGES
            },
        }
        for row in _rows(kit.answerable)
    ]


def _rows(table: pd.DataFrame) -> Iterator[Any]:
    """Rows as named tuples, in order."""
    return table.itertuples(index=False)


def _sheets(kit: Packed, names: Sequence[str], lang: str) -> sheets.Sheets:
    walks = [*zip(kit.leg_m, kit.along_ways, strict=True)] or [(0.0, True)]
    stops = [
        sheets.Stop(n, name, metres, along)
        for n, (name, (metres, along)) in enumerate(zip(names, walks, strict=True), 1)
    ]
    shapes = np.asarray(kit.stops.geometry.to_numpy(), dtype=object)
    by_stop = kit.checks.sort_values("stop", kind="stable")
    return sheets.Sheets(
        result=kit.result,
        stops=stops,
        outlines=list(shapes),
        positions=shapely.get_coordinates(shapely.point_on_surface(shapes)),
        legs=kit.legs,
        total_m=kit.total_m,
        minutes=kit.minutes,
        passing_min=int(kit.settings["passing_min"]),
        checks=[
            (int(row.stop), _place(kit, row.object_id, lang), texts(lang)["fact"][row.fact]["question"])
            for row in _rows(by_stop)
        ],
    )


def _package(kit: Packed, names: Sequence[str], path: Path) -> None:
    """Write a GeoPackage: stops, round and boundary to look at, counts and checks to fill in."""
    crs = kit.result.estate.crs
    stops = gpd.GeoDataFrame(
        {"number": np.arange(1, len(names) + 1), "location_id": kit.stops.index.astype(str), "name": list(names)},
        geometry=kit.stops.geometry.to_numpy(), crs=crs,
    )  # fmt: skip
    asked = kit.answerable
    checks = gpd.GeoDataFrame(
        {"check": asked["check"], "stop": asked["stop"].astype(int),
         "question_da": [texts("da")["fact"][fact]["question"] for fact in asked["fact"]],
         "question_en": [texts("en")["fact"][fact]["question"] for fact in asked["fact"]],
         "answers": [", ".join(choices()[fact]["values"]) for fact in asked["fact"]]},
        geometry=asked["spot"].to_numpy(), crs=crs,
    )  # fmt: skip
    legs = gpd.GeoDataFrame({"length_m": list(kit.leg_m)}, geometry=list(kit.legs), crs=crs)
    layers = {"stops": stops, "checks": checks, "round": legs, "boundary": kit.result.layers["boundary"]}
    for name, table in layers.items():
        pyogrio.write_dataframe(table, path, layer=name, driver="GPKG", append=path.exists(), geometry_type="Unknown")
    for name, fields in (("counts", COUNT_FIELDS), ("answers", CHECK_FIELDS)):
        empty = pd.DataFrame({field: pd.Series(dtype=kind) for field, kind in fields.items()})
        pyogrio.write_dataframe(empty, path, layer=name, driver="GPKG", append=True)


# Steady walking of adults, the pace of the catchments in docs/method.md.
WALK_M_PER_MIN = 80.0
# Ways this far beyond the outermost stop may still be on the shortest round.
WAYS_BEYOND_M = 200.0
MAX_CHECKS = 40


@dataclass(frozen=True)
class Kit:
    """Everything the field kit is drawn from.

    ``stops`` has one row a meeting space in the order of the round: its id and name columns, and
    ``number`` from 1. ``checks`` are field checks with the number of the stop they are settled at, ``check`` to answer
    them with, and ``spot``, a point there; what is asked of open ground comes last.
    """

    result: Result
    stops: pd.DataFrame
    round: Round
    checks: pd.DataFrame
    settings: Mapping[str, Any]

    @property
    def minutes(self) -> int:
        """Time the round takes, counting included."""
        return round(self.round.total_m / WALK_M_PER_MIN + len(self.stops) * float(self.settings["count_min"]))


@lru_cache(maxsize=1)
def settings() -> Mapping[str, Any]:
    """Return the bundled choices of the field kit."""
    return load_toml(None, "fieldkit.toml")


def pack(result: Result, *, inside: bool = False, only: Collection[str] | None = None, seed: int = 20250201) -> Kit:
    """Choose stops, their order, and the checks worth making there.

    Parameters
    ----------
    result
        A finished run.
    inside
        Only meeting spaces inside the estate's boundary.
    only
        Only these meeting spaces.

    Raises
    ------
    EmptyAreaError
        If there is no meeting space.
    """
    spaces = result.meeting_spaces.sort_index(kind="stable")
    spaces = spaces[spaces["inside"].astype(bool)] if inside else spaces
    spaces = spaces if only is None else spaces[spaces.index.isin(list(only))]
    if not len(spaces):
        raise EmptyAreaError("fieldwork.nothing", estate=result.estate.name)
    paths = result.layers["paths"]
    near = shapely.box(*spaces.total_bounds).buffer(WAYS_BEYOND_M)
    ways = paths[paths["allowed"].astype(bool) & paths.intersects(near)]
    walk = shortest_tour(spaces.geometry, ways)
    stops = spaces.iloc[list(walk.order)].assign(number=np.arange(1, len(spaces) + 1))
    return Kit(result, stops, walk, _checks(result, stops, seed), settings())


def _checks(result: Result, stops: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Facts worth checking, the most consequential first, with the stop at which they are settled.

    Ground on which nothing is mapped is no stop: it is looked at from the nearest one.
    """
    index = result.places.index
    found = field_checks.find_field_checks(judge_all(result.evidence, index, result.rubric), index, result.rubric, seed)
    space_of = result.places["space_id"].to_dict()
    number = stops["number"].to_dict()
    at = [number.get(space_of.get(i, i)) for i in found["object_id"]]
    found = found.assign(stop=pd.array(at, dtype="Int64"))
    asked = field_checks.ask_of_open_ground(result)
    found = found[found["stop"].notna()].head(MAX_CHECKS - len(asked))
    spots = result.places.geometry.reindex(found["object_id"]).to_numpy()
    found = found.assign(check=found["object_id"] + MARK + found["fact"], spot=shapely.point_on_surface(spots))
    nearest = [int(np.argmin(shapely.distance(stops["geometry"].to_numpy(), point))) for point in asked.geometry]
    here = pd.DataFrame(asked[["object_id", "fact", "check"]]).assign(
        place_id=asked["object_id"], spot=asked.geometry.to_numpy(), stop=stops["number"].to_numpy()[nearest]
    )
    return pd.concat([found, here], ignore_index=True) if len(here) else found.reset_index(drop=True)


def answerable(checks: pd.DataFrame) -> pd.DataFrame:
    """The checks that an answer on the spot settles: those of a place that become one tag."""
    return checks[checks["fact"].isin(list(choices()))]


def packed(kit: Kit) -> Packed:
    """The kit as it is drawn."""
    return Packed(
        result=kit.result,
        stops=kit.stops,
        legs=kit.round.legs,
        leg_m=kit.round.length_m,
        along_ways=kit.round.along_ways,
        total_m=kit.round.total_m,
        minutes=kit.minutes,
        checks=kit.checks,
        answerable=answerable(kit.checks),
        settings=kit.settings,
    )
