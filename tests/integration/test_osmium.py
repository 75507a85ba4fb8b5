"""osmium-tool from Debian's packages applies what is given back, and a run on the outcome gives the same scores."""

from __future__ import annotations

import re
import shutil
import subprocess

import pandas as pd
import pytest

from tests.command import call, run_town
from tests.observed import table as csv_of

pytestmark = pytest.mark.integration


def test_osmium_applies_the_changes_and_the_scores_are_those_of_the_answers(inputs, finished, tmp_path):
    program = shutil.which("osmium")
    assert program is not None, "install osmium-tool (Debian, Ubuntu: apt-get install osmium-tool)"
    rows = [
        ["2026-05-04", f"osm:{name}#{fact}", value]
        for name in ("node/20", "node/26", "way/6")
        for fact, value in (("access", "yes"), ("fee", "no"), ("fence", "no"), ("hours", "24/7"))
    ]
    file = csv_of(tmp_path / "answers.csv", rows, ["checked_on", "check", "answer"])
    assert call("giveback", finished, "--answers", file, "--out", tmp_path / "back").code == 0
    changed = tmp_path / "changed.osm"
    words = [program, "apply-changes", inputs[1], tmp_path / "back" / "changes.osc", "-o", changed]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    text = changed.read_text(encoding="utf-8")
    assert text.count('k="fenced"') == 3
    # osmium leaves out the box of what the extract covers.
    (box,) = re.findall("<bounds.*?/>", inputs[1].read_text(encoding="utf-8"))
    assert "<bounds" not in text
    changed.write_text(re.sub("(<osm .*?>)", rf"\1{box}", text, count=1), encoding="utf-8")
    assert run_town(inputs, tmp_path / "told", "--field-checks", file).code == 0
    assert run_town((inputs[0], changed), tmp_path / "mapped").code == 0
    told, mapped = (pd.read_csv(tmp_path / name / "scores.csv").set_index("place_id") for name in ("told", "mapped"))
    pd.testing.assert_frame_equal(told.drop(columns="source_id"), mapped.drop(columns="source_id"), rtol=0, atol=1e-9)
