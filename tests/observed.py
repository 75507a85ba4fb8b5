"""Made-up observations with a known truth, and files of them in the layouts that people have."""

from __future__ import annotations

import csv
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np

FIRST = datetime(2026, 5, 4, 8, 0)  # a Monday
HEAD = ["survey_id", "location_id", "survey_time_start", "survey_time_stop", "kind", "row_total"]


def visits(spaces, rate, *, seed=1, each=8, minutes=10):
    """Rows of counts at meeting spaces: Poisson around a rate an hour, at hours spread over days and the day."""
    rng = np.random.default_rng(seed)
    rows = []
    for space, per_hour in zip(spaces, rate, strict=True):
        for visit in range(each):
            start = FIRST + timedelta(days=visit % 7, hours=3 * (visit % 4), minutes=int(rng.integers(0, 50)))
            stop = start + timedelta(minutes=minutes)
            people = int(rng.poisson(per_hour * minutes / 60))
            rows.append([f"v{visit}", space, f"{start:%Y%m%d:%H%M}", f"{stop:%Y%m%d:%H%M}", "staying", people])
    return rows


def table(path: Path, rows, head=None) -> Path:
    """Write rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head or HEAD, *rows])
    return path
