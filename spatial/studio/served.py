"""Where the studio is served: to this machine alone, to others with a certificate, or behind a reverse proxy."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from spatial.core.errors import InputError
from spatial.core.messages import cause

HOST, PORT, HTTPS_PORT = "127.0.0.1", 8745, 443
LOCAL = (HOST, "localhost")


@dataclass(frozen=True)
class Served:
    """Where the studio listens, and by which address people open it.

    ``host`` is an address or a name of this machine; ``proxy`` the origin of a reverse proxy, ``https://name``; port 0
    is any that is free. Never plain HTTP to another machine.

    Raises
    ------
    InputError
        If others could read along, or it cannot be so served: what to do, in one line.
    """

    host: str = HOST
    port: int = PORT
    certificate: Path | None = None
    key: Path | None = None
    proxy: str | None = None

    def __post_init__(self) -> None:
        if (self.certificate is None) != (self.key is None):
            raise InputError("studio.half_certificate")
        if self.certificate is not None and self.proxy is not None:
            raise InputError("studio.proxy_or_certificate")
        if not self.shared and not _own(self.host):
            raise InputError("studio.open_host", host=self.host)
        if self.proxy is not None:
            object.__setattr__(self, "proxy", origin_of(self.proxy))
        if self.certificate is not None:
            if _is_any(self.host):
                raise InputError("studio.any_host", host=self.host)
            _check_certificate(self.certificate, self.key)

    @property
    def shared(self) -> bool:
        """Whether others than who sits at this machine are let in."""
        return self.certificate is not None or self.proxy is not None

    def bind(self) -> socket.socket:
        """A socket at this place.

        Raises
        ------
        InputError
            If the port is in use, may not be used, or the address is none of this machine.
        """
        try:
            family, kind, protocol, _, address = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
        except (OSError, UnicodeError) as error:
            raise InputError("studio.host", host=self.host) from error
        made = socket.socket(family, kind, protocol)
        try:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            made.bind(address)
            made.listen()  # who comes before the server answers waits, and is not turned away
        except OSError as error:
            made.close()
            if _own(self.host):
                raise InputError("studio.port", port=self.port) from error
            raise InputError("studio.place", host=self.host, port=self.port, cause=cause(error)) from error
        return made

    def origins(self, port: int) -> tuple[str, ...]:
        """The origins that a browser may name of a server on this port; the first is the one that is told."""
        if self.proxy is not None:
            return (self.proxy,)
        names = LOCAL if self.host in LOCAL else (self.host,)
        if self.certificate is None:
            return tuple(f"http://{_bracketed(name)}:{port}" for name in names)
        return tuple(origin_of(f"https://{_bracketed(name)}:{port}") for name in names)


def origin_of(address: str) -> str:
    """The origin of an address as a browser says it.

    Raises
    ------
    InputError
        If it is no https address of a server and nothing more.

    Examples
    --------
    >>> origin_of("https://Faellesrum.example.dk:443/")
    'https://faellesrum.example.dk'
    """
    try:
        parts = urlsplit(address)
        port, name = parts.port, parts.hostname or ""
        name = name if ":" in name else name.encode("idna").decode()
    except ValueError as error:
        raise InputError("studio.proxy", found=address) from error
    more = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme != "https" or not name or more or not address.isprintable() or " " in address:
        raise InputError("studio.proxy", found=address)
    return f"https://{_bracketed(name)}" + (f":{port}" if port not in (None, HTTPS_PORT) else "")


def _own(host: str) -> bool:
    """Whether nobody but this machine can reach a host."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _is_any(host: str) -> bool:
    try:
        return not host or ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def _bracketed(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _check_certificate(certificate: Path, key: Path | None) -> None:
    try:
        # A key behind a password would be asked for in a window that nobody sees.
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key, password=lambda: "")
    except (OSError, ValueError) as error:  # what is wrong with a certificate is an OSError too
        raise InputError("studio.certificate", path=certificate, key=key, cause=cause(error)) from error
