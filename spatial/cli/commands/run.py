"""``faellesrum run``: from extract and boundary to the scored map."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spatial.cli import options as cli_options
from spatial.cli import usual
from spatial.cli.commands import as_json, with_options
from spatial.cli.console import misused, progress
from spatial.cli.help import language
from spatial.cli.options import Decimal, Whole
from spatial.cli.paths import Read, ReadPair, ReadText, WrittenFolder, force
from spatial.core.messages import phrase
from spatial.core.model import WALK_LIMIT_M

if TYPE_CHECKING:
    from spatial.analysis.inputs import InputFiles
    from spatial.analysis.result import Analysis
    from spatial.core.model import Estate, Extract
    from spatial.observations.study import Read as ReadCounts
    from spatial.osm.extract import Reading
    from spatial.studies.plan_review import PlanReview

# What every run writes.
NAMES = ("manifest.json", "map.html", "report.html", "scores.csv", "places.gpkg", "field_checks.csv")
# What the analysis itself takes; `demo` has these too.
ANALYSIS = (
    click.option("--terrain", type=Read(), multiple=True),
    click.option("--surface", type=Read(), multiple=True),
    click.option("--plan", type=Read()),
    click.option("--phase", type=Whole(min=1)),
    click.option("--phases", is_flag=True),
    click.option("--field-checks", type=Read()),
    click.option("--corrections", type=Read()),
    click.option("--observations", type=Read(), multiple=True),
    *cli_options.READING,
    click.option("--rubric", type=Read()),
    click.option("--tags", type=Read()),
    click.option("--seed", type=Whole(min=0), default=20250201, show_default=True),
    click.option("--plain-unknowns", is_flag=True),
    language,
    click.option("--margin", "margin_m", type=Decimal(min=0, max=2000), default=250.0, show_default=True),
    click.option("--reach", "reach_m", type=Decimal(min=0, max=20000), default=WALK_LIMIT_M, show_default=True),
    click.option("--out", type=WrittenFolder(names=NAMES), required=True),
    force,
    click.option("--pdf", is_flag=True),
    as_json,
)
INPUTS = (
    *cli_options.ESTATE_OPTIONS,
    click.option("--osm", type=ReadText()),
    click.option("--layer", "layers", type=ReadPair(), multiple=True, shell_complete=cli_options.layers),
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
@click.option("--inputs", "frozen", type=Read())
@with_options(ANALYSIS)
@click.pass_context
def command(ctx: click.Context, /, frozen: Path | None, **options: Any) -> None:
    """Score the places of an estate and draw the map."""
    if frozen is not None:
        _only_frozen(ctx)
        analyse({}, {**options, "layers": ()}, frozen)
        return
    which = cli_options.estate_options(options)
    options["alone"] = usual.complete(which, options)
    if options["osm"] is None:
        raise misused(phrase("commands.choose_inputs"))
    analyse(which, options)


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


def analyse(which: Mapping[str, Any], given: Mapping[str, Any], frozen: Path | None = None) -> None:
    """Run the analysis, write its folder, say what came out.

    ``which`` are the options that name the estate, ``given`` all others of the command by name.
    """
    from spatial.core import parallel
    from spatial.core.outputs import whole_folder
    from spatial.osm import extract as osm_extract
    from spatial.sources.offline import offline_if

    if given["phases"] and (given["plan"] is None or given["phase"] is not None):
        raise misused(phrase("commands.phases"))
    as_said = cli_options.counts_as_said(dict(given))
    if not given["observations"] and any((as_said["mapping"], *as_said["said"].values())):
        raise misused(phrase("commands.no_counts"))
    out, lang = given["out"], given["lang"]
    online = offline_if(given.get("offline", False) or frozen is not None)
    with online, progress(lang) as tell, parallel.started() as other:
        other.ask(osm_extract.load_reader)
        estate, extract, frozen_too = _asked_for(which, given, tell) if frozen is None else _from_frozen(frozen)
        being_read = osm_extract.read_ahead(extract, estate, other)
        from spatial.analysis import run, storage
        from spatial.analysis.inputs import Inputs, Options

        press = storage.Press(other, lang)
        run.load_compiled()
        inputs = Inputs.read(estate, _input_files(being_read, {**given, **frozen_too}), tell)
        plain, choices = given["plain_unknowns"], given["tags"]
        options = Options(given["rubric"], given["seed"], given["phase"], plain_unknowns=plain, tags=choices)
        if inputs.plan is None:
            analysis, review = run.run(inputs, options, tell, on_scored=press.begin), None
        else:
            from spatial.studies import plan_review

            review = plan_review.review_plan(inputs, options, tell, phases=given["phases"])
            analysis = review.after
        counts = _counts(analysis, given["observations"], as_said)
        with whole_folder(out) as draft:
            analysis = (
                storage.save(analysis, draft, lang=lang, pdf=given["pdf"], progress=tell, press=press)
                if review is None
                else review.save(draft, lang=lang, pdf=given["pdf"], progress=tell, press=press)
            )
            if counts is not None:
                from spatial.studies import observation_study

                observation_study.write_observed(analysis, counts, draft, lang=lang)
                storage.redraw(draft, lang=lang)
            if review is not None:
                tell("report")
                review.write(draft, lang, pdf=given["pdf"], with_map=False)
    _say(analysis, review, out, lang, machine=given["as_json"])


def _asked_for(
    which: Mapping[str, Any], given: Mapping[str, Any], tell: Callable[[str], None]
) -> tuple[Estate, Extract, dict[str, Any]]:
    """The estate and the extract that the options name."""
    from spatial.osm import extract as osm_extract

    if given.get("alone", False):
        estate = usual.read_alone(which, given)
        usual.say_what_is_not_asked(given, estate)
    else:
        estate = cli_options.read_estate(dict(which), margin_m=given["margin_m"], reach_m=given["reach_m"])
    extract = osm_extract.find_extract(given["osm"], estate, refresh=given.get("refresh", False), tell=tell)
    optional = given.get("optional", ())
    layers, models = usual.read_what_answers(optional, estate, given["lang"], tell)
    return estate, extract, {**({"layers": (*given["layers"], *layers)} if layers else {}), **models}


def _from_frozen(frozen: Path) -> tuple[Estate, Extract, dict[str, Any]]:
    """The estate and the extract of frozen inputs, and what else was frozen with them."""
    from spatial.analysis import snapshot

    inputs = snapshot.read_snapshot(frozen)
    return inputs.estate, inputs.osm, {"layers": inputs.layers, **inputs.models}


def _input_files(osm: Reading, given: Mapping[str, Any]) -> InputFiles:
    """What the options name as inputs beside the extract."""
    from spatial.analysis.inputs import InputFiles

    return InputFiles(
        osm=osm,
        layers=given.get("layers", ()),
        complete=given.get("complete", ()),
        terrain=given["terrain"] or None,
        surface=given["surface"] or None,
        plan=given["plan"],
        field_checks=given["field_checks"],
        corrections=given["corrections"],
    )


def _counts(analysis: Analysis, files: Sequence[Path], as_said: Mapping[str, Any]) -> ReadCounts | None:
    """Counts of people to lay over the result, where files with any are named."""
    if not files:
        return None
    from spatial.observations import study

    return study.read_observations_for(analysis, files, **as_said)


def _say(analysis: Analysis, review: PlanReview | None, out: Path, lang: str, *, machine: bool) -> None:
    """Say where the sources are from, what to beware of, and what was found."""
    from spatial.core import languages
    from spatial.texts import results

    for line in source_lines(analysis.manifest["sources"], lang):
        click.echo(f"faellesrum: {line}", err=True)
    for warning in analysis.manifest["warnings"]:
        click.echo(f"faellesrum: {languages.warning_text(warning, lang)}", err=True)
    found = results.summarise_run(analysis, out, lang=lang)
    if review is not None:
        found["plan"] = review.changes
    click.echo(results.summary_as_json(found) if machine else results.summary_in_words(found, lang=lang))
    if review is not None and not machine:
        click.echo(review.text(lang))


def source_lines(sources: list[dict[str, Any]], lang: str) -> Iterator[str]:
    """Say of what a service delivered how old it is."""
    from spatial.core import languages

    words = languages.texts(lang)
    say = words["overpass"]
    for source in sources:
        if source.get("query") and source["source_id"] == "osm":
            days = (datetime.now(UTC) - datetime.fromisoformat(source["retrieved_at"])).days
            age = say["today"] if not days else languages.plural(say["days"], days, words).format(days=days)
            base = source["timestamp_osm_base"] or say["unknown"]
            yield say["age"].format(base=base, date=source["retrieved_at"][:10], age=age)
