"""What a mixed form says of Y, in quantities that coordinates and the share of K and H cannot change.

(K R, H R, alpha R^-T, ...) fit alike for any R, and so do K + N and H - N for any N that neither beta nor u sees; with
N hardly seen, K and H may be huge and cancel. All that is reported of Y therefore comes from the joint distribution of
the columns: the fixed part is E[Y | X], the random part is what Z adds to it, E[Y | X, Z] - E[Y | X], which is
uncorrelated with the fixed one, and the rest is the residual. Y itself is never used to explain Y. Where Z is the
indicators of tasks, E[Y | X, Z] is that of a mixed model (`sparsekin.forms.effects`). E[Y | X] is over all tasks: X
comes first, and what it tells of the task is fixed. Effects of tasks, which are at equal X, may be larger than the
random part where slopes within tasks are not those across them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sparsekin.data.blocks import Floats, Matrix
from sparsekin.errors import DataError
from sparsekin.forms.block import Block, apply_scale, column_counts, column_sums, dense, varies
from sparsekin.forms.decode import code_covariance, covariance_given, expected_codes, unseen
from sparsekin.forms.effects import given_task
from sparsekin.forms.problem import Problem, Solution

if TYPE_CHECKING:
    from sparsekin.results.forms.fit import FormsFit

FOLLOWS = 0.9  # share of a response's own say in its fit from which it is a Heywood case
CANCELS = 10.0  # times the variance of the sum from which K and H are said to cancel


def sums_given(solution: Solution, problem: Problem, use: str) -> Floats:
    """(n, d) K + H expected given the blocks in `use`, letters of "yxz"."""
    y, x, z = (
        block if letter in use else unseen(block, block.n_rows)
        for letter, block in zip("yxz", problem.blocks, strict=True)
    )
    K, H = expected_codes(solution, (y, x, z))
    return K + H


def expected_y(fit: FormsFit, use: str) -> Floats:
    """(n, q) E[Y | X] or, with `use` = "xz", E[Y | X, Z] of the rows of the fit, standardised."""
    if fit.solution.effects is None or "z" not in use:
        return np.asarray(sums_given(fit.solution, fit.problem, use) @ fit.solution.alpha.T)
    return given_task(fit.solution, fit.problem.blocks, fit.task_codes)


def left_of_y(fit: FormsFit, use: str) -> Floats:
    """(n, q) Y minus what is expected given the blocks in `use`, standardised; 0 where Y is missing."""
    block = fit.problem.Y
    left = dense(block) - expected_y(fit, use)
    return left if block.seen is None else left * block.seen


def left_variances(fit: FormsFit) -> Floats:
    """(q,) mean squares of Y - E[Y | X, Z], standardised."""
    return np.asarray(np.sum(left_of_y(fit, "xz") ** 2, axis=0) / np.maximum(column_counts(fit.problem.Y), 1.0))


def explained_shares(fit: FormsFit) -> tuple[float, float, float, float]:
    """explained, fixed, random, residual: shares of the squares of Y around its observed means; NaN: constant."""
    block = fit.problem.Y
    count = np.maximum(column_counts(block), 1.0)
    total = float(np.sum(dense(block) ** 2) - np.sum(column_sums(block) ** 2 / count))
    if not varies(block).any():
        return np.nan, np.nan, np.nan, np.nan
    by_x, by_both = (1 - float(np.sum(left_of_y(fit, use) ** 2)) / total for use in ("x", "xz"))
    return by_both, by_x, by_both - by_x, 1 - by_both


def variance_parts(fit: FormsFit, own: Floats) -> dict[str, Floats]:
    """Cov(Y) implied: of E[Y | X], of what Z adds, and of the rest; `own` (q,): residual variances around the codes.

    With effects of tasks: of E[Y | X], of what the tasks add to that in the rows of the fit, errors of the effects
    included, and of the rest, whose correlations are those that codes and residual variances imply.
    """
    solution, scale = fit.solution, fit.problem.Y.scale
    pair = np.hstack([solution.alpha, solution.alpha]) * scale[:, None]
    stages = [code_covariance(solution), covariance_given(solution, "x"), covariance_given(solution, "xz")]
    total, after_x, after_both = (pair @ S @ pair.T for S in stages)
    residual = after_both + np.diag(own * scale**2)
    fixed = total - after_x
    if solution.effect_error is None:
        return {"fixed": fixed, "random": after_x - after_both, "residual": residual}
    left = _with_variances(residual, left_variances(fit) * scale**2)
    return {"fixed": fixed, "random": _added(fit, solution.effect_error) * np.outer(scale, scale), "residual": left}


def _added(fit: FormsFit, error: Floats) -> Floats:
    """(q, q) expected products of what knowing the tasks adds to E[Y | X], standardised.

    `error` (K, q): the variances of the errors of the effects, without which that would be less than Y varies by tasks.
    """
    added = expected_y(fit, "xz") - expected_y(fit, "x")
    added -= added.mean(axis=0)
    S = added.T @ added / len(added)
    known = np.vstack([error, np.zeros(error.shape[1])])[fit.task_codes]
    return _with_variances(S, np.diag(S) + known.mean(axis=0))


def _with_variances(S: Floats, variances: Floats) -> Floats:
    """Correlations of S with other variances."""
    own = np.diag(S)
    ratio = np.sqrt(np.divide(variances, own, out=np.zeros_like(variances), where=own > 0))
    return S * np.outer(ratio, ratio)


def own_shares(solution: Solution) -> Floats:
    """(q,) what part of a response's fit the response itself decides: 1 - D / Var(y | all other columns)."""
    q = len(solution.alpha)
    own = np.full(q, solution.noise[0]) if solution.column_noise is None else solution.column_noise[:q]
    pair = np.hstack([solution.alpha, solution.alpha])
    return np.asarray(np.einsum("ja,ab,jb->j", pair, covariance_given(solution, "yxz"), pair) / own)


def cancellation(solution: Solution) -> float:
    """How many times the variance of alpha (k + h) those of alpha k and alpha h have together."""
    d, S, alpha = solution.alpha.shape[1], code_covariance(solution), solution.alpha
    F = alpha.T @ alpha
    apart = float(np.sum(F * (S[:d, :d] + S[d:, d:])))
    whole = float(np.sum(F * (S[:d, :d] + S[d:, d:] + S[:d, d:] + S[d:, :d])))
    return apart / whole if whole > 0 else 1.0


def shifts(fit: FormsFit) -> Floats:
    """(K, q) E[Y | task, X at its mean] - E[Y | X at its mean], in the units of Y; NaN for a task without rows."""
    block, n_tasks = fit.problem.Z, len(fit.design.task_names)
    if fit.solution.effects is not None:
        return np.asarray(fit.solution.effects * fit.problem.Y.scale)
    if fit.design.random is None:
        rows, of = block, fit.task_codes
    else:
        rows, of = _typical_rows(fit), np.arange(n_tasks)
    y, x = (unseen(like, rows.n_rows) for like in (fit.problem.Y, fit.problem.X))
    x = x if x.seen is None else apply_scale(np.tile(x.center, (rows.n_rows, 1)), x.center, x.scale)
    K, H = expected_codes(fit.solution, (y, x, rows))
    each = (K + H) @ fit.solution.alpha.T * fit.problem.Y.scale
    out = np.full((n_tasks, each.shape[1]), np.nan)
    for code in range(n_tasks):
        if (of == code).any():
            out[code] = each[of == code].mean(axis=0)
    return out


def _typical_rows(fit: FormsFit) -> Block:
    """Z of a row of each task, its slopes at their means over all rows."""
    like, n_tasks = fit.problem.Z, len(fit.design.task_names)
    n_terms = like.width // n_tasks
    table = np.zeros((n_tasks, like.width))
    raw, known = _raw(like), np.flatnonzero(fit.task_codes >= 0)
    for term in range(n_terms):
        own = raw[known, term * n_tasks + fit.task_codes[known]]
        first = term == 0 and fit.design.random_intercept
        value = 1.0 if first else float(np.mean(own[~np.isnan(own)]))
        table[np.arange(n_tasks), term * n_tasks + np.arange(n_tasks)] = value
    table[np.array(fit.design.silent, bool)] = np.nan
    return apply_scale(table, like.center, like.scale)


def scaled_like(table: Matrix, like: Block) -> Block:
    """A new table on the scale of a block."""
    if table.shape[1] != like.width:
        raise DataError(f"A table has {table.shape[1]} columns; the model was fitted with {like.width}.")
    return apply_scale(table, like.center, like.scale)


def _raw(block: Block) -> Floats:
    table = dense(block) * block.scale + block.center
    return table if block.seen is None else np.where(block.seen > 0, table, np.nan)
