"""A small analysis for the tests of pages."""

import numpy as np
import pandas as pd

from sparsekin import study

SHORT = {"folds": 4, "pairs": 10, "time_limit": 5.0}


def made_data(n=40, seed=0):
    """Three sites; bmi goes with y in all, crp in the last."""
    rng = np.random.default_rng(seed)
    data = pd.DataFrame(rng.standard_normal((3 * n, 5)), columns=["age", "bmi", "crp", "ldl", "hdl"])
    data["site"] = np.repeat(["A", "B", "C"], n)
    data["y"] = data["bmi"] + 0.8 * data["crp"] * (data["site"] == "C") + 0.5 * rng.standard_normal(3 * n)
    return data


def small_study():
    return study("y ~ .", made_data(), task="site", **SHORT)
