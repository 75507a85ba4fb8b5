"""Where a volunteer could stand, in words and as data."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from spatial.model import Result
from spatial.strings import texts


def text(curve: pd.DataFrame, result: Result, *, lang: str) -> str:
    """Say for each number of places which they are and what they bring, in Danish or English."""
    words = texts(lang)
    say = words["siting"]
    lines = [say["title"], say["how"]]
    if not len(curve):
        return "\n".join([*lines, say["nobody"]])

    def number(value: float) -> str:
        return f"{value:.0f}"

    for _, row in curve.iterrows():
        names = ", ".join(_named(result, identity, lang) for identity in row["space_ids"].split(";"))
        lines.append(
            "  "
            + say["row"].format(
                k=row["k"],
                homes=number(row["dwellings"]),
                share=number(row["share"] * 100),
                known=number(row["dwellings_known"]),
                places=names,
            )
        )
    return "\n".join(lines)


def _named(result: Result, identity: str, lang: str) -> str:
    row = result.meeting_spaces.loc[identity]
    kinds = texts(lang)["kind"]
    name = row["name"] if isinstance(row["name"], str) else None
    return f"{name or ', '.join(kinds[kind]['title'].lower() for kind in row['kinds'].split(';'))} ({identity})"


def as_json(curve: pd.DataFrame, result: Result) -> str:
    """Print the curve as JSON, numbers in full."""
    rows: list[dict[str, Any]] = [
        {**{str(key): value for key, value in row.items()}, "space_ids": row["space_ids"].split(";")}
        for row in curve.to_dict("records")
    ]
    return json.dumps({"estate": result.estate.name, "curve": rows}, ensure_ascii=False, indent=1)
