"""Cross-validation of MTHAL: folds, choices, the end of the path, Ctrl-C."""

import numpy as np
import pandas as pd
import pytest

from sparsekin import MTHAL
from sparsekin.errors import InterruptedWarning, SolverError


def test_cross_validation_chooses_and_does_not_depend_on_jobs(model, frame):
    one, two = (model.cross_validate(n_lambda=15, folds=4, rng=0, n_jobs=jobs) for jobs in (1, 2))
    pd.testing.assert_frame_equal(one.table, two.table)
    assert one.best["lambda_"] <= one.best_1se["lambda_"]
    assert one.table["mean"].min() < 0.35 < one.table["mean"].max()
    found, sparser = one.refit(), one.refit("1se")
    assert (found.lambda_, sparser.lambda_) == (one.best["lambda_"], one.best_1se["lambda_"])
    assert sparser.basis.size <= found.basis.size
    assert one.per_task.columns.tolist() == ["A", "B", "C"]
    again = model.cross_validate(n_lambda=15, folds=one.folds.to_numpy())
    pd.testing.assert_frame_equal(one.table, again.table)


def test_held_out_errors_are_those_of_a_fit_without_the_rows(frame):
    fold = np.arange(len(frame)) % 3
    lambdas = [0.05, 0.01]
    X, y = frame[["age", "bmi"]].to_numpy(), frame["y"].to_numpy()
    model = MTHAL(y, X, order=1, knots=6, max_degree=2)
    found = model.cross_validate(lambdas, folds=fold)
    sse = np.zeros(2)
    for f in range(3):
        weights = (fold != f).astype(float)
        part = MTHAL(y, X, order=1, knots=6, max_degree=2, weights=weights)
        for i, lambda_ in enumerate(lambdas):
            fit = part.fit(lambda_)
            seen = y[fold != f]
            room = 2 * seen.std(ddof=1)
            values = np.clip(fit._linear(X, np.empty((len(X), 0)))[:, 0], seen.min() - room, seen.max() + room)
            sse[i] += np.sqrt(np.mean((y - values)[fold == f] ** 2)) / 3
    np.testing.assert_allclose(found.table["mean"], sse, rtol=1e-3)


def test_rows_of_a_subject_stay_together(frame):
    subject = np.arange(len(frame)) // 3
    found = MTHAL(frame["y"], frame[["age", "bmi"]], frame["site"], max_degree=1).cross_validate(
        n_lambda=5, folds=5, groups=subject, rng=0
    )
    assert (found.folds.groupby(subject).nunique() == 1).all()


def test_the_default_sequence_ends_when_errors_lie_well_behind():
    rng = np.random.default_rng(2)
    X = rng.uniform(-2, 2, (60, 2))
    model = MTHAL((X[:, 0] > 0) + 0.5 * rng.normal(size=60), X, order=0, max_degree=1)
    short = model.cross_validate(n_lambda=100, folds=5, rng=0)
    whole = model.cross_validate(model.path(n_lambda=100).table["lambda"].tolist(), folds=5, rng=0)
    assert len(short.table) < len(whole.table) == 100
    pd.testing.assert_frame_equal(short.table, whole.table.head(len(short.table)), rtol=1e-4)
    assert short.best == whole.best


def test_ctrl_c_keeps_the_lambdas_that_are_finished(model, monkeypatch):
    from sparsekin.tuning.hal import cross_validate as room

    advance, calls = room._Fold.advance, []

    def interrupted(self, *args):
        calls.append(1)
        if len(calls) > 5:
            raise KeyboardInterrupt
        return advance(self, *args)

    monkeypatch.setattr(room._Fold, "advance", interrupted)
    with pytest.warns(InterruptedWarning, match="interrupted: 4 of 30 lambdas are finished"):
        found = model.cross_validate(n_lambda=30, folds=3, rng=0, linear=None)
    assert len(found.table) == 4
    with pytest.raises(SolverError, match="No lambda was finished"), pytest.warns(InterruptedWarning):
        model.cross_validate(n_lambda=30, folds=3, rng=0, linear=None)


def test_ctrl_c_in_the_second_penalty_keeps_the_first(model, monkeypatch):
    from sparsekin.tuning.hal import cross_validate as room

    advance, seen = room._Fold.advance, []

    def interrupted(self, *args):
        seen.append(self)
        if len(set(map(id, seen))) > 3:
            raise KeyboardInterrupt
        return advance(self, *args)

    monkeypatch.setattr(room._Fold, "advance", interrupted)
    with pytest.warns(InterruptedWarning, match="interrupted: 2 of 4 lambdas are finished") as caught:
        found = model.cross_validate([1.0, 0.5], l1_ratio=(0, 0.5), folds=3, rng=0)
    assert caught[0].filename == __file__
    assert found.table["l1_ratio"].tolist() == [0.0, 0.0]
    assert found.refit().penalty == "l21"


def test_more_functions_than_rows_do_not_end_the_path_before_its_best():
    """It ended at a hundredth of the largest lambda, and with many knots its last lambda was the best."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (200, 3))
    y = np.sin(2 * X[:, 0]) + X[:, 0] * (X[:, 1] > 0) + 0.1 * rng.standard_normal(200)
    model = MTHAL(y, X, max_degree=2, knots=[20, 10])
    assert model.n_functions > 200
    found = model.cross_validate(n_lambda=30, folds=4, rng=0, linear=None).table
    assert 0 < found["mean"].argmin() < len(found) - 1
    assert found["lambda"].min() < 1e-2 * model.lambda_max
    assert model.path(n_lambda=3).table["lambda"].min() > 0.99e-2 * model.lambda_max
