"""Extracts broken by chance: our reader and osmium agree, or both refuse."""

from __future__ import annotations

import json
import os

import pytest

from tests.amount import amount
from tests.hostile import guard
from tests.osm import broken

# All 300 with `make fuzz`; some of the same, in the same order, otherwise.
COUNT = int(os.environ.get("FAELLESRUM_BROKEN_EXTRACTS", amount(15, 40)))

pytestmark = [
    pytest.mark.thorough,
    pytest.mark.skipif(not hasattr(guard.resource, "RLIMIT_AS"), reason="needs limits of POSIX"),
]


@pytest.mark.parametrize("kind", broken.FORMATS)
def test_a_broken_extract_is_read_as_osmium_reads_it_or_refused(kind, tmp_path):
    found = guard.run("tests.osm.broken:compare", kind, str(tmp_path), COUNT)
    assert found.kind == "done", found.text
    told = json.loads(found.text)
    assert told["different"] == []
    assert told["read"] + told["refused"] == COUNT
    assert min(told["read"], told["refused"]) > 0
