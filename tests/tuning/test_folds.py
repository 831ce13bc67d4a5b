import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    LeaveOneGroupOut,
    PredefinedSplit,
    RepeatedKFold,
    StratifiedKFold,
    TimeSeriesSplit,
)

from sparsekin import MTHAL, SparseMTL
from sparsekin.errors import DataError, OptionError
from sparsekin.tuning.folds import check_folds, make_folds, training_blocks
from tuning.cv_cases import prepared


def folds_of(found, **options):
    return make_folds(found.blocks, positions=found.row_positions, n_given=len(found.index), **options)


def in_user_order(found, folds):
    out = np.empty(len(found.index), int)
    out[found.row_positions] = folds.of_row
    return out


@pytest.mark.parametrize("n", [2, 5, 10])
def test_every_fold_holds_out_rows_of_every_task_in_equal_shares(n):
    found = prepared()
    folds = folds_of(found, folds=n, rng=1)
    for k in range(3):
        counts = [folds.held_out(found.blocks, f, k).sum() for f in range(n)]
        assert sum(counts) == 24
        assert max(counts) - min(counts) <= 1


def test_folds_depend_on_rng_alone():
    found = prepared()
    first, again, other = (folds_of(found, rng=seed).of_row for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    generator = np.random.default_rng(3)
    np.testing.assert_array_equal(first, folds_of(found, rng=generator).of_row)
    assert not np.array_equal(first, folds_of(found, rng=generator).of_row)


def test_the_global_generator_is_left_alone():
    np.random.seed(0)  # noqa: NPY002
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    folds_of(prepared(), rng=None)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


def test_a_group_stays_in_one_fold_across_tasks():
    found = prepared()
    patient = np.random.default_rng(0).integers(0, 20, 72)
    of_row = in_user_order(found, folds_of(found, folds=4, groups=patient, rng=0))
    for one in np.unique(patient):
        assert len(set(of_row[patient == one])) == 1
    assert set(of_row) == {0, 1, 2, 3}


def test_groups_of_outcomes_of_one_X():
    found = prepared(shared=True)
    patient = np.repeat(np.arange(8), 3).astype(str)
    of_row = in_user_order(found, folds_of(found, folds=4, groups=patient, rng=0))
    assert all(len(set(of_row[patient == one])) == 1 for one in set(patient))


def test_outcomes_of_one_X_are_held_out_together():
    found = prepared(shared=True)
    folds = folds_of(found, folds=4, rng=0)
    assert np.bincount(folds.of_row).tolist() == [6, 6, 6, 6]
    for k in range(3):
        np.testing.assert_array_equal(folds.held_out(found.blocks, 2, k), folds.of_row == 2)


@pytest.mark.parametrize("splitter", [KFold(4), KFold(3, shuffle=True, random_state=0), StratifiedKFold(3)])
def test_a_splitter_sees_the_rows_in_the_users_order(splitter):
    found = prepared()
    of_row = in_user_order(found, folds_of(found, folds=splitter))
    codes = np.empty(72, int)
    codes[found.row_positions] = np.repeat([0, 1, 2], 24)
    for fold, (_, test) in enumerate(splitter.split(np.zeros((72, 1)), codes)):
        assert set(of_row[test]) == {fold}


@pytest.mark.parametrize("splitter", [GroupKFold(3), LeaveOneGroupOut()])
def test_a_splitter_gets_the_groups(splitter):
    found = prepared()
    site = np.arange(72) % 3
    of_row = in_user_order(found, folds_of(found, folds=splitter, groups=site))
    assert sorted(set(zip(site.tolist(), of_row.tolist(), strict=True))) in [
        sorted(zip(range(3), order, strict=True)) for order in ([0, 1, 2], [2, 1, 0])
    ]


def test_a_vector_is_taken_as_it_is():
    found = prepared()
    vector = np.random.default_rng(0).integers(-1, 3, 72)
    folds = folds_of(found, folds=vector)
    np.testing.assert_array_equal(in_user_order(found, folds), vector)
    assert folds.n_folds == 3
    np.testing.assert_array_equal(in_user_order(found, folds_of(found, folds=PredefinedSplit(vector))), vector)


def test_leave_one_task_out():
    found = prepared()
    folds = folds_of(found, scheme="leave-one-task-out")
    assert folds.n_folds == 3
    for k, rows in enumerate(found.blocks.rows):
        assert set(folds.of_row[rows]) == {k}
    training = training_blocks(found.blocks, folds, 1)
    assert training.task_names == (0, 2)
    assert training.rows == (found.blocks.rows[0], found.blocks.rows[2])
    assert training.X is found.blocks.X


def test_training_rows_have_weight_and_outcome_zero_where_held_out():
    found = prepared(weighted=True)
    folds = folds_of(found, folds=4, rng=0)
    training = training_blocks(found.blocks, folds, 2)
    for k, rows in enumerate(found.blocks.rows):
        out = folds.of_row[rows] == 2
        np.testing.assert_array_equal(training.weights[k], np.where(out, 0, found.blocks.weights[k]))
        np.testing.assert_array_equal(training.y[k], np.where(out, 0, found.blocks.y[k]))
    shared = training_blocks(prepared(shared=True).blocks, folds_of(prepared(shared=True), folds=4, rng=0), 1)
    assert all(w is shared.weights[0] for w in shared.weights)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"folds": 1}, OptionError, "folds = 1; cross-validation needs at least 2"),
        ({"folds": True}, OptionError, "folds = True is neither a number of folds, a splitter nor a fold per row"),
        ({"folds": "ten"}, OptionError, "folds = 'ten' is neither"),
        ({"folds": 25}, DataError, "Task 0 has 24 rows but folds = 25; use at most 24 folds or drop the task"),
        ({"folds": [0, 1]}, DataError, r"one fold for each of the 72 rows; it has shape \(2,\)"),
        ({"folds": np.zeros(72)}, DataError, "folds must hold whole numbers, .* it is float64"),
        ({"folds": np.full(72, -2)}, DataError, "folds holds -2; folds are 0, 1, 2"),
        ({"folds": np.zeros(72, int)}, DataError, "All rows are in one fold"),
        ({"folds": np.arange(72) % 2 * 2}, DataError, "Fold 1 holds out no row; number the folds 0, 1, 2"),
        ({"folds": RepeatedKFold(n_splits=3)}, DataError, "RepeatedKFold holds row .* out more than once"),
        ({"folds": TimeSeriesSplit(3)}, DataError, "TimeSeriesSplit trains on 18 rows of fold 0 where 54 are not held"),
        ({"folds": 4, "groups": np.arange(72) % 3}, DataError, "groups has 3 different values but folds = 4"),
        ({"groups": ["a"]}, DataError, "groups must have one label for each of the 72 rows; it has 1"),
        ({"groups": [None, *range(71)]}, DataError, "groups is missing in row 0"),
        (
            {"folds": np.arange(72) % 2, "groups": np.arange(72) // 2},
            DataError,
            "Rows . and . are of one group but in folds 0 and 1; give folds that keep groups together",
        ),
        ({"scheme": "leave-one-site-out"}, OptionError, "scheme = 'leave-one-site-out' is not one of 'within-task'"),
        (
            {"scheme": "leave-one-task-out", "groups": np.arange(72)},
            OptionError,
            "makes the folds from the tasks; do not give groups",
        ),
        ({"scheme": "leave-one-task-out", "folds": KFold(3)}, OptionError, "do not give folds"),
    ],
)
def test_what_cannot_be_folded_says_why(options, error, message):
    with pytest.raises(error, match=message):
        folds_of(prepared(), **options)


def test_tasks_that_cannot_be_left_out():
    with pytest.raises(OptionError, match=r"here the tasks are outcomes of the same rows. Use scheme='within-task'"):
        folds_of(prepared(shared=True), scheme="leave-one-task-out")
    with pytest.raises(OptionError, match="needs at least 2 tasks; the data have 1"):
        folds_of(prepared(n_tasks=1), scheme="leave-one-task-out")


def test_too_few_training_rows_for_s():
    found = prepared()
    vector = np.arange(72) % 4
    vector[found.row_positions[found.blocks.rows[1]]] = np.r_[np.zeros(20), np.ones(4)].astype(int)
    folds = folds_of(found, folds=vector)
    check_folds(found.blocks, folds, 3)
    with pytest.raises(DataError, match="Task 1 keeps 4 training rows in fold 0 but s = 5; lower s, use more folds"):
        check_folds(found.blocks, folds, 5)
    with pytest.raises(DataError, match="4 training rows in fold 0 but s = 4 besides the intercept; lower s"):
        check_folds(found.blocks, folds, 4)
    kept = prepared(keep=True)
    with pytest.raises(DataError, match="but s = 3 besides the intercept and the always-in terms"):
        check_folds(kept.blocks, folds_of(kept, folds=vector), 3)


def test_outcomes_of_one_value_cannot_be_judged():
    rng = np.random.default_rng(0)
    X, task = rng.standard_normal((40, 3)), np.repeat(["a", "b"], 20)
    y = np.where(task == "a", 0.1, 0.3)
    message = "one value in every task: there is nothing to predict, so no setting can be judged"
    with pytest.raises(DataError, match=message):
        SparseMTL(y, X, task).cross_validate(folds=3, rng=0)
    with pytest.raises(DataError, match=message):
        SparseMTL(y, X, task).compare(s=1, folds=3, rng=0)
    frame = pd.DataFrame(X, columns=list("uvw")).assign(y=y, task=task)
    with pytest.raises(DataError, match=message):
        MTHAL.from_formula("y ~ h(u)", frame, "task").cross_validate(folds=3, rng=0)
    with pytest.raises(DataError, match="one value: there is nothing"):
        SparseMTL(np.ones(40), X).cross_validate(folds=3, rng=0)
    y[:20] += X[:20, 0]
    SparseMTL(y, X, task).cross_validate(1, 0.0, 0.0, 0.0, folds=3, rng=0)


@pytest.mark.parametrize("family", ["binomial", "cox"])
@pytest.mark.parametrize("groups", [None, np.arange(24)])
def test_more_folds_than_events_or_their_lack_stratify_by_task_alone(family, groups):
    rng = np.random.default_rng(0)
    event = np.tile([0.0, 0.0, 1.0], 8)  # 8 and 4 of 12 rows: scikit-learn refuses 10 folds of classes so small
    y = event if family == "binomial" else np.column_stack([rng.exponential(size=24), event])
    model = SparseMTL(y, rng.standard_normal((24, 3)), np.repeat(["a", "b"], 12), family=family)
    cv = model.cross_validate(s=[1], lambda_1=0.1, lambda_2=0.0, lambda_z=0.0, folds=10, groups=groups, rng=0)
    held_out = cv.refit().performance
    assert cv.folds.nunique() == 10
    assert held_out["n"].eq(12).all()
