"""What cannot be an outcome is refused in the user's words; rows of weight 0 do not matter."""

import numpy as np
import pytest

from sparsekin.errors import DataError
from sparsekin.losses.families import check_outcome


def refused(family, y, message):
    with pytest.raises(DataError) as error:
        check_outcome(family, np.array(y, float), None, "siteB")
    assert str(error.value) == message
    values = np.array(y, float)
    fine = {"gaussian": [1.0], "binomial": [[0.0], [1.0]], "poisson": [2.0], "cox": [[5.0, 1.0]]}[family]
    if family == "binomial":
        good = np.array([[1.0, 2.0], [2.0, 1.0]]) if values.ndim == 2 else np.array([0.0, 1.0])
    elif family == "cox":
        good = np.array([[0.5, 5.0, 1.0]]) if values.shape[1:] == (3,) else np.array(fine)
    else:
        good = np.array(fine)
    if values.ndim == good.ndim and values.shape[1:] == good.shape[1:]:
        weights = np.concatenate([np.zeros(len(values)), np.ones(len(good))])
        check_outcome(family, np.concatenate([values, good]), weights, "siteB")


def test_gaussian():
    refused("gaussian", [1.0, np.nan], "The outcome of task 'siteB' is missing or infinite in 1 row.")
    refused("gaussian", [[1, 2], [3, 4]], "Task 'siteB' is gaussian, but its outcome has 2 columns; give one.")


def test_binomial():
    refused(
        "binomial",
        [0, 1, 2],
        "Task 'siteB' is binomial, but its outcome holds 0, 1, 2; code it as 0 and 1, true and false, or two texts.",
    )
    refused(
        "binomial",
        [1, 1],
        "Task 'siteB' is binomial, but its outcome is 1 in every row; it needs both 0 and 1, or drop the task.",
    )
    refused(
        "binomial",
        [[3, 1], [2, -1]],
        "Task 'siteB' is binomial, but its successes and failures hold -1; they are numbers of trials, 0 or more.",
    )
    refused(
        "binomial",
        [[0, 1], [0, 4]],
        "Task 'siteB' is binomial, but has no successes; it needs both, or drop the task.",
    )
    refused("binomial", [[0, 1, 1]], "Task 'siteB' is binomial with 3 columns; give two, successes and failures.")


def test_poisson():
    refused("poisson", [3, -2], "Task 'siteB' is poisson, but its outcome holds -2; counts are 0 or more.")
    refused("poisson", [3, np.inf], "Task 'siteB' is poisson, but its outcome holds inf; counts are 0 or more.")
    refused("poisson", [0, 0], "Task 'siteB' is poisson, but its outcome is 0 in every row; drop the task.")
    refused("poisson", [[1, 2]], "Task 'siteB' is poisson, but its outcome has 2 columns; give one, the counts.")


def test_cox():
    refused(
        "cox",
        [1.0, 2.0],
        "Task 'siteB' is cox, but its outcome has 1 column; give time and status, or start, stop and status: "
        "Surv(time, status) on the left of the formula.",
    )
    refused("cox", [[1, 0], [2, 0]], "Task 'siteB' has no events among its 2 rows; drop the task.")
    refused(
        "cox",
        [[1, 1], [2, 2]],
        "The status of task 'siteB' holds 1, 2; code it as 1 (event) and 0 (censored).",
    )
    refused("cox", [[0, 1], [2, 1]], "Task 'siteB' has the survival time 0 in 1 row; times must be above 0.")
    refused(
        "cox",
        [[2, 2, 1], [1, 2, 1]],
        "Task 'siteB' starts at 2 and stops at 2 in 1 row; every row must stop after it starts.",
    )
    refused("cox", [[np.nan, 1], [1, 1]], "The outcome of task 'siteB' is missing or infinite in 1 row.")
