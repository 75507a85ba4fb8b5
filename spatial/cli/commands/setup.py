"""``faellesrum setup``: say once where the extract lies and which services are asked."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from spatial.cli.help import language
from spatial.cli.options import Whole, layers
from spatial.cli.paths import LIVE, Read, ReadPair, ReadText

KEY = "DATAFORDELER_API_KEY"


@click.command()
@click.option("--osm", type=ReadText())
@click.option("--parcels-table", type=Read())
@click.option("--parcels", type=Read())
@click.option("--year", type=Whole(2010, 2100))
@click.option("--layer", "layers", type=ReadPair(), multiple=True, shell_complete=layers)
@language
def command(lang: str, **given: Any) -> None:
    """Keep what a run of an area of the registry needs; without options, ask for each."""
    from spatial.core import outputs
    from spatial.core.languages import texts
    from spatial.settings import usual
    from spatial.sources import http

    say = texts(lang)["setup"]
    said = {name: value for name, value in given.items() if value} or _asked(say, usual.read_usual())
    kept = {**usual.read_usual(), **{name: _plain(name, value) for name, value in said.items()}}
    path = usual.usual_file()
    with outputs.whole_file(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        outputs.replace_files({path: usual.usual_as_toml(kept).encode()})
    click.echo(usual.usual_as_toml(kept) + say["kept"].format(path=path))
    click.echo(say["key_there" if http.find_key(KEY) else "key_missing"].format(variable=KEY))


def _plain(name: str, value: Any) -> Any:
    """A value as it is kept: files by their whole path, a service by its name, layers that there are."""
    from spatial.core.errors import InputError
    from spatial.settings import usual
    from spatial.sources import catalogue
    from spatial.sources.layers import split

    def there(file: Any) -> str:
        path = Path(file).resolve()
        if not path.exists():
            raise InputError("usual.missing", path=path)
        return str(path)

    if name in usual.FILES:
        return value if name == "osm" and value == LIVE else there(value)
    if name == "layers":
        parts = [split(one) for one in value]
        return [catalogue.load()[layer].id + (f"={there(file)}" if file else "") for layer, file in parts]
    return int(value)


def _asked(say: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """What a person answers to each question; an empty line leaves it as it is."""
    answers: dict[str, Any] = {}
    for name, question in say["ask"].items():
        now = kept.get(name, "")
        click.echo(f"{question} [{', '.join(now) if isinstance(now, list) else now}]: ", nl=False)
        line = sys.stdin.readline().strip()
        if line:
            answers[name] = [part.strip() for part in line.split(",")] if name == "layers" else line
    return answers
