"""Moments on dask: on this process, and on a local cluster that loses a worker on the way."""

import os
import signal
import sys

import dask
import dask.array as da
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest

from data.test_chunks import FORMULA, assert_same, people
from sparsekin import moments
from sparsekin.errors import DataError


@pytest.fixture(autouse=True)
def _here():
    with dask.config.set(scheduler="synchronous"):
        yield


@pytest.mark.parametrize("options", [{}, {"weights": "w"}, {"keep": ["age"]}, {"levels": {"sex": ["m", "x", "f"]}}])
def test_a_dask_frame_has_the_moments_of_the_frame(options):
    frame = people()
    found = moments.from_dask(FORMULA, dd.from_pandas(frame, npartitions=13), "site", **options)
    assert_same(found, moments.from_frame(FORMULA, frame, "site", **options))


def test_incomplete_rows_are_dropped():
    frame = people()
    frame.loc[:99, "crp"] = np.nan
    frame.loc[150, "sex"] = None
    data = dd.from_pandas(frame, npartitions=8)
    found = moments.from_dask(FORMULA, data, "site", missing="drop")
    assert_same(found, moments.from_frame(FORMULA, frame, "site", missing="drop"))
    with pytest.raises(DataError, match=r"Missing values in \d+ of 50 rows: (crp|sex)"):
        moments.from_dask(FORMULA, data, "site")


@pytest.mark.parametrize("outcomes", [1, 3])
def test_dask_arrays_have_the_moments_of_the_arrays(outcomes):
    rng = np.random.default_rng(0)
    X, Y, w = rng.standard_normal((300, 5)), rng.standard_normal((300, outcomes)), rng.integers(0, 3, 300) * 1.0
    y, task = (Y[:, 0], np.resize(["b", "a"], 300)) if outcomes == 1 else (Y, None)
    names = [f"g{j}" for j in range(5)]
    tasks = None if task is None else da.from_array(task, chunks=70)
    found = moments.from_dask_arrays(
        da.from_array(y, chunks=45), da.from_array(X, chunks=(64, 2)), tasks, weights=w, feature_names=names
    )
    assert_same(found, moments.from_arrays(y, X, task, weights=w, feature_names=names))


def test_shapes_that_do_not_agree():
    with pytest.raises(DataError, match="task has 3 rows, X has 4"):
        moments.from_dask_arrays(da.ones(4), da.ones((4, 2)), np.array(["a"] * 3))


def part_that_kills_once(i: int, flag: str) -> pd.DataFrame:
    """The i-th part of the people; the first process that makes part 5 is killed while it does so."""
    if i == 5:
        try:
            os.close(os.open(flag, os.O_CREAT | os.O_EXCL))
            os.kill(os.getpid(), signal.SIGKILL)
        except FileExistsError:
            pass
    return people().iloc[40 * i : 40 * (i + 1)]


@pytest.mark.slow  # beside other work on two cores the scheduler sometimes never gets its second worker back
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.filterwarnings("ignore")  # the scheduler warns, in its own words, of the worker that dies
def test_a_killed_worker_changes_nothing(tmp_path):
    from distributed import Client, LocalCluster

    flag = tmp_path / "killed"
    with (
        dask.config.set(scheduler=None),
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        pids = set(client.run(os.getpid).values())
        parts = [dask.delayed(part_that_kills_once)(i, str(flag)) for i in range(10)]
        data = dd.from_delayed(parts, meta=people().iloc[:0], verify_meta=False)
        levels = {"sex": ["f", "m", "x"], "ward": [1, 2, 3, 9]}
        found = moments.from_dask(FORMULA, data, "site", levels=levels)
        assert flag.exists()
        assert len(pids) == 2
        assert len(pids & set(client.run(os.getpid).values())) == 1
        undisturbed = moments.from_dask(FORMULA, data, "site", levels=levels)
    for mine, other in zip(found.parts, undisturbed.parts, strict=True):
        np.testing.assert_array_equal(mine.cross, other.cross)
        np.testing.assert_array_equal(mine.mean, other.mean)
    assert_same(found, moments.from_frame(FORMULA, people(), "site", levels=levels))
