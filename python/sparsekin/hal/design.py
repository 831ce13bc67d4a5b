"""The basis at given rows: products with its design matrix, which is never made."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sparsekin import _native
from sparsekin.data.blocks import Floats, Ints
from sparsekin.hal.basis import Axis, Basis, Section, codes_of

Bits: TypeAlias = "NDArray[np.uint64]"

_CHUNK = 1_000_000  # numbers of a strip of columns that are held at a time


class Design:
    """Phi (n, p) of a basis at the rows of X (n, d)."""

    def __init__(self, basis: Basis, X: Floats) -> None:
        columns = {axis.column: np.ascontiguousarray(X[:, axis.column]) for axis in basis.axes}
        codes = [codes_of(axis, X).astype(np.int32) for axis in basis.axes]
        x = [columns[axis.column] for axis in basis.axes]
        self.basis, self.n, self._X = basis, len(X), X
        self._native: Any = _native.HalDesign(self.n, x, [axis.knots for axis in basis.axes], codes)
        for section in basis.sections:
            self._native.add(list(section.axes), list(section.orders), section.cells)

    def __reduce__(self) -> tuple[type[Design], tuple[Basis, Floats]]:
        return Design, (self.basis, self._X)

    def price(self, values: Sequence[Floats], rows: Sequence[slice], sections: Ints | None = None) -> Floats:
        """(p, K) Phi_k' v_k for v_k (n_k,) at the rows of task k; of the functions of some sections only, if given."""
        contiguous = [np.ascontiguousarray(one) for one in values]
        chosen = np.arange(len(self.basis.sections)) if sections is None else sections
        return np.asarray(self._native.price(contiguous, [part.start for part in rows], chosen.astype(np.int64)))

    def columns(self, functions: Ints, lo: int = 0, hi: int | None = None) -> Floats:
        """(hi - lo, a) some functions at some rows."""
        chosen = np.ascontiguousarray(functions, np.int64)
        return np.asarray(self._native.columns(chosen, lo, self.n if hi is None else hi)).T

    def strips(self, functions: Ints, rows: slice) -> Iterator[tuple[slice, Floats]]:
        """Some functions at some rows, a part of them at a time; the part counts from the first of `rows`."""
        step = max(_CHUNK // max(len(functions), 1), 1)
        for lo in range(rows.start, rows.stop, step):
            hi = min(lo + step, rows.stop)
            yield slice(lo - rows.start, hi - rows.start), self.columns(functions, lo, hi)

    def bits(self, functions: Ints, lo: int, hi: int) -> Bits:
        """(a, words) some functions of order 0 at some rows, a bit per row."""
        return np.asarray(self._native.bits(np.ascontiguousarray(functions, np.int64), lo, hi))

    @property
    def steps(self) -> bool:
        """Whether every function is a product of steps."""
        return all(not any(section.orders) for section in self.basis.sections)

    def multiply(self, functions: Ints, coef: Floats) -> Floats:
        """(K, n) sum over `functions` (a,) of phi_j coef_j, for coef (a, K)."""
        chosen = np.ascontiguousarray(functions, np.int64)
        return np.asarray(self._native.multiply(chosen, np.ascontiguousarray(coef)))


def drop_repeats(basis: Basis, X: Floats, share: float) -> Basis:
    """Without the steps (order 0) that are 1 in at most `share` of the rows, or that repeat an earlier one.

    Two steps are the same when they are 1 in the same rows: then sums of random whole numbers over those rows agree.
    Sums stay below 2^53, so they are exact; three sums leave a chance of error below 1e-12 for a million functions.
    The first copy stays, as in hal9001. Hinges are left as they are.
    """
    steps = [i for i, one in enumerate(basis.sections) if not any(one.orders)]
    if not steps:
        return basis
    part = Basis(basis.axes, tuple(basis.sections[i] for i in steps))
    n = len(X)
    rng = np.random.default_rng(20230127)
    keys = [rng.integers(0, 2**53 // n, n).astype(float) for _ in range(3)]
    sums = Design(part, X).price([np.ones(n), *keys], [slice(0, n)] * 4)
    often = np.flatnonzero(sums[:, 0] > share * n)
    stays = np.zeros(part.size, bool)
    sums[:, 0] = part.signs  # steps of one pattern but different signs are not the same
    stays[often[_first_of_each(sums[often])]] = True
    sections = list(basis.sections)
    for i, lo, hi in zip(steps, part.first[:-1], part.first[1:], strict=True):
        sections[i] = replace(sections[i], cells=sections[i].cells[stays[lo:hi]])
    return _without_empty(basis.axes, sections)


def _first_of_each(rows: Floats) -> Ints:
    """Positions of the first of each group of equal rows."""
    order = np.lexsort(rows.T)  # stable: the first of equal rows stays first
    ordered = rows[order]
    new = np.ones(len(rows), bool)
    new[1:] = np.any(ordered[1:] != ordered[:-1], axis=1)
    return np.asarray(order[new])


def _without_empty(axes: tuple[Axis, ...], sections: list[Section]) -> Basis:
    return Basis(axes, tuple(one for one in sections if len(one.cells)))
