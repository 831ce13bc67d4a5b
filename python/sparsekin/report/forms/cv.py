"""Tables of the cross-validation of a mixed form."""

from __future__ import annotations

import pandas as pd
from statsmodels.iolib.table import SimpleTable

from sparsekin.report.document import Document, table
from sparsekin.report.numbers import number
from sparsekin.results.forms.cv import FormsCVFit

WHAT = {"cells": "held-out standardised cells", "y": "standardised Y of held-out rows"}


def summarize_forms_cv(cv: FormsCVFit) -> Document:
    """Summary of a cross-validation: what was held out, and the error at each d.

    Parameters
    ----------
    cv : FormsCVFit

    Returns
    -------
    Document
    """
    found, chosen = cv.table, {"best": cv.errors.best, "1se": cv.errors.best_1se}
    blocks = [name for name in "yxz" if found[name].notna().any()]
    rows = [
        [
            ", ".join(name for name, d in chosen.items() if d == row["d"]), f"{row['d']:.0f}", number(row["mean"]),
            number(row["std_error"], 2), *(number(row[name]) for name in blocks),
        ]
        for _, row in found.iterrows()
    ]  # fmt: skip
    parts: list[SimpleTable | str] = [
        table([["Held out:", WHAT[cv.target]], ["Folds:", str(cv.n_folds)], ["Rows:", str(cv.nobs)]]),
        table(rows, ["", "d", "mean", "s.e.", *(name.upper() for name in blocks)]),
        "best: the least mean over folds. 1se: the least d within one standard error of it.",
    ]
    return Document("Cross-validation by mean squared error", parts)


def tidy_forms_cv(cv: FormsCVFit) -> pd.DataFrame:
    """One row per d, as broom does for cv.glmnet.

    Parameters
    ----------
    cv : FormsCVFit

    Returns
    -------
    DataFrame
        Columns d, estimate (mean squared error), std.error, conf.low and conf.high (estimate less and plus one standard
        error), metric.
    """
    found = cv.table[["d", "mean", "std_error"]].rename(columns={"mean": "estimate", "std_error": "std.error"})
    found["conf.low"] = found["estimate"] - found["std.error"]
    found["conf.high"] = found["estimate"] + found["std.error"]
    return found.assign(metric="mse")


def glance_forms_cv(cv: FormsCVFit) -> pd.DataFrame:
    """One row: metric, target, n_folds, n_settings, nobs, and d and mean of both choices.

    Parameters
    ----------
    cv : FormsCVFit

    Returns
    -------
    DataFrame
        Columns d_best, estimate_best, d_1se, estimate_1se.
    """
    found = cv.table.set_index("d")
    row: dict[str, object] = {
        "metric": "mse", "target": cv.target, "n_folds": cv.n_folds, "n_settings": len(found), "nobs": cv.nobs,
    }  # fmt: skip
    for name, d in (("best", cv.errors.best), ("1se", cv.errors.best_1se)):
        row |= {f"d_{name}": d, f"estimate_{name}": found.loc[d, "mean"]}
    return pd.DataFrame([row])
