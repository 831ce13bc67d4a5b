"""Mixed forms against what one would use instead; writes `results/forms.md`.

Held-out Y, predicted from X and Z of new rows: PLS and CCA (scikit-learn) on [X Z] with their best number of components
by 5-fold cross-validation, MixedLM (statsmodels) per outcome with a random intercept per task, and MixedForms with d by
held-out cells (best, and one standard error). Every method sees the same rows; the peers get missing cells filled with
column means. R2 on held-out rows, mean over outcomes, against the training mean; mean and standard error over
replicates.

    python benchmarks/forms.py [--quick]
"""

from __future__ import annotations

import argparse
import platform
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from scipy.linalg import subspace_angles
from sklearn.cross_decomposition import CCA, PLSRegression
from sklearn.model_selection import GridSearchCV
from statsmodels.regression.mixed_linear_model import MixedLM
from threadpoolctl import threadpool_limits

from sparsekin import MixedForms
from sparsekin.data.datasets import load_ad_biomarkers
from sparsekin.models.forms_cv import FormsCV

Floats = NDArray[np.float64]
REPORT = Path(__file__).parent / "results" / "forms.md"
DIMS = (1, 3, 5)
RECOVERY = """Noise .3 sd, 10 % of cells missing, n = 500, d = 3. Angles in degrees, mean over replicates, and the
largest; imputation: root mean squared error of missing cells over the standard deviation of their noise."""
HELD_OUT = "R² of held-out Y predicted from X and Z of new rows, mean over outcomes; d of 1, 3, 5 by held-out cells."
TIME = "Complete tables, one thread, three starts, least of three runs."


@dataclass(frozen=True)
class Split:
    """Training and test tables; Z holds columns of its own, or the task indicators when `task` is given."""

    Y: Floats
    X: Floats
    Z: Floats
    task: NDArray[np.object_] | None
    test: NDArray[np.bool_]
    truth: Floats


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
    return Split(Y, X, Z, None, test, tables[0])


def sites(seed: int) -> Split:
    """A linear mixed model: Y = X B + site + noise, q = 3, p_x = 20, ten sites of 40; nothing latent."""
    rng = np.random.default_rng(seed)
    task = np.repeat([f"s{k}" for k in range(10)], 40).astype(object)
    X = rng.standard_normal((400, 20))
    effect = rng.standard_normal((10, 3))
    Y = X @ (0.4 * rng.standard_normal((20, 3))) + np.repeat(effect, 40, axis=0) + rng.standard_normal((400, 3))
    return Split(Y, X, indicators(task), task, rng.random(400) < 0.25, Y)


def biomarkers(seed: int) -> Split:
    """ad_biomarkers: tau, p_tau, Ab_42 from proteins, age and sex; genotype as task; a fifth held out."""
    data = load_ad_biomarkers()
    names = ["tau", "p_tau", "Ab_42"]
    Y = data[names].to_numpy(float)
    X = data.drop(columns=[*names, "genotype", "diagnosis"]).to_numpy(float)
    task = data["genotype"].to_numpy(object)
    test = np.random.default_rng(seed).random(len(data)) < 0.2
    return Split(Y, X, indicators(task), task, test, Y)


def indicators(task: NDArray[np.object_]) -> Floats:
    return (task[:, None] == np.unique(task)[None, :]).astype(float)


def filled(table: Floats, train: NDArray[np.bool_]) -> Floats:
    return np.where(np.isnan(table), np.nanmean(table[train], axis=0), table)


def forms(split: Split) -> Iterator[tuple[str, Floats]]:
    """MixedForms, d by held-out cells of the training rows."""
    train = ~split.test
    known = {"task": split.task[train]} if split.task is not None else {"Z": split.Z[train]}
    new = {"task": split.task[split.test]} if split.task is not None else {"Z": split.Z[split.test]}
    model = MixedForms(split.Y[train], split.X[train], **known)
    cv: FormsCV = model.cross_validate(d=DIMS, folds=2, rng=0)
    for name, d in (("best", cv.best), ("1 s.e.", cv.best_1se)):
        yield f"MixedForms ({name})", model.fit(d=d).predict(split.X[split.test], **new).to_numpy()


def component_methods(split: Split) -> Iterator[tuple[str, Floats]]:
    train = ~split.test
    XZ = np.hstack([filled(split.X, train), filled(split.Z, train)])
    XZ = XZ[:, XZ[train].std(axis=0) > 0]
    Y = filled(split.Y, train)
    for name, method, most in (("PLS", PLSRegression(max_iter=2000), 8), ("CCA", CCA(max_iter=2000), Y.shape[1])):
        grid = {"n_components": list(range(1, min(most, XZ.shape[1]) + 1))}
        found = GridSearchCV(method, grid, cv=5).fit(XZ[train], Y[train])
        yield name, np.asarray(found.predict(XZ[split.test])).reshape(-1, Y.shape[1])


def mixed_models(split: Split) -> Iterator[tuple[str, Floats]]:
    """One random-intercept model per outcome; the predicted intercept of the task is added."""
    if split.task is None:
        return
    train, X = ~split.test, np.column_stack([np.ones(len(split.X)), split.X])
    keep = np.concatenate([[True], split.X[train].std(axis=0) > 0])
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
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")  # of the peers: boundary of the parameter space, sweeps of CCA
        methods = (forms, component_methods, mixed_models)
        return {name: r_squared(split, guess) for method in methods for name, guess in method(split)}


def compare(title: str, draw: Callable[[int], Split], replicates: int) -> list[str]:
    scores: dict[str, list[float]] = {}
    for found in Parallel(n_jobs=2)(delayed(replicate)(draw, seed) for seed in range(replicates)):
        for name, value in found.items():
            scores.setdefault(name, []).append(value)
    lines = [f"| {title} | R² | s.e. | minus MixedForms (best) | s.e. |", "|---|---|---|---|---|"]
    ours = np.array(scores["MixedForms (best)"])
    for name, values in scores.items():
        v, root = np.array(values), np.sqrt(len(values))
        gap = "" if v is ours or name == "MixedForms (best)" else f"{np.mean(v - ours):+.3f}"
        gap_error = "" if not gap else f"{np.std(v - ours, ddof=1) / root:.3f}"
        lines.append(f"| {name} | {v.mean():.3f} | {v.std(ddof=1) / root:.3f} | {gap} | {gap_error} |")
    return [*lines, ""]


def recovery(replicates: int) -> list[str]:
    """Planted factors with noise .3 sd and 10 % missing: angles and imputation, als beside published."""
    rows: dict[str, list[list[float]]] = {"als": [], "published": []}
    for seed in range(replicates):
        rng = np.random.default_rng(seed)
        K, H = rng.standard_normal((500, 3)), 0.7 * rng.standard_normal((500, 3))
        loadings = [rng.standard_normal((p, 3)) for p in (10, 50, 20)]
        signal = [codes @ L.T for codes, L in zip((K + H, K, H), loadings, strict=True)]
        full = [s + 0.3 * s.std() * rng.standard_normal(s.shape) for s in signal]
        gone = [rng.random(s.shape) < 0.1 for s in signal]
        model = MixedForms(*(np.where(m, np.nan, f) for m, f in zip(gone, full, strict=True)))
        for name in rows:
            fit = model.fit(d=3, algorithm=name)
            found = [fit.alpha, fit.beta, fit.u]
            angle = [
                np.degrees(subspace_angles(a.to_numpy(), L / b.scale[:, None])).max()
                for a, L, b in zip(found, loadings, fit.problem.blocks, strict=True)
            ]
            left = [
                np.mean((t.to_numpy()[m] - f[m]) ** 2)
                for t, m, f in zip(fit.impute().values(), gone, full, strict=True)
            ]
            noise = [np.mean((s[m] - f[m]) ** 2) for s, m, f in zip(signal, gone, full, strict=True)]
            rows[name].append([*angle, *np.sqrt(np.array(left) / noise)])
    head = "| algorithm | angle Y | angle X | angle Z | largest | imputation Y | X | Z |"
    lines = [head, "|---|---|---|---|---|---|---|---|"]
    for name, values in rows.items():
        m, v = np.mean(values, axis=0), np.array(values)
        angles = " | ".join(f"{a:.2f}" for a in m[:3])
        lines.append(f"| {name} | {angles} | {v[:, :3].max():.2f} | " + " | ".join(f"{a:.3f}" for a in m[3:]) + " |")
    return [*lines, ""]


def scaling(quick: bool) -> list[str]:
    sizes = [(25_000, 200, 50), (50_000, 200, 50), (100_000, 200, 50), (100_000, 400, 50), (100_000, 200, 100)]
    lines = ["| n | q | p_x | p_z | d | seconds | sweeps |", "|---|---|---|---|---|---|---|"]
    for n, p_x, p_z in sizes[:2] if quick else sizes:
        rng = np.random.default_rng(0)
        K, H = rng.standard_normal((2, n, 10))
        tables = [
            c @ rng.standard_normal((10, p)) + rng.standard_normal((n, p)) for c, p in ((K + H, 10), (K, p_x), (H, p_z))
        ]
        model = MixedForms(*tables)
        times = []
        for _ in range(3):
            start = time.perf_counter()
            fit = model.fit(d=10)
            times.append(time.perf_counter() - start)
        lines.append(f"| {n} | 10 | {p_x} | {p_z} | 10 | {min(times):.2f} | {len(fit.trace)} |")
    return [*lines, ""]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three replicates, small sizes; writes nothing")
    options = parser.parse_args()
    replicates = 3 if options.quick else 20
    text = [
        "# Mixed forms against PLS, CCA and mixed models", "",
        f"scikit-learn {version('scikit-learn')}, statsmodels {version('statsmodels')}, numpy {np.__version__}, "
        f"Python {platform.python_version()}, {platform.machine()}; {replicates} replicates. "
        "`benchmarks/forms.py` says how.", "",
    ]  # fmt: skip
    sections: list[Callable[[], list[str]]] = [
        lambda: ["## Planted subspaces and imputation", "", RECOVERY, "", *recovery(replicates)],
        lambda: ["## Time", "", TIME, "", *scaling(options.quick)],
        lambda: ["## Held-out Y", "", HELD_OUT, "", *compare("ad_biomarkers by genotype", biomarkers, replicates)],
        lambda: compare("Planted factors, d = 3", factors, replicates),
        lambda: compare("Linear mixed model, ten sites", sites, replicates),
    ]
    with threadpool_limits(1):
        for section in sections:
            text += section()
            print("\n".join(text), flush=True)
            if not options.quick:
                REPORT.write_text("\n".join(text))


if __name__ == "__main__":
    main()
