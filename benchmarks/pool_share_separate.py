"""Pool, share or separate: every row of `compare()` where the truth is known, and on real data.

python benchmarks/pool_share_separate.py [--repeats 2] [--only NAME ...]     writes results/pool_share_separate.md

pooled, partly pooled, separate: K = 5 tasks of 100, 80, 60, 40 and 30 rows, p = 100, R2 = .5, task intercepts N(0, 1);
10 features with one coefficient; 8 features whose coefficients differ between tasks (sd .5) and 3 of each task's own; 8
features of each task's own. supports: `simulate_shared_supports`, n = 50, p = 250, ten features of q candidates, little
noise. csf: CSF proteome, tau, 3 sites, from ../shared/data where that is there; a repeat is another split into folds.
5 folds, the defaults of `compare()`; errors are those of held-out rows, at settings chosen on the other folds.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

from sparsekin import SparseMTL, simulate

HERE = Path(__file__).parent
DATA = HERE.parents[1] / "shared" / "data" / "csf_proteome_sites.csv.gz"
ROWS = (100, 80, 60, 40, 30)


def design(kind: str, seed: int) -> SparseMTL:
    """One data set with R2 = .5."""
    rng, p, K = np.random.default_rng(seed), 100, len(ROWS)
    B = np.zeros((p, K))
    if kind == "pooled":
        B[rng.choice(p, 10, False)] = rng.choice([-1.0, 1.0], (10, 1))
    elif kind == "partly":
        B[rng.choice(p, 8, False)] = rng.choice([-1.0, 1.0], (8, 1)) + 0.5 * rng.standard_normal((8, K))
    own = {"pooled": 0, "partly": 3, "separate": 8}[kind]
    for k in range(K):
        B[rng.choice(p, own, False), k] += rng.choice([-1.0, 1.0], own)
    task = np.repeat(np.arange(K), ROWS)
    X = rng.standard_normal((len(task), p))
    signal = np.einsum("ij,ij->i", X, B[:, task].T)
    sd = np.sqrt((B**2).sum(axis=0).mean())
    y = signal + rng.standard_normal(K)[task] + sd * rng.standard_normal(len(task))
    return SparseMTL(y, X, task)


def shared(q: int | None, seed: int) -> SparseMTL:
    """Common supports, unrelated coefficients, little noise."""
    made = simulate.simulate_shared_supports(n_tasks=5, n=50, p=250, s=10, q=q or 50, rng=seed)
    return SparseMTL(made.y, made.X, made.task)


def csf(seed: int) -> SparseMTL:
    """The same data each time: `seed` splits them."""
    data = pd.read_csv(DATA)
    proteins = [name for name in data if name.startswith("P")]
    return SparseMTL(data["tau"], data[proteins], data["site"], keep=data[["age", "male"]])


SETS = {
    "pooled": lambda seed: design("pooled", seed), "partly pooled": lambda seed: design("partly", seed),
    "separate": lambda seed: design("separate", seed), "supports, q = 10": lambda seed: shared(10, seed),
    "supports, q = 50": lambda seed: shared(50, seed), "csf": csf,
}  # fmt: skip


def main() -> None:
    """Run and write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=list(SETS))
    asked = parser.parse_args()
    columns, verdicts = {}, []
    for name in asked.only:
        if name == "csf" and not DATA.exists():
            continue
        runs = [SETS[name](seed).compare(folds=5, rng=seed) for seed in range(asked.repeats)]
        tables = [one.table for one in runs]
        mean = sum(table["mean"] for table in tables) / len(runs)
        size = sum(table["union"] for table in tables) / len(runs)
        seconds = sum(table["seconds"] for table in tables) / len(runs)
        texts = [
            f"{100 * (mean[row] / mean.min() - 1):+.1f} % ({size[row]:.0f}; {seconds[row]:.1f} s)" for row in mean.index
        ]
        columns[f"{name} ({mean.min():.3g})"] = pd.Series(texts, mean.index)
        verdicts += [f"- {name}, {seed}: {one.verdict}" for seed, one in enumerate(runs)]
        print(columns[f"{name} ({mean.min():.3g})"], *verdicts[-len(runs) :], sep="\n", flush=True)
    frame = pd.DataFrame(columns)
    lines = ["| method | " + " | ".join(frame.columns) + " |", "|---" * (len(frame.columns) + 1) + "|"]
    lines += [
        "| " + " | ".join([str(name), *row]) + " |" for name, row in zip(frame.index, frame.to_numpy(), strict=True)
    ]
    (HERE / "results" / "pool_share_separate.md").write_text("\n".join([*lines, "", *verdicts, ""]), encoding="utf-8")


if __name__ == "__main__":
    main()
