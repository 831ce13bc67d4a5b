import numpy as np
import pytest

from sparsekin.errors import OptionError
from sparsekin.l0.grid import cross
from sparsekin.tuning.sparse.grid import make_grid, refine
from tuning.cv_cases import prepared, problem_of


def grid(s=2, lambda_1=0.0, lambda_2=0.0, lambda_z=0.0, support="heterogeneous", **data):
    return make_grid(problem_of(prepared(**data), support=support), s, lambda_1, lambda_2, lambda_z)


def test_scalars_and_sequences_are_crossed():
    made = grid([3, 1], (0.1, 0), 0.5, np.array([1.0, 0.0, 1.0]))
    rows = list(zip(made.lambda_1, made.s, made.lambda_z, strict=True))
    assert rows == sorted({(a, b, c) for a in (0, 0.1) for b in (1, 3) for c in (0, 1)})
    assert set(made.lambda_2) == {0.5}
    assert grid(range(1, 40)).s.max() == 12


def test_no_penalty_touches_the_model_without_features():
    made = grid([2, 0], (0.1, 1), 0.5, [0.0, 1.0])
    rows = list(zip(made.lambda_1, made.s, made.lambda_z, strict=True))
    assert rows == [(0.1, 0, 0), (0.1, 2, 0), (0.1, 2, 1), (1, 2, 0), (1, 2, 1)]
    only = grid(0, 0.0, "auto", "auto")
    assert (only.s.tolist(), only.lambda_z.tolist()) == ([0], [0])


def test_automatic_values():
    made = grid("auto", "auto", "auto", "auto")
    assert np.unique(made.s).tolist() == [0, 1, 2, 3, 4, 5, 7, 8]
    assert np.unique(made.lambda_1).tolist() == [0, 0.02, 0.1, 0.4, 1.5, 6]
    assert np.unique(made.lambda_2).tolist() == [0, 0.01, 0.1, 1, 10]
    shared = np.unique(made.lambda_z)
    assert len(shared) == 10
    assert shared[0] == 0
    np.testing.assert_allclose(np.diff(np.log(shared[1:])), np.log(1e3) / 8)


@pytest.mark.parametrize("support", ["common", "independent"])
def test_nothing_to_share(support):
    assert len(grid(2, 0.0, "auto", "auto", support)) == (5 if support == "common" else 1)
    assert len(grid(2, 0.0, "auto", "auto", n_tasks=1)) == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"s": -1}, "s = -1 is not an integer of 0 or more"),
        ({"s": [1, 2.5]}, "s = 2.5 is not an integer of 0 or more"),
        ({"s": True}, "s = True is not an integer of 0 or more"),
        ({"s": []}, "s has no values"),
        ({"s": "all"}, "s = 'all' is neither a number, several numbers nor 'auto'"),
        ({"lambda_z": "none"}, "lambda_z = 'none' is neither a number"),
        ({"lambda_1": []}, "lambda_1 has no values"),
        ({"lambda_2": [0, -1]}, "lambda_2 = -1 must not be negative"),
        ({"lambda_1": [None]}, "lambda_1 = None is not a number"),
        ({"lambda_z": [0, 0.5], "support": "independent"}, "shares nothing between tasks, so lambda_z = 0.5 has no"),
        ({"lambda_2": 2.0, "support": "independent"}, "so lambda_2 = 2 has no meaning; set lambda_2=0"),
    ],
)
def test_values_that_cannot_be(options, message):
    with pytest.raises(OptionError, match=message):
        grid(**options)


def values(settings):
    return [np.unique(getattr(settings, name)) for name in ("s", "lambda_1", "lambda_2", "lambda_z")]


def test_the_second_grid_lies_between_the_neighbours_of_the_winner():
    coarse = cross([2, 6, 10], [0.0], [0.0, 1.0], [0.0, 0.01, 1.0, 100.0])
    winner = int(np.flatnonzero((coarse.s == 6) & (coarse.lambda_2 == 0) & (coarse.lambda_z == 1))[0])
    s, ridge, spread, shared = values(refine(coarse, winner, 50))
    assert s.tolist() == [2, 4, 6, 8, 10]
    assert ridge.tolist() == [0]
    np.testing.assert_allclose(spread, [0, *np.geomspace(0.01, 1, 5)])
    np.testing.assert_allclose(shared, np.geomspace(0.01, 100, 5))


def test_the_second_grid_goes_beyond_the_end_of_the_first():
    coarse = cross([2, 6], [0.1, 0.2], [0.0], [1.0, 10.0])
    s, ridge, _, shared = values(refine(coarse, len(coarse) - 1, 9))
    assert s.tolist() == [2, 4, 6, 7, 9]
    np.testing.assert_allclose([ridge[0], ridge[-1]], [0.1, 0.4])
    np.testing.assert_allclose([shared[0], shared[-1]], [1, 100])
    s, ridge, _, shared = values(refine(coarse, 0, 9))
    assert s.tolist() == [2, 3, 4, 5, 6]
    np.testing.assert_allclose([ridge[0], ridge[-1]], [0.05, 0.2])
    np.testing.assert_allclose([shared[0], shared[-1]], [0.1, 10])
