"""Tables and words of a comparison of methods."""

from __future__ import annotations

import numpy as np
import pandas as pd
from statsmodels.iolib.table import SimpleTable

from sparsekin.report.document import Document, table
from sparsekin.report.numbers import fixed, number
from sparsekin.report.sparse.cv import LEVEL_FREE, METRICS, SCHEMES, levels_are_free
from sparsekin.report.sparse.families import families_text
from sparsekin.results.sparse.compare import ComparisonFit


def verdict_text(comparison: ComparisonFit) -> str:
    """Pool, share or separate, in words (`families_text`), and whether any method beats the null model."""
    text = families_text(comparison.families)
    if "null" in comparison.methods.indistinct:
        text += " The null model cannot be told apart from the best method: whether features help is not shown."
    return text


def best_text(comparison: ComparisonFit) -> str:
    """The best method, and those within one corrected standard error of it."""
    judged = comparison.methods
    others = [name for name in judged.indistinct if name != judged.best]
    near = f"Within one standard error of it: {', '.join(others)}." if others else "All others are worse."
    return f"Best: {judged.best}. {near}"


def summarize_comparison(comparison: ComparisonFit) -> Document:
    """The verdict; one table of methods, the differences to the best and their corrected standard errors.

    Parameters
    ----------
    comparison : ComparisonFit

    Returns
    -------
    Document
    """
    found = comparison.table
    rows = [
        [
            str(name), number(row["mean"]), number(row["difference"], 3), number(row["difference_se"], 2),
            fixed(row["selected"], 1), fixed(row["union"], 1), fixed(row["seconds"], 1), str(int(row["settings"])),
        ]
        for name, row in found.iterrows()
    ]  # fmt: skip
    headers = ["method", METRICS[comparison.metric], "difference", "s.e.", "selected", "union", "CPU s", "settings"]
    parts: list[SimpleTable | str] = [verdict_text(comparison), table(rows, headers), best_text(comparison)]
    parts += [f"Not available: {name}: {reason}." for name, reason in comparison.unavailable.items()]
    if comparison.metric.startswith("relative"):
        parts.append("Errors are relative to the task's null model, fitted to the training rows of each fold.")
    if levels_are_free(comparison.metric, comparison.scheme, comparison.outcomes):
        parts.append(LEVEL_FREE)
    parts.append(
        f"Means over {len(comparison.per_fold)} folds ({SCHEMES[comparison.scheme]}), each fold at the setting that is "
        "best on the other folds. Differences are to the best method, fold by fold; their standard errors allow for "
        "training rows that overlap. selected: features per task; union: features of all tasks together. null: means "
        "and always-in columns alone."
    )
    return Document(f"Comparison by {METRICS[comparison.metric]}", parts)


def tidy_comparison(comparison: ComparisonFit) -> pd.DataFrame:
    """One row per method, as broom names columns.

    Parameters
    ----------
    comparison : ComparisonFit

    Returns
    -------
    DataFrame
        Columns method, family, estimate (the metric), std.error, difference (to the best method), difference.se
        (corrected), nzero (features per task), union (features of all tasks together), seconds (CPU), settings, metric.
    """
    names = {"mean": "estimate", "std_error": "std.error", "difference_se": "difference.se", "selected": "nzero"}
    return comparison.table.reset_index().rename(columns=names)


def glance_comparison(comparison: ComparisonFit) -> pd.DataFrame:
    """One row: what was compared, the best method and the verdict.

    Parameters
    ----------
    comparison : ComparisonFit

    Returns
    -------
    DataFrame
        Columns metric, scheme, n_folds, n_methods, best, estimate_best, estimate_null, chosen (the family, by the rule)
        and indistinct (families that cannot be told apart, the simplest first).
    """
    judged, families, means = comparison.methods, comparison.families, comparison.table["mean"]
    row: dict[str, object] = {
        "metric": comparison.metric, "scheme": comparison.scheme, "n_folds": len(comparison.per_fold),
        "n_methods": len(means), "best": judged.best, "estimate_best": means[judged.best],
        "estimate_null": means.get("null", np.nan), "chosen": families.chosen,
        "indistinct": ", ".join(families.indistinct),
    }  # fmt: skip
    return pd.DataFrame([row])
