"""What every indicator promises, on one small complete scene."""
# ruff: noqa: E501 - a table reads best with a case on a line

import re
from dataclasses import fields
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import shapely
from numpy.testing import assert_allclose, assert_array_equal
from shapely.affinity import translate

from spatial.core import languages
from spatial.core.model import ASPECTS, EVIDENCE, GATE, Estate
from spatial.indicators import inputs, registry
from spatial.layers.schema import CanonicalLayers
from spatial.places import detection, meeting_spaces
from spatial.plans import causes
from spatial.settings.tags import tag_rules
from spatial.visibility.isovists import Occluders
from tests import rasters, tables

RULES = tag_rules()
REGISTRY = registry.registry()
ORIGIN = (711_000.3, 6_173_000.7)
NEED_A_MODEL = {"slope_max": "terrain", "sky_view": "surface", "sun_hours": "surface"}
NEED_A_LAYER = {"estates_reached": "layer"}
FIELDS = ("value", "low", "high", "evidence", "rule")
# No two ways, places or doors stand at equal distances of each other: ties may fall either way.
AT = {
    1: (-190, 3), 2: (-80, 0), 3: (13, 5), 4: (121, -4), 5: (203, 6), 6: (-83, 141), 7: (17, 90), 8: (124, 133),
    9: (-90, -130), 10: (119, -151), 11: (22, 170), 12: (-180, 170), 13: (230, 171), 14: (28, 241), 15: (310, 260), 16: (330, 260),
}  # fmt: skip
WAYS = [
    ((1, 2, 3, 4, 5), {"lit": "yes", "surface": "asphalt"}),
    ((2, 6), {"surface": "gravel"}), (3, 7), ((7, 11), {"steps": True}), ((4, 8), {"lit": "no", "surface": "asphalt"}),
    (9, 2), ((4, 10), {"surface": "paving_stones"}), ((6, 11, 8), {"width_m": 1.0}),
    ((12, 11, 13), {"major": True, "highway": "secondary", "way_class": "major"}), (11, 14), (15, 16),
]  # fmt: skip
NODES = {11: {"crossing": False, "kerb": "raised"}, 10: {"locked": True}, 4: {"crossing": True}}
OBJECTS = {
    "bench_a": ("bench", (-37, 9)), "bench_b": ("bench", (-21, 12), {"access": "yes", "lit": "yes"}),
    "bench_far": ("bench", (700, 700)), "bench_lone": ("bench", (318, 271)),
    "court": ("pitch", shapely.box(40, 20, 90, 48), {"fenced": "yes", "fee": "yes", "club": "x"}),
    "play": ("playground", shapely.box(-70, 30, -45, 52), {"opening_hours": "Mo-Su 08:00-20:00"}),
    "play_school": ("playground", (150, -80), {"opening_hours": "whenever"}),
    "garden": ("garden", (60, -60), {"operator:type": "association", "access": "private"}),
    "lawn": ("park", shapely.box(-30, 60, 5, 85)), "table": ("table", (-12, 72)), "swap": ("swap", (141, 71), {"reservation": "no", "fee": "no", "supervised": "no", "access": "yes"}),
}  # fmt: skip
BLOCKS = [
    shapely.box(-150, 30, -110, 42),
    shapely.box(-60, -45, 10, -33),
    shapely.box(150, 20, 162, 60),
    shapely.box(-40, 190, 0, 202),
]
# Lawns between the blocks; what stands elsewhere stands beside a way, or on the ground of its owner.
ROOMS = {
    "room:benches": (shapely.box(-45.9, 3.2, -10.3, 24.7), {"nearest_public_path_m": 2.0, "through_path": True}),
    "room:court": (shapely.box(37.3, 14.6, 93.9, 50.7), {"nearest_public_path_m": 15.0, "institution_share": 0.6}),
    "room:lawn": (shapely.box(-36.4, 55.2, 9.1, 90.6), {"ground": "park", "ground_name": "Lunden"}),
    "room:play": (shapely.box(-73, 27, -43, 55), {"row_house_share": 0.8}),
}
DOORS = [(-130.2, 29.5, 12), (-41, -32.6, 20), (3, -32.5, 8), (149.7, 33, 15), (-21, 189.4, 30), (5000, 5000, 9)]


def made(shift=(0.0, 0.0), seed=None):
    """The scene, moved by ``shift``, with the rows of all layers mixed by ``seed``."""
    x, y = np.add(ORIGIN, shift)

    def moved(found):
        table = (
            found.set_geometry([translate(shape, x, y) for shape in found.geometry], crs=tables.ETRS89_UTM32)
            if len(found)
            else found
        )
        return table if seed is None else table.iloc[np.random.default_rng(seed).permutation(len(table))]

    layers = CanonicalLayers(**{name: moved(table) for name, table in tables.layers(
        paths=tables.paths(AT, WAYS), path_nodes=tables.path_nodes(AT, NODES), place_objects=tables.place_objects(OBJECTS),
        buildings=tables.buildings(BLOCKS), dwellings=tables.dwellings(DOORS), barriers=fences(),
        ground=tables.ground({"school": ("school", shapely.box(130, -100, 180, -60)), "lawn": ("park", shapely.box(-30, 60, 5, 85))}),
        departments=tables.departments({"kk.x:1": shapely.box(-160, 20, -100, 60), "kk.x:2": shapely.box(-70, -60, 20, 0)}),
        context=tables.points("context", [(-100, 60), (140, 90)]).assign(kind=["library", "club"]),
        stops=tables.points("stops", [(118, 101)]), destinations=tables.points("destinations", [(15, 60), (-170, 8), (20, 230)]),
        lamps=tables.points("lamps", [(-86, -40), (-84, -80), (-88, -110), (-83, -20)]), water=tables.points("water", [shapely.box(200, 20, 240, 60)]),
    ).by_name().items()})  # fmt: skip
    boundary = translate(shapely.box(-160, -60, 170, 100), x, y)
    estate = Estate("e", "Estate", boundary, tables.ETRS89_UTM32, tenure="almen")
    found = detection.find_places(layers.place_objects, layers.buildings, layers.ground, boundary, 2000.0, RULES)
    parting = meeting_spaces.separators(
        layers.buildings, layers.barriers, meeting_spaces.parting_roads(layers.paths), layers.water
    )
    rooms = moved(tables.rooms(ROOMS))
    found = found.assign(space_id=meeting_spaces.group_places(found, rooms, parting, RULES))
    spaces = meeting_spaces.meeting_spaces(found, found["space_id"], rooms, boundary, RULES)
    sites = inputs.sites(
        found if seed is None else found.iloc[np.random.default_rng(seed + 1).permutation(len(found))], spaces
    )
    return SimpleNamespace(
        sites=sites,
        places=sites[sites["level"] == "place"],
        inputs=inputs.indicator_inputs(layers, sites, estate, RULES, **models(x, y)),
    )


def models(x, y):
    """A hill of 3 % to the east and waves to the north, in metres around a point."""
    east, north = np.meshgrid(np.arange(-300, 500) + 0.5, np.arange(400, -300, -1) - 0.5)
    ground = 10 + 0.03 * east + 2 * np.sin(north / 40)
    trees = 9.0 * ((np.hypot(east + 20, north - 30) < 6) | (np.hypot(east - 60, north + 30) < 5))
    heights = np.where(shapely.contains_xy(shapely.union_all(BLOCKS), east, north), ground + 15, ground + trees)
    heights[:, 620:] = np.nan  # nothing is known of what lies furthest east
    # Cells end where no place and no ray does, so that rounding decides nothing.
    return {name: rasters.raster(z, x - 300.37, y + 400.41) for name, z in (("terrain", ground), ("surface", heights))}


def fences():
    """A wall that hides the playground from the west, and a fence on one side of the court."""
    wall = tables.barriers([[(-75, 25), (-75, 57)]], barrier="wall", blocks_view=True)
    return pd.concat([wall, tables.barriers([[(40, 20), (90, 20)]]).rename({"osm:way/800": "osm:way/801"})])


def measured(world):
    """All that is measured of a scene, by indicator."""
    return {
        name: registry.measure(spec, world.places if spec.members else world.sites, world.inputs)
        for name, spec in REGISTRY.items()
    }


@pytest.fixture(scope="module")
def world():
    return made()


@pytest.fixture(scope="module")
def found(world):
    return measured(world)


each = pytest.mark.parametrize("name", REGISTRY)


def test_the_scene_is_worth_testing_on(world, found):
    """Every indicator measures something on it, and there are rooms of many places."""
    assert set(OBJECTS) == set(world.places.index) and (world.sites["level"] == "space").sum() >= 2
    blank = [name for name, result in found.items() if np.isnan(result.value).all()]
    assert blank in ([], ["rest_gap"])
    states = {state for result in found.values() for state in result.evidence}
    assert states == set(EVIDENCE) - {registry.ESTIMATED}


@each
def test_needs_are_in_the_scene(name, world):
    spec = REGISTRY[name]
    assert all(hasattr(world.inputs, need) for need in spec.needs)
    assert spec.id == name and spec.aspect in (*ASPECTS, GATE) and spec.unit in registry.UNITS
    assert spec.reference.strip() and spec.catchment_m >= 0 and spec.column.endswith(registry.UNITS[spec.unit])


@each
def test_an_indicator_declares_what_lies_behind_a_change_of_it(name):
    spec = REGISTRY[name]
    things = set(spec.behind) - {registry.HOMES, registry.SIDES, registry.OWN}
    assert spec.behind and things <= {*causes.LAYERS, "road"}
    assert (spec.within_m > 0) == bool(things)


@pytest.mark.parametrize(
    ("parameters", "fault"),
    [("places, gren", "there is no input 'gren'; there are .*green"), ("green", "must be 'places'")],
)
def test_an_indicator_names_inputs_that_there_are(parameters, fault):
    function = eval(f"lambda {parameters}: None")
    with pytest.raises(TypeError, match=fault):
        registry.indicator(aspect="openness", unit="m", reference="x")(function)


def test_what_an_indicator_may_not_declare():
    with pytest.raises(TypeError, match="colour"):
        registry.indicator(aspect="openness", unit="m", reference="x", colour="red")(lambda places: None)


@each
def test_arrays_evidence_and_rules(name, world, found):
    result, rows = found[name], len(world.places if REGISTRY[name].members else world.sites)
    for field in FIELDS:
        assert getattr(result, field).shape == (rows,), field
    assert [getattr(result, field).dtype for field in FIELDS] == [np.float64] * 3 + [object] * 2
    assert set(result.evidence) <= set(EVIDENCE)
    assert all(isinstance(rule, str) and rule for rule in result.rule)
    if result.reference is not None:
        assert result.reference.dtype == np.float64 and np.isfinite(result.reference).all()


@each
@pytest.mark.parametrize("lang", languages.LANGUAGES)
def test_every_rule_has_words(name, lang, found):
    words = languages.texts(lang)["rule"]
    missing = {rule for rule in found[name].rule if not words.get(rule)}
    assert not missing


@pytest.mark.parametrize("lang", languages.LANGUAGES)
def test_rules_made_of_tags_and_ground_have_words(lang):
    """Rules that only show on other scenes: all grounds, all tags of access and affiliation."""
    rules = {f"{ground}_ground" for ground in (*RULES.access["closed_ground"], *RULES.affiliation["ground"])}
    rules |= {f"tag_{key}" for key in RULES.affiliation["tagged"]} | {
        *("tag_operator_type", "tag_access", "ground_access", "institution_ground", "public_owner", "public_ground"),
        *("path_through", "path_near", "row_house_lawn", "business_court", "nothing_to_stay_for", "none_mapped"),
        "not_measured",
    }
    assert rules <= set(languages.texts(lang)["rule"])


@each
def test_low_value_high(name, found):
    result = found[name]
    for smaller, larger in (("low", "value"), ("value", "high"), ("low", "high")):
        a, b = getattr(result, smaller), getattr(result, larger)
        known = ~np.isnan(a) & ~np.isnan(b)
        assert (a[known] <= b[known] + 1e-9).all(), (smaller, larger)
    unit, value = REGISTRY[name].unit, result.value[~np.isnan(result.value)]
    assert (value >= 0).all()
    if unit in ("share", "index"):
        assert (value <= 1 + 1e-9).all()
    # What is known is no interval; what is not known has no value, but for a condition, which takes what is likely.
    assert REGISTRY[name].aspect == GATE or np.isnan(result.value[result.evidence == registry.UNKNOWN]).all()
    assert not np.isnan(result.value).any() or REGISTRY[name].aspect != GATE
    sure = (result.evidence == registry.OBSERVED) & np.isfinite(result.value)
    assert not np.isnan(result.low[sure]).any()


def test_a_run_without_models_leaves_out_what_needs_them(nobody):
    (sites, _), _ = nobody
    estate = Estate("e", "Estate", shapely.box(0, 0, 100, 100), tables.ETRS89_UTM32)
    plain = inputs.indicator_inputs(tables.layers(), sites, estate, RULES)
    lost = {name: registry.lacking(spec, plain) for name, spec in REGISTRY.items()}
    given_by = {name: inputs.ORIGINS[table].given_by for name, table in lost.items() if table}
    assert given_by == NEED_A_MODEL | NEED_A_LAYER
    for spec in (REGISTRY[name] for name in REGISTRY if name not in NEED_A_MODEL | NEED_A_LAYER):
        registry.measure(spec, sites, plain)


@each
def test_inputs_are_not_changed(name, world):
    spec = REGISTRY[name]
    table = world.places if spec.members else world.sites
    before = table.copy(deep=True), {need: frozen(getattr(world.inputs, need)) for need in spec.needs}
    registry.measure(spec, table, world.inputs)
    assert table.equals(before[0]) and table.columns.equals(before[0].columns)
    for need in spec.needs:
        same(frozen(getattr(world.inputs, need)), before[1][need])


def frozen(item):
    """What an input holds, as copies of its arrays."""
    if hasattr(item, "to_wkb"):
        return {"index": item.index.to_numpy().copy(), **{key: item[key].to_numpy().copy() for key in item.columns}}
    if isinstance(item, Occluders) or type(item).__name__ in (
        "Network",
        "Attachments",
        "Approaches",
        "Slopes",
        "Skyline",
        "Sun",
    ):
        return {field.name: np.copy(getattr(item, field.name)) for field in fields(item)}
    if isinstance(item, tuple):
        return {str(i): np.copy(value) for i, value in enumerate(item)}
    if isinstance(item, dict):
        return {key: np.copy(value) for key, value in item.items()}
    return {"": np.copy(item)} if isinstance(item, np.ndarray) else {"": repr(item)}


def same(after, before):
    assert after.keys() == before.keys()
    for key in after:
        if np.asarray(after[key]).dtype == object:  # None and NaN equal only themselves
            assert list(map(str, after[key])) == list(map(str, before[key]))
        else:
            assert_array_equal(after[key], before[key])


def compare(name, one, one_index, other, other_index):
    """Equal values at equal ids."""
    at = {identity: i for i, identity in enumerate(other_index)}
    order = [at[identity] for identity in one_index]
    for field in FIELDS[:3]:
        assert_allclose(
            getattr(other, field)[order], getattr(one, field), rtol=1e-6, atol=1e-6, err_msg=f"{name} {field}"
        )
    for field in FIELDS[3:]:
        assert_array_equal(getattr(other, field)[order], getattr(one, field), f"{name} {field}")
    assert (one.reference is None) == (other.reference is None)
    if one.reference is not None:
        assert_allclose(other.reference, one.reference, rtol=1e-6)


@pytest.fixture(scope="module", params=[3, 4])
def mixed(request):
    world = made(seed=request.param)
    return world, measured(world)


@each
def test_the_order_of_rows_does_not_matter(name, world, found, mixed):
    other, results = mixed
    assert set(other.sites.index) == set(world.sites.index) and other.sites.index.tolist() != world.sites.index.tolist()
    tables_ = [w.places if REGISTRY[name].members else w.sites for w in (world, other)]
    compare(name, found[name], tables_[0].index, results[name], tables_[1].index)


@pytest.fixture(scope="module")
def elsewhere():
    world = made(shift=(1000.0, -700.0))
    return world, measured(world)


@each
def test_the_place_on_earth_does_not_matter(name, world, found, elsewhere):
    _, results = elsewhere
    index = world.places.index if REGISTRY[name].members else world.sites.index
    compare(name, found[name], index, results[name], index)


@pytest.fixture(scope="module")
def nobody():
    """The layers of an estate without anything in it."""
    estate = Estate("e", "Estate", shapely.box(0, 0, 100, 100), tables.ETRS89_UTM32)
    none = detection.find_places(
        tables.place_objects({}), tables.buildings([]), tables.ground(), estate.boundary, 250.0, RULES
    ).assign(space_id=np.empty(0, dtype=object))
    sites = inputs.sites(
        none,
        meeting_spaces.meeting_spaces(none, none["space_id"], tables.rooms(), estate.boundary, RULES),
    )
    lone = detection.find_places(
        tables.place_objects({"b": ("bench", (50, 50))}),
        tables.buildings([]),
        tables.ground(),
        estate.boundary,
        250.0,
        RULES,
    ).assign(space_id="space:b")
    lonely = inputs.sites(
        lone,
        meeting_spaces.meeting_spaces(lone, lone["space_id"], tables.rooms(), estate.boundary, RULES),
    )
    layers = tables.layers(
        place_objects=tables.place_objects({"far": ("swap", (9000, 9000))}),
        departments=tables.departments({"kk.x:1": shapely.box(9000, 9000, 9010, 9010)}),
    )
    assert [len(table) for table in (sites, lonely)] == [0, 2]
    return [(table, inputs.indicator_inputs(layers, table, estate, RULES, **models(0, 0))) for table in (sites, lonely)]


def test_a_scene_without_any_object():
    estate = Estate("e", "Estate", shapely.box(0, 0, 100, 100), tables.ETRS89_UTM32)
    none = detection.find_places(
        tables.place_objects({}), tables.buildings([]), tables.ground(), estate.boundary, 250.0, RULES
    ).assign(space_id=np.empty(0, dtype=object))
    sites = inputs.sites(
        none,
        meeting_spaces.meeting_spaces(none, none["space_id"], tables.rooms(), estate.boundary, RULES),
    )
    built = inputs.indicator_inputs(tables.layers(), sites, estate, RULES)
    assert [len(table) for table in (built.seats, built.activities, built.entries)] == [0, 0, 0]


@each
def test_no_places_and_nothing_around_a_place(name, nobody):
    for sites, layers in nobody:
        table = sites[sites["level"] == "place"] if REGISTRY[name].members else sites
        rows = len(table)
        result = registry.measure(REGISTRY[name], table, layers)
        assert [getattr(result, field).shape for field in FIELDS] == [(rows,)] * 5
        assert [getattr(result, field).dtype for field in FIELDS[:3]] == [np.float64] * 3
        assert all(re.fullmatch("[a-z0-9_;]+", rule) for rule in result.rule)
        assert not (set(result.rule) - set(languages.texts("en")["rule"]))


@pytest.mark.parametrize(("unit", "high", "blind_low"), [("count", 12 / 0.8, 10), ("m", 12, np.nan)])
def test_the_edge_of_the_extract(unit, high, blind_low):
    """Wholly seen, 80 % seen (a count may be higher by what lies beyond), 40 % seen (says nothing)."""
    spec = SimpleNamespace(unit=unit)
    found = registry.at_extract_edge(
        spec, registry.from_rows([(11.0, 10.0, 12.0, "derived", "a")] * 3), np.array([1.0, 0.8, 0.4])
    )
    tables.check(
        found, (11, 10, 12, "derived", "a"), (11, 10, high, "derived", "a;extract_edge_20pct_unseen"),
        (np.nan, blind_low, np.nan, "unknown", "a;extract_edge_60pct_unseen"),
    )  # fmt: skip


class Asked(dict):
    """Tags that remember which of them were asked for."""

    def __init__(self, tags, asked):
        super().__init__(tags)
        self.asked = asked

    def __contains__(self, key):
        self.asked.add(key)
        return super().__contains__(key)

    def __getitem__(self, key):
        self.asked.add(key)
        return super().__getitem__(key)

    def get(self, key, default=None):
        self.asked.add(key)
        return super().get(key, default)


@each
def test_an_indicator_declares_the_tags_it_reads(name, world):
    asked = set()
    sites = world.places if REGISTRY[name].members else world.sites
    watched = sites.assign(tags=[Asked(tags, asked) for tags in sites["tags"]])
    registry.measure(REGISTRY[name], watched, world.inputs)
    assert asked <= set(REGISTRY[name].reads)
    assert bool(asked) == bool(REGISTRY[name].reads)
