"""Areas of another country, or of one's own: a TOML that says what they are by law, and a file with their polygons."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from spatial.core.errors import ConfigError
from spatial.core.model import Estate, Provenance
from spatial.settings import loading
from spatial.sources import boundaries

VARIABLE = "FAELLESRUM_AREAS"
NEEDED = frozenset({"polygons", "id", "name", "legal", "licence", "attribution"})
MORE = frozenset({"municipality", "data_date"})


def own_table() -> tuple[Path, Mapping[str, Any]] | None:
    """The TOML that the environment names, with where it lies; None where none is named.

    Raises
    ------
    ConfigError
        If it cannot be read, or says less or more than what areas need.
    """
    named = os.environ.get(VARIABLE, "").strip()
    if not named:
        return None
    path = Path(named)
    table = loading.load_toml(path, "")
    wrong = sorted(NEEDED - set(table)) or sorted(set(table) - NEEDED - MORE)
    if wrong:
        raise ConfigError("own_areas.keys", path=path, names=wrong, known=sorted(NEEDED | MORE))
    return path, table


def _rows() -> tuple[Mapping[str, Any], Path, Any] | None:
    """What the TOML says, the file of the polygons, and its rows; None where none is named."""
    found = own_table()
    if found is None:
        return None
    path, table = found
    polygons = path.parent / table["polygons"]
    rows = boundaries.rows_of(polygons)
    missing = sorted({table["id"], table["name"]} - set(rows.columns))
    if missing:
        raise ConfigError("own_areas.columns", path=polygons, names=missing, known=sorted(map(str, rows.columns)))
    return table, polygons, rows


def list_own() -> tuple[str, list[dict[str, str]]] | None:
    """What one's own areas are by law, and id, name and municipality of each; None where none are named."""
    found = _rows()
    if found is None:
        return None
    table, _, rows = found
    where = table.get("municipality")
    return table["legal"], [
        {
            "id": boundaries.slug(str(row[table["id"]])),
            "name": str(row[table["name"]]),
            "municipality": str(row[where]) if where in row else "",
        }
        for _, row in rows.iterrows()
    ]


def find_own(text: str, *, margin_m: float, reach_m: float) -> Estate | None:
    """The area of that id or name among one's own; None where there is none, or several.

    Its columns say its name and municipality; what it is by law is said in the words of its country.
    """
    from spatial.sources.estates import folded

    found = _rows()
    if found is None:
        return None
    table, polygons, rows = found
    wanted = folded(text)
    fits = [row for _, row in rows.iterrows() if wanted in {folded(str(row[table[key]])) for key in ("id", "name")}]
    if len(fits) != 1:
        return None
    row = fits[0]
    made = boundaries.of_shape(
        row.geometry, rows.crs, polygons, name=str(row[table["name"]]), margin_m=margin_m, reach_m=reach_m
    )
    return replace(
        made,
        id=boundaries.slug(str(row[table["id"]])),
        municipality=str(row[table["municipality"]]) if table.get("municipality") in row else None,
        legal=table["legal"],
        as_of=table.get("data_date"),
        provenance=Provenance(
            "areas", str(polygons), table["licence"], table["attribution"], data_date=table.get("data_date")
        ),
    )
