"""Fits of steps: interactions are interactions, constants are out, nothing happens below the smallest value."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Lasso

from sparsekin import MTHAL


def one_variable_matters(seed, n=300):
    rng = np.random.default_rng(seed)
    data = pd.DataFrame({"bmi": rng.uniform(18, 40, n), "sex": rng.integers(0, 2, n) * 1.0, "clinic": np.full(n, 3.0)})
    f = 3 * (data["bmi"] > 27.3) + 2 * (data["bmi"] > 33) + 0.5 * np.sin(data["bmi"])
    return data, f + 0.3 * rng.normal(size=n)


def test_a_main_effect_is_not_called_an_interaction():
    shares = []
    for seed in range(4):
        X, y = one_variable_matters(seed)
        found = MTHAL(y, X, order=0).cross_validate(folds=5, rng=0, tolerance=1e-5).refit()
        shares.append(found.sections.iloc[:, 1].get("bmi x sex", 0.0))
        assert "clinic" not in found.selected
        low = X[["bmi", "sex", "clinic"]].min()
        below = pd.DataFrame([low, low - 0.01, low - [9.0, 0.0, 0.0], low - [0.0, 1.0, 0.0], low - [0.0, 0.0, 1.0]])
        np.testing.assert_allclose(found.predict(below), found.predict(below).iloc[0], rtol=1e-12)
    assert np.mean(shares) < 0.1  # .21 where steps at the smallest value of sex were factors


@pytest.mark.parametrize("order", [0, 1, 2])
def test_a_constant_column_has_no_part_in_any_function(order):
    X, y = one_variable_matters(3, n=80)
    model = MTHAL(y, X, order=order, max_degree=3)
    path = model.path(n_lambda=30)
    assert all("clinic" not in path[i].selected for i in (5, 15, 29))
    with_it, without = (MTHAL(y, frame, order=order, max_degree=3) for frame in (X, X[["bmi", "sex"]]))
    np.testing.assert_allclose(with_it.fit(0.01).fittedvalues, without.fit(0.01).fittedvalues, atol=1e-4)


def test_the_fit_is_the_lasso_on_products_of_steps_above_the_smallest_values():
    X, y = one_variable_matters(4, n=90)
    found = MTHAL(y, X, order=0, knots="full", reduce_basis=0.0).fit(0.05, 1e-12)
    bmi, sex = X["bmi"].to_numpy(), X["sex"].to_numpy()
    steps = [(bmi >= t) * 1.0 for t in np.unique(bmi)[1:]] + [sex]
    steps += [(bmi >= t) * sex for t in np.unique(bmi)[1:] if t in bmi[sex == 1]]
    Phi = np.column_stack(steps)
    expected = Lasso(alpha=0.05, tol=1e-12, max_iter=10**6).fit(Phi, y).predict(Phi)
    np.testing.assert_allclose(found.fittedvalues, expected, atol=1e-5)
