"""Kaplan and Meier's curve and its interval at a time."""

import numpy as np

from sparsekin.results.survival_curves import curve_at
from sparsekin.tuning.judge import Rows


def _rows(y, weights=None):
    m = len(y)
    return Rows("cox", y, np.zeros(m), weights, None, np.arange(m))


def test_a_row_of_weight_2_is_two_rows():
    rng = np.random.default_rng(0)
    y = np.column_stack([rng.exponential(size=60), rng.random(60) < 0.7])
    weights = rng.integers(1, 4, 60).astype(float)
    many = np.repeat(y, weights.astype(int), axis=0)
    for time in (0.3, 1.0):
        found = curve_at(_rows(y, weights), np.arange(60), time, 0.95)
        np.testing.assert_allclose(found, curve_at(_rows(many), np.arange(len(many)), time, 0.95), rtol=1e-12)
