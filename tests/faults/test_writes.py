"""Outputs are whole or absent, whichever write fails, and whichever write a run is killed at."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import shutil
import sys
from pathlib import Path

import pytest

from spatial.analysis import before_after, loading, snapshot, storage
from spatial.core import marks, outputs
from spatial.core.errors import InputError, SourceError, SpatialError
from spatial.core.model import Extract
from spatial.maps import tables
from spatial.maps.sheet import sitemap
from spatial.maps.web import page as web_page
from spatial.reports import estate
from spatial.sources.http_cache import Cache
from tests.amount import amount
from tests.command import FILES, digests
from tests.faults.failing import killed, limited, writes

pytestmark = [pytest.mark.thorough, pytest.mark.skipif(not hasattr(os, "fork"), reason="needs processes of POSIX")]
# In `make test` every so-manieth write fails, or is the last one.
STEP = amount(5, 1)


@pytest.fixture(scope="module")
def quick(analysis, finished):
    """A way to save a result that is drawn already: what is tried here is the writing, and often.

    Unless ``gdal``, the GeoPackage is a copy of one: GDAL's writing is nothing that Python tells of.
    """
    page, sheet = web_page.build_map(analysis).get_root().render(), printed(analysis)
    checks = analysis.field_checks
    document = estate.estate_document(analysis, checks, lang="da")

    def save(out: Path, *, gdal: bool = False) -> None:
        with pytest.MonkeyPatch.context() as patch:
            drawn = type("Page", (), {"get_root": lambda self: self, "render": lambda self: page})
            patch.setattr(before_after, "for_map", lambda result, *_: (result, {}))
            patch.setattr(estate, "estate_document", lambda *_, **__: document)
            patch.setattr(type(analysis), "field_checks", checks)
            patch.setattr(web_page, "build_map", lambda *_, **__: drawn())
            patch.setattr(sitemap, "typeset_sitemap", lambda *_, **__: sheet)
            if not gdal:
                packed = finished / "places.gpkg"
                patch.setattr(tables, "geopackage", lambda result, path, **_: shutil.copyfile(packed, path))
            storage.save(analysis, out)

    return save


class Printed:
    """A sheet that is made already."""

    def __init__(self, pdf: bytes, png: bytes) -> None:
        self.pdf, self.png = lambda: pdf, lambda dpi: png


def printed(analysis) -> Printed:
    sheet = sitemap.typeset_sitemap(analysis, lang="da")
    return Printed(sheet.pdf(), sheet.png(60))


def whole(out: Path, before: dict[str, str]) -> bool:
    """Whether a folder holds what it held, or all of a new run; readers say so too."""
    now = digests(out) if out.is_dir() else {}
    if now == before:
        return True
    assert set(FILES) <= set(now), sorted(now)
    loading.read_run(out)
    return True


def leftovers(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.rglob(".*") if path.name not in (".", marks.MARK))


@pytest.mark.parametrize("there", [False, True], ids=["new", "over an earlier run"])
def test_a_failure_at_each_write_of_a_run_leaves_all_or_nothing(there, quick, finished, tmp_path):
    out = tmp_path / "runs" / "town"
    if there:
        shutil.copytree(finished, out)
    with writes(tmp_path) as seen:
        quick(out)
    total, before = len(seen), digests(out) if there else {}
    assert total > len(FILES)
    for at in range(1, total + 1, STEP):
        if not there:
            shutil.rmtree(out.parent, ignore_errors=True)
        failed = None
        with writes(tmp_path, at=at):
            try:
                quick(out)
            except SpatialError as error:
                failed = error
        assert failed is None or ("No space left" in str(failed) and "\n" not in str(failed)), seen[at - 1]
        if failed is None:  # what could not be removed: all was written
            before = digests(out) if there else {}
        assert whole(out, before), seen[at - 1]
        if failed is not None and not there:
            assert not out.exists() or not digests(out), seen[at - 1]
    quick(out)
    assert whole(out, {}) and leftovers(tmp_path) == []


@pytest.mark.parametrize("there", [False, True], ids=["new", "over an earlier run"])
def test_a_run_killed_at_any_write_leaves_nothing_to_be_taken_for_a_result(there, quick, finished, tmp_path):
    out = tmp_path / "runs" / "town"
    if there:
        shutil.copytree(finished, out)
    before = digests(out) if there else {}
    with writes(tmp_path) as seen:
        quick(out)
    total = len(seen)
    for at in range(1, total + 1, STEP):
        shutil.rmtree(out.parent, ignore_errors=True)
        if there:
            shutil.copytree(finished, out)
        assert killed(lambda: quick(out), tmp_path, at=at), seen[at - 1]
        now = {name: digest for name, digest in digests(out).items() if "/" not in name} if out.is_dir() else {}
        if now != before and "manifest.json" in now:
            loading.read_run(out)
            made = json.loads((out / "manifest.json").read_text())["made_at"]
            assert made and set(FILES) <= set(now)
        elif "manifest.json" not in now and out.is_dir():
            with pytest.raises(SourceError, match=r"no manifest\.json"):
                loading.read_run(out)
    quick(out)  # a rerun works, and sweeps
    assert leftovers(tmp_path) == []
    loading.read_run(out)


def test_no_file_is_cut_short_by_a_disk_that_fills_up(quick, finished, tmp_path):
    """Also where a library writes by itself: GDAL, Arrow. No file may grow beyond the limit."""
    sizes = sorted({path.stat().st_size for path in finished.iterdir() if path.is_file()})
    out = tmp_path / "out"
    for limit in sorted({0, 1, *(size - 1 for size in sizes), *(size // 2 for size in sizes)})[::STEP]:
        said = limited(lambda: quick(out, gdal=True), limit)
        if limit >= sizes[-1]:
            continue
        if said == "done":
            loading.read_run(out)
            shutil.rmtree(out)
        else:
            assert said.startswith("InputError: ") and "cannot be" in said, said
            assert not out.exists() and leftovers(tmp_path) == []


def test_a_failure_at_each_write_of_a_page_or_sheet_keeps_both_as_they_were(analysis, finished, tmp_path):
    out = tmp_path / "town"
    shutil.copytree(finished, out)
    before = digests(out)
    sheet = Printed(printed(analysis).pdf(), b"picture")
    with pytest.MonkeyPatch.context():
        with writes(tmp_path) as seen:
            sitemap.write_sheet(sheet, out / "other.pdf")
        total = len(seen)
        assert total > 4
        shutil.rmtree(out)
        for at in range(1, total + 1, STEP):
            shutil.rmtree(out, ignore_errors=True)
            shutil.copytree(finished, out)
            failed = False
            with writes(tmp_path, at=at):
                try:
                    sitemap.write_sheet(sheet, out / "sitemap.pdf")
                except OSError as error:
                    assert "No space" in str(error)
                    failed = True
            now = digests(out)
            swept = {name: digest for name, digest in now.items() if not name.startswith(".")}
            both = [swept[name] == before[name] for name in ("sitemap.pdf", "sitemap.png")]
            assert both == ([True, True] if failed else [False, False]), seen[at - 1]
            assert {k: v for k, v in swept.items() if "sitemap" not in k} == {
                k: v for k, v in before.items() if "sitemap" not in k and not k.startswith(".")
            }


def test_the_cache_never_serves_half_a_file(tmp_path):
    """Stored with a failure, and with a death, at each write: what is found is whole, or nothing is."""
    request, content = {"url": "https://example.org"}, b"answer" * 1000

    def store(folder: Path) -> None:
        cache = Cache(folder)
        with cache.draft(".bin") as path:
            path.write_bytes(content)
            cache.store(request, path, suffix=".bin", about={})

    with writes(tmp_path) as seen:
        store(tmp_path / "first")
    total = len(seen)
    assert total >= 8
    for at in range(1, total + 1, STEP):
        for kind in ("fails", "dies"):
            folder = tmp_path / f"{kind}{at}"
            if kind == "dies":
                assert killed(lambda folder=folder: store(folder), tmp_path, at=at)
            else:
                with writes(tmp_path, at=at):
                    try:
                        store(folder)
                    except (InputError, OSError) as error:
                        assert "No space" in str(error)
            found = Cache(folder).find(request)
            assert found is None or found.path.read_bytes() == content, seen[at - 1]
            store(folder)
            again = Cache(folder).find(request)
            assert again is not None and hashlib.sha256(again.path.read_bytes()).hexdigest() == again.sha256


def test_frozen_inputs_are_whole_or_those_of_before(inputs, tmp_path):
    from spatial.analysis.result import Estate

    area = Estate.from_file(inputs[0], margin_m=50, reach_m=300)
    out = tmp_path / "frozen"

    def freeze() -> None:
        snapshot.write_snapshot(out, area, Extract(inputs[1]))

    with writes(tmp_path) as seen:
        freeze()
    first, total = snapshot.read_snapshot(out), len(seen)
    assert total > 6
    for at in range(1, total + 1, STEP):
        with writes(tmp_path, at=at):
            try:
                freeze()
            except InputError as error:
                assert "No space" in str(error)
        assert snapshot.read_snapshot(out).estate == first.estate, seen[at - 1]
    for at in range(1, total + 1, STEP):
        killed(freeze, tmp_path, at=at)
        if out.is_dir():
            assert snapshot.read_snapshot(out).estate == first.estate, seen[at - 1]
        else:
            with pytest.raises(SourceError, match=r"no inputs\.json"):
                snapshot.read_snapshot(out)
    freeze()
    assert snapshot.read_snapshot(out).estate == first.estate and leftovers(tmp_path) == []


def test_a_field_kit_is_whole_or_absent(finished, tmp_path):
    from spatial.fieldkit import kit as fieldkit_kit

    kit = fieldkit_kit.packed(fieldkit_kit.pack(loading.read_run(finished)))
    out = tmp_path / "kit"

    def pack() -> None:
        with outputs.whole_folder(out) as draft:
            fieldkit_kit.render_kit(kit, draft, lang="da")

    with writes(tmp_path) as seen:
        pack()
    names, total = sorted(path.name for path in out.glob("[!.]*")), len(seen)
    shutil.rmtree(out)
    for at in range(1, total + 1, 2 * STEP):
        with writes(tmp_path, at=at):
            try:
                pack()
            except InputError as error:
                assert "No space" in str(error)
        there = sorted(path.name for path in out.iterdir()) if out.is_dir() else []
        assert [name for name in there if not name.startswith(".")] in (
            [],
            [name for name in names if name != marks.MARK],
        ), seen[at - 1]
        shutil.rmtree(out, ignore_errors=True)


def _hold(folder: str, ready: object, leave: object) -> None:
    with outputs.whole_folder(Path(folder)) as draft:
        (draft / "x").write_text("first")
        ready.set()
        leave.wait(60)


def test_two_runs_into_one_folder_and_the_second_says_so(tmp_path):
    context = multiprocessing.get_context("spawn")
    ready, leave = context.Event(), context.Event()
    first = context.Process(target=_hold, args=(str(tmp_path / "out"), ready, leave))
    first.start()
    try:
        assert ready.wait(120)
        with (
            pytest.raises(InputError, match=r"out: another run is writing there \(.* process \d+.*\); wait"),
            outputs.whole_folder(tmp_path / "out"),
        ):
            pytest.fail("two write into one folder")
        with outputs.whole_folder(tmp_path / "other") as draft:
            (draft / "x").write_text("beside it")
    finally:
        leave.set()
        first.join(60)
    assert (tmp_path / "out" / "x").read_text() == "first"
    with outputs.whole_folder(tmp_path / "out") as draft:
        (draft / "x").write_text("second")
    assert (tmp_path / "out" / "x").read_text() == "second"
    assert leftovers(tmp_path) == []


def test_the_counting_sees_what_python_writes(tmp_path):
    """The instrument itself: each way to change a disk is one event, and reading is none."""
    with writes(tmp_path) as seen:
        (tmp_path / "a").write_text("x")
        (tmp_path / "a").read_text()
        os.replace(tmp_path / "a", tmp_path / "b")
        (tmp_path / "c").mkdir()
        (tmp_path / "b").unlink()
    assert [event for event, _ in seen] == ["open", "os.rename", "os.mkdir", "os.remove"]
    assert sys.version_info >= (3, 11)
