"""Columns of arrays on disk: the protocol gives what NumPy gives of the whole array."""

import pickle

import numpy as np
import pytest

from sparsekin import columns
from sparsekin.data.sources import base
from sparsekin.errors import DataError

N, P = 60, 500


KINDS = [(np.int8, "F"), (np.int8, "C"), (np.float32, "F"), (np.float64, "C"), (np.float64, "F")]


@pytest.fixture(params=KINDS, ids=str)
def on_disk(request, tmp_path, monkeypatch):
    """A .npy file read in chunks of 40 columns, and its numbers."""
    monkeypatch.setattr(base, "CHUNK_BYTES", 8 * N * 40)
    dtype, order = request.param
    X = np.random.default_rng(0).normal(1, 20, (N, P)).astype(dtype, order=order)
    X[:, 7] = 3
    np.save(tmp_path / "X.npy", X)
    return columns.open(tmp_path / "X.npy"), X.astype(float)


def test_columns_products_and_moments_are_those_of_the_array(on_disk):
    source, X = on_disk
    R = np.random.default_rng(1).standard_normal((N, 3))
    np.testing.assert_allclose(source.products(R), X.T @ R, rtol=1e-12, atol=1e-10)
    np.testing.assert_array_equal(source.columns([400, 3, 3]), X[:, [400, 3, 3]])
    np.testing.assert_array_equal(source.columns(["x4", "x1"]), X[:, [3, 0]])
    found = source.moments()
    np.testing.assert_allclose(found.mean[:, 0], X.mean(axis=0), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(found.sd[:, 0], X.std(axis=0), rtol=1e-12)
    assert np.flatnonzero(found.constant).tolist() == [7]
    np.testing.assert_array_equal(found.low, X.min(axis=0))
    np.testing.assert_array_equal(found.high, X.max(axis=0))
    assert (source.passes, source.fetched) == (2, 4)


def test_a_memory_map_travels_by_its_name(on_disk):
    source, X = on_disk
    sent = pickle.dumps(source)
    assert len(sent) < 2000
    np.testing.assert_array_equal(pickle.loads(sent).columns([5]), X[:, [5]])


def test_pages_that_were_read_are_let_go_but_no_change_is_lost(tmp_path):
    X = np.random.default_rng(0).integers(0, 100, (N, P)).astype(np.int8)
    np.save(tmp_path / "X.npy", X)
    for mode in ("r", "r+", "c"):
        array = np.load(tmp_path / "X.npy", mmap_mode=mode)
        if mode != "r":
            array[3, 4] = -7
            X[3, 4] = -7
        source = columns.from_array(array)
        np.testing.assert_allclose(source.moments().mean[:, 0], X.mean(axis=0), atol=1e-12)
        assert array[3, 4] == X[3, 4]
        np.testing.assert_allclose(columns.from_array(array.T, transposed=True).columns([4])[:, 0], X[:, 4])


def test_a_transposed_store_has_variants_first():
    X = np.random.default_rng(0).standard_normal((N, P))
    source = columns.from_array(np.ascontiguousarray(X.T), transposed=True)
    assert source.shape == (N, P)
    np.testing.assert_array_equal(source.columns([499]), X[:, [499]])
    np.testing.assert_allclose(source.products(np.ones((N, 1)))[:, 0], X.sum(axis=0), atol=1e-12)


def test_gaps_are_counted_or_the_mean_of_their_column():
    X = np.random.default_rng(0).standard_normal((N, P))
    X[[1, 2], 3] = np.nan
    X[:, 4] = np.nan
    found = columns.from_array(X).moments()
    assert found.missing[[2, 3, 4]].tolist() == [0, 2, N]
    assert found.rows_missing.all()
    filled = columns.from_array(X, missing="mean")
    assert filled.columns([3])[1, 0] == pytest.approx(np.nanmean(X[:, 3]))
    assert (filled.columns([4]) == 0).all()
    assert filled.moments().missing.sum() == 0
    assert np.isnan(X[1, 3])  # the user's array is as it was


def test_a_pass_ends_at_the_deadline():
    source = columns.from_array(np.zeros((N, P)))
    with pytest.raises(TimeoutError):
        list(source.over_chunks(lambda part, X: None, deadline=0.0))
    assert source.passes == 0


@pytest.mark.parametrize(
    ("ids", "message"),
    [([500], "no column 500.*0 to 499"), ([-1], "no column -1"), (["x501"], "no column 'x501' among the 500")],
)
def test_columns_that_are_not_there_are_named(ids, message):
    with pytest.raises(DataError, match=message):
        columns.from_array(np.zeros((N, P))).columns(ids)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros(3), "two dimensions"),
        (np.zeros((2, 2, 2)), r"not shape \(2, 2, 2\); of several layers take one"),
        (np.array([["a", "b"]]), "must hold real numbers"),
    ],
)
def test_arrays_that_are_no_columns_are_refused(array, message):
    with pytest.raises(DataError, match=message):
        columns.from_array(array)


def test_what_cannot_be_opened_says_why(tmp_path):
    with pytest.raises(DataError, match="no file or folder at"):
        columns.open(tmp_path / "not there.npy")
    (tmp_path / "X.csv").write_text("1,2")
    with pytest.raises(DataError, match=r"ends in none of \.npy, \.zarr"):
        columns.open(tmp_path / "X.csv")
    with pytest.raises(DataError, match="There are 2 names for 3 columns"):
        columns.from_array(np.zeros((2, 3)), ["a", "b"])
    with pytest.raises(DataError, match=r"R has shape \(3, 1\).*2 rows"):
        columns.from_array(np.zeros((2, 3))).products(np.zeros((3, 1)))


def test_a_file_that_ends_early_is_named(tmp_path):
    np.save(tmp_path / "half.npy", np.zeros((20, 30)))
    with open(tmp_path / "half.npy", "r+b") as file:
        file.truncate(2000)
    with pytest.raises(DataError, match=r"half\.npy' is no whole \.npy file of numbers .*; write it again"):
        columns.open(tmp_path / "half.npy")
