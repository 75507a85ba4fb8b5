"""The measure a second time, in plain Python: pandas, shapely and NetworkX, from the formulas in words.

Recomputed from the ground: ``occasion``, ``seats_here``, ``activities_here``, ``ages_here``, ``from_traffic``,
``homes_near``, ``who_can_meet`` and ``groups_reached``, with low and high. All other indicators are taken from the
evidence. From all of them the scores are combined anew: value functions, weights, conditions, geometric mean, bounds,
shares, ranks.
Shared with the program: the layers, which places make a space, and where doors and places meet the ways.
"""

from __future__ import annotations

import tomllib
from itertools import pairwise
from math import ceil, dist, exp, inf, log, sqrt
from pathlib import Path

import networkx
import numpy as np
import pandas as pd
import pytest
import shapely
import shapely.ops

import spatial
from spatial.analysis.inputs import InputFiles, Inputs
from tests.scoring import towns
from tests.scoring.towns import Seen

DEFAULTS = Path(spatial.__file__).parent / "defaults"
TAGS = tomllib.loads((DEFAULTS / "tags.toml").read_text(encoding="utf-8"))
RUBRIC = tomllib.loads((DEFAULTS / "rubric.toml").read_text(encoding="utf-8"))
ASPECTS = ("openness", "accessibility", "neutrality", "low_threshold", "mixing")
PARTS = ("value", "low", "high")
EXACTLY = 1e-6
TOUCH_M = 1e-5


@pytest.fixture(scope="module", params=["reitbahnviertel", "helsinki"])
def seen(request, demo_data) -> Seen:
    estate = spatial.Estate.from_file(demo_data / f"{request.param}.geojson")
    return towns.measure(Inputs.read(estate, InputFiles(demo_data / f"{request.param}.osm.pbf")))


def agree(seen: Seen, indicator: str, own: pd.DataFrame) -> None:
    """The rows of one indicator, by site, are as recomputed: value, low and high."""
    facts = seen.evidence[seen.evidence["indicator"] == indicator].set_index("place_id")
    assert len(facts) == len(own) >= 20
    own = own.loc[facts.index]
    for part in PARTS:
        np.testing.assert_allclose(facts[part].astype(float), own[part].astype(float), rtol=EXACTLY, atol=EXACTLY)


# --- what stands there ---------------------------------------------------------------------------


def things_of(seen: Seen) -> dict[str, list[str]]:
    """Ids of what stands at each site: of a place itself, of a space all that belong to it."""
    places = seen.view.places
    spaces = places.groupby("space_id").groups
    return {place: [place] for place in places.index} | {space: list(ids) for space, ids in spaces.items()}


def distinct(seen: Seen, trait: str) -> pd.DataFrame:
    kind = seen.view.places["kind"]
    count = {
        site: len({one for thing in ids for one in TAGS["kind"][kind[thing]][trait]})
        for site, ids in things_of(seen).items()
    }
    value = pd.Series(count, dtype=float)
    return pd.DataFrame({"value": value, "low": value, "high": value + 2})


@pytest.mark.parametrize(("indicator", "trait"), [("activities_here", "activities"), ("ages_here", "ages")])
def test_distinct_activities_and_ages(seen, indicator, trait):
    agree(seen, indicator, distinct(seen, trait))


def is_seat(kind: str) -> bool:
    return bool(TAGS["kind"][kind].get("seat", False))


def test_seats(seen):
    kind = seen.view.places["kind"]
    count = {site: sum(is_seat(kind[thing]) for thing in ids) for site, ids in things_of(seen).items()}
    value = pd.Series(count, dtype=float)
    agree(seen, "seats_here", pd.DataFrame({"value": value, "low": value, "high": value + 3}))


def closed_share(shape, closing) -> float:
    """Share of an outline within 2 m of what closes it."""
    near = [other for other in closing if other.distance(shape.boundary) <= 2]
    strip = shapely.union_all([other.buffer(2, cap_style="flat") for other in near])
    return float(shape.boundary.intersection(strip).length / shape.boundary.length)


def pulls_of(seen: Seen) -> dict[str, tuple[str, float]]:
    """Of each place what it counts as, and its pull."""
    layers, places = seen.view.measured_from, seen.view.places
    buildings = layers.buildings[layers.buildings["solid"]]
    closing = [shape for shape in (*layers.barriers.geometry, *buildings.geometry) if not shape.is_empty]
    rules, result = TAGS["anchor"], {}
    for place, row in places.iterrows():
        kind, pull = row["kind"], TAGS["kind"][row["kind"]]["pull"]
        if kind == "pitch" and closed_share(row.geometry, closing) > 0.9:
            result[place] = ("shut pitch", rules["shut_pitch_pull"])
        elif (kind == "park" and not row["tags"].get("name")) or (
            kind == "square" and (row["area_m2"] < rules["square_min_m2"] or not row["tags"].get("name"))
        ):
            result[place] = (f"plain {kind}", rules["lawn_pull"])
        else:
            result[place] = (kind, pull)
    return result


def strength(pulls) -> float:
    none = 1.0
    for pull in pulls:
        none *= 1 - pull
    return 1 - none


def company(kinds) -> float:
    activities = {activity for kind in kinds if kind in TAGS["kind"] for activity in TAGS["kind"][kind]["activities"]}
    return 0.3 + 0.7 * (1 - exp(-len(activities) / 3))


def test_occasion(seen):
    places, sites = seen.view.places, seen.view.sites
    pull_of, spread, rows = pulls_of(seen), TAGS["pull_spread"], {}
    for site, ids in things_of(seen).items():
        pulls = dict(pull_of[thing] for thing in ids)
        kinds = {places.loc[thing, "kind"] for thing in ids}
        about = sites.loc[site]
        squares = {places.loc[thing, "tags"].get("name") for thing in ids if places.loc[thing, "kind"] == "square"}
        named = about["ground"] == "park" and isinstance(about["ground_name"], str)
        if about["level"] == "space" and named and about["ground_name"] not in squares:
            pulls["park"] = TAGS["kind"]["park"]["pull"]
            kinds.add("park")
        if sum(is_seat(places.loc[thing, "kind"]) for thing in ids) >= TAGS["anchor"]["seats_together"]:
            pulls["seats together"] = TAGS["anchor"]["seats_pull"]
        # A table, and three benches together, may stand there unmapped.
        more = {kind: TAGS["kind"][kind]["pull"] for kind in ("bench", "table")} | pulls
        more.setdefault("seats together", TAGS["anchor"]["seats_pull"])
        rows[site] = {
            "value": strength(pulls.values()) * company(kinds),
            "low": strength(max(pull - spread, 0) for pull in pulls.values()) * company(kinds),
            "high": strength(min(pull + spread, 1) for pull in more.values()) * company(kinds | {"bench", "table"}),
        }
    agree(seen, "occasion", pd.DataFrame.from_dict(rows, orient="index"))


# --- traffic -------------------------------------------------------------------------------------


def pieces_of(line) -> list[shapely.LineString]:
    """Each straight stretch of a line in equal pieces of at most 10 m."""
    pieces = []
    for a, b in pairwise(line.coords):
        cuts = np.linspace(a, b, ceil(dist(a, b) / 10) + 1)
        pieces += [shapely.LineString(ends) for ends in pairwise(cuts)]
    return pieces


def is_seen(sight: shapely.LineString, walls: list) -> bool:
    """Whether no wall stands on a line of sight, but at its very ends."""
    middle = shapely.ops.substring(sight, TOUCH_M, sight.length - TOUCH_M) if sight.length > 2 * TOUCH_M else None
    return middle is None or not any(middle.intersects(wall) for wall in walls)


def test_from_traffic(seen):
    given = seen.view.measured_from
    roads = given.paths[given.paths["major"].astype(bool) & ~given.paths["tunnel"].astype(bool)]
    pieces = [piece for road in roads.geometry for piece in pieces_of(road)]
    walls = [*given.buildings[given.buildings["solid"].astype(bool)].boundary]
    walls += list(given.barriers[given.barriers["blocks_view"].astype(bool)].geometry)
    value = {}
    for place, shape in seen.view.places.geometry.items():
        near = [wall for wall in walls if wall.distance(shape) <= 50]
        sights = (shapely.shortest_line(shape, piece) for piece in pieces if shape.distance(piece) <= 50)
        value[place] = min((sight.length for sight in sights if is_seen(sight, near)), default=50.0)
    assert pieces
    rows = pd.Series(
        {site: max(value[thing] for thing in come_for(seen, ids)) for site, ids in things_of(seen).items()}
    )
    agree(seen, "from_traffic", pd.DataFrame({"value": rows, "low": rows, "high": rows}))


def come_for(seen: Seen, things: list[str]) -> list[str]:
    """Of what stands at a site the things that people come for, else its seats, else all."""
    about = seen.view.places.loc[things]
    seated = any(is_seat(kind) for kind in about["kind"])
    anchors = [
        thing
        for thing, kind, tags, area_m2 in about[["kind", "tags", "area_m2"]].itertuples()
        if TAGS["kind"][kind].get("anchor", False)
        and not (kind == "park" and not tags.get("name"))
        and not (kind == "square" and (area_m2 < TAGS["anchor"]["square_min_m2"] or not (tags.get("name") or seated)))
    ]
    return anchors or [thing for thing in things if is_seat(about.loc[thing, "kind"])] or things


# --- who lives near ------------------------------------------------------------------------------


def walks_of(seen: Seen) -> np.ndarray:
    """Walks from each site to each door by Dijkstra's method, both legs with them; inf where there is none."""
    given = seen.view.measured_from
    streets, graph = given.network, networkx.Graph()
    graph.add_nodes_from(range(len(streets.xy)))
    for a, b, length_m in zip(streets.start, streets.end, streets.length_m, strict=True):
        if not graph.has_edge(a, b) or graph.edges[a, b]["length"] > length_m:
            graph.add_edge(a, b, length=length_m)
    # Nobody comes through a locked gate: such a node ends no walk and begins none.
    graph.remove_nodes_from(np.flatnonzero(streets.locked))
    ends = _ends(streets, given.entries), _ends(streets, given.doors)
    result = np.full((len(given.entries), len(given.doors)), inf)
    at_node: dict[int, list[tuple[int, float]]] = {}
    on_edge: dict[int, list[tuple[int, float, float]]] = {}
    for door, edge, offset, leg, node, rest in ends[1]:
        at_node.setdefault(node, []).append((door, rest + leg))
        on_edge.setdefault(edge, []).append((door, offset, leg))
    for site in range(len(given.entries)):
        own = [row for row in ends[0] if row[0] == site]
        begin = {}
        for _, edge, offset, leg, node, rest in own:
            begin[node] = min(begin.get(node, inf), rest + leg)
            for door, at, other_leg in on_edge.get(edge, ()):
                result[site, door] = min(result[site, door], abs(at - offset) + leg + other_leg)
        for node, length_m in _from(graph, begin).items():
            for door, rest in at_node.get(node, ()):
                result[site, door] = min(result[site, door], length_m + rest)
    return np.where(result <= 1600, result, inf)


def _ends(streets, met) -> list[tuple[int, int, float, float, int, float]]:
    """Owner, edge, offset and leg of each attachment, with either end of its edge and the way to it."""
    rows = []
    for owner, edge, offset, leg in zip(met.owner, met.edge, met.offset_m, met.leg_m, strict=True):
        rows.append((owner, edge, offset, leg, streets.start[edge], offset))
        rows.append((owner, edge, offset, leg, streets.end[edge], streets.length_m[edge] - offset))
    return rows


def _from(graph: networkx.Graph, begin: dict[int, float]) -> dict[int, float]:
    """Shortest ways to all nodes from several that have a head start."""
    graph.add_node("site")
    graph.add_edges_from(("site", node, {"length": way}) for node, way in begin.items() if node in graph)
    lengths = networkx.single_source_dijkstra_path_length(graph, "site", cutoff=1700, weight="length")
    graph.remove_node("site")
    lengths.pop("site")
    return lengths


@pytest.fixture(scope="module")
def walks(seen) -> np.ndarray:
    return walks_of(seen)


def share_seen(seen: Seen) -> np.ndarray:
    discs = seen.view.sites.geometry.centroid.buffer(800, quad_segs=8)
    return np.array([disc.intersection(seen.view.raw.extent).area / disc.area for disc in discs])


def with_edge(seen: Seen, value: np.ndarray, *, count: bool) -> pd.DataFrame:
    """What is cut off by no way, or by the edge of the file, is not known; a count may be higher beyond the edge."""
    reached = np.isin(np.arange(len(value)), seen.view.measured_from.entries.owner)
    value, share = np.where(reached, value, np.nan), share_seen(seen)
    blind = share < 0.5
    bound = value if count else np.where(blind, np.nan, value)
    high = np.where((share < 0.999) & count, value / np.maximum(share, 0.5), value)
    return pd.DataFrame(
        {"value": np.where(blind, np.nan, value), "low": bound, "high": np.where(blind, np.nan, high)},
        index=seen.view.sites.index,
    )


def test_homes_near(seen, walks):
    homes = seen.view.measured_from.dwellings["dwellings"].to_numpy()
    agree(seen, "homes_near", with_edge(seen, np.exp(-walks / 200) @ homes, count=True))


def groups(seen: Seen) -> list[str]:
    """Group of each door: its block between streets, else its house; no department is known in these towns."""
    given = seen.view.measured_from
    assert not len(given.departments)
    streets = given.paths[given.paths["way_class"].isin(["street", "major"])].geometry
    blocks = [block for block in shapely.get_parts(shapely.polygonize(list(streets)))]
    tree = shapely.STRtree(blocks)
    labels = []
    for house, door in zip(given.dwellings["building"], given.dwellings.geometry, strict=True):
        within = [int(i) for i in tree.query(door, predicate="within")]
        labels.append(f"block {max(within)}" if within else f"house {house}")
    return labels


def test_who_can_meet(seen, walks):
    homes = seen.view.measured_from.dwellings["dwellings"].to_numpy()
    near = pd.DataFrame(np.where(walks <= 800, np.exp(-walks / 200), 0.0) * homes).T.groupby(groups(seen)).sum().T
    total = near.sum(axis=1)
    index, reached = [], []
    for site, row in near.iterrows():
        sides = [(1 - exp(-h / 40)) * (1 - exp(-max(total[site] - h, 0.0) / 40)) for h in row]
        index.append(sqrt(max(sides)))
        reached.append(sum(1 - exp(-h / 5) for h in row))
    agree(seen, "who_can_meet", with_edge(seen, np.array(index), count=False))
    agree(seen, "groups_reached", with_edge(seen, np.array(reached), count=True))


# --- the score -----------------------------------------------------------------------------------


def judged(rule: dict, value: float, low: float, high: float) -> tuple[float, float, float]:
    """Worst, best guess and best that a value may be worth, by straight lines between the points of a rule."""
    xs, ys = zip(*rule["value"], strict=True)
    least, most = rule.get("plausible", (xs[0], xs[-1]))
    low, high = least if np.isnan(low) else low, most if np.isnan(high) else high
    worth = [float(np.interp(x, xs, ys)) for x in (low, high, *(x for x in xs if low < x < high))]
    middle = (min(worth) + max(worth)) / 2 if np.isnan(value) else float(np.interp(value, xs, ys))
    return min(*worth, middle), middle, max(*worth, middle)


def scored(facts: pd.DataFrame) -> dict[str, float]:
    """Scores and shares of one site from the rows of its evidence."""
    weights = {aspect: RUBRIC["aspect"][aspect] / sum(RUBRIC["aspect"].values()) for aspect in ASPECTS}
    rules = {name: rule for name, rule in RUBRIC["indicator"].items() if rule["weight"] > 0 and name in facts.index}
    parts: dict[str, list[tuple[float, tuple[float, float, float]]]] = {}
    shares = dict.fromkeys(("seen", "computed", "assumed", "unknown"), 0.0)
    word = {
        "observed": "seen",
        "derived": "computed",
        "assumed by rule": "assumed",
        "estimated": "assumed",
        "unknown": "unknown",
    }
    for name, rule in rules.items():
        fact = facts.loc[name]
        parts.setdefault(rule["aspect"], []).append((rule["weight"], judged(rule, *fact[list(PARTS)].astype(float))))
        if rule["aspect"] in weights:
            total = sum(other["weight"] for other in rules.values() if other["aspect"] == rule["aspect"])
            shares[word[fact["evidence"]]] += weights[rule["aspect"]] * rule["weight"] / total
    result = dict(shares, coverage=shares["seen"] + shares["computed"])
    for i, suffix in enumerate(("_low", "", "_high")):
        gate, logarithm = 1.0, 0.0
        for _, worth in parts["gate"]:
            gate *= worth[i]
        for aspect in ASPECTS:
            mean = sum(w * worth[i] for w, worth in parts[aspect]) / sum(w for w, _ in parts[aspect])
            result[aspect + suffix] = mean
            logarithm += weights[aspect] * (log(mean) if mean > 0 else -inf)
        result["floating" + suffix] = gate * exp(logarithm)
        if not suffix:
            result["open"] = gate > 0.3 + 1e-9
    return result


def test_scores(seen):
    own = {site: scored(facts.set_index("indicator")) for site, facts in seen.evidence.groupby("place_id")}
    table = pd.DataFrame.from_dict(own, orient="index").loc[seen.scores.index]
    columns = [column for column in table if column != "open"]
    assert len(columns) == 5 + 3 * 6
    np.testing.assert_allclose(seen.scores[columns].astype(float), table[columns], rtol=0, atol=EXACTLY)
    for level in ("place", "space"):
        here = table[seen.scores["level"] == level]
        ranked = here[here["open"].astype(bool) & (here["coverage"] >= RUBRIC["min_coverage"])]["floating"]
        rank = seen.scores.loc[here.index, "rank"]
        assert set(rank.index[rank.notna()]) == set(ranked.index)
        # 1 + how many lie above: those of one score share a rank.
        for site, score in ranked.items():
            assert rank[site] == 1 + (ranked > score).sum()
