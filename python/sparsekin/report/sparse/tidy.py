"""Plain tables of a fit: one row per coefficient (tidy), per model (glance), per observation (augment)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Bools, Ints
from sparsekin.errors import OptionError
from sparsekin.options import check_option
from sparsekin.report.augment import beside
from sparsekin.report.sparse.halves import with_stability
from sparsekin.results.sparse.fit import SparseFit
from sparsekin.results.sparse.generalized import GeneralizedFit
from sparsekin.results.sparse.linear import LinearFit
from sparsekin.results.sparse.ranking import rank_features
from sparsekin.results.unavailable import Unavailable


def tidy(fit: SparseFit, exponentiate: bool = False) -> pd.DataFrame:
    """One row per term and task: intercepts, always-in terms, then the features selected in any task.

    Parameters
    ----------
    fit : SparseFit
    exponentiate : bool
        Odds, rate and hazard ratios: estimates and ends of intervals are exponentials; standard errors stay those of
        the logs.

    Returns
    -------
    DataFrame
        Columns term, task, estimate (units of the data), estimate_standardized (the scale of the penalties; NaN for
        unpenalised terms), selected, n_tasks (tasks that select the term), kind ("intercept", "keep" or "candidate").
        Where a task does not select a feature, `selected` is False and the estimates are NaN; NaN is also the estimate
        of an always-in term that cannot be estimated in a task. After `stability` also frequency, frequency_any,
        estimate_heldout, std_error, conf_low, conf_high (95 %), p_value, p_adjusted (over the cells of stable
        features), status ("shown", "borrowed", "unstable") and se_kind; these belong to estimate_heldout.

    Raises
    ------
    OptionError
        `exponentiate` with gaussian tasks.
    """
    check_option("exponentiate", exponentiate, (False, True))
    found = fit.solution
    rows = by_term_and_task(fit, rank_features(found.support, found.coef_standardized), found.support)
    rows = with_stability(fit, rows)
    return exponentials(fit, rows) if exponentiate else rows


def exponentials(fit: GeneralizedFit, rows: pd.DataFrame) -> pd.DataFrame:
    """The table of odds, rate and hazard ratios.

    Raises
    ------
    OptionError
        There are gaussian tasks.
    """
    if "gaussian" in fit.families:
        raise OptionError("exponentiate=True is for log odds, log rates and log hazards, not for gaussian tasks.")
    logs = ("estimate", "estimate_standardized", "estimate_heldout", "conf_low", "conf_high")
    names = [name for name in logs if name in rows]
    return rows.assign(**{name: np.exp(rows[name]) for name in names})


def by_term_and_task(fit: LinearFit, order: Ints, there: Bools) -> pd.DataFrame:
    """The table of `tidy`: unpenalised terms, then the features of `order`, with estimates where `there` (p, K)."""
    found, blocks = fit.estimates, fit.blocks
    shown, chosen = there[order], found.support[order]
    constant = int(blocks.intercept)
    names = ["Intercept"] * constant + [*blocks.keep_names, *(blocks.feature_names[j] for j in order)]
    kinds = ["intercept"] * constant + ["keep"] * len(blocks.keep_names) + ["candidate"] * len(order)
    unpenalised = np.vstack([found.intercept[None, :][:constant], fit.estimated(found.keep_coef)])
    estimate = np.vstack([unpenalised, np.where(shown, found.coef[order], np.nan)])
    scaled = np.where(shown, found.coef_standardized[order], np.nan)
    selected = np.vstack([np.ones_like(unpenalised, dtype=bool), chosen])
    n_tasks = blocks.n_tasks
    return pd.DataFrame({
        "term": np.repeat(np.array(names, dtype=object), n_tasks),
        "task": list(blocks.task_names) * len(names),
        "estimate": estimate.ravel(),
        "estimate_standardized": np.vstack([np.full_like(unpenalised, np.nan), scaled]).ravel(),
        "selected": selected.ravel(),
        "n_tasks": np.repeat(selected.sum(axis=1), n_tasks),
        "kind": np.repeat(np.array(kinds, dtype=object), n_tasks),
    })  # fmt: skip


def glance(fit: SparseFit) -> pd.DataFrame:
    """One row that describes the whole fit.

    Parameters
    ----------
    fit : SparseFit

    Returns
    -------
    DataFrame
        Columns n_tasks, nobs, n_features, n_keep, s (largest over the tasks), lambda_1, lambda_2, lambda_z, support,
        objective, bound, gap, status, swap_gain, n_union, n_core, mean_jaccard, mean_overlap, rmse (mean over the
        tasks), r2 (mean over the tasks), seconds, nodes (of the proof). What was not computed is NaN. Where not all
        outcomes are gaussian, deviance, null_deviance (sums over the tasks) and explained (mean) stand for rmse and r2.
    """
    alike, blocks = fit.homogeneity, fit.blocks
    row = {
        "n_tasks": blocks.n_tasks, "nobs": fit.nobs, "n_features": blocks.n_features, "n_keep": len(blocks.keep_names),
        "s": int(fit.s.max()), "lambda_1": fit.lambda_1, "lambda_2": fit.lambda_2, "lambda_z": fit.lambda_z,
        "support": fit.support_mode, "objective": fit.objective, "bound": fit.bound, "gap": fit.gap,
        "status": fit.status, "swap_gain": fit.swap_gain, "n_union": len(alike.union), "n_core": len(alike.core),
        "mean_jaccard": alike.mean_jaccard, "mean_overlap": alike.mean_overlap,
        **quality(fit), "seconds": fit.solution.seconds,
        "nodes": None if fit.certificate is None else fit.certificate.nodes,
    }  # fmt: skip
    return pd.DataFrame([{name: np.nan if value is None else value for name, value in row.items()}])


def quality(fit: LinearFit) -> dict[str, float]:
    """How well all tasks are fitted: mean rmse and r2; where not all are gaussian sums of deviances, mean explained."""
    per_task = fit.task_fit
    if fit.blocks.responses is None:
        return {"rmse": float(per_task["rmse"].mean()), "r2": float(per_task["r2"].mean())}
    sums = {name: float(per_task[name].sum()) for name in ("deviance", "null_deviance")}
    return {**sums, "explained": float(per_task["explained"].mean())}


def augment(fit: LinearFit, data: object = None) -> pd.DataFrame | Unavailable:
    """Fitted values and residuals per row, beside the original columns when `data` is given.

    Parameters
    ----------
    fit : LinearFit
    data : frame, optional
        The frame the model was fitted to, with any further columns; its rows that were dropped get NaN.

    Returns
    -------
    DataFrame
        The columns of `data`, then task, .fitted and .resid; in the multi-label case .fitted_<outcome> and
        .resid_<outcome>. Without `data`, the rows used in the fit. Of a fit from moments: `Unavailable`, and why.

    Raises
    ------
    DataError
        `data` does not hold the rows the model was fitted to, in their order.
    """
    fitted, resid = fit.fittedvalues, fit.resid
    if isinstance(fitted, Unavailable):
        return fitted
    if isinstance(resid, Unavailable):
        return resid
    return beside(fit, fitted, resid, data)
