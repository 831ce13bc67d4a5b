"""Yes/no outcomes and counts in rounds of sums, beside the fit of the pooled rows: supports, objective, rounds.

python benchmarks/federated_rounds.py [--sets 20]     writes results/federated_rounds.md

Three hospitals of n, n + 30 and n + 60 rows, p columns with correlations .5^|i-j|, two features in all hospitals and
one of each hospital's own; s and lambda_z as in the table, lambda_1 = .02. Half of the sets are yes/no outcomes, half
counts. Seeds start at 100. The policy is the default one: products of .33 n columns at most.
"""

from __future__ import annotations

import argparse
import os
import time
import warnings
from datetime import date
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from commit import commit
from sparsekin import SparseMTL, federation

PAGE = Path(__file__).parent / "results" / "federated_rounds.md"
DESIGNS = [
    (200, 20, 3, 0.01, 1), (150, 60, 3, 0.02, 1), (150, 60, 5, 0.02, 1), (150, 60, 5, 0.02, 2),
    (150, 400, 3, 0.02, 1), (150, 400, 3, 0.02, 2),
]  # fmt: skip


def hospitals(n: int, p: int, seed: int, family: str) -> dict[str, pd.DataFrame]:
    """A frame per hospital."""
    rng, out = np.random.default_rng(seed), {}
    root = np.linalg.cholesky(0.5 ** np.abs(np.subtract.outer(range(p), range(p)))).T
    for k in range(3):
        X = rng.standard_normal((n + 30 * k, p)) @ root
        eta = X[:, 2] - 0.8 * X[:, 7] + 0.9 * X[:, 12 + k] + 0.3 * k
        frame = pd.DataFrame(10 + 3 * X, columns=[f"x{j}" for j in range(p)])
        chance = rng.random(len(X)) < 1 / (1 + np.exp(-eta))
        y = chance.astype(int) if family == "binomial" else rng.poisson(np.exp(0.4 * eta))
        out[f"h{k}"] = frame.assign(y=y, hospital=f"h{k}", patient=range(len(X)))
    return out


def one_set(n: int, p: int, s: int, lambda_z: float, effort: int, seed: int) -> dict[str, float]:
    """Both fits of one set."""
    family = ("binomial", "poisson")[seed % 2]
    data = hospitals(n, p, seed, family)
    formula = "y ~ " + " + ".join(f"x{j}" for j in range(p))
    setting = {"s": s, "lambda_z": lambda_z, "lambda_1": 0.02}
    pooled = pd.concat([frame.drop(columns="patient") for frame in data.values()], ignore_index=True)
    rows = SparseMTL.from_formula(formula, pooled, task="hospital", family=family).fit(**setting)
    sites = {name: federation.Site(frame, federation.Policy(), id="patient") for name, frame in data.items()}
    fit = federation.FederatedMTL(formula, sites, "hospital", family=family).fit(**setting, effort=effort)
    same = bool((fit.support.to_numpy() == rows.support.to_numpy()).all())
    apart = np.abs(fit.params.to_numpy() - rows.params.loc[fit.params.index].to_numpy()).max()
    return {
        "same": same, "apart": float(apart) if same else np.nan, "rounds": fit.rounds,
        "worse": (fit.objective - rows.objective) / rows.objective,
    }  # fmt: skip


def main() -> None:
    """Run and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sets", type=int, default=20)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    started = time.process_time()
    lines = [
        "# Rounds of sums beside the pooled rows",
        "",
        "| n | p | s | effort | same supports | coefficients then differ by | objective, worst | best | rounds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for n, p, s, lambda_z, effort in DESIGNS:
        found = pd.DataFrame([one_set(n, p, s, lambda_z, effort, 100 + seed) for seed in range(args.sets)])
        lines.append(
            f"| {n} | {p} | {s} | {effort} | {int(found['same'].sum())} of {len(found)} | {found['apart'].max():.1e} | "
            f"{found['worse'].max():+.1e} | {found['worse'].min():+.1e} | {found['rounds'].median():g} |"
        )
    lines += [
        "",
        "Worst and best: objective in rounds less that of the search on pooled rows, as a share of it; rounds: median.",
        f"{time.process_time() - started:.0f} CPU seconds; {date.today()}, {commit()}.",
    ]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
