"""Read one layer by GDAL in a process of its own: a job in on stdin, a table out in a file.

GDAL's clients for WFS, OGC API Features and ArcGIS do the paging, the axis order and the GML. They
run apart because they hold Python's lock while they wait, and so that a stuck one can be stopped.
"""

from __future__ import annotations

import json
import sys
import warnings
from typing import Any

from spatial.core import parallel

# pyogrio would load them for nothing: tables leave here as Arrow. It starts four times as quickly without.
NOT_NEEDED = ("geopandas", "pandas")


def main() -> None:
    """Do the job; say on stdout how it went, in one line of JSON."""
    parallel.end_with_parent()
    for name in NOT_NEEDED:
        sys.modules[name] = None  # type: ignore[assignment]
    job = json.load(sys.stdin)
    warnings.simplefilter("ignore")
    try:
        print(json.dumps(_read(job)))
    except Exception as error:  # all of it is told to the process that waits, which knows what to say
        print(json.dumps({"error": next(iter(str(error).splitlines()), type(error).__name__)}))


def _read(job: dict[str, Any]) -> dict[str, Any]:
    import pyarrow as pa
    import pyogrio

    pyogrio.set_gdal_config_options(job["config"])
    tables = []
    for connection, out in zip(job["connections"], job["outs"], strict=True):
        names = [str(name) for name in pyogrio.list_layers(connection)[:, 0]]
        layer = _named(job["layer"], names)
        if layer is None:
            return {"error": "", "layers": names}
        meta, table = pyogrio.read_arrow(connection, layer=layer, max_features=job["limit"], **job["options"])
        if not meta["geometry_type"]:
            return {"error": "map_file.no_geometry"}
        with pa.OSFile(out, "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        tables.append({"geometry": meta["geometry_name"] or "wkb_geometry", "crs": meta["crs"]})
    return {"tables": tables}


def _named(wanted: str | None, names: list[str]) -> str | None:
    """The layer of this name, with or without its prefix."""
    tail = (wanted or "").rpartition(":")[2].lower()
    found = [name for name in names if wanted in (name, None)]
    return next(iter(found or [name for name in names if name.rpartition(":")[2].lower() == tail]), None)


if __name__ == "__main__":
    main()
