"""Match points in Dask: every row of a DataFrame gets its best region within its partition.

Each partition is matched on its own, as a pandas DataFrame; nothing is shuffled. The answers don't depend on
the partitions.

Needs dask and pyarrow: ``pip install 'poly-match[dask]'``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from poly_match._errors import type_error
from poly_match._forms.column import doubles_in
from poly_match._tables.shared_index import IndexOrPath, check_index, opened

__all__ = ["match"]


def match(
    points: Any,
    index: IndexOrPath,
    *,
    x: str | None = None,
    y: str | None = None,
    geometry: str | None = None,
    into: str = "region",
    columns: Any = None,
    distance_column: str | None = None,
) -> Any:
    """Return the DataFrame with the best region of every row.

    Parameters
    ----------
    points : dask.dataframe.DataFrame
        The points; a GeoDataFrame of dask-geopandas as well.
    index : Index or path
        The regions and the rules. An `Index` goes to every worker once. The path of a file that `Index.save`
        wrote and every worker can read under this name: it is mapped, and all processes of a machine share
        it.
    x, y : str
        The two columns of numbers. A point that is missing or not finite matches nothing.
    geometry : str
        Instead: the one column of shapely Points, as dask-geopandas has it.
    into : str
        The column for the answers: the position of the region, a nullable Int64, missing for none.
    columns : table, optional
        Attributes of the regions, one row each, in their order (Arrow, pandas, Polars, or a dict of arrays):
        these columns are added as well, of Arrow-backed types, missing where a point has no region.
    distance_column : str, optional
        Name of a column for the distance of each point from its region, NaN for none, as in `Index.match`;
        not for "covers".

    Returns
    -------
    dask.dataframe.DataFrame
        The rows and columns of `points`, in their order and partitions, followed by the added columns.

    Raises
    ------
    ValueError
        A column is missing or would exist twice; the attributes don't fit the regions.
    TypeError
        An index or a table of another type. Columns that don't hold numbers are found when it is computed.

    Notes
    -----
    Lazy: nothing runs before `compute` or a write. O(1) per point, one pass.

    Examples
    --------
    >>> import dask.dataframe as dd                                                     # doctest: +SKIP
    >>> import poly_match.dask                                                          # doctest: +SKIP
    >>> index = pm.Index(counties, best="smallest")                                     # doctest: +SKIP
    >>> fixes = dd.read_parquet("fixes")                                                # doctest: +SKIP
    >>> poly_match.dask.match(fixes, index, x="lon", y="lat").to_parquet("matched")     # doctest: +SKIP
    """
    if not hasattr(points, "map_partitions"):
        raise type_error(
            "points",
            f"expected a Dask DataFrame, got {type(points).__name__}; dask.dataframe.from_pandas(points, "
            "npartitions=8) makes one of pandas, and poly_match.match takes pandas itself",
        )
    from dask.delayed import delayed

    from poly_match._tables.columns import Columns, Found

    task = Columns.of(
        points.columns, check_index(index), x=x, y=y, geometry=geometry, into=into, columns=columns,
        distance_column=distance_column,
    )  # fmt: skip
    nothing = Found(np.empty(0, dtype=np.intp), None if distance_column is None else np.empty(0))
    meta = _with_answers(points._meta, nothing, task)
    # As separate values, both are sent to each worker once, not with every partition.
    return points.map_partitions(_append, delayed(index), delayed(task), meta=meta)


def _append(part: Any, index: IndexOrPath, task: Any) -> Any:
    """Return a partition with the answers of its points."""
    if task.geometry is not None:
        points = part[task.geometry]
    else:
        points = doubles_in(part[task.x], task.named("x")), doubles_in(part[task.y], task.named("y"))
    return _with_answers(part, task.answers(points, opened(index)), task)


def _with_answers(part: Any, found: Any, task: Any) -> Any:
    """Return a pandas DataFrame with the columns that are added."""
    import pandas as pd

    answers = found.answers
    attributes = task.attributes_of(answers).to_pandas(types_mapper=pd.ArrowDtype)
    regions = pd.arrays.IntegerArray(np.maximum(answers, 0).astype(np.int64), answers < 0)
    added = {task.into: regions, **{name: attributes[name].array for name in attributes.columns}}
    if found.distances is not None:
        added[task.distance_column] = found.distances
    return part.assign(**added)
