"""Score many areas from one big extract: read once, each area a task, one overview."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from spatial.batch import area, dask_workers
from spatial.batch.area import Outcome, Settings, Task
from spatial.core import marks, outputs
from spatial.core.errors import InputError, SpatialError
from spatial.core.files import sha256_of
from spatial.core.messages import phrase
from spatial.core.model import WALK_LIMIT_M, Estate
from spatial.core.versions import code_digest, versions
from spatial.osm import partitions
from spatial.sources import boundaries as sources_boundaries
from spatial.sources import rasters

Tell = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Summary:
    """What a batch came to: how many areas, done now and before, and what went wrong by area."""

    areas: int
    done: int
    done_before: int
    failed: tuple[tuple[str, str], ...]


def run(  # noqa: PLR0913 (the public signature)
    *,
    osm: Path,
    areas: Path,
    out: Path,
    settings: Settings | None = None,
    margin_m: float = 250.0,
    reach_m: float = WALK_LIMIT_M,
    scheduler: str = dask_workers.LOCAL,
    worker_count: int | None = None,
    memory_limit: str = "2GB",
    tell: Tell | None = None,
) -> Summary:
    """Score all areas of a file from one extract; what an earlier batch did from the same inputs is kept.

    Parameters
    ----------
    osm
        A sorted ``.osm.pbf``, of a country say.
    areas
        A file with a polygon an area, and a column of names.
    out
        Folder for the results. With a scheduler elsewhere, all machines must see it under this path.
    scheduler, worker_count, memory_limit
        See ``spatial.batch.dask_workers.run_on_workers``.
    tell
        Called with the name of the stage, how many areas are done in it, and of how many.

    Returns
    -------
    Summary
        An area that cannot be done is told there and in the overview; the others are done all the same.

    Raises
    ------
    SpatialError
        If no area can be done: inputs that cannot be read, a full disk, a scheduler that does not answer.
    """
    dask_workers.require_dask(memory_limit)
    say = tell or (lambda stage, done, of: None)
    settings = _with_digests(settings or Settings())
    out = Path(out).absolute()
    read = sources_boundaries.read_areas(areas, margin_m=margin_m, reach_m=reach_m)
    estates = [one for _, one in read if isinstance(one, Estate)]
    unread = [(i, name, one) for i, (name, one) in enumerate(read, 1) if isinstance(one, SpatialError)]
    if not estates:
        raise InputError("batch.no_area", file=areas, first=unread[0][2] if unread else phrase("batch.none"))
    lang = settings.lang
    failed = {phrase("batch.row", area=name, row=i).said(lang): one.said(lang) for i, name, one in unread}
    say("batch_read", 0, len(read))
    _clean(out)
    extract = partitions.prepare(osm, estates, out / area.EXTRACT)
    tasks = _tasks(estates, extract, settings)
    before = {task.estate.id: row for task in tasks if (row := area.finished_area(out, task.estate.id, task.key))}
    todo = [task for task in tasks if task.estate.id not in before]
    _refuse_foreign(out, todo)
    say("batch_areas", len(before), len(read))
    rows = dict(before)
    if todo:
        outcomes = _outcomes(todo, out, settings, scheduler, worker_count, memory_limit)
        for task, outcome in outcomes:
            if outcome.stop:
                outcomes.close()
                _clean(out)
                raise InputError("batch.stopped", error=outcome.error, done=len(rows), areas=len(read))
            if outcome.row is not None:
                rows[task.estate.id] = dict(outcome.row)
            else:
                failed[task.estate.id] = str(outcome.error)
            say("batch_areas", len(rows) + len(failed), len(read))
    _clean(out)
    summary = Summary(len(read), len(rows), len(before), tuple(sorted(failed.items())))
    if todo or failed or not (out / MANIFEST).exists():
        _overview(out, estates, rows, failed, extract, settings, summary)
    return summary


MANIFEST = "batch.json"


def _with_digests(settings: Settings) -> Settings:
    """Settings with absolute paths, for machines that start elsewhere, and the digests of the files."""
    named = [(source, file) for source, _, file in (layer.partition("=") for layer in settings.layers)]
    live = [source for source, file in named if not file]
    if live:
        raise InputError("batch.live", source=live[0])
    models = [file for file in (*settings.terrain, *settings.surface) if rasters.live_source(file)]
    if models:
        raise InputError("batch.live_model", source=models[0])
    paths = [*(Path(file) for _, file in named), *settings.terrain, *settings.surface]
    paths += [one for one in (settings.rubric, settings.tags) if one]
    missing = [path for path in paths if not path.exists()]
    if missing:
        raise InputError("batch.missing", file=missing[0])
    return replace(
        settings,
        layers=tuple(f"{source}={Path(file).absolute()}" for source, file in named),
        terrain=tuple(path.absolute() for path in settings.terrain),
        surface=tuple(path.absolute() for path in settings.surface),
        rubric=settings.rubric.absolute() if settings.rubric else None,
        tags=settings.tags.absolute() if settings.tags else None,
        sha256=tuple((str(path.absolute()), sha256_of(path)) for path in paths),
    )


def _clean(out: Path) -> None:
    """Take away what a batch that was killed left half-written."""
    if marks.read_mark(out / area.DRAFTS) is not None:
        shutil.rmtree(out / area.DRAFTS, ignore_errors=True)
    outputs.restore(out / area.EXTRACT)


def _refuse_foreign(out: Path, todo: Sequence[Task]) -> None:
    """Refuse to replace tables of areas that no batch has written, as their records have it, unless that is allowed."""
    for task in () if marks.may_replace() else todo:
        known = area.recorded_files(out, task.estate.id)
        for name in area.file_names(task.estate.id):
            path = out / name
            if path.exists() and name not in known:  # what is known and was changed is made again
                raise InputError("folders.foreign", path=path)


def _tasks(estates: Sequence[Estate], extract: partitions.Prepared, settings: Settings) -> list[Task]:
    """Tasks, the largest first: what is long must not begin last."""
    sizes = partitions.rows_near(extract.folder, extract.parts, partitions.clips_of(estates))
    sha256 = str(extract.provenance.sha256)
    tasks = [
        Task(estate, area.area_key(estate, sha256, settings), size) for estate, size in zip(estates, sizes, strict=True)
    ]
    return sorted(tasks, key=lambda task: (-task.objects, task.estate.id))


def _outcomes(
    todo: Sequence[Task], out: Path, settings: Settings, scheduler: str, worker_count: int | None, memory_limit: str
) -> Any:
    """Each task with what became of it."""
    work = partial(area.run_area, out, settings, code_digest())
    drafts = out / area.DRAFTS
    if drafts.exists():
        raise InputError("folders.foreign", path=drafts)
    drafts.mkdir(parents=True)
    marks.write_mark(drafts, {})
    done = dask_workers.run_on_workers(
        work,
        todo,
        scheduler=scheduler,
        workers=min(worker_count or os.cpu_count() or 1, len(todo)),
        memory_limit=memory_limit,
        folder=drafts,
    )
    for task, found in done:
        if isinstance(found, dask_workers.WorkerError):
            died = phrase("batch.died", area=task.estate.name, times=dask_workers.DEATHS + 1)
            yield task, Outcome(error=died.said(settings.lang))
        elif isinstance(found, BaseException):
            fault = phrase("batch.fault", area=task.estate.name, kind=type(found).__name__, about=str(found))
            yield task, Outcome(error=fault.said(settings.lang))
        else:
            yield task, found


def _overview(
    out: Path,
    estates: Sequence[Estate],
    rows: dict[str, dict[str, Any]],
    failed: dict[str, str],
    extract: partitions.Prepared,
    settings: Settings,
    summary: Summary,
) -> None:
    """Write the overview, and what the batch was made from."""
    from dataclasses import asdict

    from spatial.reports import overview

    source = asdict(extract.provenance)
    boundaries = next((asdict(e.provenance) for e in estates if e.provenance), None)
    about = {
        "schema_version": 1,
        "sources": [source, boundaries],
        "settings": {name: str(value) for name, value in asdict(settings).items()},
        "margin_m": estates[0].margin_m,
        "reach_m": estates[0].reach_m,
        "versions": versions(),
        "program": code_digest(),
        "areas": summary.areas,
        "done": summary.done,
        "failed": dict(summary.failed),
        "partitions": len(extract.parts),
    }
    with outputs.whole_folder(out, swap=False) as draft:
        overview.render_overview(
            estates, rows, failed, extract.provenance, draft, lang=settings.lang, maps=settings.maps
        )
        text = json.dumps(about, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
        (draft / MANIFEST).write_text(text, encoding="utf-8")
