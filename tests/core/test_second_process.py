"""A second process: answers in order, what went wrong there, and its end."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

import spatial
from spatial.analysis import storage
from spatial.analysis.storage import Press
from spatial.core import parallel
from spatial.core.errors import CRSError, SourceError
from spatial.osm import extract


def test_answers_come_to_whom_they_belong_whoever_waits_first():
    with parallel.started() as other:
        one, two, three = other.ask(os.path.basename, "/a/b"), other.ask(pow, 2, 10), other.ask(len, b"x" * 1_000_000)
        assert (three.result(), one.result(), two.result(), one.result()) == (1_000_000, "b", 1024, "b")


def test_it_is_another_process_and_ends_with_the_context():
    with parallel.started() as other:
        number = other.ask(os.getpid).result()
        assert number != os.getpid()
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)


def test_what_goes_wrong_there_is_raised_here_and_it_goes_on():
    with parallel.started() as other:
        failed, done = other.ask(int, "seven"), other.ask(int, "7")
        with pytest.raises(ValueError, match="seven"):
            failed.result()
        assert done.result() == 7


def test_our_errors_keep_their_two_languages(tmp_path):
    with parallel.started() as other:
        asked = other.ask(_refused)
        with pytest.raises(CRSError) as caught:
            asked.result()
    assert caught.value.said("da") == CRSError("crs.none", what="kort").said("da")


def _refused():
    raise CRSError("crs.none", what="kort")


def test_what_a_library_prints_is_no_answer(capfd):
    with parallel.started() as other:
        assert other.ask(print, "loud").result() is None
    assert "loud" in capfd.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal there")
def test_a_process_that_is_killed_says_so_and_asking_it_does_no_harm():
    with parallel.started() as other:
        os.kill(other.ask(os.getpid).result(), signal.SIGKILL)
        asked = [other.ask(len, b"x" * 1_000_000) for _ in range(2)]
        for one in asked:
            with pytest.raises(parallel.GoneError) as caught:
                one.result()
            assert caught.value.code == -signal.SIGKILL


def test_an_interrupt_of_the_terminal_is_not_for_it():
    with parallel.started() as other:
        number = other.ask(os.getpid).result()
        assert os.getpgid(number) != os.getpgid(0)


def test_papers_are_the_same_from_there_from_here_and_when_it_has_gone(analysis, tmp_path):
    with parallel.started() as other:
        storage.save(analysis, tmp_path / "there", press=Press(other, "da"))
        os.kill(other.ask(os.getpid).result(), signal.SIGTERM)
        time.sleep(0.1)
        storage.save(analysis, tmp_path / "gone", press=Press(other, "da"))
    storage.save(analysis, tmp_path / "here")
    names = sorted(path.name for path in (tmp_path / "here").iterdir())
    assert "report.html" in names and "sitemap.pdf" in names and "sitemap.png" in names
    for place in ("there", "gone"):
        assert sorted(path.name for path in (tmp_path / place).iterdir()) == names
        assert (tmp_path / place / "sitemap.png").read_bytes() == (tmp_path / "here" / "sitemap.png").read_bytes()


def test_an_extract_that_cannot_be_read_is_told_as_by_its_reader(tmp_path, demo_data):
    estate = spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson")
    with parallel.started() as other, pytest.raises(SourceError, match=r"none\.osm\.pbf"):
        extract.read_ahead(Path(tmp_path / "none.osm.pbf"), estate, other).result()


def test_what_lies_in_the_folder_one_works_in_is_not_imported(tmp_path, monkeypatch):
    for name in ("shapely.py", "osmium.py", "spatial.py"):
        (tmp_path / name).write_text("raise RuntimeError('a file of the folder')\n")
    monkeypatch.chdir(tmp_path)
    with parallel.started() as other:
        assert other.ask(extract.load_reader).result() is None


def test_neither_waits_to_be_heard_by_the_other():
    """More is asked than a pipe holds while more is answered than one holds: with one thread a side both would wait."""
    with parallel.started() as other:
        asked = [other.ask(bytes, 5_000_000)] + [other.ask(len, b"x" * 5_000_000) for _ in range(2)]
        assert [len(asked[0].result()), asked[1].result(), asked[2].result()] == [5_000_000] * 3


def test_a_sheet_that_was_begun_before_the_lenses_is_that_of_the_end(analysis, tmp_path):
    with parallel.started() as other:
        early, late = Press(other, "da"), Press(other, "da")
        early.made_at = late.made_at = "2026-11-23T12:00:00+00:00"
        early.begin(replace(analysis, lenses=(), manifest={**analysis.manifest, "lenses": []}))
        for name, press in (("early", early), ("late", late)):
            storage.save(analysis, tmp_path / name, press=press)
    one, two = ((tmp_path / name / "sitemap.png").read_bytes() for name in ("early", "late"))
    assert one == two


PARENT = """
import os, sys, time
from spatial.core import parallel
with parallel.started() as other:
    number = other.ask(os.getpid).result()
    if sys.argv[1] == "asleep":
        other.ask(time.sleep, 60)
    if sys.argv[1] == "holding Python's lock":
        other.ask(sum, range(10**11))
    print(number, flush=True)
    time.sleep(60)
"""


def is_running(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("doing", ["nothing", "asleep", "holding Python's lock"])
def test_it_ends_with_its_parent_within_a_third_of_a_second(doing, how):
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, doing], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as parent:
        assert parent.stdout is not None
        number = int(parent.stdout.readline())
        time.sleep(0.1)
        parent.send_signal(how)
        parent.wait()
        began = time.monotonic()
        while is_running(number) and time.monotonic() - began < 10:
            time.sleep(0.005)
        assert time.monotonic() - began < 0.3


def test_it_ends_when_nobody_can_ask_any_more_also_while_it_works():
    """As where the system does not tell of a parent's end."""
    child = subprocess.Popen(
        parallel.child_command("spatial.core.parallel"), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with child:
        assert child.stdin is not None and child.stdout is not None
        for work, given in ((os.getpid, ()), (time.sleep, (60,))):
            parallel._send(child.stdin, pickle.dumps((work, given)))
        assert pickle.loads(parallel._received(child.stdout) or b"") == (True, child.pid)
        child.stdin.close()
        assert child.wait(10) == 0


def test_who_draws_does_not_load_what_only_the_search_for_places_needs():
    code = (
        "import sys; from spatial.analysis import storage; storage.load_drawing(); print('scipy.sparse' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout.strip() == "False"
