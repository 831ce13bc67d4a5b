"""Weights of the task models in the prediction of a task that none of them has seen."""

from __future__ import annotations

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


def equal_weights(n_tasks: int) -> Stacking:
    """The mean of the task models."""
    return Stacking(np.full(n_tasks, 1.0 / n_tasks), 0.0)


def stack(predictions: Floats, y: Floats, weights: Floats | None = None, intercept: bool = True) -> Stacking:
    """Non-negative least squares of outcomes on out-of-fold predictions, with an intercept of either sign.

    Minimises sum_i w_i (y_i - a - sum_k v_k f_ik)^2 over a and v >= 0. Centring both sides at their weighted means
    profiles `a` out.

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
    f_mean, y_mean = (
        (w @ predictions / w.sum(), w @ y / w.sum()) if intercept else (np.zeros(predictions.shape[1]), 0.0)
    )
    root = np.sqrt(w)
    found = nnls((predictions - f_mean) * root[:, None], (y - y_mean) * root)[0]
    return Stacking(found, float(y_mean - f_mean @ found))
