"""Writes python/sparsekin/inference/bound50.npy: the bound for 50 pairs at each theta, 20 s.

`PYTHONPATH=python python tests/reference/make_bound_table.py`
"""

from pathlib import Path

import numpy as np

from sparsekin.inference import bound

if __name__ == "__main__":
    table = np.array([bound.computed(theta, bound.STORED) for theta in bound.THETAS])
    np.save(Path(bound.__file__).with_name("bound50.npy"), table)
