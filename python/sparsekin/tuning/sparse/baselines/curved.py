"""Lassos and ridges of one loss: proximal Newton steps around scikit-learn's lasso, and Newton steps in few directions.

f(offset + U g + X b) + alpha sum_j factors_j abs(b_j)      or      f(offset + U g + X b) + (lambda_1 / 2) ||b||^2
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sparsekin.data.blocks import Bools, Floats, Ints
from sparsekin.losses.base import Loss, Quadratic
from sparsekin.losses.profiled import inverse
from sparsekin.losses.refit import null_model, refit
from sparsekin.tuning.sparse.baselines.lasso import squares_lasso

STEPS, HALVINGS, ROUNDS = 25, 30, 10
DONE = 1e-8  # of the loss without columns, a step that lowers the value by less is the last
VIOLATION = 1e-4  # of alpha, by which a slope of a column left out may exceed it
FITTED = 1e-3  # of the loss without columns: a model that leaves less is not shrunken further
FLOOR = 1e-6  # of the largest curvature of a row: the least of any


def lasso_of_loss(
    loss: Loss, X: Floats, U: Floats, shares: Floats, factors: Floats | None = None
) -> tuple[Floats, Floats]:
    """Slopes (m, p) and free coefficients (m, q) at shares of alpha_max, the least alpha at which none is selected.

    Parameters
    ----------
    loss : Loss
    X, U : (n, p), (n, q)
    shares : (m,)
    factors : (p,), optional
        inf: the column stays out.
    """
    factors = np.ones(X.shape[1]) if factors is None else factors
    open_ = np.isfinite(factors) & X.any(axis=0)
    null = null_model(loss, U)
    coef, free = np.zeros((len(shares), X.shape[1])), np.tile(null.keep, (len(shares), 1))
    slopes = np.where(open_, np.abs(X.T @ null.at.residual) / factors, 0.0)
    largest, before = float(slopes.max(initial=0.0)), float(slopes.max(initial=0.0))
    b, g, at = np.zeros(X.shape[1]), null.keep, null.at
    for i in np.argsort(-shares):
        alpha = shares[i] * largest
        if alpha < largest and at.value > FITTED * null.at.value:
            likely = open_ & ((np.abs(X.T @ at.residual) >= (2 * alpha - before) * factors) | (b != 0))
            b, g, at = _with_checks(loss, X, U, alpha, factors, likely, open_, b, g)
            before = alpha
        coef[i], free[i] = b, g
    return coef, free


def _with_checks(
    loss: Loss, X: Floats, U: Floats, alpha: float, factors: Floats, likely: Bools, open_: Bools, b: Floats, g: Floats
) -> tuple[Floats, Floats, Quadratic]:
    """The lasso on likely columns, and on those that this shows to be wanted as well."""
    for _ in range(ROUNDS):
        columns = np.flatnonzero(likely)
        b, g, at = _proximal(loss, X[:, columns], U, alpha * factors[columns], columns, b, g)
        wanted = open_ & ~likely & (np.abs(X.T @ at.residual) > (1 + VIOLATION) * alpha * factors)
        if not wanted.any():
            break
        likely = likely | wanted
    return b, g, at


def _proximal(
    loss: Loss, X: Floats, U: Floats, alphas: Floats, columns: Ints, whole: Floats, g: Floats
) -> tuple[Floats, Floats, Quadratic]:
    """Slopes of all columns, free coefficients and the loss there, from where the last alpha ended."""
    b = whole[columns]
    eta = loss.offset + X @ b + U @ g
    at = loss.quadratic_at(eta)
    value = at.value + float(alphas @ np.abs(b))
    for _ in range(STEPS if len(columns) else 0):
        step_b, step_g = _step(loss, at, X, U, alphas, b)
        move, length = X @ step_b + U @ step_g, 1.0
        for _ in range(HALVINGS):
            then = loss.value(eta + length * move) + float(alphas @ np.abs(b + length * step_b))
            if then <= value:
                break
            length /= 2
        else:
            break
        b, g, eta = b + length * step_b, g + length * step_g, eta + length * move
        at, gain, value = loss.quadratic_at(eta), value - then, then
        if gain <= DONE * loss.scale:
            break
    out = np.zeros(len(whole))
    out[columns] = b
    return out, g, at


def _step(loss: Loss, at: Quadratic, X: Floats, U: Floats, alphas: Floats, b: Floats) -> tuple[Floats, Floats]:
    """To the lasso of the quadratic model: rows where H is diagonal, else a root of X'GX."""
    H = at.curvature
    HU, HX = H.times(U), H.times(X)
    back = inverse(H.gram(U), H.weights @ U**2)
    own, tied = back @ (U.T @ at.residual), back @ (HU.T @ X)
    if not H.less(U[:, :0]).shape[0]:
        root = np.sqrt(np.maximum(H.weights, FLOOR * H.weights.max(initial=0.0)))
        A = (X - U @ tied) * root[:, None]
        y = A @ b + (at.residual / root - root * (U @ own))
    else:
        G = X.T @ HX - (X.T @ HU) @ tied
        size, V = np.linalg.eigh((G + G.T) / 2)
        kept = size > 1e-10 * max(float(size.max(initial=0.0)), 1e-300)
        A = np.sqrt(size[kept])[:, None] * V[:, kept].T
        c = X.T @ at.residual - (X.T @ HU) @ own
        y = A @ b + (V[:, kept].T @ c) / np.sqrt(size[kept])
    step = squares_lasso(A / alphas, y, b * alphas) / alphas - b
    return step, own - tied @ step


def ridge_of_loss(loss: Loss, X: Floats, U: Floats, lambda_1: Floats) -> tuple[Floats, Floats]:
    """Slopes (m, p) and free coefficients (m, q); of more columns than rows only the directions of the rows count."""
    _, d, Vt = np.linalg.svd(X, full_matrices=False)
    Vt = Vt[d > 1e-10 * max(float(d.max(initial=0.0)), 1e-300)]
    Z = X @ Vt.T
    coef, free = np.zeros((len(lambda_1), X.shape[1])), np.zeros((len(lambda_1), U.shape[1]))
    b, g = np.zeros(Z.shape[1]), null_model(loss, U).keep
    for i in np.argsort(-lambda_1):
        found = refit(loss, Z, U, float(lambda_1[i]), b, g)
        b, g = found.coef, found.keep
        coef[i], free[i] = b @ Vt, g
    return coef, free


def moved(loss: Loss, known: Floats) -> Loss:
    """The loss with `known` (n,) in its linear predictor."""
    return replace(loss, offset=loss.offset + known)  # type: ignore[type-var]
