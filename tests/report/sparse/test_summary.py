import re

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from results.stand_in import fit_arrays, fit_frame
from sparsekin import SparseMTL
from sparsekin.report.sparse.parts import MANY_FEATURES
from sparsekin.report.sparse.summary import summarize
from sparsekin.results.sparse.fit import SparseFit


def sites(n_sites, n=18, p=6, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n * n_sites, p))
    frame = pd.DataFrame(X, columns=[f"x{j}" for j in range(p)])
    frame["site"] = np.repeat([f"site{k:02d}" for k in range(n_sites)], n)
    frame["y"] = 2 * X[:, 0] + rng.standard_normal(len(X))
    return frame


def text_of(frame, changes=None, **options):
    return summarize(fit_frame(SparseFit, "y ~ .", frame, task="site", changes=changes, **options)).as_text()


def block(text, stub):
    """The table whose header starts with `stub`, one list of cells per row."""
    rows = re.split(r"\n-+\n", text)
    at = next(i for i, part in enumerate(rows) if part.startswith(stub))
    return [re.split(r"\s{2,}", line) for line in rows[at + 1].splitlines()]


def test_header_names_what_was_fitted():
    data = sites(3)
    data.loc[[2, 20], "x1"] = np.nan
    text = text_of(data, missing="drop", keep=["x2"])
    for wanted in (
        r"^ +Shared-support L0 regression$",
        r"Outcome: +y  Supports: +heterogeneous", r"Task column: +site  lambda_1: +0$",
        r"Tasks: +3  lambda_2", r"Rows: +52 \(2 dropped\)", r"lambda_z: +0.5", r"Candidates: +5", r"Kept terms: +1",
        r"s: +2  ", r"Lower bound: +not computed", r"Gap: +not computed", r"^2 of 54 rows dropped: x1 \(2\)\.$",
    ):  # fmt: skip
        assert re.search(wanted, text, re.MULTILINE), wanted
    assert re.search(r"Objective: +[\d.]+$", text, re.MULTILINE)


def test_one_row_per_selected_feature_blank_where_not_selected():
    fit = fit_frame(SparseFit, "y ~ .", sites(3), task="site")
    text = summarize(fit).as_text()
    head = next(line for line in text.splitlines() if line.startswith("Selected features"))
    ends = {site: head.index(site) + len(site) for site in ("site00", "site01", "site02")}
    rows = {line.split()[0]: line for line in text.splitlines() if re.match(r"x\d ", line)}
    assert next(iter(rows)) == "x0"
    assert set(rows) == set(fit.selected)
    for feature, line in rows.items():
        assert line.split()[1] == f"{int(fit.support.loc[feature].sum())}/3"
        for site, end in ends.items():
            value = fit.params.loc[feature, site]
            shown = line[:end].split()[-1] if line[end - 1 : end].strip() else ""
            assert shown == (f"{value:.4g}" if value else "")
    assert "*" not in text
    assert "P>|" not in text


def test_kept_terms_have_their_own_table_with_blanks_where_they_cannot_be_estimated():
    data = sites(2)
    data.loc[data["site"] == "site01", "x2"] = 7.0
    text = text_of(data, keep=["x2"])
    kept = block(text, "Kept terms (not selected)")
    assert [row[0] for row in kept] == ["Intercept", "x2"]
    assert [len(row) for row in kept] == [3, 2]
    assert "confounded by features that were not selected; .double_selection()" in " ".join(text.split())
    assert "confounded" not in text_of(sites(2))


def test_homogeneity_and_fit_are_those_of_the_fit():
    data = sites(2)
    data.loc[1, "x1"] = np.nan
    fit = fit_frame(SparseFit, "y ~ .", data, task="site", missing="drop")
    text = summarize(fit).as_text()
    alike = {row[0]: row[1:] for row in block(text, "Support homogeneity")}
    assert alike["Features per task"] == ["2"]
    assert alike["Union, in any task"] == [str(len(fit.selected))]
    assert alike["Mean pairwise Jaccard"] == [
        f"{fit.homogeneity.mean_jaccard:.2f}",
        f"{fit.homogeneity.chance_jaccard:.2f}",
    ]
    row = fit.task_fit.loc["site00"]
    assert block(text, "Fit per task")[0] == [
        "site00", "17", "1", "2", f"{row['rmse']:.4g}", f"{row['r2']:.3f}", f"{row['resid_sd']:.4g}"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        (
            {"status": "swap-optimal", "swap_gain": 0.0},
            "swap-optimal: no single add, drop or swap improves it (7 moves",
        ),
        ({"swap_gain": 0.0012}, "converged; a single add, drop or swap could still lower the objective by 0.0012"),
        ({"swap_gain": None}, "Status: converged (7 moves, 0.01 s)."),
        ({"status": "interrupted"}, "interrupted: the best solution found until then"),
        ({"bound": 0.5, "gap": 0.0123}, "Gap: 1.23 %"),
    ],
)
def test_status(changes, wanted):
    assert wanted in " ".join(text_of(sites(2), changes).split())


def test_constant_columns_are_named_by_task():
    data = sites(3, p=14)
    data.loc[data["site"] == "site01", ["x4", "x5"]] = 0.0
    data.loc[data["site"] == "site02", [f"x{j}" for j in range(2, 13)]] = 1.0
    text = " ".join(text_of(data).split())
    assert "Constant within site01, so not selectable there: x4, x5." in text
    assert "Constant within site02, so not selectable there: x2, x3, x4, x5, x6, x7, x8, x9 and 3 more." in text


def test_many_tasks_show_their_range():
    data = sites(13)
    data.loc[data["site"].isin(["site03", "site04"]), "x5"] = 0.0
    fit = fit_frame(SparseFit, "y ~ .", data, task="site")
    text = summarize(fit).as_text()
    first = block(text, "Selected features")[0]
    values = fit.params.loc[first[0]][fit.support.loc[first[0]]]
    assert first[1:] == [f"{len(values)}/13", *(f"{v:.4g}" for v in (values.mean(), values.min(), values.max()))]
    assert [row[0] for row in block(text, "Fit over 13 tasks")] == ["min", "quarter", "median", "three quarters", "max"]
    assert "Constant within tasks (how many), so not selectable there: x5 (2)." in text
    assert "site03" not in text


def test_wide_tables_are_wrapped():
    data = sites(9)
    data["site"] = "University hospital " + data["site"]
    text = text_of(data)
    heads = [line for line in text.splitlines() if line.startswith("Selected features")]
    assert len(heads) == 5
    assert sum(line.count("University hospital") for line in heads) == 9
    assert max(map(len, text.splitlines())) <= 100


def test_many_features_are_cut_and_counted():
    rng = np.random.default_rng(0)
    fit = fit_arrays(SparseFit, rng.standard_normal(90), rng.standard_normal((90, 70)), s=65)
    text = summarize(fit).as_text()
    assert len(block(text, "Selected features")) == MANY_FEATURES
    assert "5 further features are selected in fewer tasks or are smaller: .params" in text


def test_nothing_selected():
    data = sites(2)
    nothing = np.zeros((6, 2))
    text = text_of(data, {"coef": nothing, "coef_standardized": nothing, "support": nothing.astype(bool)})
    assert "No feature is selected in any task." in text
    assert [row[1] for row in block(text, "Fit per task")] == ["18", "18"]


def test_a_task_without_a_complete_row_is_named():
    data = sites(3)
    data.loc[data["site"] == "site01", "x3"] = np.nan
    text = text_of(data, missing="drop")
    assert "No complete row is left of task site01: not in the model." in text


def test_several_outcomes():
    data = sites(2).drop(columns="site").assign(z=lambda d: -d["x1"])
    fit = fit_frame(SparseFit, "y + z ~ .", data)
    text = summarize(fit).as_text()
    assert re.search(r"Outcome: +y, z ", text)
    assert re.search(r"Task column: +none", text)
    assert re.search(r"Tasks: +2 outcomes", text)


@pytest.mark.parametrize("how", ["as_html", "as_latex", "as_csv"])
def test_other_formats_hold_the_same_numbers(how):
    fit = fit_frame(SparseFit, "y ~ .", sites(2), task="site")
    text = getattr(summarize(fit), how)()
    for value in fit.params.loc["x0"]:
        assert f"{value:.4g}" in text
    assert "site00" in text


def test_weighted_rows_are_said_to_be_so():
    """Beside an RMSE by weights stands the residual standard deviation of WLS, which may be far from it."""
    data = sm.datasets.star98.load_pandas().data
    data["rate"] = data["NABOVE"] / (data["NABOVE"] + data["NBELOW"])
    data["sat"] = data["NABOVE"] + data["NBELOW"]
    formula = "rate ~ LOWINC + PERASIAN + PTRATIO"
    fit = SparseMTL.from_formula(formula, data, weights="sat").fit(s=3)
    wls = sm.WLS.from_formula(formula, data, weights=data["sat"]).fit()
    assert fit.resid_sd.iloc[0] == pytest.approx(np.sqrt(wls.scale))
    assert fit.rmse.iloc[0] == pytest.approx(np.sqrt(np.average(wls.resid**2, weights=data["sat"])))
    said = "resid. sd is that of a row of weight 1, as in WLS"
    assert said in " ".join(str(fit.summary()).split())
    assert said not in " ".join(str(SparseMTL.from_formula(formula, data).fit(s=3).summary()).split())
