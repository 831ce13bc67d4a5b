"""Every verb beside the best peer that does the same: CPU seconds of the process, in alternating runs.

What a user types on either side, from arrays, with set-up, at the defaults of each, one thread; each side once before
the clock starts. Three runs of each side alternate (fewer where they take more than 20 s); a replicate's time is the
least. What either side found, ours over theirs: the loss of a refit without penalty on the features selected (below 1:
ours is lower), how many features, or whether they are the same.
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiment import Cell, Experiment, Row
from hal_accuracy import timed
from pooling_sets import sequence
from sparsekin import MTHAL, MixedForms, SparseMTL
from tables import markdown

Side = Callable[[], Any]
RUNS, LONG, SIZES, FOLDS = 3, 20.0, range(1, 21), 5


def tasks(K: int, n: int, p: int, seed: int, *, rho: float = 0.5, snr: float = 3.0) -> tuple[np.ndarray, ...]:
    """X, y, task: ten features of unrelated slopes, the same in all tasks."""
    rng = np.random.default_rng(seed)
    X = sequence(rng, K * n, p, rho)
    task, chosen = np.repeat(np.arange(K), n), rng.permutation(p)[:10]
    slopes = rng.choice([-1.0, 1.0], (10, K)) * rng.uniform(0.5, 1.5, (10, K))
    signal = np.einsum("ij,ji->i", X[:, chosen], slopes[:, task])
    return X, signal + rng.standard_normal(K * n) * signal.std() / np.sqrt(snr), task


def outcome(family: str, signal: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Yes/no, a count, or time and event."""
    eta = (signal - signal.mean()) / signal.std()
    if family == "binomial":
        return (rng.random(len(eta)) < 1 / (1 + np.exp(-2 * eta))).astype(float)
    if family == "poisson":
        return rng.poisson(np.exp(0.6 * eta)).astype(float)
    times = rng.exponential(np.exp(-eta))
    end = np.quantile(times, 0.7)
    return np.column_stack([np.minimum(times, end), times <= end])


def squares(X: np.ndarray, y: np.ndarray, support: np.ndarray) -> float:
    """Least squares on the features, with intercept."""
    A = np.column_stack([np.ones(len(y)), X[:, support]])
    return float(np.sum((y - A @ np.linalg.lstsq(A, y)[0]) ** 2))


def best_subset(p: int, n: int, seed: int) -> tuple[Side, Side, Callable[[Any, Any], float]]:
    """One fit of ten features."""
    from abess import LinearRegression

    X, y, _ = tasks(1, n, p, seed)
    quality = lambda a, b: squares(X, y, a.solution.support[:, 0]) / squares(X, y, b.coef_ != 0)  # noqa: E731
    return lambda: SparseMTL(y, X).fit(s=10), lambda: LinearRegression(support_size=10).fit(X, y), quality


def path(seed: int) -> tuple[Side, Side, Callable[[Any, Any], float]]:
    """Sizes 1 to 20 of five tasks, each by itself; abess keeps one size, the largest has the least loss."""
    from abess import LinearRegression

    X, y, task = tasks(5, 200, 1000, seed)
    parts = [(X[task == k], y[task == k]) for k in range(5)]
    theirs = lambda: [LinearRegression(support_size=SIZES, ic_type="loss").fit(*part) for part in parts]  # noqa: E731

    def quality(a: Any, b: Any) -> float:
        last = a[len(a) - 1]
        ours = sum(squares(*part, last.solution.support[:, k]) for k, part in enumerate(parts))
        return ours / sum(squares(*part, one.coef_ != 0) for part, one in zip(parts, b, strict=True))

    return lambda: SparseMTL(y, X, task).path(s=SIZES, support="independent"), theirs, quality


def cross_validation(seed: int) -> tuple[Side, Side, Callable[[Any, Any], float]]:
    """Sizes 1 to 20 by the same 5 folds, one task; quality: features."""
    from abess import LinearRegression

    X, y, _ = tasks(1, 200, 1000, seed)
    fold = np.random.default_rng(seed).permutation(200) % FOLDS
    ours = lambda: SparseMTL(y, X).cross_validate(s=SIZES, lambda_1=0.0, folds=fold).refit("best")  # noqa: E731
    theirs = lambda: LinearRegression(support_size=SIZES, cv=FOLDS).fit(X, y, cv_fold_id=fold + 1)  # noqa: E731
    return ours, theirs, lambda a, b: float(a.solution.support.sum()) / max((b.coef_ != 0).sum(), 1)


def generalized(family: str, seed: int) -> tuple[Side, Side, Callable[[Any, Any], float]]:
    """Ten features of 500, 300 rows; quality: the loss of an unpenalized refit (statsmodels)."""
    from abess import CoxPHSurvivalAnalysis, LogisticRegression, PoissonRegression

    X, y, _ = tasks(1, 300, 500, seed, snr=1e9)
    y = outcome(family, y, np.random.default_rng([seed, 1]))
    peer = {"binomial": LogisticRegression, "poisson": PoissonRegression, "cox": CoxPHSurvivalAnalysis}[family]

    def quality(a: Any, b: Any) -> float:
        return loss(family, X[:, a.solution.support[:, 0]], y) / loss(family, X[:, np.ravel(b.coef_) != 0], y)

    return lambda: SparseMTL(y, X, family=family).fit(s=10), lambda: peer(support_size=10).fit(X, y), quality


def loss(family: str, X: np.ndarray, y: np.ndarray) -> float:
    """Negative log likelihood at its least."""
    import statsmodels.api as sm

    if family == "cox":
        return -float(sm.PHReg(y[:, 0], X, status=y[:, 1]).fit().llf)
    kind = {"binomial": sm.families.Binomial, "poisson": sm.families.Poisson}[family]()
    return float(sm.GLM(y, sm.add_constant(X), family=kind).fit().deviance)


def proof(seed: int) -> tuple[Side, Side, Callable[[Any, Any], float]]:
    """One task, n = 500, p = 1000, s = 5, SNR 5, lambda_1 = .1, gap 1e-4; l0bnb is started at our support."""
    from exact_design import simulated, start
    from exact_routes import l0_price, run_l0bnb
    from sparsekin.l0.exact.certify import certify

    problem = simulated(1000, n=500, lambda_1=0.1, n_tasks=1, seed=seed + 1)
    supports, _ = start(problem)
    best, given = certify(problem, supports, time_limit=60.0)
    price = l0_price(problem, best, given.objective)
    gap = 1e-4 * given.objective / (given.objective + price * len(best[0]))
    same = lambda a, b: float(set(np.flatnonzero(np.abs(b[0].beta) > 1e-9)) == set(a[0][0]))  # noqa: E731
    return (
        lambda: certify(problem, supports, time_limit=60.0),
        lambda: run_l0bnb(problem, best, price, gap, 60.0),
        same,
    )


def hal(seed: int) -> tuple[Side, Side, Callable[[Any, Any], float]]:
    """Ten folds of 100 penalties, n = 500, d = 5, K = 3, pairs; scikit-learn on explicit columns, same penalties."""
    from sklearn.linear_model import MultiTaskLassoCV

    from hal import made

    X, Y = made(500, 5, 3, seed)
    model = MTHAL(Y, X, max_degree=2)
    Phi = model._problem.design.columns(np.arange(model.n_functions))
    found = model.cross_validate(rng=0, linear=None)
    lambdas = found.table["lambda"].to_numpy()
    theirs = lambda: MultiTaskLassoCV(alphas=lambdas, cv=10, max_iter=1000).fit(Phi, Y)  # noqa: E731
    ours = lambda: MTHAL(Y, X, max_degree=2).cross_validate(rng=0, linear=None)  # noqa: E731
    return ours, theirs, lambda a, b: float("nan")


def knockoffs(seed: int) -> tuple[Side, Side, Callable[[Any, Any], float]]:
    """One draw of Gaussian knockoffs, n = 500, p = 200, and the filter; knockpy: equicorrelated, lasso statistics."""
    from knockpy.knockoff_filter import KnockoffFilter

    X, y, _ = tasks(1, 500, 200, seed, rho=0.3)
    ours = lambda: SparseMTL(y, X).knockoffs(0.2, draws=1, rng=0)  # noqa: E731

    def theirs() -> Any:
        made = KnockoffFilter(ksampler="gaussian", fstat="lasso", knockoff_kwargs={"method": "equicorrelated"})
        return made.forward(X=X, y=y, fdr=0.2, shrinkage="ledoitwolf")

    return ours, theirs, lambda a, b: float(len(a.features)) / max(np.sum(b), 1)


def forms(seed: int) -> tuple[Side, Side, Callable[[Any, Any], float]]:
    """Codes of three tables, n = 300, 12, 15 and 8 columns; MOFA with 15 factors, medium convergence."""
    from forms_methods import mofa_fit

    rng = np.random.default_rng(seed)
    codes = rng.standard_normal((300, 5))
    Y, X, Z = (codes @ rng.standard_normal((5, w)) + rng.standard_normal((300, w)) for w in (12, 15, 8))
    return lambda: MixedForms(Y, X, Z=Z).fit(d=5), lambda: mofa_fit([Y, X, Z]), lambda a, b: float("nan")


VERBS: dict[str, tuple[str, str, Callable[[int], Any], str]] = {
    "fit": ("fit(s=10), one task, n 200, p 1,000", "abess", lambda seed: best_subset(1000, 200, seed), "loss"),
    "fit wide": ("fit(s=10), one task, n 200, p 10,000", "abess", lambda seed: best_subset(10_000, 200, seed), "loss"),
    "path": ("path(1..20), 5 tasks of 200 rows, p 1,000", "abess", path, "loss"),
    "cv": ("cross_validate(1..20), 5 folds, n 200, p 1,000", "abess", cross_validation, "features"),
    "binomial": ("fit(s=10), yes/no, n 300, p 500", "abess", lambda seed: generalized("binomial", seed), "deviance"),
    "poisson": ("fit(s=10), counts, n 300, p 500", "abess", lambda seed: generalized("poisson", seed), "deviance"),
    "cox": ("fit(s=10), survival, n 300, p 500", "abess", lambda seed: generalized("cox", seed), "likelihood"),
    "certify": ("certify(), one task, n 500, p 1,000, s 5, lambda_1 .1", "l0bnb", proof, "same support"),
    "hal": ("MTHAL cross_validate(), 10 folds, n 500, d 5, K 3", "scikit-learn, explicit columns", hal, ""),
    "knockoffs": ("knockoffs(draws=1), n 500, p 200", "knockpy", knockoffs, "features"),
    "forms": ("MixedForms fit(d=5), n 300, 12 + 15 + 8 columns", "mofapy2", forms, ""),
}  # fmt: skip


def run(cell: Cell, seed: int) -> list[Row]:
    """Both sides of a verb on one data set."""
    ours, theirs, quality = VERBS[cell["verb"]][2](seed)
    seconds: list[tuple[float, float]] = []
    with warnings.catch_warnings(), open(os.devnull, "w") as nowhere:
        warnings.simplefilter("ignore")
        with contextlib.redirect_stdout(nowhere):
            found = ours(), theirs()  # what is compiled or loaded at a first call is not timed
            while len(seconds) < RUNS and np.sum(seconds) < LONG:
                seconds.append((timed(ours)[1], timed(theirs)[1]))
    mine, peer = np.min(seconds, axis=0)
    value = float("nan")
    with contextlib.suppress(np.linalg.LinAlgError):
        value = quality(*found)
    return [{"method": VERBS[cell["verb"]][1], "ours": mine, "theirs": peer, "ratio": peer / mine, "quality": value}]


def page(frame: pd.DataFrame, folder: Path) -> str:
    """One line per verb."""
    rows = []
    for verb, (what, peer, _, measure) in VERBS.items():
        part = frame[frame["verb"] == verb]
        if part.empty:
            continue
        ratio, quality = part["ratio"], part["quality"].dropna()
        found = f"{measure} {quality.mean():.3f} ({quality.min():.3f}-{quality.max():.3f})" if len(quality) else ""
        rows.append([
            what, peer, f"{part['ours'].median():.3g}", f"{part['theirs'].median():.3g}",
            f"**{ratio.median():.2g}** ({ratio.min():.2g}-{ratio.max():.2g})", found, len(part),
        ])  # fmt: skip
    slower = [row[0] for row in rows if float(str(row[4]).split("**")[1]) < 1]
    heads = ["verb", "peer", "ours, CPU s", "peer, CPU s", "peer / ours: median (range)", "ours / peer", "data sets"]
    said = f"Slower than the peer: {'; '.join(slower) if slower else 'none'}."
    return f"{said}\n\n{markdown(heads, rows)}\n\n{__doc__.split(chr(10), 2)[2].strip()}"


EXPERIMENTS = (
    Experiment(
        "speed", "Speed of every verb beside a peer", [{"verb": verb} for verb in VERBS], run, page, sets=5, quick=1
    ),
)
