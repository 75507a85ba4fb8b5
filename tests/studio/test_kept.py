"""What is kept: every step, at once; a killed process loses at most the step that it was writing."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spatial.core.errors import InputError
from spatial.studio.history import Variant
from spatial.studio.kept import Kept
from spatial.studio.strokes import Stroke
from tests.studio.test_history import ACTS, stroke

WRITER = """
    import sys
    from pathlib import Path
    from spatial.studio.history import Variant
    from spatial.studio.kept import Kept
    from spatial.studio.strokes import Stroke

    kept, variant = Kept(Path(sys.argv[1]), "demo"), Variant("A")
    kept.keep(None, variant)
    for number in range(100000):
        step = variant.put(Stroke(f"bench-{number}", "add", "place", tags={"ref": "x" * 300}))
        kept.keep(variant, step)
        variant = step
        print(number, flush=True)
"""


def fresh():
    return Path(tempfile.mkdtemp()) / "demo.sqlite"


@given(st.lists(ACTS, max_size=30))
def test_what_is_opened_again_is_what_was_left(acts):
    kept, variant = Kept(fresh(), "demo"), Variant("A")
    kept.keep(None, variant)
    for act, name, number in acts:
        then = (
            variant.put(stroke(name, number))
            if act == "put"
            else variant.drop(name)
            if act == "drop"
            else getattr(variant, act)()
        )
        kept.keep(variant, then)
        variant = then
        assert kept.variants() == [variant]
    kept.close()
    again = Kept(kept.path, "demo")
    assert again.variants() == [variant]
    again.close()


def test_variants_are_copied_renamed_and_forgotten(tmp_path):
    kept = Kept(tmp_path / "a" / "demo.sqlite", "demo")
    one = Variant("A").put(stroke("bench-1", 1)).put(stroke("bench-2", 2)).undo()
    two = Variant("B", one.steps, one.at)
    for variant in (one, two):
        kept.keep(None, variant)
    kept.keep(two, Variant("C", two.steps, 2))
    assert [(v.name, v.at, len(v.strokes)) for v in kept.variants()] == [("A", 1, 1), ("C", 2, 2)]
    kept.forget("A")
    assert [v.name for v in kept.variants()] == ["C"]
    with pytest.raises(InputError):
        kept.keep(None, Variant("C"))
    assert [v.name for v in kept.variants()] == ["C"]


@pytest.mark.parametrize("after", [3, 20])
def test_a_killed_process_loses_at_most_the_step_in_flight(after, tmp_path):
    path = tmp_path / "demo.sqlite"
    command = [sys.executable, "-c", textwrap.dedent(WRITER), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        told = [int(writer.stdout.readline()) for _ in range(after)][-1]
        writer.send_signal(signal.SIGKILL)
        told = max([told, *map(int, writer.stdout.read().split())])
    (found,) = Kept(path, "demo").variants()
    names = [one.feature for one in found.strokes]
    assert len(names) - 1 - told in (0, 1)
    assert names == [f"bench-{number}" for number in range(len(names))]


def test_on_a_full_disk_a_step_is_refused_in_one_line_and_what_was_kept_stays(tmp_path):
    kept, one = Kept(tmp_path / "demo.sqlite", "demo"), Variant("A").put(stroke("bench-1", 1))
    kept.keep(None, one)
    (pages,) = kept._base.execute("PRAGMA page_count").fetchone()
    kept._base.execute(f"PRAGMA max_page_count = {pages}")  # as a disk with no room for one more
    many = one
    with pytest.raises(InputError, match="make room") as refused:
        for number in range(1000):
            many = many.put(Stroke(f"path-{number}", "add", "path", note="x" * 400))
            kept.keep(kept.variants()[0], many)
    assert "\n" not in refused.value.said("da")
    (left,) = kept.variants()
    assert left.strokes == many.strokes[: len(left.strokes)] and 0 < len(left.strokes) < len(many.strokes)


def test_a_file_that_is_open_elsewhere_of_another_estate_or_none_of_ours_is_refused_in_one_line(tmp_path):
    path = tmp_path / "demo.sqlite"
    kept = Kept(path, "demo")
    with pytest.raises(InputError, match="open in another studio"):
        Kept(path, "demo")
    kept.close()
    with pytest.raises(InputError, match="another estate"):
        Kept(path, "elsewhere")
    (tmp_path / "text.sqlite").write_text("no database, but a long text " * 50)
    with pytest.raises(InputError, match=r"text\.sqlite"):
        Kept(tmp_path / "text.sqlite", "demo")
    (tmp_path / "folder.sqlite").mkdir()
    with pytest.raises(InputError, match=r"folder\.sqlite"):
        Kept(tmp_path / "folder.sqlite", "demo")
