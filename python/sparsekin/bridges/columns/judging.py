"""What R is told about how well tasks are predicted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats
from sparsekin.data.prepare import Prepared
from sparsekin.losses.families import check_outcome
from sparsekin.results.performance import Performing
from sparsekin.results.unavailable import Unavailable
from sparsekin.results.validation import NEW, ValidationFit


def performance(found: Performing) -> pd.DataFrame | None:
    """How well each task is predicted, on rows of the fit and on rows held out."""
    table = found.performance
    return None if isinstance(table, Unavailable) else by_task(table)


def by_task(table: pd.DataFrame) -> pd.DataFrame:
    """A table of performance with columns task, as text, and rows."""
    table = table.rename_axis(["task", "rows"]).reset_index()
    return table.assign(task=table["task"].map(str))


def held_out(found: Performing) -> dict[str, Any] | None:
    """Linear predictors (N, 1), or (N, K) of several outcomes, of the rows R sent by models that have not seen them."""
    held = found.held_out
    if held is None:
        return None
    eta = np.asarray(found.in_user_order(found.by_row(list(held.eta)), "eta"), float)
    return {"eta": eta.reshape(len(eta), -1), "scheme": held.scheme, "n_folds": held.n_folds, "kind": held.kind}


def judge_rows(prepared: Prepared, eta: Floats) -> pd.DataFrame:
    """The table of performance of rows whose linear predictors are eta (n,), in the order R sent them.

    Raises
    ------
    DataError
        Outcomes are none of the family, over all tasks.
    """
    blocks, at = prepared.blocks, prepared.row_positions
    for family in dict.fromkeys(blocks.families_said):
        mine = [k for k, one in enumerate(blocks.families_said) if one == family]
        check_outcome(family, np.concatenate([blocks.outcome_of(k) for k in mine]), None, NEW)
    found = ValidationFit(
        blocks=blocks, design=prepared.design, ledger=prepared.ledger, row_positions=at, index=prepared.index,
        eta=tuple(eta[at][rows] for rows in blocks.rows), baselines=(None,) * blocks.n_tasks, n_given=len(eta), how=NEW,
    )  # fmt: skip
    table = found.performance
    assert isinstance(table, pd.DataFrame)
    return by_task(table)
