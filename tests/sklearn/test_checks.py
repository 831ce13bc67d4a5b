"""scikit-learn's own checks of every estimator; what does not pass is listed with its reason, here and on the page."""

import re
from pathlib import Path

import pytest
from sklearn.utils import get_tags
from sklearn.utils.estimator_checks import check_estimator

import sklearn
from sparsekin.sklearn import (
    MixedFormsRegressor,
    MTHALClassifier,
    MTHALClassifierCV,
    MTHALRegressor,
    MTHALRegressorCV,
    SparseMTLClassifier,
    SparseMTLClassifierCV,
    SparseMTLRegressor,
    SparseMTLRegressorCV,
    SupportSelector,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "scikit-learn.md"
WEIGHTS = {"check_sample_weight_equivalence_on_dense_data", "check_sample_weight_equivalence_on_sparse_data"}
RIDGE = '`lambda_1="auto"` is one over the number of rows, and a row of weight 2 is one row'
GRID = "the values tried by default follow the number of rows, and a row of weight 2 is one row"
KNOTS = "knots are quantiles of the rows, and a row of weight 2 is one row"
EXACT = {"max_degree": 1, "knots": "full", "lambda_": 0.1, "tolerance": 1e-12}
SMALL = {"max_degree": 1, "knots": 2, "linear": None, "n_lambda": 20, "cv": 3}
GIVEN = {"s": [1, 2], "lambda_1": [0.1], "effort": 0, "cv": 3}

# Estimator, checks that do not pass, and why: at defaults, and with settings given.
ESTIMATORS = [
    (SparseMTLRegressor(), set(), ""),
    (SparseMTLClassifier(), WEIGHTS, RIDGE),
    (SparseMTLClassifier(lambda_1=0.1), set(), ""),
    (SparseMTLRegressorCV(), WEIGHTS, GRID),
    (SparseMTLRegressorCV(**GIVEN), set(), ""),
    (SparseMTLClassifierCV(), WEIGHTS, GRID),
    (SparseMTLClassifierCV(**GIVEN), set(), ""),
    (MTHALRegressor(), WEIGHTS, KNOTS),
    (MTHALRegressor(**EXACT), set(), ""),
    (MTHALClassifier(), WEIGHTS, KNOTS),
    (MTHALClassifier(**EXACT), set(), ""),
    (MTHALRegressorCV(), set(), ""),
    (MTHALRegressorCV(**SMALL), set(), ""),
    (MTHALClassifierCV(), set(), ""),
    (MTHALClassifierCV(**SMALL), set(), ""),
    (MixedFormsRegressor(), set(), ""),
    (SupportSelector(SparseMTLRegressor()), set(), ""),
    (SupportSelector(SparseMTLClassifier(lambda_1=0.1)), set(), ""),
]
QUICK = (SparseMTLRegressor, SparseMTLClassifier, MixedFormsRegressor, SupportSelector)
QUICKER = (MTHALRegressor(**EXACT), SparseMTLRegressorCV(**GIVEN))


def called(estimator) -> str:
    return re.sub(r"\s+", " ", repr(estimator))


def judge(estimator) -> tuple[int, set[str]]:
    """How many checks pass, and the names of those that do not."""
    found = check_estimator(estimator, on_fail=None, on_skip=None)
    return sum(one["status"] == "passed" for one in found), {
        one["check_name"] for one in found if one["status"] not in ("passed", "skipped")
    }


def case(estimator, failing, why):
    quick = type(estimator) in QUICK or called(estimator) in map(called, QUICKER)
    return pytest.param(estimator, failing, id=called(estimator), marks=[] if quick else [pytest.mark.slow])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("estimator", "failing"), [case(*one) for one in ESTIMATORS])
def test_checks_of_scikit_learn(estimator, failing):
    if sklearn.__version__.startswith("1.6.") and get_tags(estimator).classifier_tags is not None:
        failing = WEIGHTS  # it gives the two fits other labels: y.flat[0] is another row after it has shuffled them
    passed, failed = judge(estimator)
    assert failed == failing
    assert passed > 40


TOP = "| estimator | does not pass | because |\n|---|---|---|"


def row(estimator, failing, why) -> str:
    short = {"check_sample_weight_equivalence_on_(dense, sparse)_data"} if failing == WEIGHTS else failing
    names = " ".join(f"`{name}`" for name in sorted(short)) or "–"
    return f"| `{called(estimator)}` | {names} | {why} |"


def test_the_page_lists_them():
    text = PAGE.read_text(encoding="utf-8")
    assert [row(*one) for one in ESTIMATORS if row(*one) not in text] == []


if __name__ == "__main__":
    print(TOP)
    for one in ESTIMATORS:
        print(row(*one))
