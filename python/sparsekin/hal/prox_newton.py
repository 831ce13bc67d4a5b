"""The working set when some tasks are binomial: steps to the optimum of quadratic models of the loss.

At W the loss has the gradient -Phi'omega r and, once the unpenalised coefficients follow W, the Hessian
Phi'(H - HQ (Q'HQ)^{-1} Q'H)Phi with H the second derivatives of the loss by eta. Each model with the penalty is a
gaussian problem; the objective decides how far to go towards its optimum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.data.profile import unpenalised_coef
from sparsekin.hal.block_descent import descend
from sparsekin.hal.certificate import dual_objective
from sparsekin.hal.logistic import Settled
from sparsekin.hal.penalty import RowPenalty, steepest
from sparsekin.hal.problem import Problem
from sparsekin.hal.working_set import Look, WorkingSet

_CHUNK = 1_000_000  # numbers of a strip of columns that are held at a time
_STEPS = 50
_CLOSER = 0.02  # of the gap that is left, how much a model's optimum may have


@dataclass(frozen=True, slots=True, eq=False)
class _At:
    """Coefficients W (K, m), what they leave, their objective, and the gradient (K, m) on these functions."""

    W: Floats
    look: Look
    value: float
    gradient: Floats


class ProxNewtonSet(WorkingSet):
    """Gaussian tasks may be among the binomial ones; their model is exact."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self._settled: list[Settled | None] = [None] * problem.n_tasks

    def descend(self, places: Ints, lambda_: float, aim: float) -> None:
        """Solve for the coefficients at some places."""
        ids = self.ids[places]
        penalty = self.problem.penalty.at(ids)
        at = self._at(ids, penalty, lambda_, self.W[:, places])
        for _ in range(_STEPS):
            most = steepest(penalty, at.gradient.T)
            gap = at.value - dual_objective(self.problem, at.look.residual, most, lambda_)
            if gap <= aim:
                break
            gram, c, yy = self._model(ids, at)
            there = descend(gram, c, yy, penalty, lambda_, at.W, max(_CLOSER * gap, 0.1 * aim))
            then = self._toward(ids, penalty, lambda_, at, there)
            if then is at:
                break
            at = then
        self.W[:, places] = at.W

    def look(self, functions: Ints, coef: Floats) -> Look:
        """What coefficients (a, K) of some functions leave."""
        problem = self.problem
        fitted = problem.design.multiply(functions, coef)
        residual, loss = [], 0.0
        for k, rows in enumerate(problem.blocks.rows):
            one = problem.logistic[k]
            if one is None:
                residual.append(problem.residual(k, fitted[k, rows]))
                loss += float(problem.omega[k] @ residual[k] ** 2) / 2
                continue
            before = self._settled[k]
            settled = one.settle(fitted[k, rows], one.start if before is None else before.alpha)
            self._settled[k] = settled
            residual.append(settled.residual)
            loss += settled.loss
        return Look(fitted, residual, loss)

    def unpenalised(self, fitted: Floats) -> tuple[Floats, Floats]:
        """Intercepts and always-in coefficients: least squares in gaussian tasks, as settled in binomial ones."""
        blocks, units = self.problem.blocks, self.problem.units
        intercept, keep = np.zeros(blocks.n_tasks), np.zeros((blocks.keep.shape[1], blocks.n_tasks))
        for k, rows in enumerate(blocks.rows):
            one, settled = self.problem.logistic[k], self._settled[k]
            if one is None or settled is None:
                found = unpenalised_coef(blocks, k, blocks.y[k] - units[k] * fitted[k, rows])
            elif one.one_sided is not None:
                found = np.asarray(one.one_sided), np.zeros(len(keep))
            else:
                found = unpenalised_coef(blocks, k, one.Q @ settled.alpha)
            intercept[k], keep[:, k] = (float(found[0]) if blocks.intercept else 0.0), found[1]
        return intercept, keep

    def _at(self, ids: Ints, penalty: RowPenalty, lambda_: float, W: Floats) -> _At:
        on = np.flatnonzero(np.any(W != 0, axis=0))
        look = self.look(ids[on], W[:, on].T)
        value = look.loss + lambda_ * penalty.value(W.T)
        return _At(W, look, value, self._gradient(ids, look))

    def _gradient(self, ids: Ints, look: Look) -> Floats:
        out = np.zeros((self.problem.n_tasks, len(ids)))
        slopes = [w * r for w, r in zip(self.problem.omega, look.residual, strict=True)]
        for tasks, part, columns in self._strips(ids):
            out[tasks] += np.stack([slopes[k][part] for k in tasks]) @ columns
        return out

    def _model(self, ids: Ints, at: _At) -> tuple[list[Floats], Floats, Floats]:
        """Gram matrices, linear terms c (K, m) and constants yy (K,) of the quadratic model."""
        problem, r = self.problem, at.look.residual
        h = [self._curvature(k, r[k]) for k in range(problem.n_tasks)]
        gram = self._weighted_grams(ids, h)
        c, yy = np.empty_like(at.W), np.empty(len(at.W))
        for k, A in enumerate(gram):
            c[k] = at.gradient[k] + A @ at.W[k]
            slope = problem.omega[k] * r[k]
            rr = np.sum(np.divide(slope**2, h[k], out=np.zeros_like(slope), where=h[k] > 0))
            yy[k] = rr + at.W[k] @ (c[k] + at.gradient[k])
        return gram, c, yy

    def _curvature(self, k: int, residual: Floats) -> Floats:
        one, omega = self.problem.logistic[k], self.problem.omega[k]
        if one is None:
            return omega
        return np.zeros_like(omega) if one.one_sided is not None else one.curvature(residual)

    def _weighted_grams(self, ids: Ints, h: list[Floats]) -> list[Floats]:
        """K of Phi'(h - hQ (Q'hQ)^{-1} Q'h)Phi (m, m); rows and columns of functions that are constant are 0."""
        problem, m = self.problem, len(ids)
        raw = [np.zeros((m, m)) for _ in h]
        against = [np.zeros((Q.shape[1], m)) for Q in problem.Q]
        root = [np.sqrt(one) for one in h]
        for tasks, part, columns in self._strips(ids):
            for k in tasks:
                if not h[k].any():
                    continue
                rooted = columns * root[k][part, None]
                raw[k] += rooted.T @ rooted  # NumPy takes half the products, since the factors are one array
                against[k] += (problem.Q[k][part] * h[k][part, None]).T @ columns
        return [_projected(*each) for each in zip(raw, against, problem.Q, h, strict=True)]

    def _strips(self, ids: Ints) -> Iterator[tuple[list[int], slice, Floats]]:
        """Tasks with the same rows, a part of these rows, and the functions there."""
        step = max(_CHUNK // max(len(ids), 1), 1)
        of_rows: dict[tuple[int, int], list[int]] = {}
        for k, rows in enumerate(self.problem.blocks.rows):
            of_rows.setdefault((rows.start, rows.stop), []).append(k)
        for (start, stop), tasks in of_rows.items():
            for lo in range(start, stop, step):
                hi = min(lo + step, stop)
                yield tasks, slice(lo - start, hi - start), self.problem.design.columns(ids, lo, hi)

    def _toward(self, ids: Ints, penalty: RowPenalty, lambda_: float, at: _At, there: Floats) -> _At:
        """As far towards another point as the objective falls; the same point where it does not."""
        step = there - at.W
        fall = lambda_ * (penalty.value(there.T) - penalty.value(at.W.T)) - float(np.sum(at.gradient * step))
        for share in 0.5 ** np.arange(12.0):
            then = self._at(ids, penalty, lambda_, at.W + share * step)
            if then.value <= at.value + max(1e-4 * share * min(fall, 0.0), -1e-12 * at.value) + 1e-15 * at.value:
                return then
        return at


def _projected(raw: Floats, against: Floats, Q: Floats, h: Floats) -> Floats:
    if not h.any():
        return raw
    out = raw - against.T @ np.linalg.solve((Q * h[:, None]).T @ Q, against)
    constant = np.diag(out) <= 1e-12 * np.diag(raw)
    out[constant] = out[:, constant] = 0.0
    return (out + out.T) / 2
