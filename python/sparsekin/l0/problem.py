"""The L0 problem, frozen, and the one function that computes its objective (docs: estimators, section 1)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints, TaskBlocks
from sparsekin.data.profile import residualize, unpenalised_basis
from sparsekin.data.standardize import Standardization
from sparsekin.l0.pooled import is_pooled, pooled_problem
from sparsekin.losses.base import Loss
from sparsekin.losses.refit import refit
from sparsekin.losses.tasks import loss_of
from sparsekin.options import SupportMode


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """Minimise F over intercepts c, slopes B and supports Z.

    F = sum_k (w_k / (2 n_k)) ||y_k - c_k - X_k b_k||^2 + (lambda_1 / 2) sum_k ||b_k||^2
        + (lambda_2 / 2) sum_k ||b_k - b_bar||^2 + (lambda_z / 2) sum_k ||z_k - z_bar||^2,
    with b_kj = 0 where z_kj = 0 and sum_j z_kj <= s_k. lambda_2 = inf: all b_k are equal, and so are the coefficients
    of the always-in columns, which no other lambda_2 touches.

    ============= ============== ==========================================================
    field         shape          meaning
    ============= ============== ==========================================================
    blocks        TaskBlocks     y_k, X_k, weights, always-in columns
    standard      Standardization  divisors; B lives on the standardised scale
    s             (K,) int       most features task k may select
    lambda_1      float          ridge
    lambda_2      float          Bbar: similar values; inf: the same values
    lambda_z      float          Zbar: similar supports
    task_weights  (K,)           w_k
    support       str            "heterogeneous", "common" (all z_k equal) or "independent"
    basis         K of (n_k, r_k)  orthonormal basis of intercept and always-in columns
    losses        K of Loss, None  f_k where it is not (w_k / (2 n_k)) times squares in every task: see `l0.glm`
    ============= ============== ==========================================================
    """

    blocks: TaskBlocks
    standard: Standardization
    s: Ints
    lambda_1: float
    lambda_2: float
    lambda_z: float
    task_weights: Floats
    support: SupportMode
    basis: tuple[Floats, ...]
    losses: tuple[Loss, ...] | None = None

    @property
    def n_tasks(self) -> int:
        """K."""
        return self.blocks.n_tasks

    @property
    def n_features(self) -> int:
        """p."""
        return self.blocks.n_features


def make_problem(
    blocks: TaskBlocks,
    standard: Standardization,
    s: Ints,
    *,
    lambda_1: float = 0.0,
    lambda_2: float = 0.0,
    lambda_z: float = 0.0,
    task_weights: Floats | None = None,
    support: SupportMode = "heterogeneous",
) -> Problem:
    """Assemble a `Problem`: bases of the unpenalised columns are computed here, once."""
    weights = np.ones(blocks.n_tasks) if task_weights is None else np.asarray(task_weights, float)
    first = unpenalised_basis(blocks, 0)
    same = [k == 0 or (blocks.shared and blocks.weights[k] is blocks.weights[0]) for k in range(blocks.n_tasks)]
    basis = tuple(first if same[k] else unpenalised_basis(blocks, k) for k in range(blocks.n_tasks))
    sizes, losses = np.asarray(s, np.int64), losses_of(blocks, weights)
    return Problem(blocks, standard, sizes, lambda_1, lambda_2, lambda_z, weights, support, basis, losses)


def losses_of(blocks: TaskBlocks, task_weights: Floats) -> tuple[Loss, ...] | None:
    """K losses f_k where outcomes are not all numbers with squared errors."""
    if blocks.responses is None:
        return None
    return tuple(loss_of(blocks, k, factor=float(task_weights[k])) for k in range(blocks.n_tasks))


def objective(problem: Problem, coef: Floats, support: Bools | None = None) -> float:
    """F at `coef`, intercepts and always-in columns profiled out (they are set to their best values).

    Parameters
    ----------
    problem : Problem
    coef : (p, K) slopes on the standardised scale
    support : (p, K) bool, optional
        Z; by default the non-zeros of `coef`.

    Returns
    -------
    float
    """
    chosen = coef != 0 if support is None else support
    if is_pooled(problem):
        return _pooled_objective(problem, coef) + zbar_penalty(problem, chosen)
    if problem.losses is not None:
        loss = sum(_profiled(problem, k, one, coef[:, k]) for k, one in enumerate(problem.losses))
        return float(loss + smooth_penalty(problem, coef) + zbar_penalty(problem, chosen))
    loss = 0.0
    for tasks, S in alike(problem, chosen | (coef != 0)):
        loss += float(problem.task_weights[tasks] @ losses(problem, tasks, S, coef[np.ix_(S, tasks)]))
    return float(loss + smooth_penalty(problem, coef) + zbar_penalty(problem, chosen))


def _profiled(problem: Problem, k: int, loss: Loss, b: Floats) -> float:
    """f_k at slopes b (p,), standardised scale, with the unpenalised coefficients that are best there."""
    S = np.flatnonzero(b)
    known = loss.offset + problem.blocks.columns_of(k, S) @ (b[S] / problem.standard.divisors[S, k])
    moved = replace(loss, offset=known)  # type: ignore[type-var]
    return refit(moved, np.empty((len(known), 0)), problem.basis[k]).value


def _pooled_objective(problem: Problem, coef: Floats) -> float:
    """F without its Zbar term at lambda_2 = inf: infinite unless the tasks have one coefficient vector."""
    if np.any(coef != coef[:, :1]):
        return np.inf
    return problem.n_tasks * objective(pooled_problem(problem), coef[:, :1])


def alike(problem: Problem, support: Bools, some: Ints | None = None) -> list[tuple[Ints, Ints]]:
    """Tasks (all, or `some`) with the same rows, weights and selected columns, handled at once; and those columns."""
    groups: dict[object, tuple[list[int], Ints]] = {}
    for k in range(problem.n_tasks) if some is None else some.tolist():
        S = np.flatnonzero(support[:, k])
        key = (S.tobytes(), id(problem.blocks.weights[k]), problem.task_weights[k]) if problem.blocks.shared else k
        groups.setdefault(key, ([], S))[0].append(k)
    return [(np.array(tasks), S) for tasks, S in groups.values()]


def factor(problem: Problem, k: int) -> float:
    """w_k / n_k, what a sum over the rows of task k is multiplied by."""
    return float(problem.task_weights[k] / problem.blocks.weight_sums[k])


def outcomes(problem: Problem, tasks: Ints) -> Floats:
    """(n, q) outcomes of alike tasks on the standardised scale."""
    return np.column_stack([problem.blocks.y[k] / problem.standard.y_scale[k] for k in tasks])


def losses(problem: Problem, tasks: Ints, S: Ints, b: Floats) -> Floats:
    """(q,) ||y_k - c_k - X_k b_k||^2 / (2 n_k) of alike tasks, b (s, q) given on the columns S, standardised scale."""
    k = int(tasks[0])
    y, w = outcomes(problem, tasks), problem.blocks.weights[k]
    fitted = problem.blocks.columns_of(k, S) @ (b / problem.standard.scale[np.ix_(S, tasks)])
    r = residualize(y - fitted, problem.basis[k], w)
    squares = np.einsum("ij,ij->j", r, r if w is None else r * w[:, None])
    return np.asarray(squares / (2.0 * problem.blocks.weight_sums[k]))


def smooth_penalty(problem: Problem, coef: Floats) -> float:
    """Ridge and Bbar terms."""
    return ridge_and_bbar(coef, problem.lambda_1, problem.lambda_2)


def ridge_and_bbar(coef: Floats, lambda_1: float, lambda_2: float) -> float:
    """The same of slopes (p, K) by themselves."""
    spread = coef - coef.mean(axis=1, keepdims=True)
    return float(lambda_1 / 2 * np.sum(coef**2) + lambda_2 / 2 * np.sum(spread**2))


def zbar_penalty(problem: Problem, support: Bools) -> float:
    """(lambda_z / 2) sum_j m_j (K - m_j) / K: the Zbar term for binary supports."""
    return zbar(support, problem.lambda_z, problem.n_tasks)


def zbar(support: Bools, lambda_z: float, n_tasks: int) -> float:
    """The same of supports (p, K) by themselves."""
    m = support.sum(axis=1)
    return float(lambda_z / 2 * np.sum(m * (n_tasks - m)) / n_tasks)
