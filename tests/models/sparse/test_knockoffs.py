"""`SparseMTL.knockoffs`: what a user gets, and why not."""

import numpy as np
import pandas as pd
import pytest

from sparsekin import SparseMTL, moments
from sparsekin.errors import DataError, InterruptedWarning, OptionError

TASKS = ["A", "B", "C"]


def data(n=80, p=20, seed=0):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.standard_normal((3 * n, p)), columns=[f"gene{j}" for j in range(p)])
    y = X.to_numpy()[:, :5] @ np.array([1, -1, 1, -1, 1.0]) + rng.standard_normal(3 * n)
    return y, X, np.repeat(TASKS, n)


@pytest.fixture(scope="module")
def found():
    return SparseMTL(*data()).knockoffs(rng=0)


def test_what_is_planted_is_found(found):
    assert found.features == [f"gene{j}" for j in range(5)]
    assert found.cells.to_numpy()[:5].all()
    assert found.cells.columns.tolist() == TASKS
    assert (found.e_value.to_numpy()[5:].max() < found.e_value.to_numpy()[:5].min()).all()
    assert "5 selected in any task at fdr = 0.2: gene0" in repr(found)


def test_summary_and_tidy_say_the_same(found):
    rows = found.tidy()
    assert rows.columns.tolist() == ["term", "task", "e_value", "share", "selected"]
    assert rows.selected.sum() == found.cells.to_numpy().sum()
    assert set(rows.term[rows.selected]) >= set(found.features)
    text = found.summary().as_text()
    assert "gene4" in text
    assert "1.00*" in text
    assert "gene17" not in text


def test_in_at_least_so_many_tasks():
    y, X, task = data(n=120)
    y = np.where(task == "C", np.random.default_rng(1).standard_normal(len(y)), y)
    y = y + 2 * X.to_numpy()[:, 5:15] @ np.ones(10)  # ten features in all tasks, five in two of them
    model = SparseMTL(y, X, task)
    everywhere = model.knockoffs(0.3, 3, rng=0)
    assert set(everywhere.features) <= {f"gene{j}" for j in range(5, 15)}
    assert {f"gene{j}" for j in range(5)} <= set(model.knockoffs(0.3, 1, rng=0).features)


def test_kept_terms_are_allowed_for():
    y, X, task = data()
    age = X["gene0"] * 2 + np.random.default_rng(3).standard_normal(len(X))
    found = SparseMTL(y + 5 * age, X, task, keep=age).knockoffs(rng=0)
    assert set(found.features) >= {f"gene{j}" for j in range(1, 5)}


def test_nothing_is_found_in_noise():
    y, X, task = data()
    found = SparseMTL(np.random.default_rng(8).standard_normal(len(y)), X, task).knockoffs(rng=0)
    assert found.features == []
    assert not found.cells.to_numpy().any()
    assert "Nothing is selected in any task" in found.summary().as_text()


def refused(model, match, error=OptionError, **options):
    with pytest.raises(error, match=match):
        model.knockoffs(**options)


def test_what_has_no_copies_is_refused():
    y, X, task = data()
    refused(SparseMTL(y > 0, X, task, family="binomial"), "gaussian outcomes so far")
    refused(SparseMTL(y, X, task, weights=np.linspace(1, 2, len(y))), "knows no weights")
    refused(SparseMTL(np.column_stack([y, y[::-1]]), X), "rows of its own for each task")
    refused(SparseMTL.from_moments(moments.from_arrays(y, X, task)), "cannot be drawn")
    wide = np.random.default_rng(0).standard_normal((30, 5001))
    refused(SparseMTL(wide[:, 0], wide), "5,001 features are too many")


def test_options_are_checked():
    model = SparseMTL(*data())
    refused(model, "fdr = 2 must be a number between 0 and 1", fdr=2)
    refused(model, "at_least = 4 must be a number of tasks, 1 to 3", at_least=4)
    refused(model, "draws = 0 is not a whole number", draws=0)


def test_too_few_rows_or_possible_discoveries_are_refused_with_the_numbers():
    y, X, task = data()
    rows = np.r_[0:80, 80:98, 160:240]
    few = SparseMTL(y[rows], X.iloc[rows].reset_index(drop=True), task[rows])
    refused(few, "Task 'B' has 18 complete rows, 17 beside intercept .* needs 20", DataError)
    narrow = SparseMTL(y, X.iloc[:, :6], task)
    refused(narrow, r"at least 20 cells .* 3 tasks with supports of 6 at most have 18; use fdr >= 0.12", fdr=0.1)
    assert len(narrow.knockoffs(0.12, rng=0).cells) == 6


def test_an_interruption_keeps_what_is_there(monkeypatch):
    from sparsekin.inference import knockoffs

    calls, whole = [], knockoffs.statistics

    def stopped(*piece):
        calls.append(piece)
        if len(calls) > 5:
            raise KeyboardInterrupt
        return whole(*piece)

    monkeypatch.setattr(knockoffs, "statistics", stopped)
    with pytest.warns(InterruptedWarning, match="5 of 20 draws"):
        found = SparseMTL(*data()).knockoffs(rng=0)
    assert found.draws == 5
