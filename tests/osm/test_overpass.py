"""Overpass, asked of a server on loopback that serves a real extract and misbehaves in every known way.

No test waits: pauses go to a list.
"""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
import threading
import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path

import osmnx
import pytest
import shapely
from pyproj import CRS

import spatial
from spatial.core.errors import (
    ConfigError,
    EmptyAreaError,
    IncompleteResult,
    InputError,
    SourceFormatError,
    SourceUnavailable,
    SpatialError,
)
from spatial.core.model import Estate
from spatial.osm import osmium_reader, overpass, overpass_settings
from spatial.osm import reader as osm_reader
from spatial.osm.overpass import Client
from spatial.settings.loading import DEFAULTS
from spatial.sources import boundaries, http
from spatial.sources.http_cache import Cache
from spatial.sources.offline import offline_if
from tests.amount import long
from tests.command import COMMAND, call
from tests.overpass_server import FREE, OSM_BASE, STATUS_HEAD, Extract, Server
from tests.overpass_server import overpass as running

NEAR = {"margin_m": 20.0, "reach_m": 60.0}


@pytest.fixture(scope="session")
def demo_extract(demo_data):
    return Extract(demo_data / "reitbahnviertel.osm.pbf")


@pytest.fixture
def server(demo_extract):
    with running(demo_extract) as found:
        yield found


@pytest.fixture
def estate(demo_data):
    return boundaries.estate(demo_data / "reitbahnviertel.geojson", **NEAR)


@dataclass
class Asker:
    """Asks a server for an estate, and keeps what was waited."""

    server: Server
    estate: Estate
    cache: Cache
    changes: dict = field(default_factory=dict)
    waits: list[float] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def settings(self):
        return replace(overpass.settings(), url=self.server.url, **self.changes)

    def __call__(self, **options):
        return overpass.extract(
            options.pop("estate", self.estate), asked=self.settings(), cache=self.cache,
            sleep=self.waits.append, tell=self.told.append, **options,
        )  # fmt: skip


@pytest.fixture
def ask(server, estate, tmp_path, monkeypatch):
    for name in (overpass_settings.CONFIG_VARIABLE, overpass_settings.URL_VARIABLE, http.USER_AGENT_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-config"))
    return Asker(server, estate, Cache(tmp_path / "cache"))


def kept(cache: Cache) -> list[str]:
    return sorted(path.name for path in (cache.folder / "entries").glob("*")) if cache.folder.exists() else []


# --- the same data as from a file -------------------------------------------------------


def test_what_overpass_answers_is_read_as_the_file_it_came_from(ask, demo_data, estate):
    live = osm_reader.read_around(ask().path, estate)
    file = osm_reader.read_around(demo_data / "reitbahnviertel.osm.pbf", estate)
    rules = overpass.tags(overpass.settings().only_known_values)
    area = estate.context_area
    for name in ("points", "lines", "areas"):
        mine, theirs = getattr(live, name), getattr(file, name)
        there = {i: (t, g) for i, t, g in zip(theirs.ids, theirs.tags, theirs.geometry, strict=True)}
        here = {i: (t, g) for i, t, g in zip(mine.ids, mine.tags, mine.geometry, strict=True)}
        for identity, (tags, shape) in there.items():
            asked_for = any(key in tags and (v is True or tags[key] in v) for key, v in rules.items())
            if asked_for and shape.intersects(area):
                assert here[identity][0] == tags
                assert shapely.equals_exact(here[identity][1], shape, tolerance=1e-6)
        assert len(here) > 30
    assert shapely.covers(live.extent, area)


def test_the_file_says_of_when_it_is(ask):
    found = ask()
    said = found.provenance
    assert (said.data_date, said.timestamp_osm_base) == (OSM_BASE[:10], OSM_BASE)
    assert said.path == f"{ask.server.url}/interpreter"
    assert said.query == ask.server.queries[0].query
    assert (said.licence, said.attribution) == ("ODbL 1.0", "© OpenStreetMap contributors")
    assert osm_reader.read_around(found.path, ask.estate).provenance.data_date == OSM_BASE[:10]


@pytest.mark.parametrize("lang", ["da", long("en")])
def test_a_run_from_overpass_scores_as_a_run_from_the_file(server, demo_data, tmp_path, monkeypatch, lang):
    monkeypatch.setenv(overpass_settings.URL_VARIABLE, server.url)
    monkeypatch.setenv("FAELLESRUM_CACHE", str(tmp_path / "cache"))
    args = ("run", "--boundary", demo_data / "reitbahnviertel.geojson", "--reach", 600, "--lang", lang)
    file = call(*args, "--osm", demo_data / "reitbahnviertel.osm.pbf", "--out", tmp_path / "file")
    live = call(*args, "--osm", "overpass", "--out", tmp_path / "live")
    assert file.code == live.code == 0, file.err + live.err
    assert (tmp_path / "file" / "scores.csv").read_bytes() == (tmp_path / "live" / "scores.csv").read_bytes()
    assert "Overpass" in live.err and OSM_BASE in live.err and "--osm FI" in live.err  # FIL, FILE: the recommended way
    source = json.loads((tmp_path / "live" / "manifest.json").read_text())["sources"][0]
    assert source["timestamp_osm_base"] == OSM_BASE and source["retrieved_at"] and "[bbox:" in source["query"]


def test_analyse_takes_the_word_for_a_file(server, estate, tmp_path, monkeypatch):
    monkeypatch.setenv(overpass_settings.URL_VARIABLE, server.url)
    monkeypatch.setenv("FAELLESRUM_CACHE", str(tmp_path / "cache"))
    result = spatial.analyse(estate, osm="overpass")
    assert result.manifest["sources"][0]["timestamp_osm_base"] == OSM_BASE
    assert len(server.queries) == 1


# --- the query --------------------------------------------------------------------------


def test_every_key_that_the_reader_keeps_is_asked_for(ask):
    ask()
    query = ask.server.queries[0].query
    for key in {*osmium_reader.POINT_KEYS, *osmium_reader.LINE_KEYS, *osmium_reader.AREA_KEYS}:
        for kind in ("node", "way"):
            assert f'{kind}["{key}"' in query
    assert '["place"="square"]' in query and '["natural"="water"]' in query
    assert '["place"]' not in query and '["natural"]' not in query  # islands and sounds are not wanted
    assert not re.search(r'relation(?!\["type"="multipolygon"\])', query)
    assert query.startswith("[out:json][timeout:180][maxsize:536870912][bbox:")


def test_every_selector_of_the_tag_rules_is_covered_by_the_query():
    wanted = overpass.tags(overpass.settings().only_known_values)
    text = (DEFAULTS / "tags.toml").read_text(encoding="utf-8")
    values = {key: set() for key in ("place", "natural")}
    for key, value in re.findall(r'["& ](place|natural)=([a-z_]+)', text):
        values[key].add(value)
    assert {key: set(wanted[key]) for key in values} == values
    assert tomllib.loads(text)


def test_the_box_covers_all_that_is_read(ask):
    ask()
    south, west, north, east = map(float, re.search(r"bbox:([^]]+)", ask.server.queries[0].query)[1].split(","))
    assert shapely.contains_properly(shapely.box(west, south, east, north), osmium_reader.area_wgs84(ask.estate))


# --- politeness -------------------------------------------------------------------------


def test_we_say_who_we_are_and_a_configured_name_wins(ask, monkeypatch, tmp_path):
    assert re.fullmatch(r"faellesrum/\d+\.\d+(\.\w+)*", overpass.settings().user_agent)
    own = tmp_path / "own.toml"
    own.write_text(
        '[overpass]\nuser_agent = "estate-study (a@b.dk)"\nurl = "https://overpass.example.dk/api/interpreter"\n'
    )
    monkeypatch.setenv(overpass_settings.CONFIG_VARIABLE, str(own))
    assert overpass.settings().user_agent == "estate-study (a@b.dk)"
    assert overpass.settings().interpreter == "https://overpass.example.dk/api/interpreter"
    monkeypatch.setenv(http.USER_AGENT_VARIABLE, "mine")
    ask()
    assert {request.agent for request in ask.server.requests} == {"mine"}


def test_settings_that_cannot_be_are_named(monkeypatch, tmp_path):
    own = tmp_path / "own.toml"
    monkeypatch.setenv(overpass_settings.CONFIG_VARIABLE, str(own))
    for text, what in [
        ("[overpass]\nattempts = 0\n", "attempts is 0"), ("[overpass]\nurl = 3\n", "url is 3"),
        ("[overpass]\nspeed = 9\n", "speed"), ("overpass = 3\n", "needed a table"), ("[overpass", "not valid TOML"),
    ]:  # fmt: skip
        own.write_text(text)
        with pytest.raises(ConfigError, match=what):
            overpass.settings()
    monkeypatch.setenv(overpass_settings.CONFIG_VARIABLE, str(tmp_path / "none.toml"))
    with pytest.raises(ConfigError, match="cannot be read"):
        overpass.settings()


def test_an_address_that_is_none_is_refused(ask):
    with pytest.raises(ConfigError, match="needed one such as https"):
        Client(replace(ask.settings(), url="overpass-api.de/api"))


def test_a_login_in_the_address_is_used_and_stands_nowhere(ask):
    ask.server.url = ask.server.url.replace("//", "//me:s3cret@")
    found = ask()
    assert {request.login for request in ask.server.requests} == {"Basic bWU6czNjcmV0"}  # me:s3cret in base 64
    assert "s3cret" not in str(found)
    for path in [path for path in ask.cache.folder.rglob("*") if path.is_file()]:
        assert b"s3cret" not in path.read_bytes() and "s3cret" not in str(path)
    ask.server.script = [403]
    with pytest.raises(SourceUnavailable) as caught:
        ask(refresh=True)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(ConfigError) as caught:
        Client(replace(ask.settings(), url="ftp://me:s3cret@example.org/api"))
    assert "s3cret" not in str(caught.value)


def test_the_status_is_asked_first_and_a_slot_is_waited_for(ask):
    ask.server.statuses = [
        STATUS_HEAD + "Rate limit: 2\nSlot available after: 2026-11-20T10:12:00Z, in 47 seconds.\n"
        "Slot available after: 2026-11-20T10:14:00Z, in 167 seconds.\nCurrently running queries (pid, …):\n",
        FREE,
    ]  # fmt: skip
    ask()
    assert [(r.method, r.path) for r in ask.server.requests] == [
        ("GET", "/api/status"), ("GET", "/api/status"), ("POST", "/api/interpreter"),
    ]  # fmt: skip
    assert ask.waits == [48.0]  # the nearest slot, and a second for rounding
    assert ask.told == ["overpass_wait", "overpass"]


@pytest.mark.parametrize("status", [FREE, STATUS_HEAD + "Rate limit: 0\n", 404, 500, "anything"])
def test_where_slots_are_not_counted_there_is_no_wait(ask, status):
    ask.server.statuses = [status]
    ask()
    assert ask.waits == [] and len(ask.server.queries) == 1


def test_a_slot_too_far_off_ends_the_wait(ask):
    ask.server.statuses = [STATUS_HEAD + "Rate limit: 2\nSlot available after: x, in 4000 seconds.\n"] * 9
    with pytest.raises(SourceUnavailable, match=r"no free slot for us for 4001 s.*--osm FILE"):
        ask()
    assert ask.waits == [] and ask.server.queries == []


def test_slots_that_never_come_end_the_wait(ask):
    ask.server.statuses = [STATUS_HEAD + "Rate limit: 2\nSlot available after: x, in 10 seconds.\n"] * 99
    with pytest.raises(SourceUnavailable, match="no free slot"):
        ask()
    assert ask.waits == [11.0] * 4 and ask.server.queries == []


# --- a server that misbehaves -----------------------------------------------------------


@pytest.mark.parametrize("trouble", [429, 502, 503, 504, "busy", "nothing", "truncated", "cut", "refused"])
def test_what_passes_is_tried_again_after_thirty_seconds_and_more(ask, trouble):
    ask.server.script = [trouble, trouble]
    assert ask().path.exists()
    assert ask.waits == [30.0, 60.0] and len(ask.server.queries) == 3


def test_the_server_may_ask_for_a_longer_pause(ask):
    ask.server.script = ["retry after"]
    ask()
    assert ask.waits == [77.0]


def test_after_a_429_the_pause_is_thirty_seconds_whatever_is_configured(ask):
    ask.changes = {"pause_s": 1.0, "longest_pause_s": 5.0}
    ask.server.script = [429]
    ask()
    assert ask.waits == [30.0]


@pytest.mark.parametrize(
    ("trouble", "error", "what"),
    [
        (429, SourceUnavailable, "too many requests"), (504, SourceUnavailable, "overloaded"),
        ("busy", SourceUnavailable, "too busy"), ("truncated", SourceUnavailable, "broke off"),
        ("cut", IncompleteResult, "broke off"), ("nothing", IncompleteResult, "nothing"),
        ("refused", SourceUnavailable, "cannot be reached"),
    ],
)  # fmt: skip
def test_retries_end_and_nothing_is_kept(ask, trouble, error, what):
    ask.server.script = [trouble] * 50
    with pytest.raises(error, match=rf"{what}.*--osm FILE\.osm\.pbf.*\(4 attempts\)") as caught:
        ask()
    assert ask.waits == [30.0, 60.0, 120.0] and len(ask.server.queries) == 4
    assert "\n" not in str(caught.value) and kept(ask.cache) == []


def test_an_answer_that_stalls_is_given_up(ask):
    ask.changes = {"timeout_s": 1, "slack_s": 0.1, "attempts": 2}
    ask.server.script = ["stalled"] * 2
    with pytest.raises(SourceUnavailable, match=r"does not answer in time.*--osm FILE"):
        ask()
    assert ask.waits == [30.0] and kept(ask.cache) == []


@pytest.mark.parametrize(
    ("trouble", "error", "what"),
    [
        (400, SourceUnavailable, "does not understand"), (401, SourceUnavailable, "wants a login"),
        (403, SourceUnavailable, "blocked"), (404, SourceUnavailable, "nothing at this address"),
        (406, SourceUnavailable, "refuses our User-Agent"), (500, SourceUnavailable, "HTTP 500"),
        ("redirect", SourceUnavailable, "HTTP 302"),
        ("remark", IncompleteResult, "ran out of time.*partial data is not used"),
        ("memory", IncompleteResult, "ran out of memory.*partial data is not used"),
        ("xml remark", IncompleteResult, "ran out of time"),
        ("html", SourceFormatError, "page instead of data .Please log in"),
        ("other", SourceFormatError, "something else than Overpass"),
        ("broken element", SourceFormatError, "an element that is none"),
        ("empty", EmptyAreaError, "nothing at all in this area"),
    ],
)  # fmt: skip
def test_what_does_not_pass_is_one_clear_error_at_once(ask, trouble, error, what):
    ask.server.script = [trouble]
    with pytest.raises(error, match=what) as caught:
        ask()
    assert ask.waits == [] and len(ask.server.queries) == 1
    assert isinstance(caught.value, SpatialError) and "\n" not in str(caught.value)
    assert kept(ask.cache) == [] and list((ask.cache.folder / "drafts").glob("*")) == []


def test_the_agent_of_a_library_is_refused_as_the_real_server_does(ask):
    ask.changes = {"user_agent": osmnx.settings.http_user_agent}
    with pytest.raises(SourceUnavailable, match="set user_agent to a name of your own"):
        ask()


def test_an_answer_larger_than_any_estate_is_not_swallowed(ask):
    ask.changes = {"max_answer_mb": 1e-3}
    with pytest.raises(SourceFormatError, match="answers with more than"):
        ask()


def test_where_nobody_answers_it_is_said(ask):
    ask.server.url = "http://127.0.0.1:9/api"
    with pytest.raises(SourceUnavailable, match="cannot be reached"):
        ask()
    assert ask.waits == [30.0, 60.0, 120.0]


def test_an_area_too_large_for_a_public_server_is_not_asked_for(ask, estate):
    with pytest.raises(InputError, match=r"box of \d[\d,]* km².*at most 100 km².*--osm FILE"):
        ask(estate=replace(estate, reach_m=9_000.0))
    assert ask.server.requests == []


# --- what is kept -----------------------------------------------------------------------


def test_the_second_time_nothing_is_asked(ask):
    first, second = ask(), ask()
    assert len(ask.server.requests) == 2  # status and query, once
    assert first == second
    ask(refresh=True)
    assert len(ask.server.queries) == 2


def test_a_refresh_that_fails_loses_nothing(ask):
    first = ask()
    ask.server.script = ["remark"]
    with pytest.raises(IncompleteResult):
        ask(refresh=True)
    assert ask() == first


def test_another_server_area_or_limit_is_another_request(ask, estate, demo_extract):
    ask()
    ask(estate=replace(estate, margin_m=21.0))
    assert len(ask.server.queries) == 2
    ask.changes = {"timeout_s": 90}
    ask()
    assert len(ask.server.queries) == 3
    with running(demo_extract) as other:
        Asker(other, estate, ask.cache)()
        assert len(other.queries) == 1
    assert len(kept(ask.cache)) == 4


def test_a_file_that_was_changed_in_the_cache_is_fetched_again(ask):
    path = ask().path
    path.write_bytes(path.read_bytes()[:-7])
    ask()
    assert len(ask.server.queries) == 2


def test_the_cache_is_the_users_own(ask):
    ask()
    for path in [ask.cache.folder, *ask.cache.folder.rglob("*")]:
        if not path.name.endswith(".lock"):  # empty; its folder is closed to others
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_offline_only_what_is_kept_is_used(ask, estate):
    ask()
    asked = len(ask.server.requests)
    with offline_if(True):
        assert ask().path.exists()
        with pytest.raises(SourceUnavailable, match=r"no answer in the cache for .*offline: nothing was requested"):
            ask(estate=replace(estate, margin_m=33.0))
        with pytest.raises(SourceUnavailable, match="offline"):
            ask(refresh=True)
    assert len(ask.server.requests) == asked


def test_offline_no_library_gets_through(server):
    import requests

    with offline_if(True), pytest.raises(SourceUnavailable, match="this run is offline"):
        requests.get(f"{server.url}/status", timeout=5)
    assert server.requests == []
    assert requests.get(f"{server.url}/status", timeout=5).status_code == 200


def test_two_threads_ask_one_after_the_other(ask, estate):
    """One query at a time, also of different areas."""
    ask.server.delay_s = 0.2
    askers = [Asker(ask.server, replace(estate, margin_m=m), ask.cache) for m in (20.0, 25.0, 30.0)]
    threads = [threading.Thread(target=asker) for asker in askers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ask.server.queries) == 3 and ask.server.most_running == 1


def test_two_processes_at_once_ask_once_and_score_alike(server, demo_data, tmp_path):
    server.delay_s = 1.0
    environment = os.environ | {overpass_settings.URL_VARIABLE: server.url, "FAELLESRUM_CACHE": str(tmp_path / "cache")}
    runs = [
        subprocess.Popen(
            [COMMAND, "run", "--boundary", demo_data / "reitbahnviertel.geojson", "--osm", "overpass",
             "--margin", "20", "--reach", "60", "--out", tmp_path / name],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for name in ("one", "two")
    ]  # fmt: skip
    ended = [run.communicate(timeout=300) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], ended
    assert len(server.queries) == 1
    assert (tmp_path / "one" / "scores.csv").read_bytes() == (tmp_path / "two" / "scores.csv").read_bytes()


def test_a_run_that_fails_leaves_no_results(server, demo_data, tmp_path, monkeypatch):
    monkeypatch.setenv(overpass_settings.URL_VARIABLE, server.url)
    monkeypatch.setenv("FAELLESRUM_CACHE", str(tmp_path / "cache"))
    server.script = ["remark"]
    args = ("run", "--boundary", demo_data / "reitbahnviertel.geojson", "--reach", 60, "--osm", "overpass")
    done = call(*args, "--out", tmp_path / "out")
    assert done.code == 1 and done.err.count("\n") == 1 and "ufuldstændige data bruges ikke" in done.err
    assert not (tmp_path / "out").exists()


def test_no_client_is_imported_before_it_is_used(demo_data):
    code = (
        "import sys, spatial; from spatial.osm import osmium_reader, overpass; "
        f"e = spatial.Estate.from_file({str(demo_data / 'reitbahnviertel.geojson')!r}); "
        "sys.exit('osmnx' in sys.modules or 'requests' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False).returncode == 0


def test_an_estate_far_from_everything_is_not_an_empty_map(ask):
    nowhere = Estate("x", "x", shapely.box(700_000, 6_300_000, 700_100, 6_300_100), CRS.from_epsg(25832), **NEAR)
    with pytest.raises(EmptyAreaError):
        ask(estate=nowhere)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (OSM_BASE, OSM_BASE),
        ("2024-05-01T00:80:00Z", None),
        ("1850-01-01T00:00:00Z", None),
        ("9999-01-01T00:00:00Z", None),
        ("yesterday", None),
        (7, None),
        (None, None),
    ],
)
def test_a_moment_that_is_none_is_not_said_and_ends_nothing(said, kept, tmp_path):
    """In a process of its own: osmium ends the whole process over a moment that it cannot read."""
    body = {"osm3s": {"timestamp_osm_base": said}, "elements": [{"type": "node", "id": 1, "lat": 55.5, "lon": 12.5}]}
    code = (
        "import sys; from pathlib import Path; from spatial.osm import overpass_answers as answer;"
        "found = answer.parsed(sys.argv[1].encode(), 'x'); print(found.timestamp_osm_base);"
        "answer.write(found, Path(sys.argv[2]), (12.0, 55.0, 13.0, 56.0), 'x')"
    )
    path = tmp_path / "a.osm.pbf"
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(body), str(path)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, str(kept), "")
    assert path.stat().st_size > 0
