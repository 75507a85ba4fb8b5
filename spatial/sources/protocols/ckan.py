"""Resources of a CKAN portal (opendata.dk): the portal says where the file is, the file is read whole."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urljoin, urlsplit

from spatial.core.errors import ConfigError, SourceFormatError, SourceUnavailable
from spatial.sources import service_answers
from spatial.sources.catalogue import Source
from spatial.sources.gdal_services import service_key
from spatial.sources.http import Transport
from spatial.sources.protocol import Area, Delivery
from spatial.sources.protocols import download


def fetch(source: Source, area: Area, *, transport: Transport | None = None) -> Delivery:
    """Get the file of a resource, whose id is the entry's ``layer``.

    A resource that lives in the portal's own database is taken as its dump, which has no pages.

    Raises
    ------
    SourceError
        If there is no such resource, its file lies on a host that the entry does not name, or it
        is no layer.
    """
    known = transport or Transport()
    told = resource(source, known)
    url = str(told.get("url") or "")
    if told.get("datastore_active") and not url.lower().endswith(download.KNOWN):
        url = urljoin(str(source.endpoint), f"/datastore/dump/{source.layer}?format=csv")
    host = urlsplit(url).hostname
    if host not in {urlsplit(str(source.endpoint)).hostname, *source.hosts}:
        raise SourceUnavailable("ckan.host", source=source.id, host=host)
    answer = known.get(url, key=service_key(source), hosts=source.hosts)
    return download.read(answer, source, area)


def resource(source: Source, transport: Transport) -> dict[str, Any]:
    """What the portal says of the resource.

    Raises
    ------
    SourceError, ConfigError
        If it says nothing, or the entry names no resource.
    """
    if source.layer is None or source.endpoint is None:
        raise ConfigError("ckan.no_layer", source=source.id)
    answer = transport.get(f"{source.endpoint.rstrip('/')}/resource_show", {"id": source.layer})
    service_answers.check_answer(answer.body, f"{source.id} ({urlsplit(answer.url).hostname})")
    try:
        told: dict[str, Any] = json.loads(answer.body)["result"]
        assert isinstance(told, dict)
    except (ValueError, KeyError, TypeError, AssertionError) as error:
        raise SourceFormatError("ckan.no_resource", source=source.id) from error
    return told
