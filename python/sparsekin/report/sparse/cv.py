"""Tables of cross-validations and comparisons, for reading and for programs."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd
from statsmodels.iolib.table import SimpleTable

from sparsekin.data.frame import list_names
from sparsekin.losses.held_out import FREE
from sparsekin.options import Scheme
from sparsekin.report.document import Document, table
from sparsekin.report.numbers import fixed, number
from sparsekin.report.sparse.given import disk_notes
from sparsekin.results.sparse.cv import NULL, CVFit
from sparsekin.tuning.sparse.table import HIGH, Score

SHOWN = 10  # settings, the best first
METRICS = {
    "rmse": "RMSE", "r2": "R2", "mae": "Mean absolute error",
    "relative rmse": "Relative RMSE", "relative mae": "Relative mean absolute error", "deviance": "Mean deviance",
    "relative deviance": "Relative deviance", "auc": "AUC", "brier": "Brier score", "c_index": "Concordance",
}  # fmt: skip
SCHEMES = {"within-task": "rows of every task held out", "leave-one-task-out": "one task held out at a time"}
LEVEL_FREE = (
    "In the deviance of a task held out its level (log odds, or log rate) is free: how many cases a study has is a "
    "matter of its sampling, of which others know nothing. Judged is how well its rows are told apart."
)


def summarize_cv(cv: CVFit) -> Document:
    """Summary of a cross-validation: what was tried, the two choices, the best settings, the errors per task.

    Parameters
    ----------
    cv : CVFit

    Returns
    -------
    Document
    """
    chosen, title = {"best": cv.best_index, "1se": cv.best_1se_index}, f"Cross-validation by {METRICS[cv.score]}"
    parts: list[SimpleTable | str] = [
        opening(cv),
        settings_part(cv, chosen),
        tasks_part(cv, chosen),
        f"best: the best mean over folds. 1se: the sparsest setting within one standard error {of_what(cv)}, most "
        "shared supports first. null: means and always-in columns alone.",
        *remarks(cv, chosen["best"]),
    ]
    parts += disk_notes(cv.problem.blocks, cv.passes)
    if cv.errors.folds.scheme == "leave-one-task-out":
        how = (
            "the mean of the other tasks' models, levels by rows"
            if cv.ensemble == "mean"
            else "stacking of the other tasks' models"
        )
        parts.append(f"A task that is held out is predicted by {how}.")
    return Document(title, parts)


def opening(cv: CVFit) -> SimpleTable:
    """Scheme, folds, number of settings."""
    folds = cv.errors.folds
    finished = int(cv.errors.finished.all(axis=0).sum())
    done = str(folds.n_folds) if finished == folds.n_folds else f"{finished} of {folds.n_folds} finished"
    return table([["Scheme:", SCHEMES[folds.scheme]], ["Folds:", done], ["Settings:", str(cv.n_settings)]])


def of_what(cv: CVFit, best: str = "it") -> str:
    """Whose standard error the rule 1se takes: see `sparsekin.tuning.sparse.table.best_one_se`."""
    return f"of {best}" if cv.errors.folds.scheme == "within-task" else f"of the difference to {best}"


def remarks(cv: CVFit, best: int) -> list[str]:
    """What errors are relative to, tasks that are not judged, and whether features help at all."""
    found = []
    if cv.score != cv.metric:
        found.append(
            "Errors are relative to the task's null model, fitted to the training rows of each fold; its error stands "
            "in the units of the task in the last column."
        )
    if levels_are_free(cv.score, cv.errors.folds.scheme, cv.problem.blocks.families_said):
        found.append(LEVEL_FREE)
    silent = cv.per_task.columns[cv.per_task.isna().all()].tolist()
    if silent:
        found.append(f"Not judged, because nothing in the outcome varies: {list_names(silent)}.")
    mean = cv.table["mean"].to_numpy()
    if best < len(mean) - 1 and not (mean[best] > mean[-1] if cv.metric in HIGH else mean[best] < mean[-1]):
        found.append("No setting predicts better than the null model.")
    return found


def levels_are_free(score: Score, scheme: Scheme, families: Collection[str]) -> bool:
    """Whether errors are deviances of tasks held out, some of a family whose level is free there."""
    return score.endswith("deviance") and scheme == "leave-one-task-out" and bool(set(FREE) & set(families))


def settings_part(cv: CVFit, chosen: dict[str, int], family: str | None = None) -> SimpleTable:
    """The best settings (of a family), the two choices and the null model.

    Where rows are alike but for what found their supports, a column says what did.
    """
    found = cv.table
    last = len(found) - 1
    means = found["mean"].to_numpy()
    ranked = np.argsort(-means if cv.metric in HIGH else means, kind="stable")
    if family is not None:
        ranked = ranked[found["family"].to_numpy()[ranked] == family]
    order = dict.fromkeys([chosen["best"], *ranked[:SHOWN].tolist(), chosen["1se"], last])
    own = ["s", "lambda_1", "lambda_2", "lambda_z", *([] if family is None else ["searched", "family"])]
    supports = ["supports"] if found[own].iloc[list(order)].duplicated().any() else []  # else they tell rows apart
    rows = []
    for i in order:
        row, marks = found.iloc[i], [name for name, at in {**chosen, NULL: last}.items() if at == i]
        rows.append([
            ", ".join(marks), str(int(row["s"])), *(number(row[f"lambda_{x}"], 3) for x in "12z"),
            *([] if family is None else ["" if i == last else number(row["searched"], 3), row["family"]]),
            *row[supports], number(row["mean"]),
            number(row["std_error"], 2), fixed(row["selected"], 1), fixed(row["mean_jaccard"], 2),
        ])  # fmt: skip
    searched = [] if family is None else ["searched", "family"]
    headers = ["", "s", "lambda_1", "lambda_2", "lambda_z", *searched, *supports, "mean", "s.e.", "selected", "Jaccard"]
    return table(rows, headers)


def tasks_part(cv: CVFit, chosen: dict[str, int]) -> SimpleTable:
    """Errors per task of the two choices, and the null model in the units of the task."""
    values, null = cv.per_task.to_numpy(), cv.null_error
    rows = [
        [str(task), *(number(values[i, k]) for i in chosen.values()), number(null.iloc[k])]
        for k, task in enumerate(null.index)
    ]
    unit = "deviance" if cv.problem.losses is not None else "mean abs. error" if cv.metric == "mae" else "RMSE"
    return table(rows, ["outcome" if cv.problem.blocks.shared else "task", *chosen, f"{unit} of null"])


def tidy_cv(cv: CVFit) -> pd.DataFrame:
    """One row per setting and a last one "null", as broom does for cv.glmnet.

    Parameters
    ----------
    cv : CVFit

    Returns
    -------
    DataFrame
        Columns s, lambda_1, lambda_2, lambda_z, estimate (the metric), std.error, conf.low and conf.high (estimate
        less and plus one standard error), nzero (features per task), mean_jaccard, metric.
    """
    found = cv.table.rename(columns={"mean": "estimate", "std_error": "std.error", "selected": "nzero"})
    at = list(found.columns).index("std.error") + 1
    found.insert(at, "conf.low", found["estimate"] - found["std.error"])
    found.insert(at + 1, "conf.high", found["estimate"] + found["std.error"])
    return found.drop(columns="folds")


def glance_cv(cv: CVFit) -> pd.DataFrame:
    """One row: metric, scheme, n_folds, n_settings, nobs, and s, lambdas and mean of both choices.

    Parameters
    ----------
    cv : CVFit

    Returns
    -------
    DataFrame
        The choices have columns s_best, lambda_1_best, ..., estimate_best and s_1se, ..., estimate_1se; the null model
        has estimate_null.
    """
    folds, found = cv.errors.folds, cv.table
    row: dict[str, object] = {
        "metric": cv.score, "scheme": folds.scheme, "n_folds": folds.n_folds, "n_settings": cv.n_settings,
        "nobs": cv.nobs,
    }  # fmt: skip
    for name, i in (("best", cv.best_index), ("1se", cv.best_1se_index)):
        at = found.iloc[i]
        row |= {f"{column}_{name}": at[column] for column in ("s", "lambda_1", "lambda_2", "lambda_z")}
        row[f"estimate_{name}"] = at["mean"]
    row["estimate_null"] = found["mean"].iloc[-1]
    return pd.DataFrame([row]).astype({"s_best": int, "s_1se": int})
