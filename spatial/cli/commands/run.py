"""``faellesrum run``: from extract and boundary to the scored map."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spatial.cli import options as cli_options
from spatial.cli.commands import as_json, output, with_options
from spatial.cli.console import misused, progress
from spatial.cli.help import language
from spatial.cli.options import Decimal, Whole
from spatial.core.messages import phrase
from spatial.studies import plan_review

if TYPE_CHECKING:
    from spatial.analysis.result import Analysis
    from spatial.core.model import Estate, Extract


# Where a run with a plan keeps the result without it.
TODAY = "today"
# What the analysis itself takes; `demo` has these too.
ANALYSIS = (
    click.option("--terrain", type=click.Path(path_type=Path), multiple=True),
    click.option("--surface", type=click.Path(path_type=Path), multiple=True),
    click.option("--plan", type=click.Path(path_type=Path)),
    click.option("--phase", type=Whole(min=1)),
    click.option("--phases", is_flag=True),
    click.option("--field-checks", type=click.Path(path_type=Path)),
    click.option("--observations", type=click.Path(path_type=Path), multiple=True),
    click.option("--rubric", type=click.Path(path_type=Path)),
    click.option("--seed", type=Whole(min=0), default=20250201, show_default=True),
    language,
    click.option("--margin", "margin_m", type=Decimal(min=0, max=2000), default=250.0, show_default=True),
    click.option("--reach", "reach_m", type=Decimal(min=0, max=20000), default=1600.0, show_default=True),
    output,
    click.option("--pdf", is_flag=True),
    as_json,
)
INPUTS = (
    *cli_options.ESTATE_OPTIONS,
    click.option("--osm"),
    click.option("--layer", "layers", multiple=True, shell_complete=cli_options.layers),
    click.option("--complete", multiple=True, shell_complete=cli_options.layers),
    click.option("--refresh", is_flag=True),
    click.option("--offline", is_flag=True),
)


def picked(options: Sequence[Callable[..., Any]], names: Sequence[str]) -> list[click.Parameter]:
    """Those options that have these names, for a command that shares some of them."""
    probe = click.command()(with_options(options)(lambda **given: None))
    return [parameter for parameter in probe.params if parameter.name in names]


@click.command()
@with_options(INPUTS)
@click.option("--inputs", "frozen", type=click.Path(path_type=Path))
@with_options(ANALYSIS)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    osm: str | None,
    layers: Sequence[str],
    complete: Sequence[str],
    frozen: Path | None,
    **options: Any,
) -> None:
    """Score the places of an estate and draw the map."""
    if frozen is not None:
        _only_frozen(ctx)
        analyse(
            {},
            "",
            complete=complete,
            frozen=frozen,
            **{name: options[name] for name in options if name not in cli_options.ESTATE_OPTION_NAMES},
        )
        return
    which = cli_options.estate_options(options)
    if osm is None:
        raise misused(phrase("commands.choose_inputs"))
    analyse(which, osm, layers, complete, **options)


def _only_frozen(ctx: click.Context) -> None:
    """Refuse options that say an input which the frozen ones say already; what is declared of a layer is no input."""
    said = {*cli_options.ESTATE_OPTION_NAMES, "osm", "layers", "refresh", "margin_m", "reach_m", "terrain", "surface"}
    both = [
        parameter.opts[0]
        for parameter in ctx.command.params
        if parameter.name in said and ctx.get_parameter_source(parameter.name) is click.core.ParameterSource.COMMANDLINE
    ]
    if both:
        raise misused(phrase("commands.frozen", options=both))


def analyse(
    which: dict[str, Any],
    osm: str | Path,
    layers: Sequence[str] = (),
    complete: Sequence[str] = (),
    *,
    terrain: tuple[Path, ...],
    surface: tuple[Path, ...],
    plan: Path | None,
    phase: int | None,
    phases: bool,
    field_checks: Path | None,
    observations: tuple[Path, ...],
    rubric: Path | None,
    seed: int,
    lang: str,
    margin_m: float,
    reach_m: float,
    out: Path,
    pdf: bool,
    as_json: bool,
    refresh: bool = False,
    offline: bool = False,
    frozen: Path | None = None,
) -> None:
    """Run the analysis, write its folder, say what was found."""
    from spatial.core import parallel
    from spatial.core.files import locked_folder
    from spatial.osm import extract as osm_extract
    from spatial.sources import http

    if phases and (plan is None or phase is not None):
        raise misused(phrase("commands.phases"))
    given: dict[str, Any] = {
        "layers": layers,
        "complete": complete,
        "terrain": terrain or None,
        "surface": surface or None,
        "field_checks": field_checks,
        "rubric": rubric,
        "seed": seed,
    }
    online = http.only(offline or frozen is not None)
    with locked_folder(out), online, progress(lang) as tell, parallel.started() as other:
        other.ask(osm_extract.load_reader)
        around = {"margin_m": margin_m, "reach_m": reach_m}
        estate, extract, frozen_too = (
            _asked_for(which, osm, around, refresh=refresh, tell=tell) if frozen is None else _from_frozen(frozen)
        )
        given |= frozen_too | {"progress": tell}
        reading = osm_extract.read_ahead(extract, estate, other)
        from spatial.analysis import run, storage
        from spatial.analysis.storage import Press

        press = Press(other, lang)
        run.load_compiled()
        if plan is None:
            analysis, compared = run.analyse(estate, osm=reading, scored=press.begin, **given), None
        else:
            weighed = plan_review.run_states(
                estate, reading.result(), plan, given, phase=phase, phases=phases, today=TODAY
            )
            analysis, compared = weighed.then, _beside_today(weighed, out, lang, tell)
        if observations:
            from spatial.observations import study
            from spatial.studies import observation_study
        counts = study.read_observations_for(analysis, observations) if observations else None
        beside: dict[str, Any] = {} if compared is None else {"today": compared.today, "found": compared.found}
        saved = storage.save(analysis, out, lang=lang, pdf=pdf, progress=tell, press=press, **beside)
        if counts is not None:
            observation_study.write_observed(saved, counts, out, lang=lang)
            storage.redraw(out, lang=lang)
        if compared is not None:
            tell("report")
            compared.then = saved
            compared.write(out, lang, pdf=pdf, with_map=False)
    _say(analysis, compared, out, lang, machine=as_json)


def _asked_for(
    which: dict[str, Any], osm: str | Path, around: dict[str, float], *, refresh: bool, tell: Callable[[str], None]
) -> tuple[Estate, Extract, dict[str, Any]]:
    """The estate and the extract that the options name."""
    from spatial.osm import extract as osm_extract

    estate = cli_options.read_estate(which, **around)
    return estate, osm_extract.find_extract(osm, estate, refresh=refresh, tell=tell), {}


def _from_frozen(frozen: Path) -> tuple[Estate, Extract, dict[str, Any]]:
    """The estate and the extract of frozen inputs, and what else was frozen with them."""
    from spatial.analysis import snapshot

    inputs = snapshot.read_snapshot(frozen)
    return inputs.estate, inputs.osm, {"layers": inputs.layers, **inputs.models}


def _beside_today(
    weighed: plan_review.States, out: Path, lang: str, tell: Callable[[str], None]
) -> plan_review.Compared:
    """Write the estate as it is, and as it is in each phase; what the plan does to it."""
    from spatial.analysis import storage

    today = storage.save(weighed.today, out / TODAY, lang=lang, progress=tell)
    for k, state in enumerate(weighed.phases, 1):
        storage.save(state, out / plan_review.phase_folder(k), lang=lang, progress=tell)
    tell("compare")
    return plan_review.Compared(today, weighed.then, weighed.phases)


def _say(analysis: Analysis, compared: plan_review.Compared | None, out: Path, lang: str, *, machine: bool) -> None:
    """Say where the sources are from, what to beware of, and what was found."""
    from spatial.core import languages
    from spatial.texts import results

    for line in source_lines(analysis.manifest["sources"], lang):
        click.echo(f"faellesrum: {line}", err=True)
    for warning in analysis.manifest["warnings"]:
        click.echo(f"faellesrum: {languages.warning_text(warning, lang)}", err=True)
    found = results.summarise_run(analysis, out, lang=lang)
    if compared is not None:
        found["plan"] = compared.said
    click.echo(results.summary_as_json(found) if machine else results.summary_in_words(found, lang=lang))
    if compared is not None and not machine:
        click.echo(compared.text(lang))


def source_lines(sources: list[dict[str, Any]], lang: str) -> Iterator[str]:
    """Say of what a service delivered how old it is."""
    from spatial.core import languages

    say = languages.texts(lang)["overpass"]
    for source in sources:
        if source.get("query") and source["source_id"] == "osm":
            days = (datetime.now(UTC) - datetime.fromisoformat(source["retrieved_at"])).days
            age = say["today"] if not days else say["one_day"] if days == 1 else say["days"].format(days=days)
            base = source["timestamp_osm_base"] or say["unknown"]
            yield say["age"].format(base=base, date=source["retrieved_at"][:10], age=age)
