"""The walk to help, on paper."""

from types import SimpleNamespace

import numpy as np
import shapely

from spatial.core.model import Estate
from spatial.indicators import inputs
from spatial.indicators.help_near import help_near
from spatial.settings.rubric import rubric
from spatial.settings.tags import tag_rules
from tests import tables

NAN = float("nan")


def test_distance_none_and_no_way():
    places = tables.places({"a": {}, "b": {}, "c": {}})
    entries = SimpleNamespace(attached=np.array([True, True, False]))
    tables.check(
        help_near(places, np.array([240.0, NAN, NAN]), entries),
        (240, 240, 240, "derived", "nearest_help"),
        (NAN, 1600, 1600, "derived", "no_help_within_1600_m"),
        (NAN, NAN, NAN, "unknown", "no_way_reaches_it"),
    )


def test_help_is_a_library_and_not_a_club():
    """A bench at (0, 3), a club at (50, 4), a library at (120, 5): 3 + 120 + 5 m along the way."""
    at = {1: (-10, 0), 2: (200, 0)}
    sites = tables.places({"a": {"geometry": shapely.Point(0, 3).buffer(0.01)}})
    context = tables.points("context", [(50, 4), (120, 5)]).assign(kind=["club", "library"])
    layers = tables.layers(paths=tables.paths(at, [(1, 2)]), context=context)
    estate = Estate("e", "E", shapely.box(-50, -50, 250, 50), tables.ETRS89_UTM32)
    built = inputs.indicator_inputs(layers, sites, estate, tag_rules())
    np.testing.assert_allclose(built.help_walk_m, [128], atol=0.02)


def test_it_is_told_and_not_judged():
    assert rubric().rules["help_near"].weight == 0
