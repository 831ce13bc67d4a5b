"""At which ridge proofs end for yes/no outcomes, counts and survival times; writes `results/families_exact.md`.

200 rows per task, five features anywhere among AR(1) columns of correlation .3, with coefficients of 1 or -1 (half of
that for counts); of three tasks four features are shared, one is private, and lambda_z is .05. A tree may have 1,000
nodes; a gap of 1e-4 is asked for. Where it is not reached, what is left is a share of what the columns explain,
(F - bound) / (F without columns - F). Times are CPU times, one thread.

    python benchmarks/families_exact.py [--quick]
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from commit import commit
from oracles.family_instances import outcome
from oracles.instances import blocks_of, toeplitz_normal
from sparsekin.data.blocks import Responses
from sparsekin.data.standardize import standardize
from sparsekin.l0.exact.certificate import Certificate
from sparsekin.l0.glm.prove import certify
from sparsekin.l0.problem import Problem, make_problem
from sparsekin.l0.solve import solve

REPORT = Path(__file__).parent / "results" / "families_exact.md"
FAMILIES = ("binomial", "poisson", "cox")
N, S, NODES = 200, 5, 1_000
RIDGES = (0.1, 0.03, 0.01, 1 / N)
SIZES = [(1, 50), (1, 200), (1, 1000), (3, 50), (3, 200)]  # tasks, features


def problem_of(family: str, n_tasks: int, p: int, lambda_1: float) -> Problem:
    """Tasks that share four of five features."""
    rng = np.random.default_rng([n_tasks, p, len(family)])
    X, y = [], []
    places, signs = rng.permutation(p), rng.choice([-1.0, 1.0], S)
    for k in range(n_tasks):
        b = np.zeros(p)
        b[[*places[: S - 1], places[S + k]]] = signs
        X.append(toeplitz_normal(rng, N, p, 0.3))
        y.append(outcome(rng, family, X[-1] @ b))
    none = (None,) * n_tasks
    blocks = blocks_of(X, [one if one.ndim == 1 else one[:, 0] for one in y], list(none), None)
    blocks = replace(blocks, responses=Responses((family,) * n_tasks, tuple(y), none, none, none))
    sizes = np.full(n_tasks, S, np.int64)
    return make_problem(blocks, standardize(blocks), sizes, lambda_1=lambda_1, lambda_z=0.05 if n_tasks > 1 else 0.0)


def proof(family: str, n_tasks: int, p: int, lambda_1: float, nodes: int) -> tuple[Certificate, float]:
    """What is proven from the support that the search finds, and CPU seconds."""
    problem = problem_of(family, n_tasks, p, lambda_1)
    supports = [np.flatnonzero(z).astype(np.int32) for z in solve(problem).support.T]
    started = time.process_time()
    _, found = certify(problem, supports, node_limit=nodes)
    return found, time.process_time() - started


def cell(found: Certificate, seconds: float) -> str:
    """Nodes and seconds, or what is left."""
    if found.gap <= found.asked:
        return f"{found.nodes:,} ({seconds:.1f} s)"
    return f"**{100 * found.share:.1f} % left** ({seconds:.0f} s)"


def table(nodes: int, quick: bool) -> list[str]:
    """A row per family, tasks and features; a column per ridge."""
    names = [f"{ridge:g}" for ridge in RIDGES[:-1]] + ["1 / n"]
    lines = [
        "| family | tasks | features | " + " | ".join(names) + " |",
        "|---|---|---|" + "---|" * len(RIDGES),
    ]
    for family in FAMILIES:
        for n_tasks, p in SIZES[:1] + SIZES[3:4] if quick else SIZES:
            cells = [cell(*proof(family, n_tasks, p, ridge, nodes)) for ridge in RIDGES]
            lines.append(f"| {family} | {n_tasks} | {p:,} | " + " | ".join(cells) + " |")
            print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Write the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    with threadpool_limits(1):
        lines = table(100 if quick else NODES, quick)
    said = " --quick" if quick else ""
    made = f"Commit {commit()}, {time.strftime('%Y-%m-%d')}; made by `families_exact.py{said}`."
    REPORT.write_text(f"# Proofs of every family\n\n{made}\n\n## By ridge\n\n" + "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
