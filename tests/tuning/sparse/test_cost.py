"""Cross-validation visits each task a number of times that does not depend on how many tasks there are."""

import cProfile
import pstats

import numpy as np
import pytest

from sparsekin import SparseMTL
from sparsekin.tuning.sparse.scoring import mean_jaccard
from tuning.cv_cases import made


def calls(n_tasks, method="cross_validate", shared=False, weighted=False, lambda_2=0.0, **options):
    """Function calls, of Python and of C, that a run makes."""
    truth = made(n_tasks=n_tasks, n=12, p=6, shared=shared)
    N = len(truth.X)
    weights = np.random.default_rng(0).uniform(0.5, 2, N) if weighted else None
    model = SparseMTL(truth.y, truth.X, None if shared else truth.task, weights=weights, **options)
    profile = cProfile.Profile()
    profile.enable()
    getattr(model, method)(s=1, lambda_2=lambda_2, lambda_z=0.1, folds=2, rng=0)
    profile.disable()
    return pstats.Stats(profile).total_calls


CASES = [
    {},
    {"weighted": True, "standardize": "pooled"},
    {"shared": True, "scale_outcome": True},
    {"lambda_2": 0.1},
    {"method": "compare"},
]


@pytest.mark.parametrize("case", CASES)
def test_calls_grow_with_the_number_of_tasks_and_no_faster(case):
    calls(2, **case)  # imports
    few, many = calls(24, **case), calls(48, **case)
    assert many < 2.15 * few


def test_mean_jaccard_counts_pairs_of_equal_supports():
    def by_pairs(support):
        sets = [set(np.flatnonzero(column)) for column in support.T]
        pairs = [(a, b) for i, a in enumerate(sets) for b in sets[:i] if a or b]
        return np.mean([len(a & b) / len(a | b) for a, b in pairs]) if pairs else np.nan

    rng = np.random.default_rng(0)
    for _ in range(200):
        support = rng.random((rng.integers(1, 6), rng.integers(1, 9))) < rng.choice([0.0, 0.2, 0.5])
        np.testing.assert_allclose(mean_jaccard(support), by_pairs(support), rtol=1e-12)
