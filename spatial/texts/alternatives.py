"""Tell plans side by side, in words and as data. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from spatial.core.languages import texts, whole_percent
from spatial.plans.alternatives import CRITERIA


def alternatives_as_data(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Plans side by side as plain data; see ``spatial.plans.alternatives.compare_alternatives``."""
    rows = []
    for name, row in table.iterrows():
        numbers = {key: None if np.isnan(row[key]) else int(row[key]) for key in (*CRITERIA, "winning")}
        share = None if np.isnan(row["keeps_share"]) else round(float(row["keeps_share"]), 3)
        beaten = [one for one in row["dominated_by"].split(";") if one]
        rows.append({"plan": name, **numbers, "keeps_share": share, "dominated_by": beaten})
    return rows


def alternatives_in_words(rows: Sequence[Mapping[str, Any]], *, lang: str) -> str:
    """Say plans side by side: a table, and which of them another is better than in everything."""
    say = texts(lang)["alternatives"]
    columns = (*CRITERIA, "keeps_share")
    head = ["", *(say["column"][name] for name in columns)]
    lines = [head, *([str(row["plan"]), *(_cell(name, row[name], say) for name in columns)] for row in rows)]
    wide = [max(len(line[k]) for line in lines) for k in range(len(head))]
    table = [
        "  ".join(cell.ljust(wide[0]) if k == 0 else cell.rjust(wide[k]) for k, cell in enumerate(line))
        for line in lines
    ]
    beaten = [
        say["dominated"].format(plan=row["plan"], others=", ".join(row["dominated_by"]))
        for row in rows
        if row["dominated_by"]
    ]
    return "\n".join([*(line.rstrip() for line in table), say["criteria"], *(beaten or [say["none_dominated"]])])


def _cell(name: str, value: Any, say: Mapping[str, Any]) -> str:
    if value is None:
        return str(say["not_known"])
    return f"{whole_percent(value)} %" if name == "keeps_share" else str(value)
