"""The cache: whole, private, keyed by the whole request, and safe for several processes at once."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spatial.core import files
from spatial.core.errors import InputError, SourceUnavailable
from spatial.sources.http_cache import Cache, cache_key

REQUEST = {"url": "https://example.org", "query": "æøå", "box": [1.5, 2]}


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def stored(cache: Cache, request=REQUEST, content=b"answer", **about):
    with cache.draft(".txt") as path:
        path.write_bytes(content)
        return cache.store(request, path, suffix=".txt", about=about)


def test_what_was_stored_is_found_by_the_same_request_in_any_order(cache):
    entry = stored(cache, licence="ODbL")
    found = cache.find(dict(reversed(REQUEST.items())))
    assert found == entry
    assert (found.path.read_bytes(), found.about, found.request) == (b"answer", {"licence": "ODbL"}, REQUEST)
    assert found.sha256 == hashlib.sha256(b"answer").hexdigest()
    assert found.path.name == f"{found.sha256}.txt"


def test_any_change_of_the_request_is_another_one(cache):
    stored(cache)
    for change in ({"url": "https://example.com"}, {"query": "aeoeaa"}, {"box": [1.5, 3]}, {"more": None}):
        assert cache.find(REQUEST | change) is None
        assert cache_key(REQUEST | change) != cache_key(REQUEST)


def test_the_same_content_is_kept_once(cache):
    stored(cache)
    stored(cache, {"url": "other"})
    assert len(list((cache.folder / "objects").iterdir())) == 1
    assert len(list((cache.folder / "entries").iterdir())) == 2


def test_a_failure_in_between_leaves_nothing(cache):
    with pytest.raises(KeyError), cache.draft(".txt") as path:
        path.write_bytes(b"half an ans")
        raise KeyError
    assert cache.find(REQUEST) is None
    assert [path for path in cache.folder.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("damage", ["object gone", "object changed", "entry cut", "entry of another form"])
def test_what_is_damaged_is_as_if_it_were_not_there(cache, damage):
    entry = stored(cache)
    record = next((cache.folder / "entries").iterdir())
    if damage == "object gone":
        entry.path.unlink()
    elif damage == "object changed":
        entry.path.write_bytes(b"answer, changed")
    elif damage == "entry cut":
        record.write_text(record.read_text()[:40])
    else:
        record.write_text(json.dumps([1]))
    assert cache.find(REQUEST) is None
    assert stored(cache).path.read_bytes() == b"answer" and cache.find(REQUEST) is not None


def test_only_the_user_may_read_it(cache):
    stored(cache)
    with cache.alone("x", wait_s=1):
        pass
    for path in [cache.folder, *cache.folder.rglob("*")]:
        if path.suffix != ".lock":
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_age_is_that_of_the_answer(cache):
    entry = stored(cache)
    then = datetime.fromisoformat(entry.retrieved_at)
    assert then.tzinfo is not None and abs(datetime.now(UTC) - then) < timedelta(minutes=5)
    assert entry.age_days(then + timedelta(days=3, hours=12)) == 3.5


def test_its_place_is_the_platforms_or_the_one_named(monkeypatch, tmp_path):
    monkeypatch.delenv(files.FOLDER_VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    if sys.platform == "linux":
        assert files.cache_folder() == tmp_path / "xdg" / "faellesrum"
    monkeypatch.setenv(files.FOLDER_VARIABLE, str(tmp_path / "own"))
    assert Cache().folder == tmp_path / "own"


def test_a_place_that_cannot_be_written_is_one_line(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match=r"cache cannot be written .*FAELLESRUM_CACHE"):
        stored(Cache(tmp_path / "file" / "cache"))


def test_a_lock_that_is_held_too_long_is_said(cache):
    with (
        cache.alone("server", wait_s=1),
        pytest.raises(SourceUnavailable, match="one query at a time"),
        Cache(cache.folder).alone("server", wait_s=0),
    ):
        pass


WRITER = """
import sys
from pathlib import Path
from spatial.sources.http_cache import Cache
cache = Cache(Path(sys.argv[1]))
bad = 0
for turn in range(60):
    with cache.draft(".bin") as path:
        path.write_bytes((sys.argv[2] + str(turn)).encode() * 5000)
        cache.store({"url": "same"}, path, suffix=".bin", about={"who": sys.argv[2], "turn": turn})
    found = cache.find({"url": "same"})
    said = found and (found.about["who"] + str(found.about["turn"])).encode() * 5000
    bad += found is None or found.path.read_bytes() != said
print(bad)
"""


def test_processes_that_write_the_same_entry_at_once_never_see_a_torn_one(tmp_path):
    project = Path(__file__).parents[2]
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "cache"), who],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=project,
        )
        for who in ("one", "two", "three")
    ]  # fmt: skip
    assert [run.communicate(timeout=120) for run in runs] == [("0\n", "")] * 3
    assert list((tmp_path / "cache" / "drafts").iterdir()) == []


ONE_AT_A_TIME = """
import os, sys, time
from pathlib import Path
from spatial.sources.http_cache import Cache
inside = Path(sys.argv[1]) / "inside"
for _ in range(20):
    with Cache(Path(sys.argv[1]) / "cache").alone("server", wait_s=60):
        inside.mkdir()  # fails if another process is inside
        inside.rmdir()
"""


def test_a_lock_keeps_processes_apart(tmp_path):
    runs = [
        subprocess.Popen([sys.executable, "-c", ONE_AT_A_TIME, str(tmp_path)], cwd=Path(__file__).parents[2])
        for _ in range(3)
    ]
    assert [run.wait(timeout=120) for run in runs] == [0, 0, 0]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="run as root, who may write everywhere")
def test_a_folder_without_rights_is_one_line(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    with pytest.raises(InputError, match="cache cannot be written"):
        stored(Cache(tmp_path / "closed" / "cache"))
