"""Genotypes with LD, and the statistics that simple regressions make of them."""

import numpy as np


def genotypes(n, p, rho=0.8, seed=0, freq=None):
    """(n, p) dosages: two haplotypes that are signs of AR(1) normals."""
    rng = np.random.default_rng(seed)
    freq = np.random.default_rng(99).uniform(0.2, 0.8, p) if freq is None else freq
    cut = np.quantile(np.random.default_rng(98).standard_normal(100_000), 1 - freq)
    G = np.zeros((n, p))
    for _ in range(2):
        e = rng.standard_normal((n, p))
        for j in range(1, p):
            e[:, j] = rho * e[:, j - 1] + np.sqrt(1 - rho**2) * e[:, j]
        G += e > cut
    return G


def simple_regressions(y, G):
    """Slopes and standard errors of y on each column and an intercept, by the textbook."""
    x, r = G - G.mean(axis=0), y - y.mean()
    beta = x.T @ r / np.sum(x**2, axis=0)
    residual = r[:, None] - x * beta
    se = np.sqrt(np.sum(residual**2, axis=0) / (len(y) - 2) / np.sum(x**2, axis=0))
    return beta, se


def standardised(A):
    return (A - A.mean(axis=0)) / A.std(axis=0)
