"""Paired runs of best-subset paths against abess; writes `results/peers_l0.md`.

Three kinds of problem: one task; one design with K outcomes and a common support; K designs with a common
support, which abess solves through groups of columns of a dense block-diagonal design. Both sides see the same
standardised data, no ridge, one thread, supports of 1..smax features. Runs alternate; times are CPU times of the
process. The objective is sum_k ||y_k - X_k b_k||^2 / (2 n), b_k refitted here on the support either side selected.

    python benchmarks/peers_l0.py [--quick]
"""

from __future__ import annotations

import argparse
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import abess
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from sparsekin.data.blocks import TaskBlocks
from sparsekin.data.standardize import standardize
from sparsekin.l0.path import path_over_s
from sparsekin.l0.problem import Problem, make_problem

Floats = NDArray[np.float64]
Support = NDArray[np.int64]
REPORT = Path(__file__).parent / "results" / "peers_l0.md"


@dataclass(frozen=True)
class Case:
    """kind: "one task", "shared X" or "own X"; s: true features; rho: correlation of neighbouring columns."""

    kind: str
    p: int
    n: int
    n_tasks: int
    s: int
    largest: int
    rho: float
    snr: float


@dataclass(frozen=True)
class Data:
    """X: K arrays (n, p), one array K times when shared; y: (n, K). All centred, columns of X of variance one."""

    X: tuple[Floats, ...]
    y: Floats


CASES = [
    Case("one task", 1000, 200, 1, 10, 20, 0.5, 3),
    Case("one task", 1000, 200, 1, 10, 20, 0.9, 3),
    Case("one task", 1000, 1000, 1, 20, 50, 0.5, 3),
    Case("one task", 10_000, 200, 1, 10, 20, 0.5, 3),
    Case("one task", 10_000, 500, 1, 20, 50, 0.9, 5),
    Case("one task", 100_000, 100, 1, 5, 20, 0.3, 5),
    Case("shared X", 1000, 200, 5, 10, 20, 0.5, 3),
    Case("shared X", 1000, 200, 5, 10, 20, 0.9, 3),
    Case("shared X", 1000, 200, 20, 10, 20, 0.5, 3),
    Case("shared X", 10_000, 200, 5, 10, 20, 0.5, 3),
    Case("own X", 500, 100, 3, 10, 20, 0.5, 3),
    Case("own X", 1000, 50, 5, 5, 10, 0.5, 3),
]
QUICK = [CASES[0], CASES[6], Case("own X", 200, 60, 3, 5, 10, 0.5, 3)]


def simulate(case: Case, seed: int) -> Data:
    """Normal columns with correlation rho^|i - j|; s features shared by all tasks, coefficients of either sign."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(case.p)[: case.s]
    X: list[Floats] = []
    y = np.empty((case.n, case.n_tasks))
    for k in range(case.n_tasks):
        X.append(X[0] if case.kind == "shared X" and k else _design(rng, case))
        signal = X[k][:, chosen] @ (rng.choice([-1.0, 1.0], case.s) * rng.uniform(0.5, 1.5, case.s))
        y[:, k] = signal + rng.standard_normal(case.n) * np.sqrt(signal.var() / case.snr)
    return Data(tuple(X), y - y.mean(axis=0))


def _design(rng: np.random.Generator, case: Case) -> Floats:
    X = np.asfortranarray(rng.standard_normal((case.n, case.p)))
    for j in range(1, case.p):
        X[:, j] = case.rho * X[:, j - 1] + np.sqrt(1 - case.rho**2) * X[:, j]
    X -= X.mean(axis=0)
    X /= X.std(axis=0)
    return X


def blocks_of(case: Case, data: Data) -> TaskBlocks:
    """The same numbers as the package hands them to a solver."""
    shared = case.kind != "own X"
    X = data.X[0] if shared else np.asfortranarray(np.vstack(data.X))
    n, n_tasks = case.n, case.n_tasks
    return TaskBlocks(
        X=X,
        y=tuple(np.ascontiguousarray(data.y[:, k]) for k in range(n_tasks)),
        rows=tuple(slice(0, n) if shared else slice(k * n, (k + 1) * n) for k in range(n_tasks)),
        weights=(None,) * n_tasks,
        keep=np.empty((len(X), 0), order="F"),
        task_names=tuple(range(n_tasks)),
        feature_names=tuple(map(str, range(case.p))),
        keep_names=(),
        shared=case.kind == "shared X",
    )


def set_up(case: Case, blocks: TaskBlocks) -> Problem:
    """From task blocks to a problem: means, standard deviations, bases of the intercepts."""
    mode = "heterogeneous" if case.n_tasks == 1 else "common"
    return make_problem(blocks, standardize(blocks), np.full(case.n_tasks, case.largest), support=mode)


def our_path(case: Case, problem: Problem) -> list[Support]:
    """The selected features at s = 1..smax; as abess does, also the coefficients at one size, the largest."""
    path = path_over_s(problem, range(1, case.largest + 1))
    assert path[case.largest - 1].coef.any()
    return [supports[0] for supports in path.supports]


def abess_model(case: Case, largest: int, design: Floats) -> abess.bess_base.bess_base:
    """Abess as it comes: warm-started path over sizes, default splicing, centred data."""
    kind = abess.MultiTaskRegression if case.kind == "shared X" else abess.LinearRegression
    group = None if design.shape[1] == case.p else np.repeat(np.arange(case.p), case.n_tasks)
    return kind(support_size=range(1, largest + 1), group=group, fit_intercept=False, thread=1, ic_type="loss")


def abess_input(case: Case, data: Data) -> tuple[Floats, Floats]:
    """Design and outcome; K designs become one dense block-diagonal design, the columns of a feature side by side."""
    if case.kind != "own X":
        return data.X[0], data.y[:, 0] if case.n_tasks == 1 else data.y
    design = np.zeros((case.n_tasks * case.n, case.p, case.n_tasks))
    for k, X in enumerate(data.X):
        design[k * case.n : (k + 1) * case.n, :, k] = X
    return design.reshape(len(design), -1), data.y.T.ravel()


def abess_support(case: Case, design: Floats, outcome: Floats, largest: int) -> Support:
    """What the path up to `largest` features ends with: abess keeps the size of least loss only."""
    model = abess_model(case, largest, design).fit(design, outcome, is_normal=False)
    return np.flatnonzero(np.abs(model.coef_).reshape(case.p, -1).any(axis=1))


def value(data: Data, support: Support) -> float:
    """sum_k ||y_k - X_k b_k||^2 / (2 n), least squares on the support."""
    total = 0.0
    for k, X in enumerate(data.X):
        b = np.linalg.lstsq(X[:, support], data.y[:, k])[0]
        total += float(np.sum((data.y[:, k] - X[:, support] @ b) ** 2)) / (2 * len(X))
    return total


def cpu(call: Callable[[], object]) -> float:
    """CPU seconds of the process."""
    start = time.process_time()
    call()
    return time.process_time() - start


@dataclass(frozen=True)
class Comparison:
    """Ratios abess / ours; `solve` and `total` (with set-up) over runs, `objective` over sizes, and our CPU seconds."""

    solve: list[float]
    total: list[float]
    objective: list[float]
    ours: list[float]


def compare(case: Case, seed: int, runs: int) -> Comparison:
    """One data set: alternating timed runs, then the objective at up to ten sizes."""
    data = simulate(case, seed)
    design, outcome = abess_input(case, data)
    blocks = blocks_of(case, data)
    problem = set_up(case, blocks)
    solve, total, ours = [], [], []
    for _ in range(runs):
        mine = cpu(lambda: our_path(case, problem))
        peer = cpu(lambda: abess_model(case, case.largest, design).fit(design, outcome, is_normal=False))
        preparation = cpu(lambda: set_up(case, blocks))
        solve.append(peer / mine)
        total.append(peer / (mine + preparation))
        ours.append(mine)
    supports = our_path(case, problem)
    sizes = np.unique(np.linspace(1, case.largest, 10).astype(int))
    peers = [value(data, abess_support(case, design, outcome, int(size))) for size in sizes]
    mine_at = [value(data, supports[size - 1]) for size in sizes]
    return Comparison(solve, total, [b / a for a, b in zip(mine_at, peers, strict=True)], ours)


def row(case: Case, found: list[Comparison]) -> str:
    """One line of the table, over all data sets of a case."""
    solve, total, objective, ours = (
        np.array([x for one in found for x in getattr(one, name)]) for name in ("solve", "total", "objective", "ours")
    )
    return (
        f"| {case.kind} | {case.p} | {case.n} | {case.n_tasks} | {case.largest} | {case.rho} "
        f"| {solve.min():.1f} / **{np.median(solve):.1f}** / {solve.max():.1f} | {np.median(total):.1f} "
        f"| {objective.mean():.4f} | {objective.min():.4f} / {objective.max():.4f} | {1e3 * np.median(ours):.1f} |"
    )


HEADER = """# L0 paths against abess

abess {abess}, numpy {numpy}, Python {python}, {machine}; one thread;
{sets} data sets per line, {runs} alternating runs each.
All ratios are abess / sparsekin, above 1 when sparsekin is faster or lower. Time: CPU time of a path over 1..smax
features and the coefficients at one size, sparsekin's problem built beforehand; "with set-up" adds standardisation and
problem building to our side only (abess is told that the data are centred and scaled). Objective: least squares
refitted on the selected features, at up to ten sizes.

| kind | p | n | K | smax | rho | time min / median / max | with set-up | objective mean | min / max | ours, ms |
|---|---|---|---|---|---|---|---|---|---|---|
"""


def main() -> None:
    """Run the cases and write the table."""
    parser = argparse.ArgumentParser(description="Paired runs against abess.")
    parser.add_argument("--quick", action="store_true", help="three small cases, one data set each; writes nothing")
    quick = parser.parse_args().quick
    sets, runs = (1, 3) if quick else (3, 3)
    table = HEADER.format(
        abess=version("abess"),
        numpy=np.__version__,
        python=platform.python_version(),
        machine=platform.machine(),
        sets=sets,
        runs=runs,
    )
    with threadpool_limits(1):
        for case in QUICK if quick else CASES:
            line = row(case, [compare(case, seed, runs) for seed in range(sets)])
            print(line, flush=True)
            table += line + "\n"
    if not quick:
        REPORT.parent.mkdir(exist_ok=True)
        REPORT.write_text(table)


if __name__ == "__main__":
    main()
