"""Small multi-task HAL problems whose optima `make_hal_optima.py` found with CVXPY, on the explicit basis."""

from itertools import pairwise, product

import numpy as np

from sparsekin.data.blocks import TaskBlocks
from sparsekin.hal.basis import Term, make_basis
from sparsekin.hal.design import Design, drop_repeats
from sparsekin.hal.problem import make_problem

N, D = 90, 3
FAMILIES = {
    "g": ("gaussian",) * 2,
    "b": ("binomial",),
    "bb": ("binomial",) * 2,
    "gbb": ("gaussian", "binomial", "binomial"),
}
SETTINGS = [
    {"families": families, "ratio": ratio, "sign": sign, "order": order, "share": share, "own": own}
    for (families, ratio, sign), (order, share), own in [
        *product([("b", 0.0, 0), ("bb", 0.0, 0), ("gbb", 0.0, 0)], [(0, 0.2), (1, 0.05)], [False, True]),
        *product([("g", 0.5, 0), ("g", 0.2, 0), ("bb", 0.5, 0), ("gbb", 0.8, 0)], [(0, 0.1), (1, 0.05)], [False]),
        *product([("g", 0.0, 1), ("g", 0.0, -1), ("g", 1.0, 1), ("g", 0.4, 1)], [(0, 0.1), (1, 0.02)], [False, True]),
        *product([("gbb", 0.0, 1), ("bb", 1.0, 0), ("gbb", 1.0, 1)], [(0, 0.1), (1, 0.05)], [False]),
    ]
]  # fmt: skip


def problem_of(setting, seed):
    """The problem of a setting; with `own`, tasks have rows, weights and an always-in column of their own."""
    rng = np.random.default_rng(seed)
    families = FAMILIES[setting["families"]]
    K = len(families)
    X = np.asfortranarray(rng.uniform(-2, 2, (N, D)))
    keep = rng.normal(size=(N, 1)) if setting["own"] else np.empty((N, 0))
    f = np.sin(2 * X[:, 0]) + (X[:, 1] > 0) * X[:, 0] + 0.5 * X[:, 2]
    latent = [(1 + 0.3 * k) * f + 0.4 * k * np.abs(X[:, 1]) + keep.sum(axis=1) for k in range(K)]
    y = [
        one + 0.4 * rng.normal(size=N) if family == "gaussian" else (rng.random(N) < 1 / (1 + np.exp(-2 * one))) * 1.0
        for one, family in zip(latent, families, strict=True)
    ]
    rows, weights = (slice(0, N),) * K, (None,) * K
    if setting["own"]:
        ends = np.linspace(0, N, K + 1).astype(int)
        rows = tuple(slice(int(lo), int(hi)) for lo, hi in pairwise(ends))
        y = [one[part] for one, part in zip(y, rows, strict=True)]
        weights = (rng.uniform(0.5, 2, len(y[0])), *[None] * (K - 1))
    blocks = TaskBlocks(
        X, tuple(y), rows, weights, keep, tuple(f"y{k}" for k in range(K)), ("a", "b", "c"),
        tuple(f"u{j}" for j in range(keep.shape[1])), shared=not setting["own"],
    )  # fmt: skip
    order, sign = setting["order"], setting["sign"]
    terms = [Term((j,), order, 10, 1.0, sign) for j in range(D)] + [Term((0, 1), order, 4, 1.5)]
    basis = drop_repeats(make_basis(X, terms, ("a", "b", "c")), X, N**-0.5)
    return make_problem(blocks, Design(basis, X), setting["ratio"], families)
