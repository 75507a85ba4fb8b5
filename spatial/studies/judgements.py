"""Ratings and residents' orders as they come back from the forms of the field kit, and what is told of them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from spatial.analysis import loading
from spatial.core.errors import EmptyAreaError, SchemaError
from spatial.core.languages import texts
from spatial.core.outputs import replace_files, whole_file
from spatial.fieldkit.kit import settings
from spatial.observations import judgements
from spatial.reports.observations import number
from spatial.settings.loading import DEFAULTS
from spatial.settings.tags import tag_rules
from spatial.sources import text_tables

# To what residents' answers are rounded: one answer more or less out of ten moves them by little more.
ROUNDED = 0.01


def ratings_told(run: Path, files: Sequence[Path], *, lang: str) -> str:
    """Say how far raters agree on each aspect, and how far with our scores.

    Raises
    ------
    SpatialError
        If a file cannot be read, or holds no ratings of meeting spaces of the run.
    """
    asked = settings()["ratings"]
    aspect_of = {item: str(about["aspect"]) for item, about in asked["items"].items()}
    spaces = loading.read_run(run).meeting_spaces
    table = _answers(files, ["location_id", "observer_code", *aspect_of]).rename(columns={"observer_code": "rater"})
    steps = table[list(aspect_of)].apply(pd.to_numeric, errors="coerce")
    steps = steps.where((steps >= 0) & (steps <= asked["most"]) & (steps % 1 == 0))
    table = pd.concat([table[["location_id", "rater"]], steps], axis=1)
    used = table[table["location_id"].isin(spaces.index) & (table["rater"] != "")]
    if used.empty:
        raise EmptyAreaError("judged.no_ratings", file=files[0], rows=len(table), run=run)
    return _in_words(judgements.rated(used, aspect_of, int(asked["most"]), spaces), len(table) - len(used), lang)


def _in_words(found: pd.DataFrame, unused: int, lang: str) -> str:
    say, lines = texts(lang)["study"]["ratings"], []
    for aspect, row in found.iterrows():
        told = {str(n): number(float(value), lang, 0 if str(n).endswith("_n") else 2) for n, value in row.items()}
        lines.append(say["aspect"].format(title=texts(lang)["aspect"][str(aspect)]["title"], **told))
    return "\n".join([say["heading"], *lines, *([say["unused"].format(n=unused)] if unused else [])])


def openness_into(path: Path, files: Sequence[Path], *, lang: str) -> str:
    """Write the choices of tags with residents' neutrality of activities, and say what it is.

    Raises
    ------
    SpatialError
        If a file cannot be read, or too few residents answered all.
    """
    asked = settings()["openness"]
    sets = judgements.sets_of(asked["activities"], asked["differences"])
    columns = [f"{end}_{n}" for n in range(1, len(sets) + 1) for end in ("best", "worst")]
    known = {name: kind.neutrality for name, kind in tag_rules().kinds.items()}
    found = judgements.ordered(_answers(files, columns), sets, known)
    residents = int(found.attrs["residents"])
    if residents < asked["least"]:
        raise EmptyAreaError("judged.few_residents", file=files[0], least=asked["least"])
    with whole_file(path):
        replace_files({path: _tags_with(found).encode()})
    say = texts(lang)["study"]["openness"]
    rows = found.sort_values("neutrality", ascending=False, kind="stable")
    lines = [
        say["activity"].format(
            title=texts(lang)["kind"][str(name)]["title"],
            **{key: number(float(row[key]), lang) for key in ("neutrality", "spread")},
            known=number(known[str(name)], lang),
        )
        for name, row in rows.iterrows()
    ]
    return "\n".join([say["heading"].format(least=asked["least"]), *lines, say["written"].format(path=path)])


def _tags_with(found: pd.DataFrame) -> str:
    """The bundled choices of tags with another neutrality of these kinds, and its spread."""
    text = (DEFAULTS / "tags.toml").read_text(encoding="utf-8")
    for kind, row in found.iterrows():
        value, spread = (f"{round(float(row[name]) / ROUNDED) * ROUNDED:.2f}" for name in ("neutrality", "spread"))
        lines = f"neutrality = {value}  # residents' best-worst answers\nneutrality_spread = {spread}"
        text = re.sub(rf"(?ms)(^\[kind\.{kind}\]\n.*?)^neutrality = [\d.]+.*?$", rf"\g<1>{lines}", text, count=1)
    return text


def _answers(files: Sequence[Path], columns: Sequence[str]) -> pd.DataFrame:
    """These columns of exports of a form, groups before their names left out.

    Raises
    ------
    SchemaError
        If a file has no table with all of them.
    """
    parts = []
    for file in files:
        tables = [rows.rename(columns=lambda name: str(name).rpartition("/")[2])
                  for _, rows in text_tables.text_tables(file)[0]]  # fmt: skip
        chosen = [rows[list(columns)] for rows in tables if set(columns) <= set(rows.columns)]
        if not chosen:
            raise SchemaError("judged.no_columns", file=file, needed=list(columns[:3]))
        parts += chosen
    return pd.concat(parts, ignore_index=True).map(lambda cell: str(cell).strip())
