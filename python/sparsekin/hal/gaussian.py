"""The working set of gaussian tasks, and the Gram matrices of its columns, which stay the same along a path."""

from __future__ import annotations

from mmap import mmap

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.data.profile import unpenalised_coef
from sparsekin.hal.block_descent import descend
from sparsekin.hal.by_task import others, settle_task
from sparsekin.hal.counted import CountedProducts, countable
from sparsekin.hal.problem import Problem
from sparsekin.hal.working_set import Look, WorkingSet

_SMALL = 0.1  # a task with less of the loss is settled for itself, given the others


class GaussianSet(WorkingSet):
    """Beside what every working set has:

    ======= ======================= =====================================================================
    name    shape                   meaning
    ======= ======================= =====================================================================
    start   (p, K)                  Phi'omega y
    gram    (K, a, a) or (1, a, a)  columns' products with weights omega, without the unpenalised columns
    ======= ======================= =====================================================================
    """  # noqa: D400

    def __init__(self, problem: Problem, start: Floats) -> None:
        super().__init__(problem)
        self.start = start
        self.yy = np.array([w @ y**2 for w, y in zip(problem.omega, problem.y, strict=True)])
        self._units = 1 if problem.common else problem.n_tasks
        self._gram = np.empty((self._units, 0, 0))
        self._against_Q = [np.empty((Q.shape[1], 0)) for Q in problem.Q[: self._units]]
        self._counts = CountedProducts(problem, self._units) if countable(problem, self._units) else None

    def descend(self, places: Ints, lambda_: float, aim: float) -> None:
        """Solve for the coefficients at some places."""
        ids = self.ids[places]
        c = np.ascontiguousarray(self.start[ids].T)
        gram = [unit[np.ix_(places, places)] for unit in self._gram]
        penalty, W = self.problem.penalty.at(ids), self.W[:, places]
        if penalty.ratio == 1:
            for k, own in enumerate(self._aims(aim)):
                A, one = gram[k if len(gram) > 1 else 0], slice(k, k + 1)
                W[one] = descend([A], c[one], self.yy[one], penalty, lambda_, W[one], own)
        else:
            W = descend(gram, c, self.yy, penalty, lambda_, W, aim)
            for k in np.flatnonzero(self._aims(aim) < _SMALL * aim).tolist():
                A = gram[k if len(gram) > 1 else 0]
                W[k] = settle_task(A, c[k], W[k], others(W, k), lambda_ * penalty.v, penalty)
        self.W[:, places] = W

    def _aims(self, aim: float) -> Floats:
        """(K,) the share of a gap that is each task's, by its loss without functions."""
        scale = self.problem.task_scales
        return np.where(np.isfinite(scale), aim * scale / self.problem.null_objective, aim)

    def look(self, functions: Ints, coef: Floats) -> Look:
        """What coefficients (a, K) of some functions leave."""
        problem = self.problem
        fitted = problem.design.multiply(functions, coef)
        residual = [problem.residual(k, fitted[k, rows]) for k, rows in enumerate(problem.blocks.rows)]
        losses = np.array([w @ r**2 / 2 for w, r in zip(problem.omega, residual, strict=True)])
        return Look(fitted, residual, losses)

    def unpenalised(self, fitted: Floats) -> tuple[Floats, Floats]:
        """Intercepts and always-in coefficients by least squares of what is left over."""
        blocks, units = self.problem.blocks, self.problem.units
        found = [
            unpenalised_coef(blocks, k, blocks.y[k] - units[k] * fitted[k, rows]) for k, rows in enumerate(blocks.rows)
        ]
        intercept = np.array([float(c) if blocks.intercept else 0.0 for c, _ in found])
        return intercept, np.column_stack([g for _, g in found])

    def add(self, functions: Ints) -> None:
        """Take functions in, with coefficients 0."""
        a, b = len(self), len(self) + len(functions)
        super().add(functions)
        if b > self._gram.shape[1]:
            self._enlarge(b)
        for unit in range(self._units):
            fresh = self._products(unit, functions)
            self._gram[unit, a:b, :b] = fresh
            self._gram[unit, :b, a:b] = fresh.T

    def keep(self, places: Ints) -> None:
        """Let all but some places go."""
        super().keep(places)
        a = len(places)
        self._gram[:, :a, :a] = self._gram[:, places[:, None], places]
        self._against_Q = [part[:, places] for part in self._against_Q]
        if self._counts is not None:
            self._counts.keep(places)

    def _enlarge(self, size: int) -> None:
        """Make room by half as much again, straight from the system.

        Among the smaller arrays of folds in threads, matrices that grow would leave holes: a quarter of all memory.
        """
        a = self._gram.shape[1]
        size = max(size, a + a // 2)
        numbers = self._units * size**2
        larger = np.frombuffer(mmap(-1, 8 * numbers), count=numbers).reshape(self._units, size, size)
        larger[:, :a, :a] = self._gram
        self._gram = larger

    def _products(self, unit: int, functions: Ints) -> Floats:
        """(new, a) products of the new columns with all; rows of columns that are constant in the task are 0."""
        problem, ids = self.problem, self.ids
        rows, w, Q = problem.blocks.rows[unit], problem.omega[unit], problem.Q[unit]
        new = len(functions)
        raw = np.zeros((new, len(ids))) if self._counts is None else self._counts.add(unit, functions)
        against = np.zeros((Q.shape[1], new))
        weights = problem.blocks.weights[unit]
        wanted = ids if self._counts is None else functions
        for part, columns in problem.design.strips(wanted, rows):
            fresh = columns[:, len(wanted) - new :]
            if self._counts is None:
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
