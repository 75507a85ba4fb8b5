"""What a meeting space is called where nobody gave it a name: by its kinds and its street; and its number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.core.languages import texts

if TYPE_CHECKING:
    import geopandas as gpd


STREET_REACH_M = 60.0  # a meeting space is named after the street this near
KINDS_IN_NAME = 3  # of more, two are named and the rest is left out


def nearest_street(table: gpd.GeoDataFrame, paths: gpd.GeoDataFrame | None) -> list[str | None]:
    """Name of the nearest named way within `STREET_REACH_M` of each geometry, or None."""
    found: list[str | None] = [None] * len(table)
    if paths is None or paths.empty or "name" not in paths or table.empty:
        return found
    named = paths[paths["name"].notna()]
    if named.empty:
        return found
    tree = shapely.STRtree(named.geometry.to_numpy())
    which, street = tree.query_nearest(table.geometry.to_numpy(), max_distance=STREET_REACH_M, all_matches=False)
    names = named["name"].astype(str).to_numpy()
    for i, j in zip(which.tolist(), street.tolist(), strict=True):
        found[i] = names[j]
    return found


def in_order(spaces: gpd.GeoDataFrame) -> list[int]:
    """Rows of the meeting spaces in the order of their numbers: by rank, then by best estimate."""
    rank = spaces["rank"].astype("Float64").fillna(np.inf).to_numpy(dtype=float)
    score = spaces["floating"].fillna(-1.0).to_numpy(dtype=float)
    return [int(i) for i in np.lexsort((spaces.index.astype(str), -score, rank))]


def kinds_text(kinds: str, count: int, lang: str) -> str:
    """Name the kinds of a meeting space in words: "Playground, bench and table".

    Examples
    --------
    >>> kinds_text("bench", 3, "en"), kinds_text("playground;bench", 2, "en")
    ('3 benches', 'Playground and bench')
    """
    say = texts(lang)
    names = [kind for kind in kinds.split(";") if kind]
    if len(names) == 1 and count > 1:
        return f"{count} {_kind(say, names[0])['plural']}"
    titles = [_kind(say, kind)["title"] for kind in names] or [say["kind"]["other"]["title"]]
    titles[1:] = [_lower(title) for title in titles[1:]]
    return titles[0] if len(titles) == 1 else f"{', '.join(titles[:-1])} {say['format']['and']} {titles[-1]}"


def space_name(row: Mapping[str, Any], street: str | None, lang: str) -> str:
    """Name a meeting space as the map does: its own name, or its kinds and the street."""
    if isinstance(row["name"], str) and row["name"]:
        return row["name"]
    say = texts(lang)
    kinds = [kind for kind in str(row["kinds"]).split(";") if kind]
    short = kinds_text(str(row["kinds"]), int(row["place_count"]), lang)
    if len(kinds) > KINDS_IN_NAME:
        first, second = (_kind(say, kind)["title"] for kind in kinds[:2])
        short = f"{first}, {_lower(second)} …"
    return str(say["map"]["list"]["near"]).format(name=short, street=street) if street else short


def _kind(say: Mapping[str, Any], kind: str) -> Mapping[str, str]:
    found: Mapping[str, str] = say["kind"].get(kind, say["kind"]["other"])
    return found


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
