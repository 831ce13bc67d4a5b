import numpy as np
import pandas as pd
import pytest

from forms.planted import plant
from sparsekin import MixedForms
from sparsekin.errors import InterruptedWarning
from sparsekin.forms import als


def test_cross_validation_finds_the_planted_dimension():
    planted = plant(1, n=150, widths=(6, 15, 12), d=2, missing=0.0)
    cv = MixedForms(*planted.full).cross_validate(d=range(1, 5), folds=4, rng=0)
    assert list(cv.table.columns) == ["d", "mean", "std_error", "y", "x", "z"]
    assert cv.best == {"d": 2}
    assert cv.best_1se == {"d": 2}
    assert cv.refit().d == 2
    assert repr(cv) == "<FormsCV: d = 1, 2, 3, 4; best 2, one standard error 2>"
    same = MixedForms(*planted.full).cross_validate(d=range(1, 5), folds=4, rng=0, n_jobs=2)
    pd.testing.assert_frame_equal(cv.table, same.table)


def test_indicators_of_tasks_are_not_held_out(frame):
    cv = MixedForms.from_formula("y1 + y2 ~ x1 + x2 + x3", frame, task="site").cross_validate(d=[1, 2], folds=2, rng=1)
    assert cv.table["z"].isna().all()
    assert cv.table["mean"].notna().all()


def regression(seed=0, n=200):
    """Y = X B + site + noise: nothing latent, so that Y needs more dimensions than cells do."""
    rng = np.random.default_rng(seed)
    X, site = rng.standard_normal((n, 6)), np.arange(n) % 4
    Y = X @ rng.standard_normal((6, 2)) + rng.standard_normal((4, 2))[site] + 0.5 * rng.standard_normal((n, 2))
    return Y, X, site.astype(str)


@pytest.mark.parametrize("algorithm", ["als", "em"])
def test_dimensions_for_predicting_y(algorithm):
    Y, X, site = regression()
    cv = MixedForms(Y, X, task=site).cross_validate(d=[1, 6], folds=3, rng=0, target="y", algorithm=algorithm)
    assert cv.best == {"d": 6}
    assert cv.table[["x", "z"]].isna().all(axis=None)
    np.testing.assert_allclose(cv.table["mean"], cv.table["y"])
    assert cv.refit().algorithm == algorithm


@pytest.mark.filterwarnings("ignore:Heywood case")
def test_errors_of_y_are_those_of_held_out_rows():
    Y, X, site = regression()
    Y[::7, 0] = np.nan
    cv = MixedForms(Y, X, task=site).cross_validate(d=2, folds=4, rng=5, target="y")
    fold_of = np.random.default_rng(5).permutation(np.arange(200) % 4)
    errors = []
    for fold in range(4):
        train, test = fold_of != fold, fold_of == fold
        guess = MixedForms(Y[train], X[train], task=site[train]).fit(d=2, tolerance=1e-6, max_sweeps=500)
        left = (Y[test] - guess.predict(X[test], task=site[test])) / np.nanstd(Y, axis=0)
        errors.append(np.nanmean(left.to_numpy() ** 2))
    np.testing.assert_allclose(cv.table["mean"], np.mean(errors), rtol=1e-6)
    np.testing.assert_allclose(cv.table["std_error"], np.std(errors, ddof=1) / 2, rtol=1e-6)


@pytest.mark.parametrize("target", ["cells", "y"])
@pytest.mark.parametrize(("calls_before", "folds_done"), [(5, 2), (1, None)])
def test_ctrl_c_keeps_finished_folds(monkeypatch, target, calls_before, folds_done):
    from sparsekin.tuning.forms import cross_validate as room

    calls, whole = [], room.solve

    def stop(*args, **kwargs):
        calls.append(1)
        if len(calls) > calls_before:
            raise KeyboardInterrupt
        return whole(*args, **kwargs)

    Y, X, site = regression()
    model = MixedForms(Y, X, task=site)
    everything = model.cross_validate(d=[1, 2], folds=4, rng=0, target=target)
    monkeypatch.setattr(room, "solve", stop)
    if folds_done is None:
        with pytest.raises(KeyboardInterrupt):
            model.cross_validate(d=[1, 2], folds=4, rng=0, target=target)
        return
    with pytest.warns(InterruptedWarning, match=f"{folds_done} of 4 folds are finished; tables use those"):
        cv = model.cross_validate(d=[1, 2], folds=4, rng=0, target=target)
    np.testing.assert_array_equal(cv.errors.mse, everything.errors.mse[:, :folds_done])
    assert cv.best["d"] in (1, 2)


def test_ctrl_c_inside_a_fit_drops_its_fold(monkeypatch):
    calls = []

    def stop(problem, point, patterns, whole=als.sweep):
        calls.append(1)
        if len(calls) > 300:
            raise KeyboardInterrupt
        return whole(problem, point, patterns)

    Y, X, site = regression()
    model = MixedForms(Y, X, task=site)
    monkeypatch.setattr(als, "sweep", stop)
    with pytest.warns(InterruptedWarning, match="folds are finished"):
        cv = model.cross_validate(d=1, folds=40, rng=0, target="y")
    assert 1 <= cv.errors.mse.shape[1] < 40
    assert np.isfinite(cv.table["mean"]).all()


def test_one_finished_fold_has_no_standard_error():
    from sparsekin.tuning.forms.cross_validate import CellErrors

    errors = CellErrors(np.array([1, 2]), np.array([[[1.0, 2, 3]], [[0.5, 2, 3]]]))
    assert np.isnan(errors.std_error).all()
    assert (errors.best, errors.best_1se) == (2, 2)


def test_bootstrap_intervals_are_aligned_and_cover():
    planted = plant(2, n=300, widths=(4, 12, 10), d=2, missing=0.02)
    fit = MixedForms(*planted.tables).fit(d=2)
    boot = fit.bootstrap(40, rng=3, level=0.9)
    found = boot.intervals
    assert list(found.columns) == ["block", "term", "factor", "estimate", "conf_low", "conf_high"]
    inside = (found["conf_low"] <= found["estimate"]) & (found["estimate"] <= found["conf_high"])
    assert inside.mean() > 0.9
    assert (found["conf_high"] - found["conf_low"]).max() < 0.5
    again = fit.bootstrap(40, rng=3, level=0.9, n_jobs=2).intervals
    pd.testing.assert_frame_equal(found, again)
    assert repr(boot) == "<FormsBootstrap: 40 replicates, 90 % intervals>"


def test_bootstrap_within_tasks(by_site):
    assert np.isfinite(by_site.bootstrap(5, rng=0).loadings).all()


def test_intervals_of_shifts(by_site):
    boot = by_site.bootstrap(30, rng=0, level=0.95)
    found = boot.shift_intervals
    assert list(found.columns) == ["task", "outcome", "estimate", "conf_low", "conf_high"]
    np.testing.assert_array_equal(found["estimate"], by_site.task_shifts.to_numpy().ravel())
    apart = found.set_index(["task", "outcome"]).loc[[("site1", "y1"), ("site1", "y2")]]
    assert (np.sign(apart["conf_low"]) == np.sign(apart["conf_high"])).all()
    assert (found["conf_low"] <= found["conf_high"]).all()
    again = by_site.bootstrap(30, rng=0, n_jobs=2).shift_intervals
    pd.testing.assert_frame_equal(found, again)


def test_shifts_of_known_size_lie_in_their_intervals():
    rng = np.random.default_rng(0)
    site = np.repeat(np.arange(4), 60)
    codes, true = rng.standard_normal((240, 2)), np.array([[-1.0, 0.5], [0.0, 0.5], [0.2, -0.4], [0.8, -0.6]])
    X = codes @ rng.standard_normal((2, 6)) + rng.standard_normal((240, 6))
    Y = codes @ rng.standard_normal((2, 2)) + true[site] + rng.standard_normal((240, 2))
    found = MixedForms(Y, X, task=site).fit(d=2).bootstrap(40, rng=1).shift_intervals
    inside = (found["conf_low"] <= true.ravel()) & (true.ravel() <= found["conf_high"])
    assert inside.mean() >= 7 / 8
    assert (found["conf_high"] - found["conf_low"]).max() < 0.8


def test_without_tasks_there_are_no_shifts(frame):
    fit = MixedForms.from_formula("y1 + y2 ~ x1 + x2 + x3", frame).fit(d=1)
    assert fit.bootstrap(3, rng=0).shift_intervals is None
