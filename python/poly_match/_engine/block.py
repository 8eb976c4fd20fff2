"""A built index as one block of bytes: saved, opened, pickled, copied, and what it says about itself.

The block never changes. Python's part of it is a `Note`, read when it is first needed. `Index` adds building
and matching.
"""

from __future__ import annotations

import operator
import os
import pickle
from pathlib import Path
from typing import Any, Self, SupportsIndex

import numpy as np
import numpy.typing as npt

from poly_match import _core
from poly_match._engine.note import Note
from poly_match._engine.results import Answers
from poly_match._engine.stored import loaded
from poly_match._errors import value_error
from poly_match._files import replacing
from poly_match._forms.names import names_of
from poly_match._forms.numbers import Doubles

__all__ = ["IndexBlock"]


class IndexBlock:
    """What an `Index` consists of, and all that it can do without points."""

    __slots__ = ("__weakref__", "_core", "_known", "_labels")

    _core: _core.Index
    _known: Note | None  # None: not read from the block so far
    _labels: Any  # of the frame that the regions came from

    # ---- as bytes ----

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the index to a file, for `open`.

        The file is renamed after writing, so that it is never incomplete.

        Raises
        ------
        OSError
            The file can't be written.
        """
        with replacing(Path(path)) as file:
            file.write(self._core.block)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, mmap: bool = True, verify: bool = True) -> Self:
        """Return the index that `save` wrote.

        Parameters
        ----------
        path
            The file.
        mmap : bool
            Map the file: nothing is copied, and processes share the memory. False: read a private copy.
        verify : bool
            Check the whole file, at about the speed of memory: one that is damaged, truncated or malicious
            raises a ValueError. False: check the header only, which takes microseconds; for files you wrote
            yourself.

        Raises
        ------
        ValueError
            The file is no index, damaged, or of another version of this library (then build the index again).
            The message names the file and what is wrong.
        OSError
            The file can't be read; FileNotFoundError when there is none.

        Notes
        -----
        Nothing protects against a file being changed or truncated while it is mapped: answers may be wrong,
        and the process may be killed. Replace such files by renaming, as `save` does, or use ``mmap=False``.

        Examples
        --------
        >>> import tempfile, pathlib
        >>> import numpy as np
        >>> import poly_match as pm
        >>> square = np.array([[0, 0], [4, 0], [4, 4], [0, 4]])
        >>> path = pathlib.Path(tempfile.mkdtemp(), "squares.pmx")
        >>> pm.Index([square, square / 2]).save(path)
        >>> pm.Index.open(path).match([(1, 1), (3, 3), (9, 9)])
        array([ 1,  0, -1])
        """
        self = cls.__new__(cls)
        memory = loaded(path, mmap)
        try:
            self._core = _core.Index.open(memory, verify, True)
        except ValueError as error:
            raise value_error(os.fspath(path), str(error)) from None
        self._known = self._labels = None
        return self

    def __reduce_ex__(self, protocol: SupportsIndex) -> tuple[Any, ...]:
        block = self._core.block
        carried = pickle.PickleBuffer(block) if operator.index(protocol) >= 5 else bytes(block)
        return _restored, (type(self), carried, self._labels), getattr(self, "__dict__", None)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    # ---- what it is ----

    @property
    def predicate(self) -> str:
        """Which regions are candidates: "covers", "center_within", "dwithin" or "nearest"."""
        return self._core.predicate

    @property
    def best(self) -> str:
        """Which candidate wins: "smallest", "largest", "first", or "score" when scores were given."""
        return self._core.best

    @property
    def metric(self) -> str:
        """What coordinates and distances are: "planar" or "sphere"."""
        return self._core.metric

    @property
    def compact(self) -> bool:
        """Was it built with `compact=True`? Then it has no candidates."""
        return self._core.compact

    @property
    def period(self) -> float | None:
        """After which x repeats, or None."""
        return self._core.period or None

    @property
    def crs(self) -> str | None:
        """The coordinate reference system of the regions as text; None if they had none."""
        return self._note.crs or None

    @property
    def names(self) -> npt.NDArray[np.object_] | None:
        """The names of the regions that were stored with it, read-only; None without any."""
        if self._note.names is None:
            return None
        names = self._note.names[:-1]
        names.flags.writeable = False
        return names

    def _names(self, names: Any) -> npt.NDArray[np.object_]:
        """Return the names to answer with: those that are stored, or others."""
        if names is not True:
            return names_of(names, len(self), self._labels)
        if self._note.names is None:
            raise value_error("names", "this index stores none; build it with Index(..., names=)")
        return self._note.names

    @property
    def _note(self) -> Note:
        if self._known is None:
            self._known = Note.from_bytes(self._core.note)
        return self._known

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """Min x, min y, max x, max y of all that can match; NaN when nothing can."""
        return self._core.bounds

    @property
    def nbytes(self) -> int:
        """Bytes of the index, in memory and in a file."""
        return self._core.nbytes

    def _cells(self) -> tuple[Doubles, npt.NDArray[np.uint8], Answers]:
        """Return the cells of the map of answers, to draw it; none where regions are scanned without a map.

        Returns
        -------
        boxes : (n, 4) array of float64
            Min x, min y, max x, max y. The cells fill a square somewhat larger than the regions.
        kinds : (n,) array of uint8
            0: all points of the cell have one answer; 2: a border may run through.
        answers : (n,) array of intp
            The answer, -1 for none and in border cells.
        """
        return self._core.cells()

    def __len__(self) -> int:
        return len(self._core)


def _restored(cls: type[IndexBlock], block: Any, labels: Any) -> IndexBlock:
    """Return an unpickled index, over the very block unless that can be written."""
    index = cls.__new__(cls)
    index._core = _core.Index.open(block, True)
    index._known, index._labels = None, labels
    return index
