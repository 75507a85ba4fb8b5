"""Made-up results for the renderers: an estate of slabs around greens, drawn from a seed."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyproj import CRS
from shapely.affinity import rotate
from shapely.geometry import LineString, Point, Polygon, box

from spatial.core.model import ASPECTS, CLAIM_COLUMNS, FLOATING, Estate, Result, Rubric, Rule

ETRS89_UTM32 = CRS.from_epsg(25832)
CENTRE = np.array([711_000.0, 6_173_000.0])  # west of Copenhagen; the estate itself is invented
# A page that has drawn everything.
READY = "#fr-page:not([aria-busy])"
HOSTILE = "</script><img src=x onerror=alert(1)>"

# indicator: aspect, unit, typical values, how it is usually known
INDICATORS = {
    "legal_access": ("gate", "1", (0.3, 1.0), "assumed by rule"),
    "open_hours": ("openness", "1", (0.4, 1.0), "unknown"),
    "enclosure": ("openness", "1", (0.0, 0.7), "derived"),
    "ways_in": ("openness", "count", (0, 5), "derived"),
    "flow_near": ("openness", "1", (0.0, 1.0), "derived"),
    "field_of_view_100": ("openness", "1", (0.1, 0.8), "derived"),
    "field_of_view_25": ("openness", "1", (0.3, 1.0), "derived"),
    "watched_over": ("openness", "m/ha", (0, 300), "derived"),
    "dwellings_5min": ("accessibility", "count", (100, 1400), "derived"),
    "dwellings_decay": ("accessibility", "count", (50, 600), "derived"),
    "nearest_walk": ("accessibility", "m", (90, 620), "derived"),
    "detour": ("accessibility", "1", (1.05, 1.8), "derived"),
    "step_free": ("accessibility", "1", (0.2, 1.0), "derived"),
    "rest_gap": ("accessibility", "m", (30, 250), "unknown"),
    "lit_share": ("accessibility", "1", (0.1, 1.0), "observed"),
    "severance": ("accessibility", "count", (0, 2), "derived"),
    "transit_near": ("accessibility", "m", (80, 700), "observed"),
    "neutral_activity": ("neutrality", "1", (0.5, 1.0), "observed"),
    "low_commitment": ("low_threshold", "1", (0.4, 1.0), "assumed by rule"),
    "no_programme": ("low_threshold", "1", (0.5, 1.0), "unknown"),
    "can_watch": ("low_threshold", "count", (0, 4), "observed"),
    "variety": ("mixing", "1", (1, 6), "observed"),
    "mix_in_out": ("mixing", "1", (0.1, 1.0), "derived"),
}
SCENES = (
    ("playground", "bench", "table"),
    ("pitch", "bench"),
    ("dog_park",),
    ("bench", "bench", "bench"),
    ("barbecue", "table", "shelter"),
    ("fitness", "bench"),
    ("swap",),
    ("garden", "bookcase"),
    ("games", "table"),
    ("square", "bench", "drinking_water"),
    ("bench",),
    ("park",),
    ("playground",),
    ("pitch", "fitness", "bench"),
    ("bench",),
)
SIZES = {
    "bench": (2, 1), "table": (3, 3), "playground": (24, 18), "pitch": (40, 22),
    "dog_park": (45, 30), "fitness": (14, 10), "barbecue": (6, 6), "shelter": (5, 4),
    "games": (12, 5), "swap": (5, 5), "bookcase": (1, 1), "garden": (30, 16),
    "drinking_water": (1, 1), "square": (30, 24), "park": (60, 40),
}  # fmt: skip
NAMES = {"playground": "Den Blå Legeplads", "swap": "Byttekælderen", "square": "Torvet"}


def synthetic(seed: int = 7) -> Result:
    """Make a result of 15 meeting spaces and 30 places, some withheld, one with a hostile name."""
    rng = np.random.default_rng(seed)
    boundary = Polygon([(-330, -230), (300, -250), (345, 60), (290, 235), (-120, 250), (-340, 170)])
    spots = [(x, y) for y in (-165, 0, 165) for x in (-240, -118, 4, 126, 245)]
    places, spaces = _scenes(rng, spots)
    evidence = _evidence(rng, [*places["place_id"], *spaces["place_id"]])
    return Result(
        estate=Estate(
            id="fuglsangparken",
            name="Fuglsangparken",
            boundary=_moved(boundary),
            crs=ETRS89_UTM32,
            municipality="Høje-Taastrup Kommune",
            as_of="2026-10-01",
        ),
        places=_scored(rng, places),
        meeting_spaces=_scored(rng, spaces),
        evidence=evidence,
        layers=_layers(rng),
        rubric=_rubric(),
        claims=pd.DataFrame(columns=list(CLAIM_COLUMNS)),
        manifest={
            "made_at": "2026-11-23T01:02:03+00:00",
            "sources": [
                {
                    "source_id": "osm",
                    "attribution": "© OpenStreetMap contributors",
                    "licence": "ODbL 1.0",
                    "data_date": "2026-10-01",
                    "path": "estate.osm.pbf",
                }
            ],
            "warnings": [{"code": "lost_buildings", "path": "x.osm.pbf", "count": 3}],
        },
    )


def large(buildings: int = 5000, ways: int = 3000, seed: int = 11) -> Result:
    """Make the same result on a ground of a whole district."""
    rng = np.random.default_rng(seed)
    small = synthetic()
    xy = CENTRE + rng.uniform(-1800, 1800, (buildings, 2))
    size, angle = rng.uniform(6, 40, (buildings, 2)), rng.uniform(0, 180, buildings)
    blocks = [
        rotate(box(x, y, x + w, y + d).union(box(x, y, x + w / 3, y + d * 1.6)), a)
        for (x, y), (w, d), a in zip(xy.tolist(), size.tolist(), angle.tolist(), strict=True)
    ]
    starts = CENTRE + rng.uniform(-1800, 1800, (ways, 1, 2))
    steps = rng.normal(0, 14, (ways, 9, 2)) + rng.normal(0, 12, (ways, 1, 2))
    lines = shapely.linestrings(np.concatenate([starts, starts + steps.cumsum(axis=1)], axis=1))
    classes = rng.choice(["major", "street", "service", "path", "steps", "cycleway"], ways)
    names = np.where(rng.random(ways) < 0.2, rng.choice([f"Gade {i}" for i in range(90)], ways), None)
    table = {"use": "apartments", "residential": True, "name": None}
    layers = dict(small.layers)
    layers["buildings"] = _table(blocks, **table)
    layers["paths"] = _table(list(lines), highway=classes, way_class=classes, name=names, bridge=False, tunnel=False)
    return Result(
        small.estate,
        small.places,
        small.meeting_spaces,
        small.evidence,
        layers,
        small.rubric,
        small.claims,
        small.manifest,
    )


def _moved(geometry):
    return shapely.transform(geometry, lambda xy: xy + CENTRE)


def _table(geometries, **columns):
    if not len(geometries):
        return gpd.GeoDataFrame({key: [] for key in columns}, geometry=[], crs=ETRS89_UTM32)
    return gpd.GeoDataFrame(columns, geometry=geometries, index=range(len(geometries)), crs=ETRS89_UTM32)


def _scenes(rng, spots):
    places, spaces = [], []
    for n, (kinds, spot) in enumerate(zip(SCENES, spots, strict=True)):
        space_id = f"space:osm:way/{1000 + 10 * n}"
        shapes = []
        for k, kind in enumerate(kinds):
            width, depth = SIZES[kind]
            x, y = np.array(spot) + (0 if k == 0 else rng.uniform(-22, 22, 2))
            shape = _moved(
                rotate(
                    box(x - width / 2, y - depth / 2, x + width / 2, y + depth / 2),
                    rng.uniform(-25, 25),
                )
            )
            shapes.append(shape)
            places.append({
                "place_id": f"osm:way/{1000 + 10 * n + k}", "space_id": space_id, "kind": kind,
                "name": HOSTILE if (n, k) == (3, 1) else NAMES.get(kind) if n < 10 else None,
                "inside": n != 14, "source_id": "osm", "area_m2": shape.area, "geometry": shape,
            })  # fmt: skip
        hull = shapely.convex_hull(shapely.union_all(shapes)).buffer(2.5, quad_segs=3)
        spaces.append({
            "place_id": space_id, "space_id": space_id, "kind": kinds[0],
            "name": HOSTILE if n == 3 else None,
            "inside": n != 14, "source_id": "osm", "area_m2": hull.area, "geometry": hull,
            "place_count": len(kinds), "kinds": ";".join(dict.fromkeys(kinds)), "status": "meeting space",
        })  # fmt: skip
    frame = [gpd.GeoDataFrame(rows, geometry="geometry", crs=ETRS89_UTM32) for rows in (places, spaces)]
    return frame[0], frame[1]


def _scored(rng, table):
    n = len(table)
    table = table.copy()
    for name in ASPECTS:
        best = rng.beta(4, 2.5, n)
        spread = rng.uniform(0.01, 0.25, n)
        table[f"{name}_low"] = np.clip(best - spread, 0, 1)
        table[name] = best
        table[f"{name}_high"] = np.clip(best + spread * 0.7, 0, 1)
    for suffix in ("_low", "", "_high"):
        aspects = np.column_stack([table[f"{name}{suffix}"] for name in ASPECTS])
        table[FLOATING + suffix] = np.clip(np.exp(np.log(aspects + 1e-9).mean(axis=1)) * 1.5 - 0.32, 0.03, 0.97)
    table["coverage"] = np.round(rng.uniform(0.3, 0.95, n), 3)
    known = table["coverage"] >= 0.5
    if n > 1:
        table.loc[table.index[1], [f"{FLOATING}_low", FLOATING, f"{FLOATING}_high"]] = np.nan
        known &= table[FLOATING].notna()
    rank = table[FLOATING].where(known).rank(ascending=False, method="first")
    table = table.assign(seen=0.0, computed=table["coverage"], assumed=0.0, unknown=1 - table["coverage"])
    table["rank"] = rank.astype("Int64")
    table["tier"] = pd.cut(rank, [0, 3, 7, n]).cat.codes.add(1).where(known).astype("Int64")
    table["rank_p05"] = (rank - 1).clip(lower=1)
    table["rank_p95"] = (rank + 2).clip(upper=known.sum())
    table["top10_share"] = np.where(known, 1 - (rank - 1) / n, np.nan)
    return table.set_index("place_id")


def _evidence(rng, ids):
    rows = []
    for place_id in ids:
        for indicator, (_, unit, (low, high), state) in INDICATORS.items():
            state = "unknown" if rng.random() < 0.18 else state
            value = rng.uniform(low, high)
            value = float(round(value)) if unit == "count" else value
            known = state != "unknown"
            spread = 0.0 if state in ("observed", "derived") and indicator != "step_free" else (high - low) / 3
            rows.append({
                "place_id": place_id, "indicator": indicator, "unit": unit,
                "value": value if known else np.nan,
                "low": max(value - spread, low) if known else low,
                "high": min(value + spread, high) if known else high,
                "evidence": state, "source_id": "osm" if known else None,
                "rule": "almen_ground_open" if state == "assumed by rule" else None,
            })  # fmt: skip
    return pd.DataFrame(rows)


def _layers(rng):
    slabs, outside = [], []
    for y in (-215, -115, -52, 50, 113, 215):
        for x in (-180, -58, 64, 186):
            slabs.append(box(x - 44, y - 6, x + 44, y + 6))
    for x in range(-640, 660, 34):
        for y in (-420, -380, 330, 372, 430):
            outside.append(box(x, y, x + 12 + rng.uniform(0, 8), y + 10 + rng.uniform(0, 6)))
    buildings = _table([_moved(g) for g in slabs + outside], use="apartments", residential=True, name=None)
    ways = [
        ([(-900, -300), (900, -330)], "major", "Ringvejen"),
        ([(-900, 290), (900, 300)], "street", "Fuglsang Allé"),
        ([(-420, -310), (-400, 290)], "street", "Lærkevej"),
        ([(400, -325), (410, 294)], "street", "Solsortevej"),
        ([(-620, -395), (640, -400)], "street", "Villavej"),
        ([(-400, 352), (640, 352)], "street", "Havevænget"),
        ([(-410, -85), (400, -85)], "service", None),
        ([(-405, 82), (405, 82)], "path", None),
        ([(-400, 0), (-300, 4), (-100, -18), (60, 20), (200, -10), (405, 0)], "path", None),
        ([(-118, -318), (-118, 294)], "path", None),
        ([(126, -322), (124, 297)], "cycleway", None),
        ([(4, -85), (4, -30)], "path", None),
        ([(4, -30), (4, -18)], "steps", None),
        ([(250, 20), (262, 82)], "steps", None),
    ]
    lines = [_moved(LineString(xy)) for xy, _, _ in ways]
    classes = [kind for _, kind, _ in ways]
    paths = _table(
        lines,
        highway=classes,
        way_class=classes,
        name=[name for *_, name in ways],
        bridge=False,
        tunnel=False,
    )
    fence = [
        LineString([(-300, -190), (-180, -190), (-180, -140)]),
        box(222, -20, 268, 14).exterior,
    ]
    greens = [
        box(-330, -40, 330, 40),
        box(-330, 125, 300, 200),
        box(-640, -300, -430, 280),
        Point(560, 0).buffer(120),
    ]
    context = [((-290, 70), "club", "Billardklubben"),
               ((170, -95), "community_centre", "Beboerhuset"),
               ((-480, 320), "school", "Fuglsangskolen"), ((470, 230), "library", None),
               ((-30, 100), "nursery", "Spurven")]  # fmt: skip
    return {
        "buildings": buildings,
        "paths": paths,
        "barriers": _table([_moved(g) for g in fence], barrier="fence"),
        "gates": _table([_moved(Point(222, 0))], barrier="gate"),
        "water": _table([_moved(Point(560, 10).buffer(60))], natural="water"),
        "green": _table([_moved(g) for g in greens], kind="grass"),
        "context": _table(
            [_moved(Point(at)) for at, *_ in context],
            kind=[k for _, k, _ in context],
            name=[n for *_, n in context],
        ),
        "stops": _table([_moved(Point(-200, -305))], name=["Ringvejen"]),
    }


def _rubric():
    rules = {
        name: Rule(name, aspect, 1.0, unit, ((low, 0.0), (high, 1.0)), (low, high), "made up")
        for name, (aspect, unit, (low, high), _) in INDICATORS.items()
    }
    return Rubric(aspect_weights=dict.fromkeys(ASPECTS, 1.0), rules=rules)


def stress(places: int = 2000, buildings: int = 20_000, ways: int = 12_000) -> Result:
    """Make the largest result a page has to bear: the scenes again and again over a district."""
    ground, small = large(buildings, ways), synthetic()
    times = -(-places // len(small.places))
    shifts = np.random.default_rng(3).uniform(-1500, 1500, (times, 2))
    copies = [_copied(small, n, shift) for n, shift in enumerate(shifts.tolist())]
    tables = {name: pd.concat([copy[name] for copy in copies]) for name in ("places", "meeting_spaces")}
    evidence = pd.concat([copy["evidence"] for copy in copies], ignore_index=True)
    return replace(ground, evidence=evidence, **tables)


def _copied(result: Result, number: int, shift):
    def moved(table):
        shapes = shapely.transform(table.geometry.to_numpy(), lambda xy: xy + shift)
        copy = table.set_geometry(gpd.GeoSeries(shapes, index=table.index, crs=table.crs))
        copy = copy.assign(space_id=copy["space_id"] + f"{number:03}")
        return copy.set_index(copy.index + f"{number:03}")

    evidence = result.evidence.assign(place_id=result.evidence["place_id"] + f"{number:03}")
    return {"places": moved(result.places), "meeting_spaces": moved(result.meeting_spaces), "evidence": evidence}


def judged(result: Result, seed: int = 2):
    """Make judged values up, in the shape that the page is given."""
    rng = np.random.default_rng(seed)
    tables = {"spaces": result.meeting_spaces, "places": result.places}
    return {name: _Judged(rng, len(table)) for name, table in tables.items()}


class _Judged:
    def __init__(self, rng, count):
        self.indicators = tuple(INDICATORS)
        self.best = rng.uniform(0, 1, (count, len(INDICATORS)))
        spread = rng.uniform(0, 0.3, self.best.shape) * (rng.random(self.best.shape) < 0.4)
        self.low, self.high = np.clip(self.best - spread, 0, 1), np.clip(self.best + spread, 0, 1)
        self.known = spread == 0
