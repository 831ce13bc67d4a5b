"""Relaxed fits of survival times in strata."""

import numpy as np
import pandas as pd
from statsmodels.duration.hazard_regression import PHReg

from sparsekin import MTHAL


def test_a_relaxed_line_in_strata_is_the_regression_in_strata():
    rng = np.random.default_rng(0)
    n = 120
    frame = pd.DataFrame({"age": rng.normal(50, 10, n), "sex": rng.choice(["f", "m"], n)})
    frame["time"] = rng.exponential(np.exp(-0.03 * (frame["age"] - 50) - 0.5 * (frame["sex"] == "m")))
    frame["dead"] = rng.random(n) < 0.8
    fit = MTHAL.from_formula("Surv(time, dead) ~ h(age, k=1) + strata(sex)", frame).fit(1e-3).relax()
    truth = PHReg(frame["time"], frame[["age"]], frame["dead"], strata=frame["sex"], ties="efron").fit()
    np.testing.assert_allclose(fit.params.to_numpy().ravel(), truth.params, rtol=1e-7)
