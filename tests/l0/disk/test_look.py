"""A look at all columns on disk gives the gains that single moves have in memory, in every regime."""

import numpy as np
import pytest

from sparsekin import columns
from sparsekin.data.prepare import prepare_arrays
from sparsekin.data.sources import base
from sparsekin.data.standardize import standardize
from sparsekin.l0.disk.check import look
from sparsekin.l0.problem import make_problem
from sparsekin.l0.state import open_workspace
from sparsekin.l0.working_set import outside_gains

N, P = 90, 400
REGIMES = [
    {"lambda_z": 0.05},
    {"lambda_1": 0.1, "lambda_2": 0.5, "lambda_z": 0.02},
    {"support": "common"},
    {"support": "independent", "lambda_1": 0.2},
]


def problems(shared: bool, standard: str, **penalties):
    """The same problem with X in memory and on disk, with always-in columns and weights."""
    rng = np.random.default_rng(3)
    X = np.asfortranarray(rng.standard_normal((N, P)) + rng.standard_normal((N, 1)) + 5)
    X[:, 11] = 2.0
    X[:40, 12] = 1.0
    keep = rng.standard_normal((N, 2))
    X[:, 13] = keep @ [1, 2] + 3
    task = None if shared else rng.permutation(np.repeat(["a", "b", "c"], 30))
    y = X[:, :6] @ rng.standard_normal((6, 3)) + rng.standard_normal((N, 3))
    y = y if shared else y[:, 0]
    weights = None if shared else rng.uniform(0.5, 2, N) * (rng.random(N) < 0.9)
    out = []
    for given in (X, columns.from_array(X)):
        blocks = prepare_arrays(y, given, task, keep=keep, weights=weights).blocks
        out.append(make_problem(blocks, standardize(blocks, standard), np.full(3, 3), **penalties))
    return out


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("standard", ["within", "pooled"])
@pytest.mark.parametrize("regime", REGIMES, ids=str)
def test_gains_are_those_of_the_search_in_memory(regime, standard, shared, monkeypatch):
    monkeypatch.setattr(base, "CHUNK_BYTES", 8 * N * 64)
    memory, disk = problems(shared, standard, **regime)
    supports = [np.array(S, np.int32) for S in ([0, 1], [0, 1], [0, 1])]
    if regime.get("support") != "common":
        supports = [np.array(S, np.int32) for S in ([0, 1], [1, 2, 30], [4])]
    gains, left = outside_gains(open_workspace(memory), supports)
    seen = look(disk, [(disk, supports)])[0]
    assert seen.left.gain == pytest.approx(left.gain, rel=1e-8)
    assert seen.left.settled == left.settled
    best = [int(np.argmax(np.where(np.isin(np.arange(P), np.concatenate(supports)), -1, g))) for g in gains]
    assert set(best[:1] if regime.get("support") == "common" else best) <= set(seen.better.tolist())
    assert not {11, 13} & set(seen.better.tolist())
    assert disk.blocks.X.source.passes == 2  # moments, and one look


def test_nothing_is_left_at_an_optimum(monkeypatch):
    monkeypatch.setattr(base, "CHUNK_BYTES", 8 * N * 64)
    memory, disk = problems(False, "within", lambda_z=0.05)
    from sparsekin.l0.solve import solve

    found = solve(memory)
    supports = [np.flatnonzero(found.support[:, k]).astype(np.int32) for k in range(3)]
    seen = look(disk, [(disk, supports)])[0]
    assert seen.left.settled
    assert len(seen.better) == 0
