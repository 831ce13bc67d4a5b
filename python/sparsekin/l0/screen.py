"""Looking at all columns at once: gradients at given residuals, and short lists of what looks worth a search."""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Floats
from sparsekin.data.profile import residualize
from sparsekin.l0.polish import refit
from sparsekin.l0.problem import Problem, factor
from sparsekin.l0.search import Supports, as_mask
from sparsekin.l0.state import Ids, Workspace


def residuals(problem: Problem, supports: Supports) -> list[Floats]:
    """K arrays (n_k,): what the exact refit of `supports` leaves of each outcome, standardised scale."""
    blocks, standard = problem.blocks, problem.standard
    coef = refit(problem, as_mask(problem, supports))
    out = []
    for k, S in enumerate(supports):
        fitted = blocks.columns_of(k, S) @ (coef[S, k] / standard.scale[S, k])
        y = blocks.y[k] / standard.y_scale[k]
        out.append(residualize(y - fitted, problem.basis[k], blocks.weights[k]))
    return out


def cross_products(problem: Problem, k: int, v: Floats) -> Floats:
    """(p, m) f X_k' W v on the standardised scale, for v (n_k, m): one look at X."""
    w = problem.blocks.weights[k]
    weighted = v if w is None else v * w[:, None]
    products = problem.blocks.X_of(k).T @ weighted
    return np.asarray(products * (factor(problem, k) / problem.standard.scale[:, k])[:, None])


def entry_scores(workspace: Workspace, k: int, residual: Floats) -> Floats:
    """(p, m) upper estimates g^2 / (2 G_jj) of what entering task k can gain, for residuals (n_k, m)."""
    problem, diag = workspace.problem, workspace.diag_of(k)
    g = cross_products(problem, k, residual)
    half = np.divide(0.5, diag + problem.lambda_1, out=np.zeros_like(diag), where=diag > 0)
    return np.asarray(g**2 * half[:, None])


def shortlist(
    workspace: Workspace, scores: list[Floats], supports: Supports, width: int
) -> tuple[Ids, tuple[Ids, ...]]:
    """Candidates of all tasks (those held anywhere, the best for the sum of tasks) and of each task alone."""
    common = np.union1d(np.concatenate(supports), top(_joint(workspace, scores), width)).astype(np.int32)
    if workspace.problem.support == "common":
        return common, tuple(np.empty(0, np.int32) for _ in workspace.sources)
    own = tuple(top(score, width) for score in scores)
    if len(workspace.sources) < len(own):
        return np.union1d(common, np.concatenate(own)).astype(np.int32), (np.empty(0, np.int32),)
    return common, own


def _joint(workspace: Workspace, scores: list[Floats]) -> Floats:
    total = np.sum([np.maximum(score, 0.0) for score in scores], axis=0)
    return np.where(workspace.may.all(axis=1), total, 0.0) if workspace.problem.support == "common" else total


def top(score: Floats, n: int) -> Ids:
    """Numbers of the n largest positive scores, ascending."""
    n = min(n, len(score))
    best = np.argpartition(-score, n - 1)[:n]
    return np.sort(best[score[best] > 0]).astype(np.int32)


def join(a: tuple[Ids, tuple[Ids, ...]], b: tuple[Ids, tuple[Ids, ...]]) -> tuple[Ids, tuple[Ids, ...]]:
    """Union of two short lists."""
    return np.union1d(a[0], b[0]).astype(np.int32), tuple(
        np.union1d(x, y).astype(np.int32) for x, y in zip(a[1], b[1], strict=True)
    )
