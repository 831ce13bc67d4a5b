"""Tables of cross-validations and comparisons, for reading and for programs."""

from __future__ import annotations

import numpy as np
import pandas as pd
from statsmodels.iolib.table import SimpleTable

from sparsekin.report.document import Document, table
from sparsekin.report.numbers import fixed, number
from sparsekin.results.compare import ComparisonFit
from sparsekin.results.cv import CVFit

SHOWN = 10  # settings, the best first
METRICS = {"rmse": "RMSE", "r2": "R2", "mae": "Mean absolute error"}
_SCHEMES = {"within-task": "rows of every task held out", "leave-one-task-out": "one task held out at a time"}


def summarize_cv(cv: CVFit) -> Document:
    """Summary of a cross-validation: what was tried, the two choices, the best settings, the errors per task.

    Parameters
    ----------
    cv : CVFit

    Returns
    -------
    Document
    """
    chosen, title = {"best": cv.best_index, "1se": cv.best_1se_index}, f"Cross-validation by {METRICS[cv.metric]}"
    folds = cv.errors.folds
    finished = int(cv.errors.finished.all(axis=0).sum())
    parts: list[SimpleTable | str] = [
        table(
            [
                ["Scheme:", _SCHEMES[folds.scheme]],
                [
                    "Folds:",
                    str(folds.n_folds) if finished == folds.n_folds else f"{finished} of {folds.n_folds} finished",
                ],
                ["Settings:", str(len(cv.errors.settings))],
            ]
        ),
        _settings(cv, chosen),
        _tasks(cv, chosen),
        "best: the best mean over folds. 1se: the sparsest setting within one standard error of it, most shared "
        "supports first.",
    ]
    if folds.scheme == "leave-one-task-out":
        how = "the mean of the other tasks' models" if cv.ensemble == "mean" else "stacking of the other tasks' models"
        parts.append(f"A task that is held out is predicted by {how}.")
    return Document(title, parts)


def _settings(cv: CVFit, chosen: dict[str, int]) -> SimpleTable:
    found = cv.table
    ranked = found["mean"].sort_values(ascending=cv.metric != "r2", kind="stable").index[:SHOWN].tolist()
    order = dict.fromkeys([chosen["best"], *ranked, chosen["1se"]])
    rows = []
    for i in order:
        row, marks = found.loc[i], [name for name, at in chosen.items() if at == i]
        rows.append([
            ", ".join(marks), str(int(row["s"])), *(number(row[f"lambda_{x}"], 3) for x in "12z"), number(row["mean"]),
            number(row["std_error"], 2), fixed(row["selected"], 1), fixed(row["mean_jaccard"], 2),
        ])  # fmt: skip
    headers = ["", "s", "lambda_1", "lambda_2", "lambda_z", "mean", "s.e.", "selected", "Jaccard"]
    return table(rows, headers)


def _tasks(cv: CVFit, chosen: dict[str, int]) -> SimpleTable:
    found = cv.per_task
    rows = [[str(task), *(number(found[task].iloc[i]) for i in chosen.values())] for task in found]
    return table(rows, ["outcome" if cv.problem.blocks.shared else "task", *chosen])


def tidy_cv(cv: CVFit) -> pd.DataFrame:
    """One row per setting, as broom does for cv.glmnet.

    Parameters
    ----------
    cv : CVFit

    Returns
    -------
    DataFrame
        Columns s, lambda_1, lambda_2, lambda_z, estimate (the metric), std.error, conf.low and conf.high (estimate
        less and plus one standard error), nzero (features per task), mean_jaccard.
    """
    found = cv.table.rename(columns={"mean": "estimate", "std_error": "std.error", "selected": "nzero"})
    found.insert(6, "conf.low", found["estimate"] - found["std.error"])
    found.insert(7, "conf.high", found["estimate"] + found["std.error"])
    return found.drop(columns="folds")


def glance_cv(cv: CVFit) -> pd.DataFrame:
    """One row: metric, scheme, n_folds, n_settings, nobs, and s, lambdas and mean of both choices.

    Parameters
    ----------
    cv : CVFit

    Returns
    -------
    DataFrame
        The choices have columns s_best, lambda_1_best, ..., estimate_best and s_1se, ..., estimate_1se.
    """
    folds, found = cv.errors.folds, cv.table
    row: dict[str, object] = {
        "metric": cv.metric, "scheme": folds.scheme, "n_folds": folds.n_folds, "n_settings": len(found),
        "nobs": int(np.sum(folds.of_row >= 0)),
    }  # fmt: skip
    for name, i in (("best", cv.best_index), ("1se", cv.best_1se_index)):
        at = found.loc[i]
        row |= {f"{column}_{name}": at[column] for column in ("s", "lambda_1", "lambda_2", "lambda_z")}
        row[f"estimate_{name}"] = at["mean"]
    return pd.DataFrame([row]).astype({"s_best": int, "s_1se": int})


def summarize_comparison(comparison: ComparisonFit) -> Document:
    """One table of methods, the differences to the first, and their standard errors.

    Parameters
    ----------
    comparison : ComparisonFit

    Returns
    -------
    Document
    """
    found = comparison.table
    first = str(found.index[0])
    rows = [
        [
            str(name), number(row["mean"]), number(row["std_error"], 2), number(row["difference"], 3),
            number(row["difference_se"], 2), fixed(row["selected"], 1), str(int(row["settings"])),
        ]
        for name, row in found.iterrows()
    ]  # fmt: skip
    headers = ["method", METRICS[comparison.metric], "s.e.", "difference", "s.e.", "selected", "settings"]
    parts: list[SimpleTable | str] = [table(rows, headers)]
    parts += [f"Not available: {name}: {reason}." for name, reason in comparison.unavailable.items()]
    parts.append(
        f"Means over {len(comparison.per_fold)} folds ({_SCHEMES[comparison.scheme]}), each fold at the setting that "
        f"is best on the other folds. Differences are to {first}; their standard errors are of the paired "
        "differences over folds."
    )
    return Document(f"Comparison by {METRICS[comparison.metric]}", parts)
