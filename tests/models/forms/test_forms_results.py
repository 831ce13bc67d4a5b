import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from forms.planted import plant
from sparsekin import FormsResults, MixedForms, SparseMTL, SparseResults
from sparsekin.errors import DataError


def test_variance_explained_adds_up(fit):
    shares = fit.variance_explained
    np.testing.assert_allclose(shares["fixed"] + shares["random"], shares["explained"])
    np.testing.assert_allclose(shares["explained"] + shares["residual"], 1.0)
    y = (fit.fittedvalues + fit.resid).to_numpy()
    scale = fit.problem.Y.scale
    left, around = (y - fit.predict().to_numpy()) / scale, (y - np.nanmean(y, axis=0)) / scale
    direct = 1 - np.nansum(left**2) / np.nansum(around**2)
    assert shares.loc["y", "explained"] == pytest.approx(direct)
    assert (shares.loc[["x", "z"], "explained"] > 0.5).all()


def test_implied_covariance_is_near_the_sample_covariance():
    planted = plant(5, n=2000, widths=(4, 30, 20), d=2, missing=0.0)
    fit = MixedForms(*planted.full).fit(d=2)
    found = fit.implied_covariance
    np.testing.assert_allclose(sum(found[k] for k in ("fixed", "random", "residual")), found["total"])
    np.testing.assert_allclose(found["total"], np.cov(planted.full[0].T, bias=True), rtol=0.05, atol=0.05)
    np.testing.assert_allclose(np.diag(fit.implied_correlation), 1.0)
    alpha = planted.loadings[0]
    np.testing.assert_allclose(found["fixed"], alpha @ alpha.T, rtol=0.25, atol=0.3)
    np.testing.assert_allclose(found["random"], 0.49 * alpha @ alpha.T, rtol=0.35, atol=0.3)


def test_summary_shows_everything_and_renders(by_site, fit):
    text = str(by_site.summary())
    for part in ("Linear mixed form", "Variance explained", "Loadings of Y (alpha)", "Loadings of X (beta)",
                 "Loadings of Z (u)", "Shift by site", "Variance of Y implied", "Correlation implied",
                 "cells missing", "No standard errors"):  # fmt: skip
        assert part in text
    assert max(map(len, text.splitlines())) <= 100
    for document in (fit.summary(), by_site.summary()):
        assert "<table" in document.as_html()
        assert "tabular" in document.as_latex()
        assert "alpha" in document.as_csv()


def test_constant_columns_are_named_in_the_summary(frame):
    fit = MixedForms.from_formula("y1 + y2 ~ x1 + x2 + flat | z1 + z2", frame.assign(flat=2.0)).fit(d=1)
    assert "Constant, so without loadings: flat." in str(fit.summary())
    assert not fit.beta.loc["flat"].any()


def test_tables(fit, frame):
    tidy = fit.tidy()
    assert list(tidy.columns) == ["block", "term", "factor", "estimate"]
    assert len(tidy) == (3 + 6 + 4) * 2
    row = tidy[(tidy.block == "x") & (tidy.term == "x3") & (tidy.factor == "f2")]
    assert row["estimate"].item() == fit.beta.loc["x3", "f2"]
    glance = fit.glance()
    assert glance.shape[0] == 1
    assert glance["n_missing"].item() == int(frame.filter(regex=r"^(y\d|x[1-6]|z[1-4])").isna().to_numpy().sum())
    augmented = fit.augment(frame)
    assert list(augmented.columns[: frame.shape[1]]) == list(frame.columns)
    assert {".fixed_f1", ".random_f2", ".fitted_y1", ".resid_y3"} <= set(augmented.columns)
    np.testing.assert_allclose(augmented[".fitted_y1"] + augmented[".resid_y1"], frame["y1"])
    with pytest.raises(DataError, match="data has 3 rows, but the model was fitted to rows of a frame of 120"):
        fit.augment(frame.head(3))


@pytest.mark.parametrize("which", ["fit", "by_site"])
def test_save_and_load(which, request, tmp_path, frame):
    fit = request.getfixturevalue(which)
    fit.save(tmp_path / "fit.npz")
    again = FormsResults.load(tmp_path / "fit.npz")
    assert str(again.summary()) == str(fit.summary())
    pd.testing.assert_frame_equal(again.predict(frame), fit.predict(frame))
    pd.testing.assert_frame_equal(again.codes_fixed, fit.codes_fixed)
    with np.load(tmp_path / "fit.npz", allow_pickle=False) as file:
        assert all(array.dtype != object for array in file.values())


def test_save_and_load_of_sparse_blocks(tmp_path):
    rng = np.random.default_rng(0)
    X = sparse.random_array((50, 9), density=0.3, rng=rng, format="csr")
    fit = MixedForms(rng.standard_normal((50, 2)), X).fit(d=2)
    fit.save(tmp_path / "fit.npz")
    again = FormsResults.load(tmp_path / "fit.npz")
    np.testing.assert_allclose(again.predict(X), fit.predict(X))
    np.testing.assert_allclose(again.predict(X.toarray()), fit.predict(X))


def test_load_refuses_other_files(tmp_path):
    rng = np.random.default_rng(0)
    (tmp_path / "text").write_text("no archive")
    with pytest.raises(DataError, match="is not a saved sparsekin fit"):
        FormsResults.load(tmp_path / "text")
    SparseMTL(rng.standard_normal(20), rng.standard_normal((20, 3))).fit(s=1).save(tmp_path / "other.npz")
    with pytest.raises(DataError, match=r"a fit of another kind; read it with SparseResults\.load"):
        FormsResults.load(tmp_path / "other.npz")
    MixedForms(rng.standard_normal((20, 1)), rng.standard_normal((20, 3))).fit(d=1).save(tmp_path / "forms.npz")
    with pytest.raises(DataError, match=r"a fit of another kind; read it with FormsResults\.load"):
        SparseResults.load(tmp_path / "forms.npz")
