"""Products of columns that are 0 or 1, by counting rows: where weights are equal, or 0."""

from __future__ import annotations

import numpy as np

from sparsekin import _native
from sparsekin.data.blocks import Floats, Ints
from sparsekin.hal.design import Bits
from sparsekin.hal.problem import Problem


def countable(problem: Problem, units: int) -> bool:
    """Whether all functions are steps and the weights of each task are one number, or 0."""
    return problem.design.steps and all(np.all((w == w.max()) | (w == 0)) for w in problem.omega[:units])


class CountedProducts:
    """Bits of the columns of a working set, per task (or once, where tasks share rows and weights)."""

    def __init__(self, problem: Problem, units: int) -> None:
        self._problem = problem
        self._rows = problem.blocks.rows[:units]
        self._weight = [float(w.max()) for w in problem.omega[:units]]
        self._counted = [_pack(w > 0) for w in problem.omega[:units]]
        self._bits: list[Bits] = [np.empty((0, len(one)), np.uint64) for one in self._counted]

    def add(self, unit: int, functions: Ints) -> Floats:
        """(new, a) weighted products of new columns with all, which they join."""
        rows = self._rows[unit]
        fresh = self._problem.design.bits(functions, rows.start, rows.stop) & self._counted[unit]
        self._bits[unit] = np.vstack([self._bits[unit], fresh])
        return np.asarray(_native.hal_shared_ones(fresh, self._bits[unit])) * self._weight[unit]

    def keep(self, places: Ints) -> None:
        """Let all but some columns go."""
        self._bits = [bits[places] for bits in self._bits]


def _pack(rows: np.ndarray) -> Bits:
    """(words,) a bit per row, the first lowest."""
    padded = np.zeros(-(-len(rows) // 64) * 64, bool)
    padded[: len(rows)] = rows
    return np.packbits(padded, bitorder="little").view("<u8").astype(np.uint64)
