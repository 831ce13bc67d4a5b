"""Offsets of new rows: the formula's are read from them, as R does; others are given, or the rate is of one unit."""

import numpy as np
import pandas as pd
import pytest

from sparsekin import MTHAL, SparseMTL
from sparsekin.errors import DataError, OptionError

N = 120
KINDS = ["sparse", "hal"]


def people(seed=0):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.standard_normal((N, 3)), columns=["a", "b", "c"])
    frame["days at risk"] = rng.integers(1, 9, N).astype(float)
    frame["ward"] = np.repeat(["north", "south"], N // 2)
    frame["falls"] = rng.poisson(np.exp(0.6 * frame["a"]) * frame["days at risk"])
    frame["time"] = rng.exponential(np.exp(-frame["a"])) + 0.01
    frame["died"] = (rng.random(N) < 0.7).astype(int)
    return frame


def fitted(kind, right, outcome="falls", family="poisson", **options):
    if kind == "sparse":
        model = SparseMTL.from_formula(f"{outcome} ~ a + b + c{right}", people(), "ward", family=family, **options)
        return model.fit(s=1, lambda_1=0.01)
    model = MTHAL.from_formula(f"{outcome} ~ h(a, k=4) + b{right}", people(), "ward", family=family, **options)
    return model.fit(0.01)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("how", ["task", "mean"])
def test_rows_of_the_fit_given_as_new_are_predicted_as_before(kind, how):
    fit = fitted(kind, " + offset(log(`days at risk`))")
    for scale in ("link", "response"):
        np.testing.assert_allclose(
            fit.predict(people(), how=how, type=scale), fit.predict(how=how, type=scale), rtol=1e-12
        )


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_that_the_offset_reads_must_be_there(kind):
    fit = fitted(kind, " + offset(log(`days at risk`))")
    with pytest.raises(DataError, match=r"The formula has offset\(log\(`days at risk`\)\), which new rows need too\."):
        fit.predict(people().drop(columns="days at risk"))
    without = people().drop(columns=["days at risk", "falls"])
    known = np.log(people()["days at risk"].to_numpy())
    np.testing.assert_allclose(fit.predict(without, offset=known), fit.predict(), rtol=1e-12)
    rates = fit.predict(without, offset=np.zeros(N))
    np.testing.assert_allclose(rates * people()["days at risk"].to_numpy(), fit.predict(), rtol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_offset_is_a_missing_prediction(kind):
    new = people()
    new.loc[3, "days at risk"] = np.nan
    found = fitted(kind, " + offset(log(`days at risk`))").predict(new)
    assert np.flatnonzero(found.isna()).tolist() == [3]


@pytest.mark.parametrize("kind", KINDS)
def test_with_exposure_new_rows_have_one_unit_unless_they_say(kind):
    fit = fitted(kind, "", exposure=people()["days at risk"])
    days = people()["days at risk"].to_numpy()
    np.testing.assert_allclose(fit.predict(people()) * days, fit.predict(), rtol=1e-12)
    np.testing.assert_allclose(fit.predict(people(), offset=np.log(days)), fit.predict(), rtol=1e-12)
    for bad in (np.zeros(3), np.zeros((N, 2)), 1.0):
        with pytest.raises(DataError, match=r"offset has shape .* for 120 new rows"):
            fit.predict(people(), offset=bad)
    with pytest.raises(DataError, match="offset must be numbers"):
        fit.predict(people(), offset=["x"] * N)
    with pytest.raises(OptionError, match="offset= is of new rows"):
        fit.predict(offset=days)


@pytest.mark.parametrize("kind", KINDS)
def test_survival_of_new_rows_has_the_offset_too(kind):
    fit = fitted(kind, " + offset(0.5 * c)" if kind == "hal" else " + offset(0.5 * b)", "Surv(time, died)", "cox")
    np.testing.assert_allclose(
        fit.predict(people(), type="survival", times=[0.5, 1]), fit.predict(type="survival", times=[0.5, 1]), rtol=1e-9
    )


def test_squared_errors_have_no_offset_of_new_rows():
    model = SparseMTL.from_formula("time ~ a + b + c", people(), "ward")
    with pytest.raises(OptionError, match="offset= is for fits with an offset"):
        model.fit(s=1).predict(people(), offset=np.zeros(N))
