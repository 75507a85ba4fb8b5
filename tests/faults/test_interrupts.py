"""An interrupt is answered with status 130 and one line; a bad place to write, or a file that goes, with one line."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.amount import long
from tests.command import COMMAND, FILES, NEAR, boundary, town

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals and rights of POSIX")
# Interrupts are answered within a second of their own time; the machine may have other things to do.
PATIENCE_S = 30
# Of Linux: give up a capability for good; those that let root pass over rights.
PR_CAPBSET_DROP, OVERRIDES = 24, (1, 2, 3)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    folder.chmod(0o755)
    return boundary(folder / "estate.geojson"), town(folder / "town.osm")


def arguments(files, out: Path) -> list[str]:
    return [
        str(COMMAND),
        "run",
        "--boundary",
        str(files[0]),
        "--osm",
        str(files[1]),
        *map(str, NEAR),
        "--out",
        str(out),
    ]


def hidden(folder: Path) -> list[Path]:
    return [path for path in folder.rglob(".*")]


@pytest.mark.parametrize("after_s", [long(0.05), long(0.3), 0.8, long(1.5), 2.5])
def test_an_interrupt_ends_the_run_and_its_helpers_and_leaves_nothing(after_s, files, tmp_path):
    """As from a keyboard: every process of the group gets it."""
    out = tmp_path / "out"
    run = subprocess.Popen(
        arguments(files, out), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    time.sleep(after_s)
    os.killpg(run.pid, signal.SIGINT)
    said, err = run.communicate(timeout=PATIENCE_S)
    if "Traceback" in err and not re.search(r"spatial/(?!__init__|start)", err):
        return  # Python itself was only just starting, or our first two lines
    assert "Traceback" not in err and "Exception ignored" not in err, err
    if run.returncode == 0:  # it was done already
        assert set(FILES) <= {path.name for path in out.iterdir()}
        return
    # Before Python has begun to read our code the signal itself ends it.
    assert run.returncode in (130, -signal.SIGINT), (run.returncode, err)
    assert err.strip() in ("", "faellesrum: afbrudt; intet er skrevet"), err
    assert said == "" and not out.exists() and hidden(tmp_path) == []
    assert not re.search(str(tmp_path), subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout)


def without_rights() -> None:
    """Let root be bound by rights too: what is dropped from the bounding set is gone after the next program starts."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    for capability in OVERRIDES if os.geteuid() == 0 else ():
        if prctl(PR_CAPBSET_DROP, capability, 0, 0, 0):
            raise OSError(ctypes.get_errno(), "capabilities cannot be dropped")


def bound(command: list[str], home: Path) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "HOME": str(home), "XDG_CACHE_HOME": str(home), "FAELLESRUM_LANG": "en"}
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=300, preexec_fn=without_rights, env=env
        )  # fmt: skip
    except subprocess.SubprocessError:
        pytest.skip("run as root that cannot give up its power over rights")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="capabilities of Linux")
@pytest.mark.parametrize("place", ["below a closed folder", "in a closed folder", "no cache", "an unreadable file"])
def test_a_place_without_rights(place, files, tmp_path):
    shut, home = tmp_path / "shut", tmp_path / "home"
    shut.mkdir(mode=0o555)
    home.mkdir(mode=0o555 if place == "no cache" else 0o700)
    out = {"below a closed folder": shut / "out", "in a closed folder": shut}.get(place, tmp_path / "out")
    given = files
    if place == "an unreadable file":
        given = (files[0], Path(shutil.copy(files[1], tmp_path / "town.osm")))
        given[1].chmod(0)
    done = bound(arguments(given, out), home)
    assert "Traceback" not in done.stderr
    if place == "no cache":  # what cannot be kept is not needed
        assert done.returncode == 0, done.stderr
        assert set(FILES) <= {path.name for path in out.iterdir()}
        return
    assert done.returncode == 1 and done.stderr.count("\n") == 1, done.stderr
    said = r"town\.osm: cannot be opened" if given is not files else r"shut.*cannot be (made|written)"
    assert re.search(rf"{said} \(Permission denied\)", done.stderr), done.stderr
    assert [*shut.iterdir()] == [] and (out == shut or not out.exists())


def test_a_file_that_vanishes_while_it_is_read(files, tmp_path, monkeypatch):
    """Between the look at a file and its reading there is time for it to go."""
    from spatial.core.errors import SourceError
    from spatial.osm import osmium_reader, reader
    from spatial.sources import boundaries, text_tables, vector_files
    from tests.hostile.readers import ESTATE, layer

    def vanishing(function):
        def gone(path, *rest, **options):
            Path(path).unlink(missing_ok=True)
            return function(path, *rest, **options)

        return gone

    with monkeypatch.context() as patch:
        patch.setattr(vector_files, "read_table", vanishing(vector_files.read_table))
        for read in (boundaries.estate, layer):
            shutil.copy(files[0], tmp_path / "a.geojson")
            with pytest.raises(SourceError, match=r"a\.geojson"):
                read(tmp_path / "a.geojson")
    with monkeypatch.context() as patch:
        patch.setattr(osmium_reader, "put_in_order", vanishing(osmium_reader.put_in_order))
        shutil.copy(files[1], tmp_path / "a.osm")
        with pytest.raises(SourceError, match=r"a\.osm"):
            reader.read_around(tmp_path / "a.osm", ESTATE)
    with monkeypatch.context() as patch:
        patch.setattr(text_tables, "_csv", vanishing(text_tables._csv))
        (tmp_path / "a.csv").write_text("a,b\n1,2\n")
        with pytest.raises(SourceError, match=r"a\.csv"):
            text_tables.text_tables(tmp_path / "a.csv")
    assert vector_files.NEEDED


def test_a_clock_that_jumps(files, tmp_path, monkeypatch):
    """The time of making may be long ago or far off: ages are told, nothing breaks, the same is found."""
    from datetime import UTC, datetime, timedelta

    from spatial.sources import http_cache

    class Jumping(datetime):
        turn = 0

        @classmethod
        def now(cls, tz=None):
            cls.turn += 1
            return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=(-4000) ** (cls.turn % 2) * 2)

    monkeypatch.setattr(http_cache, "datetime", Jumping)
    cache = http_cache.Cache(tmp_path / "cache")
    for turn in range(4):
        with cache.draft(".bin") as path:
            path.write_bytes(b"x")
            cache.store({"turn": turn}, path, suffix=".bin", about={})
        found = cache.find({"turn": turn})
        assert found is not None and found.path.read_bytes() == b"x"
        assert abs(found.age_days(datetime(2026, 1, 1, tzinfo=UTC))) < 9000
