"""``faellesrum batch``: many areas from one big extract."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from spatial.cli.commands import as_json, output, run
from spatial.cli.options import Whole
from spatial.cli.paths import Read, force

# What `run` takes and a batch takes as well, for all areas alike.
SHARED = ("layers", "complete", "terrain", "surface", "rubric", "tags", "seed", "lang", "margin_m", "reach_m")


@click.command()
@click.option("--osm", type=Read(), required=True)
@click.option("--areas", type=Read(), required=True)
@click.option("--scheduler", default="local", show_default=True)
@click.option("--workers", "worker_count", type=Whole(min=1))
@click.option("--memory-limit", default="2GB", show_default=True)
@click.option("--maps", is_flag=True)
@output
@force
@as_json
def command(
    osm: Path,
    areas: Path,
    scheduler: str,
    worker_count: int | None,
    memory_limit: str,
    maps: bool,
    out: Path,
    as_json: bool,
    layers: tuple[str, ...],
    complete: tuple[str, ...],
    terrain: tuple[Path, ...],
    surface: tuple[Path, ...],
    rubric: Path | None,
    tags: Path | None,
    seed: int,
    lang: str,
    margin_m: float,
    reach_m: float,
) -> None:
    """Score many areas from one extract; started again, it goes on where it was."""
    from spatial.batch import areas as batch_areas
    from spatial.batch.area import Settings
    from spatial.core.errors import InputError
    from spatial.reports import overview

    with _progress(lang) as tell:
        summary = batch_areas.run(
            osm=osm,
            areas=areas,
            out=out,
            settings=Settings(rubric, seed, lang, maps, layers, complete, terrain, surface, tags),
            margin_m=margin_m,
            reach_m=reach_m,
            scheduler=scheduler,
            worker_count=worker_count,
            memory_limit=memory_limit,
            tell=tell,
        )
    if as_json:
        said = {"areas": summary.areas, "done": summary.done, "done_before": summary.done_before}
        click.echo(json.dumps({**said, "failed": dict(summary.failed)}, ensure_ascii=False))
    else:
        click.echo(overview.overview_in_words(summary.areas, summary.done, summary.done_before, out, lang=lang))
    for name, error in summary.failed:
        click.echo(f"faellesrum: {name}: {error}", err=True)
    if summary.failed:
        raise InputError("batch.some", n=len(summary.failed), areas=summary.areas, table=out / overview.TABLE)


command.params += run.picked((*run.INPUTS, *run.ANALYSIS), SHARED)


@contextmanager
def _progress(lang: str) -> Iterator[Callable[[str, int, int], None] | None]:
    """Tell the stage and the count on standard error, on a terminal only; nothing of it stays."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console

    from spatial.core.languages import texts

    words = texts(lang)["batch"]
    with Console(stderr=True).status(words["start"]) as status:
        yield lambda stage, done, of: status.update(words[stage].format(done=done, of=of))
