"""Small data and problems for the tests of tuning."""

import numpy as np

from sparsekin.data.prepare import prepare_arrays
from sparsekin.data.simulate import simulate_shared_supports
from sparsekin.data.standardize import standardize
from sparsekin.l0.grid import cross
from sparsekin.l0.problem import make_problem


def made(n_tasks=3, n=24, p=12, shared=False, seed=0):
    return simulate_shared_supports(n_tasks=n_tasks, n=n, p=p, s=2, q=3, shared_X=shared, rng=seed)


def prepared(shared=False, weighted=False, keep=False, seed=0, **sizes):
    """Blocks of tasks whose rows stand mixed up in the user's data."""
    truth, rng = made(shared=shared, seed=seed, **sizes), np.random.default_rng(seed)
    N = len(truth.X)
    order = rng.permutation(N)
    return prepare_arrays(
        truth.y[order],
        truth.X[order],
        None if shared else truth.task[order],
        weights=rng.uniform(0.5, 2.0, N) if weighted else None,
        keep=rng.standard_normal((N, 1)) if keep else None,
    )


def problem_of(found, mode="within", scale_outcome=False, **options):
    blocks = found.blocks
    return make_problem(blocks, standardize(blocks, mode, scale_outcome), np.ones(blocks.n_tasks), **options)


SETTINGS = cross([1, 2, 3], [0.0, 0.1], [0.0], [0.0, 0.5])
