"""Plots of a HAL draw what the fit says."""

import builtins

import numpy as np
import pytest
from matplotlib.figure import Figure

from sparsekin import MTHAL
from sparsekin.errors import DataError, MissingExtraError, OptionError


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (120, 3))
    Y = np.column_stack([np.sin(2 * X[:, 0]), X[:, 1] * X[:, 0]]) + 0.1 * rng.normal(size=(120, 2))
    return MTHAL(Y, X, max_degree=2)


def test_curves_have_a_line_per_task_with_mean_zero(model):
    fit = model.fit(0.02)
    axes = fit.plot_curves(["x1"])
    lines = axes[0].get_lines()[:2]
    x = lines[0].get_xdata()
    assert x.min() == fit.blocks.X[:, 0].min()
    expected = fit.curve("x1", x) - fit.curve("x1", fit.blocks.X[:, 0]).mean()
    for k, line in enumerate(lines):
        np.testing.assert_allclose(line.get_ydata(), expected.iloc[:, k])
    assert axes[0].get_xlabel() == "x1"
    assert len(fit.plot_curves()) >= 1
    with pytest.raises(DataError, match="'x7' is no variable"):
        fit.plot_curves(["x7"])


def test_a_pair_is_a_map_per_task(model):
    fit = model.fit(0.02)
    axes = fit.plot_pair("x1", "x2")
    assert [ax.get_title(loc="left") for ax in axes] == ["y1", "y2"]
    low, high = fit.blocks.X.min(axis=0), fit.blocks.X.max(axis=0)
    corner = fit.surface("x1", "x2", [high[0]], [high[1]])[:, 0, 0]
    for ax, expected in zip(axes, corner, strict=True):
        values = ax.collections[0].get_array().reshape(120, 120)
        assert values[-1, -1] == pytest.approx(expected)
    assert abs(corner[1]) > 0.1
    np.testing.assert_allclose(fit.surface("x2", "x1", [high[1]], [high[0]])[:, 0, 0], corner)
    assert not fit.surface("x1", "x2", [low[0]], [low[1]]).any()


def test_an_empty_fit_says_so(model):
    axes = model.fit(2 * model.lambda_max).plot_curves()
    assert "no main effect" in axes[0].get_title(loc="left")
    empty = model.fit(2 * model.lambda_max)
    for ax in (*empty.plot_pair("x1", "x2"), *empty.plot_curves("x1")):
        assert [text.get_text() for text in ax.texts] == ["nothing selected"]
    ax = model.path([3 * model.lambda_max, 2 * model.lambda_max]).plot_path()
    assert ax.get_title(loc="left") == "No function is selected"


def test_panels_can_be_given(model):
    fit = model.fit(0.02)
    axes = list(Figure().subplots(1, 2))
    assert fit.plot_curves(["x1", "x2"], ax=axes) == axes
    assert fit.plot_pair("x1", "x2", ax=np.array(axes)) == axes
    assert fit.plot_curves("x1", ax=axes[0]) == [axes[0]]
    with pytest.raises(OptionError, match="plot_curves draws 1 panels, but ax has 2 axes; give 1"):
        fit.plot_curves(["x1"], ax=axes)
    with pytest.raises(OptionError, match="variables is empty; name some, or leave it out"):
        fit.plot_curves([])


def test_path_and_cross_validation(model):
    path = model.path(n_lambda=8)
    ax = path.plot_path()
    assert len(ax.get_lines()) == path.variation_by_variable.shape[1]
    assert ax.get_xscale() == "log"
    cv = model.cross_validate(n_lambda=8, folds=3, rng=0, linear=None)
    ax = cv.plot_cv()
    np.testing.assert_allclose(ax.containers[0].lines[0].get_ydata().astype(float), cv.table["mean"])
    assert len(ax.get_legend().get_texts()) == 2
    assert cv.plot_cv(ax) is ax
    several = model.cross_validate(n_lambda=8, l1_ratio=(0, 1), folds=3, rng=0, linear=None)
    ax = several.plot_cv()
    own = several.table[several.table["l1_ratio"] == several.best_l1_ratio]
    np.testing.assert_allclose(ax.containers[0].lines[0].get_ydata().astype(float), own["mean"])
    assert {"l1_ratio 0", "l1_ratio 1"} < {one.get_text() for one in ax.get_legend().get_texts()}


def test_without_matplotlib_the_extra_is_named(model, monkeypatch):
    real = builtins.__import__

    def absent(name, *args, **kwargs):
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    fit, path = model.fit(0.5), model.path(n_lambda=3)
    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(MissingExtraError, match=r"plot_curves needs matplotlib: pip install \"sparsekin\[plots\]\""):
        fit.plot_curves()
    with pytest.raises(MissingExtraError, match=r"plot_path needs matplotlib"):
        path.plot_path()
