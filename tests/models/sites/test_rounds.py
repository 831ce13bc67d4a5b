"""Fits of several sites by sums alone are those of the pooled rows, and answers obey the policy."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from sparsekin import SparseMTL, federation
from sparsekin.errors import DataError, OptionError, SolverError

P = 12
FORMULA = "y ~ " + " + ".join(f"x{j}" for j in range(P))
POLICY = federation.Policy()


def patients(family="binomial", K=3, n=150, seed=0):
    """A frame per hospital; columns far from zero, in several units."""
    rng = np.random.default_rng(seed)
    out = {}
    for k in range(K):
        X = rng.standard_normal((n + 20 * k, P))
        X[:, 1:] += 0.5 * X[:, :-1]
        b = np.zeros(P)
        b[[2, 7]], b[8 + k] = [1.0, -0.8], 0.9
        eta = X @ b + 0.3 * k
        frame = pd.DataFrame(X * np.geomspace(0.1, 10, P) + 50, columns=[f"x{j}" for j in range(P)])
        ill = (rng.random(len(X)) < 1 / (1 + np.exp(-eta))).astype(int)
        frame["y"] = ill if family == "binomial" else rng.poisson(np.exp(0.4 * eta))
        out[f"h{k}"] = frame.assign(hospital=f"h{k}", patient=range(len(X)), days=rng.integers(1, 30, len(X)) * 1.0)
    return out


def sites_of(data, policy=POLICY):
    return {name: federation.Site(frame, policy, id="patient") for name, frame in data.items()}


def pooled(data, formula=FORMULA, task="hospital", **given):
    return SparseMTL.from_formula(formula, pd.concat(data.values(), ignore_index=True), task=task, **given)


def assert_same_fit(mine, other, tol=1e-8):
    assert (mine.support.to_numpy() == other.support.to_numpy()).all()
    assert_allclose(mine.objective, other.objective, rtol=1e-10)
    assert_allclose(mine.params.to_numpy(), other.params.loc[mine.params.index].to_numpy(), rtol=tol, atol=tol / 10)


def slope_left(fit, data):
    """Largest derivative of F by a coefficient that may change, from the rows."""
    names = [f"x{j}" for j in range(P)]
    sd = {name: frame[names].to_numpy().std(axis=0) for name, frame in data.items()}
    B = np.column_stack([fit.params.loc[names, name] * sd[name] for name in data])
    worst = 0.0
    for k, (name, frame) in enumerate(data.items()):
        X = frame[names].to_numpy()
        eta = fit.params.loc["Intercept", name] + X @ fit.params.loc[names, name].to_numpy()
        mean = np.exp(eta) if fit.family == "poisson" else 1 / (1 + np.exp(-eta))
        r = (frame["y"].to_numpy() - mean) / len(frame)
        g = (X - X.mean(axis=0)).T @ r / sd[name] - fit.lambda_1 * B[:, k] - fit.lambda_2 * (B[:, k] - B.mean(axis=1))
        g[1] += fit.lambda_1 * B[1, k] + fit.lambda_2 * (B[1, k] - B[1].mean())  # always in, no penalty
        chosen = fit.support[name].reindex(names, fill_value=True).to_numpy()
        worst = max(worst, abs(r.sum()), np.abs(g[chosen]).max())
    return worst


@pytest.mark.parametrize("family", ["binomial", "poisson"])
@pytest.mark.parametrize(
    "setting", [{"lambda_z": 0.02}, {"lambda_1": 0.05, "lambda_2": 0.1, "lambda_z": 0.02}, {"support": "common"}]
)
def test_the_fit_is_that_of_the_pooled_rows(family, setting):
    data = patients(family)
    model = federation.FederatedMTL(FORMULA, sites_of(data), "hospital", family=family, keep=["x1"])
    fit, rows = model.fit(s=3, **setting), pooled(data, family=family, keep=["x1"]).fit(s=3, **setting)
    assert_same_fit(fit, rows, 1e-6 if "lambda_2" in setting else 1e-8)  # linked fits of rows stop earlier
    assert slope_left(fit, data) < 1e-11
    new = data["h1"].head(7)
    assert_allclose(fit.predict(new), rows.predict(new), rtol=1e-6)
    assert_allclose(fit.predict(new, how="mean"), rows.predict(new, how="mean"), rtol=1e-6)
    assert fit.rounds < 40
    assert fit.selected == rows.selected


def test_sizes_by_task_and_no_features():
    data = patients()
    model = federation.FederatedMTL(FORMULA, sites_of(data), "hospital", family="binomial")
    sizes = {"h0": 1, "h1": 2, "h2": 3}
    assert_same_fit(model.fit(s=sizes, lambda_1=0.1), pooled(data, family="binomial").fit(s=sizes, lambda_1=0.1))
    null = model.fit(s=0)
    assert_same_fit(null, pooled(data, family="binomial").fit(s=0))
    assert_allclose(null.task_fit["explained"], 0, atol=1e-12)
    explained = model.fit(s=3, lambda_1=0.1).task_fit["explained"]
    other = pooled(data, family="binomial").fit(s=3, lambda_1=0.1).performance
    found = other[other["rows"] == "apparent"] if "rows" in other.columns else other
    assert (explained > 0.1).all()
    assert len(found) >= 3


def test_more_effort_is_never_worse():
    data = patients(n=120, seed=4)
    model = federation.FederatedMTL(FORMULA, sites_of(data), "hospital", family="binomial")
    one, two = (model.fit(s=5, lambda_1=0.02, lambda_z=0.02, effort=effort) for effort in (1, 2))
    assert two.objective <= one.objective * (1 + 1e-12)
    assert two.rounds > one.rounds
    rows = pooled(data, family="binomial").fit(s=5, lambda_1=0.02, lambda_z=0.02)
    assert_same_fit(two, rows)


def test_one_task_whose_rows_are_at_three_sites():
    data = patients()
    fit = federation.FederatedMTL(FORMULA, sites_of(data), family="binomial").fit(s=3)
    assert_same_fit(fit, pooled(data, task=None, family="binomial").fit(s=3))


def test_exposures_weights_and_levels():
    data = {name: frame.assign(w=1.0 + (frame["x3"] > 50), sex=np.resize(["f", "m", "f"], len(frame)))
            for name, frame in patients("poisson").items()}  # fmt: skip
    data["h2"]["sex"] = "f"
    given = {"exposure": "days", "weights": "w"}
    model = federation.FederatedMTL(
        FORMULA + " + sex", sites_of(data), "hospital", family="poisson", levels={"sex": ["f", "m"]}, **given
    )
    assert_same_fit(
        model.fit(s=3, lambda_z=0.01),
        pooled(data, FORMULA + " + sex", family="poisson", **given).fit(s=3, lambda_z=0.01),
    )


def test_a_column_missing_levels_at_a_site_is_named():
    data = {name: frame.assign(sex=np.resize(["f", "m"], len(frame))) for name, frame in patients().items()}
    data["h2"]["sex"] = "f"
    with pytest.raises(DataError, match=r"^Sites 'h0' and 'h2' do not make the same columns: sex\[T\.m\]\. Agree on"):
        federation.FederatedMTL(FORMULA + " + sex", sites_of(data), "hospital", family="binomial")


def test_outcomes_written_in_different_words_are_refused():
    data = patients()
    data["h0"]["y"] = data["h0"]["y"].map({0: "no", 1: "yes"})
    with pytest.raises(DataError, match=r"^Site 'h1' reads the outcome of task 'h1' as None, another as \['no'"):
        federation.FederatedMTL(FORMULA, sites_of(data), "hospital", family="binomial")


def carry(folder, sites):
    """What the mail does: every question answered at every site."""
    for question in folder.glob("question-*.npz"):
        for name, site in sites.items():
            answer = folder / question.name.replace("question", "answer").replace(".npz", f"-{name}.npz")
            if not answer.exists():
                site.answer(question, answer)


def test_files_do_what_callbacks_do(tmp_path):
    data = patients(K=2)
    sites = sites_of(data)
    asked = {name: federation.by_files(tmp_path, name) for name in sites}
    said, fit = [], None
    while fit is None and len(said) < 60:
        try:
            fit = federation.FederatedMTL(FORMULA, asked, "hospital", family="binomial").fit(s=3, lambda_z=0.02)
        except federation.WaitingError as waiting:
            said.append(str(waiting))
            carry(tmp_path, sites)
    assert_same_fit(fit, pooled(data, family="binomial").fit(s=3, lambda_z=0.02))
    assert all("Answers of 'h0', 'h1' are not there yet; run the same lines again" in one for one in said)
    assert len(said) == fit.rounds + 1
    (tmp_path / "no.npz").write_text("no")
    with pytest.raises(DataError, match="holds no answer of a site"):
        federation.Answer.load(tmp_path / "no.npz")
    with pytest.raises(DataError, match="is a fit of another kind"):
        federation.Question.load(next(tmp_path.glob("answer-*")))


def question_of(model, theta, columns=()):
    known = model._coordinator
    shape = (1, len(known.tasks), 1 + known.center.shape[1])
    full = np.zeros(shape)
    full[0, :, : len(theta)] = theta
    return federation.Question(
        known.study, known.tasks, known.center, known.scale, full, (np.asarray(columns, np.int64),)
    )


def test_coefficients_that_single_out_rows_are_refused():
    """Where all but one prediction is certain, the gradient is the row whose prediction is not."""
    data = patients(K=1)
    site = sites_of(data)["h0"]
    model = federation.FederatedMTL(FORMULA, {"h0": site}, "hospital", family="binomial")
    with pytest.raises(DataError, match=r"^Task 'h0': at these coefficients the \w+ of \d+\.\d rows make up"):
        site.answer(question_of(model, [500.0, 900.0]))
    frame = data["h0"]
    frame["y"] = (frame["x0"] > frame["x0"].median()).astype(int)
    other = sites_of(data)["h0"]
    model = federation.FederatedMTL(FORMULA, {"h0": other}, "hospital", family="binomial")
    with pytest.raises(DataError, match=r"the (residuals|weights) of \d+\.\d rows make up the sums \(of 150; "):
        model.fit(s=1, lambda_1=0.0)


def test_products_that_give_a_row_away_are_refused():
    lone = patients(K=1)["h0"]
    lone.loc[3, "x5"], lone.loc[4, "x5"] = (50 + sign * 40 * lone["x5"].std() for sign in (1, -1))
    site = federation.Site(lone, POLICY, id="patient")
    model = federation.FederatedMTL(FORMULA, {"h0": site}, "hospital", family="binomial")
    site.answer(question_of(model, [0.0], columns=range(12)))
    with pytest.raises(DataError, match=r"^Task 'h0': at these coefficients weighted sums of products give a row away"):
        site.answer(question_of(model, [0.0, 0, 0, 0, 0, 0, 0.3], columns=range(12)))


def test_answers_obey_rows_cells_columns_and_questions():
    data = patients()
    few = {name: frame.head(15) for name, frame in data.items()}
    with pytest.raises(DataError, match=r"^Task 'h0' has 15 rows; the policy lets out sums of 20 or more"):
        federation.FederatedMTL(FORMULA, sites_of(few), "hospital", family="binomial")
    rare = {name: frame.assign(rare=(frame["patient"] < 2).astype(int)) for name, frame in data.items()}
    with pytest.raises(DataError, match=r"^Task 'h0' has fewer than 5 rows where column 'rare' is 1"):
        federation.FederatedMTL(FORMULA + " + rare", sites_of(rare), "hospital", family="binomial")
    ill = {name: frame.assign(y=(frame["patient"] < 3).astype(int)) for name, frame in data.items()}
    with pytest.raises(DataError, match=r"^Task 'h0' has fewer than 5 rows where column 'y' is 1"):
        federation.FederatedMTL(FORMULA, sites_of(ill), "hospital", family="binomial")
    site = sites_of(data, replace(POLICY, most_columns=0.05))["h0"]
    model = federation.FederatedMTL(FORMULA, {"h0": site}, "hospital", family="binomial")
    with pytest.raises(DataError, match=r"^Task 'h0' has 150 rows, and products of 12 columns are asked; the"):
        site.answer(question_of(model, [0.1], columns=range(12)))
    assert len(model.fit(s=2).selected) == 2  # of the 7 columns that it may ask of
    with pytest.raises(
        DataError, match=r"^s = 9, but the policies of the sites let out products of 7 columns; ask for"
    ):
        model.fit(s=9, lambda_1=1e-3)
    shy = sites_of(data, replace(POLICY, questions=3))["h0"]
    with pytest.raises(DataError, match=r"^3 questions of 'y ~ x0 .*' were answered; the policy has no more\."):
        federation.FederatedMTL(FORMULA, {"h0": shy}, "hospital", family="binomial").fit(s=2)


def test_a_study_and_a_release_do_not_tell_of_few_rows():
    data = patients(K=1)
    site = sites_of(data)["h0"]
    site.release("days ~ x0 + x1", task="hospital")
    later = federation.Site(data["h0"].iloc[1:], POLICY, id="patient")
    later.ledger = site.ledger
    with pytest.raises(DataError, match=r"the sums would tell of 1 row alone"):
        federation.FederatedMTL(FORMULA, {"h0": later}, "hospital", family="binomial")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"family": "gaussian"}, r"^family='gaussian' needs no rounds: give the sum of what Site\.release\(\) makes"),
        ({"family": "cox"}, r"^family='cox' is not there: a partial likelihood compares a patient with all at risk"),
        ({"family": "gamma"}, r"^family = 'gamma' is not one of 'binomial', 'poisson'\."),
        ({"family": "binomial", "sites": {}}, r"^sites is empty; give at least one\."),
    ],
)
def test_studies_that_cannot_be(given, message):
    with pytest.raises(OptionError, match=message):
        federation.FederatedMTL(**{"formula": FORMULA, "sites": sites_of(patients(K=1)), "task": "hospital"} | given)


def test_noise_and_several_outcomes_have_no_rounds():
    data = patients(K=1)
    noisy = federation.Policy(epsilon=1.0, delta=1e-6, bounds={"x0": (0, 1)})
    with pytest.raises(OptionError, match=r"^The policy asks for noise, which answers in rounds do not have"):
        federation.FederatedMTL(FORMULA, sites_of(data, noisy), "hospital", family="binomial")
    two = {"h0": data["h0"].assign(z=data["h0"]["y"])}
    with pytest.raises(OptionError, match=r"^Several outcomes of one X are not there for sites"):
        federation.FederatedMTL("y + z ~ x0 + x1", sites_of(two), family="binomial")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"s": -1}, r"^s = -1 is not a whole number >= 0\."),
        ({"s": [1, 2]}, r"^s has 2 values for 3 tasks"),
        ({"s": {"h0": 1}}, r"^s names 'h0'; the tasks are 'h0', 'h1', 'h2'\."),
        ({"s": 1, "lambda_2": np.inf}, r"^lambda_2=inf is not there for sites"),
        ({"s": 1, "support": "independent", "lambda_z": 1.0}, r"^support='independent' shares nothing"),
        ({"s": [1, 2, 2], "support": "common"}, r"^support='common' means one size for all tasks"),
    ],
)
def test_settings_that_cannot_be(given, message):
    model = federation.FederatedMTL(FORMULA, sites_of(patients()), "hospital", family="binomial")
    with pytest.raises(OptionError, match=message):
        model.fit(**given)


def test_a_task_unknown_to_the_fit_and_to_the_question():
    data = patients()
    model = federation.FederatedMTL(FORMULA, sites_of(data), "hospital", family="binomial")
    fit = model.fit(s=2)
    new = data["h0"].head(2).assign(hospital="elsewhere")
    with pytest.raises(DataError, match=r"^Task 'elsewhere' is none of the fit; use how='mean'"):
        fit.predict(new)
    assert fit.predict(new, how="mean", type="link").shape == (2,)
    assert (
        repr(fit)
        == f"<FederatedResults of y: 3 tasks, 510 rows, {len(fit.selected)} features selected; {fit.rounds} rounds>"
    )
    wrong = replace(question_of(model, [0.0]), tasks=("h1", "h2", "h3"))
    with pytest.raises(DataError, match=r"^The question has no task 'h0'; it has 'h1', 'h2', 'h3'\."):
        sites_of(data)["h0"].answer(wrong)


def test_separation_without_a_ridge_is_said():
    data = patients(K=1, n=400)
    frame = data["h0"]
    frame["y"] = (frame["x0"] > frame["x0"].median()).astype(int)
    loose = federation.Policy(least_rows=1)
    model = federation.FederatedMTL(FORMULA, sites_of(data, loose), "hospital", family="binomial")
    with pytest.raises((SolverError, DataError)):
        model.fit(s=1, lambda_1=0.0)
