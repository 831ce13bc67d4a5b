"""Tables of paths of `SparseMTL`, by setting."""

from __future__ import annotations

import numpy as np
import pandas as pd
from statsmodels.iolib.table import SimpleTable

from sparsekin.report.document import Document, table
from sparsekin.report.numbers import evenly, left_out, number
from sparsekin.report.sparse.given import disk_notes
from sparsekin.results.sparse.path import PathFit


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
        for i, row in found.loc[evenly(len(path))].iterrows()
    ]  # fmt: skip
    names = ["", "s", "lambda_1", "lambda_2", "lambda_z", "objective", "selected", "union", "core", "EBIC"]
    parts: list[SimpleTable | str] = [table(head), table(rows, names)]
    parts += left_out(len(path))
    parts.append(
        "selected: features per task. union: in any task. core: in every task. The first column is i of path[i]; "
        "select() takes the least EBIC."
    )
    parts += disk_notes(path.grid.problem.blocks, path.passes)
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
