"""Tuning anew within folds and halves: what it needs, what it refuses, what it says."""

import numpy as np
import pytest

from contract.made import average
from sparsekin import MTHAL, SparseMTL
from sparsekin.errors import DataError, DataWarning, OptionError, SparsekinError
from sparsekin.inference import tuned
from sparsekin.models.hal import intervals as hal_room
from sparsekin.tuning.inner_folds import inner_folds, rows_to_tune
from sparsekin.tuning.sparse import held_out as sparse_room

NOT_NUMBERS = [2.5, 10.0, "x", None, float("nan"), [1, 2], np.array([0, 1]), True, np.True_]


def rows(n, q=0, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((2 * n, 4))
    kept = {"keep": rng.standard_normal((2 * n, q))} if q else {}
    return X[:, 0] + rng.standard_normal(2 * n), X, np.repeat(["a", "b"], n), kept


def lines(n, q=0, **settings):
    y, X, task, kept = rows(n, q)
    fit = SparseMTL(y, X, task, **kept).fit(**(settings or {"s": 0}))
    return fit, lambda **asked: fit.predict(X, task=task, **kept, interval="prediction", **asked)


def curves(n):
    y, X, task, _ = rows(n)
    fit = MTHAL(y, X, task, max_degree=1, knots=3).fit(0.1)
    return fit, lambda **asked: fit.predict(X, task=task, interval="prediction", **asked)


def few(n, needed):
    return pytest.raises(DataError, match=rf"Task 'a' has {n} rows? but retune=True needs {needed}: .* drop the task\.")


@pytest.mark.parametrize("made", [lines, curves])
@pytest.mark.parametrize(("n", "folds", "needed"), [(2, 10, 4), (3, 10, 4), (4, 2, 8), (5, 2, 8), (7, 2, 8)])
def test_intervals_of_too_few_rows(made, n, folds, needed):
    with few(n, needed):
        made(n)[1](folds=folds, retune=True)


@pytest.mark.filterwarnings("ignore:.*points lie outside")
@pytest.mark.parametrize("made", [lines, curves])
@pytest.mark.parametrize(("n", "folds"), [(4, 10), (5, 10), (8, 2)])
def test_as_many_rows_as_are_asked_for_do(made, n, folds):
    assert len(made(n)[1](folds=folds, retune=True)) == 2 * n


def test_kept_terms_need_rows_of_their_own():
    with few(5, 6):
        lines(5, 3)[1](retune=True)
    with few(8, 10):
        lines(8, 3)[1](folds=2, retune=True)


def test_more_folds_are_advised_where_they_help():
    with pytest.raises(DataError, match=r"Give more folds, leave retune out, or drop"):
        lines(5)[1](folds=2, retune=True)
    with pytest.raises(DataError, match=r"again\. Leave retune out, or drop"):
        lines(3)[1](folds=2, retune=True)


@pytest.mark.parametrize("n", [4, 5, 7])
def test_halves_of_too_few_rows(n):
    with few(n, 8):
        lines(n)[0].stability(pairs=10, rng=0, retune=True)


def test_halves_of_eight_rows_do():
    assert lines(8)[0].stability(10, rng=0, retune=True).halves.pairs == 10


@pytest.mark.parametrize(("outer", "free"), [(2, 0), (3, 0), (10, 0), (2, 4), (5, 3)])
def test_no_split_can_take_all_rows(outer, free):
    """The worst split: inner folds are as full as they get of rows that count."""
    for n in range(rows_to_tune(outer, free), 80):
        left = n - int(np.ceil(n / min(outer, n)))
        assert left > free
        assert left - int(np.ceil(n / min(5, left))) >= 1


def test_what_rows_up_front_cannot_tell_is_told_later():
    y, X, task, _ = rows(1)
    with pytest.raises(DataError, match="Task 'a' has 1 row to choose settings on; cross-validation needs 2"):
        inner_folds(SparseMTL(y, X, task).blocks, 5, 0)
    with pytest.raises(DataError, match="Task 'a' has 1 row; prediction intervals need 2"):
        lines(1)[1]()


@pytest.mark.parametrize("ask", [lines(30)[1], curves(30)[1], lines(30, 1)[0].double_selection])
def test_folds_are_a_number(ask):
    for folds in NOT_NUMBERS:
        with pytest.raises(OptionError, match="is not a number of folds; give a whole number of at least 2"):
            ask(folds=folds)


@pytest.mark.parametrize("folds", [2.5, float("nan"), np.float64(3)])
def test_a_fraction_is_no_number_of_folds_to_hold_out(folds):
    with pytest.raises(OptionError, match="neither a number of folds, a splitter nor a fold per row"):
        lines(30)[0].hold_out(folds)


@pytest.mark.parametrize("asked", [{"retune": True}, {"level": 0.8}, {"folds": 5}])
def test_options_of_intervals_go_with_intervals(asked):
    y, X, task, _ = rows(30)
    name = next(iter(asked))
    model = SparseMTL(y, X, task)
    for fit in (
        model.fit(s=1),
        MTHAL(y, X, task, max_degree=1, knots=3).fit(0.1),
        average(model, [{"s": 1}, {"s": 2}]),
    ):
        with pytest.raises(OptionError, match=f"{name} = .* is of intervals; ask for interval='prediction'"):
            fit.predict(X, task=task, **asked)


@pytest.mark.parametrize("progress", ["x", 1, None])
def test_progress_is_on_or_off(progress):
    for fit in (lines(30)[0], curves(30)[0]):
        with pytest.raises(OptionError, match=f"progress = {progress!r} is not one of False, True"):
            fit.stability(pairs=10, progress=progress)


def test_refusals_say_what_to_do_instead():
    y, X, task, _ = rows(30)
    mean = average(SparseMTL(y, X, task), [{"s": 1}, {"s": 2}])
    with pytest.raises(SparsekinError, match=r"Not available: .* of refit\(\"best\"\), or of best_member"):
        mean.predict(X, task=task, interval="prediction", level=0.8, retune=True)
    with pytest.raises(SparsekinError, match=r"Not available: .* cross_validate\(\)\.refit\(\) tunes it"):
        curves(30)[0].stability(retune=True)


@pytest.mark.parametrize("made", [lambda: lines(40), lambda: (None, curves_of_nothing())])
def test_points_outside_their_intervals_are_counted(made):
    ask = made()[1]
    with pytest.warns(DataWarning, match=r"^\d+ of 80 points lie outside their interval: .*refit") as said:
        found = ask(level=0.2, retune=True)
    outside = ((found["predicted"] < found["lower"]) | (found["predicted"] > found["upper"])).sum()
    assert outside > 0
    assert str(said[0].message).startswith(f"{outside} of 80")
    assert said[0].filename == __file__


def curves_of_nothing():
    y, X, task, _ = rows(40)
    fit = MTHAL(y, X, task, max_degree=1, knots=3).fit(1e6)
    return lambda **asked: fit.predict(X, task=task, interval="prediction", folds=3, **asked)


def stopping(true, after):
    calls = []

    def stop(*args, **options):
        calls.append(1)
        if len(calls) > after:
            raise KeyboardInterrupt
        return true(*args, **options)

    return stop


def test_ctrl_c_says_that_nothing_is_returned(monkeypatch):
    told = "Interrupted: 3 of 10 folds are finished, and all are needed; nothing is returned"
    monkeypatch.setattr(sparse_room, "solve", stopping(sparse_room.solve, 3))
    with pytest.raises(KeyboardInterrupt, match=told):
        lines(30)[1]()
    monkeypatch.setattr(tuned, "solve", stopping(tuned.solve, 3))
    with pytest.raises(KeyboardInterrupt, match=told):
        lines(30)[1](retune=True)
    monkeypatch.setattr(hal_room, "point_without", stopping(hal_room.point_without, 3))
    with pytest.raises(KeyboardInterrupt, match=told):
        curves(30)[1]()
