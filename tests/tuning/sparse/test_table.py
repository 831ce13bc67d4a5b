from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from sparsekin.l0.grid import Settings, cross
from sparsekin.results.sparse.compare import ComparisonFit
from sparsekin.tuning.chosen import at_chosen, cross_chosen, cross_chosen_by
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.metrics import mean_and_error
from sparsekin.tuning.sparse.baselines.run import MethodRun
from sparsekin.tuning.sparse.errors import CvErrors, join, with_null
from sparsekin.tuning.sparse.table import (
    best,
    best_one_se,
    cell_metric,
    comparable,
    fold_metric,
    null_error,
    task_metric,
)


def errors_of(sse, weight=None, sst=None, sae=None, settings=None, finished=None, null=None):
    """Errors with sums (m, F, K) given."""
    sse = np.asarray(sse, float)
    m, F, K = sse.shape
    settings = cross(range(1, m + 1), [0.0], [0.0], [0.0]) if settings is None else settings
    return CvErrors(
        settings,
        Folds(np.zeros(1, int), F, "within-task"),
        sse=sse,
        sae=sse if sae is None else np.asarray(sae, float),
        sst=np.ones((F, K)) if sst is None else np.asarray(sst, float),
        null_sse=np.ones((F, K)) if null is None else np.asarray(null, float),
        null_sae=np.ones((F, K)) if null is None else np.asarray(null, float),
        weight=np.ones((F, K)) if weight is None else np.asarray(weight, float),
        sizes=np.ones((m, F, K)),
        jaccard=np.ones((m, F)),
        finished=np.ones((m, F), bool) if finished is None else finished,
    )


def test_metrics_by_hand():
    errors = errors_of(
        [[[8.0, 9.0], [2.0, 0.0]]], weight=[[2, 1], [2, 0]], sst=[[16, 0], [1, 0]], sae=[[[4, 3], [2, 0]]]
    )
    np.testing.assert_allclose(cell_metric(errors, "rmse")[0], [[2, 3], [1, np.nan]])
    np.testing.assert_allclose(cell_metric(errors, "mae")[0], [[2, 3], [1, np.nan]])
    np.testing.assert_allclose(cell_metric(errors, "r2")[0], [[0.5, np.nan], [-1, np.nan]])
    np.testing.assert_allclose(fold_metric(errors, "rmse"), [[2.5, 1]])
    np.testing.assert_allclose(task_metric(errors, "rmse"), [[1.5, 3]])
    mean, error = mean_and_error(fold_metric(errors, "rmse"))
    assert mean[0] == 1.75
    assert error[0] == pytest.approx(np.std([2.5, 1], ddof=1) / np.sqrt(2))


def test_relative_metrics_by_hand():
    errors = errors_of(
        [[[8.0, 9.0, 1.0], [2.0, 0.0, 0.0]]], weight=[[2, 1, 1], [2, 0, 1]], null=[[18, 4, 0], [50, 0, 0]]
    )
    np.testing.assert_allclose(null_error(errors, "relative rmse"), [4, 2, np.nan])  # (3 + 5) / 2, 2, nothing varies
    np.testing.assert_allclose(cell_metric(errors, "relative rmse")[0], [[0.5, 1.5, np.nan], [0.25, np.nan, np.nan]])
    np.testing.assert_allclose(fold_metric(errors, "relative rmse"), [[1.0, 0.25]])
    np.testing.assert_allclose(null_error(errors, "relative mae"), [17, 4, np.nan])
    null = with_null(errors)
    assert null.settings.s.tolist() == [1, 0]
    np.testing.assert_allclose(task_metric(null, "relative rmse")[-1], [1, 1, np.nan])


def test_the_standard_error_is_that_of_a_mean_over_folds():
    per_fold = np.array([[1.0, 2, 3, 6]])
    mean, error = mean_and_error(per_fold)
    assert mean[0] == 3
    assert error[0] == pytest.approx(np.sqrt(14 / 3 / 4))
    assert np.isnan(mean_and_error(per_fold[:, :1])[1][0])


#  s  lambda_1  lambda_z  mean
TABLE = np.array([
    (2, 0.0, 0.1, 1.60),
    (3, 0.0, 0.1, 1.18),
    (3, 0.0, 0.5, 1.19),
    (3, 0.5, 0.5, 1.20),
    (3, 0.0, 0.9, 1.21),
    (4, 0.0, 0.1, 1.00),
    (5, 0.0, 0.1, 1.01),
])  # fmt: skip


def choose(table, per_fold, metric="rmse", paired=False):
    settings = Settings(table[:, 0].astype(int), table[:, 1], np.zeros(len(table)), table[:, 2])
    eligible = np.ones(len(table), bool)
    found = best_one_se(per_fold, settings, metric, eligible, paired=paired)
    return best(mean_and_error(per_fold)[0], settings, metric, eligible), found


def two_folds(table, error, sign=1.0):
    """(m, 2) with the means of the table and these standard errors."""
    return sign * table[:, 3:] + np.outer(error, [-1.0, 1.0])


@pytest.mark.parametrize(
    ("error_of_best", "chosen"),
    [
        (0.0, 5),
        (0.17, 5),  # 1.18 is just outside
        (0.18001, 1),  # sparser, only one inside
        (0.195, 2),  # lambda_z .5 is inside too
        (0.205, 3),  # lambda_1 .5 breaks the tie
        (0.215, 4),  # lambda_z before lambda_1
        (0.61, 0),
    ],
)
@pytest.mark.parametrize(("metric", "sign"), [("rmse", 1.0), ("mae", 1.0), ("r2", -1.0)])
def test_one_standard_error_rule_by_hand(error_of_best, chosen, metric, sign):
    error = np.full(len(TABLE), 50.0)  # the errors of the others do not matter
    error[5] = error_of_best
    assert choose(TABLE, two_folds(TABLE, error, sign), metric) == (5, chosen)
    order = np.random.default_rng(0).permutation(len(TABLE))
    top, sparsest = choose(TABLE[order], two_folds(TABLE, error, sign)[order], metric)
    assert (order[top], order[sparsest]) == (5, chosen)


def test_equal_means_go_to_the_simplest():
    table = TABLE.copy()
    table[:, 3] = 1.0
    assert choose(table, table[:, 3:]) == (0, 0)
    assert choose(table[1:], table[1:, 3:]) == (3, 3)


def test_tasks_that_differ_by_how_hard_they_are_say_nothing_of_a_setting():
    hard = np.array([0.0, 4.0, 9.0])  # alike for all settings
    apart = np.outer(TABLE[:, 3] == 1.01, [-0.03, 0.0, 0.03]) + np.outer(TABLE[:, 3] == 1.18, [-0.4, 0.0, 0.4])
    per_fold = TABLE[:, 3:] + hard + apart
    assert choose(TABLE, per_fold) == (5, 0)  # one standard error of the mean is 2.6: everything is within it
    assert choose(TABLE, per_fold, paired=True) == (5, 1)  # .18 behind, and its difference has one of .23


def test_settings_of_fewer_folds_are_not_compared():
    finished = np.array([[True, True, False], [True, True, True], [True, True, True]])
    sse = np.where(finished[:, :, None], np.array([0.1, 2.0, 1.0])[:, None, None], np.nan)
    errors = errors_of(sse, finished=finished)
    mean, _ = mean_and_error(fold_metric(errors, "rmse"))
    eligible = comparable(errors, mean)
    assert eligible.tolist() == [False, True, True]
    assert best(mean, errors.settings, "rmse", eligible) == 2


def test_each_fold_is_judged_at_the_setting_best_on_the_others():
    per_fold = np.array([[1.0, 5.0, 5.0], [2.0, 2.0, 2.0], [9.0, 1.0, 4.0]])
    assert cross_chosen(per_fold).tolist() == [1, 1, 1]
    np.testing.assert_array_equal(at_chosen(per_fold, np.array([1, 0, -1])), [2.0, 5.0, np.nan])
    noise = np.random.default_rng(0).standard_normal((500, 10))
    assert noise.mean(axis=1).min() < -0.7
    assert abs(at_chosen(noise, cross_chosen(noise)).mean()) < 1.0


def test_a_method_selects_what_it_is_judged_with():
    rmse = np.array([[1.0, 2.0, 3.0], [2.5, 2.5, 1.1]])  # on the other folds the best are 1, 1, 0; over all folds 0
    errors = replace(errors_of(rmse[:, :, None] ** 2), sizes=np.array([[0.0] * 3, [4.0, 5.0, 6.0]])[:, :, None])
    union = np.array([[0.0] * 3, [5.0, 5.0, 7.0]])
    table = ComparisonFit(
        (MethodRun("one", "pooling", errors, union=union),), "rmse", "within-task", ("gaussian",)
    ).table
    row = table.loc["one"]
    assert table["selected"].dtype == float
    assert row["mean"] == pytest.approx((2.5 + 2.5 + 3.0) / 3)
    assert row["selected"] == pytest.approx((4 + 5 + 0) / 3)
    assert row["union"] == pytest.approx((5 + 5 + 0) / 3)


def test_settings_of_a_group_may_differ_between_tasks():
    rmse = np.array([[[1.0, 9.0]] * 3, [[9.0, 1.0]] * 3, [[2.0, 2.0]] * 3])  # (m, F, K)
    apart = cross_chosen_by(rmse, np.zeros(3, int))
    assert apart.tolist() == [[0, 1]] * 3
    np.testing.assert_array_equal(at_chosen(rmse, apart), np.ones((3, 2)))
    assert cross_chosen_by(rmse, np.arange(3)).tolist() == [[2, 2]] * 3
    assert cross_chosen_by(rmse, np.array([0, 1, 0])).tolist() == [[0, 2]] * 3  # 1 and 2 against 9 and 1
    rmse[:, 1:] = np.nan
    assert cross_chosen_by(rmse, np.zeros(3, int)).tolist() == [[-1, -1], [0, 1], [0, 1]]


def test_a_task_that_the_other_folds_do_not_judge_has_the_best_setting_of_all():
    rmse = np.array([[[1.0, 9.0]] * 3, [[3.0, 1.0]] * 3, [[2.0, 2.5]] * 3])
    rmse[:, :2, 1] = np.nan  # the last fold alone has rows of the second task
    assert cross_chosen_by(rmse, np.zeros(3, int)).tolist() == [[0, 1], [0, 1], [0, 0]]


def test_a_group_of_settings_is_chosen_on_the_other_folds():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((300, 8, 2))
    found = at_chosen(noise, cross_chosen_by(noise, np.arange(300) // 100))
    assert abs(found.mean()) < 0.8
    assert noise.mean(axis=1).min() < -0.9


def test_features_of_all_tasks_where_settings_differ():
    """Task 0 at setting 0 has features 0, 1; task 1 at setting 1 has features 1, 2: three together."""
    rmse = np.array([[[1.0, 9.0]] * 2, [[9.0, 1.0]] * 2])
    errors = errors_of(rmse**2)
    one = sparse.csr_array(np.array([[1, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1], [0, 1, 1, 0]]))
    run = MethodRun("one", "separate models", errors, "", np.zeros(2, int), np.full((2, 2), 9.0), (one, one))
    assert run.selected("rmse")[1] == 3.0
    left_out = replace(errors, folds=Folds(errors.folds.of_row, 2, "leave-one-task-out"))
    assert replace(run, errors=left_out, supports=()).selected("rmse")[1] == 9.0


def test_tables_join_on_the_same_folds():
    one = errors_of(np.arange(4.0).reshape(2, 2, 1), settings=cross([1, 3], [0.0], [0.0], [0.0]))
    two = errors_of(np.arange(4.0, 8.0).reshape(2, 2, 1), settings=cross([2, 3], [0.0], [0.0], [0.0]))
    both = join(one, two)
    assert both.settings.s.tolist() == [1, 2, 3]
    assert both.sse[:, :, 0].tolist() == [[0, 1], [4, 5], [2, 3]]
    assert len(both.settings) == len(both.finished) == 3
