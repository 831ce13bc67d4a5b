"""Highly adaptive lasso from the columns R has made: each function reads its arguments, calls one method, replies.

`model` holds the arguments of `MTHAL.from_formula`. R keeps h() terms as they are typed and sends the terms outside h()
as columns that it has made itself.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from sparsekin.bridges.columns.judging import held_out, performance
from sparsekin.bridges.columns.replies import baseline, comparison, fitted, task_names
from sparsekin.data.design import Design
from sparsekin.errors import DataWarning
from sparsekin.models.hal.cv import HALCV
from sparsekin.models.hal.model import MTHAL
from sparsekin.models.hal.path import HALPath
from sparsekin.models.hal.results import HALResults
from sparsekin.results.unavailable import Unavailable

Options = Mapping[str, Any]
Reply = dict[str, Any]


def fit(model: Options, options: Options, relaxed: bool = False) -> Reply:
    """`MTHAL.fit`, and `HALResults.relax` when asked for."""
    found = read_model(model).fit(**options)
    return reply(found.relax() if relaxed else found)


def stability(model: Options, options: Options, drawing: Options) -> Reply:
    """`HALResults.stability` of the fit that these options give: frequencies, and curves with standard errors."""
    groups = drawing["groups"]
    asked = {**drawing, "groups": None if groups is None else np.asarray(groups).astype(np.int64).ravel()}
    found = in_r_names(read_model(model).fit(**options).stability(**asked))
    halves, frequency, variables = found.halves, found.frequency, found.variable_frequency
    if isinstance(frequency, Unavailable) or isinstance(variables, Unavailable):
        raise KeyboardInterrupt
    assert halves is not None
    bands = {name: found.band(name) for name in found.blocks.feature_names}
    return {
        "sections": [str(name) for name in frequency.index],
        "frequency": frequency.to_numpy(float),
        "variable_frequency": variables.to_numpy(float),
        "at": halves.at,
        "estimate": halves.value,
        "se": halves.se,
        "df": halves.df,
        "without": {name: one.reason for name, one in bands.items() if isinstance(one, Unavailable)},
        "se_kind": found.se_kind,
        "pairs": halves.halves // 2,
        "asked": halves.asked,
    }


def prediction_intervals(
    model: Options, options: Options, relaxed: bool, new: pd.DataFrame, level: float, retune: bool
) -> Reply:
    """Ends (m, 1), or (m, K) of several outcomes, of prediction intervals of new rows of the tasks."""
    fit = read_model(model).fit(**options)
    asked = fit.relax() if relaxed else fit
    found = asked.predict(new, interval="prediction", level=level, retune=retune).to_numpy(float)
    return {"low": found[:, 1::3], "high": found[:, 2::3]}


def undersmooth(model: Options, options: Options) -> Reply:
    """`MTHAL.undersmooth`."""
    return reply(read_model(model).undersmooth(**options))


def path(model: Options, options: Options) -> Reply:
    """`MTHAL.path`: a table of lambdas, and the variation by variable at each."""
    found = read_model(model).path(**vectors(options))
    variation = found.variation_by_variable
    return {
        "tasks": task_names(found.prepared.blocks),
        "table": found.table,
        "variables": in_r([str(name) for name in variation.columns], found.prepared.design),
        "variation": variation.to_numpy(float),
    }


def path_fit(model: Options, options: Options, at: int) -> Reply:
    """The fit at row `at`, from 1, of the path these options give."""
    found: HALPath = read_model(model).path(**vectors(options))
    return reply(found[at - 1])


def cross_validate(model: Options, options: Options) -> Reply:
    """`MTHAL.cross_validate`: tables of errors, the two choices, and the fits there."""
    found: HALCV = read_model(model).cross_validate(**vectors(options))
    best, best_1se = found.rows
    fits = {which: reply(found.refit(which)) for which in ("best", "1se")}
    return {
        "tasks": task_names(found.prepared.blocks),
        "table": found.table,
        "per_task": found.per_task.to_numpy(float),
        "folds": found.folds.reset_index(drop=True),
        "n_folds": found.errors.folds.n_folds,
        "metric": found.metric,
        "best": best + 1,
        "best_1se": best_1se + 1,
        "fits": fits,
    }


def compare(model: Options, options: Options) -> Reply:
    """`MTHAL.compare`."""
    return comparison(read_model(model).compare(**vectors(options)))


def read_model(model: Options) -> MTHAL:
    """`MTHAL.from_formula`, and `MTHAL.adapt` to a fit in R, of which the names are R's."""
    arguments = vectors(model)
    fit = arguments.pop("adapt", None)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Column '", DataWarning)  # R has warned of text in its own words
        found = MTHAL.from_formula(**arguments)
    if fit is None:
        return found
    names = in_r(found.blocks.feature_names, found._prepared.design)
    return found._adapted(dict(fit["shares"]), fit["variables"], names)


def vectors(options: Options) -> dict[str, Any]:
    """Vectors as arrays."""
    return {name: np.asarray(one) if isinstance(one, pd.Series) else one for name, one in options.items()}


def reply(found: HALResults) -> Reply:
    """Everything an R fit holds besides what R itself sent."""
    found = in_r_names(found)
    tidy = found.tidy()
    functions = tidy[tidy["kind"] == "function"]
    return {
        "tasks": task_names(found.blocks),
        "features": list(found.blocks.feature_names),
        "keep_names": list(found.blocks.keep_names),
        "intercept": found.intercept,
        "keep_coef": found.estimated(found.keep_coef),
        "coef": found.coef,
        "terms": found.term_names,
        "term_sections": functions["section"].iloc[:: found.blocks.n_tasks].tolist(),
        "functions": functions_table(found),
        "effects": found.variation.to_numpy(float),
        "variables": shares(found.variables),
        "sections": shares(found.sections),
        "forms": found.forms.loc[found.variables.index].reset_index(drop=True),
        "term_forms": functions["form"].iloc[:: found.blocks.n_tasks].tolist(),
        "bounds": found.bounds,
        "families": list(found.families),
        "fitted": fitted(found),
        "resid": np.asarray(found.resid, float).reshape(len(found.resid), -1),
        "deviance": float(np.sum(found.deviances)),
        "baseline": baseline(found.blocks, found.predictors),
        "strata": found.strata_of_rows(),
        "task_fit": found.task_fit.reset_index(drop=True),
        "lambda": found.lambda_,
        "status": found.status,
        "glance": found.glance(),
        "performance": performance(found),
        "held_out": held_out(found),
    }


def functions_table(found: HALResults) -> pd.DataFrame:
    """One row per function and variable in it: term, variable (both from 1), knot, order."""
    rows = [
        (j + 1, column + 1, knot, order)
        for j in range(found.basis.size)
        for column, knot, order in zip(*found.basis.describe(j), strict=True)
    ]
    table = pd.DataFrame(rows, columns=["term", "variable", "knot", "order"])
    return table.astype({"term": int, "variable": int, "knot": float, "order": int})


def shares(table: pd.DataFrame) -> Reply:
    """Names, number of functions, and (m, K) shares of the variation."""
    return {
        "names": [str(name) for name in table.index],
        "functions": table["functions"].to_numpy(),
        "shares": table.iloc[:, 1:].to_numpy(float),
    }


def in_r_names(found: HALResults) -> HALResults:
    """The fit with the columns of factors named as R names them."""
    names = tuple(in_r(found.blocks.feature_names, found.design))
    return replace(found, blocks=replace(found.blocks, feature_names=names))


def in_r(names: Iterable[str], design: Design) -> list[str]:
    """Names of columns as R has them: that of a factor's level, ``group[T.b]``, is ``groupb``."""
    made = {} if design.recipe is None else design.recipe.level_columns
    renamed = {name: f"{variable}{level}" for variable, of in made.items() for level, name in of.items()}
    return [renamed.get(name, name) for name in names]
