"""Pages for a phone, one file each, without network, position or name: counting by tapping, and forms of choices."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spatial.core.languages import carried, texts
from spatial.core.versions import generator
from spatial.fieldkit.forms import Form
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
    _write(path, "count", _kit(stops, title, lang), title[lang], lang)


def render_form(form: Form, path: Path, *, title: Mapping[str, str], lang: str) -> None:
    """Write a form of choices as a page that is filled in again and again; its answers are saved as one table."""
    say = {code: texts(code)["fieldkit"] for code in carried(lang)}
    words = {
        code: {name: book["page"][name] for name in ("language", "languages", "full")} | dict(book["answers"])
        | {"title": title[code]} for code, book in say.items()
    }  # fmt: skip
    fields = [vars(field) for field in form.fields]
    known = json.dumps([form.name, title, fields], sort_keys=True, default=dict)
    kit = {"id": _digest(known), "name": form.name, "lang": lang, "words": words, "fields": fields}
    _write(path, "form", _as_json(kit), title[lang], lang)


def _write(path: Path, name: str, kit: str, title: str, lang: str) -> None:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    files = FileSystemLoader(TEMPLATES)
    environment = Environment(loader=files, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    style, script = ((TEMPLATES / file).read_text(encoding="utf-8") for file in ("count.css", f"{name}.js"))
    page = environment.get_template("count.html.j2").render(
        lang=lang, title=title, generator=generator(), style=_raw(style), script=_raw(script), kit=_raw(kit)
    )
    path.write_text(page, encoding="utf-8", newline="\n")


def _raw(text: str) -> Any:
    from markupsafe import Markup

    return Markup(text)


def _kit(stops: Sequence[Mapping[str, Any]], title: Mapping[str, str], lang: str) -> str:
    """What the script reads, as JSON in which nothing can end the element that holds it."""
    words = {code: {**_words(code), "title": title[code]} for code in carried(lang)}
    places = [{"id": stop["id"], "name": stop["name"]} for stop in stops]
    kit = {
        "id": _digest(json.dumps([title, places], sort_keys=True)),
        "lang": lang, "places": places, "words": words, "ages": AGES, "postures": POSTURES, "modes": MODES,
        "doings": DOINGS, "groups": GROUPS, "weather": WEATHER,
    }  # fmt: skip
    return _as_json(kit)


def _as_json(kit: Mapping[str, Any]) -> str:
    return json.dumps(kit, ensure_ascii=False, sort_keys=True).replace("<", "\\u003c")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _words(lang: str) -> dict[str, str]:
    """Labels of the form, and what only the page says."""
    say = texts(lang)["fieldkit"]
    weather = {f"weather_{name}": say["form"]["answer"][name] for name in WEATHER}
    return {**say["form"]["question"], "sun_here": say["form"]["question"]["sun"], **weather, **say["page"]}
