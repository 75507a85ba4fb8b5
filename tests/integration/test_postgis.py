"""A real PostgreSQL with PostGIS: a municipality's own database."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

import geopandas as gpd
import pytest

from spatial.core.errors import SourceFormatError, SourceUnavailable
from spatial.sources import catalogue, layers, service_check
from spatial.sources.protocol import Area
from tests.integration.conftest import entry, need

pytestmark = pytest.mark.integration
NOWHERE = "(0, 'uden', null, null, null, null, null, null)"
TABLE = """
CREATE SCHEMA fkg;
CREATE TABLE fkg.legeplads (
  nr bigint, navn text, "Åben" boolean, areal numeric, koder jsonb,
  sidst timestamptz, uid uuid, geometri geometry(MultiPoint, 25833)
);
"""


def _as_postgres(command: list[str]) -> list[str]:
    """PostgreSQL does not run as root."""
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


@pytest.fixture(scope="module")
def database(demo):
    programs = need("PostgreSQL with PostGIS")
    folder = Path(tempfile.mkdtemp(prefix="faellesrum-pg-"))
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    secret = folder / "password"
    secret.write_text("s3cret42\n", encoding="utf-8")
    secret.chmod(0o644)

    def run(*command: str, **options: object) -> None:
        subprocess.run(_as_postgres([*command]), check=True, capture_output=True, cwd="/", **options)  # type: ignore[call-overload]

    data = str(folder / "data")
    run(str(programs / "initdb"), "-D", data, "-U", "reader", "-A", "scram-sha-256", "--pwfile", str(secret))
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    run(str(programs / "pg_ctl"), "-D", data, "-o", options, "-l", str(folder / "log"), "-w", "start")
    address = f"postgresql://reader:s3cret42@127.0.0.1:{port}/postgres"
    try:
        rows = gpd.read_file(demo.folder / "legeplads.gpkg")
        values = ",\n".join(
            f"({row.nr}, '{row.navn}', true, 12.5, '{{\"a\": 1}}', now(), '00000000-0000-0000-0000-000000000001', "
            f"ST_Multi(ST_GeomFromText('{row.geometry.wkt}', 25833)))"
            for row in rows.itertuples()
        )
        sql = f"CREATE EXTENSION postgis; {TABLE} INSERT INTO fkg.legeplads VALUES {values}, {NOWHERE};"
        run(str(programs / "psql"), "-v", "ON_ERROR_STOP=1", "-q", address, input=sql.encode())
        yield address
    finally:
        run(str(programs / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def source(database, monkeypatch):
    monkeypatch.setenv("TEST_FAELLESRUM_DB", database)
    return entry("legeplads", protocol="postgis", layer="fkg.legeplads", key="TEST_FAELLESRUM_DB")


def around(source, demo):
    return layers.read_layer(source.id, demo.estate, catalogue=catalogue.Catalogue({source.id: source}))


def test_a_table(source, demo):
    raw = around(source, demo)
    assert set(raw.points.ids) == demo.expected["legeplads"] and raw.dropped == {"no geometry": 1}
    assert raw.points.tags[0]["name"].endswith("æøå")
    assert raw.provenance.path.endswith("/postgres#fkg.legeplads") and "s3cret42" not in repr(raw.provenance)
    assert raw.provenance.sha256 == around(source, demo).provenance.sha256


def test_check(source, demo):
    found = service_check.check_service(source, area=Area(demo.estate.context_area, demo.estate.crs))
    assert set(found.unmapped) == {"Åben", "areal", "koder", "sidst", "uid"} and found.crs == "EPSG:25833"


def test_a_condition(source, demo):
    from dataclasses import replace

    assert len(around(replace(source, filter="nr = 0"), demo).points) == 0


@pytest.mark.parametrize(
    ("layer", "error", "words"),
    [
        ("fkg.nowhere", SourceFormatError, "no geometry column"),
        ('fkg.legeplads"; DROP TABLE fkg.legeplads; --', SourceFormatError, "no geometry column"),
    ],
)
def test_a_table_that_is_not_there(source, demo, layer, error, words):
    from dataclasses import replace

    with pytest.raises(error, match=words):
        around(replace(source, layer=layer), demo)
    assert len(around(source, demo).points) > 0


def test_a_wrong_password_is_not_shown(source, demo, monkeypatch, database):
    monkeypatch.setenv("TEST_FAELLESRUM_DB", database.replace("s3cret42", "wr0ng-w0rd"))
    with pytest.raises(SourceUnavailable, match=r"cannot be reached.*authentication failed") as caught:
        around(source, demo)
    assert "wr0ng" not in str(caught.value)


def test_a_query_that_the_database_refuses(source, demo):
    from dataclasses import replace

    with pytest.raises(SourceUnavailable, match=r"refuses.*no_such_column"):
        around(replace(source, filter="no_such_column = 1"), demo)
