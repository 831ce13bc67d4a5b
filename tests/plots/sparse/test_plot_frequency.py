"""Frequencies as a picture: what is drawn is what the table says."""

import numpy as np
import pytest

from models.sparse.test_stability import frame
from sparsekin import SparseMTL
from sparsekin.errors import OptionError


@pytest.fixture(scope="module")
def fit():
    return SparseMTL.from_formula("y ~ .", frame(), task="site", keep=["age"]).fit(s=1, lambda_1=0.01, lambda_z=0.05)


def test_cells_are_frequencies_and_dots_what_own_rows_show(fit):
    sure = fit.stability(pairs=15, rng=1)
    ax = sure.plot_frequency()
    table, shown = sure.frequency, [label.get_text() for label in ax.get_yticklabels()]
    assert shown[0] in ("p1", "p4")
    drawn = np.asarray(ax.collections[0].get_array()).reshape(len(shown), 4)
    np.testing.assert_array_equal(drawn, table.loc[shown].to_numpy())
    assert (np.diff(drawn[:, 0]) <= 0).all()
    dots = {(shown[int(y)], int(x)) for line in ax.lines for x, y in line.get_xydata() if line.get_marker() == "o"}
    cells = sure.select(0.1).cells
    assert dots == {(name, 1 + k) for name in cells.index for k in np.flatnonzero(cells.loc[name])}
    stable = int(sure.select(0.1).table["stable"].sum())
    assert stable > 0
    assert [line.get_ydata()[0] for line in ax.lines if line.get_marker() != "o"] == [stable - 0.5]
    few = sure.plot_frequency(max_features=1)
    assert len(few.get_yticklabels()) == 1
    few.figure.draw_without_rendering()
    page, title = few.figure.bbox, few._left_title.get_window_extent()
    assert few.get_title(loc="left").startswith("The first 1 of")
    assert title.y1 <= page.y1
    assert title.x1 <= page.x1


def test_without_halves_it_says_how_to_get_them(fit):
    with pytest.raises(OptionError, match=r"plot_frequency draws half-samples: .*stability\(\)"):
        fit.plot_frequency()
    with pytest.raises(OptionError, match="max_features"):
        fit.stability(pairs=10, rng=0).plot_frequency(max_features=0)
