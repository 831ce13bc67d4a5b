"""Tables and words of what knockoffs select."""

from __future__ import annotations

import numpy as np
import pandas as pd
from statsmodels.iolib.table import SimpleTable

from sparsekin.report.document import Document, table
from sparsekin.report.numbers import fixed
from sparsekin.results.sparse.knockoffs import KnockoffsFit

MOST_ROWS = 40


def summarize_knockoffs(found: KnockoffsFit) -> Document:
    """What is selected, and one row per feature: the share of draws in which each task passed, selected cells starred.

    Parameters
    ----------
    found : KnockoffsFit

    Returns
    -------
    Document
    """
    share, cells = found.share.to_numpy(), found.cells.to_numpy()
    named = np.flatnonzero(found.share.index.isin(found.features) | cells.any(axis=1))
    order = named[np.argsort(-share[named].sum(axis=1), kind="stable")]
    texts = np.array([[fixed(value, 2) for value in row] for row in share[order]], object).reshape(share[order].shape)
    texts += np.where(cells[order], "*", " ")
    rows = [[str(found.share.index[j]), *text] for j, text in zip(order[:MOST_ROWS], texts, strict=False)]
    parts: list[SimpleTable | str] = [f"{found.said[0].upper()}{found.said[1:]}."]
    if rows:
        parts.append(table(rows, ["share of draws", *map(str, found.share.columns)]))
    if len(order) > MOST_ROWS:
        parts.append(f"{len(order) - MOST_ROWS} more features are in tidy().")
    parts.append(
        f"{found.draws} draws of knockoffs, filtered over all features and tasks together. *: selected in that task, "
        f"at most {found.fdr:g} of all such cells false, on average. Columns are taken as jointly normal in each task. "
        "A second opinion: it may miss weak effects that stability() finds."
    )
    return Document("Knockoffs", parts)


def tidy_knockoffs(found: KnockoffsFit) -> pd.DataFrame:
    """One row per feature and task in which any draw passed it: term, task, e_value, share, selected."""
    at, tasks = np.nonzero(found.share.to_numpy() > 0)
    return pd.DataFrame({
        "term": found.share.index.to_numpy()[at],
        "task": found.share.columns.to_numpy()[tasks],
        "e_value": found.e_value.to_numpy()[at, tasks],
        "share": found.share.to_numpy()[at, tasks],
        "selected": found.cells.to_numpy()[at, tasks],
    })  # fmt: skip
