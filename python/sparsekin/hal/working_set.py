"""The functions a path works with, and the Gram matrices of their columns."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.hal.problem import Problem

_CHUNK = 4_000_000  # numbers of a strip of columns that are held at a time


class WorkingSet:
    """Grows along a path; what has long been idle leaves it.

    ======= ======================= =====================================================================
    name    shape                   meaning
    ======= ======================= =====================================================================
    ids     (a,)                    functions, in the order they came
    W       (K, a)                  their coefficients
    gram    (K, a, a) or (1, a, a)  columns' products with weights omega, without the unpenalised columns
    ======= ======================= =====================================================================
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self._units = 1 if problem.common else problem.n_tasks
        self.ids: Ints = np.empty(0, np.int64)
        self.W: Floats = np.empty((problem.n_tasks, 0))
        self._gram = np.empty((self._units, 0, 0))
        self._against_Q = [np.empty((Q.shape[1], 0)) for Q in problem.Q[: self._units]]

    def __len__(self) -> int:
        return len(self.ids)

    def gram(self, places: Ints) -> list[Floats]:
        """Gram matrices (m, m) of some places, one per task, or one for all."""
        return [unit[np.ix_(places, places)] for unit in self._gram]

    def add(self, functions: Ints) -> None:
        """Take functions in, with coefficients 0."""
        a, b = len(self), len(self) + len(functions)
        self.ids = np.concatenate([self.ids, functions])
        self.W = np.pad(self.W, ((0, 0), (0, len(functions))))
        if b > self._gram.shape[1]:
            self._enlarge(max(b, 2 * a))
        for unit in range(self._units):
            fresh = self._products(unit, functions)
            self._gram[unit, a:b, :b] = fresh
            self._gram[unit, :b, a:b] = fresh.T

    def keep(self, places: Ints) -> None:
        """Let all but some places go."""
        a = len(places)
        self.ids, self.W = self.ids[places], self.W[:, places]
        self._gram[:, :a, :a] = self._gram[:, places[:, None], places]
        self._against_Q = [part[:, places] for part in self._against_Q]

    def _enlarge(self, size: int) -> None:
        a = self._gram.shape[1]
        larger = np.zeros((self._units, size, size))
        larger[:, :a, :a] = self._gram
        self._gram = larger

    def _products(self, unit: int, functions: Ints) -> Floats:
        """(new, a) products of the new columns with all; rows of columns that are constant in the task are 0."""
        problem, ids = self.problem, self.ids
        rows, w, Q = problem.blocks.rows[unit], problem.omega[unit], problem.Q[unit]
        new = len(functions)
        raw = np.zeros((new, len(ids)))
        against = np.zeros((Q.shape[1], new))
        weights = problem.blocks.weights[unit]
        step = max(_CHUNK // max(len(ids), 1), 1)
        for lo in range(rows.start, rows.stop, step):
            hi = min(lo + step, rows.stop)
            part = slice(lo - rows.start, hi - rows.start)
            columns = problem.design.columns(ids, lo, hi)
            fresh = columns[:, len(ids) - new :]
            raw += (fresh * w[part, None]).T @ columns
            Qw = Q[part] if weights is None else Q[part] * weights[part, None]
            against += Qw.T @ fresh
        self._against_Q[unit] = np.hstack([self._against_Q[unit], against])
        total = len(w) if weights is None else weights.sum()
        out = raw - against.T @ self._against_Q[unit] / total
        at = len(ids) - new + np.arange(new)
        constant = out[np.arange(new), at] <= 1e-12 * raw[np.arange(new), at]
        out[constant] = 0.0
        return out
