"""Internal-external validation: each study is predicted by what the others alone would have led to."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest

from sparsekin import SparseMTL, moments
from sparsekin.errors import DataError, InterruptedWarning, OptionError

SITES = ("north", "east", "south")
N = 60
SMALL = {"s": [1, 2], "lambda_1": 0.05, "lambda_2": 0.0, "lambda_z": [0.0, 0.05], "folds": 2}


def people(n_sites=3, seed=0):
    rng = np.random.default_rng(seed)
    sites = SITES[:n_sites]
    frame = pd.DataFrame(rng.standard_normal((N * n_sites, 4)), columns=list("abcd"))
    frame["site"] = np.tile(sites, N)
    level = frame["site"].map(dict(zip(SITES, (0.0, 0.4, -0.3), strict=True)))
    eta = level + frame["a"] - 0.6 * frame["b"]
    frame["y"] = eta + 0.5 * rng.standard_normal(len(frame))
    frame["ill"] = np.where(rng.random(len(frame)) < 1 / (1 + np.exp(-eta)), "yes", "no")
    frame["days"] = rng.integers(1, 5, len(frame))
    frame["falls"] = rng.poisson(np.exp(0.5 * eta) * frame["days"])
    frame["time"] = rng.exponential(5 * np.exp(-eta)) + 0.01
    frame["died"] = (rng.random(len(frame)) < 0.8).astype(int)
    frame["good"] = rng.binomial(3, 1 / (1 + np.exp(-eta)))
    frame["bad"] = 3 - frame["good"]
    frame["w"] = rng.uniform(0.5, 2, len(frame))
    return frame


FAMILIES = {
    "gaussian": ("y ~ a + b + c + d", {}), "binomial": ("ill ~ a + b + c + d", {"family": "binomial"}),
    "poisson": ("falls ~ a + b + c + d + offset(log(days))", {"family": "poisson"}),
    "cox": ("Surv(time, died) ~ a + b + c + d", {}),
}  # fmt: skip


MORE = {
    "trials": ("cbind(good, bad) ~ a + b + c + d", {"family": "binomial"}),
    "strata": ("Surv(time, died) ~ a + b + c + d + strata(days)", {}),
    "weights": ("y ~ a + b + c + d", {"weights": "w"}), "always in": ("y ~ a + b + c + d", {"keep": ["d"]}),
    "scaled": ("y ~ a + b + c + d", {"scale_outcome": True, "standardize": "pooled"}),
}  # fmt: skip


def model_of(family, frame=None, **more):
    formula, options = (FAMILIES | MORE)[family]
    return SparseMTL.from_formula(formula, people() if frame is None else frame, "site", **options, **more)


@pytest.mark.parametrize("family", FAMILIES)
def test_it_is_tuning_on_the_others_and_their_mean_model(family):
    frame = people()
    found = model_of(family, frame).validate(**SMALL, rng=5)
    seeds = np.random.default_rng(5).integers(2**32, size=3)
    scale = {} if family == "gaussian" else {"type": "link"}
    for k, site in enumerate(found.study_index):
        others, mine = frame[frame["site"] != site], frame[frame["site"] == site]
        cv = model_of(family, others).cross_validate(**SMALL, rng=int(seeds[k]))
        fit = cv.refit()
        expected = fit.predict(mine, how="mean", **scale).to_numpy()
        if family == "cox":
            expected = expected - fit.predict(others, how="mean", type="link").mean()
        np.testing.assert_allclose(found.eta[k], expected, atol=1e-9)
        said = found.settings.loc[site]
        assert said[["s", "lambda_1", "lambda_z"]].tolist() == [cv.best[n] for n in ("s", "lambda_1", "lambda_z")]
        assert (said["rows"], said["features"], said["tuned"]) == (2 * N, ", ".join(fit.selected), True)


def test_a_study_has_no_say_in_what_predicts_it():
    frame = people()
    before = model_of("gaussian", frame).validate(**SMALL, rng=0)
    mine = frame["site"] == "east"
    frame.loc[mine, "y"] = -7 * frame.loc[mine, "c"]
    after = model_of("gaussian", frame).validate(**SMALL, rng=0)
    k = list(before.study_index).index("east")
    np.testing.assert_array_equal(before.eta[k], after.eta[k])
    assert np.abs(before.eta[k - 1] - after.eta[k - 1]).max() > 0.01
    assert before.performance.loc["east", "rmse"] < after.performance.loc["east", "rmse"]


@pytest.mark.parametrize("family", FAMILIES | MORE)
def test_with_one_setting_it_is_what_a_fit_holds_out(family):
    one = {"lambda_1": 0.05, "lambda_2": 0.0, "lambda_z": 0.02}
    model = model_of(family)
    found = model.validate(s=2, **one, folds=3, rng=0)
    held = model.fit(s=2, **one).hold_out(scheme="leave-one-task-out")
    theirs = held.performance.xs("task left out", level=1)
    pd.testing.assert_frame_equal(found.performance[theirs.columns], theirs, check_names=False, rtol=1e-6)
    np.testing.assert_allclose(np.concatenate(found.eta), np.concatenate(held.held_out.eta), atol=1e-6)


@pytest.mark.parametrize("which", ["1se", "average"])
def test_other_fits_of_the_tuning_predict_too(which):
    frame = people()
    asked = {"s": [1, 2], "lambda_1": [0.02, 0.4], "lambda_z": [0.0], "folds": 3}
    found = model_of("gaussian", frame).validate(which, **asked, rng=1)
    seed = int(np.random.default_rng(1).integers(2**32, size=3)[1])
    site = found.study_index[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cv = model_of("gaussian", frame[frame["site"] != site]).cross_validate(**asked, rng=seed)
        fit = cv.refit(which)
    np.testing.assert_allclose(found.eta[1], fit.predict(frame[frame["site"] == site], how="mean"), atol=1e-9)
    said = found.settings.iloc[1]
    assert said["family"] == cv.judged.chosen
    assert said["features"] == ", ".join(fit.selected)
    assert np.isnan(said["s"]) == (which == "average")


def test_two_tasks_leave_one_that_is_tuned_by_itself():
    frame = people(2)
    found = model_of("binomial", frame).validate(s=[1, 2], lambda_1=[0.02, 0.1], folds=3, rng=0)
    alone = model_of("binomial", frame[frame["site"] == "east"])
    seed = int(np.random.default_rng(0).integers(2**32, size=2)[1])
    fit = alone.cross_validate(s=[1, 2], lambda_1=[0.02, 0.1], folds=3, rng=seed).refit()
    north = frame[frame["site"] == "north"]
    np.testing.assert_allclose(found.eta[1], fit.predict(north, how="mean", type="link"), atol=1e-9)
    assert found.settings["family"].tolist() == ["", ""]
    assert (found.pooled["studies"] == 2).all()
    with pytest.raises(OptionError, match=r"which='average' is a mean .* of at least 2 tasks besides"):
        model_of("binomial", frame).validate("average")


def test_folds_groups_and_rows_that_left_keep_their_places():
    frame = people()
    frame["id"] = np.arange(len(frame)) // 6
    frame.loc[[4, 50], "a"] = np.nan
    model = model_of("gaussian", frame, groups="id", missing="drop")
    found = model.validate(**SMALL, rng=0)
    by_value = model_of("gaussian", frame.drop(columns="id"), missing="drop").validate(
        **SMALL, groups=frame["id"], rng=0
    )
    pd.testing.assert_frame_equal(found.performance, by_value.performance)
    beside = found.augment(frame)
    assert beside.loc[[4, 50], [".linear", ".fitted"]].isna().all(axis=None)
    mine = frame["site"] == "east"
    there = beside.loc[mine & beside[".fitted"].notna(), ".fitted"]
    np.testing.assert_array_equal(there, found.eta[list(found.study_index).index("east")])
    rmse = np.sqrt(np.mean((frame.loc[there.index, "y"] - there) ** 2))
    assert rmse == pytest.approx(found.performance.loc["east", "rmse"], rel=1e-12)


def test_a_study_without_which_nothing_can_be_tuned_is_named():
    frame = people()
    few = frame[frame["site"] == "south"].head(6)
    frame = pd.concat([frame[frame["site"] != "south"], few])
    found = model_of("gaussian", frame).validate(s=1, lambda_1=0.1, lambda_2=0.0, lambda_z=0.0, folds=10, rng=0)
    tuned = found.settings["tuned"]
    assert tuned.to_dict() == {"east": False, "north": False, "south": True}
    assert "Task 'south' has 6 rows but folds = 10" in found.settings.loc["north", "note"]
    assert "Task 'south' has 6 rows but folds = 10" in found.performance.loc["north", "undefined"]
    assert found.performance.loc["south", "n"] == 6
    assert np.isnan(found.performance.loc["north", "rmse"])
    assert found.pooled["estimate"].isna().all()
    assert (found.pooled["studies"] == 1).all()
    text = str(found.summary())
    assert "1 of 3 studies were left out" in text
    assert "Not predicted: east, north (Task 'south' has 6 rows" in text
    assert found.tidy().query("type == 'study'")["estimate"].notna().sum() == len(found.measures.names)


def test_where_no_study_can_be_left_out_the_reason_is_raised():
    frame = people().groupby("site").head(6)
    with pytest.raises(DataError, match="has 6 rows but folds = 10"):
        model_of("gaussian", frame).validate(s=1, rng=0)


def interrupted(monkeypatch, after):
    calls = []
    whole = SparseMTL.cross_validate

    def stop(self, *args, **options):
        calls.append(1)
        if len(calls) > after:
            raise KeyboardInterrupt
        return whole(self, *args, **options)

    monkeypatch.setattr(SparseMTL, "cross_validate", stop)


def test_ctrl_c_keeps_the_finished_studies(monkeypatch):
    whole = model_of("gaussian").validate(**SMALL, rng=0)
    interrupted(monkeypatch, 2)
    with pytest.warns(InterruptedWarning, match="2 of 3 studies were left out"):
        found = model_of("gaussian").validate(**SMALL, rng=0)
    np.testing.assert_array_equal(found.eta[1], whole.eta[1])
    assert np.isnan(found.eta[2]).all()
    assert found.settings["note"].iloc[2] == "interrupted"
    assert (found.pooled["studies"] == 2).all()
    assert repr(found) == "<InternalExternal: 2 of 3 studies left out, 180 rows, which='best'>"


def test_ctrl_c_before_the_first_goes_through(monkeypatch):
    interrupted(monkeypatch, 0)
    with pytest.raises(KeyboardInterrupt):
        model_of("gaussian").validate(**SMALL, rng=0)


def test_half_a_cross_validation_is_no_tuning(monkeypatch):
    whole, calls = SparseMTL.cross_validate, []

    def half(self, *args, **options):
        calls.append(1)
        if len(calls) > 1:
            warnings.warn("2 of 3 folds are finished", InterruptedWarning, stacklevel=2)
        return whole(self, *args, **options)

    monkeypatch.setattr(SparseMTL, "cross_validate", half)
    with pytest.warns(InterruptedWarning, match="1 of 3 studies"):
        found = model_of("gaussian").validate(**SMALL, rng=0)
    assert found.settings["tuned"].tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: SparseMTL(people()["y"], people()[["a", "b"]]).validate(), "needs at least 2; the data have 1"),
        (lambda: SparseMTL(people()[["y", "d"]], people()[["a", "b"]]).validate(), "tasks are outcomes of the same"),
        (lambda: SparseMTL.from_moments(moments.from_frame("y ~ a + b", people(), "site")).validate(),
         "No study can be left out: "),
        (lambda: SparseMTL(people()["falls"], people()[["a", "b"]], people()["site"],
                           family={"north": "poisson", "east": "gaussian", "south": "poisson"}).validate(),
         r"outcomes are of one kind: gaussian, poisson"),
        (lambda: model_of("gaussian").validate("worst"), "which = 'worst' is not one of 'best', '1se', 'average'"),
        (lambda: model_of("gaussian").validate(metric="auc"), "metric = 'auc' is not one of"),
        (lambda: model_of("gaussian").validate("average", lambda_2=0.0), "which='average' is a mean"),
        (lambda: model_of("gaussian").validate(rng="x"), "rng = 'x' is not a whole number"),
        (lambda: model_of("gaussian").validate(s=-1), "s = "),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(make, message):
    with pytest.raises(OptionError, match=message):
        make()


def test_the_data_of_the_model_stay_as_they_are_and_seeds_repeat():
    frame = people()
    before = frame.copy()
    model = model_of("gaussian", frame)
    one, other = model.validate(**SMALL, rng=3), model.validate(**SMALL, rng=3, n_jobs=2)
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(one.tidy(), other.tidy())
    assert model.blocks.n_tasks == 3
    pd.testing.assert_frame_equal(pickle.loads(pickle.dumps(one)).pooled, one.pooled)


def test_a_level_that_one_study_alone_has_is_no_feature_without_it():
    frame = people()
    frame["ward"] = np.where((frame["site"] == "east") & (frame["a"] > 0), "only here", "any")
    found = SparseMTL.from_formula("y ~ a + b + ward", frame, "site").validate(**SMALL, rng=0)
    assert np.isfinite(np.concatenate(found.eta)).all()
    assert "ward" not in found.settings.loc["east", "features"]


def test_sparse_columns_and_always_in_ones():
    from scipy import sparse

    frame = people()
    X, keep = frame[["a", "b", "c"]].to_numpy(), frame[["d"]].to_numpy()
    found = [
        SparseMTL(frame["y"], M, frame["site"], keep=keep).validate(**SMALL, rng=0) for M in (X, sparse.csc_array(X))
    ]
    pd.testing.assert_frame_equal(found[0].performance, found[1].performance, rtol=1e-9)


@pytest.mark.parametrize("given", ["values", "name", "model"])
def test_groups_that_are_missing_are_refused_before_any_study_is_left_out(given):
    frame = people()
    frame["patient"] = np.arange(len(frame)) // 2
    frame["patient"] = frame["patient"].where(frame.index != 3)
    column = frame["patient"]
    data = frame.drop(columns="patient") if given == "values" else frame
    model = model_of("gaussian", data, **({"groups": "patient"} if given == "model" else {}))
    groups = {"values": column, "name": "patient", "model": None}[given]
    with pytest.raises(DataError, match="groups, column 'patient', is missing in row 3; give every row one"):
        model.validate(**SMALL, groups=groups, rng=0)
