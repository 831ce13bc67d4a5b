"""L0 searches of yes/no outcomes, counts and survival times: optima, abess, L0Learn, time: `results/families_l0.md`.

Peers: one task, one support size; abess at its defaults. Either support is refitted by us, with a ridge of 1e-3 that
both are judged by; the excess is (F - least F) / (F without columns - least F). Times are CPU times, one thread.
L0Learn (R; logistic only) where Rscript finds it, L0LEARN_LIBRARY naming its library if need be: penalty "L0", a path
that ends at s; judged at the largest size on it up to s, which ours is given too.
Enumerated: one or two tasks, p = 9, s = 3, every support looked at. Times: as the design note asks.

    python benchmarks/families_l0.py [--quick]
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from commit import commit
from oracles.family_instances import family_problem, optimum, task_values_everywhere
from sparsekin.l0.glm.fit import refit
from sparsekin.l0.problem import Problem
from sparsekin.l0.solve import solve

REPORT = Path(__file__).parent / "results" / "families_l0.md"
FAMILIES = ("binomial", "poisson", "cox")
PEERS = [  # n, p, s
    (100, 200, 5), (200, 200, 10), (200, 1000, 10), (500, 500, 10), (200, 2000, 12), (200, 10_000, 10),
    (1000, 10_000, 15),
]  # fmt: skip
SLOW = ("cox", 1000, 10_000)  # minutes for abess
MANY = 2_000  # columns above which the search is on a list of them
TIMED = [(1, 1000, 10_000, 15), (5, 300, 1000, 5)]  # K, n, p, s


def enumerated(seeds: int) -> list[str]:
    """Share of cells at the optimum, and the worst gap."""
    lines = [
        "| family | cells | at the optimum | worst gap / F without columns | CPU s per cell |",
        "|---|---|---|---|---|",
    ]
    for family in FAMILIES:
        gaps, spent = [], 0.0
        for seed in range(seeds):
            rng = np.random.default_rng([seed, len(family)])
            problem = family_problem(
                rng, [family] * (1 + seed % 2), (40, 70)[seed % 2], 9, 3, (0, 0.8)[seed // 2 % 2],
                (0.5, 1.2)[seed // 4 % 2], lambda_1=(0.001, 0.03)[seed // 8 % 2],
            )  # fmt: skip
            values, masks = task_values_everywhere(problem)
            for z in (0.0, 0.003, 0.02, 0.1, 0.5, None):
                asked = replace(problem, support="common") if z is None else replace(problem, lambda_z=z)
                started = time.process_time()
                found = solve(asked).objective
                spent += time.process_time() - started
                gaps.append((found - optimum(asked, values, masks)) / values[:, 0].sum())
        hits = np.mean(np.array(gaps) < 1e-7)
        lines.append(f"| {family} | {len(gaps)} | {100 * hits:.1f} % | {max(gaps):.1e} | {spent / len(gaps):.3f} |")
    return lines


def peer_support(problem: Problem, family: str) -> np.ndarray:
    """Columns that abess selects."""
    from abess import CoxPHSurvivalAnalysis, LogisticRegression, PoissonRegression

    kind = {"binomial": LogisticRegression, "poisson": PoissonRegression, "cox": CoxPHSurvivalAnalysis}[family]
    assert problem.blocks.responses is not None
    X = problem.blocks.X / problem.standard.scale[:, 0]
    model = kind(support_size=int(problem.s[0])).fit(X - X.mean(axis=0), problem.blocks.responses.y[0])
    return np.flatnonzero(np.ravel(model.coef_)).astype(np.int32)


def peer_problem(family: str, n: int, p: int, s: int, seed: int) -> Problem:
    """One task."""
    rng = np.random.default_rng([seed, n, p, len(family)])
    return family_problem(rng, [family], n, p, s, (0.0, 0.5, 0.8)[seed % 3], (0.8, 0.5)[seed % 2], lambda_1=1e-3)


def peers(seeds: int) -> list[str]:
    """Worse, equal, better; mean excess; paired CPU."""
    lines = [
        "| family | p | runs | abess worse / equal / better | its mean excess | our worst excess | CPU ratio, median |",
        "|---|---|---|---|---|---|---|",
    ]
    for family in FAMILIES:
        for many in (False, True):
            cases = [one for one in PEERS if (one[1] > MANY) == many and (family, *one[:2]) != SLOW]
            lines.append(_beside_abess(family, cases, seeds))
    return lines


def _beside_abess(family: str, cases: list[tuple[int, int, int]], seeds: int) -> str:
    excess, lost, ratios = [], [], []
    for n, p, s in cases:
        for seed in range(20, 20 + seeds):  # what is done at effort 1 was chosen on those below 8
            problem = peer_problem(family, n, p, s, seed)
            started = time.process_time()
            ours = solve(problem)
            middle = time.process_time()
            theirs = refit(problem, [peer_support(problem, family)])
            ratios.append((time.process_time() - middle) / (middle - started))
            null = refit(problem, [np.empty(0, np.int32)])
            assert theirs is not None
            assert null is not None
            best = min(theirs.F, ours.objective)
            excess.append((theirs.F - best) / (null.F - best))
            lost.append((ours.objective - best) / (null.F - best))
    worse, better = sum(x > 1e-6 for x in excess), sum(x > 1e-6 for x in lost)
    sizes = sorted({p for _, p, _ in cases})
    shown = f"{sizes[0]:,}" + (f" - {sizes[-1]:,}" if len(sizes) > 1 else "")
    return (
        f"| {family} | {shown} | {len(excess)} | {worse} / {len(excess) - worse - better} / {better} "
        f"| {100 * np.mean(excess):.1f} % | {100 * max(lost):.2f} % | {np.median(ratios):.2f} |"
    )


ALGORITHMS = ("CD", "CDPSI")
L0LEARN = """
.libPaths(c(Sys.getenv("L0LEARN_LIBRARY"), .libPaths()))
if (!requireNamespace("L0Learn", quietly = TRUE)) quit(status = 3)
given <- commandArgs(TRUE)
n <- as.integer(given[2]); p <- as.integer(given[3]); s <- as.integer(given[4])
read <- readBin(given[1], "double", n * (p + 1))
X <- matrix(read[seq_len(n * p)], n)
y <- read[n * p + seq_len(n)]
for (algorithm in strsplit(given[5], ",")[[1]]) {
  fit <- function(X, s) L0Learn::L0Learn.fit(X, y, loss = "Logistic", algorithm = algorithm, maxSuppSize = s)
  fit(X[, 1:5], 2)
  started <- proc.time()
  found <- fit(X, s)
  spent <- sum((proc.time() - started)[1:2])
  sizes <- found$suppSize[[1]]
  for (i in which(sizes == max(sizes[sizes <= s])))
    cat(algorithm, spent, which(found$beta[[1]][, i] != 0) - 1, "\\n")
}
"""


def ask_l0learn(problem: Problem) -> dict[str, tuple[float, list[np.ndarray]]] | None:
    """CPU seconds and supports by algorithm; None where it is not installed."""
    if shutil.which("Rscript") is None:
        return None
    assert problem.blocks.responses is not None
    X = problem.blocks.X / problem.standard.scale[:, 0]
    with tempfile.TemporaryDirectory() as folder:
        script, data = Path(folder) / "ask.R", Path(folder) / "data"
        script.write_text(L0LEARN)
        data.write_bytes(X.tobytes("F") + problem.blocks.responses.y[0].tobytes())
        given = [str(one) for one in (data, *X.shape, problem.s[0], ",".join(ALGORITHMS))]
        asked = subprocess.run(["Rscript", str(script), *given], capture_output=True, text=True)
    if asked.returncode == 3:
        return None
    if asked.returncode != 0:
        raise RuntimeError(asked.stderr)
    out: dict[str, tuple[float, list[np.ndarray]]] = {}
    for line in asked.stdout.splitlines():
        algorithm, spent, *columns = line.split()
        out.setdefault(algorithm, (float(spent), []))[1].append(np.array(columns, np.int32))
    return out


def l0learn(seeds: int) -> list[str]:
    """Worse, equal, better at the largest size that it has; CPU of its path beside that of our fit."""
    lines = [
        "| algorithm | runs | sizes / s | L0Learn worse / equal / better | its mean excess | our worst excess "
        "| CPU ratio, median |",
        "|---|---|---|---|---|---|---|",
    ]
    rows: dict[str, list[tuple[float, float, float, float]]] = {name: [] for name in ALGORITHMS}
    for n, p, s, seed in [(*one, seed) for one in PEERS for seed in range(20, 20 + seeds)]:
        problem = peer_problem("binomial", n, p, s, seed)
        found = ask_l0learn(problem)
        if found is None:
            return ["L0Learn is not installed."]
        for name, (spent, supports) in found.items():
            fits = [fit for S in supports if (fit := refit(problem, [S])) is not None]
            theirs, size = min(fit.F for fit in fits), len(supports[0])
            started = time.process_time()
            ours = solve(replace(problem, s=np.array([size]))).objective
            ratio = spent / (time.process_time() - started)
            null = refit(problem, [np.empty(0, np.int32)])
            assert null is not None
            best = min(theirs, ours)
            rows[name].append((size / s, (theirs - best) / (null.F - best), (ours - best) / (null.F - best), ratio))
    for name, row in rows.items():
        share, excess, lost, ratio = np.array(row).T
        worse, better = int((excess > 1e-6).sum()), int((lost > 1e-6).sum())
        lines.append(
            f"| {name} | {len(row)} | {share.mean():.2f} | {worse} / {len(row) - worse - better} / {better} "
            f"| {100 * excess.mean():.1f} % | {100 * lost.max():.2f} % | {np.median(ratio):.2f} |"
        )
    return lines


def times(repeats: int) -> list[str]:
    """CPU seconds of one fit."""
    lines = ["| family | K | n | p | s | CPU s, median |", "|---|---|---|---|---|---|"]
    for family in FAMILIES:
        for n_tasks, n, p, s in TIMED:
            spent = []
            for seed in range(repeats):
                problem = family_problem(
                    np.random.default_rng(seed), [family] * n_tasks, n, p, s, 0.5, 0.8, lambda_1=1 / n, lambda_z=0.02
                )
                started = time.process_time()
                solve(problem)
                spent.append(time.process_time() - started)
            lines.append(f"| {family} | {n_tasks} | {n:,} | {p:,} | {s} | {np.median(spent):.2f} |")
    return lines


def main() -> None:
    """Write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    with threadpool_limits(1):
        parts = {
            "Optima by enumeration": enumerated(8 if quick else 16),
            "abess, one task": peers(2 if quick else 4),
            "L0Learn, yes/no outcomes, one task": l0learn(2 if quick else 4),
            "Time of one fit": times(1 if quick else 2),
        }
    made = (
        f"Commit {commit()}, {time.strftime('%Y-%m-%d')}; made by `families_l0.py{' --quick' if quick else ''}`; "
        "CPU ratio: theirs / ours."
    )
    text = f"# L0 searches of every family\n\n{made}\n"
    for title, lines in parts.items():
        text += f"\n## {title}\n\n" + "\n".join(lines) + "\n"
    REPORT.write_text(text)


if __name__ == "__main__":
    main()
