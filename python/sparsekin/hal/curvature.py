"""Second derivatives of the loss by the coefficients of some functions, kept along a path while they serve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.hal.problem import Problem


class Curvature:
    """Phi'(h - hQ (Q'hQ)^{-1} Q'h)Phi of every task, for weights h of the rows and the functions asked for so far.

    ======= ========== =====================================================
    name    shape      meaning
    ======= ========== =====================================================
    weights K of (n_k,) h; second derivatives of the losses by eta, somewhere
    ids     (a,)       functions whose products are known
    ======= ========== =====================================================
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self.renew([np.zeros_like(w) for w in problem.omega])

    def renew(self, weights: Sequence[Floats]) -> None:
        """Other weights; nothing is known of them yet."""
        self.weights = list(weights)
        self.ids: Ints = np.empty(0, np.int64)
        self._raw = [np.empty((0, 0)) for _ in self.weights]
        self._against = [np.empty((Q.shape[1], 0)) for Q in self._problem.Q]

    def of(self, ids: Ints) -> list[Floats]:
        """K of (m, m); rows and columns of functions that are constant in a task are 0."""
        new = ids[~np.isin(ids, self.ids)]
        if len(new):
            self._add(new)
        order = np.argsort(self.ids)
        at = order[np.searchsorted(self.ids, ids, sorter=order)]
        return [self._projected(k, at) for k in range(len(self.weights))]

    def _add(self, new: Ints) -> None:
        known = len(self.ids)
        self.ids = np.concatenate([self.ids, new])
        fresh = [np.zeros((len(new), len(self.ids))) for _ in self.weights]
        against = [np.zeros((Q.shape[1], len(new))) for Q in self._problem.Q]
        for tasks, part, columns in strips(self._problem, self.ids):
            own = columns[:, known:]
            for k in tasks:
                h = self.weights[k][part]
                if known:
                    fresh[k] += (own * h[:, None]).T @ columns
                else:
                    rooted = own * np.sqrt(h)[:, None]
                    fresh[k] += rooted.T @ rooted  # NumPy takes half the products, since the factors are one array
                against[k] += (self._problem.Q[k][part] * h[:, None]).T @ own
        for k, rows in enumerate(fresh):
            self._raw[k] = np.block([[self._raw[k], rows[:, :known].T], [rows]])
            self._against[k] = np.hstack([self._against[k], against[k]])

    def _projected(self, k: int, at: Ints) -> Floats:
        h, Q = self.weights[k], self._problem.Q[k]
        raw, against = self._raw[k][np.ix_(at, at)], self._against[k][:, at]
        if not h.any():
            return raw
        one = self._problem.logistic[k]
        ridge = 0.0 if one is None else np.diag(one.ridge)
        out = raw - against.T @ np.linalg.solve((Q * h[:, None]).T @ Q + ridge, against)
        constant = np.diag(out) <= 1e-12 * np.diag(raw)
        out[constant] = out[:, constant] = 0.0
        return (out + out.T) / 2


def strips(problem: Problem, ids: Ints) -> Iterator[tuple[list[int], slice, Floats]]:
    """Tasks with the same rows, a part of these rows, and some functions there."""
    of_rows: dict[tuple[int, int], list[int]] = {}
    for k, rows in enumerate(problem.blocks.rows):
        of_rows.setdefault((rows.start, rows.stop), []).append(k)
    for (start, stop), tasks in of_rows.items():
        for part, columns in problem.design.strips(ids, slice(start, stop)):
            yield tasks, part, columns
