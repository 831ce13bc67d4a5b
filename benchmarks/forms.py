"""Mixed forms against what one would use instead; writes `results/forms.md`.

Held-out Y, predicted from X and Z of new rows, which every method sees alike:

- PLS and CCA (scikit-learn) on [X Z], number of components by 5-fold cross-validation;
- factor analysis (scikit-learn) of [Y X Z], number of factors by 3-fold cross-validation, Y being its conditional
  expectation;
- MOFA (mofapy2), 15 factors of which it prunes what it does not need; it is given X and Z of the new rows at once;
- MixedLM (statsmodels) per outcome with a random intercept per task;
- MixedForms by least squares and by maximum likelihood, d by held-out Y in 5 folds.

All but MixedForms and MOFA get missing cells filled with column means. R2 on held-out rows, mean over outcomes, against
the training mean.

Held-out cells: a tenth of the cells of Y and X is hidden and imputed. Factor analysis fills, fits and fills again, 30
times; IterativeImputer (scikit-learn) regresses every column on up to 40 others that
are correlated with it, 3 rounds of BayesianRidge. Mean and standard error over replicates, of paired differences too.

    python benchmarks/forms.py [--quick] [--only SECTION]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import platform
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from mofapy2.run.entry_point import entry_point
from numpy.typing import NDArray
from scipy.linalg import qr, subspace_angles
from sklearn.cross_decomposition import CCA, PLSRegression
from sklearn.decomposition import FactorAnalysis
from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer, SimpleImputer
from sklearn.model_selection import GridSearchCV, KFold
from statsmodels.regression.mixed_linear_model import MixedLM
from threadpoolctl import threadpool_limits

from sparsekin import MixedForms
from sparsekin.data.datasets import load_ad_biomarkers

Floats = NDArray[np.float64]
REPORT = Path(__file__).parent / "results" / "forms.md"
SCHOOLS = Path(__file__).resolve().parents[2] / "shared" / "data" / "ilea_school.csv.gz"
RECOVERY = """Noise .3 sd, 10 % of cells missing, n = 500, d = 3. Angles in degrees, mean over replicates, the largest,
and in how many replicates one is above 5; imputation: root mean squared error of missing cells over the standard
deviation of their noise. True codes: loadings by regression on the true codes, which no method can know. True
parameters: imputation by the conditional expectation under the truth, the floor of any method."""
HELD_OUT = "R² of held-out Y predicted from X and Z of new rows, mean over outcomes."
CELLS = "Root mean squared error of hidden cells, in standard deviations of their columns; d = 3 (planted) and 10."
TIME = """CPU seconds of a fit on one thread, d = 10, noise as large as the signal, three starts. Complete tables are
compressed to their cross-products first, which costs n (q + p_x + p_z)² once and makes sweeps independent of n. With
cells missing a sweep works on all rows; milliseconds per sweep of least squares are those of 60 sweeps of one start."""


@dataclass(frozen=True)
class Split:
    """Training and test tables; Z holds columns of its own, or the task indicators when `task` is given."""

    Y: Floats
    X: Floats
    Z: Floats
    task: NDArray[np.object_] | None
    test: NDArray[np.bool_]
    truth: Floats
    dims: tuple[int, ...]


def factors(seed: int) -> Split:
    """The planted form: n = 500 + 500, q = 10, p_x = 50, p_z = 20, d = 3, noise .5 sd, 10 % of cells missing."""
    rng = np.random.default_rng(seed)
    K, H = rng.standard_normal((1000, 3)), 0.7 * rng.standard_normal((1000, 3))
    tables = []
    for codes, p in ((K + H, 10), (K, 50), (H, 20)):
        signal = codes @ rng.standard_normal((3, p))
        tables.append(signal + 0.5 * signal.std() * rng.standard_normal(signal.shape))
    test = np.arange(1000) >= 500
    Y, X, Z = (np.where(rng.random(t.shape) < 0.1, np.nan, t) for t in tables)
    return Split(Y, X, Z, None, test, tables[0], (2, 3, 4))


def sites(seed: int) -> Split:
    """A linear mixed model: Y = X B + site + noise, q = 3, p_x = 20, ten sites of 40; nothing latent."""
    rng = np.random.default_rng(seed)
    task = np.repeat([f"s{k}" for k in range(10)], 40).astype(object)
    X = rng.standard_normal((400, 20))
    effect = rng.standard_normal((10, 3))
    Y = X @ (0.4 * rng.standard_normal((20, 3))) + np.repeat(effect, 40, axis=0) + rng.standard_normal((400, 3))
    return Split(Y, X, indicators(task), task, rng.random(400) < 0.25, Y, (10, 20))


def biomarkers(seed: int) -> Split:
    """ad_biomarkers: tau, p_tau, Ab_42 from proteins, age and sex; genotype as task; a fifth held out."""
    data = load_ad_biomarkers()
    names = ["tau", "p_tau", "Ab_42"]
    Y = data[names].to_numpy(float)
    X = data.drop(columns=[*names, "genotype", "diagnosis"]).to_numpy(float)
    task = data["genotype"].to_numpy(object)
    test = np.random.default_rng(seed).random(len(data)) < 0.2
    return Split(Y, X, indicators(task), task, test, Y, (5, 10, 16))


def schools(seed: int) -> Split:
    """Exam scores of pupils of 20 schools, drawn anew from 139, from the columns that vary; a quarter held out."""
    data = pd.read_csv(SCHOOLS)
    drawn = np.random.default_rng(seed).choice(data["school"].unique(), 20, replace=False)
    data = data[data["school"].isin(drawn)]
    Y = data[["score"]].to_numpy(float)
    X = data.drop(columns=["school", "score"]).to_numpy(float)
    X = X[:, X.std(axis=0) > 0]
    task = data["school"].to_numpy(object)
    test = np.random.default_rng(seed).random(len(data)) < 0.25
    return Split(Y, X, indicators(task), task, test, Y, (5, 12, 25))


def indicators(task: NDArray[np.object_]) -> Floats:
    return (task[:, None] == np.unique(task)[None, :]).astype(float)


def filled(table: Floats, train: NDArray[np.bool_]) -> Floats:
    return np.where(np.isnan(table), np.nanmean(table[train], axis=0), table)


def forms(split: Split) -> Iterator[tuple[str, Floats]]:
    """MixedForms, d by held-out Y of the training rows."""
    train = ~split.test
    known = {"task": split.task[train]} if split.task is not None else {"Z": split.Z[train]}
    new = {"task": split.task[split.test]} if split.task is not None else {"Z": split.Z[split.test]}
    model = MixedForms(split.Y[train], split.X[train], **known)
    for algorithm in ("em", "als"):
        cv = model.cross_validate(d=split.dims, folds=5, target="y", algorithm=algorithm, rng=0)
        fit = model.fit(d=cv.best, algorithm=algorithm)
        yield f"MixedForms {algorithm}", fit.predict(split.X[split.test], **new).to_numpy()


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
        shift = [float(np.ravel(fit.random_effects.get(label, [0.0]))[0]) for label in split.task[split.test]]
        out[:, j] = X[split.test][:, keep] @ fit.fe_params + shift
    yield "MixedLM per outcome", out


def r_squared(split: Split, guess: Floats) -> float:
    truth, center = split.truth[split.test], np.nanmean(split.Y[~split.test], axis=0)
    return float(np.mean(1 - np.sum((truth - guess) ** 2, axis=0) / np.sum((truth - center) ** 2, axis=0)))


def replicate(draw: Callable[[int], Split], seed: int) -> dict[str, float]:
    """R2 of every method on one draw."""
    split = draw(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the peers: boundary of the parameter space, sweeps of CCA
        methods = (forms, component_methods, factor_analysis, mofa, mixed_models)
        return {name: r_squared(split, guess) for method in methods for name, guess in method(split)}


def compare(title: str, draw: Callable[[int], Split], replicates: int) -> list[str]:
    lines = [f"| {title} | R² | s.e. | minus MixedForms em | s.e. |", "|---|---|---|---|---|"]
    return [*lines, *table([replicate(draw, seed) for seed in range(replicates)], "MixedForms em"), ""]


def table(found: list[dict[str, float]], ours: str) -> list[str]:
    """A row per method: mean, standard error, and the same of the paired difference to `ours`."""
    lines, root, base = [], np.sqrt(len(found)), np.array([one[ours] for one in found])
    for name in found[0]:
        v = np.array([one[name] for one in found])
        gap = f"{np.mean(v - base):+.3f} | {np.std(v - base, ddof=1) / root:.3f}" if name != ours else " | "
        lines.append(f"| {name} | {v.mean():.3f} | {v.std(ddof=1) / root:.3f} | {gap} |")
    return lines


def cells(title: str, draw: Callable[[int], Split], replicates: int) -> list[str]:
    """Hidden cells of Y and X, by every method."""
    found = []
    for seed in range(replicates):
        split, rng = draw(seed), np.random.default_rng(1000 + seed)
        Y, X = split.Y, split.X
        hide = [(rng.random(t.shape) < 0.1) & ~np.isnan(t) for t in (Y, X)]
        given = [np.where(h, np.nan, t) for h, t in zip(hide, (Y, X), strict=True)]
        truth = np.concatenate([(t / np.nanstd(t, axis=0))[h] for h, t in zip(hide, (Y, X), strict=True)])
        scores = {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # rounds of IterativeImputer
            for name, guess in impute_all(given, split):
                parts = zip(hide, (Y, X), guess, strict=True)
                values = np.concatenate([(g / np.nanstd(t, axis=0))[h] for h, t, g in parts])
                scores[name] = float(np.sqrt(np.mean((truth - values) ** 2)))
        found.append(scores)
    lines = [f"| {title} | RMSE | s.e. | minus MixedForms em | s.e. |", "|---|---|---|---|---|"]
    return [*lines, *table(found, "MixedForms em"), ""]


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


def recovery(replicates: int) -> list[str]:
    """Planted factors with noise .3 sd and 10 % missing: angles and imputation of every algorithm."""
    rows: dict[str, list[list[float]]] = {}
    for seed in range(replicates):
        rng = np.random.default_rng(seed)
        K, H = rng.standard_normal((500, 3)), 0.7 * rng.standard_normal((500, 3))
        loadings = [rng.standard_normal((p, 3)) for p in (10, 50, 20)]
        codes = (K + H, K, H)
        signal = [c @ L.T for c, L in zip(codes, loadings, strict=True)]
        full = [s + 0.3 * s.std() * rng.standard_normal(s.shape) for s in signal]
        gone = [rng.random(s.shape) < 0.1 for s in signal]
        tables = [np.where(m, np.nan, f) for m, f in zip(gone, full, strict=True)]
        model = MixedForms(*tables)
        noise = [np.mean((s[m] - f[m]) ** 2) for s, m, f in zip(signal, gone, full, strict=True)]

        def score(name, found, imputed, blocks, loadings=loadings, gone=gone, full=full, noise=noise):
            angle = [
                np.degrees(subspace_angles(a, L / b.scale[:, None])).max()
                for a, L, b in zip(found, loadings, blocks, strict=True)
            ]
            left = [np.mean((t[m] - f[m]) ** 2) for t, m, f in zip(imputed, gone, full, strict=True)]
            rows.setdefault(name, []).append([*angle, *np.sqrt(np.array(left) / noise)])

        for name in ("em", "als", "published"):
            fit = model.fit(d=3, algorithm=name)
            score(name, [fit.alpha.to_numpy(), fit.beta.to_numpy(), fit.u.to_numpy()],
                  [t.to_numpy() for t in fit.impute().values()], fit.problem.blocks)  # fmt: skip
        regressed = [
            np.array([np.linalg.lstsq(c[~m[:, j]], t[~m[:, j], j], rcond=None)[0] for j in range(t.shape[1])])
            for c, t, m in zip(codes, tables, gone, strict=True)
        ]
        score("true codes", [L / b.scale[:, None] for L, b in zip(regressed, fit.problem.blocks, strict=True)],
              signal, fit.problem.blocks)  # fmt: skip
        sds = [0.3 * s.std() for s in signal]
        score("true parameters", [L / b.scale[:, None] for L, b in zip(loadings, fit.problem.blocks, strict=True)],
              truly_imputed(tables, loadings, sds), fit.problem.blocks)  # fmt: skip
    head = "| algorithm | angle Y | angle X | angle Z | largest | above 5 | imputation Y | X | Z |"
    lines = [head, "|---|---|---|---|---|---|---|---|---|"]
    for name, values in rows.items():
        v = np.array(values)
        worst = v[:, :3].max(axis=1)
        angles = [*(f"{a:.2f}" for a in v[:, :3].mean(axis=0)), f"{worst.max():.2f}", f"{(worst > 5).sum()}"]
        errors = [f"{e:.3f}" for e in v[:, 3:].mean(axis=0)]
        if name == "true codes":
            errors = [" "] * 3
        if name == "true parameters":
            angles = [" "] * 5
        lines.append(f"| {name} | " + " | ".join([*angles, *errors]) + " |")
    return [*lines, ""]


def truly_imputed(tables: list[Floats], loadings: list[Floats], sds: list[float]) -> list[Floats]:
    """Conditional expectations given the observed cells, loadings, variances of the noise and of the codes known."""
    prior, (alpha, beta, u) = np.diag([1.0] * 3 + [0.7**-2] * 3), loadings
    M = np.vstack([np.hstack([alpha, alpha]), np.hstack([beta, 0 * beta]), np.hstack([0 * u, u])])
    sd = np.repeat(sds, [len(L) for L in loadings])
    whole = np.hstack(tables)
    out = np.empty_like(whole)
    for row, filled_row in zip(whole, out, strict=True):
        seen = ~np.isnan(row)
        A = M[seen] / sd[seen, None]
        filled_row[:] = M @ np.linalg.solve(prior + A.T @ A, A.T @ (row[seen] / sd[seen]))
    return np.split(out, np.cumsum([len(L) for L in loadings])[:-1], axis=1)


def scaling(quick: bool) -> list[str]:
    complete = [(25_000, 10, 200, 50), (50_000, 10, 200, 50), (100_000, 10, 200, 50), (100_000, 20, 200, 50),
                (100_000, 10, 400, 50), (100_000, 10, 200, 100)]  # fmt: skip
    gaps = [(500, 10, 200, 50), (1000, 10, 200, 50), (2000, 10, 200, 50), (1000, 20, 200, 50), (1000, 10, 400, 50),
            (1000, 10, 200, 100)]  # fmt: skip
    lines = ["| missing | n | q | p_x | p_z | als: seconds | ms per sweep | em: seconds |", "|---" * 8 + "|"]
    for missing, sizes in ((0.0, complete), (0.1, gaps)):
        for n, *widths in sizes[:1] if quick else sizes:
            rng = np.random.default_rng(0)
            K, H = rng.standard_normal((2, n, 10))
            tables = [
                c @ rng.standard_normal((10, p)) + 3 * rng.standard_normal((n, p))
                for c, p in zip((K + H, K, H), widths, strict=True)
            ]
            if missing:
                tables = [np.where(rng.random(t.shape) < missing, np.nan, t) for t in tables]
            model = MixedForms(*tables)
            als = seconds_of(lambda model=model: model.fit(d=10))
            em = seconds_of(lambda model=model: model.fit(d=10, algorithm="em"))
            per_sweep = " "
            if missing:
                fixed = seconds_of(
                    lambda model=model: model.fit(d=10, starts=1, weights="equal", tolerance=0, max_sweeps=20)
                )
                per_sweep = f"{1000 * fixed / 60:.1f}"
            sizes_text = " | ".join(map(str, (n, *widths)))
            lines.append(f"| {100 * missing:.0f} % | {sizes_text} | {als:.2f} | {per_sweep} | {em:.2f} |")
            print(lines[-1], flush=True)
    return [*lines, ""]


def seconds_of(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two replicates, small sizes; writes nothing")
    parser.add_argument("--only", help="one section, printed and not written")
    options = parser.parse_args()
    n = 2 if options.quick else 20
    sections: dict[str, Callable[[], list[str]]] = {
        "recovery": lambda: ["## Planted subspaces and imputation", "", RECOVERY, "", *recovery(n)],
        "y-biomarkers": lambda: ["## Held-out Y", "", HELD_OUT, "", *compare("ad_biomarkers", biomarkers, n)],
        "y-schools": lambda: (
            compare("Twenty schools", schools, n) if SCHOOLS.exists() else [f"{SCHOOLS.name} not found.", ""]
        ),
        "y-sites": lambda: compare("Linear mixed model, ten sites", sites, n),
        "y-factors": lambda: compare("Planted factors, d = 3", factors, n),
        "cells-factors": lambda: ["## Held-out cells", "", CELLS, "", *cells("Planted factors", factors, n)],
        "cells-biomarkers": lambda: cells("ad_biomarkers", biomarkers, n),
        "time": lambda: ["## Time", "", TIME, "", *scaling(options.quick)],
    }
    text = [
        "# Mixed forms against their peers", "",
        f"scikit-learn {version('scikit-learn')}, statsmodels {version('statsmodels')}, mofapy2 {version('mofapy2')}, "
        f"numpy {np.__version__}, Python {platform.python_version()}, {platform.machine()}; {n} replicates. "
        "`benchmarks/forms.py` says how.", "",
    ]  # fmt: skip
    if not SCHOOLS.exists():
        text += [f"{SCHOOLS.name} is not part of the project and was not found.", ""]
        del sections["y-schools"]
    with threadpool_limits(1):
        for name, section in sections.items():
            if options.only in (None, name):
                text += section()
                print("\n".join(text), flush=True)
                if not options.quick and not options.only:
                    REPORT.write_text("\n".join(text))


if __name__ == "__main__":
    main()
