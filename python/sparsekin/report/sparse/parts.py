"""Parts of a summary that every linear model of several tasks has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from statsmodels.iolib.table import SimpleTable

from sparsekin.data.blocks import Floats
from sparsekin.report.document import table
from sparsekin.report.numbers import column_groups, fixed, mean_min_max, number
from sparsekin.results.naming import shorten
from sparsekin.results.sparse.linear import LinearFit
from sparsekin.results.sparse.ranking import rank_features
from sparsekin.results.unavailable import Unavailable

MANY_TASKS = 12  # more tasks than this: their range instead of one column each
MANY_FEATURES = 60
_ROOM = 88  # characters of a line


def data_rows(fit: LinearFit) -> list[tuple[str, str]]:
    """What the model was fitted to, for the head of its summary."""
    blocks = fit.blocks
    return [
        ("Outcome:", shorten(fit.design.outcomes, 3)),
        ("Task column:", "none" if fit.design.task is None else str(fit.design.task)),
        ("Tasks:", f"{blocks.n_tasks} outcomes" if blocks.shared else str(blocks.n_tasks)),
        ("Rows:", f"{fit.nobs} ({fit.ledger.n_dropped} dropped)" if fit.ledger.n_dropped else str(fit.nobs)),
        ("Candidates:", str(blocks.n_features)),
        ("Kept terms:", str(len(blocks.keep_names))),
    ]


def selected(fit: LinearFit, shares: Floats | None = None, room: int = _ROOM) -> list[SimpleTable | str]:
    """The selected features, a coefficient per task; with `shares` (p, K) a column of their means where selected."""
    found, blocks = fit.estimates, fit.blocks
    order = rank_features(found.support, found.coef_standardized)
    if not len(order):
        return ["No feature is selected in any task."]
    shown = order[:MANY_FEATURES]
    values = np.where(found.support[shown], found.coef[shown], np.nan)
    stubs = {
        "Selected features": [blocks.feature_names[j] for j in shown],
        "in tasks": [f"{m}/{blocks.n_tasks}" for m in found.support[shown].sum(axis=1)],
    }
    if shares is not None:
        stubs["in settings"] = [f"{100 * np.mean(shares[j, found.support[j]]):.0f} %" for j in shown]
    tables = _by_task(fit, stubs, values, room)
    if len(order) > len(shown):
        tables.append(f"{len(order) - len(shown)} further features are selected in fewer tasks or are smaller: .params")
    return tables


def kept(fit: LinearFit, room: int = _ROOM) -> list[SimpleTable | str]:
    """Intercepts and always-in coefficients."""
    found, blocks = fit.estimates, fit.blocks
    values = fit.estimated(found.keep_coef)
    names = list(blocks.keep_names)
    if blocks.intercept:
        values, names = np.vstack([found.intercept, values]), ["Intercept", *names]
    return _by_task(fit, {"Kept terms (not selected)": names}, values, room) if names else []


def _by_task(fit: LinearFit, stubs: Mapping[str, Sequence[str]], values: Floats, room: int) -> list[SimpleTable | str]:
    """Tables of (m, K) `values`: a column per task, wrapped to the page; mean, min and max when tasks are many.

    `stubs` are the columns of m texts before them, by name.
    """
    head, left = list(stubs), [list(row) for row in zip(*stubs.values(), strict=True)]
    if values.shape[1] > MANY_TASKS:
        rows = [[*start, *mean_min_max(row)] for start, row in zip(left, values, strict=True)]
        return [table(rows, [*head, "mean", "min", "max"])]
    return by_task(fit, stubs, [[number(value) for value in row] for row in values], room)


def by_task(
    fit: LinearFit, stubs: Mapping[str, Sequence[str]], cells: Sequence[Sequence[str]], room: int = _ROOM
) -> list[SimpleTable | str]:
    """Tables of m texts per task, a column per task, wrapped to the page."""
    head, left = list(stubs), [list(row) for row in zip(*stubs.values(), strict=True)]
    labels = [str(task) for task in fit.blocks.task_names]
    widths = [max(len(label), *(len(row[k]) for row in cells)) for k, label in enumerate(labels)]
    stub_width = sum(max(len(text) for text in column) + 2 for column in zip(head, *left, strict=True))
    return [
        table([[*start, *(row[k] for k in ks)] for start, row in zip(left, cells, strict=True)],
              [*head, *(labels[k] for k in ks)])
        for ks in column_groups(widths, max(room - stub_width, 20))
    ]  # fmt: skip


def alike(fit: LinearFit) -> list[SimpleTable]:
    """How alike the supports are, where there are several."""
    if fit.blocks.n_tasks == 1:
        return []
    found = fit.homogeneity
    sizes = found.sizes
    rows = [
        ["Features per task", f"{sizes.min()} to {sizes.max()}" if sizes.min() < sizes.max() else str(sizes.min()), ""],
        ["Core, in every task", str(len(found.core)), ""],
        ["Union, in any task", str(len(found.union)), ""],
        ["Mean pairwise Jaccard", fixed(found.mean_jaccard, 2), fixed(found.chance_jaccard, 2)],
        ["Mean pairwise overlap", fixed(found.mean_overlap, 2), fixed(found.chance_overlap, 2)],
    ]
    return [table(rows, ["Support homogeneity", "", "by chance"])]


def task_fit(fit: LinearFit, without: Sequence[str] = ()) -> SimpleTable:
    """How well each task is fitted, but for some columns; quartiles when tasks are many."""
    per_task, dropped = fit.task_fit.drop(columns=[*without], errors="ignore"), _dropped(fit)
    if dropped is not None:
        per_task.insert(1, "missing" if fit.blocks.shared else "dropped", dropped)
    name, labels = "Fit per task", [str(task) for task in per_task.index]
    if len(per_task) > MANY_TASKS:
        name, labels = f"Fit over {len(per_task)} tasks", ["min", "quarter", "median", "three quarters", "max"]
        per_task = per_task.quantile([0.0, 0.25, 0.5, 0.75, 1.0])
    cells = {column: fixed if column == "r2" else number for column in per_task}
    rows = [
        [label, *(cells[column](value) for column, value in zip(per_task, row, strict=True))]
        for label, row in zip(labels, per_task.to_numpy(float), strict=True)
    ]
    heads = {
        "rmse": "RMSE", "r2": "R2", "resid_sd": "resid. sd", "events_per_feature": "ev/feature",
        "null_deviance": "null dev.",
    }  # fmt: skip
    return table(rows, [name, *(heads.get(str(column), str(column)) for column in cells)])


def new_site(fit: LinearFit) -> list[str]:
    """What is expected of a study that was not seen, where there are enough to tell."""
    found = fit.new_site
    if fit.blocks.n_tasks < 3 or isinstance(found, Unavailable) or np.isnan(found.sd_within):
        return []
    between, within = number(found.sd_between), number(found.sd_within)
    return [f"New site: {number(found.level)} at the means of all rows, sd between sites {between}, of rows {within}."]


def _dropped(fit: LinearFit) -> list[int] | None:
    """(K,) rows dropped per task; None when no row was."""
    lost = {task: given - used for task, given, used in fit.ledger.tasks}
    return [lost[task] for task in fit.blocks.task_names] if any(lost.values()) else None


def rows_notes(fit: LinearFit) -> list[str]:
    """Rows and tasks that are gone."""
    notes = []
    if fit.ledger.n_dropped:
        notes.append(f"{fit.ledger.describe()}.")
    gone = [task for task, _, used in fit.ledger.tasks if used == 0]
    if gone:
        notes.append(f"No complete row is left of task {shorten(gone)}: not in the model.")
    return notes


def constant_notes(fit: LinearFit) -> list[str]:
    """Which columns cannot be selected where: by task, or, when tasks are many, by column."""
    constant = fit.constant_columns
    if not constant:
        return []
    if fit.blocks.n_tasks > MANY_TASKS:
        counts = Counter(column for columns in constant.values() for column in columns)
        listed = shorten(f"{column} ({count})" for column, count in counts.most_common())
        return [f"Constant within tasks (how many), so not selectable there: {listed}."]
    alike: dict[tuple[str, ...], list[object]] = {}
    for task, columns in constant.items():
        alike.setdefault(tuple(columns), []).append(task)
    return [
        f"Constant within {shorten(tasks, MANY_TASKS)}, so not selectable there: {shorten(columns)}."
        for columns, tasks in alike.items()
    ]
