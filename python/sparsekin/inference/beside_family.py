"""As `beside`, for yes/no outcomes, counts and survival times: maximum likelihood on the rows that did not choose.

Standard errors from the information; of counts times the root of Pearson's dispersion where that is above 1. Where rows
go together in groups, from the scores of the groups.
"""

from __future__ import annotations

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints, TaskBlocks
from sparsekin.data.profile import unpenalised_columns
from sparsekin.inference.beside import Slopes, slopes_beside, varies_beyond
from sparsekin.inference.clusters import n_groups, sandwich_errors
from sparsekin.losses.base import Loss
from sparsekin.losses.occurrences import events_of
from sparsekin.losses.profiled import inverse
from sparsekin.losses.refit import Refit, refit
from sparsekin.losses.tasks import loss_of, weights_of

RANK = 1e-12  # of its size, what a column must have that others do not tell
LEFT = 1e-6  # share of a sum of coefficients that rows may not tell


def slopes_on(
    blocks: TaskBlocks, k: int, here: Bools, X: Floats, inside: Bools, U: Floats, groups: Ints | None = None
) -> Slopes:
    """As `slopes_of_family`, by least squares where the task is gaussian."""
    if blocks.families_said[k] == "gaussian" and blocks.offset_of(k) is None:
        w, mates = blocks.weights[k], None if groups is None else groups[here]
        return slopes_beside(blocks.y[k][here], X[here], inside, U[here], None if w is None else w[here], mates)
    return slopes_of_family(blocks, k, here, X, inside, U, groups)


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
    m = X.shape[1]
    b, se = np.full(m, np.nan), np.full(m, np.nan)
    family, y = blocks.families_said[k], blocks.outcome_of(k)
    if not here.any() or not _varies(blocks, k, here, U):
        return Slopes(b, se, 0)
    loss, w = _loss_on(blocks, k, here)
    U = _unpenalised(blocks, loss, U)
    sd = np.where((spread := X[here].std(axis=0)) > RANK * np.abs(X[here]).max(axis=0, initial=0.0), spread, np.nan)
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


def contrasts_of_family(
    blocks: TaskBlocks, k: int, here: Bools, X: Floats, U: Floats, contrasts: Floats, groups: Ints | None = None
) -> Slopes:
    """Sums (g, m) of the slopes of X (n_k, m), all of them in one regression beside U, with their standard errors.

    The other arguments as for `slopes_of_family`. Columns may be collinear: NaN are sums that the rows do not tell.
    """
    g = len(contrasts)
    nothing = np.full(g, np.nan)
    family, y = blocks.families_said[k], blocks.outcome_of(k)
    if not here.any() or not _varies(blocks, k, here, U):
        return Slopes(nothing, nothing, 0)
    loss, w = _loss_on(blocks, k, here)
    U = _unpenalised(blocks, loss, U)
    spread = X[here].std(axis=0)
    varies = spread > RANK * np.abs(X[here]).max(axis=0, initial=0.0)
    sd = np.where(varies, spread, 1.0)
    Z = np.where(varies, (X - X[here].mean(axis=0)) / sd, 0.0)
    found = refit(loss, Z, U)
    Z, C = np.hstack([Z, U]), np.hstack([contrasts / sd, np.zeros((g, U.shape[1]))])
    H, sizes = found.at.curvature.gram(Z), found.at.curvature.weights @ Z**2
    rank, lost = _told(H, sizes, C)
    df = _size(family, y[here]) - rank
    if df < 1 or not _usable(found):
        return Slopes(nothing, nothing, df)
    bread = inverse(H, sizes)
    if groups is None:
        total = float(weights_of(blocks, k, w).sum())
        variance = np.einsum("ij,ij->i", C @ bread, C) / total * _dispersion(loss, found, total, df)
        se = np.sqrt(np.maximum(variance, 0.0))
    else:
        se = sandwich_errors(loss.scores(found.eta, Z)[here] @ (bread @ C.T), np.ones(g), groups[here], rank)
        df = min(df, n_groups(groups[here]) - 1)
    b = C[:, : len(found.coef)] @ found.coef
    return Slopes(np.where(lost, np.nan, b), np.where(lost, np.nan, se), df)


def working_weights(blocks: TaskBlocks, k: int, columns: Ints) -> Floats:
    """(n_k,) the diagonal of the curvature of task k where some columns and all always-in ones explain it, mean 1.

    Of rows with positive weight; a ridge of one row keeps coefficients finite.
    """
    loss, n = loss_of(blocks, k), len(blocks.y[k])
    counted = loss.omega > 0
    X = blocks.columns_of(k, columns)
    spread = X[counted].std(axis=0)
    found = refit(
        loss, X / np.where(spread > 0, spread, 1.0), _unpenalised(blocks, loss, unpenalised_columns(blocks, k)), 1 / n
    )
    w = np.where(counted, np.maximum(found.at.curvature.weights, 0.0), 0.0)
    least = 1e-3 * w[counted].mean()
    return np.where(counted, np.maximum(w, least), 0.0) / w[counted].mean()


def _loss_on(blocks: TaskBlocks, k: int, here: Bools) -> tuple[Loss, Floats]:
    """The loss of some rows of task k, and what they weigh (n_k,)."""
    given = blocks.weights[k]
    w = here * (np.ones(len(here)) if given is None else given)
    return loss_of(blocks, k, weights=w), w


def _unpenalised(blocks: TaskBlocks, loss: Loss, U: Floats) -> Floats:
    return U if loss.constants else U[:, 1:] if blocks.intercept else U


def _told(H: Floats, sizes: Floats, C: Floats) -> tuple[int, Bools]:
    """The rank of H (m, m) beside `sizes`, and which sums C (g, m) of coefficients it leaves open."""
    root = np.sqrt(np.where(sizes > 0, sizes, 1.0))
    values, vectors = np.linalg.eigh(H / np.outer(root, root))
    open_ = values <= RANK * max(1.0, values.max(initial=0.0))
    scaled = C / root
    left = np.linalg.norm(scaled @ vectors[:, open_], axis=1)
    return int((~open_).sum()), left > LEFT * np.linalg.norm(scaled, axis=1)


def _varies(blocks: TaskBlocks, k: int, here: Bools, U: Floats) -> bool:
    """Whether some rows of task k tell anything beyond the columns that are always in."""
    family, y = blocks.families_said[k], blocks.outcome_of(k)[here]
    if family == "gaussian":
        w, offset = blocks.weights[k], blocks.offset_of(k)
        return varies_beyond(y if offset is None else y - offset[here], U[here], None if w is None else w[here])
    return events_of(family, y) >= 2 if family == "cox" else events_of(family, y) > 0


def _usable(found: Refit) -> bool:
    return found.converged and not found.separated


def _size(family: str, y: Floats) -> int:
    """What the number of coefficients is set against: rows; of survival times, events."""
    return int(events_of(family, y)) if family == "cox" else len(y)


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
