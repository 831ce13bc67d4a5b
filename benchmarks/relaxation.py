"""The relaxation as an estimator: what rounding it costs, against the search and the (mostly certified) optimum.

python benchmarks/relaxation.py [--quick]      writes results/relaxation.md

Design of the published exact script: AR(1) columns with correlation .5, s = 5 features per task of which one is
private, slopes U(0, 1) scaled to length 1, n = 250 rows per task and 500 to test on; s known, lambda_z = .05.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from sparsekin import SparseMTL, SparseResults

REPORT = Path(__file__).resolve().parent / "results" / "relaxation.md"
Floats = NDArray[np.float64]
SIZES = ((3, 50), (4, 200), (5, 500))  # K, p
RIDGES, SNRS, N, S, LIMIT = (0.01, 0.05, 0.1, 0.5), (5.0, 1.0), 250, 5, 1.0
METHODS = ("rounded", "search", "best")


def draw(n_tasks: int, p: int, snr: float, seed: int) -> tuple[SparseMTL, list[Floats], list[Floats], Floats]:
    """A model, test rows and outcomes per task, and the true slopes (p, K)."""
    rng = np.random.default_rng(seed)
    order, coef = rng.permutation(p), np.zeros((p, n_tasks))
    for k in range(n_tasks):
        slopes = rng.uniform(0, 1, S)
        coef[[*order[: S - 1], order[S - 1 + k]], k] = slopes / np.linalg.norm(slopes)
    X = rng.standard_normal((n_tasks, N + 500, p))
    for j in range(1, p):
        X[..., j] = 0.5 * X[..., j - 1] + np.sqrt(0.75) * X[..., j]
    signal = [x @ b for x, b in zip(X, coef.T, strict=True)]
    y = [f + f.std() / np.sqrt(snr) * rng.standard_normal(len(f)) for f in signal]
    model = SparseMTL(np.concatenate([one[:N] for one in y]), np.concatenate(X[:, :N]), np.repeat(range(n_tasks), N))
    return model, list(X[:, N:]), [one[N:] for one in y], coef


def measures(fit: SparseResults, X: list[Floats], y: list[Floats], coef: Floats) -> dict[str, float]:
    """Objective, F1 = 2 TP / (|S| + |S_hat|) and RMSE on new rows, means over tasks."""
    found, truth = fit.solution, coef != 0
    f1 = 2 * (found.support & truth).sum(axis=0) / (found.support.sum(axis=0) + truth.sum(axis=0))
    left = [b - a @ found.coef[:, k] - found.intercept[k] for k, (a, b) in enumerate(zip(X, y, strict=True))]
    rmse = [np.sqrt(np.mean(r**2)) for r in left]
    return {"objective": fit.objective, "f1": float(f1.mean()), "rmse": float(np.mean(rmse))}


def one(n_tasks: int, p: int, lambda_1: float, snr: float, seed: int) -> dict[str, Any]:
    """All methods on one data set."""
    model, X, y, coef = draw(n_tasks, p, snr, seed)
    options = {"s": S, "lambda_1": lambda_1, "lambda_z": 0.05}
    began = time.process_time()
    rounded = model.fit(**options, solver="relaxation")
    relaxed = time.process_time()
    search = model.fit(**options)
    searched = time.process_time()
    best = search.certify(time_limit=LIMIT)
    apart = [model.fit(S, lambda_1, solver=solver).objective for solver in ("relaxation", "search")]
    spread = np.ptp(rounded.fractional.to_numpy(), axis=1)[(rounded.fractional > 0.01).any(axis=1)]
    out: dict[str, Any] = {
        "K": n_tasks, "p": p, "lambda_1": lambda_1, "SNR": snr, "certified": best.status == "optimal",
        "gap": 1 - min(rounded.bound, best.objective) / best.objective,
        "same": bool((rounded.solution.support == best.solution.support).all()),
        "integral": float(((rounded.fractional > 0.99) | (rounded.fractional < 0.01)).to_numpy().all()),
        "pooled": float((spread < 0.01).mean()), "excess_apart": apart[0] / apart[1] - 1,
        "s_rounded": relaxed - began, "s_search": searched - relaxed,
    }  # fmt: skip
    for name, fit in zip(METHODS, (rounded, search, best), strict=True):
        out |= {f"{key}_{name}": value for key, value in measures(fit, X, y, coef).items()}
        out[f"excess_{name}"] = fit.objective / best.objective - 1
    return out


def table(runs: pd.DataFrame) -> str:
    """One line per cell."""
    lines = [
        "| K, p | lambda_1 | SNR | relaxation below the optimum | rounded above it | the same with lambda_z 0 "
        "| search above it | certified | rounded is the optimum | F1 rounded / optimum | RMSE rounded / optimum |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for (K, p, ridge, snr), part in runs.groupby(["K", "p", "lambda_1", "SNR"]):
        mean = part.mean()
        lines.append(
            f"| {K}, {p} | {ridge:g} | {snr:g} | {mean.gap:.1%} | {mean.excess_rounded:.1%} | {mean.excess_apart:.1%} "
            f"| {mean.excess_search:.2%} | {mean.certified:.0%} | {mean.same:.0%} "
            f"| {mean.f1_rounded:.2f} / {mean.f1_best:.2f} | {mean.rmse_rounded:.3f} / {mean.rmse_best:.3f} |"
        )
    return "\n".join(lines)


def summary(runs: pd.DataFrame) -> str:
    """Means per ridge over everything else."""
    lines = [
        "| lambda_1 | relaxation below the optimum | rounded above it | the same with lambda_z 0 "
        "| features with the same share in all tasks | rounded is the optimum | F1 rounded / search / optimum "
        "| RMSE rounded / optimum | CPU s relaxation / search |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for ridge, part in runs.groupby("lambda_1"):
        mean = part.mean()
        ratio = np.exp(np.log(part["rmse_rounded"] / part["rmse_best"]).mean())
        lines.append(
            f"| {ridge:g} | {mean.gap:.1%} | {mean.excess_rounded:.1%} | {mean.excess_apart:.1%} | {mean.pooled:.0%} "
            f"| {mean.same:.0%} | {mean.f1_rounded:.2f} / {mean.f1_search:.2f} / {mean.f1_best:.2f} | {ratio:.3f} "
            f"| {mean.s_rounded:.3f} / {mean.s_search:.3f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run every cell and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two replicates, nothing written")
    quick = parser.parse_args().quick
    rows = []
    for K, p in SIZES:
        for ridge in RIDGES:
            for snr in SNRS:
                rows += [one(K, p, ridge, snr, seed) for seed in range(2 if quick else 20)]
            print(table(pd.DataFrame(rows[-2 * (2 if quick else 20) :])), flush=True)
    runs = pd.DataFrame(rows)
    text = (
        f"# The relaxation, rounded\n\n{len(runs)} data sets, {len(runs) // 24} per line; K tasks, p features, "
        f"{N} rows per task, s {S}, lambda_z .05. The optimum: the best of search and branch and bound ({LIMIT:g} s "
        f"each), certified to 1e-4 in {runs.certified.sum()} of {len(runs)}. Means over data sets; the ratio of RMSE "
        f"is a geometric mean. z was integral to .01 in {runs.integral.mean():.0%}.\n\n"
        f"## By ridge\n\n<!-- ridge -->\n{summary(runs)}\n\n<!-- end ridge -->\n\n"
        f"## All cells\n\n<!-- cells -->\n{table(runs)}\n\n<!-- end cells -->\n"
    )
    print(text)
    if not quick:
        REPORT.write_text(text)


if __name__ == "__main__":
    main()
