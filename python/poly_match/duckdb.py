"""Points in DuckDB: the index as a function of SQL.

The function can be used with filters, joins and aggregates like any other. Where poly-match's extension for
DuckDB is installed (`extensions/duckdb`), that answers, without entering Python. Otherwise DuckDB passes its
vectors as Arrow arrays, so that one call of Python handles about two thousand rows.

Needs duckdb and pyarrow: ``pip install 'poly-match[duckdb]'``.
"""

from __future__ import annotations

import os
from typing import Any

from poly_match._index import Index
from poly_match._tables.shared_index import IndexOrPath, check_index, opened

__all__ = ["register"]

_EXTENSION_FUNCTION = "match_region"


def register(connection: Any, index: IndexOrPath, name: str = _EXTENSION_FUNCTION) -> None:
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

    Under the name "match_region" the extension is used, if it is loaded or ``LOAD polymatch`` finds it.
    Then Python is not entered, ``match_region('counties.pmx', lon, lat)`` is known as well, and
    ``match_name(lon, lat)`` gives names. The index is known to all connections to this database, another one
    replaces it, and a file is looked at again for every vector, and read again if it was replaced.

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
    if name == _EXTENSION_FUNCTION and _has_extension(connection):
        given = bytes(ready._core.block) if isinstance(index, Index) else os.path.abspath(index)
        connection.cursor().execute("SELECT register_index(?)", [given])
        return

    def regions(x: Any, y: Any) -> Any:
        return as_column(ready.match(points_of_arrays((x, y), name)))

    # "special": the function is given NULL and may return it.
    connection.create_function(
        name, regions, ["DOUBLE", "DOUBLE"], "BIGINT", type="arrow", null_handling="special"
    )


def _has_extension(connection: Any) -> bool:
    """Load the extension if DuckDB has it."""
    import duckdb

    try:
        connection.cursor().execute(
            "LOAD polymatch"
        )  # a cursor: an error would end the connection's transaction
    except duckdb.Error:
        return False
    return True
