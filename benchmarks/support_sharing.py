"""When does sharing supports help? Zbar against independent L0 fits by the same optimiser, both tuned by CV.

python benchmarks/support_sharing.py [--quick]     writes results/support_sharing.md and results/support_sharing.csv

Design of arXiv 2212.08697 as in `simulate_shared_supports`: K = 5 tasks with rows of their own, p = 250, ten features
per task drawn from the first q candidates, n rows per task and as many to test on; ridge 1e-4. s and lambda_z by
10-fold CV within tasks (s and nothing else for the independent fits), the same folds for both.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from sparsekin import SparseMTL
from sparsekin.data.simulate import Simulation, simulate_disjoint, simulate_shared_supports

RESULTS = Path(__file__).resolve().parent / "results"
LAMBDA_1 = 1e-4
SIZES = (4, 6, 8, 9, 10, 11, 12, 14)
POOLS = (10, 16, 20, 30, 40)
METHODS = {"shared": {"lambda_z": "auto"}, "independent": {"support": "independent", "lambda_z": 0.0}}


def test_rmse(result, truth: Simulation) -> float:
    """Mean over tasks of the RMSE on the test rows."""
    coef, intercept = result.solution.coef, result.solution.intercept
    errors = []
    for k in range(coef.shape[1]):
        rows = truth.task_test == k
        left = truth.y_test[rows] - truth.X_test[rows] @ coef[:, k] - intercept[k]
        errors.append(np.sqrt(np.mean(left**2)))
    return float(np.mean(errors))


def true_f1(support: np.ndarray, truth: np.ndarray) -> float:
    """Mean over tasks of 2 TP / (|S| + |S_hat|)."""
    return float(np.mean(2 * (support & truth).sum(axis=0) / (support.sum(axis=0) + truth.sum(axis=0))))


def one(cell: dict, seed: int) -> list[dict]:
    """Both methods on one simulated data set."""
    q, n = cell["q"], cell["n"]
    truth = simulate_disjoint(5, n, 250, 10, rng=seed) if q == 0 else simulate_shared_supports(n=n, q=q, rng=seed)
    model = SparseMTL(truth.y, truth.X, truth.task)
    out = []
    for method, options in METHODS.items():
        start = time.process_time()
        cv = model.cross_validate(s=SIZES, lambda_1=LAMBDA_1, folds=10, rng=seed, **options)
        best = cv.refit("best")
        out.append(
            cell
            | {
                "seed": seed,
                "method": method,
                "rmse": test_rmse(best, truth),
                "f1": true_f1(best.solution.support, truth.support),
                "s": int(best.s[0]),
                "lambda_z": float(best.lambda_z),
                "seconds": time.process_time() - start,
            }
        )
    return out


def ratio(part: pd.DataFrame, column: str) -> tuple[float, float]:
    """Geometric mean over seeds of shared / independent, and its standard error."""
    wide = part.pivot(index="seed", columns="method", values=column)
    logs = np.log(wide["shared"] / wide["independent"])
    return float(np.exp(logs.mean())), float(np.exp(logs.mean()) * logs.std(ddof=1) / np.sqrt(len(logs)))


def table(runs: pd.DataFrame) -> str:
    """One line per cell."""
    lines = [
        "| n | q | RMSE shared | RMSE independent | ratio (SE) | F1 shared | F1 independent | lambda_z = 0 chosen |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (n, q), part in runs.groupby(["n", "q"]):
        mean = part.groupby("method")[["rmse", "f1"]].mean()
        r, se = ratio(part, "rmse")
        none = (part.loc[part["method"] == "shared", "lambda_z"] == 0).mean()
        lines.append(
            f"| {n} | {q or 'disjoint'} | {mean.rmse['shared']:.2f} | {mean.rmse['independent']:.2f} | "
            f"**{r:.2f}** ({se:.2f}) | {mean.f1['shared']:.2f} | {mean.f1['independent']:.2f} | {none:.0%} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run every cell and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    cells = [{"n": n, "q": q} for n in (50, 100) for q in (0, *POOLS)]
    seeds = range(2 if quick else 20)
    jobs = [delayed(one)(cell, seed) for cell in cells for seed in seeds]
    runs = pd.DataFrame([row for rows in Parallel(n_jobs=2)(jobs) for row in rows])
    text = (
        "# Shared supports against independent L0 fits\n\n"
        "K = 5, p = 250, ten features per task from q candidates (q = 10: the same in all tasks; disjoint: none in\n"
        f"common); {len(seeds)} replicates, mean test RMSE over tasks, true F1 = 2 TP / (|S| + |S_hat|). Both methods\n"
        "use the same optimiser and folds; ratio: geometric mean over replicates of shared / independent.\n\n"
        f"{table(runs)}\n\n"
        f"CPU seconds per tuned fit: shared {runs[runs.method == 'shared'].seconds.mean():.1f}, "
        f"independent {runs[runs.method == 'independent'].seconds.mean():.1f}.\n"
    )
    print(text)
    if not quick:
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "support_sharing.md").write_text(text)
        runs.to_csv(RESULTS / "support_sharing.csv", index=False, float_format="%.5g")


if __name__ == "__main__":
    main()
