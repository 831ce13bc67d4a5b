"""Tables of paths of `MTHAL`, by lambda."""

from __future__ import annotations

import numpy as np
import pandas as pd
from statsmodels.iolib.table import SimpleTable

from sparsekin.report.document import Document, table
from sparsekin.report.numbers import evenly, fixed, left_out, number
from sparsekin.results.hal.path import HALPathFit


def summarize_hal_path(path: HALPathFit) -> Document:
    """Summary of a path: what was tried, and what is selected along it, at most 20 lambdas of it.

    Parameters
    ----------
    path : HALPathFit

    Returns
    -------
    Document
    """
    found, problem = path.table, path.problem
    head = [
        ["Lambdas:", str(len(path))],
        ["Tasks:", str(problem.n_tasks)],
        ["Rows:", str(path.prepared.blocks.nobs)],
        ["Functions:", f"{problem.design.basis.size:,} of {problem.blocks.n_features} variables"],
    ]
    rows = [
        [
            str(i), number(row["lambda"]), number(row["objective"]), f"{row['gap']:.1e}", fixed(row["selected"], 0),
            fixed(row["variables"], 0),
        ]
        for i, row in found.loc[evenly(len(path))].iterrows()
    ]  # fmt: skip
    names = ["", "lambda", "objective", "gap", "functions", "variables"]
    parts: list[SimpleTable | str] = [table(head), table(rows, names)]
    parts += left_out(len(path))
    parts.append("gap: to a proven bound, of the null model's objective. The first column is i of path[i].")
    return Document("Path of highly adaptive lassos", parts)


def tidy_hal_path(path: HALPathFit) -> pd.DataFrame:
    """One row per lambda and variable that is in at any lambda.

    Parameters
    ----------
    path : HALPathFit

    Returns
    -------
    DataFrame
        Columns setting (row of `table`), lambda, variable, variation (mean over tasks).
    """
    wide = path.variation_by_variable
    names, m = [str(name) for name in wide.columns], len(wide)
    return pd.DataFrame({
        "setting": np.repeat(np.arange(m), len(names)), "lambda": np.repeat(wide.index.to_numpy(float), len(names)),
        "variable": np.array(names * m, dtype=object), "variation": wide.to_numpy(float).ravel(),
    })  # fmt: skip


def glance_hal_path(path: HALPathFit) -> pd.DataFrame:
    """One row: n_settings, n_tasks, nobs, lambda_max and lambda_min (tried), n_selected (functions at the last).

    Parameters
    ----------
    path : HALPathFit

    Returns
    -------
    DataFrame
    """
    lambdas = path.table["lambda"]
    return pd.DataFrame([{
        "n_settings": len(path), "n_tasks": path.problem.n_tasks, "nobs": path.prepared.blocks.nobs,
        "lambda_max": lambdas.max(), "lambda_min": lambdas.min(), "n_selected": len(path.points[-1].functions),
    }])  # fmt: skip
