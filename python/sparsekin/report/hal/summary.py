"""Tables of a multi-task HAL: by variable first, then the functions in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from statsmodels.iolib.table import SimpleTable

from sparsekin.data.blocks import Floats
from sparsekin.data.frame import list_names
from sparsekin.report.augment import beside
from sparsekin.report.document import Document, table
from sparsekin.report.given import formula_line, weights_notes
from sparsekin.report.kept import kept_notes
from sparsekin.report.numbers import column_groups, fixed, mean_min_max, number
from sparsekin.report.performance import performance_parts
from sparsekin.results.hal.forms import form_by_function, form_by_name
from sparsekin.results.hal.names import section_name, sections_of
from sparsekin.results.hal.predicting import HALPredicting
from sparsekin.results.naming import shorten
from sparsekin.results.unavailable import Unavailable

MANY_TASKS = 12  # more tasks than this: their range instead of one column each
SHOWN = 15  # rows of a table, the largest first
_ROOM = 88


def summarize_hal(fit: HALPredicting) -> Document:
    """Summary of a fit, with `as_text`, `as_html`, `as_latex` and `as_csv`.

    Parameters
    ----------
    fit : HALPredicting

    Returns
    -------
    Document
        Header; the share of the variation that each variable, then each set of variables carries in each task; the
        largest functions in words with a coefficient per task; kept terms; fit per task; notes.
    """
    parts: list[SimpleTable | str] = [_header(fit), *formula_line(fit.design.formula), _status(fit)]
    if fit.basis.size:
        forms, names = fit.forms, sections_of(fit.basis, fit.blocks.feature_names)
        knots = [_knots(*row) for row in forms.iloc[:, 1:].to_numpy(float)]
        of_variable = dict(zip(forms.index, zip(forms["form"], knots, strict=True), strict=True))
        of_section = {name: (form,) for name, form in form_by_name(fit.basis, names).items()}
        parts += _shares(fit, ["Share of variation by variable", "form", "knots"], fit.variables, of_variable)
        parts += _shares(fit, ["By set of variables", "form"], fit.sections, of_section)
        parts += _functions(fit)
    else:
        parts.append("No function is selected: the fit is the intercept and the kept terms.")
    parts += _halves(fit)
    parts += _kept(fit)
    parts += [_task_fit(fit), *performance_parts(fit), *_notes(fit)]
    return Document("Highly adaptive lasso" if fit.blocks.n_tasks == 1 else "Multi-task highly adaptive lasso", parts)


def tidy_hal(fit: HALPredicting) -> pd.DataFrame:
    """One row per term and task.

    Parameters
    ----------
    fit : HALPredicting

    Returns
    -------
    DataFrame
        Columns term, task, estimate, variation (abs(estimate) times the largest value of the function; NaN for
        unpenalised terms), section (its variables), kind ("intercept", "keep" or "function"), form ("linear", "curved"
        or "steps", see `HALFit.forms`; blank for unpenalised terms). After `stability` also frequency (share of
        half-samples that chose a function of the section in the task) and frequency_any; NaN for unpenalised terms.
    """
    params, effects = fit.params, fit.variation
    free = len(params) - len(effects)
    kinds = ["intercept"] * int(fit.blocks.intercept) + ["keep"] * len(fit.blocks.keep_names)
    names, K = sections_of(fit.basis, fit.blocks.feature_names), fit.blocks.n_tasks
    variation = np.vstack([np.full((free, K), np.nan), effects.to_numpy()])
    table = pd.DataFrame({
        "term": np.repeat(np.array(params.index, dtype=object), K),
        "task": list(fit.blocks.task_names) * len(params),
        "estimate": params.to_numpy().ravel(),
        "variation": variation.ravel(),
        "section": np.repeat(np.array([""] * free + names, dtype=object), K),
        "kind": np.repeat(np.array(kinds + ["function"] * len(names), dtype=object), K),
        "form": np.repeat(np.array([""] * free + form_by_function(fit.basis), dtype=object), K),
    })  # fmt: skip
    shares = fit.frequency
    if isinstance(shares, Unavailable):
        return table
    own = shares.reindex([""] * free + names).to_numpy(float)
    return table.assign(frequency=own[:, 1:].ravel(), frequency_any=np.repeat(own[:, 0], K))


def glance_hal(fit: HALPredicting) -> pd.DataFrame:
    """One row that describes the whole fit.

    Parameters
    ----------
    fit : HALPredicting

    Returns
    -------
    DataFrame
        Columns n_tasks, nobs, n_features, n_keep, n_sections, n_functions, n_selected, lambda, linear (penalty of
        lines, NaN: as others), penalty, objective, gap, status, rmse and r2 (means over the tasks; where not all are
        gaussian deviance, the sum over all rows, and dev_ratio, a mean over the tasks), family.
    """
    blocks, per_task = fit.blocks, fit.task_fit
    means = {name: float(per_task[name].mean()) for name in per_task.columns[2:4]}
    if not fit.gaussian:
        means["deviance"] = float(fit.deviances.sum())
    return pd.DataFrame([{
        "n_tasks": blocks.n_tasks, "nobs": fit.nobs, "n_features": blocks.n_features, "n_keep": len(blocks.keep_names),
        "n_sections": fit.n_sections, "n_functions": fit.n_functions, "n_selected": fit.basis.size,
        "lambda": fit.lambda_, "linear": np.nan if fit.linear is None else fit.linear, "penalty": fit.penalty,
        "objective": fit.objective, "gap": fit.gap, "status": fit.status, **means,
        "family": fit.families[0] if len(set(fit.families)) == 1 else "mixed",
    }])  # fmt: skip


def augment_hal(fit: HALPredicting, data: object = None) -> pd.DataFrame:
    """Fitted values and residuals per row, beside the original columns when `data` is given.

    Parameters
    ----------
    fit : HALPredicting
    data : frame, optional
        The frame the model was fitted to, with any further columns; its rows that were dropped get NaN.

    Returns
    -------
    DataFrame
        The columns of `data`, then task, .fitted and .resid; in the multi-label case .fitted_<outcome> and
        .resid_<outcome>. Without `data`, the rows used in the fit.

    Raises
    ------
    DataError
        `data` does not hold the rows the model was fitted to, in their order.
    """
    return beside(fit, fit.fittedvalues, fit.resid, data)


def _header(fit: HALPredicting) -> SimpleTable:
    blocks = fit.blocks
    left = [
        ("Outcome:", shorten(fit.design.outcomes, 3)),
        ("Task column:", "none" if fit.design.task is None else str(fit.design.task)),
        ("Tasks:", f"{blocks.n_tasks} outcomes" if blocks.shared else str(blocks.n_tasks)),
        ("Rows:", f"{fit.nobs} ({fit.ledger.n_dropped} dropped)" if fit.ledger.n_dropped else str(fit.nobs)),
        ("Variables:", str(blocks.n_features)),
    ]
    right = [
        ("Sets of variables:", f"{fit.n_sections:,}"),
        ("Functions:", f"{fit.n_functions:,}, {fit.basis.size} selected"),
        ("lambda:", number(fit.lambda_)),
        ("Objective:", number(fit.objective, 6)),
        ("Duality gap:", "" if np.isnan(fit.gap) else f"{fit.gap:.1e} of the null model's objective"),
    ]
    return table([[*a, *b] for a, b in zip(left, right, strict=True)], aligns="lrlr")


def _status(fit: HALPredicting) -> str:
    rows = "a function is in for all tasks or for none"
    how = {"l21": rows, "lasso": "one lasso per task"}.get(
        fit.penalty, f"a function may be in for some tasks, l1_ratio {fit.l1_ratio:g}"
    )
    how += "" if fit.linear is None else f"; lines have a penalty of their own, {fit.linear:g}"
    return {
        "converged": f"Status: converged ({how}).",
        "not converged": f"Status: not converged; the gap above bounds the distance to the optimum ({how}).",
        "relaxed": "Status: relaxed, the functions selected without the penalty.",
    }[fit.status]


def _knots(count: float, first: float, last: float) -> str:
    """``2: 31.5 to 48``."""
    if count < 2:
        return "" if count == 0 else f"1: {number(first, 3)}"
    return f"{count:.0f}: {number(first, 3)} to {number(last, 3)}"


def _shares(
    fit: HALPredicting, head: list[str], shares: pd.DataFrame, described: Mapping[str, tuple[str, ...]]
) -> list[SimpleTable | str]:
    cells = [[f"{100 * value:.1f} %" for value in row] for row in shares.iloc[:SHOWN, 1:].to_numpy(float)]
    left = [[str(name), str(n), *described[name]] for name, n in zip(shares.index, shares["functions"], strict=True)]
    if len(shares.columns) - 1 > MANY_TASKS:
        cells = [[f"{100 * value:.1f} %" for value in (row.mean(), row.min(), row.max())]
                 for row in shares.iloc[:SHOWN, 1:].to_numpy(float)]  # fmt: skip
    return _wide(fit, [head[0], "functions", *head[1:]], left[:SHOWN], cells, len(shares) - SHOWN)


def _functions(fit: HALPredicting) -> list[SimpleTable | str]:
    order = np.argsort(-fit.variation.to_numpy().mean(axis=1), kind="stable")
    names = fit.term_names
    left = [[names[j]] for j in order[:SHOWN]]
    return _wide(fit, ["Functions, largest first"], left, _cells(fit, fit.coef[order[:SHOWN]]), len(order) - SHOWN)


def _halves(fit: HALPredicting) -> list[SimpleTable | str]:
    """How often halves of the rows chose each set of variables."""
    found = fit.halves
    if found is None or not found.halves:
        return []
    if not found.sections:
        return [f"None of {found.halves} half-samples chose a function."]
    order = np.argsort(-found.frequency_any, kind="stable")
    names = [section_name(fit.blocks.feature_names, found.sections[i]) for i in order]
    left = [[name, f"{found.frequency_any[i]:.2f}"] for name, i in zip(names, order, strict=True)]
    rows = found.frequency[order]
    if fit.blocks.n_tasks > MANY_TASKS:
        rows = np.column_stack([rows.mean(axis=1), rows.min(axis=1), rows.max(axis=1)])
    cells = [[f"{value:.2f}" for value in row] for row in rows[:SHOWN]]
    return [
        *_wide(fit, ["In half-samples", "share"], left[:SHOWN], cells, len(order) - SHOWN, ".frequency"),
        f"share: of {found.halves} half-samples that chose a function of the set in any task. Curves with bands, from "
        "the rows that did not choose: .band(variable), .plot_curves().",
    ]


def _kept(fit: HALPredicting) -> list[SimpleTable | str]:
    values, names = fit.estimated(fit.keep_coef), list(fit.blocks.keep_names)
    if fit.blocks.intercept:
        values, names = np.vstack([fit.intercept, values]), ["Intercept", *names]
    return _wide(fit, ["Kept terms (no penalty)"], [[name] for name in names], _cells(fit, values), 0) if names else []


def _cells(fit: HALPredicting, values: Floats) -> list[list[str]]:
    if fit.blocks.n_tasks > MANY_TASKS:
        return [mean_min_max(row) for row in values]
    return [[number(value) if value and not np.isnan(value) else "" for value in row] for row in values]


def _wide(
    fit: HALPredicting,
    head: Sequence[str],
    left: list[list[str]],
    cells: list[list[str]],
    more: int,
    where: str = ".variables, .sections, .params",
) -> list[SimpleTable | str]:
    """Tables with a column per task, wrapped to the page; with mean, min and max when tasks are many."""
    many = fit.blocks.n_tasks > MANY_TASKS
    labels = ["mean", "min", "max"] if many else [str(task) for task in fit.blocks.task_names]
    widths = [max(len(label), *(len(row[k]) for row in cells)) for k, label in enumerate(labels)]
    stub = sum(max(len(text) for text in column) + 2 for column in zip(head, *left, strict=True))
    out: list[SimpleTable | str] = [
        table([[*start, *(row[k] for k in ks)] for start, row in zip(left, cells, strict=True)],
              [*head, *(labels[k] for k in ks)])
        for ks in column_groups(widths, max(_ROOM - stub, 20))
    ]  # fmt: skip
    if more > 0:
        out.append(f"{more} more, smaller: {where}")
    return out


def _task_fit(fit: HALPredicting) -> SimpleTable:
    per_task, name = fit.task_fit, "Fit per task"
    labels = [str(task) for task in per_task.index]
    if len(per_task) > MANY_TASKS:
        name, labels = f"Fit over {len(per_task)} tasks", ["min", "quarter", "median", "three quarters", "max"]
        per_task = per_task.quantile([0.0, 0.25, 0.5, 0.75, 1.0])
    rows = [
        [label, number(n), number(count), number(error), fixed(share)]
        for label, (n, count, error, share) in zip(labels, per_task.iloc[:, :4].to_numpy(float), strict=True)
    ]
    return table(rows, [name, "n", "functions", *(["RMSE", "R2"] if fit.gaussian else ["deviance", "share explained"])])


def _notes(fit: HALPredicting) -> list[str]:
    notes = [f"{fit.ledger.describe()}."] if fit.ledger.n_dropped else []
    notes += kept_notes(fit) + weights_notes(fit)
    if "gaussian" in fit.families:
        notes.append(f"Scale of lambda: scale_outcome={fit.scaled}.")
    if not fit.gaussian:
        notes.append(_meaning(fit))
    notes.append(
        "Variation: each function's coefficient times its largest value. A variable's share counts every set it is in, "
        "so shares by variable can add to more than 100 %."
    )
    if fit.halves is None:
        notes.append("No standard errors or p-values: the functions were selected on the same rows.")
    return notes


def _meaning(fit: HALPredicting) -> str:
    """What the coefficients of tasks that are not gaussian are about."""
    about = {f"of '{levels[1]}' against '{levels[0]}'" for levels in fit.levels if levels is not None}
    words = {
        "binomial": f"log odds {' or '.join(sorted(about)) or 'of 1'}",
        "poisson": "logs of rate ratios",
        "cox": f"logs of hazard ratios (ties: {fit.blocks.ties})",
    }
    said = []
    for family, word in words.items():
        tasks = [task for task, one in zip(fit.blocks.task_names, fit.families, strict=True) if one == family]
        if tasks:
            said.append(word if len(tasks) == fit.blocks.n_tasks else f"{word} in task {list_names(tasks)}")
    return f"Coefficients are {', '.join(said)}."
