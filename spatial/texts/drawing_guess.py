"""Tell what was guessed of a drawing as TOML to be read through, corrected and saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from spatial.core.languages import texts
from spatial.plans.layer_guess import Guess, GuessedLayer
from spatial.plans.things import Thing


def guess_as_toml(guess: Guess, *, lang: str) -> str:
    """A mapping in TOML; its remarks say what was guessed and what is not known."""
    say = texts(lang)["drawing_guess"]
    known = [layer for layer in guess.layers if layer.columns]
    left_out = [layer.name for layer in guess.layers if layer.columns == {}]
    lines = [
        *_remarks(say["head"].format(file=guess.drawing.with_suffix(".toml").name)),
        f"name = {_quoted(guess.drawing.stem)}",
        f"drawing = {_quoted(guess.drawing.name)}",
        *_place(guess, say),
        *_remarks(say["ignore"]),
        f"ignore = [{', '.join(map(_quoted, left_out))}]",
        *_hidden([layer.name for layer in guess.layers if layer.hidden], say),
    ]
    for layer in known:
        lines += ["", *_layer(layer, say, lang)]
    for layer in guess.layers:
        if layer.columns is None:
            lines += ["", *_remarks(say["unknown"].format(layer=_quoted(layer.name), n=layer.count))]
    return "\n".join(lines)


def _hidden(names: Sequence[str], say: Mapping[str, Any]) -> Iterable[str]:
    return _remarks(say["hidden"].format(layers=", ".join(map(_quoted, names)))) if names else []


def _place(guess: Guess, say: Mapping[str, Any]) -> Iterable[str]:
    if guess.crs is not None:
        return [*_remarks(say["crs"]), f"crs = {_quoted(guess.crs)}"]
    template = ["[[point]]", "drawing = [0, 0]", "ground = [0, 0]"]
    return [*_remarks(say["local"]), 'crs = "EPSG:25832"', *(f"# {line}" for line in template * 2)]


def _layer(layer: GuessedLayer, say: Mapping[str, Any], lang: str) -> Iterable[str]:
    columns = layer.columns or {}
    thing = Thing(columns["layer"], columns.get("kind"), new=columns["action"] == "add").said(lang)
    yield from _remarks(say[columns["action"]].format(n=layer.count, thing=thing))
    yield f"[layer.{_quoted(layer.name)}]"
    yield from (f"{key} = {_quoted(value)}" for key, value in columns.items())
    if columns["layer"] == "building" and columns["action"] == "add" and "dwellings" not in columns:
        yield from _remarks(say["dwellings"])


def _remarks(text: str) -> list[str]:
    return [f"# {line}" for line in text.splitlines()]


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def guess_as_data(guess: Guess) -> dict[str, Any]:
    """What was guessed, as plain data."""
    return {
        "drawing": str(guess.drawing),
        "crs": guess.crs,
        "layers": [
            {
                "name": one.name,
                "count": one.count,
                "columns": None if one.columns is None else dict(one.columns),
                "hidden": one.hidden,
            }
            for one in guess.layers
        ],
    }
