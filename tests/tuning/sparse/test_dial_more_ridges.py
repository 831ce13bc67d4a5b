"""Larger ridges after the others: what was found is not searched for again, and nothing differs from one run of all."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from sparsekin import SparseMTL
from sparsekin.l0 import grid as squares
from sparsekin.l0.glm import grid as losses
from sparsekin.models.sparse import dialling
from sparsekin.models.sparse.dialling import dial_of
from sparsekin.tuning.sparse.dial.run import cross_validate_dial
from sparsekin.tuning.sparse.dial.settings import with_ridges
from sparsekin.tuning.sparse.edges import extended
from sparsekin.tuning.sparse.errors import PER_FOLD, PER_SETTING

K, N, P = 3, 36, 30
SEEDS = {"sites": 0, "kept": 0, "outcomes": 6, "binomial": 3}


def model_of(kind: str) -> SparseMTL:
    """Weak effects of many columns: the best ridge is the largest."""
    rng = np.random.default_rng(SEEDS[kind])
    task = np.repeat(np.arange(K), N)
    X = rng.standard_normal((len(task), P))
    eta = 0.15 * X.sum(axis=1) + task / 4
    if kind == "outcomes":
        return SparseMTL(0.15 * X[:60].sum(axis=1)[:, None] + 3 * rng.standard_normal((60, K)), X[:60])
    if kind == "binomial":
        return SparseMTL((eta > eta.mean() + rng.logistic(size=len(task))).astype(float), X, task, family="binomial")
    y = eta + 3 * rng.standard_normal(len(task))
    return SparseMTL(y, X, task, keep=rng.standard_normal((len(task), 1)) if kind == "kept" else None)


def both_ways(kind: str, scheme: str = "within-task", effort: int = 1, sizes: Sequence[int] = (1, 3)):
    """All ridges in one run, and the larger ones after the others."""
    model = model_of(kind)
    problem, folds = model._problem("heterogeneous", "auto", 1, np.inf), model._folds(scheme, 3, None, 0)
    dial = dial_of(problem, folds, list(sizes), "auto", "auto")
    more = with_ridges(dial, extended(dial.ridges))
    before = cross_validate_dial(problem, dial, folds, effort=effort)
    return (
        cross_validate_dial(problem, more, folds, effort=effort),
        cross_validate_dial(problem, more, folds, effort=effort, before=before),
    )


def assert_alike(whole, parts):
    for name in (*PER_SETTING, *PER_FOLD, "rank"):
        if getattr(whole.errors, name) is not None:
            np.testing.assert_allclose(
                getattr(parts.errors, name), getattr(whole.errors, name), rtol=1e-10, atol=1e-10, err_msg=name
            )
    for one, other in zip(whole.searched, parts.searched, strict=True):
        for name in ("pooled", "shared", "separate"):
            found, again = getattr(one, name), getattr(other, name)
            assert len(found) == len(again) == len(getattr(whole.dial, name))
            assert [[S.tolist() for S in supports] for supports in found] == [
                [S.tolist() for S in supports] for supports in again
            ]


@pytest.mark.parametrize(
    ("kind", "scheme", "effort"),
    [
        ("sites", "within-task", 1),
        ("sites", "within-task", 0),
        ("kept", "leave-one-task-out", 1),
        ("outcomes", "within-task", 1),
        ("binomial", "within-task", 1),
    ],
)
def test_larger_ridges_after_the_others_give_what_one_run_of_all_gives(kind, scheme, effort):
    assert_alike(*both_ways(kind, scheme, effort))


def test_candidates_are_those_of_all_ridges_where_there_are_many_columns(monkeypatch):
    asked = []

    def candidates(problem, lambda_1, s):
        asked.append((problem.n_tasks, lambda_1, s))
        return np.arange(5, dtype=np.int64)

    monkeypatch.setattr(losses, "_columns", candidates)
    assert_alike(*both_ways("binomial"))
    together = {(lambda_1, s) for n_tasks, lambda_1, s in asked if n_tasks == 1}
    assert len(together) == 1

    def lists(workspace, settings):
        asked.append((workspace.problem.n_tasks, settings.lambda_1.min(), settings.s.max()))
        return np.arange(5, dtype=np.int32), None

    asked.clear()
    monkeypatch.setattr(squares, "_candidates", lists)
    assert_alike(*both_ways("sites"))
    assert {one for one in asked if one[0] == 1} == {(1, 0.0, 3)}
    assert {one for one in asked if one[0] == K} == {(K, 0.0, 3)}


@pytest.mark.parametrize("kind", ["sites", "outcomes"])
def test_what_a_user_gets_is_the_same_and_only_new_ridges_are_searched_at(monkeypatch, kind):
    runs = []

    def spy(*args, before=None, **options):
        runs.append(before)
        return cross_validate_dial(*args, **options, before=before)

    monkeypatch.setattr(dialling, "cross_validate_dial", spy)
    found = model_of(kind).cross_validate(folds=3, rng=0)
    assert [one is None for one in runs] == [True, False], "the best ridge is not the largest: other data are needed"
    monkeypatch.setattr(
        dialling, "cross_validate_dial", lambda *args, before=None, **o: cross_validate_dial(*args, **o)
    )
    again = model_of(kind).cross_validate(folds=3, rng=0)
    assert (found.best, found.judged.chosen) == (again.best, again.judged.chosen)
    numbers = found.table.select_dtypes("number")
    np.testing.assert_allclose(numbers, again.table[numbers.columns], rtol=1e-10, atol=1e-10)
    one, other = (cv.refit("average") for cv in (found, again))
    np.testing.assert_allclose(one.coef, other.coef, rtol=1e-10, atol=1e-12)
