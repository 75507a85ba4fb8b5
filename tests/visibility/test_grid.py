"""Wall segments are filed in every cell that they pass through, found anew with shapely."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely

from spatial.visibility import grid
from spatial.visibility.isovists import Occluders

ROOM = shapely.box(0, 0, 10, 10)
FENCE = shapely.LineString([(20, -5), (20, 5), (25, 5)])


def held(segments):
    """Pairs of cell (row, column) and segment, as filed; and the cells as boxes."""
    (west, south, cell), (rows, columns), starts, members = grid.file(segments)
    pairs = {
        (at // columns, at % columns, int(member))
        for at in range(rows * columns)
        for member in members[starts[at] : starts[at + 1]]
    }
    boxes = {
        (row, column): shapely.box(
            west + column * cell, south + row * cell, west + (column + 1) * cell, south + (row + 1) * cell
        )
        for row in range(rows)
        for column in range(columns)
    }
    return pairs, boxes


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("whole", [False, True])
def test_every_cell_that_a_segment_passes_through_holds_it(seed, whole):
    rng = np.random.default_rng(seed)
    begin = rng.uniform(0, 60, (40, 2))
    segments = np.hstack([begin, begin + rng.normal(0, 12, (40, 2))])
    if whole:  # along the edges of cells, and from corner to corner
        segments = np.round(segments)
        segments = segments[(segments[:, :2] != segments[:, 2:]).any(axis=1)]
    pairs, boxes = held(segments)
    lines = shapely.linestrings(segments.reshape(-1, 2, 2))
    for (row, column), box in boxes.items():
        for i, line in enumerate(lines):
            if shapely.intersects(box.buffer(-1e-9), line):
                assert (row, column, i) in pairs
            elif shapely.distance(box, line) > 2 * grid.SNAP_M:
                assert (row, column, i) not in pairs


def test_members_of_a_cell_ascend_and_are_there_once():
    segments = np.array([[0.0, 0, 9, 9], [9, 0, 0, 9], [0, 4, 9, 4]])
    _, _, starts, members = grid.file(segments)
    for begin, end in pairwise(starts):
        assert (np.diff(members[begin:end]) > 0).all()


def test_nothing_is_one_empty_cell():
    _, shape, starts, members = grid.file(np.empty((0, 4)))
    assert shape.tolist() == [0, 0] and starts.tolist() == [0] and len(members) == 0


def test_walls_with_more_lines_are_the_walls_of_both():
    both = Occluders.from_geometries([ROOM], [FENCE])
    one = Occluders.from_geometries([ROOM], []).with_lines([FENCE])
    for name in ("segments", "origin", "shape", "starts", "members"):
        assert np.array_equal(getattr(one, name), getattr(both, name))
