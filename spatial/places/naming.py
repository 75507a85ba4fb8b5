"""What the things of a run are called: each by a name that nothing else has, and the same wherever it is told.

A name of its own goes first. Else a thing is called by what one comes for and the street at which it lies; and where
another is called so too, by what only it has: the corner, the house number, the side, and in the end a letter. Pure.
"""

from __future__ import annotations

import re
import string
import weakref
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from spatial.core.arrays import object_array
from spatial.core.languages import first_capital, in_sentence, kinds_counted, said, texts
from spatial.core.model import SIDES, Result
from spatial.places.whereabouts import Whereabouts, nearest_street, whereabouts
from spatial.settings.tags import tag_rules

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry


KINDS_IN_NAME = 3  # of more, two are named
MOST_LETTERS = 64  # of a name, before a side or a letter tells it apart
POSSIBLE_SPACES, POSSIBLE_KIND = "possible_spaces", "possible"  # a layer of a result, and what its rows are


@dataclass(frozen=True)
class _Kept:
    """What is known of a result: where its things are, and their names by language."""

    where: list[Whereabouts] = field(default_factory=list)
    names: dict[str, dict[str, str]] = field(default_factory=dict)


_kept: dict[int, _Kept] = {}  # of each result that there is, by its identity


def in_order(spaces: gpd.GeoDataFrame) -> list[int]:
    """Rows of the meeting spaces in the order of their numbers: by rank, then by best estimate."""
    rank = spaces["rank"].astype("Float64").fillna(np.inf).to_numpy(dtype=float)
    score = spaces["floating"].fillna(-1.0).to_numpy(dtype=float)
    return [int(i) for i in np.lexsort((spaces.index.astype(str), -score, rank))]


def names_of(result: Result, lang: str) -> dict[str, str]:
    """Name everything of a result by its id: meeting spaces, places, and ground on which nothing is mapped.

    No two things have the same name but a space and a place of it: the only one, or the one whose own name it has.
    They are found once for a result, and kept as long as it is.
    """
    if id(result) not in _kept:
        _kept[id(result)] = _Kept()
        weakref.finalize(result, _kept.pop, id(result), None)
    kept = _kept[id(result)]
    if lang not in kept.names:
        kept.names[lang] = _names_of(result, lang, kept.where)
    return dict(kept.names[lang])


def _names_of(result: Result, lang: str, where: list[Whereabouts]) -> dict[str, str]:
    """Name everything; ``where`` it all is is the same in every language, and filled by the first."""
    spaces = _spaces(result, lang)
    alike = {place: space for place, space in _called_alike(result).items() if space in spaces}
    kinds = (spaces, _places(result, alike, lang), _possible(result, lang))
    things = {identity: thing for one in kinds for identity, thing in one.items()}
    if not where:
        where[:] = whereabouts(object_array(thing.shape for thing in things.values()), result.layers)
    lying = dict(zip(things, where, strict=True))
    found: dict[str, str] = {}
    for one in kinds:
        found |= _tell_apart(one, lying, found.values(), lang)
    return found | {place: found[space] for place, space in alike.items()}


def names_in(result: Result, languages: Iterable[str]) -> dict[str, dict[str, str]]:
    """Name everything of a result in several languages, by language."""
    return {lang: names_of(result, lang) for lang in languages}


def names_by_street(spaces: gpd.GeoDataFrame, paths: gpd.GeoDataFrame, lang: str) -> list[str]:
    """Name meeting spaces that are in no result yet by what they are and their street; some may be called alike."""
    streets = nearest_street(spaces, paths)
    rows = zip(_kinds(spaces), spaces["name"], spaces.geometry, streets, strict=True)
    return [
        _simple(_Thing(shape, _short(kinds, many, lang), own=said(name)), street, frozenset(), lang)
        for (kinds, many), name, shape, street in rows
    ]


def names_in_order(ids: Iterable[Any], names: Mapping[str, str]) -> list[str]:
    """Names of things by their ids, as ``names_of`` gives them."""
    return [names[str(identity)] for identity in ids]


def kinds_text(kinds: str, number: int, lang: str) -> str:
    """Name the kinds of a meeting space in words: what one comes for, and what lets one stay.

    Examples
    --------
    >>> kinds_text("bench", 3, "en"), kinds_text("playground;table;bench;shelter", 5, "en")
    ('3 benches', 'Playground and picnic table with bench and shelter')
    """
    names = [kind for kind in kinds.split(";") if kind]
    if len(names) == 1 and number > 1:
        return kinds_counted(names[0], number, texts(lang))
    return _kinds_in_words(names or ["other"], lang)


def name_in_sentence(name: str, lang: str) -> str:
    """A name that is made of kinds as it stands in a sentence, definite where the language has such a form.

    Examples
    --------
    >>> name_in_sentence("Legeplads og boldbane med bænk ved Ringvejen", "da")
    'legepladsen og boldbanen med bænk ved Ringvejen'
    >>> name_in_sentence("Playground at Ringvejen", "en"), name_in_sentence("3 bænke ved Ringvejen", "da")
    ('the playground at Ringvejen', '3 bænke ved Ringvejen')
    """
    say = texts(lang)
    known = {in_sentence(kind["title"], say): kind["definite"] for kind in say["kind"].values()}
    anyone = "|".join(sorted(map(re.escape, known), key=len, reverse=True))
    joint = f", | {re.escape(say['format']['and'])} "
    found = re.match(rf"(?:{anyone})(?:(?:{joint})(?:{anyone}))*(?= |$)", in_sentence(name, say))
    if not found:
        return in_sentence(name, say)
    definite = re.sub(rf"(?<!\w)(?:{anyone})(?!\w)", lambda kind: known[kind[0]], found[0])
    return definite + name[found.end() :]


def kinds_beside_names(table: gpd.GeoDataFrame, names: Sequence[str], lang: str) -> list[str | None]:
    """The kinds of each row in words, where its name does not say all of them; else None."""
    whole = [kinds_text(kinds, many, lang) for kinds, many in _kinds(table)]
    return [None if what.lower() in name.lower() else what for what, name in zip(whole, names, strict=True)]


# --- what is to be named -------------------------------------------------------------------------


@dataclass(frozen=True)
class _Thing:
    """Something to be named: what it is, in words, by a name of its own or by that of the ground on which it lies."""

    shape: BaseGeometry
    what: str
    own: str | None = None
    ground: str | None = None


def _spaces(result: Result, lang: str) -> dict[str, _Thing]:
    """The meeting spaces, each where its main things stand; a name that none of them has is that of the ground."""
    members: dict[str, list[tuple[Any, ...]]] = {}
    places = result.places
    for space, *row in zip(places.get("space_id", ()), places["kind"], places["name"], places.geometry, strict=False):
        members.setdefault(str(space), []).append(tuple(row))
    table, things = result.meeting_spaces, {}
    rows = zip(table.index.astype(str), _kinds(table), table["name"], table.geometry, strict=True)
    for identity, (kinds, many), name, shape in rows:
        of = members.get(identity, [])
        main = [part for kind, _, part in of if kind == kinds.partition(";")[0]]
        given, own = said(name), {said(other) for _, other, _ in of}
        is_ground = given is not None and bool(of) and given not in own
        things[identity] = _Thing(
            shape=shapely.union_all(main) if main else shape,
            what=_short(kinds, many, lang),
            own=None if is_ground else given,
            ground=given if is_ground else None,
        )
    return things


def _called_alike(result: Result) -> dict[str, str]:
    """The space of each place that is called as its space is."""
    places = result.places
    if "space_id" not in places:
        return {}
    spaces = places["space_id"].astype(str)
    many = Counter(spaces)
    named = Counter(zip(spaces, places["name"], strict=True))
    given = dict(zip(result.meeting_spaces.index.astype(str), result.meeting_spaces["name"], strict=True))
    return {
        str(place): space
        for place, space, own in zip(places.index, spaces, places["name"], strict=True)
        if many[space] == 1 or (said(own) and own == given.get(space) and named[space, own] == 1)
    }


def _places(result: Result, alike: Mapping[str, str], lang: str) -> dict[str, _Thing]:
    table = result.places
    return {
        identity: _Thing(shape, kinds_text(str(kind), 1, lang), own=said(name))
        for identity, kind, name, shape in zip(
            table.index.astype(str), table["kind"], table["name"], table.geometry, strict=True
        )
        if identity not in alike
    }


def _possible(result: Result, lang: str) -> dict[str, _Thing]:
    table = result.layers.get(POSSIBLE_SPACES)
    if table is None:
        return {}
    what = kinds_text(POSSIBLE_KIND, 1, lang)
    rows = zip(table.index.astype(str), table["name"], table.geometry, strict=True)
    return {identity: _Thing(shape, what, ground=said(name)) for identity, name, shape in rows}


# --- told apart ----------------------------------------------------------------------------------


def _tell_apart(
    things: Mapping[str, _Thing], lying: Mapping[str, Whereabouts], taken: Iterable[str], lang: str
) -> dict[str, str]:
    """Names that are not taken, each its own: short where that is enough, else with what only one has."""
    shared = {name for name, many in Counter(thing.own for thing in things.values()).items() if many > 1}
    groups: dict[str, list[str]] = {}
    for identity in sorted(things):
        groups.setdefault(_simple(things[identity], lying[identity].street, shared, lang), []).append(identity)
    used = set(taken)
    alone = {name: ids[0] for name, ids in groups.items() if len(ids) == 1 and name not in used}
    found = {identity: name for name, identity in alone.items()}
    used |= alone.keys()
    for name in sorted(groups.keys() - alone.keys()):
        made = _within({i: things[i] for i in groups[name]}, name, lying, used, lang)
        found |= made
        used |= set(made.values())
    return found


def _simple(thing: _Thing, street: str | None, shared: Set[str | None], lang: str) -> str:
    """Name of a thing as it is where nothing else is called so; ``shared`` are own names of several."""
    say = texts(lang)["name"]
    of = thing.ground or (thing.own if thing.own in shared else None)
    if of:
        return _cut(say["part"].format(name=of, what=in_sentence(thing.what, texts(lang))))
    return _cut(thing.own or (say["near"].format(what=thing.what, street=street) if street else thing.what))


def _within(
    things: Mapping[str, _Thing], name: str, lying: Mapping[str, Whereabouts], used: Set[str], lang: str
) -> dict[str, str]:
    """Names of those that would be called the same: by corner, number, side, and letters from north to south."""
    found: dict[str, str] = {}
    for identity, named in _by_address(things, name, lying, lang):
        if identity not in found and named not in used:
            found[identity] = named
    shapes = object_array(thing.shape for thing in things.values())
    points = dict(zip(things, shapely.get_coordinates(shapely.centroid(shapes)), strict=True))
    rest, middle = points.keys() - found.keys(), np.mean([*points.values()], axis=0)
    while made := _by_side({i: points[i] - middle for i in sorted(rest)}, name, used | set(found.values()), lang):
        found |= made
        rest -= made.keys()
        middle = np.mean([points[i] for i in sorted(rest)] or [middle], axis=0)
    last = sorted(rest, key=lambda i: (-points[i][1], points[i][0], i))
    free = (named for k in count() if (named := f"{name} ({_letter(k)})") not in used)
    return found | dict(zip(last, free, strict=False))


def _by_address(
    things: Mapping[str, _Thing], name: str, lying: Mapping[str, Whereabouts], lang: str
) -> Iterator[tuple[str, str]]:
    """Names by corner, then by house number, and of parts of a park by street, where only one of the things has it."""
    say = texts(lang)["name"]
    plain = {i: thing.what for i, thing in things.items() if not (thing.own or thing.ground)}
    corners = {
        i: say["corner"].format(what, *sorted((lying[i].street or "", crossing)))
        for i, what in plain.items()
        if (crossing := lying[i].crossing)
    }
    numbers = {
        i: say["numbered"].format(what=what, street=lying[i].street, number=number)
        for i, what in plain.items()
        if (number := lying[i].number)
    }
    streets = {
        i: say["near"].format(what=name, street=street)
        for i in things
        if i not in plain and (street := lying[i].street)
    }
    for names in (corners, numbers, streets):
        many = Counter(names.values())
        yield from ((i, one) for i, one in names.items() if many[one] == 1 and len(one) <= MOST_LETTERS)


def _by_side(steps: Mapping[str, NDArray[np.float64]], name: str, used: Set[str], lang: str) -> dict[str, str]:
    """Names of those that alone lie on one side of a middle, by the steps that lead from there to them."""
    named = {i: f"{name}, {texts(lang)['side'][_side(step)]}" for i, step in steps.items()}
    many = Counter(named.values())
    return {i: one for i, one in named.items() if many[one] == 1 and one not in used}


def _side(step: NDArray[np.float64]) -> str:
    """The side of the wind to which a step leads."""
    return SIDES[round(float(np.arctan2(step[1], step[0])) / (2 * np.pi) * len(SIDES)) % len(SIDES)]


def _letter(k: int) -> str:
    """Letter of a number from 0: a … z, aa …"""
    head, last = divmod(k, len(string.ascii_lowercase))
    return (_letter(head - 1) if head else "") + string.ascii_lowercase[last]


# --- words ---------------------------------------------------------------------------------------


def _kinds(table: gpd.GeoDataFrame) -> list[tuple[str, int]]:
    """The kinds of each row, ``;`` between, and how many things there are."""
    kinds = (table["kinds"] if "kinds" in table else table["kind"]).astype(str)
    many = table["place_count"] if "place_count" in table else [1] * len(table)
    return [(one, int(number)) for one, number in zip(kinds, many, strict=True)]


def _kinds_in_words(names: Sequence[str], lang: str, more: str = "") -> str:
    say, rules = texts(lang), tag_rules().kinds
    main = [name for name in names if name in rules and rules[name].anchor] or names[:1]
    titles = [in_sentence(_kind(say, name)["title"], say) for name in (*main, *(n for n in names if n not in main))]
    both, having = say["format"]["and"], f" {say['format']['with']} "
    joined = [_join(part, both) for part in (titles[: len(main)], titles[len(main) :]) if part]
    # "Bord med bænke og læskur": nothing has something twice.
    text = (f" {both} " if having in joined[0] else having).join(joined) + more
    return first_capital(text)


def _join(words: Sequence[str], last: str) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} {last} {words[-1]}"


def _short(kinds: str, number: int, lang: str) -> str:
    names = [kind for kind in kinds.split(";") if kind]
    if len(names) <= KINDS_IN_NAME:
        return kinds_text(kinds, number, lang)
    return _kinds_in_words(names[:2], lang, f" {texts(lang)['format']['and_more']}")


def _cut(name: str) -> str:
    """A name, or as much of its beginning as one reads."""
    if len(name) <= MOST_LETTERS:
        return name
    head = name[: MOST_LETTERS - 1]
    return f"{(head.rpartition(' ')[0] or head).rstrip(' ,')}…"


def _kind(say: Mapping[str, Any], kind: str) -> Mapping[str, str]:
    found: Mapping[str, str] = say["kind"].get(kind, say["kind"]["other"])
    return found
