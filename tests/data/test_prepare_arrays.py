"""Arrays become task blocks of their own."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from sparsekin.data.prepare import prepare_arrays
from sparsekin.errors import DataError, FormulaError, OptionError

RNG = np.random.default_rng(0)
X = np.asfortranarray(RNG.normal(size=(12, 4)))
Y = RNG.normal(size=12)
SIDE_BY_SIDE = list("bbbbaaaaaccc")
MIXED = list("abcabcabcabc")


@pytest.mark.parametrize("task", [None, SIDE_BY_SIDE, np.array(SIDE_BY_SIDE), pd.Categorical(SIDE_BY_SIDE)])
def test_fortran_order_and_side_by_side_tasks_are_used_in_place_only_when_asked_for(task):
    found = prepare_arrays(Y, X, task, own=False)
    assert np.shares_memory(found.blocks.X, X)
    assert not np.shares_memory(prepare_arrays(Y, X, task).blocks.X, X)
    assert found.blocks.X.flags.f_contiguous
    np.testing.assert_array_equal(found.row_positions, range(12))
    assert found.ledger.n_dropped == 0


def test_c_order_is_copied_once_into_fortran_order():
    C = np.ascontiguousarray(X)
    blocks = prepare_arrays(Y, C, SIDE_BY_SIDE).blocks
    assert not np.shares_memory(blocks.X, C)
    assert blocks.X.flags.f_contiguous
    np.testing.assert_array_equal(blocks.X, X)


@pytest.mark.parametrize("order", ["F", "C"])
def test_mixed_tasks_are_sorted_stably(order):
    found = prepare_arrays(Y, np.array(X, order=order), MIXED)
    np.testing.assert_array_equal(found.row_positions, [0, 3, 6, 9, 1, 4, 7, 10, 2, 5, 8, 11])
    np.testing.assert_array_equal(found.blocks.X, X[found.row_positions])
    assert found.blocks.X.flags.f_contiguous
    np.testing.assert_array_equal(found.blocks.y[1], Y[1::3])


@pytest.mark.parametrize(
    "form", [sparse.csr_matrix, sparse.csc_matrix, sparse.coo_array, sparse.lil_array, sparse.csc_array]
)
@pytest.mark.parametrize("task", [SIDE_BY_SIDE, MIXED])
def test_sparse_equals_dense(form, task):
    dense = np.where(np.abs(X) > 0.5, X, 0.0)
    found, expected = prepare_arrays(Y, form(dense), task), prepare_arrays(Y, dense, task)
    assert isinstance(found.blocks.X, sparse.csc_array)
    np.testing.assert_array_equal(found.blocks.X.toarray(), expected.blocks.X)
    np.testing.assert_array_equal(found.row_positions, expected.row_positions)


def test_sparse_with_repeated_entries_is_summed_without_touching_the_users():
    given = sparse.csc_array((np.ones(3), np.array([1, 1, 2]), np.array([0, 3])), shape=(12, 1))
    blocks = prepare_arrays(Y, given).blocks
    assert blocks.X.toarray()[1, 0] == 2.0
    assert given.nnz == 3


def test_sparse_gaps_and_keep():
    dense = np.where(np.abs(X) > 0.5, X, 0.0)
    dense[3, 2] = np.nan
    found = prepare_arrays(Y, sparse.csr_array(dense), MIXED, keep=["x2"], missing="drop")
    assert found.ledger.describe() == "1 of 12 rows dropped: x3 (1)"
    assert found.blocks.feature_names == ("x1", "x3", "x4")
    np.testing.assert_array_equal(found.blocks.keep[:, 0], dense[found.row_positions, 1])


def test_gaps_by_column_and_outcome():
    A, y, w = X.copy(), Y.copy(), np.ones(12)
    A[[1, 2], 3], A[2, 0], y[5], w[6] = np.nan, np.nan, np.nan, np.nan
    with pytest.raises(DataError, match=r"4 of 12 rows: x4 \(2\), y \(1\), weights \(1\), x1 \(1\)"):
        prepare_arrays(y, A, weights=w)
    found = prepare_arrays(y, A, SIDE_BY_SIDE, weights=w, missing="drop")
    assert found.ledger.dropped.tolist() == [1, 2, 5, 6]
    np.testing.assert_array_equal(found.blocks.X, X[found.row_positions])


def test_multi_label_outcomes():
    several = np.column_stack([Y, 2 * Y, -Y])
    several[2, 1] = np.nan
    blocks = prepare_arrays(several, X).blocks
    assert blocks.shared
    assert blocks.task_names == ("y1", "y2", "y3")
    assert blocks.n_obs.tolist() == [12, 11, 12]
    frame = pd.DataFrame(several, columns=["tau", "p_tau", "Ab"])
    assert prepare_arrays(frame, X).blocks.task_names == ("tau", "p_tau", "Ab")
    assert prepare_arrays(several[:, :1], X).blocks.shared is False


def test_names_come_from_frames_series_or_the_caller():
    frame = pd.DataFrame(X, columns=list("pqrs"), index=range(100, 112))
    found = prepare_arrays(pd.Series(Y, frame.index, name="chol"), frame, keep=pd.DataFrame({"age": Y}, frame.index))
    assert found.blocks.feature_names == ("p", "q", "r", "s")
    assert found.blocks.task_names == ("chol",)
    assert found.blocks.keep_names == ("age",)
    assert found.index.equals(frame.index)
    assert prepare_arrays(Y, X, feature_names=[1, 2, 3, 4]).blocks.feature_names == ("1", "2", "3", "4")
    assert prepare_arrays(Y, X, intercept=False).blocks.intercept is False


def test_keep_named_out_of_X():
    blocks = prepare_arrays(Y, X, keep=["x3", "x1"]).blocks
    assert blocks.feature_names == ("x2", "x4")
    np.testing.assert_array_equal(blocks.keep, X[:, [2, 0]])
    np.testing.assert_array_equal(blocks.X, X[:, [1, 3]])


@pytest.mark.parametrize(
    "cast", [list, lambda a: a.tolist(), lambda a: a.astype(object), lambda a: a.astype(np.float32)]
)
def test_other_number_holders(cast):
    np.testing.assert_allclose(prepare_arrays(cast(Y), cast(X)).blocks.X, X, rtol=1e-6)


INF = np.where(np.arange(48).reshape(12, 4) == 13, np.inf, X)


@pytest.mark.parametrize(
    ("args", "options", "error", "message"),
    [
        ((Y, X[:, 0]), {}, DataError, r"X must have two dimensions.*\(12,\)"),
        ((Y, X[:0]), {}, DataError, "X has no rows"),
        ((Y, X[:, :0]), {}, DataError, "X has no columns"),
        ((Y[:5], X), {}, DataError, "y has 5 rows, X has 12"),
        ((Y[:, None, None], X), {}, DataError, r"y must have shape \(n,\) or \(n, K\)"),
        ((["a"] * 12, X), {}, DataError, "Outcome 'y' is not numeric"),
        ((np.where(np.arange(12) == 3, np.inf, Y), X), {}, DataError, "Outcome 'y' is infinite in 1 rows"),
        ((Y, INF), {}, DataError, "Column 'x2' of X holds infinite values"),
        ((Y, sparse.csc_array(INF)), {}, DataError, "Column 'x2' of X holds infinite values"),
        ((Y, X.astype(str)), {}, DataError, "X must hold real numbers"),
        ((Y, X.astype(complex)), {}, DataError, "X must hold real numbers, not complex128"),
        ((Y, sparse.csc_array(X.astype(complex))), {}, DataError, "not complex128"),
        ((Y, np.array([[object()] * 4] * 12)), {}, DataError, "X holds values that are not numbers"),
        ((Y, pd.DataFrame({"a": Y, "sex": ["m"] * 12})), {}, DataError, "'sex' do not; use a formula"),
        ((Y, X, ["a"] * 3), {}, DataError, "one label for each of the 12 rows"),
        ((Y, X, 3), {}, DataError, "one label for each of the 12 rows"),
        ((Y, X), {"weights": [1.0]}, DataError, "There are 1 weights for 12 rows"),
        ((Y, X), {"weights": -np.ones(12)}, DataError, "negative in 12 rows"),
        ((Y, X), {"weights": ["a"] * 12}, DataError, "must be numbers"),
        ((Y, X), {"weights": np.full(12, np.inf)}, DataError, "infinite in 12 rows"),
        ((Y, X), {"weights": np.zeros(12)}, DataError, "Task 'y' has no row"),
        (
            (Y, X, SIDE_BY_SIDE),
            {"weights": [1.0] * 9 + [0] * 3},
            DataError,
            "Task 'c' has no row with a value and a pos",
        ),
        ((Y, X), {"feature_names": ["a"]}, DataError, "There are 1 feature names for 4 columns"),
        ((Y, X), {"feature_names": list("aabc")}, DataError, "Two feature names are 'a'"),
        ((Y, X), {"keep": ["x9"]}, DataError, "keep names 'x9', which is no column of X. There are 'x1', 'x2'"),
        ((Y, X), {"keep": ["x1", "x2", "x3", "x4"]}, DataError, "none left to select from"),
        ((Y, X), {"keep": np.ones((3, 1))}, DataError, "keep has 3 rows, X has 12"),
        ((np.column_stack([Y, Y]), X, SIDE_BY_SIDE), {}, FormulaError, "Several outcomes are tasks of their own"),
        ((Y, X), {"missing": "ignore"}, OptionError, "missing = 'ignore'"),
        ((np.full(12, np.nan), X), {"missing": "drop"}, DataError, r"No complete row is left of 12: y \(12\)"),
        ((np.column_stack([Y, np.full(12, np.nan)]), X), {}, DataError, "Outcome 'y2' has no row"),
    ],
)
def test_arrays_that_cannot_be_used(args, options, error, message):
    with pytest.raises(error, match=message):
        prepare_arrays(*args, **options)
