"""The summary of a fit: what was fitted, what was selected where, how alike the tasks are, how well each fits.

No stars and no p-values: the features were selected on the same rows (docs: inference after selection).
"""

from __future__ import annotations

from math import isfinite

from statsmodels.iolib.table import SimpleTable

from sparsekin.report.document import Document, table
from sparsekin.report.given import formula_line, weights_notes
from sparsekin.report.kept import kept_notes
from sparsekin.report.numbers import fixed, number
from sparsekin.report.performance import SHOWN_HERE, performance_parts
from sparsekin.report.sparse.given import (
    binary_notes,
    counted_weights,
    disk_notes,
    family_notes,
    pooled_note,
    scale_note,
)
from sparsekin.report.sparse.halves import stability_parts
from sparsekin.report.sparse.parts import (
    MANY_TASKS,
    alike,
    constant_notes,
    data_rows,
    kept,
    new_site,
    rows_notes,
    selected,
    task_fit,
)
from sparsekin.results.sparse.fit import SparseFit


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
    parts += [
        *selected(fit),
        *stability_parts(fit),
        *kept(fit),
        *alike(fit),
        task_fit(fit, SHOWN_HERE if fit.blocks.responses is not None else ()),
        *performance_parts(fit),
        *new_site(fit),
        *_notes(fit),
    ]
    return Document(_title(fit), parts)


def _title(fit: SparseFit) -> str:
    kind = {"independent": "Separate", "common": "Common-support", "heterogeneous": "Shared-support"}
    if fit.blocks.n_tasks == 1:
        return "L0 regression"
    return f"{'Pooled' if fit.pooled else kind[fit.support_mode]} L0 regression"


def _header(fit: SparseFit) -> SimpleTable:
    left = [*data_rows(fit), ("s:", _s_text(fit))]
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
        "shortlist-optimal": "shortlist-optimal: no better among the 20 best-ranked moves, each of them refitted",
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
    if isfinite(proof.share):
        rows.insert(3, ["", f"{100 * proof.share:.3g} % of what columns explain", "", ""])
    solver = f"SCIP {proof.scip}" if proof.scip else "bounds of the root"
    return [table(rows, ["Certificate", "", "", ""], aligns="lrlr"), f"Proven by {solver}; no big-M used."]


def _notes(fit: SparseFit) -> list[str]:
    weighted = weights_notes(fit)
    if weighted and fit.blocks.responses is None:
        weighted.append("RMSE and R2 are by weights; resid. sd is that of a row of weight 1, as in WLS.")
    notes = rows_notes(fit) + constant_notes(fit) + kept_notes(fit) + weighted + binary_notes(fit) + family_notes(fit)
    many = fit.blocks.n_tasks > MANY_TASKS
    read = "over the tasks that select the feature" if many else "blank where a task does not select the feature"
    if fit.pooled:
        notes.append(pooled_note(fit))
    notes += disk_notes(fit.blocks, fit.passes)
    notes.append(scale_note(fit.standard, counted_weights(fit)))
    notes.append(f"Coefficients in the units of the data, {read}.")
    if fit.blocks.keep_names and fit.blocks.origin is None:
        notes.append(
            "Coefficients of kept terms are confounded by features that were not selected; .double_selection() has "
            "effects and intervals."
        )
    if fit.halves is None:
        notes.append(
            "No standard errors or p-values: the features were selected on the same rows; .stability() has honest ones."
        )
    return notes
