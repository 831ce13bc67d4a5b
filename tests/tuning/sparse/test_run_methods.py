"""Methods on the same folds: what is run, chosen and counted."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from sparsekin import SparseMTL
from sparsekin.errors import OptionError
from sparsekin.l0.grid import cross
from sparsekin.tuning.folds import make_folds, training_blocks
from sparsekin.tuning.sparse.baselines.lasso import fit_lasso_per_task
from sparsekin.tuning.sparse.baselines.methods import FAMILIES, Method, methods
from sparsekin.tuning.sparse.baselines.run import run_methods
from sparsekin.tuning.sparse.cross_validate import cross_validate_models
from sparsekin.tuning.sparse.grid import make_grid
from sparsekin.tuning.sparse.scoring import Models, null_models
from tuning.cv_cases import prepared, problem_of

CSF = Path(__file__).resolve().parents[4] / "shared" / "data" / "csf_proteome_sites.csv.gz"
SETTINGS = cross([1, 2], [0.0], [0.0], [0.0, 0.1])


def asked(found, **options):
    return methods(problem_of(found), SETTINGS, 1, **options)


def test_every_method_has_a_family_and_comes_simplest_first():
    found = list(asked(prepared(), boosting=True))
    ranks = [("null", *FAMILIES).index(one.family) for one in found]
    assert ranks == sorted(ranks)
    assert [one.name for one in found if one.fitter is None] == ["multi-task lasso"]
    counts = {one.name: len(one.settings) for one in found if one.settings is not None}
    assert counts == {
        "null": 1, "pooled lasso": 40, "pooled ridge": 25, "pooled L0": 12, "pretrained lasso": 200,
        "shared supports": 4, "common support": 2, "lasso per task": 40, "ridge per task": 25, "independent L0": 12,
        "gradient boosting": 10,
    }  # fmt: skip


def test_one_fold_is_no_comparison():
    found = prepared()
    one = make_folds(found.blocks, folds=np.where(np.arange(72) % 3, -1, 0))
    with pytest.raises(OptionError, match="compare needs at least 2 folds"):
        run_methods(found.blocks, asked(found), one)


def test_any_method_can_be_added():
    """A fitter from elsewhere takes part, and may start from what is best of an earlier method on the other folds."""
    found = prepared(weighted=True)
    folds, tried = make_folds(found.blocks, folds=3, rng=0), cross([1], [1.0, 2.0], [0.0], [0.0])

    def constant(training, start=None):
        null = null_models(training)
        shift = [0.0, 5.0] if start is None else [start.lambda_1.item()] * 2
        return [Models(null.intercept + one, np.zeros((12, 3)), null.keep_coef) for one in shift]

    runs = run_methods(
        found.blocks,
        [
            Method("one", "pooling", constant, tried), Method("two", "sharing", constant, tried, start_from="one"),
            Method("three", "sharing", reason="never"),
        ],
        folds,
    )  # fmt: skip
    assert [run.name for run in runs] == ["one", "two", "three"]
    assert runs[0].chosen("rmse").tolist() == [[0] * 3] * 3
    after = cross_validate_models(partial(constant, start=tried.take(np.array([0]))), found.blocks, tried, folds)
    np.testing.assert_array_equal(runs[1].errors.sse, after.sse)
    assert runs[1].selected("rmse") == (0.0, 0.0)
    assert runs[2].errors is None
    assert runs[0].seconds > 0


def test_features_of_all_tasks_are_those_of_the_settings_chosen_for_each():
    found = prepared(seed=2)
    folds, problem = make_folds(found.blocks, folds=3, rng=0), problem_of(found)
    (method,) = (one for one in asked(found) if one.name == "lasso per task")
    (run,) = run_methods(found.blocks, [method], folds)
    chosen = run.chosen("rmse")
    rmse = np.sqrt(run.errors.sse / run.errors.weight)
    sizes, unions = [], []
    for fold in range(3):
        others = np.delete(rmse, fold, axis=1).mean(axis=1)
        assert chosen[fold].tolist() == others.argmin(axis=0).tolist()
        models = fit_lasso_per_task(training_blocks(found.blocks, folds, fold), problem, method.settings)
        support = np.column_stack([models[i].support[:, k] for k, i in enumerate(chosen[fold])])
        sizes.append(support.sum(axis=0).mean())
        unions.append(support.any(axis=1).sum())
    assert len(set(chosen.ravel())) > 3  # the tasks differ
    assert run.selected("rmse") == pytest.approx((np.mean(sizes), np.mean(unions)))
    np.testing.assert_allclose(run.per_fold("rmse"), [rmse[chosen[f], f, range(3)].mean() for f in range(3)])


def test_one_setting_for_all_tasks_where_tasks_are_left_out():
    found = prepared()
    folds = make_folds(found.blocks, scheme="leave-one-task-out")
    (method,) = (one for one in asked(found) if one.name == "lasso per task")
    (run,) = run_methods(found.blocks, [method], folds)
    rmse = np.array([np.sqrt(run.errors.sse[:, k, k] / run.errors.weight[k, k]) for k in range(3)]).T
    best = [np.delete(rmse, k, axis=1).mean(axis=1).argmin() for k in range(3)]
    assert run.chosen("rmse").tolist() == [[i] * 3 for i in best]
    assert not np.isnan(run.selected("rmse")).any()


@pytest.mark.skipif(not CSF.exists(), reason="csf_proteome_sites.csv.gz is not in shared/data beside the repository")
def test_pooling_beats_shared_supports_at_their_defaults_on_the_csf_proteome():
    """Mean RMSE over three splits into folds; with ONE intercept for all sites the pooled model was a weak baseline."""
    data = pd.read_csv(CSF)
    proteins = [name for name in data if name.startswith("P")]
    model = SparseMTL(data["tau"], data[proteins], data["site"], keep=data[["age", "male"]])
    problem = model._problem("heterogeneous", "auto", 1)
    tried = make_grid(problem, "auto", 0.0, 0.0, "auto")
    found = [one for one in methods(problem, tried, 1) if one.name in ("pooled lasso", "shared supports")]
    rmse = {"pooled lasso": 0.0, "shared supports": 0.0}
    for seed in range(3):
        for run in run_methods(problem.blocks, found, make_folds(problem.blocks, folds=5, rng=seed)):
            rmse[run.name] += run.per_fold("rmse").mean() / 3
    assert 0.42 < rmse["pooled lasso"] < 0.45
    assert rmse["shared supports"] > 1.03 * rmse["pooled lasso"]
