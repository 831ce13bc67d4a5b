"""The items of TRIPOD-Cluster, answered from a study where it can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from sparsekin.analysis.methods import data_text, fit_text, sure_text, tuning_text, validation_text
from sparsekin.analysis.words import question, selected_text
from sparsekin.report.performance import HEADS
from sparsekin.results.naming import counted, shorten

if TYPE_CHECKING:
    from sparsekin.analysis.study import Study

AUTHORS = "authors"
_TOPICS = {
    "1": "Title: development or validation, population, outcome",
    "2": "Abstract",
    "3a": "Background and rationale",
    "3b": "Objectives",
    "4a": "Eligibility of participants and data sets",
    "4b": "Origin of the data, how they were found and collected",
    "5": "Sample size: how it was arrived at",
    "6a": "Outcome: definition, timing",
    "6b": "Predictors: definition, timing",
    "7a": "Preparation of the data: cleaning, harmonising, linking",
    "7b": "Risk of bias in the data sets: how it was judged",
    "7c": "Differences between data for development and for validation",
    "7d": "Missing values",
    "8a": "How predictors were handled",
    "8b": "Kind of model, how it was built and validated internally",
    "8c": "Heterogeneity of parameters between data sets",
    "8d": "How predictions were made in validation",
    "8e": "Measures of performance",
    "8f": "Heterogeneity of performance between data sets",
    "8g": "Updating of the model",
    "9": "Subgroups and sensitivity analyses",
    "10a": "Numbers of data sets, participants and events",
    "10b": "Characteristics of participants, by data set",
    "10c": "Comparison of development and validation data",
    "11": "Risk of bias: results",
    "12a": "Heterogeneity found, and what was done about it",
    "12b": "The final model, in full",
    "13a": "Performance, with its uncertainty",
    "13b": "Heterogeneity of performance: results",
    "14": "Updating: results",
    "15": "Sensitivity analyses: results",
    "16": "Interpretation",
    "17": "Limitations",
    "18": "Use and implications",
    "19": "Protocol, code, data, funding",
}


def tripod_table(study: Study) -> pd.DataFrame:
    """A row per item: topic (in words of our own), answer, by "study" or "authors"."""
    answers = _answers(study)
    rows = [[item, topic, answers.get(item) or f"{AUTHORS}: ...", "study" if answers.get(item) else AUTHORS]
            for item, topic in _TOPICS.items()]  # fmt: skip
    return pd.DataFrame(rows, columns=["item", "topic", "answer", "by"])


def _answers(study: Study) -> dict[str, str]:
    done = study.there
    found = {
        "3b": f"{question(study)} Development, with internal and internal-external validation." if "validation" in done
        else question(study),
        "7d": _missing(study),
        "8a": _handled(study),
        "10a": _counts(study),
    }  # fmt: skip
    if {"cv", "fit"} <= done:
        found["8b"] = f"{data_text(study)} {tuning_text(study)} {fit_text(study)}"
        found["8c"] = (
            "Penalties tie coefficients and supports, from one model for all to one each; see 12a for the choice."
        )
        found["12a"] = f"{getattr(study.cv, 'verdict', '')} {selected_text(study.fit)}.".strip()
        found["12b"] = (
            "Table of coefficients of this page, with intercepts by data set; coefficients.csv and fit.npz hold all "
            "digits."
        )
        found["13a"] = "Prediction on held-out rows: table of this page." + (
            f" {sure_text(study)}" if "sure" in done else ""
        )
        found["19"] = (
            "Code in Python and R, seeds and versions: last section of this page. authors: protocol, data, funding."
        )
    if "validation" in done:
        found["8d"] = validation_text(study)
        measures = shorten([HEADS[str(name)] for name in study.validation.pooled.index], 12)
        found["8e"] = f"{measures}, each with standard error, by data set."
        found["8f"] = "Random-effects summaries with prediction intervals for a new data set, tau2 and I2."
        found["13b"] = "Table and forest plots of the section on studies that were not seen."
    if "comparison" in done:
        found["15"] = "Other methods on the same folds: table of this page. authors: further analyses."
    return found


def _missing(study: Study) -> str:
    ledger = study.model.ledger
    if not ledger.n_dropped:
        return f"No value is missing in the {counted(ledger.n_given, 'row')} and the columns of the formula."
    return f"Complete cases: {ledger.describe()}."


def _handled(study: Study) -> str:
    scale = study.model._standard.mode
    words = {"within": "within data sets", "pooled": "over all rows", False: "not at all"}
    return (
        f"As the formula says ({' '.join(study.plan.formula.split())}), linear unless it transforms them; scaled "
        f"{words[scale]} for the search, by their standard deviations over all rows in cross-validation from pooled to "
        "separate."
    )


def _counts(study: Study) -> str:
    blocks = study.model.blocks
    events = "" if set(blocks.families_said) == {"gaussian"} else "; events are in the table of the data"
    each = shorten([f"{name} {n}" for name, n in zip(blocks.task_names, blocks.n_obs, strict=True)], 12)
    return f"{counted(blocks.n_tasks, 'data set')}, {counted(blocks.nobs, 'row')} ({each}){events}."
