"""Folders of output: whole or not at all."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import stat
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from spatial.core import locks, marks, outputs
from spatial.core.errors import InputError
from spatial.core.marks import MARK
from spatial.core.outputs import whole_file, whole_folder
from tests.faults.failing import killed, writes


def fill(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def contents(folder: Path) -> dict[str, str]:
    """Every file under a folder, hidden ones included but for marks, and what it holds."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MARK)
    return {str(path.relative_to(folder)): path.read_text() for path in found}


def write(folder: Path, **files: str) -> Path:
    """As the program writes a folder."""
    with whole_folder(folder) as draft:
        fill(draft, **files)
    return folder


def test_files_appear_together_in_a_new_folder(tmp_path):
    with whole_folder(tmp_path / "a" / "b" / "out") as draft:
        fill(draft, x="1", y="2")
        assert not (tmp_path / "a" / "b" / "out").exists()
    assert contents(tmp_path) == {"a/b/out/x": "1", "a/b/out/y": "2"}


def test_earlier_files_are_replaced_and_others_stay(tmp_path):
    out = fill(write(tmp_path / "out", x="old"), mine="mine")
    with whole_folder(out) as draft:
        fill(draft, x="new", y="2")
        assert (out / "x").read_text() == "old"
    assert contents(tmp_path) == {"out/mine": "mine", "out/x": "new", "out/y": "2"}


@pytest.mark.parametrize("error", [RuntimeError("x"), KeyboardInterrupt(), OSError(28, "full")])
@pytest.mark.parametrize("there", [True, False])
def test_an_error_leaves_everything_as_it_was(error, there, tmp_path):
    out = write(tmp_path / "out", x="old") if there else tmp_path / "out"
    before, names = contents(tmp_path), list(tmp_path.iterdir())
    with (
        pytest.raises(InputError if isinstance(error, OSError) else type(error)),
        whole_folder(out) as draft,
    ):
        fill(draft, x="new")
        raise error
    assert contents(tmp_path) == before and list(tmp_path.iterdir()) == names


def test_an_os_error_becomes_one_line_that_names_the_folder(tmp_path):
    with (
        pytest.raises(InputError, match=r"out: cannot be written \(No space left\); .*--out") as caught,
        whole_folder(tmp_path / "out"),
    ):
        raise OSError(28, "No space left")
    assert isinstance(caught.value.__cause__, OSError) and "\n" not in str(caught.value)


def test_a_file_in_its_place(tmp_path):
    file = tmp_path / "out"
    file.write_text("mine")
    with pytest.raises(InputError, match="found a file; needed a folder"), whole_folder(file):
        pytest.fail("nothing can be written there")
    with pytest.raises(InputError, match="cannot be made"), whole_folder(file / "below"):
        pytest.fail("nothing can be written there")
    assert contents(tmp_path) == {"out": "mine"}


@pytest.mark.parametrize("stuck", ["x", "y", "z"])
def test_when_one_file_cannot_be_moved_all_are_taken_back(stuck, tmp_path, monkeypatch):
    """As on Windows, where a file that another program has open cannot be replaced, nor can its folder."""
    out = write(tmp_path / "out", x="old x", z="old z")
    before, replace = contents(tmp_path), os.replace

    def move(source, target):
        if Path(target).name == stuck and Path(source).read_text().startswith("new"):
            raise PermissionError(13, "in use")
        replace(source, target)

    monkeypatch.setattr(os, "replace", move)
    with pytest.raises(InputError, match="in use"), whole_folder(out, swap=False) as draft:
        fill(draft, x="new x", y="new y", z="new z")
    assert contents(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert sorted(path.name for path in out.iterdir()) == [MARK, "x", "z"]


def test_a_folder_in_the_place_of_a_file_is_left_alone(tmp_path):
    out = write(tmp_path / "out", a="old")
    fill(out / "x", mine="mine")
    with pytest.raises(InputError, match="directory"), whole_folder(out) as draft:
        fill(draft, a="new", x="new")
    assert contents(tmp_path) == {"out/a": "old", "out/x/mine": "mine"}


def test_a_folder_on_another_disk(tmp_path):
    """A mounted volume is one too: its parent is elsewhere."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("no second file system to write to")
    with tempfile.TemporaryDirectory(dir=memory) as other:
        (tmp_path / "out").symlink_to(other)
        with whole_folder(tmp_path / "out") as draft:
            fill(draft, x="1")
        assert contents(Path(other)) == {"x": "1"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(fill(tmp_path / "here", mine="mine"))
    with whole_folder(Path(".")) as draft:
        fill(draft, x="1")
    with whole_folder(Path("below")) as draft:
        fill(draft, y="2")
    assert contents(tmp_path) == {"here/below/y": "2", "here/mine": "mine", "here/x": "1"}


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("mask", "folder", "file"), [(0o022, 0o755, 0o644), (0o077, 0o700, 0o600), (0o002, 0o775, 0o664)]
)
@pytest.mark.parametrize("swap", [True, False])
def test_what_is_written_follows_the_mask_of_the_user(mask, folder, file, swap, tmp_path):
    before = os.umask(mask)
    try:
        with whole_folder(tmp_path / "out", swap=swap) as draft:
            fill(draft, x="1")
            fill(draft / "sub", y="1")
        outputs.replace_files({tmp_path / "page": b"1"})
    finally:
        os.umask(before)
    out = tmp_path / "out"
    assert {mode(out), mode(out / "sub")} == {folder}
    assert {mode(path) for path in (out / "x", out / "sub" / "y", tmp_path / "page")} == {file}


@pytest.mark.parametrize("swap", [True, False])
def test_rights_that_the_user_gave_are_kept(swap, tmp_path):
    out = write(tmp_path / "out", x="old", y="old")
    out.chmod(0o750)
    (out / "x").chmod(0o640)
    (out / "y").chmod(0o600)
    with whole_folder(out, swap=swap) as draft:
        fill(draft, x="new", y="new", z="new")
    assert [mode(out), *(mode(out / name) for name in "xy")] == [0o750, 0o640, 0o600]


def test_a_folder_without_rights(tmp_path):
    if os.geteuid() == 0:
        pytest.skip("run as root, who may write everywhere")
    fill(tmp_path / "shut").chmod(0o555)
    with pytest.raises(InputError, match="cannot be made"), whole_folder(tmp_path / "shut" / "out"):
        pytest.fail("nothing can be written there")


def test_a_single_file_that_cannot_be_written(tmp_path):
    with (
        pytest.raises(InputError, match=r"x: cannot be written \(No such file"),
        whole_file(tmp_path / "x"),
    ):
        (tmp_path / "no" / "x").write_text("1")
    with pytest.raises(KeyError), whole_file(tmp_path / "x"):
        raise KeyError("something else")


# --- what is ours, and what is not ------------------------------------------------------


@pytest.mark.parametrize("swap", [True, False])
def test_what_the_user_keeps_there_stays_whatever_it_is_called(swap, tmp_path):
    out = write(tmp_path / "out", x="old")
    fill(out, note="mine")
    fill(out / ".draft-20260101", b="mine")
    fill(out / ".out-20260101" / "deep", c="mine")
    fill(tmp_path / ".out-20260101", a="mine")
    fill(tmp_path / ".out-abcdefgh.faellesrum", a="mine")  # our name, but not our mark
    (out / "link").symlink_to("nowhere")
    before = contents(tmp_path)
    with whole_folder(out, swap=swap) as draft:
        fill(draft, x="new")
    assert contents(tmp_path) == {**before, "out/x": "new"}
    assert os.readlink(out / "link") == "nowhere"


@pytest.mark.parametrize("swap", [True, False])
@pytest.mark.parametrize("kind", ["foreign", "edited", "link", "below"])
def test_a_file_that_is_not_ours_is_replaced_only_when_that_is_allowed(kind, swap, tmp_path):
    out, mine = tmp_path / "out", fill(tmp_path / "else", mine="mine") / "mine"
    if kind == "foreign":
        fill(out, x="mine")
    elif kind == "link":
        fill(out)
        (out / "x").symlink_to(mine)
    elif kind == "below":
        fill(write(out, y="old") / "sub", x="mine")
    else:
        fill(write(out, x="old"), x="mine")

    def again() -> None:
        with whole_folder(out, swap=swap) as draft:
            fill(draft / "sub" if kind == "below" else draft, x="new")

    with pytest.raises(InputError, match=r"x: found a file that .*--force") as caught:
        again()
    assert "ikke" in caught.value.said("da")
    there = out / "sub" / "x" if kind == "below" else out / "x"
    assert there.read_text() == "mine"
    with marks.replacing():
        again()
    assert there.read_text() == "new" and mine.read_text() == "mine"


def test_a_single_file_is_known_again_where_no_mark_can_be(tmp_path, monkeypatch):
    monkeypatch.setenv("FAELLESRUM_CACHE", str(tmp_path / "cache"))
    page = tmp_path / "page.html"
    outputs.replace_files({page: b"1"})
    outputs.replace_files({page: b"2"})
    page.write_text("mine")
    with pytest.raises(InputError, match="changed after"):
        outputs.replace_files({page: b"3"})
    (tmp_path / "other.html").write_text("mine")
    with pytest.raises(InputError, match="did not write"):
        outputs.replace_files({tmp_path / "other.html": b"3", page: b"3"})
    assert [page.read_text(), (tmp_path / "other.html").read_text()] == ["mine", "mine"]


def test_a_file_drawn_again_in_a_marked_folder_is_still_ours(tmp_path):
    out = write(tmp_path / "out", x="1", y="1")
    outputs.replace_files({out / "x": b"2"})
    write(out, x="3")
    assert contents(out) == {"x": "3", "y": "1"}


def test_a_geopackage_that_was_only_opened_is_still_ours(tmp_path):
    """QGIS turns it to the write-ahead log, which stands in bytes 18 and 19 of its head."""
    out = tmp_path / "out"
    with whole_folder(out) as draft, closing(sqlite3.connect(draft / "a.gpkg")) as base:
        base.execute("CREATE TABLE a (b)")
    with closing(sqlite3.connect(out / "a.gpkg")) as base:
        base.execute("PRAGMA journal_mode = wal").fetchone()
    assert not marks.is_foreign(out / "a.gpkg")
    with closing(sqlite3.connect(out / "a.gpkg")) as base:
        base.execute("CREATE TABLE mine (b)")
    assert marks.is_foreign(out / "a.gpkg")


def test_without_the_files_of_before_what_is_not_ours_stays(tmp_path):
    out = write(tmp_path / "out", x="1", y="1")
    fill(write(out, z="1"), note="mine", y="edited")
    with whole_folder(out, keep_ours=False) as draft:
        fill(draft, z="2")
    assert contents(out) == {"note": "mine", "y": "edited", "z": "2"}


def test_a_folder_in_a_draft_is_part_of_it(tmp_path):
    with whole_folder(tmp_path / "out") as draft:
        with whole_folder(draft / "today") as inner:
            fill(inner, x="1")
        outputs.replace_files({draft / "page": b"1"})
        assert not (tmp_path / "out").exists()
    assert contents(tmp_path) == {"out/page": "1", "out/today/x": "1"}
    outputs.replace_files({tmp_path / "out" / "today" / "x": b"2"})  # its own mark knows it


def test_the_same_files_make_the_same_mark(tmp_path):
    one, other = write(tmp_path / "a", x="1"), write(tmp_path / "b", x="1")
    assert (one / MARK).read_bytes() == (other / MARK).read_bytes()


# --- after a killed process --------------------------------------------------------------


def killed_between_renames(tmp_path: Path) -> Path:
    """As a process leaves it that dies between two renames, where folders cannot be exchanged."""
    out = write(tmp_path / "out", x="old")
    holder = tmp_path / f".out-abcdefgh{locks.DRAFT_END}"
    holder.mkdir()
    marks.write_mark(holder, {})
    fill(holder / "new", x="new")
    os.rename(out, holder / "old")
    return out


def test_the_last_good_folder_comes_back_at_the_next_start(tmp_path):
    out = killed_between_renames(tmp_path)
    assert not out.exists()
    outputs.restore(out)
    assert contents(tmp_path) == {"out/x": "old"}


@pytest.mark.parametrize("exchange", [True, False])
@pytest.mark.parametrize("swap", [True, False])
def test_killed_at_each_step_the_folder_is_as_before_or_as_after(swap, exchange, tmp_path, monkeypatch):
    """With and without a system that exchanges folders, and where files are moved into the folder one by one."""
    if not hasattr(os, "fork"):
        pytest.skip("needs processes of POSIX")
    if not exchange:
        monkeypatch.setattr(outputs, "_exchanged", lambda one, other: False)
    place = tmp_path / "place"
    out = place / "out"

    def run() -> None:
        with whole_folder(out, swap=swap) as draft:
            fill(draft, **{"x": "new", "y": "new", "manifest.json": "new"})
            fill(draft / "sub", z="new")

    def prepare() -> None:
        shutil.rmtree(place, ignore_errors=True)
        fill(write(out, **{"x": "old", "manifest.json": "old"}), mine="mine")

    prepare()
    with writes(tmp_path) as seen:
        run()
    before = {"manifest.json": "old", "mine": "mine", "x": "old"}
    after = {"manifest.json": "new", "mine": "mine", "sub/z": "new", "x": "new", "y": "new"}
    assert contents(out) == after and len(seen) > 10
    for at in range(1, len(seen) + 1):
        prepare()
        assert killed(run, tmp_path, at=at), seen[at - 1]
        if swap and exchange:
            assert contents(out) in (before, after), seen[at - 1]  # also before the next start
        outputs.restore(out)
        assert contents(out) in (before, after), seen[at - 1]
        assert [path.name for path in place.iterdir() if not path.name.endswith(".lock")] == ["out"], seen[at - 1]
        run()
        assert contents(out) == after
        assert [path.name for path in place.iterdir()] == ["out"], seen[at - 1]


# --- one writer at a time ----------------------------------------------------------------


def test_the_lock_holds_between_homes_and_says_who_has_it(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from spatial.core.locks import locked\n"
        "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    env = {**os.environ, "HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "home"), "LOGNAME": "anna"}
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "link" / "out")], stdout=subprocess.PIPE, text=True, env=env
    )
    try:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        said = rf"out: another run is writing there \(anna on .*, process {other.pid}, since \d\d:\d\d UTC\); wait"
        with pytest.raises(InputError, match=said) as caught, locks.locked(tmp_path / "link" / "." / "out"):
            pytest.fail("two hold it")
        assert f"anna på {socket.gethostname()}, proces {other.pid}" in caught.value.said("da")
    finally:
        other.kill()
        other.communicate()
    with locks.locked(tmp_path / "link" / "out"):  # what a dead process held is free
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["link"]


def test_a_lock_makes_no_folder_that_stays(tmp_path):
    with locks.locked(tmp_path / "a" / "b" / "out"):
        assert (tmp_path / "a" / "b").is_dir()
    assert not (tmp_path / "a").exists()
