"""Suggested measures in words, as data, and as a plan that can be edited and carried out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
import shapely.geometry

from spatial.core import files
from spatial.core.crs import WGS84
from spatial.core.languages import plural, said, texts
from spatial.core.numbers import number as written
from spatial.layers.completeness import as_fraction
from spatial.places.meeting_spaces import POSSIBLE

# Columns that are about a suggestion; all others are those of a plan.
ABOUT = (
    "measure",
    "space_id",
    "space",
    "street",
    "points",
    "homes_better",
    "homes_lacking",
    "homes_worse",
    "length_m",
    "cost_dkk",
    "homes_per_1000_dkk",
    "kind",
    "unmapped_share",
    "unmapped_by",
)
PLAN_FILE, TABLE_FILE = "suggestions.geojson", "suggestions.csv"
# Costs are rough: they are told to the nearest thousand kroner.
COST_STEP_DKK = 1000


def measures_in_words(found: gpd.GeoDataFrame, tried: Mapping[str, int], *, lang: str) -> str:
    """Say what was tried, and a line a suggestion, in Danish or English."""
    words = texts(lang)["suggest"]
    counts = ", ".join(f"{words['tried'].get(name, name)} ({count})" for name, count in tried.items())
    lines = [words["title"], words["how"].format(tried=counts)]
    if not len(found):
        return "\n".join([*lines, words["nothing"]])
    return "\n".join(
        [*lines, *(f"{order:>3}. {line}" for order, line in zip(found.index, sentences(found, lang), strict=True))]
    )


def sentences(found: gpd.GeoDataFrame, lang: str) -> list[str]:
    """One sentence a suggestion."""
    return [_sentence(row, lang) for row in found.drop(columns="geometry").to_dict("records")]


def _sentence(row: Mapping[Any, Any], lang: str) -> str:
    everything = texts(lang)
    words, kinds = everything["suggest"], everything["kind"]

    def number(value: float, decimals: int = 0) -> str:
        return written(value, everything["format"]["locale"], decimals)

    title = words["measure"].get(row["measure"], row["measure"])
    space = _called(row["space"], said(row.get("street")), everything)
    cost = max(COST_STEP_DKK, round(row["cost_dkk"] / COST_STEP_DKK) * COST_STEP_DKK)
    length = words["length"].format(metres=number(row["length_m"])) if row["length_m"] else ""
    lacking = row["homes_lacking"]
    line: str = words["row"].format(
        measure=title + length,
        space=space,
        space_id=row["space_id"],
        homes=number(row["homes_better"]),
        lacking=words["lacking"].format(homes=number(lacking)) if round(lacking) else "",
        points=number(row["points"]),
        cost=number(cost),
        worth=number(row["homes_per_1000_dkk"], 1),
    )
    if not _missing(row.get("unmapped_share")):
        n, of = as_fraction(row["unmapped_share"])
        hint = words["unmapped" if row.get("unmapped_by") != "stated" else "unmapped_stated"]
        line += hint.format(n=n, of=of, what=plural(kinds[row["kind"]]["plural"], of, everything)) if n else ""
    return line + (words["worse"].format(homes=number(row["homes_worse"])) if row["homes_worse"] else "")


def _called(space: str, street: str | None, words: Mapping[str, Any]) -> str:
    """A meeting space by its own name, else by what it is and the nearest street."""
    if space == POSSIBLE:
        say = words["suggest"]
        return str(say["possible_at"].format(street=street) if street else say["possible"])
    if space not in words["kind"]:
        return space
    kind = str(words["kind"][space]["definite"])
    return str(words["plan"]["at"].format(thing=kind, street=street)) if street else kind


def write_measures(found: gpd.GeoDataFrame, folder: Path, *, lang: str) -> None:
    """Write the numbers in full as CSV, and the measures as a plan in GeoJSON with the sentence as its note."""
    table = found.drop(columns="geometry").assign(note=sentences(found, lang))
    files.write_csv(table, folder / TABLE_FILE)
    plan = found.drop(columns=list(ABOUT)).assign(note=table["note"])
    # What is changed keeps its shape: only what is added is drawn.
    shapes = plan.geometry.where(plan["action"] == "add", None)
    write_plan(plan.set_geometry(shapes), folder / PLAN_FILE, name="suggestions")


def write_plan(edits: gpd.GeoDataFrame, path: Path, *, name: str) -> None:
    """Write edits as a plan in GeoJSON."""
    moved = edits.to_crs(WGS84)
    features = [
        {
            "type": "Feature",
            "properties": {key: value for key, value in row.items() if not _missing(value)},
            "geometry": None if shape is None else shapely.geometry.mapping(shape),
        }
        for row, shape in zip(moved.drop(columns="geometry").to_dict("records"), moved.geometry, strict=True)
    ]
    document = {"type": "FeatureCollection", "name": name, "features": features}
    path.write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and pd.isna(value))


def measures_as_json(found: gpd.GeoDataFrame, tried: Mapping[str, int]) -> str:
    """Print the suggestions as JSON, numbers in full."""
    rows = [
        {key: None if _missing(value) else value for key, value in row.items()}
        for row in found.drop(columns="geometry").reset_index().to_dict("records")
    ]
    return json.dumps({"tried": dict(tried), "suggestions": rows}, ensure_ascii=False, indent=1)
