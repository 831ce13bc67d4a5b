"""A frame of three sites with one step in two columns, and fits of it."""

import numpy as np
import pandas as pd
import pytest

from sparsekin import MTHAL


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(0)
    n = 150
    made = pd.DataFrame({
        "age": rng.uniform(20, 80, n), "bmi": rng.uniform(18, 40, n).round(1), "crp": rng.normal(size=n),
        "sex": rng.choice(["f", "m"], n), "site": rng.choice(["A", "B", "C"], n),
    }, index=[f"r{i}" for i in range(n)])  # fmt: skip
    step = 2.0 * (made["age"] >= 50) * (made["bmi"] >= 25)
    return made.assign(y=step + 0.5 * (made["sex"] == "m") + 0.1 * rng.normal(size=n))


@pytest.fixture(scope="module")
def model(frame):
    return MTHAL.from_formula("y ~ h(., k=20) + h(age, bmi, k=10) + sex", frame, task="site", order=0)


@pytest.fixture(scope="module")
def fit(model):
    return model.fit(0.02)
