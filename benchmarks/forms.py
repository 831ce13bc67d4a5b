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
import platform
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
from scipy.linalg import subspace_angles
from threadpoolctl import threadpool_limits

from forms_data import SCHOOLS, Floats, Split, biomarkers, factors, schools, sites
from forms_methods import component_methods, factor_analysis, forms, impute_all, mixed_models, mofa
from sparsekin import MixedForms

REPORT = Path(__file__).parent / "results" / "forms.md"
RECOVERY = """Noise .3 sd, 10 % of cells missing, n = 500, d = 3. Angles in degrees, mean over replicates, the largest,
and in how many replicates one is above 5; imputation: root mean squared error of missing cells over the standard
deviation of their noise. True codes: loadings by regression on the true codes, which no method can know. True
parameters: imputation by the conditional expectation under the truth, the floor of any method."""
HELD_OUT = "R² of held-out Y predicted from X and Z of new rows, mean over outcomes."
CELLS = "Root mean squared error of hidden cells, in standard deviations of their columns; d = 3 (planted) and 10."
TIME = """CPU seconds of a fit on one thread, d = 10, noise as large as the signal, three starts. Complete tables are
compressed to their cross-products first, which costs n (q + p_x + p_z)² once and makes sweeps independent of n. With
cells missing a sweep works on all rows; milliseconds per sweep of least squares are those of 60 sweeps of one start."""


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
