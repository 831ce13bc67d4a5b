"""Stacking of yes/no outcomes, counts and survival times: the least deviance of held-out rows."""

import numpy as np
import pytest
import statsmodels.api as sm
from statsmodels.duration.hazard_regression import PHReg

from sparsekin import SparseMTL
from sparsekin.tuning.folds import make_folds
from sparsekin.tuning.sparse.stacking_losses import held_out_predictors, stack_losses

N = 60
TASKS = np.repeat(["a", "b", "c"], N)


def data(family, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((3 * N, 5))
    eta = X[:, 0] - 0.5 * X[:, 1] + 0.3 * (TASKS == "b") * X[:, 2]
    if family == "binomial":
        return X, (rng.random(3 * N) < 1 / (1 + np.exp(-eta))).astype(float)
    if family == "poisson":
        return X, rng.poisson(np.exp(eta)).astype(float)
    return X, np.column_stack([rng.exponential(np.exp(-eta)) + 0.01, rng.random(3 * N) < 0.7]).astype(float)


def tuned(family, **options):
    X, y = data(family)
    model = SparseMTL(y, X, TASKS, family=family)
    return model.cross_validate(s=2, lambda_1=0.02, lambda_2=0.0, lambda_z=0.05, folds=3, rng=0, **options)


@pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
def test_weights_are_those_of_a_regression_where_none_is_negative(family):
    X, y = data(family)
    blocks = SparseMTL(y, X, TASKS, family=family).blocks
    folds, rng = make_folds(blocks, folds=3, rng=0), np.random.default_rng(1)
    noise = 0.6 * rng.standard_normal((3 * N, 3))
    F = X[:, :1] * [1.0, 0.8, 0.3] - X[:, 1:2] * [0.2, 0.5, 0.3] + noise
    parts = [
        [F[blocks.rows[k]][folds.held_out(blocks, fold, k)] for k in range(3)] for fold in range(3)
    ]  # fmt: skip
    found = stack_losses(blocks, folds, parts)
    if family == "cox":
        told = PHReg(y[:, 0], F, status=y[:, 1], strata=TASKS, ties="efron").fit().params
    else:
        kind = sm.families.Binomial() if family == "binomial" else sm.families.Poisson()
        told = sm.GLM(y, sm.add_constant(F), family=kind).fit().params
        assert found.intercept == pytest.approx(told[0], abs=1e-4)
    slopes = told if family == "cox" else told[1:]
    assert (slopes > 0).all()
    np.testing.assert_allclose(found.weights, slopes, atol=1e-4)


@pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
@pytest.mark.parametrize("scheme", ["within-task", "leave-one-task-out"])
def test_a_tuned_fit_predicts_by_them(family, scheme):
    X, _ = data(family)
    given = {} if scheme == "within-task" else {"scheme": scheme}
    fit = tuned(family).refit() if not given else tuned_out(family).refit()
    assert (fit.stacking.weights >= 0).all()
    coef = fit.params.fillna(0.0)
    slopes = coef.loc[[f"x{j}" for j in range(1, 6)]].to_numpy() @ fit.stacking.weights
    level = 0.0 if family == "cox" else coef.iloc[0] @ fit.stacking.weights + fit.stacking.intercept
    np.testing.assert_allclose(fit.predict(X, how="stack", type="link"), X @ slopes + level, atol=1e-10)


def tuned_out(family):
    X, y = data(family)
    model = SparseMTL(y, X, TASKS, family=family)
    return model.cross_validate(s=2, lambda_1=0.02, lambda_2=0.0, lambda_z=0.05, scheme="leave-one-task-out")


def test_a_task_that_is_left_out_may_be_judged_by_them():
    X, y = data("binomial")
    model = SparseMTL(y, X, TASKS, family="binomial")
    asked = {"s": 2, "lambda_1": 0.02, "lambda_2": 0.0, "lambda_z": 0.05, "scheme": "leave-one-task-out"}
    stacked = model.cross_validate(**asked, ensemble="stack")
    assert stacked.table["mean"].iloc[0] != model.cross_validate(**asked).table["mean"].iloc[0]
    assert stacked.table["mean"].iloc[0] < stacked.table.loc["null", "mean"]


def test_survival_predictors_of_a_fold_have_no_origin():
    cv = tuned("cox")
    blocks, folds = cv.problem.blocks, cv.errors.folds
    from sparsekin.tuning.sparse.scoring import Models

    coef = np.zeros((5, 3))
    coef[0] = 1.0
    part = held_out_predictors(blocks, folds, 0, Models(np.full(3, 7.0), coef, np.empty((0, 3))))
    held = folds.held_out(blocks, 0, 1)
    x = blocks.X_of(1)[:, 0]
    np.testing.assert_allclose(part[1], np.repeat((x[held] - x[~held].mean())[:, None], 3, axis=1), atol=1e-12)
