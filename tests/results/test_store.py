import dataclasses
import datetime as dt
import os
import re
from functools import partial

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from results.stand_in import fit_arrays, fit_frame
from sparsekin.data.files import write_npz, write_whole, written_whole
from sparsekin.errors import DataError
from sparsekin.results.sparse.fit import SparseFit
from sparsekin.results.sparse.store import load_fit, save_fit


def people(task, index=None):
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(rng.standard_normal((40, 3)), columns=["y", "age", "bmi"], index=index)
    frame["sex"] = np.tile(["f", "m"], 20)
    frame["study"] = task
    frame.iloc[7, 1] = np.nan
    return frame


def assert_same(mine, other):
    """Field by field, to the last bit."""
    for field in dataclasses.fields(mine):
        a, b = getattr(mine, field.name), getattr(other, field.name)
        if dataclasses.is_dataclass(a) and field.name not in ("design", "ledger"):
            assert_same(a, b)
        elif isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b)
            assert a.dtype == b.dtype
        elif sparse.issparse(a):
            np.testing.assert_array_equal(a.toarray(), b.toarray())
        elif isinstance(a, tuple) and any(isinstance(item, np.ndarray) for item in a):
            for x, y in zip(a, b, strict=True):
                np.testing.assert_array_equal(x, y)
        elif isinstance(a, pd.Index):
            assert a.equals(b)
            assert list(a.names) == list(b.names)
        elif field.name not in ("design", "ledger"):
            assert a == b


def round_trip(fit, path):
    save_fit(fit, path)
    again = SparseFit(**load_fit(path))
    assert_same(fit, again)
    assert again.design.to_dict() == fit.design.to_dict()
    assert again.ledger.describe() == fit.ledger.describe()
    pd.testing.assert_frame_equal(again.task_fit, fit.task_fit)
    return again


DAYS = pd.date_range("2020-01-31", periods=40, freq="D", name="visit")
PAIRS = pd.MultiIndex.from_product([["a", "b"], range(20)], names=["ward", "bed"])


@pytest.mark.parametrize(
    ("task", "index"),
    [
        (np.tile(["north", "süd"], 20), None),
        (np.tile([2019, 2020], 20), DAYS),
        (np.tile([True, False], 20), PAIRS),
        (pd.to_datetime(np.tile(["2020-01-01", "2021-01-01"], 20)), [f"p{i}" for i in range(40)]),
        ([dt.date(2020, 1, 1), dt.date(2021, 1, 1)] * 20, np.linspace(0, 1, 40)),
        (pd.cut(np.tile([1.0, 9.0], 20), [0, 5, 10]), None),
    ],
    ids=["text", "int", "bool", "timestamp", "date", "interval"],
)
def test_any_task_label_and_index_comes_back(tmp_path, task, index):
    data = people(task, index)
    fit = fit_frame(SparseFit, "y ~ C(sex) + age + bmi", data, task="study", keep=["bmi"], missing="drop")
    again = round_trip(fit, tmp_path / "fit.npz")
    pd.testing.assert_series_equal(again.predict(data), fit.predict(data))


def test_weights_sparse_columns_and_several_outcomes(tmp_path):
    rng = np.random.default_rng(1)
    X = sparse.random(30, 6, density=0.6, random_state=rng)
    Y = rng.standard_normal((30, 2))
    Y[3, 1] = np.nan
    round_trip(fit_arrays(SparseFit, Y, X, weights=rng.uniform(0.5, 2, 30), missing="drop"), tmp_path / "labels.npz")
    round_trip(fit_arrays(SparseFit, Y[:, 0], X, np.repeat([1, 2], 15)), tmp_path / "sparse.npz")


def test_the_file_is_named_as_asked_and_needs_no_pickle(tmp_path):
    path = tmp_path / "fit.sparsekin"
    save_fit(fit_arrays(SparseFit, np.arange(9.0) ** 2, np.arange(9.0)[:, None], s=1), path)
    assert [file.name for file in tmp_path.iterdir()] == ["fit.sparsekin"]
    with np.load(path, allow_pickle=False) as file:
        assert not [name for name in file if file[name].dtype == object]


def test_messages(tmp_path):
    text, other, later = tmp_path / "text.npz", tmp_path / "other.npz", tmp_path / "later.npz"
    text.write_text("no archive")
    np.savez(other, x=np.ones(3))
    write_npz(later, {"format": 99, "version": "7.1", "kind": "SparseResults"}, {})
    for path in (text, other):
        with pytest.raises(DataError, match=rf"'.*{path.name}' is not a saved sparsekin fit"):
            load_fit(path)
    with pytest.raises(
        DataError, match=r"later version of sparsekin \(7\.1, format 99; .* reads formats up to \d+\); update sparsekin"
    ):
        load_fit(later)
    with pytest.raises(FileNotFoundError):
        load_fit(tmp_path / "none.npz")


def write_half(path, error):
    with written_whole(path) as file:
        file.write(b"half")
        raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_a_file_that_is_not_finished_is_not_there(tmp_path, error):
    for was in (None, b"good"):
        if was is not None:
            (tmp_path / "page").write_bytes(was)
        with pytest.raises(error):
            write_half(tmp_path / "page", error)
        assert [file.name for file in tmp_path.iterdir()] == ([] if was is None else ["page"])
    assert (tmp_path / "page").read_bytes() == b"good"
    write_whole(tmp_path / "page", "größer")
    assert (tmp_path / "page").read_text(encoding="utf-8") == "größer"


@pytest.fixture(scope="module")
def small():
    return fit_arrays(SparseFit, np.arange(9.0) ** 2, np.arange(9.0)[:, None], s=1)


@pytest.mark.parametrize("path", [5, 0, None, 1.5, True, ["x"]])
def test_what_is_no_path_is_not_opened(small, path):
    for ask in (lambda: load_fit(path), lambda: save_fit(small, path)):
        with pytest.raises(DataError, match=rf"^path = {re.escape(repr(path))} is no path; give the name of a file"):
            ask()


def test_a_number_is_no_open_file_even_where_there_is_one(small, tmp_path):
    save_fit(small, tmp_path / "fit")
    with open(tmp_path / "fit", "rb") as file, pytest.raises(DataError, match="is no path"):
        load_fit(file.fileno())


def test_places_that_are_not_there_are_named_as_given(small, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError) as said:
        save_fit(small, "nope/dir/x")
    assert str(said.value).endswith("There is no folder 'nope/dir' to write to: 'nope/dir/x'")
    with pytest.raises(FileNotFoundError) as said:
        load_fit("nope.spk")
    assert str(said.value).endswith(f"There is no file of that name in '{os.getcwd()}': 'nope.spk'")
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError, match="'file/x'"):
        save_fit(small, "file/x")
    for path in (tmp_path, ""):
        for ask in (partial(load_fit, path), partial(save_fit, small, path)):
            with pytest.raises(DataError, match=r"is no file; give the name of one\.$"):
                ask()
    assert [one.name for one in tmp_path.iterdir()] == ["file"]
