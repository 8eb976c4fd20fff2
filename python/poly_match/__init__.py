"""Give every point its best region: points and polygons in, one integer per point out.

A match has two rules. The *predicate* says which regions are candidates for a point, *best* says which
candidate wins; equal candidates: the one that comes first in the input. A point without a candidate gets -1.

>>> import numpy as np
>>> import poly_match as pm
>>> square = np.array([[0, 0], [4, 0], [4, 4], [0, 4]])
>>> pm.match([(1, 1), (3, 3), (9, 9)], [square, square / 2])
array([ 1,  0, -1])
"""

from typing import TYPE_CHECKING, Any

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
    "examples",
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

if TYPE_CHECKING:  # what a type checker and an editor see
    from poly_match import examples
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

else:  # and what a program gets: each name is loaded when it is first used, so that the import costs nothing
    _MODULES = {
        "Polygon": "_dropin",
        "find_all_close_polygons": "_dropin",
        "find_close_polygons": "_dropin",
        "generate_example": "_dropin",
        "generate_one_polygon": "_dropin",
        "main": "_dropin",
        "select_best_polygon": "_dropin",
        "InputError": "_errors",
        "InputTypeError": "_errors",
        "InputValueError": "_errors",
        "Regions": "_forms.regions",
        "Index": "_index",
        "count": "_match",
        "match": "_match",
        "check": "_quality.check",
        "plot": "_show.plot",
        "Matched": "_tables.dataset",
        "match_dataset": "_tables.dataset",
        "digest": "_tables.digest",
        "sjoin": "_tables.sjoin",
        "show_versions": "_versions",
    }

    def __getattr__(name: str) -> Any:
        """Load a public name from its module, and the version from the installed metadata."""
        if name in _MODULES:
            from importlib import import_module

            value = getattr(import_module(f"poly_match.{_MODULES[name]}"), name)
        elif name == "examples":
            from importlib import import_module

            value = import_module("poly_match.examples")
        elif name == "__version__":
            from importlib.metadata import version

            value = version("poly-match")
        else:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
