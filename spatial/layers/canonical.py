"""Raw objects into canonical layers: what each thing is, in the estate's CRS. Pure.

Every layer is a GeoDataFrame indexed by object id. Tags that later steps judge (access, opening
hours, fee, …) stay as they were mapped; what a missing tag means is decided there, not here.
"""

from __future__ import annotations

import pandas as pd
from pyproj import CRS

from spatial.core.incremental import AFRESH, Steps
from spatial.core.model import RawData
from spatial.layers.buildings import addresses_beside, buildings_of, departments_of, dwellings, mark_residential
from spatial.layers.schema import CanonicalLayers
from spatial.layers.streets import (
    fences_of,
    is_closed,
    is_fenced,
    is_gate,
    is_walkable_area,
    path_nodes,
    paths_of,
    with_gaps,
)
from spatial.layers.tag_values import states
from spatial.layers.tags import Picked, Sorter, Table, Tags, as_table, pick
from spatial.settings.tags import TagRules

GROUND_TAGS = ("name", "access", "operator", "ownership", "opening_hours", "fee", "fenced", "barrier", "religion")
BARRIER_TAGS = ("barrier", "height")


def canonical_layers(raw: RawData, rules: TagRules, crs: CRS, *, step: Steps = AFRESH) -> CanonicalLayers:
    """Sort raw objects into the canonical layers, in ``crs``.

    Parameters
    ----------
    step
        How steps are taken; see ``spatial.core.incremental``.
    """
    points, lines, areas = raw.points, raw.lines, raw.areas
    sorter = Sorter(rules, crs, step)
    outlines = step(buildings_of, areas, rules, crs, step)
    squares = step(pick, areas, is_walkable_area, rules, step, "squares", key="squares")
    paths = step(paths_of, lines, squares, rules, crs, step)
    gates = sorter.select("gates", points, _is_gate, ("barrier", "access", "foot", "wheelchair"))
    entrances = sorter.select("entrances", points, _is_entrance, ("entrance", "access"))
    addresses = sorter.select("addresses", points, _is_address, ("addr:housenumber", "addr:flats", "dwellings"))
    ground = sorter.named("ground", (areas,), rules.ground, "ground", GROUND_TAGS)
    snap_m = rules.building["address_snap_m"]
    by_address = step(addresses_beside, addresses, outlines, snap_m, key="addresses")
    by_entrance = step(addresses_beside, entrances, outlines, snap_m, key="entrances")
    buildings = step(mark_residential, outlines, by_address, by_entrance, ground, rules)
    departments = step(departments_of, areas, raw.extent, crs)
    fence_lines = sorter.select("fence_lines", lines, is_closed, BARRIER_TAGS)
    fence_areas = sorter.select("fence_areas", areas, is_fenced, BARRIER_TAGS)
    fences = step(fences_of, fence_lines, fence_areas, rules)
    base_areas = sorter.named("base_areas", (areas,), rules.base, "kind", ("name",))
    base_lines = sorter.named("base_lines", (lines,), rules.base, "kind", ("name", "tunnel"))
    return CanonicalLayers(
        buildings=buildings,
        paths=paths,
        path_nodes=path_nodes(points, rules, crs, step=step),
        barriers=step(with_gaps, fences, gates, paths, rules),
        gates=gates,
        entrances=entrances,
        addresses=addresses,
        departments=departments,
        dwellings=step(dwellings, buildings, by_address, by_entrance, departments, rules),
        place_objects=step(_place_objects, crs, *sorter.parts("scored", (points, lines, areas), rules.kind)),
        context=sorter.named("context", (points, areas), rules.context, "kind", ("name", "operator", "website")),
        ground=ground,
        stops=sorter.named("stops", (points, areas), rules.stop, "kind", ("name",)),
        destinations=sorter.named("destinations", (points, areas), rules.destination, "kind", ("name",)),
        lamps=sorter.named("lamps", (points,), rules.lamp, "kind", ()),
        water=step(_of_kind, base_areas, "water", key="water"),
        green=step(_of_kind, base_areas, "green", key="green"),
        waterways=step(_waterways, base_lines),
    )


def _is_gate(tags: Tags, rules: TagRules) -> bool:
    return is_gate(tags, rules)


def _is_entrance(tags: Tags, _rules: TagRules) -> bool:
    return "entrance" in tags or tags.get("building") == "entrance"


def _is_address(tags: Tags, _rules: TagRules) -> bool:
    return "addr:housenumber" in tags


def _place_objects(crs: CRS, *parts: Picked) -> Table:
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


def _of_kind(base: Table, kind: str) -> Table:
    return base[base["kind"] == kind]


def _waterways(base: Table) -> Table:
    """Open streams: not those in a tunnel."""
    is_buried = base["tunnel"].notna().to_numpy() & (states("tunnel", base["tunnel"]) != 0)
    return base[(base["kind"] == "waterway").to_numpy() & ~is_buried]
