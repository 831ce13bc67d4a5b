"""Tables and words of a cross-validation from pooled to separate."""

from __future__ import annotations

import pandas as pd
from statsmodels.iolib.table import SimpleTable

from sparsekin.report.document import Document, table
from sparsekin.report.numbers import number
from sparsekin.report.sparse.cv import METRICS, glance_cv, of_what, opening, remarks, settings_part, tasks_part
from sparsekin.report.sparse.families import families_text
from sparsekin.results.sparse.dial import DialFit
from sparsekin.tuning.sparse.dial.mixture import Mixture


def summarize_dial(cv: DialFit) -> Document:
    """Summary: the verdict, the three families, the settings chosen, the errors per task.

    Parameters
    ----------
    cv : DialFit

    Returns
    -------
    Document
    """
    chosen = {"best": cv.best_index, "1se": cv.best_1se_index}
    parts: list[SimpleTable | str] = [
        families_text(cv.judged),
        opening(cv),
        _families(cv),
        "Each family is judged by the weighted mean of its best settings (averaged: how many), ranked on the other "
        "folds. Differences are to the best family, fold by fold; their standard errors allow for training rows that "
        "overlap. "
        "From pool to share to separate only for a gain of more than half a standard error.",
        settings_part(cv, chosen, cv.judged.chosen),
        tasks_part(cv, chosen),
        "The settings of least error of the family chosen. searched: lambda_1 of the search for the supports. best: of "
        "those with errors within 1 % of the least, that nearest to the average. 1se: the sparsest within one "
        f"standard error {of_what(cv, 'the first of the family chosen')}. null: means and always-in columns alone. "
        f"refit('average') is the weighted mean of {len(cv.average)} models: the best settings of each family, "
        f"weighted {shares_text(cv.average)}.",
        *remarks(cv, chosen["best"]),
    ]
    return Document(f"Pool, share or separate: cross-validation by {METRICS[cv.score]}", parts)


def shares_text(found: Mixture) -> str:
    """How much each family counts in a mean: share 0.71, lasso 0.29."""
    return ", ".join(f"{part.family} {w:.2f}" for part, w in zip(found.parts, found.weights, strict=True))


def _families(cv: DialFit) -> SimpleTable:
    rows = [
        [
            str(name), str(int(row["settings"])), str(int(row["averaged"])), number(row["mean"]),
            number(row["std_error"], 2), number(row["difference"], 2), number(row["difference_se"], 2),
            "chosen" if row["chosen"] else "",
        ]
        for name, row in cv.families.iterrows()
    ]  # fmt: skip
    return table(rows, ["family", "settings", "averaged", "mean", "s.e.", "difference", "s.e.", ""])


def glance_dial(cv: DialFit) -> pd.DataFrame:
    """One row: the columns of `glance_cv`, with family (the choice), n_averaged and estimate_average.

    n_averaged counts the models of the average, estimate_average is that of the family chosen alone.

    Parameters
    ----------
    cv : DialFit

    Returns
    -------
    DataFrame
    """
    found = glance_cv(cv)
    chosen = cv.judged.chosen
    return found.assign(
        family=chosen, n_averaged=len(cv.average), estimate_average=float(cv.families["mean"].loc[chosen])
    )
