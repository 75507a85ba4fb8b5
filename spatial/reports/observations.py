"""Observations as they may leave the program: a page, a table, a map layer, and the rows turned away.

Nothing here sees a position or an exact count of people: it is given what ``spatial.observations.study``
lets out.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from spatial.core import files as core_files
from spatial.core.errors import InputError
from spatial.core.languages import locale, plural, texts
from spatial.core.model import ASPECTS, Provenance, Result
from spatial.core.numbers import number as written
from spatial.core.versions import generator
from spatial.observations.looking import Look
from spatial.places.naming import names_of
from spatial.settings.loading import DEFAULTS

PAGE, TABLE, LAYER, REJECTED = "observations.html", "observations.csv", "observations.gpkg", "rejected.csv"
TEMPLATES = Path(__file__).with_name("templates") / "observations"
CHART = {"width": 640, "height": 320, "left": 64, "right": 16, "top": 32, "bottom": 56}
MAP_WIDTH, MAP_MARGIN_M = 720, 30.0
OWNER_ONLY = 0o600


@dataclass(frozen=True)
class Shown:
    """What may be shown of observations.

    ``cells`` and ``map`` are of ``spatial.observations.disclosure``; ``residuals`` says of each
    meeting space that may be shown whether it is busier than expected.
    """

    result: Result
    cells: pd.DataFrame
    map: gpd.GeoDataFrame
    residuals: Mapping[str, str]
    rejected: pd.DataFrame
    facts: Mapping[str, Any]
    provenance: tuple[Provenance, ...]


def render_observations(shown: Shown, folder: Path, *, lang: str) -> None:
    """Write the page, the table of cells, the map layer and the rejected rows into a folder."""
    core_files.write_csv(shown.cells, folder / TABLE, index=False)
    reasons = texts(lang)["reason"]
    rejected = shown.rejected.assign(text=shown.rejected["reason"].map(lambda code: reasons[code]))
    if shown.facts["rows"]["used"] is None:  # the number of a row would be one of people
        rejected = rejected.drop(columns="row").drop_duplicates()
    core_files.write_csv(rejected, folder / REJECTED, index=False)
    layer = shown.map.reset_index()
    layer["residual"] = layer["unit_id"].map(dict(shown.residuals))
    pyogrio.write_dataframe(layer, folder / LAYER, layer="observations", driver="GPKG", geometry_type="Polygon",
                            promote_to_multi=False)  # fmt: skip
    (folder / PAGE).write_text(observations_page(shown, lang=lang), encoding="utf-8", newline="\n")


def observations_page(shown: Shown, *, lang: str) -> str:
    """The page for reading: plain words first, then the charts, then the numbers. No script, no request."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    say = texts(lang)["observe"]
    return environment.get_template("page.html.j2").render(
        lang=lang,
        generator=generator(),
        say=say,
        style=(TEMPLATES / "page.css").read_text(encoding="utf-8"),
        title=say["title"].format(estate=shown.result.estate.name),
        shows=shows(shown.facts, lang),
        cautions=cautions(shown.facts, lang),
        read=reading(shown.facts, lang),
        chart=_chart(shown.facts, lang),
        map=_map(shown, lang),
        busier=_busier(shown, lang),
        aspects=_aspects(shown.facts, lang),
        table=_table(shown, lang),
        privacy=_privacy(shown.facts, lang),
        sources=[source.path for source in shown.provenance],
    )


def number(value: float | None, lang: str, decimals: int = 2) -> str:
    """A number as the language writes it; a dash where there is none."""
    if value is None or not np.isfinite(value):
        return "–"
    return written(value, locale(lang), decimals).replace("-", "−")


def _percent(share: float | None, lang: str) -> str:
    return texts(lang)["format"]["percent"].format(number(None if share is None else share * 100, lang, 0))


# So many reasons are told for which rows were turned away; all stand in the file.
REASONS = 3
# Notes on how rows were read, each with a sentence of its own.
TOLD = (
    "either_way",
    "other_zone",
    "named",
    "no_unit",
    "past_midnight",
    "alike",
    "subtotals",
    "form_times",
    "hidden_sheets",
    "glances_timed",
)


def reading(facts: Mapping[str, Any], lang: str) -> list[str]:
    """What was read and what was not, in sentences."""
    say, rows, notes = texts(lang)["observe"], facts["rows"], facts["notes"]
    counts = {name: number(n, lang, 0) for name, n in rows.items()}
    lines = [say["rows_are_people"] if rows["used"] is None else say["stage_read"].format(**counts)]
    lines += _turned_away(facts["rejected"], lang)
    staying = _so_many("visits_of", facts["visits"].get("staying", 0), lang)
    if facts["by"] == "space":
        unmatched = _percent(facts["unmatched_share"], lang)
        spaces = _so_many("spaces_of", facts["check"]["meeting_spaces"], lang)
        joined = say["joined_all" if facts["unmatched_share"] == 0 else "joined"]
        lines.append(joined.format(visits=staying, spaces=spaces, unmatched=unmatched))
    else:
        lines.append(say["joined_hexagons"].format(visits=staying))
    for key, n in (
        ("organised", facts["organised"]),
        *((key, notes.get(key, 0)) for key in TOLD),
        ("case", notes.get("case_rows", 0)),
        ("twice", notes.get("visits_twice", 0)),
        ("paired", notes.get("visits_paired", 0)),
        ("moved", notes.get("moved", 0)),
        ("several", facts["several_spaces"]),
    ):
        if n:
            lines.append(plural(say[key], n, texts(lang)).format(n=number(n, lang, 0)))
    for key in ("unread_numbers", "heirs", "unmapped"):
        if ids := notes.get(key, []):
            lines.append(plural(say[key], len(ids), texts(lang)).format(n=len(ids), list=", ".join(ids)))
    dropped = sorted(name for names in facts["dropped_columns"].values() for name in names)
    if dropped:
        lines.append(say["dropped"].format(columns=", ".join(dropped)))
    return lines


def _so_many(key: str, n: int, lang: str) -> str:
    """So many counts, or meeting spaces, in words."""
    words = texts(lang)
    return plural(words["observe"][key], n, words).format(n=number(n, lang, 0))


def _turned_away(rejected: Mapping[str, int | None], lang: str) -> list[str]:
    """Why most rows were turned away, where rows may be told of."""
    often = sorted(((n, why) for why, n in rejected.items() if n), key=lambda one: (-one[0], one[1]))[:REASONS]
    if not often:
        return []
    why = texts(lang)["reason"]
    return [texts(lang)["observe"]["turned"].format(reasons="; ".join(f"{why[one]} ({n})" for n, one in often))]


def shows(facts: Mapping[str, Any], lang: str) -> list[str]:
    """What the counts show, in sentences that a member of the board reads."""
    from spatial.settings.observation_columns import rules

    say, check = texts(lang)["observe"], facts["check"]
    if facts["by"] != "space":
        return [say["untested"]]
    if not check["meeting_spaces"]:
        return [say["nobody"]]
    if not check["enough"]:
        return [
            say["too_few"].format(
                spaces=_so_many("spaces_of", check["meeting_spaces"], lang), needed=int(rules().test["min_spaces"])
            )
        ]
    rho = check["spearman"]
    if rho["value"] is None or rho["low"] is None:
        return [say["none"]]
    lines = modelled(check["model"], lang)
    lines.append(say["correlation"].format(**{name: number(rho[name], lang) for name in ("value", "low", "high")}))
    auc = check["auc"]
    if auc["value"] is not None:
        shares = {"share": auc["value"], "low": auc["low"], "high": auc["high"]}
        lines.append(say["auc"].format(**{name: _percent(share, lang) for name, share in shares.items()}))
    return lines


def modelled(told: Mapping[str, Any], lang: str) -> list[str]:
    """What the model says of the score, and of what stands beside it, in sentences."""
    say = texts(lang)["observe"]["model"]
    beside = _listed([say["circumstance"][name] for name in told["circumstances"]], lang)
    lines = [say[told["verdict"]].format(circumstances=beside, **_times(told["effect"], lang), **_raw(told, lang))]
    if told["effect"] is None:
        return lines
    lines.append(say["beside_of" if beside else "beside_none"].format(circumstances=beside, places=told["places"]))
    plain = _listed([say["plain"][name] for name in told["baseline"]], lang)
    if told["beside"] is not None:
        lines.append(say["beside"].format(baseline=plain, **_times(told["beside"], lang)))
    if told["gain"] is not None:
        adds = told["gain"]["low"] is not None and told["gain"]["low"] > 0
        lines.append(say["adds" if adds else "adds_nothing"].format(baseline=plain))
    power = {"least": number(told["power"]["least"], lang), "places": number(told["power"]["places"], lang, 0)}
    return [*lines, say["power"].format(**power)]


def _times(effect: Mapping[str, Any] | None, lang: str) -> dict[str, str]:
    return {name: number(effect[name], lang) for name in ("value", "low", "high")} if effect else {}


def _raw(told: Mapping[str, Any], lang: str) -> dict[str, str]:
    return {"raw": number(told["raw"]["value"], lang)} if told["raw"] else {}


def _listed(words: Sequence[str], lang: str) -> str:
    """Words as one would say them: a, b and c."""
    *first, last = words or [""]
    return f"{', '.join(first)} {texts(lang)['observe']['model']['and']} {last}" if first else last


def cautions(facts: Mapping[str, Any], lang: str) -> list[str]:
    """What the counts do not show."""
    say = texts(lang)["observe"]
    periods = ", ".join(say["part"][part] for name in ("time_of_day", "week", "season")
                        for part in facts["periods"][name])  # fmt: skip
    return [say["not_why"], say["not_when"].format(periods=periods or "–"), say["not_cause"], say["not_people"]]


def _chart(facts: Mapping[str, Any], lang: str) -> dict[str, Any] | None:
    """Rate by class of score, with its interval: positions in the drawing."""
    classes = facts["check"]["classes"]
    if not classes:
        return None
    say, box = texts(lang)["observe"], CHART
    most = max([row["high"] or row["rate"] or 0.0 for row in classes] + [1e-9])
    step = 10 ** np.floor(np.log10(most))
    step = step / 2 if most / step < 3 else step
    top = float(np.ceil(most / step) * step)
    right, bottom = box["width"] - box["right"], box["height"] - box["bottom"]

    def x(score: float) -> float:
        return round(box["left"] + score * (right - box["left"]), 1)

    def y(value: float) -> float:
        return round(bottom - min(value, top) / top * (bottom - box["top"]), 1)

    points = [
        {
            "x": x(row["score"]),
            "y": None if row["rate"] is None else y(row["rate"]),
            "low": None if row["low"] is None else y(row["low"]),
            "high": None if row["high"] is None else y(row["high"]),
            "label": number(row["score"] * 100, lang, 0),
            "text": say["class_hidden"] if row["rate"] is None else number(row["rate"], lang, 1),
        }
        for row in classes
    ]
    ticks = [{"y": y(value), "text": number(value, lang, 1 if step < 1 else 0)}
             for value in np.arange(0, top + step / 2, step).tolist()]  # fmt: skip
    scores = [{"x": x(share / 5), "text": str(share * 20)} for share in range(6)]
    return box | {"points": points, "ticks": ticks, "scores": scores, "x_end": right, "y_end": bottom,
                  "x_label": say["class_axis"], "y_label": say["rate_per_visit"]}  # fmt: skip


def _map(shown: Shown, lang: str) -> dict[str, Any]:
    """Meeting spaces on the estate's ground: busier, quieter, as expected, hidden or not counted."""
    say, result = texts(lang)["observe"], shown.result
    spaces = result.meeting_spaces
    frame = shapely.box(*shapely.total_bounds([*spaces.geometry, result.estate.boundary]))
    west, south, east, north = shapely.buffer(frame, MAP_MARGIN_M).bounds
    scale = MAP_WIDTH / (east - west)

    def path(shape: Any) -> str:
        parts = []
        for polygon in shapely.get_parts(shape):
            for ring in [polygon.exterior, *polygon.interiors] if polygon.geom_type == "Polygon" else []:
                xy = np.round((shapely.get_coordinates(ring) - (west, north)) * (scale, -scale), 1)
                parts.append("M" + "L".join(f"{px:g} {py:g}" for px, py in xy.tolist()) + "Z")
        return "".join(parts)

    window = shapely.box(west, south, east, north)
    buildings = result.layers["buildings"].geometry if "buildings" in result.layers else gpd.GeoSeries([])
    near = [shape for shape in buildings if shape is not None and shape.intersects(window)]
    counted = set(shown.map.index) if shown.facts["by"] == "space" else set()
    drawn, named = [], names_of(result, lang)
    for identity, row in spaces.sort_index(kind="stable").iterrows():
        word = shown.residuals.get(str(identity), "hidden" if identity in counted else "not_observed")
        drawn.append({"d": path(row.geometry), "word": word, "text": f"{named[str(identity)]}: {say[word]}"})
    return {
        "width": MAP_WIDTH,
        "height": round((north - south) * scale),
        "buildings": "".join(path(shape) for shape in near),
        "boundary": path(result.estate.boundary),
        "spaces": drawn,
        "legend": [(word, say[word]) for word in ("busier", "as_expected", "quieter", "hidden", "not_observed")],
    }


def _busier(shown: Shown, lang: str) -> str:
    say, named = texts(lang)["observe"], names_of(shown.result, lang)
    names = [f"{named[i]} ({i})" for i, word in sorted(shown.residuals.items()) if word == "busier"]
    if not shown.facts["check"]["enough"]:
        return ""
    return say["busier_list"].format(names="; ".join(names)) if names else say["busier_none"]


def _aspects(facts: Mapping[str, Any], lang: str) -> list[dict[str, str]]:
    found = facts["check"]["aspects"]
    if not found:
        return []
    return [
        {
            "title": texts(lang)["aspect"][aspect]["title"],
            "rho": number(found[aspect]["rho"], lang),
            "range": texts(lang)["format"]["range"].format(
                low=number(found[aspect]["low"], lang), high=number(found[aspect]["high"], lang)
            ),
            "contribution": number(found[aspect]["contribution"], lang),
        }
        for aspect in ASPECTS
    ]


def _table(shown: Shown, lang: str) -> list[dict[str, str]]:
    """Counts by unit, over all times."""
    say, named = texts(lang)["observe"], names_of(shown.result, lang)
    whole = shown.cells[shown.cells["by"] == "all"]
    rows = []
    for _, cell in whole.sort_values(["kind", "unit_id"], kind="stable").iterrows():
        unit = str(cell["unit_id"])
        name = say[unit] if unit in ("all", "elsewhere") else unit
        if unit in named:
            name = f"{named[unit]} ({unit})"
        hidden = say["withheld_cell"].format(k=shown.facts["k"])
        rows.append(
            {
                "kind": say[cell["kind"]],
                "name": name,
                "visits": number(cell["visits"], lang, 0),
                "hours": number(cell["hours"], lang, 1),
                "people": hidden if cell["withheld"] else number(cell["people"], lang, 0),
                "per_visit": "–" if cell["withheld"] else number(cell["per_visit"], lang, 1),
                "per_hour": "–" if cell["withheld"] else number(cell["per_hour"], lang, 1),
            }
        )
    return rows


def _privacy(facts: Mapping[str, Any], lang: str) -> list[str]:
    say = texts(lang)["observe"]
    lines = [say["privacy"].format(k=facts["k"]), say["rate_note"]]
    return [*lines, say["k_reason"].format(k=facts["k"], reason=facts["k_reason"])] if facts["k_reason"] else lines


def observations_in_words(facts: Mapping[str, Any], folder: Path, lang: str) -> str:
    """What the command says when it is done."""
    say = texts(lang)["observe"]
    files = say["files"].format(page=folder / PAGE, table=folder / TABLE)
    return "\n".join([*reading(facts, lang), *shows(facts, lang), files])


def look_in_words(found: Sequence[Look], lang: str) -> str:
    """Say how the tables of a file are understood, for the one whose file it is: its counts are exact."""
    words = texts(lang)
    say, reasons = words["observe"]["look"], words["reason"]
    lines = []
    for look in found:
        lines.append(say["table"].format(table=look.table, rows=look.rows, role=say["role"][look.role]))
        for column, name in look.meanings.items():
            meaning = say["dropped"] if column in look.dropped else name or say["unread"]
            lines.append(say["column"].format(column=column, meaning=meaning))
        if look.first.columns.size:
            lines += [say["first"], *(f"    {line}" for line in look.first.to_string(na_rep="–").splitlines())]
        span = look.span or ("–", "–")
        if look.total is None:
            lines.append(say["no_counts"])
        else:
            people = {"total": number(look.total, lang, 0), "largest": number(look.largest, lang, 0)}
            lines.append(say["sums"].format(**people, first=span[0], last=span[1]))
        if look.span is None:
            lines.append(say["no_times"])
        lines += [plural(say["turned"], n, words).format(n=n, why=reasons[why]) for why, n in look.turned_away.items()]
    return "\n".join(lines)


def rubric_with(table: pd.DataFrame, basis: str) -> str:
    """The bundled rubric with other weights of the aspects; intervals and their basis stand beside them."""
    text = (DEFAULTS / "rubric.toml").read_text(encoding="utf-8")
    for aspect, row in table.iterrows():
        line = f"{aspect} = {row['weight']:.4f}  # {basis} 95 % interval {row['low']:.2f} to {row['high']:.2f}"
        text = re.sub(rf"(?m)^{aspect} = [\d.]+.*$", line, text, count=1)
    return text


def weights_text(
    table: pd.DataFrame, left_out: pd.DataFrame, surveys: int, spaces: int, path: Path, *, lang: str
) -> str:
    """Say what weights were found and how well they do on estates that they were not fitted to."""
    say = texts(lang)["observe"]["weights"]
    counts = {"surveys": number(surveys, lang, 0), "spaces": number(spaces, lang, 0), "estates": len(left_out)}
    lines = [say["basis"].format(**counts)]
    for aspect, row in table.iterrows():
        values = {name: number(float(row[name]), lang) for name in ("given", "weight", "low", "high")}
        lines.append("  " + say["aspect"].format(title=texts(lang)["aspect"][str(aspect)]["title"], **values))
    for _, row in left_out.iterrows():
        rhos = {"given": number(row["rho_given"], lang), "fitted": number(row["rho_fitted_without_it"], lang)}
        lines.append("  " + say["left_out"].format(estate=row["estate"], **rhos))
    return "\n".join([*lines, say["unused"].format(path=path)])


def with_manifest(
    manifest: Mapping[str, Any], facts: Mapping[str, Any], provenance: tuple[Provenance, ...], path: Path
) -> None:
    """Write the manifest of the run with what was observed."""
    entry = {**facts, "sources": [source.path for source in provenance]}
    whole = {**manifest, "observations": entry}
    path.write_text(json.dumps(whole, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def check_local(path: Path, *folders: Path) -> None:
    """Refuse a file for what may not be published if it lies in a folder that is passed on to others."""
    if {folder.resolve() for folder in folders} & set(path.resolve().parents):
        raise InputError("render_observed.inside", path=path)


def keep_local(left: pd.DataFrame, path: Path, *folders: Path) -> None:
    """Write what may not be published to a new file of the user's own, readable by the owner only.

    Raises
    ------
    InputError
        If the file lies in one of ``folders``, or is there already, or cannot be written.
    """
    check_local(path, *folders)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
        with open(handle, "w", encoding="utf-8", newline="") as file:
            core_files.write_csv(left, file, index=False)
    except OSError as error:
        raise InputError("render_observed.not_written", path=path, error=error.strerror) from error
