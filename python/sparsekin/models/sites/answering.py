"""What a site computes for a question, and what it refuses to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from sparsekin.data.blocks import Floats, TaskBlocks
from sparsekin.data.policy import Policy, check_rows
from sparsekin.data.prepare import Prepared, prepare_frame
from sparsekin.errors import DataError, OptionError
from sparsekin.losses.tasks import loss_of, weights_of
from sparsekin.models.outcomes import Given, code_outcomes, with_responses
from sparsekin.models.sites.exchange import Answer, Question
from sparsekin.models.sites.rows import ALONE, columns_of, leverages

FAMILIES = ("binomial", "poisson")


def check_family(family: object) -> None:
    """Raise `OptionError` unless sums over rows make the family's Newton steps."""
    if family == "gaussian":
        raise OptionError(
            "family='gaussian' needs no rounds: give the sum of what Site.release() makes to SparseMTL.from_moments()."
        )
    if family == "cox":
        raise OptionError(
            "family='cox' is not there: a partial likelihood compares a patient with all at risk at that time, so that "
            "its sums at many coefficients tell times of events one by one."
        )
    if family not in FAMILIES:
        raise OptionError(f"family = {family!r} is not one of 'binomial', 'poisson'.")


def read_rows(study: Mapping[str, Any], frame: pd.DataFrame) -> Prepared:
    """The rows of a site as a study sees them."""
    check_family(study["family"])
    data, levels = code_outcomes(study["formula"], frame, study["family"])
    prepared = prepare_frame(
        study["formula"], data, task=study["task"], keep=study["keep"], weights=study["weights"],
        levels=study["levels"], missing=study["missing"], calls=True,
    )  # fmt: skip
    if prepared.blocks.shared:
        raise OptionError("Several outcomes of one X are not there for sites; fit one outcome at a time.")
    known = {"offset": study["offset"], "exposure": study["exposure"]}
    return with_responses(prepared, Given(None, None, levels), study["family"], **known)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The rows of a study at a site, and the policy that what is said of them obeys."""

    prepared: Prepared
    policy: Policy

    @property
    def blocks(self) -> TaskBlocks:
        """Cut into tasks."""
        return self.prepared.blocks

    def first_answer(self) -> Answer:
        """Names, means and sums of squares."""
        blocks, responses = self.blocks, self.blocks.responses
        assert responses is not None
        first, second, weight = [], [], []
        for k in range(blocks.n_tasks):
            Z, w = columns_of(blocks, k), blocks.weights[k]
            share = np.ones(len(Z)) if w is None else w
            mean = np.average(Z, axis=0, weights=share)
            first.append(mean)
            second.append(share @ (Z - mean) ** 2)
            weight.append([share.sum(), weights_of(blocks, k).sum()])
        about = {
            "design": self.prepared.design.to_dict(),
            "levels": [list(one) if one else None for one in responses.levels],
            "most": [int(self.policy.most_columns * n) - blocks.keep.shape[1] for n in blocks.n_obs],
        }  # fmt: skip
        return Answer(blocks.task_names, blocks.n_obs, np.array(weight), about, np.array(first), np.array(second))

    def answer(self, question: Question) -> Answer:
        """Sums for every model and every task that is here."""
        blocks, place = self.blocks, {task: k for k, task in enumerate(question.tasks)}
        for task in blocks.task_names:
            if task not in place:
                raise DataError(f"The question has no task {task!r}; it has {', '.join(map(repr, question.tasks))}.")
        d = blocks.keep.shape[1] + blocks.n_features
        M, K = len(question.columns), blocks.n_tasks
        value, gradient = np.zeros((M, K)), np.zeros((M, K, 1 + d))
        gram = [np.zeros((K, 1 + len(columns), 1 + len(columns))) for columns in question.columns]
        weight = np.array([[float(blocks.weight_sums[k]), weights_of(blocks, k).sum()] for k in range(K)])
        for k, task in enumerate(blocks.task_names):
            at = place[task]
            Z = (columns_of(blocks, k) - question.center[at]) / question.scale[at]
            loss = loss_of(blocks, k)
            for m, columns in enumerate(question.columns):
                theta = question.theta[m, at]
                used = np.flatnonzero(theta[1:])
                eta = loss.offset + theta[0] + Z[:, used] @ theta[1 + used]
                e, h = weight[k, 1] * loss.residual(eta), weight[k, 1] * loss.curvature(eta).weights
                U = np.column_stack([np.ones(len(Z)), Z[:, columns]])
                self._check(task, e, h, U, int(blocks.n_obs[k]))
                value[m, k] = weight[k, 1] * loss.value(eta)
                gradient[m, k] = np.concatenate([[e.sum()], Z.T @ e])
                gram[m][k] = (U.T * h) @ U
        return Answer(blocks.task_names, blocks.n_obs, weight, {}, value=value, gradient=gradient, gram=tuple(gram))

    def _check(self, task: object, e: Floats, h: Floats, U: Floats, n: int) -> None:
        """Refuse sums in which a few rows make up nearly all, at these coefficients."""
        policy = self.policy
        varies = int(np.count_nonzero(np.ptp(U[:, 1:], axis=0) > 0))
        if varies > policy.most_columns * n:
            raise DataError(
                f"Task {task!r} has {n} rows, and products of {varies} columns are asked; the policy lets out "
                f"{policy.most_columns:g} columns for a row at most."
            )
        for what, size in (("residuals", np.abs(e)), ("weights", h)):
            counting = float(size.sum() ** 2 / max(size @ size, 1e-300))
            if counting < policy.least_rows:
                raise DataError(
                    f"Task {task!r}: at these coefficients the {what} of {counting:.1f} rows make up the sums (of {n}; "
                    "sum squared over sum of squares); the policy lets out sums of "
                    f"{policy.least_rows} or more. A larger lambda_1, or fewer features, keep fits away from there."
                )
        if U.shape[1] < n and leverages(np.sqrt(h)[:, None] * U).max() > ALONE:
            raise DataError(
                f"Task {task!r}: at these coefficients weighted sums of products give a row away, for nearly all of a "
                "combination of the columns asked is that row's. Cut values off, or leave columns out."
            )


def check_enough(policy: Policy, blocks: TaskBlocks) -> None:
    """Refuse tasks of too few rows."""
    for task, n in zip(blocks.task_names, blocks.n_obs, strict=True):
        check_rows(policy, int(n), task)
