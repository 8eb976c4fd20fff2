"""Match points in Spark: every row of a DataFrame gets its best region within its partition.

The index is small and is sent to the points: broadcast once, or mapped from a file that every worker can
read; each Arrow batch is matched in its task. No point is shuffled, sorted or sent to another machine, so
there is no skew and no duplicate row. A task that is retried returns the same answers.

Needs pyspark 4.0 or newer and poly-match on the workers as well: ``pip install 'poly-match[spark]'``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from poly_match._errors import type_error
from poly_match._index import Index
from poly_match._tables.shared_index import IndexOrPath, check_index, opened

__all__ = ["match", "register"]


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
    points : pyspark.sql.DataFrame
        The points, a streaming DataFrame as well.
    index : Index or path
        The regions and the rules. An `Index` is broadcast: every Python worker process holds a copy. The path
        of a file that `Index.save` wrote and every worker sees under this name: it is mapped, and all
        processes of a machine share it.
    x, y : str
        The two columns of numbers (of any numeric type). A point that is null or not finite matches nothing.
    geometry : str
        Instead: the one column of points, as well-known binary (in Sedona ``ST_AsBinary(geometry)``).
    into : str
        The column for the answers: the position of the region, a long, null for none.
    columns : table, optional
        Attributes of the regions, one row each, in their order (Arrow, pandas, Polars, or a dict of arrays):
        these columns are added as well, null where a point has no region.
    distance_column : str, optional
        Name of a column for the distance of each point from its region, null for none, as in `Index.match`;
        not for "covers".

    Returns
    -------
    pyspark.sql.DataFrame
        The rows and columns of `points`, in their order and partitions, followed by the added columns.

    Raises
    ------
    ValueError
        A column is missing or would exist twice; the attributes don't fit the regions.
    TypeError
        An index or a table of another type; an `Index` with Spark Connect, which has no broadcast: save it,
        and give the path. Columns that don't hold numbers fail in the workers.

    Notes
    -----
    Lazy, as all of Spark: nothing runs before an action. O(1) per point, one pass, no shuffle. Spark hands
    over batches of ``spark.sql.execution.arrow.maxRecordsPerBatch`` rows; 100,000 move faster than its
    10,000.

    Examples
    --------
    >>> import poly_match.spark                                                         # doctest: +SKIP
    >>> index = pm.Index(counties, best="smallest")                                     # doctest: +SKIP
    >>> fixes = spark.read.parquet("fixes")                                             # doctest: +SKIP
    >>> poly_match.spark.match(fixes, index, x="lon", y="lat").write.parquet("matched")   # doctest: +SKIP
    """
    from pyspark.sql.pandas.types import from_arrow_type, to_arrow_schema
    from pyspark.sql.types import StructField, StructType

    from poly_match._tables.columns import Columns

    task = Columns.of(
        points.columns, check_index(index), x=x, y=y, geometry=geometry, into=into, columns=columns,
        distance_column=distance_column,
    )  # fmt: skip
    added = [
        StructField(field.name, from_arrow_type(field.type), field.nullable) for field in task.added_fields()
    ]
    # Spark has one type where Arrow has several: microseconds, say, for every unit of time.
    attributes = task.attributes.cast(to_arrow_schema(StructType(added[1 : 1 + task.attributes.num_columns])))
    shared = _shared(points.sparkSession, index, replace(task, attributes=attributes))

    def batches(incoming: Iterator[Any]) -> Iterator[Any]:
        index, task = shared()
        ready = opened(index)
        for batch in incoming:
            yield task.append(batch, ready)

    return points.mapInArrow(batches, StructType([*points.schema.fields, *added]))


def register(spark: Any, index: IndexOrPath, name: str = "match_region") -> Any:
    """Register the index as a function of SQL: ``SELECT *, match_region(lon, lat) AS region FROM fixes``.

    Parameters
    ----------
    spark : pyspark.sql.SparkSession
        Where the function is to be known.
    index : Index or path
        The regions and the rules, as in `match`.
    name : str
        The name of the function. It takes the two numbers x and y, or one point as well-known binary, and
        gives the position of the best region, a long; null where there is none, or where a coordinate is
        null or not finite.

    Returns
    -------
    function
        The same for the DataFrame interface: ``fixes.withColumn("region", function("lon", "lat"))``.

    Raises
    ------
    TypeError
        As in `match`.

    Notes
    -----
    Batches of columns are handed over as Arrow arrays from pyspark 4.1 on; 4.0 has pandas in between.
    """
    from pyspark.sql import functions

    shared = _shared(spark, check_index(index), None)

    def answers(arrays: tuple[Any, ...]) -> Any:
        from poly_match._tables.answers import as_column
        from poly_match._tables.columns import points_of_arrays

        index, _ = shared()
        return as_column(opened(index).match(points_of_arrays(arrays, name)))

    if hasattr(functions, "arrow_udf"):
        function = functions.arrow_udf(_from_arrow(answers), "bigint")
    else:
        function = functions.pandas_udf(_from_pandas(answers), "bigint")
    return spark.udf.register(name, function)


def _from_arrow(answers: Callable[[tuple[Any, ...]], Any]) -> Any:
    import pyarrow as pa  # type: ignore[import-untyped]

    def function(*columns: pa.Array) -> pa.Array:
        return answers(columns)

    return _annotated(function, pa.Array)


def _from_pandas(answers: Callable[[tuple[Any, ...]], Any]) -> Any:
    import pandas as pd
    import pyarrow as pa

    def function(*columns: pd.Series) -> pd.Series:
        arrays = tuple(pa.array(column, from_pandas=True) for column in columns)  # numbers without a copy
        return pd.Series(answers(arrays).to_pandas(integer_object_nulls=True), dtype="Int64")

    return _annotated(function, pd.Series)


def _annotated(function: Any, kind: type) -> Any:
    """Set real types as annotations: Spark can't resolve the postponed ones."""
    function.__annotations__ = {"columns": kind, "return": kind}
    return function


def _shared(spark: Any, index: IndexOrPath, task: Any) -> Callable[[], tuple[Any, Any]]:
    """Return a function that returns the index and task in a worker.

    Spark unpickles a broadcast once per worker process but a function for every task, so the function only
    refers to a broadcast that holds the index.
    """
    if hasattr(spark, "sparkContext"):
        broadcast = spark.sparkContext.broadcast((index, task))
        return lambda: broadcast.value
    if isinstance(index, Index):
        raise type_error(
            "index", "Spark Connect has no broadcast; save it where every worker sees it, and give the path"
        )
    return lambda: (index, task)
