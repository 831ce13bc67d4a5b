"""docs/columns.md has a sentence for every column of every table, and for every head of a summary."""

import re
import warnings
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from statsmodels.iolib.table import SimpleTable

from contract.made import frame, made, model
from contract.table import AVERAGE
from oracles.studies import small_study
from sparsekin import MTHAL, SparseMTL
from sparsekin.results.unavailable import Unavailable

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "columns.md").read_text(encoding="utf-8")
TASKS = {"north", "south", "a", "b", "c"}  # of the data below: their columns are named after them
ONLY_R = {".fitted_cv"}
MEASURES = {
    "auc",
    "brier",
    "brier_scaled",
    "cal_intercept",
    "cal_slope",
    "concordance",
    "dispersion",
    "explained",
    "rmse",
}


@cache
def data():
    rng = np.random.default_rng(0)
    out = frame()
    out["three"] = np.resize(["a", "b", "c"], len(out))
    out["ill"] = out["y"] + rng.normal(size=len(out)) > 0
    out["count"] = np.round(np.exp(out["y"] / 2)).astype(int)
    out["time"] = rng.exponential(np.exp(-0.5 * out["y"])) + 0.01
    out["died"] = rng.random(len(out)) < 0.8
    return out


def of_family(outcome, family):
    return SparseMTL.from_formula(f"{outcome} ~ x1 + x2 + x3", data(), "site", family=family).fit(s=1)


def one_curve():
    return MTHAL.from_formula("y ~ h(x1, k=3)", data(), "site")


GRID = {"s": [1], "lambda_1": 0.1, "lambda_2": 0, "lambda_z": 0, "folds": 3, "rng": 0}
OBJECTS = {
    "path": lambda: model("SparseMTL").path(s=[1, 2], bounds=True),
    "MTHAL path": lambda: made("MTHAL", "path"),
    "cv": lambda: made("SparseMTL", "cv"),
    "dial": lambda: model("SparseMTL").cross_validate(folds=3, rng=0, effort=0),
    "MTHAL cv": lambda: made("MTHAL", "cv"),
    "forms cv": lambda: made("MixedForms", "cv"),
    "comparison": lambda: model("SparseMTL").compare(**GRID),
    "MTHAL comparison": lambda: one_curve().compare(n_lambda=3, tolerance=0.01, linear=None, folds=3, rng=0),
    "left out": lambda: SparseMTL.from_formula("y ~ x1 + x2 + x3", data(), "three").validate(**GRID),
    "knockoffs": lambda: model("SparseMTL").knockoffs(fdr=0.4, draws=2, rng=0),
    "fit": lambda: made("SparseMTL", "results"),
    "average": lambda: made(AVERAGE, "results"),
    "stable": lambda: made("SparseMTL", "results").stability(10, rng=0),
    "certified": lambda: made("SparseMTL", "results").certify(),
    "binomial": lambda: of_family("ill", "binomial").hold_out(folds=3, rng=0),
    "poisson": lambda: of_family("count", "poisson"),
    "cox": lambda: of_family("Surv(time, died)", "cox"),
    "MTHAL": lambda: made("MTHAL", "results").stability(10, rng=0),
    "MTHAL yes/no": lambda: MTHAL.from_formula("ill ~ h(x1)", data(), "site", family="binomial").fit(0.02),
    "MTHAL counts": lambda: MTHAL.from_formula("count ~ h(x1)", data(), "site", family="poisson").fit(0.02),
    "MTHAL survival": lambda: MTHAL.from_formula("Surv(time, died) ~ h(x1)", data(), "site", family="cox").fit(0.02),
    "forms": lambda: made("MixedForms", "results"),
    "validation": lambda: made("SparseMTL", "results").validate(data()),
    "study": small_study,
}  # fmt: skip
SLOW = {"MTHAL comparison", "study"}
each = pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in SLOW else name for name in OBJECTS]
)

# What is asked of which object -> the heading of its section.
FIT = {
    "tidy": "`tidy()` of a fit", "glance": "`glance()` of a fit", "augment": "`augment()` of a fit",
    "task_fit": "`task_fit`", "performance": "`performance`", "frequency": "`conf_int()`, `params`",
    "conf_int": "`conf_int()`, `params`", "heterogeneity": "`heterogeneity()`", "alternatives": "`alternatives()`",
    "members": "`members` of an average",
}  # fmt: skip
HAL = {
    **FIT, "tidy": "`tidy()` of a MTHAL", "glance": "`glance()` of a MTHAL", "task_fit": "`task_fit` of a MTHAL",
    "variables": "`variables`, `sections`", "sections": "`variables`, `sections`", "forms": "`variables`, `sections`",
}  # fmt: skip
FORMS = "`tidy()`, `params` and `augment()` of a mixed form"


def of_all(heading):
    return dict.fromkeys(("table", "tidy", "glance"), heading)


SECTIONS = {
    "path": {**of_all("`table` and `tidy()` of a path"), "glance": "`glance()` of a path"},
    "cv": {**of_all("`table` and `tidy()` of a cross-validation"), "glance": "`glance()` of a cross-validation"},
    "comparison": {**of_all("`table` and `tidy()` of a comparison"), "glance": "`glance()` of a comparison"},
    "MTHAL path": of_all("`table`, `tidy()` and `glance()` of a path of MTHAL"),
    "MTHAL cv": of_all("`table`, `tidy()` and `glance()` of a cross-validation of MTHAL"),
    "forms cv": of_all("`table`, `tidy()` and `glance()` of a cross-validation of MixedForms"),
    "left out": {
        "tidy": "`tidy()` of studies left out", "glance": "`glance()` of studies left out", "pooled": "`pooled`",
        "settings": "`settings`", "augment": "`augment()` of a fit", "performance": "`performance`",
    },
    "knockoffs": {"tidy": "`tidy()` of knockoffs"},
    "MTHAL": HAL, "MTHAL yes/no": HAL, "MTHAL counts": HAL, "MTHAL survival": HAL,
    "validation": {"performance": "`performance`"}, "study": {"steps": "`steps`"},
    "forms": {
        "tidy": FORMS, "augment": FORMS, "glance": "`glance()` of a mixed form",
        "variance_explained": "`variance_explained` and `trace`", "trace": "`variance_explained` and `trace`",
    },
}  # fmt: skip
SECTIONS["dial"] = {**SECTIONS["cv"], "families": "`families`"}
SECTIONS["MTHAL comparison"] = SECTIONS["comparison"]


@cache
def section(heading):
    """First cells of the tables below a heading that begins like this, up to the next one."""
    start = PAGE.index(f"\n### {heading}" if "`" in heading else f"\n## {heading}")
    body = re.split(r"^##", PAGE[start + 4 :], maxsplit=1, flags=re.M)[0]
    return [row.strip().strip("`") for row in re.findall(r"^\| ([^|]*) \|", body, re.M)][1:]


def is_written(column, heading):
    """Whether the section has the column, or a pattern of it."""
    name = str(column)
    for outcome in ("y2", "y"):
        name = re.sub(rf"^(\.(?:fitted|resid))_{outcome}$", r"\1_<outcome>", name)
    name = re.sub(r"^(\.(?:fixed|random))_f\d+$", r"\1_<factor>", name)
    there = section(heading)
    if name in MEASURES and "<measure>" in there:
        return True
    return name in there or (name.removesuffix("_se") in MEASURES and "<measure>_se" in there)


@cache
def made_once(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return OBJECTS[name]()


def columns_of(name, verb):
    """Names of the columns of a table but those called after tasks; none where there is no table."""
    value = getattr(made_once(name), verb, None)
    if callable(value) and not isinstance(value, Unavailable):
        value = value()
    if value is None or isinstance(value, Unavailable):
        return set()
    assert isinstance(value, pd.DataFrame)
    return {column[-1] if isinstance(column, tuple) else column for column in value.columns} - TASKS


@each
def test_every_column_has_a_sentence(name):
    for verb, heading in SECTIONS.get(name, FIT).items():
        missing = [column for column in columns_of(name, verb) if not is_written(column, heading)]
        assert not missing, f"{name}.{verb}: {missing} not in '{heading}'"


@pytest.mark.slow
def test_every_sentence_has_a_column():
    found: dict[str, set[str]] = {}
    for name in OBJECTS:
        for verb, heading in SECTIONS.get(name, FIT).items():
            found.setdefault(heading, set()).update(map(str, columns_of(name, verb)))
    for heading, columns in found.items():
        named = {one for one in section(heading) if "<" not in one} - ONLY_R
        assert named <= columns, heading


@each
def test_every_head_of_a_summary_has_a_sentence(name):
    found = made_once(name)
    if name == "study":
        return  # a page, not tables: docs/study.md
    heads = {
        re.sub(r"^Shift by .*", "Shift by <task>", cell.data)
        for part in found.summary().parts
        if isinstance(part, SimpleTable)
        for row in part
        if row.datatype == "header"
        for cell in row
    }
    outcomes = {"y", "y2", "f1"}
    assert heads - TASKS - outcomes - {""} <= set(section("Heads of summaries"))
