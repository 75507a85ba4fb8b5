"""How Overpass is asked: bundled settings, the user's file over them, the environment over both."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from spatial.core.addresses import remember_address, shown_address
from spatial.core.errors import ConfigError
from spatial.core.messages import phrase
from spatial.settings import loading
from spatial.sources import http

CONFIG_VARIABLE = "FAELLESRUM_CONFIG"
URL_VARIABLE = "FAELLESRUM_OVERPASS_URL"


@dataclass(frozen=True)
class Settings:
    """How Overpass is asked; see ``defaults/overpass.toml``."""

    url: str
    user_agent: str
    timeout_s: int
    slack_s: float
    maxsize_mb: int
    max_area_km2: float
    max_answer_mb: int
    attempts: int
    pause_s: float
    longest_pause_s: float
    connect_s: float
    only_known_values: tuple[str, ...]

    @property
    def interpreter(self) -> str:
        """Address of the interpreter as it may be shown: it stands in manifests."""
        return shown_address(self.address("interpreter"))

    @property
    def where(self) -> str:
        """Short name of the server for messages, without what a login may stand in."""
        return f"Overpass ({urlsplit(shown_address(self.url)).netloc})"

    def address(self, path: str) -> str:
        """Address of a part of the service, with login and key: to be asked, and shown nowhere."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/').removesuffix('/interpreter')}/{path}"))


def settings(path: Path | None = None) -> Settings:
    """Read how Overpass is asked: the bundled settings, the user's file over them, the environment over both.

    Raises
    ------
    ConfigError
        If a file cannot be read, or a setting is missing, unknown or of the wrong kind.
    """
    table = dict(loading.load_toml(None, "overpass.toml")["overpass"])
    own = path or _config_file()
    if own is not None:
        found = loading.load_toml(own, "overpass.toml").get("overpass", {})
        if not isinstance(found, dict):
            raise ConfigError("overpass.table", path=own, found=found)
        table |= found
    table["url"] = os.environ.get(URL_VARIABLE, "").strip() or table["url"]
    named = os.environ.get(http.USER_AGENT_VARIABLE, "").strip()
    table["user_agent"] = named or table["user_agent"] or http.user_agent()
    return settings_of(table)


def _config_file() -> Path | None:
    named = os.environ.get(CONFIG_VARIABLE, "").strip()
    if named:
        return Path(named)
    from platformdirs import user_config_path

    usual = user_config_path("faellesrum", appauthor=False) / "config.toml"
    return usual if usual.is_file() else None


def settings_of(table: dict[str, Any]) -> Settings:
    """Check a table of settings.

    Raises
    ------
    ConfigError
        If one is missing, unknown, or of the wrong kind.
    """
    fields = Settings.__dataclass_fields__
    wrong = sorted(set(table) ^ set(fields))
    if wrong:
        raise ConfigError("overpass.settings", names=wrong, known=list(fields))
    for name, value in table.items():
        text = name in ("url", "user_agent")
        good = (
            isinstance(value, str)
            if text
            else name == "only_known_values"
            or (isinstance(value, int | float) and not isinstance(value, bool) and value > 0)
        )
        if not good:
            needed = phrase("overpass.a_text") if text else phrase("overpass.a_number")
            raise ConfigError("overpass.setting", name=name, value=value, needed=needed)
    url = str(table["url"]).strip().rstrip("/").removesuffix("/interpreter")
    remember_address(url)
    return Settings(**table | {"url": url, "only_known_values": tuple(table["only_known_values"])})
