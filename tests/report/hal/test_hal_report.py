"""The summary and tables of a HAL: by variable first, then functions in words."""

import numpy as np
import pandas as pd
import pytest

from sparsekin import MTHAL
from sparsekin.errors import DataError


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.uniform(20, 80, 120), "bmi": rng.uniform(18, 40, 120), "site": ["A", "B"] * 60})
    return frame.assign(y=2.0 * (frame["age"] >= 50) + 0.1 * rng.normal(size=120))


@pytest.fixture(scope="module")
def fit(data):
    return MTHAL.from_formula("y ~ h(.) + h(., .)", data, task="site", order=0).fit(0.2)


def test_summary_says_what_was_fitted_in_order(fit):
    text = str(fit.summary())
    places = [text.index(part) for part in (
        "Multi-task highly adaptive lasso", "Duality gap:", "Share of variation by variable", "By set of variables",
        "Functions, largest first", "Kept terms (no penalty)", "Fit per task",
    )]  # fmt: skip
    assert places == sorted(places)
    assert f"{fit.n_functions}, {fit.basis.size} selected" in text
    assert "I(age >= " in text
    assert fit.summary().as_html().count("<table") == 6
    assert "tabular" in fit.summary().as_latex()


def test_many_tasks_are_summarised(data):
    found = MTHAL(data["y"], data[["age"]], np.arange(120) % 15, order=0).fit(0.3)
    text = str(found.summary())
    assert "Fit over 15 tasks" in text
    assert "mean" in text


def test_tidy_has_a_row_per_term_and_task(fit):
    found = fit.tidy()
    assert list(found.columns) == ["term", "task", "estimate", "variation", "section", "kind", "form"]
    assert len(found) == 2 * (1 + fit.basis.size)
    functions = found[found["kind"] == "function"]
    np.testing.assert_allclose(functions["variation"], functions["estimate"].abs())
    assert found["variation"].isna().sum() == 2


def test_glance_has_one_row(fit):
    row = fit.glance()
    assert len(row) == 1
    assert row["n_selected"][0] == fit.basis.size
    assert row["status"][0] == "converged"


def test_augment_has_the_rows_of_the_data(fit, data):
    found = fit.augment(data)
    np.testing.assert_allclose(found[".fitted"] + found[".resid"], data["y"])
    with pytest.raises(DataError, match="data has 5 rows"):
        fit.augment(data.head())


def test_terms_of_hinges_are_readable(data):
    found = MTHAL(data["y"], data[["age", "bmi"]] - 30, order=2, max_degree=2, knots=4).fit(0.5)
    assert any(")+^2" in term for term in found.term_names)
    assert any("(age + " in term for term in found.term_names)
