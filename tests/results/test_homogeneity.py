from itertools import combinations

import numpy as np
import pytest
from scipy.stats import hypergeom

from sparsekin.results.homogeneity import expected_jaccard, homogeneity, mean_of_pairs

Z = np.array([[1, 1, 1], [1, 1, 0], [0, 1, 0], [0, 0, 0], [1, 0, 0]], bool)
NAMES = ["age", "bmi", "crp", "ldl", "tsh"]


def test_sizes_core_union():
    alike = homogeneity(Z, NAMES, ["A", "B", "C"])
    assert alike.sizes.to_dict() == {"A": 3, "B": 3, "C": 1}
    assert alike.core == ("age",)
    assert alike.union == ("age", "bmi", "crp", "tsh")


def test_matrices_are_those_of_the_sets():
    alike = homogeneity(Z, NAMES, ["A", "B", "C"])
    sets = {task: set(np.flatnonzero(Z[:, k])) for k, task in enumerate("ABC")}
    for a in "ABC":
        for b in "ABC":
            both, either = sets[a] & sets[b], sets[a] | sets[b]
            assert alike.shared.loc[a, b] == len(both)
            assert alike.jaccard.loc[a, b] == pytest.approx(len(both) / len(either))
            assert alike.overlap.loc[a, b] == pytest.approx(len(both) / min(len(sets[a]), len(sets[b])))
            assert alike.chance_shared.loc[a, b] == pytest.approx(len(sets[a]) * len(sets[b]) / 5)
    assert alike.mean_jaccard == pytest.approx((2 / 4 + 1 / 3 + 1 / 3) / 3)
    assert alike.mean_overlap == pytest.approx((2 / 3 + 1 + 1) / 3)


@pytest.mark.parametrize(("p", "a", "b"), [(6, 2, 3), (5, 5, 2), (4, 3, 3), (3, 0, 2)])
def test_chance_levels_are_the_mean_over_all_pairs_of_sets(p, a, b):
    pairs = [(set(x), set(y)) for x in combinations(range(p), a) for y in combinations(range(p), b)]
    assert expected_jaccard(p, a, b) == pytest.approx(np.mean([len(x & y) / len(x | y) for x, y in pairs]))
    support = np.zeros((p, 2), bool)
    support[:a, 0] = support[:b, 1] = True
    alike = homogeneity(support, list("abcdef")[:p], [1, 2])
    assert alike.chance_jaccard == pytest.approx(expected_jaccard(p, a, b))
    if min(a, b):
        assert alike.chance_overlap == pytest.approx(np.mean([len(x & y) / min(a, b) for x, y in pairs]))


def test_chance_levels_at_large_p():
    t = np.arange(21)
    wanted = np.sum(t / (50 - t) * hypergeom.pmf(t, 100_000, 20, 30))
    assert expected_jaccard(100_000, 20, 30) == pytest.approx(wanted, rel=1e-6)


def test_empty_supports_and_one_task_give_nan_not_a_warning():
    nothing = homogeneity(np.zeros((4, 2), bool), NAMES[:4], ["A", "B"])
    assert nothing.core == nothing.union == ()
    assert np.isnan([nothing.mean_jaccard, nothing.mean_overlap, nothing.chance_jaccard]).all()
    single = homogeneity(Z[:, :1], NAMES, ["A"])
    assert np.isnan(single.mean_jaccard)
    assert np.isnan(mean_of_pairs(np.ones((1, 1))))


def test_tuple_labels_stay_labels():
    alike = homogeneity(Z[:, :2], NAMES, [("uk", 1), ("uk", 2)])
    assert list(alike.sizes.index) == [("uk", 1), ("uk", 2)]


def test_repr_is_short():
    support = np.array([[True, True], [True, False], [False, False]])
    text = repr(homogeneity(support, ["bmi", "crp", "ldl"], ["A", "B"]))
    assert "features per task  1 to 2" in text
    assert "in every task      1: bmi" in text
    assert "mean Jaccard       0.50 (by chance 0.33)" in text
