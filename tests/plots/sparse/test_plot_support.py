import itertools
import sys

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from results.stand_in import fit_arrays
from sparsekin.errors import MissingExtraError
from sparsekin.plots.sparse.support import plot_support
from sparsekin.results.sparse.fit import SparseFit


def fit_of(p, n_tasks, s, name="protein", site="site", seed=0):
    """A fit with p features of which every task selects s."""
    rng = np.random.default_rng(seed)
    n = s + 4
    X, task = rng.standard_normal((n * n_tasks, p)), np.repeat([f"{site}{k}" for k in range(n_tasks)], n)
    y = X[:, 0] + rng.standard_normal(len(X))
    return fit_arrays(SparseFit, y, X, task, s=s, feature_names=[f"{name}{j}" for j in range(p)])


def overlapping(labels):
    """Pairs of drawn labels whose boxes meet."""
    boxes = [label.get_window_extent() for label in labels if label.get_text()]
    return [i for i, (a, b) in enumerate(itertools.pairwise(boxes)) if a.overlaps(b)]


@pytest.mark.parametrize(("long", "dpi"), [(False, 100), (True, 60)])
@pytest.mark.parametrize(
    ("p", "n_tasks", "s"), [(5, 2, 3), (5, 130, 2), (60, 2, 40), (60, 130, 2), (80, 30, 5), (1, 1, 1)]
)
def test_labels_never_overlap_and_stay_inside_the_figure(p, n_tasks, s, long, dpi):
    names = ("WWWW_MMMM_$WWWW$_MMMM_WWWW_MMMM_", "UNIVERSITY $HOSPITAL$ NO. ") if long else ("protein", "site")
    ax = plot_support(fit_of(p, n_tasks, s, *names))
    ax.figure.set_dpi(dpi)
    ax.figure.canvas.draw()
    page = ax.figure.bbox
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        assert labels
        assert overlapping(labels) == []
    bars = [label for bar in ax.child_axes for label in (bar.yaxis.label, *bar.get_yticklabels())]
    assert bars
    for text in [*ax.get_xticklabels(), *ax.get_yticklabels(), ax.xaxis.label, *bars]:
        box = text.get_window_extent()
        assert page.x0 <= box.x0 + 1e-6
        assert box.x1 <= page.x1 + 1e-6
        assert page.y0 <= box.y0 + 1e-6
        assert box.y1 <= page.y1 + 1e-6


def test_cells_are_the_standardised_coefficients_of_the_ranked_features():
    fit = fit_of(6, 4, 2)
    ax = plot_support(fit)
    values = ax.collections[0].get_array()
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert sorted(names) == sorted(fit.selected)
    counts = fit.support.sum(axis=1)[names]
    assert counts.is_monotonic_decreasing
    for row, name in enumerate(names):
        j = fit.blocks.feature_names.index(name)
        np.testing.assert_array_equal(np.ma.getmaskarray(values)[row], ~fit.solution.support[j])
        chosen = fit.solution.support[j]
        np.testing.assert_array_equal(values[row][chosen], fit.solution.coef_standardized[j, chosen])
    low, high = ax.collections[0].get_clim()
    assert low == -high == -np.abs(fit.solution.coef_standardized).max()


def test_labels_of_axes_and_colour_bar():
    ax = plot_support(fit_of(6, 4, 2))
    assert ax.get_xlabel() == "task"
    assert ax.get_title(loc="left") == "Selected features"
    assert "standardised coefficient" in [bar.get_ylabel() for bar in ax.child_axes]


def test_only_the_first_features_are_shown_when_there_are_more():
    ax = plot_support(fit_of(30, 5, 10), max_features=7)
    assert len(ax.get_yticklabels()) == 7
    assert ax.get_title(loc="left").startswith("The first 7 of ")


def test_it_draws_into_given_axes_and_changes_no_global_state():
    before = dict(mpl.rcParams)
    given = Figure(figsize=(3, 3)).add_subplot()
    assert plot_support(fit_of(60, 40, 5), given) is given
    given.figure.canvas.draw()
    assert overlapping(given.get_xticklabels()) == overlapping(given.get_yticklabels()) == []
    assert dict(mpl.rcParams) == before


def test_nothing_selected():
    fit = fit_of(3, 2, 1)
    fit.solution.support[:] = False
    fit.solution.coef_standardized[:] = 0.0
    ax = plot_support(fit)
    ax.figure.canvas.draw()
    assert ax.get_title(loc="left") == "No feature is selected"
    assert not ax.collections


def test_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r'pip install "sparsekin\[plots\]"'):
        plot_support(fit_of(3, 2, 1))
