"""A best value that is the last one tried is named, unless nothing lies beyond it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from sparsekin import SparseMTL
from sparsekin.errors import DataWarning
from sparsekin.l0.grid import cross
from sparsekin.tuning.sparse.edges import at_end


def sites(seed: int = 0, noise: float = 1.0, p: int = 12):
    """Three sites with the same six features of different effects."""
    rng = np.random.default_rng(seed)
    task = np.repeat([0, 1, 2], 40)
    X = rng.standard_normal((120, p))
    truth = np.zeros((p, 3))
    truth[:6] = rng.choice([-1.0, 1.0], (6, 1)) + 0.1 * rng.standard_normal((6, 3))
    return SparseMTL(np.einsum("ij,ji->i", X, truth[:, task]) + noise * rng.standard_normal(120), X, task)


def heard(model, **values):
    """What cross-validation warns of."""
    given = {"s": [6], "lambda_1": 0.0, "lambda_2": 0.0, "lambda_z": 0.0} | values
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        cv = model.cross_validate(folds=4, rng=0, **given)
    assert all(one.category is DataWarning for one in found)
    assert all(one.filename == __file__ for one in found)
    return cv, [str(one.message) for one in found]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"s": [2, 3, 4]}, "s is the largest that was tried, 4; try larger ones, or s='auto'."),
        ({"s": [6, 9, 12]}, "s is the smallest that was tried, 6; try smaller ones, or s='auto'."),
        ({"lambda_1": [5, 9]}, "lambda_1 is the smallest that was tried, 5; try smaller ones, or lambda_1='auto'."),
        ({"lambda_2": [0, 0.01]}, "lambda_2 is the largest that was tried, 0.01; try larger ones, or lambda_2='auto'."),
        ({"lambda_2": [1e-3, np.inf]}, ""),
        ({"lambda_1": [0, 9]}, ""),
        ({"s": [1, 6, 9]}, ""),
        ({"s": [0, 6, 9]}, ""),
        ({"lambda_1": [9]}, ""),
    ],
)  # fmt: skip
def test_the_last_value_tried_is_named(values, expected):
    assert heard(sites(), **values)[1] == ([f"The best {expected}"] if expected else [])


def test_all_columns_and_the_cap_of_the_rows_are_natural_ends():
    model = sites(1, 0.3, p=6)
    cv, said = heard(model, s=[3, 6])
    assert (cv.best["s"], said) == (6, [])
    many = SparseMTL(*_full(30, 12))
    cv, said = heard(many, s=[2, 4, 10], lambda_2=0.0)  # a third of 30 rows
    assert (cv.best["s"], said) == (10, [])


def _full(n: int, p: int):
    rng = np.random.default_rng(3)
    X = rng.standard_normal((2 * n, p))
    return X @ np.ones(p) + 0.1 * rng.standard_normal(2 * n), X, np.repeat([0, 1], n)


def test_common_supports_are_the_end_of_lambda_z():
    model = sites(2, 4.0)
    cv, said = heard(model, s=[4], lambda_z=[0.0, 0.05])
    assert cv.best["lambda_z"] == 0.05
    assert said == ["The best lambda_z is the largest that was tried, 0.05; try larger ones, or lambda_z='auto'."]
    cv, said = heard(model, s=[4], lambda_z=[0.0, 1e4])
    assert (cv.best["lambda_z"], said) == (1e4, [])


def test_the_null_model_has_no_edge():
    rng = np.random.default_rng(0)
    noise = SparseMTL(rng.standard_normal(60), rng.standard_normal((60, 5)), np.repeat([0, 1], 30))
    cv, said = heard(noise, s=[0, 2, 3], lambda_1=[1, 2])
    assert (cv.best["s"], said) == (0, [])


def test_the_dial_names_what_was_given():
    cv, said = heard(sites(), s=[2, 3, 4], lambda_1="auto", lambda_2="auto", lambda_z="auto")
    assert cv.verdict
    assert said == ["The best s is the largest that was tried, 4; try larger ones, or s='auto'."]


@pytest.mark.parametrize("metric", ["rmse", "mae", "r2"])
def test_every_metric_has_its_edges(metric):
    with pytest.warns(DataWarning, match="The best s is the largest"):
        sites().cross_validate(s=[2, 3], lambda_1=0, lambda_2=0, lambda_z=0, folds=4, rng=0, metric=metric)


def test_equal_losses_are_no_edge():
    settings = cross([2, 3], [0.0], [0.0], [0.0, 1.0])
    losses = np.array([1.0, 1.0, 1.0 - 1e-12, 1.0])
    assert not at_end(settings, losses, 2, "s", "largest")
    assert at_end(settings, losses - [0, 0, 0.1, 0], 2, "s", "largest")
    assert not at_end(settings, losses - [0, 0, 0.1, 0], 2, "s", "smallest")
    assert at_end(settings, losses - [0.1, 0, 0, 0], 0, "lambda_z", "smallest", among=np.array([1, 1, 0, 1], bool))
