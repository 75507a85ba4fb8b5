"""How the server reads what is asked, and how it answers: in JSON, with faults in words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import shapely
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from spatial.core.errors import InputError, SpatialError
from spatial.core.languages import KNOWN_LANGUAGES
from spatial.studio.guard import TooLongError, refusal
from spatial.studio.strokes import drawn_shape


def said_of(error: SpatialError) -> dict[str, str]:
    """What went wrong, in every language."""
    return {lang: error.said(lang) for lang in KNOWN_LANGUAGES}


async def refuse(request: Request, error: Exception) -> Response:
    """Say what cannot be."""
    assert isinstance(error, SpatialError)
    return JSONResponse({"said": said_of(error)}, 422)


async def too_long(request: Request, error: Exception) -> Response:
    """Take no more."""
    return refusal("too long", 413)


HANDLERS: Mapping[Any, Any] = {SpatialError: refuse, TooLongError: too_long}


def download(content: bytes, name: str, media: str) -> Response:
    """A file to be kept, under a name that every system can have."""
    plain = re.sub(r"[^A-Za-z0-9._-]", "_", name)
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    return Response(content, media_type=media, headers={"Content-Disposition": disposition})


async def asked_of(request: Request) -> Mapping[str, Any]:
    """The JSON object that was sent."""
    try:
        found = json.loads(await request.body())
    except (ValueError, RecursionError) as error:
        raise InputError("studio.stroke", found="text") from error
    if not isinstance(found, dict):
        raise InputError("studio.stroke", found=type(found).__name__)
    return found


def word(said: Mapping[str, Any], part: str) -> str:
    """A text that was sent."""
    found = said.get(part)
    if not isinstance(found, str):
        raise InputError("studio.part", part=part, found=str(found)[:40], needed="text")
    return found


def values_of(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was answered, by field."""
    values = said.get("values")
    return values if isinstance(values, dict) else {}


def spot_of(coordinates: Any) -> tuple[float, float]:
    """Longitude and latitude of a spot that was sent."""
    ((lon, lat),) = shapely.get_coordinates(drawn_shape({"type": "Point", "coordinates": coordinates})).tolist()
    return lon, lat


def number(request: Request, part: str) -> float:
    """A number in the address."""
    try:
        return float(request.query_params[part])
    except (KeyError, ValueError) as error:
        raise InputError("studio.part", part=part, found=request.query_params.get(part), needed="0.0") from error
