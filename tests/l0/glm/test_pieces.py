"""The quadratic model, refits and moves behind the search."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import sparse

from oracles.family_instances import family_problem
from sparsekin.l0.glm.descent import Descent
from sparsekin.l0.glm.fit import columns, free_columns, losses_of, refit, refit_task
from sparsekin.l0.glm.frozen import swapped
from sparsekin.l0.glm.moves import rank
from sparsekin.l0.problem import Problem
from sparsekin.l0.solve import solve
from sparsekin.losses.families import make_loss

FAMILIES = ["binomial", "poisson", "gaussian", "cox"]


def dense_model(problem: Problem, k: int, fit) -> tuple[np.ndarray, np.ndarray]:
    """G and c from matrices that the search never forms."""
    loss, p = losses_of(problem)[k], problem.n_features
    X, U = columns(problem, k, np.arange(p)), free_columns(problem, k)
    slopes = columns(problem, k, fit.supports[k]) @ fit.b[k]
    local = loss.quadratic_at(loss.offset + slopes + U @ fit.free[k])
    H = local.curvature.times(np.eye(len(slopes)))
    H = H - H @ U @ np.linalg.pinv(U.T @ H @ U) @ U.T @ H
    return X.T @ H @ X, X.T @ (local.residual + H @ slopes)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("spread", [False, True])
def test_the_native_search_reads_the_gram_rows_of_the_working_model(family: str, spread: bool) -> None:
    problem = family_problem(np.random.default_rng(0), [family], 60, 11, 3, kept=2, weighted=True, lambda_1=0.02)
    if spread:
        problem = replace(problem, blocks=replace(problem.blocks, X=sparse.csc_array(problem.blocks.X)))
    descent = Descent.open(problem)
    fit = refit(problem, [np.array([1, 4], np.int32)])
    assert fit is not None
    G, c = dense_model(problem, 0, fit)
    model = descent.freezer.model(problem, fit, 0)
    np.testing.assert_allclose(model.diag, np.diag(G), rtol=1e-9)
    np.testing.assert_allclose(model.c, c, atol=1e-10)
    held, gains, cost = descent.freezer.gains(problem, fit)[0]
    A = G + problem.lambda_1 * np.eye(11)

    def explained(S: list[int]) -> float:
        return float(c[S] @ np.linalg.solve(A[np.ix_(S, S)], c[S])) / 2

    now = explained([1, 4])
    assert held.tolist() == [1, 4]
    np.testing.assert_allclose(gains[2, 0], explained([0, 1, 4]) - now, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(gains[0, 5], explained([4, 5]) - now, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(cost[1], now - explained([1]), rtol=1e-6)


@pytest.mark.parametrize("family", FAMILIES)
def test_the_working_model_knows_no_origin(family: str) -> None:
    problem = family_problem(np.random.default_rng(1), [family], 60, 19, 3, lambda_1=0.02)
    X = problem.blocks.X - problem.blocks.X.mean(axis=0)
    far = X + np.where(np.arange(19) % 3 == 0, 50.0, 0.0) * X.std(axis=0)
    here, there = (replace(problem, blocks=replace(problem.blocks, X=np.asfortranarray(x))) for x in (X, far))
    fit = refit(here, [np.array([1, 4], np.int32)])
    assert fit is not None
    moved = refit(there, [np.array([1, 4], np.int32)])
    assert moved is not None
    a, b = (Descent.open(one).freezer.model(one, at, 0) for one, at in ((here, fit), (there, moved)))
    np.testing.assert_allclose(a.diag, b.diag, rtol=1e-10)
    np.testing.assert_allclose(a.c, b.c, atol=1e-11)


def test_left_truncated_strata_have_their_curvature() -> None:
    rng = np.random.default_rng(1)
    problem = family_problem(rng, ["cox"], 60, 4, 2, lambda_1=0.01)
    stop = rng.integers(2, 9, 60).astype(float)
    y = np.column_stack([stop - rng.integers(1, 8, 60).clip(max=stop), stop, rng.random(60) < 0.7])
    y[:, 0] = np.minimum(y[:, 0], stop - 1)
    loss = make_loss("cox", y, rng.integers(0, 3, 60).astype(float), strata=rng.integers(0, 3, 60))
    problem = replace(problem, losses=(loss,))
    fit = refit(problem, [np.array([0, 2], np.int32)])
    assert fit is not None
    G, c = dense_model(problem, 0, fit)
    model = Descent.open(problem).freezer.model(problem, fit, 0)
    np.testing.assert_allclose(model.diag, np.diag(G), rtol=1e-9)
    np.testing.assert_allclose(model.c, c, atol=1e-10)


def test_a_refit_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(2)
    for family, model in (("binomial", sm.families.Binomial()), ("poisson", sm.families.Poisson())):
        problem = family_problem(rng, [family], 80, 5, 2, kept=1, weighted=True)
        S = np.array([0, 3], np.int32)
        found = solve(replace(problem, s=np.array([5])))
        X = np.column_stack([np.ones(80), problem.blocks.keep, problem.blocks.X])
        w, y = problem.blocks.weights[0], problem.blocks.y[0]
        there = sm.GLM(y, X, family=model, freq_weights=w).fit(tol=1e-14, maxiter=200)
        got = [found.intercept[0], found.keep_coef[0, 0], *found.coef[:, 0]]
        np.testing.assert_allclose(got, there.params, atol=1e-8)
        assert refit_task(problem, 0, S).value > found.objective
        assert 2 * w.sum() * found.objective == pytest.approx(there.deviance, rel=1e-10)


def test_linked_refits_are_stationary_and_meet_free_ones() -> None:
    problem = family_problem(np.random.default_rng(4), ["binomial", "poisson"], 70, 5, 2, kept=1, lambda_1=0.02)
    S = [np.array([0, 2], np.int32), np.array([2, 3], np.int32)]
    apart = refit(problem, S)
    barely = refit(replace(problem, lambda_2=1e-12), S)
    linked = refit(replace(problem, lambda_2=0.5), S)
    assert apart is not None
    assert barely is not None
    assert linked is not None
    np.testing.assert_allclose(np.concatenate(barely.b), np.concatenate(apart.b), atol=1e-8)
    K, l1, l2 = 2, 0.02, 0.5
    B = np.zeros((5, K))
    for k in range(K):
        B[S[k], k] = linked.b[k]
    for k, loss in enumerate(losses_of(problem)):
        X, U = columns(problem, k, S[k]), free_columns(problem, k)
        r = loss.residual(loss.offset + X @ linked.b[k] + U @ linked.free[k])
        pull = l1 * linked.b[k] + l2 * (linked.b[k] - B.mean(axis=1)[S[k]])
        np.testing.assert_allclose(X.T @ r, pull, atol=1e-8)
        np.testing.assert_allclose(U.T @ r, 0, atol=1e-8)


def test_every_move_that_is_taken_lowers_the_objective(monkeypatch: pytest.MonkeyPatch) -> None:
    problem = family_problem(np.random.default_rng(5), ["cox", "binomial"], 50, 20, 4, lambda_1=0.001, lambda_z=0.01)
    descent = Descent.open(problem)
    seen: list[float] = []
    polished, better = Descent._polished, Descent.first_better

    def watched(how):
        def step(self, *args):
            found = how(self, *args)
            if found is not None:
                assert args[0].F - 0.99 * self.least > found.F
                seen.append(found.F)
            return found

        return step

    monkeypatch.setattr(Descent, "_polished", watched(polished))
    monkeypatch.setattr(Descent, "first_better", watched(better))
    descent.descend(descent.null)
    assert len(seen) > 1


@pytest.mark.parametrize("support", ["heterogeneous", "common"])
def test_ranked_moves_say_what_the_working_model_gains(support: str) -> None:
    problem = family_problem(
        np.random.default_rng(6), ["gaussian", "gaussian", "gaussian"], 60, 8, 2, lambda_1=0.01, support=support,
        lambda_z=0.05 if support == "heterogeneous" else 0.0,
    )  # fmt: skip
    start = [np.array(S, np.int32) for S in (([0, 1], [1, 2], [1]) if support == "heterogeneous" else ([0, 1],) * 3)]
    fit = refit(problem, start)
    assert fit is not None
    moves = rank(problem, Descent.open(problem).freezer.gains(problem, fit), 15)
    assert len(moves) > 10
    for move in moves:  # the model is exact for squares
        after = refit(problem, swapped(fit.supports, move.changes))
        assert after is not None
        apart = len(move.changes) == 1 or support == "common"  # else columns leaving on the side are priced alone
        assert pytest.approx(move.gain, rel=1e-5, abs=1e-9 if apart else problem.lambda_z) == fit.F - after.F


@pytest.mark.parametrize("lambda_z", [0.0, 0.01])
def test_one_list_of_moves_serves_many_tasks(lambda_z: float) -> None:
    """Else a fit of K tasks ranks K times the moves of K tasks: a hundred tasks took ten times as long as they do."""
    rng = np.random.default_rng(7)
    problem = family_problem(rng, ["binomial", "poisson", "cox"] * 4, 60, 12, 1, lambda_1=0.02, lambda_z=lambda_z)
    descent = Descent.open(problem)
    start = descent.refit([np.array([k % 12], np.int32) for k in range(12)], descent.null)
    assert start is not None
    found = descent.first_better(start, 20)
    assert found is not None
    assert found.F < start.F
    moved = [not np.array_equal(a, b) for a, b in zip(found.supports, start.supports, strict=True)]
    assert sum(moved) > 4
    again = refit(problem, found.supports)
    assert again is not None
    assert pytest.approx(found.F, rel=1e-12) == again.F
