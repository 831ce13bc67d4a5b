"""Summary and tables of an average of fits."""

from __future__ import annotations

import numpy as np
import pandas as pd
from statsmodels.iolib.table import SimpleTable

from sparsekin.data.blocks import Ints
from sparsekin.options import check_option
from sparsekin.report.document import Document, table
from sparsekin.report.given import formula_line, weights_notes
from sparsekin.report.kept import kept_notes
from sparsekin.report.numbers import number
from sparsekin.report.sparse.given import binary_notes, link_notes, scale_note
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
from sparsekin.report.sparse.tidy import by_term_and_task, exponentials, quality
from sparsekin.results.sparse.average import FAMILIES, AverageFit, settings_text
from sparsekin.results.sparse.ranking import rank_features


def summarize_average(fit: AverageFit) -> Document:
    """Summary of an average, with `as_text`, `as_html`, `as_latex` and `as_csv`.

    Parameters
    ----------
    fit : AverageFit

    Returns
    -------
    Document
        As of one fit; the header has the ranges of the settings averaged, and beside the features that are not small
        stands which share of the settings selects them, a mean over the tasks shown.
    """
    without = ["resid_sd"] if fit.blocks.responses is None else []
    parts: list[SimpleTable | str] = [_header(fit), *formula_line(fit.design.formula)]
    parts += [*filter(None, [fit.verdict]), f"Best single setting: {_best(fit)}.", _read(fit)]
    parts += [
        *selected(fit, fit.inclusion),
        *kept(fit),
        *alike(fit),
        task_fit(fit, without),
    ]
    parts += [*new_site(fit), *_notes(fit)]
    return Document(f"{settings_text(len(fit.members)).capitalize()} of L0 regressions", parts)


def tidy_average(fit: AverageFit, exponentiate: bool = False) -> pd.DataFrame:
    """One row per term and task: intercepts, always-in terms, then the features of any setting.

    Parameters
    ----------
    fit : AverageFit
    exponentiate : bool
        Odds, rate and hazard ratios: both estimates are exponentials.

    Returns
    -------
    DataFrame
        The columns of `sparsekin.report.sparse.tidy.tidy`, and inclusion: the share of the settings averaged that
        select the feature in the task, 1 for terms that are always in. `selected` is False where the estimate is small
        (see `cut`) and where no setting selects the feature; in the latter case the estimates are NaN. Features that
        are not small in any task come first.
    """
    check_option("exponentiate", exponentiate, (False, True))
    order = reading_order(fit)
    found = by_term_and_task(fit, order, fit.coef != 0)
    fixed = np.ones((len(found) // fit.blocks.n_tasks - len(order), fit.blocks.n_tasks))
    found = found.assign(inclusion=np.vstack([fixed, fit.inclusion[order]]).ravel())
    return exponentials(fit, found) if exponentiate else found


def glance_average(fit: AverageFit) -> pd.DataFrame:
    """One row that describes the whole average.

    Parameters
    ----------
    fit : AverageFit

    Returns
    -------
    DataFrame
        Columns n_tasks, nobs, n_features, n_keep, settings (how many were averaged), pool, share, separate and lasso
        (how many of each family), cv_error (of the best single one), cut, n_any (features of any setting), n_union,
        n_core, mean_jaccard, mean_overlap (of the supports at the cut), rmse and r2 (means over the tasks; where not
        all outcomes are gaussian, sums of deviance and null_deviance, and the mean of explained).
    """
    similar, blocks, members = fit.homogeneity, fit.blocks, fit.members
    row = {
        "n_tasks": blocks.n_tasks, "nobs": fit.nobs, "n_features": blocks.n_features, "n_keep": len(blocks.keep_names),
        "settings": len(members),
        **{family: int((members["family"] == family).sum()) for family in FAMILIES},
        "cv_error": float(members["mean"].iloc[0]), "cut": fit.cut, "n_any": _n_any(fit),
        "n_union": len(similar.union), "n_core": len(similar.core), "mean_jaccard": similar.mean_jaccard,
        "mean_overlap": similar.mean_overlap, **quality(fit),
    }  # fmt: skip
    return pd.DataFrame([row])


def reading_order(fit: AverageFit) -> Ints:
    """Features of any setting: those not small first, as in the summary."""
    found = fit.estimates
    first = rank_features(found.support, found.coef_standardized)
    all_ = rank_features(fit.coef != 0, found.coef_standardized)
    return np.concatenate([first, all_[~np.isin(all_, first)]])


def _header(fit: AverageFit) -> SimpleTable:
    members = fit.members
    counts = members["family"].value_counts()
    right = [
        ("Settings:", ", ".join(f"{counts[name]} {name}" for name in FAMILIES if name in counts)),
        *((f"{name}:", _range(members[name])) for name in ("s", "lambda_1", "lambda_2", "lambda_z")),
        ("CV error:", _range(members["mean"])),
    ]
    return table([[*a, *b] for a, b in zip(data_rows(fit), right, strict=True)], aligns="lrlr")


def _range(values: pd.Series) -> str:
    low, high = number(values.min()), number(values.max())
    return low if low == high else f"{low} to {high}"


def _best(fit: AverageFit) -> str:
    first = fit.members.iloc[0]
    named = ", ".join(f"{name} = {number(first[name])}" for name in ("s", "lambda_1", "lambda_2", "lambda_z"))
    held = "" if fit.best_member is None else ", a fit of its own in .best_member"
    return f"{first['family']}, {named} (CV error {number(first['mean'])}){held}"


def _read(fit: AverageFit) -> str:
    """How much of the average is shown."""
    shown, all_ = len(fit.selected), _n_any(fit)
    if fit.predicts_cut and np.all(fit.coef[fit.inclusion > 0] != 0):
        return f"Shown is every feature that a setting selects ({all_})."
    small = f"below {100 * fit.cut:g} % of the largest of the task (standardised)"
    if fit.predicts_cut:
        what = f"Coefficients {small}" if fit.cut > 0 else "Small coefficients"
        return f"{what} were left out and the intercepts fitted again: {shown} of {all_} features are left."
    return (
        f"Shown are {shown} of {all_} features: coefficients {small} are not. Predictions use all of them; .cut_to() "
        "leaves them out."
    )


def _n_any(fit: AverageFit) -> int:
    """How many features any setting selects."""
    return int(np.any(fit.inclusion > 0, axis=1).sum())


def _notes(fit: AverageFit) -> list[str]:
    weighted = weights_notes(fit)
    if weighted and fit.blocks.responses is None:
        weighted.append("RMSE and R2 are by weights.")
    many = fit.blocks.n_tasks > MANY_TASKS
    read = "over the tasks where they are not small" if many else "blank where they are small or 0"
    return [
        *rows_notes(fit), *constant_notes(fit), *kept_notes(fit), *weighted, *binary_notes(fit),
        *link_notes(fit.blocks), scale_note(fit.standard),
        f"Coefficients are means over the settings, in the units of the data, {read}.",
        *["Predictions are of the mean linear predictor."] * (fit.blocks.responses is not None),
        "In settings: how many of them select the feature, mean over the tasks shown.",
        "No standard errors or p-values: the features were selected on the same rows (see .pvalues).",
    ]  # fmt: skip
