"""Worked pages: heart centres, asthma by cohort, breast cancer from Rotterdam to Germany, new studies.

``python benchmarks/worked_pages.py heart|asthma|breast|new_studies`` writes `benchmarks/results/worked_<name>.md` and
the pictures of the page in `docs/images`. Breast reads the R package survival, the others ../shared/data.
"""

from __future__ import annotations

import math
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegressionCV
from sklearn.metrics import roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sparsekin import SparseMTL
from tables import read

HERE = Path(__file__).resolve().parent
DATA, RESULTS, IMAGES = HERE.parents[1] / "shared" / "data", HERE / "results", HERE.parent / "docs" / "images"
WAYS: dict[str, dict[str, Any]] = {
    "pool": {"lambda_2": math.inf, "lambda_z": 0.0},
    "share: same features": {"support": "common", "lambda_2": 0.0, "lambda_z": 0.0},
    "share: similar features": {"lambda_2": 0.0, "lambda_z": [0.003, 0.01, 0.03]},
    "separate": {"support": "independent", "lambda_2": 0.0, "lambda_z": 0.0},
}
FOLDS = 10


def tried(model: SparseMTL, sizes: list[int], **options: Any) -> dict[str, Any]:
    """A cross-validation per way to share, on the same folds."""
    found: dict[str, Any] = {}
    folds: Any = options.pop("folds", FOLDS)
    for name, way in WAYS.items():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # best values at an end, few events
            found[name] = model.cross_validate(s=[0, *sizes], folds=folds, rng=0, **way, **options)
        folds = found[name].folds.to_numpy() if options.get("scheme") != "leave-one-task-out" else folds
    return found


def ways_table(found: dict[str, Any]) -> pd.DataFrame:
    """Deviance per held-out row of each way, beside the model without features."""
    rows = {}
    for name, cv in found.items():
        best, null = cv.table.loc[cv.table.index[cv.best_index]], cv.table.loc["null"]
        apart = cv.per_fold.to_numpy()[cv.best_index] - cv.per_fold.loc["null"].to_numpy()
        rows[name] = {
            "deviance": best["mean"], "SE": best["std_error"], "gain over no features": null["mean"] - best["mean"],
            "SE of the gain": apart.std(ddof=1) / np.sqrt(len(apart)), "s": int(best["s"]),
            "features per task": best["selected"],
        }  # fmt: skip
    return pd.DataFrame(rows).T.rename_axis("way")


def markdown(table: pd.DataFrame, digits: int = 3, index: bool = True) -> str:
    """A table as Markdown, numbers to so many decimals, whole ones as they are, blank where there is none."""
    table = table.reset_index() if index else table

    def cell(value: Any) -> str:
        if isinstance(value, float | np.floating):
            if np.isnan(value):
                return ""
            return f"{value:.0f}" if float(value).is_integer() and abs(value) >= 1 else f"{value:.{digits}f}".replace(
                "-0." + "0" * digits, "0." + "0" * digits
            )  # fmt: skip
        return str(value)

    lines = [list(map(str, table.columns)), *([cell(value) for value in row] for row in table.itertuples(index=False))]
    shown = ["| " + " | ".join(line) + " |" for line in lines]
    return "\n".join([shown[0], "|" + " --- |" * len(lines[0]), *shown[1:]])


def performance(fit: Any) -> pd.DataFrame:
    """`fit.performance` without the column of reasons where it is empty."""
    table = fit.performance
    return table.drop(columns="undefined") if (table["undefined"] == "").all() else table


def picture(axes: Any, name: str) -> None:
    """Save the figure of a picture."""
    axes[0].figure.savefig(IMAGES / f"{name}.png", dpi=100)


def write(name: str, parts: dict[str, str]) -> None:
    """The parts of a page, each between marks that the page includes."""
    text = "\n\n".join(f"<!-- {key} -->\n\n{part}\n\n<!-- end of {key} -->" for key, part in parts.items())
    (RESULTS / f"worked_{name}.md").write_text(text + "\n", encoding="utf-8")


def lasso_left_out(frame: pd.DataFrame, y: np.ndarray, task: np.ndarray) -> pd.Series:
    """AUC in each task of a pooled logistic lasso of the others, its penalty by cross-validation."""
    X, out = frame.to_numpy(float), {}
    for label in np.unique(task):
        mine = task == label
        lasso = LogisticRegressionCV(Cs=12, l1_ratios=(1.0,), solver="liblinear", cv=5, scoring="neg_log_loss")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = make_pipeline(StandardScaler(), lasso).fit(X[~mine], y[~mine])
        out[label] = roc_auc_score(y[mine], model.predict_proba(X[mine])[:, 1])
    return pd.Series(out, name="AUC, pooled lasso of the others")


def heart_data(mended: bool) -> pd.DataFrame:
    """Four centres; `mended`: Cleveland's codes turned into those of the other centres."""
    data = pd.read_csv(DATA / "heart_centres.csv")
    data["ill"] = data["target"] > 0
    here = data["centre"] == "cleveland"
    if mended:
        data.loc[here, "ill"] = data.loc[here, "target"] == 0
        for name, codes in {"cp": {0: 4, 1: 2, 2: 3, 3: 1}, "restecg": {0: 2, 1: 0, 2: 1}}.items():
            data.loc[here, name] = data.loc[here, name].map(codes)
    data["pain"] = data["cp"].map({0: "none", 4: "none", 1: "typical", 2: "atypical", 3: "other"})
    data["ecg"] = data["restecg"].map({0: "normal", 1: "ST-T", 2: "hypertrophy"})
    return data[["centre", "ill", "age", "sex", "pain", "trestbps", "ecg", "thalach", "exang", "oldpeak"]]


def heart() -> None:
    """Is sharing worth it in four centres, and what of a fifth?"""
    as_filed = _heart_model(False).fit(s=4, support="common").hold_out(scheme="leave-one-task-out")
    found = tried(_heart_model(True), [1, 2, 4, 8])
    ways = ways_table(found)
    fit = found[ways["deviance"].idxmin()].refit()
    left = fit.hold_out(scheme="leave-one-task-out")
    whole = heart_data(True).dropna()
    X = pd.get_dummies(whole.drop(columns=["centre", "ill"]), drop_first=True, dtype=float)
    lasso = lasso_left_out(X, whole["ill"].to_numpy(), whole["centre"].to_numpy())
    ours = left.performance.xs("task left out", level=1)["auc"].rename("AUC, mean of the others")
    picture(fit.plot_calibration(), "heart-calibration")
    picture(left.plot_calibration(), "heart-new-centre")
    write("heart", {
        "as filed": markdown(performance(as_filed).xs("task left out", level=1), 2),
        "ways": markdown(ways), "best": f"Least deviance: **{ways['deviance'].idxmin()}**.",
        "summary": f"```\n{fit.summary()}\n```", "performance": markdown(performance(fit), 2),
        "left out": markdown(performance(left).xs("task left out", level=1), 2),
        "lasso": markdown(pd.concat([ours, lasso], axis=1).rename_axis("centre")),
    })  # fmt: skip


def new_studies() -> None:
    """Each of the four centres left out, and everything done anew on the others."""
    model = _heart_model(True)
    found = model.validate(rng=0)
    fit = model.cross_validate(rng=0).refit()
    held = fit.hold_out(scheme="leave-one-task-out").performance.xs("task left out", level=1)
    average = model.validate("average", rng=0)
    names = ["explained", "auc", "brier", "cal_intercept", "cal_slope"]
    ways = {"tuned without the centre": found.performance, "settings chosen with it": held,
            "average, tuned without it": average.performance}  # fmt: skip
    compared = (
        pd.concat({way: table[names] for way, table in ways.items()})
        .swaplevel()
        .sort_index(level=0, sort_remaining=False)
    )
    apart = average.pooled.loc[["auc", "cal_slope"], ["estimate", "pred_lower", "pred_upper"]]
    for name in ("auc", "cal_intercept"):
        found.plot_forest(name).figure.savefig(IMAGES / f"new-studies-{name.replace('_', '-')}.png", dpi=100)
    picture(found.plot_calibration(), "new-studies-calibration")
    write("new_studies", {
        "summary": f"```\n{found.summary()}\n```", "pooled": markdown(found.pooled.drop(columns="scale")),
        "compared": markdown(compared.rename_axis(["centre", "way"]), 2), "average": markdown(apart),
    })  # fmt: skip


def _heart_model(mended: bool) -> SparseMTL:
    return SparseMTL.from_formula("ill ~ .", heart_data(mended), task="centre", family="binomial", missing="drop")


def asthma() -> None:
    """222 exposures, six cohorts, few events."""
    data = read(DATA / "exposome_cohorts.csv.gz")
    others = ["hs_zbmi_who", "e3_bw", "hs_correct_raven", "hs_Gen_Tot", "hs_bmi_c_cat", "hs_c_height_None",
              "hs_c_weight_None"]  # fmt: skip
    data = data.drop(columns=[name for name in others if name in data])
    keep = ["e3_sex_None", "hs_child_age_None"]
    model = SparseMTL.from_formula("hs_asthma ~ .", data, task="h_cohort", keep=keep, family="binomial")
    found = tried(model, [1, 3], folds=5, lambda_1=0.05)
    ways = ways_table(found)
    events = data.groupby("h_cohort")["hs_asthma"].agg(["size", "sum"]).rename_axis("cohort")
    one = model.fit(s=3, support="common", lambda_1=0.05).hold_out(folds=5, rng=0)
    left = one.hold_out(scheme="leave-one-task-out")
    X = pd.get_dummies(data.drop(columns=["h_cohort", "hs_asthma"]), drop_first=True, dtype=float)
    lasso = lasso_left_out(X, data["hs_asthma"].to_numpy(), data["h_cohort"].to_numpy())
    ours = left.performance.xs("task left out", level=1)["auc"].rename("AUC, mean of the others")
    picture(one.plot_calibration(), "asthma-calibration")
    write("asthma", {
        "events": markdown(events.rename(columns={"size": "children", "sum": "asthma"})), "ways": markdown(ways, 4),
        "performance": markdown(performance(one), 2), "selected": ", ".join(f"`{name}`" for name in one.selected),
        "lasso": markdown(pd.concat([ours, lasso], axis=1).rename_axis("cohort")),
    })  # fmt: skip


def breast_data() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rotterdam, and the German trial, with the same columns: years to recurrence or death, five years at most."""
    with tempfile.TemporaryDirectory() as folder:
        script = "; ".join(
            f"write.csv({one}, '{folder}/{one}.csv', row.names = FALSE)" for one in ("rotterdam", "gbsg")
        )
        subprocess.run(["Rscript", "-e", f"library(survival); {script}"], check=True, capture_output=True)
        dutch, german = (pd.read_csv(f"{folder}/{one}.csv") for one in ("rotterdam", "gbsg"))
    first = np.where(dutch["recur"] == 1, dutch["rtime"], dutch["dtime"])
    dutch = dutch.assign(days=first, event=dutch[["recur", "death"]].max(axis=1))
    german = german.assign(
        days=german["rfstime"],
        event=german["status"],
        chemo=0,
        size=pd.cut(german["size"], [-1, 20, 50, 1000], labels=["<=20", "20-50", ">50"]).astype(str),
    )
    return _columns(dutch), _columns(german)


def _columns(data: pd.DataFrame) -> pd.DataFrame:
    years = data["days"] / 365.25
    return pd.DataFrame({
        "menopause": np.where(data["meno"] == 1, "after", "before"), "years": np.minimum(years, 5.0),
        "event": np.where(years <= 5.0, data["event"], 0), "age": data["age"], "age_squared": (data["age"] - 50) ** 2,
        "middle_size": (data["size"] == "20-50").astype(float), "large_size": (data["size"] == ">50").astype(float),
        "grade_3": (data["grade"] == 3).astype(float), "nodes": data["nodes"].clip(upper=30),
        "log_nodes": np.log1p(data["nodes"]), "any_nodes": (data["nodes"] > 0).astype(float),
        "log_pgr": np.log1p(data["pgr"]), "log_er": np.log1p(data["er"]), "pgr_0": (data["pgr"] == 0).astype(float),
        "hormon": data["hormon"], "nodes_by_hormon": np.log1p(data["nodes"]) * data["hormon"],
        "nodes_by_grade": np.log1p(data["nodes"]) * (data["grade"] == 3),
    })  # fmt: skip


def breast() -> None:
    """Develop in Rotterdam, by menopausal status; validate in Germany."""
    dutch, german = breast_data()
    model = SparseMTL.from_formula("Surv(years, event) ~ .", dutch, task="menopause")
    found = tried(model, [2, 4, 8], folds=5, lambda_1=0.001)
    ways = ways_table(found)
    fit = found[ways["deviance"].idxmin()].refit()
    outside = {name: cv.refit().validate(german).performance.droplevel(1)["concordance"] for name, cv in found.items()}
    there = fit.validate(german)
    picture(fit.plot_survival(), "breast-survival")
    picture(there.plot_survival(), "breast-survival-germany")
    picture(there.plot_calibration(time=3.0), "breast-calibration-germany")
    write("breast", {
        "ways": markdown(ways, 4), "best": f"Least deviance: **{ways['deviance'].idxmin()}**.",
        "coefficients": markdown(fit.params.loc[fit.selected].replace(0.0, np.nan), 3),
        "performance": markdown(performance(fit), 3),
        "validation": markdown(performance(there), 3), "outside": markdown(pd.DataFrame(outside).T.rename_axis("way")),
        "summary": f"```\n{there.summary()}\n```",
    })  # fmt: skip


PAGES: dict[str, Callable[[], None]] = {"heart": heart, "asthma": asthma, "breast": breast, "new_studies": new_studies}

if __name__ == "__main__":
    for page in sys.argv[1:] or list(PAGES):
        PAGES[page]()
