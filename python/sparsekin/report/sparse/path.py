"""Tables of paths: of `SparseMTL` by setting, of `MTHAL` by lambda."""

from __future__ import annotations

import numpy as np
import pandas as pd
from statsmodels.iolib.table import SimpleTable

from sparsekin.report.document import Document, table
from sparsekin.report.numbers import fixed, number
from sparsekin.results.hal.path import HALPathFit
from sparsekin.results.sparse.path import PathFit

SHOWN = 20  # settings, evenly chosen


def summarize_path(path: PathFit) -> Document:
    """Summary of a path: what was tried, and what is selected along it, at most 20 settings of it.

    Parameters
    ----------
    path : PathFit

    Returns
    -------
    Document
    """
    found, finished = path.table.assign(ebic=path.criterion()), int(path.grid.finished.sum())
    head = [
        ["Settings:", str(len(path)) if finished == len(path) else f"{finished} of {len(path)} finished"],
        ["Tasks:", str(path.grid.problem.n_tasks)],
        ["Rows:", str(path.prepared.blocks.nobs)],
        ["Candidates:", str(path.grid.problem.n_features)],
    ]
    rows = [
        [
            str(i), str(int(row["s"])), *(number(row[f"lambda_{x}"], 3) for x in "12z"), number(row["objective"]),
            *(number(row[name], 3) for name in ("selected", "union", "core")), number(row["ebic"], 6),
        ]
        for i, row in found.loc[_shown(len(path))].iterrows()
    ]  # fmt: skip
    names = ["", "s", "lambda_1", "lambda_2", "lambda_z", "objective", "selected", "union", "core", "EBIC"]
    parts: list[SimpleTable | str] = [table(head), table(rows, names)]
    parts += _more(len(path))
    parts.append(
        "selected: features per task. union: in any task. core: in every task. The first column is i of path[i]; "
        "select() takes the least EBIC."
    )
    return Document("Path of L0 regressions", parts)


def glance_path(path: PathFit) -> pd.DataFrame:
    """One row: n_settings, n_finished, n_tasks, nobs, ebic (the least; NaN where it is finite nowhere), at (its row).

    Parameters
    ----------
    path : PathFit

    Returns
    -------
    DataFrame
    """
    values = path.criterion().to_numpy()
    there = np.isfinite(values)
    at = int(np.where(there, values, np.inf).argmin()) if there.any() else np.nan
    return pd.DataFrame([{
        "n_settings": len(path), "n_finished": int(path.grid.finished.sum()), "n_tasks": path.grid.problem.n_tasks,
        "nobs": path.prepared.blocks.nobs, "ebic": values[int(at)] if there.any() else np.nan, "at": at,
    }])  # fmt: skip


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
        for i, row in found.loc[_shown(len(path))].iterrows()
    ]  # fmt: skip
    names = ["", "lambda", "objective", "gap", "functions", "variables"]
    parts: list[SimpleTable | str] = [table(head), table(rows, names)]
    parts += _more(len(path))
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


def _shown(m: int) -> list[int]:
    return sorted(set(np.linspace(0, m - 1, min(m, SHOWN)).round().astype(int).tolist()))


def _more(m: int) -> list[str]:
    return [f"{m - len(_shown(m))} settings between these: .table"] if m > SHOWN else []
