import dataclasses

import joblib
import numpy as np
import pytest

from sparsekin import SparseMTL
from sparsekin.errors import MissingExtraError, OptionError
from sparsekin.l0.grid import cross, solve_grid
from sparsekin.tuning.folds import make_folds, training_blocks
from sparsekin.tuning.sparse.cross_validate import cross_validate, fit_grid, stacking_weights
from sparsekin.tuning.sparse.training import like
from tuning.cv_cases import SETTINGS, made, prepared, problem_of

CASES = [
    {},
    {"weighted": True},
    {"keep": True, "weighted": True},
    {"shared": True},
    {"shared": True, "weighted": True},
]


def sparse_model(blocks, rows, mode, scale_outcome):
    """A model of some rows of the blocks, nothing else given to it."""
    tasks = None if blocks.shared else np.concatenate([np.full(len(y), k) for k, y in enumerate(blocks.y)])[rows]
    y = np.column_stack(blocks.y) if blocks.shared else np.concatenate(blocks.y)
    given = blocks.weights if blocks.weights[0] is not None else None
    w = None if given is None else (given[0] if blocks.shared else np.concatenate(given))[rows]
    keep = blocks.keep[rows] if blocks.keep.shape[1] else None
    return SparseMTL(
        y[rows], blocks.X[rows], tasks, weights=w, keep=keep, standardize=mode, scale_outcome=scale_outcome
    )


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(("mode", "scale_outcome"), [("within", False), ("pooled", True)])
def test_errors_are_those_of_models_fitted_to_the_training_rows_alone(case, mode, scale_outcome):
    found = prepared(**case)
    blocks, folds = found.blocks, make_folds(found.blocks, folds=4, rng=0)
    settings = cross([2], [0.1], [0.05], [0.3])
    errors = cross_validate(problem_of(found, mode, scale_outcome), settings, folds)
    for fold in range(4):
        out = folds.of_row == fold
        res = sparse_model(blocks, np.flatnonzero(~out), mode, scale_outcome).fit(2, 0.1, 0.05, 0.3)
        solution = res.solution
        for k in range(3):
            held = out[blocks.rows[k]]
            w = np.ones(len(held)) if blocks.weights[k] is None else blocks.weights[k]
            fitted = (
                blocks.X_of(k) @ solution.coef[:, k]
                + blocks.keep_of(k) @ solution.keep_coef[:, k]
                + solution.intercept[k]
            )
            left = blocks.y[k] - fitted
            mean = np.average(blocks.y[k][~held], weights=w[~held])
            assert errors.sse[0, fold, k] == pytest.approx((w * left**2)[held].sum(), rel=1e-8)
            assert errors.sae[0, fold, k] == pytest.approx((w * abs(left))[held].sum(), rel=1e-8)
            assert errors.sst[fold, k] == pytest.approx((w * (blocks.y[k] - mean) ** 2)[held].sum(), rel=1e-10)
            assert errors.weight[fold, k] == pytest.approx(w[held].sum())
            assert errors.sizes[0, fold, k] == solution.support[:, k].sum()
        assert errors.jaccard[0, fold] == pytest.approx(res.homogeneity.mean_jaccard)


@pytest.mark.parametrize("case", CASES)
def test_held_out_rows_change_nothing_in_the_fit_of_their_fold(case):
    found = prepared(**case)
    problem, folds = problem_of(found), make_folds(found.blocks, folds=4, rng=0)
    rng = np.random.default_rng(1)
    X, y = found.blocks.X.copy(order="F"), [one.copy() for one in found.blocks.y]
    out = folds.of_row == 2
    X[out] = 100 * rng.standard_normal((out.sum(), X.shape[1]))
    for k, rows in enumerate(found.blocks.rows):
        y[k][out[rows]] = 1e3
    spoilt = dataclasses.replace(found.blocks, X=X, y=tuple(y))
    before = fit_grid(training_blocks(found.blocks, folds, 2), problem, SETTINGS, 1)
    after = fit_grid(
        training_blocks(spoilt, folds, 2), problem_of(dataclasses.replace(found, blocks=spoilt)), SETTINGS, 1
    )
    for one, other in zip(before, after, strict=True):
        np.testing.assert_array_equal(one.coef != 0, other.coef != 0)
        np.testing.assert_allclose(one.coef, other.coef, atol=1e-10)
        np.testing.assert_allclose(one.intercept, other.intercept, atol=1e-10)


def test_a_fold_does_not_depend_on_the_other_folds():
    found = prepared()
    problem, folds = problem_of(found), make_folds(found.blocks, folds=4, rng=0)
    alone = dataclasses.replace(folds, of_row=np.where(folds.of_row == 2, 0, -1), n_folds=1)
    whole, one = cross_validate(problem, SETTINGS, folds), cross_validate(problem, SETTINGS, alone)
    np.testing.assert_allclose(whole.sse[:, 2], one.sse[:, 0], rtol=1e-12)


@pytest.mark.parametrize("shared", [False, True])
def test_results_do_not_depend_on_jobs_or_backend(shared):
    found = prepared(shared=shared, n=40, p=400)  # large enough for joblib to hand X over as a read-only map
    problem, folds = problem_of(found), make_folds(found.blocks, folds=3, rng=0)
    one = cross_validate(problem, SETTINGS, folds)
    threads = cross_validate(problem, SETTINGS, folds, n_jobs=2)
    with joblib.parallel_config(backend="loky", max_nbytes="10K"):
        processes = cross_validate(problem, SETTINGS, folds, n_jobs=2)
    for other in (threads, processes):
        for name in ("sse", "sae", "sst", "weight", "sizes", "jaccard", "finished"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_jobs_may_come_from_joblib():
    found = prepared()
    problem, folds = problem_of(found), make_folds(found.blocks, folds=3, rng=0)
    with joblib.parallel_config(backend="threading", n_jobs=2):
        inside = cross_validate(problem, SETTINGS, folds)
    np.testing.assert_array_equal(inside.sse, cross_validate(problem, SETTINGS, folds, n_jobs=1).sse)


@pytest.mark.parametrize("n_jobs", [0, 1.5, True, "all"])
def test_jobs_that_are_no_number(n_jobs):
    found = prepared()
    with pytest.raises(OptionError, match=r"n_jobs = .* is not a number of jobs: 1, 2, ..., or -1 for one per core"):
        cross_validate(problem_of(found), SETTINGS, make_folds(found.blocks, folds=3), n_jobs=n_jobs)


def test_a_bar_is_shown_when_asked(capsys):
    found = prepared()
    problem, folds = problem_of(found), make_folds(found.blocks, folds=3, rng=0)
    cross_validate(problem, SETTINGS, folds)
    assert capsys.readouterr() == ("", "")
    cross_validate(problem, SETTINGS, folds, progress=True)
    assert "folds" in capsys.readouterr().err


def test_a_bar_without_tqdm_names_the_extra(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tqdm.auto", None)
    found = prepared()
    with pytest.raises(MissingExtraError, match=r'pip install "sparsekin\[progress\]"'):
        cross_validate(problem_of(found), SETTINGS, make_folds(found.blocks, folds=3), progress=True)


def test_a_task_left_out_is_predicted_as_predict_does_by_the_others():
    found = prepared(weighted=True, keep=True)
    problem, folds = problem_of(found), make_folds(found.blocks, scheme="leave-one-task-out")
    blocks, settings = found.blocks, cross([2], [0.1], [0.0], [0.3])
    errors = cross_validate(problem, settings, folds)
    for k in range(3):
        rows = np.flatnonzero(folds.of_row != k)
        res = sparse_model(blocks, rows, "within", False).fit(2, lambda_1=0.1, lambda_z=0.3)
        fitted = res.predict(blocks.X_of(k), how="mean", keep=blocks.keep_of(k)).to_numpy()
        w = blocks.weights[k]
        assert errors.sse[0, k, k] == pytest.approx(w @ (blocks.y[k] - fitted) ** 2, rel=1e-8)
        others = [np.average(blocks.y[i], weights=blocks.weights[i]) for i in range(3) if i != k]
        rows = [blocks.weights[i].sum() for i in range(3) if i != k]
        assert errors.sst[k, k] == pytest.approx(w @ (blocks.y[k] - np.average(others, weights=rows)) ** 2)
        assert np.isnan(errors.sizes[0, k, k])
    assert np.count_nonzero(errors.weight) == 3


def test_stacking_beats_the_mean_where_one_task_is_noise():
    rng, truth = np.random.default_rng(0), made(n_tasks=4, n=40)
    noise = rng.standard_normal(160)
    y = np.where(truth.task == 1, 5 * noise, truth.X[:, 0] + truth.X[:, 2] + 0.1 * noise)
    model = SparseMTL(y, truth.X, truth.task)
    mean, stacked = (
        model.cross_validate(6, lambda_z=0.1, scheme="leave-one-task-out", ensemble=how, lambda_1=0.0, lambda_2=0.0)
        for how in ("mean", "stack")
    )
    others = [0, 2, 3]
    assert stacked.per_task.iloc[0, others].sum() < 0.75 * mean.per_task.iloc[0, others].sum()


def test_stacking_sees_only_predictions_of_rows_held_out():
    """A task of pure noise, fitted with many features, looks good on its own rows and must get no weight."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((120, 30))
    task = np.repeat([0, 1], 60)
    y = np.where(task == 0, X[:, 0], 3 * rng.standard_normal(120))
    model = SparseMTL(y, X, task)
    cv = model.cross_validate(15, lambda_z=0.0, folds=6, rng=0, lambda_1=0.0, lambda_2=0.0)
    res = cv.refit()
    assert res.rsquared[1] > 0.3
    assert res.stacking.weights[1] < 0.1
    np.testing.assert_allclose(
        res.stacking.weights,
        stacking_weights(cv.problem, cross([15], [0.0], [0.0], [0.0]), cv.errors.folds)[0].weights,
    )


def test_problems_of_fewer_tasks_keep_their_options():
    found = prepared()
    problem = problem_of(found, "pooled", True, task_weights=np.array([0.5, 1.0, 1.5]), support="common")
    folds = make_folds(found.blocks, scheme="leave-one-task-out")
    training = like(problem, training_blocks(found.blocks, folds, 0))
    np.testing.assert_allclose(training.task_weights, [0.8, 1.2])
    assert (training.standard.mode, training.standard.scale_outcome) == ("pooled", True)
    assert training.support == "common"
    assert solve_grid(training, SETTINGS).finished.all()
