"""What is no file on a disk is refused before a reader waits for it."""

from __future__ import annotations

import os

import pytest
import shapely

from spatial.core.errors import SourceFormatError
from spatial.core.model import Estate
from spatial.observations import study
from spatial.osm import reader
from spatial.sources import boundaries, layers
from tests.osm_xml import CENTRE_M, METRIC

HERE = Estate("here", "here", shapely.Point(CENTRE_M).buffer(300.0), METRIC)
READERS = {
    "boundary.geojson": boundaries.estate,
    "extract.osm.pbf": lambda path: reader.read_area(path, None, METRIC),
    "layer.gpkg": lambda path: layers.read_layers([f"kk.legeplads={path}"], HERE),
    "counts.csv": lambda path: study.read_observations([path]),
}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes with a name")
@pytest.mark.parametrize("name", READERS)
def test_a_pipe_is_refused_and_not_waited_for(name, tmp_path):
    os.mkfifo(tmp_path / name)
    with pytest.raises(SourceFormatError, match="found a pipe or a device"):
        READERS[name](tmp_path / name)
