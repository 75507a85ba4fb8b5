"""The plan of a variant as the file that ``faellesrum run --plan`` takes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pyogrio

from spatial.core.errors import InputError
from spatial.plans.reading import COMMENTS
from spatial.studio.comments import Comment, comments_as_table
from spatial.studio.strokes import Stroke, as_feature, table_of

GEOJSON, GEOPACKAGE = ".geojson", ".gpkg"


def plan_as_geojson(strokes: Sequence[Stroke], comments: Sequence[Comment] = ()) -> bytes:
    """The plan as GeoJSON: each number as it is kept; comments have no room in it, and are a file of their own."""
    features = [as_feature(stroke) for stroke in strokes]
    text = json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False, indent=1)
    return f"{text}\n".encode()


def plan_as_geopackage(strokes: Sequence[Stroke], comments: Sequence[Comment] = ()) -> bytes:
    """The plan as a GeoPackage with one layer, and one of comments where there are any."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"plan{GEOPACKAGE}"
        pyogrio.write_dataframe(table_of(strokes), path, layer="plan", driver="GPKG", geometry_type="Unknown")
        if comments:
            pyogrio.write_dataframe(comments_as_table(comments), path, layer=COMMENTS, driver="GPKG", append=True)
        return path.read_bytes()


_WRITERS = {GEOJSON: plan_as_geojson, GEOPACKAGE: plan_as_geopackage}
ENDINGS = tuple(_WRITERS)


def plan_as_file(strokes: Sequence[Stroke], ending: str, comments: Sequence[Comment] = ()) -> bytes:
    """The plan as the content of a file with this ending (`ENDINGS`).

    Raises
    ------
    InputError
        If nothing is drawn: a file without rows says nothing of being a plan.
    """
    if not strokes:
        raise InputError("studio.nothing_drawn")
    return _WRITERS[ending](strokes, comments)
