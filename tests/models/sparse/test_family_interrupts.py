"""Ctrl-C while yes/no outcomes, counts or survival times are fitted: what was found by then is kept, and said."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from models.sparse.test_families import TASKS, data
from sparsekin import SparseMTL
from sparsekin.errors import InterruptedWarning, SolverError
from sparsekin.l0.glm.descent import Descent

FAMILIES = pytest.mark.parametrize("family", ["binomial", "poisson", "cox"])
GRID = {"s": [1, 2, 3], "lambda_1": 0.05, "lambda_2": 0.0, "lambda_z": [0.0, 0.02]}


@pytest.fixture
def press(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Ctrl-C at the so-manieth exact refit from now on; 0: never."""
    refit, left = Descent.refit, [0]

    def struck(self: Descent, *given: Any) -> Any:
        left[0] -= 1
        if left[0] == 0:
            raise KeyboardInterrupt
        return refit(self, *given)

    monkeypatch.setattr(Descent, "refit", struck)
    return lambda refits: left.__setitem__(0, refits)


def refits_of(work: Callable[[], object]) -> int:
    """How many exact refits something takes."""
    refit, seen = Descent.refit, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Descent, "refit", lambda self, *given: (seen.append(0), refit(self, *given))[1])
        work()
    return len(seen)


def model(family: str) -> SparseMTL:
    X, y = data(5)
    return SparseMTL(y[family], X, TASKS, family=family)


@FAMILIES
def test_a_fit_keeps_the_best_so_far(family: str, press: Callable[[int], None]) -> None:
    made = model(family)
    asked = {"s": 3, "lambda_1": 0.05, "lambda_z": 0.02}
    whole, count = made.fit(**asked), refits_of(lambda: made.fit(**asked))
    press(max(count // 2, 2))
    with pytest.warns(InterruptedWarning, match="the best solution so far is kept"):
        found = made.fit(**asked)
    assert found.status == "interrupted"
    assert whole.objective <= found.objective + 1e-12
    assert found.objective < made.fit(s=0, lambda_1=0.05).objective
    assert found.support.sum(axis=0).max() <= 3
    assert np.isfinite(found.predict()).all()


@FAMILIES
def test_a_path_keeps_the_settings_that_are_finished(family: str, press: Callable[[int], None]) -> None:
    made = model(family)
    whole, count = made.path(**GRID), refits_of(lambda: made.path(**GRID))
    press(2 * count // 3)
    with pytest.warns(InterruptedWarning, match=r"The path was interrupted: \d of 6 settings are finished"):
        cut = made.path(**GRID)
    done = cut.grid.finished
    assert 0 < done.sum() < 6
    assert (cut.grid.objective[done] >= whole.grid.objective[done] - 1e-12).all()


@FAMILIES
@pytest.mark.parametrize("dial", [False, True])
def test_a_cross_validation_keeps_the_folds_that_are_finished(
    family: str, dial: bool, press: Callable[[int], None]
) -> None:
    made = model(family)
    asked = GRID | {"folds": 4, "rng": 0} | ({"lambda_2": "auto", "lambda_1": [0.05, 0.1]} if dial else {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        whole, count = made.cross_validate(**asked), refits_of(lambda: made.cross_validate(**asked))
    press(count // 2)
    with pytest.warns(InterruptedWarning, match=r"Cross-validation was interrupted: [123] of 4 folds are finished"):
        cut = made.cross_validate(**asked)
    done = cut.errors.finished.all(axis=0)
    assert 0 < done.sum() < 4
    np.testing.assert_allclose(cut.errors.sse[:, done], whole.errors.sse[:, done])
    assert cut.refit().families == (family,) * 2


@pytest.mark.parametrize(("refits", "finished"), [(20, 0), (60, 0), (150, 1)])
def test_settings_judged_on_a_part_of_a_fold_are_not_chosen(
    refits: int, finished: int, press: Callable[[int], None]
) -> None:
    press(refits)
    with pytest.warns(InterruptedWarning, match=f"{finished} of 2 folds are finished"):
        cut = model("binomial").cross_validate(
            [1, 2, 3], lambda_1=0.05, lambda_2=[0, 0.1], lambda_z=[0], scheme="leave-one-task-out"
        )
    press(0)
    assert cut.errors.finished.sum(axis=1).tolist() == [finished] * 6
    if finished:
        assert cut.best == {name: cut.table[name].iloc[cut.best_index] for name in cut.best}
        assert cut.best_index == int(cut.per_fold[0].iloc[:6].argmin())
        return
    for ask in (lambda: cut.best, lambda: cut.best_1se, cut.refit, lambda: cut.refit("1se")):
        with pytest.raises(SolverError, match="No fold was finished, so there is no setting to choose"):
            ask()
