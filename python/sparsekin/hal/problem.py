"""The multi-task HAL problem (estimators.md section 2) and the numbers it fixes before any fit.

Minimise over W (p, K), with intercepts c_k and coefficients g_k of the always-in columns,

    P = sum_k L_k(eta_k) + lambda sum_j v_j Omega(W_j),    eta_ik = c_k + u_ik'g_k + phi(x_ik)'W_k

with L_k = sum_i omega_ik dev(y_ik, eta_ik) / 2 the loss of the task's family (`sparsekin.losses`), and Omega as in
`sparsekin.hal.penalty`. omega_ik = w_ik / sum_i w_ik (1 / n_k without weights), so tasks count alike; where gaussian
tasks are among others, twice that for the binomial ones, whose loss then has the slope of a squared loss of outcomes
-1 and 1 where nothing is known (eta = 0).
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
from sparsekin.hal.curved import Curved, Settled, curved, held_finite
from sparsekin.hal.design import Design
from sparsekin.hal.finite import check_finite
from sparsekin.hal.penalty import RowPenalty
from sparsekin.losses.tasks import loss_of
from sparsekin.options import LossFamily

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
    families      K of str     "gaussian", "binomial", "poisson" or "cox"
    units         (K,)         gaussian outcomes are divided by these while solving; points are in the user's
    omega         K of (n_k,)  weights of the loss
    Q             K of (n_k,r) basis of intercept and always-in columns, Q'wQ = I
    y             K of (n_k,)  gaussian: outcomes over units without what the unpenalised columns explain
    common        bool         all tasks are gaussian and share rows and weights, hence one Gram matrix
    curved        K            how a task that is not gaussian is fitted, None for a gaussian one
    null_residual K of (n_k,)  y - mean of y given the unpenalised columns alone
    null_losses   (K,)         L_k there
    linear        float, None  penalty of lines, see `sparsekin.hal.linear`; in ``penalty.v`` already
    ============= ============ ==============================================================================
    """

    blocks: TaskBlocks
    design: Design
    penalty: RowPenalty
    families: tuple[LossFamily, ...]
    units: Floats
    omega: tuple[Floats, ...]
    Q: tuple[Floats, ...]
    y: tuple[Floats, ...]
    common: bool
    curved: tuple[Curved | None, ...]
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
            size = 1.0 if self.curved[k] else float(self.omega[k] @ (y / self.units[k]) ** 2)
            if loss > 1e-24 * size:
                out[k] = loss
        return out

    @property
    def null_deviance(self) -> Floats:
        """(K,) weighted mean of squared residuals, or of -2 log likelihood, at W = 0, in the user's units."""
        scale = np.array([1.0 if one is None else w.sum() for one, w in zip(self.curved, self.omega, strict=True)])
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

        Tasks that are not gaussian and whose unpenalised columns have no finite coefficients there are held finite.
        """
        part = make_problem(blocks, self.design, self.penalty.ratio, self.families, self.units, hold=True)
        return replace(part, penalty=self.penalty, linear=self.linear)

    @property
    def held(self) -> list[int]:
        """Tasks whose unpenalised columns are held finite by a ridge."""
        return [k for k, one in enumerate(self.curved) if one is not None and one.ridge.any()]


def make_problem(
    blocks: TaskBlocks,
    design: Design,
    ratio: float = 0.0,
    families: tuple[LossFamily, ...] | None = None,
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
    for k, family in enumerate(families):
        if same and k and (family == "cox") == (families[0] == "cox"):
            omega.append(omega[0])
            Q.append(Q[0])
            continue
        omega.append(_weights_of(blocks, k))
        Q.append(_basis_of(blocks, k, family))
    how: list[Curved | None] = []
    left, residual, losses = [], [], np.empty(K)
    for k, y in enumerate(blocks.y):
        if families[k] == "gaussian":
            how.append(None)
            left.append(residualize(y / units[k], Q[k], blocks.weights[k]))
            residual.append(left[k])
            losses[k] = omega[k] @ left[k] ** 2 / 2
            continue
        factor = 2.0 if families[k] == "binomial" and "gaussian" in families else 1.0
        one, state = _curved_null(blocks, k, families[k], factor, Q[k], hold)
        omega[k] = one.loss.omega
        how.append(one)
        left.append(y)
        residual.append(state.residual)
        losses[k] = state.loss
    penalty = RowPenalty(ratio, design.basis.factors, design.basis.signs)
    return Problem(
        blocks, design, penalty, families, units, tuple(omega), tuple(Q), tuple(left), same and gaussian, tuple(how),
        tuple(residual), losses,
    )  # fmt: skip


def _weights_of(blocks: TaskBlocks, k: int) -> Floats:
    w, y = blocks.weights[k], blocks.y[k]
    omega = np.full(len(y), 1 / len(y)) if w is None else w / w.sum()
    check_finite(float(omega @ y), f"The weighted mean of task '{blocks.task_names[k]}'")
    return omega


def _basis_of(blocks: TaskBlocks, k: int, family: LossFamily) -> Floats:
    """(n_k, r) of the unpenalised columns, of which cox has no constant."""
    Q = unpenalised_basis(blocks, k)
    return Q[:, 1:] if family == "cox" and blocks.intercept else Q


def _curved_null(
    blocks: TaskBlocks, k: int, family: LossFamily, factor: float, Q: Floats, hold: bool
) -> tuple[Curved, Settled]:
    """How a task is fitted, and where without functions."""
    w, loss = blocks.weights[k], loss_of(blocks, k, family, factor=factor)
    one = curved(loss, w, Q)
    none = np.zeros(len(loss.omega))
    state = one.settle(none, one.start)
    moved = (state.eta - one.loss.offset)[one.loss.omega > 0]
    if np.abs(moved - np.median(moved) if len(moved) else moved).max(initial=0.0) > _FAR:
        if not hold:
            raise _separated(blocks, k)
        one = held_finite(one, w, blocks.intercept and one.loss.constants)
        state = one.settle(none, one.start)
    return one, state


def _separated(blocks: TaskBlocks, k: int) -> DataError:
    return DataError(
        f"In task '{blocks.task_names[k]}' {describe_separation(blocks, k)}, so the terms without a penalty have no "
        "finite coefficients; merge levels, put the column into h(), or drop it."
    )


def _same(one: Floats | None, other: Floats | None) -> bool:
    return one is other or (one is not None and other is not None and np.array_equal(one, other))
