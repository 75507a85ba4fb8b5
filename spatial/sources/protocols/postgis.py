"""Tables of a PostGIS database: a municipality's own FKG, where most Danish registers live.

By ADBC, PostgreSQL's driver for Arrow: GDAL's packaged build has none for PostgreSQL.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import geopandas as gpd
import shapely
from pyproj import CRS

from spatial.core.addresses import HIDDEN, remember_address, secrets_of, shown_address, without_secrets
from spatial.core.errors import ConfigError, SourceFormatError, SourceUnavailable
from spatial.core.files import sha256_of_bytes
from spatial.core.messages import phrase
from spatial.sources.catalogue import Source
from spatial.sources.http import Key
from spatial.sources.protocol import Area, Delivery

CONNECT_S, STATEMENT_MS = 10, 120_000
SHAPE = "faellesrum_shape"
FIND = """
SELECT f_geometry_column, srid FROM geometry_columns
WHERE f_table_schema = $1 AND f_table_name = $2 ORDER BY f_geometry_column
"""
COLUMNS = """
SELECT column_name, data_type FROM information_schema.columns
WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position
"""
# What Arrow has no type for is taken as text.
AS_TEXT = ("json", "jsonb", "uuid", "xml", "USER-DEFINED", "ARRAY", "numeric", "interval", "inet", "bit")


def fetch(source: Source, area: Area, *, transport: object = None) -> Delivery:
    """Read the rows of a table in the area's box.

    The address of the database is the entry's ``endpoint``, or stands in the environment variable
    that ``key`` names, with user and password: it is shown nowhere.

    Raises
    ------
    SourceUnavailable, SourceFormatError
        If the database cannot be asked, or the table has no geometry.
    """
    table, schema, name = _names(source)
    with _connected(source) as connection:
        column, srid = _geometry(connection, source, schema, name)
        fields = [field for field in _columns(connection, schema, name) if field[0] != column]
        crs = CRS.from_epsg(srid) if srid else CRS.from_user_input(source.crs)
        corners = ",".join(f"{value:.2f}" for value in area.bounds_in(crs))
        picked = [
            f"{_quoted(field)}{'::text' if kind in AS_TEXT else ''} AS {_quoted(field)}" for field, kind in fields
        ]
        condition = f" AND ({source.filter})" if source.filter else ""
        query = (
            f"SELECT {', '.join([*picked, f'ST_AsBinary(ST_Force2D({_quoted(column)})) AS {SHAPE}'])} FROM {table} "
            f"WHERE ({_quoted(column)} && ST_MakeEnvelope({corners},{srid}) OR {_quoted(column)} IS NULL){condition}"
        )
        frame = _asked(connection, source, query).to_pandas()
    shapes = shapely.from_wkb(frame.pop(SHAPE).to_numpy())
    content = sorted(
        "\x1f".join(map(repr, row)) for row in zip(*(frame[n] for n in frame), shapely.to_wkb(shapes), strict=True)
    )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Delivery(
        gpd.GeoDataFrame(frame, geometry=shapes, crs=crs if srid else None),
        origin=origin(source),
        sha256=sha256_of_bytes("\x1e".join(content).encode()),
        retrieved_at=now,
        data_date=now[:10],
        whole_area=True,
    )


def origin(source: Source) -> str:
    """Host, database and table, without user and password."""
    address = shown_address(_address(source))
    return f"{address.replace('///', '//local/', 1)}#{source.layer}"


def _names(source: Source) -> tuple[str, str, str]:
    schema, dot, name = (source.layer or "").partition(".")
    if not source.layer:
        raise ConfigError("postgis.no_table", source=source.id)
    schema, name = (schema, name) if dot else ("public", schema)
    return f"{_quoted(schema)}.{_quoted(name)}", schema, name


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _address(source: Source) -> str:
    found = source.endpoint if source.key is None else Key(source.key, "").value()
    if found is None:
        raise ConfigError("postgis.no_address", source=source.id)
    remember_address(found)
    return found


def _connected(source: Source) -> Any:
    import adbc_driver_postgresql.dbapi as driver
    from adbc_driver_manager import Error

    address = _address(source)
    parts = urlsplit(address)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ConfigError("postgis.address", source=source.id)
    limits = f"connect_timeout={CONNECT_S}&options=-c%20statement_timeout%3D{STATEMENT_MS}"
    query = "&".join(piece for piece in (parts.query, limits) if piece)
    try:
        return driver.connect(urlunsplit(parts._replace(query=query)))
    except Error as error:
        raise SourceUnavailable(
            "postgis.unreached", source=source.id, origin=origin(source), said=_plain(error, address)
        ) from None


def _plain(error: Exception, address: str) -> str:
    """The driver's words without the address and the password."""
    text = without_secrets(str(error).replace(address, HIDDEN), secrets_of(address))
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " ".join(lines)[:200].rstrip(" .;")


def _asked(connection: Any, source: Source, query: str, values: tuple[str, ...] = ()) -> Any:
    from adbc_driver_manager import Error

    try:
        with connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return cursor.fetch_arrow_table()
    except Error as error:
        raise SourceUnavailable(
            "postgis.refuses", source=source.id, origin=origin(source), said=_plain(error, _address(source))
        ) from None


def _geometry(connection: Any, source: Source, schema: str, name: str) -> tuple[str, int]:
    found = _asked(connection, source, FIND, (schema, name)).to_pylist()
    wanted = source.geometry_field
    rows = [row for row in found if wanted in (None, row["f_geometry_column"])]
    if not rows:
        have = [str(row["f_geometry_column"]) for row in found] or phrase("postgis.none")
        raise SourceFormatError(
            "postgis.no_geometry", source=source.id, origin=origin(source), wanted=wanted or "", have=have
        )
    return str(rows[0]["f_geometry_column"]), int(rows[0]["srid"])


def _columns(connection: Any, schema: str, name: str) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS, (schema, name))
        rows = cursor.fetch_arrow_table().to_pylist()
    return [(str(row["column_name"]), str(row["data_type"])) for row in rows]
