"""Give every point its best region: points and polygons in, one integer per point out.

A match has two rules. The *predicate* says which regions are candidates for a point, *best* says which
candidate wins; equal candidates: the one that comes first in the input. A point without a candidate gets -1.

>>> import numpy as np
>>> import poly_match as pm
>>> square = np.array([[0, 0], [4, 0], [4, 4], [0, 4]])
>>> pm.match([(1, 1), (3, 3), (9, 9)], [square, square / 2])
array([ 1,  0, -1])
"""

from typing import TYPE_CHECKING

from poly_match._dropin import (
    Polygon,
    find_all_close_polygons,
    find_close_polygons,
    generate_example,
    generate_one_polygon,
    main,
    select_best_polygon,
)
from poly_match._errors import InputError, InputTypeError, InputValueError
from poly_match._forms.regions import Regions
from poly_match._index import Index
from poly_match._match import count, match
from poly_match._quality.check import check
from poly_match._show.plot import plot
from poly_match._tables.dataset import Matched, match_dataset
from poly_match._tables.digest import digest
from poly_match._tables.sjoin import sjoin
from poly_match._versions import show_versions

__all__ = [
    "Index",
    "InputError",
    "InputTypeError",
    "InputValueError",
    "Matched",
    "Polygon",
    "Regions",
    "__version__",
    "check",
    "count",
    "digest",
    "find_all_close_polygons",
    "find_close_polygons",
    "generate_example",
    "generate_one_polygon",
    "main",
    "match",
    "match_dataset",
    "plot",
    "select_best_polygon",
    "show_versions",
    "sjoin",
]

__version__: str

if not TYPE_CHECKING:  # to a type checker there is no other name to be found

    def __getattr__(name: str) -> str:
        """Look the version up when it is asked for: the installed metadata is the one place it is in."""
        if name == "__version__":
            from importlib.metadata import version

            return version("poly-match")
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
