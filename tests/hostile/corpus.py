"""Files that are made to break a reader, each built when a test asks for it.

``CORPUS`` holds, by name, the readers that meet the file and the function that makes it in a folder.
"""

from __future__ import annotations

import io
import json
import math
import sqlite3
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.osm_xml import CENTRE_M, degrees, write

MILLION = 1_000_000
VECTORS = ("boundary", "layer", "observations", "plan")
TABLES = ("observations", "field_answers", "parcels")
SETTINGS = ("rubric", "mapping", "catalogue", "plan")
HEIGHTS = ("terrain", "surface")

# What an author of a tag, a column or a file name may write to hurt whoever opens what we write.
EVIL = {
    "script": "</script><script>window.hurt=1</script>",
    "handler": '"><img src=x onerror="window.hurt=1">',
    "svg": "<svg/onload=window.hurt=1>",
    "attribute": "' onmouseover='window.hurt=1",
    "template": "{{ 7*7 }}${7*7}{% for x in (1).__class__ %}",
    "link": "javascript:window.hurt=1",
    "formula": "=cmd|' /C calc'!A0",
    "plus": "+1+cmd|' /C calc'!A0",
    "minus": "-2+3+cmd|' /C calc'!A0",
    "at": "@SUM(1+9)*cmd|' /C calc'!A0",
    "tab": "\t=1+1",
    "return": "\r=1+1",
    "path": "../../../../etc/passwd",
    "drive": "C:\\Windows\\x",
    "right-to-left": "bænk\u202egnp.exe\u202c",
    "isolates": "\u2066\u2067x\u2069",
    "zero width": "a\u200b\u200d\ufeffb",
    "terminal": "\x1b]0;owned\x07\x1b[2Jx",
    "c1": "\x9b31mx",
    "newlines": "one\ntwo\r\nthree\u2028four",
    "null": "a\x00b",
    "noncharacter": "\ufffe\uffffx",
    "format": "{name} %s %(x)s {0.__class__}",
    "entity": "&lt;b&gt;&amp;&#x3c;script&#x3e;",
    "quote": "a\"b'c;d,e",
    "css": "</style><style>*{display:none}",
    "comment": "<!-- --> ]]>",
    "sql": "x'; DROP TABLE places; --",
}


@dataclass(frozen=True)
class Hostile:
    """A file that hurts: which readers meet it, what makes it."""

    readers: tuple[str, ...]
    make: Callable[[Path], Path]


CORPUS: dict[str, Hostile] = {}


def hostile(name: str, *readers: str) -> Callable[[Callable[[Path], Path]], Callable[[Path], Path]]:
    def keep(make: Callable[[Path], Path]) -> Callable[[Path], Path]:
        CORPUS[name] = Hostile(readers, make)
        return make

    return keep


def _written(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
    return path


# --- what is larger inside than outside ----------------------------------------------------------

LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]>"
)
OUTSIDE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@hostile("entity bomb.osm", "osm")
def _(folder: Path) -> Path:
    body = '<osm version="0.6"><node id="1" lat="55.6" lon="12.3" version="1"><tag k="name" v="&j;"/></node></osm>'
    return _written(folder / "a.osm", f'<?xml version="1.0"?>{LAUGHS}{body}')


@hostile("entity from a file.osm", "osm")
def _(folder: Path) -> Path:
    body = '<osm version="0.6"><node id="1" lat="55.6" lon="12.3" version="1"><tag k="name" v="x"/>&a;</node></osm>'
    return _written(folder / "a.osm", f'<?xml version="1.0"?>{OUTSIDE}{body}')


@hostile("entity bomb.kml", *VECTORS)
def _(folder: Path) -> Path:
    body = '<kml xmlns="http://www.opengis.net/kml/2.2"><Document><Placemark><name>&j;</name><Point><coordinates>'
    return _written(
        folder / "a.kml",
        f'<?xml version="1.0"?>{LAUGHS}{body}12.3,55.6</coordinates></Point></Placemark></Document></kml>',
    )


@hostile("entity bomb.gml", *VECTORS)
def _(folder: Path) -> Path:
    head = '<gml:FeatureCollection xmlns:gml="http://www.opengis.net/gml" xmlns:o="http://o">'
    body = "<gml:featureMember><o:x><o:name>&j;</o:name></o:x></gml:featureMember></gml:FeatureCollection>"
    return _written(folder / "a.gml", f'<?xml version="1.0"?>{LAUGHS}{head}{body}')


@hostile("entity bomb named as GeoJSON", *VECTORS)
def _(folder: Path) -> Path:
    return _written(folder / "a.geojson", f'<?xml version="1.0"?>{LAUGHS}<kml><Document>&j;</Document></kml>')


def _workbook(path: Path, sheet: Iterable[bytes], strings: bytes = b"", head: bytes = b"") -> Path:
    """A workbook whose one sheet is this XML, written piece by piece."""
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType='
        f'"application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kind}.worksheet+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}.sharedStrings+xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" Type='
        f'"{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets><sheet name="s" sheetId="1" '
        'r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="r1" '
        f'Type="{office}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type='
        f'"{office}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/sharedStrings.xml": f'<sst xmlns="{main}"/>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, strings if strings and name.endswith("Strings.xml") else text)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as file:
            file.write(head + f'<worksheet xmlns="{main}"><sheetData>'.encode())
            for piece in sheet:
                file.write(piece)
            file.write(b"</sheetData></worksheet>")
    return path


def _cell(text: str) -> bytes:
    return f'<c t="inlineStr"><is><t>{text}</t></is></c>'.encode()


@hostile("entity bomb.xlsx", *TABLES)
def _(folder: Path) -> Path:
    head = f'<?xml version="1.0"?>{LAUGHS}'.encode()
    return _workbook(folder / "a.xlsx", [b"<row>", _cell("&j;"), b"</row>"], head=head)


@hostile("zip bomb.xlsx", *TABLES)
def _(folder: Path) -> Path:
    row = b"<row>" + _cell("x" * 10_000) + b"</row>"
    return _workbook(folder / "a.xlsx", (row for _ in range(60_000)))


@hostile("zip bomb of shared strings.xlsx", *TABLES)
def _(folder: Path) -> Path:
    main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    strings = b'<sst xmlns="' + main + b'"><si><t>' + b"x" * 300_000_000 + b"</t></si></sst>"
    return _workbook(folder / "a.xlsx", [b'<row><c t="s"><v>0</v></c></row>'], strings=strings)


@hostile("one cell far away.xlsx", *TABLES)
def _(folder: Path) -> Path:
    far = b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>x</t></is></c></row>'
    return _workbook(folder / "a.xlsx", [b'<row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>', far])


@hostile("zip bomb of a Shapefile", "boundary", "layer", "plan")
def _(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.prj", 'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563]],'
                         'PRIMEM["Greenwich",0],UNIT["degree",0.0174532925199433]]')  # fmt: skip
        records = 4_000_000
        head = struct.pack(">i5i", 9994, 0, 0, 0, 0, 0) + struct.pack(">i", (100 + records * 28) // 2)
        head += struct.pack("<2i8d", 1000, 1, 0, 0, 1, 1, 0, 0, 0, 0)
        with archive.open("a.shp", "w", force_zip64=True) as file:
            file.write(head)
            block = b"".join(struct.pack(">2i", i + 1, 10) + struct.pack("<i2d", 1, 12.0, 55.0) for i in range(10_000))
            for _ in range(records // 10_000):
                file.write(block)
    return folder / "a.zip"


@hostile("a zip in a zip with names that are paths", "boundary", "layer", "plan")
def _(folder: Path) -> Path:
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        archive.writestr("../../hurt.geojson", "{}")
        archive.writestr("/etc/hurt.shp", b"\0" * 100)
    return folder / "a.zip"


@hostile("a timetable of one row of 10 GB", "layer")
def _(folder: Path) -> Path:
    with (
        zipfile.ZipFile(folder / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("stops.txt", "w", force_zip64=True) as file,
    ):
        file.write(b"stop_id,stop_name,stop_lat,stop_lon\n1,")
        for _ in range(120):
            file.write(b"x" * 10_000_000)
    return folder / "a.zip"


# --- what claims to be more than it is -----------------------------------------------------------


def _varint(value: int) -> bytes:
    found = b""
    while value > 0x7F:
        found += bytes([value & 0x7F | 0x80])
        value >>= 7
    return found + bytes([value])


def _blob(kind: bytes, data: bytes, raw_size: int, size: int | None = None) -> bytes:
    """A block of a PBF file that says it holds ``raw_size`` bytes, of ``size`` in the file."""
    packed = zlib.compress(data)
    body = b"\x10" + _varint(raw_size) + b"\x1a" + _varint(len(packed)) + packed
    head = b"\x0a" + _varint(len(kind)) + kind + b"\x18" + _varint(len(body) if size is None else size)
    return struct.pack(">I", len(head)) + head + body


OSM_HEADER = b"\x22\x0eOsmSchema-V0.6\x22\x0aDenseNodes"


@hostile("a block that says it holds 2 GB.osm.pbf", "osm", "extract")
def _(folder: Path) -> Path:
    return _written(
        folder / "a.osm.pbf",
        _blob(b"OSMHeader", OSM_HEADER, len(OSM_HEADER)) + _blob(b"OSMData", b"\0" * 1000, 2**31 - 1),
    )


@hostile("a block of 2 GB in the file.osm.pbf", "osm", "extract")
def _(folder: Path) -> Path:
    return _written(folder / "a.osm.pbf", _blob(b"OSMHeader", OSM_HEADER, len(OSM_HEADER), 2**31 - 1))


@hostile("a header of 4 GB.osm.pbf", "osm", "extract")
def _(folder: Path) -> Path:
    return _written(folder / "a.osm.pbf", struct.pack(">I", 2**32 - 1) + b"\x0a\x09OSMHeader")


@hostile("a block that blows up.osm.pbf", "osm", "extract")
def _(folder: Path) -> Path:
    big = b"\0" * 30_000_000
    blocks = b"".join(_blob(b"OSMData", big, len(big)) for _ in range(20))
    return _written(folder / "a.osm.pbf", _blob(b"OSMHeader", OSM_HEADER, len(OSM_HEADER)) + blocks)


def _field(number: int, content: bytes | int) -> bytes:
    """A field of a message: bytes, or a number."""
    if isinstance(content, int):
        return _varint(number << 3) + _varint(content % 2**64)
    return _varint(number << 3 | 2) + _varint(len(content)) + content


FAR_OUT = -(2**40)  # where a list would begin, if its number were a place
# What is in a group of a block: fields that are to be lists of numbers, or messages, and are one number.
NO_LISTS = {
    "nodes of a way": _field(3, _field(1, 1) + _field(8, FAR_OUT)),
    "keys of a way": _field(3, _field(1, 1) + _field(2, FAR_OUT) + _field(3, FAR_OUT)),
    "date of a way": _field(3, _field(1, 1) + _field(4, FAR_OUT)),
    "members of a relation": _field(4, _field(1, 1) + _field(8, FAR_OUT) + _field(9, FAR_OUT) + _field(10, FAR_OUT)),
    "date of a relation": _field(4, _field(1, 1) + _field(4, FAR_OUT)),
    "dense nodes": _field(2, b"".join(_field(number, FAR_OUT) for number in (1, 8, 9))),
    "dates of dense nodes": _field(2, b"".join(_field(number, b"\2") for number in (1, 8, 9)) + _field(5, FAR_OUT)),
    "keys of dense nodes": _field(2, b"".join(_field(n, b"\2") for n in (1, 8, 9)) + _field(10, FAR_OUT)),
    "text beyond the texts": _field(
        2, b"".join(_field(n, b"\2") for n in (1, 8, 9)) + _field(10, _varint(2**64 - 2**40) + b"\0\0")
    ),
    "keys of a node": _field(1, _field(1, 2) + _field(8, 2) + _field(9, 2) + _field(2, FAR_OUT) + _field(3, FAR_OUT)),
    "date of a node": _field(1, _field(1, 2) + _field(8, 2) + _field(9, 2) + _field(4, FAR_OUT)),
}


def _no_list(what: str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        block = _field(1, _field(1, b"") + _field(1, b"name")) + _field(2, NO_LISTS[what])
        header = _blob(b"OSMHeader", OSM_HEADER, len(OSM_HEADER))
        return _written(folder / "a.osm.pbf", header + _blob(b"OSMData", block, len(block)))

    return make


for _what in NO_LISTS:
    hostile(f"a number that is to be the {_what}.osm.pbf", "extract", "osm")(_no_list(_what))


@hostile("a bzip2 bomb.osm.bz2", "osm")
def _(folder: Path) -> Path:
    import bz2

    squeezer = bz2.BZ2Compressor()
    found = squeezer.compress(b'<?xml version="1.0"?><osm version="0.6">')
    for _ in range(20):
        found += squeezer.compress(b" " * 10_000_000)
    return _written(folder / "a.osm.bz2", found + squeezer.compress(b"</osm>") + squeezer.flush())


def _geopackage(folder: Path, change: Callable[[sqlite3.Connection], Any]) -> Path:
    """A GeoPackage of one square, with something changed in its tables behind GDAL's back."""
    import geopandas as gpd
    import shapely

    x, y = CENTRE_M
    path = folder / "a.gpkg"
    table = gpd.GeoDataFrame(
        {"name": ["x"], "action": ["remove"], "layer": ["building"], "count": ["3"]},
        geometry=[shapely.box(x - 50, y - 50, x + 50, y + 50)], crs=25832,
    )  # fmt: skip
    table.to_file(path, layer="legeplads", driver="GPKG")
    database = sqlite3.connect(path, isolation_level=None)
    try:
        database.create_function("ST_IsEmpty", 1, lambda shape: 0)
        for trigger in database.execute("SELECT name FROM sqlite_master WHERE type='trigger'").fetchall():
            database.execute(f'DROP TRIGGER "{trigger[0]}"')
        change(database)
    finally:
        database.close()
    return path


@hostile("a billion features claimed.gpkg", *VECTORS)
def _(folder: Path) -> Path:
    return _geopackage(folder, lambda db: db.execute("UPDATE gpkg_ogr_contents SET feature_count = 1000000000"))


@hostile("a view without end.gpkg", *VECTORS)
def _(folder: Path) -> Path:
    def change(db: sqlite3.Connection) -> None:
        db.execute("ALTER TABLE legeplads RENAME TO hidden")
        db.execute(
            "CREATE VIEW legeplads AS WITH RECURSIVE n(fid) AS (SELECT 1 UNION ALL SELECT fid + 1 FROM n) "
            "SELECT n.fid, geom, name, action, layer, count FROM n, hidden"
        )

    return _geopackage(folder, change)


@hostile("a geometry of four billion points.gpkg", *VECTORS)
def _(folder: Path) -> Path:
    head = b"GP\0\1" + struct.pack("<i", 25832)
    shape = struct.pack("<bII", 1, 3, 1) + struct.pack("<I", 0xFFFFFFF0) + b"\0" * 64
    return _geopackage(folder, lambda db: db.execute("UPDATE legeplads SET geom = ?", [head + shape]))


@hostile("geometry collections in each other.gpkg", *VECTORS)
def _(folder: Path) -> Path:
    head = b"GP\0\1" + struct.pack("<i", 25832)
    shape = struct.pack("<bII", 1, 7, 1) * 100_000 + struct.pack("<bIdd", 1, 1, *CENTRE_M)
    return _geopackage(folder, lambda db: db.execute("UPDATE legeplads SET geom = ?", [head + shape]))


@hostile("a reference system that is a program.gpkg", *VECTORS)
def _(folder: Path) -> Path:
    wild = 'LOCAL_CS["</script><script>window.hurt=1</script>"]'
    return _geopackage(folder, lambda db: db.execute("UPDATE gpkg_spatial_ref_sys SET definition = ?", [wild]))


@hostile("a billion features claimed.fgb", *VECTORS)
def _(folder: Path) -> Path:
    import geopandas as gpd
    import shapely

    x, y = CENTRE_M
    table = gpd.GeoDataFrame({"name": ["x"]}, geometry=[shapely.box(x, y, x + 9, y + 9)], crs=25832)
    path = folder / "a.fgb"
    table.to_file(path, driver="FlatGeobuf")
    found = bytearray(path.read_bytes())
    at = found.find(struct.pack("<Q", 1), 12)
    found[at : at + 8] = struct.pack("<Q", 10**9)
    return _written(path, bytes(found))


@hostile("a billion rows claimed.parquet", "layer")
def _(folder: Path) -> Path:
    import geopandas as gpd
    import shapely

    path = folder / "a.parquet"
    gpd.GeoDataFrame({"name": ["x"]}, geometry=[shapely.Point(*CENTRE_M)], crs=25832).to_parquet(path)
    found = path.read_bytes()
    # Thrift: a count of 1 (zig-zag 2) in the footer becomes 10⁹.
    size = struct.unpack("<I", found[-8:-4])[0]
    footer = found[-8 - size : -8].replace(b"\x16\x02", b"\x16" + _varint(2 * 10**9))
    return _written(path, found[: -8 - size] + footer + struct.pack("<I", len(footer)) + b"PAR1")


@hostile("a billion records claimed.shp", *VECTORS)
def _(folder: Path) -> Path:
    import geopandas as gpd
    import shapely

    gpd.GeoDataFrame({"name": ["x"]}, geometry=[shapely.Point(12.3, 55.6)], crs=4326).to_file(folder / "a.shp")
    table = bytearray((folder / "a.dbf").read_bytes())
    table[4:8] = struct.pack("<I", 10**9)
    (folder / "a.dbf").write_bytes(table)
    shape = bytearray((folder / "a.shp").read_bytes())
    shape[24:28] = struct.pack(">I", 0x7FFFFFFF)
    return _written(folder / "a.shp", bytes(shape))


@hostile("a raster of 4 × 10¹⁸ cells", *HEIGHTS)
def _(folder: Path) -> Path:
    x, y = CENTRE_M
    return _written(
        folder / "a.vrt",
        '<VRTDataset rasterXSize="2147483647" rasterYSize="2147483647"><SRS>EPSG:25832</SRS>'
        f"<GeoTransform>{x - 1e5}, 0.0001, 0, {y + 1e5}, 0, -0.0001</GeoTransform>"
        '<VRTRasterBand dataType="Float32" band="1"/></VRTDataset>',
    )


def _raster(path: Path, cells: Any, **about: Any) -> Path:
    import rasterio
    from rasterio.transform import Affine

    x, y = CENTRE_M
    size = cells.shape[0]
    given = {"crs": "EPSG:25832", "transform": Affine(1, 0, x - size / 2, 0, -1, y + size / 2)} | about
    with rasterio.open(path, "w", driver="GTiff", width=size, height=size, count=1, dtype=cells.dtype, **given) as file:
        file.write(cells, 1)
    return path


@hostile("a raster that says it is huge", *HEIGHTS)
def _(folder: Path) -> Path:
    path = _raster(folder / "a.tif", np.full((900, 900), 10, np.float32))
    found = bytearray(path.read_bytes())
    at = struct.unpack("<I", found[4:8])[0]
    for i in range(struct.unpack("<H", found[at : at + 2])[0]):
        entry = at + 2 + 12 * i
        if struct.unpack("<H", found[entry : entry + 2])[0] in (256, 257, 278):
            found[entry + 2 : entry + 12] = struct.pack("<HII", 4, 1, 2_000_000_000)
    return _written(path, bytes(found))


@hostile("a raster of one value, squeezed", *HEIGHTS)
def _(folder: Path) -> Path:
    return _raster(folder / "a.tif", np.zeros((12_000, 12_000), np.float32), compress="deflate", blockysize=12_000)


@hostile("a raster of NaN and infinities", *HEIGHTS)
def _(folder: Path) -> Path:
    cells = np.full((900, 900), np.nan, np.float32)
    cells[::2] = np.inf
    return _raster(folder / "a.tif", cells)


@hostile("a raster of huge numbers", *HEIGHTS)
def _(folder: Path) -> Path:
    return _raster(folder / "a.tif", np.full((900, 900), 3.4e38, np.float32))


@hostile("a raster without extent", *HEIGHTS)
def _(folder: Path) -> Path:
    return _written(
        folder / "a.vrt",
        '<VRTDataset rasterXSize="900" rasterYSize="900"><SRS>EPSG:25832</SRS><GeoTransform>0, 0, 0, 0, 0, 0'
        '</GeoTransform><VRTRasterBand dataType="Float32" band="1"/></VRTDataset>',
    )


@hostile("a raster placed by NaN", *HEIGHTS)
def _(folder: Path) -> Path:
    cells = '<VRTRasterBand dataType="Float32" band="1"/>'
    return _written(
        folder / "a.vrt",
        f'<VRTDataset rasterXSize="900" rasterYSize="900"><SRS>EPSG:25832</SRS><GeoTransform>nan, 1, 0, inf, 0, -1'
        f"</GeoTransform>{cells}</VRTDataset>",
    )


@hostile("a raster of itself", *HEIGHTS)
def _(folder: Path) -> Path:
    x, y = CENTRE_M
    source = (
        '<SimpleSource><SourceFilename relativeToVRT="1">a.vrt</SourceFilename><SourceBand>1</SourceBand>'
        "</SimpleSource>"
    )
    return _written(
        folder / "a.vrt",
        '<VRTDataset rasterXSize="900" rasterYSize="900"><SRS>EPSG:25832</SRS>'
        f"<GeoTransform>{x - 450}, 1, 0, {y + 450}, 0, -1</GeoTransform>"
        f'<VRTRasterBand dataType="Float32" band="1">{source}</VRTRasterBand></VRTDataset>',
    )


# --- what is no place, or too much of one --------------------------------------------------------


def _features(path: Path, *geometries: Any, **properties: Any) -> Path:
    whole = {"name": "Try", "action": "add", "layer": "place", "kind": "bench", "count": 1, **properties}
    features = [{"type": "Feature", "properties": whole, "geometry": geometry} for geometry in geometries]
    return _written(path, json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False))


def _ring(*xy: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Polygon", "coordinates": [[list(point) for point in (*xy, xy[0])]]}


def _square(side_m: float = 100.0) -> dict[str, Any]:
    half = side_m / 2
    return _ring(*(degrees(x, y) for x, y in ((-half, -half), (half, -half), (half, half), (-half, half))))


def _wrong(name: str, geometry: Callable[[], Any], suffix: str = ".geojson") -> None:
    CORPUS[name] = Hostile(VECTORS, lambda folder: _features(folder / f"a{suffix}", geometry()))


_wrong("coordinates of 10³⁰⁰", lambda: _ring((1e300, 0), (1e300, 1e300), (0, 1e300)))
_wrong("coordinates that are not numbers", lambda: _ring((math.nan, 0), (1, 1), (0, 1)))
_wrong("coordinates without end", lambda: _ring((math.inf, 0), (1, -math.inf), (0, 1)))
_wrong("coordinates that are texts", lambda: _ring(("=1+1", "</script>"), ("a", "b"), ("c", "d")))  # type: ignore
_wrong("degrees of another planet", lambda: _ring((7000, 9000), (7001, 9000), (7001, 9001)))
_wrong("at the pole", lambda: _ring((0, 90), (120, 90), (240, 90)))
_wrong("over the date line", lambda: _ring((179.999, 10), (-179.999, 10), (-179.999, 10.001), (179.999, 10.001)))
_wrong("a point for an area", lambda: {"type": "Point", "coordinates": degrees(0, 0)})
_wrong("an area of no width", lambda: _ring(degrees(0, 0), degrees(50, 50), degrees(0, 0)))
_wrong("no coordinates", lambda: {"type": "Polygon", "coordinates": []})
_wrong("coordinates of null", lambda: {"type": "Polygon", "coordinates": None})
_wrong("an unknown geometry", lambda: {"type": "Torus", "coordinates": [1, 2]})
_wrong("a self-crossing", lambda: _ring(degrees(-50, -50), degrees(50, 50), degrees(50, -50), degrees(-50, 50)))


def _circle(points: int, wobble: float = 0.0) -> dict[str, Any]:
    turn = np.linspace(0, 2 * math.pi, points, endpoint=False)
    radius = 50 + wobble * np.sin(turn * points / 3)
    west, south = degrees(0, 0)
    xy = zip(west + radius * np.cos(turn) / 62_000, south + radius * np.sin(turn) / 111_000, strict=True)
    return _ring(*((float(x), float(y)) for x, y in xy))


_wrong("a polygon with a million vertices", lambda: _circle(MILLION))
_wrong("a star of a hundred thousand crossings", lambda: {
    "type": "Polygon",
    "coordinates": [[list(degrees(50 * math.cos(i * 2.4), 50 * math.sin(i * 2.4))) for i in range(20_000)] * 1],
})  # fmt: skip


@hostile("collections in each other.geojson", *VECTORS)
def _(folder: Path) -> Path:
    deep = 100_000
    head = '{"type":"FeatureCollection","features":[{"type":"Feature","properties":{},"geometry":'
    shape = '{"type":"GeometryCollection","geometries":[' * deep + "]}" * deep
    return _written(folder / "a.geojson", f"{head}{shape}}}]}}")


@hostile("lists in each other.geojson", *VECTORS)
def _(folder: Path) -> Path:
    return _written(folder / "a.geojson", '{"type":"FeatureCollection","features":' + "[" * MILLION)


@hostile("ten thousand columns.geojson", *VECTORS)
def _(folder: Path) -> Path:
    return _features(folder / "a.geojson", _square(), **{f"c{i}": i for i in range(10_000)})


@hostile("a text of 10 MB.geojson", *VECTORS)
def _(folder: Path) -> Path:
    return _features(folder / "a.geojson", _square(), name="x" * 10_000_000)


@hostile("two features of the same column in other letters.geojson", *VECTORS)
def _(folder: Path) -> Path:
    return _features(
        folder / "a.geojson", _square(), NAME="a", Name="b", Action="add", LAYER="x", Geometry="POINT(1 2)"
    )


@hostile("half a surrogate.geojson", *VECTORS)
def _(folder: Path) -> Path:
    path = _features(folder / "a.geojson", _square(), name="HERE")
    return _written(path, path.read_text().replace("HERE", "\\ud800 \\u0000 \\udfff"))


# --- what GDAL would follow ----------------------------------------------------------------------


@hostile("a virtual layer that asks a server.geojson", *VECTORS)
def _(folder: Path) -> Path:
    source = "/vsicurl/http://127.0.0.1:9/x.geojson"
    return _written(
        folder / "a.geojson",
        f'<OGRVRTDataSource><OGRVRTLayer name="x"><SrcDataSource>{source}</SrcDataSource></OGRVRTLayer>'
        "</OGRVRTDataSource>",
    )


@hostile("a virtual layer of another file.geojson", *VECTORS)
def _(folder: Path) -> Path:
    _features(folder / "secret.json", _square(), name="SECRET")
    return _written(
        folder / "a.geojson",
        '<OGRVRTDataSource><OGRVRTLayer name="secret"><SrcDataSource relativeToVRT="1">secret.json</SrcDataSource>'
        "</OGRVRTLayer></OGRVRTDataSource>",
    )


@hostile("a WFS in a file.geojson", *VECTORS)
def _(folder: Path) -> Path:
    return _written(folder / "a.geojson", "<OGRWFSDataSource><URL>http://127.0.0.1:9/</URL></OGRWFSDataSource>")


# --- OpenStreetMap -------------------------------------------------------------------------------

_TOWN = {
    1: (-50, 20), 2: (-10, 20), 3: (-10, 32), 4: (-50, 32), 10: (-150, 0), 11: (0, 0), 12: (150, 0),
}  # fmt: skip
_STREET = {3: ((10, 11, 12), {"highway": "residential"})}


@hostile("evil tags.osm", "osm")
def _(folder: Path) -> Path:
    text = {name: value for name, value in EVIL.items() if all(c in "\t\n\r" or " " <= c < "\ufffe" for c in value)}
    nodes = _TOWN | {
        100 + i: (5.0 * i, -20.0, {"amenity": "bench", "name": value, "opening_hours": value, value: value})
        for i, value in enumerate(text.values())
    }
    return write(folder / "a.osm", nodes, _STREET, bounds=(-700, -700, 700, 700))


@hostile("a tag of 10 MB.osm", "osm")
def _(folder: Path) -> Path:
    nodes = _TOWN | {100: (5.0, -20.0, {"amenity": "bench", "name": "x" * 10_000_000})}
    return write(folder / "a.osm", nodes, _STREET, bounds=(-700, -700, 700, 700))


@hostile("a way of a million nodes.osm", "osm")
def _(folder: Path) -> Path:
    ways = {**_STREET, 9: (tuple(1 + i % 4 for i in range(MILLION)), {"highway": "footway"})}
    return write(folder / "a.osm", _TOWN, ways, bounds=(-700, -700, 700, 700))


@hostile("nodes off the Earth.osm", "osm")
def _(folder: Path) -> Path:
    nodes = '<node id="1" lat="1e300" lon="nan" version="1"><tag k="amenity" v="bench"/></node>'
    return _written(folder / "a.osm", f'<?xml version="1.0"?><osm version="0.6">{nodes}</osm>')


@hostile("numbers beyond 64 bits.osm", "osm")
def _(folder: Path) -> Path:
    nodes = '<node id="99999999999999999999999" lat="55" lon="12" version="-9"><tag k="amenity" v="bench"/></node>'
    return _written(folder / "a.osm", f'<?xml version="1.0"?><osm version="0.6">{nodes}</osm>')


@hostile("relations of themselves.osm", "osm")
def _(folder: Path) -> Path:
    relations = {
        i: ((("relation", i % 50 + 1, "outer"), ("way", 3, "inner")), {"type": "multipolygon", "leisure": "park"})
        for i in range(1, 51)
    }
    return write(folder / "a.osm", _TOWN, _STREET, relations, bounds=(-700, -700, 700, 700))


@hostile("a box around everything.osm", "osm")
def _(folder: Path) -> Path:
    head = '<bounds minlat="-1e9" minlon="nan" maxlat="1e9" maxlon="inf"/>'
    node = '<node id="1" lat="55.6" lon="12.3" version="1"><tag k="amenity" v="bench"/></node>'
    return _written(folder / "a.osm", f'<?xml version="1.0"?><osm version="0.6">{head}{node}</osm>')


@hostile("a picture named as an extract", "osm", "extract")
def _(folder: Path) -> Path:
    return _written(folder / "a.osm.pbf", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 100)


# --- drawings ---


def _dxf(folder: Path, *, blocks: str = "", entities: str) -> Path:
    """A drawing with these blocks and entities, each line of it a code or a value."""
    parts = [f"0\nSECTION\n2\nBLOCKS\n{blocks}0\nENDSEC\n" if blocks else "", f"0\nSECTION\n2\nENTITIES\n{entities}"]
    return _written(folder / "a.dxf", "".join(parts) + "0\nENDSEC\n0\nEOF\n")


def _insert(name: str, times: int = 1) -> str:
    rows = f"70\n{times}\n71\n{times}\n44\n1\n45\n1\n" if times > 1 else ""
    return f"0\nINSERT\n8\nNEW\n2\n{name}\n10\n{CENTRE_M[0]}\n20\n{CENTRE_M[1]}\n{rows}"


def _block(name: str, content: str) -> str:
    return f"0\nBLOCK\n8\n0\n2\n{name}\n10\n0\n20\n0\n{content}0\nENDBLK\n8\n0\n"


DXF_LINE = "0\nLINE\n8\nNEW\n10\n0\n20\n0\n11\n1\n21\n1\n"


@hostile("a block of itself.dxf", "drawing")
def _(folder: Path) -> Path:
    return _dxf(folder, blocks=_block("A", _insert("A")), entities=_insert("A"))


@hostile("blocks that double forty times.dxf", "drawing")
def _(folder: Path) -> Path:
    blocks = _block("B0", DXF_LINE) + "".join(_block(f"B{i}", _insert(f"B{i - 1}") * 2) for i in range(1, 41))
    return _dxf(folder, blocks=blocks, entities=_insert("B40"))


@hostile("a block in a billion rows.dxf", "drawing")
def _(folder: Path) -> Path:
    return _dxf(folder, blocks=_block("A", DXF_LINE), entities=_insert("A", 32_000))


@hostile("a line nowhere.dxf", "drawing")
def _(folder: Path) -> Path:
    return _dxf(folder, entities=DXF_LINE.replace("\n11\n1\n", "\n11\nnan\n").replace("\n21\n1\n", "\n21\n1e308\n"))


@hostile("a text of 10 MB.dxf", "drawing")
def _(folder: Path) -> Path:
    text = f"0\nTEXT\n8\nNEW\n10\n{CENTRE_M[0]}\n20\n{CENTRE_M[1]}\n40\n1\n1\n{'x' * 10_000_000}\n"
    return _dxf(folder, entities=text + DXF_LINE)


# --- tables and settings -------------------------------------------------------------------------

COUNT_HEAD = "location_id,survey_time_start,row_total,lon,lat"


@hostile("a cell of 10 MB.csv", "observations", "field_answers", "parcels", "layer")
def _(folder: Path) -> Path:
    return _written(folder / "a.csv", f'{COUNT_HEAD}\n"{"x" * 10_000_000}",2024-05-01 12:00,3,12.3,55.6\n')


@hostile("a quote that never ends.csv", "observations", "field_answers", "parcels", "layer")
def _(folder: Path) -> Path:
    return _written(folder / "a.csv", f'{COUNT_HEAD}\n"' + "x,y\n" * 300_000)


@hostile("a hundred thousand columns.csv", "observations", "field_answers", "parcels", "layer")
def _(folder: Path) -> Path:
    head = ",".join(f"c{i}" for i in range(100_000))
    return _written(folder / "a.csv", f"{head}\n{',' * 99_999}\n" * 2)


@hostile("evil cells.csv", "observations", "field_answers", "layer")
def _(folder: Path) -> Path:
    import csv

    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow([*COUNT_HEAD.split(","), "check", "checked_on", "answer", *EVIL.values()])
    for value in EVIL.values():
        rows.writerow([value] * (8 + len(EVIL)))
    return _written(folder / "a.csv", text.getvalue())


@hostile("numbers that are none.csv", "observations", "field_answers", "layer")
def _(folder: Path) -> Path:
    wild = ["nan", "inf", "-inf", "1e999", "-1", "9" * 400, "0x10", "١٢", "½", "1_000", "", "1e-400", "True"]
    rows = [f"p{i},2024-05-01 12:00,{n},{n},{n}" for i, n in enumerate(wild)]
    return _written(folder / "a.csv", "\n".join([COUNT_HEAD, *rows]))


@hostile("days that are none.csv", "observations", "field_answers")
def _(folder: Path) -> Path:
    wild = ["0000-00-00", "9999-12-31 23:59:59", "10000-01-01", "1", "-1-1-1", "2024-02-30", "2024-03-31 02:30", "NaT",
            "now", "today", "\u0662\u0660\u0662\u0664-\u0660\u0665-\u0660\u0661",
            "1e308", "2024-05-01T12:00:00+99:99"]  # fmt: skip
    rows = [f"p{i},{day},1,12.3,55.6,osm:node/1#lit,{day},yes" for i, day in enumerate(wild)]
    return _written(folder / "a.csv", "\n".join([f"{COUNT_HEAD},check,checked_on,answer", *rows]))


@hostile("zero bytes.csv", "observations", "field_answers", "parcels", "layer")
def _(folder: Path) -> Path:
    return _written(folder / "a.csv", b"a,b\n\0,\0\n" * 1000)


@hostile("UTF-16.csv", "observations", "field_answers", "parcels", "layer")
def _(folder: Path) -> Path:
    return _written(folder / "a.csv", f"{COUNT_HEAD}\nx,2024-05-01,1,12.3,55.6\n".encode("utf-16"))


@hostile("positions as text.csv", "observations", "layer")
def _(folder: Path) -> Path:
    wild = ["POINT(nan inf)", "POINT(1e400 2)", "POLYGON((" + "1 2," * 100_000 + "1 2))", "(" * 100_000,
            '{"type":"Point","coordinates":[1]}', "12.3 55.6 0 0;" * 50_000, "[" * 50_000]  # fmt: skip
    rows = [f'p{i};2024-05-01 12:00;1;"{text.replace(chr(34), chr(34) * 2)}"' for i, text in enumerate(wild)]
    return _written(folder / "a.csv", "\n".join(["location_id;survey_time_start;row_total;geometry", *rows]))


@hostile("tables in each other.toml", *SETTINGS)
def _(folder: Path) -> Path:
    return _written(folder / "a.toml", "a = " + "[" * 100_000)


@hostile("tables by name in each other.toml", *SETTINGS)
def _(folder: Path) -> Path:
    return _written(folder / "a.toml", ".".join(["a"] * 50_000) + " = 1")


@hostile("a number of a million digits.toml", *SETTINGS)
def _(folder: Path) -> Path:
    return _written(folder / "a.toml", f"a = {'9' * MILLION}\n")


@hostile("days that are none.toml", *SETTINGS)
def _(folder: Path) -> Path:
    return _written(folder / "a.toml", "a = 9999-99-99\nb = 2024-02-30T25:61:61Z\n")


@hostile("numbers in the place of everything.toml", *SETTINGS)
def _(folder: Path) -> Path:
    names = ("edit", "name", "indicator", "aspect", "min_coverage", "mean", "stability", "columns", "kind", "crs",
             "time_zone", "time_format", "source", "codes", "sources")  # fmt: skip
    return _written(folder / "a.toml", "\n".join(f"{name} = nan" for name in names))


@hostile("evil edits.toml", "plan")
def _(folder: Path) -> Path:
    edits = [
        f"[[edit]]\nadd = 'bench'\nat = [12.3, 55.6]\nnote = {json.dumps(text)}\ntags = {{ name = {json.dumps(text)} }}"
        for text in EVIL.values()
        if "\x7f" not in text
    ]
    return _written(folder / "a.toml", "\n".join(edits))


@hostile("edits off the Earth.toml", "plan")
def _(folder: Path) -> Path:
    wild = ["[nan, nan]", "[inf, 0]", "[1e308, 1e308]", "[]", "[[]]", "[1]", "[[1,2],[3]]", "'x'", "[[nan,1],[2,3]]"]
    edits = [f"[[edit]]\nadd = 'bench'\nat = {at}\n" for at in wild]
    return _written(folder / "a.toml", "\n".join(edits))


for _at in ("[nan, nan]", "[inf, 0]", "[1e308, 1e308]", "[200, 100]", "[true, false]", "[[nan,1],[2,3]]"):
    CORPUS[f"an edit at {_at}.toml"] = Hostile(
        ("plan",), lambda folder, at=_at: _written(folder / "a.toml", f"[[edit]]\nadd = 'bench'\nat = {at}\n")
    )
for _shape in ("line = [[12.3, 55.6]]", "area = [[12.3, 55.6], [12.3, 55.6], [12.3, 55.6]]",
               "area = [[nan, 1], [2, 3], [4, 5]]",
               "line = [[12.3, 55.6], [inf, 55.6]]", "at = [12.3, 55.6]\ntags = 3", "at = [12.3, 55.6]\nphase = [1]",
               "at = [12.3, 55.6]\nphase = nan", "at = [12.3, 55.6]\ntags = { amenity = [1, 2] }", "at = { x = 1 }",
               "at = 2024-01-01"):  # fmt: skip
    CORPUS[f"an edit with {_shape}.toml".replace("\n", " ")] = Hostile(
        ("plan",), lambda folder, say=_shape: _written(folder / "a.toml", f"[[edit]]\nadd = 'bench'\n{say}\n")
    )


# --- folders -------------------------------------------------------------------------------------


@hostile("inputs that lead out", "frozen")
def _(folder: Path) -> Path:
    entry = {"file": "../../../../etc/passwd", "sha256": "x", "bytes": 1}
    whole = {"form": 1, "estate": entry, "osm": entry | {"provenance": {}}, "layers": [entry], "models": {"x": entry}}
    return _written(folder / "inputs.json", json.dumps(whole)).parent


@hostile("inputs of lists in each other", "frozen")
def _(folder: Path) -> Path:
    return _written(folder / "inputs.json", "[" * MILLION).parent


@hostile("a manifest of lists in each other", "finished")
def _(folder: Path) -> Path:
    return _written(folder / "manifest.json", "[" * MILLION).parent


@hostile("a manifest of wild types", "finished")
def _(folder: Path) -> Path:
    wild = {"schema_version": 1, "rubric": {"rules": {"x": 3}}, "estate": [], "lenses": "x"}
    return _written(folder / "manifest.json", json.dumps(wild)).parent


@hostile("a manifest with a number of a million digits", "finished", "frozen")
def _(folder: Path) -> Path:
    _written(folder / "manifest.json", '{"schema_version": ' + "9" * MILLION + "}")
    return _written(folder / "inputs.json", '{"form": ' + "9" * MILLION + "}").parent
