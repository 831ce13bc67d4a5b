"""Weights of the task models in the prediction of a task that none of them has seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import nnls

from sparsekin.data.blocks import Floats


@dataclass(frozen=True, slots=True, eq=False)
class Stacking:
    """y = intercept + sum_k weights_k f_k(x), weights >= 0.

    ========= ===== ============================================================================
    field     shape meaning
    ========= ===== ============================================================================
    weights   (K,)  of the model of each task; not scaled to sum to one, a small sum shrinks
    intercept float of either sign; 0 where the model has none
    ========= ===== ============================================================================
    """

    weights: Floats
    intercept: float

    def combine(self, intercept: Floats, coef: Floats, keep_coef: Floats) -> tuple[Floats, Floats, Floats]:
        """The one linear model: intercept (1,), slopes (p, 1), always-in coefficients (q, 1)."""
        w = self.weights[:, None]
        return intercept @ w + self.intercept, coef @ w, keep_coef @ w


def stack(predictions: Floats, y: Floats, weights: Floats | None = None, intercept: bool = True) -> Stacking:
    """Non-negative least squares of outcomes on out-of-fold predictions, with an intercept of either sign.

    Minimises sum_i w_i (y_i - a - sum_k v_k f_ik)^2 over a and v >= 0.

    Parameters
    ----------
    predictions : (n, K)
        f_ik: row i by the model of task k, fitted without row i.
    y : (n,)
    weights : (n,), optional
    intercept : bool

    Returns
    -------
    Stacking

    Notes
    -----
    Breiman (1996), Stacked regressions; for several studies Patil and Parmigiani (2018), PNAS 115(11).

    Examples
    --------
    >>> import numpy as np
    >>> f = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [3.0, -1.0]])
    >>> found = stack(f, 5 + 2 * f[:, 0])
    >>> found.weights.round(6), round(found.intercept, 6)
    (array([2., 0.]), 5.0)
    """
    w = np.ones(len(y)) if weights is None else weights
    return from_triangles([triangle(predictions, y, w, intercept)], intercept)


def triangle(predictions: Floats, y: Floats, weights: Floats, intercept: bool = True) -> Floats:
    """R of the QR decomposition of sqrt(w) [1, f, y]: all that `stack` needs to know of some rows."""
    ones = [np.ones(len(y))] if intercept else []
    columns = np.column_stack([*ones, predictions, y])
    return np.asarray(np.linalg.qr(columns * np.sqrt(weights)[:, None], mode="r"))


def from_triangles(triangles: Sequence[Floats], intercept: bool = True) -> Stacking:
    """Stacking of all rows from the triangles of parts of them.

    The first row and column of the common triangle belong to the intercept: what remains is orthogonal to it.
    """
    R = np.asarray(np.linalg.qr(np.vstack(triangles), mode="r"))
    first = int(intercept)
    found = nnls(R[first:, first:-1], R[first:, -1])[0]
    return Stacking(found, float((R[0, -1] - R[0, 1:-1] @ found) / R[0, 0]) if intercept else 0.0)
