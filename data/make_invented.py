"""Make the invented municipal layer and the invented counts of this folder again.

    python data/make_invented.py

Both are INVENTED: they show the forms, stand for nothing that was ever seen, and carry the word in
every row. The layer is in the form of GeoFA, the counts in that of the Public Life Data Protocol.
"""

from __future__ import annotations

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

import spatial

FOLDER = Path(__file__).resolve().parent
SEED = 20250201
MARK = "INVENTED for demonstration"
BENCH, PLAYGROUND, PITCH = "1371", "1031", "4111"
CODES = {"playground": PLAYGROUND, "pitch": PITCH}
BENCHES, MOST_OFF_M, BESIDE_M = 14, 6.0, 9.0
DECIMALS = 7
FIRST_DAY = datetime(2026, 5, 4)  # a Monday
HOURS, MINUTES = (9, 12, 15, 18), 15
HEAD = ["study_id", "survey_id", "location_id", "survey_time_start", "survey_time_stop", "kind", "row_total"]


def main() -> None:
    """Write both files."""
    estate = spatial.Estate.from_file(FOLDER / "reitbahnviertel.geojson")
    result = spatial.analyse(estate, osm=FOLDER / "reitbahnviertel.osm.pbf")
    rng = np.random.default_rng(SEED)
    write_layer(facilities(result.places, rng), FOLDER / "invented_facilities.geojson")
    write_counts(counts(result.meeting_spaces, rng), FOLDER / "invented_counts.csv")


def facilities(places: gpd.GeoDataFrame, rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Playgrounds and pitches as a municipality might know them, some metres off, and benches beside them."""
    known = places[places["kind"].isin(CODES)]
    rows = [
        {"navn": row["name"] or None, "facil_ty_k": CODES[row["kind"]], "betaling_k": 0, "book_k": 0, "bemand_k": 0,
         "ansva_v_k": 2, "doegnaab_k": 1, "geometry": beside(row.geometry, rng, MOST_OFF_M)}
        for _, row in known.iterrows()
    ]  # fmt: skip
    around = known.geometry.to_numpy()[rng.integers(0, len(known), BENCHES)]
    rows += [{"facil_ty_k": BENCH, "ansva_v_k": 2, "geometry": beside(shape, rng, BESIDE_M)} for shape in around]
    table = gpd.GeoDataFrame(rows, geometry="geometry", crs=places.crs)
    table.insert(0, "objekt_id", [f"invented-{i:02}" for i in range(1, len(table) + 1)])
    return table.assign(off_kode=1, statuskode=3, ansvar_org=MARK, systid_fra="2026-01-01")


def beside(shape: shapely.Geometry, rng: np.random.Generator, most_m: float) -> shapely.Point:
    """A point somewhere near a place."""
    east, north = rng.uniform(-most_m, most_m, 2)
    middle = shape.representative_point()
    return shapely.Point(middle.x + east, middle.y + north)


def write_layer(table: gpd.GeoDataFrame, path: Path) -> None:
    """Write GeoJSON in longitude and latitude; values that are not there are left out."""
    features = []
    for row in table.to_crs(4326).to_dict("records"):
        point = row.pop("geometry")
        where = [round(point.x, DECIMALS), round(point.y, DECIMALS)]
        there = {name: value for name, value in row.items() if not pd.isna(value)}
        said = {name: int(value) if isinstance(value, float) else value for name, value in there.items()}
        features.append({"type": "Feature", "properties": said, "geometry": {"type": "Point", "coordinates": where}})
    lines = ",\n".join(json.dumps(feature, ensure_ascii=False) for feature in features)
    head = '{"type": "FeatureCollection", "name": "invented_facilities", "features": [\n'
    path.write_text(f"{head}{lines}\n]}}\n", encoding="utf-8")


def counts(spaces: gpd.GeoDataFrame, rng: np.random.Generator) -> list[list[str | int]]:
    """Quarters of an hour at each meeting space: more people where the score is high, and much that is chance."""
    rows: list[list[str | int]] = []
    for number, (space, score) in enumerate(spaces["floating"].items()):
        rate = 3.0 * np.exp(4.0 * (score - 0.6)) * rng.lognormal(0.0, 0.5)
        for visit, hour in enumerate(HOURS):
            start = FIRST_DAY + timedelta(days=(number + visit) % 7, hours=hour)
            stop = start + timedelta(minutes=MINUTES)
            when = (f"{start:%Y-%m-%d %H:%M}", f"{stop:%Y-%m-%d %H:%M}")
            rows.append([MARK, f"{number}-{visit}", str(space), *when, "staying", int(rng.poisson(rate))])
    return rows


def write_counts(rows: list[list[str | int]], path: Path) -> None:
    """Write the table of counts."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([HEAD, *rows])


if __name__ == "__main__":
    main()
