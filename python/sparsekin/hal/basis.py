"""The functions of a HAL basis: sections of columns, and the knots at which each section has a function.

phi(x) = prod_j 1(x_j >= t_j) (x_j - t_j)^{o_j} over the columns j of a section; order o = 0 steps, 1 hinges, 2 squared
hinges (no 1 / o!). A section has a function at every tuple of knots that some row falls on when its values are rounded
down to knots, as in hal9001 0.4.6; but no step at the smallest value of a column, which is 1 in every row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from math import comb, prod

import numpy as np

from sparsekin import _native
from sparsekin.data.blocks import Floats, Ints
from sparsekin.errors import DataError
from sparsekin.hal.knots import Bins, default_bins, place_knots


@dataclass(frozen=True, slots=True)
class Term:
    """What to build on one set of columns.

    ======= ============= =============================================================
    field   shape         meaning
    ======= ============= =============================================================
    columns s of int      the columns of X, ascending
    order   int           o, the same for all of them
    bins    int or "full" knots per column
    factor  float         v of the functions: the penalty is lambda v Omega(W_j)
    sign    int           1: coefficients >= 0, -1: <= 0, 0: any
    ======= ============= =============================================================
    """

    columns: tuple[int, ...]
    order: int = 1
    bins: Bins = 10
    factor: float = 1.0
    sign: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Axis:
    """A column of X and its knots, ascending, (m,)."""

    column: int
    knots: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """Functions of one set of columns.

    ====== ======== ======================================================================
    field  shape    meaning
    ====== ======== ======================================================================
    axes   s of int positions in `Basis.axes`
    orders s of int o_j
    cells  (q,) int ascending positions of the knots in the grid of the axes, the last axis
                    running fastest
    factor float    v
    sign   int      1: coefficients >= 0, -1: <= 0, 0: any
    ====== ======== ======================================================================
    """

    axes: tuple[int, ...]
    orders: tuple[int, ...]
    cells: Ints
    factor: float = 1.0
    sign: int = 0


@dataclass(frozen=True)
class Basis:
    """All functions, section after section.

    ======== ======= =====================================
    field    shape   meaning
    ======== ======= =====================================
    axes     Axis    columns with knots
    sections Section p functions in all
    ======== ======= =====================================
    """

    axes: tuple[Axis, ...]
    sections: tuple[Section, ...]

    @cached_property
    def first(self) -> Ints:
        """(len(sections) + 1,) position of the first function of each section, then p."""
        return np.concatenate([[0], np.cumsum([len(one.cells) for one in self.sections])]).astype(np.int64)

    @property
    def size(self) -> int:
        """p, the number of functions."""
        return int(self.first[-1])

    @cached_property
    def factors(self) -> Floats:
        """(p,) v_j."""
        return np.repeat([one.factor for one in self.sections], np.diff(self.first)).astype(float)

    @cached_property
    def signs(self) -> Floats:
        """(p,) 1, -1, or 0 where a coefficient may have any sign."""
        return np.repeat([one.sign for one in self.sections], np.diff(self.first)).astype(float)

    def section_of(self, functions: Ints) -> Ints:
        """Position of the section of each function."""
        return np.asarray(np.searchsorted(self.first, functions, side="right") - 1)

    def columns_of(self, section: int) -> tuple[int, ...]:
        """Columns of X of a section."""
        return tuple(self.axes[a].column for a in self.sections[section].axes)

    def describe(self, function: int) -> tuple[tuple[int, ...], tuple[float, ...], tuple[int, ...]]:
        """Columns, knots and orders of a function."""
        at = int(self.section_of(np.array([function]))[0])
        section = self.sections[at]
        codes = np.unravel_index(section.cells[function - self.first[at]], self.grid(section))
        knots = tuple(float(self.axes[a].knots[c]) for a, c in zip(section.axes, codes, strict=True))
        return self.columns_of(at), knots, section.orders

    def grid(self, section: Section) -> tuple[int, ...]:
        """Knots of each axis."""
        return tuple(len(self.axes[a].knots) for a in section.axes)


def all_terms(d: int, max_degree: int, order: int, bins: Bins | Sequence[Bins] | None) -> list[Term]:
    """Every set of up to `max_degree` of d columns; `bins` for each degree, its least when there are fewer."""
    return [
        Term(columns, order, bins_of(bins, order, s))
        for s in range(1, min(max_degree, d) + 1)
        for columns in combinations(range(d), s)
    ]


def bins_of(bins: Bins | Sequence[Bins] | None, order: int, degree: int) -> Bins:
    """Knots per column at `degree`."""
    if bins is None:
        return default_bins(order, degree)
    if isinstance(bins, int | str):
        return bins
    if degree <= len(bins):
        return bins[degree - 1]
    counts = [count for count in bins if count != "full"]
    return min(counts) if counts else "full"


def count_terms(d: int, max_degree: int) -> int:
    """Sets of up to `max_degree` of d columns."""
    return sum(comb(d, s) for s in range(1, min(max_degree, d) + 1))


def make_basis(X: Floats, terms: Sequence[Term], names: Sequence[str], memory: float = 4e9, n_tasks: int = 1) -> Basis:
    """The functions of `terms` at the knots of the rows of X (n, d), before any is dropped.

    Raises
    ------
    DataError
        The basis, or the tables of one section, would take more than `memory` bytes; nothing has been built yet.
    """
    axes: list[Axis] = []
    place: dict[tuple[int, Bins], int] = {}
    for term in terms:
        for column in term.columns:
            if (column, term.bins) not in place:
                place[column, term.bins] = len(axes)
                axes.append(Axis(column, place_knots(X[:, column], term.bins)))
    of_term = [tuple(place[column, term.bins] for column in term.columns) for term in terms]
    _check_memory(terms, [tuple(len(axes[a].knots) for a in at) for at in of_term], len(X), names, memory, n_tasks)
    codes = [codes_of(axis, X) for axis in axes]
    sections: list[Section] = []
    for term, at in zip(terms, of_term, strict=True):
        sections += [one for one in _sections_of(term, at, axes, codes) if len(one.cells)]
    return Basis(tuple(axes), tuple(sections))


def codes_of(axis: Axis, X: Floats) -> Ints:
    """(n,) largest knot not above each value; -1 below the first."""
    return np.asarray(np.searchsorted(axis.knots, X[:, axis.column], side="right") - 1)


def _sections_of(term: Term, at: tuple[int, ...], axes: list[Axis], codes: Sequence[Ints]) -> list[Section]:
    grid = tuple(len(axes[a].knots) for a in at)
    cells = _observed(np.ravel_multi_index([codes[a] for a in at], grid), prod(grid))
    if term.order == 0:
        return [Section(at, (0,) * len(at), _moving(cells, grid), term.factor, term.sign)]
    found = [Section(at, (term.order,) * len(at), cells, term.factor, term.sign)]
    known = {found[0].orders} if cells[0] == 0 else set()
    for orders in _edge_orders(term.order, len(at)):
        if orders not in known:
            low = tuple(_lowest(axes, a) for a in at)
            found.append(Section(low, orders, np.zeros(1, np.int64), term.factor, term.sign))
    return found


def _moving(cells: Ints, grid: tuple[int, ...]) -> Ints:
    """Cells above the lowest knot of every column: a step at a smallest value is 1 in every row, no factor at all."""
    return cells[np.all([codes > 0 for codes in np.unravel_index(cells, grid)], axis=0)]


def _observed(cells: Ints, size: int) -> Ints:
    if size <= 8 * len(cells):
        return np.flatnonzero(np.bincount(cells, minlength=size))
    return np.unique(cells)


def _edge_orders(order: int, degree: int) -> list[tuple[int, ...]]:
    """Orders of the functions at the column minima that go with a section: what lets smooth fits be linear there."""
    if degree == 1:
        return [(max(order - 1, 1),)]
    return sorted(product(range(1, order + 1), repeat=degree), reverse=True)


def _lowest(axes: list[Axis], a: int) -> int:
    """Axis of the same column whose one knot is the minimum."""
    for i, axis in enumerate(axes):
        if axis.column == axes[a].column and len(axis.knots) == 1:
            return i
    axes.append(Axis(axes[a].column, axes[a].knots[:1]))
    return len(axes) - 1


def _check_memory(
    terms: Sequence[Term], grids: Sequence[tuple[int, ...]], n: int, names: Sequence[str], memory: float, n_tasks: int
) -> None:
    """8 bytes a cell number, and three passing copies of a gradient per task; moment tables of the largest section.

    Pairs of columns with many knots are summed by trees (`native/hal/sweep.hpp`), no larger than their columns.
    """
    functions = sum(min(n, prod(grid)) for grid in grids)
    needed = functions * (8 + 24 * n_tasks)
    if needed > memory:
        raise DataError(
            f"The basis would have up to {functions:,} functions in {len(terms):,} sections and need "
            f"{_bytes(needed)}, more than the {_bytes(memory)} allowed; lower max_degree, use fewer knots, or "
            "name the sections with h()."
        )
    for term, grid in zip(terms, grids, strict=True):
        if len(grid) == 2 and _native.hal_sweeps(*grid, term.order, n, min(n, prod(grid))):
            continue
        table = 8.0 * n_tasks * prod(m * (term.order + 1) for m in grid)
        if table > memory:
            shown = " x ".join(f"{m:,}" for m in grid)
            raise DataError(
                f"The section ({', '.join(names[j] for j in term.columns)}) has a grid of {shown} knots, which needs "
                f"{_bytes(table)}, more than the {_bytes(memory)} allowed; use fewer knots for it."
            )


def _bytes(number: float) -> str:
    return f"{number / 1e9:,.1f} GB" if number >= 1e8 else f"{number / 1e6:,.2f} MB"
