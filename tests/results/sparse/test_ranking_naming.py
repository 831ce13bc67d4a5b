import numpy as np

from sparsekin.results.naming import shorten
from sparsekin.results.sparse.ranking import rank_features


def test_most_tasks_first_then_size_then_the_order_of_the_data():
    coef = np.array([[1.0, 0], [0.1, 0.2], [0, 0], [0, -3.0], [0, 3.0]])
    assert rank_features(coef != 0, coef).tolist() == [1, 3, 4, 0]
    assert rank_features(np.zeros((3, 2), bool), np.zeros((3, 2))).tolist() == []


def test_lists_are_cut_and_counted():
    assert shorten(["a", 2, "c"], 2) == "a, 2 and 1 more"
    assert shorten(["a", "b"], 2) == "a, b"
    assert shorten([]) == ""
