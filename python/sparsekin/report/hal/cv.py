"""Tables of the cross-validation of a multi-task HAL."""

from __future__ import annotations

import numpy as np
import pandas as pd
from statsmodels.iolib.table import SimpleTable

from sparsekin.report.document import Document, table
from sparsekin.report.numbers import fixed, number
from sparsekin.results.hal.cv import HALCVFit
from sparsekin.tuning.hal.scores import HIGH

SHOWN = 10  # lambdas, the best first
METRICS = {
    "rmse": "RMSE", "relative rmse": "relative RMSE", "auc": "AUC", "brier": "Brier score", "c_index": "concordance",
}  # fmt: skip  # others by their own names


def summarize_hal_cv(cv: HALCVFit) -> Document:
    """Summary of a cross-validation: what was tried, the two choices, the best lambdas, the errors per task.

    Parameters
    ----------
    cv : HALCVFit

    Returns
    -------
    Document
    """
    found, chosen = cv.table, dict(zip(("best", "1se"), cv.rows, strict=True))
    sign = -1.0 if cv.metric in HIGH else 1.0
    ranked = np.argsort(sign * found["mean"].to_numpy(), kind="stable")[:SHOWN].tolist()
    rows = []
    for i in dict.fromkeys([chosen["best"], *ranked, chosen["1se"]]):
        row, marks = found.iloc[i], [name for name, at in chosen.items() if at == i]
        rows.append([
            ", ".join(marks), number(row["l1_ratio"], 3), _linear(row["linear"]), number(row["lambda"]),
            number(row["mean"]), number(row["std_error"], 2), fixed(row["selected"], 1),
        ])  # fmt: skip
    per_task = cv.per_task
    tasks = [[str(task), *(number(per_task[task].iloc[i]) for i in chosen.values())] for task in per_task.columns]
    parts: list[SimpleTable | str] = [
        table(
            [
                ["Folds:", str(cv.errors.folds.n_folds)],
                ["Lambdas:", str(len(found))],
                ["Rows:", str(cv.prepared.blocks.nobs)],
            ]
        ),
        table(rows, ["", "l1_ratio", "linear", "lambda", "mean", "s.e.", "functions"]),
        table(tasks, ["outcome" if cv.problem.blocks.shared else "task", *chosen]),
        "best: the best mean over folds. 1se: the largest lambda, at that l1_ratio and linear, within one standard "
        "error of it. l1_ratio: 0 takes a function in for all tasks or for none, 1 is a lasso per task. linear: the "
        "penalty of lines, the smaller the less beside that of curves; as others: lines are functions as any other.",
    ]
    return Document(f"Cross-validation by {METRICS.get(cv.metric, cv.metric)}", parts)


def _linear(value: float) -> str:
    return "as others" if np.isnan(value) else number(value, 3)


def tidy_hal_cv(cv: HALCVFit) -> pd.DataFrame:
    """One row per l1_ratio, linear and lambda, as broom does for cv.glmnet.

    Parameters
    ----------
    cv : HALCVFit

    Returns
    -------
    DataFrame
        Columns l1_ratio, linear, lambda, estimate (the metric), std.error, conf.low and conf.high (estimate less and
        plus one standard error), nzero (functions), metric.
    """
    found = cv.table.rename(columns={"mean": "estimate", "std_error": "std.error", "selected": "nzero"})
    found.insert(5, "conf.low", found["estimate"] - found["std.error"])
    found.insert(6, "conf.high", found["estimate"] + found["std.error"])
    return found.assign(metric=cv.metric)


def glance_hal_cv(cv: HALCVFit) -> pd.DataFrame:
    """One row: metric, n_folds, n_settings, nobs, l1_ratio, linear, and lambda and mean of both choices.

    Parameters
    ----------
    cv : HALCVFit

    Returns
    -------
    DataFrame
        Columns lambda_best, estimate_best, lambda_1se, estimate_1se.
    """
    found, folds = cv.table, cv.errors.folds
    row: dict[str, object] = {
        "metric": cv.metric, "n_folds": folds.n_folds, "n_settings": len(found), "nobs": cv.prepared.blocks.nobs,
        "l1_ratio": cv.best_l1_ratio, "linear": np.nan if cv.best_linear is None else cv.best_linear,
    }  # fmt: skip
    for name, i in zip(("best", "1se"), cv.rows, strict=True):
        row |= {f"lambda_{name}": found["lambda"].iloc[i], f"estimate_{name}": found["mean"].iloc[i]}
    return pd.DataFrame([row])
