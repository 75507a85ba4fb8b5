"""Files made to hurt: one of our errors in one line, or a right result; in bounded memory and time."""

from __future__ import annotations

import json
import os

import pytest

from tests.amount import amount, long
from tests.hostile import fuzz, guard
from tests.hostile.corpus import CORPUS

CASES = [(name, reader) for name, hostile in CORPUS.items() for reader in hostile.readers]
# In `make test` each file meets one of its readers, one after the other.
TURNS = [(name, hostile.readers[i % len(hostile.readers)]) for i, (name, hostile) in enumerate(CORPUS.items())]
TRIES = [case if case in TURNS else long(case) for case in CASES]
# Beyond what reading began with. A million vertices take half a gigabyte on their way through GDAL.
MOST_MB, MOST_CPU_S = 1024, 30
EXAMPLES = int(os.environ.get("FAELLESRUM_FUZZ", amount(15, 60)))

pytestmark = pytest.mark.skipif(not hasattr(guard.resource, "RLIMIT_AS"), reason="needs limits of POSIX")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Each hostile file, made once."""
    found = {}

    def make(name: str):
        if name not in found:
            found[name] = CORPUS[name].make(tmp_path_factory.mktemp("hostile"))
        return found[name]

    return make


@pytest.mark.parametrize(("name", "reader"), TRIES, ids=[f"{name}-{reader}" for name, reader in CASES])
def test_a_hostile_file_is_refused_in_one_line_or_read(name, reader, made):
    path = made(name)
    found = guard.run("tests.hostile.readers:read", reader, str(path))
    assert found.kind in ("done", "refused"), found.text
    assert found.peak_mb < MOST_MB and found.cpu_s < MOST_CPU_S, found
    assert "\n" not in found.text and "Traceback" not in found.text
    if found.kind == "refused":  # says of which object; what follows an edit's number is a plan's own words
        assert str(path.parent) in found.text or reader in ("plan", "rubric"), found.text


@pytest.mark.thorough
@pytest.mark.parametrize(
    "index", range(len(fuzz.TARGETS)), ids=[f"{t[0]}-{t[1].rpartition('/')[2]}" for t in fuzz.TARGETS]
)
def test_a_file_broken_by_chance_is_refused_in_one_line_or_read(index, tmp_path):
    found = guard.run("tests.hostile.fuzz:fuzz", index, str(tmp_path), EXAMPLES)
    assert found.kind == "done", found.text
    told = json.loads(found.text)
    assert told["read"] + told["refused"] >= EXAMPLES
    assert told["refused"]


def test_all_formats_are_broken_and_all_readers_meet_the_corpus():
    from tests.hostile.readers import READERS

    assert {reader for _, reader in CASES} == {reader for _, reader in TURNS} == set(READERS)
    assert {target[0] for target in fuzz.TARGETS} == set(READERS) - {"surface"}  # read as terrain is
