"""Small drawings (DXF) written by hand: lines of codes and values, of every version and encoding."""

from pathlib import Path


def polyline(layer, points, *, closed=True):
    parts = [(0, "LWPOLYLINE"), (8, layer), (90, len(points)), (70, int(closed))]
    return parts + [pair for x, y in points for pair in ((10, x), (20, y))]


def line(layer, start, end):
    return [(0, "LINE"), (8, layer), (10, start[0]), (20, start[1]), (11, end[0]), (21, end[1])]


def text(layer, at, said):
    return [(0, "TEXT"), (8, layer), (10, at[0]), (20, at[1]), (40, 1.0), (1, said)]


def hatch(layer, points):
    """A hatched area; its rim is one polyline."""
    rim = [pair for x, y in points for pair in ((10, x), (20, y))]
    return [
        *((0, "HATCH"), (8, layer), (10, 0), (20, 0), (2, "SOLID"), (70, 1), (71, 0), (91, 1)),
        *((92, 2), (72, 0), (73, 1), (93, len(points)), *rim, (97, 0), (75, 0), (76, 1), (98, 0)),
    ]


def write(path: Path, *entities, version="AC1015", page="ANSI_1252", unit=6, encoding="cp1252"):
    head = [(9, "$ACADVER"), (1, version), (9, "$DWGCODEPAGE"), (3, page), (9, "$INSUNITS"), (70, unit)]
    codes = [
        *((0, "SECTION"), (2, "HEADER"), *head, (0, "ENDSEC"), (0, "SECTION"), (2, "ENTITIES")),
        *(pair for entity in entities for pair in entity),
        *((0, "ENDSEC"), (0, "EOF")),
    ]
    path.write_bytes("".join(f"{code:>3}\n{value}\n" for code, value in codes).encode(encoding))
    return path
