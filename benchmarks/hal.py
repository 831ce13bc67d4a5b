"""MTHAL against MultiTaskLassoCV and cv.glmnet on the explicit design, and at sizes beyond it; prints Markdown.

``python benchmarks/hal.py speed`` cross-validates 10 folds x 100 lambdas; ``cv`` the same at n = 10,000, d = 20;
``large`` times one path at n = 100,000 with main effects at every knot and pairs on 50 x 50 knots, ``full`` one at
n = 10,000 with every knot of every pair, ``binomial`` one of binomial outcomes.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
import warnings

import numpy as np

from sparsekin import MTHAL


def made(n: int, d: int, n_tasks: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Covariates uniform on (-2, 2); outcomes that share a sine and a step, and differ in one more part."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-2, 2, (n, d))
    shared = np.sin(2 * X[:, 0]) + (X[:, 1] > 0) * X[:, 2 % d]
    own = [np.abs(X[:, (3 + k) % d]) for k in range(n_tasks)]
    return X, np.column_stack([shared + one + 0.5 * rng.normal(size=n) for one in own])


def timed(run: object) -> tuple[float, float, object]:
    """Wall and processor seconds, and what came out."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = run()  # type: ignore[operator]
    return time.perf_counter() - wall, time.process_time() - cpu, found


def speed() -> None:
    """Cross-validation, 10 folds x 100 lambdas; at the first size paired with others on the explicit columns."""
    head = ["n", "d", "K", "degree", "functions", "MTHAL wall (cpu) s", "lambdas", "scikit-learn wall (cpu) s", "ratio"]
    head += ["cv.glmnet wall (cpu) s", "ratio"]
    print(f"| {' | '.join(head)} |\n{'|---' * len(head)}|")
    for n, d, K, degree in ((500, 5, 3, 2), (500, 5, 3, 3), (1000, 10, 3, 2)):
        X, Y = made(n, d, K)
        model = MTHAL(Y, X, max_degree=degree)
        path = model.path(n_lambda=100).table["lambda"].to_numpy()
        model.cross_validate(n_lambda=5, folds=3, rng=0)  # first calls load libraries
        wall, cpu, cv = timed(lambda model=model: model.cross_validate(rng=0))
        others = ["", "", "", ""]
        if (n, degree) == (500, 2):
            Phi = model._problem.design.columns(np.arange(model.n_functions))
            lambdas, others = path[: len(cv.table)], []
            for seconds in (scikit_learn(Phi, Y, lambdas), glmnet(Phi, Y, lambdas)):
                others += ["R lacks glmnet", ""] if seconds is None else [
                    f"{seconds[0]:.1f} ({seconds[1]:.1f})", f"{seconds[1] / cpu:.1f}"
                ]  # fmt: skip
        row = [n, d, K, degree, model.n_functions, f"{wall:.2f} ({cpu:.2f})", len(cv.table), *others]
        print(f"| {' | '.join(map(str, row))} |", flush=True)


def scikit_learn(Phi: np.ndarray, Y: np.ndarray, lambdas: np.ndarray) -> tuple[float, float]:
    """Wall and processor seconds of MultiTaskLassoCV at its default tolerance."""
    from sklearn.linear_model import MultiTaskLassoCV

    other = MultiTaskLassoCV(alphas=lambdas, cv=10, max_iter=1000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it does not converge at small lambda
        return timed(lambda: other.fit(Phi, Y))[:2]


def glmnet(Phi: np.ndarray, Y: np.ndarray, lambdas: np.ndarray) -> tuple[float, float] | None:
    """Wall and processor seconds of R's cv.glmnet at its default tolerance; None where it is not installed."""
    with tempfile.TemporaryDirectory() as folder:
        for name, values in (("Phi", Phi), ("Y", Y), ("lambdas", lambdas)):
            np.asfortranarray(values).ravel("F").tofile(f"{folder}/{name}")
        command = ["Rscript", "-e", _GLMNET, folder, *map(str, (*Phi.shape, Y.shape[1], len(lambdas)))]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            return None
    wall, cpu = map(float, done.stdout.split())
    return wall, cpu


_GLMNET = """
given <- commandArgs(TRUE)
size <- as.integer(given[-1])
numbers <- function(name, n) readBin(file.path(given[1], name), "double", n)
Phi <- matrix(numbers("Phi", size[1] * size[2]), size[1])
Y <- matrix(numbers("Y", size[1] * size[3]), size[1])
lambdas <- numbers("lambdas", size[4])
library(glmnet)
spent <- system.time(suppressWarnings(
  cv.glmnet(Phi, Y, family = "mgaussian", standardize = FALSE, lambda = lambdas, nfolds = 10)
))
cat(spent[["elapsed"]], spent[["user.self"]] + spent[["sys.self"]])
"""


def cv() -> None:
    """Cross-validation at n = 10,000, d = 20, K = 3, degree 2: 10 folds along the default lambdas."""
    X, Y = made(10_000, 20, 3)
    model = MTHAL(Y, X, max_degree=2)
    wall, cpu, found = timed(lambda: model.cross_validate(rng=0, n_jobs=2))
    best = found.table.iloc[found.errors.best]
    print(
        f"{model.n_functions:,} functions, 10 folds, {len(found.table)} lambdas: {wall:.0f} s (cpu {cpu:.0f}) in two "
        f"threads; {best['selected']:.0f} functions at the best lambda; peak memory {peak():.2f} GB"
    )


def large() -> None:
    """One path of the default 100 lambdas, to a hundredth of the largest, on 2.4 million steps."""
    path(*made(100_000, 20, 3), knots=["full", 50])


def full() -> None:
    """The same with a knot at every value, in pairs of columns too."""
    path(*made(10_000, 10, 3), knots="full")


def path(X: np.ndarray, Y: np.ndarray, knots: object) -> None:
    """Time of a basis of steps, up to pairs, and of a path on it."""
    wall, cpu, model = timed(lambda: MTHAL(Y, X, order=0, max_degree=2, knots=knots))
    print(f"{model.n_functions:,} functions listed in {wall:.0f} s (cpu {cpu:.0f})", flush=True)
    wall, cpu, found = timed(lambda: model.path())
    last = found.table.iloc[-1]
    print(
        f"path of {len(found.table)} lambdas: {wall:.0f} s (cpu {cpu:.0f}), {last['selected']:.0f} functions selected "
        f"at the end, largest gap {found.table['gap'].max():.0e}, peak memory {peak():.2f} GB"
    )


def binomial() -> None:
    """A path of 60 lambdas of three binomial outcomes, to .0028 of the largest, at n = 10,000, d = 20."""
    X, Y = made(10_000, 20, 3)
    rng = np.random.default_rng(1)
    ill = (rng.random(Y.shape) < 1 / (1 + np.exp(Y.mean(axis=0) - Y))).astype(float)
    model = MTHAL(ill, X, max_degree=2, family="binomial")
    lambdas = np.geomspace(1, 1e-4, 100)[:60] * model.lambda_max
    wall, cpu, found = timed(lambda: model.path(lambdas))
    last = found.table.iloc[-1]
    print(
        f"{model.n_functions:,} functions, path of {len(lambdas)} lambdas: {wall:.0f} s (cpu {cpu:.0f}), "
        f"{last['selected']:.0f} functions selected at the end, largest gap {found.table['gap'].max():.0e}"
    )


def peak() -> float:
    """Most memory so far, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


if __name__ == "__main__":
    {"speed": speed, "cv": cv, "large": large, "full": full, "binomial": binomial}[
        sys.argv[1] if len(sys.argv) > 1 else "speed"
    ]()
