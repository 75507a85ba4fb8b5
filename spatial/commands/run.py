"""``faellesrum run``: from extract and boundary to the scored map."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from spatial.commands import _estate, as_json, language, output, progress, with_options

# What the analysis itself takes; `demo` has these too.
ANALYSIS = (
    click.option(
        "--terrain",
        type=click.Path(path_type=Path),
        multiple=True,
        help="Terrain model: a raster, a folder of tiles or a pattern; may be given again.",
    ),
    click.option(
        "--surface",
        type=click.Path(path_type=Path),
        multiple=True,
        help="Surface model (ground, houses and trees), given in the same way.",
    ),
    click.option(
        "--plan",
        type=click.Path(path_type=Path),
        help="Redevelopment plan that is carried out first: a map layer, or the short form in TOML.",
    ),
    click.option(
        "--phase", type=click.IntRange(min=1), help="Carry the plan out up to this phase; its building sites are shut."
    ),
    click.option(
        "--field-checks",
        type=click.Path(path_type=Path),
        help="Answers to field checks (see `fieldkit`): what was seen on the spot goes before every other source.",
    ),
    click.option(
        "--observations",
        type=click.Path(path_type=Path),
        multiple=True,
        help="Counts of people to lay over the result (see `observe`); can be repeated.",
    ),
    click.option("--rubric", type=click.Path(path_type=Path), help="Rubric in TOML instead of the bundled one."),
    click.option(
        "--seed",
        type=click.IntRange(min=0),
        default=20250201,
        show_default=True,
        help="Seed of the draws behind rank ranges.",
    ),
    language,
    click.option(
        "--margin",
        "margin_m",
        type=click.FloatRange(min=0, max=2000),
        default=250.0,
        show_default=True,
        help="Metres beyond the boundary in which places are scored.",
    ),
    click.option(
        "--reach",
        "reach_m",
        type=click.FloatRange(min=0, max=20000),
        default=1600.0,
        show_default=True,
        help="Metres of network and context beyond that.",
    ),
    output,
    as_json,
)
INPUTS = (
    *_estate.OPTIONS,
    click.option(
        "--osm",
        type=click.Path(path_type=Path),
        required=True,
        help="OpenStreetMap extract (.osm.pbf, .osm, .osm.bz2), which is the recommended way; or 'overpass'.",
    ),
    click.option(
        "--layer",
        "layers",
        multiple=True,
        metavar="SOURCE_ID[=FILE]",
        help="Municipal layer of the catalogue, live or from a file; can be repeated. See `faellesrum sources list`.",
    ),
    click.option(
        "--complete",
        multiple=True,
        metavar="SOURCE_ID",
        help="Declare a layer of this run complete: what is not in it is not there; can be repeated.",
    ),
    click.option("--refresh", is_flag=True, help="Ask Overpass again though its answer is kept."),
    click.option("--offline", is_flag=True, help="Request nothing from anywhere: what is not on this disk is refused."),
)


@click.command()
@with_options(INPUTS)
@with_options(ANALYSIS)
def command(osm: Path, layers: Sequence[str], complete: Sequence[str], **options: Any) -> None:
    """Score the places of an estate and draw the map.

    \b
    faellesrum run --boundary estate.geojson --osm denmark.osm.pbf --out maps/estate
    faellesrum run --boundary departments.geojson --name "23, Østerbrogade" --osm oesterbro.osm.pbf --out maps/23
    faellesrum run --estate vollsmose --boundary vollsmose.gpkg --osm denmark.osm.pbf --out maps/vollsmose
    """
    which = _estate.taken(options)
    analyse(which, osm, layers, complete, **options)


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
    field_checks: Path | None,
    observations: tuple[Path, ...],
    rubric: Path | None,
    seed: int,
    lang: str,
    margin_m: float,
    reach_m: float,
    out: Path,
    as_json: bool,
    refresh: bool = False,
    offline: bool = False,
) -> None:
    """Run the analysis, write its folder, say what was found."""
    from spatial.sources import ahead
    from spatial.sources import offline as network

    with network.only(offline), progress(lang) as tell, ahead.reader() as read:
        estate = _estate.read(which, margin_m=margin_m, reach_m=reach_m)
        from spatial.sources import osm as openstreetmap

        reading = read(openstreetmap.extract(osm, estate, refresh=refresh, tell=tell), estate)
        from spatial import pipeline

        pipeline.make_ready()
        analysis = pipeline.analyse(
            estate,
            osm=reading,
            layers=layers,
            complete=complete,
            terrain=terrain or None,
            surface=surface or None,
            plan=plan,
            phase=phase,
            field_checks=field_checks,
            rubric=rubric,
            seed=seed,
            progress=tell,
        )
        counts = None
        if observations:
            from spatial import observing

            counts = observing.read_for(analysis, observations)
        saved = pipeline.save(analysis, out, lang=lang, progress=tell)
        if counts is not None:
            observing.write(saved, counts, out, lang=lang)
    from spatial import strings
    from spatial.render import summary

    for line in _source_lines(analysis.manifest["sources"], lang):
        click.echo(f"faellesrum: {line}", err=True)
    for warning in analysis.manifest["warnings"]:
        click.echo(f"faellesrum: {strings.warning(warning, lang)}", err=True)
    found = summary.of(analysis, out, lang=lang)
    click.echo(summary.as_json(found) if as_json else summary.text(found, lang=lang))


def _source_lines(sources: list[dict[str, Any]], lang: str) -> Iterator[str]:
    """Say of what a service delivered how old it is."""
    from spatial import strings

    say = strings.texts(lang)["overpass"]
    for source in sources:
        if source.get("query") and source["source_id"] == "osm":
            days = (datetime.now(UTC) - datetime.fromisoformat(source["retrieved_at"])).days
            age = say["today"] if not days else say["one_day"] if days == 1 else say["days"].format(days=days)
            base = source["timestamp_osm_base"] or say["unknown"]
            yield say["age"].format(base=base, date=source["retrieved_at"][:10], age=age)
