"""Folders of output: whole or not at all."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

import pytest

from spatial.core.errors import InputError
from spatial.core.files import whole_file, whole_folder


def fill(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def contents(folder: Path) -> dict[str, str]:
    """Every file under a folder, hidden ones included, and what it holds."""
    return {str(path.relative_to(folder)): path.read_text() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_files_appear_together_in_a_new_folder(tmp_path):
    with whole_folder(tmp_path / "a" / "b" / "out") as draft:
        fill(draft, x="1", y="2")
        assert not (tmp_path / "a" / "b" / "out").exists()
    assert contents(tmp_path) == {"a/b/out/x": "1", "a/b/out/y": "2"}


def test_earlier_files_are_replaced_and_others_stay(tmp_path):
    out = fill(tmp_path / "out", x="old", mine="mine")
    with whole_folder(out) as draft:
        fill(draft, x="new", y="2")
        assert (out / "x").read_text() == "old"
    assert contents(tmp_path) == {"out/mine": "mine", "out/x": "new", "out/y": "2"}


@pytest.mark.parametrize("error", [RuntimeError("x"), KeyboardInterrupt(), OSError(28, "full")])
@pytest.mark.parametrize("there", [True, False])
def test_an_error_leaves_everything_as_it_was(error, there, tmp_path):
    out = fill(tmp_path / "out", x="old") if there else tmp_path / "out"
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


@pytest.mark.parametrize("there", [True, False])
@pytest.mark.parametrize("stuck", ["x", "y", "z"])
def test_when_one_file_cannot_be_moved_all_are_taken_back(stuck, there, tmp_path, monkeypatch):
    """As on Windows, where a file that another program has open cannot be replaced."""
    out = fill(tmp_path / "out", x="old x", z="old z") if there else tmp_path / "out"
    before, replace = contents(tmp_path), os.replace

    def move(source, target):
        if Path(target).name == stuck and Path(source).read_text().startswith("new"):
            raise PermissionError(13, "in use")
        replace(source, target)

    monkeypatch.setattr(os, "replace", move)
    with pytest.raises(InputError, match="in use"), whole_folder(out) as draft:
        fill(draft, x="new x", y="new y", z="new z")
    assert contents(tmp_path) == before
    assert [path.name for path in tmp_path.iterdir()] == ["out"] * there
    assert not there or sorted(path.name for path in out.iterdir()) == ["x", "z"]


def test_a_folder_in_the_place_of_a_file_is_left_alone(tmp_path):
    out = fill(tmp_path / "out", a="old")
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


def test_only_the_user_may_read_what_was_written(tmp_path):
    mask = os.umask(0o022)
    try:
        with whole_folder(tmp_path / "out") as draft:
            fill(draft, x="1")
    finally:
        os.umask(mask)
    assert (mode(tmp_path / "out"), mode(tmp_path / "out" / "x")) == (0o700, 0o600)


def test_rights_that_the_user_gave_are_kept(tmp_path):
    out = fill(tmp_path / "out", x="old", y="old")
    out.chmod(0o755)
    (out / "x").chmod(0o644)
    (out / "y").chmod(0o600)
    with whole_folder(out) as draft:
        fill(draft, x="new", y="new", z="new")
    assert [mode(out), *(mode(out / name) for name in "xyz")] == [0o755, 0o644, 0o600, 0o600]


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
