"""What half-samples are set against: intervals of the rows that chose, and the slopes of a population."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import statsmodels.api as sm
from scipy import stats

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from inference.cases import draw_rows

MANY = 20_000  # rows a population is told by


def naive(family: str, X: list, y: list, S: np.ndarray, B: np.ndarray) -> dict[str, float]:
    """Intervals on the rows that chose: t of least squares, else Wald's of maximum likelihood."""
    told, covered, widths = 0, 0, []
    for k, (A, b) in enumerate(zip(X, y, strict=True)):
        on = np.flatnonzero(S[:, k])
        if not len(on):
            continue
        coef, half = ends(family, A[:, on], b)
        covered += int((np.abs(coef - B[on, k]) <= half).sum())
        told += len(on)
        widths += list(2 * half)
    return {"naive_told": told, "naive_covered": covered, "naive_width": np.median(widths) if widths else np.nan}


def ends(family: str, A: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes, and half of their intervals; these infinite where nothing is estimated."""
    if family == "cox":
        fit = sm.PHReg(b[:, 0], A, status=b[:, 1], ties="efron").fit()
        return fit.params, stats.norm.ppf(0.975) * fit.bse
    Z = sm.add_constant(A, has_constant="add")
    if family == "gaussian":
        fit = sm.OLS(b, Z).fit()
        return fit.params[1:], stats.t.ppf(0.975, fit.df_resid) * fit.bse[1:]
    fit = sm.GLM(b, Z, family=sm.families.Binomial() if family == "binomial" else sm.families.Poisson()).fit()
    return fit.params[1:], np.nan_to_num(stats.norm.ppf(0.975) * fit.bse[1:], nan=np.inf)


def beside(family: str, S: np.ndarray, B: np.ndarray, rows: dict) -> np.ndarray:
    """(p, K) slopes of the features chosen beside each other in `MANY` rows; NaN of others.

    Odds and hazards are others beside fewer features, correlated or not: what no feature explains shrinks them.
    """
    out = np.full(B.shape, np.nan)
    X, y = draw_rows(np.random.default_rng(0), B, MANY, **rows)
    for k in np.flatnonzero(S.any(axis=0)):
        on = np.flatnonzero(S[:, k])
        out[on, k] = cox(X[k][:, on], y[k]) if family == "cox" else ends(family, X[k][:, on], y[k])[0]
    return out


def cox(Z: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Newton's method on the partial likelihood, times without ties."""
    order = np.argsort(-y[:, 0])
    Z, event, b = Z[order], y[order, 1] > 0, np.zeros(Z.shape[1])
    products = np.einsum("ij,ik->ijk", Z, Z).reshape(len(Z), -1)
    for _ in range(20):
        w = np.exp(Z @ b)
        total = np.cumsum(w)[event, None]
        mean = np.cumsum(w[:, None] * Z, axis=0)[event] / total
        square = (np.cumsum(w[:, None] * products, axis=0)[event] / total).sum(axis=0)
        step = np.linalg.solve(square.reshape(len(b), -1) - mean.T @ mean, (Z[event] - mean).sum(axis=0))
        b = b + step
        if np.abs(step).max() < 1e-8:
            break
    return b
