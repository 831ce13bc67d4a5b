"""The extended Bayesian information criterion, for a choice of s and lambdas without folds."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from sparsekin.data.blocks import Bools, Floats, TaskBlocks
from sparsekin.data.profile import unpenalised_basis
from sparsekin.l0.pooled import estimable_in_common
from sparsekin.losses.tasks import loss_of, weights_of


def ebic(
    blocks: TaskBlocks, coef: Floats, intercept: Floats, keep_coef: Floats, gamma: float = 1.0, pooled: bool = False
) -> float:
    """Extended BIC of the models of K tasks.

    sum_k [ n_k log(RSS_k / n_k) + (|S_k| + r_k) log n_k ] + 2 gamma C(Z), r_k the rank of intercept and
    always-in columns. One coefficient vector for all tasks (`pooled`) counts once, with log N: the parameters are an
    intercept per task, log n_k each, and |S| + q for all, q the always-in columns that sites do not explain.

    Of binomial, poisson and cox tasks the deviance stands for n_k log(RSS_k / n_k), and of cox tasks the number of
    events for n_k.

    Parameters
    ----------
    blocks : TaskBlocks
    coef : (p, K) slopes, user's scale
    intercept : (K,)
    keep_coef : (q, K)
    gamma : float in [0, 1]
        0: BIC, too weak for best subsets; 1: consistent also where p grows faster than n.
    pooled : bool
        Whether all columns of `coef` and `keep_coef` are one vector of parameters.

    Returns
    -------
    float
        Smaller is better; infinity where a task has no more rows than parameters.

    Notes
    -----
    Chen and Chen (2008), Biometrika 95(3): for one task C = log(p choose s), minus the logarithm of a prior that is
    uniform over the supports of size s. For K tasks, `support_code` is the shorter of two such codes: the supports
    one by one, or their union first and then each within the union. So sharing is rewarded where it shortens the
    code, and a common support costs as much as one support. Ridge penalties do not lower the count of parameters;
    with weights, n_k counts the rows of positive weight and RSS_k / n_k is the weighted mean square.
    """
    support, total, N = coef != 0, 0.0, sum(_count(blocks, k) for k in range(blocks.n_tasks))
    shared = int(support[:, 0].sum() + estimable_in_common(blocks).sum()) if pooled else 0
    if pooled and shared + blocks.n_tasks * blocks.intercept >= N:
        return float("inf")
    if blocks.origin is not None:  # rows made from moments stand around their own origin
        intercept = intercept - blocks.origin.intercept(coef, keep_coef)
    for k in range(blocks.n_tasks):
        n, w, chosen = int(blocks.n_obs[k]), blocks.weights[k], np.flatnonzero(support[:, k])
        fitted = blocks.columns_of(k, chosen) @ coef[chosen, k] + blocks.keep_of(k) @ keep_coef[:, k] + intercept[k]
        if blocks.responses is not None and blocks.responses.families[k] != "gaussian":
            total += family_criterion(blocks, k, fitted, 0 if pooled else len(chosen), pooled)
            continue
        if blocks.responses is not None and blocks.responses.offset[k] is not None:
            fitted = fitted + blocks.responses.offset[k]
        squares = (blocks.y[k] - fitted) ** 2
        mean_square = float(np.sum(squares if w is None else w * squares) / blocks.weight_sums[k])
        df = int(blocks.intercept) if pooled else len(chosen) + unpenalised_basis(blocks, k).shape[1]
        if df >= n or mean_square <= 0:
            return float("inf")
        total += n * np.log(mean_square) + df * np.log(n)
    return float(total + shared * np.log(N) + 2 * gamma * support_code(support))


def _count(blocks: TaskBlocks, k: int) -> int:
    """Rows of task k, of a cox task events."""
    if blocks.families_said[k] != "cox":
        return int(blocks.n_obs[k])
    w, died = blocks.weights[k], blocks.outcome_of(k)[:, -1] > 0
    return int(np.count_nonzero(died if w is None else died & (w > 0)))


def family_criterion(blocks: TaskBlocks, k: int, linear: Floats, selected: int, pooled: bool = False) -> float:
    """What a task that is not gaussian adds to the criterion, at linear predictors (n_k,) without offset.

    Of parameters of its own it has those selected, intercept and always-in columns; where tasks are `pooled`, no more
    than the intercept.
    """
    loss, n = loss_of(blocks, k), _count(blocks, k)
    own = int(blocks.intercept) if pooled else unpenalised_basis(blocks, k).shape[1]
    df = selected + own - (blocks.intercept and not loss.constants)
    if df >= n:
        return float("inf")
    return 2 * weights_of(blocks, k).sum() * loss.value(linear + loss.offset) + df * float(np.log(n))


def support_code(support: Bools) -> float:
    """Length in nats of supports (p, K), with (a, b) for a over b and u features in the union.

    min { sum_k log(p, s_k),  log(p, u) + sum_k log(u, s_k) }
    """
    p, sizes, union = len(support), support.sum(axis=0), int(support.any(axis=1).sum())
    one_by_one = log_choose(p, sizes).sum()
    by_union = log_choose(p, np.array([union])).sum() + log_choose(union, sizes).sum()
    return float(min(one_by_one, by_union))


def log_choose(n: int, k: np.ndarray) -> Floats:
    """log of n over k."""
    return np.asarray(gammaln(n + 1.0) - gammaln(k + 1.0) - gammaln(n - k + 1.0))
