"""MixedForms and its peers on one split or with hidden cells, for `benchmarks/forms.py`, which says how."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import qr
from sklearn.cross_decomposition import CCA, PLSRegression
from sklearn.decomposition import FactorAnalysis
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, SimpleImputer
from sklearn.model_selection import GridSearchCV, KFold
from statsmodels.regression.mixed_linear_model import MixedLM

from forms_data import Floats, Split
from sparsekin import MixedForms
from sparsekin.models.forms.results import FormsResults


def filled(table: Floats, train: NDArray[np.bool_]) -> Floats:
    return np.where(np.isnan(table), np.nanmean(table[train], axis=0), table)


def forms(split: Split) -> Iterator[tuple[str, Floats]]:
    """MixedForms, d by held-out Y of the training rows."""
    new = {"task": split.task[split.test]} if split.task is not None else {"Z": split.Z[split.test]}
    for algorithm, fit in fitted_forms(split):
        yield f"MixedForms {algorithm}", fit.predict(split.X[split.test], **new).to_numpy()


def fitted_forms(split: Split) -> Iterator[tuple[str, FormsResults]]:
    """By algorithm the fit of the training rows."""
    train = ~split.test
    known = {"task": split.task[train]} if split.task is not None else {"Z": split.Z[train]}
    model = MixedForms(split.Y[train], split.X[train], **known)
    for algorithm in ("em", "als"):
        cv = model.cross_validate(d=split.dims, folds=5, target="y", algorithm=algorithm, rng=0)
        yield algorithm, model.fit(**cv.best, algorithm=algorithm)


def factor_analysis(split: Split) -> Iterator[tuple[str, Floats]]:
    """Factor analysis of [Y X Z]: E(Y | X, Z) = S_yx S_xx^-1 (x, z) of its covariance."""
    train = ~split.test
    XZ = np.hstack([filled(split.X, train), filled(split.Z, train)])
    XZ = XZ[:, XZ[train].std(axis=0) > 0]
    Y = filled(split.Y, train)
    dims = [d for d in split.dims if d <= XZ.shape[1]]
    losses = np.zeros(len(dims))
    for a, b in KFold(3, shuffle=True, random_state=0).split(XZ[train]):
        for i, d in enumerate(dims):
            guess = fa_predict(Y[train][a], XZ[train][a], XZ[train][b], d)
            losses[i] += np.sum(((Y[train][b] - guess) / Y[train].std(axis=0)) ** 2)
    yield "FactorAnalysis", fa_predict(Y[train], XZ[train], XZ[split.test], dims[int(np.argmin(losses))])


def fa_predict(Y: Floats, XZ: Floats, new: Floats, d: int) -> Floats:
    q, both = Y.shape[1], np.hstack([Y, XZ])
    center, scale = both.mean(axis=0), np.maximum(both.std(axis=0), 1e-12)
    found = FactorAnalysis(d, max_iter=300, tol=1e-2, svd_method="lapack").fit((both - center) / scale)
    S = found.components_.T @ found.components_ + np.diag(np.maximum(found.noise_variance_, 1e-6))
    z = (new - center[q:]) / scale[q:]
    return np.asarray((z @ np.linalg.solve(S[q:, q:], S[q:, :q])) * scale[:q] + center[:q])


def component_methods(split: Split) -> Iterator[tuple[str, Floats]]:
    train = ~split.test
    XZ = np.hstack([filled(split.X, train), filled(split.Z, train)])
    XZ = XZ[:, XZ[train].std(axis=0) > 0]
    Y = filled(split.Y, train)
    for name, method, most in (("PLS", PLSRegression(max_iter=2000), 8), ("CCA", CCA(max_iter=2000), Y.shape[1])):
        grid = {"n_components": list(range(1, min(most, XZ.shape[1]) + 1))}
        found = GridSearchCV(method, grid, cv=5).fit(XZ[train], Y[train])
        yield name, np.asarray(found.predict(XZ[split.test])).reshape(-1, Y.shape[1])


def mofa(split: Split) -> Iterator[tuple[str, Floats]]:
    tables = [np.where(split.test[:, None], np.nan, split.Y), split.X, split.Z]
    yield "MOFA", mofa_fit(tables)[0][split.test]


def mofa_fit(tables: list[Floats]) -> list[Floats]:
    """The tables as MOFA fits them."""
    from mofapy2.run.entry_point import entry_point

    center, scale = ([f(t, axis=0) for t in tables] for f in (np.nanmean, np.nanstd))
    parts = [(t - c) / np.where(s > 0, s, 1.0) for t, c, s in zip(tables, center, scale, strict=True)]
    with contextlib.redirect_stdout(io.StringIO()):
        run = entry_point()
        run.set_data_options(scale_views=False)
        run.set_data_matrix([[part] for part in parts], likelihoods=["gaussian"] * len(parts))
        run.set_model_options(factors=15)
        run.set_train_options(iter=1000, convergence_mode="medium", seed=1, verbose=False, quiet=True)
        run.build()
        run.run()
        found = run.model.getExpectations()
    codes, loadings = found["Z"]["E"], [part["E"] for part in found["W"]]
    return [codes @ W.T * s + c for W, s, c in zip(loadings, scale, center, strict=True)]


def independent(X: Floats) -> NDArray[np.bool_]:
    """Columns that those before them do not give: MixedLM needs a design of full rank."""
    R = np.abs(np.diag(qr(X, mode="r")[0]))
    return 1e-8 * R.max() < R


def mixed_models(split: Split) -> Iterator[tuple[str, Floats]]:
    """One random-intercept model per outcome; the predicted intercept of the task is added."""
    if split.task is None:
        return
    train, X = ~split.test, np.column_stack([np.ones(len(split.X)), split.X])
    keep = independent(X[train])
    out = np.empty((int(split.test.sum()), split.Y.shape[1]))
    for j in range(split.Y.shape[1]):
        fit = MixedLM(split.Y[train, j], X[train][:, keep], groups=split.task[train]).fit()
        known = fit.random_effects if np.any(fit.cov_re) else {}  # statsmodels divides by that variance
        shift = [float(np.ravel(known.get(label, [0.0]))[0]) for label in split.task[split.test]]
        out[:, j] = X[split.test][:, keep] @ fit.fe_params + shift
    yield "MixedLM per outcome", out


def impute_all(given: list[Floats], split: Split) -> Iterator[tuple[str, list[Floats]]]:
    known = {"task": split.task} if split.task is not None else {"Z": split.Z}
    model = MixedForms(*given, **known)
    d = split.dims[1]
    for name, algorithm in (("MixedForms em", "em"), ("MixedForms als", "als"), ("published updates", "published")):
        found = model.fit(d=d, algorithm=algorithm).impute()
        yield name, [found["y"].to_numpy(), found["x"].to_numpy()]
    yield "MOFA", mofa_fit([*given, split.Z])[:2]
    whole = np.hstack([*given, split.Z])
    ends = np.cumsum([t.shape[1] for t in given])
    for name, full in (
        ("FactorAnalysis, iterated", fa_impute(whole, d)),
        ("IterativeImputer", IterativeImputer(max_iter=3, n_nearest_features=40, random_state=0).fit_transform(whole)),
        ("column means", SimpleImputer().fit_transform(whole)),
    ):
        yield name, np.split(full, ends, axis=1)[:2]


def fa_impute(whole: Floats, d: int) -> Floats:
    gone, out = np.isnan(whole), SimpleImputer().fit_transform(whole)
    for _ in range(30):
        center, scale = out.mean(axis=0), np.maximum(out.std(axis=0), 1e-12)
        z = (out - center) / scale
        found = FactorAnalysis(d, max_iter=200, tol=1e-2, svd_method="lapack").fit(z)
        out = np.where(gone, (found.transform(z) @ found.components_) * scale + center, whole)
    return out
