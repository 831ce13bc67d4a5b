"""As `beside`, for yes/no outcomes, counts and survival times: maximum likelihood on the rows that did not choose.

Standard errors from the information; of counts times the root of Pearson's dispersion where that is above 1. Where rows
go together in groups, from the scores of the groups.
"""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints, TaskBlocks
from sparsekin.inference.beside import Slopes
from sparsekin.inference.clusters import n_groups, sandwich_errors
from sparsekin.losses.base import Loss
from sparsekin.losses.profiled import inverse
from sparsekin.losses.refit import Refit, refit
from sparsekin.losses.tasks import loss_of, weights_of


def slopes_of_family(
    blocks: TaskBlocks, k: int, here: Bools, X: Floats, inside: Bools, U: Floats, groups: Ints | None = None
) -> Slopes:
    """The slope of every column of X (n_k, m) in the regression on U, the columns `inside`, and itself.

    Parameters
    ----------
    blocks : TaskBlocks
    k : int
    here : (n_k,) bool
        The rows to use.
    X, inside, U, groups
        As for `slopes_beside`, with all rows of the task.
    """
    m, given = X.shape[1], blocks.weights[k]
    b, se = np.full(m, np.nan), np.full(m, np.nan)
    w = here * (np.ones(len(here)) if given is None else given)
    family, y = blocks.families_said[k], blocks.outcome_of(k)
    if not here.any() or not _varies(family, y[here]):
        return Slopes(b, se, 0)
    loss = loss_of(blocks, k, weights=w)
    U = U if loss.constants else U[:, 1:] if blocks.intercept else U
    sd = np.where((spread := X[here].std(axis=0)) > 1e-12 * np.abs(X[here]).max(axis=0, initial=0.0), spread, np.nan)
    Z = (X - X[here].mean(axis=0)) / sd
    chosen = np.flatnonzero(inside & np.isfinite(sd))
    df = _size(family, y[here]) - U.shape[1] - len(chosen)
    base = refit(loss, Z[:, chosen], U)
    if df < 1 or not _usable(base):
        return Slopes(b, se, df)
    total = float(weights_of(blocks, k, w).sum())

    def errors(found: Refit, columns: Floats, left: int) -> Floats:
        if groups is None:
            return _errors(loss, found, columns, U, total, left)
        return _clustered(loss, found, columns, U, here, groups)

    b[chosen], se[chosen] = base.coef, errors(base, Z[:, chosen], df)
    for j in np.flatnonzero(~inside & np.isfinite(sd)):
        both = np.append(chosen, j)
        one = refit(loss, Z[:, both], U, coef=np.append(base.coef, 0.0), keep=base.keep)
        if df >= 2 and _usable(one):
            b[j], se[j] = one.coef[-1], errors(one, Z[:, both], df - 1)[-1]
    return Slopes(b / sd, se / sd, df if groups is None else min(df, n_groups(groups[here]) - 1))


def _varies(family: str, y: Floats) -> bool:
    if family == "cox":
        return bool((y[:, -1] > 0).sum() >= 2)
    if family == "binomial":
        return bool((y.sum(axis=0) > 0).all()) if y.ndim == 2 else bool(np.ptp(y) > 0)
    return bool(np.any(y != 0))


def _usable(found: Refit) -> bool:
    return found.converged and not found.separated


def _size(family: str, y: Floats) -> int:
    """What the number of coefficients is set against: rows; of survival times, events."""
    return int((y[:, -1] > 0).sum()) if family == "cox" else len(y)


def _errors(loss: Loss, found: Refit, X: Floats, U: Floats, total: float, df: int) -> Floats:
    Z = np.hstack([X, U])
    H = found.at.curvature.gram(Z)
    variance = np.diag(inverse(H, found.at.curvature.weights @ Z**2))[: X.shape[1]] / total
    return np.asarray(np.sqrt(np.maximum(variance * _dispersion(loss, found, total, df), 0.0)))


def _clustered(loss: Loss, found: Refit, X: Floats, U: Floats, here: Bools, groups: Ints) -> Floats:
    Z = np.hstack([X, U])
    bread = inverse(found.at.curvature.gram(Z), found.at.curvature.weights @ Z**2)
    return sandwich_errors(loss.scores(found.eta, Z)[here], bread, groups[here], Z.shape[1])[: X.shape[1]]


def _dispersion(loss: Loss, found: Refit, total: float, df: int) -> float:
    """Of counts and numbers; 1 of others."""
    if loss.family not in ("poisson", "gaussian"):
        return 1.0
    with np.errstate(divide="ignore", invalid="ignore"):
        squares = np.where(loss.omega > 0, found.at.residual**2 / found.at.curvature.weights, 0.0)
    pearson = total * float(np.nansum(squares)) / df
    return pearson if loss.family == "gaussian" else max(1.0, pearson)
