"""Tables and words of a comparison of a multi-task HAL with simpler methods."""

from __future__ import annotations

import numpy as np
import pandas as pd
from statsmodels.iolib.table import SimpleTable

from sparsekin.report.document import Document, table
from sparsekin.report.hal.cv import METRICS
from sparsekin.report.numbers import fixed, number
from sparsekin.results.hal.compare import HALComparisonFit
from sparsekin.tuning.hal.compare import CURVES, LINES


def verdict_text(comparison: HALComparisonFit) -> str:
    """Lines, curves or trees, in words.

    Methods within one corrected standard error of the best cannot be told apart from it, and the simplest of them is
    what will do.
    """
    found = comparison.methods
    best, simplest = found.best, found.indistinct[0]
    text = f"{best[0].upper()}{best[1:]} predicts best"
    others = [name for name in found.indistinct if name != best]
    if others:
        pairs = [(name, number(found.differences[name], 3), number(found.ses[name], 2)) for name in others]
        gaps = [f"{name} (behind by {gap}, SE {se})" for name, gap, se in pairs]
        text += f"; it cannot be told apart from {', '.join(gaps)}"
    return f"{text}. {_meaning(simplest)}"


def _meaning(simplest: str) -> str:
    if simplest == "null":
        return "That the variables help at all is not shown."
    if simplest in LINES:
        return f"Lines are enough: the simplest that will do is the {simplest}."
    if simplest in CURVES:
        return f"Curves are worth it: the simplest that will do is {simplest}."
    return "Trees find what neither lines nor these curves do: more knots, higher degrees or steps may be missing."


def summarize_hal_comparison(comparison: HALComparisonFit) -> Document:
    """The verdict; one table of methods, differences to the best and their corrected standard errors.

    Parameters
    ----------
    comparison : HALComparisonFit

    Returns
    -------
    Document
    """
    found, metric = comparison.table, METRICS.get(comparison.metric, comparison.metric)
    rows = [
        [
            str(name), number(row["mean"]), number(row["difference"], 3), number(row["difference_se"], 2),
            "" if np.isnan(row["selected"]) else fixed(row["selected"], 1), fixed(row["seconds"], 1),
            str(int(row["settings"])),
        ]
        for name, row in found.iterrows()
    ]  # fmt: skip
    parts: list[SimpleTable | str] = [
        verdict_text(comparison),
        table(rows, ["method", metric, "difference", "s.e.", "selected", "CPU s", "settings"]),
        f"Means over {len(comparison.per_fold)} folds, each fold at the setting that is best on the other folds (lasso "
        "and HAL per task: for each task). Differences are to the best method, fold by fold; their standard errors "
        "allow for training rows that overlap. selected: columns of lassos, functions of HALs. null: means and kept "
        "terms alone.",
    ]
    return Document(f"Comparison by {metric}", parts)


def tidy_hal_comparison(comparison: HALComparisonFit) -> pd.DataFrame:
    """One row per method, as broom names columns.

    Parameters
    ----------
    comparison : HALComparisonFit

    Returns
    -------
    DataFrame
        Columns method, estimate (the metric), std.error, difference (to the best method), difference.se (corrected),
        nzero (functions or columns), seconds (CPU), settings, metric.
    """
    names = {"mean": "estimate", "std_error": "std.error", "difference_se": "difference.se", "selected": "nzero"}
    return comparison.table.reset_index().rename(columns=names)


def glance_hal_comparison(comparison: HALComparisonFit) -> pd.DataFrame:
    """One row: what was compared, the best method and the choice.

    Parameters
    ----------
    comparison : HALComparisonFit

    Returns
    -------
    DataFrame
        Columns metric, n_folds, n_methods, nobs, best, estimate_best, estimate_null, chosen (by the rule of
        `sparsekin.tuning.verdict`) and indistinct (methods that cannot be told apart from the best, the
        simplest first).
    """
    judged, means = comparison.methods, comparison.table["mean"]
    row: dict[str, object] = {
        "metric": comparison.metric, "n_folds": len(comparison.per_fold), "n_methods": len(means),
        "nobs": comparison.nobs, "best": judged.best, "estimate_best": means[judged.best],
        "estimate_null": means["null"], "chosen": judged.chosen, "indistinct": ", ".join(judged.indistinct),
    }  # fmt: skip
    return pd.DataFrame([row])
