"""path(bounds=True): a proven bound in every row of the table, the same as of the fit there."""

import numpy as np
import pytest

from sparsekin import SparseMTL
from sparsekin.errors import InterruptedWarning, OptionError
from sparsekin.l0.exact import bounds


@pytest.fixture(scope="module")
def model():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((160, 20))
    y = X[:, 1] - X[:, 4] + 2 * rng.standard_normal(160)
    return SparseMTL(y, X, np.repeat(["a", "b"], 80))


@pytest.mark.parametrize("support", ["heterogeneous", "common"])
def test_bounds_are_those_of_the_fits(model, support):
    path = model.path(s=[2, 3], lambda_1=0.05, lambda_z=[0, 0.1], support=support, bounds=True)
    table = path.table
    assert list(table.columns[3:7]) == ["lambda_z", "objective", "bound", "gap"]
    for i, row in table.iterrows():
        np.testing.assert_allclose(row["bound"], path[i].bound_root().bound, rtol=1e-9)
        assert row["bound"] <= path[i].certify().objective
        np.testing.assert_allclose(row["gap"], 1 - row["bound"] / row["objective"], atol=1e-12)


def test_only_on_request(model):
    assert "bound" not in model.path(s=2, lambda_z=0).table
    with pytest.raises(OptionError, match="bounds = 'yes' is not one of False, True"):
        model.path(s=2, lambda_z=0, bounds="yes")


def test_ctrl_c_keeps_the_bounds_so_far(model, monkeypatch):
    certify, calls = bounds.certify, []

    def interrupted(*args, **options):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return certify(*args, **options)

    monkeypatch.setattr(bounds, "certify", interrupted)
    with pytest.warns(InterruptedWarning, match="The path was interrupted: 1 of 3 settings are finished"):
        path = model.path(s=2, lambda_1=0.05, lambda_z=[0, 0.1, 1], bounds=True)
    assert path.table["bound"].notna().tolist() == [True, False, False]
    assert path.table["objective"].notna().all()


def test_the_bar_counts_bounds_too(model, capsys):
    model.path(s=2, lambda_1=0.05, lambda_z=[0, 0.1], bounds=True, progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert "0/4" in err
