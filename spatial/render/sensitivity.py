"""The sensitivity table, in words and as data."""

from __future__ import annotations

import json

import pandas as pd

from spatial.strings import texts


def text(table: pd.DataFrame, *, lang: str) -> str:
    """Print the table in Danish or English, one line an indicator or aspect."""
    words = texts(lang)
    say = words["sensitivity"]

    def number(value: float) -> str:
        return f"{value:.2f}".replace(".", words["format"]["decimal"])

    lines = [say["title"], say["how"]]
    for _, row in table.iterrows():
        lines.append(
            "  "
            + say["row"].format(
                title=words[row["level"]][row["input"]]["title"],
                level=say[row["level"]],
                first=number(row["first_order"]),
                first_ci=number(row["first_order_ci"]),
                total=number(row["total"]),
                total_ci=number(row["total_ci"]),
            )
        )
    return "\n".join(lines)


def as_json(table: pd.DataFrame) -> str:
    """Print the table as JSON, numbers in full."""
    return json.dumps(table.to_dict("records"), ensure_ascii=False, indent=1)
