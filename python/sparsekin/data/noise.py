"""Moments with Gaussian noise: (epsilon, delta)-differentially private when a row is replaced. NumPy, SciPy only."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq
from scipy.special import log_ndtr, ndtr

from sparsekin.data.blocks import Floats
from sparsekin.data.task_moments import TaskMoments


def privacy_loss(sigma: float, epsilon: float) -> float:
    """The least delta of noise N(0, sigma^2) on sums that one row changes by at most 1 in length.

    Phi(1 / (2 sigma) - epsilon sigma) - e^epsilon Phi(-1 / (2 sigma) - epsilon sigma): Balle and Wang 2018, theorem 8.
    """
    far = np.exp(epsilon + log_ndtr(-1 / (2 * sigma) - epsilon * sigma))
    return float(ndtr(1 / (2 * sigma) - epsilon * sigma) - far)


def noise_sd(epsilon: float, delta: float) -> float:
    """Least sigma at which `privacy_loss` is `delta` (the analytic Gaussian mechanism)."""
    low, high = 1e-6, 1.0
    while privacy_loss(high, epsilon) > delta:
        high *= 2
    return float(brentq(lambda sigma: privacy_loss(sigma, epsilon) - delta, low, high, xtol=1e-12, rtol=1e-12))


def sensitivity(d: int) -> float:
    """How far one row can move means, squares and products of d columns between -1 and 1, as one vector.

    d sums move by 2 at most, d sums of squares by 1, d (d - 1) / 2 of products by 2.
    """
    return float(np.sqrt(2 * d**2 + 3 * d))


def noisy_moments(
    values: Floats, low: Floats, high: Floats, epsilon: float, delta: float, rng: np.random.Generator
) -> TaskMoments:
    """Moments of columns (n, d) cut off at `low` and `high` (d,), their sums with noise; the number of rows is exact.

    The nearest sums that some rows can have are taken: what is done to noisy sums costs no privacy.
    """
    n, d = values.shape
    middle, half = (low + high) / 2, (high - low) / 2
    V = np.clip((values - middle) / half, -1.0, 1.0)
    sd = noise_sd(epsilon, delta) * sensitivity(d)
    total = V.sum(axis=0) + sd * rng.standard_normal(d)
    squares = V.T @ V
    E = np.tril(sd * rng.standard_normal((d, d)))
    squares += E + np.tril(E, -1).T
    mean = np.clip(total / n, -1.0, 1.0)
    cross = squares - n * np.multiply.outer(mean, mean)
    found, vectors = np.linalg.eigh(cross)
    cross = (vectors * np.maximum(found, 0.0)) @ vectors.T
    cross = (cross + cross.T) / 2 * np.multiply.outer(half, half)
    return TaskMoments(n, float(n), middle + half * mean, np.zeros(d), cross)
