import warnings

import numpy as np
import pytest

from sparsekin import SparseMTL
from sparsekin.data.simulate import simulate_shared_supports
from sparsekin.errors import InterruptedWarning, SolverError
from sparsekin.l0.grid import solve_grid
from sparsekin.tuning.sparse import cross_validate as room
from sparsekin.tuning.sparse.dial import run as dial_run
from sparsekin.tuning.sparse.dial.search import search_dial
from tuning.cv_cases import made


def model():
    truth = made(n=30)
    return SparseMTL(truth.y, truth.X, truth.task)


def stops_after(calls, partly=False):
    """solve_grid until Ctrl-C comes in a later call: as an error, or caught inside with some settings missing."""
    count = 0

    def solve(problem, settings, **options):
        nonlocal count
        count += 1
        if count <= calls:
            return solve_grid(problem, settings, **options)
        if not partly:
            raise KeyboardInterrupt
        grid = solve_grid(problem, settings, **options)
        grid.finished[1:] = False
        return grid

    return solve


@pytest.mark.parametrize("partly", [False, True])
def test_finished_folds_are_returned(monkeypatch, partly):
    whole = model().cross_validate([1, 2, 3], lambda_z=0.2, folds=5, rng=0, lambda_1=0.0, lambda_2=0.0)
    monkeypatch.setattr(room, "solve_grid", stops_after(3, partly))
    with pytest.warns(InterruptedWarning, match="Cross-validation was interrupted: 3 of 5 folds are finished"):
        cv = model().cross_validate([1, 2, 3], lambda_z=0.2, folds=5, rng=0, stages=2, lambda_1=0.0, lambda_2=0.0)
    assert cv.errors.finished.sum(axis=1).tolist() == [3, 3, 3]
    np.testing.assert_array_equal(cv.errors.sse[:, :3], whole.errors.sse[:, :3])
    assert np.isnan(cv.errors.sse[:, 3:]).all()
    np.testing.assert_allclose(cv.table["mean"].iloc[:3], whole.per_fold.iloc[:3, :3].mean(axis=1))
    assert cv.table["folds"].tolist() == [3, 3, 3, 3]
    assert cv.best["s"] == 1 + np.argmin(whole.per_fold.iloc[:3, :3].mean(axis=1))
    assert "3 of 5 finished" in cv.summary().as_text()


@pytest.mark.parametrize("partly", [False, True])
def test_nothing_finished(monkeypatch, partly):
    monkeypatch.setattr(room, "solve_grid", stops_after(0, partly))
    with pytest.warns(InterruptedWarning, match="0 of 5 folds"):
        cv = model().cross_validate([1, 2], lambda_z=0.2, folds=5, rng=0, lambda_1=0.0, lambda_2=0.0)
    assert cv.table["mean"].isna().all()
    with pytest.raises(SolverError, match="No fold was finished"):
        _ = cv.best


def test_a_comparison_ends_with_the_method_that_was_interrupted(monkeypatch):
    monkeypatch.setattr(room, "solve_grid", stops_after(7))
    with pytest.warns(InterruptedWarning):
        comparison = model().compare([1, 2], lambda_z=0.2, folds=5, rng=0)
    assert comparison.table.index.tolist()[-2:] == ["shared supports", "common support"]
    assert "common support" not in comparison.methods.differences
    assert comparison.table["difference"].isna().tolist() == [False] * 6 + [True]
    assert "common support" in comparison.summary().as_text()


def searches_until(calls):
    """search_dial until Ctrl-C comes, and how often it was asked."""
    count = []

    def search(*args, **options):
        count.append(1)
        if len(count) > calls:
            raise KeyboardInterrupt
        return search_dial(*args, **options)

    return search, count


@pytest.mark.parametrize(
    ("calls", "finished", "said"),
    [(2, 2, "2 of 4 folds are finished"), (4, 4, "after the last fold"), (6, 4, "after the last fold")],
)
def test_no_larger_ridges_are_tried_after_ctrl_c(monkeypatch, calls, finished, said):
    rng = np.random.default_rng(0)
    X = rng.standard_normal((80, 6))
    weak = SparseMTL(0.3 * X[:, 0] + 4 * rng.standard_normal(80), X, np.repeat([0, 1], 40))
    options = {"s": [6], "lambda_1": "auto", "lambda_z": [0], "folds": 4, "rng": 3}
    search, count = searches_until(calls)
    monkeypatch.setattr(dial_run, "search_dial", search)
    with pytest.warns(InterruptedWarning, match=said):
        cv = weak.cross_validate(**options)
    assert len(count) == calls + 1
    assert cv.errors.finished.all(axis=0).sum() == finished
    assert cv.settings.lambda_1.max() == 6
    assert cv.settings.lambda_1[cv.least_index] == 6


def test_ctrl_c_in_an_inner_fold_ends_the_nested_folds(monkeypatch):
    cv = model().cross_validate([1, 2], lambda_1="auto", lambda_z=[0.2], folds=3, rng=0)
    search, count = searches_until(6)  # one outer fold is 3 inner ones and all of its rows
    monkeypatch.setattr(dial_run, "search_dial", search)
    with pytest.warns(InterruptedWarning, match="1 of 3 folds are finished"):
        found = cv.nested(3, rng=0)
    assert (len(count), found["error"].notna().sum()) == (7, 1)


@pytest.mark.parametrize("finished", [0, 1, 3])
def test_a_comparison_keeps_the_other_methods_where_the_dial_is_interrupted(monkeypatch, finished):
    monkeypatch.setattr(dial_run, "search_dial", searches_until(finished)[0])
    with pytest.warns(InterruptedWarning, match=f"{finished} of 5 folds are finished"):
        comparison = model().compare([1, 2], lambda_z=0.2, folds=5, rng=0)
    assert comparison.per_fold["dial, averaged"].notna().sum() == (finished if finished > 1 else 0)
    assert comparison.per_fold["independent L0"].notna().all()
    assert "independent L0" in comparison.summary().as_text()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_ctrl_c_itself(n_jobs, ctrl_c):
    truth = simulate_shared_supports(n_tasks=4, n=100, p=400, s=5, q=8, rng=0)
    big = SparseMTL(truth.y, truth.X, truth.task)
    ctrl_c(2.5)
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        cv = big.cross_validate(
            range(1, 31),
            lambda_z=np.geomspace(0.01, 10, 10),
            folds=50,
            n_jobs=n_jobs,
            rng=0,
            lambda_1=0.0,
            lambda_2=0.0,
        )
    assert [one.category for one in given] == [InterruptedWarning]
    assert not cv.errors.finished.all()
    assert len(cv.table) == 301
