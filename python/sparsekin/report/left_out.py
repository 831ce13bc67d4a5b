"""An internal-external validation in tables."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from statsmodels.iolib.table import SimpleTable

from sparsekin.inference.meta import LEAST_PREDICTED
from sparsekin.report.augment import rows_beside
from sparsekin.report.document import Document, table
from sparsekin.report.numbers import fixed, number
from sparsekin.report.performance import HEADS, MANY_TASKS, level_counts
from sparsekin.results.left_out import RULE, LeftOutFit, scale_of
from sparsekin.results.naming import shorten

_WHICH = {"best": "the best setting", "1se": "the sparsest setting within one standard error", "average": "the average"}
_LONGEST = 60  # letters of a list of features
_NOTES = 4
_SCALES = {"logit": "logits", "log": "logs", "-log(1 - x)": "-log(1 - x)"}


def summarize_left_out(fit: LeftOutFit) -> Document:
    """Summary of an internal-external validation: the studies, what they say together, what was chosen."""
    done = sum(one.tuned for one in fit.chosen)
    opening = (
        f"{done} of {len(fit.chosen)} studies were left out in turn. {_tuning(fit)}, and the study left out was "
        f"predicted by {RULE}."
    )
    parts: list[SimpleTable | str] = [opening, _studies(fit), _together(fit), _settings(fit), *_notes(fit)]
    return Document("Internal-external validation", parts)


def _tuning(fit: LeftOutFit) -> str:
    """How the others led to a model."""
    if {one.n_settings for one in fit.chosen if one.tuned} == {1}:
        return "One setting was given, so that nothing was tuned: the others were fitted anew at it"
    folds = f" by {fit.n_folds} folds" if fit.n_folds else ""
    return f"On the others the tuning was done anew{folds} ({_WHICH[fit.which]} of each cross-validation)"


def tidy_left_out(fit: LeftOutFit) -> pd.DataFrame:
    """One row per measure and study, then the mean of the studies and another study, for each measure.

    Columns measure, study (missing in rows of the mean and of another study), type ("study", "mean" or "new study"),
    estimate, std_error (of studies, on the scale of the measure), conf_low and conf_high (95 %; of "new study" the
    prediction interval), n.
    """
    found, together = fit.measures, fit.pooled
    rows = []
    for j, name in enumerate(found.names):
        low, high = found.interval(name)
        for k, study in enumerate(fit.study_index):
            numbers = (found.values[k, j], found.ses[k, j], low[k], high[k], int(found.n[k]))
            rows.append((name, study, "study", *numbers))
        one = together.loc[name]
        total = int(found.n[np.isfinite(found.on_scale(name)[1])].sum())
        rows.append((name, None, "mean", one["estimate"], np.nan, one["lower"], one["upper"], total))
        rows.append((name, None, "new study", one["estimate"], np.nan, one["pred_lower"], one["pred_upper"], total))
    columns = ["measure", "study", "type", "estimate", "std_error", "conf_low", "conf_high", "n"]
    return pd.DataFrame(rows, columns=columns)


def glance_left_out(fit: LeftOutFit) -> pd.DataFrame:
    """One row: which, studies, left_out (those with a model), nobs (rows predicted), events, and means of measures."""
    found = fit.measures
    events = {} if np.isnan(found.events).all() else {"events": float(np.nansum(found.events))}
    done = sum(one.tuned for one in fit.chosen)
    sizes = {"which": fit.which, "studies": len(fit.chosen), "left_out": done, "nobs": int(found.n.sum()), **events}
    return pd.DataFrame([sizes | fit.pooled["estimate"].to_dict()])


def augment_left_out(fit: LeftOutFit, data: object = None) -> pd.DataFrame:
    """What was predicted of each row by the model without its study.

    Parameters
    ----------
    fit : InternalExternal
    data : frame, optional
        The frame the model was given, with any further columns; rows without a prediction get NaN.

    Returns
    -------
    DataFrame
        The columns of `data`, then task, .linear (linear predictor, offsets included; of survival times less its mean
        over the rows trained on) and .fitted (means, probabilities, of survival times relative risks).

    Raises
    ------
    DataError
        `data` does not hold the rows of the model, in their order.
    """
    linear = fit.in_user_order(fit.by_row(list(fit.eta)), ".linear")
    fitted = fit.in_user_order(fit.by_row(fit.expected()), ".fitted")
    return rows_beside(fit, pd.DataFrame({"task": fit.task_column, ".linear": linear, ".fitted": fitted}), data)


def _studies(fit: LeftOutFit) -> SimpleTable:
    """Measures of each study with standard errors; of many the quartiles."""
    found = fit.measures
    sizes = ["n"] if np.isnan(found.events).all() else ["n", "events"]
    heads = ["Study left out", *sizes, *(HEADS[name] for name in found.names)]
    if len(fit.chosen) > MANY_TASKS:
        shares = {"min": 0.0, "quarter": 0.25, "median": 0.5, "three quarters": 0.75, "max": 1.0}
        of = np.column_stack([found.n, found.events, found.values] if len(sizes) > 1 else [found.n, found.values])
        rows = [
            [name, *(number(value) for value in np.nanquantile(of[:, : len(sizes)], q, axis=0)),
             *(fixed(value) for value in np.nanquantile(of[:, len(sizes) :], q, axis=0))]
            for name, q in shares.items()
        ]  # fmt: skip
        return table(rows, heads, aligns="l")
    rows = [
        [str(study), *(number(float(getattr(found, name)[k])) for name in sizes),
         *(_with_error(*pair) for pair in zip(found.values[k], found.ses[k], strict=True))]
        for k, study in enumerate(fit.study_index)
    ]  # fmt: skip
    return table(rows, heads, aligns="l")


def _together(fit: LeftOutFit) -> SimpleTable:
    rows = [
        [HEADS[str(name)], fixed(one["estimate"]), _between(one["lower"], one["upper"]),
         _between(one["pred_lower"], one["pred_upper"]), number(float(one["tau2"]) ** 0.5, 2),
         "" if np.isnan(one["I2"]) else f"{100 * one['I2']:.0f} %", str(one["studies"])]
        for name, one in fit.pooled.iterrows()
    ]  # fmt: skip
    return table(rows, ["All studies", "mean", "95 %", "in another study", "tau", "I2", "studies"], aligns="l")


def _settings(fit: LeftOutFit) -> SimpleTable:
    found = fit.settings.iloc[:MANY_TASKS]
    penalties = [] if fit.which == "average" else ["s", "lambda_1", "lambda_2", "lambda_z"]
    families = ["family"] if (found["family"] != "").any() else []
    rows = [
        [str(study), number(float(one["rows"])), *(str(one[name]) for name in families),
         *(number(float(one[name])) for name in penalties), str(one["selected"]), _cut(one["features"])]
        for study, one in found.iterrows()
    ]  # fmt: skip
    heads = ["Chosen without", "rows", *families, *penalties, "selected", "features"]
    return table(rows, heads, aligns="l" + "r" * (len(heads) - 2) + "l")


def _notes(fit: LeftOutFit) -> list[str]:
    names = fit.measures.names
    scales = [
        f"{' and '.join(HEADS[name] for name in names if scale_of(name) == scale)} as {said}"
        for scale, said in _SCALES.items() if scale in map(scale_of, names)
    ]  # fmt: skip
    pooled = f", {', '.join(scales)} (tau too)" if scales else ""
    few = f", of {LEAST_PREDICTED} studies or more" if (fit.pooled["studies"] < LEAST_PREDICTED).any() else ""
    ideal = "intercept 0 and slope 1" if "cal_intercept" in names else "slope 1"
    notes = [
        "Studies: estimate (standard error, of the rows judged). All: random effects (REML, Hartung and Knapp)"
        f"{pooled}; in another study: 95 % prediction interval{few}. Calibration is ideal at {ideal}."
    ]
    notes += level_counts(fit)
    if len(fit.chosen) > MANY_TASKS:
        notes.append(
            f"Quartiles of {len(fit.chosen)} studies, and the settings of {MANY_TASKS}: .performance, .settings."
        )
    gone: dict[str, list[object]] = {}
    for study, one in zip(fit.study_index, fit.chosen, strict=True):
        if not one.tuned:
            gone.setdefault(one.note.rstrip("."), []).append(study)
    if gone:
        notes.append(f"Not predicted: {_listed([f'{shorten(studies)} ({why})' for why, studies in gone.items()])}.")
    texts = zip(fit.study_index, fit.performance["undefined"], fit.chosen, strict=True)
    said = [f"{study} ({text})" for study, text, one in texts if text and one.tuned]
    if said:
        notes.append(f"Blank, because not defined: {_listed(said)}.")
    warned = [str(study) for study, one in zip(fit.study_index, fit.chosen, strict=True) if one.tuned and one.note]
    if warned:
        notes.append(f"The tuning warned without {shorten(warned)}: .settings['note'].")
    return notes


def _listed(texts: Sequence[str]) -> str:
    more = f"; and {len(texts) - _NOTES} more" if len(texts) > _NOTES else ""
    return "; ".join(texts[:_NOTES]) + more


def _with_error(value: float, se: float) -> str:
    if np.isnan(value):
        return ""
    return fixed(_zero(value), 2) + ("" if np.isnan(se) else f" ({fixed(se, 2)})")


def _between(low: float, high: float) -> str:
    return "" if np.isnan(low) else f"{fixed(_zero(low), 2)} to {fixed(_zero(high), 2)}"


def _zero(value: float) -> float:
    """Without a minus before 0."""
    return float(np.round(value, 2)) + 0.0


def _cut(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    names = text.split(", ")
    while names and len(", ".join(names)) > _LONGEST - 14:
        names.pop()
    return shorten(text.split(", "), max(len(names), 1))
