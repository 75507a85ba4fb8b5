"""A run of an area by its name alone: with what ``setup`` has kept, and without what is not to be had."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from spatial.cli import options
from spatial.core.errors import SpatialError
from spatial.core.languages import texts

if TYPE_CHECKING:
    from spatial.core.model import Estate, Raster, RawData

MODELS = ("terrain", "surface")
# What a Danish area is read from besides the map and its parcels, when it is named alone.
OF_DENMARK = ("geofa.punkt", "geofa.flade", "bbr.enhed", "dhm.terraen")


def complete(which: dict[str, Any], given: dict[str, Any]) -> bool:
    """Fill in what was not said from what is kept; return whether the area was named and nothing else of it."""
    from spatial.settings import usual
    from spatial.sources import catalogue

    alone = which.get("area") is not None and which["boundary"] is None and which["parcels_table"] is None
    if given["osm"] is not None and not alone:
        return False
    kept = usual.read_usual()
    given["osm"] = given["osm"] or kept.get("osm")
    if alone and {"parcels_table", "year"} <= set(kept):
        which |= {name: kept.get(name) for name in ("parcels_table", "parcels", "year")}
    if alone:
        known = catalogue.load()
        live = {name: [str(one) for one in given[name] if str(one) in known] for name in MODELS}
        for name, asked in live.items():
            given[name] = tuple(one for one in given[name] if str(one) not in asked)
        layers = () if given["layers"] else kept.get("layers", ())
        given["optional"] = tuple(dict.fromkeys([*layers, *(one for asked in live.values() for one in asked)]))
    return alone


def read_alone(which: Mapping[str, Any], given: Mapping[str, Any]) -> Estate:
    """Read an area that was named alone: from its parcels, and where they are not to be had, as a first guess."""
    chosen = {**which, "or_guess": True}
    reach = {name: given[name] for name in ("margin_m", "reach_m")}
    try:
        return options.read_estate(chosen, **reach)
    except SpatialError as error:
        if which["parcels_table"] is None:
            raise
        _say_without(which["parcels_table"], error, given["lang"])
        return options.read_estate({**chosen, **dict.fromkeys(("parcels_table", "parcels", "year"))}, **reach)


def say_what_is_not_asked(given: Mapping[str, Any], estate: Estate) -> None:
    """Name those registers of a Danish area that nobody has said to ask, unless layers were chosen for this run."""
    from spatial.sources import estates
    from spatial.sources.layers import split

    if given["layers"] or estate.id not in {area.id for area in estates.areas()}:
        return
    asked = {split(name)[0] for name in given["optional"]} | ({"dhm.terraen"} if given["terrain"] else set())
    left = [layer for layer in OF_DENMARK if layer not in asked]
    if left:
        said = texts(given["lang"])["setup"]["not_asked"].format(layers=", ".join(left))
        click.echo(f"faellesrum: {said}", err=True)


def read_what_answers(
    names: Sequence[str], estate: Estate, lang: str, tell: Callable[[str], None]
) -> tuple[list[RawData], dict[str, Raster]]:
    """Read those layers and height models that can be read; say of each other why not, and go on without it."""
    from spatial.sources import catalogue, rasters
    from spatial.sources.layers import read_layer

    known = catalogue.load()
    layers: list[RawData] = []
    models: dict[str, Raster] = {}
    for name in names:
        tell(texts(lang)["setup"]["asking"].format(layer=name))
        try:
            if name in known and known[name].protocol == "wcs":
                is_surface = "overflade" in str(known[name].layer)
                models["surface" if is_surface else "terrain"] = (rasters.surface if is_surface else rasters.terrain)(
                    name, estate
                )
            else:
                layers.append(read_layer(name, estate))
                _say_if_empty(name, layers[-1], lang)
        except SpatialError as error:
            _say_without(name, error, lang)
    return layers, models


def _say_if_empty(name: str, raw: RawData, lang: str) -> None:
    """A layer without anything here is no failure, and no word that there is nothing."""
    if not len(raw.points) + len(raw.lines) + len(raw.areas):
        click.echo(f"faellesrum: {texts(lang)['setup']['empty'].format(layer=name)}", err=True)


def _say_without(name: Any, error: SpatialError, lang: str) -> None:
    without = texts(lang)["setup"]["without"].format(layer=name, error=error.said(lang))
    click.echo(f"faellesrum: {without}", err=True)
