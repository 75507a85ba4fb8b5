"""One folder of a plan tells one story: every file of it is read back and held against the others."""

import json
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pypdf
import pytest
import shapely

from spatial.core.languages import texts
from spatial.core.model import ASPECTS, FLOATING
from spatial.texts import plan_answer
from tests.command import call
from tests.maps.reading import Page

pytestmark = pytest.mark.long  # a plan in phases on a small estate: tests/plans/test_phases.py
# A playground that goes, and the one on which a table comes; a pitch gets a bench, and the bundled plan does the rest.
GONE, BESIDE = "osm:way/157841289", "osm:way/158004160"
SCORES = (FLOATING, *ASPECTS)
BOUNDS = ("_low", "", "_high")
STATES = ("", "phase-1", "today")


@pytest.fixture(scope="module")
def drawn(demo_data, demo_result, tmp_path_factory):
    plan = json.loads((demo_data / "invented_plan.geojson").read_text(encoding="utf-8"))
    pitch = demo_result.places.query("kind == 'pitch' and inside").index[0]
    at, there = demo_result.places.loc[[BESIDE, pitch]].representative_point().to_crs(4326)
    more = [
        ({"action": "remove", "layer": "place", "target": GONE}, None),
        ({"action": "add", "layer": "place", "kind": "table"}, {"type": "Point", "coordinates": [at.x, at.y]}),
        ({"action": "add", "layer": "place", "kind": "bench"}, {"type": "Point", "coordinates": [there.x, there.y]}),
    ]
    plan["features"] += [
        {"type": "Feature", "properties": {"phase": "2030", **given}, "geometry": shape} for given, shape in more
    ]
    path = tmp_path_factory.mktemp("plan") / "plan_b.geojson"
    path.write_text(json.dumps(plan), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def told(drawn):
    """The folder of a run with the plan and its phases, and what the run printed as JSON."""
    folder = drawn.parent / "out"
    said = call("demo", "--plan", drawn, "--phases", "--pdf", "--lang", "en", "--json", "--out", folder)
    assert said.code == 0, said.err
    return folder, json.loads(said.out)


@pytest.fixture(scope="module")
def folder(told):
    return told[0]


@pytest.fixture(scope="module")
def changes(told):
    return told[1]["plan"]


@pytest.fixture(scope="module")
def spaces(folder):
    """The table that all others are held against: one row a meeting space before or after, numbers in full."""
    return pd.read_csv(folder / "spaces.csv")


def on_page(folder):
    """What the map of a folder carries."""
    page = (folder / "map.html").read_text(encoding="utf-8")
    return json.loads(re.search(r'<script type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)[1])


def rows_of(folder):
    """Places and meeting spaces of ``scores.csv``, by id."""
    return pd.read_csv(folder / "scores.csv", index_col="place_id")


@pytest.mark.parametrize("state", STATES)
def test_one_place_has_one_score_one_rank_and_one_name_in_every_file_of_a_state(folder, state):
    table = rows_of(folder / state)
    layers = {
        name: gpd.read_file(folder / state / "places.gpkg", layer=name).set_index(key)
        for name, key in (("places", "place_id"), ("meeting_spaces", "space_id"))
    }
    page = on_page(folder / state)
    for layer, drawn in (("places", page["places"]), ("meeting_spaces", page["spaces"])):
        own = table.loc[layers[layer].index]
        assert drawn["id"] == list(layers[layer].index) and len(own) > 20
        assert list(layers[layer]["name"]) == list(own["name"]) == drawn["name"]["en"]
        assert drawn["rank"] == [None if np.isnan(rank) else int(rank) for rank in own["rank"]]
        for score in SCORES:
            for k, bound in enumerate(BOUNDS):
                np.testing.assert_allclose(layers[layer][score + bound], own[score + bound], atol=1e-12)
                on_map = np.array([np.nan if v is None else v for v in drawn["scores"][score][k]], dtype=float)
                np.testing.assert_allclose(on_map / 1000, own[score + bound], atol=0.00051)


def test_scores_before_and_after_are_those_of_the_two_states(folder, spaces, changes):
    today, after = rows_of(folder / "today"), rows_of(folder)
    for when, table in (("before", today), ("after", after)):
        there = spaces[spaces[f"{when}_id"].notna()]
        own = table[table.index == table["space_id"]]
        meeting = set(own.index[own["status"] == "meeting space"])
        assert meeting <= set(there[f"{when}_id"]) <= set(own.index)
        for score in SCORES:
            for bound in BOUNDS:
                own = table.loc[there[f"{when}_id"], score + bound]
                np.testing.assert_allclose(there[f"{score}{bound}_{when}"], own, atol=1e-9)
    for row in changes["changes"]:
        for when, table in (("before", today), ("after", after)):
            if row[f"{when}_id"] is not None:
                assert row[when] == round(100 * table.at[row[f"{when}_id"], FLOATING])


def test_the_map_tells_today_as_today_is(folder):
    page, today = on_page(folder), on_page(folder / "today")
    for table in ("spaces", "places"):
        assert page["plan"]["before"][table]["id"] == today[table]["id"]
        assert page["plan"]["before"][table]["scores"] == today[table]["scores"]
        assert page["plan"]["before"][table]["rank"] == today[table]["rank"]


def test_counts_of_spaces_and_homes_are_the_same_everywhere(folder, spaces, changes):
    homes = pd.read_csv(folder / "homes.csv")
    page = on_page(folder)["plan"]
    layers = {name: gpd.read_file(folder / "changes.gpkg", layer=name) for name in ("space_changes", "home_changes")}
    assert page["spaces"] == changes["spaces"] == {s: int((spaces["state"] == s).sum()) for s in changes["spaces"]}
    assert list(layers["space_changes"]["state"]) == list(spaces["state"])
    today, after = (
        int((gpd.read_file(folder / state / "places.gpkg", layer="meeting_spaces")["status"] == "meeting space").sum())
        for state in ("today", ".")
    )
    here = changes["spaces"]["changed"] + changes["spaces"]["kept"]
    assert (here + changes["spaces"]["lost"], here + changes["spaces"]["new"]) == (today, after)
    assert pd.read_csv(folder / "timeline.csv")["spaces_open"].iloc[-1] == after
    by_state = {state: round(float(own.sum())) for state, own in homes.groupby("state")["dwellings"]}
    assert {k: v for k, v in changes["dwellings"].items() if v} == {k: v for k, v in by_state.items() if v}
    hardest = next((lens for lens in changes["lenses"] if lens["id"] == page["worst_off_as"]), changes)
    assert page["dwellings"] == changes["dwellings"] | hardest["dwellings"]
    most = max(part["dwellings"]["losing"] for part in (changes, *changes["lenses"]))
    assert page["dwellings"]["losing"] == most
    again = layers["home_changes"].groupby("state")["dwellings"].sum().round().astype(int).to_dict()
    assert again == by_state
    timeline = pd.read_csv(folder / "timeline.csv").iloc[-1]
    assert {state: round(timeline[state]) for state in by_state} == by_state
    answer = changes["answer"]
    assert answer["demolished"]["homes"] == by_state["demolished"]
    for lens in changes["lenses"]:
        own = homes.groupby(f"state_{lens['id']}")["dwellings"].sum()
        assert lens["dwellings"]["losing"] == round(own.get("losing", 0.0)) == round(timeline[f"losing_{lens['id']}"])
    assert answer["finished"]["losing"] == max(lens["dwellings"]["losing"] for lens in changes["lenses"])


def test_promises_are_the_same_as_csv_json_and_report(folder, changes):
    table = pd.read_csv(folder / "promises.csv")
    told = changes["answer"]["promises"]
    assert list(table["place_id"]) == [row["place_id"] for row in told] and GONE in set(table["place_id"])
    assert list(table["state"]) == [row["state"] for row in told]
    assert [round(d) for d in table["distance_m"].dropna()] == [r["distance_m"] for r in told if r["distance_m"]]
    names = rows_of(folder / "today")["name"]
    assert list(table["name"]) == list(names.loc[table["place_id"]])
    items = Page((folder / "plan.html").read_text(encoding="utf-8")).items
    for name in table["name"]:
        assert any(item.startswith(f"{name}: ") for item in items)


def test_the_report_of_the_plan_tells_the_numbers_of_the_files(folder, spaces, changes):
    page = Page((folder / "plan.html").read_text(encoding="utf-8"))
    say = texts("en", "report")["plan"]
    rows = page.tables[say["changes"]["caption"]][1:]
    moving = [r for r in changes["changes"] if r["state"] in ("lost", "new") or r["before"] != r["after"]]
    assert len(rows) == len(moving) > 2
    told = sorted(tuple(re.findall(r"\d+", row[1])[:2]) for row in rows if "–" not in row[1])
    both = [(str(r["before"]), str(r["after"])) for r in moving if None not in (r["before"], r["after"])]
    assert [pair for pair in both if pair not in told] == []
    lenses = {row[0]: row[1:] for row in page.tables[say["lenses"]["caption"]][1:]}
    for lens in changes["lenses"]:
        cells = next(c for title, c in lenses.items() if title.startswith(texts("en")["lens"][lens["id"]]["title"]))
        assert cells[0].replace(",", "") == str(lens["dwellings"]["losing"])
        assert cells[1].replace(",", "") == str(lens["dwellings"]["winning"])
    phases = page.tables[say["timeline"]["caption"]][1:]
    timeline = pd.read_csv(folder / "timeline.csv")
    assert [row[2] for row in phases] == [str(n) for n in timeline["spaces_open"]]


def test_the_first_page_and_the_homes_of_the_report_are_those_of_the_table_of_homes(folder, changes):
    """Counted again from homes.csv: who moves out, who loses by which lens, what there is to choose from."""
    page = Page((folder / "plan.html").read_text(encoding="utf-8"))
    homes, answer, say = pd.read_csv(folder / "homes.csv"), changes["answer"], texts("en", "report")["plan"]
    assert page.items[:4] == plan_answer.answer_sentences(answer, lang="en")

    def number(count):
        return f"{round(count):,}"

    gone = homes.loc[homes["state"] == "demolished", "dwellings"].sum()
    assert f"about {number(gone)} homes" in page.items[0] and page.items[0].endswith("No new homes are built.")
    losing = {name: homes.loc[homes[f"state_{name}"] == "losing", "dwellings"].sum() for name in texts("en")["lens_as"]}
    hardest = max(losing, key=losing.get)
    assert (
        f"{number(losing[hardest])} homes have worse" in page.items[2]
        and texts("en")["lens_as"][hardest] in page.items[2]
    )
    assert changes["worst_off_as"] == (None if round(losing[hardest]) == round(losing["adult"]) else hardest)
    staying = homes[homes["good_before"].notna() & homes["good_after"].notna()]
    rows = page.tables[say["choices"]["caption"]][1:]
    for n, row in enumerate(rows):
        for cell, when in zip(row[1:], ("before", "after"), strict=True):
            assert cell == number(staying.loc[staying[f"good_{when}"].clip(upper=3) == n, "dwellings"].sum())
    hit = homes[homes[f"state_{hardest}"] == "losing"]
    keys = ["building", f"best_before_{hardest}", f"best_after_{hardest}"]
    alike = hit.groupby(keys, sort=False)["dwellings"].agg(["sum", "size"]).reset_index()
    told = page.tables[say["homes"]["worst_caption"]][1:]
    expected = [
        [number(row["sum"]), str(row["size"]), f"{round(100 * row[keys[1]])} to {round(100 * row[keys[2]])}"]
        for row in alike.to_dict("records")
    ]
    assert 0 < len(told) <= 8 and all(row[1:] in expected for row in told)
    assert sorted(row["building"] for row in changes["worst_off"]) == sorted(alike["building"])


def test_a_meeting_space_that_stays_keeps_its_name_and_none_is_called_as_one_that_goes(folder, spaces):
    """No sentence of one file speaks of another place in the next; what moves or holds more is called anew."""
    today, after = rows_of(folder / "today")["name"], rows_of(folder)["name"]
    kept, gone = spaces[spaces["state"] == "kept"], spaces[spaces["after_id"].isna()]
    assert len(kept) > 5 and len(gone)
    assert list(after.loc[kept["after_id"]]) == list(today.loc[kept["before_id"]])
    assert set(today.loc[gone["before_id"]]).isdisjoint(after)
    ids = zip(spaces["before_id"], spaces["after_id"], strict=True)
    assert list(spaces["name"]) == [after[a] if isinstance(a, str) else today[b] for b, a in ids]


def test_phases_and_changes_call_a_meeting_space_alike(folder, spaces, changes):
    names = spaces.set_index("after_id")["name"]
    timeline = pd.read_csv(folder / "timeline_spaces.csv")
    there = timeline[timeline["after_id"].isin(names.index)]
    assert len(there) > 20 and list(there["name"]) == list(names.loc[there["after_id"]])
    for row in changes["changes"]:
        assert row["called"]["en"] in set(spaces["name"])


@pytest.mark.parametrize("state", STATES)
def test_every_sheet_map_and_report_says_which_state_it_shows(folder, state):
    said = {
        "": "with the plan “plan_b” carried out",
        "phase-1": "with the plan “plan_b” carried out up to phase 1 (2027)",
        "today": "",
    }[state]
    page = Page((folder / state / "report.html").read_text(encoding="utf-8"))
    sheet = pypdf.PdfReader(folder / state / "sitemap.pdf")
    text = " ".join(" ".join(p.extract_text() for p in sheet.pages).split())
    data = on_page(folder / state)
    shown = {
        "report title": page.title,
        "report headline": page.paragraphs[1],
        "report foot": page.paragraphs[-1],
        "sheet title": sheet.metadata["/Title"],
        "sheet": text,
        "map title": Page((folder / state / "map.html").read_text(encoding="utf-8")).title,
        "map headline": data["estate"]["headline"]["en"],
        "layers": gpd.list_layers(folder / state / "places.gpkg").to_string() and contents(folder / state),
    }
    for what, found in shown.items():
        assert (said in found) if said else ("plan_b" not in found), what


def contents(folder: Path) -> str:
    """What a GeoPackage calls its tables."""
    import sqlite3

    with sqlite3.connect(folder / "places.gpkg") as database:
        return "; ".join(row[0] for row in database.execute("SELECT identifier FROM gpkg_contents"))


# --- counted again, from the files alone ----------------------------------------------------------


def recounted(folder):
    """What a plan does to homes and places, by nothing but the layers of today and after."""
    states = {}
    for when, name in (("today", "today"), ("after", "")):
        layers = {
            layer: gpd.read_file(folder / name / "places.gpkg", layer=layer)
            for layer in ("homes", "places", "meeting_spaces", "views")
        }
        good = set(layers["meeting_spaces"].loc[layers["meeting_spaces"]["floating"] >= GOOD, "space_id"])
        score = layers["meeting_spaces"].set_index("space_id")["floating"]
        homes = layers["homes"].set_index("id")
        near = [[space for space in (text or "").split(";") if space] for text in homes["spaces_5min"].fillna("")]
        homes["best"] = [max((score[space] for space in spaces), default=0.0) for spaces in near]
        homes["good"] = [sum(space in good for space in spaces) for spaces in near]
        states[when] = layers | {"homes": homes}
    return states["today"], states["after"]


GOOD = 0.6


def test_an_independent_count_finds_the_same_homes_demolitions_and_lost_places(folder, changes):
    today, after = recounted(folder)
    old, new = today["homes"], after["homes"]
    gone, come = old.index.difference(new.index), new.index.difference(old.index)
    assert changes["answer"]["demolished"]["homes"] == round(old.loc[gone, "dwellings"].sum()) > 0
    assert changes["answer"]["demolished"]["buildings"] == old.loc[gone, "building"].nunique()
    assert changes["answer"]["built"]["homes"] == round(new.loc[come, "dwellings"].sum())
    staying = old.index.intersection(new.index)
    weight, moved = old.loc[staying, "dwellings"], new.loc[staying, "best"] - old.loc[staying, "best"]
    assert changes["dwellings"]["losing"] == round(weight[moved <= -0.01].sum())
    assert changes["dwellings"]["winning"] == round(weight[moved >= 0.01].sum())
    for n, before, later in changes["answer"]["choices"]:
        was, then = (homes.loc[staying, "good"].clip(upper=3) == n for homes in (old, new))
        assert (before, later) == (round(weight[was].sum()), round(weight[then].sum()))
    lost = set(today["places"]["place_id"]) - set(after["places"]["place_id"])
    told = {row["place_id"] for row in changes["answer"]["promises"] if row["state"] in ("unreplaced", "replaced")}
    assert told == lost == {GONE}


SECTORS = ("e", "ne", "n", "nw", "w", "sw", "s", "se")
WAY_IN_M = 50.0


def sides_of_ways(shape, paths):
    """From which of eight sides some way crosses the line 50 m around a place, whatever stands in between."""
    ring, centre = shapely.boundary(shapely.buffer(shape, WAY_IN_M)), shapely.centroid(shape)
    crossing = shapely.get_coordinates(shapely.intersection(ring, paths[shapely.dwithin(paths, shape, WAY_IN_M)]))
    eighths = np.degrees(np.arctan2(crossing[:, 1] - centre.y, crossing[:, 0] - centre.x)) / 45
    return {SECTORS[int(np.floor(round(eighth + 0.5, 9))) % 8] for eighth in eighths}


def test_an_independent_count_finds_the_same_ways_in(folder):
    """As many sides as the layer of views names; each has a way in the layer of paths, and few of those are missing.

    What is missing lies behind a house or a fence, which this count does not know.
    """
    for state in ("", "today"):
        views, places, spaces, paths = (
            gpd.read_file(folder / state / "places.gpkg", layer=layer)
            for layer in ("views", "places", "meeting_spaces", "paths")
        )
        shapes = {**places.set_index("place_id").geometry, **spaces.set_index("space_id").geometry}
        told = {row.place_id: {side for side in (row.ways_in or "").split(";") if side} for row in views.itertuples()}
        measured = rows_of(folder / state)["ways_in_count"].dropna()
        both = measured.index.intersection(list(told))
        assert len(both) > 40
        assert [len(told[place]) for place in both] == measured[both].tolist()
        counted = {place: sides_of_ways(shapes[place], paths.geometry.to_numpy()) for place in both}
        assert all(told[place] <= counted[place] for place in both)
        assert sum(told[place] == counted[place] for place in both) > 0.75 * len(both)


def test_my_stairwell_counts_good_meeting_spaces_as_the_tables_do(folder):
    """Today, in the phase and when all is built, each as its own folder has it."""
    stairs = on_page(folder)["stairs"]
    today, phase, finished = stairs["moments"]
    assert (today["when"], phase["when"], phase["name"], finished["when"]) == ("today", "phase", "2027", "finished")
    assert set(phase["names"]["en"]) <= set(rows_of(folder / "phase-1")["name"])
    for moment, state in ((today, "today"), (phase, "phase-1"), (finished, "")):
        near = gpd.read_file(folder / state / "places.gpkg", layer="homes")["spaces_5min"].fillna("").str.split(";")
        floating = rows_of(folder / state)[FLOATING]
        counted = [sum(floating.get(i, 0.0) >= stairs["good"] / 1000 for i in ids) for ids in near]
        for n in good_by_stairwell(moment, stairs["good"]):
            counted.remove(n)
        assert len(counted) < len(near) / 10  # those without an address are not on the page


def good_by_stairwell(moment, good):
    """How many good meeting spaces each stairwell has that is there."""
    ends, score = zip(moment["first"], moment["first"][1:], strict=False), moment["score"][1]
    return [
        sum(score[k] >= good for k in moment["space"][a:b])
        for (a, b), there in zip(ends, moment["there"], strict=True)
        if there == "1"
    ]
