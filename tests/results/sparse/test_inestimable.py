"""An always-in term that cannot be estimated in a task is blank there, as in lm(), and the others are not touched."""

import numpy as np
import pandas as pd
import pytest

from sparsekin import MTHAL, MixedForms, SparseMTL, moments
from sparsekin.results.unavailable import Unavailable

N = 60
RNG = np.random.default_rng(2)


@pytest.fixture(scope="module")
def data():
    site = np.repeat(["A", "B", "C"], N // 3)
    sex = np.where((site == "B") | (RNG.random(N) < 0.5), "f", "m")
    stage = RNG.choice(["I", "II", "III"], N)
    stage[(site == "C") & (stage == "I")] = "III"
    age = RNG.normal(60, 8, N)
    frame = pd.DataFrame({"site": site, "sex": sex, "stage": stage, "age": age, "x": RNG.standard_normal(N)})
    frame["months"] = 12 * age
    frame["fixed"] = np.where(site == "A", 37.2, RNG.normal(37, 1, N))
    frame["y"] = 0.1 * age + 2 * frame["x"] + (sex == "f") + RNG.standard_normal(N)
    return frame


def least_squares(rows, columns):
    A = np.column_stack([np.ones(len(rows)), *columns])
    return np.linalg.lstsq(A, rows["y"], rcond=None)[0][1:-1]  # but for intercept and x


KEEP = ["sex", "stage", "age", "months", "fixed"]


def fits(data):
    formula = "y ~ x + sex + stage + age + months + fixed"
    fit = SparseMTL.from_formula(formula, data, task="site", keep=KEEP).fit(s=1)
    pooled = moments.from_frame(formula, data, task="site", keep=KEEP)
    return fit, SparseMTL.from_moments(pooled).fit(s=1)


def test_as_lm_would_say(data):
    blank = {"A": ["months", "fixed"], "B": ["sex[T.m]", "months"], "C": ["stage[T.III]", "months"]}
    for fit in fits(data):
        params = fit.params.drop(index=["Intercept", "x"])
        for site, gone in blank.items():
            assert params.index[params[site].isna()].tolist() == gone
            rows = data[data["site"] == site]
            dummies = {"sex[T.m]": rows["sex"] == "m"} | {f"stage[T.{s}]": rows["stage"] == s for s in ("II", "III")}
            used = {name: dummies.get(name, rows.get(name)) for name in params.index if name not in gone}
            expected = least_squares(rows, [*(np.asarray(part, float) for part in used.values()), rows["x"]])
            np.testing.assert_allclose(params[site].dropna(), expected, rtol=1e-6)
        tidy = fit.tidy().set_index(["term", "task"])["estimate"]
        assert tidy.isna().sum() == 6
        assert np.isnan(tidy["sex[T.m]", "B"])
        text = " ".join(str(fit.summary()).split())
        assert "without a coefficient in B (constant there or given by the kept terms before): sex[T.m], months" in text
        assert "e-1" not in text.split("Kept terms")[1].split("Fit per task")[0]
    if not isinstance(fit.predict(data), Unavailable):
        np.testing.assert_allclose(fit.predict(data), fits(data)[0].predict(data), rtol=1e-6)
    assert fits(data)[0].predict(data).notna().all()


@pytest.mark.parametrize("units", [1e-6, 1.0, 1e6])
def test_units_do_not_decide(data, units):
    changed = data.assign(fixed=data["fixed"] * units, months=data["months"] / units)
    params = fits(changed)[0].params
    assert params.isna().to_numpy().sum() == 6
    found = params * pd.Series(1.0, index=params.index).where(params.index != "fixed", units).to_numpy()[:, None]
    np.testing.assert_allclose(found, fits(data)[0].params, rtol=1e-6)


def test_in_a_highly_adaptive_lasso(data):
    fit = MTHAL.from_formula("y ~ h(x, k=5) + sex + age + months", data, task="site").fit(0.05)
    params = fit.params.loc[["sex[T.m]", "age", "months"]]
    assert params.isna().to_numpy().tolist() == [[False, True, False], [False] * 3, [True] * 3]
    assert fit.predict(data).notna().all()
    text = " ".join(str(fit.summary()).split())
    assert "without a coefficient in B (constant there or given by the kept terms before): sex[T.m], months" in text
    assert "nan" not in text


@pytest.mark.filterwarnings("ignore:Heywood case")
def test_a_factor_with_one_level_left_is_noted(data):
    some = data.assign(arm=["old", *["new"] * (N - 1)], w=[np.nan, *[1.0] * (N - 1)])
    note = "One level in the rows used, so not in the model: arm."
    fit = SparseMTL.from_formula("y ~ x + age + w + arm", some, task="site", missing="drop").fit(s=1)
    assert fit.blocks.feature_names == ("x", "age", "w")
    assert note in " ".join(str(fit.summary()).split())
    hal = MTHAL.from_formula("y ~ h(x, k=5) + arm", some[1:], task="site").fit(0.1)
    assert note in " ".join(str(hal.summary()).split())
    forms = MixedForms.from_formula("y ~ x + age + C(arm)", some[1:], task="site").fit(d=1, starts=1)
    assert note in " ".join(str(forms.summary()).split())
    assert "One level" not in str(SparseMTL.from_formula("y ~ x + sex", data, task="site").fit(s=1).summary())
    assert "One level" not in str(SparseMTL.from_formula("y ~ x + arm - 1", some[1:]).fit(s=1).summary())
