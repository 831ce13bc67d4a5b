import numpy as np
import pytest
from sklearn.linear_model import MultiTaskLasso, Ridge

from sparsekin import SparseMTL
from sparsekin.errors import OptionError
from sparsekin.l0.grid import cross
from sparsekin.tuning.folds import make_folds, training_blocks
from sparsekin.tuning.sparse.baselines import fit_lasso, fit_pooled, fit_ridge, run_methods, why_no_lasso
from tuning.cv_cases import prepared, problem_of


@pytest.mark.parametrize("case", [{}, {"weighted": True, "keep": True}, {"shared": True, "weighted": True}])
def test_ridge_is_scikit_learns_on_standardised_columns(case):
    found = prepared(**case)
    problem = problem_of(found)
    blocks = found.blocks
    (model,) = fit_ridge(blocks, problem, cross([12], [0.3], [0.0], [0.0]))
    for k in range(3):
        w = np.ones(24) if blocks.weights[k] is None else blocks.weights[k]
        keep, sd = blocks.keep_of(k), problem.standard.scale[:, k]
        U = np.column_stack([np.ones(24), keep])
        out = np.linalg.lstsq(
            U * np.sqrt(w)[:, None], np.column_stack([blocks.X_of(k), blocks.y[k]]) * np.sqrt(w)[:, None]
        )
        left = np.column_stack([blocks.X_of(k), blocks.y[k]]) - U @ out[0]
        oracle = Ridge(alpha=0.3 * w.sum(), fit_intercept=False).fit(left[:, :-1] / sd, left[:, -1], w)
        np.testing.assert_allclose(model.coef[:, k], oracle.coef_ / sd, rtol=1e-8)
        gap = blocks.y[k] - blocks.X_of(k) @ model.coef[:, k] - keep @ model.keep_coef[:, k] - model.intercept[k]
        np.testing.assert_allclose(U.T @ (w * gap), 0, atol=1e-8)


def test_lasso_is_scikit_learns_on_training_rows():
    found = prepared(shared=True, keep=False)
    problem, folds = problem_of(found), make_folds(found.blocks, folds=4, rng=0)
    training = training_blocks(found.blocks, folds, 1)
    models = fit_lasso(training, problem, cross([12], [0.05, 0.5], [0.0], [0.0]))
    rows = folds.of_row != 1
    X, Y = found.blocks.X[rows], np.column_stack(found.blocks.y)[rows]
    sd = X.std(axis=0)
    for alpha, model in zip((0.05, 0.5), models, strict=True):
        oracle = MultiTaskLasso(alpha, tol=1e-8, max_iter=10_000).fit((X - X.mean(axis=0)) / sd, Y)
        np.testing.assert_allclose(model.coef, (oracle.coef_ / sd).T, atol=1e-2)
        np.testing.assert_allclose(model.intercept, (Y - X @ model.coef).mean(axis=0))


def test_lasso_with_row_weights_is_the_lasso_of_repeated_rows():
    found = prepared(shared=True)
    times = np.random.default_rng(0).integers(1, 4, 24)
    y, X = np.column_stack(found.blocks.y), np.asarray(found.blocks.X)
    weighted = SparseMTL(y, X, weights=times.astype(float))._problem("heterogeneous", "equal", 1)
    repeated = SparseMTL(np.repeat(y, times, axis=0), np.repeat(X, times, axis=0))._problem("heterogeneous", "equal", 1)
    tried = cross([12], [0.1], [0.0], [0.0])
    one, other = (fit_lasso(p.blocks, p, tried)[0] for p in (weighted, repeated))
    np.testing.assert_allclose(one.coef, other.coef, atol=1e-3)


def test_why_there_is_no_lasso():
    assert why_no_lasso(problem_of(prepared(shared=True, weighted=True))) == ""
    assert "each task has rows of its own" in why_no_lasso(problem_of(prepared()))
    y = np.random.default_rng(0).standard_normal((20, 2))
    y[3, 1] = np.nan
    gaps = SparseMTL(y, np.random.default_rng(1).standard_normal((20, 3)), missing="drop")
    assert "every outcome in every row" in why_no_lasso(gaps._problem("heterogeneous", "equal", 1))


def test_one_model_for_all_is_the_model_of_all_rows():
    found = prepared(weighted=True)
    settings = cross([2], [0.1], [0.0], [0.0])
    (model,) = fit_pooled(found.blocks, problem_of(found), settings, 1)
    y, w = np.concatenate(found.blocks.y), np.concatenate(found.blocks.weights)
    res = SparseMTL(y, np.asarray(found.blocks.X), weights=w).fit(2, lambda_1=0.1)
    for k in range(3):
        np.testing.assert_allclose(model.coef[:, [k]], res.solution.coef, atol=1e-10)
        assert model.intercept[k] == pytest.approx(res.solution.intercept[0])
    training = training_blocks(found.blocks, make_folds(found.blocks, scheme="leave-one-task-out"), 1)
    (model,) = fit_pooled(training, problem_of(found), settings, 1)
    rest = np.r_[0:24, 48:72]
    res = SparseMTL(y[rest], np.asarray(found.blocks.X)[rest], weights=w[rest]).fit(2, lambda_1=0.1)
    np.testing.assert_allclose(model.coef, np.repeat(res.solution.coef, 2, axis=1), atol=1e-10)


def test_methods_and_reasons():
    def names(found, **options):
        runs = run_methods(
            problem_of(found),
            cross([1, 2], [0.0], [0.0], [0.0, 0.1]),
            make_folds(found.blocks, **{"folds": 3} | options),
        )
        return {run.name: run.reason if run.errors is None else len(run.errors.settings) for run in runs}

    own = names(prepared())
    assert next(iter(own)) == "shared supports"
    assert own["shared supports"] == 4
    assert own["independent supports"] == own["common support"] == own["one model for all"] == 2
    assert own["ridge per task"] == 25
    assert "needs one X for all tasks" in own["multi-task lasso"]
    together = names(prepared(shared=True))
    assert together["multi-task lasso"] == 40
    assert together["one model for all"] == "the tasks are different outcomes"
    assert names(prepared(n_tasks=1))["common support"] == "the data have one task"
    left_out = names(prepared(), folds=10, scheme="leave-one-task-out")
    assert left_out["ridge per task"] == 25


def test_one_fold_is_no_comparison():
    found = prepared()
    one = make_folds(found.blocks, folds=np.where(np.arange(72) % 3, -1, 0))
    with pytest.raises(OptionError, match="compare needs at least 2 folds"):
        run_methods(problem_of(found), cross([1], [0.0], [0.0], [0.0]), one)
