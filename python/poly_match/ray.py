"""Match points in Ray Data: every row of a dataset gets its best region within its block.

The index is put into Ray's object store once; workers use it there without copying, so that all workers of a
machine share its memory. Each block is matched on its own; nothing is shuffled.

Needs ray[data] and pyarrow: ``pip install 'poly-match[ray]'``.
"""

from __future__ import annotations

from typing import Any

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
    """Return the dataset with the best region of every row.

    Parameters
    ----------
    points : ray.data.Dataset
        The points. The names of its columns are looked up, for which Ray may read its first block.
    index : Index or path
        The regions and the rules. An `Index` goes to the object store of every machine once. The path of a
        file that `Index.save` wrote and every worker sees under this name: it is mapped.
    x, y : str
        The two columns of numbers. A point that is null or not finite matches nothing.
    geometry : str
        Instead: the one column of points, as well-known binary.
    into : str
        The column for the answers: the position of the region, an int64, null for none.
    columns : table, optional
        Attributes of the regions, one row each, in their order (Arrow, pandas, Polars, or a dict of arrays):
        these columns are added as well, null where a point has no region.
    distance_column : str, optional
        Name of a column for the distance of each point from its region, null for none, as in `Index.match`;
        not for "covers".

    Returns
    -------
    ray.data.Dataset
        The rows and columns of `points` followed by the added columns. Rows keep their order within a
        block; the order of blocks is Ray's (see ``DataContext.execution_options.preserve_order``).

    Raises
    ------
    ValueError
        A column is missing or would exist twice; the attributes don't fit the regions.
    TypeError
        An index or a table of another type. Columns that don't hold numbers are found when it is executed.

    Notes
    -----
    Lazy: nothing runs before the dataset is consumed. O(1) per point, one pass.

    Examples
    --------
    >>> import ray                                                                      # doctest: +SKIP
    >>> import poly_match.ray                                                           # doctest: +SKIP
    >>> index = pm.Index(counties, best="smallest")                                     # doctest: +SKIP
    >>> fixes = ray.data.read_parquet("fixes")                                          # doctest: +SKIP
    >>> poly_match.ray.match(fixes, index, x="lon", y="lat").write_parquet("matched")   # doctest: +SKIP
    """
    import ray

    from poly_match._tables.columns import Columns

    names = points.columns() or []
    task = Columns.of(
        names, check_index(index), x=x, y=y, geometry=geometry, into=into, columns=columns,
        distance_column=distance_column,
    )  # fmt: skip
    return points.map_batches(
        _append,
        fn_args=(ray.put((index, task)),),
        batch_format="pyarrow",
        batch_size=None,  # blocks as they are
        zero_copy_batch=True,
    )


def _append(block: Any, shared: Any) -> Any:
    """Return a block with the answers of its points."""
    import ray

    index, task = ray.get(shared)
    return task.append(block, opened(index))
