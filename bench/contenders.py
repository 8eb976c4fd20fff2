"""The contenders by name, in the order of the first round."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from bench import candidates, disks, nearest, polygons, sphere, within
from bench.answers import Matcher
from bench.layers import Disks, Layer

OURS = "poly-match"
Builder = Callable[[Any], Matcher]

FOR_REGIONS: dict[str, Builder] = {
    OURS: polygons.poly_match,
    "shapely prepared": polygons.shapely_prepared,
    "shapely STRtree": polygons.shapely_tree,
    "GeoPandas sjoin": polygons.geopandas_sjoin,
    "DuckDB spatial": polygons.duckdb_spatial,
    "SedonaDB": polygons.sedona,
}

FOR_DISKS: dict[str, Builder] = {
    OURS: disks.poly_match,
    "Numba loop, early exit": disks.numba_loop,
    "Numba grid, early exit": disks.numba_grid,
    "Numba fine grid, early exit": disks.numba_fine_grid,
    "SciPy query_ball_point": disks.scipy_ball,
    "SciPy sparse_distance_matrix": disks.scipy_pairs,
    "scikit-learn KDTree": disks.sklearn_kd,
    "scikit-learn BallTree": disks.sklearn_ball,
}

FOR_NEAREST: dict[str, Builder] = {
    OURS: nearest.poly_match,
    "shapely, nearest polygon": nearest.shapely_nearest,
    "shapely, pieces of borders": nearest.shapely_pieces,
    "GeoPandas sjoin_nearest": nearest.geopandas_nearest,
}

FOR_STATIONS: dict[str, Builder] = {
    OURS: nearest.places,
    "SciPy cKDTree": nearest.scipy_tree,
    "scikit-learn KDTree": nearest.sklearn_tree,
    "shapely STRtree": nearest.shapely_points,
}

FOR_DISTANCES: dict[str, Builder] = {
    OURS: partial(nearest.poly_match, measured=True),
    "shapely, nearest polygon": nearest.shapely_one_query,
    "shapely, covering or nearest": partial(nearest.shapely_nearest, measured=True),
    "shapely, pieces of borders": partial(nearest.shapely_pieces, measured=True),
    "GeoPandas sjoin_nearest": partial(nearest.geopandas_nearest, measured=True),
}

FOR_DWITHIN: dict[str, Builder] = {
    OURS: within.poly_match,
    "shapely, tree of regions": within.shapely_regions,
    "shapely, tree of polygons": within.shapely_polygons,
    "shapely, tree of points": within.shapely_of_points,
    "GeoPandas sjoin": within.geopandas_sjoin,
}

FOR_CANDIDATES: dict[str, Builder] = {
    OURS: candidates.poly_match,
    "SciPy query_ball_point": candidates.scipy_ball,
    "SciPy sparse_distance_matrix": candidates.scipy_pairs,
    "scikit-learn KDTree": candidates.sklearn_kd,
}

FOR_SPHERE: dict[str, Builder] = {
    OURS: sphere.poly_match,
    "scikit-learn BallTree": sphere.sklearn_ball,
    "scikit-learn BallTree, small leaves": sphere.sklearn_small_leaves,
}

BESIDE_COVERS: dict[str, Builder] = {"covers": polygons.poly_match, "nearest": nearest.poly_match}

GROUPS = {
    "nearest": FOR_NEAREST,
    "distances": FOR_DISTANCES,
    "dwithin": FOR_DWITHIN,
    "candidates": FOR_CANDIDATES,
    "covers": BESIDE_COVERS,
    "sphere": FOR_SPHERE,
}

SPECIAL: dict[str, Builder] = {  # only for jobs that name them
    "timezonefinder": polygons.timezonefinder,
    "1 worker": polygons.workers(1),
    "2 workers": polygons.workers(2),
}

FOR_TIMEZONES = (*FOR_REGIONS, "timezonefinder")

# The distributions whose versions affect a result.
DISTRIBUTIONS = (
    "poly-match", "numpy", "shapely", "geopandas", "pandas", "pyarrow", "duckdb", "duckdb-extension-spatial",
    "sedonadb", "timezonefinder", "timezonefinder-data", "scipy", "scikit-learn", "numba",
)  # fmt: skip


def pick(layer: Layer | Disks, wanted: tuple[str, ...], group: str = "") -> dict[str, Builder]:
    """Return the contenders that fit a layer and a group of jobs: all of the usual ones, or those named."""
    if group == "nearest" and isinstance(layer, Disks):
        usual = FOR_STATIONS
    else:
        usual = GROUPS.get(group) or (FOR_DISKS if isinstance(layer, Disks) else FOR_REGIONS)
    return {name: (usual | SPECIAL)[name] for name in wanted} if wanted else usual
