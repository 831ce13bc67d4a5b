"""What an average says of itself."""

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from contract.made import average, frame
from sparsekin import SparseMTL
from sparsekin.models.sparse.average import average_of


@pytest.fixture(scope="module")
def model():
    data = frame()
    data["weak"] = np.random.default_rng(1).normal(size=60)
    data.loc[3, "x2"] = np.nan
    return SparseMTL.from_formula("y ~ x1 + x2 + x3 + weak", data.drop(columns="y2"), "site", missing="drop")


@pytest.fixture(scope="module")
def found(model):
    settings = [{"s": 4, "lambda_1": 0.1}, {"s": 2}, {"s": 1, "lambda_1": 0.5}]
    one = average(model, settings)
    members = one.members.assign(family=["share", "pool", "share"], lambda_2=[0.0, np.inf, 2.0])
    return dataclasses.replace(one, members=members)


def said(fit):
    return " ".join(str(fit.summary()).split())


def test_the_summary_names_what_was_averaged(found):
    text = str(found.summary())
    for wanted in (
        r"^ +Mean of 3 settings of L0 regressions$", r"Settings: +1 pool, 2 share$", r"Task column: +site  s: +1 to 4$",
        r"lambda_1: +0 to 0.5$", r"lambda_2: +0 to inf$", r"lambda_z: +0$", r"CV error: +0.1 to 0.3$",
        r"^Share the supports\.$", r"^Formula: y ~", r"^1 of 60 rows dropped: x2 \(1\)\.$",
    ):  # fmt: skip
        assert re.search(wanted, text, re.MULTILINE), wanted
    best = "Best single setting: share, s = 4, lambda_1 = 0.1, lambda_2 = 0, lambda_z = 0 (CV error 0.1)"
    assert f"{best}, a fit of its own in .best_member." in said(found)
    assert f"{best}." in said(dataclasses.replace(found, best_member=None))
    assert "Scale of the penalties: standardize='within', scale_outcome=False." in text
    assert "resid. sd" not in text


def test_the_summary_says_what_is_not_shown(found):
    cut = 0.15
    read = found.at_cut(cut)
    shown, n = len(read.selected), int((found.inclusion > 0).any(axis=1).sum())
    assert shown < n == 4
    small = "below 15 % of the largest of the task (standardised)"
    assert f"Shown are {shown} of {n} features: coefficients {small} are not. Predictions use all of them; " in said(
        read
    )
    left = f"Coefficients {small} were left out and the intercepts fitted again: {shown} of {n} features are left."
    assert left in said(read.cut_to())
    fewer = "Small coefficients were left out and the intercepts fitted again: 1 of 4 features are left."
    assert fewer in said(found.cut_to(features=1))
    assert f"Shown is every feature that a setting selects ({n})." in said(found.at_cut(0.0))


def test_selected_features_have_their_share_of_the_settings(found):
    lines = {line.split()[0]: line.split() for line in str(found.at_cut(0.15).summary()).splitlines() if line.strip()}
    assert lines["x1"][1:4] == ["2/2", "100", "%"]
    shares = found.inclusion_weights.loc["x2"]
    assert lines["x2"][1:4] == ["2/2", f"{100 * shares.mean():.0f}", "%"]
    assert float(lines["x1"][4]) == pytest.approx(found.params.loc["x1", "north"], rel=1e-3)
    for form in (found.summary().as_html(), found.summary().as_latex(), found.summary().as_csv()):
        assert "in settings" in form


def test_tidy_holds_every_coefficient_and_says_which_are_read(model, found):
    read = found.at_cut(0.15)
    table = read.tidy()
    plain = found.best_member.tidy()
    assert [*plain.columns, "inclusion"] == list(table.columns)
    cells = table.set_index(["term", "task"])
    for term in read.params.index:
        for task in read.task_index:
            row, value = cells.loc[(term, task)], read.params.loc[term, task]
            assert row["estimate"] == value if value else np.isnan(row["estimate"])
            if term == "Intercept":
                assert (row["inclusion"], row["kind"], row["selected"]) == (1.0, "intercept", True)
                continue
            assert row["inclusion"] == read.inclusion_weights.loc[term, task]
            assert row["selected"] == read.support.loc[term, task]
            assert row["n_tasks"] == read.support.loc[term].sum()
    order = [name for name in table["term"].unique() if name != "Intercept"]
    assert set(order[: len(read.selected)]) == set(read.selected)
    assert list(read.cut_to().tidy()["term"].unique()) == ["Intercept", *order[: len(read.selected)]]


def test_glance_is_one_row(found):
    row = found.at_cut(0.15).glance().iloc[0]
    assert len(found.glance()) == 1
    assert (row["settings"], row["pool"], row["share"], row["separate"]) == (3, 1, 2, 0)
    assert (row["cv_error"], row["cut"], row["n_any"], row["nobs"]) == (0.1, 0.15, 4, 59)
    assert row["n_union"] == len(found.at_cut(0.15).selected)
    assert row["rmse"] == pytest.approx(found.rmse.mean())


def test_augment_is_that_of_a_fit(found):
    assert list(found.augment().columns) == ["task", ".fitted", ".resid"]
    np.testing.assert_allclose(found.augment()[".fitted"], found.fittedvalues)


def test_nothing_selected_and_many_tasks(model):
    bare = model.fit(s=1)
    nothing = dataclasses.replace(bare.solution, coef=0 * bare.solution.coef)
    members = average(model, [{"s": 1}]).members
    empty = average_of(model._prepared, bare.standard, members, [nothing], "")
    assert "No feature is selected in any task." in str(empty.summary())
    assert empty.selected == []
    assert empty.tidy()["kind"].unique().tolist() == ["intercept"]
    assert empty.cut_to().glance()["n_any"].item() == 0
    rng = np.random.default_rng(0)
    X, task = pd.DataFrame(rng.normal(size=(130, 4))).add_prefix("x"), np.repeat(range(13), 10)
    many = average(SparseMTL(X["x0"] + 0.1 * rng.normal(size=130), X, task), [{"s": 1}, {"s": 2}])
    text = str(many.summary())
    assert re.search(r"Selected features +in tasks +in settings +mean +min +max", text)
    assert "three quarters" in text


def test_the_picture_is_paler_where_fewer_settings_select(found):
    pytest.importorskip("matplotlib")
    read = found.at_cut(0.15)
    ax = read.plot_support()
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert set(names) == set(read.selected)
    cells = ax.collections[0]
    ax.figure.canvas.draw()
    shares = read.inclusion_weights.loc[names].to_numpy()
    shown = read.support.loc[names].to_numpy()
    alpha = cells.get_facecolor().reshape(*shares.shape, 4)[..., 3]
    np.testing.assert_allclose(alpha[shown], (0.15 + 0.85 * shares)[shown], atol=0.01)
    np.testing.assert_array_equal(np.ma.getmaskarray(cells.get_array()), ~shown)
