"""Put a drawing on the ground: by its coordinate system, or by pairs of points where its coordinates are its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError as ProjCRSError

from spatial.core.arrays import Floats
from spatial.core.errors import CRSError, InputError
from spatial.core.messages import cause
from spatial.core.model import Estate
from spatial.plans.dxf import DRAWING_NEEDED, UNITS_M, unit_of

# By so much the pairs of points may make a drawing larger or smaller than its unit says; so far from where they
# should be may the points of more than two pairs come to lie.
SCALE, APART_M = 0.02, 0.5


def placed(table: gpd.GeoDataFrame, mapping: Mapping[str, Any], drawing: Path, estate: Estate) -> gpd.GeoDataFrame:
    """The entities of a drawing in the estate's CRS.

    Parameters
    ----------
    mapping
        ``crs``; ``metres_per_unit`` where the drawing does not say its unit; ``point``, at least two pairs of the same
        point in the ``drawing`` and on the ``ground`` (in ``crs``), where the drawing has coordinates of its own.

    Raises
    ------
    CRSError
        If its CRS is missing or unknown.
    InputError
        If its unit or the pairs of points cannot be.
    """
    crs = _crs(mapping, drawing)
    unit_m = mapping.get("metres_per_unit", UNITS_M.get(unit_of(drawing)))
    if not isinstance(unit_m, (int, float)) or not unit_m > 0:
        raise InputError("plan_drawing.unit", drawing=drawing, unit=unit_m)
    flat = shapely.force_2d(table.geometry.to_numpy())
    if "point" not in mapping:
        scaled = shapely.transform(flat, lambda xy: np.asarray(xy) * float(unit_m))
        moved: gpd.GeoDataFrame = table.set_geometry(gpd.GeoSeries(scaled, index=table.index, crs=crs))
        return moved.to_crs(estate.crs)
    known = "metres_per_unit" in mapping or unit_of(drawing) != 0
    turned, shift = _fitted(mapping["point"], drawing, crs, estate, float(unit_m) if known else None)
    on_ground = shapely.transform(flat, lambda xy: np.asarray(xy) @ turned.T + shift)
    return table.set_geometry(gpd.GeoSeries(on_ground, index=table.index, crs=estate.crs))


def _crs(mapping: Mapping[str, Any], drawing: Path) -> CRS:
    if "crs" not in mapping:
        raise CRSError("plan_drawing.no_crs", drawing=drawing, needed=DRAWING_NEEDED)
    try:
        return CRS.from_user_input(mapping["crs"])
    except ProjCRSError as error:
        raise CRSError(
            "plan_drawing.crs", drawing=drawing, crs=mapping["crs"], cause=cause(error), needed=DRAWING_NEEDED
        ) from error


def _fitted(pairs: Any, drawing: Path, crs: CRS, estate: Estate, unit_m: float | None) -> tuple[Floats, Floats]:
    """How the drawing is turned, scaled and shifted, in metres of the estate's CRS."""
    try:
        drawn, ground = (np.array([pair[key] for pair in pairs], dtype=float) for key in ("drawing", "ground"))
        if drawn.shape != ground.shape or drawn.shape[1:] != (2,) or len(drawn) < 2:
            raise ValueError
    except (TypeError, ValueError, KeyError, IndexError) as error:
        raise InputError("plan_drawing.pairs", drawing=drawing, found=str(pairs)) from error
    onto = Transformer.from_crs(crs, estate.crs, always_xy=True)
    there = np.column_stack(onto.transform(ground[:, 0], ground[:, 1]))
    turned, shift = helmert(drawn, there)
    scale = float(np.hypot(*turned[0]))
    if not np.isfinite(there).all() or not scale > 0:
        raise InputError("plan_drawing.pairs", drawing=drawing, found=str(pairs))
    if unit_m is not None and abs(scale / unit_m - 1) > SCALE:
        raise InputError("plan_drawing.pairs_scale", drawing=drawing, times=scale / unit_m)
    apart_m = float(np.hypot(*(drawn @ turned.T + shift - there).T).max())
    if apart_m > APART_M:
        raise InputError("plan_drawing.pairs_apart", drawing=drawing, metres=apart_m)
    return turned, shift


def helmert(drawn: Floats, ground: Floats) -> tuple[Floats, Floats]:
    """Turn, scale and shift that brings points onto others, by least squares; nothing is mirrored.

    Examples
    --------
    A quarter turn, twice as large, from the origin to (10, 20).

    >>> turned, shift = helmert(np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([[10.0, 20.0], [10.0, 22.0]]))
    >>> (turned.round(9) + 0.0).tolist(), shift.tolist()
    ([[0.0, -2.0], [2.0, 0.0]], [10.0, 20.0])
    """
    middle, there = drawn.mean(axis=0), ground.mean(axis=0)
    p, q = ((points - mean) @ np.array([1.0, 1.0j]) for points, mean in ((drawn, middle), (ground, there)))
    size = float(np.abs(p) @ np.abs(p))
    factor = complex(np.vdot(p, q)) / size if size > 0 else 0j
    turned = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    shift: Floats = there - turned @ middle
    return turned, shift
