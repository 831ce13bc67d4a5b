"""How well tasks are predicted: the rows of the fit beside rows held out."""

from __future__ import annotations

import numpy as np
import pandas as pd
from statsmodels.iolib.table import SimpleTable

from sparsekin.data.blocks import Floats
from sparsekin.losses.held_out import FREE
from sparsekin.report.document import Document, table
from sparsekin.report.numbers import fixed, number
from sparsekin.results.performance import APPARENT, Performing
from sparsekin.results.unavailable import Unavailable
from sparsekin.results.validation import ValidationFit

MANY_TASKS = 12  # more tasks than this: quartiles instead of a row each
HEADS = {
    "explained": "explained", "rmse": "RMSE", "auc": "AUC", "brier": "Brier", "brier_scaled": "scaled Brier",
    "dispersion": "dispersion", "concordance": "C", "cal_intercept": "cal. intercept", "cal_slope": "cal. slope",
}  # fmt: skip
LEVEL_COUNTS = (
    "The level of a study left out (log odds, or log rate) counts in the deviance explained here, which can be below 0 "
    "for it alone; how far it is off is cal. intercept, calibration in the large. In "
    "cross_validate(scheme='leave-one-task-out') the level is free."
)
SHOWN_HERE = ("explained", "auc", "brier", "dispersion", "concordance")  # of `task_fit`, and so not twice


def performance_parts(fit: Performing) -> list[SimpleTable | str]:
    """The table and what it means; nothing where all is gaussian and nothing was held out."""
    found = fit.performance
    if isinstance(found, Unavailable) or (set(fit.blocks.families_said) == {"gaussian"} and fit.held_out is None):
        return []
    columns = [name for name in HEADS if name in found]
    return [_table(fit, found[columns]), *_notes(fit, found)]


def summarize_validation(fit: ValidationFit) -> Document:
    """Summary of a validation: how many rows, the table, what it means."""
    found = fit.performance
    assert not isinstance(found, Unavailable)
    columns = [name for name in ("n", "events", *HEADS) if name in found]
    used = f"{fit.nobs} of {fit.n_given} new rows have outcome, columns and task; predicted with how={fit.how!r}."
    return Document("Validation on new rows", [used, _table(fit, found[columns]), *_notes(fit, found)])


def _table(fit: Performing, found: pd.DataFrame) -> SimpleTable:
    rows = _quartiles(found) if fit.blocks.n_tasks > MANY_TASKS else _rows(found, fit.kinds[0])
    return table(rows, ["Prediction", "rows", *(HEADS.get(str(name), str(name)) for name in found)], aligns="ll")


def _rows(found: pd.DataFrame, first: str) -> list[list[str]]:
    """A row per task and kind of rows; the task is named in the first."""
    tasks, kinds = found.index.get_level_values(0), found.index.get_level_values(1)
    return [
        [str(task) if kind == first else "", str(kind), *_cells(values)]
        for task, kind, values in zip(tasks, kinds, np.asarray(found, float), strict=True)
    ]


def _quartiles(found: pd.DataFrame) -> list[list[str]]:
    labels = ["min", "quarter", "median", "three quarters", "max"]
    out = []
    for kind in found.index.unique(level=1):
        of = found.xs(kind, level=1).quantile([0.0, 0.25, 0.5, 0.75, 1.0])
        out += [
            [label, str(kind), *_cells(values)] for label, values in zip(labels, np.asarray(of, float), strict=True)
        ]
    return out


def _cells(values: Floats) -> list[str]:
    """To three decimals, without a minus before 0; numbers of rows and events as they are."""
    return [
        number(float(value)) if value > 1 and value == round(value) else fixed(float(value))
        for value in np.round(values, 3) + 0.0
    ]


def level_counts(fit: Performing) -> list[str]:
    """Of rows of studies left out: that their level counts, where cross-validation leaves it free."""
    return [LEVEL_COUNTS] if set(FREE) & set(fit.blocks.families_said) else []


def _notes(fit: Performing, found: pd.DataFrame) -> list[str]:
    notes = ["Apparent: on the rows of the fit, so too good." if APPARENT in fit.kinds else ""]
    held = fit.held_out
    if held is not None:
        how = (
            f"by models at these settings without each of {held.n_folds} folds"
            if held.scheme == "within-task" else "by the mean of the models of the other tasks"
        )  # fmt: skip
        notes[0] += f" {held.kind.capitalize()}: {how}; settings chosen on the same rows flatter a little."
    if "cal_slope" in found:
        notes[0] += " Calibration is ideal at intercept 0 and slope 1." if "cal_intercept" in found else (
            " The calibration slope is ideal at 1."
        )  # fmt: skip
    notes[0] = notes[0].strip()
    if held is not None and held.scheme == "leave-one-task-out":
        notes += level_counts(fit)
    gone = found["undefined"][found["undefined"] != ""]
    if len(gone):
        tasks, kinds = gone.index.get_level_values(0), gone.index.get_level_values(1)
        listed = [f"{task}, {kind} ({text})" for task, kind, text in zip(tasks, kinds, gone, strict=True)]
        more = f"; and {len(listed) - 4} more: .performance" if len(listed) > 4 else ""
        notes.append(f"Blank, because not defined: {'; '.join(listed[:4])}{more}.")
    return [note for note in notes if note]
