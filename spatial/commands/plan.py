"""``faellesrum plan``: redevelopment plans before they are carried out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spatial.commands import Group, _estate, as_json, heard, language, progress, run, with_options
from spatial.commands._console import misused
from spatial.phrases import phrase

if TYPE_CHECKING:
    from spatial.model import Estate, Plan


@click.group(cls=Group)
@heard
def command() -> None:
    """Redevelopment plans, before they are carried out."""


@command.command("check")
@click.argument("plan", type=click.Path(path_type=Path))
@with_options(run.INPUTS)
@with_options([language])
@click.option("--out", type=click.Path(path_type=Path))
@with_options([as_json])
def check(
    plan: Path,
    osm: str | None,
    layers: Sequence[str],
    complete: Sequence[str],
    refresh: bool,
    offline: bool,
    margin_m: float,
    reach_m: float,
    lang: str,
    out: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Say what was understood of a plan, feature by feature, and whether it fits the estate; draw it."""
    which = _estate.taken(options)
    if osm is None:
        raise misused(phrase("commands.choose_osm"))
    from spatial.errors import InputError
    from spatial.sources import offline as network
    from spatial.sources import osm as openstreetmap
    from spatial.sources import plan_file

    with network.only(offline), progress(lang) as tell:
        estate = _estate.read(which, margin_m=margin_m, reach_m=reach_m)
        intended = plan_file.read(plan, estate)
        extract = openstreetmap.extract(osm, estate, refresh=refresh, tell=tell)
        faults, said = _checked(intended, estate, extract, layers, complete, out, lang=lang, tell=tell, as_json=as_json)
    click.echo(said)
    if faults:
        raise InputError("commands.faults", plan=intended.name, n=len(faults))


def _checked(
    plan: Plan,
    estate: Estate,
    extract: Any,
    layers: Sequence[str],
    complete: Sequence[str],
    out: Path | None,
    *,
    lang: str,
    tell: Any,
    as_json: bool,
) -> tuple[list[str], str]:
    import json

    from spatial import config, gathering, plan_understood, scenario
    from spatial.clock import Clock
    from spatial.layers import canonical

    rules, clock = config.tag_rules(), Clock(tell)
    ground = gathering.ground(estate, rules, clock, osm=extract, layers=layers, complete=complete)
    raw = ground.one.raw
    faults = scenario.problems(raw, plan, estate, lang=lang)
    today, done = canonical(raw, rules, estate.crs), None
    if not faults:
        after = scenario.apply(raw, plan, estate)
        done = after, canonical(after, rules, estate.crs)
    found = plan_understood.of(raw, plan, estate, today, done=done)
    if out is not None:
        _draw(out, estate, today, found, faults, ground, name=plan.name, lang=lang)
    if as_json:
        return faults, json.dumps(plan_understood.data(plan, found, faults, lang=lang), ensure_ascii=False, indent=1)
    return faults, plan_understood.text(plan, estate, found, faults, lang=lang)


def _draw(
    out: Path, estate: Estate, today: Any, found: Any, faults: list[str], ground: Any, *, name: str, lang: str
) -> None:
    from spatial import plan_understood
    from spatial.render import files, plan_sheet, sitemap

    edits = [
        plan_sheet.Drawn(
            one.number,
            one.edit.layer if one.edit.layer == "construction" else one.edit.action,
            one.before,
            one.after,
            plan_understood.sentence(one, lang=lang),
        )
        for one in found
    ]
    target = out if out.suffix.lower() == ".pdf" else out.with_name(f"{out.name}.pdf")
    sources = [raw.provenance for raw in (ground.alone, *ground.registers)]
    document = plan_sheet.pdf(
        estate,
        today,
        edits,
        faults,
        name=name,
        sources=list(dict.fromkeys(source.attribution for source in sources)),
        data_date=max((source.data_date[:10] for source in sources if source.data_date), default=None),
        lang=lang,
    )
    with files.written(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        sitemap.write(document, target)


# Margin and reach are options of the analysis; here they say where a plan may lie.
check.params.extend(run.picked(run.ANALYSIS, ("margin_m", "reach_m")))
