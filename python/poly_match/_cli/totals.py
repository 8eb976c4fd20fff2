"""Sums and means of columns of the points, per region: exact, however the points are cut into chunks.

A float is a whole number times a power of two, so a sum of floats is one, too. It is kept as such: cut into
words of 32 bits, each with a total of its own per region, in 64 bits. Nothing is rounded before the end, and
then once. So the order of the points, their chunks and the workers change no bit of a result, and the sum is
what math.fsum gives. Only words that occur take memory, some three to six for values of one kind.
"""

from __future__ import annotations

import math
from difflib import get_close_matches
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa  # type: ignore[import-untyped]

from poly_match._errors import InputError, InputTypeError
from poly_match._forms.column import doubles_in
from poly_match._forms.numbers import Doubles
from poly_match._readers.csv import Numbers
from poly_match._readers.dialect import Dialect
from poly_match._readers.problems import Problem, UsageProblem
from poly_match._readers.sources import Source

__all__ = ["ExactSums", "Totals"]

LEAST = 1074  # the exponent of the least float is -1074
WORD = 32  # bits
MANY = 1 << 28  # values after which words are carried, far from what 64 bits hold
INTEGERS = np.iinfo(np.int64)

Regions = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]


class ExactSums:
    """One exact sum per region.

    Adding n values takes O(n) time, some 0.2 µs each; a result takes 1 µs per region.
    """

    def __init__(self, regions: int) -> None:
        self.counts = np.zeros(regions, dtype=np.int64)
        self._words: dict[int, npt.NDArray[np.int64]] = {}  # position -> the total of each region
        self._infinite: dict[float, Mask] = {}  # inf or -inf -> which regions have it
        self._pending = 0

    def add(self, regions: Regions, values: npt.NDArray[Any]) -> None:
        """Add values, floats or integers, none of them NaN, to the sums of their regions."""
        self.counts += np.bincount(regions, minlength=len(self.counts))
        if values.dtype.kind == "f":
            self._add_floats(regions, values)
            return
        is_negative = values < 0
        size = np.where(is_negative, ~values, values).astype(np.uint64) + is_negative.astype(np.uint64)
        signs = np.where(is_negative, -1, 1)
        for part in (0, 1):
            half = ((size >> np.uint64(part * WORD)) & np.uint64(0xFFFFFFFF)).astype(np.int64)
            self._add(regions, half, signs, np.full(len(values), LEAST + part * WORD))

    def _add_floats(self, regions: Regions, values: Any) -> None:
        for infinity in (math.inf, -math.inf):
            at = regions[values == infinity]
            if at.size:
                self._infinite.setdefault(infinity, np.zeros(len(self.counts), dtype=bool))[at] = True
        is_finite = np.isfinite(values)
        if not is_finite.all():
            regions, values = regions[is_finite], values[is_finite]
        mantissa, exponent = np.frexp(np.abs(values))
        size = np.ldexp(mantissa, 53).astype(np.int64)
        offset = exponent.astype(np.int64) - 53 + LEAST
        signs = np.where(values < 0, -1, 1)
        self._add(regions, size & ((1 << 27) - 1), signs, offset)
        self._add(regions, size >> 27, signs, offset + 27)

    def _add(self, regions: Regions, parts: Any, signs: Any, offsets: Any) -> None:
        """Add sign * part * 2**(offset - LEAST), where parts have up to 32 bits."""
        self._pending += len(parts)
        if self._pending > MANY:
            self._carry()
            self._pending = len(parts)
        words, shifted = offsets // WORD, parts << (offsets % WORD)
        for word in np.unique(words[parts != 0]).tolist():
            here = words == word
            low, high = shifted[here] & 0xFFFFFFFF, shifted[here] >> WORD
            np.add.at(self._word(word), regions[here], low * signs[here])
            if high.any():
                np.add.at(self._word(word + 1), regions[here], high * signs[here])

    def _word(self, word: int) -> npt.NDArray[np.int64]:
        return self._words.setdefault(word, np.zeros(len(self.counts), dtype=np.int64))

    def _carry(self) -> None:
        """Let each word but the last hold 32 bits."""
        for word in range(min(self._words, default=0), max(self._words, default=-1) + 1):
            carried = self._word(word) >> WORD
            if carried.any():
                self._word(word)[...] -= carried << WORD
                self._word(word + 1)[...] += carried

    def _exact(self) -> tuple[list[int], int]:
        """Return the sums as integers, and the power of two to multiply them with."""
        first = min(self._words, default=0)
        sums = [0] * len(self.counts)
        for word, totals in self._words.items():
            for region in np.flatnonzero(totals).tolist():
                sums[region] += int(totals[region]) << (WORD * (word - first))
        return sums, WORD * first - LEAST

    def integers(self) -> list[int]:
        """Return the sums of whole numbers."""
        sums, power = self._exact()
        return [each << power if power >= 0 else each >> -power for each in sums]

    def sums(self) -> Doubles:
        """Return the sums, each rounded once; 0 of no values."""
        return self._rounded(np.ones(len(self.counts), dtype=np.int64))

    def means(self) -> Doubles:
        """Return the means, each rounded once; NaN of no values."""
        means = self._rounded(np.maximum(self.counts, 1))
        means[self.counts == 0] = np.nan
        return means

    def _rounded(self, divisors: npt.NDArray[np.int64]) -> Doubles:
        sums, power = self._exact()
        up, down = 1 << max(power, 0), 1 << max(-power, 0)
        results = np.array(
            [
                _quotient(each * up, divisor * down)
                for each, divisor in zip(sums, divisors.tolist(), strict=True)
            ],
            dtype=np.float64,
        )
        for infinity, regions in self._infinite.items():
            results[regions] = infinity
        if len(self._infinite) == 2:
            results[np.logical_and(*self._infinite.values())] = np.nan
        return results


def _quotient(number: int, divisor: int) -> float:
    """Return the float closest to a quotient of integers."""
    try:
        return number / divisor
    except OverflowError:
        return math.inf if number > 0 else -math.inf


# ---- of columns --------------------------------------------------------------------------------------------


class Totals:
    """What `count` adds up: columns of the points, per region.

    Parameters
    ----------
    sums, means
        The columns whose sums and means are wanted.
    """

    def __init__(
        self, sums: list[str], means: list[str], source: Source, dialect: Dialect, regions: int
    ) -> None:
        self.source, self.regions = source, regions
        self.wanted = [("sum", name) for name in dict.fromkeys(sums)]
        self.wanted += [("mean", name) for name in dict.fromkeys(means)]
        for kind, name in self.wanted:
            _check_column(source, f"--{kind} {name}", name)
        self.totals = {name: ExactSums(regions) for _, name in self.wanted}
        self.whole = dict.fromkeys(self.totals, True)  # which columns have had whole numbers only
        is_text = source.numbers is not None and source.delimiter is not None
        # Numbers of its own: it counts words for missing coordinates.
        self.numbers = Numbers(source.path, str(source.delimiter), dialect) if is_text else None

    def add(self, batch: pa.RecordBatch, answers: Regions, rows_before: int) -> None:
        """Add the values of a chunk of the points to their regions; those that are missing are left out."""
        for name, sums in self.totals.items():
            values, is_there = self._values(batch[name], name, rows_before)
            is_there = is_there & (answers >= 0)
            values = values[is_there]
            if values.dtype.kind == "f" and self.whole[name]:
                self.whole[name] = self.numbers is not None and bool((np.floor(values) == values).all())
            sums.add(answers[is_there], values)

    def _values(self, column: Any, name: str, rows_before: int) -> tuple[Any, Mask]:
        """Return the values of a column, and which of them are there."""
        if self.numbers is None and pa.types.is_integer(column.type):
            there = np.asarray(column.is_valid())
            return np.asarray(column.fill_null(0)), there
        if self.numbers is None:
            values = doubles_in(column, name)
        else:
            values = self.numbers.parsed(column, name, rows_before)
        return values, ~np.isnan(values)

    def fields(self) -> list[str]:
        """Return what the columns are called."""
        return [f"{kind}_{name}" for kind, name in self.wanted]

    def columns(self) -> list[Any]:
        """Return the results: sums, integers where all values are, and means, null of no values."""
        return [self._sums(name) if kind == "sum" else self._means(name) for kind, name in self.wanted]

    def _means(self, name: str) -> Any:
        totals = self.totals[name]
        return pa.array(totals.means(), mask=totals.counts == 0)

    def _sums(self, name: str) -> Any:
        if not self.whole[name] or self.totals[name]._infinite:
            return pa.array(self.totals[name].sums())
        sums = self.totals[name].integers()
        for region, each in enumerate(sums):
            if not INTEGERS.min <= each <= INTEGERS.max:
                raise Problem(
                    f"{self.source.path}: --sum {name}: the sum of region {region} (counted from 0) is "
                    f"{each}, beyond 64 bits; make the column one of floats"
                )
        return pa.array(sums, pa.int64())


def _check_column(source: Source, option: str, name: str) -> None:
    """Raise unless the points have this column, and it may hold numbers."""
    names = source.schema.names
    if name not in names:
        close = [each for each in names if name.lower() in each.lower()] or get_close_matches(name, names, 1)
        hint = f"did you mean {close[0]}?" if close else f"it has {', '.join(names) or '(none)'}"
        raise UsageProblem(f"{option}: {source.path} has no column {name}; {hint}")
    if source.numbers is not None:  # text, which is parsed
        return
    kind = source.schema.field(name).type
    try:
        doubles_in(pa.array([], kind), name)
    except (InputTypeError, InputError, pa.ArrowException):
        raise UsageProblem(f"{option}: {source.path}: the column is not numeric but {kind}") from None
