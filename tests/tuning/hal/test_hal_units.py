"""Outcomes of one X are judged in their own units by MTHAL: what is best does not depend on grams or kilograms."""

import numpy as np
import pytest

from sparsekin import MTHAL

N = 80


def data():
    rng = np.random.default_rng(3)
    X = rng.uniform(0, 1, (N, 3))
    bent = 4 * np.maximum(X[:, 0] - 0.5, 0) + 0.2 * rng.standard_normal(N)
    noisy = 0.3 * X[:, 1] + rng.standard_normal(N)
    return X, np.column_stack([bent, noisy])


def judged(units, **options):
    X, Y = data()
    model = MTHAL(Y * units, X, max_degree=1, knots=6, scale_outcome=True, **options)
    return model.cross_validate(n_lambda=12, folds=5, rng=0)


@pytest.mark.parametrize("units", [(1e-6, 1.0), (1e6, 1.0), (1.0, 1e-3), (1e3, 1e-3)])
def test_units_change_neither_the_table_nor_the_choice(units):
    one, other = judged((1.0, 1.0)), judged(units)
    assert other.metric == "relative rmse"
    np.testing.assert_allclose(other.table["mean"], one.table["mean"], rtol=1e-4)
    assert other.rows == one.rows
    np.testing.assert_allclose(other.per_task.to_numpy(), one.per_task.to_numpy() * units, rtol=1e-4)


def test_the_error_is_relative_to_the_mean_of_the_outcome_by_hand():
    X, Y = data()
    cv = MTHAL(Y, X, max_degree=1, knots=6).cross_validate(lambdas=[1e3], folds=5, rng=0)  # nothing is selected
    fold_of, share = cv.folds.to_numpy(), []
    for fold in range(5):
        out = fold_of == fold
        null = np.mean((Y - Y.mean(axis=0)) ** 2, axis=0)
        left = np.mean((Y[out] - Y[~out].mean(axis=0)) ** 2, axis=0)
        share.append(np.mean(np.sqrt(left / null)))
    assert cv.table["mean"].iloc[0] == pytest.approx(np.mean(share), rel=1e-6)


def test_sites_of_one_outcome_are_judged_in_its_units():
    X, Y = data()
    cv = MTHAL(Y[:, 0], X, np.repeat(["a", "b"], N // 2), max_degree=1, knots=6).cross_validate(
        n_lambda=5, folds=4, rng=0
    )
    assert cv.metric == "rmse"
    assert cv.table["mean"].iloc[0] == pytest.approx(Y[:, 0].std(), rel=0.1)
