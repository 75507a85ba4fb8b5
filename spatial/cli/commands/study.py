"""``faellesrum study``: freeze a study of counts before going out, and hold what came of it against what was frozen."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from spatial.cli.commands import Group, output, with_options
from spatial.cli.help import heard, language
from spatial.cli.options import LEFT_OPEN, READING, Decimal, Whole
from spatial.cli.paths import NewFile, Read, WrittenFile, WrittenFolder, force


@click.group(cls=Group)
@heard
def command() -> None:
    """Studies of counts: frozen before, and held against what was frozen after."""


# Variances of Seattle's survey of 2018, by the model without a score (docs/observations.md).
@command.command("plan")
@click.argument("run", type=Read())
@click.option("--title", required=True)
@click.option("--author", "authors", multiple=True, required=True)
@click.option("--version", default="1.0", show_default=True)
@click.option("--date", "day", type=click.DateTime(["%Y-%m-%d"]))
@click.option("--effect", type=Decimal(min=1, max=10), default=1.2, show_default=True)
@click.option("--people", type=Decimal(min=0, max=1000), default=4.4, show_default=True)
@click.option("--tau", type=Decimal(min=0, max=5), default=1.2, show_default=True)
@click.option("--alpha", type=Decimal(min=0, max=10), default=0.24, show_default=True)
@click.option("--worlds", type=Whole(min=2, max=10_000), default=100, show_default=True)
@click.option("--seed", type=Whole(min=0), default=20250201, show_default=True)
@click.option("--inside", is_flag=True)
@output
@force
@language
def plan(
    run: Path,
    authors: tuple[str, ...],
    day: datetime | None,
    people: float,
    tau: float,
    alpha: float,
    out: Path,
    lang: str,
    **asked: Any,
) -> None:
    """Freeze hypothesis, places, schedule and analysis, and say what the study can show."""
    from spatial.observations.design import Variances
    from spatial.studies import preregistration

    frozen_on = f"{day or date.today():%Y-%m-%d}"
    spread = Variances(people, tau, alpha)
    study = preregistration.Asked(authors=authors, day=frozen_on, spread=spread, **asked)
    click.echo(preregistration.plan_into(run, out, study, lang=lang))


@command.command("report")
@click.argument("study", type=Read())
@click.argument("run", type=Read())
@click.argument("counts", nargs=-1, required=True, type=Read())
@click.option("--digest")
@click.option("--exploratory", is_flag=True)
@with_options(READING)
@click.option("--out", type=WrittenFolder())
@click.option("--keep-visits", type=NewFile())
@force
@language
def report(
    study: Path,
    run: Path,
    counts: tuple[Path, ...],
    digest: str | None,
    exploratory: bool,
    mapping: Path | None,
    out: Path | None,
    keep_visits: Path | None,
    lang: str,
    **said: Any,
) -> None:
    """Carry out the frozen analysis on counts, or refuse where it is no longer the one that was frozen."""
    from spatial.reports.observations import check_local
    from spatial.studies import preregistration

    if keep_visits is not None:  # before the analysis, which takes a while
        check_local(keep_visits, study, run, *([out] if out else []))
    said = {name: said[name] for name in LEFT_OPEN}
    came = preregistration.report_on(
        study, run, counts, told_digest=digest, exploratory=exploratory, mapping=mapping, said=said
    )
    click.echo(preregistration.report_into(came, out, keep_visits, [study, run], lang=lang))


@command.command("ratings")
@click.argument("run", type=Read())
@click.argument("files", nargs=-1, required=True, type=Read())
@language
def ratings(run: Path, files: tuple[Path, ...], lang: str) -> None:
    """Say how far trained raters agree on each aspect, and how far with our scores."""
    from spatial.studies import judgements

    click.echo(judgements.ratings_told(run, files, lang=lang))


@command.command("openness")
@click.argument("files", nargs=-1, required=True, type=Read())
@click.option("--out", type=WrittenFile(), required=True)
@force
@language
def openness(files: tuple[Path, ...], out: Path, lang: str) -> None:
    """Write the choices of tags with the neutrality of activities that residents' answers give."""
    from spatial.studies import judgements

    click.echo(judgements.openness_into(out, files, lang=lang))
