"""Second derivatives of the loss by the coefficients of some functions, kept along a path while they serve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.hal.problem import Problem
from sparsekin.losses.base import Curvature as Hessian
from sparsekin.losses.base import RowCurvature
from sparsekin.losses.profiled import inverse


class Curvature:
    """Phi'(H - HQ (Q'HQ)^{-1} Q'H)Phi of every task, for the functions asked for so far.

    ======== ============ =====================================================
    name     shape        meaning
    ======== ============ =====================================================
    hessians K Curvature  H; second derivatives of the losses by eta, somewhere
    ids      (a,)         functions whose products are known
    ======== ============ =====================================================

    H is diag(h) less R'R, of which R has rows in cox tasks only.
    """

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self.renew([RowCurvature(np.zeros_like(w)) for w in problem.omega])

    def renew(self, hessians: Sequence[Hessian]) -> None:
        """Another point; nothing is known of it yet."""
        self.hessians = list(hessians)
        self.ids: Ints = np.empty(0, np.int64)
        self._raw = [np.empty((0, 0)) for _ in self.hessians]
        self._sizes = [np.empty(0) for _ in self.hessians]
        self._less = [np.empty((0, 0)) for _ in self.hessians]
        self._against = [np.empty((Q.shape[1], 0)) for Q in self._problem.Q]

    def of(self, ids: Ints) -> list[Floats]:
        """K of (m, m); rows and columns of functions that are constant in a task are 0."""
        new = ids[~np.isin(ids, self.ids)]
        if len(new):
            self._add(new)
        order = np.argsort(self.ids)
        at = order[np.searchsorted(self.ids, ids, sorter=order)]
        return [self._projected(k, at) for k in range(len(self.hessians))]

    def _add(self, new: Ints) -> None:
        known = len(self.ids)
        self.ids = np.concatenate([self.ids, new])
        fresh = [np.zeros((len(new), len(self.ids))) for _ in self.hessians]
        against = [np.zeros((Q.shape[1], len(new))) for Q in self._problem.Q]
        for tasks, part, columns in strips(self._problem, self.ids):
            own = columns[:, known:]
            for k in tasks:
                h = self.hessians[k].weights[part]
                if known:
                    fresh[k] += (own * h[:, None]).T @ columns
                else:
                    rooted = own * np.sqrt(h)[:, None]
                    fresh[k] += rooted.T @ rooted  # NumPy takes half the products, since the factors are one array
                against[k] += (self._problem.Q[k][part] * h[:, None]).T @ own
        for k, rows in enumerate(fresh):
            self._sizes[k] = np.concatenate([self._sizes[k], np.diag(rows[:, known:])])
            self._subtract(k, new, rows, against[k])
            self._raw[k] = np.block([[self._raw[k], rows[:, :known].T], [rows]])
            self._against[k] = np.hstack([self._against[k], against[k]])

    def _subtract(self, k: int, new: Ints, rows: Floats, against: Floats) -> None:
        """What the products of new functions are less than those with h, in cox tasks."""
        hessian, at = self.hessians[k], self._problem.blocks.rows[k]
        if isinstance(hessian, RowCurvature):
            return
        own = hessian.less(self._problem.design.columns(new, at.start, at.stop))
        self._less[k] = np.hstack([self._less[k], own]) if self._less[k].size else own
        rows -= own.T @ self._less[k]
        against -= hessian.less(self._problem.Q[k]).T @ own

    def _projected(self, k: int, at: Ints) -> Floats:
        hessian, Q = self.hessians[k], self._problem.Q[k]
        raw, against = self._raw[k][np.ix_(at, at)], self._against[k][:, at]
        if not hessian.weights.any():
            return raw
        one = self._problem.curved[k]
        own = hessian.gram(Q) + (0.0 if one is None else np.diag(one.ridge))
        if isinstance(hessian, RowCurvature):
            out = raw - against.T @ np.linalg.solve(own, against)
        else:
            out = raw - against.T @ inverse(own, hessian.weights @ Q**2) @ against
        constant = np.diag(out) <= 1e-12 * self._sizes[k][at]
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
