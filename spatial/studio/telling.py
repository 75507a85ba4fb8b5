"""One example of what the strokes do, told in words: from one stairwell, the best place before and after, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely

from spatial.core.languages import in_sentence, texts
from spatial.core.model import RawData
from spatial.plans.comparison import moved_most
from spatial.plans.home_changes import LOSING, WINNING
from spatial.studio.looking import Difference, Seen

ADDRESS_M = 25.0
REASONS = 2


@dataclass(frozen=True)
class Addresses:
    """Addresses on the ground, to name a door after the nearest."""

    words: tuple[str, ...]
    tree: shapely.STRtree

    @classmethod
    def of(cls, raw: RawData) -> Addresses:
        """The addresses of raw data: points and outlines with a street and a number."""
        found = [
            (f"{tags['addr:street']} {tags['addr:housenumber']}", shape)
            for part in (raw.points, raw.areas)
            for tags, shape in zip(part.tags, part.geometry, strict=True)
            if "addr:street" in tags and "addr:housenumber" in tags
        ]
        return cls(tuple(words for words, _ in found), shapely.STRtree([shape for _, shape in found]))

    def near(self, point: Any) -> str | None:
        """The address of a door, where one is near."""
        row = self.tree.query_nearest(point, max_distance=ADDRESS_M, all_matches=False)
        return self.words[int(row[0])] if len(row) else None


def tell_example(start: Seen, seen: Seen, found: Difference, addresses: Addresses, lang: str) -> str | None:
    """Tell what the strokes do to the homes for whom they do most; None where they do nothing to any.

    Examples
    --------
    "From Reitbahnweg 14 (12 homes): from 58 to 66 points, because …".
    """
    door = _door(found.homes)
    if door is None:
        return None
    row, say = found.homes.loc[door], texts(lang)["studio"]["example"]
    why = _why(str(door), start, seen, found, lang)
    near = addresses.near(row.geometry)
    where = say["from"].format(address=near) if near else say["from_a_home"]
    return str(say["sentence"]).format(
        where=where,
        homes=_homes(row["dwellings"], say),
        before=round(100 * row["best_before"]),
        after=round(100 * row["best_after"]),
        why=why,
    )


def _homes(count: float, say: Mapping[str, str]) -> str:
    n = max(1, round(count))
    return say["one_home"] if n == 1 else say["homes"].format(n=n)


def _door(homes: pd.DataFrame) -> Any:
    """The door whose homes win or lose most; of those that are alike, the one with most homes."""
    moved = homes[homes["state"].isin([LOSING, WINNING])]
    if moved.empty:
        return None
    change, many = moved["change"].abs().round(6).to_numpy(), moved["dwellings"].to_numpy(dtype=np.float64)
    return moved.index[np.lexsort((moved.index.astype(str), -many, -change))[0]]


def _why(door: str, start: Seen, seen: Seen, found: Difference, lang: str) -> str:
    say = texts(lang)["studio"]["because"]
    was, then = (one.result.layers["homes"].loc[door] for one in (start, seen))
    old, new = was["best_space"], then["best_space"]
    gains = then["best_floating"] > was["best_floating"]
    if gains and new not in found.spaces.values():
        return str(say["new"]).format(space=_name(seen, new, lang))
    if not gains and old is not None and old not in found.spaces:
        return str(say["lost"]).format(space=_name(start, old, lang))
    if old is not None and found.spaces.get(old) == new:
        names = [texts(lang)["indicator"][name]["title"] for name in _reasons(start, seen, old, new)]
        both = f" {texts(lang)['format']['and']} ".join(in_sentence(name, texts(lang)) for name in names)
        key = "better" if gains else "worse"
        return str(say[key]).format(space=_name(seen, new, lang), reasons=both)
    key = "nearer" if gains else "further"
    one, space = (seen, new) if gains else (start, old)
    return str(say[key]).format(space=_name(one, space, lang))


def _reasons(start: Seen, seen: Seen, old: str, new: str) -> list[str]:
    return moved_most(start.result, seen.result, old, new)[:REASONS]


def _name(seen: Seen, space: str, lang: str) -> str:
    return seen.names[lang][space]
