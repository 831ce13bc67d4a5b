"""Folds on a dask cluster, through joblib: the same numbers as at home."""

from __future__ import annotations

import joblib
import numpy as np
import pytest

from sparsekin import SparseMTL
from sparsekin.data.simulate import simulate_shared_supports

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("default")  # dask's own


def test_folds_run_on_a_dask_cluster():
    truth = simulate_shared_supports(n_tasks=3, n=30, p=40, s=3, q=5, rng=0)
    model = SparseMTL(truth.y, truth.X, truth.task)
    options = {"s": [2, 3], "lambda_1": 0.0, "lambda_2": 0.0, "lambda_z": [0.0, 0.5], "folds": 4, "rng": 0}
    home = model.cross_validate(**options)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
        joblib.parallel_config(backend="dask"),
    ):
        away = model.cross_validate(**options)
        assert len(client.scheduler_info()["workers"]) == 2
    np.testing.assert_array_equal(away.errors.sse, home.errors.sse)
    assert away.best == home.best
