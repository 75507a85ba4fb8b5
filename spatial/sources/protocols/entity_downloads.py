"""Get Datafordeler's entity files of one municipality: one archive an entity, for ``entity_files`` to read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

from spatial.core.errors import ConfigError, InputError, SourceFormatError
from spatial.sources import estates, service_answers
from spatial.sources.catalogue import Source
from spatial.sources.gdal_services import service_key
from spatial.sources.http import Transport

# A town's units are some 100 MB: an hour for each, on a slow line too.
WHOLE_S = 3600.0
CODE_DIGITS = 4


def municipality_code(text: str) -> str:
    """Return the code of a municipality, said by it or by the name of one that the registry knows.

    Raises
    ------
    InputError
        If it is neither.

    Examples
    --------
    >>> municipality_code("101"), municipality_code("kobenhavn"), municipality_code("Høje-Taastrup")
    ('0101', '0101', '0169')
    """
    if text.isascii() and text.isdigit() and len(text) <= CODE_DIGITS:
        return text.zfill(CODE_DIGITS)
    known = {estates.folded(area.municipality): area.municipality_code for area in estates.areas()}
    if (found := known.get(estates.folded(text))) is None:
        raise InputError("entity_files.municipality", found=text)
    return found


def download(
    source: Source,
    municipality: str,
    folder: Path,
    *,
    transport: Transport | None = None,
    tell: Callable[[str], None] = lambda entity: None,
) -> tuple[Path, ...]:
    """Write the archive of each entity of a layer into a folder; return them.

    Parameters
    ----------
    municipality
        Code of four digits.
    tell
        Is told each entity before it is asked for.

    Raises
    ------
    ConfigError
        If the layer has no entity files.
    SourceError
        If one is refused, or is no archive.
    """
    if source.files is None or not source.entities:
        raise ConfigError("entity_files.none", source=source.id)
    known, paths = transport or Transport(whole_s=WHOLE_S), []
    for entity in source.entities:
        tell(entity)
        answer = known.get(source.files, asked_for(entity, municipality), key=service_key(source), hosts=source.hosts)
        service_answers.check_answer(answer.body, f"{source.id} ({entity})")
        if not zipfile.is_zipfile(io.BytesIO(answer.body)):
            raise SourceFormatError("entity_files.no_archive", source=source.id, entity=entity)
        path = folder / f"{entity}_{municipality}.zip"
        path.write_bytes(answer.body)
        paths.append(path)
    return tuple(paths)


def asked_for(entity: str, municipality: str) -> dict[str, str]:
    """What is asked of the service for one entity such as ``BBR_Enhed``: the newest whole file of what holds now."""
    register, _, name = entity.partition("_")
    return {
        "Register": register,
        "LatestTotalForEntity": name,
        "Type": "Current",
        "Format": "JSON",
        "MunicipalityCode": municipality,
    }
