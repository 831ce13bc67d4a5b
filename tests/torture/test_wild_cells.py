"""A wild cell in a held-out fold, and means far from zero: errors of cross-validation by NumPy."""

import numpy as np
import pytest
from scipy import sparse

from sparsekin.data.prepare import prepare_arrays
from sparsekin.data.standardize import standardize
from sparsekin.l0.grid import cross
from sparsekin.l0.problem import make_problem
from sparsekin.tuning.folds import make_folds
from sparsekin.tuning.sparse.cross_validate import cross_validate

P = 4


def regression_error(y, X, train):
    """Squared error on the other rows of least squares on `train`; centred in extended precision, solved by QR."""
    X, y = X.astype(np.longdouble), y.astype(np.longdouble)
    center, mean = X[train].mean(axis=0), y[train].mean()
    A, v = np.asarray(X - center, float), np.asarray(y - mean, float)
    scale = np.linalg.norm(A[train], axis=0)
    Q, R = np.linalg.qr(A[train] / scale)
    slopes = np.linalg.solve(R, Q.T @ v[train])
    return np.sum((v[~train] - (A[~train] / scale) @ slopes) ** 2)


@pytest.mark.parametrize("as_sparse", [False, True])
@pytest.mark.parametrize("mode", ["within", "pooled"])
@pytest.mark.parametrize(
    ("shift", "where", "value", "tolerance"),
    [
        (0.0, None, 0.0, 1e-10),
        (0.0, "x", 1e9, 1e-8),
        (0.0, "y", 1e9, 1e-8),
        (0.0, "x", 1e4, 1e-8),
        (1e8, None, 0.0, 1e-6),
        (1e8, "x", 1e9, 1e-6),
    ],
)
def test_errors_are_those_of_regressions_by_numpy(as_sparse, mode, shift, where, value, tolerance):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((120, P)) + shift
    y = (X - shift) @ [1.0, -1.0, 0.5, 0.0] + rng.standard_normal(120)
    task = np.repeat(["a", "b"], 60)
    of_row = np.tile(np.arange(5), 24)
    if where == "x":
        X[10, 1] = value
    if where == "y":
        y[10] = value
    found = prepare_arrays(y, sparse.csc_array(X) if as_sparse else X, task)
    problem = make_problem(found.blocks, standardize(found.blocks, mode, False), np.array([P, P]))
    errors = cross_validate(problem, cross([P], [0.0], [0.0], [0.0]), make_folds(found.blocks, folds=of_row))
    for fold in range(5):
        for k in range(2):
            rows = slice(60 * k, 60 * k + 60)
            expected = regression_error(y[rows], X[rows], of_row[rows] != fold)
            assert errors.sse[0, fold, k] == pytest.approx(expected, rel=tolerance)
