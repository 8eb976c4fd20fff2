"""Points in DuckDB: the index as a function of SQL.

DuckDB passes its vectors as Arrow arrays, so that one call of Python handles about two thousand rows. The
function can be used with filters, joins and aggregates like any other.

Needs duckdb and pyarrow: ``pip install 'poly-match[duckdb]'``.
"""

from __future__ import annotations

from typing import Any

from poly_match._tables.shared_index import IndexOrPath, check_index, opened

__all__ = ["register"]


def register(connection: Any, index: IndexOrPath, name: str = "match_region") -> None:
    """Register the index as a function of SQL: ``SELECT *, match_region(lon, lat) AS region FROM fixes``.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Where the function is to be known.
    index : Index or path
        The regions and the rules, or the file that `Index.save` wrote.
    name : str
        The name of the function. It takes two numbers, x and y, and gives the position of the best region, a
        BIGINT, counted from 0; NULL where there is none, or where x or y is NULL or not finite.

    Raises
    ------
    TypeError
        An index of another type.
    duckdb.Error
        There is a function of this name already: ``connection.remove_function(name)`` removes it.

    Notes
    -----
    O(1) per row. Python is entered once for each vector of some two thousand rows.

    Examples
    --------
    >>> import duckdb                                                                   # doctest: +SKIP
    >>> import poly_match.duckdb                                                        # doctest: +SKIP
    >>> connection = duckdb.connect()                                                   # doctest: +SKIP
    >>> poly_match.duckdb.register(connection, pm.Index(counties))                      # doctest: +SKIP
    >>> connection.sql("SELECT match_region(lon, lat) AS region, count(*) FROM 'fixes.parquet' GROUP BY ALL")
    ... # doctest: +SKIP
    """
    from poly_match._tables.answers import as_column
    from poly_match._tables.columns import points_of_arrays

    ready = opened(check_index(index))

    def regions(x: Any, y: Any) -> Any:
        return as_column(ready.match(points_of_arrays((x, y), name)))

    # "special": the function is given NULL and may return it.
    connection.create_function(
        name, regions, ["DOUBLE", "DOUBLE"], "BIGINT", type="arrow", null_handling="special"
    )
