"""Second derivatives of the loss, put together in pieces, are those of the explicit matrix."""

import numpy as np
import pytest

from hal.hal_cases import covariates, own_blocks, shared_blocks
from sparsekin.hal.basis import all_terms, make_basis
from sparsekin.hal.curvature import Curvature
from sparsekin.hal.design import Design
from sparsekin.hal.problem import make_problem
from sparsekin.losses.base import RowCurvature


@pytest.mark.parametrize("shared", [True, False])
def test_products_in_pieces(shared):
    rng = np.random.default_rng(3)
    X = covariates(90, 3, rng)
    u = rng.normal(size=(90, 1))
    y = (rng.random(90) < 0.5).astype(float)
    blocks = (
        shared_blocks(X, [y, 1 - y, rng.permutation(y)], keep=u) if shared else own_blocks(X, y, [40, 20, 30], keep=u)
    )
    basis = make_basis(X, all_terms(3, 2, 1, 4), ("a", "b", "c"))
    problem = make_problem(blocks, Design(basis, X), families=("binomial",) * 3)
    Phi = problem.design.columns(np.arange(basis.size))

    def explicit(k, h, ids):
        columns, Q = Phi[blocks.rows[k]][:, ids], problem.Q[k]
        inner = (Q * h[:, None]).T @ columns
        return (columns * h[:, None]).T @ columns - inner.T @ np.linalg.solve((Q * h[:, None]).T @ Q, inner)

    found = Curvature(problem)
    for _ in range(2):
        weights = [w * rng.uniform(0.2, 1.0, len(w)) for w in problem.omega]
        found.renew([RowCurvature(one) for one in weights])
        for ids in (np.array([5, 2, 9]), np.array([9, 14, 0, 2]), rng.permutation(basis.size)):
            for k, gram in enumerate(found.of(ids)):
                want = explicit(k, weights[k], ids)
                constant = np.diag(want) <= 1e-10 * np.diag(
                    (Phi[blocks.rows[k]][:, ids]).T @ Phi[blocks.rows[k]][:, ids]
                )
                want[constant] = want[:, constant] = 0.0
                np.testing.assert_allclose(gram, want, atol=1e-10)
        assert len(found.ids) == basis.size
