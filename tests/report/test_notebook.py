"""The last value of a cell shows itself: a fit, path and cross-validation its summary, a model its tasks."""

import numpy as np
import pytest

from contract.made import CASES, made
from sparsekin import SparseMTL


@pytest.mark.parametrize(("estimator", "kind"), CASES)
def test_every_kind_of_object(estimator, kind):
    one = made(estimator, kind)
    shown = one._repr_html_()
    if kind == "model":
        assert all(f"<td>{task}</td>" in shown.replace(" ", "") for task in ("north", "south"))
        assert repr(one).strip("<>") in shown
    else:
        assert shown == one.summary().as_html()


def test_a_model_shows_names_as_text_and_what_was_dropped():
    X = np.random.default_rng(0).standard_normal((20, 2))
    X[3, 0] = np.nan
    shown = SparseMTL(X[:, 1], X, ["<b>", "c"] * 10, missing="drop")._repr_html_()
    assert "&lt;b&gt;" in shown
    assert "<b>" not in shown
    assert "1 of 20 rows dropped: x1 (1)" in shown


def test_comparisons_and_validations():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 3))
    model = SparseMTL(X[:, 0] + 0.1 * rng.standard_normal(60), X, np.repeat(["a", "b"], 30))
    fit = model.fit(1)
    validated = fit.validate(X[:9], X[:9, 0], task=["a"] * 9)
    for one in (model.compare(s=1, folds=3, rng=0), validated):
        assert one._repr_html_() == one.summary().as_html()
