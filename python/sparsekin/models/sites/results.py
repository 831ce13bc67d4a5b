"""What a fit of several sites says: coefficients, supports, deviances, predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats, Ints
from sparsekin.data.design import Design
from sparsekin.errors import DataError
from sparsekin.losses.families import inverse_link
from sparsekin.models.sites.coordinator import Coordinator
from sparsekin.models.sites.newton import Penalties, Point
from sparsekin.options import SupportMode, check_option


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class FederatedResults:
    """A fit of several sites, from their sums alone.

    ============ ============== =======================================================================
    field        shape          meaning
    ============ ============== =======================================================================
    params       frame          (1 + q + p, K) coefficients on the user's scale
    support      frame (p, K)   True where a task selects a feature
    objective    float          F, that of the pooled rows
    task_fit     frame (K, 4)   n, selected, deviance explained (apparent) and mean deviance per task
    rounds       int            exchanges with the sites
    s            (K,)           most features per task
    lambda_1     float          ridge
    lambda_2     float          penalty on differences of coefficients
    lambda_z     float          penalty on differences of supports
    family       str            "binomial" or "poisson"
    design       Design         how columns are made from new data
    mean         (1 + q + p,)   coefficients of the mean of the tasks' models
    status       str            "shortlist-optimal": none of the 20 moves that promise most helps
    ============ ============== =======================================================================
    """

    params: pd.DataFrame
    support: pd.DataFrame
    objective: float
    task_fit: pd.DataFrame
    rounds: int
    s: Ints
    lambda_1: float
    lambda_2: float
    lambda_z: float
    family: str
    design: Design
    mean: Floats
    status: str = "shortlist-optimal"

    @classmethod
    def of(
        cls, known: Coordinator, best: Point, null: Point, values: Floats, s: Ints, penalties: Penalties,
        support: SupportMode, rounds: int,
    ) -> FederatedResults:  # fmt: skip
        """From coefficients on the standardised scale."""
        q, design = known.q, known.design
        slopes = best.theta[:, 1:] / known.scale
        intercept = best.theta[:, 0] - np.sum(slopes * known.center, axis=1)
        tasks = pd.Index(known.tasks, name=design.task)
        terms = pd.Index(["Intercept", *design.keep_names, *design.feature_names], name="term")
        params = pd.DataFrame(np.column_stack([intercept, slopes]).T, index=terms, columns=tasks)
        chosen = pd.DataFrame(best.support.copy(), index=terms[1 + q :], columns=tasks)
        fit = pd.DataFrame(
            {"n": known.rows, "selected": best.support.sum(axis=0), "explained": 1 - values[0] / values[1],
             "deviance": 2 * values[0]}, index=tasks,
        )  # fmt: skip
        share = known.weight[:, 1] / known.weight[:, 1].sum()
        middle = share @ known.center
        level = share @ (intercept + slopes @ middle) - slopes.mean(axis=0) @ middle
        F = best.F + penalties.supports(best.support)
        return cls(
            params, chosen, F, fit, rounds, s, penalties.lambda_1, penalties.lambda_2, penalties.lambda_z,
            str(known.study["family"]), design, np.concatenate([[level], slopes.mean(axis=0)]),
        )  # fmt: skip

    def __repr__(self) -> str:
        return (
            f"<FederatedResults of {self.design.outcome}: {len(self.task_fit)} tasks, {self.task_fit['n'].sum()} rows, "
            f"{len(self.selected)} features selected; {self.rounds} rounds>"
        )

    @property
    def selected(self) -> list[str]:
        """Features selected in any task, in the order of the data."""
        chosen = np.flatnonzero(np.asarray(self.support).any(axis=1))
        return [str(self.support.index[j]) for j in chosen.tolist()]

    def predict(
        self, new: object, how: Literal["task", "mean"] = "task", type: Literal["response", "link"] = "response"
    ) -> pd.Series:
        """Probabilities or expected counts (per unit of exposure) of new rows.

        Parameters
        ----------
        new : frame
            With the columns of the formula, and the task column where ``how="task"``.
        how : {"task", "mean"}
            The model of each row's task, or the mean of the tasks' models for a study that was not seen: mean slopes,
            and a level that is right, by rows, in the middle of all rows.
        type : {"response", "link"}

        Raises
        ------
        DataError
            A row is of no task of the fit, or the columns cannot be made.
        """
        check_option("how", how, ("task", "mean"))
        check_option("type", type, ("response", "link"))
        rows = self.design.apply(new)
        X = rows.X if isinstance(rows.X, np.ndarray) else rows.X.toarray()
        Z = np.column_stack([np.ones(len(X)), rows.keep, X])
        if how == "mean":
            eta = Z @ self.mean
        else:
            each = Z @ self.params.to_numpy()
            codes = rows.task_codes
            if (strange := np.flatnonzero(codes < 0)).size:
                label = rows.task_labels[strange[0]]
                raise DataError(f"Task {label!r} is none of the fit; use how='mean' for the mean of the tasks' models.")
            eta = each[np.arange(len(each)), codes]
        found = eta if type == "link" else inverse_link(self.family, eta)
        return pd.Series(found, index=rows.index, name=self.design.outcome)
