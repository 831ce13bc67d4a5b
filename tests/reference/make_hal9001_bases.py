"""Writes hal9001_bases.json: bases by the slow rules of tests/hal/hal9001_twin.py, on data written out in the file."""

import json
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))


def case(seed, order, max_degree, bins, reduce):
    from hal.hal9001_twin import enumerate_basis, reduce_basis

    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.uniform(-2, 2, 30).round(2), rng.integers(0, 2, 30), rng.normal(size=30).round(1)])
    functions = enumerate_basis(X, max_degree, order, bins)
    functions = reduce_basis(X, functions, 30**-0.5) if reduce else functions
    return {
        "X": X.tolist(), "order": order, "max_degree": max_degree, "bins": bins, "reduce": reduce,
        "functions": [[list(columns), list(cutoffs), list(orders)] for columns, cutoffs, orders in functions],
    }  # fmt: skip


if __name__ == "__main__":
    cases = [
        case(1, 0, 3, [30, 30, 30], True),
        case(2, 0, 2, [20, 10], True),
        case(3, 1, 3, [10, 5, 2], False),
        case(4, 1, 2, [1, 1], False),
        case(5, 2, 2, [10, 5], False),
    ]
    (HERE / "hal9001_bases.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n", encoding="utf-8")
