"""Knockoffs: copies go with the columns as they should, filters are as defined, and false discoveries are few."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf

from inference.cases import ar1, kindred, problem_of
from sparsekin.data.profile import unpenalised_basis
from sparsekin.data.standardize import standardize
from sparsekin.inference.knockoffs import (
    Copies,
    draw_knockoffs,
    evalues,
    in_at_least,
    reject,
    shrunken_covariance,
    statistics,
    threshold,
)
from sparsekin.l0.path import path_over_s
from sparsekin.l0.problem import make_problem

PARTLY = {"K": 4, "n": 100, "p": 200, "s": 8, "q": 14, "low": 0.2, "high": 0.6}
SIZE = 25


def blocks_of(X, y):
    return problem_of(X, y, 3, 0.0).blocks


def copies_of(blocks):
    return [Copies.of(blocks.X_of(k), unpenalised_basis(blocks, k)) for k in range(blocks.n_tasks)]


@pytest.mark.parametrize("shape", [(40, 7), (12, 30)])
def test_the_covariance_is_that_of_scikit_learn(shape):
    Z = ar1(np.random.default_rng(0), *shape)
    Z = (Z - Z.mean(axis=0)) / Z.std(axis=0)
    np.testing.assert_allclose(shrunken_covariance(Z), ledoit_wolf(Z, assume_centered=True)[0], atol=1e-12)


def test_columns_and_copies_can_change_places():
    """Joint covariance [[C, C - s], [C - s, C]]: from the pieces, and near it in a large draw."""
    rng = np.random.default_rng(1)
    X = ar1(rng, 60, 12)
    X[:, 5] = 3.0
    made = Copies.of(X, np.full((60, 1), 60**-0.5))
    C = ledoit_wolf(made.Z[:, made.usable], assume_centered=True)[0]
    apart = 0.999 * min(1.0, 2 * np.linalg.eigvalsh(C)[0])
    np.testing.assert_allclose(C @ made.pull, C - apart * np.eye(11), atol=1e-12)
    np.testing.assert_allclose(made.pull.T @ C @ made.pull + made.root @ made.root.T, C, atol=1e-12)
    many = replace(made, Z=np.insert(rng.multivariate_normal(np.zeros(11), C, 40_000), 5, 0.0, axis=1))
    drawn = many.draw(rng)
    assert not drawn[:, 5].any()
    joint = np.cov(np.hstack([many.Z, drawn]).T)
    np.testing.assert_allclose(joint[12:, 12:], joint[:12, :12], atol=0.04)
    np.testing.assert_allclose((joint[:12, :12] - joint[:12, 12:])[:5, :5], apart * np.eye(5), atol=0.04)


def test_filters_are_as_defined():
    rng = np.random.default_rng(2)
    for _ in range(200):
        W = np.round(rng.normal(0.5, 2, (rng.integers(1, 12), rng.integers(1, 5))), 1)
        alpha = rng.choice([0.1, 0.3, 0.6])
        kept = [
            t for t in sorted({abs(w) for w in W.flat if w}) if 1 + (-t >= W).sum() <= alpha * (t <= W).sum() + 1e-12
        ]
        t = kept[0] if kept else np.inf
        assert threshold(W, alpha) == t
        e = np.array([[W.size * (w >= t) / (1 + (-t >= W).sum()) for w in row] for row in W])
        np.testing.assert_allclose(evalues(W, alpha), e)
        e = e + rng.exponential(size=e.shape)
        most = max([k for k in range(1, e.size + 1) if np.sort(e, axis=None)[-k] >= e.size / (alpha * k)], default=0)
        assert reject(e, alpha).sum() == most
        r = int(rng.integers(1, W.shape[1] + 1))
        subset = [sorted(row)[: W.shape[1] - r + 1] for row in e]
        np.testing.assert_allclose(in_at_least(e, r), [sum(row) / W.shape[1] for row in subset])


def test_signs_of_null_columns_are_fair_coins():
    """Also where other tasks need a column: signs of cells that are null in their task."""
    ups = downs = 0
    for seed in range(12):
        X, y, B = kindred(np.random.default_rng([7, seed]), **PARTLY)
        blocks = blocks_of(X, y)
        W = statistics(blocks, copies_of(blocks), SIZE, seed)
        elsewhere = (B == 0) & (B != 0).any(axis=1, keepdims=True)
        ups, downs = ups + (W[elsewhere] > 0).sum(), downs + (W[elsewhere] < 0).sum()
    assert abs(ups - downs) < 3 * np.sqrt(ups + downs)


def of_aligned_places(blocks, seed):
    """(p, K) statistics of one search with lambda_z over columns and copies at the same places in all tasks."""
    p, K, rng = blocks.n_features, blocks.n_tasks, np.random.default_rng(seed)
    X = np.vstack([np.hstack([one.Z, one.draw(rng)]) for one in copies_of(blocks)])
    both = replace(blocks, X=np.asfortranarray(X), feature_names=tuple(map(str, range(2 * p))))
    problem = make_problem(both, standardize(both), np.full(K, SIZE), lambda_1=1e-3, lambda_z=0.1)
    count = np.zeros((2 * p, K))
    for supports in path_over_s(problem, range(1, SIZE + 1)).supports:
        for k, S in enumerate(supports):
            count[S, k] += 1
    return count[:p] - count[p:]


def false_shares(seeds):
    """Shares of false cells at alpha = .1: places aligned, and shuffled in each task as the room does."""
    aligned, shuffled = [], []
    for seed in seeds:
        X, y, B = kindred(np.random.default_rng([31, seed]), **PARTLY)
        blocks = blocks_of(X, y)
        for found, W in (
            (aligned, of_aligned_places(blocks, seed)),
            (shuffled, statistics(blocks, copies_of(blocks), SIZE, seed)),
        ):
            chosen = threshold(W, 0.1) <= W
            found.append((chosen & (B == 0)).sum() / max(1, chosen.sum()))
    return np.array(aligned), np.array(shuffled)


def test_supports_shared_over_aligned_copies_select_false_cells():
    aligned, shuffled = false_shares(range(10))
    assert aligned.mean() > 0.3
    assert shuffled.mean() < 0.15


@pytest.mark.slow
def test_supports_shared_over_aligned_copies_select_false_cells_on_many_data_sets():
    aligned, shuffled = false_shares(range(100, 160))
    assert aligned.mean() > 0.3
    assert shuffled.mean() < 0.1 + 2 * shuffled.std() / np.sqrt(len(shuffled))


@pytest.mark.parametrize(("design", "least"), [({}, 0.6), ({"null": True}, None)], ids=["shared", "null"])
def test_false_discoveries_are_few_and_true_ones_are_not(design, least):
    features, cells, power = [], [], []
    for seed in range(5):
        X, y, B = kindred(np.random.default_rng([5, seed]), **design)
        drawn = draw_knockoffs(blocks_of(X, y), size=SIZE, alpha=0.1, draws=12, rng=seed)
        true, chosen = (B != 0).any(axis=1), reject(in_at_least(drawn.evalue, 1), 0.2)
        in_tasks = reject(drawn.evalue, 0.2)
        features.append((chosen & ~true).sum() / max(1, chosen.sum()))
        cells.append((in_tasks & (B == 0)).sum() / max(1, in_tasks.sum()))
        power.append((chosen & true).sum() / max(1, true.sum()))
    assert np.mean(features) <= 0.2
    assert np.mean(cells) <= 0.2
    assert least is None or np.mean(power) >= least


def test_the_same_seed_gives_the_same_draws_and_units_do_not_matter():
    X, y, _ = kindred(np.random.default_rng(0), n=60, p=20, s=4, q=4)
    blocks = blocks_of(X, y)
    one, two = (draw_knockoffs(blocks, size=10, alpha=0.1, draws=6, rng=3, n_jobs=jobs) for jobs in (1, 2))
    np.testing.assert_array_equal(one.evalue, two.evalue)
    far = blocks_of([x * 1e-3 + 5.0 for x in X], [v * 1e4 for v in y])
    np.testing.assert_allclose(draw_knockoffs(far, size=10, alpha=0.1, draws=6, rng=3).evalue, one.evalue)


def test_ctrl_c_keeps_finished_draws(monkeypatch):
    X, y, _ = kindred(np.random.default_rng(0), n=60, p=20, s=4, q=4)
    calls = []

    def stopped(*piece):
        calls.append(piece)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return statistics(*piece)

    monkeypatch.setattr("sparsekin.inference.knockoffs.statistics", stopped)
    drawn = draw_knockoffs(blocks_of(X, y), size=10, alpha=0.1, draws=8, rng=0)
    assert drawn.draws == 3
    calls.clear()
    calls.extend([()] * 3)
    assert draw_knockoffs(blocks_of(X, y), size=10, alpha=0.1, draws=8, rng=0).draws == 0
