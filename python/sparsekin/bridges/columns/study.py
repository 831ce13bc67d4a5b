"""A whole analysis from the columns R has made."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import pandas as pd

from sparsekin.analysis.plan import Plan
from sparsekin.analysis.run import Done, run_steps
from sparsekin.analysis.steps import SKIPPABLE, check_names
from sparsekin.analysis.study import Study
from sparsekin.bridges.columns import replies
from sparsekin.bridges.columns.sparse import plain, read_model
from sparsekin.errors import MissingExtraError

Columns = Mapping[str, Any]


def study(data: Columns, plan: Columns, labels: Any, skip: list[str], progress: bool) -> dict[str, Any]:
    """`sparsekin.study`: what there is to read, and the fit.

    `plan` holds the fields of `Plan` that are text and numbers; its `model` what R was given besides formula, data and
    task, for the code on the page.
    """
    check_names(skip, "skip", SKIPPABLE)
    asked = Plan(**{**plain(plan), "labels": labels, "source": "r"})
    made = Study(asked, None, run_steps(asked, None, {"model": Done(read_model(data), "done")}, skip, progress))
    done = {name: one.value for name, one in made.done.items()}
    return {
        "summary": made.summary().as_text(), "html": made.to_html(), "latex": made.to_latex(), "word": _word(made),
        "methods": made.methods(), "code": made.code("r"), "tripod": made.tripod(), "steps": made.steps.reset_index(),
        "verdict": getattr(done["cv"], "verdict", None),
        "families": _table(getattr(done["cv"], "families", None)),
        "comparison": _table(None if done["comparison"] is None else done["comparison"].table),
        "alternatives": _table(done["alternatives"]),
        "validation": None if done["validation"] is None else done["validation"].tidy(),
        "fit": None if done["fit"] is None else replies.fit(made.result),
        "options": None if done["fit"] is None else _options(made),
    }  # fmt: skip


def _word(made: Study) -> str | None:
    """The Word file in base 64; None where python-docx is not installed."""
    try:
        return b64encode(made.to_word()).decode()
    except MissingExtraError:
        return None


def _table(found: pd.DataFrame | None) -> pd.DataFrame | None:
    return None if found is None else found.reset_index()


def _options(made: Study) -> dict[str, Any]:
    """The settings of the fit, by which R asks for more of it."""
    fit = made.result
    penalties = {"lambda_1": fit.lambda_1, "lambda_2": fit.lambda_2, "lambda_z": fit.lambda_z}
    return {
        "s": int(fit.s.max()),
        **penalties,
        "support": fit.support_mode,
        "task_weights": "auto",
        "effort": fit.effort,
    }
