"""A result into its folder, whole or not at all, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from spatial import before_after
from spatial.analysis import Analysis, Estate
from spatial.clock import Clock
from spatial.comparison import Comparison
from spatial.press import Drawn, Order, Press, now

if TYPE_CHECKING:
    from spatial.render._web_observed import Observed


def save(
    analysis: Analysis,
    out: str | Path,
    *,
    lang: str = "da",
    pdf: bool = False,
    today: Analysis | None = None,
    found: Comparison | None = None,
    progress: Callable[[str], None] | None = None,
    press: Press | None = None,
) -> Analysis:
    """Write a result into a folder: all of its files, or none; with ``pdf`` the report as PDF as well.

    ``today`` is the result without the plan, where there is one: the map then shows before and after.
    ``found`` is their comparison; without it, it is made. A ``press`` draws meanwhile.

    Returns
    -------
    Analysis
        The same result, with the timings of writing and the time of making in its manifest.

    Raises
    ------
    InputError
        If the folder cannot be made or written.
    """
    from spatial.render import files as folder
    from spatial.render import relief, tables

    clock = Clock(progress)
    made_at = now() if press is None else press.made_at
    made = {**analysis.manifest, "made_at": made_at, "lang": lang}
    timed = replace(analysis, manifest=made)
    order = Order(timed, *before_after.for_map(timed, today, found), lang=lang, pdf=pdf)
    with folder.whole(Path(out)) as draft:
        drawn = Drawn(order) if press is None else press.finish(order)
        with clock.stage("tables"):
            tables.scores(timed, draft / "scores.csv")
            tables.evidence(timed, draft / "evidence.parquet")
            tables.lenses(timed, draft / "lenses.csv")
            tables.lens_evidence(timed, draft / "lens_evidence.parquet")
            tables.lens_homes(timed, draft / "lens_homes.parquet")
            tables.reach(timed, draft / "reach.parquet")
            tables.facts(timed, draft / "facts.parquet")
            tables.field_checks(timed.field_checks, timed, draft / "field_checks.csv", lang=lang)
            tables.lineage(timed, draft / "lineage.parquet")
            if timed.terrain is not None:
                relief.write(timed.terrain, draft / "terrain.tif")
        with clock.stage("drawings"):
            for name, content in drawn.contents().items():
                (draft / name).write_bytes(content)
        timed = replace(timed, manifest=made | {"timings": {**made["timings"], **clock.seconds}})
        tables.manifest(timed, draft / "manifest.json")
    return timed


def load(folder: str | Path) -> Analysis:
    """Read a finished run back from its folder.

    Raises
    ------
    SourceUnavailable, SourceFormatError
        If the folder does not hold a finished run, or one of another version.
    """
    from spatial.sources import finished

    found = vars(finished.read(Path(folder)))
    return Analysis(**found | {"estate": Estate(**vars(found["estate"]))})


def redraw(folder: Path, *, lang: str = "da", tiles: str | None = None, out: Path | None = None) -> Path:
    """Draw the map of a finished run again, with all that its folder holds by now; return the file.

    Parameters
    ----------
    folder
        Of a finished run.
    tiles
        Address of an online base map; see ``spatial.render.web_map.build``.
    out
        File to write. Default: ``map.html`` in the folder.

    Raises
    ------
    SpatialError
        If the folder holds no finished run, or the file cannot be written.
    """
    from spatial.render import files, web_map

    path = out or folder / "map.html"
    result = load(folder)
    without = (result.manifest.get("plan") or {}).get("today")
    today = load(folder / without) if without and (folder / without).is_dir() else None
    drawn, options = before_after.for_map(result, today)
    with files.written(path):
        web_map.render(drawn, path, lang=lang, tiles=tiles, observed=_observed(folder, result), **options)
    return path


def _observed(folder: Path, result: Analysis) -> Observed | None:
    """What was published of observations laid over the run in this folder."""
    from spatial.render._web_observed import Observed
    from spatial.sources import finished

    units = finished.observed(folder)
    if units is None:
        return None
    said = result.manifest["observations"]
    return Observed(units, by=said["by"], k=said["k"])
