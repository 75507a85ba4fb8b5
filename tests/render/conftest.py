"""What the tests of the map share."""

from __future__ import annotations

import pytest

import spatial


@pytest.fixture(scope="package")
def demo_result(demo_data):
    """The demo, analysed once; do not change it."""
    estate = spatial.Estate.from_file(demo_data / "reitbahnviertel.geojson")
    return spatial.analyse(estate, osm=demo_data / "reitbahnviertel.osm.pbf")
