"""R inside Python: frames and formulas both ways, and the R package through the injected transport."""

import os

import numpy as np
import pandas as pd
import pytest

from bridges.r_here import missing
from sparsekin import MTHAL, MixedForms, SparseMTL
from sparsekin.errors import DataError, MissingExtraError

if missing():
    pytest.skip(missing(), allow_module_level=True)
r = pytest.importorskip("sparsekin.bridges.r", reason="rpy2 is not installed", exc_type=ImportError)
ro, RRuntimeError = r.ro, pytest.importorskip("rpy2.rinterface_lib.embedded").RRuntimeError

R_FRAME = """data.frame(
  whole = c(7L, NA, -1L), real = c(0.5, NA, -1e300), truth = c(TRUE, NA, FALSE), text = c("a", NA, "\\u03bb"),
  level = factor(c("z", NA, "a"), levels = c("z", "a", "unused")),
  rank = factor(c(NA, "lo", "hi"), levels = c("lo", "hi"), ordered = TRUE),
  day = as.Date(c("2024-02-29", NA, "1969-12-31")), stringsAsFactors = FALSE)"""


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(3)
    made = pd.DataFrame(rng.standard_normal((80, 5)), columns=["y", "x1", "x2", "x.3", "x4"])
    made["y"] += 2 * made["x1"]
    made["site"] = np.repeat(["north", "south"], 40)
    return made


def test_missing_values_of_every_kind_arrive_as_missing():
    found = r.to_pandas(ro.r(R_FRAME))
    assert found.isna().to_numpy().sum() == 7
    assert found.iloc[0, :5].tolist() == [7, 0.5, True, "a", "z"]
    assert found["day"].tolist()[::2] == [pd.Timestamp("2024-02-29"), pd.Timestamp("1969-12-31")]
    assert found["level"].cat.categories.tolist() == ["z", "a", "unused"]
    assert found["rank"].cat.ordered


def test_frames_come_back_identical():
    theirs = ro.r(R_FRAME)
    assert ro.r["identical"](theirs, r.to_r(r.to_pandas(theirs)))[0]
    assert ro.r["identical"](ro.r["iris"], r.to_r(r.to_pandas(ro.r["iris"])))[0]


def test_row_names_are_the_index():
    cars = r.to_pandas(ro.r["mtcars"])
    assert cars.index[0] == "Mazda RX4"
    assert r.to_pandas(ro.r["iris"]).index.equals(pd.RangeIndex(150))


def test_a_column_that_is_not_read_is_named():
    with pytest.raises(DataError, match="Column 'when' is of class 'POSIXct', which is not read"):
        r.to_pandas(ro.r('data.frame(when = as.POSIXct("2024-01-01", tz = "UTC"))'))
    with pytest.raises(DataError, match="Column 'odd' holds values"):
        r.to_r(pd.DataFrame({"odd": [(1,), (2,)]}))


@pytest.mark.parametrize(
    ("formula", "text"),
    [
        ("y ~ .", "y ~ ."),
        ("cbind(u, v) ~ x", "u + v ~ x"),
        ("y ~ x1 + I(x2^2) + x1:x2 - 1", "y ~ x1 + I(x2**2) + x1:x2 - 1"),
        ("y ~ x.3 + log(x.3)", "y ~ `x.3` + log(`x.3`)"),
    ],
)
def test_formulas_are_read(formula, text):
    assert r.formula_text(ro.Formula(formula)) == text
    assert r.formula_text(formula) == formula


def test_formula_and_data_of_r_make_the_model_of_python(frame):
    theirs = r.from_formula(ro.Formula("y ~ x1 + x2 + x.3 + I(x4^2)"), r.to_r(frame), task="site").fit(s=2)
    ours = SparseMTL.from_formula("y ~ x1 + x2 + `x.3` + I(x4**2)", frame, task="site").fit(s=2)
    assert np.array_equal(theirs.params, ours.params)


def test_a_result_is_an_r_list_with_a_class(frame):
    found = SparseMTL.from_formula("y ~ x1 + x2", frame, task="site").fit(s=1)
    made = r.to_r_list(found)
    assert list(made.rclass) == ["sparsekin_results", "list"]
    assert np.array_equal(np.array(made.rx2("coefficients")), found.params)
    assert list(ro.r["colnames"](made.rx2("coefficients"))) == ["north", "south"]
    assert list(made.rx2("tidy").names) == list(found.tidy().columns)
    assert ro.r["is.na"](made.rx2("glance").rx2("bound"))[0]


def test_the_r_package_computes_here_without_reticulate(frame):
    package, data = r.load_r_package(), r.to_r(frame)
    fit = package.sparse_mtl(ro.Formula("y ~ ."), data=data, task="site", s=2, lambda_z=0.1)
    ours = SparseMTL.from_formula("y ~ x1 + x2 + `x.3` + x4", frame, task="site").fit(s=2, lambda_z=0.1)
    assert list(fit.rclass) == ["sparse_mtl"]
    assert np.array_equal(np.array(ro.r["coef"](fit)), ours.params)
    assert np.allclose(np.array(ro.r["predict"](fit, data)), ours.fittedvalues)
    for _ in range(20):
        again = package.sparse_mtl(ro.Formula("y ~ ."), data=data, task="site", s=2, lambda_z=0.1)
    assert ro.r["identical"](ro.r["coef"](again), ro.r["coef"](fit))[0]
    started = ro.r("'reticulate' %in% loadedNamespaces() && reticulate::py_available()")
    assert not started[0]


def test_the_other_workshops_compute_here_too(frame):
    package, data = r.load_r_package(), r.to_r(frame)
    curves = package.mt_hal(ro.Formula("y ~ h(x1) + h(x2)"), data=data, task="site", **{"lambda": 0.1})
    ours = MTHAL.from_formula("y ~ h(x1) + h(x2)", frame, task="site").fit(0.1)
    assert np.allclose(np.array(ro.r["predict"](curves, data)), ours.fittedvalues, rtol=1e-10)
    form = package.mixed_forms(ro.Formula("y + x4 ~ x1 + x2 | x.3"), data=data, d=1)
    theirs = MixedForms.from_formula("y + x4 ~ x1 + x2 | `x.3`", frame).fit(d=1)
    assert np.allclose(np.array(ro.r["predict"](form, data)), theirs.predict(), rtol=1e-9)


def test_errors_come_back_as_r_errors_in_the_users_words(frame):
    package = r.load_r_package()
    with pytest.raises(RRuntimeError, match=r"s must be whole numbers of at least 0, not -1\."):
        package.sparse_mtl(ro.Formula("y ~ x1"), data=r.to_r(frame), task="site", s=-1)


def test_the_library_path_is_left_alone():
    assert "/R/lib" not in os.environ.get("LD_LIBRARY_PATH", "")


def test_without_rpy2_the_extra_is_named(monkeypatch):
    import importlib
    import sys

    monkeypatch.delitem(sys.modules, "sparsekin.bridges.r")
    monkeypatch.setitem(sys.modules, "rpy2.robjects", None)
    with pytest.raises(MissingExtraError, match=r"sparsekin\[r\]"):
        importlib.import_module("sparsekin.bridges.r")
