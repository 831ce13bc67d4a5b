"""A warning points at the line that called the package, however deep inside it arises."""

import warnings

import numpy as np
import pandas as pd
import pytest

from sparsekin import MTHAL, SparseMTL, study
from sparsekin.errors import SparsekinWarning
from sparsekin.sklearn import MTHALRegressor, SparseMTLClassifier, SparseMTLRegressor

LEFT_OUT = ["comparison", "certified", "sure", "alternatives", "validation"]


def people() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.standard_normal((90, 3)), columns=["age", "bmi", "crp"])
    frame["site"] = np.repeat(["A", "B", "C"], 30)
    frame["y"] = frame["age"] + rng.standard_normal(90)
    frame["far"] = frame["y"] * np.repeat([1, 1e6, 1], 30)
    frame["ill"] = np.tile([0, 0, 0, 0, 0, 1], 15)
    frame["dose"] = np.where(np.arange(90) == 7, "unknown", frame["crp"].round(3).astype(str))
    return frame


def sites(*columns: str) -> pd.DataFrame:
    return people()[["site", "age", "bmi", "crp", *columns]]


FAR = people()["far"]
CALLS = {
    "text that is numbers": lambda: SparseMTL.from_formula("y ~ age + dose", people(), "site"),
    "units, arrays": lambda: SparseMTL(FAR.to_numpy(), people()[["age", "bmi"]].to_numpy(), np.repeat([0, 1, 2], 30)),
    "units, a formula": lambda: SparseMTL.from_formula("far ~ age + bmi", people(), "site"),
    "units, MTHAL": lambda: MTHAL.from_formula("far ~ h(age) + bmi", people(), "site"),
    "units, scikit-learn": lambda: SparseMTLRegressor("site").fit(sites(), FAR),
    "units, MTHAL in scikit-learn": lambda: MTHALRegressor("site", max_degree=1, lambda_=0.1).fit(sites(), FAR),
    "few events": lambda: SparseMTL.from_formula(
        "ill ~ age + bmi + crp", people(), "site", family="binomial"
    ).fit(s=3, lambda_1=0.1),
    "few events, scikit-learn": lambda: SparseMTLClassifier("site", s=3).fit(sites(), people()["ill"]),
    "steps of a study": lambda: study("far ~ age + bmi", people(), "site", folds=3, skip=LEFT_OUT),
    "steps done anew": None,
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
def test_warnings_point_here(name):
    call = CALLS[name]
    if call is None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = study("far ~ age + bmi", people(), "site", folds=3, skip=LEFT_OUT)

        def call():
            return made.replace(cv=made.cv, model=SparseMTL.from_formula("far ~ age + bmi", people(), "site"))

    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", SparsekinWarning)
        call()
    ours = [one for one in found if issubclass(one.category, SparsekinWarning)]
    assert ours
    assert {one.filename for one in ours} == {__file__}
