"""The names of regions: one per region, by label where both sides have labels, by position otherwise.

A Series of names beside a frame of regions may be in another order: its labels say which name is whose. Only
where nothing has labels (arrays, lists, an opened file) can the position decide.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from poly_match._errors import type_error, value_error
from poly_match._forms.numbers import is_from

__all__ = ["labels_of", "names_in", "names_of"]

NUMPY = (np.integer, np.floating, np.bool_, np.str_)  # what Python has a type of its own for


def labels_of(polygons: Any) -> Any:
    """Return the labels of a frame or series of regions, None where there are none."""
    return polygons.index if is_from(polygons, "pandas") and hasattr(polygons, "index") else None


def names_in(names: Any, polygons: Any) -> Any:
    """Return the column of the regions that `names` names, or what was given."""
    if not isinstance(names, str):
        return names
    columns = getattr(polygons, "column_names", None)
    columns = getattr(polygons, "columns", None) if columns is None else columns
    if columns is None:
        raise type_error(
            "names", f"expected one name for each region, got the text {names!r}, and polygons has no columns"
        )
    if list(columns).count(names) != 1:
        raise value_error("names", f"{names!r} is no column of polygons; there are: {list(columns)}")
    return polygons[names]


def names_of(names: Any, count: int, labels: Any) -> npt.NDArray[np.object_]:
    """Return the names of the regions as they are, and None for the answer -1.

    `labels` are those of the regions, None where they have none.
    """
    if isinstance(names, (str, bytes, bool)):
        given = repr(names) if isinstance(names, bool) else f"the text {names!r}"
        raise type_error("names", f"expected one name for each of {count} regions, got {given}")
    if labels is not None and is_from(names, "pandas") and hasattr(names, "index"):
        names = _by_label(names, labels)
    listed = (
        names.tolist() if hasattr(names, "tolist") else _listed(names)
    )  # Python's own numbers, not NumPy's
    if not isinstance(listed, list) or len(listed) != count:
        got = len(listed) if isinstance(listed, list) else "one"
        raise value_error("names", f"expected one name for each of {count} regions, got {got}")
    plain = (name.item() if isinstance(name, NUMPY) else name for name in listed)
    known = np.empty(count + 1, dtype=object)
    known[:-1] = np.fromiter(plain, dtype=object, count=count)
    return known


def _listed(names: Any) -> list[Any]:
    if hasattr(names, "to_pylist"):
        return list(names.to_pylist())
    try:
        return list(names)
    except TypeError:
        raise type_error("names", f"expected one name for each region, got {type(names).__name__}") from None


def _by_label(names: Any, labels: Any) -> Any:
    """Return a Series of names in the order of the labels of the regions."""
    by_position = "names.to_numpy() takes them by position"
    for owner, given in (("names", names.index), ("polygons", labels)):
        if not given.is_unique:
            label = given[given.duplicated()][0]
            raise value_error("names", f"the label {label!r} is there twice in {owner}; {by_position}")
    at = names.index.get_indexer(labels)
    if (at < 0).any():
        label = labels[int(np.argmax(at < 0))]
        raise value_error("names", f"has no name for the region with the label {label!r}; {by_position}")
    if len(names) > len(labels):
        label = names.index.difference(labels, sort=False)[0]
        raise value_error("names", f"the label {label!r} is that of no region; {by_position}")
    return names.iloc[at]
