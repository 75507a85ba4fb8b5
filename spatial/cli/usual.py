"""A run of an area by its name alone: with what ``setup`` has kept, and without what is not to be had."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from spatial.core.errors import SpatialError
from spatial.core.languages import texts

if TYPE_CHECKING:
    from spatial.core.model import Estate, RawData


def complete(which: dict[str, Any], given: dict[str, Any]) -> bool:
    """Fill in what was not said from what is kept; return whether the area was named and nothing else of it."""
    from spatial.settings import usual

    alone = which.get("area") is not None and which["boundary"] is None and which["parcels_table"] is None
    if given["osm"] is not None and not alone:
        return False
    kept = usual.read_usual()
    given["osm"] = given["osm"] or kept.get("osm")
    if alone and {"parcels_table", "parcels", "year"} <= set(kept):
        which |= {name: kept[name] for name in ("parcels_table", "parcels", "year")}
    if alone and not given["layers"]:
        given["optional"] = tuple(kept.get("layers", ()))
    return alone


def read_what_answers(
    layers: Sequence[str], estate: Estate, lang: str, tell: Callable[[str], None]
) -> Iterator[RawData]:
    """Read those layers that can be read; say of each other why not, and go on without it."""
    from spatial.sources.layers import read_layer

    for layer in layers:
        tell(texts(lang)["setup"]["asking"].format(layer=layer))
        try:
            yield read_layer(layer, estate)
        except SpatialError as error:
            click.echo(
                f"faellesrum: {texts(lang)['setup']['without'].format(layer=layer, error=error.said(lang))}", err=True
            )
