"""Sentences that more than one part of a page needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sparsekin.report.numbers import fixed, number
from sparsekin.report.performance import HEADS
from sparsekin.results.naming import counted
from sparsekin.results.sparse.stability import Selection
from sparsekin.results.unavailable import Unavailable

if TYPE_CHECKING:
    from sparsekin.analysis.study import Study
    from sparsekin.models.sparse.results import SparseResults

LEAST_STUDIES = 4  # fewer say nothing of another one
_ADVICE = {
    "pool": "One model for all of them",
    "share": "A model for each, sharing strength",
    "separate": "A model for each, by itself",
}


def title_of(study: Study) -> str:
    """The question in words."""
    outcome = " and ".join(map(str, study.model.design.outcomes[:3]))
    where = "" if study.plan.task is None else f", by {study.plan.task}"
    return f"What goes with {outcome}{where}, and how alike are the answers?"


def question(study: Study) -> str:
    """What was asked of which data."""
    blocks = study.model.blocks
    tasks = "one data set" if blocks.n_tasks == 1 else f"each of {blocks.n_tasks} data sets"
    q = len(blocks.keep_names)
    kept = f", beside {counted(q, 'column')} that {'is' if q == 1 else 'are'} always in"
    return (
        f"Which of {counted(blocks.n_features, 'candidate column')} go with "
        f"{' and '.join(map(str, study.model.design.outcomes[:3]))} in {tasks}{kept if q else ''}? "
        f"{counted(blocks.nobs, 'row')} are used."
    )


def advice(study: Study) -> str:
    """Pool, share or separate, in a few words; empty where there was nothing to choose."""
    judged = getattr(study.cv, "judged", None)
    return "" if judged is None or study.done["fit"].state == "given" else _ADVICE[judged.chosen]


def proof(fit: SparseResults) -> str:
    """What was proven of the optimum, in one line."""
    found = fit.certificate
    if found is None:
        return "How far the fit is from the optimum was not proven."
    if found.status == "optimal":
        return f"Proven: no other choice of features has an objective lower by more than {100 * found.asked:g} %."
    return (
        f"The proof ended early ({found.status}): no other choice of features has an objective lower by more than "
        f"{100 * found.gap:.2g} %."
    )


def error_text(study: Study) -> tuple[str, str] | None:
    """The metric of the chosen setting on held-out rows, and that of the model without features."""
    if study.done["fit"].state == "given":
        return None
    cv = study.cv
    at = cv.best_index if study.plan.which == "best" else cv.best_1se_index
    table = cv.table
    if at >= len(table) - 1 or not np.isfinite(table["mean"].iloc[at]):
        return None
    return number(float(table["mean"].iloc[at])), number(float(table["mean"].iloc[-1]))


def unseen_text(study: Study) -> tuple[str, str] | None:
    """How well a data set is predicted that had no part in anything, and what is expected of another one."""
    if "validation" not in study.there:
        return None
    pooled = study.validation.pooled
    name = next((one for one in ("auc", "concordance", "explained") if one in pooled.index), None)
    if name is None or not np.isfinite(pooled.loc[name, "estimate"]):
        return None
    one = pooled.loc[name]
    ends = f"; {fixed(one['pred_lower'], 2)} to {fixed(one['pred_upper'], 2)} expected of another"
    told = np.isfinite(one["pred_lower"]) and one["studies"] >= LEAST_STUDIES
    what = "share explained" if name == "explained" else HEADS[name]
    text = f"{what} in data sets that were left out{ends if told else ''}"
    return fixed(one["estimate"], 2), text


def selection(study: Study) -> Selection | None:
    """What half-samples select at the false discovery rate of the plan; a cut at infinity where none keeps it."""
    if "sure" not in study.there:
        return None
    found = study.sure.select(fdr=study.plan.fdr)
    return None if isinstance(found, Unavailable) else found


def selected_text(fit: SparseResults) -> str:
    """How many features in any and in every task, and how alike."""
    alike = fit.homogeneity
    if fit.blocks.n_tasks == 1:
        return f"{counted(len(alike.union), 'feature')} selected"
    text = f"{counted(len(alike.union), 'feature')} selected in any, {len(alike.core)} in every data set"
    return f"{text}; mean Jaccard index {fixed(alike.mean_jaccard, 2)}"
