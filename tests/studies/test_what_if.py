"""A change looked at from what is known equals the change looked at from the start, on the bundled estate."""

from __future__ import annotations

import gc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely

import spatial
from spatial.analysis import run
from spatial.analysis.inputs import InputFiles, Inputs, Options
from spatial.core.errors import InputError
from spatial.core.model import Edit
from spatial.settings.loading import DEFAULTS
from spatial.studies import what_if

DATA = Path(__file__).parents[2] / "data"


def read_demo():
    estate = spatial.Estate.from_file(DATA / "reitbahnviertel.geojson")
    run.load_compiled()
    return Inputs.read(estate, InputFiles(DATA / "reitbahnviertel.osm.pbf"))


@pytest.fixture(scope="module")
def demo():
    return what_if.WhatIf(read_demo())


def tagged(features, key, *values):
    return next(
        str(identity) for identity, tags in zip(features.ids, features.tags, strict=True) if tags.get(key) in values
    )


def edit(case, demo):
    raw, here = demo.before.view.raw, demo.before.view.rooms.geometry.iloc[0].centroid
    nodes = demo.before.view.measured_from.path_nodes
    line = shapely.LineString([(here.x - 45, here.y - 3), (here.x + 45, here.y + 4)])
    block = shapely.box(here.x + 60, here.y + 60, here.x + 61, here.y + 61)
    return {
        "bench": lambda: Edit("1", "add", "place", tags={"amenity": "bench"}, geometry=here),
        "table far off": lambda: Edit(
            "1", "add", "place", tags={"leisure": "picnic_table"}, geometry=shapely.Point(here.x + 70, here.y - 90)
        ),
        "gate": lambda: Edit(
            "1", "change", "gate", target=nodes.index[nodes["locked"]][0], tags={"access": "yes", "foot": "yes"}
        ),
        "link": lambda: Edit("1", "add", "path", tags={"highway": "footway"}, geometry=line),
        "light": lambda: Edit(
            "1", "change", "path", target=tagged(raw.lines, "highway", "footway"), tags={"lit": "yes"}
        ),
        "kerb": lambda: Edit("1", "change", "path", target=nodes.index[nodes["crossing"]][0], tags={"kerb": "raised"}),
        "fence": lambda: Edit(
            "1", "change", "barrier", target=tagged(raw.lines, "barrier", "wall"), tags={"height": "1.0"}
        ),
        "path closed": lambda: Edit("1", "remove", "path", target=tagged(raw.lines, "highway", "footway")),
        "block gone": lambda: Edit("1", "remove", "building", target="osm:way/93691013"),
        "house": lambda: Edit(
            "1", "add", "building", tags={"building": "apartments", "building:flats": "12"}, geometry=block
        ),
        "place gone": lambda: Edit("1", "remove", "place", target="osm:way/157841252"),
    }[case]()


CASES = [
    "bench",
    "table far off",
    "gate",
    "link",
    "light",
    "kerb",
    "fence",
    "path closed",
    "block gone",
    "house",
    "place gone",
]


@pytest.mark.parametrize("case", CASES)
def test_from_what_is_known_and_from_the_start_are_the_same(case, demo):
    try:
        change = edit(case, demo)
    except (StopIteration, IndexError):
        pytest.fail(f"the bundled estate has nothing to try {case!r} on")
    quick, whole = demo.after(change), demo.after(change, whole=True)
    pd.testing.assert_frame_equal(quick.evidence, whole.evidence, check_exact=False, rtol=0, atol=1e-9)
    one, other = (look.scores(look.own_rubric) for look in (quick, whole))
    assert list(one.index) == list(other.index)
    np.testing.assert_allclose(one.astype(float), other.astype(float), rtol=0, atol=1e-9)
    np.testing.assert_allclose(quick.best_at_home, whole.best_at_home, rtol=0, atol=1e-9)


def test_the_start_is_a_plain_run(demo, demo_result):
    floating = demo.before.floating
    for table in (demo_result.places, demo_result.meeting_spaces):
        np.testing.assert_allclose(floating.reindex(table.index), table["floating"], rtol=0, atol=1e-12)
    homes = demo_result.layers["homes"]
    np.testing.assert_allclose(demo.before.best_at_home.reindex(homes.index), homes["best_floating"], atol=1e-12)


def test_with_other_choices_of_tags_too_the_start_is_a_plain_run(demo, tmp_path):
    demo_inputs = read_demo()
    path = tmp_path / "tags.toml"
    text = (DEFAULTS / "tags.toml").read_text(encoding="utf-8")
    assert text.count("neutrality = 0.9\n") > 1  # of playgrounds, among others
    path.write_text(text.replace("neutrality = 0.9\n", "neutrality = 0.3\n"), encoding="utf-8")
    start = what_if.WhatIf(demo_inputs, choices=path).before.floating
    plain = run.run(demo_inputs, Options(tags=path, scores_only=True))
    for table in (plain.places, plain.meeting_spaces):
        np.testing.assert_allclose(start.reindex(table.index), table["floating"], rtol=0, atol=1e-12)
    assert (start - demo.before.floating).abs().max() > 0.01


def test_nothing_changed_is_nothing_gained(demo):
    found = demo.gain(demo.after())
    assert (found.points, found.better, found.worse) == (0.0, 0.0, 0.0)


def test_the_last_way_out_is_a_loss(demo):
    """Without its only meeting space within five minutes a home loses all that it had."""
    gone = [Edit(str(i), "remove", "place", target=place) for i, place in enumerate(demo.before.view.places.index)]
    lost = demo.gain(demo.after(*gone))
    weight = demo.before.dwellings["dwellings"].to_numpy()
    assert lost.points == pytest.approx(-100 * (demo.before.best_at_home.to_numpy() * weight).sum())
    assert lost.worse == pytest.approx(weight[demo.before.best_at_home.to_numpy() >= 0.01].sum())


def test_an_edit_of_nothing_is_refused_and_nothing_is_changed(demo):
    with pytest.raises(InputError, match="there is no osm:way/1 to take away or change"):
        demo.after(Edit("1", "remove", "building", target="osm:way/1"))
    assert demo.gain(demo.after()).points == 0.0


def test_what_is_kept_out_of_the_collection_of_garbage_comes_back_with_the_end(demo):
    other = what_if.WhatIf(Inputs(demo._estate, demo._conflated.raw))
    assert gc.get_freeze_count() > 0
    del other
    gc.collect()
    assert gc.get_freeze_count() == 0
