"""Points in Polars: the best region of every row as an expression, in lazy and streaming queries too.

Needs polars: ``pip install 'poly-match[polars]'``.
"""

from __future__ import annotations

from typing import Any

from poly_match._forms.column import doubles_in
from poly_match._tables.shared_index import IndexOrPath, check_index, opened

__all__ = ["match_region"]


def match_region(x: Any, y: Any, index: IndexOrPath, *, workers: int = 1) -> Any:
    """Return an expression for the position of the best region of every row.

    Parameters
    ----------
    x, y : str or polars.Expr
        The two columns of numbers, by name or as expressions.
    index : Index or path
        The regions and the rules, or the file that `Index.save` wrote.
    workers : int
        Threads to use, as in `Index.match`.

    Returns
    -------
    polars.Expr
        An Int64, counted from 0, called "region"; null where there is none, or where x or y is null or not
        finite.

    Raises
    ------
    TypeError
        An index of another type. Columns that don't hold numbers end the query with what Polars makes of a
        TypeError.

    Notes
    -----
    O(1) per row. Rows are independent (the expression is elementwise), so Polars may process them in batches.

    Examples
    --------
    >>> import polars as pl                                                             # doctest: +SKIP
    >>> from poly_match.polars import match_region                                      # doctest: +SKIP
    >>> index = pm.Index(counties)                                                      # doctest: +SKIP
    >>> pl.scan_parquet("fixes.parquet").with_columns(match_region("lon", "lat", index))  # doctest: +SKIP
    """
    import polars as pl

    ready = opened(check_index(index))

    def regions(points: Any) -> Any:
        columns = doubles_in(points.struct.field("x"), "x"), doubles_in(points.struct.field("y"), "y")
        answers = pl.Series(points.name, ready.match(columns, workers=workers), dtype=pl.Int64)
        return answers.set(answers < 0, None)

    columns = (pl.col(each) if isinstance(each, str) else each for each in (x, y))
    both = pl.struct(each.alias(name) for each, name in zip(columns, "xy", strict=True))
    return both.map_batches(regions, return_dtype=pl.Int64, is_elementwise=True).alias("region")
