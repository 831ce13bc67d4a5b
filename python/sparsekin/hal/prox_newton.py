"""The working set when some tasks are not gaussian: steps to the optimum of quadratic models of the loss.

At W the loss has the gradient -Phi'omega r and, once the unpenalised coefficients follow W, the Hessian
Phi'(H - HQ (Q'HQ)^{-1} Q'H)Phi with H the second derivatives of the loss by eta, or those of an earlier point, while
steps with them close the gap fast. Each model with the penalty is a gaussian problem; the objective decides how far to
go towards its optimum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sparsekin.data.blocks import Floats, Ints
from sparsekin.data.profile import unpenalised_coef
from sparsekin.hal.block_descent import descend
from sparsekin.hal.certificate import dual_objective
from sparsekin.hal.curvature import Curvature as KnownCurvature
from sparsekin.hal.curvature import strips
from sparsekin.hal.curved import Settled
from sparsekin.hal.finite import check_finite
from sparsekin.hal.penalty import RowPenalty, steepest
from sparsekin.hal.problem import Problem
from sparsekin.hal.working_set import Look, WorkingSet
from sparsekin.losses.base import Curvature, RowCurvature
from sparsekin.losses.profiled import solve

_STEPS = 50
_CLOSER = 0.02  # of the gap that is left, how much a model's optimum may have
_SLOW = 0.2  # of a gap may be left after a step before the second derivatives are taken anew


@dataclass(frozen=True, slots=True, eq=False)
class _At:
    """Coefficients W (K, m), what they leave, their objective, and the gradient (K, m) on these functions."""

    W: Floats
    look: Look
    value: float
    gradient: Floats


class ProxNewtonSet(WorkingSet):
    """Gaussian tasks may be among the others; their model is exact."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem)
        self._settled: list[Settled | None] = [None] * problem.n_tasks
        self._curvature = KnownCurvature(problem)

    def descend(self, places: Ints, lambda_: float, aim: float) -> None:
        """Solve for the coefficients at some places."""
        ids = self.ids[places]
        penalty = self.problem.penalty.at(ids)
        at = self._at(ids, penalty, lambda_, self.W[:, places])
        before, exact = np.inf, False
        for _ in range(_STEPS):
            most = steepest(penalty, at.gradient.T)
            gap = at.value - dual_objective(self.problem, at.look, most, lambda_)
            check_finite(gap, f"The duality gap at lambda = {lambda_:.3g}")
            if gap <= aim:
                break
            if gap > _SLOW * before or not len(self._curvature.ids):
                self._curvature.renew(self._hessians(at))
                exact = True
            gram, c, yy = self._model(ids, at)
            there = descend(gram, c, yy, penalty, lambda_, at.W, max(_CLOSER * gap, 0.1 * aim))
            then = self._toward(ids, penalty, lambda_, at, there)
            if then is at and exact:
                break
            before = 0.0 if then is at else gap
            at, exact = then, False
        self.W[:, places] = at.W

    def look(self, functions: Ints, coef: Floats) -> Look:
        """What coefficients (a, K) of some functions leave."""
        problem = self.problem
        fitted = problem.design.multiply(functions, coef)
        residual, losses = [], np.empty(problem.n_tasks)
        for k, rows in enumerate(problem.blocks.rows):
            one = problem.curved[k]
            if one is None:
                residual.append(problem.residual(k, fitted[k, rows]))
                losses[k] = problem.omega[k] @ residual[k] ** 2 / 2
                continue
            before = self._settled[k]
            settled = one.settle(fitted[k, rows], one.start if before is None else before.alpha)
            self._settled[k] = settled
            residual.append(settled.residual)
            losses[k] = settled.loss
        return Look(fitted, residual, losses, tuple(self._settled))

    def unpenalised(self, fitted: Floats) -> tuple[Floats, Floats]:
        """Intercepts and always-in coefficients: least squares in gaussian tasks, as settled in others."""
        blocks, units = self.problem.blocks, self.problem.units
        intercept, keep = np.zeros(blocks.n_tasks), np.zeros((blocks.keep.shape[1], blocks.n_tasks))
        for k, rows in enumerate(blocks.rows):
            one, settled = self.problem.curved[k], self._settled[k]
            if one is None or settled is None:
                found = unpenalised_coef(blocks, k, blocks.y[k] - units[k] * fitted[k, rows])
            elif one.left_out is not None:
                found = np.asarray(one.left_out), np.zeros(len(keep))
            else:
                found = unpenalised_coef(blocks, k, one.Q @ settled.alpha)
            constant = blocks.intercept and (one is None or one.loss.constants)
            intercept[k], keep[:, k] = (float(found[0]) if constant else 0.0), found[1]
        return intercept, keep

    def _at(self, ids: Ints, penalty: RowPenalty, lambda_: float, W: Floats) -> _At:
        on = np.flatnonzero(np.any(W != 0, axis=0))
        look = self.look(ids[on], W[:, on].T)
        value = look.loss + lambda_ * penalty.value(W.T)
        return _At(W, look, value, self._gradient(ids, look))

    def _gradient(self, ids: Ints, look: Look) -> Floats:
        out = np.zeros((self.problem.n_tasks, len(ids)))
        slopes = [w * r for w, r in zip(self.problem.omega, look.residual, strict=True)]
        for tasks, part, columns in strips(self.problem, ids):
            out[tasks] += np.stack([slopes[k][part] for k in tasks]) @ columns
        return out

    def _model(self, ids: Ints, at: _At) -> tuple[list[Floats], Floats, Floats]:
        """Gram matrices, linear terms c (K, m) and constants yy (K,) of the quadratic model."""
        gram = self._curvature.of(ids)
        c, yy = np.empty_like(at.W), np.empty(len(at.W))
        for k, (A, hessian) in enumerate(zip(gram, self._curvature.hessians, strict=True)):
            c[k] = at.gradient[k] + A @ at.W[k]
            slope, one = self.problem.omega[k] * at.look.residual[k], self.problem.curved[k]
            if isinstance(hessian, RowCurvature):
                h = hessian.weights
                rr = np.sum(np.divide(slope**2, h, out=np.zeros_like(slope), where=h > 0))
                rr += 0.0 if one is None else one.pull(slope)
            else:
                rr = at.gradient[k] @ solve(A, at.gradient[k], np.diag(A))
            yy[k] = rr + at.W[k] @ (c[k] + at.gradient[k])
        return gram, c, yy

    def _hessians(self, at: _At) -> list[Curvature]:
        """K second derivatives of the losses by eta; 0 in tasks whose loss is left out."""
        parts = zip(self.problem.curved, self.problem.omega, at.look.settled, strict=True)
        return [RowCurvature(w) if one is None or now is None else one.curvature(now.eta) for one, w, now in parts]

    def _toward(self, ids: Ints, penalty: RowPenalty, lambda_: float, at: _At, there: Floats) -> _At:
        """As far towards another point as the objective falls; the same point where it does not."""
        step = there - at.W
        fall = lambda_ * (penalty.value(there.T) - penalty.value(at.W.T)) - float(np.sum(at.gradient * step))
        for share in 0.5 ** np.arange(12.0):
            then = self._at(ids, penalty, lambda_, at.W + share * step)
            if then.value <= at.value + max(1e-4 * share * min(fall, 0.0), -1e-12 * at.value) + 1e-15 * at.value:
                return then
        return at
