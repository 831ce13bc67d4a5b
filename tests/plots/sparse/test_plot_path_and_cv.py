import itertools
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from sparsekin import SparseMTL
from sparsekin.data.simulate import simulate_shared_supports
from sparsekin.errors import MissingExtraError, OptionError


@pytest.fixture(scope="module")
def model():
    truth = simulate_shared_supports(n_tasks=3, n=40, p=30, s=3, q=4, rng=0)
    names = [f"a_rather_long_name_of_protein_${j}" for j in range(30)]
    return SparseMTL(truth.y, truth.X, truth.task, feature_names=names)


@pytest.fixture(scope="module")
def path(model):
    return model.path(s=[2, 5, 8], lambda_z=[0, 0.01, 0.1, 1, 10])


def curves(ax):
    return [line for line in ax.lines if len(line.get_xdata()) > 1]


def drawn(ax):
    ax.figure.canvas.draw()
    return ax


def test_a_curve_per_feature_is_its_norm_over_tasks(path):
    ax = drawn(path.plot_path())
    rows = path.table.index[path.table["s"] == 5]
    norms = np.array([np.linalg.norm(path[i].solution.coef_standardized, axis=1) for i in rows])
    expected = sorted(tuple(column) for column in norms.T[norms.any(axis=0)])
    np.testing.assert_allclose(sorted(tuple(line.get_ydata()) for line in curves(ax)), expected)
    assert ax.get_xlabel() == "λ_z (similar supports)"
    assert ax.get_title(loc="left") == "s = 5"
    assert ax.get_xscale() == "log"
    at = curves(ax)[0].get_xdata()
    assert 0 < at[0] < 0.01
    np.testing.assert_allclose(at[1:], [0.01, 0.1, 1, 10])
    assert ax.get_xticklabels()[0].get_text() == "0"


def test_other_axes_heights_and_fixed_values(path):
    ax = drawn(path.plot_path(x="s", at={"lambda_z": 0.1}, kind="tasks"))
    assert ax.get_title(loc="left") == "lambda_z = 0.1"
    assert ax.get_ylabel() == "tasks that select the feature"
    assert ax.get_xscale() == "linear"
    rows = path.table.index[path.table["lambda_z"] == 0.1]
    counts = np.array([path[i].solution.support.sum(axis=1) for i in rows])
    shown = np.array(sorted(tuple(np.round(line.get_ydata())) for line in curves(ax)))
    np.testing.assert_array_equal(shown, sorted(tuple(column) for column in counts.T[counts.any(axis=0)]))


@pytest.mark.parametrize("kind", ["norm", "tasks"])
def test_names_do_not_overlap_and_stay_on_the_page(path, kind):
    ax = drawn(path.plot_path(at={"s": 8}, kind=kind))
    boxes = sorted((text.get_window_extent() for text in ax.texts), key=lambda box: box.y0)
    assert len(boxes) > 5
    for below, above in itertools.pairwise(boxes):
        assert above.y0 >= below.y1 - 1.5
    page = ax.figure.bbox
    assert all(box.x1 <= page.x1 and box.y1 <= page.y1 and box.y0 >= 0 for box in boxes)
    assert len(drawn(path.plot_path(max_labels=2)).texts) == 2


def test_one_setting_and_nothing_solved(model):
    one = model.path(s=2, lambda_z=0.1)
    assert len(drawn(one.plot_path()).lines) == one.table["union"][0]
    one.grid.finished[:] = False
    assert drawn(one.plot_path()).get_title(loc="left") == "Ctrl-C came before the first setting was solved"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"x": "gamma"}, "x = 'gamma' is not one of 's', 'lambda_1'"),
        ({"kind": "max"}, "kind = 'max' is not one of 'norm', 'tasks'"),
        ({"at": {"s": 4}}, "The path has no s = 4; it has 2, 5, 8"),
        ({"at": {"lambda_z": 0}}, "at names 'lambda_z'; it may name the parameters that are not on the axis"),
        ({"at": {"size": 2}}, "at names 'size'"),
    ],
)
def test_what_cannot_be_drawn_says_why(path, options, message):
    with pytest.raises(OptionError, match=message):
        path.plot_path(**options)


def test_a_line_per_s_with_bars_on_the_best(model):
    cv = model.cross_validate(s=range(1, 6), lambda_z=[0, 0.1, 1, 10], folds=4, rng=0, lambda_1=0.0, lambda_2=0.0)
    ax = drawn(cv.plot_cv())
    best = cv.table[cv.table["s"] == cv.best["s"]]
    lines = {line.get_label().split()[0]: line for line in curves(ax) if not line.get_label().startswith("_")}
    assert sorted(lines) == ["1", "2", "3", "4", "5"]
    np.testing.assert_allclose(lines[str(cv.best["s"])].get_ydata(), best["mean"])
    (bars,) = (c for c in ax.collections if hasattr(c, "get_segments"))
    np.testing.assert_allclose(
        [segment[:, 1] for segment in bars.get_segments()],
        np.column_stack([best["mean"] - best["std_error"], best["mean"] + best["std_error"]]),
    )
    marks = {line.get_label(): line.get_ydata()[0] for line in ax.lines if line.get_label() in ("best", "one s.e.")}
    assert marks["best"] == cv.table["mean"].min()
    assert ax.get_ylabel() == "RMSE on held-out rows"
    low, high = ax.get_ylim()
    assert low < cv.table["mean"].min() < high


def test_sizes_stand_on_top_of_a_single_curve(model):
    cv = model.cross_validate(s=range(1, 20), lambda_z=0.1, folds=4, rng=0, metric="r2", lambda_1=0.0, lambda_2=0.0)
    ax = drawn(cv.plot_cv())
    (top,) = ax.child_axes
    labels = [label.get_text() for label in top.get_xticklabels()]
    assert labels[0] == "1"
    assert labels[-1] == "19"
    assert top.get_xlabel() == "features selected per task"
    boxes = [label.get_window_extent() for label in top.get_xticklabels()]
    assert not any(a.overlaps(b) for a, b in itertools.pairwise(boxes))


def test_many_sizes_and_other_axes(model):
    many = drawn(
        model.cross_validate(s=range(1, 20), lambda_z=[0, 1], folds=2, rng=0, lambda_1=0.0, lambda_2=0.0).plot_cv()
    )
    names = [line.get_label() for line in curves(many) if not line.get_label().startswith("_")]
    assert 2 < len(names) <= 9
    ridge = drawn(model.cross_validate(s=2, lambda_1=[0, 0.1, 1], lambda_z=0, folds=2, rng=0, lambda_2=0.0).plot_cv())
    assert ridge.get_xlabel() == "λ₁ (ridge)"
    one = drawn(model.cross_validate(s=2, lambda_z=0, folds=2, rng=0, lambda_1=0.0, lambda_2=0.0).plot_cv())
    assert one.get_xlabel() == "s, features per task"


def test_given_axes_are_used_and_nothing_global_changes(model, path):
    before = dict(mpl.rcParams)
    figure = Figure()
    ax = figure.add_subplot()
    assert path.plot_path(ax) is ax
    other = figure.add_subplot()
    assert (
        model.cross_validate(s=[1, 2], lambda_z=0, folds=2, rng=0, lambda_1=0.0, lambda_2=0.0).plot_cv(other) is other
    )
    assert dict(mpl.rcParams) == before


def test_the_error_names_the_extra(monkeypatch, model, path):
    cv = model.cross_validate(s=[1, 2], lambda_z=0, folds=2, rng=0, lambda_1=0.0, lambda_2=0.0)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    for plot in (path.plot_path, cv.plot_cv):
        with pytest.raises(MissingExtraError, match=r'needs matplotlib: pip install "sparsekin\[plots\]"'):
            plot()


def test_the_settings_a_picture_is_drawn_at_are_named(model):
    cv = model.cross_validate(s=[1, 2], lambda_1=[0.1, 1], lambda_2=0.5, lambda_z=[0, 0.1], folds=2, rng=0)
    best = cv.table.iloc[cv.best_index]
    assert cv.plot_cv().get_title(loc="left") == f"lambda_1 = {best['lambda_1']:g}, lambda_2 = 0.5"
    one = model.cross_validate(s=2, lambda_1=[0.1, 1], lambda_z=0.3, folds=2, rng=0, lambda_2=0.0)
    assert one.plot_cv().get_title(loc="left") == "lambda_z = 0.3"


def test_a_legend_says_which_lines_are_outside():
    rng = np.random.default_rng(0)
    X, task = rng.standard_normal((60, 6)), np.repeat(["a", "b"], 30)
    y = X[:, :3] @ [5.0, 4.0, 3.0] + 0.1 * rng.standard_normal(60)
    model = SparseMTL(y, X, task)
    grid = model.cross_validate([1, 2, 3, 4, 5], 0.0, 0.0, [0.0, 0.1], folds=3, rng=0)
    dial = model.cross_validate([2, 3, 4], [0.0, 0.1], folds=3, rng=0)
    for cv in (grid, dial):
        ax = drawn(cv.plot_cv())
        high = ax.get_ylim()[1]
        named = [line for line in ax.get_lines() if not line.get_label().startswith("_")]
        above = [line for line in named if np.min(line.get_ydata()) > high]
        assert above
        for line in named:
            assert line.get_label().endswith(" (above)") == (line in above)
            assert not line.get_label().endswith(" (below)")
        assert [text.get_text() for text in ax.get_legend().get_texts()] == [line.get_label() for line in named]
