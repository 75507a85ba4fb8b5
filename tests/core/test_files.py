"""Temporary files: where there is no room for them, the place is named."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections import namedtuple

import pytest

from spatial.core import files
from spatial.core.errors import InputError, SourceFormatError

FULL = namedtuple("FULL", "total used free")(1 << 20, 1 << 20, 0)


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return tmp_path


def test_a_folder_is_given_and_goes(place):
    with files.scratch_folder() as folder:
        (folder / "x").write_text("1")
        assert folder.parent == place
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_by_the_name_of_the_place(number, place):
    with (
        pytest.raises(InputError, match=rf"^{place}: no room for temporary files .*TMPDIR$") as caught,
        files.scratch_folder() as folder,
    ):
        raise OSError(number, "full", str(folder / "x"))
    assert "midlertidige filer" in caught.value.said("da") and list(place.iterdir()) == []


def test_what_a_library_says_of_a_full_disk_is_told_so_too(place, monkeypatch):
    """GDAL and osmium say that a file cannot be read, or less."""
    monkeypatch.setattr(shutil, "disk_usage", lambda path: FULL)
    with pytest.raises(InputError, match="TMPDIR"), files.scratch_folder():
        raise SourceFormatError("answers.nothing", name="a.dk")


def test_a_full_disk_elsewhere_and_other_errors_keep_their_own_words(place):
    for error in (OSError(errno.ENOSPC, "full", "/elsewhere/x"), KeyError("x"), OSError(errno.EACCES, "no")):
        with pytest.raises(type(error)) as caught, files.scratch_folder():
            raise error
        assert caught.value is error


def test_no_place_at_all(monkeypatch):
    def nowhere(**_):
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setenv("TMPDIR", "/nowhere")
    monkeypatch.setattr(tempfile, "TemporaryDirectory", nowhere)
    with pytest.raises(InputError, match=r"^/nowhere: no room for temporary files"), files.scratch_folder():
        pytest.fail("there is none")
