"""Many areas to leaf through: a folder of plain pages, made from a finished batch; it opens without a server.

The dots and the list of the overview stand in its page, and each area has a page of its own with its map drawn into
it: a page that is opened from a folder may not read other files, as a reader of map tiles would have to.
"""

from __future__ import annotations

import json
import re
import shutil
import unicodedata
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from pyogrio.errors import DataSourceError

from spatial.core.errors import InputError
from spatial.core.model import FLOATING, Result
from spatial.core.numbers import number as written
from spatial.maps.svg import drawn
from spatial.reports import figures, overview
from spatial.reports.order import tier_titles
from spatial.reports.sections import Words, map_words
from spatial.sources import vector_files

INDEX, AREAS = "index.html", "areas"
MANIFEST, SCORES, DRAWING, MAP = (
    "batch.json",
    "scores/area={}/scores.csv",
    "drawings/area={}/map.svg",
    "maps/{}/map.html",
)
COLUMNS = ("place_id", "space_id", "name", "inside", "rank", "tier", FLOATING, f"{FLOATING}_low", f"{FLOATING}_high")
NUMBER_DIGITS = 12
NUMBERED = 30  # more numbers cannot be told apart on a map of this size
TEMPLATES = Path(__file__).with_name("templates") / "atlas"


def render_atlas(batch: Path, folder: Path) -> int:
    """Write the pages of a finished batch, in its language; return how many areas there are.

    Raises
    ------
    InputError
        If the folder holds no finished batch, or a file of it is missing.
    """
    try:
        about = json.loads((batch / MANIFEST).read_text(encoding="utf-8"))
        table = pd.read_csv(batch / overview.TABLE, dtype={"area": "string", "name": "string"})
        vector_files.list_layers(batch / overview.LAYER)
        outlines = vector_files.read_table(batch / overview.LAYER, columns=["area"])
    except (OSError, ValueError, DataSourceError) as error:
        raise InputError("atlas.no_batch", folder=batch) from error
    words = Words(about["settings"]["lang"])
    source = _source(about["sources"][0], words)
    found: list[Any] = table.to_dict("records")
    rows = sorted(found, key=lambda row: in_alphabet(str(row["name"]), words.shared["atlas"]["alphabet"]))
    (folder / AREAS).mkdir()
    for row in rows:
        if row["status"] == "done":
            _write_area(batch, folder, row, source, words)
    middle = outlines.geometry.representative_point()
    points = {area: (round(at.y, 4), round(at.x, 4)) for area, at in zip(outlines["area"], middle, strict=True)}
    (folder / INDEX).write_text(_index(rows, points, source, words), encoding="utf-8", newline="\n")
    return len(rows)


def draw_area(result: Result, lang: str) -> str:
    """The map of an area as SVG: the ways, the boundary, and its meeting spaces with their ranks."""
    words = Words(lang)
    rank = result.meeting_spaces["rank"].dropna().sort_values().head(NUMBERED)
    figure = figures.estate_map(
        result,
        map_words(words),
        numbers={str(space): int(number) for space, number in rank.items()},
        told=figures.Told(words.shared["atlas"]["alt"]),
    )
    return drawn(figure, "m", wide=True)


def in_alphabet(name: str, alphabet: str) -> list[tuple[int, str]]:
    """What a name is sorted by: letters as they stand in the ``alphabet``, others without accents, numbers by size.

    Examples
    --------
    >>> danish = "abcdefghijklmnopqrstuvwxyzæøå"
    >>> sorted(["Ågården", "Aabyhøj", "Zenit", "Éden", "Ærø"], key=lambda name: in_alphabet(name, danish))
    ['Éden', 'Zenit', 'Ærø', 'Aabyhøj', 'Ågården']
    >>> sorted(["107, Vej", "Afdeling 12", "23, Gade", "Afdeling 9"], key=lambda name: in_alphabet(name, danish))
    ['23, Gade', '107, Vej', 'Afdeling 9', 'Afdeling 12']
    """
    plain = name.casefold().replace("aa", "å") if "å" in alphabet else name.casefold()
    letters = (letter if letter in alphabet else unicodedata.normalize("NFKD", letter)[0] for letter in plain)
    parts = re.findall(r"[0-9]+|.", "".join(letters), flags=re.DOTALL)
    return [(alphabet.find(part), part.zfill(NUMBER_DIGITS) if part.isdigit() else part) for part in parts]


def _source(source: Mapping[str, Any], words: Words) -> str:
    """Who must be named, and of which day the map is."""
    named = f"{source['attribution']}, {source['licence']}"
    date = f", {source['data_date']}" if source.get("data_date") else ""
    return str(words.shared["batch"]["data"]).format(attribution=named + date)


def _index(rows: list[Any], points: Mapping[str, tuple[float, float]], source: str, words: Words) -> str:
    from markupsafe import Markup

    from spatial.maps.web import page as web_page
    from spatial.maps.web.geometry import embed
    from spatial.maps.web.linking import link_modules

    leaflet, style = web_page.leaflet()
    done = [row for row in rows if row["status"] == "done"]
    say = words.shared["atlas"]
    page: str = _template("index.html.j2").render(
        **_common(words, source, style),
        counts=say["counts"].format(
            areas=words.number(len(rows)), spaces=words.number(sum(int(row["meeting_spaces"]) for row in done))
        ),
        areas=[_listed(row, words) for row in rows],
        points=Markup(embed([points.get(row["area"]) for row in rows])),
        leaflet=Markup(leaflet),
        script=Markup(link_modules(TEMPLATES, ["atlas.js"])),
        found=Markup(embed(say["found"])),
    )
    return page


def _listed(row: Mapping[str, Any], words: Words) -> dict[str, str]:
    """An area in the list: its name, its page, and what there is, without a number to rank it by."""
    say = words.shared["atlas"]
    done = row["status"] == "done"
    told = [_municipality(row), _count(row, words) if done else say["failed"].format(error=row["error"])]
    return {
        "name": str(row["name"]),
        "page": f"{AREAS}/{row['area']}.html" if done else "",
        "sought": f"{row['name']} {_municipality(row)}".strip(),
        "about": " · ".join(filter(None, told)),
    }


def _municipality(row: Mapping[str, Any]) -> str:
    return "" if pd.isna(row["municipality"]) else str(row["municipality"])


def _count(row: Mapping[str, Any], words: Words) -> str:
    n = int(row["meeting_spaces_ranked"])
    return str(words.shared["atlas"]["one" if n == 1 else "many"]).format(n=words.number(n))


def _write_area(batch: Path, folder: Path, row: Mapping[str, Any], source: str, words: Words) -> None:
    """Write the page of an area, and take its own map along where the batch has drawn one."""
    from markupsafe import Markup

    area, say = row["area"], words.shared["atlas"]
    try:
        scores = pd.read_csv(
            batch / SCORES.format(area), usecols=list(COLUMNS), dtype={"rank": "Int64", "tier": "Int64"}
        )
        drawing = (batch / DRAWING.format(area)).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise InputError("atlas.no_area", folder=batch, area=area) from error
    whole = (batch / MAP.format(area)).exists()
    if whole:
        shutil.copyfile(batch / MAP.format(area), folder / AREAS / f"{area}.map.html")
    told = [_municipality(row), _count(row, words)]
    if pd.notna(row["coverage_median"]):
        told.append(say["known"].format(share=words.percent(row["coverage_median"])))
    page = _template("area.html.j2").render(
        **_common(words, source),
        name=row["name"],
        about=" · ".join(filter(None, told)),
        map=f"{area}.map.html" if whole else "",
        drawing=Markup(drawing),
        rows=list(_ranked(scores, words)),
    )
    (folder / AREAS / f"{area}.html").write_text(page, encoding="utf-8", newline="\n")


def _ranked(scores: pd.DataFrame, words: Words) -> Iterator[dict[str, str]]:
    """The meeting spaces of an area that are ranked, the best first."""
    say = words.shared["atlas"]
    spaces = scores[(scores["place_id"] == scores["space_id"]) & scores["rank"].notna()].sort_values("rank")
    tiers = tier_titles(spaces["tier"], words)
    for index, row in spaces.iterrows():
        yield {
            "number": written(row["rank"], words.shared["format"]["locale"]),
            "name": row["name"],
            "where": say["inside" if row["inside"] else "around"],
            "tier": tiers[str(index)],
            "score": words.spread(row[f"{FLOATING}_low"], row[f"{FLOATING}_high"]),
        }


def _common(words: Words, source: str, style: str = "") -> dict[str, Any]:
    """What every page has."""
    from markupsafe import Markup

    from spatial.maps.web import page as web_page

    own = (TEMPLATES / "atlas.css").read_text(encoding="utf-8")
    return {
        "lang": words.lang, "say": words.shared["atlas"], "policy": web_page.POLICY, "style": Markup(style + own),
        "source": source,
    }  # fmt: skip


@cache
def _template(name: str) -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    ).get_template(name)  # fmt: skip
