"""What a run says when it is done: the three best, the three least known, and where the files are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd

from spatial.model import Result
from spatial.render import naming
from spatial.strings import texts

SHOWN = 3


def of(result: Result, out: Path, *, lang: str) -> dict[str, Any]:
    """Collect the summary of a run as plain data."""
    spaces = result.meeting_spaces
    ranked = spaces[spaces["rank"].notna()].sort_values("rank", kind="stable")
    unsure = spaces.sort_values(["coverage"], kind="stable")

    def lines(table: gpd.GeoDataFrame) -> list[dict[str, Any]]:
        first = table.head(SHOWN)
        streets = naming.nearest_street(first, result.layers.get("paths"))
        rows = zip(first.iterrows(), streets, strict=True)
        return [_line(identity, row, street, lang) for (identity, row), street in rows]

    return {
        "estate": result.estate.name,
        "places": len(result.places),
        "meeting_spaces": len(spaces),
        "ranked": len(ranked),
        "best": lines(ranked),
        "least_known": lines(unsure),
        "map": str(out / "map.html"),
        "folder": str(out),
        "matching": [dict(row) for layer in result.manifest.get("layers", []) for row in layer["matching"]],
        "warnings": list(result.manifest.get("warnings", [])),
    }


def _line(identity: Any, row: Mapping[str, Any], street: str | None, lang: str) -> dict[str, Any]:
    return {
        "id": str(identity),
        "name": naming.space_name(row, street, lang),
        "floating": float(row["floating"]),
        "low": float(row["floating_low"]),
        "high": float(row["floating_high"]),
        "coverage": float(row["coverage"]),
    }


def text(summary: Mapping[str, Any], *, lang: str) -> str:
    """Say a summary in Danish or English."""
    say = texts(lang)["summary"]
    lines = [
        say["count"].format(
            estate=summary["estate"],
            spaces=summary["meeting_spaces"],
            places=summary["places"],
            ranked=summary["ranked"],
        )
    ]
    lines += ["  " + _matching(row, lang) for row in summary["matching"]]
    for title, key in ((say["best"], "best"), (say["least_known"], "least_known")):
        if summary[key]:
            lines += [title, *(_row(row, say) for row in summary[key])]
    lines += [say["map"].format(path=summary["map"]), say["folder"].format(path=summary["folder"])]
    if summary["best"]:
        first = summary["best"][0]["id"]
        lines.append(say["next"].format(path=summary["folder"], id=first))
    return "\n".join(lines)


def _matching(row: Mapping[str, Any], lang: str) -> str:
    """How many things of a class a source holds, and how many of them were known already."""
    words = texts(lang)
    titles = words["layer"] | words["kind"]
    return str(words["summary"]["matching"]).format(
        source=row["source_id"],
        what=titles[row["class"]]["title"].lower(),
        objects=row["objects"],
        matched=row["matched"],
        added=row["added"],
    )


def _row(row: Mapping[str, Any], say: Mapping[str, str]) -> str:
    return "  " + say["row"].format(
        name=row["name"],
        id=row["id"],
        score=round(row["floating"] * 100),
        low=round(row["low"] * 100),
        high=round(row["high"] * 100),
        coverage=round(row["coverage"] * 100),
    )


def as_json(summary: Mapping[str, Any]) -> str:
    """Print a summary as JSON."""
    return json.dumps(summary, ensure_ascii=False, indent=1, sort_keys=True)
