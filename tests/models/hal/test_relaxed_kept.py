"""A relaxed fit gives kept terms what lm() and glm() give them, also where they, or functions, say the same."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from sparsekin import MTHAL

N = 240
RNG = np.random.default_rng(11)
DATA = pd.DataFrame({
    "site": np.repeat(["A", "B"], N // 2), "age": RNG.uniform(30, 70, N).round(), "dose": RNG.normal(0, 1, N),
    "wt": RNG.integers(1, 4, N).astype(float),
})  # fmt: skip
DATA["grams"] = 1000 * DATA["dose"] + 5
DATA["y"] = np.maximum(DATA["age"] - 50, 0) / 5 + DATA["dose"] + RNG.normal(0, 1, N)
DATA["ill"] = (DATA["y"] + RNG.logistic(0, 1, N) > 1).astype(float)


def hinges(rows, names):
    knots = [float(name.split(" - ")[1].rstrip(")+")) for name in names]
    return np.column_stack([np.maximum(rows["age"] - knot, 0) for knot in knots])


@pytest.mark.parametrize("outcome", ["y", "ill"])
def test_kept_terms_given_by_earlier_ones_are_blank_and_the_earlier_carry_all(outcome):
    family = "gaussian" if outcome == "y" else "binomial"
    model = MTHAL.from_formula(
        f"{outcome} ~ h(age, k=4) + dose + grams", DATA, task="site", family=family, weights="wt", order=1
    )
    found = model.fit(lambda_=0.05).relax()
    functions = [name for name in found.params.index if name.startswith("(age")]
    assert functions
    assert found.params.loc["grams"].isna().all()
    for site, rows in DATA.groupby("site"):
        A = np.column_stack([np.ones(len(rows)), rows["dose"], hinges(rows, functions)])
        like = sm.families.Gaussian() if outcome == "y" else sm.families.Binomial()
        expected = sm.GLM(rows[outcome].to_numpy(), A, family=like, freq_weights=rows["wt"].to_numpy()).fit(tol=1e-12)
        np.testing.assert_allclose(
            found.params.loc[["Intercept", "dose", *functions], site], expected.params, rtol=1e-5, atol=1e-7
        )


def test_a_function_that_a_kept_term_gives_has_no_part_of_it():
    """Where everybody is older than a knot, the hinge there is age."""
    data = DATA.assign(months=12 * DATA["age"])
    data = data[(data["site"] == "A") | (data["age"] > 55)]
    found = MTHAL.from_formula("y ~ h(age, k=4) + months + dose", data, task="site", order=1).fit(1e-3).relax()
    functions = [name for name in found.params.index if name.startswith("(age")]
    for site, above in (("A", 30.0), ("B", 55.0)):
        rows = data[data["site"] == site]
        given = [name for name in functions if float(name.split(" - ")[1].rstrip(")+")) <= above]
        others = [name for name in functions if name not in given]
        assert (len(given) > 0) == (site == "B")
        assert others
        assert (found.params.loc[given, site] == 0).all()
        A = np.column_stack([np.ones(len(rows)), rows["months"], rows["dose"], hinges(rows, others)])
        expected = sm.OLS(rows["y"].to_numpy(), A).fit().params
        np.testing.assert_allclose(
            found.params.loc[["Intercept", "months", "dose", *others], site], expected, rtol=1e-6
        )
