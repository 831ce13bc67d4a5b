"""The multi-task HAL problem (estimators.md section 2) and the numbers it fixes before any fit.

Minimise over W (p, K), with intercepts c_k and coefficients g_k of the always-in columns,

    P = sum_k L_k(eta_k) + lambda sum_j v_j Omega(W_j),    eta_ik = c_k + u_ik'g_k + phi(x_ik)'W_k

with L_k = sum_i omega_ik (y_ik - eta_ik)^2 / 2 of gaussian tasks, sum_i omega_ik (log(1 + exp eta_ik) - y_ik eta_ik) of
binomial ones (y 0 or 1), and Omega as in `sparsekin.hal.penalty`. omega_ik = w_ik / sum_i w_ik (1 / n_k without
weights), so tasks count alike; where tasks of both kinds meet, twice that for the binomial ones, whose loss then has
the slope of a squared loss of outcomes -1 and 1 where nothing is known (eta = 0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from sparsekin.data.blocks import Floats, Ints, TaskBlocks
from sparsekin.data.profile import residualize, unpenalised_basis
from sparsekin.data.separation import describe_separation
from sparsekin.errors import DataError
from sparsekin.hal.design import Design
from sparsekin.hal.finite import check_finite
from sparsekin.hal.logistic import Logistic, held_finite, logistic_of
from sparsekin.hal.penalty import RowPenalty
from sparsekin.options import Family

_FAR = 30.0  # log odds that only perfect separation reaches


@dataclass(frozen=True, eq=False)
class Problem:
    """What a path is computed for.

    ============= ============ ==============================================================================
    field         shape        meaning
    ============= ============ ==============================================================================
    blocks        TaskBlocks   outcomes, weights and always-in columns; rows of weight 0 do not count
    design        Design       the basis at the rows of ``blocks.X``
    penalty       RowPenalty   on the p rows of W
    families      K of str     "gaussian" or "binomial"
    units         (K,)         gaussian outcomes are divided by these while solving; points are in the user's
    omega         K of (n_k,)  weights of the loss
    Q             K of (n_k,r) basis of intercept and always-in columns, Q'wQ = I
    y             K of (n_k,)  gaussian: outcomes over units without what the unpenalised columns explain
    common        bool         all tasks are gaussian and share rows and weights, hence one Gram matrix
    logistic      K            how a binomial task is fitted, None for a gaussian one
    null_residual K of (n_k,)  y - mean of y given the unpenalised columns alone
    null_losses   (K,)         L_k there
    linear        float, None  penalty of lines, see `sparsekin.hal.linear`; in ``penalty.v`` already
    ============= ============ ==============================================================================
    """

    blocks: TaskBlocks
    design: Design
    penalty: RowPenalty
    families: tuple[Family, ...]
    units: Floats
    omega: tuple[Floats, ...]
    Q: tuple[Floats, ...]
    y: tuple[Floats, ...]
    common: bool
    logistic: tuple[Logistic | None, ...]
    null_residual: tuple[Floats, ...]
    null_losses: Floats
    linear: float | None = None

    @property
    def n_tasks(self) -> int:
        """K."""
        return self.blocks.n_tasks

    @property
    def null_objective(self) -> float:
        """P at W = 0."""
        return float(self.null_losses.sum())

    @cached_property
    def task_scales(self) -> Floats:
        """(K,) L_k at W = 0, which a task's gap is measured by; infinite where there is nothing to explain.

        That is an outcome the unpenalised columns explain but for rounding, or a loss that is left out.
        """
        out = np.full(self.n_tasks, np.inf)
        for k, (loss, y) in enumerate(zip(self.null_losses, self.blocks.y, strict=True)):
            size = 1.0 if self.logistic[k] else float(self.omega[k] @ (y / self.units[k]) ** 2)
            if loss > 1e-24 * size:
                out[k] = loss
        return out

    @property
    def null_deviance(self) -> Floats:
        """(K,) weighted mean of squared residuals, or of -2 log likelihood, at W = 0, in the user's units."""
        scale = np.array([1.0 if one is None else w.sum() for one, w in zip(self.logistic, self.omega, strict=True)])
        return np.asarray(2 * self.null_losses * self.units**2 / scale)

    def residual(self, k: int, fitted: Floats) -> Floats:
        """(n_k,) gaussian task: outcomes less Phi W (n_k,), with the unpenalised columns refitted."""
        return residualize(self.y[k] - fitted, self.Q[k], self.blocks.weights[k])

    def gradient(self, residual: Sequence[Floats], sections: Ints | None = None) -> Floats:
        """(p, K) minus the gradient of the loss: Phi_k' omega_k r_k, r = y - mean; for some sections only, if given."""
        values = [w * r for w, r in zip(self.omega, residual, strict=True)]
        return self.design.price(values, self.blocks.rows, sections)

    def slopes(self, gradient: Floats) -> Floats:
        """(p,) a row of W is 0 while its slope is below lambda."""
        return self.penalty.slopes(gradient)

    def with_ratio(self, ratio: float) -> Problem:
        """The same problem with another share of the 1-norm in the penalty."""
        return replace(self, penalty=replace(self.penalty, ratio=ratio))

    def on(self, blocks: TaskBlocks) -> Problem:
        """The same problem for some of its rows: others have weight 0.

        Binomial tasks whose unpenalised columns have no finite coefficients there are held finite.
        """
        part = make_problem(blocks, self.design, self.penalty.ratio, self.families, self.units, hold=True)
        return replace(part, penalty=self.penalty, linear=self.linear)

    @property
    def held(self) -> list[int]:
        """Binomial tasks whose unpenalised columns are held finite by a ridge."""
        return [k for k, one in enumerate(self.logistic) if one is not None and one.ridge.any()]


def make_problem(
    blocks: TaskBlocks,
    design: Design,
    ratio: float = 0.0,
    families: tuple[Family, ...] | None = None,
    units: Floats | None = None,
    hold: bool = False,
) -> Problem:
    """A problem from data and the basis at their rows; `ratio` is the share of the 1-norm in the penalty.

    Raises
    ------
    DataError
        The always-in columns of a binomial task have no finite coefficients, and `hold` does not say to hold them.
    SolverError
        A weight or an outcome is not a number.
    """
    K = blocks.n_tasks
    if families is None:
        families = tuple("gaussian" for _ in range(K))
    units = np.ones(K) if units is None else units
    gaussian = all(one == "gaussian" for one in families)
    same = blocks.shared and all(_same(w, blocks.weights[0]) for w in blocks.weights)
    omega: list[Floats] = []
    Q: list[Floats] = []
    for k, y in enumerate(blocks.y):
        if same and k:
            omega.append(omega[0])
            Q.append(Q[0])
            continue
        w = blocks.weights[k]
        omega.append(np.full(len(y), 1 / len(y)) if w is None else w / w.sum())
        check_finite(float(omega[k] @ y), f"The weighted mean of task '{blocks.task_names[k]}'")
        Q.append(unpenalised_basis(blocks, k))
    if not gaussian and "gaussian" in families:
        omega = [2 * one if family == "binomial" else one for one, family in zip(omega, families, strict=True)]
    how = [
        logistic_of(y, omega[k], Q[k]) if family == "binomial" else None
        for k, (y, family) in enumerate(zip(blocks.y, families, strict=True))
    ]
    left, residual, losses = [], [], np.empty(K)
    for k, y in enumerate(blocks.y):
        one = how[k]
        if one is None:
            left.append(residualize(y / units[k], Q[k], blocks.weights[k]))
            residual.append(left[k])
            losses[k] = omega[k] @ left[k] ** 2 / 2
        else:
            left.append(y)
            state = one.settle(np.zeros(len(y)), one.start)
            if np.abs(state.eta[omega[k] > 0]).max(initial=0.0) > _FAR:
                if not hold:
                    raise _separated(blocks, k)
                one = how[k] = held_finite(one, blocks.weights[k], blocks.intercept)
                state = one.settle(np.zeros(len(y)), one.start)
            residual.append(state.residual)
            losses[k] = state.loss
    penalty = RowPenalty(ratio, design.basis.factors, design.basis.signs)
    return Problem(
        blocks, design, penalty, families, units, tuple(omega), tuple(Q), tuple(left), same and gaussian, tuple(how),
        tuple(residual), losses,
    )  # fmt: skip


def _separated(blocks: TaskBlocks, k: int) -> DataError:
    return DataError(
        f"In task '{blocks.task_names[k]}' {describe_separation(blocks, k)}, so the terms without a penalty have no "
        "finite coefficients; merge levels, put the column into h(), or drop it."
    )


def _same(one: Floats | None, other: Floats | None) -> bool:
    return one is other or (one is not None and other is not None and np.array_equal(one, other))
