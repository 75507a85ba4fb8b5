"""Addresses as they may be shown: scheme, host and path; never a login, a query or what else may be secret.

A login or key that was read is remembered while the process lives, so that it is taken out of what a
service or a library says as well.
"""

from __future__ import annotations

import html
import logging
import re
from base64 import b64encode
from collections.abc import Iterable
from urllib.parse import quote, quote_plus, unquote, unquote_plus

HIDDEN = "***"
# What follows ``;`` in a path is a parameter, such as the number of a session.
PATH_PARAMETER = re.compile(r";[^/;=\s]+=[^/;\s]*")
ADDRESS = re.compile(
    r"(?i)\b(?:[a-z][a-z0-9+.-]{2,}://|(?:s3|gs)://|(?:https?|ftp|postgres(?:ql)?|wss?):/(?!/))"
    r"(?:[^\s\"'<>]|'(?=[^\s]*@)|(?<==)'[^'\s]*')+"
)
# Settings that carry a secret, in a query or in the words by which a database is reached.
SETTING = re.compile(
    r"(?i)\b((?:api|auth|access)[_-]?key|(?:access_?|refresh_?)?token|pass(?:word|wd)?|pwd|secret|sig(?:nature)?|ticket"
    r"|authorization|credential)s?\s*=\s*('(?:[^'\\]|\\.)*'|[^&\s\"'<>#]+)"
)
# The same in the head of a request, and in JSON.
TOLD = re.compile(
    r"(?i)(\b(?:proxy-)?authorization|\b(?:set-)?cookie|\b[\w-]*(?:api|auth|access)[_-]?key|\b[\w-]*token"
    r"|(?<=\")(?:pass(?:word|wd)?|pwd|secret|sig(?:nature)?|ticket|credentials?)(?=\"))(\"?\s*:\s*)"
    r"(\"[^\"]*\"|(?:(?:basic|bearer|digest)\s+)?[^\s\"'<>,;}]+)"
)
# What a service is asked by: known to everybody, and said in its answers.
ASKED_BY = frozenset((
    "service", "version", "request", "typename", "typenames", "layer", "layers", "srs", "srsname", "crs", "bbox",
    "format", "outputformat", "f", "outfields", "insr", "outsr", "where", "geometry", "geometrytype", "spatialrel",
    "resultrecordcount", "resultoffset", "startindex", "count", "limit", "offset", "maxfeatures", "coverage",
    "width", "height", "q", "id", "page", "pagesize", "map", "properties", "resulttype", "acceptversions",
    "sections", "propertyname", "featureid", "resource_id", "returncountonly", "returnidsonly", "returngeometry",
    "objectids", "orderbyfields", "sortby", "namespaces", "bbox-crs", "filter", "cql_filter", "language",
    "register", "latesttotalforentity", "type", "municipalitycode",
))  # fmt: skip
COMMON = frozenset(("true", "false", "yes", "no", "json", "geojson", "csv", "xml", "none", "null"))
# Shorter ones are parts of words; longer ones are looked for inside words as well.
SHORTEST, LONG = 3, 8
_remembered: set[str] = set()


def shown_address(address: str) -> str:
    """Return an address fit to be shown: scheme, host and path.

    Examples
    --------
    >>> shown_address("https://bob:pw@host.dk:8080/wfs?token=abc#x"), shown_address("postgresql://u:p@h/fkg")
    ('https://host.dk:8080/wfs', 'postgresql://h/fkg')
    >>> shown_address("https://bob:p#w@host.dk/x"), shown_address("host=h password=p"), shown_address("counts.csv")
    ('https://***', '***', 'counts.csv')
    """
    scheme, mark, rest = re.match(r"(?s)([A-Za-z][\w+.-]*:)?(/{0,2})(.*)", address).groups()  # type: ignore[union-attr]
    if not mark:
        return HIDDEN if "@" in address or SETTING.search(address) else re.split(r"[?#]", address)[0]
    net, slash, path = re.match(r"(?s)([^/?#]*)(/?)(.*)", rest).groups()  # type: ignore[union-attr]
    host = net.rpartition("@")[2]
    # A login with a sign that ends it early: what looks like the host is part of it.
    if "@" not in net and ":" in net and "@" in path and not re.fullmatch(r".*:\d{1,5}|\[[^\]]*\]", net):
        return f"{scheme or ''}{mark}{HIDDEN}"
    plain = PATH_PARAMETER.sub("", re.split(r"[?#]", path)[0]) if slash else ""
    return f"{scheme or ''}{mark}{host}{slash}{plain}"


def secrets_of(address: str) -> set[str]:
    """Return what is secret in an address: its login, and each value of its query but those every service is asked by.

    Examples
    --------
    >>> sorted(secrets_of("https://bob:p%40w@host.dk/wfs?service=WFS&sig=abc#def"))
    ['abc', 'bob', 'def', 'p%40w', 'p@w']
    """
    rest, _, fragment = (address.partition("://")[2] or address).partition("#")
    login = re.split(r"[/?]", rest)[0].rpartition("@")[0]
    # A login with a sign that ends it early: what looks like a path, a query or a fragment holds the rest.
    if not login and "@" in address and shown_address(address).endswith(HIDDEN):
        login = (address.partition("://")[2] or address).rpartition("@")[0]
    query = rest.partition("?")[2]
    found = [*login.partition(":")[::2], fragment, *(text[2].strip("'") for text in SETTING.finditer(address))]
    for piece in query.split("&"):
        name, equals, value = piece.partition("=")
        if name.lower() not in ASKED_BY:
            found.append(value if equals else name)
    forms = {form for text in found for form in (text, unquote(text), unquote_plus(text))}
    return {form for form in forms if len(form) >= SHORTEST and form.lower() not in COMMON}


def remember(*secrets: str) -> None:
    """Remember secrets, to be taken out of all that is said from now on."""
    _remembered.update(secret for secret in secrets if len(secret) >= SHORTEST)


def remember_address(address: str) -> None:
    """Remember what is secret in an address."""
    remember(*secrets_of(address))
    login = re.split(r"[/?#]", address.partition("://")[2])[0].rpartition("@")[0]
    if login:
        remember(b64encode(unquote(login).encode()).decode())  # as it stands in a request


def without_secrets(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text in which addresses stand as they may be shown, without the secrets given and those remembered.

    Examples
    --------
    >>> without_secrets("GET http://u:pw@h/x?sig=1 failed; password='a b'; key abc", ["abc"])
    'GET http://h/x failed; password=***; key ***'
    """
    for secret in sorted(set(secrets) - {""}, key=len, reverse=True):
        for form in _forms(secret):
            text = text.replace(form, HIDDEN)
    for secret in sorted(_remembered, key=len, reverse=True):
        for form in _forms(secret):
            text = _replaced(text, form)
    text = ADDRESS.sub(_shown, text)
    text = SETTING.sub(lambda found: f"{found[1]}={HIDDEN}", text)
    return TOLD.sub(lambda found: f"{found[1]}{found[2]}{HIDDEN}", text)


def _shown(found: re.Match[str]) -> str:
    """An address in a text as it may be shown; the signs that end its sentence stay."""
    address = found[0].rstrip(").,;:!")
    return shown_address(address) + found[0][len(address) :]


class Scrubbing(logging.Filter):
    """Takes secrets out of lines of a log, ours and those of the libraries below."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the line; every line passes."""
        record.msg, record.args = without_secrets(record.getMessage()), ()
        return True


SCRUBBING = Scrubbing()


def _forms(secret: str) -> list[str]:
    """A secret as it may be written: as it is, in an address, and on a page."""
    coded = [quote(secret), quote(secret, safe=""), quote_plus(secret)]
    lower = [re.sub(r"%[0-9A-F]{2}", lambda sign: sign[0].lower(), form) for form in coded]
    return list(dict.fromkeys([secret, *coded, *lower, html.escape(secret), repr(secret)[1:-1]]))


def _replaced(text: str, secret: str) -> str:
    if secret not in text:
        return text
    if len(secret) >= LONG:
        return text.replace(secret, HIDDEN)
    return re.sub(rf"(?<![^\W_]){re.escape(secret)}(?![^\W_])", HIDDEN, text)
