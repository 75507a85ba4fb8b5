"""``faellesrum plan``: redevelopment plans before they are carried out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spatial.cli import options as cli_options
from spatial.cli.commands import Group, as_json, run, with_options
from spatial.cli.console import misused, progress
from spatial.cli.help import heard, language
from spatial.cli.paths import Read, WrittenFile, force
from spatial.core.messages import phrase

if TYPE_CHECKING:
    from spatial.analysis.inputs import Inputs
    from spatial.core.model import Estate
    from spatial.studies.plan_check import CheckedGround
    from spatial.texts.plan_check import Checked


def _sheet_of(out: Path) -> Path:
    """The PDF that is written for a name that was given."""
    return out if out.suffix.lower() == ".pdf" else out.with_name(f"{out.name}.pdf")


class PlanSheet(WrittenFile):
    """The sheet of a plan, and the picture beside it."""

    def files(self, target: Path) -> list[Path]:
        """The sheet and its picture."""
        sheet = _sheet_of(target)
        return [sheet, sheet.with_suffix(".png")]


@click.group(cls=Group)
@heard
def command() -> None:
    """Redevelopment plans, before they are carried out."""


@command.command("check")
@click.argument("plan", type=Read())
@with_options(run.INPUTS)
@with_options([language])
@click.option("--out", type=PlanSheet())
@force
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
    which = cli_options.estate_options(options)
    if osm is None and plan.suffix.lower() != ".dxf":
        raise misused(phrase("commands.choose_osm"))
    from spatial.analysis.inputs import InputFiles, Inputs
    from spatial.core.errors import InputError
    from spatial.osm import extract as osm_extract
    from spatial.plans import reading
    from spatial.sources.offline import offline_if
    from spatial.studies import plan_check

    if plan.suffix.lower() == ".dxf":
        estate = cli_options.read_estate(which, margin_m=margin_m, reach_m=reach_m)
        click.echo(_guessed(plan, estate, lang=lang, as_json=as_json))
        return
    with offline_if(offline), progress(lang) as tell:
        estate = cli_options.read_estate(which, margin_m=margin_m, reach_m=reach_m)
        intended, unread = reading.read_plan_and_faults(plan, estate)
        extract = osm_extract.find_extract(str(osm), estate, refresh=refresh, tell=tell)
        files = InputFiles(extract, layers, complete)
        inputs = Inputs.read(estate, files, tell)
        checked = plan_check.check_plan(inputs, intended, unread, tell)
        if out is not None:
            _draw(out, checked, inputs, lang=lang)
    click.echo(_said(checked.told, estate, lang=lang, as_json=as_json))
    if checked.told.faults:
        raise InputError("commands.faults", plan=intended.name, n=len(checked.told.faults))


@command.command("new")
@click.argument("out", type=WrittenFile(".gpkg"))
@click.option("--crs", default="EPSG:25832", show_default=True)
@with_options([language])
@force
def new(out: Path, crs: str, lang: str) -> None:
    """Write an empty plan to be drawn in QGIS: areas, lines and points, each with a form in words."""
    from spatial.core import outputs
    from spatial.core.crs import require_metric
    from spatial.core.languages import texts
    from spatial.maps import plan_form

    known, target = require_metric(crs, "--crs"), out.with_suffix(".gpkg")
    outputs.write_file(target, lambda path: plan_form.write_empty_plan(path, known, lang=lang))
    click.echo(texts(lang)["plan_form"]["written"].format(path=target))


def _guessed(drawing: Path, estate: Estate, *, lang: str, as_json: bool) -> str:
    """The mapping that is guessed of a drawing."""
    import json

    from spatial.plans import layer_guess
    from spatial.texts import drawing_guess

    guess = layer_guess.guess_mapping(drawing, estate)
    if as_json:
        return json.dumps(drawing_guess.guess_as_data(guess), ensure_ascii=False, indent=1)
    return drawing_guess.guess_as_toml(guess, lang=lang)


def _said(told: Checked, estate: Estate, *, lang: str, as_json: bool) -> str:
    import json

    from spatial.texts import plan_check

    if as_json:
        return json.dumps(plan_check.plan_check_as_data(told, lang=lang), ensure_ascii=False, indent=1)
    return plan_check.plan_check_in_words(told, estate, lang=lang)


def _draw(out: Path, checked: CheckedGround, inputs: Inputs, *, lang: str) -> None:
    from spatial.core import outputs
    from spatial.maps.sheet import plan as sheet_plan
    from spatial.maps.sheet import sitemap
    from spatial.texts import plan_check

    told = checked.told
    edits = [
        sheet_plan.Drawn(
            one.number,
            one.edit.layer if one.edit.layer == "construction" else one.edit.action,
            one.before,
            one.after,
            plan_check.edit_in_words(one, lang=lang),
        )
        for one in told.found
    ]
    target = _sheet_of(out)
    sources = [raw.provenance for raw in (inputs.osm, *inputs.registers)]
    document = sheet_plan.typeset_plan(
        inputs.estate,
        checked.today.by_name(),
        edits,
        sheet_plan.Remarks(
            [fault.said(lang) for fault in told.faults],
            [plan_check.unsaid_in_words(one, lang=lang) for one in told.unsaid],
        ),
        name=told.plan.name,
        credit=sheet_plan.Credit(
            list(dict.fromkeys(source.attribution for source in sources)),
            max((source.data_date[:10] for source in sources if source.data_date), default=None),
        ),
        lang=lang,
    )
    with outputs.whole_file(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        sitemap.write_sheet(document, target)


# Margin and reach are options of the analysis; here they say where a plan may lie.
check.params.extend(run.picked(run.ANALYSIS, ("margin_m", "reach_m")))
