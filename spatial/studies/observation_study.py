"""Observations laid over finished runs: files in, pages, tables and calibrated weights out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from spatial.analysis import loading
from spatial.core.crs import WGS84
from spatial.core.languages import texts
from spatial.core.model import Result
from spatial.core.outputs import replace_files, whole_file, whole_folder
from spatial.observations import calibration, disclosure, overlay
from spatial.observations.facts import observation_facts
from spatial.observations.looking import Look, looks, mapping_text
from spatial.observations.study import (
    SPACE,
    Observed,
    Read,
    calibrate_weights,
    exact,
    observe,
    read_observations_for,
)
from spatial.reports import observations as reports_observations
from spatial.reports.local_counts import exact_in_words
from spatial.settings.observation_columns import STAYING, mapped
from spatial.sources import text_tables


@dataclass(frozen=True)
class OwnFiles:
    """New files of the user's own, outside the results: what was left at the door, and exact counts by visit.

    ``others`` are other finished runs with their files of counts, which go into one model with these visits.
    """

    sensitive: Path | None = None
    visits: Path | None = None
    others: tuple[tuple[Path, Path], ...] = ()


# What follows the name of a file of counts in that of its mapping file.
MAPPING = ".mapping.toml"


def calibrate_into(
    path: Path,
    runs: Sequence[tuple[Path, Path]],
    *,
    mapping: Path | None,
    said: Mapping[str, str | None],
    seed: int,
    lang: str,
) -> str:
    """Fit weights to the counts of several finished runs, write them as a rubric, and say what they are.

    Parameters
    ----------
    path
        Rubric to write: the bundled one with these weights of the aspects, and how they were found.
    runs
        Folder of a finished run and its file of counts.
    """
    read_in = []
    for folder, file in runs:
        result = loading.read_run(folder)
        read_in.append((result, read_observations_for(result, [file], mapping=mapping, said=said)))
    found = calibrate_weights(read_in, seed=seed)
    with whole_file(path):
        replace_files({path: reports_observations.rubric_with(found.table, _basis(found)).encode()})
    return reports_observations.weights_text(found.table, found.left_out, found.surveys, found.spaces, path, lang=lang)


def look_into(
    path: Path, *, mapping: Path | None, said: Mapping[str, str | None], lang: str
) -> tuple[list[Look], Path, bool]:
    """Say how a file of counts is understood, and write a mapping file beside it where there is none.

    Returns
    -------
    looks, mapping, written
        The tables, where the mapping file is, and whether it was written now; one that is there stays.

    Raises
    ------
    SpatialError
        If the file cannot be read, or the mapping file cannot be written.
    """
    settings = mapped(mapping, said)
    sheets, _, _ = text_tables.read_tables(path, mapped=settings, crs=WGS84)
    found = looks(sheets, settings)
    target = path.with_name(f"{path.stem}{MAPPING}")
    if target.exists():
        return found, target, False
    say = texts(lang)["observe"]["look"]
    with whole_file(target):
        text = mapping_text(found, say["heading"].format(name=path.name), say["without"])
        replace_files({target: text.encode()})
    return found, target, True


def _basis(found: calibration.Calibrated) -> str:
    return (
        f"Weights of the aspects fitted to {found.surveys} counts of people staying at {found.spaces} meeting spaces "
        f"in {len(found.left_out)} estates; the bundled weights pulled with {found.pull:g} of the data's own weight."
    )


def observed_pages(observed: Observed) -> reports_observations.Shown:
    """What may be drawn and written of observations; exact counts and positions stay behind."""
    whole = observed.publication.cells
    whole = whole[(whole["by"] == overlay.ALL) & (whole["kind"] == STAYING) & ~whole["withheld"]]
    enough = observed.check.enough and observed.by == SPACE
    residuals = {
        str(space): str(word)
        for space, word in observed.check.residuals.items()
        if enough and space in set(whole["unit_id"])
    }
    return reports_observations.Shown(
        result=observed.result,
        cells=observed.publication.cells,
        map=observed.publication.map,
        residuals=residuals,
        rejected=observed.read.observations.rejected,
        facts=observation_facts(observed),
        provenance=observed.read.provenance,
    )


def overlay_into(
    folder: Path,
    files: Sequence[Path],
    *,
    mapping: Path | None = None,
    said: Mapping[str, str | None] = MappingProxyType({}),
    lang: str = "da",
    own: OwnFiles | None = None,
    **options: Any,
) -> tuple[dict[str, Any], str]:
    """Lay files of observations over the finished run in a folder, and write what may be shown into it.

    Returns
    -------
    facts, exact
        What is said of the observations, and what exact counts say where the user keeps them; else an empty text.

    Raises
    ------
    SpatialError
        If the run or a file cannot be read, or the folder cannot be written.
    """
    disclosure.smallest_count(options.get("k"), options.get("k_reason"))
    result = loading.read_run(folder)
    found = read_observations_for(result, files, mapping=mapping, join_m=options.get("join_m"), said=said)
    beside = [_observed_there(run, file, mapping, said) for run, file in (own.others if own else ())]
    return write_observed(result, found, folder, own=own, beside=beside, lang=lang, **options)


def _observed_there(folder: Path, file: Path, mapping: Path | None, said: Mapping[str, str | None]) -> Observed:
    """Counts over another finished run, of which nothing is written."""
    result = loading.read_run(folder)
    return observe(result, read_observations_for(result, [file], mapping=mapping, said=said))


def write_observed(
    result: Result,
    found: Read,
    folder: Path,
    *,
    own: OwnFiles | None = None,
    beside: Sequence[Observed] = (),
    lang: str = "da",
    **options: Any,
) -> tuple[dict[str, Any], str]:
    """Lay observations over a run and write what may be shown beside it; see ``overlay_into``."""
    observed, kept = observe(result, found, **options), own or OwnFiles()
    drawn, said = observed_pages(observed), ""
    with whole_folder(folder) as draft:
        reports_observations.render_observations(drawn, draft, lang=lang)
        reports_observations.with_manifest(result.manifest, drawn.facts, drawn.provenance, draft / "manifest.json")
        if kept.sensitive is not None:
            reports_observations.keep_local(found.left, kept.sensitive, folder)
        if kept.visits is not None:
            told = exact(observed, *beside)
            reports_observations.keep_local(told.visits, kept.visits, folder)
            said = exact_in_words(told, lang)
    return dict(drawn.facts), said
