"""Half-samples of a fit: what is selected, how large it is, and what is refused, in the user's names."""

import numpy as np
import pandas as pd
import pytest

from sparsekin import SparseMTL, SparseResults, datasets, moments
from sparsekin.errors import DataError, DataWarning, InterruptedWarning, OptionError
from sparsekin.inference import halves as room
from sparsekin.results.unavailable import Unavailable


def frame(n=80, seed=0, noise=1.0):
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame(rng.standard_normal((3 * n, 10)), columns=[f"p{j}" for j in range(10)])
    rows["site"] = np.repeat(["A", "B", "C"], n)
    rows["age"] = rng.normal(60, 9, 3 * n)
    own = np.where(rows["site"] == "C", 0.0, 1.5)
    return rows.assign(y=rows["p1"] - own * rows["p4"] + 0.02 * rows["age"] + noise * rng.standard_normal(3 * n))


@pytest.fixture(scope="module")
def fit():
    return SparseMTL.from_formula("y ~ .", frame(), task="site", keep=["age"]).fit(s=2, lambda_1=0.01, lambda_z=0.05)


@pytest.fixture(scope="module")
def sure(fit):
    return fit.stability(pairs=25, rng=1)


def test_before_halves_everything_says_how_to_get_them(fit):
    assert fit.se_kind == "none"
    for answer in (fit.frequency, fit.bse, fit.pvalues, fit.params_heldout, fit.conf_int(), fit.select(),
                   fit.heterogeneity()):  # fmt: skip
        assert isinstance(answer, Unavailable)
        assert "stability()" in answer.reason
    assert ".stability() has honest ones" in fit.summary().as_text()


def test_what_is_there_is_selected_where_it_is(sure):
    found = sure.select(fdr=0.1)
    assert sorted(found.features) == ["p1", "p4"]
    assert found.cells.loc["p1"].all()
    assert found.cells.loc["p4"].tolist() == [True, True, False]
    assert sure.select(at_least=3).features == ["p1"]
    assert 0.5 <= found.cutoff <= 1
    assert found.bound <= 0.1 * len(found.features)
    assert "2 selected in any task" in repr(found)
    assert found.note == ""


def test_intervals_belong_to_held_out_slopes_and_cover(sure):
    ends, slopes = sure.conf_int(0.95), sure.params_heldout
    wide = sure.conf_int(0.999)
    for site, truth in (("A", [1, -1.5]), ("B", [1, -1.5]), ("C", [1, 0.0])):
        for name, value in zip(["p1", "p4"], truth, strict=True):
            assert wide.loc[name, (site, "lower")] < value < wide.loc[name, (site, "upper")]
            middle = (ends.loc[name, (site, "lower")] + ends.loc[name, (site, "upper")]) / 2
            assert middle == pytest.approx(slopes.loc[name, site])
    assert (sure.pvalues.loc["p1"] < 1e-6).all()
    assert sure.bse.shape == slopes.shape == (10, 3)
    assert sure.se_kind == "halves"


def test_one_half_by_hand(fit):
    """The slopes of one half-sample are those of least squares on the other rows, always-in terms included."""
    half = fit.stability(pairs=10, rng=5).halves.found[0]
    assert half.slope.shape == (len(half.features), 3)
    assert np.isfinite(half.slope).all()
    n_other, k = 40, 0
    assert half.df[k] == n_other - 2 - half.support[:, k].sum()


def test_same_slopes_and_different_ones(sure):
    table = sure.heterogeneity()
    assert bool(table.loc["p4", "differs"])
    assert not bool(table.loc["p1", "differs"])
    assert table.loc["p1", "conf_low"] < 1 < table.loc["p1", "conf_high"]
    assert table.loc["p4", "i_squared"] > 0.8


def test_tables_and_picture(sure, fit):
    rows = sure.tidy()
    plain = [name for name in rows if name in fit.tidy()]
    pd.testing.assert_frame_equal(rows[plain], fit.tidy())
    cell = rows[(rows["term"] == "p4") & (rows["task"] == "C")].iloc[0]
    assert cell["status"] in ("borrowed", "")
    first = rows[(rows["term"] == "p1") & (rows["task"] == "B")].iloc[0]
    assert first["status"] == "shown"
    assert first["conf_low"] == pytest.approx(sure.conf_int().loc["p1", ("B", "lower")])
    assert rows.loc[rows["kind"] != "candidate", "std_error"].isna().all()
    text = sure.summary().as_text()
    assert "of 50 half-samples" in text
    assert "from rows that did not choose the feature" in text
    axes = sure.plot_forest("p1")
    assert [label.get_text() for label in axes.get_yticklabels()][-1] == "mean of tasks"
    assert "chosen by 100 %" in axes.get_title(loc="left")
    assert axes.get_xlabel() == "slope of p1, 95 %"
    borrowed = [
        label.get_text() for label in sure.plot_forest("p4").get_yticklabels() if "borrowed" in label.get_text()
    ]
    assert [text[:1] for text in borrowed] == (["C"] if sure.support.loc["p4", "C"] else [])


def test_saved_and_loaded(sure, tmp_path):
    sure.save(tmp_path / "fit.npz")
    again = SparseResults.load(tmp_path / "fit.npz")
    pd.testing.assert_frame_equal(again.conf_int(), sure.conf_int())
    assert again.select().features == sure.select().features
    assert again.halves.asked == 25


def test_patients_stay_whole(fit):
    patients = np.arange(240) // 2
    some = fit.stability(pairs=10, rng=0, groups=patients)
    assert (some.frequency["any"] <= 1).all()
    with pytest.raises(DataError, match="groups must have one label for each of the 240 rows"):
        fit.stability(pairs=10, groups=patients[:-1])


def test_outcomes_of_one_design():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((90, 30))
    Y = pd.DataFrame({"a": X[:, 0], "b": X[:, 0] - X[:, 1]}) + 0.5 * rng.standard_normal((90, 2))
    Y.loc[:9, "b"] = np.nan
    found = SparseMTL(Y, X, missing="drop").fit(s=2, lambda_z=0.1).stability(pairs=20, rng=0)
    assert "x1" in found.select().features
    assert np.isfinite(found.conf_int().loc["x1"]).all()


KINDS = [
    {"support": "common"}, {"lambda_2": 0.5}, {"lambda_2": np.inf}, {"support": "independent", "lambda_z": 0.0},
]  # fmt: skip


@pytest.mark.parametrize("settings", KINDS)
def test_every_kind_of_fit(settings):
    model = SparseMTL.from_formula("y ~ .", frame(40), task="site")
    found = model.fit(**{"s": 2, "lambda_1": 0.01, "lambda_z": 0.05, **settings}).stability(pairs=10, rng=0)
    assert found.frequency.loc["p1", "any"] == 1.0
    if settings.get("support") == "common" or settings.get("lambda_2") == np.inf:
        np.testing.assert_array_equal(found.frequency["A"], found.frequency["any"])


def test_noise_selects_nothing_and_says_so():
    rng = np.random.default_rng(3)
    X = rng.standard_normal((160, 30))
    found = SparseMTL(rng.standard_normal(160), X, np.repeat(["a", "b"], 80)).fit(s=2, lambda_z=0.05).stability(rng=0)
    chosen = found.select()
    assert chosen.features == []
    assert "no cut keeps the rate" in repr(chosen)
    assert chosen.note == "no feature is chosen by so many of the half-samples that the false discovery rate is kept"
    assert found.heterogeneity().empty
    assert "no cut keeps the expected" in " ".join(found.summary().as_text().split())


def test_of_few_columns_and_a_large_s_nothing_can_be_found_and_why():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 5))
    y = X[:, :3] @ [3.0, 3, 3] + rng.standard_normal(400)
    found = SparseMTL(y, X, np.repeat(["a", "b"], 200)).fit(s=3).stability(pairs=10, rng=0)
    assert sorted(found.frequency["any"])[2:] == [1, 1, 1]
    chosen = found.select()
    assert chosen.features == []
    assert "so many of the candidates are chosen that no cut of half-samples keeps the false discovery" in chosen.note
    assert "a half-sample chooses 3.0 of 5 on average" in chosen.note
    assert chosen.note in repr(chosen)


def test_few_rows_are_named_with_what_is_needed():
    data = frame(40).groupby("site").head(40)
    data = data[(data["site"] != "C") | (np.arange(len(data)) % 3 == 0)]
    found = SparseMTL.from_formula("y ~ .", data, task="site").fit(s=4, lambda_z=0.05).stability(pairs=10, rng=0)
    assert found.conf_int()["C"].isna().all().all()
    assert found.conf_int().loc["p1", "A"].notna().all()
    assert "Task 'C' has 13 rows; for intervals beside its features it needs about" in found.summary().as_text()
    few = data[(data["site"] != "C") | (data.groupby("site").cumcount() < 3)]
    tiny = SparseMTL.from_formula("y ~ p1 + p4", few, task="site").fit(s=1)
    with pytest.raises(DataError, match="Task 'C' has 3 rows, too few to halve; it needs 4, or drop the task"):
        tiny.stability()


def test_yes_and_no():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((240, 12))
    y = rng.random(240) < 1 / (1 + np.exp(-1.5 * X[:, 1] + 1.5 * X[:, 4]))
    site = np.repeat(["A", "B"], 120)
    fit = SparseMTL(y, X, site, family="binomial").fit(s=2, lambda_z=0.02, effort=0)
    sure = fit.stability(pairs=10, rng=0)
    assert (sure.frequency.loc[["x2", "x5"], "any"] == 1).all()
    low, high = (sure.conf_int(0.999).xs(end, axis=1, level=1).loc["x2"] for end in ("lower", "upper"))
    assert ((low < 1.5) & (high > 1.5)).all()
    few = SparseMTL(np.where(np.arange(240) < 3, 1.0, y * (site == "B")), X, site, family="binomial")
    with pytest.warns(DataWarning, match="Task 'A' has 3 events"):
        rare = few.fit(s=1, effort=0)
    with pytest.raises(DataError, match="Task 'A' has 3 rows in its smaller class, too few to halve"):
        rare.stability()


def test_tuned_in_every_half():
    model = SparseMTL.from_formula("y ~ .", frame(40), task="site")
    found = model.fit(s=5, lambda_1=0.01, lambda_z=0.05).stability(pairs=10, rng=0, retune=True)
    assert {"p1", "p4"} <= set(found.frequency.index[found.frequency["any"] == 1.0])
    assert found.frequency["any"].sum() < 5


def test_kept_terms_by_double_selection(fit):
    table = fit.double_selection(rng=0)
    assert table["term"].tolist() == ["age"] * 3
    assert table["task"].tolist() == ["A", "B", "C"]
    assert (table["conf_low"] < 0.02).all()
    assert (table["conf_high"] > 0.02).all()
    assert table["estimate_fit"].tolist() == fit.params.loc["age"].tolist()
    with pytest.raises(OptionError, match="name the exposure and its confounders in keep="):
        SparseMTL.from_formula("y ~ p1 + p4", frame(), task="site").fit(s=1).double_selection()


@pytest.mark.parametrize("pairs", [0, 9, 10.5, "many", None, True])
def test_pairs(fit, pairs):
    with pytest.raises(OptionError, match="must be a whole number of at least 10"):
        fit.stability(pairs=pairs)


def test_other_refusals(fit, sure):
    with pytest.raises(OptionError, match="at_least = 4 must be a number of tasks, 1 to 3"):
        sure.select(at_least=4)
    with pytest.raises(OptionError, match=r"fdr = 1\.5 must be a number between 0 and 1"):
        sure.select(fdr=1.5)
    with pytest.raises(OptionError, match="level = 95 must be a number between 0 and 1"):
        sure.conf_int(95)
    with pytest.raises(OptionError, match="There is no candidate 'bmi'"):
        sure.plot_forest("bmi")
    with pytest.raises(OptionError, match="half-samples"):
        fit.plot_forest("p1")
    unlikely = sure.frequency["any"].idxmin()
    with pytest.raises(OptionError, match=f"'{unlikely}' was chosen by"):
        sure.plot_forest(unlikely)
    data = frame(40)
    total = moments.from_frame("y ~ p1 + p4", data, task="site")
    with pytest.raises(OptionError, match="Rows cannot be halved"):
        SparseMTL.from_moments(total).fit(s=1).stability()


def test_ctrl_c_keeps_finished_pairs(fit, monkeypatch):
    calls = []
    true = room.solve

    def until(training, **options):
        calls.append(1)
        if len(calls) > 25:
            raise KeyboardInterrupt
        return true(training, **options)

    monkeypatch.setattr(room, "solve", until)
    with pytest.warns(InterruptedWarning, match="12 of 50 pairs"):
        some = fit.stability(rng=0)
    assert some.halves.pairs == 12
    assert np.isfinite(some.conf_int().loc["p1"]).all()


def test_the_shipped_proteins():
    people = datasets.load_ad_biomarkers().drop(columns=["p_tau", "Ab_42", "diagnosis"])
    people = people[people.groupby("genotype")["tau"].transform("size") >= 30]
    fit = SparseMTL.from_formula("tau ~ .", people, task="genotype", keep=["age", "male"]).fit(
        s=5, lambda_1=0.01, lambda_z=0.005
    )
    assert fit.stability(rng=1).select().features[0] == "Osteopontin"


@pytest.mark.parametrize("groups", [np.ones(240), np.repeat(["A", "B", "C"], 80)])
def test_a_task_of_one_group_is_refused(fit, groups):
    with pytest.raises(DataError, match="Task 'A' has 1 group of rows, too few to halve; it needs 2: leave groups out"):
        fit.stability(10, groups=groups)


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_task_of_one_value_has_no_effects():
    rows = frame()
    rows.loc[rows["site"] == "A", "y"] = 3.0
    sure = SparseMTL.from_formula("y ~ .", rows, task="site").fit(s=2).stability(10, rng=0)
    assert sure.params_heldout["A"].isna().all()
    assert sure.pvalues["A"].isna().all()
    assert sure.params_heldout.loc["p1", ["B", "C"]].notna().all()
    compared = sure.heterogeneity(fdr=0.5)
    assert (compared["df"] == 1).all()
    assert "e-1" not in str(sure.summary())


def test_groups_that_are_missing_are_counted_and_named(fit):
    groups = pd.Series(np.arange(240.0), name="patient")
    groups[[4, 7]] = np.nan
    with pytest.raises(DataError, match="groups, column 'patient', is missing in 2 of 240 rows, the first row 4"):
        fit.stability(10, groups=groups)
