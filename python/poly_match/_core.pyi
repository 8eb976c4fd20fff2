import sys
from collections.abc import Callable, Iterable
from typing import Any, Protocol, Self, SupportsFloat, SupportsIndex, TypeVar, final

import numpy as np
import numpy.typing as npt
from typing_extensions import Buffer, disjoint_base

_Doubles = npt.NDArray[np.float64]
_Offsets = npt.NDArray[np.int64]
_Scores = npt.NDArray[np.float64] | npt.NDArray[np.int64] | npt.NDArray[np.uint64]
_Objects = npt.NDArray[np.object_]
_Bytes = npt.NDArray[np.uint8]
_Field = tuple[str, str, dict[str, bytes], tuple[Any, ...]]  # format, name, metadata, children
_Array = tuple[int, int, int, tuple[Any, ...], tuple[Any, ...]]  # length, offset, nulls, buffers, children
_Real = SupportsFloat | SupportsIndex

class _HasCenter(Protocol):
    @property
    def center(self) -> npt.ArrayLike: ...

class _HasArea(Protocol):
    def area(self) -> _Real: ...

class _Region(_HasCenter, _HasArea, Protocol): ...

_Point = TypeVar("_Point")
_WithCenter = TypeVar("_WithCenter", bound=_HasCenter)
_WithArea = TypeVar("_WithArea", bound=_HasArea)
_WithBoth = TypeVar("_WithBoth", bound=_Region)

class InputError(Exception):
    argument: str | None
    row: int | None
    reason: str | None

class InputValueError(InputError, ValueError): ...
class InputTypeError(InputError, TypeError): ...

@disjoint_base
class Polygon:
    def __init__(self, x: npt.ArrayLike, y: npt.ArrayLike) -> None: ...
    @property
    def x(self) -> _Doubles: ...
    @property
    def y(self) -> _Doubles: ...
    @property
    def center(self) -> _Doubles: ...
    @property
    def __geo_interface__(self) -> dict[str, Any]: ...
    def area(self) -> float: ...
    def _repr_svg_(self) -> str: ...
    def __getstate__(self) -> Any: ...
    def __setstate__(self, state: Any, /) -> None: ...
    def __reduce__(self) -> tuple[Any, ...]: ...

def draw_polygons_with(draw: Callable[[Polygon], str], /) -> None: ...
def find_close_polygons(
    polygon_subset: Iterable[_WithCenter], point: npt.ArrayLike, max_dist: _Real
) -> list[_WithCenter]: ...
def find_all_close_polygons(
    polygons: Iterable[_WithCenter], points: Iterable[_Point], max_dist: _Real
) -> list[tuple[_Point, list[_WithCenter]]]: ...
def select_best_polygon(
    polygon_sets: Iterable[tuple[_Point, Iterable[_WithArea]]],
) -> list[tuple[_Point, _WithArea]]: ...
def main(
    polygons: Iterable[_WithBoth], points: Iterable[_Point], max_dist: _Real = 10.0
) -> list[tuple[_Point, _WithBoth]]: ...

@final
class Job:
    def __new__(
        cls,
        coords: _Doubles,
        ring_offsets: _Offsets,
        polygon_offsets: _Offsets,
        geom_offsets: _Offsets | None,
        kinds: _Bytes | None,
        predicate: str,
        best: str,
        scores: _Scores | None,
        distance: _Doubles | None,
        engine: str,
        areas: _Doubles | None,
        max_bytes: int,
        period: float,
        x: _Doubles,
        y: _Doubles,
        show: Callable[[], object] | None = None,
        metric: str = "planar",
        run: Callable[[Callable[[int, int], None], int], None] | None = None,
        /,
    ) -> Self: ...
    def __len__(self) -> int: ...
    def match(self, x: _Doubles, y: _Doubles, out: _Offsets, distances: _Doubles = ..., /) -> None: ...
    @property
    def engine(self) -> str: ...

@final
class Index:
    def __new__(
        cls,
        coords: _Doubles,
        ring_offsets: _Offsets,
        polygon_offsets: _Offsets,
        geom_offsets: _Offsets | None,
        kinds: _Bytes | None,
        predicate: str,
        best: str,
        scores: _Scores | None,
        distance: _Doubles | None,
        engine: str = "auto",
        areas: _Doubles | None = None,
        max_bytes: int = 0,
        period: float = 0.0,
        note: Buffer = b"",
        show: Callable[[], object] | None = None,
        metric: str = "planar",
        compact: bool = False,
        run: Callable[[Callable[[int, int], None], int], None] | None = None,
        /,
    ) -> Self: ...
    @classmethod
    def from_disks(
        cls,
        x: _Doubles,
        y: _Doubles,
        area: _Doubles | None,
        best: str,
        scores: _Scores | None,
        distance: _Doubles | None,
        engine: str = "auto",
        max_bytes: int = 0,
        period: float = 0.0,
        note: Buffer = b"",
        show: Callable[[], object] | None = None,
        metric: str = "planar",
        /,
    ) -> Self: ...
    @classmethod
    def open(cls, bytes: Buffer, verify: bool, private: bool = False, /) -> Self: ...
    if sys.version_info >= (3, 12):
        def __buffer__(self, flags: int, /) -> memoryview: ...
    def match(self, x: _Doubles, y: _Doubles, out: _Offsets, distances: _Doubles = ..., /) -> None: ...
    def match_one(self, x: object, y: object, /) -> int | None: ...
    def prepare_lists(self) -> None: ...
    def list(
        self,
        x: _Doubles,
        y: _Doubles,
        most: int,
        counts: _Offsets,
        ids: _Offsets | None,
        distances: _Doubles | None,
        /,
    ) -> int: ...
    def cells(self) -> tuple[_Doubles, npt.NDArray[np.uint8], npt.NDArray[np.intp]]: ...
    def __len__(self) -> int: ...
    @property
    def nbytes(self) -> int: ...
    @property
    def distance_count(self) -> int: ...
    @property
    def bounds(self) -> tuple[float, float, float, float]: ...
    @property
    def block(self) -> memoryview: ...
    @property
    def predicate(self) -> str: ...
    @property
    def best(self) -> str: ...
    @property
    def metric(self) -> str: ...
    @property
    def compact(self) -> bool: ...
    @property
    def period(self) -> float: ...
    @property
    def note(self) -> bytes: ...

def plain_points(points: object, /) -> tuple[_Doubles, _Doubles] | None: ...
def regions_measure(
    coords: _Doubles,
    ring_offsets: _Offsets,
    polygon_offsets: _Offsets,
    geom_offsets: _Offsets | None,
    kinds: _Bytes | None,
    metric: str = "planar",
    /,
) -> tuple[_Doubles, _Doubles]: ...
def match_groups(
    shapes: tuple[Any, ...],
    predicate: str,
    best: str,
    scores: _Scores | None,
    distance: _Doubles | None,
    areas: _Doubles | None,
    max_bytes: int,
    period: float,
    region_rows: _Offsets,
    region_offsets: _Offsets,
    point_rows: _Offsets,
    point_offsets: _Offsets,
    engines: npt.NDArray[np.uint8],
    x: _Doubles,
    y: _Doubles,
    out: _Offsets,
    first: int,
    last: int,
    distances: _Doubles | None = None,
    metric: str = "planar",
    /,
) -> None: ...
def gather_polygons(polygons: Iterable[Polygon], /) -> tuple[_Doubles, _Offsets]: ...
def measure_polygons(polygons: Iterable[Polygon], /) -> tuple[_Doubles, _Doubles, _Doubles]: ...
def use_shapely(path: str, interface: object, /) -> bool: ...
def shapely_points(objects: _Objects, /) -> tuple[_Doubles, _Doubles] | None: ...
def shapely_polygons(objects: _Objects, /) -> tuple[_Doubles, _Offsets, _Offsets, _Offsets | None] | None: ...
def shapely_match(
    objects: _Objects,
    predicate: str,
    best: str,
    scores: npt.NDArray[Any] | None,
    x: _Doubles,
    y: _Doubles,
    out: _Offsets,
    is_thorough: bool,
    /,
) -> bool: ...
def arrow_schema(argument: str, schema: object, /) -> _Field: ...
def arrow_array(argument: str, schema: object, array: object, /) -> tuple[_Field, list[_Array]]: ...
def arrow_stream(argument: str, stream: object, /) -> tuple[_Field, list[_Array]]: ...
def wkb_points(
    argument: str, buffers: tuple[_Bytes, ...], which: _Offsets, start: _Offsets, size: _Offsets, /
) -> tuple[_Doubles, _Doubles, list[tuple[int, str, bool]]]: ...
def wkb_regions(
    argument: str,
    buffers: tuple[_Bytes, ...],
    which: _Offsets,
    start: _Offsets,
    size: _Offsets,
    takes_lines: bool = False,
    /,
) -> tuple[_Doubles, _Offsets, _Offsets, _Offsets, _Bytes, list[tuple[int, str, bool]]]: ...
