import sys

import numpy as np
import pytest

from forms.planted import plant
from sparsekin import MixedForms
from sparsekin.errors import DataError, MissingExtraError, OptionError


@pytest.fixture(scope="module")
def fit():
    planted = plant(0, n=60, widths=(3, 7, 5), d=2, missing=0.0)
    return MixedForms(planted.full[0], planted.full[1], task=np.repeat(["north", "south", "west"], 20)).fit(d=2)


def test_loadings_largest_first(fit):
    ax = fit.plot_loadings(block="x", max_columns=4)
    sizes = (fit.beta**2).sum(axis=1).sort_values(ascending=False)
    assert [label.get_text() for label in ax.get_yticklabels()] == list(sizes.index[:4])
    np.testing.assert_allclose(ax.images[0].get_array(), fit.beta.loc[sizes.index[:4]])


def test_codes_by_task(fit):
    ax = fit.plot_codes()
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["north", "south", "west"]
    total = fit.codes_fixed + fit.codes_random
    np.testing.assert_allclose(ax.lines[0].get_xdata(), total["f1"][:20])
    np.testing.assert_allclose(fit.plot_codes(part="random").lines[2].get_ydata(), fit.codes_split[1]["f2"][40:])


def test_variance_bars_add_up_to_one(fit):
    ax = fit.plot_variance()
    ends = [bar.get_x() + bar.get_width() for bar in ax.containers[2]]
    np.testing.assert_allclose(ends, 1.0)


def test_trace_has_a_line_per_run(fit):
    assert len(fit.plot_trace().lines) == fit.trace["run"].nunique()


def test_figures_can_be_written(fit, tmp_path):
    for name in ("loadings", "codes", "variance", "trace"):
        getattr(fit, f"plot_{name}")().figure.savefig(tmp_path / name)
        assert (tmp_path / f"{name}.png").stat().st_size > 5000


def test_bad_requests(fit):
    with pytest.raises(OptionError, match="block = 'w' is not one of"):
        fit.plot_loadings(block="w")
    with pytest.raises(OptionError, match="part = 'all' is not one of"):
        fit.plot_codes(part="all")
    with pytest.raises(DataError, match="x = 3 is not a factor; the model has 2"):
        fit.plot_codes(x=3)
    planted = plant(0, n=40, widths=(2, 4, 0), d=1, missing=0.0)
    with pytest.raises(DataError, match="no Z block"):
        MixedForms(*planted.full[:2]).fit(d=1).plot_loadings(block="z")


def test_missing_matplotlib_names_the_extra(fit, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"sparsekin\[plots\]"):
        fit.plot_trace()
