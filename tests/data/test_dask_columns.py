"""Columns in chunks of a dask array: on this process, and on a local cluster that loses a worker on the way."""

import os
import signal
import sys

import dask
import dask.array as da
import numpy as np
import pytest

from sparsekin import SparseMTL, columns
from sparsekin.errors import DataError
from sparsekin.l0.disk import screen

N, P = 120, 1500


@pytest.fixture(autouse=True)
def few(monkeypatch):
    """Memory for few candidates; work on this process unless there is a cluster."""
    monkeypatch.setattr(screen, "HELD_BYTES", 1)
    monkeypatch.setattr(screen, "LEAST_HELD", 200)
    with dask.config.set(scheduler="synchronous"):
        yield


def data() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.integers(0, 3, (N, P)).astype(np.int8)
    task = np.repeat(["a", "b", "c"], N // 3)
    return X, X[:, 40] - 1.0 * X[:, 1200] + 0.5 * rng.standard_normal(N), task


def test_chunks_have_the_columns_products_and_moments_of_the_array():
    X, _, _ = data()
    source = columns.from_dask(da.from_array(X, chunks=(50, 128)))
    R = np.random.default_rng(1).standard_normal((N, 2))
    np.testing.assert_allclose(source.products(R), X.T @ R, atol=1e-10)
    np.testing.assert_array_equal(source.columns([1400, 3]), X[:, [1400, 3]])
    np.testing.assert_allclose(source.moments().sd[:, 0], X.std(axis=0), rtol=1e-12)
    assert source.passes == 2


def test_a_path_is_that_of_the_array():
    X, y, task = data()
    here = SparseMTL(y, columns.from_array(X), task).path(s=[1, 2, 3], lambda_z=0.05)
    there = SparseMTL(y, columns.from_dask(da.from_array(X, chunks=(N, 128))), task).path(s=[1, 2, 3], lambda_z=0.05)
    np.testing.assert_allclose(there.table["objective"], here.table["objective"], rtol=1e-10)
    assert there[1].selected == here[1].selected == ["x41", "x1201"]
    assert there.passes == here.passes


def test_what_is_no_array_of_numbers_is_refused():
    with pytest.raises(DataError, match=r"must be a dask array of numbers, \(rows, columns\), not float64 of \(4,\)"):
        columns.from_dask(da.ones(4))


def block_that_kills(block, block_info=None, flags: str = ""):
    """A chunk as it is; the process that reads the sixth one for the fourth time is killed."""
    place = block_info[0]["chunk-location"][1]
    if place == 5:
        reads = len(os.listdir(flags))
        with open(f"{flags}/{reads}", "x"):
            pass
        if reads == 3:
            os.kill(os.getpid(), signal.SIGKILL)
    return block


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")
@pytest.mark.filterwarnings("ignore")  # the scheduler warns, in its own words, of the worker that dies
def test_a_killed_worker_changes_nothing(tmp_path):
    from distributed import Client, LocalCluster

    X, y, task = data()
    here = SparseMTL(y, columns.from_array(X), task).path(s=[1, 2, 3], lambda_z=0.05)
    flags = tmp_path / "reads"
    flags.mkdir()
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster),
        dask.config.set(scheduler=None),
    ):
        array = da.from_array(X, chunks=(N, 128)).map_blocks(block_that_kills, flags=str(flags), dtype=X.dtype)
        there = SparseMTL(y, columns.from_dask(array), task).path(s=[1, 2, 3], lambda_z=0.05)
    assert len(list(flags.iterdir())) > 4  # the fourth reading killed its worker, and there were others after it
    np.testing.assert_allclose(there.table["objective"], here.table["objective"], rtol=1e-12)
    assert [there[i].selected for i in range(3)] == [here[i].selected for i in range(3)]
    assert there.passes == here.passes
