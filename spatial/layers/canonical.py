"""Raw objects into canonical layers: what each thing is, in the estate's CRS. Pure.

Every layer is a GeoDataFrame indexed by object id. Tags that later steps judge (access, opening
hours, fee, …) stay as they were mapped; what a missing tag means is decided there, not here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
from pyproj import CRS

from spatial.core.incremental import AFRESH, Steps
from spatial.core.model import RawData
from spatial.layers.buildings import addresses_beside, buildings_of, departments_of, dwellings, mark_residential
from spatial.layers.streets import fences_of, path_nodes, paths_of, with_gaps
from spatial.layers.tags import Picked, Sorter, Table, Tags, as_set, as_table
from spatial.settings.tags import TagRules

GROUND_TAGS = ("name", "access", "operator", "ownership", "opening_hours", "fee", "fenced", "barrier", "religion")


def canonical_layers(raw: RawData, rules: TagRules, crs: CRS, *, once: Steps = AFRESH) -> dict[str, Table]:
    """Sort raw objects into the canonical layers.

    Parameters
    ----------
    once
        How steps are taken; see ``spatial.core.incremental``.

    Returns
    -------
    dict
        ``buildings, paths, path_nodes, barriers, gates, entrances, addresses, departments, dwellings,
        place_objects, context, ground, stops, destinations, lamps, water, waterways, green``,
        each a table in ``crs`` with object ids as its index.
    """
    points, lines, areas = raw.points, raw.lines, raw.areas
    sorter = Sorter(rules, crs, once)
    buildings = once("buildings", (areas,), lambda: buildings_of(raw, rules, crs, once))
    paths = once("paths", (lines,), lambda: paths_of(lines, rules, crs, once))
    gates = sorter.select("gates", points, _is_gate(rules), ("barrier", "access", "foot", "wheelchair"))
    entrances = sorter.select("entrances", points, _is_entrance, ("entrance", "access"))
    addresses = sorter.select("addresses", points, _is_address, ("addr:housenumber", "addr:flats"))
    ground = sorter.named("ground", (areas,), rules.ground, "ground", GROUND_TAGS)
    snap_m, outlines = rules.building["address_snap_m"], buildings
    by_address = once("by_address", (addresses, buildings), lambda: addresses_beside(addresses, outlines, snap_m))
    by_entrance = once("by_entrance", (entrances, buildings), lambda: addresses_beside(entrances, outlines, snap_m))
    residents = (buildings, by_address, by_entrance, ground)
    buildings = once("residential", residents, lambda: mark_residential(*residents, rules))
    departments = once("departments", (areas, raw.extent), lambda: departments_of(raw, crs))
    housed = (buildings, by_address, by_entrance, departments)
    fences = once("fences", (lines, areas), lambda: fences_of(raw, rules, crs, once))
    scored = sorter.parts("scored", (points, lines, areas), rules.kind)
    return {
        "buildings": buildings,
        "paths": paths,
        "path_nodes": once("path_nodes", (points,), lambda: path_nodes(points, rules, crs)),
        "barriers": once("barriers", (fences, gates, paths), lambda: with_gaps(fences, gates, paths, rules)),
        "gates": gates,
        "entrances": entrances,
        "addresses": addresses,
        "departments": departments,
        "dwellings": once("dwellings", housed, lambda: dwellings(*housed, rules)),
        "place_objects": once("place_objects", scored, lambda: _place_objects(scored, crs)),
        "context": sorter.named("context", (points, areas), rules.context, "kind", ("name", "operator", "website")),
        "ground": ground,
        "stops": sorter.named("stops", (points, areas), rules.stop, "kind", ("name",)),
        "destinations": sorter.named("destinations", (points, areas), rules.destination, "kind", ("name",)),
        "lamps": sorter.named("lamps", (points,), rules.lamp, "kind", ()),
        **once("base", (areas, lines), lambda: _base(sorter, raw, rules)),
    }


def _is_gate(rules: TagRules) -> Callable[[Tags], bool]:
    gates = as_set(rules.barrier["gates"])
    return lambda tags: tags.get("barrier") in gates


def _is_entrance(tags: Tags) -> bool:
    return "entrance" in tags or tags.get("building") == "entrance"


def _is_address(tags: Tags) -> bool:
    return "addr:housenumber" in tags


def _place_objects(parts: Sequence[Picked], crs: CRS) -> Table:
    """Objects of a scored kind, with all their tags, in the order of their ids."""
    table = pd.concat([as_table(part, (), crs, "kind").assign(tags=[dict(tag) for tag in part.tags]) for part in parts])
    is_area = table.geom_type.isin(("Polygon", "MultiPolygon"))
    # A closed way with barrier=* comes as a line and as an area; the area is the place.
    return (
        table.assign(_order=~is_area)
        .sort_values(["_order"], kind="stable")
        .drop(columns="_order")[lambda t: ~t.index.duplicated()]
        .sort_index()
    )


def _base(sorter: Sorter, raw: RawData, rules: TagRules) -> dict[str, Table]:
    areas = sorter.named("base_areas", (raw.areas,), rules.base, "kind", ("name",))
    lines = sorter.named("base_lines", (raw.lines,), rules.base, "kind", ("name", "tunnel"))
    return {
        "water": areas[areas["kind"] == "water"],
        "green": areas[areas["kind"] == "green"],
        "waterways": lines[(lines["kind"] == "waterway") & lines["tunnel"].isna()],
    }
