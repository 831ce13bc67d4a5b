"""Sparse regression from the columns R has made: each function reads its arguments, calls one method, replies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from sparsekin.bridges.columns import replies
from sparsekin.bridges.columns.judging import held_out, judge_rows, performance
from sparsekin.data.outcomes import Said
from sparsekin.data.prepare import Prepared, prepare_arrays
from sparsekin.data.strata import GIVEN, strata_from
from sparsekin.l0.grid import GridFit, Settings
from sparsekin.l0.search import from_mask
from sparsekin.models.outcomes import Given, with_responses
from sparsekin.models.sparse.average import AverageResults
from sparsekin.models.sparse.cv import CVResults
from sparsekin.models.sparse.dial import DialResults
from sparsekin.models.sparse.model import SparseMTL
from sparsekin.models.sparse.path import PathResults
from sparsekin.tuning.folds import Folds
from sparsekin.tuning.sparse.dial.average import Average
from sparsekin.tuning.sparse.dial.settings import Dial
from sparsekin.tuning.sparse.errors import PER_FOLD, PER_SETTING, RANKS, CvErrors

Columns = Mapping[str, Any]
Options = Mapping[str, Any]
Reply = dict[str, Any]


def fit(data: Columns, options: Options) -> Reply:
    """`SparseMTL.fit`."""
    return replies.fit(read_model(data).fit(**plain(options)))


def path(data: Columns, options: Options) -> Reply:
    """`SparseMTL.path`."""
    return replies.path(read_model(data).path(**plain(options)))


def path_fit(data: Columns, options: Options, setting: Options, support: np.ndarray) -> Reply:
    """The fit at one setting of a path, from its support (p, K)."""
    model = read_model(data)
    settings = read_settings(setting)
    grid = GridFit(
        model._problem(options["support"], options["task_weights"], options["effort"]), settings, (from_mask(support),),
        np.full(1, np.nan), np.ones(1, bool), 0.0,
    )  # fmt: skip
    return replies.fit(PathResults(prepared=model._prepared, grid=grid, effort=options["effort"])[0])


def cross_validate(data: Columns, options: Options) -> Reply:
    """`SparseMTL.cross_validate`."""
    return replies.cv(read_model(data).cross_validate(**plain(options)))


def refit(data: Columns, options: Options, state: Columns, which: str) -> Reply:
    """`CVResults.refit` of the cross-validation whose `state` was in its reply."""
    model = read_model(data)
    problem = model._problem(options["support"], options["task_weights"], options["effort"])
    cv = CVResults(
        model._prepared,
        problem,
        _errors(state, read_settings(state["settings"])),
        state["metric"],
        options["ensemble"],
        options["effort"],
        state["with_zero"],
    )
    return replies.fit(cv.refit(which))  # type: ignore[arg-type]


def refit_dial(
    data: Columns, options: Options, state: Columns, dial: Columns, which: str, features: int | None = None
) -> Reply:
    """`DialResults.refit` of the cross-validation whose `state` and `dial` were in its reply.

    An average has at most so many `features`, where a number is given.
    """
    model = read_model(data)
    problem = model._problem(options["support"], options["task_weights"], options["effort"], np.inf)
    searched = {name: read_settings(dial[name]) for name in ("shared", "pooled", "separate")}
    ridges, links, lasso = (_numbers(dial[name]) for name in ("ridges", "links", "lasso"))
    walks = _numbers(dial["searched"]) if "searched" in dial else None
    tried = Dial(**searched, ridges=ridges, links=links, pools=bool(dial["pools"]), lasso=lasso, walked=walks)
    counts = _numbers(dial["n"]).astype(np.int64).tolist()
    ends = np.cumsum(_numbers(dial["lengths"]).astype(np.int64))[:-1]
    rows, weights = (np.split(_numbers(dial[name]), ends) for name in ("rows", "weights"))
    losses = np.asarray(dial["losses"], float).reshape(len(rows), -1)
    averages = tuple(map(Average, dial["family"], counts, [one.astype(np.int64) for one in rows], weights, losses))
    cv = DialResults(
        model._prepared, problem, _errors(state, tried.table), state["metric"], "mean", options["effort"],
        state["with_zero"], dial=tried, averages=averages, apart=_numbers(dial["apart"]) if "apart" in dial else None,
    )  # fmt: skip
    found = cv.refit(which)  # type: ignore[arg-type]
    if not isinstance(found, AverageResults):
        return replies.fit(found)
    return replies.average(found if features is None else found.cut_to(features=features))


def certify(data: Columns, options: Options, limits: Options) -> Reply:
    """`SparseResults.certify` of the fit that these options give."""
    return replies.fit(read_model(data).fit(**plain(options)).certify(**limits))


def stability(data: Columns, options: Options, drawing: Options) -> Reply:
    """Half-samples of the fit that these options give."""
    groups = drawing["groups"]
    asked = {**drawing, "groups": None if groups is None else _numbers(groups).astype(np.int64)}
    return replies.stability(read_model(data).fit(**plain(options)).stability(**asked))


def hold_out(data: Columns, options: Options, asked: Options) -> Reply:
    """`SparseResults.hold_out` of the fit that these options give."""
    found = read_model(data).fit(**plain(options)).hold_out(**plain(asked))
    return {"held_out": held_out(found), "performance": performance(found)}


def alternatives(data: Columns, options: Options, asked: Options) -> Reply:
    """`SparseResults.alternatives` of the fit that these options give: a table, and what is said of it."""
    found = read_model(data).fit(**plain(options)).alternatives(**asked)
    table = found.reset_index()
    if "task" in table:
        table = table.assign(task=table["task"].map(str)).rename(columns={"feature": "term"})
    return {"table": table, "said": dict(found.attrs)}


def knockoffs(data: Columns, options: Options) -> Reply:
    """`SparseMTL.knockoffs`: what is selected, and (p, K) cells, e-values and shares of draws."""
    model = read_model(data)
    found = model.knockoffs(**options)
    tables = {name: getattr(found, name).to_numpy(float) for name in ("cells", "e_value", "share")}
    return {
        "tasks": replies.task_names(model.blocks), "features": list(found.features), "draws": found.draws, **tables
    }  # fmt: skip


def double_selection(data: Columns, options: Options, **asked: Any) -> pd.DataFrame:
    """`SparseResults.double_selection` of the fit that these options give."""
    found = read_model(data).fit(**plain(options)).double_selection(**asked)
    return found.assign(task=found["task"].map(str))


def conf_int(data: Columns, options: Options, **asked: Any) -> Reply:
    """`SparseResults.conf_int` of the fit that these options give: (m, K) low and high ends."""
    found = read_model(data).fit(**plain(options)).conf_int(**asked)
    assert isinstance(found, pd.DataFrame)
    ends = found.to_numpy(float)
    return {"low": ends[:, ::2], "high": ends[:, 1::2]}


def prediction_intervals(
    data: Columns, options: Options, X: np.ndarray, keep: np.ndarray | None, task: pd.Series | None, level: float,
    retune: bool = False,
) -> Reply:  # fmt: skip
    """Ends (m, 1), or (m, K) of several outcomes, of prediction intervals of new rows of the tasks."""
    fit = read_model(data).fit(**plain(options))
    given = None if keep is None else pd.DataFrame(keep, columns=list(fit.blocks.keep_names))
    labels = None if task is None else task.tolist()
    found = fit.predict(X, task=labels, keep=given, interval="prediction", level=level, retune=retune).to_numpy(float)
    return {"low": found[:, 1::3], "high": found[:, 2::3]}


def judge(data: Columns, eta: np.ndarray) -> pd.DataFrame:
    """How well linear predictors (n,) predict rows, offsets included in both: their table of performance."""
    return judge_rows(prepare(data, checked=False), _numbers(eta))


def left_out(data: Columns, options: Options) -> Reply:
    """`SparseMTL.validate`: its tables, and linear predictors (n, 1) of the rows R sent."""
    found = read_model(data).validate(**plain(options))
    tables = {name: getattr(found, name).rename_axis("task").reset_index() for name in ("performance", "settings")}
    tables = {name: table.assign(task=table["task"].map(str)) for name, table in tables.items()}
    tidy = found.tidy()
    eta = np.asarray(found.in_user_order(found.by_row(list(found.eta)), "eta"), float)
    return {
        **tables, "pooled": found.pooled.reset_index(), "glance": found.glance(), "eta": eta.reshape(-1, 1),
        "tidy": tidy.assign(study=tidy["study"].map(str, na_action="ignore")),
        "families": list(found.blocks.families_said), "n_settings": max(one.n_settings for one in found.chosen),
    }  # fmt: skip


def compare(data: Columns, options: Options) -> Reply:
    """`SparseMTL.compare`."""
    return replies.comparison(read_model(data).compare(**plain(options)))


def read_model(data: Columns) -> SparseMTL:
    """A model from the columns R has made.

    `data` holds the design X (n, p) with `features` (p names), `keep` (n, q) with `keep_names` or null, the
    outcomes `y` (a frame), `task` (a factor or null), `task_name`, `weights` (n,) or null, `intercept`, the
    options `standardize` and `scale_outcome`, and, where not all are numbers with squared errors, what they are:
    `outcome`, see `_as_said`.
    """
    model = SparseMTL.__new__(SparseMTL)
    model._start(prepare(data), data["standardize"], data["scale_outcome"])
    return model


def _errors(state: Columns, settings: Settings) -> CvErrors:
    """The errors of a cross-validation from the state of its reply."""
    arrays = {name: state[name] for name in (*PER_FOLD, *PER_SETTING, *RANKS) if name != "finished"}
    folds = Folds(state["of_row"].to_numpy(np.int64), state["n_folds"], state["scheme"])
    return CvErrors(settings, folds, finished=state["finished"] == 1, **arrays)


def _of_rows(values: Any) -> np.ndarray:
    """Numbers of rows; that of a single row comes as one number."""
    return np.atleast_1d(np.asarray(values))


def _numbers(values: Any) -> np.ndarray:
    return np.asarray(values, float).ravel()


def prepare(data: Columns, checked: bool = True) -> Prepared:
    """The data of `read_model`; `checked` for a fit."""
    keep = None if data["keep"] is None else pd.DataFrame(data["keep"], columns=data["keep_names"].tolist())
    prepared = prepare_arrays(
        data["y"], data["X"], data["task"], keep=keep, weights=data["weights"], feature_names=data["features"].tolist(),
        intercept=data["intercept"],
    )  # fmt: skip
    named = replace(prepared, design=replace(prepared.design, task=data["task_name"]))
    said = data.get("outcome")
    return named if said is None else _as_said(named, plain(said), checked)


def _as_said(prepared: Prepared, said: Options, checked: bool) -> Prepared:
    """The data with what R has said of outcomes.

    `family` (one, several in the order of the tasks, or by task), `ties`, `offset` (n,) and `strata` (n,), or null;
    `call` and `parts` (n, m) of an outcome of several columns, or null; `levels` (2) of one that was text, or null.
    """
    numbers = {name: None if said[name] is None else _of_rows(said[name]) for name in ("offset", "strata", "parts")}
    called = {} if said["call"] is None else {"calls": (said["call"],), "parts": (numbers["parts"],)}
    levels = {} if said["levels"] is None else {prepared.design.outcomes[0]: tuple(said["levels"])}
    strata = None if numbers["strata"] is None else strata_from(GIVEN, numbers["strata"])
    told = Said(**called, offset=numbers["offset"], strata=strata)
    given = Given(None, None, levels)
    return with_responses(replace(prepared, said=told), given, said["family"], ties=said["ties"], checked=checked)


def plain(options: Options) -> dict[str, Any]:
    """Vectors as lists of numbers."""
    return {name: value.tolist() if isinstance(value, pd.Series) else value for name, value in options.items()}


def read_settings(table: Columns) -> Settings:
    """Settings from columns s, lambda_1, lambda_2 and lambda_z, of any number type."""
    penalties = [np.asarray(table[name], np.float64).ravel() for name in ("lambda_1", "lambda_2", "lambda_z")]
    return Settings(np.asarray(table["s"], np.int64).ravel(), *penalties)
