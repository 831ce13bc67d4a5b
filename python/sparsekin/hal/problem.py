"""The multi-task HAL problem (estimators.md section 2) and the numbers it fixes before any fit.

Minimise over W (p, K), with intercepts c_k and coefficients g_k of the always-in columns,

    P = sum_k sum_i omega_ik (y_ik - c_k - u_ik'g_k - phi(x_ik)'W_k)^2 / 2 + lambda sum_j v_j ||W_j||

where omega_ik = w_ik / sum_i w_ik (1 / n_k without weights) and ||.|| is the 2-norm over tasks ("l21") or their 1-norm
("lasso": one lasso per task at a common lambda).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.data.profile import residualize, unpenalised_basis
from sparsekin.hal.design import Design

Penalty = Literal["l21", "lasso"]


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """What a path is computed for.

    ======== ========== ================================================================================
    field    shape      meaning
    ======== ========== ================================================================================
    blocks   TaskBlocks outcomes, weights and always-in columns; rows of weight 0 do not count
    design   Design     the basis at the rows of ``blocks.X``
    v        (p,)       penalty factors > 0
    penalty  str        "l21" or "lasso"
    omega    K of (n_k) weights of sum 1
    Q        K of (n_k, r) basis of intercept and always-in columns, Q'wQ = I
    y        K of (n_k) outcomes without what the unpenalised columns explain
    common   bool       all tasks share rows and weights, hence one Gram matrix
    ======== ========== ================================================================================
    """

    blocks: TaskBlocks
    design: Design
    v: Floats
    penalty: Penalty
    omega: tuple[Floats, ...]
    Q: tuple[Floats, ...]
    y: tuple[Floats, ...]
    common: bool

    @property
    def n_tasks(self) -> int:
        """K."""
        return self.blocks.n_tasks

    @property
    def null_objective(self) -> float:
        """P at W = 0."""
        return sum(float(w @ y**2) for w, y in zip(self.omega, self.y, strict=True)) / 2

    def residual(self, fitted: Floats) -> list[Floats]:
        """K of (n_k,): outcomes less Phi W (K, N), with the unpenalised columns refitted."""
        return [
            residualize(self.y[k] - fitted[k, rows], self.Q[k], self.blocks.weights[k])
            for k, rows in enumerate(self.blocks.rows)
        ]

    def gradient(self, residual: list[Floats]) -> Floats:
        """(p, K) minus the gradient of the loss: Phi_k' omega_k r_k."""
        return self.design.price([w * r for w, r in zip(self.omega, residual, strict=True)], self.blocks.rows)

    def norms(self, rows: Floats) -> Floats:
        """(m,) norms of rows (m, K) in which W is penalised."""
        return np.asarray(np.abs(rows).sum(axis=1) if self.penalty == "lasso" else np.sqrt((rows**2).sum(axis=1)))

    def slopes(self, gradient: Floats) -> Floats:
        """(p,) dual norms of gradient rows over v: a row of W is 0 while its slope is below lambda."""
        dual = np.abs(gradient).max(axis=1) if self.penalty == "lasso" else np.sqrt((gradient**2).sum(axis=1))
        return np.asarray(dual / self.v)


def make_problem(blocks: TaskBlocks, design: Design, penalty: Penalty = "l21") -> Problem:
    """A problem from data and the basis at their rows."""
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
        Q.append(unpenalised_basis(blocks, k))
    left = tuple(residualize(y, Q[k], blocks.weights[k]) for k, y in enumerate(blocks.y))
    return Problem(blocks, design, design.basis.factors, penalty, tuple(omega), tuple(Q), left, same)


def _same(one: Floats | None, other: Floats | None) -> bool:
    return one is other or (one is not None and other is not None and np.array_equal(one, other))
