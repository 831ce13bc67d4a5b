"""Stored bases by the rules of hal9001 0.4.6 (make_hal9001_bases.py), function by function."""

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
    expected = [tuple(map(tuple, one)) for one in case["functions"]]
    assert sorted(basis.describe(j) for j in range(basis.size)) == sorted(expected)
