"""Files broken by chance: good ones with pieces cut out, doubled and put in, found by Hypothesis.

Each reader meets its own formats. All of it runs in one bounded process (``guard``), so that a crash
of a library or a loop without end is found too: what was tried last lies in the folder.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import openpyxl
import osmium
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spatial.analysis import snapshot
from spatial.core.errors import SpatialError
from spatial.core.model import Extract
from spatial.settings.loading import DEFAULTS
from tests.hostile.corpus import EVIL
from tests.hostile.readers import ESTATE, READERS
from tests.osm_xml import CENTRE_M, write

PROJECT = Path(__file__).parents[2]
X, Y = CENTRE_M
MOST_EDITS = 3
# What parsers stumble over: numbers that are none, brackets, ends of things, names of things.
TOKENS = [
    *(text.encode("utf-8", "surrogatepass") for text in EVIL.values()),
    *b"nan NaN inf -inf 1e999 -1 0 null true [] {} [[ }} ' , ; : . = # \xff \xfe \xc3\x28 <! ]]> &a;".split(b" "),
    *b"99999999999999999999 -9223372036854775809 2147483648 0x1p-1074 1e-400 POINT( EMPTY EPSG:0".split(b" "),
    *b"NaT 9999-12-31 T24:00 0000-00-00 \xff\xff\xff\xff \x7f\xff\xff\xff \x80 \xf0\x9f\x8f\xb3".split(b" "),
    *(b'""', b"\n", b"\r", b"\0", b"\0" * 16, b" " * 300, b"(" * 300, b"[" * 2000),
]


def _table() -> gpd.GeoDataFrame:
    rows = {
        "name": ["Try", "æøå"],
        "action": ["add", "remove"],
        "layer": ["place", "building"],
        "kind": ["bench", None],
        "target": [None, "osm:way/1"],
        "phase": ["1", "2"],
        "location_id": ["a", "b"],
        "survey_time_start": ["2024-05-01 12:00", "2024-05-01 13:00"],
        "row_total": [3, 4],
    }
    shapes = [shapely.box(X - 50, Y - 50, X, Y), shapely.box(X, Y, X + 50, Y + 50)]
    return gpd.GeoDataFrame(rows, geometry=shapes, crs=25832)


def _vector(driver: str) -> Callable[[Path], Any]:
    def make(path: Path) -> None:
        table = _table().to_crs(4326) if driver == "GeoJSON" else _table()
        one = table.head(1) if path.stem == "boundary" else table
        one.to_file(path, driver=driver)

    return make


COUNTS = (
    "location_id,survey_time_start,row_total,lon,lat,age_0_14\na,2024-05-01 12:00,3,12.32,55.67,1\n"
    "b,2024-05-01 13:00,4,12.33,55.67,0\n"
)
CHECKS = "check,checked_on,answer\nosm:node/1#lit,2024-05-01,yes\nosm:node/2#seat,2024-05-02,no\n"
PARCELS = "Område;Kommune;Landsejerlavskode;Matrikelnummer;År\nTry;Try;10051;14gf, 14gg;2023\n;;10052;1a;2023\n"
PLAN = (
    'name = "Plan"\n[[edit]]\nremove = "osm:way/1"\nphase = 1\n[[edit]]\nadd = "bench"\nat = [12.32, 55.67]\n'
    'note = "x"\ntags = { lit = "yes" }\n[[edit]]\nadd = "path"\nline = [[12.32, 55.67], [12.321, 55.67]]\n'
)
MAPPING = 'kind = "staying"\ncrs = "EPSG:25832"\ntime_zone = "Europe/Copenhagen"\n[columns]\ntotal = "n"\n'
CATALOGUE = (
    '[source."my.layer"]\ntitle = { da = "x", en = "y" }\nprotocol = "geojson"\nlicence = "CC0"\nattribution = "me"\n'
    'endpoint = "https://example.org/x"\ntags = "leisure=playground"\n[source."my.layer".fields]\nname = "name"\n'
)


def _text(content: str) -> Callable[[Path], Any]:
    return lambda path: path.write_text(content, encoding="utf-8")


def _book(content: str) -> Callable[[Path], Any]:
    def make(path: Path) -> None:
        book = openpyxl.Workbook()
        for line in content.splitlines():
            book.active.append(line.replace(";", ",").split(","))
        book.save(path)

    return make


def _town(path: Path) -> None:
    nodes = {1: (-50, 20), 2: (-10, 20), 3: (-10, 32), 4: (-50, 32), 9: (0, 0, {"amenity": "bench", "name": "x"})}
    ways = {1: ((1, 2, 3, 4, 1), {"building": "apartments"}), 2: ((4, 9), {"highway": "footway"})}
    relations = {1: ((("way", 1, "outer"),), {"type": "multipolygon", "leisure": "park"})}
    write(path, nodes, ways, relations, bounds=(-700, -700, 700, 700))


def _heights(path: Path) -> None:
    import rasterio
    from rasterio.transform import Affine

    cells = np.add.outer(np.arange(80.0), np.arange(80.0)).astype(np.float32)
    about = {"crs": "EPSG:25832", "transform": Affine(10, 0, X - 400, 0, -10, Y + 400), "dtype": "float32", "count": 1}
    kind = {".tif": "GTiff", ".asc": "AAIGrid"}[path.suffix]
    with rasterio.open(path, "w", driver=kind, width=80, height=80, **about) as file:
        file.write(cells, 1)


def _virtual(path: Path) -> None:
    _heights(path.with_name("beside.tif"))
    path.write_text(
        '<VRTDataset rasterXSize="80" rasterYSize="80"><SRS>EPSG:25832</SRS>'
        f'<GeoTransform>{X - 400}, 10, 0, {Y + 400}, 0, -10</GeoTransform><VRTRasterBand dataType="Float32" band="1">'
        '<SimpleSource><SourceFilename relativeToVRT="1">beside.tif</SourceFilename><SourceBand>1</SourceBand>'
        "</SimpleSource></VRTRasterBand></VRTDataset>"
    )


def _drawing(path: Path) -> None:
    lines = [shapely.LineString([(X, Y), (X + 20 * i, Y + 9)]) for i in (1, 2)]
    gpd.GeoDataFrame({"Layer": ["NEW", "IGNORED"]}, geometry=lines, crs=25832).to_file(path, driver="DXF")


def _bundled(name: str) -> Callable[[Path], Any]:
    return lambda path: path.write_bytes((DEFAULTS / name).read_bytes())


def _uncompressed(path: Path) -> None:
    """An extract whose blocks are not packed, so that what is broken is their content."""
    packed = path.with_name("packed.osm.pbf")
    _town(packed)
    found = osmium.FileProcessor(str(packed))
    file = osmium.io.File(str(path), "pbf,pbf_compression=none")
    with osmium.SimpleWriter(file, header=found.header) as writer:
        for element in found:
            writer.add(element)


def _frozen(path: Path) -> None:
    town = path.parent.with_name("town.osm.pbf")
    _town(town)
    snapshot.write_snapshot(path.parent, ESTATE, Extract(town))


def _finished(path: Path) -> None:
    with zipfile.ZipFile(PROJECT / "tests" / "data" / "run_of_schema_1.zip") as run:
        run.extractall(path.parent)


MAPS = {".geojson": "GeoJSON", ".gpkg": "GPKG", ".fgb": "FlatGeobuf", ".kml": "KML", ".gml": "GML"}
# (reader, name of the file, what makes a good one)
TARGETS: list[tuple[str, str, Callable[[Path], Any]]] = [
    *(("boundary", f"boundary{suffix}", _vector(driver)) for suffix, driver in MAPS.items()),
    *(("layer", f"layer{suffix}", _vector(driver)) for suffix, driver in MAPS.items()),
    ("layer", "layer.parquet", lambda path: _table().to_parquet(path)),
    ("layer", "layer.csv", _text("id,name,lon,lat\n1,x,12.32,55.67\n2,y,12.33,55.67\n")),
    *(("plan", f"plan{suffix}", _vector(MAPS[suffix])) for suffix in (".geojson", ".gpkg")),
    ("plan", "plan.toml", _text(PLAN)),
    ("drawing", "drawing.dxf", _drawing),
    *(("observations", f"counts{suffix}", _vector(MAPS[suffix])) for suffix in (".geojson", ".gpkg")),
    ("observations", "counts.csv", _text(COUNTS)),
    ("observations", "counts.xlsx", _book(COUNTS)),
    ("field_answers", "answers.csv", _text(CHECKS)),
    ("field_answers", "answers.xlsx", _book(CHECKS)),
    ("parcels", "parcels.csv", _text(PARCELS)),
    ("parcels", "parcels.xlsx", _book(PARCELS)),
    *(("osm", f"town{suffix}", _town) for suffix in (".osm", ".osm.bz2", ".osm.pbf")),
    ("terrain", "heights.tif", _heights),
    ("terrain", "heights.asc", _heights),
    ("terrain", "heights.vrt", _virtual),
    ("rubric", "rubric.toml", _bundled("rubric.toml")),
    ("mapping", "mapping.toml", _text(MAPPING)),
    ("catalogue", "sources.toml", _text(CATALOGUE)),
    ("extract", "town.osm.pbf", _town),
    ("extract", "raw.osm.pbf", _uncompressed),
    ("frozen", "inputs/inputs.json", _frozen),
    *(
        ("finished", f"run/{name}", _finished)
        for name in ("manifest.json", "places.gpkg", "evidence.parquet", "lenses.csv")
    ),
]
# Readers that are given the folder in which the file lies.
OF_FOLDERS = {"frozen", "finished"}


def broken(good: bytes, edits: Sequence[tuple[float, int, bytes]]) -> bytes:
    """A file with pieces taken out and put in: where (a share of its length), how much goes, what comes."""
    found = bytearray(good)
    for share, gone, put in edits:
        at = int(share * len(found))
        found[at : at + gone] = put
    return bytes(found)


# Mostly small: a file that is broken everywhere is refused by its first parser.
EDIT = st.tuples(
    st.floats(0, 1, exclude_max=True),
    st.sampled_from([0, 0, 0, 1, 1, 1, 2, 3, 5, 8, 40, 1 << 30]),
    st.binary(max_size=2) | st.sampled_from(TOKENS) | st.just(b""),
)


def _inside(book: bytes, edits: Sequence[tuple[float, int, bytes]]) -> bytes:
    """A workbook that is whole, but for what its sheet says."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            content = old.read(member)
            new.writestr(member, broken(content, edits) if "sheet1" in member or "Strings" in member else content)
    return made.getvalue()


def fuzz(index: int, folder: str, examples: int) -> str:
    """Break one target's file many times and read it; say how often it was read and how often refused.

    Raises
    ------
    AssertionError
        If anything but one of our errors, in one line, came of it.
    """
    reader, name, make = TARGETS[index]
    path = Path(folder) / name
    path.parent.mkdir(exist_ok=True)
    make(path)
    read_at = path.parent if reader in OF_FOLDERS else path
    good, told = path.read_bytes(), {"read": 0, "refused": 0}
    if reader != "parcels":  # whose second file is not there
        READERS[reader](read_at)

    @settings(
        max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.lists(EDIT, min_size=1, max_size=MOST_EDITS))
    def each(edits: list[tuple[float, int, bytes]]) -> None:
        path.write_bytes(_inside(good, edits) if name.endswith(".xlsx") and len(edits) < 3 else broken(good, edits))
        try:
            READERS[reader](read_at)
            told["read"] += 1
        except SpatialError as error:
            assert "\n" not in str(error).replace(str(path), ""), str(error)
            told["refused"] += 1

    each()
    return json.dumps(told)
