"""From pooled to separate: what the dial computes is what explicit settings compute, only all at once."""

from __future__ import annotations

import numpy as np
import pytest

from sparsekin import SparseMTL, simulate
from sparsekin.errors import DataWarning, OptionError
from sparsekin.tuning.folds import training_blocks
from sparsekin.tuning.sparse.dial.average import averages, chosen_averages
from sparsekin.tuning.sparse.dial.fit import mean_of, means_of, models_at
from sparsekin.tuning.sparse.dial.run import cross_validate_dial
from sparsekin.tuning.sparse.dial.settings import least_share, make_dial
from sparsekin.tuning.sparse.scoring import Models, score

RIDGES, LINKS = np.array([0.0, 0.4]), np.array([0.0, 0.3, np.inf])


def sites(seed: int = 0, keep: int = 0, K: int = 3, n: int = 40, p: int = 12):
    """A model of K sites whose truths are alike but not equal."""
    rng = np.random.default_rng(seed)
    task = np.repeat(np.arange(K), n + 7 * np.arange(K))
    X = rng.standard_normal((len(task), p)) * rng.uniform(0.5, 3, p) + 1
    truth = np.zeros((p, K))
    truth[:3] = rng.standard_normal((3, 1)) + 0.3 * rng.standard_normal((3, K))
    truth[3 + np.arange(K), np.arange(K)] = 1
    Z = rng.standard_normal((len(task), keep))
    y = np.einsum("ij,ji->i", X, truth[:, task]) + task + Z.sum(axis=1) + rng.standard_normal(len(task))
    return SparseMTL(y, X, task, keep=Z if keep else None)


def run_of(model, lambda_z=(0.0, 0.1), s=(1, 2, 4), scheme="within-task"):
    folds = model._folds(scheme, 4, None, 0)
    problem = model._problem("heterogeneous", "auto", 1, np.inf)
    dial = make_dial(problem, np.array(s), RIDGES, LINKS, np.array(lambda_z), least_share(folds, problem.blocks))
    return cross_validate_dial(problem, dial, folds), folds


@pytest.fixture(scope="module")
def run():
    return run_of(sites())


@pytest.mark.parametrize(
    ("family", "asked"),
    [
        (0, {"lambda_2": np.inf, "lambda_z": 0.0}),
        (1, {"lambda_2": 0.0, "lambda_z": [0.0, 0.1]}),
        (2, {"lambda_2": 0.0, "lambda_z": 0.0, "support": "independent"}),
    ],
    ids=["pool", "share", "separate"],
)
def test_errors_are_those_of_the_same_settings_given_one_by_one(run, family, asked):
    found, folds = run
    table = found.errors.settings
    model = sites()
    if family:
        model = SparseMTL(
            np.concatenate(model.blocks.y), np.asarray(model.blocks.X), np.repeat([0, 1, 2], [40, 47, 54]),
            standardize="pooled",
        )  # fmt: skip
    cv = model.cross_validate(s=[1, 2, 4], lambda_1=RIDGES.tolist(), task_weights="rows", folds=folds.of_row, **asked)
    theirs = cv.errors
    compared = 0
    for i in range(len(theirs.settings)):
        same = (table.family == family) & (table.s == theirs.settings.s[i])
        same &= (table.lambda_1 == theirs.settings.lambda_1[i]) & (table.lambda_2 == theirs.settings.lambda_2[i])
        same &= (table.lambda_z == theirs.settings.lambda_z[i]) & (table.searched == table.lambda_1)
        same &= (family != 1) | ~table.common
        (at,) = np.flatnonzero(same)
        np.testing.assert_allclose(found.errors.sse[at], theirs.sse[i], rtol=2e-4)
        np.testing.assert_array_equal(found.errors.sizes[at], theirs.sizes[i])
        compared += 1
    assert compared == len(theirs.settings) >= 6


@pytest.mark.parametrize("scheme", ["within-task", "leave-one-task-out"])
@pytest.mark.parametrize("keep", [0, 2])
def test_batches_are_judged_as_models_are_one_by_one(keep, scheme):
    found, folds = run_of(sites(keep=keep), s=(1, 3), scheme=scheme)
    blocks, fold = found.problem.blocks, 2
    training = found.training(fold)
    at = {}
    for rows, places, one in models_at(training, found.searched[fold], found.dial):
        for row, m in zip(rows, places, strict=True):
            coef = np.zeros((blocks.n_features, training.n_tasks))
            coef[one.columns] = one.coef[m]
            at[row] = Models(one.intercept[m], coef, one.keep_coef[m])
    assert sorted(at) == list(range(len(found.errors.settings)))
    models = [at[i] for i in range(len(at))]
    expected = score(blocks, training_blocks(blocks, folds, fold), folds, fold, models)
    for name in ("sse", "sae", "sizes", "jaccard"):
        np.testing.assert_allclose(getattr(found.errors, name)[:, fold], getattr(expected, name), rtol=1e-9)
    rows = np.array([0, len(models) - 1, 7, 8, 8 + len(LINKS)])
    mean, share = mean_of(training, found.searched[fold], found.dial, rows)
    np.testing.assert_allclose(mean.coef, np.mean([models[i].coef for i in rows], axis=0), atol=1e-12)
    np.testing.assert_allclose(mean.intercept, np.mean([models[i].intercept for i in rows], axis=0), atol=1e-12)
    np.testing.assert_allclose(share, np.mean([models[i].coef != 0 for i in rows], axis=0), atol=1e-12)
    w = np.array([0.4, 0.3, 0.2, 0.06, 0.04])
    both = means_of(training, found.searched[fold], found.dial, [(rows, w), (rows[:3], w[:3])])
    for n, (mean, share) in zip((5, 3), both, strict=True):
        some = [(v, models[i]) for v, i in zip(w[:n], rows[:n], strict=True)]
        np.testing.assert_allclose(mean.coef, sum(v * one.coef for v, one in some), atol=1e-12)
        np.testing.assert_allclose(mean.keep_coef, sum(v * one.keep_coef for v, one in some), atol=1e-12)
        np.testing.assert_allclose(share, sum(v * (one.coef != 0) for v, one in some), atol=1e-12)


def test_a_fold_has_no_say_in_the_ranking_that_it_judges(run):
    found, _ = run
    problem = found.problem
    losses = np.sqrt(found.errors.sse / found.errors.weight).mean(axis=2)
    own = np.flatnonzero(found.errors.settings.family == 2)
    average = next(one for one in averages(found, "rmse") if one.family == "separate" and one.n == 5)
    for fold in range(4):
        others = losses[own][:, np.arange(4) != fold].mean(axis=1)
        at = np.argsort(others, kind="stable")[:5]
        weights = np.exp(-(others[at] / others[at[0]] - 1) / 0.03)
        at, weights = at[weights > 0.01], weights[weights > 0.01]
        weights = weights / weights.sum()
        model, _ = mean_of(found.training(fold), found.searched[fold], found.dial, own[at], weights)
        held = [found.errors.folds.held_out(problem.blocks, fold, k) for k in range(3)]
        rmse = [
            np.sqrt(np.mean((y[out] - model.intercept[k] - problem.blocks.X_of(k)[out] @ model.coef[:, k]) ** 2))
            for k, (y, out) in enumerate(zip(problem.blocks.y, held, strict=True))
        ]
        assert average.losses[fold] == pytest.approx(np.mean(rmse))
    level = losses[own].mean(axis=1)
    first = np.argsort(level, kind="stable")[:5]
    raw = np.exp(-(level[first] / level[first[0]] - 1) / 0.03)
    np.testing.assert_array_equal(average.rows, own[first[raw > 0.01]])
    np.testing.assert_allclose(average.weights, raw[raw > 0.01] / raw[raw > 0.01].sum())
    assert set(chosen_averages(averages(found, "rmse"))) == {"pool", "share", "separate"}


def planted(kind: str, seed: int):
    """Sites that are equal, alike in supports, or apart."""
    rng = np.random.default_rng(seed)
    task = np.repeat(np.arange(4), 60)
    X = rng.standard_normal((240, 20))
    truth = np.zeros((20, 4))
    if kind == "pool":
        truth[:5] = rng.choice([-1, 1], 5)[:, None]
    elif kind == "share":
        truth[:4] = rng.choice([-2, 2], (4, 4))
    else:
        for k in range(4):
            truth[5 * k : 5 * k + 4, k] = rng.choice([-2, 2], 4)
    noise = 4.0 if kind == "share" else 1.0
    y = np.einsum("ij,ji->i", X, truth[:, task]) + task + noise * rng.standard_normal(240)
    return SparseMTL(y, X, task)


def test_the_verdict_says_which_end_of_the_dial_the_data_ask_for():
    said = {
        kind: [
            planted(kind, seed).cross_validate([2, 4, 5, 8], lambda_z=[0, 0.3, 3], folds=4, rng=0).judged
            for seed in range(3)
        ]
        for kind in ("pool", "share", "separate")
    }
    assert [one.chosen for one in said["pool"]] == ["pool"] * 3
    assert [one.chosen for one in said["share"]] == ["share"] * 3
    assert all("pool" not in one.indistinct for one in said["separate"] + said["share"])
    assert all("separate" not in one.indistinct for one in said["pool"])


def test_outcomes_of_one_design_are_not_pooled():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 10))
    Y = X[:, :2] @ np.array([[1, 2, 3.0], [1, 1, 0]]) + 0.3 * rng.standard_normal((60, 3))
    cv = SparseMTL(Y, X).cross_validate(folds=4, rng=0)
    assert cv.families.index.tolist() == ["share", "separate"]
    assert np.isfinite(cv.table["lambda_2"]).all()
    assert cv.refit().selected[:2] == ["x1", "x2"]


def test_paper_simulations_ask_for_sharing():
    made = simulate.simulate_shared_supports(n_tasks=4, n=60, p=60, s=5, q=8, rng=1)
    cv = SparseMTL(made.y, made.X, made.task).cross_validate(folds=4, rng=0)
    assert cv.judged.chosen == "share"
    best = cv.refit("best")
    assert best.objective <= cv.refit("1se").objective or cv.best != cv.best_1se


def test_a_given_value_that_is_best_at_its_edge_is_named():
    with pytest.warns(DataWarning, match="The best s is the largest that was tried, 2; try larger ones, or s='auto'."):
        planted("pool", 0).cross_validate(s=[1, 2], lambda_1=0.0, lambda_z=[0, 0.3, 3], folds=4, rng=0)


def test_automatic_ridges_go_on_where_the_largest_is_best():
    rng = np.random.default_rng(0)
    task = np.repeat([0, 1], 40)
    X = rng.standard_normal((80, 6))
    y = 0.3 * X[:, 0] + 4 * rng.standard_normal(80)
    cv = SparseMTL(y, X, task).cross_validate(s=[1, 6], lambda_z=[0, 0.3, 3], folds=4, rng=3)
    least = cv.table.iloc[cv.least_index]
    if least["s"]:
        assert cv.settings.lambda_1.max() == (96 if least["lambda_1"] >= 6 else 6)
    larger = [cv.settings.lambda_1.max()]
    for seed in range(6):
        one = SparseMTL(4 * rng.standard_normal(80) + X[:, 0], X, task)
        larger.append(one.cross_validate(s=[6], lambda_z=[0, 0.3, 3], folds=4, rng=seed).settings.lambda_1.max())
    assert set(larger) <= {6.0, 96.0}
    assert 96.0 in larger


@pytest.mark.parametrize("kind", ["pool", "share"])
@pytest.mark.parametrize("which", ["best", "average"])
def test_fits_predict_new_studies_and_are_saved(kind, which, tmp_path):
    cv = planted(kind, 0).cross_validate([2, 4, 5, 8], lambda_z=[0, 0.3, 3], folds=4, rng=0)
    fit = cv.refit(which)
    new = np.random.default_rng(1).standard_normal((5, 20))
    fit.save(tmp_path / "fit.npz")
    again = type(fit).load(tmp_path / "fit.npz")
    np.testing.assert_allclose(again.predict(new, how="mean"), fit.predict(new, how="mean"))
    if which == "best":
        assert np.isfinite(fit.predict(new, how="stack")).all()
        if kind == "pool":
            assert np.ptp(fit.params.drop("Intercept").to_numpy(), axis=1).max() == 0
    else:
        assert fit.members["family"].iloc[0] == cv.judged.chosen
        assert len(fit.members) == len(cv.average)
        np.testing.assert_array_equal(fit.members["weight"], cv.average.settings[1])
        assert fit.members["weight"].sum() == pytest.approx(1)
        slopes = fit.params.drop("Intercept")
        assert set(slopes.index[slopes.any(axis=1)]) == set(
            fit.inclusion_weights.index[fit.inclusion_weights.any(axis=1)]
        )


def test_the_procedure_is_judged_on_rows_it_has_not_seen():
    cv = planted("pool", 1).cross_validate([2, 5, 8], lambda_1=0.0, lambda_z=[0, 3], folds=4, rng=0)
    found = cv.nested(3, rng=1)
    assert found.index.tolist() == [0, 1, 2]
    assert (found["error"] < found["null"]).all()
    assert (found["family"] == "pool").all()
    assert found["error"].mean() == pytest.approx(1.0, abs=0.15)  # the noise


def test_kept_columns_are_tied_with_the_values():
    cv = run_of(sites(keep=2))[0]
    table = cv.errors.settings
    for *_, one in models_at(cv.training(0), cv.searched[0], cv.dial):
        if len(one) == len(RIDGES) * len(LINKS):
            spread = np.ptp(one.keep_coef, axis=2).max(axis=1).reshape(len(RIDGES), len(LINKS))
            assert (spread[:, -1] < 1e-8).all()
            assert (spread[:, 0] > 1e-3).all()
    assert len(table) > 0


def objective_of(model, fit, lambda_1: float, lambda_2: float, lambda_z: float) -> float:
    """F of the dial at the coefficients of a fit: pooled standard deviations, tasks by rows, kept columns tied."""
    blocks, K = model.blocks, model.blocks.n_tasks
    n = sum(len(y) for y in blocks.y)
    sd = np.concatenate([blocks.X_of(k) for k in range(K)]).std(axis=0)
    keep_sd = np.sqrt(sum(blocks.keep_of(k).var(axis=0) * len(blocks.y[k]) for k in range(K)) / n)
    params, value = fit.params.to_numpy(), 0.0
    q = blocks.keep.shape[1]
    own, b, g = params[0], params[1 + q :], params[1 : 1 + q]
    for k in range(K):
        left = blocks.y[k] - own[k] - blocks.keep_of(k) @ g[:, k] - blocks.X_of(k) @ b[:, k]
        value += left @ left * K / (2 * n)
    b, g = b * sd[:, None], g * keep_sd[:, None]
    spread = sum(np.sum((part - part.mean(axis=1, keepdims=True)) ** 2) for part in (b, g))
    m = (b != 0).sum(axis=1)
    tied = lambda_2 * spread / 2 if np.isfinite(lambda_2) else 0.0
    return value + lambda_1 * np.sum(b**2) / 2 + tied + lambda_z * np.sum(m * (K - m)) / (2 * K)


@pytest.mark.parametrize("keep", [0, 2])
def test_the_setting_of_a_dial_is_what_fit_takes(keep):
    model = sites(keep=keep)
    cv = model.cross_validate([2, 4], lambda_1=[0.0, 0.4], lambda_z=[0, 0.3, 3], folds=4, rng=0)
    settings = cv.settings
    kinds = np.column_stack([settings.family, settings.common, np.sign(settings.lambda_2), np.isinf(settings.lambda_2)])
    for kind in np.unique(kinds, axis=0):
        i = int(np.flatnonzero((kinds == kind).all(axis=1))[-1])
        setting = cv._setting(i)
        found, again = cv._single(i), model.fit(**setting)
        for one in (found, again):
            expected = objective_of(model, one, *(setting[name] for name in ("lambda_1", "lambda_2", "lambda_z")))
            assert one.objective == pytest.approx(expected, rel=1e-6)
        assert again.objective <= found.objective * (1 + 1e-6)
        own_search = settings.family[i] == 1 and (keep or np.isinf(setting["lambda_2"]))
        if not own_search:  # of `fit`, which may find better supports
            np.testing.assert_allclose(again.params, found.params, rtol=1e-4, atol=1e-6)
        assert (again.support_mode, again.keep_tied) == (found.support_mode, found.keep_tied)
    assert cv.best == cv._setting(cv.best_index)
    assert cv.best_1se["dial"] is True


def test_ties_of_kept_columns_are_for_searches():
    with pytest.raises(
        OptionError, match="solver='scip' is not for always-in columns that lambda_2 ties; leave dial out"
    ):
        sites(keep=1).fit(2, 0.0, 0.3, solver="scip", dial=True)


def test_what_a_tied_fit_cannot_prove_is_said():
    rng = np.random.default_rng(5)
    task = np.repeat([0, 1, 2], 40)
    X, Z = rng.standard_normal((120, 6)), rng.standard_normal((120, 1))
    truth = np.array([[1.0, 1.6, 0.4], [-1, -0.3, -1.5]])
    y = np.einsum("ij,ji->i", X[:, :2], truth[:, task]) + Z[:, 0] + 0.5 * rng.standard_normal(120)
    cv = SparseMTL(y, X, task, keep=Z).cross_validate([2], lambda_1=0.0, lambda_z=[0, 3], folds=4, rng=0)
    rows = np.flatnonzero((cv.settings.lambda_2 == 0.3) & (cv.settings.family == 1))
    fit = cv._single(int(rows[0]))
    assert fit.keep_tied
    with pytest.raises(OptionError, match="always-in columns are tied by lambda_2"):
        fit.certify()


def test_without_features_there_is_nothing_to_share():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((60, 5))
    model = SparseMTL(X[:, 0] + rng.standard_normal(60), X, np.repeat(["a", "b"], 30))
    assert model.cross_validate(s=0, folds=3, rng=1).best["s"] == 0
    compared = model.compare(s=0, folds=3, rng=1)
    assert np.isfinite(compared.table["mean"]).all()
    assert "dial, averaged" not in compared.table.index
