"""The page on which people are counted by tapping: one file for a phone, without a network, a position or a name."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spatial.core.languages import carried, texts
from spatial.core.versions import generator
from spatial.fieldkit.xlsform import AGES, DOINGS, GROUPS, MODES, POSTURES, WEATHER

TEMPLATES = Path(__file__).with_name("templates")


def render_page(stops: Sequence[Mapping[str, Any]], path: Path, *, title: Mapping[str, str], lang: str) -> None:
    """Write the page.

    Parameters
    ----------
    stops
        ``id`` and, by language, ``name`` of each meeting space, in the order of the round.
    title
        By language.
    """
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    files = FileSystemLoader(TEMPLATES)
    environment = Environment(loader=files, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    style, script = ((TEMPLATES / name).read_text(encoding="utf-8") for name in ("count.css", "count.js"))
    page = environment.get_template("count.html.j2").render(
        lang=lang, title=title[lang], generator=generator(), style=_raw(style), script=_raw(script),
        kit=_raw(_kit(stops, title, lang)),
    )  # fmt: skip
    path.write_text(page, encoding="utf-8", newline="\n")


def _raw(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)


def _kit(stops: Sequence[Mapping[str, Any]], title: Mapping[str, str], lang: str) -> str:
    """What the script reads, as JSON in which nothing can end the element that holds it."""
    words = {code: {**_words(code), "title": title[code]} for code in carried(lang)}
    places = [{"id": stop["id"], "name": stop["name"]} for stop in stops]
    kit = {
        "id": hashlib.sha256(json.dumps([title, places], sort_keys=True).encode()).hexdigest()[:12],
        "lang": lang, "places": places, "words": words, "ages": AGES, "postures": POSTURES, "modes": MODES,
        "doings": DOINGS, "groups": GROUPS, "weather": WEATHER,
    }  # fmt: skip
    return json.dumps(kit, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")


def _words(lang: str) -> dict[str, str]:
    """Labels of the form, and what only the page says."""
    say = texts(lang)["fieldkit"]
    weather = {f"weather_{name}": say["form"]["answer"][name] for name in WEATHER}
    return {**say["form"]["question"], "sun_here": say["form"]["question"]["sun"], **weather, **say["page"]}
