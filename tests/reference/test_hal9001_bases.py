"""Stored bases by the rules of hal9001 0.4.6 (make_hal9001_bases.py), function by function.

One rule is not taken over, by design (docs/decisions/hal.md): steps at the smallest value of a column are 1 in every
row, so a product with one is a function of fewer variables than it names.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from sparsekin.hal.basis import all_terms, make_basis
from sparsekin.hal.design import drop_repeats

CASES = json.loads((Path(__file__).parent / "hal9001_bases.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"order{case['order']}-degree{case['max_degree']}")
def test_basis_is_the_stored_one(case):
    X = np.array(case["X"])
    basis = make_basis(X, all_terms(X.shape[1], case["max_degree"], case["order"], case["bins"]), "abc")
    if case["reduce"]:
        basis = drop_repeats(basis, X, len(X) ** -0.5)
    low = X.min(axis=0)
    expected = [
        (tuple(columns), tuple(knots), tuple(orders))
        for columns, knots, orders in case["functions"]
        if any(orders) or all(t > low[j] for j, t in zip(columns, knots, strict=True))
    ]
    assert sorted(basis.describe(j) for j in range(basis.size)) == sorted(expected)
