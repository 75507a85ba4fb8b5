"""``faellesrum run``: from extract and boundary to the scored map."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spatial.commands import (
    _compared,
    _completing,
    _estate,
    _planned,
    as_json,
    language,
    output,
    progress,
    with_options,
)
from spatial.commands._console import misused
from spatial.commands._number import Decimal, Whole
from spatial.phrases import phrase

if TYPE_CHECKING:
    from spatial.analysis import Analysis
    from spatial.model import Estate
    from spatial.sources.osm import Extract

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
    *_estate.OPTIONS,
    click.option("--osm"),
    click.option("--layer", "layers", multiple=True, shell_complete=_completing.layers),
    click.option("--complete", multiple=True, shell_complete=_completing.layers),
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
            **{name: options[name] for name in options if name not in _estate.NAMES},
        )
        return
    which = _estate.taken(options)
    if osm is None:
        raise misused(phrase("commands.choose_inputs"))
    analyse(which, osm, layers, complete, **options)


def _only_frozen(ctx: click.Context) -> None:
    """Refuse options that say an input which the frozen ones say already; what is declared of a layer is no input."""
    said = {*_estate.NAMES, "osm", "layers", "refresh", "margin_m", "reach_m", "terrain", "surface"}
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
    from spatial import second
    from spatial.folders import alone
    from spatial.sources import ahead
    from spatial.sources import offline as network

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
    online = network.only(offline or frozen is not None)
    with alone(out), online, progress(lang) as tell, second.started() as other:
        other.ask(ahead.make_ready)
        around = {"margin_m": margin_m, "reach_m": reach_m}
        estate, extract, frozen_too = (
            _asked_for(which, osm, around, refresh=refresh, tell=tell) if frozen is None else _from_frozen(frozen)
        )
        given |= frozen_too | {"progress": tell}
        reading = ahead.read(extract, estate, other)
        from spatial import outputs, pipeline
        from spatial.press import Press

        press = Press(other, lang)
        pipeline.make_ready()
        if plan is None:
            analysis, compared = pipeline.analyse(estate, osm=reading, scored=press.begin, **given), None
        else:
            weighed = _planned.states(estate, reading.result(), plan, given, phase=phase, phases=phases, today=TODAY)
            analysis, compared = weighed.then, _beside_today(weighed, out, lang, tell)
        if observations:
            from spatial import observing
        counts = observing.read_for(analysis, observations) if observations else None
        beside: dict[str, Any] = {} if compared is None else {"today": compared.today, "found": compared.found}
        saved = outputs.save(analysis, out, lang=lang, pdf=pdf, progress=tell, press=press, **beside)
        if counts is not None:
            observing.write(saved, counts, out, lang=lang)
            outputs.redraw(out, lang=lang)
        if compared is not None:
            tell("report")
            compared.then = saved
            compared.write(out, lang, pdf=pdf, with_map=False)
    _say(analysis, compared, out, lang, machine=as_json)


def _asked_for(
    which: dict[str, Any], osm: str | Path, around: dict[str, float], *, refresh: bool, tell: Callable[[str], None]
) -> tuple[Estate, Extract, dict[str, Any]]:
    """The estate and the extract that the options name."""
    from spatial.sources import osm as openstreetmap

    estate = _estate.read(which, **around)
    return estate, openstreetmap.extract(osm, estate, refresh=refresh, tell=tell), {}


def _from_frozen(frozen: Path) -> tuple[Estate, Extract, dict[str, Any]]:
    """The estate and the extract of frozen inputs, and what else was frozen with them."""
    from spatial.sources import frozen as folder

    inputs = folder.read(frozen)
    return inputs.estate, inputs.osm, {"layers": inputs.layers, **inputs.models}


def _beside_today(weighed: _planned.States, out: Path, lang: str, tell: Callable[[str], None]) -> _compared.Compared:
    """Write the estate as it is, and as it is in each phase; what the plan does to it."""
    from spatial import outputs

    today = outputs.save(weighed.today, out / TODAY, lang=lang, progress=tell)
    for k, state in enumerate(weighed.phases, 1):
        outputs.save(state, out / _planned.folder(k), lang=lang, progress=tell)
    tell("compare")
    return _compared.Compared(today, weighed.then, weighed.phases)


def _say(analysis: Analysis, compared: _compared.Compared | None, out: Path, lang: str, *, machine: bool) -> None:
    """Say where the sources are from, what to beware of, and what was found."""
    from spatial import strings
    from spatial.render import summary

    for line in source_lines(analysis.manifest["sources"], lang):
        click.echo(f"faellesrum: {line}", err=True)
    for warning in analysis.manifest["warnings"]:
        click.echo(f"faellesrum: {strings.warning(warning, lang)}", err=True)
    found = summary.of(analysis, out, lang=lang)
    if compared is not None:
        found["plan"] = compared.said
    click.echo(summary.as_json(found) if machine else summary.text(found, lang=lang))
    if compared is not None and not machine:
        click.echo(compared.text(lang))


def source_lines(sources: list[dict[str, Any]], lang: str) -> Iterator[str]:
    """Say of what a service delivered how old it is."""
    from spatial import strings

    say = strings.texts(lang)["overpass"]
    for source in sources:
        if source.get("query") and source["source_id"] == "osm":
            days = (datetime.now(UTC) - datetime.fromisoformat(source["retrieved_at"])).days
            age = say["today"] if not days else say["one_day"] if days == 1 else say["days"].format(days=days)
            base = source["timestamp_osm_base"] or say["unknown"]
            yield say["age"].format(base=base, date=source["retrieved_at"][:10], age=age)
