"""The demo on the table, once for all tests of the studio."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

import spatial
from spatial.analysis import run
from spatial.analysis.inputs import InputFiles, Inputs
from spatial.studio.looking import Table


@pytest.fixture(scope="session")
def table(demo_data):
    run.load_compiled()
    estate = spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson")
    return Table(Inputs.read(estate, InputFiles(demo_data / "reitbahnviertel.osm.pbf")))


@pytest.fixture(scope="session")
def pencil(table):
    """Makes a geometry of the estate one in degrees, by a way of its own."""
    from pyproj import Transformer

    there = Transformer.from_crs(table.estate.crs, 4326, always_xy=True)

    def drawn(geometry):
        moved = shapely.transform(geometry, lambda xy: np.column_stack(there.transform(xy[:, 0], xy[:, 1])))
        return shapely.transform(moved, lambda xy: xy.round(8))

    return drawn
