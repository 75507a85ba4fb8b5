"""What a person has set up once: where the extract lies, the state's table of parcels, and which services are asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spatial.core.errors import ConfigError
from spatial.settings import loading

FILES = ("osm", "parcels_table", "parcels")
NAMES = (*FILES, "year", "layers")


def usual_file() -> Path:
    """Where it is kept, of this user."""
    from platformdirs import user_config_path

    return user_config_path("faellesrum", appauthor=False) / "inputs.toml"


def read_usual() -> dict[str, Any]:
    """What is kept; nothing where nothing was set up.

    Raises
    ------
    ConfigError
        If the file cannot be read, or holds something else.
    """
    path = usual_file()
    found = loading.load_toml(path, "") if path.is_file() else {}
    if strange := sorted(set(found) - set(NAMES)):
        raise ConfigError("usual.unknown", path=path, names=strange, known=NAMES)
    return found


def usual_as_toml(kept: Mapping[str, Any]) -> str:
    """What is kept as TOML, in a fixed order.

    Examples
    --------
    >>> print(usual_as_toml({"year": 2024, "osm": "denmark.osm.pbf"}), end="")
    osm = "denmark.osm.pbf"
    year = 2024
    """
    return "".join(f"{name} = {json.dumps(kept[name], ensure_ascii=False)}\n" for name in NAMES if kept.get(name))
