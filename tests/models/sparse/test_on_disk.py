"""X on disk: the fits of X in memory, few passes, little memory, and clear words where it cannot be."""

from __future__ import annotations

import os
import signal
import threading
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from sparsekin import SparseMTL, columns
from sparsekin.data.sources import base
from sparsekin.errors import DataError, InterruptedWarning, OptionError
from sparsekin.l0.disk import screen

N, P, K = 240, 3000, 3
REGIMES = [
    {"lambda_z": 0.03},
    {"lambda_z": 0.03, "lambda_2": 0.2},
    {"support": "common"},
    {"support": "independent"},
    {"lambda_2": np.inf},
]


@pytest.fixture
def few(monkeypatch):
    """Memory for few candidates, and small chunks."""
    monkeypatch.setattr(screen, "HELD_BYTES", 1)
    monkeypatch.setattr(screen, "LEAST_HELD", 300)
    monkeypatch.setattr(base, "CHUNK_BYTES", 8 * N * 2000)


def genotypes(seed: int = 0, n: int = N, p: int = P) -> np.ndarray:
    """(n, p) int8, neighbours alike."""
    rng = np.random.default_rng(seed)
    X = rng.integers(0, 2, (n, p + 1), np.int8)
    return np.asfortranarray(X[:, 1:] + X[:, :-1])


def linear(X: np.ndarray, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """(n, K) predictors of tasks that share two of three columns, and labels that are mixed up."""
    rng = np.random.default_rng(seed)
    beta = np.zeros((X.shape[1], K))
    beta[[10, 900]] = rng.uniform(1.0, 1.5, (2, K))
    beta[[2000, 2100, 2200], [0, 1, 2]] = 1.2
    return (X - X.mean(axis=0)) @ beta, rng.permutation(np.repeat(["a", "b", "c"], len(X) // K))


def outcome(family: str, eta: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if family == "gaussian":
        return eta + rng.standard_normal(len(eta))
    if family == "binomial":
        return (rng.random(len(eta)) < 1 / (1 + np.exp(-2 * eta))).astype(float)
    if family == "poisson":
        return rng.poisson(np.exp(eta / 2)).astype(float)
    time, cut = rng.exponential(np.exp(-eta)), rng.exponential(3.0, len(eta))
    return np.column_stack([np.minimum(time, cut), time <= cut])


def one_per_row(eta: np.ndarray, task: np.ndarray) -> np.ndarray:
    return eta[np.arange(len(task)), np.searchsorted(["a", "b", "c"], task)]


def same(disk, memory) -> None:
    assert disk.objective == pytest.approx(memory.objective, rel=1e-10)
    assert disk.selected == memory.selected
    pd.testing.assert_frame_equal(disk.params, memory.params, rtol=1e-8)


@pytest.mark.parametrize("regime", REGIMES, ids=str)
@pytest.mark.parametrize("labels", [False, True])
def test_a_fit_is_that_of_x_in_memory(regime, labels, few):
    X = genotypes()
    eta, task = linear(X)
    noise = np.random.default_rng(2).standard_normal((N, K))
    y, task = (eta + noise, None) if labels else (one_per_row(eta, task) + noise[:, 0], task)
    asked = {"s": 3, "lambda_1": 0.01, **regime}
    model = SparseMTL(y, columns.from_array(X), task)
    if labels and regime.get("lambda_2") == np.inf:
        with pytest.raises(OptionError, match=r"lambda_2 = inf of outcomes of one X needs .* Use a large finite"):
            model.fit(**asked)
        return
    disk = model.fit(**asked)
    same(disk, SparseMTL(y, X, task).fit(**asked))
    assert disk.status == "swap-optimal"
    assert disk.passes <= 8
    assert f"all 3000 were read {disk.passes} times" in str(disk.summary())


@pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
def test_other_outcomes_too(family, few):
    X = genotypes()
    eta, task = linear(X)
    y = outcome(family, one_per_row(eta, task), np.random.default_rng(4))
    asked = {"s": 3, "lambda_z": 0.01}
    disk = SparseMTL(y, columns.from_array(X), task, family=family).fit(**asked)
    memory = SparseMTL(y, X, task, family=family).fit(**asked)
    same(disk, memory)
    assert disk.status == memory.status == "shortlist-optimal"
    assert disk.passes <= 8


def test_a_path_of_20_sizes_takes_few_passes(few):
    X = genotypes()
    eta, task = linear(X)
    y = one_per_row(eta, task) + 0.5 * np.random.default_rng(5).standard_normal(N)
    disk = SparseMTL(y, columns.from_array(X), task).path(s=range(1, 21), lambda_z=0.05)
    memory = SparseMTL(y, X, task).path(s=range(1, 21), lambda_z=0.05)
    assert disk.passes <= 12
    for i in range(3):
        same(disk[i], memory[i])
    assert {disk[i].status for i in range(20)} <= {"swap-optimal", "converged"}
    assert disk[2].status == "swap-optimal"
    assert disk[2].swap_gain == 0
    assert (disk.table["objective"] <= memory.table["objective"] * 1.05).all()
    assert f"read {disk.passes} times" in str(disk.summary())


def test_with_room_for_all_the_search_is_that_in_memory():
    X = genotypes(p=400)
    y, task = np.random.default_rng(6).standard_normal(N), np.repeat(["a", "b", "c"], N // K)
    disk = SparseMTL(y, columns.from_array(X), task).fit(s=4, lambda_z=0.01)
    same(disk, SparseMTL(y, X, task).fit(s=4, lambda_z=0.01))
    assert disk.passes == 1  # moments


def test_automatic_settings_and_criteria(few):
    X = genotypes()
    eta, task = linear(X)
    y = one_per_row(eta, task) + 0.5 * np.random.default_rng(5).standard_normal(N)
    found = SparseMTL(y, columns.from_array(X), task).select(s=[1, 2, 3, 4])
    assert found.selected == SparseMTL(y, X, task).select(s=[1, 2, 3, 4]).selected


def test_rows_that_leave_weights_and_kept_columns(few):
    X = genotypes().astype(float, order="F")
    eta, task = linear(X)
    rng = np.random.default_rng(8)
    y = one_per_row(eta, task) + rng.standard_normal(N)
    X[5, 17] = np.nan
    y[[3, 77]] = np.nan
    more = {"missing": "drop", "keep": rng.standard_normal((N, 2)), "weights": rng.uniform(0.5, 2, N)}
    disk = SparseMTL(y, columns.from_array(X), task, **more)
    memory = SparseMTL(y, X, task, **more)
    assert disk.ledger.n_dropped == memory.ledger.n_dropped == 3
    disk, memory = (model.fit(s=3, lambda_z=0.03) for model in (disk, memory))
    same(disk, memory)
    for name in ("fittedvalues", "resid"):
        np.testing.assert_allclose(getattr(disk, name), getattr(memory, name), rtol=1e-8, atol=1e-8)
    pd.testing.assert_frame_equal(disk.augment(), memory.augment(), rtol=1e-7)
    rows, kept = np.r_[:5, 6:9], more["keep"]
    np.testing.assert_allclose(
        disk.predict(columns.from_array(X[rows]), task=task[rows], keep=kept[rows]),
        memory.predict(X[rows], task=task[rows], keep=kept[rows]),
    )
    new = memory.predict(X[10:19], how="mean", keep=more["keep"][10:19])
    np.testing.assert_allclose(disk.predict(X[10:19], how="mean", keep=more["keep"][10:19]), new)


def test_memory_does_not_hold_x(few):
    n, p = 1200, 20_000
    X = np.random.default_rng(0).integers(0, 3, (n, p), np.int8).copy(order="F")
    task = np.repeat(["a", "b", "c"], n // K)
    y = X[:, 5] - X[:, 7000] + np.random.default_rng(1).standard_normal(n)
    tracemalloc.start()
    try:
        path = SparseMTL(y, columns.from_array(X), task).path(s=range(1, 6), lambda_z=0.05)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert path[1].selected == ["x6", "x7001"]
    assert peak < X.size * 8 / 4  # a quarter of X as float64
    assert path.passes <= 12


def test_ctrl_c_keeps_the_best_so_far(few, monkeypatch):
    X = genotypes()
    eta, task = linear(X)
    y = one_per_row(eta, task) + np.random.default_rng(9).standard_normal(N)
    source = columns.from_array(X)
    model, each = SparseMTL(y, source, task), source._read
    last = model.fit(s=3, lambda_z=0.03).passes - 2 + source.passes

    def slow(at):
        if source.passes == last and isinstance(at, slice):
            os.kill(os.getpid(), signal.SIGINT)
            threading.Event().wait(0.05)
        return each(at)

    monkeypatch.setattr(source, "_read", slow)
    with pytest.warns(InterruptedWarning):
        found = model.fit(s=3, lambda_z=0.03)
    assert found.status == "interrupted"
    assert len(found.selected) >= 3


def test_a_time_limit_ends_the_search(few):
    X = genotypes()
    eta, task = linear(X)
    model = SparseMTL(one_per_row(eta, task), columns.from_array(X), task)
    with pytest.warns(InterruptedWarning):
        found = model.fit(s=3, lambda_z=0.03, time_limit=1e-9)
    assert found.status == "interrupted"
    assert found.selected == []


REFUSED = {
    "certify": lambda model, fit: fit.certify(),
    "bound_root": lambda model, fit: fit.bound_root(),
    "alternatives": lambda model, fit: fit.alternatives(),
    "within": lambda model, fit: fit.alternatives(within=4.0),
    "stability": lambda model, fit: fit.stability(),
    "bootstrap": lambda model, fit: fit.conf_int(method="bootstrap"),
    "double": lambda model, fit: fit.double_selection(),
    "hold_out": lambda model, fit: fit.hold_out(),
    "interval": lambda model, fit: fit.predict(
        np.zeros((2, 40)), task="a", keep=np.zeros((2, 1)), interval="prediction"
    ),
    "knockoffs": lambda model, fit: model.knockoffs(),
    "compare": lambda model, fit: model.compare(),
    "validate": lambda model, fit: model.validate(),
    "scip": lambda model, fit: model.fit(s=1, solver="scip"),
    "relaxation": lambda model, fit: model.fit(s=1, solver="relaxation"),
    "bounds": lambda model, fit: model.path(s=1, bounds=True),
    "save": lambda model, fit: fit.save("never.npz"),
    "families": lambda model, fit: SparseMTL(
        (np.arange(60) % 2).astype(float), fit.blocks.X.held.source, np.repeat(["a", "b"], 30),
        family={"a": "binomial", "b": "gaussian"},
    ).fit(s=1),
}  # fmt: skip


@pytest.mark.parametrize("verb", REFUSED)
def test_what_needs_all_columns_is_refused(verb):
    rng = np.random.default_rng(0)
    X, task = rng.standard_normal((60, 40)), np.repeat(["a", "b"], 30)
    model = SparseMTL(X[:, 0] + rng.standard_normal(60), columns.from_array(X), task, keep=rng.standard_normal((60, 1)))
    fit = model.fit(s=1, lambda_1=0.01)
    with pytest.raises(OptionError, match=r"all columns of X in memory, and they are on disk\. [A-Z]"):
        REFUSED[verb](model, fit)


def test_what_cannot_be_used_is_said_in_the_users_words(few):
    X = genotypes().astype(float, order="F")
    y, task = np.zeros(N) + np.arange(N), np.repeat(["a", "b", "c"], N // K)
    source = columns.from_array(X)
    with pytest.raises(OptionError, match=r"s = 60 needs more columns in memory than the 300 of 3000.*at most s = 50"):
        SparseMTL(y, source, task).fit(s=60)
    with pytest.raises(DataError, match=r"keep names 'x1', and the columns of X stay on disk; give values"):
        SparseMTL(y, source, task, keep=["x1"])
    X[4, 2] = np.nan
    with pytest.raises(DataError, match=r"Missing values in 1 of 240 rows and 1 columns of X on disk: 'x3'\. Open it"):
        SparseMTL(y, columns.from_array(X), task)
    X[4, 2] = np.inf
    with pytest.raises(DataError, match=r"Column 'x3' of X holds infinite values"):
        SparseMTL(y, columns.from_array(X), task)
    X[4, 2] = 0.0
    with pytest.raises(DataError, match=r"needs all of X in memory, and its columns are on disk"):
        np.asarray(SparseMTL(y, source, task).blocks.X)


def test_folds_share_the_passes(few):
    X = genotypes()
    eta, task = linear(X)
    y = one_per_row(eta, task) + np.random.default_rng(2).standard_normal(N)
    asked = {"s": [0, 1, 2, 3, 4], "lambda_1": 0.01, "lambda_2": 0.0, "lambda_z": [0, 0.05], "folds": 5, "rng": 0}
    source = columns.from_array(X)
    model = SparseMTL(y, source, task)
    disk, memory = model.cross_validate(**asked), SparseMTL(y, X, task).cross_validate(**asked)
    assert disk.passes == source.passes <= 4  # moments, the null models, and at most two looks at models with columns
    strong = disk.table["s"] <= 3
    np.testing.assert_allclose(disk.table["mean"][strong], memory.table["mean"][strong], rtol=1e-8)
    assert disk.best == memory.best
    same(disk.refit(), memory.refit())
    assert f"read {disk.passes} times" in str(disk.summary())
    with pytest.raises(OptionError, match=r'predict\(how="stack"\) needs all columns'):
        disk.refit().predict(X[:2], how="stack")
    with pytest.raises(OptionError, match=r"stages=2 needs all columns .* Give a finer grid yourself"):
        model.cross_validate(stages=2)


@pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
def test_folds_of_other_outcomes(family, few):
    X = genotypes()
    eta, task = linear(X)
    y = outcome(family, one_per_row(eta, task), np.random.default_rng(4))
    asked = {"s": [1, 2], "lambda_1": 0.01, "lambda_2": 0.0, "lambda_z": 0.05, "folds": 3, "rng": 0}
    disk = SparseMTL(y, columns.from_array(X), task, family=family).cross_validate(**asked)
    memory = SparseMTL(y, X, task, family=family).cross_validate(**asked)
    assert disk.passes <= 4
    np.testing.assert_allclose(disk.table["mean"], memory.table["mean"], rtol=1e-6)


def test_a_task_may_be_left_out_and_settings_left_to_the_data(few):
    X = genotypes()
    eta, task = linear(X)
    y = eta.mean(axis=1) + np.random.default_rng(2).standard_normal(N)
    disk = SparseMTL(y, columns.from_array(X), task).cross_validate(s=[1, 2], scheme="leave-one-task-out")
    memory = SparseMTL(y, X, task).cross_validate(s=[1, 2], lambda_2=0.0, scheme="leave-one-task-out")
    assert type(disk) is type(memory)
    assert disk.passes <= 4
    assert disk.table["mean"].min() == pytest.approx(memory.table["mean"].min(), rel=0.02)


def test_with_room_for_all_the_folds_are_those_in_memory():
    X = genotypes(p=400)
    y, task = np.random.default_rng(6).standard_normal(N), np.repeat(["a", "b", "c"], N // K)
    asked = {"s": [1, 3], "lambda_2": 0.0, "lambda_z": [0, 0.02], "folds": 4, "rng": 1}
    disk = SparseMTL(y, columns.from_array(X), task).cross_validate(**asked)
    memory = SparseMTL(y, X, task).cross_validate(**asked)
    np.testing.assert_allclose(disk.table["mean"], memory.table["mean"], rtol=1e-8)
    assert disk.passes == 1


def test_rows_held_out_have_no_say_in_the_candidates(few):
    """With noise for outcomes held-out errors are those of noise: no better than the null model."""
    rng = np.random.default_rng(7)
    X = rng.integers(0, 3, (90, 4000), np.int8).copy(order="F")
    ratios = []
    for _ in range(4):
        cv = SparseMTL(rng.standard_normal(90), columns.from_array(X)).cross_validate(
            s=[3, 6], lambda_1=0.0, folds=5, rng=0
        )  # fmt: skip
        ratios.append(cv.table["mean"].iloc[:2].mean() / cv.table["mean"].iloc[-1])
    assert min(ratios) > 1.05
