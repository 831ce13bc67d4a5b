"""Fits in several threads at once are those made one after the other: the native code holds no state of its own."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sparsekin import MTHAL, SparseMTL


def sparse_fit(seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((90, 30))
    y = X[:, 1] + (np.arange(90) % 3 == 0) * X[:, 2] + rng.standard_normal(90)
    return (
        SparseMTL(y, X, np.resize([1, 2, 3], 90))
        .fit(4, 0.05, lambda_2=0.1 * (seed % 2), lambda_z=0.01)
        .params.to_numpy()
    )


def family_fit(seed):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((120, 10))
    y = (X[:, 1] + rng.standard_normal(120) > 0).astype(int)
    return SparseMTL(y, X, np.resize([1, 2], 120), family="binomial").fit(2, 0.1, lambda_z=0.01).params.to_numpy()


def curve_fit(seed):
    rng = np.random.default_rng(seed)
    X = rng.uniform(-1, 1, (80, 3))
    return (
        MTHAL(np.abs(X[:, 0]) + 0.1 * rng.standard_normal(80), X, np.resize([1, 2], 80))
        .fit(lambda_=0.02)
        .params.to_numpy()
    )


@pytest.mark.parametrize(
    ("fit", "rounding"), [(sparse_fit, 0.0), (family_fit, 0.0), (curve_fit, 1e-11)]
)  # OpenBLAS has one number of threads for the process: curves, which limit it, may round by who came first
def test_fits_in_threads_are_those_made_one_after_the_other(fit, rounding):
    seeds = range(12)
    with ThreadPoolExecutor(6) as pool:
        together = list(pool.map(fit, seeds))
    for seed in seeds:
        np.testing.assert_allclose(together[seed], fit(seed), rtol=rounding, atol=rounding)
