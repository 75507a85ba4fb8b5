"""What is sent to the board: the map of the estate with a switch for each measure of a variant. Plain data.

All rows that any combination has stand in the page once; of each combination that is known, which rows are there, and
what follows from all of them together. What is not known is not there, and the page says to run it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import geopandas as gpd
import pandas as pd

from spatial.core.languages import carried
from spatial.maps.web.geometry import integers
from spatial.maps.web.payload import PER_MILLE, Named, payload_of_look
from spatial.places.naming import names_in
from spatial.scoring.tiers import tier_words
from spatial.studio.history import Variant
from spatial.studio.looking import Table
from spatial.studio.sight import doors, ground_sight, space_changes, state_of, summary
from spatial.studio.switches import LEVELS, Combined, Patch, Switches
from spatial.studio.telling import Addresses
from spatial.studio.things import Ground

IN_PAGE = {"places": "places", "meeting_spaces": "spaces"}


def board_sight(table: Table, variant: Variant, lang: str) -> dict[str, Any]:
    """Everything the page shows: the estate as it is, the measures, and each combination that is known."""
    switches, ground = Switches(table, variant.strokes, lang), Ground(table.what_if.start.conflated.raw, table.estate)
    addresses = Addresses.of(ground.raw)
    pool = _Pool(table, switches.patches, lang)
    looks, all_doors = {}, _Numbered()
    for on in switches.known:
        patches = switches.parts(on) or []
        made = switches.combined(patches)
        looks[" ".join(map(str, sorted(on)))] = {
            **{IN_PAGE[level]: pool.rows(level, made, patches) for level in LEVELS},
            "sum": summary(made.found),
            "changes": space_changes(table.start.result, made.result, made.found),
            "doors": [all_doors.number(door) for door in doors(made.found, ground, addresses)],
        }
    (drawn,) = state_of([variant], ground)
    board = {
        "name": variant.name,
        "strokes": drawn["strokes"],
        "measures": [sorted(measure) for measure in switches.measures],
        "groups": [sorted(group) for group in switches.groups],
        "looks": looks,
        "doors": all_doors.each,
    }
    return {**ground_sight(table, lang), **pool.sight(), "stairs": None, "board": board}


class _Numbered:
    """What is told many times, once."""

    def __init__(self) -> None:
        self.each: list[Any] = []
        self._known: dict[str, int] = {}

    def number(self, told: Any) -> int:
        key = json.dumps(told, sort_keys=True)
        if key not in self._known:
            self._known[key] = len(self.each)
            self.each.append(told)
        return self._known[key]


class _Pool:
    """The rows of the start, then those of each patch, under ids of their own."""

    def __init__(self, table: Table, patches: Sequence[Patch], lang: str) -> None:
        self._start, self._languages = table.start.result, carried(lang)
        self._number = {id(patch): number for number, patch in enumerate(patches, start=1)}
        self._patches = patches
        self._tables = {level: self._pooled(level) for level in LEVELS}

    def _pooled(self, level: str) -> gpd.GeoDataFrame:
        parts = [_called(patch.rows[level], number) for number, patch in enumerate(self._patches, start=1)]
        found: gpd.GeoDataFrame = pd.concat([getattr(self._start, level), *(part for part in parts if len(part))])
        return found

    def sight(self) -> dict[str, Any]:
        """All rows as a page has them."""
        evidence = [self._start.evidence]
        for number, patch in enumerate(self._patches, start=1):
            evidence.append(patch.evidence.assign(place_id=[_id(name, number) for name in patch.evidence["place_id"]]))
        result = replace(self._start, **self._tables, evidence=pd.concat(evidence, ignore_index=True))
        told = payload_of_look(result, self._named())
        for level in LEVELS:
            told[IN_PAGE[level]]["id"] = [str(name).rpartition("|")[2] for name in self._tables[level].index]
        return told

    def _named(self) -> Named:
        found = names_in(self._start, self._languages)
        for lang in self._languages:
            for number, patch in enumerate(self._patches, start=1):
                found[lang] |= {_id(name, number): word for name, word in patch.names.get(lang, {}).items()}
        return found

    def rows(self, level: str, made: Combined, patches: Sequence[Patch]) -> dict[str, Any]:
        """The rows that a combination has, and what follows from all of them together."""
        own = {str(name): _id(name, self._number[id(patch)]) for patch in patches for name in patch.rows[level].index}
        table = getattr(made.result, level)
        at = self._tables[level].index.get_indexer([own.get(str(name), str(name)) for name in table.index])
        return {"rows": at.tolist(), **_ranked(table)}


def _ranked(table: gpd.GeoDataFrame) -> Mapping[str, Any]:
    words = tier_words(table["tier"])
    return {
        "rank": integers(table["rank"]),
        "tier": [None if pd.isna(word) else str(word) for word in words],
        "rank_low": integers(table["rank_p05"]),
        "rank_high": integers(table["rank_p95"]),
        "top": integers(table["top10_share"], PER_MILLE),
        "floating": table["floating"].tolist(),
    }


def _id(name: Any, number: int) -> str:
    return f"{number}|{name}"


def _called(table: gpd.GeoDataFrame, number: int) -> gpd.GeoDataFrame:
    return table.set_axis([_id(name, number) for name in table.index])
