"""Add the answers to a batch of a table of points.

Every engine that moves tables (Spark, Ray, a folder of Parquet files) runs this step per Arrow batch: take
the coordinates from their columns, match, append the answers and attributes of their regions. The rows and
columns of the batch are unchanged. The options of the step are checked once, before the first batch, and can
be pickled.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import pyarrow as pa  # type: ignore[import-untyped]

from poly_match._engine.results import Answers, check_measured
from poly_match._errors import type_error, value_error
from poly_match._forms.column import doubles_in
from poly_match._forms.numbers import Doubles
from poly_match._forms.points import xy_of
from poly_match._index import Index
from poly_match._tables.answers import as_column

__all__ = ["Columns", "Found"]


class Found(NamedTuple):
    """What points get: the answers, and how far away they are where that is wanted."""

    answers: Answers
    distances: Doubles | None


@dataclass(frozen=True)
class Columns:
    """Which columns hold the points, and which columns to add."""

    x: str | None
    y: str | None
    geometry: str | None
    into: str
    attributes: Any  # a pyarrow.Table with one row per region
    distance_column: str | None = None

    @classmethod
    def of(
        cls,
        names: Iterable[str],
        index: object,
        *,
        x: str | None,
        y: str | None,
        geometry: str | None,
        into: str,
        columns: Any,
        distance_column: str | None = None,
    ) -> Self:
        """Check a caller's arguments against the names of the table's columns."""
        there = list(names)
        named = {"x": x, "y": y, "geometry": geometry, "into": into}
        named["distance_column"] = distance_column
        for argument, name in named.items():
            if name is not None and not isinstance(name, str):
                raise type_error(argument, f"expected the name of a column, got {type(name).__name__}")
        if (x is None) is not (y is None) or (geometry is None) is (x is None):
            raise value_error("x, y, geometry", "name the two columns x= and y=, or the one column geometry=")
        for argument in ("x", "y", "geometry"):
            if named[argument] is not None and named[argument] not in there:
                raise value_error(argument, f"no column {named[argument]!r}; there are {', '.join(there)}")
        self = cls(x, y, geometry, into, _attributes(columns), distance_column)
        taken = {name.lower() for name in there}
        for name in self.added():
            if name.lower() in taken:  # some engines ignore case
                argument = {into: "into", distance_column: "distance_column"}.get(name, "columns")
                raise value_error(argument, f"there is a column {name!r} already; choose another name")
            taken.add(name.lower())
        if isinstance(index, Index):
            self.check_index(index)
        return self

    def check_index(self, index: Index) -> None:
        """Raise unless there is one row of attributes per region of the index, and distances if wanted."""
        if self.distance_column is not None:
            check_measured("distance_column", index.predicate)
        if self.attributes.num_columns and self.attributes.num_rows != len(index):
            raise value_error(
                "columns",
                f"expected one row for each of {len(index)} regions, got {self.attributes.num_rows}",
            )

    def added(self) -> list[str]:
        """Return the names of the columns that are added."""
        return [field.name for field in self.added_fields()]

    def added_fields(self) -> list[Any]:
        """Return the columns that are added as Arrow fields."""
        distance = [] if self.distance_column is None else [pa.field(self.distance_column, pa.float64())]
        return [pa.field(self.into, pa.int64()), *self.attributes.schema, *distance]

    def points(self, batch: Any) -> tuple[Doubles, Doubles]:
        """Return x and y of a batch; NaN where one is null."""
        if self.geometry is not None:
            return _places(batch.column(self.geometry))
        return doubles_in(batch.column(self.x), self.named("x")), doubles_in(
            batch.column(self.y), self.named("y")
        )

    def named(self, argument: str) -> str:
        """Return the argument with its column, for errors: ``x='lon'``."""
        return f"{argument}={getattr(self, argument)!r}"

    def answers(self, points: Any, index: Index) -> Found:
        """Return the answers of points, after checking that the options fit the index."""
        self.check_index(index)
        if self.distance_column is None:
            return Found(index.match(points), None)
        return Found(*index.match(points, return_distance=True))

    def with_answers(self, batch: Any, found: Found) -> Any:
        """Return the batch (a RecordBatch or a Table) with the columns that are added."""
        attributes = map(_one_chunk, self.attributes_of(found.answers).columns)
        columns = [*batch.columns, as_column(found.answers), *attributes]
        if found.distances is not None:
            columns.append(pa.array(found.distances, from_pandas=True))  # NaN is null
        schema = pa.schema([*batch.schema, *self.added_fields()], metadata=batch.schema.metadata)
        return type(batch).from_arrays(columns, schema=schema)

    def attributes_of(self, answers: Answers) -> Any:
        """Return the attributes of the answers, null for points without a region."""
        return self.attributes.take(as_column(answers)).combine_chunks()

    def append(self, batch: Any, index: Index) -> Any:
        """Return the batch with the answers of its points."""
        return self.with_answers(batch, self.answers(self.points(batch), index))


def _attributes(columns: Any) -> Any:
    """Return the caller's table of attributes as an Arrow table of plain types."""
    if columns is None:
        return pa.table({})
    if isinstance(columns, (str, list)):
        raise type_error("columns", "expected a table of one row per region (or a dict of arrays), not names")
    try:
        if hasattr(columns, "iloc"):  # pandas
            table = pa.Table.from_pandas(columns, preserve_index=False)
        else:
            table = pa.table(columns)
    except (TypeError, pa.ArrowException) as error:
        raise type_error(
            "columns",
            "expected a table of one row per region (Arrow, pandas, Polars, or a dict of arrays); "
            f"got {type(columns).__name__}: {error}",
        ) from None
    fields = [pa.field(field.name, _plain(field.type)) for field in table.schema]
    return table.cast(pa.schema(fields)).combine_chunks()


def _plain(kind: Any) -> Any:
    """Return the type that all engines support: dictionaries decoded, one type for text and for bytes."""
    if pa.types.is_dictionary(kind):
        return _plain(kind.value_type)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    if pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind):
        return pa.binary()
    return kind


def _one_chunk(column: Any) -> Any:
    return column.chunk(0) if column.num_chunks else pa.nulls(0, column.type)


def points_of_arrays(arrays: tuple[Any, ...], argument: str) -> tuple[Doubles, Doubles]:
    """Return x and y of two Arrow arrays of numbers, or of one of geometries."""
    if len(arrays) == 1:
        return _places(arrays[0])
    if len(arrays) != 2:
        raise value_error(argument, f"expected x and y, or one geometry; got {len(arrays)} arguments")
    x, y = (doubles_in(array, f"{argument}: {axis}") for axis, array in zip("xy", arrays, strict=True))
    return x, y


def _places(column: Any) -> tuple[Doubles, Doubles]:
    """Return x and y of a column of points; if all are null, the column may have no type."""
    return xy_of(column.cast(pa.binary()) if pa.types.is_null(column.type) else column)
