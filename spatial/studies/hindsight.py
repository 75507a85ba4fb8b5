"""A plan after it is built: folders of finished runs and files of counts in, a table and sentences out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from spatial.analysis import loading
from spatial.core import files, outputs
from spatial.core.errors import InputError
from spatial.core.model import Result
from spatial.observations import overlay
from spatial.observations.study import observe, read_observations_for
from spatial.plans import hindsight
from spatial.settings.observation_columns import STAYING
from spatial.texts import hindsight as texts_hindsight

TABLE, PROMISED = "hindsight.csv", "promised.csv"


@dataclass(frozen=True)
class LookedBack:
    """A forecast held against now, with the results that it rests on."""

    found: hindsight.Hindsight
    today: Result
    forecast: Result
    now: Result


def look_back(plan: Path, run: Path, counts: Sequence[Path] = (), **as_said: Any) -> LookedBack:
    """Hold the forecast in the folder of a plan against a run of now, and files of counts.

    ``as_said`` is how counts are read, as ``read_observations_for`` takes it.

    Raises
    ------
    SpatialError
        If a folder or file cannot be read, the first holds no plan, or the runs are not of one estate.
    """
    forecast = loading.read_run(plan)
    name = (forecast.manifest.get("plan") or {}).get("today")
    if not name:
        raise InputError("commands.no_plan", folder=plan)
    today, now = loading.read_run(plan / str(name)), loading.read_run(run)
    published = _published(now, counts, **as_said) if counts else None
    return LookedBack(hindsight.look_back(today, forecast, now, published), today, forecast, now)


def _published(now: Result, counts: Sequence[Path], **as_said: Any) -> pd.DataFrame:
    """What may be published of people staying, by meeting space."""
    cells = observe(now, read_observations_for(now, counts, **as_said)).cells
    whole = cells[(cells["by"] == overlay.ALL) & (cells["kind"] == STAYING)]
    return whole.set_index("unit_id")[["visits", "people", "per_visit", "withheld"]]


def write(looked: LookedBack, folder: Path, *, lang: str) -> None:
    """Write the table of places and that of what was promised: all or none."""
    with outputs.whole_folder(folder) as draft:
        files.write_csv(
            texts_hindsight.named(looked.found, looked.forecast, looked.now, lang), draft / TABLE, index=False
        )
        files.write_csv(looked.found.promised, draft / PROMISED, index=False)
