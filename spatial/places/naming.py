"""What a meeting space is called where nobody gave it a name: by its kinds and its street; and its number."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.core.languages import texts
from spatial.settings.tags import tag_rules

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray


STREET_REACH_M = 60.0  # a meeting space is named after the street this near
KINDS_IN_NAME = 3  # of more, two are named


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
    """Name the kinds of a meeting space in words: what one comes for, and what lets one stay.

    Examples
    --------
    >>> kinds_text("bench", 3, "en"), kinds_text("playground;table;bench;shelter", 5, "en")
    ('3 benches', 'Playground and picnic table with bench and shelter')
    """
    names = [kind for kind in kinds.split(";") if kind]
    if len(names) == 1 and count > 1:
        return f"{count} {_kind(texts(lang), names[0])['plural']}"
    return _kinds_in_words(names or ["other"], lang)


def _kinds_in_words(names: Sequence[str], lang: str, more: str = "") -> str:
    say, rules = texts(lang), tag_rules().kinds
    main = [name for name in names if name in rules and rules[name].anchor] or names[:1]
    titles = [_lower(_kind(say, name)["title"]) for name in (*main, *(n for n in names if n not in main))]
    both, having = say["format"]["and"], f" {say['format']['with']} "
    joined = [_join(part, both) for part in (titles[: len(main)], titles[len(main) :]) if part]
    # "Bord med bænke og læskur": nothing has something twice.
    text = (f" {both} " if having in joined[0] else having).join(joined) + more
    return text[:1].upper() + text[1:]


def _join(words: Sequence[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def name_rows(table: gpd.GeoDataFrame, paths: gpd.GeoDataFrame | None, lang: str) -> list[str]:
    """Name places or meeting spaces, each by a name that no other row has.

    A name of its own goes first; else it is called by its kinds and its street. Rows that would be called the same,
    such as the parts of a named park, are told apart by their kinds, then by the side on which they lie, or where
    there are more than two by a letter, from north to south.

    Parameters
    ----------
    table
        Columns ``name`` and ``kinds`` or ``kind``, and ``place_count`` where rows hold several places; metric CRS.
    paths
        Ways with ``name``; None where there are none.
    """
    say = texts(lang)
    own = [value if isinstance(value, str) and value else None for value in table["name"]]
    kinds = (table["kinds"] if "kinds" in table else table["kind"]).astype(str).to_list()
    counts = table["place_count"].to_list() if "place_count" in table else [1] * len(table)
    shared = {name for name, many in Counter(own).items() if many > 1}
    short = [_short(one, int(count), lang) for one, count in zip(kinds, counts, strict=True)]
    streets = nearest_street(table, paths)
    names = [
        (f"{name}, {_lower(what)}" if name in shared else name)
        if name
        else (str(say["map"]["list"]["near"]).format(name=what, street=street) if street else what)
        for name, what, street in zip(own, short, streets, strict=True)
    ]
    points = shapely.get_coordinates(shapely.centroid(table.geometry.to_numpy()))
    return _tell_apart(names, points, [str(i) for i in table.index], say["side"])


def kinds_beside_names(table: gpd.GeoDataFrame, lang: str) -> list[str | None]:
    """The kinds of each row in words, where its name does not say all of them; else None."""
    kinds = (table["kinds"] if "kinds" in table else table["kind"]).astype(str).to_list()
    counts = table["place_count"].to_list() if "place_count" in table else [1] * len(table)
    many = Counter(table["name"])
    said = [
        (not isinstance(own, str) or many[own] > 1) and one.count(";") < KINDS_IN_NAME
        for own, one in zip(table["name"], kinds, strict=True)
    ]
    return [
        None if done else kinds_text(one, int(count), lang)
        for done, one, count in zip(said, kinds, counts, strict=True)
    ]


def _tell_apart(
    names: list[str], points: NDArray[np.float64], ids: Sequence[str], sides: Mapping[str, str]
) -> list[str]:
    groups: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        groups.setdefault(name, []).append(i)
    if len(groups) == len(names):
        return names
    found = list(names)
    for name, rows in groups.items():
        if len(rows) == 2:
            first, second = _sides(points[rows[1]] - points[rows[0]])
            found[rows[0]], found[rows[1]] = f"{name}, {sides[first]}", f"{name}, {sides[second]}"
        elif len(rows) > 2:
            for k, i in enumerate(sorted(rows, key=lambda i: (-points[i][1], points[i][0], ids[i]))):
                found[i] = f"{name} ({_letter(k)})"
    return _tell_apart(found, points, ids, sides)


def _sides(step: NDArray[np.float64]) -> tuple[str, str]:
    """On which sides of each other two rows lie, by the step from the first to the second."""
    east, north = step
    across = ("w", "e") if abs(east) > abs(north) else ("s", "n")
    return across if (east if abs(east) > abs(north) else north) > 0 else (across[1], across[0])


def _letter(k: int) -> str:
    """Letter of a number from 0: a … z, aa …"""
    head, last = divmod(k, len(string.ascii_lowercase))
    return (_letter(head - 1) if head else "") + string.ascii_lowercase[last]


def _short(kinds: str, count: int, lang: str) -> str:
    names = [kind for kind in kinds.split(";") if kind]
    if len(names) <= KINDS_IN_NAME:
        return kinds_text(kinds, count, lang)
    return _kinds_in_words(names[:2], lang, f" {texts(lang)['format']['and_more']}")


def _kind(say: Mapping[str, Any], kind: str) -> Mapping[str, str]:
    found: Mapping[str, str] = say["kind"].get(kind, say["kind"]["other"])
    return found


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
