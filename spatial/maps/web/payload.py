"""Encode places, ground, walks and published counts for the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from spatial.core.arrays import Ints
from spatial.core.languages import FALLBACK, LANGUAGES, carried, texts
from spatial.core.model import ASPECTS, CLOSED_AT, EVIDENCE, FLOATING, Estate, Result
from spatial.maps import relief
from spatial.maps.style import CLASS_WIDTH, RAMP, RELATIVE_RAMP
from spatial.maps.web import plan_payload, score_payload
from spatial.maps.web.geometry import DIGITS, UNITS_PER_DEGREE, Projector, integers, per_mille, significant
from spatial.maps.web.observed_payload import Observed, encode_observed
from spatial.maps.web.reach_payload import encode_reach
from spatial.maps.web.stairs_payload import TODAY, Moment, encode_stairs
from spatial.places.naming import kinds_beside_names, names_in, names_in_order
from spatial.places.possible import possible_in
from spatial.places.whereabouts import HOUSE_NUMBERS
from spatial.plans.home_changes import seen_through
from spatial.scoring.tiers import tier_words
from spatial.texts import plan_state
from spatial.texts.headline import headline, named_sources, reservations

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd


ROOM_SIMPLIFY_M = 2.0  # outlines of rooms on which nothing is mapped: an invitation, no survey
SCORES = (FLOATING, *ASPECTS)
# Texts that the page shows; those of other pages it need not carry.
ON_THE_PAGE = (
    "format",
    "headline",
    "map",
    "evidence",
    "aspect",
    "indicator",
    "kind",
    "answer",
    "lens",
    "lens_as",
)
RULES = "rule"  # those that something is known by; all of them, where other looks come later
# What is said of a plan as a whole.
SAID = ("plan", "spaces", "worst_off_as", "median_before", "median_after", "keeps_share")
OSM_CREDIT = "© OpenStreetMap contributors"
PER_MILLE = 1000  # scores travel as thousandths, with two decimals: the page rounds but once
MIN_BUILDING_M2 = 6.0  # smaller ones are bicycle sheds and kiosks that no zoom shows well
DRAWN = ("water", "waterways", "green", "barriers", "gates")
Named = Mapping[str, Mapping[str, str]]
LETTERED = ("major", "street", "pedestrian", "service")


def payload(
    result: Result,
    lang: str,
    judged: Mapping[str, score_payload.Judged] | None = None,
    lenses: Sequence[score_payload.Seen] = (),
    tiles: str | None = None,
    plan: plan_payload.Planned | None = None,
    observed: Observed | None = None,
    also: Sequence[str] = (),
) -> dict[str, Any]:
    """Gather everything the page shows; numbers, geometry and texts of all languages.

    ``judged`` holds what was judged of ``places`` and ``spaces``; without it weights cannot be moved.
    ``lenses`` are other ways of getting about, ``tiles`` the address of an online base map, ``plan`` what
    was there before the result, ``observed`` what was published of counts of people, ``also`` further parts of the
    texts.
    """
    estate = result.estate
    projector = Projector(estate.crs, estate.boundary.centroid)
    evidence = result.evidence if plan is None else pd.concat([result.evidence, plan.before.evidence])
    codes = {column: _codes(evidence, column) for column in ("source_id", "rule", "indicator")}
    moments = plan.moments(result, lang) if plan else [Moment(TODAY, "", result)]
    stairs, door = encode_stairs(moments)
    return {
        "lang": lang,
        "texts": {
            code: _plain({RULES: _used_rules(code, codes["rule"])} | _parts(code, (*ON_THE_PAGE, *also)))
            for code in carried(lang)
        },
        "headline": {code: _headline(result, code) for code in carried(lang)},
        "estate": {
            "name": estate.name,
            "municipality": estate.municipality,
            "state": {code: plan_state.plan_state(result.manifest, code) for code in carried(lang)},
            "headline": {code: plan_state.plan_headline(result.manifest, code) for code in carried(lang)},
        },
        "manifest": _manifest(result),
        "config": _config(result, codes, tiles),
        "origin": projector.origin.tolist(),
        "base": base_map(result.layers, estate, projector),
        **_tables(result, codes, projector, judged, lenses, _named(result, lang)),
        "addresses": _addresses(moments[0].result.layers.get(HOUSE_NUMBERS), projector, door),
        "stairs": stairs,
        "rubric": score_payload.rubric(result.rubric),
        "reach": encode_reach(result.layers, {"spaces": result.meeting_spaces, "places": result.places}, projector),
        "relief": None if result.terrain is None else relief.encode(result.terrain, projector),
        "observed": None if observed is None else encode_observed(observed, result.meeting_spaces.index, projector),
        **({} if plan is None else _planned(result, plan, codes, projector, lang)),
    }


def _named(result: Result, lang: str) -> Named:
    return names_in(result, carried(lang))


def _parts(lang: str, names: Sequence[str]) -> dict[str, Any]:
    return {part: words for part, words in texts(lang).items() if part in names}


def _used_rules(lang: str, codes: Sequence[str]) -> dict[str, str]:
    return {name: words for name, words in texts(lang)[RULES].items() if name in codes}


def _headline(result: Result, lang: str) -> dict[str, Any]:
    """What is said first; the best are named on the page, since weights may be moved there."""
    told = headline(result, lang)
    return {
        "counted": told.counted,
        "unknown": told.unknown,
        "dates": told.dates,
        "reservations": reservations(result, lang),
    }


def payload_of_look(result: Result, named: Named | None = None) -> dict[str, Any]:
    """Gather what another look at the same estate changes on a page: places, meeting spaces and rooms.

    ``named``: what each is called, by language and id, where it is known.
    """
    named = names_in(result, LANGUAGES) if named is None else named
    projector = Projector(result.estate.crs, result.estate.boundary.centroid)
    codes = {column: _codes(result.evidence, column) for column in ("source_id", "rule", "indicator")}
    return {"config": _config(result, codes, None), **_tables(result, codes, projector, None, (), named)}


def _config(result: Result, codes: Mapping[str, list[str]], tiles: str | None) -> dict[str, Any]:
    """What holds for the whole page: classes of colour, names behind the codes, settings."""
    ramp = [{"from": i * CLASS_WIDTH, "to": (i + 1) * CLASS_WIDTH, "colour": colour} for i, colour in enumerate(RAMP)]
    return {
        "ramp": ramp,
        "relative": RELATIVE_RAMP,
        "scores": SCORES,
        "evidence": EVIDENCE,
        "indicators": codes["indicator"],
        "aspect_of": [_aspect(result, name) for name in codes["indicator"]],
        "sources": [_source_title(result, name) for name in codes["source_id"]],
        "rules": codes["rule"],
        "min_coverage": round(result.rubric.min_coverage * PER_MILLE),
        "closed_at": CLOSED_AT,
        "mean": result.rubric.mean,
        "top_k": result.rubric.top_k,
        "units_per_degree": UNITS_PER_DEGREE,
        "tiles": {"url": tiles, "attribution": OSM_CREDIT if "openstreetmap" in tiles else ""} if tiles else None,
    }


def _tables(
    result: Result,
    codes: Mapping[str, list[str]],
    projector: Projector,
    judged: Mapping[str, score_payload.Judged] | None,
    lenses: Sequence[score_payload.Seen],
    named: Named,
) -> dict[str, Any]:
    """Encode places, meeting spaces and context, and what they are judged by."""
    return {
        "context": _context(result.layers.get("context"), projector),
        "spaces": _objects(result, result.meeting_spaces, codes, projector, named),
        "places": _objects(result, result.places, codes, projector, named),
        "possible": _possible(result, projector),
        "judged": {name: score_payload.judged(table) for name, table in judged.items()} if judged else None,
        "lenses": [score_payload.lens(seen, judged) for seen in lenses] if judged else [],
    }


def _planned(
    after: Result,
    plan: plan_payload.Planned,
    codes: Mapping[str, list[str]],
    projector: Projector,
    lang: str,
) -> dict[str, Any]:
    """Encode what was there before, and what differs; the ground that is the same stands there once."""
    estate, parts = after.estate, plan_payload.parted(plan.before, after)
    same = {**base_map(parts["same"], estate, projector), "streets": []}
    ground = {
        when: {
            **base_map(parts[when], estate, projector),
            "streets": _streets(result.layers.get("paths"), projector),
            "boundary": projector.areas(np.empty(0, dtype=object)),
        }
        for when, result in (("before", plan.before), ("after", after))
    }
    homes = seen_through(plan.homes, plan.said["worst_off_as"])
    said = {key: plan.said[key] for key in SAID} | {"dwellings": plan_payload.counted(plan.said["dwellings"], homes)}
    return {
        "base": same,
        "plan": {
            **said,
            "ground": ground,
            "before": _tables(plan.before, codes, projector, plan.judged, plan.lenses, _named(plan.before, lang)),
            "changes": plan_payload.changes(plan.said, after, plan.before),
            "homes": plan_payload.homes(homes, projector),
            "things": plan_payload.ground_changes(plan.items, projector),
        },
    }


def base_map(layers: Mapping[str, gpd.GeoDataFrame], estate: Estate, projector: Projector) -> dict[str, Any]:
    """Encode the ground: water, green, buildings, ways by class, barriers, gates, boundary."""
    table = {name: _geometries(layers.get(name)) for name in DRAWN}
    buildings = _geometries(layers.get("buildings"))
    buildings = buildings[shapely.area(buildings) >= MIN_BUILDING_M2]
    own = np.asarray(shapely.intersects(estate.boundary, buildings), dtype=bool)
    return {
        "green": projector.areas(table["green"]),
        "water": projector.areas(table["water"]),
        "waterways": projector.lines(np.concatenate([table["water"], table["waterways"]])),
        "buildings": projector.areas(buildings[~own]),
        "own_buildings": projector.areas(buildings[own]),
        "ways": _ways(layers.get("paths"), projector),
        "streets": _streets(layers.get("paths"), projector),
        "barriers": projector.lines(_outlines(table["barriers"])),
        "gates": projector.points(shapely.centroid(table["gates"])),
        "boundary": projector.areas(np.array([estate.boundary])),
    }


def _ways(paths: gpd.GeoDataFrame | None, projector: Projector) -> dict[str, Any]:
    if paths is None or paths.empty:
        return {}
    classes = paths["way_class"].astype(str).to_numpy()
    if "tunnel" in paths:
        classes = np.where(paths["tunnel"].fillna(False).astype(bool), "tunnel", classes)
    geometries = paths.geometry.to_numpy()
    return {name: projector.lines(geometries[classes == name]) for name in sorted(set(classes))}


def _streets(paths: gpd.GeoDataFrame | None, projector: Projector) -> list[Any]:
    """Named streets as merged lines, for lettering along them."""
    if paths is None or paths.empty or "name" not in paths:
        return []
    named = paths[paths["name"].notna() & paths["way_class"].isin(LETTERED)]
    found = []
    geometries = named.geometry.to_numpy()
    for name, rows in sorted(named.groupby("name").indices.items()):
        lines = shapely.line_merge(shapely.union_all(geometries[rows]))
        found.append({"name": str(name), "line": projector.lines(np.array([lines]))})
    return found


def _outlines(geometries: np.ndarray) -> np.ndarray:
    """Lines as they are, areas as their edges."""
    area = shapely.get_dimensions(geometries) == 2
    return np.where(area, shapely.boundary(geometries), geometries)


def _geometries(table: gpd.GeoDataFrame | None) -> np.ndarray:
    if table is None or table.empty:
        return np.empty(0, dtype=object)
    found = np.asarray(table.geometry.to_numpy(), dtype=object)
    return found[~(shapely.is_missing(found) | shapely.is_empty(found))]


def _context(table: gpd.GeoDataFrame | None, projector: Projector) -> dict[str, Any]:
    if table is None or table.empty:
        return {"at": [], "kind": [], "name": []}
    table = table[~(table.geometry.isna() | table.geometry.is_empty)]
    return {
        "at": projector.points(shapely.point_on_surface(table.geometry.to_numpy())),
        "kind": table["kind"].astype(str).tolist(),
        "name": _texts(table, "name"),
    }


def _objects(
    result: Result,
    table: gpd.GeoDataFrame,
    codes: Mapping[str, list[str]],
    projector: Projector,
    named: Named,
) -> dict[str, Any]:
    """Encode places or meeting spaces column by column."""
    geometries = np.asarray(table.geometry.to_numpy(), dtype=object)
    names = {code: names_in_order(table.index, named[code]) for code in named}
    return {
        "id": [str(i) for i in table.index],
        "space": _texts(table, "space_id"),
        "kind": _texts(table, "kind"),
        "status": _texts(table, "status"),
        "tier": _texts(pd.DataFrame({"tier": tier_words(table["tier"])}), "tier"),
        "name": names,
        "about": {code: kinds_beside_names(table, names[code], code) for code in named},
        "inside": [bool(i) for i in table.get("inside", pd.Series(True, index=table.index))],
        "area": integers(table["area_m2"]) if "area_m2" in table else [],
        "coverage": per_mille(table["coverage"]),
        "rank": integers(table["rank"]),
        "rank_low": integers(table["rank_p05"]),
        "rank_high": integers(table["rank_p95"]),
        "top": integers(table["top10_share"], PER_MILLE),
        "scores": {name: [per_mille(table[name + end]) for end in ("_low", "", "_high")] for name in SCORES},
        "at": projector.points(shapely.point_on_surface(geometries)),
        "shape": projector.features(geometries),
        "evidence": _evidence(result.evidence, table.index, codes),
    }


def _possible(result: Result, projector: Projector) -> dict[str, Any]:
    """Encode the rooms near the estate on which nothing is mapped, and where each invites to something new."""
    rooms = possible_in(result.layers.get("possible_spaces"), result.estate.study_area)
    return {
        **projector.features(shapely.simplify(rooms, ROOM_SIMPLIFY_M)),
        "at": projector.points(shapely.point_on_surface(rooms)),
    }


def _addresses(table: gpd.GeoDataFrame | None, projector: Projector, door: Ints) -> list[dict[str, Any]]:
    """Encode house numbers by street, for the search, and the stairwell of each where there are any."""
    if table is None:
        return []
    return [
        {
            "street": str(street),
            "number": table["number"].iloc[rows].astype(str).tolist(),
            "at": projector.points(table.geometry.iloc[rows]),
            "door": door[rows].tolist() if len(door) else [],
        }
        for street, rows in sorted(table.reset_index(drop=True).groupby("street").indices.items())
    ]


def _evidence(evidence: pd.DataFrame, ids: pd.Index, codes: Mapping[str, list[str]]) -> dict[str, Any]:
    """Encode the rows of ``evidence`` about ``ids``, grouped in their order.

    ``start`` holds, for object i, the first of its rows at i and the end at i + 1. ``low`` and
    ``high`` are given only for the rows listed in ``wide``, where they differ from the value.
    """
    order = ids.get_indexer(pd.Index(evidence["place_id"]))

    rows = evidence.assign(order=order)[order >= 0]
    rows = rows.sort_values(["order", "indicator"], kind="stable")
    wide = ~np.isclose(rows["low"].to_numpy(float), rows["high"].to_numpy(float), rtol=1e-3)
    wide &= rows["low"].notna().to_numpy() & rows["high"].notna().to_numpy()
    return {
        "start": np.searchsorted(rows["order"].to_numpy(), np.arange(len(ids) + 1)).tolist(),
        "indicator": _coded(rows["indicator"], codes["indicator"]),
        "value": significant(rows["value"].to_numpy(), DIGITS),
        "state": "".join(rows["evidence"].map({name: str(i) for i, name in enumerate(EVIDENCE)})),
        "source": _coded(rows["source_id"], codes["source_id"]),
        "rule": _coded(rows["rule"], codes["rule"]),
        "wide": np.flatnonzero(wide).tolist(),
        "low": significant(rows["low"].to_numpy()[wide], DIGITS),
        "high": significant(rows["high"].to_numpy()[wide], DIGITS),
    }


def _codes(evidence: pd.DataFrame, column: str) -> list[str]:
    return sorted(str(value) for value in evidence[column].dropna().unique() if str(value))


def _coded(texts: pd.Series, codes: Sequence[str]) -> list[int]:
    """Replace texts by their position among the codes; -1 where there is none."""
    places = {name: i for i, name in enumerate(codes)}
    found: list[int] = texts.map(places).fillna(-1).astype(int).tolist()
    return found


def _aspect(result: Result, indicator: str) -> str | None:
    rule = result.rubric.rules.get(indicator)
    return rule.aspect if rule else None


def _texts(table: pd.DataFrame, column: str) -> list[str | None]:
    if column not in table:
        return []
    return [None if pd.isna(value) or str(value) == "" else str(value) for value in table[column]]


def _manifest(result: Result) -> dict[str, Any]:
    manifest = result.manifest
    return {
        "made_at": _text(manifest.get("made_at")),
        "sources": [{key: _text(value) for key, value in source.items()} for source in named_sources(result)],
    }


def _source_title(result: Result, source_id: str) -> str:
    """Name a source as its attribution does, where the manifest lists it."""
    for source in result.manifest.get("sources") or ():
        if source.get("source_id") == source_id and source.get("attribution"):
            return str(source["attribution"])
    return source_id


def _text(value: Any) -> str | None:
    return None if value is None or value == "" else str(value)


def page_texts(parts: Sequence[str], lang: str = FALLBACK) -> dict[str, Any]:
    """Texts of these parts in the languages that a page in this one carries, as plain data."""
    return {code: _plain(_parts(code, parts)) for code in carried(lang)}


def _plain(value: Any) -> Any:
    return {key: _plain(item) for key, item in value.items()} if isinstance(value, Mapping) else value
