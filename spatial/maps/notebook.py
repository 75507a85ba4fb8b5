"""What Jupyter shows of an estate, a result or a comparison: a few lines of HTML that ask nobody for anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from spatial.core.languages import default_language, in_sentence, locale, texts
from spatial.core.model import HECTARE_M2, SHARES, Estate, Result
from spatial.core.numbers import number as written
from spatial.maps import style
from spatial.texts import results

STATES = ("lost", "changed", "new")
SHOWN = 8
CELL = "text-align:left;padding:.15em .8em .15em 0"


def estate(found: Estate) -> str:
    """Say what an estate is, and draw its outline."""
    say = texts(default_language())["notebook"]
    rows = [
        (say["area"], say["hectares"].format(n=number(found.boundary.area / HECTARE_M2, 1))),
        (say["crs"], f"{found.crs.name} ({found.crs.to_string()})"),
        (say["margin"], say["from_boundary"].format(n=f"{found.margin_m:.0f}")),
        (say["reach"], say["further"].format(n=f"{found.reach_m:.0f}")),
        (say["as_of"], found.as_of or say["unknown"]),
        (say["source"], found.provenance.attribution if found.provenance else say["unknown"]),
    ]
    return _frame(found.name, f'<div style="display:flex;gap:1.5em">{_outline(found)}{_table(rows)}</div>')


def result(found: Result) -> str:
    """Say what a run found: how many, three of the first tier, the three least known, reservations, what to do next."""
    lang = default_language()
    say, told = texts(lang)["notebook"], texts(lang)["summary"]
    facts = results.summarise_run(found, _nowhere(), lang=lang)
    parts = [f"<p>{escape(line)}</p>" for line in results.counts_in_words(facts, lang=lang)]
    head = (say["place"], say["points"], say["known"], say["id"])
    for title, key in ((results.first_in_words(facts, lang=lang), "best"), (told["least_known"], "least_known")):
        if facts[key]:
            parts.append(f"<p><b>{escape(title)}</b></p>{_table((_scored(row) for row in facts[key]), head=head)}")
    parts += [f"<p>{escape(line)}</p>" for line in _warnings(found, lang)]
    return _frame("", "".join(parts) + f"<p><small>{_code(say['next'])}</small></p>")


def comparison(spaces: pd.DataFrame, dwellings: Mapping[str, float], keeps_share: float) -> str:
    """Say what a plan changes: how many meeting spaces and homes, and the places with the largest changes."""
    lang = default_language()
    words = texts(lang)
    say, told = words["notebook"], words["compare"]
    counts = {state: int((spaces["state"] == state).sum()) for state in (*STATES, "kept")}
    lines = [
        told["spaces"].format(estate=say["plan"], **counts),
        told["dwellings"].format(**{name: round(count) for name, count in dwellings.items()}),
    ]
    if keeps_share == keeps_share:  # not where nobody stays
        lines.append(told["keeps"].format(share=round(keeps_share * 100)))
    moved = spaces[spaces["state"].isin(STATES)].assign(_by=lambda t: -t["floating_change"].abs().fillna(1))
    rows = [
        (
            say["state"][row["state"]], _name(row, words), _points(row["floating_before"]),
            _points(row["floating_after"]),
        )
        for _, row in moved.sort_values("_by", kind="stable").head(SHOWN).iterrows()
    ]  # fmt: skip
    head = ("", say["place"], say["before"], say["after"])
    return _frame("", "".join(f"<p>{escape(line)}</p>" for line in lines) + (_table(rows, head=head) if rows else ""))


def observed(text: str) -> str:
    """Show what counts say of the scores, a paragraph a line."""
    return _frame("", "".join(f"<p>{escape(line)}</p>" for line in text.splitlines()))


def number(value: float, decimals: int) -> str:
    """Write a number as the language does."""
    return written(value, locale(default_language()), decimals)


def _points(score: float) -> str:
    return "–" if score != score else str(round(score * 100))


def _name(row: Mapping[str, Any] | pd.Series, words: Mapping[str, Any]) -> str:
    if isinstance(row["name"], str) and row["name"]:
        return row["name"]
    return ", ".join(in_sentence(words["kind"][kind]["title"], words) for kind in str(row["kinds"]).split(";"))


def _scored(row: Mapping[str, Any]) -> tuple[str, ...]:
    spread = f"{_points(row['floating'])} ({_points(row['low'])}–{_points(row['high'])})"
    return row["name"], spread, " · ".join(f"{row[share] * 100:.0f}" for share in SHARES), row["id"]


def _warnings(found: Result, lang: str) -> Iterable[str]:
    from spatial.core import languages

    return [languages.warning_text(entry, lang) for entry in found.manifest.get("warnings", [])]


def _nowhere() -> Any:
    from pathlib import Path

    return Path()


def _code(text: str) -> str:
    """Text with what stands between backticks as code."""
    pieces = escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if i % 2 else piece for i, piece in enumerate(pieces))


def _outline(found: Estate) -> str:
    west, south, east, north = found.boundary.bounds
    size = max(east - west, north - south) or 1.0
    shape = found.boundary.simplify(size / 500)
    rings = [ring for part in getattr(shape, "geoms", [shape]) for ring in (part.exterior, *part.interiors)]
    path = "".join("M" + "L".join(f"{x - west:.0f},{north - y:.0f}" for x, y in ring.coords) + "Z" for ring in rings)
    return (
        f'<svg width="140" height="140" viewBox="0 0 {east - west:.0f} {north - south:.0f}" role="img" '
        f'aria-label="{escape(found.name, quote=True)}"><path d="{path}" fill="{style.RAMP[1]}" stroke="#22313a" '
        f'stroke-width="{size / 100:.1f}" fill-rule="evenodd"/></svg>'
    )


def _table(rows: Iterable[Sequence[str]], *, head: Sequence[str] = ()) -> str:
    said = "".join(f'<th style="{CELL}">{escape(text)}</th>' for text in head)
    body = "".join(
        "<tr>" + "".join(f'<td style="{CELL}">{escape(str(text))}</td>' for text in row) + "</tr>" for row in rows
    )
    return f"<table>{f'<thead><tr>{said}</tr></thead>' if head else ''}<tbody>{body}</tbody></table>"


def _frame(title: str, inside: str) -> str:
    return f"<div>{f'<p><b>{escape(title)}</b></p>' if title else ''}{inside}</div>"
