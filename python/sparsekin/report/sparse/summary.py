"""The summary of a fit: what was fitted, what was selected where, how alike the tasks are, how well each fits.

No stars and no p-values: the features were selected on the same rows (docs: inference after selection).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np
from statsmodels.iolib.table import SimpleTable

from sparsekin.data.blocks import Floats
from sparsekin.report.document import Document, table
from sparsekin.report.given import formula_line, weights_notes
from sparsekin.report.kept import kept_notes
from sparsekin.report.numbers import column_groups, fixed, mean_min_max, number
from sparsekin.report.sparse.given import binary_notes, pooled_note, scale_note
from sparsekin.results.naming import shorten
from sparsekin.results.sparse.fit import SparseFit
from sparsekin.results.sparse.ranking import rank_features

MANY_TASKS = 12  # more tasks than this: their range instead of one column each
MANY_FEATURES = 60
_ROOM = 88


def summarize(fit: SparseFit) -> Document:
    """Summary of a fit, with `as_text`, `as_html`, `as_latex` and `as_csv`.

    Parameters
    ----------
    fit : SparseFit

    Returns
    -------
    Document
        A statsmodels `Summary`: header; one row per selected feature with a coefficient per task, blank where it is
        not selected; always-in terms in a table of their own; support homogeneity; fit per task; notes. With more
        than 12 tasks, their mean, least and largest value stand instead of one column per task.
    """
    parts: list[SimpleTable | str] = [_header(fit), *formula_line(fit.design.formula)]
    parts += [f"Status: {_status(fit)}", *_certificate(fit)]
    parts += _selected(fit)
    parts += _kept(fit)
    if fit.blocks.n_tasks > 1:
        parts.append(_homogeneity(fit))
    parts += [_task_fit(fit), *_notes(fit)]
    return Document(_title(fit), parts)


def _title(fit: SparseFit) -> str:
    kind = {"independent": "Separate", "common": "Common-support", "heterogeneous": "Shared-support"}
    if fit.blocks.n_tasks == 1:
        return "L0 regression"
    return f"{'Pooled' if fit.pooled else kind[fit.support_mode]} L0 regression"


def _header(fit: SparseFit) -> SimpleTable:
    blocks = fit.blocks
    tasks = f"{blocks.n_tasks} outcomes" if blocks.shared else str(blocks.n_tasks)
    left = [
        ("Outcome:", shorten(fit.design.outcomes, 3)),
        ("Task column:", "none" if fit.design.task is None else str(fit.design.task)),
        ("Tasks:", tasks),
        ("Rows:", f"{fit.nobs} ({fit.ledger.n_dropped} dropped)" if fit.ledger.n_dropped else str(fit.nobs)),
        ("Candidates:", str(blocks.n_features)),
        ("Kept terms:", str(len(blocks.keep_names))),
        ("s:", _s_text(fit)),
    ]
    right = [
        ("Supports:", fit.support_mode),
        ("lambda_1:", number(fit.lambda_1)),
        ("lambda_2:", number(fit.lambda_2)),
        ("lambda_z:", number(fit.lambda_z)),
        ("Objective:", number(fit.objective, 6)),
        ("Lower bound:", "not computed" if fit.bound is None else number(fit.bound, 6)),
        ("Gap:", "not computed" if fit.gap is None else f"{100 * fit.gap:.2f} %"),
    ]
    return table([[*a, *b] for a, b in zip(left, right, strict=True)], aligns="lrlr")


def _s_text(fit: SparseFit) -> str:
    low, high = int(fit.s.min()), int(fit.s.max())
    text = str(low) if low == high else f"{low} to {high} by task"
    return f"{text} (all)" if low >= fit.blocks.n_features else text


def _status(fit: SparseFit) -> str:
    found = fit.solution
    meaning = {
        "swap-optimal": "swap-optimal: no single add, drop or swap improves it",
        "interrupted": "interrupted: the best solution found until then",
        "rounded": "rounded from the relaxation, no search",
        "optimal": "optimal: proven to the gap asked for",
    }.get(found.status, found.status)
    if found.status != "swap-optimal" and found.swap_gain:
        meaning += f"; a single add, drop or swap could still lower the objective by {number(found.swap_gain)}"
    return f"{meaning} ({found.iterations} moves, {found.seconds:.2f} s)."


def _certificate(fit: SparseFit) -> list[SimpleTable | str]:
    """What was proven of the optimum."""
    proof = fit.certificate
    if proof is None:
        return []
    open_, all_ = proof.undecided, proof.candidates
    rows = [
        ["Objective", number(proof.objective, 8), "Route", proof.route],
        ["Lower bound", number(proof.bound, 8), "Nodes", str(proof.nodes)],
        ["Gap", f"{100 * proof.gap:.4f} % (asked {100 * proof.asked:g} %)", "Seconds", fixed(proof.seconds, 2)],
        ["Proof", proof.status, "Open after the root", f"{open_} of {all_}"],
    ]
    solver = f"SCIP {proof.scip}" if proof.scip else "bounds of the root"
    return [table(rows, ["Certificate", "", "", ""], aligns="lrlr"), f"Proven by {solver}; no big-M used."]


def _selected(fit: SparseFit) -> list[SimpleTable | str]:
    found, blocks = fit.solution, fit.blocks
    order = rank_features(found.support, found.coef_standardized)
    if not len(order):
        return ["No feature is selected in any task."]
    shown = order[:MANY_FEATURES]
    values = np.where(found.support[shown], found.coef[shown], np.nan)
    counts = [f"{m}/{blocks.n_tasks}" for m in found.support[shown].sum(axis=1)]
    names = [blocks.feature_names[j] for j in shown]
    tables = _by_task(fit, "Selected features", names, values, counts)
    if len(order) > len(shown):
        tables.append(f"{len(order) - len(shown)} further features are selected in fewer tasks or are smaller: .params")
    return tables


def _kept(fit: SparseFit) -> list[SimpleTable | str]:
    found, blocks = fit.solution, fit.blocks
    values = fit.estimated(found.keep_coef)
    names = list(blocks.keep_names)
    if blocks.intercept:
        values, names = np.vstack([found.intercept, values]), ["Intercept", *names]
    return _by_task(fit, "Kept terms (not selected)", names, values, None) if names else []


def _by_task(
    fit: SparseFit, stub: str, names: Sequence[str], values: Floats, counts: Sequence[str] | None
) -> list[SimpleTable | str]:
    """Tables of (m, K) `values`: a column per task, wrapped to the page; mean, min and max when tasks are many."""
    left = [[name, count] for name, count in zip(names, counts, strict=True)] if counts else [[name] for name in names]
    head = [stub, "in tasks"] if counts else [stub]
    if values.shape[1] > MANY_TASKS:
        rows = [[*start, *mean_min_max(row)] for start, row in zip(left, values, strict=True)]
        return [table(rows, [*head, "mean", "min", "max"])]
    cells = [[number(value) for value in row] for row in values]
    labels = [str(task) for task in fit.blocks.task_names]
    widths = [max(len(label), *(len(row[k]) for row in cells)) for k, label in enumerate(labels)]
    stub_width = sum(max(len(text) for text in column) + 2 for column in zip(head, *left, strict=True))
    return [
        table([[*start, *(row[k] for k in ks)] for start, row in zip(left, cells, strict=True)],
              [*head, *(labels[k] for k in ks)])
        for ks in column_groups(widths, max(_ROOM - stub_width, 20))
    ]  # fmt: skip


def _homogeneity(fit: SparseFit) -> SimpleTable:
    alike = fit.homogeneity
    sizes = alike.sizes
    rows = [
        ["Features per task", f"{sizes.min()} to {sizes.max()}" if sizes.min() < sizes.max() else str(sizes.min()), ""],
        ["Core, in every task", str(len(alike.core)), ""],
        ["Union, in any task", str(len(alike.union)), ""],
        ["Mean pairwise Jaccard", fixed(alike.mean_jaccard, 2), fixed(alike.chance_jaccard, 2)],
        ["Mean pairwise overlap", fixed(alike.mean_overlap, 2), fixed(alike.chance_overlap, 2)],
    ]
    return table(rows, ["Support homogeneity", "", "by chance"])


def _task_fit(fit: SparseFit) -> SimpleTable:
    per_task, dropped = fit.task_fit, _dropped(fit)
    head = [
        "n",
        *(["missing" if fit.blocks.shared else "dropped"] if dropped is not None else []),
        "selected",
        "RMSE",
        "R2",
        "resid. sd",
    ]
    if dropped is not None:
        per_task.insert(1, "dropped", dropped)
    name, labels = "Fit per task", [str(task) for task in per_task.index]
    if len(per_task) > MANY_TASKS:
        name, labels = f"Fit over {len(per_task)} tasks", ["min", "quarter", "median", "three quarters", "max"]
        per_task = per_task.quantile([0.0, 0.25, 0.5, 0.75, 1.0])
    cells = {column: fixed if column == "r2" else number for column in per_task}
    rows = [
        [label, *(cells[column](value) for column, value in zip(per_task, row, strict=True))]
        for label, row in zip(labels, per_task.to_numpy(float), strict=True)
    ]
    return table(rows, [name, *head])


def _dropped(fit: SparseFit) -> list[int] | None:
    """(K,) rows dropped per task; None when no row was."""
    lost = {task: given - used for task, given, used in fit.ledger.tasks}
    return [lost[task] for task in fit.blocks.task_names] if any(lost.values()) else None


def _notes(fit: SparseFit) -> list[str]:
    notes = []
    if fit.ledger.n_dropped:
        notes.append(f"{fit.ledger.describe()}.")
    gone = [task for task, _, used in fit.ledger.tasks if used == 0]
    if gone:
        notes.append(f"No complete row is left of task {shorten(gone)}: not in the model.")
    weighted = weights_notes(fit)
    if weighted:
        weighted.append("RMSE and R2 are by weights; resid. sd is that of a row of weight 1, as in WLS.")
    notes += _constant_notes(fit) + kept_notes(fit) + weighted + binary_notes(fit)
    many = fit.blocks.n_tasks > MANY_TASKS
    read = "over the tasks that select the feature" if many else "blank where a task does not select the feature"
    if fit.pooled:
        notes.append(pooled_note(fit))
    notes.append(scale_note(fit))
    notes.append(f"Coefficients in the units of the data, {read}.")
    notes.append("No standard errors or p-values: the features were selected on the same rows (see .pvalues).")
    return notes


def _constant_notes(fit: SparseFit) -> list[str]:
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
